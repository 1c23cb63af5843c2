"""The size of a model whose outputs have observables: given, kept or chosen."""

import numpy as np

from .training import EvidenceProblem, Family


def size_of(estimator, side, continues=False):
    """Values of `matrix_size` and `n_eigenvectors`.

    Parameters
    ----------
    estimator : PMMRegressor or PMMClassifier
        Has these parameters, which may be "auto".
    side : int
        The side where it is open.
    continues : bool, default=False
        Whether a fitted model goes on, which keeps its own where it is open.

    Returns
    -------
    matrix_size : int or tuple of int
    n_eigenvectors : int
    """
    size, number = side, None
    if continues:
        size, number = estimator.matrix_size_, estimator.n_eigenvectors_
    if estimator.matrix_size != "auto":
        size = estimator.matrix_size
    if estimator.n_eigenvectors != "auto":
        number = estimator.n_eigenvectors
    if number is None or number > np.sum(size):
        number = max((int(np.sum(size)) - 1) // 2, 1)
    return size, number


def is_size_open(estimator, continues):
    """Whether several sides are to be compared."""
    return estimator.matrix_size == "auto" and estimator.rank is None and not continues


def wants_evidence(estimator):
    """Whether the parameters leave the regularisation to an evidence."""
    return (
        estimator.alpha == "auto"
        and estimator.solver in ("auto", "lm")
        and not estimator.early_stopping
    )


def comparison_of(families):
    """How long it takes to compare and train some sizes, in words; None of one."""
    problems = [family.first()[0] for family in families]
    if len(problems) == 1 or not all(isinstance(p, EvidenceProblem) for p in problems):
        return None
    sides = ", ".join(str(problem.model.primary.side) for problem in problems)
    seconds = sum(problem.seconds for problem in problems)
    return f"sides {sides} to compare, all together about {max(seconds, 1.0):.0f} s"


def affordable_families(estimator, continues, evidence, sides, otherwise, longest):
    """Sizes whose evidence is affordable, the smallest first.

    Parameters
    ----------
    estimator : PMMRegressor or PMMClassifier
        Has the parameters.
    continues : bool
        Whether the fit goes on from the fitted model.
    evidence : callable
        ``evidence(side)`` returns a problem and what the model is.
    sides : sequence of int
        What is compared where the size is open.
    otherwise : int
        The side where it is not, and is not given.
    longest : tuple of float
        Seconds that it may take of a size that is chosen, and of one that is given.

    Returns
    -------
    list of Family
    """
    is_open = is_size_open(estimator, continues)
    families = []
    for side in sides if is_open else (otherwise,):
        problem, structure = evidence(side)
        if problem.seconds > longest[0 if is_open else 1]:
            break
        families.append(Family.of(problem, structure))
    return families
