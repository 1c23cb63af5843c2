"""What all estimators of parametric matrix models have in common."""

from contextlib import contextmanager
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from ._callbacks import CallbackBridge, CallbackSupportMixin
from ._mean_model import MeanModel
from ._online import OnlineTraining
from ._starts import train
from ._threads import ThreadMap
from ._validation import (
    check_eigensolver,
    check_flag,
    check_integer,
    check_n_jobs,
    check_number,
    check_option,
)
from ._version import __version__
from ._warnings import InconsistentModelWarning, warn_caller
from .model import Parameters
from .solvers import SOLVERS, StopReason

# Root mean square of the residuals, in standard deviations of the targets, that is
# as good as none: rounding errors of eigenvectors are not far below.
_NEGLIGIBLE_RESIDUAL = 1e-12
# One that leaves nothing to warn of where max_iter ends the training.
_SMALL_RESIDUAL = 1e-4
# Arguments of the model that estimators have by another name.
_NAMES_GIVEN = {"block_sizes": "matrix_size"}
_CALLBACK_STATE = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")
# The time of a Levenberg-Marquardt step grows with the cube of this number.
_LARGEST_DENSE_SYSTEM = 2000
# Numbers in the Jacobian that is held where residuals are few: 400 MB.
_LARGEST_JACOBIAN = 50_000_000


class BasePMM(CallbackSupportMixin, BaseEstimator):
    """Parameters, training and persistence common to all estimators."""

    _solvers = tuple(SOLVERS)
    # Number of models whose outputs are averaged.
    _n_members = 1
    # Number of trainings to the end, for callbacks.
    _n_fits = 1
    # Attributes of an estimator with a single one, whatever was fitted before.
    _no_other_members: ClassVar = {}
    # Iterations from line to line, with verbose=1.
    _lines_every = 10

    def _check_training_parameters(self):
        """Validate the hyper-parameters of the training."""
        if isinstance(self.alpha, str):
            if self.alpha != "auto":
                raise ValueError(
                    f"alpha must be a number or 'auto', got {self.alpha!r}."
                )
        else:
            check_number("alpha", self.alpha, 0)
        check_option("solver", self.solver, ("auto", *self._solvers))
        check_integer("max_iter", self.max_iter, 1)
        check_number("tol", self.tol, 0)
        check_integer("n_init", self.n_init, 1)
        check_integer("n_iter_no_change", self.n_iter_no_change, 1)
        check_flag("warm_start", self.warm_start)
        check_n_jobs(self.n_jobs)
        check_eigensolver(self.eigensolver)
        if not isinstance(self.verbose, (bool, np.bool_)):
            check_integer("verbose", self.verbose, 0)

    def _starts(self, problem, random_state, structure):
        """Starting points: random ones, or the fitted ones for a warm start."""
        members = []
        n_random = self.n_init
        if self.warm_start and hasattr(self, "_structure"):
            self._check_structure(structure, "warm_start=True", "set warm_start=False")
            members = self._members()[: self._n_members]
            n_random = self._n_members - len(members)
        seeds = random_state.randint(np.iinfo(np.int32).max, size=n_random)
        starts = [problem.start_from(parameters) for parameters in members]
        return starts + [problem.random_start(seed) for seed in seeds]

    def _check_structure(self, structure, cause, alternative):
        """Raise unless the fitted model, which is to be continued, has it."""
        for name, value in structure.items():
            if name != "eigensolver" and self._structure[name] != value:
                name_given = _NAMES_GIVEN.get(name, name)
                raise ValueError(
                    f"{cause} continues the fitted model, which has {name_given}="
                    f"{self._structure[name]!r}, got {value!r}: keep the structure, "
                    f"or {alternative}."
                )

    def _fitted_parameters(self):
        intercept = getattr(self, "intercept_", np.empty(0))
        return Parameters(self.matrices_, self.observables_, intercept)

    def _members(self):
        """Parameters of all models whose outputs are averaged, the best first."""
        return [self._fitted_parameters()]

    def _mean_model(self):
        """The fitted model, for predictions."""
        return MeanModel(self._fitted_model(), self._members())

    def _optimise(self, problem, starts, hook_data, outputs, seed=None):
        """Minimise from the starts and set the fitted attributes.

        Parameters
        ----------
        problem : TrainingProblem
            What is minimised.
        starts : list of ndarray of shape (n_parameters,)
            Starting points.
        hook_data : dict
            What callbacks are given: see `CallbackBridge`.
        outputs : dict
            Fitted attributes that describe the outputs.
        seed : int, optional
            Of the solver, if it is a random one.
        """

        def fitted(theta):
            return {**problem.attributes(theta), **outputs, **self._no_other_members}

        bridge = CallbackBridge(self, hook_data, self._n_fits * self.max_iter, fitted)
        self._show_problem(problem.objective)
        training = self._train(problem, starts, bridge, seed, self._n_members)
        results, best = training.results, training.results[0]
        if best.reason is StopReason.NON_FINITE:
            raise ValueError(f"No model could be fitted: {best.reason.value}.")
        vars(self).update(fitted(best.theta))
        self.n_parameters_ = len(results) * problem.model.n_parameters
        self._set_training_attributes(problem, training)
        scores = [result.score for result in results]
        thetas = [result.theta for result in results]
        self._set_members(problem, thetas, scores)
        self._set_posterior(problem, thetas)
        bridge.close()
        # Of several models one that has not converged is worth a warning.
        last = next((r for r in results if not r.reason.converged), best)
        self.stop_reason_ = last.reason.name.lower()
        self._report(last, problem.objective)

    def _set_members(self, problem, thetas, losses):
        """Set the attributes of several models, for estimators that have them."""

    def _set_posterior(self, problem, thetas):
        """Keep what error bars need, for estimators that have them."""

    def _fit_epoch(self, problem, attributes):
        """One epoch of Adam on a batch, and the fitted attributes after it.

        Parameters
        ----------
        problem : TrainingProblem or ImageProblem
            That of the batch.
        attributes : dict
            Fitted attributes that describe the outputs.
        """
        online = getattr(self, "_online", None) or self._first_states(problem)
        steps = self.batch_size, self.learning_rate_init
        online, losses = zip(
            *(state.after_epoch(problem.objective, *steps) for state in online),
            strict=True,
        )
        thetas = [state.theta for state in online]
        vars(self).update(
            **problem.attributes(thetas[0]),
            **attributes,
            _online=online,
            n_parameters_=len(thetas) * problem.model.n_parameters,
            alpha_=float(problem.objective.alpha(thetas[0])),
            n_iter_=getattr(self, "n_iter_", 0) + 1,
            loss_=losses[0],
            loss_curve_=[*getattr(self, "loss_curve_", []), losses[0]],
        )
        self._set_members(problem, thetas, losses)

    def _first_states(self, problem):
        """Of new models, or of those that ``fit`` has left."""
        random_state = check_random_state(self.random_state)
        members = self._members() if hasattr(self, "_structure") else []
        n_states = len(members) or self._n_members
        seeds = random_state.randint(np.iinfo(np.int32).max, size=(n_states, 2))
        if members:
            thetas = [problem.start_from(parameters) for parameters in members]
        else:
            thetas = [problem.random_start(seed) for seed in seeds[:, 0]]
        return [
            OnlineTraining(problem.scaling, theta, seed)
            for theta, seed in zip(thetas, seeds[:, 1], strict=True)
        ]

    def _check_online_parameters(self):
        """Validate the hyper-parameters for ``partial_fit``."""
        self._check_parameters()
        if self.early_stopping:
            raise ValueError(
                "early_stopping=True needs all samples at once, got a call of "
                "partial_fit: set early_stopping=False, or call fit."
            )

    def _train(self, problem, starts, bridge, seed, n_kept, previous=None):
        """Compare the starts and train the best; shows the progress.

        Parameters
        ----------
        problem, starts, bridge, seed
            As for :meth:`_optimise`.
        n_kept : int
            Number of starts that are trained to the end.
        previous : Training, optional
            To be continued.

        Returns
        -------
        Training
        """

        def name(number):
            return f"start {number}/{len(starts)}"

        def on_start(number, result):
            self._show_start(name(number), result)

        def on_screening(number, n_iter, theta, loss, score):
            self._show_iteration(f"{name(number)}   ", n_iter, loss, score)

        def on_iteration(number, n_iter, theta, loss, score):
            member = f"member {number}/{n_kept}   " if n_kept > 1 else ""
            self._show_iteration(member, n_iter, loss, score)
            return bridge.on_iteration(theta)

        problem.objective.threads = ThreadMap(self.n_jobs)
        solver = self._choose_solver(problem.objective)
        return train(
            problem.objective,
            starts,
            self._minimiser(solver, problem.model, seed),
            {
                "tol": self.tol,
                "max_iter": self.max_iter,
                "floor": self._negligible_loss(problem.objective),
                "n_iter_no_change": self.n_iter_no_change,
                "validation_loss": problem.validation_loss,
                "is_scheduled": solver == "adam",
            },
            n_kept=n_kept,
            previous=previous,
            n_jobs=self.n_jobs,
            is_watched=bridge.active,
            on_start=on_start,
            on_screening=on_screening,
            on_iteration=on_iteration,
        )

    def _set_training_attributes(self, problem, training):
        result = training.results[0]
        self._member_starts = [member.start for member in training.results]
        self.start_losses_ = np.array(training.start_losses)
        curves = [start.loss_curve for start in training.latest]
        self.start_loss_curves_ = [[float(x) for x in curve] for curve in curves]
        self.n_iter_ = max(result.n_iter, 1)
        self.alpha_ = float(problem.objective.alpha(result.theta))
        self.loss_ = float(result.loss)
        self.loss_curve_ = [float(loss) for loss in result.loss_curve]
        self.validation_loss_curve_ = [float(loss) for loss in result.validation_curve]

    def _negligible_loss(self, objective):
        """Loss that ends the training; with ``tol=0`` only none at all does."""
        if self.tol == 0:
            return 0.0
        return _NEGLIGIBLE_RESIDUAL**2 * loss_of_means(objective)

    def _choose_solver(self, objective):
        if self.solver != "auto":
            return self.solver
        system = min(objective.n_parameters, objective.n_residuals)
        numbers = system * objective.n_parameters
        is_affordable = system <= _LARGEST_DENSE_SYSTEM and numbers <= _LARGEST_JACOBIAN
        return "lm" if is_affordable else "lbfgs"

    def _minimiser(self, solver, model, seed):
        """Function of objective, start and progress that minimises."""
        return SOLVERS[solver]

    def _report(self, result, objective):
        if self.verbose:
            self._print(
                f"stopped after {result.n_iter} iterations: {result.reason.value}"
            )
        is_accurate = result.reason is StopReason.MAX_ITER and (
            result.loss <= _SMALL_RESIDUAL**2 * loss_of_means(objective)
        )
        if not (result.reason.converged or is_accurate):
            warn_caller(
                f"{type(self).__name__} stopped after {result.n_iter} iterations with "
                f"loss {result.loss:.4g}: {result.reason.value}.",
                ConvergenceWarning,
            )

    def _show_problem(self, objective):
        if self.verbose:
            self._print(
                f"{len(objective.y)} samples, {objective.n_parameters} parameters, "
                f"{objective.n_residuals} residuals, "
                f"solver {self._choose_solver(objective)!r}"
            )

    def _show_start(self, start, result):
        if self.verbose:
            self._print(
                f"{start} after {result.n_iter} iterations   loss {result.score:.6e}"
            )

    def _show_iteration(self, start, n_iter, loss, score):
        if self.verbose > 1 or (self.verbose and n_iter % self._lines_every == 0):
            text = self._progress_text(loss, score)
            self._print(f"{start}iteration {n_iter:4d}   {text}")

    def _progress_text(self, loss, score):
        """Loss, and whatever tells how good the model is on validation data."""
        validation = f"   validation loss {score:.6e}" if score != loss else ""
        return f"loss {loss:.6e}{validation}"

    def _print(self, text):
        print(f"[{type(self).__name__}] {text}", flush=True)

    def __getstate__(self):
        return {**super().__getstate__(), "_pmm_sklearn_version": __version__}

    def __setstate__(self, state):
        state = dict(state)
        version = state.pop("_pmm_sklearn_version", None)
        if version != __version__:
            warn_caller(
                InconsistentModelWarning(
                    estimator_name=type(self).__name__,
                    current_sklearn_version=__version__,
                    original_sklearn_version=version,
                )
            )
        super().__setstate__(state)


def loss_of_means(objective):
    """Loss of a model without matrices, whose outputs are the means of the targets."""
    return objective.value(np.zeros(objective.n_parameters))


@contextmanager
def fitted_state_kept_on_error(estimator):
    """Restore everything that the block has learned if it raises.

    What callbacks need to end the fit stays: `with_callbacks` looks for it later.
    """
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        during = vars(estimator)
        kept = {k: during[k] for k in _CALLBACK_STATE if k in during}
        during.clear()
        during.update({**before, **kept})
        raise
