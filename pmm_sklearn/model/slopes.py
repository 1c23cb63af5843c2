"""Derivatives of levels by the features."""

import numpy as np

from .derivative_terms import DerivativeTerm
from .readout_station import Element


class LevelSlopes:
    r"""Outputs :math:`z = \partial_l \lambda_i = v_i^\dagger (\partial_l H) v_i`.

    Each is the expectation value of an operator that is part of the primary matrix
    (Hellmann and Feynman).  It changes with the state, and with the operator:
    :math:`dz = 2 \operatorname{Re} (\partial_l H v_i)^\dagger dv_i + v_i^\dagger
    d(\partial_l H) v_i`.

    Parameters
    ----------
    columns : sequence of int
        Numbers of the outputs.
    states : sequence of int
        The state ``i`` of each among those selected.
    features : sequence of int
        The feature ``l`` of each.

    Attributes
    ----------
    columns, states, features : ndarray of int of shape (n_slopes,)
        The arguments.

    References
    ----------
    R. P. Feynman, "Forces in molecules", Phys. Rev. 56, 340 (1939).

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> slopes = m.LevelSlopes([0], [0], [1])
    >>> field = np.diag([1.0, -1.0])[np.newaxis]
    >>> eigensystem = m.Eigensystem(field, m.Extremes(1), derivatives={1: field})
    >>> slopes.forward(eigensystem)[0]
    array([[-1.]])
    """

    def __init__(self, columns, states, features):
        self.columns = np.array(columns, np.intp)
        self.states = np.array(states, np.intp)
        self.features = np.array(features, np.intp)
        self._of_features = [
            (int(feature), np.flatnonzero(self.features == feature))
            for feature in np.unique(self.features)
        ]

    def __len__(self):
        return len(self.columns)

    def forward(self, eigensystem):
        """Slopes (n_samples, n_slopes), and what derivatives need.

        The latter are states, and what they become under their operator, both of shape
        (n_samples, n, n_slopes).
        """
        states = eigensystem.selected[:, :, self.states]
        applied = np.empty_like(states)
        for feature, own in self._of_features:
            applied[:, :, own] = eigensystem.derivatives[feature] @ states[:, :, own]
        slopes = np.einsum("sni,sni->si", states.conj(), applied).real
        return slopes, (states, applied)

    def add_cotangents(self, saved, out):
        """Add derivatives by the states, to shape (r, n_outputs, n, n_samples)."""
        _, applied = saved
        for k, state, own in zip(self.columns, self.states, applied.T, strict=True):
            out[state, k] += 2.0 * own

    def add_summed_cotangents(self, saved, cotangents, out):
        """Add those of weighted sums over outputs, to shape (r, n, n_samples)."""
        _, applied = saved
        weighted = 2.0 * cotangents[:, np.newaxis, self.columns] * applied
        for state, own in zip(self.states, weighted.T, strict=True):
            out[state] += own

    def elements(self, eigensystem):
        """The slopes as `Element` tuples, whose observables differ by samples."""
        ones = np.ones(len(eigensystem.values))
        places = zip(self.columns, self.states, self.features, strict=True)
        return [
            Element(int(k), int(i), int(i), eigensystem.derivatives[feature], ones)
            for k, i, feature in places
        ]

    def derivative_terms(self, saved):
        """Derivatives by the operators: projectors, as `DerivativeTerm` tuples."""
        states, _ = saved
        for feature, own in self._of_features:
            vectors = states[:, :, own].swapaxes(1, 2)
            projectors = vectors[..., np.newaxis] * vectors[..., np.newaxis, :].conj()
            yield DerivativeTerm(feature, self.columns[own], projectors)
