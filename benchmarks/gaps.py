"""Gaps and degeneracies in two parameters, beside dense scans of exact Hamiltonians.

    python benchmarks/gaps.py                    # all, about five minutes
    python benchmarks/gaps.py cones              # some: cones search emulators

``cones``: two levels that meet in a cone, among 40 other states that they are coupled
to; an emulator learns both levels from 40 random points, with its defaults but for real
matrices.  Distance of its diabolic point to the exact one in percent of the range of
the features, and in units of its standard deviation, for each feature.

``search``: all minima of gaps of ten random pencils of side 10, between the lowest two
and between the middle two levels; every second pencil is complex.  A scan of 401 x 401
points, whose local minima are refined by L-BFGS-B with differences for derivatives,
says which there are.

``emulators``: the same of five real and five complex pencils of side 4, lowest two
levels, of emulators that learned these from 60 points.  Defaults, but for the side and
the type of the matrices.
"""

import sys
import time

import numpy as np
from _emulation import fit_quietly
from scipy.optimize import minimize

from pmm_sklearn import EigenvectorContinuation, PMMEmulator
from pmm_sklearn.inspection import diabolic_points, minimum_gap
from pmm_sklearn.targets import Level

SQUARE = np.array([(-1.0, 1.0), (-1.0, 1.0)])
N_PROBLEMS, N_OTHERS, SIDE, RESOLUTION = 10, 40, 10, 401
# Points of a scan that are closer are the same minimum.
SAME = 1e-3


def known(matrices):
    """A Hamiltonian that is given, with all of its levels."""
    model = EigenvectorContinuation(matrices, n_snapshot_vectors=len(matrices[0]))
    return model.fit(np.zeros((1, 2)))


def cone_among_others(random_state):
    """Two states that cross in a plane, coupled to 40 others above them."""
    rng = np.random.RandomState(random_state)
    side = 2 + N_OTHERS
    couplings = rng.standard_normal((3, side, side))
    matrices = 0.15 * (couplings + couplings.swapaxes(1, 2)) / np.sqrt(2)
    matrices[:, :2, :2] = 0.0
    matrices[0] += np.diag([0.0, 0.0, *rng.uniform(1.5, 5.0, N_OTHERS)])
    cone = np.array([np.diag([1.0, -1.0]), [[0.0, 1.0], [1.0, 0.0]]])
    matrices[1:, :2, :2] = cone
    matrices[0, :2, :2] = -np.tensordot(rng.uniform(-0.5, 0.5, 2), cone, axes=1)
    return matrices


def random_pencil(random_state, side, is_real):
    """Three matrices of a Gaussian ensemble."""
    rng = np.random.RandomState(random_state)
    real, imaginary = rng.standard_normal((2, 3, side, side))
    matrices = real if is_real else real + 1j * imaginary
    return 0.5 * (matrices + matrices.conj().swapaxes(1, 2))


def learned(model, size, n_points, matrix_type, random_state):
    """Emulator of the lowest two levels at random points."""
    X = np.random.RandomState(100 + random_state).uniform(-1, 1, (n_points, 2))
    emulator = PMMEmulator(
        size, targets=[Level(0), Level(1)], matrix_type=matrix_type, random_state=0
    )
    start = time.perf_counter()
    fit_quietly(emulator, X, model.eigenvalues(X)[:, :2])
    return emulator, time.perf_counter() - start


def scan(model, pair):
    """Minima of a gap on a grid, refined with differences for derivatives."""
    axis = np.linspace(-1, 1, RESOLUTION)
    grid, gap = on_grid(model, pair, axis, axis)
    around = np.pad(gap, 1, constant_values=np.inf)
    ends = [(a, b) for a in range(3) for b in range(3) if (a, b) != (1, 1)]
    lowest = np.min(
        [around[a : a + RESOLUTION, b : b + RESOLUTION] for a, b in ends], axis=0
    )

    def squared(x):
        levels = model.model_.levels(x[np.newaxis])[0]
        return (levels[pair[1]] - levels[pair[0]]) ** 2

    options = {"ftol": 1e-15, "gtol": 1e-9}
    found = []
    for start in grid[gap < lowest]:
        x = minimize(
            squared, start, method="L-BFGS-B", bounds=SQUARE, options=options
        ).x
        if all(np.abs(x - other).max() > SAME for other in found):
            found.append(x)
    return np.array(found).reshape(-1, 2)


def on_grid(model, pair, *axes):
    """Points of a grid, and gaps there."""
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    levels = model.eigenvalues(grid.reshape(-1, 2))
    gap = levels[:, pair[1]] - levels[:, pair[0]]
    return grid, gap.reshape(grid.shape[:2])


def missing(points, others):
    """Number of points that are not among others."""
    return sum(
        len(others) == 0 or np.abs(others - point).max(axis=1).min() > SAME
        for point in points
    )


def cones():
    """Diabolic points of emulators, and the exact ones."""
    print("cones among 40 states, 40 points: distance in % of the range, in deviations")
    inside = []
    for seed in range(N_PROBLEMS):
        model = known(cone_among_others(seed))
        emulator, seconds = learned(model, "auto", 40, "symmetric", seed)
        exact, found = (diabolic_points(m, SQUARE) for m in (model, emulator))
        if len(found.x) != len(exact.x):
            print(f"  {seed}: {len(found.x)} points instead of {len(exact.x)}")
            continue
        distance = found.x - exact.x
        ratios = distance / found.x_std
        inside += list(np.abs(ratios).ravel() < 1)
        percent = 100 * np.abs(distance).max() / 2
        shown = "  ".join(f"{a:5.2f} {b:5.2f}" for a, b in ratios)
        print(
            f"  {seed}: {percent:7.4f} %   {shown}   phase "
            f"{found.berry_phase[0] / np.pi:.0f} pi, {seconds:.0f} s, side "
            f"{emulator.matrix_size_}",
            flush=True,
        )
    print(f"  within one standard deviation: {sum(inside)} of {len(inside)}\n")


def search():
    """Minima of random pencils, and of a scan."""
    print(f"random pencils of side {SIDE}: minima of the scan, found, missed, seconds")
    for seed in range(N_PROBLEMS):
        is_real = seed % 2 == 0
        model = known(random_pencil(seed, SIDE, is_real))
        cells = []
        for pair in ((0, 1), (SIDE // 2 - 1, SIDE // 2)):
            start = time.perf_counter()
            minima = minimum_gap(model, SQUARE, pair)
            seconds = time.perf_counter() - start
            scanned = scan(model, pair)
            missed = missing(scanned, minima.x)
            cells.append(
                f"{len(scanned):4d}{len(minima.x):4d}{missed:4d}  {seconds:.1f} s"
            )
        kind = "real" if is_real else "complex"
        print(f"  {seed}: {kind:8s} {cells[0]}    {cells[1]}", flush=True)
    print()


def emulators():
    """Minima of emulators of random pencils."""
    print("emulators of pencils of side 4: minima of the scan, found, missed, largest")
    print("distance of positions in % of the range, of gaps, and both in deviations")
    for seed in range(N_PROBLEMS):
        is_real = seed % 2 == 0
        model = known(random_pencil(seed, 4, is_real))
        kind = "symmetric" if is_real else "hermitian"
        emulator, seconds = learned(model, 4, 60, kind, seed)
        minima, scanned = minimum_gap(emulator, SQUARE), scan(model, (0, 1))
        missed = missing(scanned, minima.x)
        line = f"  {seed}: {kind:9s} {len(scanned):3d}{len(minima.x):3d}{missed:3d}"
        if missed == 0 and len(minima.x) == len(scanned):
            line += _distances(model, minima, scanned)
        print(f"{line}  {seconds:.0f} s", flush=True)


def _distances(model, minima, scanned):
    nearest = [np.abs(scanned - x).max(axis=1).argmin() for x in minima.x]
    exact = scanned[nearest]
    levels = model.eigenvalues(exact)
    x, gap = minima.x - exact, minima.gap - levels[:, 1] + levels[:, 0]
    # Scans are not more exact.
    x_std = np.maximum(minima.x_std, 1e-7)
    gap_std = np.maximum(minima.gap_std, 1e-7)
    return (
        f"  {50 * np.abs(x).max():.1e} %  {np.abs(gap).max():.1e}"
        f"  {np.abs(x / x_std).max():.1f}  {np.abs(gap / gap_std).max():.1f}"
    )


PARTS = {"cones": cones, "search": search, "emulators": emulators}

if __name__ == "__main__":
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()
