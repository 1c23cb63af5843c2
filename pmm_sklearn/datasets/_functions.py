"""Test functions of two variables on which regressions are compared."""

import inspect
import numbers
from functools import partial

import numpy as np
from sklearn.utils import Bunch, check_random_state

from .._typing import RandomState

_GRID_SIDE = 100


def _franke(x, y):
    """f(x, y) = 3/4 a + 3/4 b + 1/2 c - 1/5 d, exponentials of quadratic polynomials.

    They are a = exp(-((9x-2)^2 + (9y-2)^2) / 4), b = exp(-(9x+1)^2/49 - (9y+1)/10),
    c = exp(-((9x-7)^2 + (9y-3)^2) / 4) and d = exp(-(9x-4)^2 - (9y-7)^2).
    """
    return (
        0.75 * np.exp(-((9 * x - 2) ** 2 + (9 * y - 2) ** 2) / 4)
        + 0.75 * np.exp(-((9 * x + 1) ** 2) / 49 - (9 * y + 1) / 10)
        + 0.5 * np.exp(-((9 * x - 7) ** 2 + (9 * y - 3) ** 2) / 4)
        - 0.2 * np.exp(-((9 * x - 4) ** 2) - (9 * y - 7) ** 2)
    )


def _cliff(x, y):
    """f(x, y) = (tanh(9 (y - x)) + 1) / 9."""
    return np.tanh(9 * (y - x)) / 9 + 1 / 9


def _saddle(x, y):
    """f(x, y) = (1.25 + cos(5.4 y)) / (6 + 6 (3x - 1)^2)."""
    return (1.25 + np.cos(5.4 * y)) / (6 + 6 * (3 * x - 1) ** 2)


def _squared_radius(x, y):
    return (x - 0.5) ** 2 + (y - 0.5) ** 2


def _gentle(x, y):
    """f(x, y) = exp(-81/16 d) / 3 with d = (x - 1/2)^2 + (y - 1/2)^2."""
    return np.exp(-81 / 16 * _squared_radius(x, y)) / 3


def _steep(x, y):
    """f(x, y) = exp(-81/4 d) / 3 with d = (x - 1/2)^2 + (y - 1/2)^2."""
    return np.exp(-81 / 4 * _squared_radius(x, y)) / 3


def _sphere(x, y):
    """f(x, y) = sqrt(64/81 - d) - 1/2 with d = (x - 1/2)^2 + (y - 1/2)^2."""
    return np.sqrt((8 / 9) ** 2 - _squared_radius(x, y)) - 0.5


def _trigonometric(x, y):
    """f(x, y) = 2 cos(10x) sin(10y) + sin(10xy)."""
    return 2 * np.cos(10 * x) * np.sin(10 * y) + np.sin(10 * x * y)


def _gaussians(x, y):
    """f(x, y) = u + 3/4 v (1 + u) with u = exp(-(5 - 10x)^2 / 2), v(y) alike."""
    first, second = np.exp(-((5 - 10 * x) ** 2) / 2), np.exp(-((5 - 10 * y) ** 2) / 2)
    return first + 0.75 * second * (1 + first)


def _cloverleaf(x, y):
    """f(x, y) = ((20/3)^3 uv)^2 / ((1+u)(1+v))^5 (u - 2/(1+u)) (v - 2/(1+v)).

    Here u = exp((10 - 20x) / 3) and v = exp((10 - 20y) / 3).
    """
    u, v = np.exp((10 - 20 * x) / 3), np.exp((10 - 20 * y) / 3)
    return (
        ((20 / 3) ** 3 * u * v) ** 2
        / ((1 + u) * (1 + v)) ** 5
        * (u - 2 / (1 + u))
        * (v - 2 / (1 + v))
    )


def _cosine_peak(x, y):
    """f(x, y) = exp(-0.4 r) cos(1.5 r) with r^2 = (8x - 4)^2 + (9y - 4.5)^2."""
    radius = np.hypot(8 * x - 4, 9 * y - 4.5)
    return np.exp(-0.4 * radius) * np.cos(1.5 * radius)


def _bilinear(x, y):
    """f(x, y) = xy + x."""
    return x * y + x


def _vicente_romero(x, y):
    """f(x, y) = 6/5 r + 21/40 sin(12 pi r / (5 sqrt(2))) sin(1.3 t), polar (r, t)."""
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    wave = np.sin(12 * np.pi * radius / (5 * np.sqrt(2))) * np.sin(1.3 * angle)
    return 1.2 * radius + 21 / 40 * wave


def _runge(x, y):
    """f(x, y) = 1 / ((10x - 5)^2 + (10y - 5)^2 + 1)."""
    return 1 / ((10 * x - 5) ** 2 + (10 * y - 5) ** 2 + 1)


def _fourier(x, y, coefficients):
    """f(x, y) = sum_nm a_nm sin(nu) sin(mv) + b_nm cos(nu) cos(mv).

    Here u = pi x / 3 and v = pi y / 3; n and m start from 1, and the coefficients a
    and b are standard normal.
    """
    sines, cosines = coefficients
    orders = np.pi / 3 * np.arange(1, len(sines) + 1)
    x, y = np.multiply.outer(x, orders), np.multiply.outer(y, orders)
    return np.einsum("...n,nm,...m", np.sin(x), sines, np.sin(y)) + np.einsum(
        "...n,nm,...m", np.cos(x), cosines, np.cos(y)
    )


def _polynomial(x, y, coefficients):
    """f(x, y) = sum_nm a_nm x^n y^m.

    The powers n and m start from 0, and the coefficients a are standard normal.
    """
    return np.polynomial.polynomial.polyval2d(x, y, coefficients)


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

# Shape of the random coefficients for a number of terms, and that number by default.
_FAMILIES = {
    "fourier": (_fourier, lambda n_terms: (2, n_terms, n_terms), 3),
    "polynomial": (_polynomial, lambda n_terms: (n_terms + 1, n_terms + 1), 6),
}

#: Names of the functions of :func:`make_test_function`.
TEST_FUNCTIONS = (*_FUNCTIONS, *_FAMILIES)


def make_test_function(
    name: str,
    n_samples: int = 200,
    *,
    n_terms: int | None = None,
    random_state: RandomState = None,
) -> Bunch:
    r"""Sample a smooth function of two variables, without noise.

    The functions of section "Regression" in [1]_: thirteen classical surfaces on
    the unit square, and two families on :math:`[-1, 1]^2` whose coefficients are
    standard normal: "fourier", :math:`\sum_{n,m=1}^{N} a_{nm} \sin \tfrac{n \pi
    x}{3} \sin \tfrac{m \pi y}{3} + b_{nm} \cos \tfrac{n \pi x}{3} \cos \tfrac{m \pi
    y}{3}`, and "polynomial", :math:`\sum_{n,m=0}^{N} a_{nm} x^n y^m`.

    Parameters
    ----------
    name : str
        One of :data:`TEST_FUNCTIONS`.
    n_samples : int, default=200
        Number of training points, uniform in the domain.
    n_terms : int, default=None
        The number `N` of "fourier" and "polynomial".  None means 3 and 6.
    random_state : int, RandomState instance or None, default=None
        Training points, and coefficients of the two families.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        ``data`` of shape (n_samples, 2), ``target`` of shape (n_samples,), the
        test set ``data_test`` of shape (10000, 2) and ``target_test`` of shape
        (10000,) on a uniform grid that includes the boundary, ``name``,
        ``feature_names``, ``domain`` (a pair of numbers, the same for both
        variables), ``function`` (a callable of ``x`` and ``y``) and ``DESCR`` with
        the formula.

    Raises
    ------
    ValueError
        If the name is unknown, `n_samples` or `n_terms` is not a positive integer,
        or `n_terms` is given for a function that has none.

    References
    ----------
    .. [1] P. Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025).

    Examples
    --------
    >>> from pmm_sklearn.datasets import make_test_function
    >>> cliff = make_test_function("cliff", random_state=0)
    >>> cliff.data.shape, cliff.data_test.shape
    ((200, 2), (10000, 2))
    >>> print(cliff.DESCR)
    cliff on [0, 1]^2, 200 random points, no noise:
    f(x, y) = (tanh(9 (y - x)) + 1) / 9.
    """
    if name not in TEST_FUNCTIONS:
        known = ", ".join(TEST_FUNCTIONS)
        raise ValueError(f"name must be one of {known}; got {name!r}.")
    _check_count("n_samples", n_samples)
    random_state = check_random_state(random_state)
    low, high = domain = (-1.0, 1.0) if name in _FAMILIES else (0.0, 1.0)
    function, formula = _choose(name, n_terms, random_state)
    data = random_state.uniform(low, high, size=(n_samples, 2))
    side = np.linspace(low, high, _GRID_SIDE)
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
        DESCR=f"{name} on [{low:g}, {high:g}]^2, {n_samples} random points, no noise:\n"
        f"{formula}",
    )


def _choose(name, n_terms, random_state):
    """Function of x and y, with its coefficients if it has any, and its formula."""
    if name in _FUNCTIONS:
        if n_terms is not None:
            families = " and ".join(_FAMILIES)
            raise ValueError(
                f"n_terms is for {families} only, got n_terms={n_terms!r} with "
                f"name={name!r}: leave n_terms=None."
            )
        function = _FUNCTIONS[name]
        return function, inspect.getdoc(function)
    function, shape, default = _FAMILIES[name]
    n_terms = default if n_terms is None else n_terms
    _check_count("n_terms", n_terms)
    coefficients = random_state.standard_normal(shape(n_terms))
    # A partial function, unlike a closure, can be pickled.
    return partial(function, coefficients=coefficients), inspect.getdoc(function)


def _check_count(name, value):
    is_integer = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not is_integer or value < 1:
        raise ValueError(
            f"{name} must be a positive integer, got {value!r}: give at least 1."
        )
