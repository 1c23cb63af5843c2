"""Adam on mini-batches, with a cosine schedule and clipped gradients."""

import numpy as np

from ._interruption import interrupted
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


def minimize_adam(
    objective,
    theta,
    progress,
    *,
    batch_size,
    learning_rate,
    n_epochs,
    seed,
    after_epoch=None,
):
    """Minimise a sum over samples with Adam; one iteration is one epoch.

    Parameters
    ----------
    objective : Objective
        Offers ``sampled_gradient(theta, samples)``.
    theta : ndarray of shape (n_parameters,)
        Starting point.
    progress : Progress
        Records the epochs and decides when to stop.
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

    Returns
    -------
    SolverResult
        Its losses are means over the steps of an epoch.

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
    >>> progress = solvers.Progress(tol=0.0, max_iter=40, is_scheduled=True)
    >>> schedule = {"batch_size": 5, "learning_rate": 0.1, "n_epochs": 40, "seed": 0}
    >>> result = solvers.minimize_adam(objective, theta, progress, **schedule)
    >>> result.reason.name, bool(result.loss < 0.1 * objective.value(theta))
    ('COMPLETED', True)
    """
    # One batch tells whether the loss is finite at all.
    first = np.arange(min(batch_size, objective.n_samples))
    reason = progress.start(theta, objective.sampled_gradient(theta, first)[0])
    if progress.memory is None:
        progress.memory = Adam(len(theta)), np.random.RandomState(seed)
    adam, random_state = progress.memory
    n_steps = n_epochs * n_batches(objective.n_samples, batch_size)
    try:
        while reason is None:
            rates = (
                learning_rate * cosine(step / n_steps)
                for step in range(adam.n_steps, n_steps)
            )
            theta, loss = run_epoch(
                objective, theta, adam, batch_size, rates, random_state
            )
            if after_epoch is not None:
                theta = after_epoch(theta, adam, random_state)
            reason = progress.record(theta, loss)
    except KeyboardInterrupt:
        reason = interrupted()
    if reason is StopReason.MAX_ITER and adam.n_steps == n_steps:
        reason = StopReason.COMPLETED
    return progress.result(reason)


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
        if not np.isfinite(value + theta.sum()):
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
