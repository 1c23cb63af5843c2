"""Warnings that point at the user's line."""

import sys
import warnings
from contextlib import contextmanager

from sklearn.exceptions import InconsistentVersionWarning

_PACKAGES = {"pmm_sklearn", "sklearn", "joblib", "pickle"}


class InconsistentModelWarning(InconsistentVersionWarning):
    """An estimator was saved by another version of this package.

    Attributes are those of scikit-learn's warning: versions are of pmm_sklearn.
    """

    def __str__(self):
        saved = self.original_sklearn_version or "an unknown version"
        return (
            f"This {self.estimator_name} was saved with pmm_sklearn {saved} and is "
            f"loaded with pmm_sklearn {self.current_sklearn_version}: its predictions "
            f"may differ. Fit it again, or install the version that saved it."
        )


def warn_caller(message, category=None):
    """Warn at the first line outside this package and those that call it.

    How many frames lie between depends on decorators and meta-estimators.
    ``skip_file_prefixes`` of `warnings.warn` would do this from Python 3.12 on.
    """
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and _package(frame) in _PACKAGES:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


@contextmanager
def recorded_warnings():
    """Warnings of the block in a list: nobody is told."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        yield told


def _package(frame):
    return frame.f_globals.get("__name__", "").partition(".")[0]
