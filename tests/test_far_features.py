"""Features that are far from zero lose no digits: they count from their mean."""

import copy
import io
import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from pmm_sklearn import PMMClassifier, PMMEmulator, PMMRegressor
from pmm_sklearn.inspection import (
    canonical_gauge,
    commutator_norms,
    feature_influence,
    find_sectors,
)
from pmm_sklearn.targets import Level, Slope

# Few iterations, so that rounding errors do not grow.
SHORT = {"max_iter": 6, "n_init": 1, "random_state": 0}
SHIFTS = [1e6, 1e9, 1e12]
AVERAGE = {"n_init": 2, "n_average": 2, "alpha": 1e-3}
REGRESSORS = {
    "evidence": {},
    "expectation": {"readout": "expectation", "alpha": 1e-3},
    "transition": {"readout": "transition", "alpha": 1e-3},
    "density": {"readout": "density", "alpha": 1e-3},
    "level": {"readout": "level"},
    "low rank": {"rank": 1, "readout": "expectation", "alpha": 1e-3},
    "average": AVERAGE,
    "adam": {"solver": "adam", "batch_size": 16, "alpha": 1e-3},
    "Poisson": {"loss": "poisson", "alpha": 1e-3},
}
EMULATORS = {
    "affine": {},
    "square": {"degree": 2},
    "average": {"n_init": 4, "n_average": 2, "alpha": 1e-6},
    "slopes": {"targets": [Level(0), Slope(0, 0)]},
    "low rank": {"rank": 1},
}


def quietly(fit, *data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fit(*data)


def features(shift, n_samples=40):
    """The first of two columns is far from zero; and the same without the shift."""
    origin = np.array([shift, 0.0])
    X = origin + np.random.RandomState(0).uniform(-1, 1, size=(n_samples, 2))
    return X, X - origin


def regressors(shift, **parameters):
    """Of features far from zero, and of the same near zero."""
    X, near = features(shift)
    y = 2.0 + np.sin(near[:, 0] + near[:, 1] ** 2)
    model = PMMRegressor(
        **{"matrix_size": 3, "n_eigenvectors": 2, **SHORT} | parameters
    )
    fits = [quietly(clone(model).fit, data, y) for data in (X, near)]
    return (*fits, X, near)


def emulators(shift, **parameters):
    X, near = features(shift, 12)
    y = near[:, 1] - np.hypot(1, near[:, 0])
    if "targets" in parameters:
        y = np.stack([y, -near[:, 0] / np.hypot(1, near[:, 0])], axis=1)
    model = PMMEmulator(3, **SHORT | parameters)
    fits = [quietly(clone(model).fit, data, y) for data in (X, near)]
    return (*fits, X, near)


def assert_alike(far, expected, X, near, tol=1e-9):
    """Whatever is asked of the two models."""
    asked = [
        lambda model, X: model.predict(X),
        lambda model, X: model.predict_gradient(X),
        lambda model, X: model.transform(X),
        lambda model, X: model.model_.hamiltonian(X),
        lambda model, X: model.as_function(gradient=True)(X[0])[1],
        lambda model, X: feature_influence(model, X).levels,
    ]
    for ask in asked:
        value = ask(expected, near)
        assert_allclose(ask(far, X), value, atol=tol * np.abs(value).max())


def assert_error_bars_alike(far, expected, X, near):
    for options in ((True, False), (False, True)):
        _, found = quietly(far.predict, X, *options)
        _, value = quietly(expected.predict, near, *options)
        assert_allclose(found, value, atol=1e-8 * np.abs(value).max())
    assert_allclose(far.sample_y(X, 3), expected.sample_y(near, 3), atol=1e-6)


def through_a_file(model):
    file = io.BytesIO()
    model.to_npz(file)
    file.seek(0)
    return type(model).from_npz(file)


def with_shifts(kinds):
    """Pairs of a kind and a shift: the largest for all, the others for one."""
    first = next(iter(kinds))
    return [(first, shift) for shift in SHIFTS] + [(k, 1e12) for k in kinds][1:]


class TestTheSameModel:
    @pytest.mark.parametrize(("kind", "shift"), with_shifts(REGRESSORS))
    def test_regressor(self, kind, shift):
        far, expected, X, near = regressors(shift, **REGRESSORS[kind])
        assert_alike(far, expected, X, near)
        if kind != "Poisson":
            assert_error_bars_alike(far, expected, X, near)

    @pytest.mark.parametrize(("kind", "shift"), with_shifts(EMULATORS))
    def test_emulator(self, kind, shift):
        far, expected, X, near = emulators(shift, **EMULATORS[kind])
        assert_alike(far, expected, X, near)
        assert_error_bars_alike(far, expected, X, near)
        assert_allclose(
            far.eigenvalues(X + 0.5j), expected.eigenvalues(near + 0.5j), atol=1e-8
        )

    @pytest.mark.parametrize("parameters", [{}, AVERAGE], ids=["one", "average"])
    def test_classifier(self, parameters):
        X, near = features(1e12)
        labels = np.digitize(near[:, 0] * near[:, 1], [-0.2, 0.2])
        model = PMMClassifier(3, **SHORT | parameters)
        far, expected = (quietly(clone(model).fit, data, labels) for data in (X, near))
        for name in ("decision_function", "decision_function_gradient", "transform"):
            value = getattr(expected, name)(near)
            assert_allclose(getattr(far, name)(X), value, atol=1e-8)

    def test_copies(self):
        for far, _, X, _ in (regressors(1e12), emulators(1e12, degree=2)):
            mean, std = quietly(far.predict, X, True)
            copies = (
                *(copy.deepcopy(far), pickle.loads(pickle.dumps(far))),
                through_a_file(far),
            )
            for again in copies:
                assert_array_equal(quietly(again.predict, X, True), [mean, std])
                assert_array_equal(again.matrices_, far.matrices_)

    def test_training_goes_on(self):
        """From other data, whose mean is another one."""
        for fits in (regressors, emulators):
            far, expected, X, near = fits(1e12)
            y = far.predict(X) + 0.1 * near[:, 1] ** 3
            for model, data in ((far, X), (expected, near)):
                model.set_params(warm_start=True, max_iter=1)
                quietly(model.fit, data + 0.25, y)
            assert_alike(far, expected, X, near)

    def test_training_goes_on_from_another_origin(self):
        """Of data that vary twice as much there is none."""
        for fits in (regressors, emulators):
            far, expected, _, near = fits(1200.0)
            for stretch, n_numbers in ((2.0, 0), (1.0, 2)):
                new = stretch * near
                moved = new + np.array([1200.0, 0.0])
                y = 0.1 * new[:, 1] + expected.predict(new)
                for model, data in ((far, moved), (expected, new)):
                    quietly(model.set_params(warm_start=True, max_iter=1).fit, data, y)
                assert len(far._structure["origin"]) == n_numbers
                assert_alike(far, expected, moved, new)

    def test_batches(self):
        X, near = features(1e12, 120)
        y = np.sin(near[:, 0]) + near[:, 1] ** 2
        models = [PMMRegressor(3, 2, batch_size=8, random_state=0) for _ in range(2)]
        for model, data in zip(models, (X, near), strict=True):
            for rows in np.split(np.arange(len(X)), 3):
                model.partial_fit(data[rows], y[rows])
        assert_alike(*models, X, near)
        for model, data in zip(models, (X, near), strict=True):
            quietly(model.set_params(**SHORT).fit, data, y)
            model.partial_fit(data[:50] + 0.25, y[:50])
        assert_alike(*models, X, near)

    def test_classifier_by_batches(self):
        X, near = features(1e12, 60)
        labels = near[:, 0] > near[:, 1]
        models = [PMMClassifier(3, batch_size=8, random_state=0) for _ in range(2)]
        for model, data in zip(models, (X, near), strict=True):
            for _ in range(2):
                model.partial_fit(data, labels, classes=[False, True])
        far, expected = models
        value = expected.decision_function(near)
        assert_allclose(far.decision_function(X), value, atol=1e-9)


class TestMatricesOfTheUser:
    @pytest.mark.parametrize("shift", SHIFTS)
    @pytest.mark.parametrize("degree", [1, 2])
    def test_give_the_same_function_as_digits_permit(self, degree, shift):
        far, _, X, _ = emulators(shift, degree=degree)
        products = [np.ones(len(X)), *X.T]
        if degree == 2:
            products += [X[:, 0] ** 2, X[:, 0] * X[:, 1], X[:, 1] ** 2]
        terms = np.array(products).T[:, :, None, None] * far.matrices_
        digits = 20 * np.finfo(float).eps * np.abs(terms).max()
        expected = far.hamiltonian(X)
        assert_allclose(terms.sum(axis=1), expected, rtol=0, atol=digits)
        assert_array_equal(far.members_[0].matrices, far.matrices_)

    def test_are_those_of_the_model_for_ordinary_features(self):
        for fits in (regressors, emulators):
            far, near, *_ = fits(100.0)
            for model in (far, near):
                assert model._structure["origin"] == ()
                assert model.matrices_ is model.model_.matrices

    def test_only_columns_that_are_far_are_moved(self):
        for fits in (regressors, emulators):
            far = fits(1e4)[0]
            origin = far.model_.monomials.origin
            assert abs(origin[0] - 1e4) < 1
            assert origin[1] == 0

    def test_higher_powers_lose_digits_earlier(self):
        origins = [emulators(50.0, degree=d)[0]._structure["origin"] for d in (1, 2)]
        assert [len(origin) for origin in origins] == [0, 2]

    def test_constants_are_not_moved(self):
        X, near = features(0.0)
        X[:, 1] = 1e12
        model = quietly(PMMRegressor(3, 2, **SHORT).fit, X, near[:, 0])
        assert model._structure["origin"] == ()

    @pytest.mark.parametrize("kind", [PMMRegressor, PMMClassifier, PMMEmulator])
    def test_are_not_there_before_the_fit(self, kind):
        assert not hasattr(kind(), "matrices_")
        with pytest.raises(NotFittedError):
            kind().matrices_ = np.zeros((2, 2, 2))

    def test_may_be_assigned_and_not_written_into(self):
        far, _, X, _ = emulators(1e6)
        expected = far.predict(X)
        far.matrices_ = 2 * far.matrices_
        assert_allclose(far.predict(X), 2 * expected, atol=1e-8)
        with pytest.raises(ValueError, match="read-only"):
            far.matrices_ *= 2.0

    def test_are_in_files_by_another_name(self):
        file = io.BytesIO()
        emulators(1e6)[0].to_npz(file)
        file.seek(0)
        with np.load(file) as arrays:
            assert "matrices" not in arrays
            assert arrays["matrices_from_origin"].shape == (3, 3, 3)


class TestInspection:
    SHIFT = 1e9

    def test_exceptional_points(self):
        x = np.linspace(-2, 2, 9)[:, np.newaxis]
        y = -np.hypot(1, x[:, 0])
        model = PMMEmulator(2, random_state=0, n_init=1)
        far, near = (clone(model).fit(shift + x, y) for shift in (self.SHIFT, 0.0))
        (points,), (expected,) = far.exceptional_points(), near.exceptional_points()
        assert_allclose(points.x - self.SHIFT, expected.x, atol=1e-6)
        assert_allclose(points.energies, expected.energies, atol=1e-8)

    def test_continuation(self):
        x = np.linspace(-2, 2, 9)[:, np.newaxis]
        far = PMMEmulator(2, random_state=0, n_init=1)
        far.fit(self.SHIFT + x, np.hypot(1, x) * [-1, 1])
        circle = 1j - 1j * np.exp(2j * np.pi * np.linspace(0, 1, 30)[:, np.newaxis])
        levels = far.continue_along(self.SHIFT + circle)
        assert_allclose(levels[-1], levels[0, ::-1], atol=1e-6)

    def test_gauge(self):
        far, near, X, _ = emulators(self.SHIFT)
        canonical = canonical_gauge(far)
        assert_allclose(canonical.predict(X), far.predict(X), atol=1e-12)
        first = canonical.matrices_[0]
        digits = 1e-12 * np.abs(first).max()
        assert_allclose(first, np.diag(np.diag(first)), atol=digits)
        at_zero = canonical_gauge(far, [self.SHIFT, 0.0])
        expected = canonical_gauge(near, [0.0, 0.0])
        assert_allclose(at_zero.matrices_[1:], expected.matrices_[1:], atol=1e-8)

    def test_sectors_and_commutators(self):
        x = np.linspace(-1, 1, 12)
        y = np.stack([-np.hypot(x, 0.3), x / 2, np.hypot(x, 0.3)], axis=1)
        model = PMMEmulator((2, 1), random_state=0, n_init=2)
        far, near = (
            clone(model).fit(shift + x[:, np.newaxis], y) for shift in (1e12, 0.0)
        )
        assert find_sectors(far).block_sizes == find_sectors(near).block_sizes
        # Of matrices in the middle of the data, not of those of the user.
        assert_allclose(commutator_norms(far), commutator_norms(near), atol=1e-4)

    def test_inverse(self):
        parameters = {"readout": "level", "monotonic_cst": [1, 0]}
        far, near, _, data = regressors(self.SHIFT, **parameters)
        z, others = np.array([1.5, 2.0]), data[:2, 1:]
        found = far.inverse_predict(z, others, feature=0)
        expected = near.inverse_predict(z, others, feature=0)
        assert np.all(np.isfinite(expected))
        assert_allclose(found - self.SHIFT, expected, atol=1e-6)
        decreasing = {**parameters, "monotonic_cst": [-1, 0]}
        far = regressors(self.SHIFT, **decreasing)[0]
        x = np.stack([far.inverse_predict(1.9, others, feature=0), others[:, 0]], 1)
        assert_allclose(far.predict(x), 1.9, atol=1e-6)


def test_powers_beyond_floating_point_are_refused():
    X, near = features(1e12, 12)
    y = -np.hypot(1, near[:, 0])
    with pytest.raises(ValueError, match=r"about 1e\+12 in column 0, too large"):
        PMMEmulator(2, degree=13, n_init=1).fit(X, y)
