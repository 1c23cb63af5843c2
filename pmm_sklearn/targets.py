r"""What the columns of ``y`` are: levels, observables, curves, functions of them.

`Survival`, `Norm` and `Observable` are those of `EvolutionEmulator`, the others of
emulators of spectra.  `Strength`, `Sum`, `Log` and `Custom`, functions of many or any
properties of a spectrum, are targets of `PMMEmulator`.

Levels are counted from the lowest (0, 1, ...) or from the highest (-1, -2, ...) of
a sector.  Sectors are the diagonal blocks given by ``matrix_size``, counted from 0;
``sector=None`` counts the levels of all sectors together.

Levels and gaps have the unit of the energies in ``y``, and slopes have it over the unit
of their feature; observables and transitions have the units of their own columns.

See P. Cook, D. Jammooa, M. Hjorth-Jensen, D. D. Lee, D. Lee, "Parametric matrix
models", Nat. Commun. 16, 5929 (2025).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from numpy.typing import ArrayLike

from ._target_checks import (
    as_energies,
    as_states,
    as_width,
    check_choice,
    check_index,
    check_name,
    check_number,
)

__all__ = [
    "Custom",
    "Gap",
    "Level",
    "Log",
    "Norm",
    "Observable",
    "Slope",
    "Strength",
    "Sum",
    "Survival",
    "Transition",
]

_SHAPES = ("lorentzian", "gaussian")


@dataclass(frozen=True)
class Level:
    r"""An eigenvalue :math:`\lambda_k`, an energy.

    Parameters
    ----------
    k : int
        Level, negative from the highest.
    sector : int or None, default=0
        Sector in which levels are counted; None for all together.

    Examples
    --------
    >>> from pmm_sklearn.targets import Level
    >>> Level(0), Level(-1, sector=1)
    (Level(k=0, sector=0), Level(k=-1, sector=1))
    """

    k: int
    sector: int | None = 0

    def __post_init__(self):
        check_index("k", self.k)
        if self.sector is not None:
            check_index("sector", self.sector, minimum=0)


@dataclass(frozen=True)
class Observable:
    r"""Expectation value :math:`v^\dagger O v` of a learned matrix in a state.

    Of `EvolutionEmulator` it is the state at the given time, which is no level.

    Parameters
    ----------
    name : str
        Name of the observable: targets of the same name share the matrix ``O``.
    level : int, default=0
        Level of the state.
    sector : int or None, default=0
        Sector of the state.

    Raises
    ------
    TypeError, ValueError
        If the name or a number is not usable.

    Examples
    --------
    >>> from pmm_sklearn.targets import Observable
    >>> Observable("n"), Observable("n", level=1, sector=0)  # one matrix, two states
    (Observable(name='n', level=0, sector=0), Observable(name='n', level=1, sector=0))
    """

    name: str
    level: int = 0
    sector: int | None = 0

    def __post_init__(self):
        check_name(self.name)
        check_index("level", self.level)
        Level(self.level, self.sector)


@dataclass(frozen=True)
class Survival:
    r"""Survival probability :math:`|\langle\psi_0|\psi(t)\rangle|^2`.

    How much of the initial state an evolution has left, also known as return
    probability, fidelity or Loschmidt echo: a target of `EvolutionEmulator`.

    Examples
    --------
    >>> from pmm_sklearn.targets import Survival
    >>> Survival()
    Survival()
    """


@dataclass(frozen=True)
class Norm:
    r"""Probability :math:`\langle\psi(t)|\psi(t)\rangle` that nothing has decayed.

    A target of `EvolutionEmulator` with ``decay=True``.

    Examples
    --------
    >>> from pmm_sklearn.targets import Norm
    >>> Norm()
    Norm()
    """


@dataclass(frozen=True)
class Transition:
    r"""Transition probability :math:`|v_i^\dagger O v_j|^2` of a learned matrix.

    Parameters
    ----------
    name : str
        Name of the observable ``O``: targets of the same name share it.
    i, j : int or Level
        The two states; a number is a level of sector 0.

    Raises
    ------
    TypeError, ValueError
        If the name or a level is not usable.

    Examples
    --------
    >>> from pmm_sklearn.targets import Level, Transition
    >>> Transition("E1", 0, 1)
    Transition(name='E1', i=0, j=1)
    >>> between_sectors = Transition("E1", Level(0, sector=0), Level(0, sector=1))
    """

    name: str
    i: int | Level
    j: int | Level

    def __post_init__(self):
        check_name(self.name)
        as_level("i", self.i)
        as_level("j", self.j)


@dataclass(frozen=True)
class Gap:
    r"""Difference of two levels, :math:`\lambda_j - \lambda_i`.

    Parameters
    ----------
    i, j : int or Level
        The two levels; a number is a level of sector 0.

    Examples
    --------
    >>> from pmm_sklearn.targets import Gap, Level
    >>> Gap(0, 1)
    Gap(i=0, j=1)
    >>> gap_between_sectors = Gap(Level(0, sector=0), Level(0, sector=1))
    """

    i: int | Level
    j: int | Level

    def __post_init__(self):
        as_level("i", self.i)
        as_level("j", self.j)


@dataclass(frozen=True)
class Slope:
    r"""Derivative of a level by a feature, :math:`\partial \lambda_k / \partial x_l`.

    Codes that compute energies often print it: it is the expectation value of the
    operator that the feature multiplies, :math:`v^\dagger (\partial H / \partial x_l)
    v` (Hellmann and Feynman).

    Parameters
    ----------
    level : int
        Level, negative from the highest.
    feature : int or str
        Number of a column of ``X``, or its name.
    sector : int or None, default=0
        Sector in which levels are counted; None for all together.

    Raises
    ------
    TypeError, ValueError
        If a number or the name is not usable.

    Examples
    --------
    >>> from pmm_sklearn.targets import Slope
    >>> Slope(0, 1), Slope(0, "coupling", sector=1)
    (Slope(level=0, feature=1, sector=0), Slope(level=0, feature='coupling', sector=1))
    """

    level: int
    feature: int | str
    sector: int | None = 0

    def __post_init__(self):
        check_index("level", self.level)
        Level(self.level, self.sector)
        if not isinstance(self.feature, str):
            check_index("feature", self.feature, minimum=0)


@dataclass(frozen=True)
class Log:
    r"""Natural logarithm of a target, :math:`\ln z`.

    Of what varies over orders of magnitude, as half-lives do.  The column of ``y``
    holds the logarithm, too, ``np.log`` of the data.  The target has to be positive;
    where a prediction of it is not, that of the logarithm is NaN.

    Parameters
    ----------
    target : Level, Gap, Observable, Transition, Sum or Custom
        Of what.

    Raises
    ------
    TypeError, ValueError
        If it is no such target.

    Examples
    --------
    >>> from pmm_sklearn.targets import Gap, Log
    >>> Log(Gap(0, 1))
    Log(target=Gap(i=0, j=1))
    """

    target: object

    def __post_init__(self):
        _check_argument("target", self.target)
        if isinstance(self.target, (Slope, Log)):
            raise ValueError(
                f"target must be positive, but {self.target!r} has any sign: give a "
                f"Level, a Gap, an Observable, a Transition or a Sum."
            )


@dataclass(frozen=True)
class Custom:
    r"""Any differentiable function of other targets, :math:`z = f(z_1, z_2, \dots)`.

    A ratio of levels, a difference from a reference, the radius that is the root of an
    observable.  The other targets need not be columns of ``y`` themselves.

    Parameters
    ----------
    function : callable
        ``function(z1, z2, ...)`` of arrays of shape (n_samples,), one for each of `of`,
        returns such an array, element by element as functions of NumPy do.  It is in
        the user's units.
    of : tuple of Level, Gap, Slope, Observable, Transition, Sum, Log or Custom
        What it is a function of.
    gradient : callable, default=None
        ``gradient(z1, z2, ...)`` returns a tuple of arrays, the derivatives by each.
        ``fit`` compares it with differences.  None means a complex step, where that
        agrees with a difference, else the difference.

    Raises
    ------
    TypeError, ValueError
        If an argument is not usable.

    Notes
    -----
    An estimator with a `Custom` can be pickled if the function can, which is defined in
    a module then; ``to_npz`` writes no functions.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.targets import Custom, Level, Observable
    >>> radius = Custom(np.sqrt, of=Observable("r2"))
    >>> ratio = Custom(lambda e2, e4: e4 / e2, of=(Level(1), Level(2)))
    """

    function: Callable
    of: tuple
    gradient: Callable | None = None

    def __post_init__(self):
        for name in ("function", "gradient"):
            value = getattr(self, name)
            if not callable(value) and (name == "function" or value is not None):
                raise TypeError(f"{name} must be callable, got {value!r}.")
        of = self.of if isinstance(self.of, (list, tuple)) else (self.of,)
        if len(of) == 0:
            raise ValueError(
                "of must name what the function depends on, got (): give at least one "
                "target, as Level(0)."
            )
        for target in of:
            _check_argument("of", target)
        object.__setattr__(self, "of", tuple(of))


@dataclass(frozen=True, repr=False)
class Strength:
    r"""Strength function, or spectral function: a curve with a peak at each level.

    .. math:: S(E) = \sum_n |v^\dagger v_n|^2\, L(E - \lambda_n; \eta)

    How a system in its ground state responds to an external field of energy ``E``.  The
    external vector ``v`` is learned.  It is a target of as many columns of ``y`` as
    there are energies; NaN where the curve is not known.

    Parameters
    ----------
    name : str
        Name of the field, for `Sum` and for ``strength`` of the emulator.
    energies : array-like of shape (n_energies,)
        Energies of the columns, ascending, in the unit of the levels.
    width : float, "learned" or "affine", default="learned"
        The width :math:`\eta`: half the full width at half maximum of a Lorentzian, the
        standard deviation of a Gaussian.  "affine" means that its logarithm is learned
        as an affine function of the features.
    shape : {"lorentzian", "gaussian"}, default="lorentzian"
        Curve ``L`` of one state, of integral 1.
    vector : {"constant", "affine"}, default="constant"
        Whether ``v`` is the same for all features, or an affine function of them.
    states : int, float, tuple of int or None, default=None
        Which levels carry strength: that many from the lowest, that fraction of all in
        the middle of the spectrum, ``(first, last)``, the latter not included, or all.
    sector : int or None, default=None
        Sector in which levels are counted; None for all together.

    Raises
    ------
    TypeError, ValueError
        If an argument is not usable.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.targets import Strength
    >>> Strength("dipole", np.linspace(5, 25, 81), width=1.0)
    Strength('dipole', 81 energies from 5 to 25, width=1.0)
    """

    name: str
    energies: ArrayLike
    width: float | Literal["learned", "affine"] = "learned"
    shape: Literal["lorentzian", "gaussian"] = "lorentzian"
    vector: Literal["constant", "affine"] = "constant"
    states: int | float | tuple | None = None
    sector: int | None = None

    def __post_init__(self):
        check_name(self.name)
        object.__setattr__(self, "energies", as_energies(self.energies))
        object.__setattr__(self, "width", as_width(self.width))
        check_choice("shape", self.shape, _SHAPES)
        check_choice("vector", self.vector, ("constant", "affine"))
        object.__setattr__(self, "states", as_states(self.states))
        if self.sector is not None:
            check_index("sector", self.sector, minimum=0)

    def __repr__(self):
        energies = self.energies
        told = f"{len(energies)} energies from {energies[0]:g} to {energies[-1]:g}"
        defaults = {
            "width": "learned",
            "shape": "lorentzian",
            "vector": "constant",
            "states": None,
            "sector": None,
        }
        for name, default in defaults.items():
            if getattr(self, name) != default:
                told += f", {name}={getattr(self, name)!r}"
        return f"Strength({self.name!r}, {told})"


@dataclass(frozen=True)
class Sum:
    r"""Moment of a strength function, :math:`\sum_n \lambda_n^p\, |v^\dagger v_n|^2`.

    The sum over the levels themselves, not an integral over the curve: with ``power``
    -1 a polarisability, up to a factor, with 1 the energy-weighted sum rule.

    Parameters
    ----------
    name : str
        Name of a `Strength` that is among the targets.
    power : int or float, default=0
        The power ``p``.
    above : float or None, default=None
        Only levels above this energy count.  None means all for a power of 0, 1, 2,
        ..., and levels above zero for others, whose powers of negative numbers make no
        sense.

    Raises
    ------
    TypeError, ValueError
        If an argument is not usable.

    Notes
    -----
    A level that comes to lie below `above` leaves the sum with a jump, at which
    training may end: choose an energy where there is no strength, or leave it out.

    Examples
    --------
    >>> from pmm_sklearn.targets import Sum
    >>> Sum("dipole", power=-1)
    Sum(name='dipole', power=-1, above=None)
    """

    name: str
    power: float = 0
    above: float | None = None

    def __post_init__(self):
        check_name(self.name)
        check_number("power", self.power)
        if self.above is not None:
            check_number("above", self.above)
            if self.above < 0 and not self.takes_negative_energies:
                raise ValueError(
                    f"above must not be negative for power={self.power!r}, which of "
                    f"negative energies is no number or infinite on the way, got "
                    f"{self.above!r}: leave it out, or give a positive energy."
                )

    @property
    def takes_negative_energies(self):
        """Whether the power of any energy is a finite number.

        Examples
        --------
        >>> from pmm_sklearn.targets import Sum
        >>> Sum("M1", 2).takes_negative_energies, Sum("M1", 0.5).takes_negative_energies
        (True, False)
        """
        return self.power >= 0 and float(self.power).is_integer()


def as_level(argument, value):
    """A `Level` from one, or from its number in sector 0."""
    if isinstance(value, Level):
        return value
    check_index(argument, value)
    return Level(value)


_ARGUMENTS = Level, Gap, Slope, Observable, Transition, Sum, Log, Custom


def _check_argument(argument, value):
    """Raise unless this is a target of one column of spectra."""
    if isinstance(value, Strength):
        raise TypeError(
            f"{argument} must be targets of one column, got {value!r}, which is a "
            f"curve: give a Sum of it."
        )
    if not isinstance(value, _ARGUMENTS):
        raise TypeError(
            f"{argument} must be targets of spectra, got {value!r}: of the lowest "
            f"level, for example, Level(0)."
        )
