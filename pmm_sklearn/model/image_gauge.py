"""Changes of basis that leave all outputs of an image model as they are."""

import numpy as np


class GaugeRotations:
    r"""Random unitary changes of basis between the epochs of a training.

    With unitary ``Q`` and :math:`P_k` the matrices :math:`Q K_l, Q L_l, P_k D_k
    Q^\dagger, P_k B_k P_k^\dagger, P_k D_{kij} P_k^\dagger` give the same outputs.
    The running mean of the gradient turns like the parameters.  The running means of
    its squared elements become what they are on average over all rotations: their
    mean over the indices that are mixed.

    Parameters
    ----------
    model : ImagePMM
        Structure of the model.

    References
    ----------
    Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025), which
    recommends random unitary transformations between local steps.

    Examples
    --------
    Other parameters, the same outputs:

    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> from pmm_sklearn.solvers import Adam
    >>> grams = m.WindowGrams((4, 4), (2, 2), (2, 2))
    >>> pmm = m.ImagePMM(grams, 3, latent_size=3, matrix_size=2, n_eigenvectors=1)
    >>> rng = np.random.RandomState(0)
    >>> theta, images = pmm.initial(rng), rng.uniform(size=(5, 4, 4))
    >>> turned = m.GaugeRotations(pmm)(theta, Adam(len(theta)), rng)
    >>> np.allclose(turned, theta)
    False
    >>> outputs = [pmm.predict(pmm.split(t), images) for t in (theta, turned)]
    >>> np.allclose(*outputs)
    True
    """

    def __init__(self, model):
        self._model = model

    def __call__(self, theta, adam, random_state):
        """Turned parameters; the moments of `adam` are turned, too."""
        model = self._model
        parameters = model.split(theta)
        n_classes, side, latent_size = parameters.projections.shape
        dtype = parameters.projections.dtype
        latent = random_unitary((latent_size, latent_size), dtype, random_state)
        classes = random_unitary((n_classes, side, side), dtype, random_state)
        adam.first = model.join(rotate(model.split(adam.first), latent, classes))
        adam.second = model.average_over_bases(adam.second)
        return model.join(rotate(parameters, latent, classes))


def rotate(parameters, latent, classes):
    """Image parameters in other bases.

    Parameters
    ----------
    parameters : ImageParameters
        In the old bases.
    latent : ndarray of shape (a, a)
        The unitary matrix ``Q``.
    classes : ndarray of shape (n_classes, b, b)
        The unitary matrices ``P_k``.
    """
    adjoint = classes.conj().swapaxes(1, 2)
    return parameters._replace(
        rows=latent @ parameters.rows,
        columns=latent @ parameters.columns,
        projections=classes @ parameters.projections @ latent.conj().T,
        offsets=classes @ parameters.offsets @ adjoint,
        observables=(
            classes[:, np.newaxis] @ parameters.observables @ adjoint[:, np.newaxis]
        ),
    )


def random_unitary(shape, dtype, random_state):
    """Unitary or orthogonal matrices, uniformly distributed."""
    normal = random_state.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        normal = normal + 1j * random_state.standard_normal(shape)
    unitary, triangle = np.linalg.qr(normal)
    diagonal = np.diagonal(triangle, axis1=-2, axis2=-1)
    return unitary * (diagonal / np.abs(diagonal))[..., np.newaxis, :]
