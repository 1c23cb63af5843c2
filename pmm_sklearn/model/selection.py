"""Which eigenstates a readout sees."""

import numpy as np

#: Codes of `scipy.sparse.linalg.eigsh`, with what they select.
SELECTIONS = {
    "SA": "smallest (algebraic)",
    "LA": "largest (algebraic)",
    "LM": "largest in magnitude",
    "SM": "smallest in magnitude",
}


class Extremes:
    """A number of states at one end of the spectrum of all sectors together.

    Parameters
    ----------
    n_states : int
        Number ``r`` of states.
    which : {"SA", "LA", "LM", "SM"}, default="SA"
        Which end: see :data:`SELECTIONS`.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import Extremes
    >>> Extremes(2, "LM").indices(np.array([[-3.0, 1.0, 2.0]]), (3,))
    array([[0, 2]])
    """

    def __init__(self, n_states, which="SA"):
        self.n_states = n_states
        self.which = which

    def indices(self, values, block_sizes):
        """Positions of the selected states among all eigenvalues.

        Parameters
        ----------
        values : ndarray of shape (n_samples, n)
            Eigenvalues, sector after sector, ascending in each.
        block_sizes : tuple of int
            Sides of the sectors.

        Returns
        -------
        slice or ndarray of int of shape (r,) or (n_samples, r)
            Without samples if the positions are the same for all.
        """
        if len(block_sizes) == 1 and self.which == "SA":
            return slice(self.n_states)
        keys = {"SA": values, "LA": -values}
        key = keys.get(self.which)
        if key is None:
            key = np.abs(values) if self.which == "SM" else -np.abs(values)
        return np.argsort(key, axis=1, kind="stable")[:, : self.n_states]


class Levels:
    """Given levels of given sectors.

    Parameters
    ----------
    levels : sequence of tuple (k, sector)
        Level ``k`` of a sector, counted from the lowest, or from the highest if
        negative; for sector None, of all sectors together.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import Levels
    >>> values = np.array([[1.0, 4.0, 0.0]])
    >>> Levels([(-1, 0), (0, 0)]).indices(values, (2, 1))
    array([1, 0])
    >>> Levels([(0, None)]).indices(values, (2, 1))
    array([[2]])
    """

    def __init__(self, levels):
        self.levels = tuple(levels)
        self.n_states = len(self.levels)

    def indices(self, values, block_sizes):
        """Positions of the states: see :meth:`Extremes.indices`."""
        fixed = [self._position(*level, block_sizes) for level in self.levels]
        if None not in fixed:
            first = fixed[0]
            in_a_row = fixed == list(range(first, first + len(fixed)))
            return slice(first, first + len(fixed)) if in_a_row else np.array(fixed)
        order = np.argsort(values, axis=1, kind="stable")
        positions = np.empty((len(values), self.n_states), dtype=np.intp)
        for i, (k, _) in enumerate(self.levels):
            is_free = fixed[i] is None
            positions[:, i] = order[:, k % order.shape[1]] if is_free else fixed[i]
        return positions

    @staticmethod
    def _position(k, sector, block_sizes):
        """Where a level is, None if that differs from sample to sample."""
        if sector is None and len(block_sizes) > 1:
            return None
        sector = sector or 0
        return sum(block_sizes[:sector]) + k % block_sizes[sector]


def states_of_strength(states, sector, block_sizes):
    """Levels that carry a strength function, for `Levels`.

    Parameters
    ----------
    states : int, float, tuple of int or None
        That many from the lowest, that fraction of all in the middle of the spectrum,
        from the first to before the last, or all.
    sector : int or None
        In which they are counted; None for all together.
    block_sizes : tuple of int
        Sides of the sectors.

    Returns
    -------
    tuple of tuple (k, sector)

    Examples
    --------
    >>> from pmm_sklearn.model import states_of_strength
    >>> states_of_strength(0.5, None, (4,))
    ((1, 0), (2, 0))
    """
    if len(block_sizes) == 1:
        sector = 0
    size = sum(block_sizes) if sector is None else block_sizes[sector]
    first, last = 0, size
    if isinstance(states, float):
        number = max(1, round(states * size))
        first = (size - number) // 2
        last = first + number
    elif isinstance(states, tuple):
        first, last = states
    elif states is not None:
        last = states
    return tuple((k, sector) for k in range(first, last))
