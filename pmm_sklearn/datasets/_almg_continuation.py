"""Continuation of a level of the anharmonic LMG model to complex coupling."""

import numpy as np
from scipy.linalg import solve_banded

# Steps of Im xi: the first and largest one, and the one at which to give up.
_LARGEST_STEP = 0.005
_SMALLEST_STEP = 1e-6
# An energy that differs more from the prediction, in the unit of the Hamiltonian, may
# be another level: those are about one apart, or a tenth at the transition.
_LARGEST_SURPRISE = 1e-3
# Beyond this condition number of the eigenvalue the spin is rotated: the error of
# the energy is then still about 1e-16 N times the condition number.
_LARGEST_CONDITION = 1e5
# Beyond this one the energy has too few digits, rotated or not.
_HOPELESS_CONDITION = 1e8
_N_ITERATIONS = 12
# The convergence is cubic: an energy that changes so little is good to rounding.
_CONVERGED = 1e-7


def continue_ground_level(real, heights, state, n_spins, anharmonicity):
    """Energies at real + i heights, followed from the eigenvector at height zero.

    Parameters
    ----------
    real : float
        Real part of the coupling.
    heights : ndarray of shape (n,)
        Imaginary parts, not negative, in ascending order.
    state : ndarray of shape (n_spins + 1,)
        Eigenvector at the real coupling, in the basis n = 0, 1, ...
    n_spins, anharmonicity : int, float
        The model.

    Returns
    -------
    ndarray of shape (n,)
        Complex energies.
    """
    model = _RotatedModel(n_spins, anharmonicity)
    level = _Level.at(model, complex(real), state.astype(complex), None)
    energies = np.empty(len(heights), dtype=complex)
    for i, height in enumerate(heights):
        level = _advance(model, level, height)
        energies[i] = level.energy
    return energies


def _advance(model, level, height):
    """The level at the height, by steps as large as its energy can be predicted."""
    step = _LARGEST_STEP
    while level.xi.imag < height:
        # The sum of many steps would miss the last height by rounding.
        reached = min(level.xi.imag + step, height)
        following = _follow(model, level, complex(level.xi.real, reached))
        if following is not None:
            level = following
            step = min(2 * step, _LARGEST_STEP)
        elif step > _SMALLEST_STEP:
            step /= 2
        else:
            raise RuntimeError(
                f"The level cannot be told from others beyond xi={level.xi}: leave "
                f"out couplings with this real part and a larger imaginary part."
            )
    return level


def _follow(model, level, xi):
    """The level at a coupling near by, or None if it cannot be told from others."""
    if level.is_rotated:
        return _next_level(model, level, xi, level.vector, is_rotated=True)
    following = None
    if level.condition > _LARGEST_CONDITION:
        start = np.zeros_like(level.vector)
        start[0] = 1
        following = _next_level(model, level, xi, start, is_rotated=True)
    if following is None:
        # Between exceptional points the level may not be that of the mean field.
        following = _next_level(model, level, xi, level.vector, is_rotated=False)
    return following


def _next_level(model, level, xi, vector, *, is_rotated):
    change = xi - level.xi
    guess = level.energy + change * level.slope
    following = _Level.at(model, xi, vector, guess, is_rotated=is_rotated)
    if following is None or following.condition > _HOPELESS_CONDITION:
        return None
    expected = level.energy + change * (level.slope + following.slope) / 2
    surprise = np.abs(following.energy - expected)
    return following if surprise < _LARGEST_SURPRISE else None


class _Level:
    """Eigenvector of a complex symmetric matrix, its energy and dE/dxi."""

    def __init__(self, xi, energy, vector, slope, is_rotated):
        self.xi = xi
        self.energy = energy
        self.vector = vector
        self.slope = slope
        self.is_rotated = is_rotated

    @classmethod
    def at(cls, model, xi, vector, guess, *, is_rotated=False):
        """Rayleigh quotient iteration; None if it does not converge.

        Without a guess of the energy the vector is taken for the eigenvector.
        """
        bands, derivative = model.bands(xi, is_rotated)
        energy = guess
        if guess is None:
            energy = _quotient(bands, vector)
        else:
            for _ in range(_N_ITERATIONS):
                vector = _solve(bands, energy, vector)
                previous, energy = energy, _quotient(bands, vector)
                if np.abs(energy - previous) < _CONVERGED:
                    break
            else:
                return None
        return cls(xi, energy, vector, _quotient(derivative, vector), is_rotated)

    @property
    def condition(self):
        """Error of the energy for a small error of the matrix: one if Hermitian."""
        return np.vdot(self.vector, self.vector).real / np.abs(np.sum(self.vector**2))


class _RotatedModel:
    """Bands of the Hamiltonian with the spin rotated by a complex angle.

    A rotation by theta in the plane of x and z turns S_z into c S_z + s S_x and S_x
    into c S_x - s S_z, with c = cos(theta) and s = sin(theta).  The Hamiltonian is
    then a sum of six fixed matrices with two bands on either side of the diagonal.
    """

    def __init__(self, n_spins, anharmonicity):
        self.spin = n_spins / 2
        self.anharmonicity = anharmonicity
        n = np.arange(n_spins + 1.0)
        s_z = n - self.spin
        s_x = np.sqrt((n[:-1] + 1) * (n_spins - n[:-1])) / 2
        squares = np.append(s_x**2, 0) + np.append(0, s_x**2)
        # Of 1, S_z, S_x, S_z^2, S_x^2 and S_z S_x + S_x S_z: the upper bands, from
        # the outer one to the diagonal, in the layout of LAPACK.
        self._bands = np.zeros((6, 3, n_spins + 1))
        self._bands[0, 2] = 1
        self._bands[1, 2] = s_z
        self._bands[2, 1, 1:] = s_x
        self._bands[3, 2] = s_z**2
        self._bands[4, 2] = squares
        self._bands[4, 0, 2:] = s_x[:-1] * s_x[1:]
        self._bands[5, 1, 1:] = (s_z[:-1] + s_z[1:]) * s_x

    def bands(self, xi, is_rotated):
        """Upper bands of H and of dH/dxi at fixed angle, of shape (3, n_spins + 1)."""
        c, s = self._cosine_and_sine(xi) if is_rotated else (1, 0)
        spin, quartic = self.spin, self.anharmonicity / (2 * self.spin)
        field = 1 - xi + quartic
        # n = S + c S_z + s S_x enters with its square, S_x with its square only.
        constant = field * spin + 2 * xi * spin + quartic * spin**2
        linear = field + 2 * spin * quartic
        pairs = 2 * xi / spin
        value = np.array(
            [
                constant,
                c * linear,
                s * linear,
                quartic * c**2 - pairs * s**2,
                quartic * s**2 - pairs * c**2,
                c * s * (quartic + pairs),
            ]
        )
        slope = np.array(
            [spin, -c, -s, -2 * s**2 / spin, -2 * c**2 / spin, 2 * c * s / spin]
        )
        return np.tensordot(value, self._bands, 1), np.tensordot(slope, self._bands, 1)

    def _cosine_and_sine(self, xi):
        """Of the angle at which the energy of the mean field is stationary."""
        fraction = (5 * xi - 1) / (2 * (4 * xi + self.anharmonicity))
        # The root of the product would have a branch cut where the factors have none.
        return 1 - 2 * fraction, 2 * np.sqrt(fraction) * np.sqrt(1 - fraction)


def _quotient(bands, vector):
    r"""Rayleigh quotient :math:`v^T H v / v^T v`, without complex conjugation."""
    outer, inner, diagonal = bands
    image = np.sum(diagonal * vector**2)
    image += 2 * np.sum(inner[1:] * vector[:-1] * vector[1:])
    image += 2 * np.sum(outer[2:] * vector[:-2] * vector[2:])
    return image / np.sum(vector**2)


def _solve(bands, energy, vector):
    """Vector of norm one along the solution of (H - energy) v = vector."""
    outer, inner, diagonal = bands
    lower = np.roll(inner, -1), np.roll(outer, -2)
    table = np.stack([outer, inner, diagonal - energy, *lower])
    try:
        solution = solve_banded((2, 2), table, vector, check_finite=False)
    except np.linalg.LinAlgError:
        # The energy is an eigenvalue to the last digit; the direction of the solution
        # is the same next to it.
        table[2] += _CONVERGED
        solution = solve_banded((2, 2), table, vector, check_finite=False)
    return solution / np.linalg.norm(solution)
