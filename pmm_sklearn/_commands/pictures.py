"""Figures without a screen, where matplotlib is installed."""

NO_PICTURE = 'No picture: install matplotlib with pip install "pmm_sklearn[plot]".'


def new_figure(size):
    """An empty figure of a size in inches, or None without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return None
    return Figure(figsize=size, layout="constrained")
