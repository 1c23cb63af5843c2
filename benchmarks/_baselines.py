"""Models to compare with, set up so that they do well."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel
from sklearn.preprocessing import StandardScaler

from pmm_sklearn import PMMEmulator
from pmm_sklearn.targets import Level

# The cost grows with the cube, and with hyper-parameters to learn by a factor of 100.
LARGEST_PROCESS = 2000
LARGEST_LEARNED_FROM = 600

# For standardised features.  With the bounds of scikit-learn, from 1e-5, and a start
# from 1, the squared exponential ends at 1e-5 on most noise-free functions.
_LENGTH_SCALE, _LENGTH_SCALE_BOUNDS = 0.5, (0.05, 100.0)
_AMPLITUDE, _AMPLITUDE_BOUNDS = 10.0, (1e-2, 1e8)
_NOISE, _NOISE_BOUNDS = 0.1, (1e-5, 1e5)


class GaussianProcess(RegressorMixin, BaseEstimator):
    """Anisotropic Gaussian process on standardised data, with a limit on its size.

    Parameters
    ----------
    nu : float
        Smoothness of the Matern kernel; infinity for the squared exponential.
    noise : pair of float or None
        Bounds of the variance of the noise, which is learned, in units of that of the
        target; None fixes it to 1e-10.
    random_state : int
        Random numbers of the restarts and of the samples that are left out.
    n_restarts : int
        Number of random starts of the hyper-parameters beside the one at
        `length_scale`.
    length_scale : float, default=0.5
        Start of all length scales.

    Attributes
    ----------
    n_used_ : int
        Number of samples in the process.
    """

    def __init__(
        self, nu, noise, random_state, *, n_restarts, length_scale=_LENGTH_SCALE
    ):
        self.nu = nu
        self.noise = noise
        self.random_state = random_state
        self.n_restarts = n_restarts
        self.length_scale = length_scale

    def _kernel(self, n_features):
        scales = np.full(n_features, self.length_scale)
        if np.isinf(self.nu):
            kernel = RBF(scales, _LENGTH_SCALE_BOUNDS)
        else:
            kernel = Matern(scales, _LENGTH_SCALE_BOUNDS, nu=self.nu)
        kernel = ConstantKernel(_AMPLITUDE, _AMPLITUDE_BOUNDS) * kernel
        return kernel + WhiteKernel(_NOISE, self.noise) if self.noise else kernel

    def fit(self, X, y):
        rows = np.random.RandomState(self.random_state).permutation(len(X))
        few, many = rows[:LARGEST_LEARNED_FROM], rows[:LARGEST_PROCESS]
        self._scaler = StandardScaler().fit(X)
        X = self._scaler.transform(X)
        process = GaussianProcessRegressor(
            self._kernel(X.shape[1]),
            normalize_y=True,
            n_restarts_optimizer=self.n_restarts,
            random_state=self.random_state,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            process.fit(X[few], y[few])
            if len(many) > len(few):
                process.set_params(kernel=process.kernel_, optimizer=None)
                process.fit(X[many], y[many])
        self._process, self.n_used_ = process, len(many)
        return self

    def predict(self, X, return_std=False):
        return self._process.predict(self._scaler.transform(X), return_std)


def gaussian_processes(problem, noise, seed):
    """Candidates by name.

    Parameters
    ----------
    problem : str
        Name of the problem; "airfoil" has a rougher candidate in addition.
    noise : bool
        Whether the data have noise.
    seed : int
        Random state.

    Returns
    -------
    dict of str to GaussianProcess
    """
    smoothness = {"RBF": np.inf, "Matern 5/2": 2.5}
    if problem == "airfoil":
        smoothness["Matern 3/2"] = 1.5
    bounds, n_restarts = (_NOISE_BOUNDS, 0) if noise else (None, 2)
    return {
        name: GaussianProcess(nu, bounds, seed, n_restarts=n_restarts)
        for name, nu in smoothness.items()
    }


def one_level():
    """The middle one of five levels of a real symmetric matrix affine in the features.

    This is the form of Spectral Neuron (arXiv 2608.08003), trained by our emulator,
    which standardises features and target.
    """
    return PMMEmulator(5, targets=[Level(2)], matrix_type="symmetric", random_state=0)
