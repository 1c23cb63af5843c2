"""Checks of parameters; messages name argument, value and remedy."""

import numbers
import sys
from math import comb

import numpy as np

from ..model import MATRIX_TYPES, READOUTS, SELECTIONS, compiled
from ..model.eigensolver import EIGENSOLVERS
from ..solvers import SOLVERS

# One matrix of this side takes 1.6 GB.
_LARGEST_SIDE = 10_000
# Of matrices for all monomials: derivatives of one target by them take 40 MB.
_MOST_ELEMENTS = 5_000_000
#: Of starts, and of factors of a product: each has random numbers of its own.
MOST_STARTS = 1_000_000
# An integer of C.
_MOST_JOBS = 2**31 - 1
#: Of matrices whose size is chosen.
LARGEST_AUTOMATIC_SIDE = 7


def check_integer(name, value, minimum, maximum=sys.maxsize):
    """Raise unless ``value`` is an integer from ``minimum`` to ``maximum``."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise TypeError(f"{name} must be an integer, got {value!r}.")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {_shown(value)}.")
    if value > maximum:
        raise ValueError(f"{name} must be at most {maximum}, got {_shown(value)}.")


def check_number(name, value, low, high=np.inf, *, open_interval=False):
    """Raise unless ``value`` is a number in ``[low, high)``, or ``(low, high)``."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number, got {value!r}.")
    above = value > low if open_interval else value >= low
    if not (above and value < high) or _is_huge(value):
        bound = f"{'greater than' if open_interval else 'at least'} {low} and "
        bound = bound if np.isfinite(low) else ""
        limit = f"less than {high}" if np.isfinite(high) else "finite"
        raise ValueError(f"{name} must be {bound}{limit}, got {_shown(value)}.")


def _is_huge(value):
    """Whether a number is finite, but not as a float."""
    return isinstance(value, numbers.Rational) and abs(value) > sys.float_info.max


def _shown(value):
    # Python refuses to print very long integers.
    return "a number beyond 1e308" if _is_huge(value) else repr(value)


def check_option(name, value, options):
    """Raise unless ``value`` is one of the strings ``options``."""
    if not isinstance(value, str) or value not in options:
        known = ", ".join(repr(option) for option in options)
        raise ValueError(f"{name} must be one of {known}, got {value!r}.")


def check_flag(name, value):
    """Raise unless ``value`` is a boolean."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r}.")


def check_matrix_size(matrix_size):
    """Tuple of block sizes from an integer or a tuple of integers."""
    sizes = matrix_size if isinstance(matrix_size, (tuple, list)) else (matrix_size,)
    if len(sizes) == 0:
        raise ValueError(
            f"matrix_size must be a positive integer or a tuple of block sizes, "
            f"got {matrix_size!r}."
        )
    for size in sizes:
        if not isinstance(size, numbers.Integral) or isinstance(size, bool):
            raise TypeError(
                f"matrix_size must be an integer or a tuple of integers, "
                f"got {matrix_size!r}: of several sectors give all sizes, or 'auto' "
                f"alone where it is possible."
            )
        check_integer("matrix_size", size, -sys.maxsize)
        if size < 1:
            raise ValueError(f"matrix_size must be positive, got {matrix_size!r}.")
    if sum(sizes) > _LARGEST_SIDE:
        raise ValueError(
            f"matrix_size must not exceed {_LARGEST_SIDE} in all, got {matrix_size!r}: "
            f"the matrices of a parametric matrix model are small."
        )
    return tuple(int(size) for size in sizes)


def check_degree(degree, n_features, side):
    """Raise if there are so many monomials that their matrices exceed the memory.

    Parameters
    ----------
    degree : int
        Largest degree of the monomials.
    n_features : int
        Number of features.
    side : int
        Side of the matrices.
    """
    most = _MOST_ELEMENTS // side**2
    if degree > 1 and comb(n_features + degree, n_features) > most:
        raise ValueError(
            f"degree={degree} of {n_features} features has more than {most} monomials, "
            f"and each has a matrix of side {side}: reduce degree, or take fewer "
            f"features or a smaller matrix_size."
        )


def check_rank(rank, matrix_size):
    """Ranks of primary and secondary matrices, integers or None for full ones."""
    ranks = tuple(rank) if isinstance(rank, (tuple, list)) else (rank, rank)
    if len(ranks) != 2:
        raise ValueError(
            f"rank must be None, an integer or a pair (rank_primary, rank_secondary), "
            f"got {rank!r}."
        )
    if ranks == (None, None):
        return ranks
    sizes = check_matrix_size(matrix_size)
    if len(sizes) > 1:
        raise ValueError(
            f"rank must be None for matrices with sectors, got rank={rank!r} with "
            f"matrix_size={matrix_size!r}: give matrix_size={sum(sizes)}, or rank=None."
        )
    for own in ranks:
        if own is None:
            continue
        if not isinstance(own, numbers.Integral) or isinstance(own, bool):
            raise TypeError(
                f"rank must be None, an integer or a pair of these, got {rank!r}."
            )
        if not 1 <= own <= sizes[0]:
            raise ValueError(
                f"rank must be at least 1 and at most the side of the matrix, got "
                f"rank={rank!r} with matrix_size={matrix_size!r}: change one of them, "
                f"or give None for full matrices."
            )
    return tuple(None if own is None else int(own) for own in ranks)


def check_rank_of_couplings(rank, block_sizes):
    """Raise unless `rank` is None or the blocks, of which there is one, are larger."""
    if rank is None:
        return
    check_integer("rank", rank, 1)
    if len(block_sizes) > 1:
        raise ValueError(
            f"rank must be None for matrices with sectors, got rank={rank!r} with "
            f"sectors of {tuple(block_sizes)}: give one size, or rank=None."
        )
    if rank >= block_sizes[0]:
        raise ValueError(
            f"rank must be less than the side of the matrices, got rank={rank!r} with "
            f"matrix_size={block_sizes[0]}: change one of them, or give None for full "
            f"matrices."
        )


def check_rank_reaches(rank, side, n_features):
    """Raise if some directions are in the null space of all primary matrices.

    Eigenvectors there do not depend on the features, and are arbitrary if several.
    """
    reached = (n_features + 1) * (side if rank is None else rank)
    if side > reached:
        sufficient = -(-side // (n_features + 1))
        raise ValueError(
            f"Primary matrices of rank={rank} for n_features={n_features} act on at "
            f"most {reached} dimensions, got a matrix of side {side}: reduce "
            f"matrix_size to {reached}, or increase rank to {sufficient}."
        )


def check_eigensolver(value):
    """Raise for an unknown eigensolver, or one whose package does not work."""
    check_option("eigensolver", value, EIGENSOLVERS)
    if value == "simd":
        compiled.require()


def check_spread(return_std, return_cov):
    """Raise unless both are booleans, and at most one of them is true."""
    check_flag("return_std", return_std)
    check_flag("return_cov", return_cov)
    if return_std and return_cov:
        raise ValueError(
            "return_std and return_cov are both true, but at most one of them can "
            "be returned: the former is the root of the diagonal of the latter."
        )


def check_training(estimator, solvers):
    """Validate the parameters of the training, which all estimators have.

    Parameters
    ----------
    estimator : BasePMM
        Has them.
    solvers : sequence of str
        Solvers that it can use.
    """
    alpha = estimator.alpha
    if np.ndim(alpha):
        raise TypeError(
            f"alpha must be a number or 'auto', got an array of shape "
            f"{np.shape(alpha)}: standard deviations of the targets are y_err of fit."
        )
    if not isinstance(alpha, str):
        check_number("alpha", alpha, 0)
    elif alpha != "auto":
        raise ValueError(f"alpha must be a number or 'auto', got {alpha!r}.")
    check_option("solver", estimator.solver, ("auto", *solvers))
    for name in ("max_iter", "n_iter_no_change"):
        check_integer(name, getattr(estimator, name), 1)
    check_integer("n_init", estimator.n_init, 1, MOST_STARTS)
    check_number("tol", estimator.tol, 0)
    check_flag("warm_start", estimator.warm_start)
    check_n_jobs(estimator.n_jobs)
    check_eigensolver(estimator.eigensolver)
    if not isinstance(estimator.verbose, (bool, np.bool_)):
        check_integer("verbose", estimator.verbose, 0)


def exact_solvers():
    """Names of the solvers that visit all samples before each step."""
    return tuple(name for name, solver in SOLVERS.items() if not solver.is_scheduled)


def check_batches(estimator):
    """Validate the parameters of batches, and of samples that are set aside."""
    check_flag("early_stopping", estimator.early_stopping)
    fraction = estimator.validation_fraction
    check_number("validation_fraction", fraction, 0, 1, open_interval=True)
    check_integer("batch_size", estimator.batch_size, 1)
    rate = estimator.learning_rate_init
    check_number("learning_rate_init", rate, 0, open_interval=True)


def check_batchwise(estimator):
    """Raise for parameters that need all samples at once: ``partial_fit`` cannot."""
    if estimator.early_stopping:
        raise ValueError(
            "early_stopping=True needs all samples at once, got a call of "
            "partial_fit: set early_stopping=False, or call fit."
        )


def check_known_errors(estimator):
    """Raise for parameters that `y_err` does not go with."""
    required = {
        "alpha": ["auto"],
        "solver": ["auto", "lm"],
        "early_stopping": [False],
    }
    for name, values in required.items():
        value = getattr(estimator, name)
        if value not in values:
            raise ValueError(
                f"y_err goes with {name}={' or '.join(map(repr, values))} only, got "
                f"{name}={value!r}: change it, or give weights 1 / y_err**2, divided "
                f"by their mean, as sample_weight."
            )


def check_no_errors(estimator, error):
    """Raise if known errors would be forgotten, for there is no evidence."""
    if error is not None:
        raise ValueError(
            f"y_err needs the evidence, which would take too long for so many samples "
            f"and features, got matrix_size={estimator.matrix_size!r}: set a small "
            f"matrix_size, such as 3, or give weights 1 / y_err**2, divided by their "
            f"mean, as sample_weight."
        )


def _check_size(estimator, is_open):
    """Validate `matrix_size` and `n_eigenvectors`; "auto" may do where it is open."""
    size, number = estimator.matrix_size, estimator.n_eigenvectors
    is_auto = is_open and isinstance(size, str) and size == "auto"
    if is_open and isinstance(size, str) and not is_auto:
        raise TypeError(
            f"matrix_size must be an integer, a tuple of integers or 'auto', got "
            f"{size!r}."
        )
    side = LARGEST_AUTOMATIC_SIDE if is_auto else sum(check_matrix_size(size))
    if is_open and isinstance(number, str):
        check_option("n_eigenvectors", number, ("auto",))
        return
    check_integer("n_eigenvectors", number, 1)
    if number > side:
        raise ValueError(
            f"n_eigenvectors must not exceed the side of the matrix, got "
            f"n_eigenvectors={number} with matrix_size={size!r}: select fewer "
            f"eigenvectors or enlarge the matrix."
        )


def check_observables(estimator, size_is_open=False, readouts=tuple(READOUTS)):
    """Validate the parameters that regressor and classifier share.

    Parameters
    ----------
    estimator : PMMRegressor or PMMClassifier
        Has them.
    size_is_open : bool, default=False
        Whether `matrix_size` and `n_eigenvectors` may be "auto".
    readouts : tuple of str, optional
        Names of the readouts that it has.
    """
    _check_size(estimator, size_is_open)
    check_option("which", estimator.which, tuple(SELECTIONS))
    check_option("readout", estimator.readout, readouts)
    check_number("smearing", estimator.smearing, 0, open_interval=True)
    check_option("matrix_type", estimator.matrix_type, MATRIX_TYPES)
    if not isinstance(estimator.matrix_size, str):
        check_rank(estimator.rank, estimator.matrix_size)
    check_batches(estimator)
    check_training(estimator, tuple(SOLVERS))
    if isinstance(estimator.n_average, str):
        if estimator.n_average != "auto":
            raise ValueError(
                f"n_average must be a positive integer or 'auto', got "
                f"{estimator.n_average!r}."
            )
        return
    check_n_average(estimator)


def check_n_average(estimator):
    """Raise unless `n_average` is an integer that `n_init` allows."""
    check_integer("n_average", estimator.n_average, 1)
    if estimator.n_average > estimator.n_init:
        raise ValueError(
            f"n_average must not exceed the number of starts, got n_average="
            f"{estimator.n_average} with n_init={estimator.n_init}: increase n_init."
        )


def check_n_jobs(n_jobs):
    """Raise unless ``n_jobs`` is None or an integer other than zero."""
    if n_jobs is None:
        return
    if not isinstance(n_jobs, numbers.Integral) or isinstance(n_jobs, bool):
        raise TypeError(f"n_jobs must be an integer or None, got {n_jobs!r}.")
    check_integer("n_jobs", n_jobs, -_MOST_JOBS, _MOST_JOBS)
    if n_jobs == 0:
        raise ValueError(
            "n_jobs must not be 0: give the number of parallel jobs, or -1 for one "
            "per core."
        )


def check_square_matrix(name, matrix, side):
    """Finite matrix of a given side, real or complex."""
    matrix = np.asarray(matrix)
    if matrix.dtype.kind not in "biufc":
        raise TypeError(f"{name} must hold numbers, got dtype {matrix.dtype}.")
    if matrix.shape != (side, side):
        raise ValueError(
            f"{name} must have shape ({side}, {side}), the side of matrix_size, got "
            f"shape {matrix.shape}."
        )
    if not np.all(np.isfinite(matrix)):
        raise ValueError(f"{name} has NaN or infinite elements: correct them.")
    return matrix.astype(np.result_type(matrix.dtype, np.float64))
