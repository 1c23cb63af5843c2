"""A fitted emulator and a few more data: its training goes on where it ended."""

import copy
from dataclasses import replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from ._base import KEYBOARD
from ._emulator_problems import continued_problem
from ._warnings import warn_caller
from .checks.spectra import SpectrumData, check_spectra, warn_of_disorder
from .solvers import StopReason
from .training import fit, with_posterior

# Root mean squares of residuals: of new data over those of all others, and in standard
# deviations of the targets.
_MUCH_LARGER, _SMALL = 5.0, 1e-3
# In standard deviations of the targets of the fit: squares are numbers.
_LARGEST_TARGET = 1e100


class Conditioning:
    """Method of an emulator that is fitted, for more data."""

    def condition_on(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        y_err: ArrayLike | None = None,
    ) -> Self:
        r"""The emulator after a few more data, without new starts.

        Training goes on from the fitted matrices with all data, those of ``fit`` and
        the new ones: Gauss-Newton steps, damped, until the stopping rule of ``fit``.
        Units, size and prior are kept, so that it takes tens of milliseconds where a
        fit takes seconds, and leads where ``fit`` with ``warm_start=True`` does.  No
        other solution is tried: if the new data need one, a warning says so.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features, in the units of ``fit``.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets, NaN where one was not calculated.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.
        y_err : float or array-like, default=None
            Standard deviations of the targets, if ``fit`` was given some.

        Returns
        -------
        PMMEmulator
            A new estimator, fitted to all data; this one is what it was.  Its
            attributes tell of the last training, of which the members of this one were
            the starts.

        Raises
        ------
        ValueError
            If the data do not fit the model, or those of ``fit`` are not known, as
            after ``from_npz`` or an interruption.

        Warns
        -----
        UserWarning
            If the new data are missed by far more than others.
        ConvergenceWarning
            If training ended before it converged, or was interrupted.

        See Also
        --------
        pmm_sklearn.design.next_points : Where to calculate these data.

        Notes
        -----
        Error bars are those of all data at the new matrices.  The factor by which
        ``fit`` has widened them, for other solutions, is kept, and so is
        `model_error_`: where new data are missed by more than `y_err`, only ``fit``, if
        need be with ``warm_start=True``, estimates errors of the model anew.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMEmulator
        >>> X = np.linspace(-1, 1, 5)[:, np.newaxis]
        >>> emulator = PMMEmulator(3, random_state=0).fit(X, np.cos(X[:, 0]))
        >>> after = emulator.condition_on([[1.5]], [np.cos(1.5)])
        >>> models = emulator, after
        >>> errors = [abs(m.predict([[1.5]])[0] - np.cos(1.5)) for m in models]
        >>> bool(errors[1] < 0.1 * errors[0])
        True
        """
        check_is_fitted(self)
        training = getattr(self, "_training", None)
        if training is None:
            raise ValueError(
                "The data of fit are not known after from_npz, nor after a fit that "
                "was interrupted: call fit with all data, if need be with "
                "warm_start=True, and keep it with skops or joblib.dump."
            )
        data, _ = check_spectra(self, X, y, sample_weight, y_err, reset=False)
        self._check_more(data, training)
        other = copy.copy(self)
        other._go_on(training, data)
        return other

    def _check_more(self, data, training):
        """Raise or warn unless data are like those of ``fit``."""
        if data.y.shape[1] != self.n_outputs_:
            raise ValueError(
                f"y must have {self.n_outputs_} column(s), as in fit, got "
                f"{data.y.shape[1]}: give all targets, NaN where one is not known."
            )
        if len(data.X) == 0:
            raise ValueError("y has nothing but NaN: give at least one value.")
        knew_errors = training["data"][3] is not None
        if knew_errors != (data.error is not None):
            given, instead = ("none", "the errors") if knew_errors else ("some", "none")
            raise ValueError(
                f"y_err must be given here if it was in fit, and only then, got "
                f"{given}: give {instead}, or call fit with all data."
            )
        self._fitted_model().check_reach(data.X)
        model = self._fitted_model()
        outputs = model.pmm.readout.outputs
        warn_of_disorder(data, outputs, len(model.block_sizes))

    def _go_on(self, training, more):
        """Train on with more data, and set the fitted attributes."""
        structure = self._fitted_structure()
        model = structure.model(**self._posterior["arguments"])
        problem = continued_problem(self, training, model, more)
        if np.max(np.abs(problem.objective.y)) > _LARGEST_TARGET:
            raise ValueError(
                f"y is too far from the targets of fit for floating point: it has "
                f"values up to {np.abs(more.y).max():.3g}. Check its units."
            )
        starts = [problem.start_from(parameters) for parameters in self._members()]
        _, plan = self._plan(problem, len(starts), None)
        watcher = self._watcher(problem, None)
        result = fit(problem, starts, plan, watcher)
        if result.best.reason is StopReason.NON_FINITE:
            raise ValueError(f"No model could be fitted: {result.best.reason.value}.")
        # In the order of their weights, which are kept.
        members = sorted(result.members, key=lambda member: member.start)
        result = replace(result, members=members, weights=self.member_weights_)
        result = with_posterior(result, KEYBOARD)
        names = "n_outputs_", "observable_names_", "_single_output", "_structure"
        if hasattr(self, "model_error_"):
            names += ("model_error_",)
        self._set_fit(result, {name: getattr(self, name) for name in names})
        data = SpectrumData(*training["data"]).followed_by(more)
        self._training = {**training, "data": tuple(data)}
        self._report(result, watcher)
        self._warn_if_missed(problem, result, len(more.X))

    def _warn_if_missed(self, problem, result, n_new):
        """Warn if the new data are not as near as others."""
        objective = problem.objective
        outputs = problem.model.predict(
            problem.model.split(result.best.theta), objective.X
        )
        squares = objective.weight * (outputs - objective.y) ** 2
        known = objective.weight > 0
        old, new = (
            np.sqrt(squares[rows].sum() / max(known[rows].sum(), 1))
            for rows in (slice(None, -n_new), slice(-n_new, None))
        )
        least = 1.0 if problem.likelihood.knows_errors else _SMALL
        if new > max(_MUCH_LARGER * old, least):
            warn_caller(
                f"The new data are missed by {new:.2g} standard deviations, those of "
                f"fit by {old:.2g} (root mean squares): the matrices that explain all "
                f"are far from those that were fitted. Call fit with all data.",
                UserWarning,
            )
