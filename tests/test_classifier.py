"""What PMMClassifier learns, and how it fits into scikit-learn."""

import copy
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, logsumexp, softmax
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris, make_moons
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pmm_sklearn import PMMClassifier
from pmm_sklearn._classification_problems import LIKELIHOOD
from pmm_sklearn.checks.data import set_aside
from pmm_sklearn.model import READOUTS

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def small(**parameters):
    defaults = {"matrix_size": 4, "n_eigenvectors": 2, "max_iter": 30, "n_init": 1}
    defaults["alpha"] = 0.1
    return PMMClassifier(**{**defaults, "random_state": 0, **parameters})


@pytest.fixture(scope="module")
def moons():
    """Two classes; no straight line is right for more than 90 % of them."""
    return make_moons(200, noise=0.15, random_state=0)


@pytest.fixture(scope="module")
def rings():
    """Three classes, by the distance from the origin."""
    X = np.random.RandomState(0).uniform(-1, 1, (240, 2))
    return X, np.digitize(np.hypot(*X.T), [0.5, 0.8])


class TestLearning:
    @pytest.mark.parametrize("readout", READOUTS)
    @pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
    @pytest.mark.parametrize("solver", ["lm", "lbfgs", "adam"])
    def test_two_classes(self, moons, readout, matrix_type, solver):
        X, y = moons
        model = small(
            readout=readout,
            matrix_type=matrix_type,
            solver=solver,
            max_iter=30 if solver == "lm" else 80,
            learning_rate_init=0.05,
        )
        assert model.fit(X[:150], y[:150]).score(X[150:], y[150:]) >= 0.9
        assert model.observables_.shape[0] == 1

    @pytest.mark.parametrize("solver", ["lm", "lbfgs", "adam"])
    def test_three_classes(self, rings, solver):
        X, y = rings
        model = small(
            solver=solver,
            max_iter=30 if solver == "lm" else 120,
            learning_rate_init=0.05,
        )
        assert model.fit(X[:180], y[:180]).score(X[180:], y[180:]) > 0.85
        assert model.observables_.shape[0] == 3

    @pytest.mark.parametrize("which", ["SA", "LA", "LM", "SM"])
    @pytest.mark.parametrize("matrix_size", [4, (2, 2)])
    def test_every_selection_and_structure(self, moons, which, matrix_size):
        model = small(which=which, matrix_size=matrix_size).fit(*moons)
        assert model.score(*moons) > 0.8

    def test_solvers_agree_about_a_minimum(self, moons):
        model = small(alpha=1.0, max_iter=150, tol=1e-7).fit(*moons)
        expected = model.loss_
        for solver in ("lbfgs", "lm"):
            model.set_params(solver=solver, warm_start=True).fit(*moons)
            assert model.loss_ == pytest.approx(expected, rel=1e-3)

    def test_probabilities_are_calibrated_where_classes_overlap(self):
        """Independent of the features: the frequencies are the probabilities."""
        X = np.random.RandomState(0).uniform(-1, 1, (400, 1))
        y = np.arange(400) % 4 > 0
        probabilities = small(alpha=100.0).fit(X, y).predict_proba(X)
        assert_allclose(probabilities[:, 1], 0.75, atol=0.02)


def test_auto_solver_depends_on_the_size(capsys, monkeypatch):
    X = np.random.RandomState(0).uniform(-1, 1, (60, 2))
    y = X[:, 0] > 0
    model = small(verbose=1, max_iter=1, learning_rate_init=0.1)
    assert "solver 'lm'" in output_of_fit(model, X, y, capsys)
    assert "solver 'lbfgs'" in output_of_fit(
        clone(model).set_params(solver="lbfgs"), X, y, capsys
    )
    monkeypatch.setattr(LIKELIHOOD, "many_samples", 60)
    assert "solver 'adam'" in output_of_fit(model, X, y, capsys)
    assert "solver 'lm'" in output_of_fit(model, X[:59], y[:59], capsys)


def output_of_fit(model, X, y, capsys):
    model.fit(X, y)
    return capsys.readouterr().out


class TestOutputs:
    def test_two_classes(self, moons):
        X, y = moons
        model = small().fit(X, y)
        logits = model.decision_function(X)
        assert logits.shape == (200,)
        assert_allclose(model.predict_proba(X)[:, 1], expit(logits))
        assert_allclose(model.predict_proba(X).sum(axis=1), 1)
        assert_array_equal(model.predict(X), logits > 0)

    def test_three_classes(self, rings):
        X, y = rings
        model = small().fit(X, y)
        logits = model.decision_function(X)
        assert logits.shape == (240, 3)
        assert_allclose(model.predict_proba(X), softmax(logits, axis=1))
        assert_array_equal(model.predict(X), np.argmax(logits, axis=1))

    @pytest.mark.parametrize("data", ["moons", "rings"])
    def test_log_probabilities(self, data, request):
        X, y = request.getfixturevalue(data)
        model = small().fit(X, y)
        expected = np.log(model.predict_proba(X))
        assert_allclose(model.predict_log_proba(X), expected, rtol=1e-8, atol=1e-12)

    @pytest.mark.parametrize("data", ["moons", "rings"])
    def test_extreme_logits(self, data, request):
        X, y = request.getfixturevalue(data)
        model = small().fit(X, y)
        model.observables_ *= 1e6
        with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
            warnings.simplefilter("error")
            probabilities = model.predict_proba(X)
            logarithms = model.predict_log_proba(X)
        assert np.any(probabilities == 0)
        assert np.all(np.isfinite(logarithms))
        assert logarithms.min() < -1e4
        assert_allclose(probabilities.sum(axis=1), 1)
        assert_allclose(logsumexp(logarithms, axis=1), 0, atol=1e-9)

    def test_loss_is_the_penalised_log_loss(self, rings):
        X, y = rings
        model = small(alpha=0.0).fit(X, y)
        expected = log_loss(y, model.predict_proba(X), normalize=False)
        assert model.loss_ == pytest.approx(expected)

    @pytest.mark.parametrize("solver", ["lm", "adam"])
    def test_redundancy_of_the_softmax_is_lifted(self, rings, solver):
        model = small(solver=solver, max_iter=60, tol=0.0, alpha=5.0)
        model.set_params(readout="expectation").fit(*rings)
        assert np.abs(model.intercept_).max() > 0.1
        assert model.intercept_.sum() == pytest.approx(0, abs=1e-12)
        if solver == "lm":
            size = np.abs(model.observables_).max()
            assert size > 0.1
            assert_allclose(model.observables_.sum(axis=0), 0, atol=0.02 * size)


class TestInvariances:
    @pytest.mark.parametrize("data", ["moons", "rings"])
    def test_weights_are_repetitions(self, data, request):
        X, y = request.getfixturevalue(data)
        repeats = np.arange(len(X)) % 3
        model = small(max_iter=15)
        weighted = model.fit(X, y, sample_weight=repeats).predict_proba(X)
        repeated = model.fit(np.repeat(X, repeats, axis=0), np.repeat(y, repeats))
        assert_allclose(weighted, repeated.predict_proba(X), atol=1e-6)
        assert np.abs(weighted - model.fit(X, y).predict_proba(X)).max() > 1e-3

    @pytest.mark.parametrize("data", ["moons", "rings"])
    def test_order_of_samples(self, data, request):
        X, y = request.getfixturevalue(data)
        order = np.random.RandomState(1).permutation(len(X))
        model = small(max_iter=15)
        expected = model.fit(X, y).predict_proba(X)
        shuffled = model.fit(X[order], y[order]).predict_proba(X)
        assert_allclose(shuffled, expected, atol=1e-6)

    @pytest.mark.parametrize(("factor", "shift"), [(1e-6, 0), (1e6, 1e6), (1, -1e4)])
    def test_units(self, rings, factor, shift):
        X, y = rings
        model = small(max_iter=15)
        expected = model.fit(X, y).predict_proba(X)
        X = factor * X + shift
        assert_allclose(model.fit(X, y).predict_proba(X), expected, atol=1e-5)

    def test_names_of_the_classes(self, rings):
        X, y = rings
        expected = small().fit(X, y)
        for names in (np.array(["a", "b", "c"]), np.array([-7, 0, 100])):
            model = small().fit(X, names[y])
            assert_array_equal(model.matrices_, expected.matrices_)
            assert_array_equal(model.classes_, names)
            assert_array_equal(model.predict(X), names[expected.predict(X)])

    def test_which_class_is_first(self, moons):
        """With one logit for two classes, none of them is special."""
        X, y = moons
        model = small(warm_start=True, max_iter=3, tol=0).fit(X, y)
        mirrored = copy.deepcopy(model)
        mirrored.observables_ *= -1
        mirrored.intercept_ *= -1
        expected = model.set_params(max_iter=10).fit(X, y)
        mirrored.set_params(max_iter=10).fit(X, 1 - y)
        assert_allclose(mirrored.loss_curve_, expected.loss_curve_, rtol=1e-6)
        assert expected.loss_curve_[-1] < 0.99 * expected.loss_curve_[0]


class TestLabels:
    def test_strings(self, moons):
        X, y = moons
        names = np.array(["no", "yes"], dtype=object)[y]
        model = small().fit(X, names)
        assert_array_equal(model.classes_, ["no", "yes"])
        assert_array_equal(
            model.predict(X), np.where(model.decision_function(X) > 0, "yes", "no")
        )
        assert model.score(X, names) > 0.9

    def test_booleans(self, moons):
        X, y = moons
        model = small().fit(X, y == 1)
        assert model.predict(X).dtype == bool
        assert model.score(X, y == 1) > 0.9

    def test_pandas(self, moons):
        X, y = moons
        frame = pd.DataFrame(X, columns=["a", "b"])
        model = small().fit(
            frame, pd.Series(y).map({0: "x", 1: "y"}).astype("category")
        )
        assert_array_equal(model.classes_, ["x", "y"])
        assert_array_equal(model.feature_names_in_, ["a", "b"])


class TestClassWeight:
    @pytest.mark.parametrize("data", ["moons", "rings"])
    @pytest.mark.parametrize("weighted", [False, True])
    def test_balanced_is_a_sample_weight(self, data, weighted, request):
        X, y = request.getfixturevalue(data)
        X, y = X[: len(X) // 2], np.sort(y[: len(y) // 2])
        weight = 1.0 + np.arange(len(y)) % 3 if weighted else np.ones(len(y))
        totals = np.bincount(y, weight)
        equivalent = weight * (weight.sum() / (len(totals) * totals))[y]
        sums = np.bincount(y, equivalent)
        assert_allclose(sums, sums[0])
        assert np.ptp(totals) > 2
        balanced = small(class_weight="balanced").fit(X, y, sample_weight=weight)
        expected = small().fit(X, y, sample_weight=equivalent)
        assert_allclose(balanced.predict_proba(X), expected.predict_proba(X), atol=1e-9)

    def test_dictionary(self, moons):
        X, y = moons
        names = np.array(["no", "yes"])[y]
        model = small(class_weight={"yes": 3.0}).fit(X, names)
        expected = small().fit(X, names, sample_weight=1.0 + 2 * y)
        assert_allclose(model.predict_proba(X), expected.predict_proba(X), atol=1e-12)
        # A fold may lack a class of the dictionary.
        small(class_weight={"no": 1, "yes": 2, "other": 3}).fit(X, names)

    @pytest.mark.parametrize(
        ("class_weight", "words"),
        [
            ("equal", ["class_weight", "'equal'", "'balanced'"]),
            ({0: -1.0}, ["class_weight[0]", "-1.0", "greater than 0"]),
            ({0: 1e200}, ["class_weight[0]", "1e+200", "less than 1e+100"]),
            ({"0": 2.0}, ["class_weight", "'0'", "[0, 1]", "correct"]),
        ],
    )
    def test_errors(self, moons, class_weight, words):
        with pytest.raises(ValueError, match="class_weight") as caught:
            small(class_weight=class_weight).fit(*moons)
        for word in words:
            assert word in str(caught.value)


class TestEvidence:
    """The default: ``alpha="auto"``."""

    def by_evidence(self, **parameters):
        return small(**{"alpha": "auto", "matrix_size": 3, **parameters})

    @pytest.mark.parametrize("readout", READOUTS)
    @pytest.mark.parametrize("data", ["moons", "rings"])
    def test_learns_and_tells(self, data, readout, request):
        X, y = request.getfixturevalue(data)
        model = self.by_evidence(readout=readout, max_iter=100, n_init=2).fit(X, y)
        assert model.score(X, y) > 0.85
        assert model.log_evidence_ == pytest.approx(-model.loss_)
        assert 3 < model.n_effective_parameters_ < model.n_parameters_
        assert not hasattr(model, "noise_")
        logits = np.abs(model.decision_function(X))
        assert 0.5 < np.median(logits) < 50

    def test_feature_without_influence_has_a_long_scale(self, moons):
        X, y = moons
        rest = np.random.RandomState(1).uniform(-1, 1, (len(X), 1))
        model = self.by_evidence(max_iter=100).fit(
            np.hstack([X, rest, 5 + 0 * rest]), y
        )
        lengths = model.length_scales_ / [*X.std(axis=0), rest.std(), 1.0]
        assert lengths[2] > 3 * lengths[:2].min()
        assert lengths[3] == np.inf

    @pytest.mark.parametrize("data", ["moons", "rings"])
    def test_weights_are_repetitions(self, data, request):
        X, y = (part[::3] for part in request.getfixturevalue(data))
        counts = 1 + np.arange(len(y)) % 3
        weighted = self.by_evidence().fit(X, y, sample_weight=counts)
        repeated = self.by_evidence().fit(X.repeat(counts, axis=0), y.repeat(counts))
        for name in ("log_evidence_", "alpha_", "n_effective_parameters_"):
            found = getattr(weighted, name)
            assert found == pytest.approx(getattr(repeated, name), rel=1e-5)
        assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-5)

    def test_weights_of_classes_are_odds(self, moons):
        X, y = moons[0][20:], np.sort(moons[1])[20:]
        plain = self.by_evidence().fit(X, y)
        weighted = self.by_evidence(class_weight={0: 2.0, 1: 6.0}).fit(X, y)
        odds = weighted.decision_function(X) - plain.decision_function(X)
        assert_allclose(odds, np.log(3.0))
        assert weighted.log_evidence_ == plain.log_evidence_
        balanced = self.by_evidence(class_weight="balanced").fit(X, y)
        odds = balanced.decision_function(X) - plain.decision_function(X)
        assert_allclose(odds, np.log(np.sum(y == 0) / np.sum(y == 1)))

    def test_weights_of_several_classes(self, rings):
        X, y = rings
        plain = self.by_evidence().fit(X, y).predict_log_proba(X)
        model = self.by_evidence(class_weight={1: 4.0}).fit(X, y)
        changes = model.predict_log_proba(X) - plain
        assert_allclose(changes[:, 1] - changes[:, 0], np.log(4.0))
        assert_allclose(changes[:, 2], changes[:, 0], atol=1e-10)
        assert model.intercept_.sum() == pytest.approx(0, abs=1e-10)

    @pytest.mark.parametrize(
        "parameters", [{"early_stopping": True}, {"solver": "lbfgs"}, {"alpha": 1.0}]
    )
    def test_others_have_a_penalty(self, moons, parameters):
        model = self.by_evidence(**parameters).fit(*moons)
        assert model.alpha_ == 1.0
        assert not hasattr(model, "log_evidence_")

    def test_a_long_training_has_a_penalty(self, moons, monkeypatch):
        monkeypatch.setattr("pmm_sklearn._classification_problems._LONGEST", (0.0, 0.0))
        model = self.by_evidence().fit(*moons)
        assert model.alpha_ == 1.0
        assert not hasattr(model, "log_evidence_")

    def test_warm_start_goes_on(self, rings):
        model = self.by_evidence(max_iter=60).fit(*rings)
        before = model.log_evidence_
        again = model.set_params(warm_start=True, max_iter=3).fit(*rings)
        assert again.log_evidence_ > before - 1.0

    def test_starts_and_threads_do_not_matter(self, rings):
        models = [
            self.by_evidence(n_init=2, n_average=2, n_jobs=n_jobs).fit(*rings)
            for n_jobs in (1, 2)
        ]
        results = [model.predict_proba(rings[0]) for model in models]
        assert_array_equal(*results)


class TestLongSteps:
    @pytest.mark.parametrize("rate", [1e200, 1e308])
    def test_of_fit_are_refused(self, moons, rate):
        model = small(solver="adam", learning_rate_init=rate)
        with pytest.raises(ValueError, match="reduce learning_rate_init"):
            model.fit(*moons)
        assert not hasattr(model, "classes_")

    @pytest.mark.parametrize("rate", [1e200, 1e308])
    def test_of_partial_fit_lose_nothing(self, moons, rate):
        model = small(batch_size=10).partial_fit(*moons, classes=[0, 1])
        before = model.predict_proba(moons[0])
        model.set_params(learning_rate_init=rate)
        with pytest.raises(ValueError, match="reduce learning_rate_init"):
            model.partial_fit(*moons)
        assert_array_equal(model.predict_proba(moons[0]), before)


class TestEarlyStopping:
    def test_stops_before_it_learns_the_noise(self):
        rng = np.random.RandomState(0)
        X = rng.uniform(-1, 1, (300, 6))
        y = (X[:, 0] + rng.standard_normal(300) > 0).astype(int)
        settings = {"matrix_size": 6, "alpha": 1e-6, "max_iter": 60, "tol": 0.0}
        model = small(**settings, early_stopping=True, validation_fraction=0.3)
        model.fit(X[:150], y[:150])
        assert model.stop_reason_ == "stopped_early"
        assert len(model.validation_loss_curve_) == model.n_iter_ < 60
        without = small(**settings).fit(X[:150], y[:150])
        losses = [log_loss(y[150:], m.predict_proba(X[150:])) for m in (model, without)]
        assert losses[0] < 0.8 * losses[1]

    @pytest.mark.parametrize("n_classes", [2, 3])
    def test_split_keeps_the_fractions_of_the_classes(
        self, rings, n_classes, monkeypatch
    ):
        X, y = rings
        y = np.where(
            np.arange(240) % 24 == 0, n_classes - 1, np.arange(240) % (n_classes - 1)
        )
        splits = []

        def split(*args):
            splits.append(set_aside(*args))
            return splits[-1]

        monkeypatch.setattr("pmm_sklearn._classification_problems.set_aside", split)
        small(early_stopping=True, max_iter=2).fit(X, y)
        ((training, validation),) = splits
        assert [len(training[0]), len(validation[0])] == [216, 24]
        assert [part[1][:, -1].sum() for part in splits[0]] == [9, 1]

    def test_too_small_classes(self, moons):
        X, y = moons
        y = np.where(np.arange(200) == 5, 2, y)
        with pytest.raises(
            ValueError, match="early_stopping=True.*smallest of 3.*has 1"
        ):
            small(early_stopping=True).fit(X, y)
        with pytest.raises(ValueError, match="validation_fraction=0.01 sets aside 1"):
            small(early_stopping=True, validation_fraction=0.01).fit(
                X[:20], moons[1][:20]
            )


class TestErrors:
    @pytest.mark.parametrize(
        ("y", "words"),
        [
            (np.ones(200, int), ["y", "one class", "1", "two classes"]),
            (np.where(np.arange(200) == 3, np.nan, np.arange(200) % 2.0), ["y", "NaN"]),
            (np.linspace(0, 1, 200), ["Unknown label type", "continuous"]),
            (np.ones((200, 2)), ["y", "1d"]),
            (np.where(np.arange(200) == 3, None, "a"), ["y"]),
        ],
        ids=["one class", "NaN", "continuous", "2-D", "None"],
    )
    def test_labels(self, moons, y, words):
        model = small().fit(*moons)
        before = model.predict_proba(moons[0])
        with pytest.raises((ValueError, TypeError)) as caught:
            model.fit(moons[0], y)
        for word in words:
            assert word in str(caught.value)
        assert_array_equal(model.predict_proba(moons[0]), before)

    def test_one_class_has_all_the_weight(self, moons):
        X, y = moons
        with pytest.raises(ValueError, match="one class only, 1, in.*positive weight"):
            small().fit(X, y, sample_weight=y)

    @pytest.mark.parametrize("alpha", ["automatic", -1.0, np.nan])
    def test_alpha(self, moons, alpha):
        with pytest.raises((ValueError, TypeError), match="alpha"):
            small(alpha=alpha).fit(*moons)

    def test_nan_in_features(self, moons):
        X = moons[0].copy()
        X[3, 1] = np.nan
        with pytest.raises(ValueError, match="X contains NaN"):
            small().fit(X, moons[1])


class TestWarmStart:
    @pytest.mark.parametrize("data", ["moons", "rings"])
    def test_continues_where_the_last_fit_ended(self, data, request):
        X, y = request.getfixturevalue(data)
        model = small(warm_start=True, max_iter=5, tol=0).fit(X, y)
        before = model.loss_
        model.fit(X, y)
        assert model.loss_curve_[0] < before

    def test_other_classes_are_refused(self, moons):
        X, y = moons
        model = small(warm_start=True).fit(X, y)
        with pytest.raises(ValueError, match=r"warm_start.*\[0, 1\].*\[1, 2\]"):
            model.fit(X, y + 1)
        assert_array_equal(model.classes_, [0, 1])


class TestEcosystem:
    def test_joblib_file(self, rings, tmp_path):
        X, y = rings
        model = small().fit(X, np.array(["a", "b", "c"])[y])
        joblib.dump(model, tmp_path / "model.joblib")
        loaded = joblib.load(tmp_path / "model.joblib")
        assert_array_equal(loaded.predict(X), model.predict(X))
        assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))

    def test_pipeline_and_grid_search(self, moons):
        pipeline = make_pipeline(StandardScaler(), small())
        grid = {"pmmclassifier__alpha": [0.1, 1e4]}
        search = GridSearchCV(pipeline, grid, cv=3, scoring="neg_log_loss").fit(*moons)
        assert search.best_params_ == {"pmmclassifier__alpha": 0.1}
        assert search.best_score_ > -0.35

    def test_cross_validation_is_stratified(self):
        X, y = load_iris(return_X_y=True)  # sorted by class
        assert cross_val_score(small(), X, y, cv=3).min() > 0.9

    def test_calibration_and_clone(self, moons):
        model = clone(small(alpha=0.3, readout="expectation"))
        assert model.alpha == 0.3
        assert CalibratedClassifierCV(model, cv=2).fit(*moons).score(*moons) > 0.9

    @pytest.mark.usefixtures("processes_at_once")
    def test_starts_in_parallel(self, moons):
        X, y = moons
        parallel = small(n_init=2, n_jobs=2, max_iter=5).fit(X, y)
        serial = small(n_init=2, max_iter=5).fit(X, y)
        assert_array_equal(parallel.decision_function(X), serial.decision_function(X))


class TestPartialFit:
    """One epoch of Adam for each call; what it needs is kept in between."""

    def online(self, **parameters):
        return small(learning_rate_init=0.05, batch_size=20, alpha=0.01, **parameters)

    def test_learns_batch_by_batch(self, moons):
        X, y = moons
        model = self.online()
        for _ in range(30):
            for start in (0, 75):
                batch = slice(start, start + 75)
                model.partial_fit(X[batch], y[batch], classes=[0, 1])
        assert model.score(X[150:], y[150:]) >= 0.96
        assert model.n_iter_ == len(model.loss_curve_) == 60
        assert model.loss_ == model.loss_curve_[-1] < 0.3 * model.loss_curve_[0]

    def test_continues_from_a_file_as_if_it_had_not_been_saved(self, rings, tmp_path):
        X, y = rings
        whole = self.online()
        for _ in range(5):
            whole.partial_fit(X, y, classes=[0, 1, 2])
        part = self.online()
        for _ in range(2):
            part.partial_fit(X, y, classes=[0, 1, 2])
        joblib.dump(part, tmp_path / "model.joblib")
        loaded = joblib.load(tmp_path / "model.joblib")
        for model in (part, loaded):
            for _ in range(3):
                model.partial_fit(X, y)
            assert_array_equal(model.matrices_, whole.matrices_)
            assert_array_equal(model.predict_proba(X), whole.predict_proba(X))

    def test_units_of_the_first_batch_stay(self, moons):
        """The second batch, far off, would be another one in units of its own."""
        X, y = moons
        model = self.online().partial_fit(X, y, classes=[0, 1])
        before = model.decision_function(X)
        model.set_params(learning_rate_init=1e-12).partial_fit(X + 5, y)
        assert_allclose(model.decision_function(X), before, atol=1e-6)
        values = model._online[0].units.features(X)
        assert_allclose(values.mean(axis=0), 0, atol=1e-12)

    def test_goes_on_from_a_fit(self, rings):
        X, y = rings
        model = self.online().fit(X, y)
        before = model.predict_proba(X)
        model.set_params(learning_rate_init=1e-12).partial_fit(X[:50], y[:50])
        assert_allclose(model.predict_proba(X), before, atol=1e-6)

    def test_fit_begins_anew(self, moons):
        X, y = moons
        expected = self.online().fit(X, y).matrices_
        model = self.online().partial_fit(X, y + 1, classes=[1, 2]).fit(X, y)
        assert_array_equal(model.matrices_, expected)
        model.partial_fit(X, y)
        other = self.online().fit(X, y).partial_fit(X, y)
        assert_array_equal(model.matrices_, other.matrices_)

    def test_classes_that_come_late(self, rings):
        X, y = rings
        model = self.online().partial_fit(X[y < 2], y[y < 2], classes=[2, 1, 0])
        assert_array_equal(model.classes_, [0, 1, 2])
        assert model.predict_proba(X).shape == (240, 3)
        for _ in range(40):
            model.partial_fit(X[y == 2], y[y == 2])
        assert model.score(X[y == 2], y[y == 2]) == 1

    def test_weights_are_repetitions(self, moons):
        X, y = moons
        repeats = np.arange(200) % 3
        settings = {"batch_size": 1000}
        weighted = self.online().set_params(**settings)
        weighted.partial_fit(X, y, [0, 1], sample_weight=repeats)
        repeated = self.online().set_params(**settings)
        repeated.partial_fit(
            np.repeat(X, repeats, axis=0), np.repeat(y, repeats), [0, 1]
        )
        assert_allclose(weighted.decision_function(X), repeated.decision_function(X))

    def test_class_weight(self, moons):
        X, y = moons
        model = self.online(class_weight={1: 3.0}).partial_fit(X, y, [0, 1])
        expected = self.online().partial_fit(X, y, [0, 1], sample_weight=1.0 + 2 * y)
        assert_array_equal(model.matrices_, expected.matrices_)

    @pytest.mark.parametrize(
        ("parameters", "arguments", "words"),
        [
            ({}, {}, ["classes", "first call", "None", "name all labels"]),
            ({}, {"classes": [1]}, ["classes", "one class", "1", "at least two"]),
            ({}, {"classes": []}, ["classes", "none", "at least two"]),
            ({}, {"classes": {0, 1}}, ["classes", "{0, 1}", "partial_fit"]),
            ({}, {"classes": [[0, 1]]}, ["classes", "[[0, 1]]", "partial_fit"]),
            ({}, {"classes": [0, 2]}, ["y", "[0, 2]", "1", "name all classes"]),
            ({}, {"classes": ["a", "b"]}, ["y", "['a', 'b']", "name all classes"]),
            ({"early_stopping": True}, {"classes": [0, 1]}, ["early_stopping", "fit"]),
            ({"class_weight": "balanced"}, {"classes": [0, 1]}, ["dictionary"]),
        ],
        ids=str,
    )
    def test_errors_of_the_first_call(self, moons, parameters, arguments, words):
        model = self.online(**parameters)
        with pytest.raises(ValueError, match="partial_fit|at least two") as caught:
            model.partial_fit(*moons, **arguments)
        for word in words:
            assert word in str(caught.value)
        assert not hasattr(model, "classes_")
        assert not hasattr(model, "n_features_in_")

    def test_errors_of_later_calls_lose_nothing(self, moons):
        X, y = moons
        model = self.online().partial_fit(X, y, classes=[0, 1])
        expected = copy.deepcopy(model).partial_fit(X, y).matrices_
        with pytest.raises(ValueError, match=r"classes.*\[0, 1\].*\[0, 1, 2\]"):
            model.partial_fit(X, y, classes=[0, 1, 2])
        with pytest.raises(ValueError, match="y has labels.*2"):
            model.partial_fit(X, y + 1)
        with pytest.raises(ValueError, match="features"):
            model.partial_fit(X[:, :1], y)
        with pytest.raises(ValueError, match="partial_fit continues.*matrix_size"):
            copy.deepcopy(model).set_params(matrix_size=3).partial_fit(X, y)
        assert_array_equal(model.partial_fit(X, y).matrices_, expected)


def test_low_rank_matrices_have_the_parameters_of_the_paper():
    # Cook et al.: floats of the head for CIFAR-10, and for STL-10 and CINIC-10.
    rng = np.random.RandomState(0)
    X, y = rng.standard_normal((40, 2048)), np.arange(40) % 10
    for n, r, ranks, n_parameters in ((17, 5, (1, 5), 95176), (15, 3, (1, 3), 66880)):
        model = PMMClassifier(
            n,
            r,
            readout="transition",
            rank=ranks,
            alpha=1.0,
            solver="adam",
            max_iter=1,
            n_init=1,
        )
        assert model.fit(X, y).n_parameters_ == n_parameters


def test_low_rank_learns_and_goes_on():
    X, y = load_iris(return_X_y=True)
    model = PMMClassifier(rank=2, random_state=0, warm_start=True).fit(X, y)
    assert model.score(X, y) > 0.95
    loss = model.loss_
    model.set_params(max_iter=5).fit(X, y)
    assert model.loss_curve_[0] < 1.05 * loss
