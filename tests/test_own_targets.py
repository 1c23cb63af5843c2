"""Targets that are functions of others: `Custom`, `Log`, `Strength` and `Sum`."""

import io
import pickle

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from pmm_sklearn import EvolutionEmulator, PMMEmulator, UnitaryPMMEmulator
from pmm_sklearn.inspection import feature_influence
from pmm_sklearn.inspection._arguments import target_names
from pmm_sklearn.targets import (
    Custom,
    Gap,
    Level,
    Log,
    Observable,
    Slope,
    Strength,
    Sum,
    Transition,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.linspace(-1, 1, 9)[:, np.newaxis]
LEVELS = 3.0 + np.hypot(1, X) * [-1, 1]
ENERGIES = np.linspace(-1, 7, 17)
# A number as alpha, for which no scales of the starts are compared.
QUICK = {"alpha": 1e-10, "n_init": 2, "max_iter": 60, "random_state": 0}


def square_over(a, b):
    return a**2 / b


def its_gradient(a, b):
    return 2 * a / b, -(a**2) / b**2


def wrong_gradient(a, b):
    return 2 * a / b, a**2 / b**2


def curves(levels=LEVELS, energies=ENERGIES, width=0.8, strengths=(0.7, 0.3)):
    """Peaks whose strengths are those of a vector that turns with the states."""
    angle = 0.5 * np.arctan2(X, 1.0)
    strengths = np.hstack([np.cos(angle) ** 2, np.sin(angle) ** 2])
    peaks = width / np.pi / ((energies - levels[:, :, np.newaxis]) ** 2 + width**2)
    return np.einsum("si,sik->sk", strengths, peaks), strengths


CURVES, STRENGTHS = curves()
DIPOLE = Strength("dipole", ENERGIES, width=0.8)
ALL = [
    Level(0),
    DIPOLE,
    Sum("dipole", -1),
    Log(Gap(Level(0), Level(1))),
    Custom(square_over, (Level(1), Sum("dipole", 1)), its_gradient),
]


def all_values():
    sums = [np.sum(LEVELS**p * STRENGTHS, axis=1) for p in (-1, 1)]
    log = np.log(LEVELS[:, 1] - LEVELS[:, 0])
    custom = LEVELS[:, 1] ** 2 / sums[1]
    return np.column_stack([LEVELS[:, 0], CURVES, sums[0], log, custom])


@pytest.fixture(scope="module")
def fitted():
    return PMMEmulator(2, targets=ALL, **QUICK).fit(X, all_values())


class TestLearning:
    def test_everything_together_is_exact(self, fitted):
        y = all_values()
        assert_allclose(fitted.predict(X), y, atol=1e-6)
        assert fitted.score(X, y) == pytest.approx(1.0)
        poles = fitted.strength_poles(X, "dipole")
        assert_allclose(poles.levels, LEVELS, atol=1e-6)
        assert_allclose(poles.strengths, STRENGTHS, atol=1e-6)
        assert_array_equal(poles.widths, 0.8)

    def test_a_curve_at_other_energies_and_features(self, fitted):
        energies = np.linspace(0, 6, 40)
        expected, _ = curves(energies=energies)
        assert_allclose(fitted.strength(X, "dipole", energies), expected, atol=1e-6)
        y = fitted.predict(X)[:, 1:18]
        assert_allclose(fitted.strength(X, "dipole"), y, atol=1e-12)

    def test_derivatives_by_features(self, fitted):
        step = 1e-6
        difference = fitted.predict(X + step) - fitted.predict(X - step)
        gradient = fitted.predict_gradient(X)[..., 0]
        assert_allclose(gradient, difference / (2 * step), atol=1e-6)
        value, again = fitted.as_function(gradient=True)(X)
        assert_allclose(value, fitted.predict(X))
        assert_allclose(again[..., 0], gradient)

    def test_error_bars_and_draws(self, fitted):
        mean, std = fitted.predict([[2.0]], return_std=True)
        assert std.shape == mean.shape == (1, 21)
        assert np.all(np.isfinite(std))
        assert fitted.sample_y(X, n_samples=3).shape == (9, 21, 3)

    def test_width_and_affine_vector_are_learned(self):
        vector = np.array([1.0, 0.0]) + X * [0.2, 0.5]
        H = np.array([[0.0, 1.0], [1.0, 0.0]]) + X[:, :, np.newaxis] * np.diag(
            [1, -1.0]
        )
        levels, states = np.linalg.eigh(H)
        strengths = np.einsum("sai,sa->si", states, vector) ** 2
        width = np.exp(-0.5 + 0.3 * X)[:, :, np.newaxis]
        ratio = (np.linspace(-4, 4, 25) - levels[:, :, np.newaxis]) / width
        peaks = np.exp(-0.5 * ratio**2) / width / np.sqrt(2 * np.pi)
        target = Strength(
            "f", np.linspace(-4, 4, 25), "affine", shape="gaussian", vector="affine"
        )
        y = np.einsum("si,sik->sk", strengths, peaks)
        emulator = PMMEmulator(2, targets=[target], **QUICK).fit(X, y)
        assert_allclose(emulator.predict(X), y, atol=1e-5)
        found = emulator.strength_poles(X, "f").widths
        assert_allclose(found, width[:, 0, 0], rtol=1e-4)

    @pytest.mark.parametrize(
        ("target", "values"),
        [
            (Custom(np.sqrt, Observable("r2")), np.sqrt(4.0 + X[:, 0])),
            (Log(Level(0)), np.log(LEVELS[:, 0])),
            (
                Custom(lambda a, b: a - 7.5 * b**0, (Level(0), Level(1))),
                X[:, 0] / 9 - 1,
            ),
            (Log(Transition("E2", 0, 1)), np.log(1e5 + 1e3 * X[:, 0])),
            (Custom(np.square, Slope(0, 0)), X[:, 0] ** 2),
        ],
    )
    def test_functions_alone(self, target, values):
        """Units of what no column tells follow from the values."""
        emulator = PMMEmulator(3, targets=[target], **QUICK)
        emulator.fit(X, values)
        assert emulator.score(X, values) > 0.999

    def test_unknown_entries_of_curves(self):
        y = CURVES.copy()
        y[0], y[3, 5:], y[:, 9] = np.nan, np.nan, np.nan
        y[4, 9] = CURVES[4, 9]
        target = Strength("dipole", ENERGIES, width=0.8)
        emulator = PMMEmulator(2, targets=[target], **QUICK).fit(X, y)
        assert_allclose(emulator.predict(X), CURVES, atol=1e-5)

    def test_weights_are_repetitions(self):
        y = all_values() + 0.01 * np.random.RandomState(0).standard_normal((9, 21))
        weight = np.array([1, 2, 1, 3, 1, 1, 2, 1, 1])
        emulator = PMMEmulator(2, targets=ALL, **QUICK)
        one = clone(emulator).fit(X, y, sample_weight=weight)
        other = clone(emulator).fit(np.repeat(X, weight, 0), np.repeat(y, weight, 0))
        assert_allclose(one.predict(X), other.predict(X), rtol=1e-4, atol=1e-5)

    def test_units_do_not_matter(self):
        y = (1.0 + 0.3 * X) * (CURVES + 0.01 * np.sin(np.arange(17) * X * 5))
        total = 1.0 + 0.3 * X[:, 0]
        target = Strength("d", ENERGIES, vector="affine")
        one = PMMEmulator(3, targets=[target, Sum("d", 0)], **QUICK)
        one.fit(X, np.column_stack([y, total]))
        scale, amplitude = 27.2, 1e-3
        target = Strength("d", ENERGIES * scale - 11.0, vector="affine")
        other = PMMEmulator(3, targets=[target, Sum("d", 0)], **QUICK)
        y = np.column_stack([y / scale, total]) * amplitude
        other.fit(1e3 * X + 5.0, y)
        units = amplitude / np.append(np.full(17, scale), 1.0)
        expected = one.predict(X)
        found = other.predict(1e3 * X + 5.0) / units
        assert_allclose(found, expected, atol=1e-4)
        widths = [
            one.strength_poles(X, "d").widths,
            other.strength_poles(1e3 * X + 5.0, "d").widths / scale,
        ]
        assert_allclose(*widths, rtol=1e-3)

    def test_far_features(self):
        """Vectors and widths count from the same point as matrices."""
        target = Strength("d", ENERGIES, "affine", vector="affine")
        near = PMMEmulator(2, targets=[target], **QUICK).fit(X, CURVES)
        far = PMMEmulator(2, targets=[target], **QUICK).fit(X + 1e7, CURVES)
        assert_allclose(far.predict(X + 1e7), near.predict(X), atol=1e-5)
        assert far.members_[0].intercept.shape == near.members_[0].intercept.shape


class TestOtherMethods:
    def test_names_and_columns(self, fitted):
        assert fitted.targets_ == ALL
        names = target_names(fitted.model_, 21)
        assert names[:2] == ["level 0", "dipole at -1"]
        assert names[17:] == [
            "dipole at 7",
            "dipole, moment -1",
            "log of gap, 0 to 1",
            "square_over",
        ]
        assert len(fitted.model_.targets) == 21

    def test_conditioning_on_more_data(self):
        y = all_values()
        emulator = PMMEmulator(2, targets=ALL, **QUICK).fit(X[::2], y[::2])
        after = emulator.condition_on(X[1::2], y[1::2])
        assert_allclose(after.predict(X), y, atol=1e-3)

    def test_threads_do_not_matter(self):
        y = all_values() + 0.01 * np.sin(np.arange(21) * X * 5)
        emulator = PMMEmulator(2, targets=ALL, **QUICK).set_params(max_iter=5)
        one = clone(emulator).fit(X, y)
        with joblib.parallel_config(backend="threading", n_jobs=2):
            other = clone(emulator).fit(X, y)
        assert_array_equal(one.predict(X), other.predict(X))

    def test_warm_start_goes_on(self):
        y = all_values()
        emulator = PMMEmulator(2, targets=ALL, warm_start=True, **QUICK).fit(X, y)
        before = emulator.loss_
        assert emulator.fit(X, y).loss_ <= before * (1 + 1e-6) + 1e-12

    def test_sectors(self):
        target = Strength("d", ENERGIES, width=0.8, sector=1)
        emulator = PMMEmulator((2, 2), targets=[Level(0), target], **QUICK)
        emulator.fit(X, np.column_stack([LEVELS[:, 0], CURVES]))
        assert emulator.strength_poles(X, "d").levels.shape == (9, 2)
        both = Strength("d", ENERGIES, width=0.8, states=3)
        emulator = PMMEmulator((2, 2), targets=[both], **QUICK).fit(X, CURVES)
        assert emulator.strength_poles(X, "d").levels.shape == (9, 3)

    def test_influence_is_of_levels_only(self, fitted):
        assert feature_influence(fitted).levels.shape == (1,)
        with pytest.raises(ValueError, match="predict_gradient"):
            feature_influence(fitted, X)

    @pytest.mark.filterwarnings("ignore:PMMEmulator is no better")
    def test_disorder_of_levels_is_seen_in_their_columns(self):
        y = np.column_stack([CURVES, LEVELS[:, 1], LEVELS[:, 0]])
        emulator = PMMEmulator(2, targets=[DIPOLE, Level(0), Level(1)], **QUICK)
        with pytest.warns(UserWarning, match="column 18 is below column 17"):
            emulator.fit(X, y)


class TestPersistence:
    def test_pickle(self, fitted):
        again = pickle.loads(pickle.dumps(fitted))
        expected = fitted.predict(X, return_std=True)
        assert_array_equal(again.predict(X, return_std=True), expected)
        assert again.targets_ == ALL

    def test_files(self):
        target = Strength("d", ENERGIES, "affine", vector="affine", states=(0, 2))
        targets = [target, Log(Sum("d", -1, above=0.5)), Log(Gap(0, 1)), Level(1)]
        y = [CURVES, np.log((STRENGTHS / LEVELS).sum(1)), all_values()[:, 19]]
        y = np.column_stack([*y, LEVELS[:, 1]])
        emulator = PMMEmulator(2, targets=targets, n_average=2, **QUICK).fit(X, y)
        file = io.BytesIO()
        emulator.to_npz(file)
        file.seek(0)
        again = PMMEmulator.from_npz(file)
        assert again.targets_ == emulator.targets_
        expected = emulator.predict(X, return_std=True)
        assert_array_equal(again.predict(X, return_std=True), expected)
        expected = emulator.strength(X, "d")
        assert_array_equal(again.strength(X, "d"), expected)
        assert again.get_params()["targets"] == emulator.targets_

    def test_functions_are_in_no_file(self, fitted):
        with pytest.raises(ValueError, match="whose function") as caught:
            fitted.to_npz(io.BytesIO())
        assert str(caught.value).count("joblib.dump") == 1

    def test_clone_and_repr(self):
        emulator = clone(PMMEmulator(2, targets=ALL))
        assert emulator.targets == ALL
        assert repr(DIPOLE) == "Strength('dipole', 17 energies from -1 to 7, width=0.8)"


class TestBadInput:
    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: Strength("d", []), "energies must have shape"),
            (lambda: Strength("d", [2.0, 1.0]), "ascend"),
            (lambda: Strength("d", [1.0, np.nan]), "finite and ascend"),
            (lambda: Strength("d", ["a"]), "energies must be numbers"),
            (lambda: Strength("", [1.0]), "name must be"),
            (
                lambda: Strength("d", [1.0], width=0.0),
                "width must be positive, got 0.0",
            ),
            (lambda: Strength("d", [1.0], width="free"), "width must be one of"),
            (lambda: Strength("d", [1.0], shape="box"), "shape must be one of"),
            (lambda: Strength("d", [1.0], vector=3), "vector must be one of"),
            (lambda: Strength("d", [1.0], states=1.5), "fraction between 0 and 1"),
            (lambda: Strength("d", [1.0], states=(2, 2)), "first level below the last"),
            (
                lambda: Strength("d", [1.0], states=(1, 2, 3)),
                r"must be \(first, last\)",
            ),
            (lambda: Strength("d", [1.0], states=0), "states must be at least 1"),
            (lambda: Strength("d", [1.0], sector=-1), "sector must be at least 0"),
            (lambda: Sum("d", "x"), "power must be a number"),
            (lambda: Sum("d", np.inf), "power must be finite"),
            (
                lambda: Sum("d", -1, above=-2.0),
                "above must not be negative for power=-1",
            ),
            (lambda: Sum("d", 0.5, above=-2.0), "power=0.5"),
            (lambda: Log(Slope(0, 0)), "has any sign"),
            (lambda: Log(Log(Level(0))), "has any sign"),
            (lambda: Log(DIPOLE), "give a Sum of it"),
            (lambda: Log(3), "must be targets of spectra, got 3"),
            (lambda: Custom(3, Level(0)), "function must be callable, got 3"),
            (lambda: Custom(abs, ()), "of must name what"),
            (lambda: Custom(abs, Level(0), 3), "gradient must be callable"),
            (lambda: Custom(abs, (0, 1)), "got 0"),
        ],
    )
    def test_of_targets(self, make, message):
        with pytest.raises((TypeError, ValueError), match=message):
            make()

    @pytest.mark.parametrize(
        ("targets", "size", "message"),
        [
            ([DIPOLE], 2, r"a Strength for as many as it has energies, here \[17\]"),
            ([Sum("dipole")], 2, r"no Strength of that name \(none\)"),
            ([DIPOLE, Sum("quadrupole")], 2, r"\('dipole'\): add Strength"),
            ([DIPOLE, DIPOLE], 2, "two Strength of the name 'dipole'"),
            ([Strength("d", ENERGIES, states=5)], 2, "there are 2 levels"),
            ([Strength("d", ENERGIES, sector=1)], 2, "1 sector"),
            ([DIPOLE], "auto", "matrix_size='auto' cannot tell"),
            ([Log(Level(7))], 2, "there are 2 levels"),
        ],
    )
    def test_of_fit(self, targets, size, message):
        n_columns = sum(len(getattr(t, "energies", [0])) for t in targets)
        n_columns += "as many as" in message
        emulator = PMMEmulator(size, targets=targets, **QUICK)
        with pytest.raises(ValueError, match=message):
            emulator.fit(X, np.ones((9, n_columns)))
        assert not hasattr(emulator, "matrices_")

    def test_gradients_that_are_wrong(self):
        target = Custom(square_over, (Level(0), Level(1)), wrong_gradient)
        emulator = PMMEmulator(2, targets=[target, Level(0), Level(1)], **QUICK)
        y = np.column_stack([LEVELS[:, 0] ** 2 / LEVELS[:, 1], LEVELS])
        with pytest.raises(
            ValueError, match="gradient of a Custom is wrong by argument 1"
        ):
            emulator.fit(X, y)

    @pytest.mark.parametrize(
        ("function", "gradient", "message"),
        [
            (lambda a: a.sum(), None, r"function of a Custom must return real"),
            (lambda a: np.full_like(a, np.nan), None, "no finite value"),
            (np.sin, lambda a: (np.cos(a), a), r"must return 1 array"),
        ],
    )
    def test_functions_that_are_wrong(self, function, gradient, message):
        target = Custom(function, Level(0), gradient)
        with pytest.raises(ValueError, match=message):
            PMMEmulator(2, targets=[target], **QUICK).fit(X, LEVELS[:, 0])

    def test_logarithms_of_negative_data(self):
        emulator = PMMEmulator(2, targets=[Level(0), Log(Level(0))], **QUICK)
        y = np.column_stack([LEVELS[:, 0] - 5.0, X[:, 0]])
        with pytest.raises(ValueError, match="a logarithm needs positive values"):
            emulator.fit(X, y)

    def test_logarithms_of_negative_predictions_are_nan(self):
        emulator = PMMEmulator(2, targets=[Log(Level(0))], **QUICK)
        emulator.fit(X, np.log(LEVELS[:, 0]))
        assert np.isnan(emulator.predict([[50.0]])[0])

    def test_names_of_curves(self, fitted):
        with pytest.raises(ValueError, match=r"\('dipole'\), got 'spin'"):
            fitted.strength(X, "spin")
        with pytest.raises(ValueError, match="ascend"):
            fitted.strength(X, "dipole", [2.0, 1.0])
        emulator = PMMEmulator(2, **QUICK).fit(X, LEVELS[:, 0])
        with pytest.raises(ValueError, match=r"\(none\)"):
            emulator.strength_poles(X, "dipole")

    def test_other_emulators_have_none(self):
        for emulator, y in (
            (UnitaryPMMEmulator(2, 2, targets=[Log(Level(0))]), LEVELS[:, 0]),
            (EvolutionEmulator(2, targets=[DIPOLE]), CURVES),
        ):
            inputs = (
                X if isinstance(emulator, UnitaryPMMEmulator) else np.hstack([X, X])
            )
            with pytest.raises((TypeError, ValueError)):
                emulator.fit(np.abs(inputs), y)
