"""Checks of given matrices and paths; messages name argument, value and remedy."""

import numbers

import numpy as np

from .dtypes import as_numbers
from .parameters import check_square_matrix

# Elements that differ by less, relative to the largest, are equal.
_TOLERANCE = 1e-8


def check_operators(name, operators, side):
    """List of square matrices from None, one matrix or several."""
    if operators is None:
        return []
    if np.ndim(operators) == 2:
        return [check_square_matrix(name, operators, side)]
    return [
        check_square_matrix(f"{name}[{i}]", operator, side)
        for i, operator in enumerate(operators)
    ]


def check_parity(parity, side):
    """Hermitian matrix whose square is the identity, or None."""
    if parity is None:
        return None
    parity = check_square_matrix("parity", parity, side)
    deviation = max(
        np.abs(parity @ parity - np.eye(side)).max(),
        np.abs(parity - parity.conj().T).max(),
    )
    if deviation > _TOLERANCE:
        raise ValueError(
            f"parity must be Hermitian and its square the identity, which it misses by "
            f"{deviation:.3g}: give a matrix with eigenvalues 1 and -1."
        )
    return parity


def check_fixed(fixed, n_matrices, side):
    """Dict from the number of a matrix to the matrix."""
    if fixed is None:
        return {}
    if not isinstance(fixed, dict):
        raise TypeError(
            f"fixed must be a dict such as {{0: M_0}}, from the number of a matrix to "
            f"the matrix, got {type(fixed).__name__}."
        )
    for i in fixed:
        if not isinstance(i, numbers.Integral) or not 0 <= i < n_matrices:
            raise ValueError(
                f"fixed has the key {i!r}, but the matrices are counted from 0 to "
                f"{n_matrices - 1}: the constant term, then one for each feature or "
                f"monomial."
            )
    return {
        int(i): check_square_matrix(f"fixed[{i}]", matrix, side)
        for i, matrix in fixed.items()
    }


def check_fits(name, matrix, space):
    """The matrix in the type of a space; raises unless it lies in the space."""
    size = max(np.abs(matrix).max(), np.finfo(np.float64).tiny)
    deviation = np.abs(matrix - matrix.conj().T).max()
    if deviation > _TOLERANCE * size:
        raise ValueError(
            f"{name} is not Hermitian: it differs from its conjugate transpose by up "
            f"to {deviation:.3g}. Give (A + A.conj().T) / 2 if that is rounding."
        )
    if space.dtype.kind == "f":
        if np.abs(matrix.imag).max() > _TOLERANCE * size:
            raise ValueError(
                f"{name} is complex, but matrix_type='symmetric' means real matrices: "
                f"give a real matrix, or set matrix_type='hermitian'."
            )
        matrix = np.ascontiguousarray(matrix.real)
    matrix = matrix.astype(space.dtype)
    outside = np.abs(matrix - space.matrices(space.coordinates(matrix))).max()
    if outside > _TOLERANCE * size:
        raise ValueError(
            f"{name} does not have the structure that matrix_size, commutes_with and "
            f"parity ask for: it has elements of up to {outside:.3g} outside. Correct "
            f"the matrix or the structure."
        )
    return matrix


def check_paths(paths, X):
    """List of paths of shape (n_points, n_features); by default along ``X``."""
    n_features = X.shape[1]
    if paths is None:
        if n_features > 1:
            raise ValueError(
                f"smoothness needs paths of points with {n_features} features, got "
                f"paths=None: give a list of arrays of shape (n_points, {n_features})."
            )
        path = np.unique(X, axis=0)
        if len(path) < 2:
            raise ValueError(
                f"smoothness needs a path of two points or more, got X that is "
                f"{path.tolist()} everywhere: give paths, or smoothness=0."
            )
        return [path]
    if isinstance(paths, np.ndarray) and paths.ndim == 2:
        paths = [paths]
    if not isinstance(paths, (list, tuple, np.ndarray)) or len(paths) == 0:
        raise ValueError(
            f"paths must be a list of arrays of shape (n_points, {n_features}), got "
            f"{paths!r}: give at least one."
        )
    checked = []
    for i, path in enumerate(paths):
        path = as_numbers(f"paths[{i}]", path)
        if path.ndim != 2 or path.shape[1] != n_features or len(path) < 2:
            raise ValueError(
                f"paths[{i}] must have shape (n_points, {n_features}) with at least "
                f"two points, got shape {path.shape}."
            )
        if not np.all(np.isfinite(path)):
            raise ValueError(f"paths[{i}] has NaN or infinite elements: correct them.")
        if np.all(path == path[0]):
            raise ValueError(
                f"paths[{i}] does not move from {path[0]}: give different points, or "
                f"leave it out."
            )
        checked.append(path)
    return checked
