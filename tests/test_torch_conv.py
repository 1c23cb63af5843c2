"""ConvPMM and ConvPMMClassifier: images, training, bad input."""

import copy
import pickle
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.utils.estimator_checks import estimator_checks_generator

torch = pytest.importorskip("torch", reason="torch is not installed")

from torch.autograd import gradcheck

from pmm_sklearn.torch import ConvPMM, ConvPMMClassifier, GramHermitian
from pmm_sklearn.torch._training import changed

SMALL = {
    "channels": (6, 12),
    "matrix_size": 5,
    "n_eigenvectors": 2,
    "batch_size": 32,
    "max_iter": 2,
    "device": "cpu",
    "random_state": 0,
}


@pytest.fixture(scope="module")
def digits():
    data = load_digits()
    return train_test_split(
        data.images, data.target, train_size=320, test_size=200, random_state=0
    )


@pytest.fixture(scope="module")
def fitted(digits):
    return ConvPMMClassifier(**SMALL).fit(digits[0], digits[2])


def small(**changes):
    return ConvPMMClassifier(**{**SMALL, **changes})


@pytest.mark.parametrize("matrix_type", ["symmetric", "hermitian"])
def test_derivatives(matrix_type):
    torch.manual_seed(0)
    network = ConvPMM(3, (2, 3), 3, 2, matrix_type).double()
    names, values = zip(*network.named_parameters(), strict=True)

    def function(images, *values):
        network.train()
        given = dict(zip(names, values, strict=True))
        return torch.func.functional_call(copy.deepcopy(network), given, (images,))

    images = torch.randn(4, 1, 5, 6, dtype=torch.float64)
    values = [value.detach().requires_grad_() for value in values]
    assert gradcheck(function, (images.requires_grad_(), *values), fast_mode=True)


def test_gram_matrices_do_not_see_the_contrast():
    primary = GramHermitian(4, 3, "hermitian").double()
    maps = torch.rand(5, 4, 6, 6, dtype=torch.float64)
    assert torch.allclose(primary(maps), primary(1e6 * maps))
    empty = torch.zeros(1, 4, 6, 6, dtype=torch.float64, requires_grad=True)
    matrices = primary(empty)
    assert torch.allclose(matrices[0], primary.offset())
    matrices.abs().sum().backward()
    assert torch.isfinite(empty.grad).all()


def test_learns_digits(digits):
    X, X_test, y, y_test = digits
    model = small(max_iter=8, learning_rate_init=1e-2).fit(X, y)
    assert model.score(X_test, y_test) > 0.8
    assert model.stop_reason_ == "completed"
    assert len(model.loss_curve_) == model.n_iter_ == 8
    assert model.n_parameters_ == sum(p.numel() for p in model.network_.parameters())


def test_outputs_are_consistent(fitted, digits):
    X = digits[1]
    logits = fitted.decision_function(X)
    assert logits.shape == (len(X), 10)
    assert_allclose(fitted.predict_proba(X).sum(axis=1), 1)
    assert_array_equal(fitted.predict(X), np.argmax(logits, axis=1))
    assert_allclose(fitted.decision_function(X[::-1])[::-1], logits, atol=1e-4)


def test_rows_and_images_are_the_same(fitted, digits):
    X, X_test, y, _ = digits
    rows = small(image_shape=(8, -1)).fit(X.reshape(len(X), -1), y)
    outputs = rows.decision_function(X_test.reshape(len(X_test), -1))
    assert_allclose(outputs, fitted.decision_function(X_test), atol=1e-4)


@pytest.mark.parametrize("unit", [1e200, 1e-200])
def test_units_do_not_matter(fitted, digits, unit):
    X, X_test, y, _ = digits
    other = small(max_iter=1).fit(X * unit, y)
    expected = small(max_iter=1).fit(X, y)
    assert_allclose(
        other.decision_function(X_test * unit),
        expected.decision_function(X_test),
        atol=1e-2,
    )


def test_the_same_random_state_gives_the_same(fitted, digits):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    other = small().fit(digits[0], digits[2])
    assert torch.equal(torch.get_rng_state(), before)
    assert other.loss_curve_ == fitted.loss_curve_
    assert small(random_state=1).fit(*digits[::2]).loss_ != fitted.loss_


def test_shifts_and_flips():
    generator = torch.Generator().manual_seed(0)
    images = torch.zeros(600, 1, 7, 7)
    images[:, 0, 3, 3] = 1.0
    moved = changed(images, 2, False, generator)
    assert torch.equal(moved.sum(dim=(1, 2, 3)), torch.ones(600))
    places = moved.flatten(1).argmax(dim=1).unique()
    assert len(places) == 25
    images[:, 0, 3, 0] = 2.0
    flipped = changed(images, 0, True, generator)
    left = (flipped[:, 0, 3, 0] == 2).float().mean()
    assert 0.3 < left < 0.7
    assert torch.equal(flipped.sum(dim=(1, 2, 3)), images.sum(dim=(1, 2, 3)))


def test_what_shifts_leave_is_as_empty_as_the_background():
    generator = torch.Generator().manual_seed(0)
    moved = changed(torch.full((20, 1, 5, 5), -0.4), 2, False, generator)
    assert torch.allclose(moved, torch.tensor(-0.4))


def test_weights_are_repetitions(digits):
    X, _, y, _ = digits
    weight = np.arange(60) % 2
    model = small(batch_size=100).fit(X[:60], y[:60], sample_weight=weight)
    few = small(batch_size=100).fit(X[:60][weight > 0], y[:60][weight > 0])
    assert_allclose(model.loss_curve_, few.loss_curve_, rtol=1e-4)
    # Together in one batch, statistics of which count images alike.
    heavy = small(batch_size=100).fit(X[:60], y[:60], sample_weight=np.full(60, 7.0))
    assert_allclose(
        heavy.loss_curve_,
        small(batch_size=100).fit(X[:60], y[:60]).loss_curve_,
        rtol=1e-4,
    )


def test_early_stopping_keeps_the_best(digits):
    model = small(early_stopping=True, n_iter_no_change=1, max_iter=20)
    model.fit(digits[0], digits[2])
    errors = model.validation_loss_curve_
    assert len(errors) == model.n_iter_
    assert model.stop_reason_ == "stopped_early"
    assert min(errors[:-1]) <= errors[-1]


def test_warm_start_goes_on(digits):
    X, _, y, _ = digits
    model = small(warm_start=True).fit(X, y)
    first = model.loss_
    network = model.network_
    model.fit(X, y)
    assert model.loss_curve_[0] < first + 0.3
    assert model.network_ is not network
    with pytest.raises(ValueError, match="warm_start=True continues"):
        model.fit(X[y < 2], y[y < 2])


def test_progress(digits, capsys):
    small(verbose=1, early_stopping=True).fit(digits[0], digits[2])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert re.match(
        r"\[ConvPMMClassifier\] epoch 1: loss .*, validation error", lines[0]
    )


def test_two_classes(digits):
    X, X_test, y, y_test = digits
    few, few_test = y < 2, y_test < 2
    names = np.array(["nil", "one"])
    model = small(max_iter=15, batch_size=16, learning_rate_init=1e-2)
    model.fit(X[few], names[y[few]])
    decision = model.decision_function(X_test[few_test])
    assert decision.ndim == 1
    assert model.score(X_test[few_test], names[y_test[few_test]]) > 0.95


def test_interrupted_training_keeps_the_network(digits, monkeypatch):
    model = small(max_iter=5)
    lines = []

    def interrupt(line):
        lines.append(line)
        if len(lines) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(model, "_tell", interrupt)
    with pytest.warns(match="was interrupted after 2 epochs"):
        model.fit(digits[0], digits[2])
    assert model.stop_reason_ == "interrupted"
    assert model.predict(digits[1]).shape == (200,)


def test_pickles_and_clones(fitted, digits):
    other = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(other.predict_proba(digits[1]), fitted.predict_proba(digits[1]))
    assert not hasattr(clone(fitted), "network_")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_trained_on_a_gpu_pickled_for_a_cpu(digits):
    model = small(device="cuda").fit(digits[0], digits[2])
    assert next(model.network_.parameters()).is_cuda
    other = pickle.loads(pickle.dumps(model)).set_params(device="cpu")
    assert not next(other.network_.parameters()).is_cuda
    assert_allclose(
        other.decision_function(digits[1]), model.decision_function(digits[1]), atol=0.1
    )


BAD = {
    "channels": [(), 3, (4, 0), "ab"],
    "matrix_size": [0, 2.5],
    "n_eigenvectors": [0, 6],
    "which": ["XX"],
    "matrix_type": ["real"],
    "alpha": [-1.0, np.nan],
    "label_smoothing": [1.0],
    "batch_size": [0],
    "learning_rate_init": [0.0],
    "max_iter": [0],
    "max_shift": [-1, 8],
    "flips": ["yes"],
    "device": ["mars", 1.5],
    "early_stopping": [1],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name in BAD for value in BAD[name]]
)
def test_bad_parameters(name, value, fitted, digits):
    model = copy.copy(fitted).set_params(**{name: value})
    before = dict(vars(model))
    with pytest.raises((ValueError, TypeError), match=name):
        model.fit(digits[0][:20], digits[2][:20])
    assert vars(model) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (X + 1j, y), "Complex data not supported"),
        (lambda X, y: (np.where(X > 15, np.nan, X), y), "NaN"),
        (lambda X, y: (X[0], y), "must have shape"),
        (lambda X, y: (X, y[:-1]), "inconsistent numbers"),
        (lambda X, y: (X, np.zeros(len(X))), "one class only"),
    ],
)
def test_bad_data(digits, change, message):
    with pytest.raises(ValueError, match=message):
        small().fit(*change(digits[0][:40], digits[2][:40]))


def test_other_images_are_refused(fitted):
    with pytest.raises(ValueError, match="images of shape"):
        fitted.predict(np.zeros((2, 9, 9)))


# Images of one line.  Classes that differ by brightness alone cannot be told apart, the
# mean over a batch counts repeated images but not weights, and in single precision the
# outputs of a part of the images differ in their last digits.
LINES = ConvPMMClassifier(
    (4,), 4, 2, image_shape=(1, -1), max_iter=2, batch_size=1000, device="cpu"
)
LEFT_OUT = {
    "check_classifiers_train",
    "check_sample_weight_equivalence_on_dense_data",
    "check_methods_subset_invariance",
}
APPLICABLE = [
    pytest.param(estimator, check, id=check.func.__name__)
    for estimator, check in estimator_checks_generator(LINES)
    if check.func.__name__ not in LEFT_OUT
]


@pytest.mark.parametrize(("estimator", "check"), APPLICABLE)
def test_checks_of_flattened_images(estimator, check):
    check(estimator)
