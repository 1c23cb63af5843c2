"""Probabilities of PMMImageClassifier: temperatures, Laplace, and weight decay.

3000 images (1000 of digits) for training, and test images that decide nothing; the
model has its defaults, but windows of 4 x 4 and batches of 64 for digits.  Means over
two subsets and starts, on one BLAS thread.  "%" is the change of the log-loss from
"default", or from "nine tenths" below it; time is in fits of all training images;
"chosen" is of each subset, and its temperatures in the first row are best on the
training images.

    python benchmarks/image_calibration.py                # about 12 minutes on one core
    python benchmarks/image_calibration.py digits mnist   # some sets

default
    All training images, ``alpha=0``.
T of test
    Its logits divided by the temperature that is best on the test images: a bound.
T of folds
    By the one that is best on images left out of three folds, what scikit-learn has as
    ``CalibratedClassifierCV(model, method="temperature", cv=3, ensemble=False)``.
Laplace
    Probabilities averaged over a normal posterior distribution of observables and
    intercepts, for the eigenvectors there are, by samples of linearised logits; the
    variance of the prior of the observables maximises the evidence (MacKay's fixed
    point).
last layer
    Observables and intercepts trained again, with the variance of largest evidence;
    averaged by MacKay's formula ("probit") and by samples.
alpha of layer
    All parameters trained again, with the ``alpha`` that this variance is.
nine tenths
    The default without a tenth of the images, which is held out.
T held out
    That, with the temperature that is best on the images held out.
alpha ...
    The same images and ``alpha``, and the one that is best on the images held out.
"""

import argparse
import time
from functools import partial
from typing import NamedTuple

import numpy as np
from _data import MissingData, emnist_bymerge, idx_images
from classification import calibration_error
from scipy.linalg import cho_factor, cho_solve, cholesky
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_predict, train_test_split
from threadpoolctl import threadpool_limits

from pmm_sklearn import PMMImageClassifier

SMALL = {"window_shape": 4, "stride": 2, "batch_size": 64}
ALPHAS = 0.0, 0.1, 1.0
SPLITS = range(2)
N_ITERATIONS, N_SAMPLES = 10, 200
# Weak prior of the intercepts.
OF_INTERCEPTS = 1e-3


def digits():
    images, labels = load_digits(return_X_y=True)
    return images.reshape(-1, 8, 8), labels


def idx(name):
    X, y, X_test, y_test = idx_images(name)
    return np.concatenate([X, X_test]), np.concatenate([y, y_test])


def letters():
    """The ten capital letters A to J."""
    images, labels = emnist_bymerge()
    chosen = (labels >= 10) & (labels < 20)
    return images[chosen], labels[chosen]


# Images, number of them for training and for the test, settings.
SETS = {
    "digits": (digits, 1000, 797, SMALL),
    "mnist": (partial(idx, "mnist"), 3000, 5000, {}),
    "fashion": (partial(idx, "fashion_mnist"), 3000, 5000, {}),
    "letters": (letters, 3000, 1000, {}),
}


class LastLayer:
    """Observables and intercepts for given eigenvectors, with Laplace's evidence.

    Parameters
    ----------
    classifier : PMMImageClassifier
        A fitted one, of real matrices.

    Attributes
    ----------
    coefficients : ndarray of shape (n_classes, n_pairs * n_elements + 1)
        Coordinates of the observables, and intercepts.
    alpha : float
        One over the variance of the prior of the coordinates.
    n_effective : float
        MacKay's number of parameters that the data determine.
    """

    def __init__(self, classifier):
        self._classifier = classifier
        self._parameters = classifier.members_[0]
        observables = self._parameters.observables
        self._pairs = np.triu_indices(classifier.n_eigenvectors)
        self._places = np.triu_indices(observables.shape[-1])
        is_diagonal = self._places[0] == self._places[1]
        self._scale = np.where(is_diagonal, 1.0, np.sqrt(2.0))
        by_pair = observables[..., *self._places] * self._scale
        self._shape = by_pair.shape
        self.coefficients = np.column_stack(
            [by_pair.reshape(len(by_pair), -1), self._parameters.intercept]
        )

    def __str__(self):
        return f"alpha={self.alpha / 2:.2f}, {self.n_effective:.0f} effective"

    def features(self, images):
        """Coordinates of products of eigenvectors: (classes, pairs, elements, images).

        Amplitudes are their products with the coordinates of the observables.
        """
        model = self._classifier._fitted_structure().fitted_model()
        _, (*_, elements) = model.forward(self._parameters, model.inputs(images))
        _, side, n_images = elements.states.shape
        states = elements.states.reshape(self._shape[0], -1, side, n_images)
        left, right = (states[:, part] for part in self._pairs)
        row, column = self._places
        products = left[:, :, row] * right[:, :, column]
        products += left[:, :, column] * right[:, :, row]
        return 0.5 * self._scale[:, np.newaxis] * products

    def logits(self, features, coefficients):
        """Logits (images, classes), and their slopes (classes, images, parameters)."""
        observables = coefficients[:, :-1].reshape(self._shape)
        amplitudes = np.einsum("kpe,kpes->kps", observables, features)
        logits = np.sum(amplitudes**2, axis=1).T + coefficients[:, -1]
        slopes = 2 * amplitudes[:, :, np.newaxis] * features
        slopes = slopes.reshape(len(features), -1, features.shape[-1])
        slopes = np.concatenate([slopes, np.ones_like(slopes[:, :1])], axis=1)
        return logits, np.ascontiguousarray(slopes.swapaxes(1, 2))

    def fit(self, images, labels, retrain=True):
        """Fixed points of the variance, each after a step of Gauss-Newton."""
        features = self.features(images)
        y = np.eye(self._shape[0])[labels]
        observables = self.coefficients[:, :-1]
        self.alpha = observables.size / np.sum(observables**2)
        damping = 1e-3
        gradient, matrix = self._derivatives(features, y)
        for _ in range(N_ITERATIONS):
            if retrain:
                damping = self._step(features, y, gradient, matrix, damping)
                gradient, matrix = self._derivatives(features, y)
            self._factor = cho_factor(matrix + np.diag(self._precisions()))
            observables = self.coefficients[:, :-1]
            trace = self._inverse().diagonal().reshape(self.coefficients.shape)
            trace = trace[:, :-1].sum()
            self.n_effective = observables.size - self.alpha * trace
            self.alpha = self.n_effective / np.sum(observables**2)
        return self

    def _precisions(self):
        """One over the variance of the prior of each coefficient."""
        precisions = np.full(self.coefficients.shape, self.alpha)
        precisions[:, -1] = OF_INTERCEPTS
        return precisions.ravel()

    def _inverse(self):
        return cho_solve(self._factor, np.eye(self.coefficients.size))

    def _derivatives(self, features, y):
        """Gradient and Gauss-Newton matrix of the loss, without the prior."""
        logits, slopes = self.logits(features, self.coefficients)
        probabilities = softmax(logits, axis=1)
        residuals = (probabilities - y).T[:, np.newaxis]
        return (residuals @ slopes).ravel(), curvature(probabilities, slopes)

    def _step(self, features, y, gradient, matrix, damping):
        """Take a step that lowers the objective; returns the next damping."""
        prior = self._precisions()

        def objective(coefficients):
            logits, _ = self.logits(features, coefficients)
            penalty = 0.5 * np.sum(prior * coefficients.ravel() ** 2)
            return penalty - np.sum(y * log_softmax(logits, axis=1))

        before = objective(self.coefficients)
        gradient = gradient + prior * self.coefficients.ravel()
        scale = matrix.diagonal() + prior
        while damping < 1e6:
            factor = cho_factor(matrix + np.diag(prior + damping * scale))
            step = cho_solve(factor, gradient).reshape(self.coefficients.shape)
            if objective(self.coefficients - step) < before:
                self.coefficients = self.coefficients - step
                return 0.2 * damping
            damping *= 5
        return damping

    def predict(self, images):
        """Logits, and their covariances (images, classes, classes)."""
        logits, slopes = self.logits(self.features(images), self.coefficients)
        inverse = self._inverse()
        n_classes, n_images, size = slopes.shape
        inverse = inverse.reshape(n_classes, size, n_classes, size)
        covariances = np.empty((n_images, n_classes, n_classes))
        for k in range(n_classes):
            for m in range(k + 1):
                product = slopes[k] @ inverse[k, :, m]
                covariances[:, k, m] = np.einsum("si,si->s", product, slopes[m])
                covariances[:, m, k] = covariances[:, k, m]
        # A common shift of all logits changes no probability.
        centre = np.eye(n_classes) - 1 / n_classes
        return logits, centre @ covariances @ centre


def curvature(probabilities, slopes):
    """Gauss-Newton matrix of the loss."""
    n_classes, _, size = slopes.shape
    matrix = np.empty((n_classes, size, n_classes, size))
    for k in range(n_classes):
        for m in range(k + 1):
            weight = probabilities[:, k] * ((k == m) - probabilities[:, m])
            block = (slopes[k] * weight[:, np.newaxis]).T @ slopes[m]
            matrix[k, :, m], matrix[m, :, k] = block, block.T
    return matrix.reshape(n_classes * size, -1)


def probit(logits, covariances):
    """Softmax averaged over normal logits, by MacKay's formula for each of them."""
    variances = np.einsum("skk->sk", covariances)
    return softmax(logits / np.sqrt(1 + np.pi / 8 * variances), axis=1)


def sampled(logits, covariances):
    """The same, by samples."""
    unit = 1e-9 * np.eye(logits.shape[1])
    noise = np.random.default_rng(0).standard_normal((N_SAMPLES, logits.shape[1]))
    factors = np.array([cholesky(matrix + unit, lower=True) for matrix in covariances])
    total = sum(softmax(logits + factors @ row, axis=1) for row in noise)
    return total / N_SAMPLES


def best_temperature(logits, labels):
    """What the logits are divided by, for the least log-loss of these images."""

    def loss(log_temperature):
        outputs = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -np.mean(outputs[np.arange(len(labels)), labels])

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def timed(function, *arguments):
    start = time.perf_counter()
    return function(*arguments), time.perf_counter() - start


class Split(NamedTuple):
    """Images and labels, and the model that learns them."""

    X: np.ndarray
    X_test: np.ndarray
    y: np.ndarray
    y_test: np.ndarray
    model: PMMImageClassifier


def split_of(name, seed):
    load, n_train, n_test, settings = SETS[name]
    X, y = load()
    y = np.unique(y, return_inverse=True)[1]
    parts = train_test_split(
        X, y, train_size=n_train, test_size=n_test, stratify=y, random_state=seed
    )
    return Split(*parts, PMMImageClassifier(random_state=seed, **settings))


def with_temperatures(split, model, seconds):
    """Probabilities of test images, seconds, and what was chosen, by method."""
    X, X_test, y, y_test, _ = split
    logits = model.decision_function(X_test)
    on_training = best_temperature(model.decision_function(X), y)
    on_test = best_temperature(logits, y_test)
    left_out, seconds_of_folds = timed(
        partial(cross_val_predict, cv=3, method="decision_function"), model, X, y
    )
    of_folds = best_temperature(left_out, y)
    return {
        "default": (softmax(logits, axis=1), seconds, f"T={on_training:.2f}"),
        "T of test": (softmax(logits / on_test, axis=1), seconds, f"T={on_test:.2f}"),
        "T of folds": (
            softmax(logits / of_folds, axis=1),
            seconds + seconds_of_folds,
            f"T={of_folds:.2f}",
        ),
    }


def with_last_layers(split, model, seconds):
    """The same for posterior distributions of the last layer."""
    X, X_test, y = split.X, split.X_test, split.y
    fixed, seconds_fixed = timed(LastLayer(model).fit, X, y, False)
    np.testing.assert_allclose(
        fixed.predict(X_test)[0], model.decision_function(X_test), rtol=1e-6, atol=1e-6
    )
    layer, seconds_layer = timed(LastLayer(model).fit, X, y)
    seconds_fixed, seconds_layer = seconds + seconds_fixed, seconds + seconds_layer
    # The penalty of the estimator has no factor 1/2.
    decayed = clone(model).set_params(alpha=0.5 * layer.alpha)
    decayed, seconds_decayed = timed(decayed.fit, X, y)
    outputs = layer.predict(X_test)
    return {
        "Laplace": (sampled(*fixed.predict(X_test)), seconds_fixed, str(fixed)),
        "last layer": (softmax(outputs[0], axis=1), seconds_layer, str(layer)),
        "  probit": (probit(*outputs), seconds_layer, ""),
        "  samples": (sampled(*outputs), seconds_layer, ""),
        "alpha of layer": (
            decayed.predict_proba(X_test),
            seconds_layer + seconds_decayed,
            f"alpha={decayed.alpha:.2f}",
        ),
    }


def with_images_held_out(split, seed):
    """The same for models of nine tenths of the images."""
    X, X_out, y, y_out = train_test_split(
        split.X, split.y, test_size=0.1, stratify=split.y, random_state=seed
    )
    X_test, model = split.X_test, split.model
    rows, losses = {}, []
    for alpha in ALPHAS:
        model = clone(model).set_params(alpha=alpha)
        _, seconds = timed(model.fit, X, y)
        name = f"alpha {alpha:g}" if alpha else "nine tenths"
        rows[name] = model.predict_proba(X_test), seconds, ""
        losses.append(log_loss(y_out, model.predict_proba(X_out)))
        if alpha == 0:
            T = best_temperature(model.decision_function(X_out), y_out)
            probabilities = softmax(model.decision_function(X_test) / T, axis=1)
            rows["T held out"] = probabilities, seconds, f"T={T:.2f}"
    best = int(np.argmin(losses))
    candidates = [row for name, row in rows.items() if name != "T held out"]
    seconds = sum(row[1] for row in candidates)
    rows["alpha held out"] = candidates[best][0], seconds, f"alpha={ALPHAS[best]:g}"
    return rows


def groups_of(name, seed):
    """Scores by method, of those that are compared with the first of each group."""
    split = split_of(name, seed)
    model, seconds = timed(split.model.fit, split.X, split.y)
    groups = (
        {
            **with_temperatures(split, model, seconds),
            **with_last_layers(split, model, seconds),
        },
        with_images_held_out(split, seed),
    )
    for rows in groups:
        for method, (probabilities, seconds_of_method, chosen) in rows.items():
            relative_time = seconds_of_method / seconds
            numbers = *scores(probabilities, split.y_test), relative_time
            rows[method] = numbers, chosen
    return groups


def scores(probabilities, labels):
    """Accuracy in per cent, log-loss, and expected calibration error."""
    return (
        100 * np.mean(probabilities.argmax(axis=1) == labels),
        log_loss(labels, probabilities),
        calibration_error(labels, probabilities, np.arange(probabilities.shape[1])),
    )


def print_set(name):
    for splits in zip(*[groups_of(name, seed) for seed in SPLITS], strict=True):
        base = None
        for method in splits[0]:
            numbers = [rows[method][0] for rows in splits]
            accuracy, loss, gap, relative_time = np.mean(numbers, axis=0)
            base = base or loss
            chosen = "; ".join(rows[method][1] for rows in splits)
            line = (
                f"{name:<8} {method:<14}{accuracy:>7.2f}{loss:>9.4f}"
                f"{100 * (loss / base - 1):>+7.1f}{gap:>8.3f}{relative_time:>6.2f}"
                f"  {chosen.strip('; ')}"
            )
            print(line.rstrip())
    print(flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="*", help=", ".join(SETS))
    names = parser.parse_args().sets or list(SETS)
    unknown = sorted(set(names) - set(SETS))
    if unknown:
        parser.error(f"no such sets: {', '.join(unknown)}")
    print(
        f"{'set':<8} {'method':<14}{'acc. %':>7}{'log-loss':>9}{'%':>7}"
        f"{'calib.':>8}{'time':>6}  chosen"
    )
    with threadpool_limits(1):
        for name in names:
            try:
                print_set(name)
            except MissingData as missing:
                print(f"{name:<8} skipped: {missing}")


if __name__ == "__main__":
    main()
