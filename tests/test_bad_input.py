"""Bad input: errors name argument, value and remedy, and lose nothing."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import coo_array, csr_array, csr_matrix
from sklearn.exceptions import ConvergenceWarning

from pmm_sklearn import PMMClassifier, PMMEmulator, PMMRegressor
from pmm_sklearn.model import READOUTS
from pmm_sklearn.training.units import moments

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.random.RandomState(0).uniform(-1, 1, size=(30, 2))
Y = X[:, 0] * X[:, 1]


def small(**parameters):
    defaults = {"matrix_size": 4, "n_eigenvectors": 2, "max_iter": 5, "n_init": 1}
    return PMMRegressor(**{**defaults, "random_state": 0, **parameters})


@pytest.mark.parametrize(
    ("parameters", "error", "words"),
    [
        ({"n_eigenvectors": 5}, ValueError, ["n_eigenvectors=5", "matrix_size=4"]),
        ({"n_eigenvectors": 0}, ValueError, ["n_eigenvectors", "0", "at least 1"]),
        ({"n_eigenvectors": 1.5}, TypeError, ["n_eigenvectors", "1.5", "integer"]),
        ({"matrix_size": 0}, ValueError, ["matrix_size", "0", "positive"]),
        ({"matrix_size": -3}, ValueError, ["matrix_size", "-3", "positive"]),
        ({"matrix_size": (3, 0)}, ValueError, ["matrix_size", "(3, 0)"]),
        ({"matrix_size": ()}, ValueError, ["matrix_size", "()"]),
        ({"matrix_size": "7"}, TypeError, ["matrix_size", "'7'", "integer"]),
        ({"matrix_size": 4.0}, TypeError, ["matrix_size", "4.0", "integer"]),
        ({"which": "lowest"}, ValueError, ["which", "'lowest'", "'SA'"]),
        ({"readout": "foo"}, ValueError, ["readout", "'foo'", "'expectation'"]),
        ({"smearing": 0.0}, ValueError, ["smearing", "greater than 0", "0.0"]),
        ({"smearing": "warm"}, TypeError, ["smearing", "number", "'warm'"]),
        ({"matrix_type": "real"}, ValueError, ["matrix_type", "'real'", "'symmetric'"]),
        ({"solver": "adam2"}, ValueError, ["solver", "'adam2'", "'lm'"]),
        ({"alpha": -1.0}, ValueError, ["alpha", "-1.0", "at least 0"]),
        ({"alpha": np.nan}, ValueError, ["alpha", "nan"]),
        ({"alpha": np.inf}, ValueError, ["alpha", "inf", "finite"]),
        ({"alpha": "big"}, ValueError, ["alpha", "'big'", "'auto'"]),
        ({"max_iter": 0}, ValueError, ["max_iter", "0", "at least 1"]),
        ({"tol": -1e-3}, ValueError, ["tol", "-0.001"]),
        ({"n_init": 0}, ValueError, ["n_init", "0"]),
        ({"early_stopping": "yes"}, TypeError, ["early_stopping", "'yes'"]),
        ({"validation_fraction": 1.0}, ValueError, ["validation_fraction", "1.0"]),
        ({"validation_fraction": 0}, ValueError, ["validation_fraction", "0"]),
        ({"n_iter_no_change": 0}, ValueError, ["n_iter_no_change", "0"]),
        ({"warm_start": 1}, TypeError, ["warm_start", "1", "True or False"]),
        ({"verbose": -1}, ValueError, ["verbose", "-1"]),
        ({"verbose": "loud"}, TypeError, ["verbose", "'loud'"]),
        ({"eigensolver": "jacobi"}, ValueError, ["eigensolver", "'jacobi'", "'simd'"]),
        ({"n_jobs": 0}, ValueError, ["n_jobs", "0", "-1"]),
        ({"n_jobs": "2"}, TypeError, ["n_jobs", "'2'", "integer"]),
        ({"n_jobs": 1.5}, TypeError, ["n_jobs", "1.5", "integer"]),
        ({"n_jobs": True}, TypeError, ["n_jobs", "True", "integer"]),
        ({"random_state": "x"}, ValueError, ["'x'", "seed"]),
    ],
    ids=str,
)
def test_parameters(parameters, error, words):
    with pytest.raises(error) as caught:
        small(**parameters).fit(X, Y)
    for word in words:
        assert word in str(caught.value)


WITH_NAN = np.where(np.arange(30) == 3, np.nan, Y)


DAYS = np.arange("2026-01-01", "2026-01-31", dtype="datetime64[D]")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((np.where(X > 0.5, np.nan, X), Y), ["X", "NaN"]),
        ((np.where(X > 0.5, np.inf, X), Y), ["X", "infinity"]),
        ((X, WITH_NAN), ["y", "NaN"]),
        ((X, np.where(Y > 0.3, np.inf, Y)), ["y", "infinity"]),
        ((X, Y[:-1]), ["30", "29", "samples"]),
        ((X[:, 0], Y), ["1D", "Reshape"]),
        ((X.astype(complex), Y), ["Complex", "X", "complex128", "separate columns"]),
        ((X, Y.astype(complex)), ["Complex", "y", "complex128"]),
        ((X[:0], Y[:0]), ["0 sample"]),
        ((np.array([["a", "b"]] * 30), Y), ["X", "numbers", "<U1", "astype"]),
        ((X, np.array(["a"] * 30)), ["y", "numbers", "<U1", "astype"]),
        ((X, ["1"] * 30), ["y", "numbers", "<U1", "astype"]),
        ((X, np.array(["1"] * 30, dtype=object)), ["y", "numbers", "object"]),
        ((X, pd.Series(["1"] * 30)), ["y", "numbers"]),
        ((X, pd.DataFrame({"a": ["1"] * 30, "b": Y})), ["y", "numbers"]),
        ((X, pd.Series(["1"] * 30, dtype="category")), ["y", "numbers"]),
        ((pd.DataFrame({"a": Y, "b": "u"}), Y), ["X", "'u' in column 'b'", "Encoder"]),
        ((X, np.array(["low", "high"] * 15)), ["y", "'low'", "PMMClassifier"]),
        ((X, DAYS), ["y", "numbers", "datetime64[D]", "such as days"]),
        ((X, pd.Series(DAYS)), ["y", "numbers", "datetime64"]),
        ((X, DAYS - DAYS[0]), ["y", "numbers", "timedelta64[D]"]),
        ((DAYS[:, np.newaxis], Y), ["X", "numbers", "datetime64[D]"]),
        ((X, Y, np.ones(29)), ["sample_weight", "(30,)", "(29,)"]),
        ((X, Y, np.ones((30, 1))), ["sample_weight", "(30, 1)"]),
        ((X, Y, np.zeros(30)), ["sample_weight", "zero", "positive"]),
        ((X, Y, -np.ones(30)), ["sample_weight", "non-negative", "-1.0"]),
        ((X, Y, ["a"] * 30), ["sample_weight", "number", "'a'"]),
        ((X, Y, WITH_NAN), ["sample_weight", "finite", "nan"]),
    ],
)
def test_data(arguments, words):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        small().fit(*arguments)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("sparse", [csr_matrix, csr_array, coo_array])
def test_sparse_data(sparse):
    with pytest.raises(TypeError, match=f"Sparse.*y is a {sparse.__name__}.*toarray"):
        small().fit(X, sparse(Y[:, np.newaxis]))
    with pytest.raises(TypeError, match=r"Sparse.*X.*toarray.*sparse_output=False"):
        small().fit(sparse(X), Y)


@pytest.mark.parametrize("dtype", ["Float64", "category", object])
def test_numbers_of_other_types(dtype):
    frame = pd.DataFrame(X).astype(dtype)
    expected = small().fit(X, Y).predict(X)
    assert_array_equal(small().fit(frame, Y).predict(frame), expected)
    predicted = small().fit(X, pd.Series(Y).astype(dtype)).predict(X)
    assert_array_equal(predicted, expected)


def test_numpy_booleans(capsys):
    small(verbose=np.True_, early_stopping=np.False_).fit(X, Y)
    assert "30 samples" in capsys.readouterr().out


def test_features_at_predict():
    model = small(max_iter=25, alpha=0.1).fit(X, Y)
    with pytest.raises(ValueError, match=r"3 features.*expecting 2"):
        model.predict(np.ones((4, 3)))
    with pytest.raises(ValueError, match="NaN"):
        model.predict([[np.nan, 1.0]])
    with pytest.raises(ValueError, match="Complex"):
        model.predict(X + 1j)


@pytest.mark.parametrize(
    "bad",
    [
        {"X": pd.DataFrame(np.full((30, 3), np.nan), columns=["u", "v", "w"]), "y": Y},
        {"X": X, "y": Y[:5]},
        {"X": X, "y": Y, "sample_weight": np.zeros(30)},
        {"X": X, "y": WITH_NAN},
    ],
    ids=["nan frame", "lengths", "weights", "nan target"],
)
def test_failing_refit_keeps_the_fitted_model(bad):
    frame = pd.DataFrame(X, columns=["a", "b"])
    model = small().fit(frame, Y)
    before = dict(vars(model))
    expected = model.predict(frame)
    with pytest.raises(ValueError):  # noqa: PT011
        model.fit(**bad)
    assert vars(model).keys() == before.keys()
    assert list(model.feature_names_in_) == ["a", "b"]
    assert_array_equal(model.predict(frame), expected)


def test_failing_refit_by_a_parameter_keeps_the_fitted_model():
    model = small(max_iter=25, alpha=0.1).fit(X, Y)
    expected = model.predict(X)
    with pytest.raises(ValueError, match="alpha"):
        model.set_params(alpha=-1).fit(X, Y)
    assert_array_equal(model.predict(X), expected)


@pytest.mark.parametrize(
    "change", [{"matrix_size": 5, "n_eigenvectors": 3}, {"which": "LA"}], ids=str
)
def test_refit_that_fails_at_its_end_keeps_the_fitted_model(change):
    """A warning turned into an error comes after everything has been learned."""
    model = small().fit(X, Y)
    before = dict(vars(model))
    expected = model.predict(X)
    model.set_params(**change, max_iter=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ConvergenceWarning):
            model.fit(X, np.column_stack([Y, Y]))
    assert vars(model).keys() == before.keys()
    assert_array_equal(model.predict(X), expected)


@pytest.mark.parametrize(("value", "words"), [(1e-4, "0.0001"), (1e3, "1e\\+03")])
def test_weights_that_are_no_numbers_of_observations(value, words):
    weight = np.full(30, value)
    with pytest.warns(UserWarning, match=f"sample_weight has mean {words}.*Divide"):
        small().fit(X, Y, sample_weight=weight)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        small(alpha=1e-6).fit(X, Y, sample_weight=weight)
        small().fit(X, Y, sample_weight=weight / weight.mean())


@pytest.fixture
def no_warnings_but_convergence():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


@pytest.mark.usefixtures("no_warnings_but_convergence")
class TestExtremeNumbers:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ((X * 8e307, Y), ["X has values up to", "e+307 in column 0", "divide"]),
            ((X * [1, 1e200], Y), ["X", "e+199 in column 1", "divide"]),
            ((X * 1e-310, Y), ["X", "e-311 in column 0", "multiply"]),
            ((X, Y * 1e308), ["y has values up to", "e+307 in column 0", "divide"]),
            ((X, Y * 1e-320), ["y has standard deviation", "multiply"]),
            ((X, Y, np.full(30, 1e308)), ["sample_weight", "1e+308", "divide"]),
            ((X, Y, np.full(30, 1e-320)), ["sample_weight", "1e-320", "divide"]),
        ],
    )
    def test_refused(self, arguments, words):
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            small().fit(*arguments)
        for word in words:
            assert word in str(caught.value)

    # The first step of SciPy's L-BFGS-B is too short for weights below 1e-10.
    @pytest.mark.parametrize(
        ("solver", "weight"), [("lm", 1e-100), ("lm", 1e100), ("lbfgs", 1e100)]
    )
    def test_weights_that_are_accepted(self, solver, weight):
        model = small(solver=solver, alpha=0.0, max_iter=20)
        expected = model.fit(X, Y).score(X, Y)
        score = model.fit(X, Y, sample_weight=np.full(30, weight)).score(X, Y)
        assert score == pytest.approx(expected, abs=1e-3)

    def test_tiny_weights_beside_others(self):
        weight = np.where(np.arange(30) < 10, 1e-320, 1.0)
        model = small(alpha=1e-6).fit(X, Y, sample_weight=weight)
        expected = small(alpha=1e-6).fit(X[10:], Y[10:]).predict(X)
        assert_allclose(model.predict(X), expected, atol=1e-9)

    @pytest.mark.parametrize("matrix_size", [1, 4, (2, 2)])
    def test_features_far_outside(self, matrix_size):
        model = small(matrix_size=matrix_size, n_eigenvectors=1, alpha=1e-6)
        model.fit(1e-9 * X, Y)
        with pytest.raises(ValueError, match=r"X is too far .* 1e\+300 in column 1"):
            model.predict([[0.0, 0.0], [0.0, 1e300]])
        for far in (1e200, 1e280):
            assert np.all(np.isfinite(model.predict([[far, far], [-far, far]])))

    def test_error_bars_far_outside(self):
        model = small(alpha=1e-3, max_iter=30).fit(X, Y)
        _, expected = model.predict([[1e100, 0.0]], return_std=True)
        for far in (1e155, 1e200, 1e280):
            _, std = model.predict([[far, 0.0]], return_std=True)
            assert_allclose(std, expected, rtol=1e-6)
            assert np.all(np.isfinite(model.sample_y([[far, 0.0]])))

    def test_error_bars_of_levels_far_outside(self):
        model = PMMEmulator(2, random_state=0).fit(X, X[:, 0] - np.hypot(1, X[:, 1]))
        assert np.all(np.isfinite(model.predict([[0.0, 1e200]])))
        for option in ({"return_std": True}, {"return_cov": True}):
            with pytest.raises(ValueError, match=r"X is too far .* up to 1e\+200"):
                model.predict([[0.0, 1.0], [0.0, 1e200]], **option)


@pytest.mark.parametrize("n_features", [1, 2, 5])
def test_constants_are_found_among_many_samples(n_features):
    # Rounding errors of sums grow with the number of samples.
    rng = np.random.RandomState(0)
    for n_samples in [150, 700, 3001, 10_000]:
        columns = rng.standard_normal((n_samples, n_features))
        columns[:, -1] = 0.3
        for weight in [np.ones(n_samples), rng.uniform(1, 2, n_samples)]:
            mean, deviation = moments("X", columns, weight)
            assert deviation[-1] == 0
            assert_allclose(mean[-1], 0.3, rtol=1e-15)


def test_constant_feature_has_no_influence_on_classes():
    rng = np.random.RandomState(0)
    features = np.column_stack([rng.standard_normal((1000, 4)), np.ones(1000)])
    labels = features[:, 0] > 0
    model = PMMClassifier(3, 1, solver="adam", max_iter=5, n_init=1, random_state=0)
    logits = model.fit(features, labels).decision_function(features)
    features[:, 4] = 5.0
    assert_allclose(model.decision_function(features), logits)


@pytest.mark.usefixtures("no_warnings_but_convergence")
@pytest.mark.parametrize("readout", READOUTS)
@pytest.mark.parametrize("solver", ["lm", "lbfgs"])
class TestUnusualButUsable:
    def fit(self, X, y, readout, solver, **parameters):
        model = small(readout=readout, solver=solver, max_iter=30, **parameters)
        warnings.filterwarnings("ignore", ".* can hardly say anything")
        model.fit(X, y)
        predicted = model.predict(X)
        assert np.all(np.isfinite(predicted))
        return model, predicted

    def test_constant_target(self, readout, solver):
        model, predicted = self.fit(X, np.full(30, 5.0), readout, solver)
        assert_allclose(predicted, 5.0, rtol=1e-12)
        assert_allclose(model.predict(100 * X), 5.0, rtol=1e-12)

    def test_constant_target_among_others(self, readout, solver):
        _, predicted = self.fit(
            X, np.column_stack([Y, np.full(30, -2.0)]), readout, solver
        )
        assert_allclose(predicted[:, 1], -2.0, atol=0.02)

    def test_constant_feature_has_no_influence(self, readout, solver):
        constant = np.column_stack([X, np.full(30, 0.1 + 0.2)])
        model, predicted = self.fit(constant, Y, readout, solver)
        assert_allclose(model.matrices_[3], 0, atol=1e-12)
        constant[:, 2] = 7.0
        assert_allclose(model.predict(constant), predicted, atol=1e-9)

    def test_duplicate_rows(self, readout, solver):
        _, predicted = self.fit(
            X[[0] * 10 + [1] * 10], Y[[0] * 10 + [1] * 10], readout, solver
        )
        assert_allclose(predicted, Y[[0] * 10 + [1] * 10], atol=0.02)

    def test_one_feature(self, readout, solver):
        _, predicted = self.fit(X[:, :1], X[:, 0] ** 2, readout, solver, n_init=4)
        assert np.mean(np.abs(predicted - X[:, 0] ** 2)) < 0.1

    def test_one_sample(self, readout, solver):
        _, predicted = self.fit(X[:1], Y[:1], readout, solver)
        assert_allclose(predicted, Y[:1])

    def test_more_features_than_samples(self, readout, solver):
        wide = np.random.RandomState(1).standard_normal((5, 40))
        _, predicted = self.fit(wide, wide[:, 0], readout, solver, alpha=1e-6)
        assert_allclose(predicted, wide[:, 0], atol=0.1)

    @pytest.mark.parametrize("scale", [1e-150, 1e150])
    def test_extreme_units(self, readout, solver, scale):
        _, expected = self.fit(X, Y, readout, solver)
        _, predicted = self.fit(X, scale * Y, readout, solver)
        assert_allclose(predicted / scale, expected, atol=1e-3)
        _, predicted = self.fit(scale * X, Y, readout, solver)
        assert_allclose(predicted, expected, atol=1e-3)

    def test_matrix_of_size_one(self, readout, solver):
        size = {"matrix_size": 1, "n_eigenvectors": 1}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*no better than the mean")
            _, predicted = self.fit(X, Y, readout, solver, **size)
        # The occupation of the only level may still depend on the features.
        atol = 0.05 if readout == "density" else 1e-4
        assert_allclose(predicted, Y.mean(), atol=atol)

    def test_all_eigenvectors(self, readout, solver):
        self.fit(X, Y, readout, solver, n_eigenvectors=4)

    def test_integer_and_boolean_data(self, readout, solver):
        grid = np.arange(12).reshape(6, 2) % 5
        self.fit(grid, np.arange(6), readout, solver)
        self.fit(grid > 2, np.arange(6) > 2, readout, solver)

    def test_float32(self, readout, solver):
        model, predicted = self.fit(
            X.astype(np.float32), Y.astype(np.float32), readout, solver
        )
        assert predicted.dtype == model.matrices_.real.dtype == np.float64


def warnings_of(fit):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit()
    return [str(w.message) for w in caught if w.category is UserWarning]


@pytest.mark.parametrize("kind", [PMMEmulator, PMMRegressor])
def test_errors_in_the_place_of_weights(kind):
    model = kind(n_init=2, max_iter=3, random_state=0)
    (message,) = warnings_of(lambda: model.fit(X[:12], Y[:12], np.full(12, 1e-3)))
    assert message.startswith("sample_weight has mean 0.001.")
    assert message.endswith("Standard deviations of the targets belong in y_err=.")


def test_weights_of_classes_are_no_errors():
    model = PMMClassifier(2, n_init=1, max_iter=2, random_state=0)
    message, *_ = warnings_of(lambda: model.fit(X, Y > 0, np.full(30, 1e-3)))
    assert message.endswith("give alpha a number.")


class TestFewData:
    @pytest.mark.parametrize(
        ("n_rows", "n_features", "warns"),
        [(1, 2, True), (3, 2, True), (4, 2, False), (9, 20, True), (12, 20, False)],
    )
    def test_rows_for_features(self, n_rows, n_features, warns):
        X = np.random.RandomState(0).uniform(-1, 1, (n_rows, n_features))
        model = PMMRegressor(2, n_init=1, max_iter=2, random_state=0)
        told = warnings_of(lambda: model.fit(X, X[:, 0] + 0.1 * X[:, 1]))
        expected = f"{n_rows} rows? of positive weight can hardly .* {n_features} feat"
        assert bool(told and re.match(expected, told[0])) == warns

    @pytest.mark.parametrize("kind", [PMMEmulator, PMMRegressor, PMMClassifier])
    def test_features_that_are_constant(self, kind):
        model = kind(2, n_init=1, random_state=0)
        y = Y > 0 if kind is PMMClassifier else Y
        (message,) = warnings_of(lambda: model.fit(np.ones((30, 2)), y))
        assert message.startswith("All features of X are constant: PMM")


class TestGaps:
    """Where they are, and what to do."""

    @pytest.mark.parametrize(
        ("bad", "match"),
        [
            (np.nan, r"NaN in row 4: leave these rows out \(PMMEmulator takes gaps"),
            (-np.inf, r"infinity in row 4: correct them, or leave these rows out"),
        ],
    )
    def test_in_targets(self, bad, match):
        y = Y.copy()
        y[4] = bad
        with pytest.raises(ValueError, match=f"Input y contains {match}"):
            small().fit(X, y)
        with pytest.raises(ValueError, match=f"Input y contains {match}"):
            small(solver="adam").partial_fit(X, y.astype(object))

    def test_in_a_column(self):
        y = np.stack([Y, Y], axis=1)
        y[[7, 8], 1] = np.nan
        with pytest.raises(ValueError, match="row 7 and column 1, 2 of them in all"):
            small().fit(X, y)

    def test_infinity_in_levels(self):
        y = np.stack([Y, Y + 1], axis=1)
        y[3, 1], y[4, 0] = np.inf, np.nan
        with pytest.raises(ValueError, match="infinity in row 3 and column 1: correct"):
            PMMEmulator(2).fit(X, y)

    @pytest.mark.parametrize("bad", [None, np.nan, pd.NA])
    def test_in_labels(self, bad):
        y = np.where(Y > 0, "up", "down").astype(object)
        y[5] = bad
        match = "NaN in row 5: leave these rows out, or give them a label of their own"
        with pytest.raises(ValueError, match=match):
            PMMClassifier().fit(X, y)

    @pytest.mark.parametrize("kind", [PMMEmulator, PMMRegressor, PMMClassifier])
    def test_in_features(self, kind):
        with_gap = X.copy()
        with_gap[2, 1] = np.nan
        y = Y > 0 if kind is PMMClassifier else Y
        match = r"(?s)Input X contains NaN.*SimpleImputer\(add_indicator=True\)"
        with pytest.raises(ValueError, match=match):
            kind().fit(with_gap, y)
        model = kind(2, n_init=1, max_iter=2, random_state=0).fit(X, y)
        with pytest.raises(ValueError, match=match):
            model.predict(with_gap)


def test_a_classifier_has_no_error_bars():
    model = PMMClassifier(2, n_init=1, max_iter=2, random_state=0).fit(X, Y > 0)
    with pytest.raises(TypeError, match=r"^predict\(\) got .* 'return_std'"):
        model.predict(X, return_std=True)
