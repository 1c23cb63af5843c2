r"""The Gauss-Newton matrix of many coupled outputs, without their Jacobian.

With the gradient :math:`G_{sk}` of output ``k`` by the primary matrix, the monomials
:math:`\phi_l`, and features :math:`\Phi_s` that the outputs are linear in, rows of the
Jacobian are :math:`(\phi_l G_k, \delta_{kk'} \Phi, \delta_{kk'})`.  Second derivatives
:math:`C_s` of a loss by the outputs then give

.. math::

    A_{la, l'b} = \sum_s \phi_l \phi_{l'} (G^T C G)_{ab} , \quad
    A_{la, k'f} = \sum_s \phi_l (C G)_{k'a} \Phi_f , \quad
    A_{kf, k'f'} = \sum_s C_{kk'} \Phi_f \Phi_{f'} .

The first sum, which takes most of the time, does not grow with the number of outputs,
and both factors of its terms are symmetric.
"""

import numpy as np

from ._chunks import chunks

# Numbers in the temporary arrays of a chunk, of at least so many samples.
_LARGEST_CHUNK, _FEWEST_SAMPLES = 2**20, 128


def has_product_form(model):
    """Whether the Jacobian of a model is a product as above.

    Parameters
    ----------
    model : PMM
        The model.

    Returns
    -------
    bool
    """
    return model.readout.is_linear and model.primary.is_uniform


def gauss_newton_operations(model, n_samples):
    """About how many multiplications the matrix of so many samples takes."""
    size, n_outputs = model.n_parameters, model.n_outputs
    if not has_product_form(model):
        return n_samples * n_outputs * size**2
    n_matrices, n_coordinates, n_outputs, n_features = _shape(model)
    of_matrices = (n_matrices * n_coordinates) ** 2 / 4
    mixed = n_matrices * n_coordinates * n_outputs * n_features
    return n_samples * (of_matrices + mixed + (n_outputs * n_features) ** 2 / 4)


class GaussNewtonSum:
    """Sum over samples of a Gauss-Newton matrix, and of a gradient.

    Parameters
    ----------
    model : PMM
        Whose Jacobian has the form of products.

    Attributes
    ----------
    matrix : ndarray of shape (n_parameters, n_parameters)
        The matrix ``A`` of all samples so far.
    gradient : ndarray of shape (n_parameters,)
        That of the loss.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> from pmm_sklearn.model.gauss_newton import GaussNewtonSum
    >>> pmm, X = m.observable_pmm(2, 3, (2,), 1), np.ones((4, 2))
    >>> theta = pmm.initial(np.random.RandomState(0))
    >>> _, saved = pmm.forward(pmm.split(theta), pmm.inputs(X))
    >>> total = GaussNewtonSum(pmm)
    >>> total.add(theta, saved, np.zeros((4, 3)), np.tile(np.eye(3), (4, 1, 1)))
    >>> jacobian = pmm.jacobian(theta, saved).reshape(-1, pmm.n_parameters)
    >>> np.allclose(total.matrix, jacobian.T @ jacobian)
    True
    """

    def __init__(self, model):
        self._model = model
        self.gradient = np.zeros(model.n_parameters)
        n_matrices, n_coordinates = (
            model.primary.n_matrices,
            model.primary.spaces[0].size,
        )
        n_outputs, n_features = model.n_outputs, model.readout.n_features + 1
        self._shape = n_matrices, n_coordinates, n_outputs, n_features
        self._pairs = tuple(np.triu_indices(size) for size in self._shape)
        sizes = [len(pair[0]) for pair in self._pairs]
        self._of_matrices = np.zeros(sizes[:2])
        self._mixed = np.zeros((n_matrices, n_outputs * n_coordinates, n_features))
        self._of_observables = np.zeros(sizes[2:])
        self._largest = n_matrices * (n_outputs * n_coordinates + n_matrices)

    def empty(self):
        """One of no samples."""
        return type(self)(self._model)

    def include(self, other):
        """Add the samples of another one."""
        self.gradient += other.gradient
        self._of_matrices += other._of_matrices
        self._mixed += other._mixed
        self._of_observables += other._of_observables

    def add(self, theta, saved, slopes, curvatures):
        """Add some samples.

        Parameters
        ----------
        theta : ndarray of shape (n_parameters,)
            Parameters.
        saved : tuple
            From the forward pass of the model.
        slopes : ndarray of shape (n_samples, n_outputs)
            Derivatives of the loss by the outputs.
        curvatures : ndarray of shape (n_samples, n_outputs, n_outputs)
            Its second derivatives.
        """
        primary_saved, eigensystem, readout_saved = saved
        self.gradient += self._model.gradient(theta, saved, slopes)
        readout = self._model.readout
        gradients = readout.matrix_gradients(eigensystem, readout_saved)
        features = readout.features(eigensystem)
        inputs, of_outputs = self._model.primary.factors(primary_saved, gradients)
        features = np.column_stack([features, np.ones(len(features))])
        numbers = min(self._largest, _LARGEST_CHUNK // _FEWEST_SAMPLES)
        parts = chunks(len(features), numbers, _LARGEST_CHUNK)
        for part in parts:
            self._add(inputs[part], of_outputs[part], features[part], curvatures[part])

    def _add(self, inputs, gradients, features, curvatures):
        by_input, by_coordinate, by_output, by_feature = self._pairs
        curved = curvatures @ gradients
        inner = gradients.swapaxes(1, 2) @ curved
        self._of_matrices += _products(inputs, by_input).T @ inner[:, *by_coordinate]
        curved = curved.reshape(len(curved), -1)
        for member, column in enumerate(inputs.T):
            self._mixed[member] += curved.T @ (column[:, np.newaxis] * features)
        self._of_observables += curvatures[:, *by_output].T @ _products(
            features, by_feature
        )

    @property
    def matrix(self):
        """The matrix, put together."""
        n_matrices, n_coordinates, n_outputs, n_features = self._shape
        of_matrices = _symmetric(self._of_matrices, self._pairs[:2], self._shape[:2])
        of_observables = _symmetric(
            self._of_observables, self._pairs[2:], self._shape[2:]
        )
        mixed = self._mixed.reshape(n_matrices, n_outputs, n_coordinates, n_features)
        mixed = mixed.swapaxes(1, 2).reshape(n_matrices * n_coordinates, -1)
        # Intercepts come last, not after the observables of their output.
        numbers = np.arange(n_outputs * n_features).reshape(n_outputs, n_features)
        order = np.concatenate([numbers[:, :-1].ravel(), numbers[:, -1]])
        mixed, of_observables = mixed[:, order], of_observables[np.ix_(order, order)]
        return np.block([[of_matrices, mixed], [mixed.T, of_observables]])


class RowSum:
    """The same for any model, from its Jacobian.

    Parameters
    ----------
    model : PMM
        The model.
    """

    def __init__(self, model):
        self._model = model
        self.gradient = np.zeros(model.n_parameters)
        self.matrix = np.zeros((model.n_parameters, model.n_parameters))

    def empty(self):
        """One of no samples."""
        return RowSum(self._model)

    def include(self, other):
        """Add the samples of another one."""
        self.gradient += other.gradient
        self.matrix += other.matrix

    def add(self, theta, saved, slopes, curvatures):
        """As that of `GaussNewtonSum`."""
        jacobian = self._model.jacobian(theta, saved)
        curved = np.einsum("skl,slp->skp", curvatures, jacobian)
        shape = -1, self._model.n_parameters
        self.gradient += slopes.ravel() @ jacobian.reshape(shape)
        self.matrix += jacobian.reshape(shape).T @ curved.reshape(shape)


def _shape(model):
    """Numbers of matrices, their coordinates, outputs, and what these are linear in."""
    n_coordinates = model.primary.spaces[0].size
    n_features = model.readout.n_features + 1  # the intercept
    return model.primary.n_matrices, n_coordinates, model.n_outputs, n_features


def _products(columns, pairs):
    """Products of pairs of columns."""
    return columns[:, pairs[0]] * columns[:, pairs[1]]


def _symmetric(numbers, pairs, sizes):
    """Matrix of shape (a b, a b) from numbers for pairs of both indices."""
    (one, other), (left, right) = pairs
    n_outer, n_inner = sizes
    inner = np.empty((len(one), n_inner, n_inner))
    inner[:, left, right] = inner[:, right, left] = numbers
    full = np.empty((n_outer, n_inner, n_outer, n_inner))
    full[one, :, other] = full[other, :, one] = inner
    return full.reshape(n_outer * n_inner, -1)
