"""Portable files of all kinds of estimators: round trips, and hostile ones."""

import copy
import io

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pmm_sklearn import (
    EigenvectorContinuation,
    PMMClassifier,
    PMMEmulator,
    PMMRegressor,
    UnitaryPMMEmulator,
)

from .npz_files import (
    LABELS,
    SHORT,
    VALID,
    X,
    as_members,
    changed,
    contents,
    cost,
    described,
    npy,
    other_models,
    put,
    quietly_fitted,
    reason,
    replaced,
    written,
    zipped,
)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

Y = np.tanh(3 * X[:, 0])
BOTH = np.c_[Y, Y**2]
PARITY = np.diag([1.0, -1.0, 1.0])
TWO = {"n_init": 2, "n_average": 2, **SHORT}
ONE = {"n_init": 1, **SHORT}
MODELS = other_models()
FILES = [contents(model) for model, _ in MODELS]
REGRESSOR, DENSITY, CLASSIFIER, EVOLUTION, EMULATOR, LOW_RANK, IMAGE = range(7)


def same(again, model, X):
    """Assert that everything an estimator predicts is the same, to the last bit."""
    assert_array_equal(again.predict(X), model.predict(X))
    if hasattr(model, "predict_proba"):
        assert_array_equal(again.predict_proba(X), model.predict_proba(X))
        assert again.classes_.dtype == model.classes_.dtype
        return
    for option in ("return_std", "return_cov"):
        options = {option: True}
        for found, expected in zip(
            again.predict(X, **options), model.predict(X, **options), strict=True
        ):
            assert_array_equal(found, expected)
    assert_array_equal(again.sample_y(X, 3), model.sample_y(X, 3))


def read_again(model):
    return type(model).from_npz(io.BytesIO(written(model)))


class TestRoundTrips:
    @pytest.mark.parametrize("number", range(len(MODELS)))
    def test_every_kind(self, number):
        model, data = MODELS[number]
        again = read_again(model)
        same(again, model, data)
        assert written(again) == written(model)
        assert len(again.members_) == len(model.members_)
        for name in ("n_features_in_", "n_parameters_", "matrix_size_"):
            assert getattr(again, name, None) == getattr(model, name, None)

    @pytest.mark.parametrize("readout", ["expectation", "transition", "density"])
    @pytest.mark.parametrize(
        "parameters",
        [
            {"matrix_size": 3},
            {"matrix_size": (2, 1), "matrix_type": "symmetric"},
            {"matrix_size": 3, "rank": (1, 2), "matrix_type": "symmetric"},
            {"matrix_size": 3, "alpha": 0.1, "which": "LM"},
        ],
        ids=str,
    )
    def test_regressors(self, readout, parameters):
        parameters = {"n_eigenvectors": np.int64(2), **TWO, **parameters}
        model = PMMRegressor(readout=readout, **parameters)
        model = quietly_fitted(model, X, BOTH)
        same(read_again(model), model, X)

    @pytest.mark.parametrize("extra_noise", [False, True])
    def test_known_errors(self, extra_noise):
        model = PMMRegressor(3, 1, extra_noise=extra_noise, **ONE)
        model = quietly_fitted(model, X, Y, y_err=0.1)
        same(read_again(model), model, X)
        emulator = quietly_fitted(PMMEmulator(2, **ONE), X[:, :1], Y, y_err=0.1)
        same(read_again(emulator), emulator, X[:, :1])

    @pytest.mark.parametrize(
        "parameters",
        [
            {"parity": PARITY},
            {"fixed": {0: np.diag([0.0, 1.0, 2.0])}},
            {"commutes_with": PARITY, "degree": 2},
            {"matrix_size": (2, 1), "targets": None, **TWO},
            {"rank": np.int64(1)},
            {"smoothness": 0.1},
        ],
        ids=lambda parameters: next(iter(parameters)),
    )
    @pytest.mark.parametrize("n_rows", [6, 24])
    def test_emulators(self, parameters, n_rows):
        """With few and with many data, which have other forms of the covariance."""
        model = PMMEmulator(**{"matrix_size": 3, **ONE, **parameters})
        model = quietly_fitted(model, X[:n_rows, :1], Y[:n_rows])
        same(read_again(model), model, X[:, :1])

    @pytest.mark.parametrize(
        "labels",
        [
            np.array(["left", "right"]),
            np.array(["left", "right"], dtype=object),
            np.array(["left", "right"], dtype="U40"),
            np.array([False, True]),
            np.array([-5, 10**12]),
            np.array([3, 4], dtype=np.uint8),
            np.array([1.0, 2.0]),
        ],
        ids=lambda labels: f"{labels.dtype}",
    )
    def test_labels(self, labels):
        model = quietly_fitted(PMMClassifier(2, 1, **ONE), X, labels[(Y > 0) * 1])
        again = read_again(model)
        same(again, model, X)
        assert [type(a) for a in again.classes_] == [type(a) for a in model.classes_]

    def test_other_labels_are_refused_in_words(self):
        model = copy.deepcopy(MODELS[CLASSIFIER][0])
        model.classes_ = np.array([b"a", b"b", b"c"])
        with pytest.raises(ValueError, match=r"cannot be written .*joblib\.dump"):
            model.to_npz(io.BytesIO())
        model.classes_ = np.array([1, "b", None], dtype=object)
        with pytest.raises(ValueError, match="other than numbers and texts"):
            model.to_npz(io.BytesIO())

    @pytest.mark.parametrize("is_large", [True, False])
    def test_without_error_bars(self, is_large, monkeypatch):
        limit = 10 if is_large else 10**6
        monkeypatch.setattr("pmm_sklearn.model.posterior.LARGEST_FACTOR", limit)
        model = quietly_fitted(PMMRegressor(3, 1, **ONE), X, Y)
        if not is_large:
            model.partial_fit(X, Y)
        again = read_again(model)
        assert_array_equal(again.predict(X), model.predict(X))
        with pytest.raises(ValueError, match="matrix_size" if is_large else "to_npz"):
            again.predict(X, return_std=True)

    def test_training_goes_on(self):
        for number, y in (
            (REGRESSOR, Y),
            (CLASSIFIER, LABELS[np.digitize(Y, [0, 0.9])]),
        ):
            model, data = MODELS[number]
            again = read_again(model).set_params(warm_start=True, max_iter=1)
            assert quietly_fitted(again, data, y).score(data, y) > 0
            read_again(model).partial_fit(data, y)
        emulator, data = MODELS[EMULATOR]
        again = read_again(emulator).set_params(warm_start=True)
        quietly_fitted(again, data, emulator.predict(data))


class TestOtherClasses:
    @pytest.mark.parametrize(
        ("number", "kind"),
        [
            (REGRESSOR, PMMEmulator),
            (REGRESSOR, PMMClassifier),
            (CLASSIFIER, PMMRegressor),
            (EMULATOR, UnitaryPMMEmulator),
        ],
    )
    def test_are_named(self, number, kind):
        model = MODELS[number][0]
        message, _ = reason(kind, io.BytesIO(written(model)))
        name = type(model).__name__
        assert f"it holds one of {name}, which {name}.from_npz reads" in message

    def test_eigenvector_continuation_has_none(self):
        assert not hasattr(EigenvectorContinuation, "to_npz")


def of(number, **changes):
    """A file of one of the models with other values in its description."""
    return number, described(FILES[number], **changes)


def with_posterior(number, **changes):
    """The same with changes of what it says of error bars."""
    content = copy.deepcopy(FILES[number])
    content["description"]["posterior"].update(changes)
    return number, zipped(as_members(content))


def with_array(number, name, change):
    return number, changed(name, change, FILES[number])


def member(number, **changes):
    """What error bars of the only member are, with changes."""
    return [{**FILES[number]["description"]["posterior"]["members"][0], **changes}]


def arguments(**changes):
    own = FILES[EMULATOR]["description"]["posterior"]["arguments"]
    return with_posterior(EMULATOR, arguments={**own, **changes})


FACTOR = "posterior_members_0_packed"
THETA = "posterior_members_0_theta"
SCALE = "posterior_feature_units_1"
HOSTILE = {
    "huge block": (of(REGRESSOR, block_sizes=[10**9]), "must not exceed"),
    "outputs": (of(DENSITY, n_outputs=10**12), "has shape"),
    "features": (of(CLASSIFIER, n_features=10**12), "has shape"),
    "eigenvectors": (of(REGRESSOR, n_eigenvectors=10**9), "eigenvectors"),
    "readout": (of(REGRESSOR, readout="magic"), "must be one of"),
    "which": (of(REGRESSOR, which=["SA"]), "must be one of"),
    "rank": (of(REGRESSOR, rank=[10**9, None]), "rank"),
    "ranks": (of(REGRESSOR, rank=[1]), "rank"),
    "origin": (of(REGRESSOR, origin=[float("nan"), 0.0]), "origin"),
    "origin too far": (of(REGRESSOR, origin=[1e153, 0.0]), "origin"),
    "short origin": (of(REGRESSOR, origin=[1.0]), "origin has 1 numbers"),
    "origin of texts": (of(EMULATOR, origin=["0"]), "origin"),
    "no origin": (of(EMULATOR, origin=None), ""),
    "other origin": (of(EMULATOR, origin=[1.0]), "matrices_from_origin"),
    "smearing": (of(DENSITY, smearing=1e-300), "too small"),
    "no smearing": (of(DENSITY, smearing=0.0), "too small"),
    "smearing of text": (of(DENSITY, smearing="1"), "number"),
    "spacing": (of(DENSITY, level_spacing=float("inf")), "level_spacing"),
    "members": (of(DENSITY, n_members=10**9), "not among the members"),
    "fewer members": (of(DENSITY, n_members=1), ""),
    "no members": (of(DENSITY, n_members=0), "at least 1"),
    "parameters": (of(REGRESSOR, n_parameters="1"), "integer"),
    "factors": (of(EVOLUTION, n_factors=10**9), "at most"),
    "one factor more": (of(EVOLUTION, n_factors=3), "has shape"),
    "two outputs": (of(DENSITY, single_output=True), "one output"),
    "labels of a regressor": (of(REGRESSOR, labels="U"), "labels"),
    "no labels": (of(CLASSIFIER, labels=None), "labels"),
    "labels of another type": (of(CLASSIFIER, labels="i"), "of type"),
    "order of labels": (with_array(CLASSIFIER, "classes", lambda a: a[::-1]), "order"),
    "equal labels": (with_array(CLASSIFIER, "classes", put(0, "mid")), "order"),
    "fewer labels": (with_array(CLASSIFIER, "classes", lambda a: a[:2]), "shape"),
    "objects as labels": (
        with_array(CLASSIFIER, "classes", lambda a: a.astype(object)),
        "type object",
    ),
    "no characters": (
        with_array(
            CLASSIFIER, "classes", lambda a: (np.full((3, 5), 2**31, "u4")).view("U5")
        ),
        "",
    ),
    "weights": (with_array(DENSITY, "weights", lambda a: 2 * a), "sum 1"),
    "negative weights": (
        with_array(DENSITY, "weights", lambda a: np.array([2.0, -1.0])),
        "below 0",
    ),
    "NaN in the second member": (
        with_array(DENSITY, "matrices_1", put((0, 0, 0), np.nan)),
        "matrices_1 has elements that are NaN",
    ),
    "intercept": (with_array(REGRESSOR, "intercept", put(0, np.inf)), "intercept"),
    "not Hermitian": (
        with_array(REGRESSOR, "observables", put((0, 0, 0, 1), 1e3)),
        "not Hermitian",
    ),
    "theta": (with_array(REGRESSOR, THETA, put(0, 1e200)), "theta"),
    "fewer theta": (with_array(REGRESSOR, THETA, lambda a: a[1:]), "has shape"),
    "factor": (with_array(REGRESSOR, FACTOR, put(0, np.nan)), "packed"),
    "half a factor": (with_array(REGRESSOR, FACTOR, lambda a: a[::2]), "has shape"),
    "scale": (with_array(REGRESSOR, SCALE, put(0, 0.0)), "below"),
    "negative scale": (with_array(REGRESSOR, SCALE, put(0, -1.0)), "below"),
    "noise": (
        with_array(REGRESSOR, "posterior_members_0_noise_variance", put(0, -1.0)),
        "below 0",
    ),
    "inflation": (
        with_array(REGRESSOR, "posterior_members_0_inflation", put(0, 0.0)),
        "below",
    ),
    "no member": (with_posterior(REGRESSOR, members=[]), "0 models"),
    "no error bars": (of(REGRESSOR, posterior=None), "nothing belongs to"),
    "text as error bars": (of(REGRESSOR, posterior="yes"), ""),
    "fraction": (
        with_posterior(REGRESSOR, members=member(REGRESSOR, free_fraction=2)),
        "free_fraction",
    ),
    "misfit": (
        with_posterior(REGRESSOR, members=member(REGRESSOR, misfit=float("nan"))),
        "misfit",
    ),
    "arguments": (with_posterior(REGRESSOR, arguments={"a": 1}), "arguments"),
    "commutator": (arguments(commutator=1e200), "commutator"),
    "spaces": (arguments(bases=[None] * 10**5), "spaces"),
    "space": (arguments(basis_of_matrix=[0, 10**9]), "basis_of_matrix"),
    "rank of couplings": (arguments(bases=[10**9]), "rank"),
    "basis": (arguments(bases=[{"shape": [9, 10**9]}]), "size"),
    "offsets": (arguments(offsets={"shape": [1]}), "not among the members"),
    "image": (of(IMAGE, image_shape=[10**9, 10**9]), "windows"),
    "window": (of(IMAGE, image_shape=[10**6] * 2, window_shape=[10**6] * 2), "side"),
    "no stride": (of(IMAGE, stride=[0, 1]), "stride"),
    "latent": (of(IMAGE, latent_size=10**9), "side"),
    "matrices of images": (of(IMAGE, matrix_size=10**9), "side"),
    "classes of images": (of(IMAGE, n_classes=10**9), "has shape"),
    "temperature": (of(IMAGE, temperature=0.0), "temperature"),
    "gram": (of(IMAGE, gram_dtype="object"), "must be one of"),
    "elements": (with_array(IMAGE, "offsets", put((0, 0, 0), 1e40)), "beyond"),
}


def refusal(number, data):
    """Why a file is refused; all predictions of what is read are finite."""
    model, X = MODELS[number]
    message, again = reason(type(model), io.BytesIO(data))
    if again is None:
        return message
    assert again.n_features_in_ > 0
    if again.n_features_in_ != model.n_features_in_:
        return None
    with np.errstate(all="ignore"):
        if hasattr(again, "predict_proba"):
            assert np.all(np.isfinite(again.predict_proba(X)))
            return None
        assert np.all(np.isfinite(again.predict(X)))
        try:
            found = again.predict(X, return_std=True)
        except ValueError:
            return None
        assert np.all(np.isfinite(found))
    return None


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files_are_refused(case):
    (number, data), expected = HOSTILE[case]
    found, seconds, memory = cost(refusal, number, data)
    assert found is not None
    assert expected in found
    assert len(found) < 600
    assert seconds < 5
    assert memory < 20 * len(data) + 2**20


@pytest.mark.parametrize("number", range(len(MODELS)))
@pytest.mark.filterwarnings("ignore")
def test_changes_at_random(number):
    """Any file loads to finite predictions, or is refused by one error."""
    rng, refused = np.random.RandomState(number), 0
    values = (None, True, 0, -1, 2, 0.5, 10**9, 1e999, "", "x", [], {}, [1], [10**9])
    for _ in range(40):
        content = copy.deepcopy(FILES[number])
        if rng.rand() < 0.5:
            place = content["description"]
            while True:
                keys = list(place) if isinstance(place, dict) else range(len(place))
                if not keys:
                    break
                key = keys[rng.randint(len(keys))]
                if isinstance(place[key], (dict, list)) and rng.rand() < 0.8:
                    place = place[key]
                    continue
                place[key] = values[rng.randint(len(values))]
                break
        else:
            names = sorted(set(content) - {"description"})
            name = names[rng.randint(len(names))]
            array = content[name]
            changes = [
                lambda array: array[1:],
                lambda array: array[..., np.newaxis],
                lambda array: array.astype("S3"),
                lambda array: array.astype(object),
                lambda array: np.zeros_like(array),
                lambda array: array if array.dtype.kind == "U" else 1e200 * array,
                lambda array: array if array.dtype.kind == "U" else -array,
            ]
            content[name] = changes[rng.randint(len(changes))](array)
        found, seconds, memory = cost(refusal, number, zipped(as_members(content)))
        refused += found is not None
        assert seconds < 5
        assert memory < 2**23
    assert refused > 5


def test_members_of_a_zip_that_nobody_asked_for():
    members = [*as_members(FILES[REGRESSOR]), ("a.npy", npy(1))]
    assert "the members ['a.npy']" in refusal(REGRESSOR, zipped(members))
    data = replaced("description", b"", VALID[0])
    assert reason(PMMEmulator, io.BytesIO(data))[1] is None
