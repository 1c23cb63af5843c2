"""Strength functions of a fitted emulator: at any energies, and their poles."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from ._threads import single_blas_thread
from .checks.data import check_features
from .targets import Strength


class StrengthPoles(NamedTuple):
    r"""What a strength function is made of.

    Attributes
    ----------
    levels : ndarray of shape (n_samples, n_levels)
        Energies of the peaks.
    strengths : ndarray of shape (n_samples, n_levels)
        Their integrals, :math:`|v^\dagger v_n|^2`.
    widths : ndarray of shape (n_samples,)
        Width of all peaks of a sample.
    """

    levels: np.ndarray
    strengths: np.ndarray
    widths: np.ndarray


class StrengthMethods:
    """Methods of an emulator that has `Strength` among its targets."""

    def strength(
        self, X: ArrayLike, name: str, energies: ArrayLike | None = None
    ) -> np.ndarray:
        """A strength function at any energies.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        name : str
            Name of a `Strength` among the targets.
        energies : array-like of shape (n_energies,), default=None
            Energies, ascending; None means those of the target.

        Returns
        -------
        ndarray of shape (n_samples, n_energies)
            The curve of each sample, the mean of all members.

        Raises
        ------
        ValueError
            If no target has this name, or an argument is not usable.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMEmulator
        >>> from pmm_sklearn.targets import Strength
        >>> X, energies = np.linspace(-1, 1, 7)[:, np.newaxis], np.linspace(-4, 4, 33)
        >>> peaks = [-np.hypot(1, X), np.hypot(1, X)]  # each of strength 1/2
        >>> curves = sum(0.5 / np.pi / ((energies - peak) ** 2 + 1) for peak in peaks)
        >>> target = Strength("spin", energies, width=1.0)
        >>> emulator = PMMEmulator(2, targets=[target], alpha=0.0, n_init=2)
        >>> _ = emulator.fit(X, curves)
        >>> emulator.strength([[0.0]], "spin", [1.0]).round(3)  # (1 + 1/5) / 2 pi
        array([[0.191]])
        """
        target = self._strength(name)
        if energies is None:
            energies = target.energies
        else:
            energies = Strength(name, energies).energies
        X = check_features(self, X)
        model = self._fitted_model()
        curves = np.zeros((len(X), len(energies)))
        with single_blas_thread():
            for weight, member in zip(self.member_weights_, model.members, strict=True):
                for rows, found in _passes(model.pmm, member, X):
                    curve = model.pmm.readout.curve(name, energies)
                    curves[rows] += weight * curve.value(found.point)
        return curves

    def strength_poles(self, X: ArrayLike, name: str) -> StrengthPoles:
        """Levels, strengths and width that a strength function is made of.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        name : str
            Name of a `Strength` among the targets.

        Returns
        -------
        StrengthPoles
            ``(levels, strengths, widths)`` of the best member.

        Raises
        ------
        ValueError
            If no target has this name.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMEmulator
        >>> from pmm_sklearn.targets import Strength
        >>> X, energies = np.linspace(-1, 1, 7)[:, np.newaxis], np.linspace(-4, 4, 33)
        >>> peaks = [-np.hypot(1, X), np.hypot(1, X)]  # each of strength 1/2
        >>> curves = sum(0.5 / np.pi / ((energies - peak) ** 2 + 1) for peak in peaks)
        >>> target = Strength("spin", energies, width=1.0)
        >>> emulator = PMMEmulator(2, targets=[target], alpha=0.0, n_init=2)
        >>> poles = emulator.fit(X, curves).strength_poles([[0.0]], "spin")
        >>> poles.levels.round(3), poles.strengths.round(3)
        (array([[-1.,  1.]]), array([[0.5, 0.5]]))
        """
        self._strength(name)
        X = check_features(self, X)
        model = self._fitted_model()
        part = model.pmm.readout.strengths[name]
        n_levels = len(part.levels)
        poles = StrengthPoles(
            np.empty((len(X), n_levels)),
            np.empty((len(X), n_levels)),
            np.empty(len(X)),
        )
        with single_blas_thread():
            for rows, found in _passes(model.pmm, model.members[0], X):
                columns, widths = found.point
                poles.levels[rows] = columns[:, part.levels]
                poles.strengths[rows] = columns[:, part.strengths]
                is_learned = isinstance(part.width, int)
                poles.widths[rows] = widths[:, part.width] if is_learned else part.width
        return poles

    def _strength(self, name):
        """The target of a name."""
        check_is_fitted(self)
        known = [t for t in self.targets_ if isinstance(t, Strength)]
        for target in known:
            if target.name == name:
                return target
        names = ", ".join(repr(target.name) for target in known) or "none"
        raise ValueError(
            f"name must be that of a Strength among the targets ({names}), got "
            f"{name!r}: correct it, or add the target and call fit."
        )


def _passes(pmm, member, X):
    """Columns of a spectrum in chunks of samples, with their rows."""
    for rows in pmm.prediction_chunks(len(X)):
        system, _ = pmm.eigensystem(member.matrices, pmm.inputs(X[rows]))
        yield rows, pmm.readout.pass_of(system, *member[1:])
