"""What is read from matrix elements between the selected states.

To add one: a class in a file of its own, and an entry in :data:`READOUTS`.  What is
not read from single states is a station of its own, as `DensityReadout`.
"""

from typing import Protocol, runtime_checkable

from ..density import DensityReadout
from .expectation import Expectation
from .transition import HalfSquaredNorm, Transition

#: Readouts by the name under which the estimators know them.
READOUTS = {
    "expectation": Expectation,
    "transition": Transition,
    "density": DensityReadout,
}


@runtime_checkable
class Centring(Protocol):
    """A function of an observable that is subtracted from its term."""

    def value(self, observables):
        """Values of shape (...) for observables of shape (..., n, n)."""

    def value_and_gradient(self, observables):
        """The values, and Hermitian gradients of the shape of the observables."""


@runtime_checkable
class Readout(Protocol):
    r"""Outputs as sums of a function of matrix elements.

    .. math:: z_k = g_k + \sum_e \left( f(v_{i(e)}^\dagger O_{ke} v_{j(e)}) - c(O_{ke})
              \right)

    with pairs ``e`` of states and one observable for each output and pair.

    Attributes
    ----------
    degree : int
        Outputs are homogeneous functions of the observables, of this degree.
    keeps_blocks : bool
        Whether observables have the block structure of the primary matrix; if not,
        they have no blocks.
    centring : Centring or None
        The function ``c``.
    """

    degree: int
    keeps_blocks: bool
    centring: Centring | None

    def pairs(self, n_states):
        """States ``i`` and ``j`` of the elements, two sequences of int."""

    def value(self, amplitudes):
        """The function ``f`` of each amplitude."""

    def slope(self, amplitudes):
        r"""Its slope ``s``, :math:`df = \operatorname{Re}(s^* da)`.

        Amplitudes have the shape (n_elements, n_outputs, n_samples); axes along which
        all slopes are the same may be of length 1.
        """


__all__ = [
    "READOUTS",
    "Centring",
    "Expectation",
    "HalfSquaredNorm",
    "Readout",
    "Transition",
]
