"""What all estimators of parametric matrix models have in common."""

from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ._callbacks import CallbackBridge, CallbackSupportMixin
from ._sizes import comparison_of
from ._threads import ThreadMap, single_blas_thread
from ._typing import File, Size
from ._version import __version__
from ._warnings import InconsistentModelWarning, warn_caller
from .checks.data import check_features
from .checks.parameters import check_integer, check_spread
from .fitted import (
    FittedModel,
    PortableModel,
    error_bars_of,
    load_npz,
    once,
    save_npz,
)
from .solvers import (
    EVIDENCE,
    FROM_INTERPOLATION,
    SOLVERS,
    Interruption,
    Schedule,
    StoppingRule,
    StopReason,
)
from .training import (
    EvidenceProblem,
    OnlineTraining,
    Plan,
    Watcher,
    affordable_solver,
    fit_by_turns,
    most_probable,
    with_posterior,
)

# What an evidence has to gain, in units of tol: so much, and so much per observation.
_NATS, _NATS_PER_OBSERVATION = 50.0, 0.1
_LARGEST_SEED = np.iinfo(np.int32).max
# The keyboard belongs to the process: two Ctrl-C in a row end a loop of fits.
KEYBOARD = Interruption()
# Beside the matrices, all that the fitted model depends on.
_MODEL_STATE = (
    *("_structure", "_other_members", "member_weights_", "_posterior"),
    *("_single_output", "feature_names_in_", "_are_logarithms"),
)
# Attributes of a fit by its evidence only.
_OF_EVIDENCE = (
    *("log_evidence_", "noise_", "length_scales_", "n_effective_parameters_"),
    *("gradient_noise_", "evidence_path_", "_variances", "model_error_"),
)
_CALLBACK_STATE = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")


class BasePMM(CallbackSupportMixin, BaseEstimator):
    """Training, fitted state and persistence of all estimators.

    The data flow one way: ``fit`` checks parameters and data, makes a `Problem` of
    them, and gives it to :meth:`_train`, which sets the fitted attributes; ``predict``
    checks features and asks the `FittedModel`.  A class says

    ``_structure_type``
        a class of ``fitted/structures/``: what its model is;
    ``_likelihood``
        an object of ``training/likelihood.py``: what its outputs mean;

    and has the parameters of the training as attributes: `alpha`, `solver`, `max_iter`,
    `tol`, `n_init`, `n_iter_no_change`, `warm_start`, `n_jobs` and `verbose`, and
    perhaps `n_average` (without it one model is trained) and `batch_size` with
    `learning_rate_init` (without them there is no "adam").  Images have a model of
    their own, which no `FittedModel` is made of.
    """

    _structure_type: type
    _likelihood: object
    # Iterations from line to line, with verbose=1.
    _every = 10

    @property
    def members_(self) -> tuple:
        """Matrices of all models that are averaged, the best first.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMRegressor
        >>> rng = np.random.RandomState(0)
        >>> X = np.linspace(-1, 1, 30)[:, np.newaxis]
        >>> y = X[:, 0] ** 2 + 0.1 * rng.standard_normal(30)
        >>> model = PMMRegressor(3, 2, n_init=2, n_average=2, random_state=0).fit(X, y)
        >>> [member.matrices.shape for member in model.members_]
        [(2, 3, 3), (2, 3, 3)]
        """
        check_is_fitted(self)
        return self._members(())

    @property
    def matrix_size_(self) -> Size:
        """Side of the matrices, or the sides of their blocks.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMRegressor
        >>> x = np.linspace(-1, 1, 30)[:, np.newaxis]
        >>> PMMRegressor(3, n_init=1, random_state=0).fit(x, x[:, 0]).matrix_size_
        3
        """
        sizes = self._fitted_structure().block_sizes
        return sizes[0] if len(sizes) == 1 else sizes

    def to_npz(self, file: File) -> None:
        """Write the fitted model to a file of arrays, without pickle.

        Any program that reads NumPy files can use it: arrays have the names of fitted
        attributes, "matrices" for `matrices_`, and "description" is a JSON text.  Where
        features are far from zero, in units of their spread, "matrices_from_origin" are
        for features from which the "origin" of its "structure" has been subtracted.
        Members of an average, error bars and classes are in the file; what training
        told, such as losses, is not.

        Parameters
        ----------
        file : str, path or binary file
            Where to write; ".npz" is appended to a name without it.  A file of that
            name is replaced when the new one is complete, with its permissions; of a
            symbolic link, the file that it points to.

        Raises
        ------
        ValueError
            If matrices are not finite or not Hermitian, as they may be when they have
            been changed, or labels are neither numbers nor texts.
        OSError
            If the file cannot be written; the old one is what it was.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from pmm_sklearn import PMMEmulator
        >>> X = np.linspace(-1, 1, 6)[:, np.newaxis]
        >>> emulator = PMMEmulator(2, random_state=0).fit(X, -np.hypot(1, X[:, 0]))
        >>> file = Path(tempfile.mkdtemp()) / "emulator.npz"
        >>> emulator.to_npz(file)
        >>> with np.load(file) as arrays:
        ...     print(arrays["matrices"].shape)
        (2, 2, 2)
        """
        check_is_fitted(self)
        model = PortableModel(
            estimator=type(self).__name__,
            structure=self._fitted_structure(),
            members=self._members(),
            weights=self.member_weights_,
            n_parameters=self.n_parameters_,
            # Images have no such outputs.
            single_output=getattr(self, "_single_output", False),
            are_logarithms=getattr(self, "_are_logarithms", False),
            feature_names=list(map(str, getattr(self, "feature_names_in_", ()))),
            classes=getattr(self, "classes_", None),
            posterior=self._posterior,
        )
        save_npz(file, model)

    @classmethod
    def from_npz(cls, file: File) -> Self:
        """Estimator from a file that :meth:`to_npz` of the same class has written.

        Files may come from anyone: no code in them is run, and what does not fit
        together is refused before it takes time or memory.

        Parameters
        ----------
        file : str, path or binary file
            What to read.

        Returns
        -------
        estimator
            Predicts like the one that was written, with its error bars.  Parameters
            that the model does not tell, of the training, have their defaults.

        Raises
        ------
        ValueError
            If the file is something else, of another class, or has been changed so
            that its parts do not fit together.
        FileNotFoundError
            If there is no such file.

        Examples
        --------
        >>> import io
        >>> import numpy as np
        >>> from pmm_sklearn import PMMRegressor
        >>> X = np.linspace(-1, 1, 30)[:, np.newaxis]
        >>> model = PMMRegressor(3, n_init=1, random_state=0).fit(X, np.tanh(X[:, 0]))
        >>> file = io.BytesIO()
        >>> model.to_npz(file)
        >>> _ = file.seek(0)
        >>> again = PMMRegressor.from_npz(file)
        >>> expected = model.predict(X, return_std=True)
        >>> np.array_equal(again.predict(X, return_std=True), expected)
        True
        """
        is_classifier = issubclass(cls, ClassifierMixin)
        model = load_npz(file, cls.__name__, cls._structure_type, is_classifier)
        estimator = cls(**model.structure.estimator_parameters())
        vars(estimator).update(model.attributes())
        return estimator

    def _fitted_structure(self):
        return self._structure_type(**self._structure)

    def _members(self, origin=None):
        """Parameters of all models, the best first.

        They are for features that count from a given point, by default from that of the
        fit; an empty one is zero.
        """
        kind = self._structure_type
        others = [kind.parameters(*arrays) for arrays in self._other_members]
        members = (kind.parameters_of(vars(self)), *others)
        if origin is None:
            return members
        structure = self._fitted_structure()
        return tuple(structure.moved(member, origin) for member in members)

    def _fitted_model(self):
        """The fitted model, made once for each fitted state: `FittedModel`."""
        state = vars(self)
        names = (*self._structure_type.attributes, *_MODEL_STATE)
        if "_structure" not in state:
            check_is_fitted(self)
        key = tuple(map(state.get, names))
        return once(self, key, self._make_fitted_model)

    def _make_fitted_model(self):
        structure, weights = self._fitted_structure(), self.member_weights_
        n_parameters = getattr(self, "n_parameters_", None)
        return FittedModel(
            structure.fitted_model(),
            self._members(),
            self._likelihood.combination(weights),
            structure=structure,
            n_features=self.n_features_in_,
            feature_names=getattr(self, "feature_names_in_", None),
            single_output=self._single_output,
            are_logarithms=getattr(self, "_are_logarithms", False),
            make_error_bars=partial(
                error_bars_of, self._posterior, structure, weights, n_parameters
            ),
        )

    def _predict(self, X, return_std, return_cov):
        """Targets, and their standard deviations or covariances if asked for."""
        X = check_features(self, X)
        check_spread(return_std, return_cov)
        threads = ThreadMap(self.n_jobs)
        return self._fitted_model().predict(X, return_std, return_cov, threads)

    def _sample_y(self, X, n_samples, random_state):
        """Draws of the targets."""
        check_integer("n_samples", n_samples, 1)
        X = check_features(self, X)
        random_state = check_random_state(random_state)
        threads = ThreadMap(self.n_jobs)
        return self._fitted_model().sample(X, n_samples, random_state, threads)

    def _starts(self, problem, structure, seeds, n_members, continues):
        """Starting points: random ones, or the fitted ones if the fit goes on."""
        members = []
        if continues:
            structure.check_same(
                self._fitted_structure(), "warm_start=True", "set warm_start=False"
            )
            members = self._members(problem.units.origin)[:n_members]
            seeds = seeds[: n_members - len(members)]
        starts = [problem.start_from(parameters) for parameters in members]
        return starts + [problem.random_start(seed) for seed in seeds]

    def _train(
        self,
        families,
        random_state,
        description,
        given,
        schedule=None,
        continues=False,
    ):
        """Train a problem, and set the fitted attributes: the end of every ``fit``.

        Parameters
        ----------
        families : list of Family
            What is minimised, and what the model is; of several, of growing size, the
            one that promises the largest evidence is trained.
        random_state : numpy.random.RandomState
            Of the starts and the order of samples.
        description : dict
            Fitted attributes that say what the outputs are.
        given : dict
            What callbacks are given: see `CallbackBridge`.
        schedule : Schedule, optional
            Of the solver "adam", by default that of the parameters.
        continues : bool, default=False
            Whether the fitted models are the first starts.

        Returns
        -------
        Fit
        """
        seeds = random_state.randint(_LARGEST_SEED, size=self.n_init + 1)
        probe = partial(self._probe, seeds, continues)
        if self.verbose and (comparison := comparison_of(families)):
            self._watcher(families[0].first()[0], None).tell(comparison)
        choice = most_probable(families, probe, KEYBOARD)
        problem, structure = choice.candidate
        structure = structure.counted_from(problem.units.origin)
        n_members = self._n_members(problem)
        description = {**description, "_structure": dict(vars(structure))}

        def reconstruct(theta):
            return self._attributes_of(problem, [theta], [0.0]) | description

        n_iterations = self.max_iter * n_members
        bridge = CallbackBridge(self, given, n_iterations, reconstruct)
        watcher = self._watcher(problem, bridge)
        starts = self._starts(problem, structure, seeds[:-1], n_members, continues)
        if schedule is None and hasattr(self, "batch_size"):
            schedule = self._schedule(seeds[-1], problem)
        result = self._fit_from(starts, problem, schedule, watcher, choice)
        if result.best.reason is StopReason.NON_FINITE:
            raise ValueError(f"No model could be fitted: {result.best.reason.value}.")
        n_kept = self.n_average if problem.trains_all_starts else None
        result = with_posterior(result, KEYBOARD, n_kept)
        self._set_fit(result, description)
        if choice.trials:
            self.evidence_path_ = [
                (trial.size, float(trial.log_evidence)) for trial in choice.trials
            ]
        bridge.close()
        self._report(result, watcher)
        return result

    def _watcher(self, problem, bridge):
        name, describe = type(self).__name__, problem.describe
        return Watcher(name, int(self.verbose), self._every, describe, bridge, KEYBOARD)

    def _probe(self, seeds, continues, problem, structure):
        """The first iterations of the first starts: `Fit`."""
        seeds = seeds[:-1][: problem.n_probed]
        starts = self._starts(problem, structure, seeds, 1, continues)
        _, plan = self._plan(problem, len(starts), None)
        n_iterations = min(plan.rule.n_iter_screening, self.max_iter)
        plan = replace(plan, rule=replace(plan.rule, max_iter=n_iterations))
        problem = problem.with_threads(ThreadMap(self.n_jobs))
        plans = _in_turn(plan, problem)
        result = fit_by_turns(problem, starts, plans, Watcher(interruption=KEYBOARD))
        side, best = problem.model.primary.side, result.best
        self._watcher(problem, None).tell(
            f"side {side}: {problem.describe(best.loss, best.score)} after "
            f"{best.n_iter} iterations of {len(starts)} starts"
        )
        return result

    def _n_members(self, problem):
        """Largest number of starts that are trained to the end."""
        if problem.trains_all_starts:
            return self.n_init
        number = getattr(self, "n_average", 1)
        if number != "auto":
            return number
        return min(self.n_init, problem.most_members) if _is_evidence(problem) else 1

    def _fit_from(self, starts, problem, schedule, watcher, choice):
        """Train a problem, unless a Ctrl-C has ended its choice: `Fit`."""
        n_members = self._n_members(problem)
        if choice.is_interrupted:
            return choice.fit.interrupted(n_members)
        solver, plan = self._plan(problem, n_members, schedule)
        if self._is_scheduled_by_itself(problem):
            starts = starts[:n_members]
        watcher.tell(problem.summary(solver))
        problem = problem.with_threads(ThreadMap(self.n_jobs))
        plans, screened = _in_turn(plan, problem), choice.screened
        try:
            return fit_by_turns(problem, starts, plans, watcher, screened)
        except KeyboardInterrupt:
            if choice.fit is None:
                raise
            KEYBOARD.reason()
            return choice.fit.interrupted(n_members)

    def _schedule(self, seed, problem=None, after_epoch=None):
        """That of "adam", of no more epochs than are worth it if "auto" chose it."""
        n_epochs = self.max_iter
        if problem is not None and self._is_scheduled_by_itself(problem):
            n_samples, n_steps = problem.objective.n_samples, problem.likelihood.n_steps
            if np.isfinite(n_steps):
                n_epochs = min(n_epochs, -(-n_steps * self.batch_size // n_samples))
        rate = self.learning_rate_init
        return Schedule(self.batch_size, rate, n_epochs, seed, after_epoch)

    def _is_scheduled_by_itself(self, problem):
        """Whether "auto" stands for "adam", with a number of steps of its own."""
        return (
            self.solver == "auto"
            and np.isfinite(problem.likelihood.n_steps)
            and problem.objective.n_samples >= problem.likelihood.many_samples
        )

    def _plan(self, problem, n_members, schedule):
        """Name of the solver, and how it is used."""
        name, likelihood = self.solver, problem.likelihood
        is_evidence = _is_evidence(problem)
        if is_evidence:
            name = "lm"
        elif name == "auto":
            name = affordable_solver(problem.objective, likelihood.many_samples)
        solver, tol = SOLVERS[name], self.tol
        if is_evidence:
            solver = EVIDENCE
            number = problem.objective.n_observed
            tol = tol * (_NATS + _NATS_PER_OBSERVATION * number)
        rule = StoppingRule(
            tol=tol,
            max_iter=schedule.n_epochs if solver.is_scheduled else self.max_iter,
            n_iter_no_change=self.n_iter_no_change,
            n_iter_screening=problem.n_iter_screening,
            is_logarithm=is_evidence,
            is_scheduled=solver.is_scheduled,
        )
        prunes = is_evidence and getattr(self, "n_average", 1) == "auto"
        return name, Plan(solver, rule, schedule, n_members, prunes, self.n_jobs)

    def _attributes_of(self, problem, thetas, scores, posterior=None):
        """Fitted attributes that predictions depend on, for models, best first."""
        kind = self._structure_type
        # As all of the training: rounding depends on the number of threads.
        with single_blas_thread():
            best, *others = (problem.parameters(theta) for theta in thetas)
            told = problem.tells(thetas[0])
        return {
            **kind.state_of(best),
            "_other_members": tuple(map(tuple, others)),
            "member_weights_": problem.weights(scores),
            "n_parameters_": len(thetas) * problem.model.n_parameters,
            "_posterior": posterior,
            **told,
        }

    def _set_fit(self, result, description):
        """Write all attributes that a fit leaves."""
        best, posterior = result.best, result.posterior
        if posterior is not None and "members" in posterior:
            structure = self._structure_type(**description["_structure"])
            arguments = structure.training_arguments(result.problem.model)
            posterior = {**posterior, "arguments": arguments}
        thetas = [member.theta for member in result.members]
        scores = [member.score for member in result.members]
        for name in ("_online", *_OF_EVIDENCE):
            vars(self).pop(name, None)
        weights = {} if result.weights is None else {"member_weights_": result.weights}
        vars(self).update(
            **self._attributes_of(result.problem, thetas, scores, posterior)
            | weights
            | description,
            alpha_=result.alpha,
            loss_=float(best.loss),
            loss_curve_=[float(loss) for loss in best.loss_curve],
            validation_loss_curve_=[float(loss) for loss in best.validation_curve],
            n_iter_=max(best.n_iter, 1),
            start_losses_=np.array(result.start_losses),
            start_loss_curves_=[
                [float(loss) for loss in start.loss_curve] for start in result.starts
            ],
            member_starts_=np.array([member.start for member in result.members]),
            stop_reason_=result.decisive.reason.name.lower(),
        )

    def _check_goes_on(self, structure):
        """Raise unless ``partial_fit`` can go on with the fitted model, if any."""
        if hasattr(self, "_structure"):
            known = self._fitted_structure()
            structure.check_same(known, "partial_fit", "call fit first")

    def _units_of_stream(self):
        """Units of the first batch, None before it."""
        online = getattr(self, "_online", None)
        return online[0].units if online else None

    def _train_epoch(self, problem, structure, description):
        """One epoch of Adam on a batch, and the fitted attributes after it.

        Parameters
        ----------
        problem : Problem
            That of the batch, in the units of the first one.
        structure : Structure
            What the model is.
        description : dict
            Fitted attributes that say what the outputs are.
        """
        states = getattr(self, "_online", None) or self._first_states(problem)
        steps = self.batch_size, self.learning_rate_init
        states, losses = zip(
            *(state.after_epoch(problem.objective, *steps) for state in states),
            strict=True,
        )
        thetas = [state.theta for state in states]
        vars(self).update(
            **self._attributes_of(problem, thetas, losses) | description,
            _structure=dict(vars(structure.counted_from(problem.units.origin))),
            _online=states,
            alpha_=float(problem.objective.alpha(thetas[0])),
            n_iter_=getattr(self, "n_iter_", 0) + 1,
            loss_=losses[0],
            loss_curve_=[*getattr(self, "loss_curve_", []), losses[0]],
        )

    def _first_states(self, problem):
        """Of new models, or of those that ``fit`` has left."""
        random_state = check_random_state(self.random_state)
        origin = problem.units.origin
        members = self._members(origin) if hasattr(self, "_structure") else ()
        n_states = len(members) or self._n_members(problem)
        seeds = random_state.randint(_LARGEST_SEED, size=(n_states, 2))
        if members:
            thetas = [problem.start_from(parameters) for parameters in members]
        else:
            thetas = [problem.random_start(seed) for seed in seeds[:, 0]]
        return [
            OnlineTraining(problem.units, theta, seed)
            for theta, seed in zip(thetas, seeds[:, 1], strict=True)
        ]

    def _report(self, result, watcher):
        """Say how training ended, with a warning if it should not have."""
        last = result.decisive
        watcher.tell(f"stopped after {last.n_iter} iterations: {last.reason.value}")
        is_enough = last.reason.converged or (
            last.reason is StopReason.MAX_ITER and result.problem.is_accurate(last)
        )
        if not is_enough:
            loss = result.problem.describe(last.loss, last.loss)
            warn_caller(
                f"{type(self).__name__} stopped after {last.n_iter} iterations with "
                f"{loss}: {last.reason.value}.",
                ConvergenceWarning,
            )

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


def _in_turn(plan, problem):
    """How starts are trained, one after the other.

    A penalty that follows the residuals may find the better solution before or after
    least squares have found theirs: every other start tries the one.
    """
    plans = [plan]
    if problem.has_two_ways and plan.solver is SOLVERS["lm"]:
        plans.append(replace(plan, solver=FROM_INTERPOLATION))
    return plans


def _is_evidence(problem):
    return isinstance(problem, EvidenceProblem)


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
