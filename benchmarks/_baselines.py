"""Gaussian processes to compare with, set up so that they do well."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel
from sklearn.preprocessing import StandardScaler

# The cost grows with the cube, and with hyper-parameters to learn by a factor of 100.
LARGEST_PROCESS = 2000
LARGEST_LEARNED_FROM = 600

# For standardised features.  With the bounds of scikit-learn, from 1e-5, and a start
# from 1, the squared exponential ends at 1e-5 on most noise-free functions.
_LENGTH_SCALE, _LENGTH_SCALE_BOUNDS = 0.5, (0.05, 100.0)
_AMPLITUDE, _AMPLITUDE_BOUNDS = 10.0, (1e-2, 1e8)


class GaussianProcess(RegressorMixin, BaseEstimator):
    """Anisotropic Gaussian process on standardised data, with a limit on its size.

    Parameters
    ----------
    nu : float
        Smoothness of the Matern kernel; infinity for the squared exponential.
    noise : bool
        Whether to learn the variance of the noise; else it is 1e-10.
    random_state : int
        Random numbers of the restarts and of the samples that are left out.

    Attributes
    ----------
    n_used_ : int
        Number of samples in the process.
    """

    def __init__(self, nu, noise, random_state):
        self.nu = nu
        self.noise = noise
        self.random_state = random_state

    def _kernel(self, n_features):
        scales = np.full(n_features, _LENGTH_SCALE)
        if np.isinf(self.nu):
            kernel = RBF(scales, _LENGTH_SCALE_BOUNDS)
        else:
            kernel = Matern(scales, _LENGTH_SCALE_BOUNDS, nu=self.nu)
        kernel = ConstantKernel(_AMPLITUDE, _AMPLITUDE_BOUNDS) * kernel
        return kernel + WhiteKernel(0.1) if self.noise else kernel

    def fit(self, X, y):
        rows = np.random.RandomState(self.random_state).permutation(len(X))
        few, many = rows[:LARGEST_LEARNED_FROM], rows[:LARGEST_PROCESS]
        self._scaler = StandardScaler().fit(X)
        X = self._scaler.transform(X)
        process = GaussianProcessRegressor(
            self._kernel(X.shape[1]),
            normalize_y=True,
            n_restarts_optimizer=0 if self.noise else 2,
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

    def predict(self, X):
        return self._process.predict(self._scaler.transform(X))


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
    return {name: GaussianProcess(nu, noise, seed) for name, nu in smoothness.items()}
