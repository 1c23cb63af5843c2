"""Layers of pmm_sklearn.torch: derivatives, precision, estimators there and back."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_iris

from pmm_sklearn import PMMClassifier, PMMEmulator, PMMRegressor, UnitaryPMMEmulator
from pmm_sklearn import targets as t
from pmm_sklearn.model import AffineMatrix, HermitianSpace, LowRank, Monomials

torch = pytest.importorskip("torch", reason="torch is not installed")

from torch.autograd import gradcheck

from pmm_sklearn import torch as pt

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:PMMEmulator is no better than the mean"),
]
DEVICES = ["cpu"] + ["cuda"] * torch.cuda.is_available()
TYPES = ["symmetric", "hermitian"]


@pytest.fixture(params=DEVICES)
def device(request):
    return request.param


def layer_of(readout="expectation", matrix_type="hermitian", rank=None, n=4):
    torch.manual_seed(0)
    primary = pt.AffineHermitian(2, n, rank, matrix_type)
    if readout == "density":
        states = pt.DensityMatrix(n, 2, 0.5, matrix_type=matrix_type)
        return pt.PMMLayer(primary, states, pt.DensityReadout(3, n, rank, matrix_type))
    kinds = {"expectation": pt.ExpectationReadout, "transition": pt.TransitionReadout}
    own = kinds[readout](3, n, 2, rank, matrix_type)
    return pt.PMMLayer(primary, pt.Eigenstates(2), own)


def features(n_samples=5, dtype=torch.float64, device="cpu"):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(n_samples, 2, generator=generator, dtype=torch.float64)
    return x.to(device, dtype)


READOUTS = ["expectation", "transition", "density"]


@pytest.mark.parametrize("rank", [None, 2])
@pytest.mark.parametrize("matrix_type", TYPES)
@pytest.mark.parametrize("readout", READOUTS)
def test_derivatives(device, readout, matrix_type, rank):
    layer = layer_of(readout, matrix_type, rank).double().to(device)
    names, values = zip(*layer.named_parameters(), strict=True)
    values = [value.detach().requires_grad_() for value in values]

    def function(x, *values):
        given = dict(zip(names, values, strict=True))
        return torch.func.functional_call(layer, given, (x,))

    x = features(2, device=device).requires_grad_()
    assert gradcheck(function, (x, *values), fast_mode=True)


@pytest.mark.parametrize("matrix_type", TYPES)
@pytest.mark.parametrize("readout", READOUTS)
def test_single_precision_is_near_double(device, readout, matrix_type):
    layer = layer_of(readout, matrix_type).to(device)
    outputs = layer(features(dtype=torch.float32, device=device))
    outputs.square().sum().backward()
    single = torch.cat([p.grad.flatten() for p in layer.parameters()])
    layer = layer.double()
    layer.zero_grad()
    exact = layer(features(device=device))
    exact.square().sum().backward()
    double = torch.cat([p.grad.flatten() for p in layer.parameters()])
    assert outputs.dtype == torch.float32
    assert_allclose(outputs.detach().cpu(), exact.detach().cpu(), rtol=1e-4, atol=1e-4)
    assert torch.linalg.vector_norm(single - double) < 1e-3 * torch.linalg.vector_norm(
        double
    )


@pytest.mark.parametrize("readout", READOUTS)
def test_outputs_do_not_depend_on_the_basis(readout):
    layer = layer_of(readout).double()
    x = features()
    outputs = layer(x)
    unitary = np.linalg.qr(np.random.RandomState(0).randn(4, 4) + 0j)[0]
    unitary = unitary * np.exp(1j * np.arange(4))
    for own in (layer.primary.matrices, layer.readout.observables):
        matrices = own().detach().numpy()
        own.set_matrices(unitary @ matrices @ unitary.conj().T)
    assert_allclose(layer(x).detach(), outputs.detach(), rtol=1e-10, atol=1e-10)


def test_any_leading_axes_and_order_of_samples():
    layer, x = layer_of(), features(6, torch.float32)
    outputs = layer(x)
    assert torch.allclose(layer(x.reshape(2, 3, 2)).reshape(6, 3), outputs, atol=1e-5)
    assert torch.allclose(layer(x.flip(0)).flip(0), outputs, atol=1e-5)
    assert torch.allclose(layer(x[0]), outputs[0], atol=1e-5)
    assert layer(x[:0]).shape == (0, 3)


def test_counts_of_parameters_are_those_of_the_paper():
    layer = pt.PMMLayer(
        pt.AffineHermitian(2048, 17, 1, "hermitian"),
        pt.Eigenstates(5, "LM"),
        pt.TransitionReadout(10, 17, 5, 5, "hermitian"),
    )
    assert sum(p.numel() for p in layer.parameters()) == 95_176


@pytest.mark.parametrize("rank", [None, 2])
def test_start_is_that_of_the_estimators(rank):
    torch.manual_seed(0)
    own = pt.AffineHermitian(400, 5, rank, "hermitian").matrices.coordinates
    space = HermitianSpace((5,)) if rank is None else LowRank(5, rank)
    deviations = AffineMatrix(Monomials(400), space).start_deviations()
    scaled = own.detach().numpy().ravel() / deviations
    assert_allclose(np.std(scaled[: own.shape[1]]), 1, rtol=0.5)
    assert_allclose(np.std(scaled[own.shape[1] :]), 1, rtol=0.05)


def test_learns_a_function(device):
    torch.manual_seed(0)
    layer = layer_of("expectation", "symmetric").to(device)
    x = features(200, torch.float32, device)
    y = torch.sin(x) @ torch.ones(2, 3, device=device)
    optimizer = torch.optim.Adam(layer.parameters(), 0.05)
    for _ in range(150):
        loss = (layer(x) - y).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.1 * y.var()


def test_layers_are_pickled_with_their_state():
    layer, x = layer_of(), features(dtype=torch.float32)
    other = layer_of().double().float()
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other(x), layer(x))
    assert torch.equal(pickle.loads(pickle.dumps(layer))(x), layer(x))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: pt.AffineHermitian(0, 3), "in_features must be at least 1, got 0"),
        (lambda: pt.AffineHermitian(2, 3, 4), "rank must be at most 3, got 4"),
        (lambda: pt.AffineHermitian(2, 3, None, "real"), "matrix_type must be one of"),
        (lambda: pt.Eigenstates(2, "XX"), "which must be one of"),
        (lambda: pt.Eigenstates(4)(torch.eye(3)), "r must not exceed the side"),
        (lambda: pt.AffineHermitian(2, 3)(torch.ones(4, 5)), "x must have 2 features"),
        (lambda: pt.DensityMatrix(3, 4), "r must be at most 3, got 4"),
        (
            lambda: pt.SpectrumReadout([("slope", 0, ((0, 0),))], 3),
            "outputs has a slope",
        ),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def data(n_outputs=1, far=0.0):
    X = np.random.RandomState(0).uniform(-1, 1, (60, 2)) + far
    y = np.cos(3 * (X - far)) @ [[1.0, 0.5], [0.3, -1.0]]
    return X, y[:, 0] if n_outputs == 1 else y


FAST = {"random_state": 0, "max_iter": 10}
REGRESSORS = {
    "default": {},
    "density": {"readout": "density", "matrix_size": 3},
    "transition": {"readout": "transition", "matrix_size": 3, "n_eigenvectors": 2},
    "largest": {"which": "LM", "matrix_size": 4, "n_eigenvectors": 2},
    "sectors": {"matrix_size": (2, 3), "n_eigenvectors": 2},
    "density of sectors": {"matrix_size": (2, 3), "readout": "density"},
    "low rank": {
        "matrix_size": 4,
        "n_eigenvectors": 2,
        "rank": 2,
        "solver": "lm",
        "alpha": 1e-3,
    },
    "level": {"readout": "level", "matrix_size": 3},
    "real": {"matrix_type": "symmetric", "matrix_size": 3, "n_eigenvectors": 1},
    "logarithms": {"loss": "poisson", "alpha": 1e-2, "matrix_size": 3},
}


def assert_there_and_back(estimator, X, outputs, again):
    """Outputs of the layer are those of the estimator, and of the one made of it."""
    layer = pt.from_estimator(estimator)
    found = layer(torch.from_numpy(X)).detach().numpy()
    expected = outputs(estimator)
    scale = np.max(np.abs(expected))
    found = found.reshape(expected.shape)
    assert_allclose(found, expected, rtol=1e-10, atol=1e-10 * scale)
    other = pt.to_estimator(layer, again(estimator))
    assert_allclose(outputs(other), expected, rtol=1e-10, atol=1e-10 * scale)
    return other


@pytest.mark.parametrize("name", [*REGRESSORS, "far"])
def test_regressors_there_and_back(name):
    X, y = data(1, 1e6 if name == "far" else 0.0)
    y = y - y.min() if name == "logarithms" else y
    model = PMMRegressor(**FAST, **REGRESSORS.get(name, {})).fit(X, y)
    assert_there_and_back(model, X, lambda own: own.predict(X), lambda own: own)


def test_unfitted_estimators_and_several_outputs():
    X, y = data(2)
    model = PMMRegressor(3, n_average=2, n_init=2, **FAST).fit(X, y)
    assert_there_and_back(
        model, X, lambda own: own.predict(X), lambda _: PMMRegressor()
    )


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    "changes", [{"n_init": 2, "n_average": 2}, {"readout": "transition"}]
)
def test_classifiers_there_and_back(n_classes, changes):
    X, y = load_iris(return_X_y=True)
    names = np.array(["one", "two", "three"])
    few = y < n_classes
    model = PMMClassifier(3, 2, **FAST, **changes).fit(X[few], names[y[few]])
    other = assert_there_and_back(
        model, X, lambda own: own.decision_function(X), lambda own: own
    )
    assert_array_equal(other.predict(X), model.predict(X))
    assert other.get_params() == model.get_params()


@pytest.mark.parametrize("matrix_size", [4, (2, 2)])
@pytest.mark.parametrize("degree", [1, 2])
def test_emulators_there_and_back(matrix_size, degree):
    x = np.linspace(-1, 1, 12)[:, np.newaxis]
    y = np.column_stack([-np.hypot(1, x), np.hypot(1, x), x / np.hypot(1, x)])
    sector = None if matrix_size == 4 else 0
    kinds = [
        t.Level(0, sector=sector),
        t.Gap(0, 1),
        t.Observable("spin", 0, sector=sector),
    ]
    model = PMMEmulator(matrix_size, targets=kinds, degree=degree, **FAST)
    model.fit(x, y)
    X = np.linspace(-1.5, 1.5, 30)[:, np.newaxis]
    assert_there_and_back(model, X, lambda own: own.predict(X), lambda own: own)


def test_transitions_of_emulators():
    x = np.linspace(-1, 1, 12)[:, np.newaxis]
    y = np.column_stack([-np.hypot(1, x), 1 / (1 + x**2)])
    kinds = [t.Level(0), t.Transition("spin", 0, 1)]
    model = PMMEmulator(3, targets=kinds, **FAST).fit(x, y)
    assert_there_and_back(model, x, lambda own: own.predict(x), lambda own: own)


def test_slopes_and_other_estimators_are_refused():
    x = np.linspace(-1, 1, 12)[:, np.newaxis]
    slope = PMMEmulator(2, targets=[t.Slope(0, 0)], **FAST).fit(x, x)
    with pytest.raises(ValueError, match="slope of a level, for which there is no"):
        pt.from_estimator(slope)
    with pytest.raises(TypeError, match="got UnitaryPMMEmulator"):
        pt.from_estimator(UnitaryPMMEmulator())
    with pytest.raises(TypeError, match="ExpectationReadout, is none of PMMEmulator"):
        pt.to_estimator(layer_of(), PMMEmulator())
    with pytest.raises(TypeError, match="layer must be a PMMLayer"):
        pt.to_estimator(torch.nn.Linear(2, 2), PMMRegressor())


def test_what_is_trained_further_goes_back():
    X, y = data()
    model = PMMRegressor(3, 1, n_init=1, **FAST).fit(X, y)
    layer = pt.from_estimator(model)
    with torch.no_grad():
        layer.readout.intercept += 1.0
    other = pt.to_estimator(layer, model)
    assert_allclose(other.predict(X), model.predict(X) + 1)
    again = pickle.loads(pickle.dumps(other))
    assert_array_equal(again.predict(X), other.predict(X))
