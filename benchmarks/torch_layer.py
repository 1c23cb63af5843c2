"""Cost of a training step of ``pmm_sklearn.torch.PMMLayer``, against bare eigh.

    python benchmarks/torch_layer.py    # one minute; the second part needs a GPU

One thread of the CPU.  The least of several repetitions.
"""

import time
from functools import partial

import torch

from pmm_sklearn.torch import (
    AffineHermitian,
    Eigenstates,
    ExpectationReadout,
    PMMLayer,
    TransitionReadout,
)
from pmm_sklearn.torch._eigensystem import cuda_eigh

N_FEATURES, SIDE, N_STATES = 5, 7, 3
READOUTS = {"expectation": ExpectationReadout, "transition": TransitionReadout}


def layer_of(matrix_type, readout="expectation"):
    """A layer with one output."""
    return PMMLayer(
        AffineHermitian(N_FEATURES, SIDE, matrix_type=matrix_type),
        Eigenstates(N_STATES),
        READOUTS[readout](1, SIDE, N_STATES, matrix_type=matrix_type),
    )


def step_of(layer, batch_size, device="cpu"):
    """A training step by Adam, as a function, and the matrices of its batch."""
    layer.to(device)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(batch_size, N_FEATURES, generator=generator).to(device)
    target = torch.sin(x.sum(dim=1, keepdim=True))
    optimizer = torch.optim.Adam(layer.parameters(), 1e-3)

    def step():
        optimizer.zero_grad()
        loss = (layer(x) - target).square().mean()
        loss.backward()
        optimizer.step()

    return step, layer.primary(x).detach()


def seconds(*functions, repetitions=10):
    """Least time of a call of each function, measured in turn."""
    times = []
    for _ in range(repetitions):
        for function in functions:
            start = time.perf_counter()
            function()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            times.append(time.perf_counter() - start)
    return [min(times[i :: len(functions)]) for i in range(len(functions))]


def on_cpu():
    """Steps of 1024 samples."""
    print(f"training step, 1024 samples, n={SIDE}, r={N_STATES}, one thread of the CPU")
    print("precision  matrices   readout        step ms  eigh ms  step / eigh")
    for dtype in (torch.float64, torch.float32):
        torch.set_default_dtype(dtype)
        for matrix_type in ("symmetric", "hermitian"):
            for readout in READOUTS:
                step, matrices = step_of(layer_of(matrix_type, readout), 1024)
                eigh = partial(torch.linalg.eigh, matrices)
                own, bare = seconds(step, eigh, repetitions=100)
                print(
                    f"{str(dtype)[6:]:10} {matrix_type:10} {readout:12} "
                    f"{1e3 * own:9.2f} {1e3 * bare:8.2f} {own / bare:12.2f}",
                    flush=True,
                )


def on_gpu(batch_size=65_536):
    """Steps of many samples on the GPU and on one core."""
    print(f"\ntraining step, {batch_size} samples, n={SIDE}, r={N_STATES}, expectation")
    print(f"{torch.cuda.get_device_name()} and one thread of the CPU beside it")
    print("precision  matrices    GPU ms   CPU ms  CPU / GPU")
    for dtype in (torch.float64, torch.float32):
        torch.set_default_dtype(dtype)
        for matrix_type in ("symmetric", "hermitian"):
            here, _ = step_of(layer_of(matrix_type), batch_size)
            there, _ = step_of(layer_of(matrix_type), batch_size, "cuda")
            (cpu,), (gpu,) = seconds(here, repetitions=2), seconds(there)
            print(
                f"{str(dtype)[6:]:10} {matrix_type:10} {1e3 * gpu:7.1f} "
                f"{1e3 * cpu:8.0f} {cpu / gpu:10.1f}",
                flush=True,
            )


def eigensolvers():
    """How long eigensystems alone take on the GPU."""
    print("\neigenvalues and eigenvectors on the GPU, ms")
    sizes = (256, 1024, 4096, 16_384, 65_536)
    print("precision    n " + "".join(f"{size:>9}" for size in sizes))
    for dtype in (torch.float64, torch.float32, torch.complex64):
        for n in (4, 7, 16):
            cells = []
            for size in sizes:
                matrices = torch.randn(size, n, n, dtype=dtype, device="cuda")
                matrices = matrices + matrices.mH
                (time,) = seconds(partial(cuda_eigh, matrices), repetitions=3)
                cells.append(f"{1e3 * time:9.2f}")
            print(f"{str(dtype)[6:]:10} {n:4} " + "".join(cells), flush=True)


def main():
    torch.set_num_threads(1)
    on_cpu()
    if torch.cuda.is_available():
        on_gpu()
        eigensolvers()
    else:
        print("\nno GPU: the other parts are left out")


if __name__ == "__main__":
    main()
