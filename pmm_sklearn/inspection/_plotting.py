"""What all displays need: matplotlib, where it is installed, and axes."""

import numpy as np


def pyplot(display):
    """``matplotlib.pyplot``, imported when something is to be drawn."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{type(display).__name__} needs matplotlib to draw: install it with "
            f'pip install "pmm_sklearn[plot]".'
        ) from error
    return plt


def single_axes(display, ax, height=4.8):
    """The axes that are given, or those of a new figure of some inches."""
    plt = pyplot(display)
    if ax is not None:
        return ax
    return plt.subplots(figsize=(6.4, height), layout="constrained")[1]


def panels(display, ax, n_panels, size=3.0, n_columns=4):
    """Axes for several panels, shape (n_panels,).

    Parameters
    ----------
    display : object
        Whose panels these are.
    ax : Axes, array-like of Axes or None
        Axes whose place is divided; the axes of all panels; or None for a new figure.
    n_panels : int
        Number of panels.
    size : float, default=3.0
        Width of a panel in inches, in a new figure; a single one is wider.
    n_columns : int, default=4
        Largest number of panels in a row.
    """
    plt = pyplot(display)
    if ax is not None and np.ndim(ax) > 0:
        axes = np.ravel(ax)
        if axes.size != n_panels:
            raise ValueError(
                f"ax must be one Axes, or an array of {n_panels}, one for each panel, "
                f"got {axes.size}."
            )
        return axes
    rows = -(-n_panels // n_columns)
    columns = -(-n_panels // rows)
    if ax is None:
        size = 1.5 * size if n_panels == 1 else size
        shape = (size * columns, 0.9 * size * rows)
        figure = plt.figure(figsize=shape, layout="constrained")
        grid = figure.add_gridspec(rows, columns)
    else:
        ax.set_axis_off()
        figure, grid = ax.figure, ax.get_subplotspec()
        if grid is None:
            raise ValueError(
                "ax must belong to a grid to be divided into panels: make it with "
                "plt.subplots, or give an array of Axes."
            )
        # A layout engine finds its own spaces, and takes given ones as additional.
        is_free = figure.get_layout_engine() is None
        spaces = {"wspace": 0.6, "hspace": 0.5} if is_free else {}
        grid = grid.subgridspec(rows, columns, **spaces)
    places = [divmod(panel, columns) for panel in range(n_panels)]
    return np.array([figure.add_subplot(grid[place]) for place in places])
