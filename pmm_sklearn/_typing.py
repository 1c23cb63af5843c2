"""Words and numbers that parameters of several estimators take, for type checkers."""

from os import PathLike
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import ArrayLike

from .model.losses import PointwiseLoss

Alpha = float | Literal["auto"]
Count = int | Literal["auto"]
Eigensolver = Literal["auto", "lapack", "simd"]
File = str | PathLike[str] | BinaryIO
Loss = (
    Literal["squared_error", "huber", "absolute_error", "quantile", "poisson", "gamma"]
    | PointwiseLoss
)
MatrixType = Literal["hermitian", "symmetric"]
MonotonicCst = ArrayLike | dict[str, int] | None
No = Literal[False]
RandomState = int | np.random.RandomState | None
Rank = int | tuple[int | None, int | None] | None
Size = int | tuple[int, ...]
Solver = Literal["auto", "lm", "newton-cg", "lbfgs"]
TableSolver = Literal["auto", "lm", "newton-cg", "lbfgs", "adam"]
Which = Literal["SA", "LA", "LM", "SM"]
Yes = Literal[True]
