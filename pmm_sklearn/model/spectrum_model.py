"""The model of emulators: a matrix of polynomials, and what is read of its spectrum."""

import numpy as np

from .composed import ColumnUnits, ComposedReadout
from .pmm import PMM
from .polynomial import Monomials
from .primary import AffineMatrix
from .spaces import HermitianSpace
from .spectrum import SpectrumReadout


def spectrum_pmm(
    n_features,
    degree,
    block_sizes,
    matrix_type,
    outputs,
    eigensolver="auto",
    spaces=None,
    offsets=None,
    commutator=0.0,
    origin=(),
    functions=(),
    column_units=None,
):
    """Model of the emulator: a primary matrix of polynomials, and its spectrum.

    Parameters
    ----------
    n_features : int
        Number of features.
    degree : int
        Degree of the polynomials.
    block_sizes : tuple of int
        Sides of the diagonal blocks ("sectors") of the primary matrix.
    matrix_type : {"hermitian", "symmetric"}
        Complex Hermitian or real symmetric matrices.
    outputs : sequence of tuple
        See :class:`SpectrumReadout`.
    eigensolver : {"auto", "lapack", "simd"}, default="auto"
        See ``eigensolver.eigh``.
    spaces, offsets : optional
        Those of the matrices, for :class:`AffineMatrix`; by default all that
        `block_sizes` and `matrix_type` allow.
    commutator : float, default=0.0
        That of :class:`AffineMatrix`.
    origin : sequence of float, optional
        Point that features are counted from: see :class:`Monomials`.
    functions, column_units : optional
        Of `outputs`, which are the outputs themselves if there are none: arguments of
        :class:`ComposedReadout`.

    Returns
    -------
    PMM

    Examples
    --------
    The lowest level of real symmetric matrices of side 3, and its gap to the next:

    >>> from pmm_sklearn.model import spectrum_pmm
    >>> outputs = [("level", "", ((0, 0),)), ("gap", "", ((0, 0), (1, 0)))]
    >>> pmm = spectrum_pmm(1, 1, (3,), "symmetric", outputs)
    >>> pmm.n_parameters, pmm.n_outputs
    (12, 2)
    """
    monomials = Monomials(n_features, degree, origin)
    if spaces is None:
        spaces = HermitianSpace(block_sizes, matrix_type)
    primary = AffineMatrix(monomials, spaces, offsets, commutator)
    if functions:
        units = (
            None if column_units is None else ColumnUnits(*map(np.array, column_units))
        )
        readout = ComposedReadout(
            outputs, functions, block_sizes, matrix_type, n_features, units
        )
    else:
        readout = SpectrumReadout(outputs, block_sizes, matrix_type)
    return PMM(primary, readout.selection, readout, block_sizes, eigensolver)
