"""How trainings ended."""

from ..solvers import StopReason


def stop_if_interrupted(model):
    """Raise if a training was interrupted: the wish is to end.

    Parameters
    ----------
    model : estimator
        A fitted one, of this package or another, which keeps its best model so far.

    Raises
    ------
    KeyboardInterrupt
        If it was.
    """
    if getattr(model, "stop_reason_", None) == "interrupted":
        raise KeyboardInterrupt


def print_convergence(model):
    """Say if a training ended before it converged.

    Parameters
    ----------
    model : estimator
        A fitted one of this package.
    """
    if not StopReason[model.stop_reason_.upper()].converged:
        print(
            f"Its training ended before it converged, after {model.n_iter_} iterations "
            f"({model.stop_reason_}): more, by max_iter, may help."
        )
