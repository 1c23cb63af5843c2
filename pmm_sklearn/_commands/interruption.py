"""Ctrl-C within a fit ends the command."""


def stop_if_interrupted(model):
    """Raise if a training was interrupted.

    Estimators of this package keep their best model then; here the wish is to end.

    Parameters
    ----------
    model : estimator
        A fitted one, of this package or another.

    Raises
    ------
    KeyboardInterrupt
        If it was.
    """
    if getattr(model, "stop_reason_", None) == "interrupted":
        raise KeyboardInterrupt
