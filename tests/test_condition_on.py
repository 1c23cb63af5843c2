"""Fitted emulators after more data."""

import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError

from pmm_sklearn import PMMEmulator, UnitaryPMMEmulator
from pmm_sklearn.targets import Level, Observable

X = np.linspace(-1, 1, 6)[:, np.newaxis]
NEW = np.array([[1.3], [-1.4]])


def exact(X):
    """Level and observable of a matrix of side 3, which size 2 does not explain."""
    terms = np.array([np.diag([0.0, 1.0, 3.0]), np.ones((3, 3)) - np.eye(3)])
    values, vectors = np.linalg.eigh(terms[0] + X[:, :, np.newaxis] * terms[1])
    return np.column_stack([values[:, 0], vectors[:, 2, 0] ** 2])


TARGETS = [Level(0), Observable("third")]
# Numbers large and small, so that units matter.
SCALE, SHIFT = np.array([100.0, 0.01]), np.array([-500.0, 3.0])


def in_units(y):
    return SHIFT + SCALE * y


@pytest.fixture(scope="module")
def emulator():
    settings = {"matrix_type": "symmetric", "n_init": 3, "random_state": 0}
    model = PMMEmulator(3, targets=TARGETS, **settings)
    return model.fit(20.0 + 7.0 * X, in_units(exact(X)))


def test_it_leads_where_a_fit_from_there_leads(emulator):
    new = 20.0 + 7.0 * NEW, in_units(exact(NEW))
    after = emulator.condition_on(*new)
    old = emulator._training["data"][:2]
    both = [np.concatenate(pair) for pair in zip(old, new, strict=True)]
    again = pickle.loads(pickle.dumps(emulator))
    again.set_params(warm_start=True, n_init=1).fit(*both)
    points = 20.0 + 7.0 * np.linspace(-1.5, 1.5, 30)[:, np.newaxis]
    expected = (again.predict(points) - emulator.predict(points)) / SCALE
    change = (after.predict(points) - emulator.predict(points)) / SCALE
    assert np.linalg.norm(change - expected) < 0.1 * np.linalg.norm(expected)
    assert np.linalg.norm(expected) > 0


def test_nothing_changes_in_the_old_one(emulator):
    before = pickle.dumps(emulator)
    after = emulator.condition_on(20.0 + 7.0 * NEW, in_units(exact(NEW)))
    old, new = pickle.loads(before), emulator
    assert_array_equal(old.matrices_, new.matrices_)
    assert len(new._training["data"][0]) == 6
    assert len(after._training["data"][0]) == 8
    assert after.get_params() == emulator.get_params()
    assert not np.array_equal(after.matrices_, emulator.matrices_)


def test_one_after_the_other_explains_all(emulator):
    points, y = 20.0 + 7.0 * NEW, in_units(exact(NEW))
    after = emulator
    for i in range(2):
        after = after.condition_on(points[[i]], y[[i]])
    errors = np.abs(after.predict(points) - y) / SCALE
    before = np.abs(emulator.predict(points) - y) / SCALE
    assert np.all(errors < 0.1 * before.max(axis=0))


def test_error_bars_and_evidence_are_those_of_all_data(emulator):
    points = 20.0 + 7.0 * NEW
    after = emulator.condition_on(points, in_units(exact(NEW)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        stds = [m.predict(points, return_std=True)[1] for m in (emulator, after)]
    assert np.all(stds[1] < stds[0])
    assert after.log_evidence_ != emulator.log_evidence_
    assert after.length_scales_.shape == (1,)


def test_members_keep_their_order_and_weights():
    model = PMMEmulator(2, n_init=4, n_average=3, random_state=0)
    model.fit(X, np.cos(X[:, 0]))
    after = model.condition_on(NEW, np.cos(NEW[:, 0]))
    assert_array_equal(after.member_weights_, model.member_weights_)
    assert len(after.members_) == len(model.members_) > 1
    for old, new in zip(model.members_, after.members_, strict=True):
        distances = [np.linalg.norm(o.matrices - new.matrices) for o in model.members_]
        own = np.linalg.norm(old.matrices - new.matrices)
        assert own == min(distances)


def test_data_of_the_fit_again_change_next_to_nothing(emulator):
    after = emulator.condition_on(20.0 + 7.0 * X[:1], in_units(exact(X[:1])))
    change = (after.predict(20 + 7 * X) - emulator.predict(20 + 7 * X)) / SCALE
    assert_allclose(change, 0.0, atol=1e-3)


def test_gaps_are_left_out(emulator):
    y = in_units(exact(NEW))
    y[:, 1] = np.nan
    after = emulator.condition_on(20.0 + 7.0 * NEW, y)
    assert_allclose(after.predict(20.0 + 7.0 * NEW)[:, 0], y[:, 0], rtol=1e-3)
    with pytest.raises(ValueError, match="nothing but NaN"):
        emulator.condition_on(20.0 + 7.0 * NEW, np.full((2, 2), np.nan))


def test_known_errors_decide_how_far_it_goes():
    model = PMMEmulator(2, n_init=2, random_state=0)
    model.fit(X, np.cos(X[:, 0]), y_err=0.01)
    before, new = model.predict(NEW[:1]), model.predict(NEW[:1]) + 0.1
    moved = [
        model.condition_on(NEW[:1], new, y_err=error).predict(NEW[:1]) - before
        for error in (1e-3, 1e3)
    ]
    assert moved[0] > 0.05
    assert abs(moved[1]) < 0.01


def test_new_data_that_are_not_explained_are_worth_a_warning():
    model = PMMEmulator(1, random_state=0).fit(X, X[:, 0])
    with pytest.warns(UserWarning, match="Call fit with all data"):
        model.condition_on([[0.5]], [7.0])


def test_known_matrices_and_paths_go_with_it():
    """What parameters say of the problem holds for the new data, too."""
    fixed = {0: np.diag([0.0, 1.0])}
    model = PMMEmulator(2, fixed=fixed, smoothness=1e-6, random_state=0)
    model.fit(X, np.linalg.eigvalsh(fixed[0] + X[:, :, None] * [[0, 1], [1, 0]])[:, 0])
    after = model.condition_on([[1.5]], [-1.1])
    assert_allclose(after.matrices_[0], fixed[0], atol=1e-12)


def test_messages(emulator):
    with pytest.raises(NotFittedError):
        PMMEmulator().condition_on(X, X)
    with pytest.raises(
        ValueError, match=r"y must have 2 column\(s\), as in fit, got 1"
    ):
        emulator.condition_on([[0.0]], [1.0])
    with pytest.raises(ValueError, match="X has 2 features"):
        emulator.condition_on([[0.0, 1.0]], [[1.0, 1.0]])
    with pytest.raises(ValueError, match="y_err must be given here if it was in fit"):
        emulator.condition_on([[0.0]], [[1.0, 1.0]], y_err=0.1)
    with pytest.raises(ValueError, match="NaN"):
        emulator.condition_on([[np.nan]], [[1.0, 1.0]])
    with pytest.raises(ValueError, match="infinity"):
        emulator.condition_on([[0.0]], [[np.inf, 1.0]])
    with pytest.raises(ValueError, match="y is too far from the targets of fit"):
        emulator.condition_on([[20.0]], [[1e250, 1.0]])
    with pytest.raises(ValueError, match="X"):
        emulator.condition_on([[1e250]], [[1.0, 1.0]])
    assert not hasattr(UnitaryPMMEmulator(), "condition_on")


def test_files_without_the_data_are_refused(emulator, tmp_path):
    emulator.to_npz(tmp_path / "emulator.npz")
    again = PMMEmulator.from_npz(tmp_path / "emulator.npz")
    with pytest.raises(ValueError, match="not known after from_npz"):
        again.condition_on(20.0 + 7.0 * NEW, in_units(exact(NEW)))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_features_far_from_zero():
    X = np.linspace(-1, 1, 6)[:, np.newaxis]
    models = []
    for shift in (0.0, 2.0**30):
        emulator = PMMEmulator(2, degree=2, max_iter=20, random_state=0)
        emulator.fit(X + shift, np.cos(X[:, 0]))
        models.append(emulator.condition_on([[1.5 + shift]], [np.cos(1.5)]))
    near, far = models
    assert_allclose(far.predict(X + shift), near.predict(X), atol=1e-7)
