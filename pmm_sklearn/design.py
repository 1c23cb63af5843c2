"""Where to compute next: points that say most about a fitted model."""

from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from ._base import BasePMM
from ._threads import single_blas_thread
from .checks.data import check_features
from .checks.parameters import check_integer, check_option
from .model._chunks import chunks
from .targets import Gap, Level

__all__ = ["next_points"]

# Numbers in the vectors of a chunk of candidates, and in those that are remembered.
_LARGEST_CHUNK, _LARGEST_MEMORY = 2**18, 2**22
# Of the largest variance: what is known better than this is exact.
_LEAST_NOISE = 1e-10
_TINY = np.finfo(np.float64).tiny


def next_points(
    model: BasePMM,
    candidates: ArrayLike,
    n_points: int = 1,
    *,
    criterion: Literal[
        "variance", "integrated_variance", "determinant", "gap"
    ] = "variance",
) -> np.ndarray:
    r"""Rows of candidates that are worth a calculation or measurement most.

    They are chosen one after the other.  What the data at each of them will say of the
    others is taken into account: variances depend on where data are, not on their
    values, which are not needed.  A batch therefore spreads by itself.

    Parameters
    ----------
    model : PMMRegressor, PMMEmulator or UnitaryPMMEmulator
        Fitted, with error bars.
    candidates : array-like of shape (n_candidates, n_features)
        Points that could be calculated, in the units of ``fit``.
    n_points : int, default=1
        How many of them to choose, all different.
    criterion : str, default="variance"
        What the next point has most of.  "variance": the variance of the predictions
        there, the sum over the targets, each in its unit in ``fit`` (its spread; all
        energies have one).  "integrated_variance": by how much data there decrease the
        mean variance at all candidates.  "determinant": by how much they decrease the
        volume of the posterior density of the matrices (D-optimal).  "gap": how little
        is known of whether levels meet, the sum of :math:`v / (g^2 + v)` over gaps
        ``g`` between levels of the targets, of variance ``v``; for emulators.

    Returns
    -------
    ndarray of int of shape (n_points,)
        Numbers of the rows, in the order of the choice.

    Raises
    ------
    ValueError
        If there are too few candidates, they do not fit the model, it has no error
        bars, or no gaps if they are asked for.
    TypeError
        If the model is a classifier, or no parametric matrix model.

    See Also
    --------
    PMMEmulator.condition_on : The emulator after a few more data.
    EigenvectorContinuation : Chooses its snapshots itself, by a bound of its errors.

    Notes
    -----
    Outputs of all members of a mean are linearised in their parameters; what the
    members differ by is one direction more for each.  With vectors :math:`\phi(x)`
    whose products are the covariances, data at :math:`c` with noise :math:`R` leave
    :math:`S' = S - S \phi_c (\phi_c^T S \phi_c + R)^{-1} \phi_c^T S` of
    :math:`S = I`.  Candidates are visited in chunks; where they are many, their vectors
    are computed again for every point that is chosen.

    References
    ----------
    D. MacKay, "Information-based objective functions for active data selection",
    Neural Comput. 4, 590 (1992); D. Cohn, "Neural network exploration using optimal
    experiment design", Neural Netw. 9, 1071 (1996).

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMRegressor
    >>> from pmm_sklearn.design import next_points
    >>> rng = np.random.RandomState(0)
    >>> X = rng.uniform(-1, 0.2, size=(30, 1))
    >>> y = np.sin(3 * X[:, 0]) + 0.05 * rng.standard_normal(30)
    >>> model = PMMRegressor(3, 1, n_init=1, random_state=0).fit(X, y)
    >>> candidates = np.linspace(-1, 1, 21)[:, np.newaxis]
    >>> int(next_points(model, candidates)[0])  # far from the data
    20
    """
    if not hasattr(type(model), "model_"):
        raise TypeError(
            f"model must be a fitted PMMRegressor or PMMEmulator, got {model!r}: give "
            f"the last step of a pipeline, or of LearnedFeatures its estimator_."
        )
    if is_classifier(model):
        raise TypeError(
            f"model must have error bars, which {type(model).__name__} has not: take "
            f"the candidates whose predict_proba has the largest entropy."
        )
    check_is_fitted(model)
    check_option("criterion", criterion, CRITERIA)
    check_integer("n_points", n_points, 1)
    X = check_features(model, candidates)
    if n_points > len(X):
        raise ValueError(
            f"n_points={n_points} is more than the {len(X)} candidates: give more "
            f"candidates, or choose fewer."
        )
    with single_blas_thread():
        return _chosen(_Candidates(model.model_, X), CRITERIA[criterion], n_points)


class _Candidates:
    """Vectors whose products are the covariances of the outputs at candidates."""

    def __init__(self, fitted, X):
        fitted.error_bars.check()
        self._fitted, self._X = fitted, X
        self.n_outputs, self.width = fitted.error_bars.root_shape
        numbers = self.n_outputs * self.width
        self._chunks = chunks(len(X), numbers, _LARGEST_CHUNK)
        self._known = None
        if len(X) * numbers <= _LARGEST_MEMORY:
            self._known = [fitted.roots(X[chunk]) for chunk in self._chunks]
        largest = max(np.max(np.sum(part**2, axis=2)) for part in self)
        least = _LEAST_NOISE * largest + _TINY
        self.noise = np.maximum(fitted.error_bars.noise_variance, least)

    def __len__(self):
        return len(self._X)

    def __iter__(self):
        """Arrays of shape (n_samples, n_outputs, width)."""
        if self._known is not None:
            return iter(self._known)
        return (self._fitted.roots(self._X[chunk]) for chunk in self._chunks)

    def one(self, i):
        """That of one candidate, (n_outputs, width)."""
        return self._fitted.roots(self._X[[i]])[0]

    def gaps(self):
        """Differences of outputs that are gaps, and their values at all candidates.

        Returns
        -------
        differences : ndarray of shape (n_gaps, n_outputs)
        values : iterator of ndarray of shape (n_samples, n_gaps)
            Chunk by chunk, in the unit of the roots.
        """
        differences = _gaps(self._fitted.targets or [])
        unit = self._fitted.error_bars.target_scale
        outputs = (self._fitted.outputs(self._X[chunk]) for chunk in self._chunks)
        return differences, (found / unit @ differences.T for found in outputs)


def _chosen(candidates, scores_of, n_points):
    """Numbers of the points of the largest scores, one after the other."""
    chosen, known = [], np.empty((candidates.width, 0))
    for _ in range(n_points):
        scores = scores_of(candidates, known)
        scores[chosen] = -np.inf
        chosen.append(int(np.argmax(scores)))
        own = _learned(candidates.one(chosen[-1]), known, candidates.noise)
        known = np.hstack([known, own])
    return np.array(chosen)


def _learned(root, known, noise):
    """Columns ``W`` that the data of a point subtract, ``S - W W^T``."""
    root = root / np.sqrt(noise)[:, np.newaxis]
    left = root - (root @ known) @ known.T
    values, vectors = np.linalg.eigh(left @ root.T)
    return left.T @ (vectors / np.sqrt(1.0 + np.maximum(values, 0.0)))


def _covariances(roots, known):
    """Of the outputs of each candidate, (n_samples, n_outputs, n_outputs)."""
    found = roots @ known
    return roots @ roots.swapaxes(1, 2) - found @ found.swapaxes(1, 2)


def _variance(candidates, known):
    """Sums of the variances of the outputs."""
    return np.concatenate(
        [
            np.sum(roots**2, axis=(1, 2)) - np.sum((roots @ known) ** 2, axis=(1, 2))
            for roots in candidates
        ]
    )


def _determinant(candidates, known):
    """Logarithms of the volume of the posterior density before over that after."""
    noise = np.diag(candidates.noise)
    found = []
    for roots in candidates:
        _, logarithms = np.linalg.slogdet(_covariances(roots, known) + noise)
        found.append(logarithms)
    return np.concatenate(found)


def _integrated_variance(candidates, known):
    """Decreases of the sum of the variances at all candidates."""
    total = np.zeros((candidates.width,) * 2)
    for roots in candidates:
        rows = roots.reshape(-1, candidates.width)
        total += rows.T @ rows
    total -= known @ (known.T @ total)
    total -= (total @ known) @ known.T
    noise, found = np.diag(candidates.noise), []
    for roots in candidates:
        decrease = (roots @ total) @ roots.swapaxes(1, 2)
        covariances = _covariances(roots, known) + noise
        shares = np.linalg.solve(covariances, decrease)
        found.append(np.trace(shares, axis1=1, axis2=2))
    return np.concatenate(found)


def _gap(candidates, known):
    """Sums over gaps of their variance, relative to what it adds to their square."""
    differences, values = candidates.gaps()
    found = []
    for roots, gaps in zip(candidates, values, strict=True):
        roots = differences @ roots
        variance = np.sum(roots**2, axis=2) - np.sum((roots @ known) ** 2, axis=2)
        variance = np.maximum(variance, 0.0)
        found.append(np.sum(variance / (gaps**2 + variance + _TINY), axis=1))
    return np.concatenate(found)


def _gaps(targets):
    """Rows of the differences of targets that are gaps between levels."""
    identity = np.eye(len(targets))
    levels = [k for k, target in enumerate(targets) if isinstance(target, Level)]
    rows = [identity[high] - identity[low] for low, high in combinations(levels, 2)]
    rows += [identity[k] for k, target in enumerate(targets) if isinstance(target, Gap)]
    if not rows:
        raise ValueError(
            "criterion='gap' needs two levels or a gap among the targets of an "
            "emulator: give such targets, or take another criterion."
        )
    return np.array(rows)


#: Functions of candidates and what is known already, whose values are the larger, the
#: better a point is.
CRITERIA = {
    "variance": _variance,
    "integrated_variance": _integrated_variance,
    "determinant": _determinant,
    "gap": _gap,
}
