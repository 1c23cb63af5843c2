"""EvolutionEmulator: a quench, its units, derivatives, gaps in the data, bad input."""

import copy
import io

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import expm
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold

from pmm_sklearn import EvolutionEmulator
from pmm_sklearn.inspection import canonical_gauge, diagnose, feature_influence
from pmm_sklearn.targets import Level, Norm, Observable, Survival

from .npz_files import contents, described

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X_LEVEL = np.diag([0.0, 1.0, 2.5])
COUPLING = np.array([[0.0, 0.8, 0.1], [0.8, 0.3, 0.5], [0.1, 0.5, -0.4]])
SPIN = np.diag([1.0, 0.0, -1.0])
QUENCH = {"quench_from": [0.5], "random_state": 0, "n_init": 2}


def initial():
    """Ground state at the parameter 0.5."""
    return np.linalg.eigh(X_LEVEL + 0.5 * COUPLING)[1][:, 0]


def exact(X):
    """Survival probability and spin of a system of three levels."""
    states = [expm(-1j * t * (X_LEVEL + x * COUPLING)) @ initial() for x, t in X]
    survival = [abs(initial() @ state) ** 2 for state in states]
    spin = [np.vdot(state, SPIN @ state).real for state in states]
    return np.column_stack([survival, spin])


def grid(n_parameters=6, n_times=12, longest=6.0):
    axes = np.linspace(-0.5, 1.5, n_parameters), np.linspace(0.0, longest, n_times)
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)


X = grid()
X_TEST = np.array([[0.2, 1.7], [1.3, 7.5], [1.7, 3.1], [0.5, 4.0]])


@pytest.fixture(scope="module")
def both():
    targets = [Survival(), Observable("spin")]
    return EvolutionEmulator(3, targets=targets, **QUENCH).fit(X, exact(X))


class TestQuench:
    def test_an_exact_system_is_found_and_extrapolated(self, both):
        assert_allclose(both.predict(X_TEST), exact(X_TEST), atol=2e-3)
        assert both.observable_names_ == ["spin"]
        assert both.targets_ == [Survival(), Observable("spin")]

    def test_the_initial_state_is_stationary_where_it_was_prepared(self, both):
        survival, spin = both.predict([[0.5, t] for t in (0.0, 1.0, 30.0)]).T
        assert_allclose(survival, 1.0, atol=1e-10)
        assert_allclose(spin, spin[0], atol=1e-10)

    def test_differences_of_energies_are_those_of_the_system(self, both):
        found = np.linalg.eigvalsh(both.hamiltonian([[1.2]])[0])
        known = np.linalg.eigvalsh(X_LEVEL + 1.2 * COUPLING)
        gaps = np.abs(np.subtract.outer(found, found))
        known_gaps = np.abs(np.subtract.outer(known, known))
        assert_allclose(np.sort(gaps.ravel()), np.sort(known_gaps.ravel()), atol=1e-2)

    def test_gradient_against_differences(self, both):
        step = 1e-6
        found = both.predict_gradient(X_TEST)
        for feature, shift in enumerate(step * np.eye(2)):
            change = both.predict(X_TEST + shift) - both.predict(X_TEST - shift)
            assert_allclose(found[:, :, feature], change / (2 * step), atol=1e-6)

    def test_an_unknown_initial_state(self):
        emulator = EvolutionEmulator(
            3, targets=[Survival()], random_state=0, n_init=4
        ).fit(X, exact(X)[:, 0])
        assert_allclose(emulator.predict(X_TEST[:1]), exact(X_TEST)[:1, 0], atol=5e-3)

    def test_targets_by_default_are_observables(self):
        emulator = EvolutionEmulator(3, max_iter=1, n_init=1).fit(X, exact(X))
        assert emulator.targets_ == [Observable("y0"), Observable("y1")]


class TestData:
    def test_unknown_values_do_not_count(self):
        y = exact(X)
        y[5, 0] = y[7] = np.nan
        targets = [Survival(), Observable("spin")]
        emulator = EvolutionEmulator(3, targets=targets, max_iter=5, **QUENCH)
        weight = np.where(np.arange(len(X)) == 7, 0.0, 1.0)
        found = emulator.fit(X, y).predict(X_TEST)
        y[7] = 0.5
        again = clone(emulator).fit(X, y, sample_weight=weight).predict(X_TEST)
        assert_array_equal(found, again)

    def test_units_of_time_and_parameters_do_not_matter(self, both):
        y, units = exact(X), np.array([1e3, 1e-6])
        emulator = clone(both).set_params(quench_from=[500.0], max_iter=5)
        found = emulator.fit(X * units, y).predict(X_TEST * units)
        other = clone(both).set_params(max_iter=5).fit(X, y)
        assert_allclose(found, other.predict(X_TEST), atol=1e-6)
        assert_allclose(emulator.matrices_[0], 1e6 * other.matrices_[0], rtol=1e-4)

    def test_units_of_an_observable_do_not_matter(self):
        y = exact(X)[:, 1]
        emulator = EvolutionEmulator(3, targets=[Observable("spin")], **QUENCH)
        emulator.set_params(max_iter=5)
        found = clone(emulator).fit(X, 1e3 * y - 7.0).predict(X_TEST)
        assert_allclose(
            found, 1e3 * emulator.fit(X, y).predict(X_TEST) - 7.0, rtol=1e-6
        )

    def test_curves_are_kept_together_in_a_search(self):
        search = GridSearchCV(
            EvolutionEmulator(
                targets=[Survival()], quench_from=[0.5], n_init=1, max_iter=5
            ),
            {"matrix_size": [2, 3]},
            cv=GroupKFold(3),
        )
        search.fit(X, exact(X)[:, 0], groups=X[:, 0])
        assert search.best_params_["matrix_size"] in (2, 3)

    def test_errors_of_the_data_make_error_bars(self):
        y, noise = exact(X)[:, 0], 1e-2
        rng = np.random.RandomState(0)
        emulator = EvolutionEmulator(3, targets=[Survival()], **QUENCH)
        emulator.fit(X, y + noise * rng.standard_normal(len(X)), y_err=noise)
        mean, std = emulator.predict(X[::5], return_std=True)
        assert np.all(std < 3 * noise)
        assert np.mean(np.abs(mean - y[::5]) < 4 * std + 1e-3) > 0.9


class TestCopies:
    def test_files_without_pickle(self, both):
        file = io.BytesIO()
        both.to_npz(file)
        file.seek(0)
        again = EvolutionEmulator.from_npz(file)
        assert_array_equal(again.predict(X_TEST), both.predict(X_TEST))
        assert again.targets_ == both.targets_
        expected = both.model_.predict(X_TEST, return_std=True)[1]
        assert_allclose(again.model_.predict(X_TEST, return_std=True)[1], expected)
        # It goes on as the one that was written.
        assert again.quench_from == both.quench_from
        again.set_params(warm_start=True, max_iter=1, n_init=1).fit(X, exact(X))
        assert_allclose(again.predict(X_TEST), both.predict(X_TEST), atol=1e-3)

    @pytest.mark.parametrize("point", [[], [0.5, 0.5], ["a"], [float("nan")], 0.5])
    def test_files_with_another_initial_state(self, both, point):
        file = io.BytesIO(described(contents(both), quench_from=point))
        with pytest.raises(ValueError, match="does not hold"):
            EvolutionEmulator.from_npz(file)

    def test_warm_start_from_another_state(self, both):
        emulator = copy.deepcopy(both).set_params(warm_start=True, quench_from=[0.6])
        with pytest.raises(ValueError, match="quench_from=.* keep the structure"):
            emulator.fit(X, exact(X))

    def test_warm_start_goes_on(self, both):
        emulator = clone(both).set_params(max_iter=3).fit(X, exact(X))
        first = emulator.loss_
        emulator.set_params(warm_start=True).fit(X, exact(X))
        assert emulator.loss_ <= first

    def test_a_function_of_single_samples(self, both):
        value, gradient = both.as_function(gradient=True)(X_TEST[0])
        assert_allclose(value, both.predict(X_TEST)[0], atol=1e-14)
        assert_allclose(gradient, both.predict_gradient(X_TEST)[0], atol=1e-12)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"matrix_size": (2, 3)}, "one integer"),
        ({"degree": 0}, "degree must be"),
        ({"targets": [Level(0)]}, "Survival, Norm or Observable"),
        ({"targets": Survival()}, "put it into a list"),
        ({"targets": [Survival(), Survival()]}, "2 targets for 1 columns"),
        ({"targets": [Observable("n", level=1)]}, "leave out level"),
        ({"quench_from": [0.0, 1.0]}, r"shape \(1,\)"),
        ({"quench_from": 0.0}, r"shape \(1,\)"),
        ({"quench_from": [np.nan]}, "finite"),
        ({"matrix_type": "real"}, "matrix_type must be"),
        ({"decay": 1}, "decay must be True or False"),
        ({"targets": [Norm()]}, "give decay=True"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises((ValueError, TypeError), match=message):
        EvolutionEmulator(**parameters).fit(X, exact(X)[:, 0])


@pytest.mark.parametrize(
    ("shift", "parameters"),
    [(1e12, {}), (1e5, {"degree": 2}), (0, {"quench_from": [1e80]})],
)
def test_features_without_digits_are_refused(shift, parameters):
    emulator = EvolutionEmulator(2, max_iter=1, n_init=1, **parameters)
    with pytest.raises(ValueError, match="less than half of the digits: subtract"):
        emulator.fit(X + np.array([shift, 0]), exact(X)[:, 0])


@pytest.mark.parametrize("value", [1.2, -0.1])
def test_probabilities_outside_their_range_are_refused(value):
    y = exact(X)[:, 0]
    y[3] = value
    emulator = EvolutionEmulator(2, targets=[Survival()], max_iter=1, n_init=1)
    with pytest.raises(ValueError, match=f"probability of {value} in row 3"):
        emulator.fit(X, y)
    emulator.fit(X, y, y_err=0.1)


def test_parameters_without_the_time_are_asked_for(both):
    with pytest.raises(ValueError, match="leave out the last"):
        both.hamiltonian(X)


def test_nothing_that_was_fitted_changes_on_an_error(both):
    before = both.predict(X_TEST)
    with pytest.raises(ValueError, match="survival probability"):
        both.fit(X, exact(X) + 5.0)
    assert_array_equal(both.predict(X_TEST), before)


def test_inspection_of_what_evolves(both):
    for function in (canonical_gauge, feature_influence):
        with pytest.raises(TypeError, match="state evolves"):
            function(both)
    y = exact(X) + 1e-4 * np.random.RandomState(0).standard_normal((len(X), 2))
    y[7, 1] += 0.5
    (finding,) = [one for one in diagnose(both, X, y) if one.topic == "outliers"]
    assert finding.text.startswith("row 7 is far from the model in spin")


LEAK = np.array([[0.0, 0.0, 0.0], [0.0, 0.02, 0.05], [0.0, 0.05, 0.3]])
LEAKING = {"targets": [Survival(), Norm(), Observable("spin")], "decay": True}


def leaking(X):
    """The same system, whose upper states are lost."""
    generators = [X_LEVEL + x * COUPLING - 1j * LEAK for x, _ in X]
    states = [
        expm(-1j * t * generator) @ initial()
        for generator, (_, t) in zip(generators, X, strict=True)
    ]
    survival = [abs(initial() @ state) ** 2 for state in states]
    norm = [np.vdot(state, state).real for state in states]
    spin = [np.vdot(state, SPIN @ state).real for state in states]
    return np.column_stack([survival, norm, spin])


@pytest.fixture(scope="module")
def lost():
    return EvolutionEmulator(3, **LEAKING, **QUENCH).fit(X, leaking(X))


class TestDecay:
    def test_an_exact_system_is_found_and_extrapolated(self, lost):
        assert_allclose(lost.predict(X_TEST), leaking(X_TEST), atol=3e-3)
        assert lost.targets_ == LEAKING["targets"]
        assert lost.matrices_.shape == (3, 3, 3)
        rates = np.linalg.eigvalsh(lost.matrices_[-1])
        assert_allclose(rates, np.linalg.eigvalsh(LEAK), atol=1e-2)

    def test_levels_are_complex(self, lost):
        known = np.linalg.eigvals(X_LEVEL + 1.2 * COUPLING - 1j * LEAK)
        generator = lost.hamiltonian([[1.2]])[0]
        widths = np.sort(np.linalg.eigvals(generator).imag)
        assert_allclose(widths, np.sort(known.imag), atol=1e-2)
        levels = lost.model_.levels([[1.2, 1.0]])[0]
        assert_allclose(np.sort(levels.imag), widths, atol=1e-12)
        with pytest.raises(TypeError, match="decays is not Hermitian"):
            lost.model_.eigenvectors([[1.2, 1.0]])

    def test_the_norm_never_grows(self, lost):
        rng = np.random.RandomState(0)
        points = rng.uniform(-300, 300, 40)
        times = np.sort(rng.uniform(0, 500, 30))
        grids = np.stack(np.meshgrid(points, times, indexing="ij"), axis=-1)
        survival, norm, _ = lost.predict(grids.reshape(-1, 2)).T
        assert np.all(np.diff(norm.reshape(40, 30), axis=1) <= 1e-9)
        assert np.all((survival <= norm + 1e-9) & (norm <= 1.0 + 1e-9))
        # Even where the initial state is stationary, it leaks.
        assert lost.predict([[0.5, 30.0]])[0, 1] < 0.99

    def test_gradient_against_differences(self, lost):
        step = 1e-6
        found = lost.predict_gradient(X_TEST)
        for feature, shift in enumerate(step * np.eye(2)):
            change = lost.predict(X_TEST + shift) - lost.predict(X_TEST - shift)
            assert_allclose(found[:, :, feature], change / (2 * step), atol=1e-6)

    def test_units_do_not_matter(self, lost):
        y, units = leaking(X), np.array([1e3, 1e-6])
        short = clone(lost).set_params(max_iter=3, n_init=1)
        found = clone(short).set_params(quench_from=[500.0]).fit(X * units, y)
        other = short.fit(X, y)
        assert_allclose(found.predict(X_TEST * units), other.predict(X_TEST), atol=1e-6)
        assert_allclose(found.matrices_[-1], 1e6 * other.matrices_[-1], rtol=1e-4)

    def test_copies(self, lost):
        file = io.BytesIO()
        lost.to_npz(file)
        file.seek(0)
        for again in (EvolutionEmulator.from_npz(file), copy.deepcopy(lost)):
            assert_array_equal(again.predict(X_TEST), lost.predict(X_TEST))
            assert again.decay is True
            expected = lost.model_.predict(X_TEST, return_std=True)[1]
            assert np.all(expected > 0)
            assert_allclose(again.model_.predict(X_TEST, return_std=True)[1], expected)

    def test_files_with_a_matrix_that_is_not_definite(self, lost):
        content = contents(lost)
        content["matrices"] = content["matrices"].copy()
        content["matrices"][-1] *= -1.0
        with pytest.raises(ValueError, match="definite"):
            EvolutionEmulator.from_npz(io.BytesIO(described(content)))
        with pytest.raises(ValueError, match="does not hold"):
            EvolutionEmulator.from_npz(
                io.BytesIO(described(contents(lost), decay=False))
            )

    def test_weights_are_repetitions(self, lost):
        y, weight = leaking(X), np.arange(len(X)) % 3
        short = clone(lost).set_params(max_iter=3, n_init=1, alpha=1e-3)
        found = clone(short).fit(X, y, sample_weight=weight).predict(X_TEST)
        rows = np.repeat(np.arange(len(X)), weight)
        assert_allclose(found, short.fit(X[rows], y[rows]).predict(X_TEST), atol=1e-5)

    def test_errors_of_the_data_make_error_bars(self):
        noise, rng = 1e-2, np.random.RandomState(0)
        y = leaking(X)[:, :2] + noise * rng.standard_normal((len(X), 2))
        emulator = EvolutionEmulator(3, targets=[Survival(), Norm()], decay=True)
        emulator.set_params(**QUENCH).fit(X, y, y_err=noise)
        mean, std = emulator.predict(X[::5], return_std=True)
        assert np.all(std < 3 * noise)
        assert np.mean(np.abs(mean - leaking(X[::5])[:, :2]) < 4 * std + 1e-3) > 0.9

    def test_negative_times_are_refused(self, lost):
        before = lost.predict(X_TEST)
        with pytest.raises(ValueError, match="X has the time -1 in row 2"):
            lost.fit(
                np.where(np.arange(len(X))[:, np.newaxis] == 2, -1.0, X), leaking(X)
            )
        assert_array_equal(lost.predict(X_TEST), before)

    def test_a_norm_above_one_is_refused(self, lost):
        y = leaking(X)
        y[3, 1] = 1.1
        with pytest.raises(ValueError, match=r"a norm of 1\.1 in row 3"):
            clone(lost).fit(X, y)
