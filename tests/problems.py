"""Problems and numerical derivatives that many test modules share."""

import numpy as np

from pmm_sklearn.model import (
    DensityReadout,
    Extremes,
    FermiDirac,
    HermitianSpace,
    Objective,
    ObservableReadout,
    RidgePenalty,
    SquaredError,
    observable_pmm,
)


def make_smooth_data():
    """Two features, one target, no noise."""
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, size=(60, 2))
    return X, np.sin(2 * X[:, 0]) + X[:, 1] ** 2


def make_objective(
    readout, matrix_type, structure, n_outputs=2, n_eigenvectors=2, penalty=None
):
    rng = np.random.RandomState(0)
    model = observable_pmm(
        2,
        n_outputs,
        n_eigenvectors=n_eigenvectors,
        readout=readout,
        matrix_type=matrix_type,
        **structure,
    )
    X = rng.uniform(-1, 1, size=(9, 2))
    y = rng.standard_normal((9, n_outputs))
    weight = rng.uniform(0.5, 2.0, size=(9, n_outputs))
    objective = Objective(
        model, SquaredError(), X, y, weight, penalty or RidgePenalty(0.3)
    )
    return objective, model.initial(rng)


def make_station(readout, n_outputs, n_eigenvectors, space):
    """Station of a readout that estimators know by name, and its selection."""
    if readout == "density":
        station = DensityReadout(n_outputs, space, FermiDirac(-0.4, 0.6))
        return station, Extremes(space.side)
    station = ObservableReadout(readout, n_outputs, n_eigenvectors, space)
    return station, Extremes(n_eigenvectors)


def central_difference(function, theta, direction, step=2e-4):
    """Five-point stencil along a direction, an error of fourth order."""
    values = [function(theta + k * step * direction) for k in (-2, -1, 1, 2)]
    return (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)


def random_directions(size, number=10):
    """Directions to which every parameter contributes: none can be wrong unseen."""
    return np.random.RandomState(7).standard_normal((number, size))


def random_matrices(seed, sizes, n_samples=5, matrix_type="hermitian"):
    basis = HermitianSpace(sizes, matrix_type)
    rng = np.random.RandomState(seed)
    return basis.matrices(rng.standard_normal((n_samples, basis.size)))


def random_unitary(seed, n, n_samples=1):
    rng = np.random.RandomState(seed)
    parts = rng.standard_normal((2, n_samples, n, n))
    return np.linalg.qr(parts[0] + 1j * parts[1])[0]


def random_pencil(seed, n, is_real):
    rng = np.random.RandomState(seed)
    parts = rng.standard_normal((2, 2, n, n))
    pencil = parts[0] if is_real else parts[0] + 1j * parts[1]
    return pencil + pencil.conj().swapaxes(1, 2)
