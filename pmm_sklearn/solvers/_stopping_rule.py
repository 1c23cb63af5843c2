"""When an optimisation has done enough."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StoppingRule:
    """Numbers that decide when a solver stops.

    Attributes
    ----------
    tol : float
        The optimisation has converged when ``n_iter_no_change`` iterations
        together decreased the loss by less than ``tol`` times its value.
    max_iter : int
        Largest number of iterations, those of a result that is continued included.
    floor : float, default=0.0
        A loss not above it is as good as zero, and ends the optimisation.
    n_iter_no_change : int, default=10
        Patience, for the loss and for the validation loss.
    n_iter_screening : int, default=20
        Iterations after which starts can be compared.
    is_logarithm : bool, default=False
        Whether the loss is the logarithm of a probability, which may be negative: `tol`
        is then what ``n_iter_no_change`` iterations have to gain, and nothing is zero.
    is_scheduled : bool, default=False
        Whether the solver follows a schedule of ``max_iter`` iterations, which only
        validation data, callbacks and a loss of zero cut short.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from pmm_sklearn.solvers import StoppingRule
    >>> rule = StoppingRule(tol=1e-3, max_iter=20)
    >>> replace(rule, max_iter=60).max_iter
    60
    """

    tol: float
    max_iter: int
    floor: float = 0.0
    n_iter_no_change: int = 10
    n_iter_screening: int = 20
    is_logarithm: bool = False
    is_scheduled: bool = False
