"""Hamiltonians affine in the features: checks, lowest states, projection."""

import numpy as np
from scipy import linalg, sparse
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

# Up to this side LAPACK takes a fraction of a second, and finds all states of a
# degenerate level, which Lanczos iterations may not.
_LARGEST_DENSE_SIDE = 500
# Lanczos iterations are for a few states of many.
_SIDES_PER_STATE = 10


class AffineHamiltonian:
    r"""Hamiltonian :math:`H(x) = T_0 + \sum_l x_l T_l` of given terms.

    Parameters
    ----------
    terms : sequence of {ndarray, sparse matrix, LinearOperator} of shape (n, n)
        The Hermitian matrices :math:`T_0, T_1, \dots`, in any mixture of types.
        They are not changed.

    Attributes
    ----------
    terms : list of {ndarray, csr_array, LinearOperator}
        The terms, in double precision.
    side : int
        Side ``n`` of the matrices.
    dtype : dtype
        ``float64``, or ``complex128`` if a term is complex.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn._hamiltonian import AffineHamiltonian
    >>> hamiltonian = AffineHamiltonian([np.diag([1.0, -1.0]), np.eye(2)])
    >>> energies, vectors = hamiltonian.lowest_states(np.array([[3.0]]), 1)
    >>> energies, vectors.shape
    (array([[2.]]), (2, 1))
    """

    def __init__(self, terms):
        self.terms = [
            _check_term(f"terms[{i}]", term) for i, term in enumerate(_as_list(terms))
        ]
        self.side = self.terms[0].shape[0]
        for i, term in enumerate(self.terms):
            if term.shape != (self.side, self.side):
                raise ValueError(
                    f"terms must have one shape, got terms[0] of shape "
                    f"{self.terms[0].shape} and terms[{i}] of shape {term.shape}: "
                    f"give all of them in the same basis."
                )
        # LinearOperators of integers or single precision work in double as well.
        self.dtype = np.result_type(np.float64, *(term.dtype for term in self.terms))

    @property
    def n_features(self):
        """Number of coefficients that are free."""
        return len(self.terms) - 1

    def lowest_states(self, X, n_states):
        """Lowest eigenpairs of ``H(x)`` at every row.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Coefficients of the terms.
        n_states : int
            Number ``k`` of eigenpairs, not more than the side.

        Returns
        -------
        energies : ndarray of shape (n_samples, k)
            Eigenvalues in ascending order.
        vectors : ndarray of shape (n, n_samples * k)
            Eigenvectors in columns, those of one row next to each other.
        """
        coefficients = np.column_stack([np.ones(len(X)), X])
        if self._is_dense(n_states):
            terms, solve = [_to_dense(term) for term in self.terms], _lowest_dense
        else:
            terms, solve = self.terms, _lowest_iterative
        energies = np.empty((len(X), n_states))
        vectors = np.empty((self.side, len(X), n_states), dtype=self.dtype)
        for i, row in enumerate(coefficients):
            try:
                energies[i], vectors[:, i] = solve(terms, row, n_states, self.dtype)
            except (ArpackNoConvergence, np.linalg.LinAlgError) as error:
                raise ValueError(
                    f"The {n_states} lowest eigenvectors at X[{i}]={X[i]} were not "
                    f"found: {error} Give the terms as dense arrays if they fit into "
                    f"memory, or leave out this row."
                ) from error
        return energies, vectors.reshape(self.side, -1)

    def project(self, basis):
        r"""Terms between the vectors of a basis, :math:`Q^\dagger T_l Q`.

        Parameters
        ----------
        basis : ndarray of shape (n, r)
            Basis vectors ``Q`` in columns.

        Returns
        -------
        projected : ndarray of shape (n_features + 1, r, r)
            Projected terms, exactly Hermitian.
        outside : ndarray of shape (n_features + 1, n_outside, r)
            What is left of the images of the basis, in orthonormal coordinates.
        """
        images = [term @ basis for term in self.terms]
        projected = np.array([basis.conj().T @ image for image in images])
        for image in images:
            # Twice is enough.
            image -= basis @ (basis.conj().T @ image)
            image -= basis @ (basis.conj().T @ image)
        (triangle,) = linalg.qr(np.hstack(images), mode="r", check_finite=False)
        triangle = triangle[: min(triangle.shape)]
        outside = triangle.reshape(len(triangle), len(images), -1).swapaxes(0, 1)
        projected = (projected + projected.conj().swapaxes(1, 2)) / 2
        return projected, np.ascontiguousarray(outside)

    def _is_dense(self, n_states):
        few = max(_LARGEST_DENSE_SIDE, _SIDES_PER_STATE * n_states)
        arrays = all(isinstance(term, np.ndarray) for term in self.terms)
        return arrays or self.side <= few


def _lowest_dense(terms, row, n_states, dtype):
    matrix = sum(c * term for c, term in zip(row, terms, strict=True))
    return linalg.eigh(matrix, subset_by_index=[0, n_states - 1])


def _lowest_iterative(terms, row, n_states, dtype):
    def apply(vector):
        return sum(c * (term @ vector) for c, term in zip(row, terms, strict=True))

    operator = LinearOperator(terms[0].shape, matvec=apply, dtype=dtype)
    # Every row starts from the same vector: eigenvectors of the row before would
    # hide a ground state of another symmetry.
    start = _vector_without_symmetry(terms[0].shape[0]).astype(dtype)
    energies, vectors = eigsh(operator, k=n_states, which="SA", v0=start)
    order = np.argsort(energies)
    return energies[order], vectors[:, order]


def _vector_without_symmetry(side, shift=0.0):
    """Fixed vector that overlaps with states of every symmetry.

    Quadratic phases have a flat Fourier spectrum and no reflection symmetry; a
    constant vector would miss all states but those of the trivial symmetry.
    """
    return np.cos(np.arange(side, dtype=np.float64) ** 2 + shift)


def _as_list(terms):
    is_one_matrix = sparse.issparse(terms) or isinstance(terms, LinearOperator)
    if is_one_matrix or not hasattr(terms, "__len__"):
        raise TypeError(
            f"terms must be a list of matrices, got {terms!r}: put the constant term "
            f"and one matrix per feature into a list."
        )
    if len(terms) < 2:
        raise ValueError(
            f"terms must hold the constant term and one matrix per feature, got "
            f"{len(terms)} in all: give at least two (the first may be zero)."
        )
    return list(terms)


def _check_term(name, term):
    """The term in double precision; raises unless it is square and Hermitian."""
    if isinstance(term, LinearOperator):
        _check_square(name, term)
        _check_hermitian_operator(name, term)
        return term
    is_sparse = sparse.issparse(term)
    term = sparse.csr_array(term) if is_sparse else np.asarray(term)
    if term.dtype.kind not in "biufc":
        raise TypeError(
            f"{name} must hold numbers, got dtype {term.dtype}: give an array, a "
            f"scipy sparse matrix or a scipy LinearOperator."
        )
    _check_square(name, term)
    tolerance = _hermitian_tolerance(term.dtype)
    term = term.astype(np.result_type(term.dtype, np.float64))
    values = term.data if is_sparse else term
    if not np.all(np.isfinite(values)):
        raise ValueError(f"{name} has NaN or infinite elements: correct them.")
    adjoint = term.conj().T
    deviation = _largest(term - adjoint)
    if deviation > tolerance * _largest(term):
        raise ValueError(
            f"{name} is not Hermitian: it differs from its conjugate transpose by up "
            f"to {deviation:.3g}. Give all elements, not one triangle, and "
            f"(A + A.conj().T) / 2 if the difference is meant to be rounding."
        )
    # Rounding must not depend on the triangle that a solver reads.
    return (term + adjoint) / 2


def _check_square(name, term):
    if len(term.shape) != 2 or term.shape[0] != term.shape[1] or term.shape[0] == 0:
        raise ValueError(
            f"{name} must be a square matrix, got shape {term.shape}: one matrix for "
            f"each term."
        )


def _check_hermitian_operator(name, operator):
    r"""Raise unless :math:`u^\dagger (A v) = (A u)^\dagger v` for one fixed pair."""
    u, v = (_vector_without_symmetry(operator.shape[0], shift) for shift in (0, 1))
    image_u, image_v = operator @ u, operator @ v
    if not (np.all(np.isfinite(image_u)) and np.all(np.isfinite(image_v))):
        raise ValueError(f"{name} gives NaN or infinite values: correct its matvec.")
    scale = linalg.norm(image_u) * linalg.norm(v) + linalg.norm(u) * linalg.norm(
        image_v
    )
    deviation = abs(np.vdot(u, image_v) - np.vdot(image_u, v))
    if deviation > _hermitian_tolerance(operator.dtype) * scale:
        raise ValueError(
            f"{name} is not Hermitian: u† (A v) and (A u)† v differ by "
            f"{deviation:.3g} for a test pair of vectors. Correct its matvec."
        )


def _hermitian_tolerance(dtype):
    is_inexact = np.issubdtype(dtype, np.inexact)
    return np.sqrt(np.finfo(dtype if is_inexact else np.float64).eps)


def _largest(matrix):
    values = matrix.data if sparse.issparse(matrix) else matrix
    return np.abs(values).max(initial=0.0)


def _to_dense(term):
    if isinstance(term, LinearOperator):
        term = term @ np.eye(term.shape[0])
        return (term + term.conj().T) / 2
    return term.toarray() if sparse.issparse(term) else term
