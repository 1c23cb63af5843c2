"""Coordinates of observables that each output has of its own, and of intercepts."""

from abc import ABC, abstractmethod

import numpy as np


class OwnObservables(ABC):
    """What stations have in common whose outputs have observables of their own.

    Abstract: a subclass adds the formula of the outputs, and has these attributes.

    Attributes
    ----------
    n_outputs, n_observables : int
        Numbers of outputs, and of observables of each.
    space : Space
        Where the observables are learned.
    degree : int
        Outputs are homogeneous functions of the observables, of this degree.
    """

    # They see eigenstates only.
    slope_features = ()

    @staticmethod
    def derivative_terms(saved):
        """No gradients by derivatives of the primary matrix."""
        return []

    @property
    def size(self):
        """Number of real parameters; the intercepts are the last of them."""
        return self.n_outputs * (self.n_features + 1)

    @property
    def n_intercepts(self):
        """Number of parameters that are not penalised: one for each output."""
        return self.n_outputs

    @property
    def is_linear(self):
        """Whether outputs are linear in the coordinates of the observables."""
        return self.degree == self.space.degree == 1

    @property
    def n_features(self):
        """Number of coordinates of the observables of one output."""
        return self.n_observables * self.space.size

    def split(self, theta):
        """Observables and intercepts from a vector of coordinates."""
        coordinates, intercept = self._parts(theta)
        return self.space.matrices(coordinates), intercept.copy()

    def join(self, observables, intercept):
        """Vector of coordinates, of the nearest observables that can be learned."""
        return np.concatenate([self.space.coordinates(observables).ravel(), intercept])

    def initial(self, random_state):
        """Observables as large as standard normal ones, and intercepts of zero."""
        theta = random_state.standard_normal(self.size)
        theta *= self.space.start_scale
        theta[-self.n_intercepts :] = 0.0
        return theta

    def silence(self, theta, outputs):
        """Copy of the coordinates in which those of some outputs are zero.

        Parameters
        ----------
        theta : ndarray of shape (size,)
            Coordinates; intercepts are kept.
        outputs : ndarray of bool of shape (n_outputs,)
            The outputs.

        Returns
        -------
        ndarray of shape (size,)
        """
        theta = theta.copy()
        self._parts(theta)[0][outputs] = 0.0
        return theta

    def scaled(self, theta, factor):
        """Copy with the coordinates of the observables in another unit.

        In a linear space outputs without intercept become `factor` times as large; in
        one of low rank it is the learned vectors that are multiplied.
        """
        theta = theta.copy()
        self._parts(theta)[0][...] *= factor ** (1.0 / self.degree)
        return theta

    def observables_of(self, coefficients):
        """Observables from coefficients of the features, (n_features, n_outputs)."""
        shape = -1, self.n_observables, self.space.size
        return self.space.matrices(coefficients.T.reshape(shape))

    def jacobian(self, theta, saved, out):
        """Write the derivatives by these parameters, (n_samples, n_outputs, size)."""
        own = self._gradients_of_samples(theta, saved)
        if self.n_outputs > 1:
            out[...] = 0.0
        for output in range(self.n_outputs):
            part = slice(output * self.n_features, (output + 1) * self.n_features)
            out[:, output, part] = own[:, min(output, own.shape[1] - 1)]
            out[:, output, output - self.n_intercepts] = 1.0

    @abstractmethod
    def _gradients_of_samples(self, theta, saved):
        """Derivatives by own observables, one for all outputs if these are equal.

        The shape is (n_samples, n_outputs or 1, n_features).
        """

    def _tangent_space(self, theta):
        return self.space.tangent(self._parts(theta)[0])

    def _parts(self, theta):
        """Coordinates of shape (n_outputs, n_observables, size), and intercepts."""
        coordinates = theta[: -self.n_intercepts]
        shape = self.n_outputs, self.n_observables, self.space.size
        return coordinates.reshape(shape), theta[-self.n_intercepts :]
