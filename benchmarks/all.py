"""Write the files of doc/benchmarks anew, each by one run of its commands.

Above the output stand the date, the version and commit of this package, those of the
packages that count, the processor, and the seconds.  A command that fails leaves the
file as it was.

    python benchmarks/all.py                 # all, about eight hours on one core
    python benchmarks/all.py wide gaps       # some
    python benchmarks/all.py --all-but losses tables
"""

import argparse
import datetime
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

from pmm_sklearn import __version__

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "doc" / "benchmarks"
PACKAGES = "numpy", "scipy", "scikit-learn", "numba"

# The commands of each file, the quick ones first.
FILES = {
    "wide": ["wide.py"],
    "eigensolver": ["eigensolver.py"],
    "small_calls": ["small_calls.py"],
    "snapshots": ["snapshots.py"],
    "speed": ["speed.py ratios threads fits memory", "speed.py --eigensolver lapack"],
    "model_selection": ["model_selection.py"],
    "images": ["images.py mnist"],
    "gaps": ["gaps.py"],
    "decay": ["decay.py"],
    "response": ["response.py --splits 3"],
    "uncertainty_diabetes": ["uncertainty.py --sets diabetes --splits 10 --states 0"],
    "gradients": ["gradients.py"],
    "large": ["large.py"],
    "design": ["design.py"],
    "image_calibration": ["image_calibration.py"],
    "dynamics": ["dynamics.py"],
    "emulation": ["emulation.py"],
    "known_errors": ["emulation_spectra.py known_errors"],
    "slopes": ["emulation_spectra.py slopes_of_couplings slopes_of_oscillator"],
    "regression": ["regression.py"],
    "heads": ["heads.py cifar10 caltech101 --starts 10"],
    "heads_compare": ["heads.py --compare caltech101"],
    "strengths": ["strengths.py --parts components dipole --sizes 22 56"],
    "classification": [
        "classification.py iris wine cancer moons banknote noisy minority"
    ],
    "spline_targets": ["spline_targets.py"],
    "uncertainty": ["uncertainty.py --splits 3 --sets yacht energy concrete"],
    "losses": ["losses.py"],
    "tables": ["tables.py"],
}
# These are worth it on a GPU alone.
ON_A_GPU = {
    "torch_layer": ["torch_layer.py"],
    "convolution": ["convolution.py"],
}


def has_gpu():
    """Whether PyTorch is there and finds a GPU."""
    try:
        import torch
    except ImportError:
        return False
    return torch.cuda.is_available()


def processor():
    """Name and number of cores of the processor."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":")[1].strip() for line in lines if "model name" in line]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def commit():
    """Short name of the commit, with a plus if files differ from it."""
    git = ["git", "-C", str(ROOT)]
    name = subprocess.check_output([*git, "rev-parse", "--short", "HEAD"], text=True)
    code = ["--", "pmm_sklearn", "benchmarks"]
    is_changed = subprocess.call([*git, "diff", "--quiet", "HEAD", *code])
    return name.strip() + ("+" if is_changed else "")


def header(seconds):
    """Lines that tell what a figure stands for."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{datetime.date.today()}, pmm_sklearn {__version__} ({commit()}), "
        f"{seconds:.0f} s\nPython {platform.python_version()}, {packages}\n"
        f"{processor()}\n"
    )


def write(name, commands):
    """Run the commands of a file and write it; whether they succeeded."""
    print(f"{name} ...", end=" ", flush=True)
    start = time.perf_counter()
    output = ""
    for command in commands:
        script, *options = command.split()
        run = subprocess.run(
            [sys.executable, str(ROOT / "benchmarks" / script), *options],
            stdout=subprocess.PIPE,
            text=True,
        )
        if run.returncode:
            print(f"failed: {command}", flush=True)
            return False
        output += f"\n$ python benchmarks/{command}\n{run.stdout}"
    seconds = time.perf_counter() - start
    (FOLDER / f"{name}.txt").write_text(header(seconds) + output)
    print(f"{seconds:.0f} s", flush=True)
    return True


def main():
    known = FILES | ON_A_GPU
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--all-but", action="store_true", help="all others than these")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in known:
            parser.error(f"{name!r} is no file, choose from {', '.join(known)}")
    if arguments.names and not arguments.all_but:
        wanted = arguments.names
    else:
        available = known if has_gpu() else FILES
        wanted = [name for name in available if name not in arguments.names]
    succeeded = [write(name, known[name]) for name in wanted]
    sys.exit(0 if all(succeeded) else 1)


if __name__ == "__main__":
    main()
