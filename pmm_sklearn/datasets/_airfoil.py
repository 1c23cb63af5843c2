"""The NASA airfoil self-noise measurements."""

from importlib import resources
from typing import Literal, overload

import numpy as np
from sklearn.utils import Bunch

_FILE = "airfoil_self_noise.dat"
_FEATURES = ["frequency", "angle_of_attack", "chord", "velocity", "thickness"]
_TARGET = "sound_pressure_level"

_DESCRIPTION = """\
NASA airfoil self-noise
-----------------------

Noise of NACA 0012 airfoils of different sizes in an anechoic wind tunnel, at various
speeds and angles of attack: 1503 measurements, 5 features, no missing values.

=====================  ======  ==================================================
column                 unit    meaning
=====================  ======  ==================================================
frequency              Hz      frequency
angle_of_attack        degree  angle of attack
chord                  m       chord length
velocity               m/s     free-stream velocity
thickness              m       displacement thickness of the suction side
sound_pressure_level   dB      scaled sound pressure level (target)
=====================  ======  ==================================================

T. F. Brooks, D. S. Pope, M. A. Marcolini, "Airfoil self-noise and prediction", NASA
Reference Publication 1218 (1989).  UCI Machine Learning Repository, data set 291,
DOI 10.24432/C5VW2C, licence CC BY 4.0.
"""


@overload
def load_airfoil(*, return_X_y: Literal[True], as_frame: bool = ...) -> tuple: ...
@overload
def load_airfoil(*, return_X_y: bool = ..., as_frame: bool = ...) -> Bunch: ...
def load_airfoil(*, return_X_y=False, as_frame=False):
    """Load the NASA airfoil self-noise measurements (regression).

    ==============   ==============
    Samples total              1503
    Dimensionality                5
    Features          real, positive
    Targets           103.4 to 141.0 dB
    ==============   ==============

    Parameters
    ----------
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Whether data and target are pandas objects.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        ``data`` of shape (1503, 5), ``target`` of shape (1503,) in dB,
        ``feature_names``, ``target_names``, ``frame`` (None unless `as_frame`),
        ``DESCR`` with units, origin and licence, and ``filename``.
    (data, target) : tuple
        If `return_X_y`.

    Raises
    ------
    ImportError
        If `as_frame` and pandas is not installed.

    References
    ----------
    .. [1] T. F. Brooks, D. S. Pope, M. A. Marcolini, "Airfoil self-noise and
       prediction", NASA Reference Publication 1218 (1989).

    Examples
    --------
    >>> from pmm_sklearn.datasets import load_airfoil
    >>> airfoil = load_airfoil()
    >>> airfoil.data.shape, airfoil.target_names
    ((1503, 5), ['sound_pressure_level'])
    """
    path = resources.files(__package__) / "data" / _FILE
    with path.open() as file:
        table = np.loadtxt(file)
    data, target, frame = table[:, :-1], table[:, -1], None
    if as_frame:
        frame = _frame(table)
        data, target = frame[_FEATURES], frame[_TARGET]
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        feature_names=list(_FEATURES),
        target_names=[_TARGET],
        DESCR=_DESCRIPTION,
        filename=str(path),
    )


def _frame(table):
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            "as_frame=True needs pandas: install it, or use as_frame=False."
        ) from error
    return pd.DataFrame(table, columns=[*_FEATURES, _TARGET])
