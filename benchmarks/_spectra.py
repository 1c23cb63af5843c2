"""Spectra to emulate: couplings, an oscillator, Lipkin, pairing, linear response.

Each function computes exact levels (and one observable) of a real symmetric Hamiltonian
that is affine in its parameters, at points for training and for a test.
"""

from typing import NamedTuple

import numpy as np
from _data import linear_response
from scipy import linalg

from pmm_sklearn.targets import Level, Observable, Slope

# What is learned of a result of linear response, and back.
SCALES = {
    "alphaD": (np.asarray, np.asarray),
    "half_life_Ni80": (np.log10, lambda log: 10.0**log),
}
# Lowest and highest couplings of the training points of linear response.
BOXES = {
    "alphaD": ((0.457, 1.5), (1.743, 4.0)),
    "half_life_Ni80": ((0.286, 0.143), (1.714, 0.857)),
}
# Linear response is the middle one of five levels.
RESPONSE_LEVEL, RESPONSE_SIZE = Level(2), 5
STRENGTHS = {"weak": 0.06, "strong": 0.1}
NOISE = 0.01
N_RESPONSE_TEST = 50
# Couplings (a, b) of the oscillator: training points and "inside"; all points.
OSCILLATOR_BOX = ((0.0, 0.0), (1.0, 0.5))
OSCILLATOR_OUTER_BOX = ((0.0, 0.0), (2.0, 1.0))
# 1 / g and 1 / g^2 with g^3 = g + 1: multiples of them fill the unit square evenly.
EVEN_STEPS = (0.7548776662466927, 0.5698402909980532)


class Spectra(NamedTuple):
    """Data of one problem.

    Attributes
    ----------
    name : str
        Title.
    targets : list of Level or Observable
        What the columns of y are.
    columns : tuple of str
        Short names of the columns.
    X_train, y_train, X_test, y_test : ndarray
        Features (n, n_features) and targets (n, n_columns); y_test is exact.
    terms : list of ndarray or None
        Matrices T_0, T_1, ... of H(x) = T_0 + sum_l x_l T_l, if they are known.
    y_err : ndarray of shape (n_columns,) or None
        Standard deviation of the noise of y_train; None if it is exact.
    inside : ndarray of bool of shape (n_test,) or None
        Test points in the range of the training points; None if all of them are.
    """

    name: str
    targets: list
    columns: tuple
    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    terms: list | None = None
    y_err: np.ndarray | None = None
    inside: np.ndarray | None = None

    @property
    def outside(self):
        """Test points outside the range of the training points, or None."""
        return None if self.inside is None else ~self.inside


def ten_couplings(strength="weak", noise=False, seed=0, *, n_train=60, n_test=400):
    """Ground state of an oscillator with ten random couplings: E_0 and <x^2>.

    H(c) = n + 1/2 + x^4 / 10 + s sum_l c_l V_l between the 120 lowest harmonic states,
    with c uniform in [-1, 1]^10 and (V_l)_mn = g_lmn (m + n + 1) / 2 for |m - n| <= 2,
    0 otherwise: g are symmetric standard normal numbers, and elements grow as those of
    x^2 do.  s is 0.06 for "weak", 0.1 for "strong", or a number.

    All random numbers are those of `default_rng(seed)`, in the order: couplings,
    training points, test points, noise.  The noise, for training only, has 1 % of the
    standard deviation of each target over the training points.
    """
    rng = np.random.default_rng(seed)
    oscillator, position_squared = _quartic_oscillator(120)
    couplings = _banded_couplings(rng, 10, 120) * STRENGTHS.get(strength, strength)
    terms = [oscillator, *couplings]
    X_train, X_test = (rng.uniform(-1, 1, (n, 10)) for n in (n_train, n_test))
    y_train, y_test = (
        _ground_state(terms, X, position_squared) for X in (X_train, X_test)
    )
    y_err = NOISE * y_train.std(axis=0) if noise else None
    if noise:
        y_train = y_train + y_err * rng.standard_normal(y_train.shape)
    name = f"ten couplings, {strength}, {'1 % noise' if noise else 'exact'}"
    targets, columns = [Level(0), Observable("x^2")], ("E0", "<x^2>")
    data = X_train, y_train, X_test, y_test
    return Spectra(name, targets, columns, *data, terms, y_err)


def with_errors(problem, seed=0):
    """The same with errors between .1 and 10 % of the spread of each target.

    Their logarithms are uniform, and noise for training is normal, both from
    `default_rng(seed + 1000)`.
    """
    rng = np.random.default_rng(seed + 1000)
    shape = problem.y_train.shape
    errors = problem.y_train.std(axis=0) * 10.0 ** rng.uniform(-3, -1, shape)
    y_train = problem.y_train + errors * rng.standard_normal(shape)
    name = problem.name.replace("exact", "errors of .1 to 10 %")
    return problem._replace(name=name, y_train=y_train, y_err=errors)


def separable_couplings(seed=0, *, n_couplings=20, n_train=60, n_test=300):
    """Three levels with many couplings of rank one.

    H(c) = n + 1/2 + x^4 / 10 + sum_l c_l s_l u_l u_l^T between the 40 lowest harmonic
    states, with c uniform in [-1, 1]^n_couplings, signs s_l, and random vectors u_l of
    the lowest eight states, of squared length 3 / sqrt(n_couplings).
    """
    rng = np.random.default_rng(seed)
    oscillator, _ = _quartic_oscillator(40)
    vectors = np.zeros((n_couplings, 40))
    vectors[:, :8] = rng.standard_normal((n_couplings, 8))
    vectors *= np.sqrt(3) / n_couplings**0.25 / linalg.norm(vectors, axis=1)[:, None]
    signs = rng.choice([-1.0, 1.0], n_couplings)
    couplings = signs[:, None, None] * vectors[:, :, None] * vectors[:, None]
    X_train, X_test = (rng.uniform(-1, 1, (n, n_couplings)) for n in (n_train, n_test))
    return _levels("twenty couplings", [oscillator, *couplings], X_train, X_test)


def oscillator(seed=3):
    """Three levels of H = p^2 / 2 + x^2 / 2 + a x + b x^4, 200 harmonic states.

    14 points (a, b) that fill [0, 1] x [0, .5] evenly for training: multiples of
    EVEN_STEPS, shifted by the first numbers of `default_rng(seed)`, modulo 1.  For the
    test 300 random ones inside, and 300 of [0, 2] x [0, 1] that are outside.
    """
    rng = np.random.default_rng(seed)
    terms = [np.diag(np.arange(200) + 0.5), _power_of_position(1, 200)]
    terms.append(_power_of_position(4, 200))
    steps = np.arange(14)[:, np.newaxis] * EVEN_STEPS
    X_train = (rng.uniform(size=2) + steps) % 1 * OSCILLATOR_BOX[1]
    X_inside = rng.uniform(*OSCILLATOR_BOX, (300, 2))
    X_outside = rng.uniform(*OSCILLATOR_OUTER_BOX, (1000, 2))
    X_outside = X_outside[~_is_in_box(X_outside, OSCILLATOR_BOX)][:300]
    X_test = np.concatenate([X_inside, X_outside])
    return _levels(
        "oscillator, 14 points", terms, X_train, X_test, inside=np.arange(600) < 300
    )


def lipkin(n_particles=20):
    """Three levels of H = J_z + (V / N) (J_x^2 - J_y^2), J = N / 2, V in [0, 2].

    Equidistant V: 20 for training and 100 for the test; 40 and 200 from N = 100 on.
    """
    spin = n_particles / 2
    m = np.arange(-spin, spin + 1)
    raising = np.diag(np.sqrt(spin * (spin + 1) - m[:-1] * m[1:]), -1)
    # J_x^2 - J_y^2 = (J_+^2 + J_-^2) / 2
    squares = raising @ raising
    terms = [np.diag(m), (squares + squares.T) / (2 * n_particles)]
    n_train, n_test = (20, 100) if n_particles < 100 else (40, 200)
    return _levels(f"Lipkin, N = {n_particles}", terms, *_grids(n_train, n_test))


def pairing():
    """Three levels of five pairs in ten levels, 252 states, g in [0, 2].

    H = sum_p 2 eps_p n_p - (g / 2) sum_{p != q} P_p^+ P_q, where n_p is 0 or 1 pairs in
    level p; eps_p = p - g / 2 for the five lower levels, p for the five upper ones.
    Equidistant g, 40 for training and 200 for the test.
    """
    states = np.arange(2**10)
    occupation = states[:, np.newaxis] >> np.arange(10) & 1
    occupation = occupation[occupation.sum(axis=1) == 5]
    energies = 2 * occupation @ np.arange(10.0)
    # One pair moved: four of the five occupied levels are the same.
    coupling = -0.5 * (occupation @ occupation.T == 4)
    coupling -= np.diag(occupation[:, :5].sum(axis=1))
    return _levels("pairing", [np.diag(energies), coupling], *_grids(40, 200))


def response(name, split=None, n=None):
    """One number of linear response at a grid of two couplings (arXiv 2510.13989).

    `name` is "alphaD", the dipole polarisability of 180Yb, or "half_life_Ni80", the
    logarithm (base 10) of the half-life of 80Ni in seconds.

    With a `split`: 50 test points, the first of `default_rng(split).permutation(225)`,
    and the next `n` for training.  Without: the 121 points inside a box for training,
    the 104 outside for the test.  The target is level 2, for matrices of side 5.
    """
    X, result = linear_response(name)
    y = SCALES[name][0](result)[:, np.newaxis]
    if split is None:
        train = _is_in_box(X, BOXES[name])
        test, title = ~train, f"{name}, outside the box"
        inside = np.zeros(test.sum(), dtype=bool)
    else:
        order = np.random.default_rng(split).permutation(len(y))
        test, others = np.split(order, [N_RESPONSE_TEST])
        train, title, inside = others[:n], f"{name}, {n} points", None
    data = X[train], y[train], X[test], y[test]
    return Spectra(title, [RESPONSE_LEVEL], (name,), *data, inside=inside)


def first_points(problem, n, slopes=False):
    """The problem with its first n training points, and perhaps all slopes there.

    The slopes are expectation values of the terms (Hellmann and Feynman), columns of
    y_train after the others; y_test is as it was.
    """
    problem = problem._replace(X_train=problem.X_train[:n], y_train=problem.y_train[:n])
    if not slopes:
        return problem
    levels = [target.k for target in problem.targets if isinstance(target, Level)]
    _, vectors = _lowest(problem.terms, problem.X_train, max(levels) + 1)
    values = np.einsum(
        "smk,lmn,snk->skl", vectors, np.array(problem.terms[1:]), vectors
    )
    by_level = values[:, levels].reshape(n, -1)
    features = range(problem.X_train.shape[1])
    return problem._replace(
        targets=problem.targets + [Slope(k, j) for k in levels for j in features],
        y_train=np.hstack([problem.y_train, by_level]),
    )


def _levels(name, terms, X_train, X_test, inside=None, n_levels=3):
    """Problem whose targets are the lowest levels."""
    y_train, y_test = (_lowest(terms, X, n_levels)[0] for X in (X_train, X_test))
    targets = [Level(k) for k in range(n_levels)]
    columns = tuple(f"E{k}" for k in range(n_levels))
    data = X_train, y_train, X_test, y_test
    return Spectra(name, targets, columns, *data, terms, inside=inside)


def _lowest(terms, X, n_levels):
    """Energies (n, n_levels) and vectors (n, side, n_levels) at every row of X."""
    terms = np.array(terms)
    solved = [
        linalg.eigh(
            terms[0] + np.tensordot(x, terms[1:], 1),
            subset_by_index=[0, n_levels - 1],
        )
        for x in X
    ]
    return tuple(np.array(part) for part in zip(*solved, strict=True))


def _ground_state(terms, X, operator):
    """Lowest energy, and the expectation value of an operator."""
    energies, vectors = _lowest(terms, X, 1)
    vectors = vectors[..., 0]
    return np.column_stack([energies, np.sum(vectors * (vectors @ operator), axis=1)])


def _power_of_position(power, side):
    """The power of x between harmonic states, exact: it is cut afterwards."""
    ladder = np.sqrt(np.arange(1, side + power) / 2)
    position = np.diag(ladder, 1) + np.diag(ladder, -1)
    return np.linalg.matrix_power(position, power)[:side, :side]


def _quartic_oscillator(side):
    """Hamiltonian without couplings, and x^2."""
    quanta = np.diag(np.arange(side) + 0.5)
    return quanta + 0.1 * _power_of_position(4, side), _power_of_position(2, side)


def _banded_couplings(rng, n_couplings, side):
    """Random symmetric matrices within two diagonals; they grow as x^2 does."""
    numbers = np.triu(rng.standard_normal((n_couplings, side, side)))
    numbers += np.triu(numbers, 1).swapaxes(1, 2)
    m, n = np.indices((side, side))
    return numbers * np.where(np.abs(m - n) <= 2, (m + n + 1) / 2, 0.0)


def _grids(n_train, n_test):
    """Equidistant values of one parameter from 0 to 2."""
    return (np.linspace(0, 2, n)[:, np.newaxis] for n in (n_train, n_test))


def _is_in_box(X, box):
    lowest, highest = box
    return np.all(np.clip(X, lowest, highest) == X, axis=1)
