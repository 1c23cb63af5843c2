"""Picture of the learned matrices."""

import textwrap
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from ..checks.parameters import check_option
from ._arguments import check_affine, check_model, check_point, term_names
from ._plotting import panels
from .gauge import canonical_gauge

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Font sizes of numbers in cells, and sides of a cell in units of them.
_LARGEST_FONT, _SMALLEST_FONT, _CELL = 10.0, 6.0, 4.2


class MatrixDisplay:
    """The learned matrices, one panel each.

    Real matrices are shown as they are.  Of complex ones, the upper triangle and the
    diagonal show real parts, and the lower triangle, below a line, shows imaginary
    parts, with an ``i``: those of the other halves follow, because the matrices are
    Hermitian.  White is zero in each panel, red is positive and blue is negative.
    Elements stand in their cells as numbers, perhaps without a power of ten that is in
    the title; where cells are too small for that, there is a scale of colours.

    Make it with :meth:`from_estimator`.

    Parameters
    ----------
    matrices : ndarray of shape (n_panels, n, n)
        Hermitian or real symmetric matrices.
    names : list of str
        A title for each.
    block_sizes : tuple of int
        Sides of the sectors, between which lines are drawn.

    Attributes
    ----------
    images_ : list of AxesImage
        The pictures.
    axes_ : ndarray of Axes of shape (n_panels,)
        One for each matrix.
    figure_ : Figure
        Where these are.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMRegressor
    >>> from pmm_sklearn.inspection import MatrixDisplay
    >>> X = np.linspace(-1, 1, 20)[:, np.newaxis]
    >>> model = PMMRegressor(3, 1, random_state=0).fit(X, np.sin(3 * X[:, 0]))
    >>> display = MatrixDisplay.from_estimator(model)
    >>> [ax.get_title() for ax in display.axes_]
    ['constant', 'per unit of x0']
    """

    def __init__(self, matrices, names, block_sizes):
        self.matrices = matrices
        self.names = names
        self.block_sizes = block_sizes

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        *,
        gauge: Literal["canonical", "fitted"] = "canonical",
        reference: ArrayLike | None = None,
        terms: list[int] | None = None,
        ax: "Axes | np.ndarray | None" = None,
    ) -> Self:
        """Draw the matrices of a fitted model, in units of the user's features.

        Parameters
        ----------
        estimator : PMMRegressor, PMMClassifier, PMMEmulator or UnitaryPMMEmulator
            A fitted model.
        gauge : {"canonical", "fitted"}, default="canonical"
            Basis of the matrices: that of :func:`canonical_gauge`, or that of
            ``matrices_``.
        reference : array-like of shape (n_features,), default=None
            Show the Hamiltonian at this point instead of the constant matrix; the
            canonical gauge is then its eigenbasis.
        terms : list of int, default=None
            Numbers of the matrices to be shown; by default all of them and, of an
            emulator, its observables, which have the numbers that follow.
        ax : Axes or array-like of Axes, default=None
            One, whose place is divided, or one for each matrix; by default those of
            a new figure.

        Returns
        -------
        MatrixDisplay
        """
        check_model(estimator)
        check_option("gauge", gauge, ("canonical", "fitted"))
        if gauge == "canonical":
            estimator = canonical_gauge(estimator, reference)
        model = check_model(estimator)
        if reference is not None:
            check_affine(estimator)
        matrices, names = _named_matrices(model, reference)
        terms = range(len(names)) if terms is None else list(terms)
        if len(terms) == 0:
            raise ValueError(
                f"terms must have one number at least, from 0 to {len(names) - 1}, of "
                f"{names}, got {terms!r}: leave it out to show all matrices."
            )
        for term in terms:
            if term not in range(len(names)):
                raise ValueError(
                    f"terms must be numbers from 0 to {len(names) - 1}, of {names}, "
                    f"got {term!r}."
                )
        return cls(
            np.array([matrices[term] for term in terms]),
            [names[term] for term in terms],
            model.block_sizes,
        ).plot(ax)

    def plot(self, ax: "Axes | np.ndarray | None" = None) -> Self:
        """Draw the matrices.

        Parameters
        ----------
        ax : Axes or array-like of Axes, default=None
            One, whose place is divided, or one for each matrix; by default those of
            a new figure.

        Returns
        -------
        self : MatrixDisplay
        """
        axes = panels(self, ax, len(self.matrices), n_columns=3)
        self.images_ = [
            self._plot_matrix(panel, matrix, name)
            for panel, matrix, name in zip(axes, self.matrices, self.names, strict=True)
        ]
        self.axes_, self.figure_ = axes, axes[0].figure
        return self

    def _plot_matrix(self, panel, matrix, name):
        shown = _upper_real_lower_imaginary(matrix)
        limit = np.abs(shown).max() or 1.0
        image = panel.imshow(shown, cmap="RdBu_r", vmin=-limit, vmax=limit)
        for end in np.cumsum(self.block_sizes)[:-1]:
            panel.axhline(end - 0.5, color="0.3", linewidth=0.8)
            panel.axvline(end - 0.5, color="0.3", linewidth=0.8)
        panel.set(xticks=[], yticks=[])
        if np.iscomplexobj(matrix):
            edges = np.repeat(np.arange(len(matrix)) - 0.5, 2)
            panel.plot(edges[:-1], edges[1:], color="0.5", linewidth=1)
            panel.set_xlabel("upper half Re, lower half Im", fontsize="small")
        size = _font_size(panel, len(matrix))
        if size < _SMALLEST_FONT:
            panel.figure.colorbar(image, ax=panel, fraction=0.046)
        else:
            exponent = _write_numbers(panel, shown, np.iscomplexobj(matrix), size)
            name = f"{name} (1e{exponent})" if exponent else name
        panel.set_title(textwrap.fill(name, 32), fontsize="medium")
        return image


def _named_matrices(model, reference):
    """List of matrices, and what they are."""
    matrices = list(model.user_matrices)
    if model.monomials is None:
        names = [f"factor {number}" for number in range(len(matrices))]
    else:
        names = ["constant"]
        names += [f"per unit of {term}" for term in term_names(model)[1:]]
    if reference is not None:
        row = check_point(model, "reference", reference)
        matrices[0], names[0] = model.hamiltonian(row)[0], "at the reference"
    if model.targets is not None:
        matrices += list(model.observables)
        names += [f"observable {name}" for name in model.pmm.readout.names]
    return matrices, names


def _upper_real_lower_imaginary(matrix):
    if not np.iscomplexobj(matrix):
        return matrix
    return np.triu(matrix.real) + np.tril(matrix.imag, -1)


def _font_size(panel, side):
    """In points, of numbers that fit into cells."""
    box = panel.get_window_extent()
    points = 72 / panel.figure.dpi * min(box.width, box.height)
    return min(points / side / _CELL, _LARGEST_FONT)


def _write_numbers(panel, shown, is_complex, size):
    """Write three digits of the largest element, and as many decimals of the others.

    Returns
    -------
    exponent : int
        Of the power of ten that the numbers are without.
    """
    limit = np.abs(shown).max() or 1.0
    order = int(np.floor(np.log10(limit)))
    exponent = 0 if -1 <= order <= 2 else order
    decimals = 2 - order if 0 <= order <= 2 else 2
    for (row, column), value in np.ndenumerate(shown):
        text = f"{value / 10.0**exponent:.{decimals}f}"
        is_zero, is_dark = float(text) == 0, abs(value) > 0.6 * limit
        unit = "i" if is_complex and row > column else ""
        panel.text(
            column,
            row,
            "0" if is_zero else text + unit,
            ha="center",
            va="center",
            fontsize=size,
            color="white" if is_dark else "black",
        )
    return exponent
