"""Test functions of two variables on which regressions are compared."""

import numbers

import numpy as np
from sklearn.utils import Bunch, check_random_state

_GRID_SIDE = 100
_RANDOM = {"fourier": 3, "polynomial": 6}


def _franke(x, y):
    """Sum of four Gaussian bumps (Franke 1979)."""
    return (
        0.75 * np.exp(-((9 * x - 2) ** 2 + (9 * y - 2) ** 2) / 4)
        + 0.75 * np.exp(-((9 * x + 1) ** 2) / 49 - (9 * y + 1) / 10)
        + 0.5 * np.exp(-((9 * x - 7) ** 2 + (9 * y - 3) ** 2) / 4)
        - 0.2 * np.exp(-((9 * x - 4) ** 2) - (9 * y - 7) ** 2)
    )


def _cliff(x, y):
    return np.tanh(9 * (y - x)) / 9 + 1 / 9


def _saddle(x, y):
    return (1.25 + np.cos(5.4 * y)) / (6 + 6 * (3 * x - 1) ** 2)


def _squared_radius(x, y):
    return (x - 0.5) ** 2 + (y - 0.5) ** 2


def _gentle(x, y):
    return np.exp(-81 / 16 * _squared_radius(x, y)) / 3


def _steep(x, y):
    return np.exp(-81 / 4 * _squared_radius(x, y)) / 3


def _sphere(x, y):
    return np.sqrt((8 / 9) ** 2 - _squared_radius(x, y)) - 0.5


def _trigonometric(x, y):
    return 2 * np.cos(10 * x) * np.sin(10 * y) + np.sin(10 * x * y)


def _gaussians(x, y):
    first, second = np.exp(-((5 - 10 * x) ** 2) / 2), np.exp(-((5 - 10 * y) ** 2) / 2)
    return first + 0.75 * second * (1 + first)


def _cloverleaf(x, y):
    u, v = np.exp((10 - 20 * x) / 3), np.exp((10 - 20 * y) / 3)
    return (
        ((20 / 3) ** 3 * u * v) ** 2
        / ((1 + u) * (1 + v)) ** 5
        * (u - 2 / (1 + u))
        * (v - 2 / (1 + v))
    )


def _cosine_peak(x, y):
    radius = np.hypot(8 * x - 4, 9 * y - 4.5)
    return np.exp(-0.4 * radius) * np.cos(1.5 * radius)


def _bilinear(x, y):
    return x * y + x


def _vicente_romero(x, y):
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    wave = np.sin(12 * np.pi * radius / (5 * np.sqrt(2))) * np.sin(1.3 * angle)
    return 1.2 * radius + 21 / 40 * wave


def _runge(x, y):
    return 1 / ((10 * x - 5) ** 2 + (10 * y - 5) ** 2 + 1)


_FUNCTIONS = {
    "franke": _franke,
    "cliff": _cliff,
    "saddle": _saddle,
    "gentle": _gentle,
    "steep": _steep,
    "sphere": _sphere,
    "trigonometric": _trigonometric,
    "gaussians": _gaussians,
    "cloverleaf": _cloverleaf,
    "cosine_peak": _cosine_peak,
    "bilinear": _bilinear,
    "vicente_romero": _vicente_romero,
    "runge": _runge,
}

#: Names of the functions of :func:`make_test_function`.
TEST_FUNCTIONS = (*_FUNCTIONS, *_RANDOM)


def _random_function(name, random_state):
    """Function on [-1, 1]^2 with standard normal coefficients."""
    n_terms = _RANDOM[name]
    coefficients = random_state.standard_normal((2, n_terms + 1, n_terms + 1))

    def polynomial(x, y):
        return np.polynomial.polynomial.polyval2d(x, y, coefficients[0])

    def fourier(x, y):
        orders = np.arange(1, n_terms + 1) * np.pi / 3
        sines, cosines = coefficients[:, 1:, 1:]
        x, y = np.multiply.outer(x, orders), np.multiply.outer(y, orders)
        return np.einsum("...n,...m,nm->...", np.sin(x), np.sin(y), sines) + np.einsum(
            "...n,...m,nm->...", np.cos(x), np.cos(y), cosines
        )

    return fourier if name == "fourier" else polynomial


def make_test_function(name, n_samples=200, *, random_state=None):
    r"""Sample a smooth function of two variables, without noise.

    The functions of section "Regression" in [1]_: thirteen classical surfaces on
    the unit square, and two families on :math:`[-1, 1]^2` whose coefficients are
    standard normal: "fourier", :math:`\sum_{n,m=1}^{3} a_{nm} \sin \tfrac{n \pi
    x}{3} \sin \tfrac{m \pi y}{3} + b_{nm} \cos \tfrac{n \pi x}{3} \cos \tfrac{m \pi
    y}{3}`, and "polynomial", :math:`\sum_{n,m=0}^{6} a_{nm} x^n y^m`.

    Parameters
    ----------
    name : str
        One of :data:`TEST_FUNCTIONS`.
    n_samples : int, default=200
        Number of training points, uniform in the domain.
    random_state : int, RandomState instance or None, default=None
        Training points, and coefficients of the two families.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        ``data`` of shape (n_samples, 2), ``target`` of shape (n_samples,), the
        test set ``data_test`` of shape (10000, 2) and ``target_test`` of shape
        (10000,) on a uniform grid that includes the boundary, ``name``,
        ``feature_names``, ``domain`` (a pair of numbers, the same for both
        variables), ``function`` (a callable of ``x`` and ``y``) and ``DESCR``.

    Raises
    ------
    ValueError
        If the name is unknown or `n_samples` is not a positive integer.

    References
    ----------
    .. [1] P. Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025).

    Examples
    --------
    >>> from pmm_sklearn.datasets import make_test_function
    >>> franke = make_test_function("franke", random_state=0)
    >>> franke.data.shape, franke.data_test.shape
    ((200, 2), (10000, 2))
    """
    if name not in TEST_FUNCTIONS:
        known = ", ".join(TEST_FUNCTIONS)
        raise ValueError(f"name must be one of {known}; got {name!r}.")
    if not isinstance(n_samples, numbers.Integral) or n_samples < 1:
        raise ValueError(f"n_samples must be a positive integer, got {n_samples!r}.")
    random_state = check_random_state(random_state)
    domain = (-1.0, 1.0) if name in _RANDOM else (0.0, 1.0)
    function = _FUNCTIONS.get(name) or _random_function(name, random_state)
    data = random_state.uniform(*domain, size=(n_samples, 2))
    side = np.linspace(*domain, _GRID_SIDE)
    data_test = np.stack(np.meshgrid(side, side, indexing="ij"), -1).reshape(-1, 2)
    return Bunch(
        data=data,
        target=function(*data.T),
        data_test=data_test,
        target_test=function(*data_test.T),
        name=name,
        feature_names=["x", "y"],
        domain=domain,
        function=function,
        DESCR=f"The test function {name!r} at {n_samples} random points, noise-free.",
    )
