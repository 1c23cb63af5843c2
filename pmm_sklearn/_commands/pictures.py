"""Figures without a screen, where matplotlib is installed."""

NO_PICTURE = 'No picture: install matplotlib with pip install "pmm_sklearn[plot]".'


def new_figure(size):
    """An empty figure of a size in inches, or None without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return None
    return Figure(figsize=size, layout="constrained")


def plain(name):
    """A name of a column for a label, in which dollars are no formulas.

    Parameters
    ----------
    name : str
        The name.

    Returns
    -------
    str
    """
    return name.replace("$", r"\$")
