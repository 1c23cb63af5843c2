"""Adam on mini-batches, with a cosine schedule and clipped gradients."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ._overflow import or_infinity
from ._result import StopReason

_DECAY = 0.9, 0.999
_EPSILON = 1e-8
_LARGEST_GRADIENT = 1.0


class Adam:
    """Running moments of the gradient, and the steps they suggest.

    Parameters
    ----------
    n_parameters : int
        Number of parameters.

    Attributes
    ----------
    first, second : ndarray of shape (n_parameters,)
        Running means of the gradient and of its square.
    n_steps : int
        Number of steps so far.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.solvers import Adam
    >>> Adam(2).step(np.array([4.0, -0.1]), learning_rate=0.5).round(6)
    array([-0.5,  0.5])
    """

    def __init__(self, n_parameters):
        self.first = np.zeros(n_parameters)
        self.second = np.zeros(n_parameters)
        self.n_steps = 0

    def step(self, gradient, learning_rate):
        """What to add to the parameters; long gradients are clipped."""
        norm = np.sqrt(gradient @ gradient)
        if norm > _LARGEST_GRADIENT:
            gradient = gradient * (_LARGEST_GRADIENT / norm)
        self.n_steps += 1
        self.first += (1.0 - _DECAY[0]) * (gradient - self.first)
        self.second += (1.0 - _DECAY[1]) * (gradient**2 - self.second)
        mean = self.first / (1.0 - _DECAY[0] ** self.n_steps)
        spread = np.sqrt(self.second / (1.0 - _DECAY[1] ** self.n_steps))
        return -learning_rate * mean / (spread + _EPSILON)


@dataclass(frozen=True)
class Schedule:
    """Epochs of Adam whose steps become smaller and smaller.

    Attributes
    ----------
    batch_size : int
        Number of samples of a step.
    learning_rate : float
        That of the first step; it falls to zero like a cosine.
    n_epochs : int
        Length of the schedule.
    seed : int
        Of the order of the samples.
    after_epoch : callable, optional
        ``after_epoch(theta, adam, random_state)`` returns the parameters to go on
        with, and may change the moments.

    Examples
    --------
    >>> from pmm_sklearn.solvers import Schedule
    >>> schedule = Schedule(batch_size=4, learning_rate=0.1, n_epochs=2, seed=0)
    >>> schedule.n_steps(n_samples=10)
    6
    >>> [round(float(schedule.rate(step, 10)), 3) for step in range(6)]
    [0.1, 0.093, 0.075, 0.05, 0.025, 0.007]
    """

    batch_size: int
    learning_rate: float
    n_epochs: int
    seed: int
    after_epoch: Callable | None = None

    def n_steps(self, n_samples):
        """Number of steps of all epochs."""
        return self.n_epochs * n_batches(n_samples, self.batch_size)

    def rate(self, step, n_samples):
        """Learning rate of a step, the first being 0."""
        return self.learning_rate * cosine(step / self.n_steps(n_samples))


def minimize_adam(objective, theta, progress, schedule):
    """Minimise a sum over samples with Adam; one iteration is one epoch.

    An epoch that is interrupted counts for nothing: the result is that of the ones
    before.

    Parameters
    ----------
    objective : ObjectiveProtocol
        Offers ``sampled_gradient(theta, samples)``, ``n_samples`` and
        ``total_weight``.
    theta : ndarray of shape (n_parameters,)
        Starting point.
    progress : Progress
        Records the epochs and decides when to stop.
    schedule : Schedule
        What the epochs are.

    Returns
    -------
    SolverResult
        Its losses are means over the steps of an epoch.

    Raises
    ------
    ValueError
        If steps were so long that the loss is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> from pmm_sklearn import solvers
    >>> X = np.linspace(-1, 1, 10)[:, np.newaxis]
    >>> pmm = m.observable_pmm(1, 1, (2,), 1)
    >>> data = X, X**2, np.ones((10, 1))
    >>> objective = m.Objective(pmm, m.SquaredError(), *data, m.RidgePenalty(1e-6))
    >>> theta = pmm.initial(np.random.RandomState(0))
    >>> rule = solvers.StoppingRule(tol=0.0, max_iter=40, is_scheduled=True)
    >>> schedule = solvers.Schedule(5, learning_rate=0.1, n_epochs=40, seed=0)
    >>> progress = solvers.Progress(rule)
    >>> result = solvers.minimize_adam(objective, theta, progress, schedule)
    >>> result.reason.name, bool(result.loss < 0.1 * objective.value(theta))
    ('COMPLETED', True)
    """
    memory = progress.memory
    if memory is None:
        memory = Adam(len(theta)), np.random.RandomState(schedule.seed)
    n_steps = schedule.n_steps(objective.n_samples)
    try:
        loss = _loss_at_start(
            objective, theta, schedule.batch_size, progress.rule.floor
        )
        reason = progress.start(theta, loss)
        while reason is None and memory[0].n_steps < n_steps:
            # The results of earlier epochs keep theirs.
            memory = copy.deepcopy(memory)
            theta, loss = _scheduled_epoch(objective, theta, schedule, *memory)
            reason = progress.record(theta, loss, memory)
    except KeyboardInterrupt:
        reason = progress.interrupted()
    if reason in (None, StopReason.MAX_ITER) and memory[0].n_steps >= n_steps:
        reason = StopReason.COMPLETED
    return progress.result(reason)


def _loss_at_start(objective, theta, batch_size, floor):
    """Loss of a batch, which tells whether it is finite, and not zero everywhere."""

    def loss_of(batch):
        return objective.sampled_gradient(theta, batch)[0]

    samples = np.arange(objective.n_samples)
    for start in range(0, objective.n_samples, batch_size):
        loss = or_infinity(loss_of, samples[start : start + batch_size])
        if not loss <= floor:
            break
    return loss


def _scheduled_epoch(objective, theta, schedule, adam, random_state):
    """Parameters after an epoch, and its loss."""
    n_samples = objective.n_samples
    steps = range(adam.n_steps, schedule.n_steps(n_samples))
    rates = (schedule.rate(step, n_samples) for step in steps)
    theta, loss = run_epoch(
        objective, theta, adam, schedule.batch_size, rates, random_state
    )
    if schedule.after_epoch is not None:
        theta = schedule.after_epoch(theta, adam, random_state)
    return theta, loss


# In standardised units; beyond, powers of matrices leave floating point.
_LARGEST_PARAMETER = 1e50


def run_epoch(objective, theta, adam, batch_size, rates, random_state):
    """One step for each batch of all samples in random order.

    Parameters
    ----------
    objective, theta, batch_size
        As for :func:`minimize_adam`.
    adam : Adam
        Its moments are updated.
    rates : iterator of float
        Learning rate of each step.
    random_state : numpy.random.RandomState
        Of the order.

    Returns
    -------
    theta : ndarray of shape (n_parameters,)
        New parameters.
    loss : float
        Mean over the steps of the objective, estimated before each.

    Raises
    ------
    ValueError
        If steps were so long that the loss is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> from pmm_sklearn import solvers
    >>> X = np.linspace(-1, 1, 10)[:, np.newaxis]
    >>> pmm = m.observable_pmm(1, 1, (2,), 1)
    >>> data = X, X**2, np.ones((10, 1))
    >>> objective = m.Objective(pmm, m.SquaredError(), *data, m.RidgePenalty(1e-6))
    >>> theta = pmm.initial(np.random.RandomState(0))
    >>> adam, rng = solvers.Adam(len(theta)), np.random.RandomState(0)
    >>> rates = [0.01, 0.01]
    >>> following, loss = solvers.run_epoch(objective, theta, adam, 5, rates, rng)
    >>> adam.n_steps, bool(objective.value(following) < objective.value(theta))
    (2, True)
    """
    order = random_state.permutation(objective.n_samples)
    batches = np.array_split(order, n_batches(objective.n_samples, batch_size))
    total = 0.0
    for batch, rate in zip(batches, rates, strict=False):
        try:
            value, gradient = objective.sampled_gradient(theta, np.sort(batch))
        except np.linalg.LinAlgError:
            # Matrices with infinite elements have no eigenvectors.
            raise _too_long(rate) from None
        theta = theta + adam.step(gradient / objective.total_weight, rate)
        if not (np.isfinite(value) and np.max(np.abs(theta)) < _LARGEST_PARAMETER):
            raise _too_long(rate)
        total += value
    return theta, total / len(batches)


def _too_long(rate):
    """What to raise where steps have left the range of floating point."""
    return ValueError(
        f"The loss is not finite any more, with a learning rate of {rate:.3g}: reduce "
        f"learning_rate_init, or look for extreme values in X and sample_weight."
    )


def n_batches(n_samples, batch_size):
    """Number of batches of nearly equal size, none larger than asked for."""
    return -(-n_samples // batch_size)


def cosine(fraction):
    """Factor of the learning rate after a fraction of the schedule."""
    return 0.5 * (1.0 + np.cos(np.pi * fraction))
