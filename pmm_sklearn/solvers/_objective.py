"""What solvers ask of an objective."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class QuadraticModel(Protocol):
    """An objective near a point, to second order.

    Attributes
    ----------
    scale : float
        Mean curvature, by which solvers measure damping.

    Examples
    --------
    >>> import numpy as np
    >>> class Parabola:
    ...     "That of x^2, halved, at 3."
    ...
    ...     scale = 1.0
    ...
    ...     def step(self, damping):
    ...         return np.array([-3.0 / (1.0 + damping)])
    >>> float(Parabola().step(0.5)[0])
    -2.0
    """

    scale: float

    def step(self, damping):
        """Where the model, with a multiple of the squared step added, is least.

        Parameters
        ----------
        damping : float
            The multiple, not negative.

        Raises
        ------
        numpy.linalg.LinAlgError
            If it is too small for a unique step; a larger one is tried then.

        Returns
        -------
        ndarray of shape (n_parameters,)
        """


@runtime_checkable
class ObjectiveProtocol(Protocol):
    """What solvers minimise.  Each needs only what its `Solver` names.

    Methods may raise `numpy.linalg.LinAlgError` at parameters that are too large.

    Attributes
    ----------
    n_samples : int
        Number of samples that the objective is a sum over.
    total_weight : float
        Sum of their weights, by which the objective is a mean.

    Examples
    --------
    Anything that has them will do:

    >>> import numpy as np
    >>> from pmm_sklearn import solvers
    >>> class Sphere:
    ...     def value(self, theta):
    ...         return theta @ theta
    ...
    ...     def value_and_gradient(self, theta):
    ...         return theta @ theta, 2 * theta
    >>> progress = solvers.Progress(solvers.StoppingRule(tol=0.0, max_iter=20))
    >>> solvers.minimize_lbfgs(Sphere(), np.ones(2), progress).theta.round(6)
    array([0., 0.])
    """

    n_samples: int
    total_weight: float

    def value(self, theta):
        """Value of the objective, a float; infinity and NaN are no minimum."""

    def value_and_gradient(self, theta):
        """Its value and its gradient, of shape (n_parameters,)."""

    def quadratic_model(self, theta):
        """`QuadraticModel` around a point, from a matrix."""

    def matrix_free_model(self, theta):
        """`QuadraticModel` around a point, from products with vectors."""

    def sampled_gradient(self, theta, samples):
        """Estimates of value and gradient from some of the samples.

        Parameters
        ----------
        theta : ndarray of shape (n_parameters,)
            Parameters.
        samples : ndarray of int
            Which samples; they stand for all of them.

        Returns
        -------
        value : float
        gradient : ndarray of shape (n_parameters,)
        """
