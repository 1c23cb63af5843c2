"""What must hold of any call: results that are finite, or an error in words."""

import copy
import pickle
import re
import warnings

import numpy as np
import sklearn

# An error names what was given.  Words of scikit-learn's own checks are among them.
_NAMES = [
    "X",
    "y",
    "sample_weight",
    "y_err",
    "alpha",
    "tol",
    "array",
    "samples",
    "features",
    "classes",
    "class",
    "label",
    "labels",
    "input_array",
    "matrix",
    "matrices",
    "targets",
    "commutator",
    "paths",
    "fixed",
    "levels",
    "level",
    "sector",
    "loss",
    "weights",
    "column",
    "columns",
    "sparse",
    "dtype",
    "numpy",
    "estimator",
    "random_state",
    "Seed",
    "Complex",
]


class Finding(Exception):
    """Something that must not happen."""


def check(draw):
    """Fit and predict; raise `Finding` unless all is well.

    Returns
    -------
    str
        "fitted" or the name of the error.
    """
    before = _arguments(draw), _globals()
    try:
        outcome = _call(draw)
    except (ValueError, TypeError, ImportError) as error:
        _check_words(draw, error)
        outcome = type(error).__name__
    except (KeyboardInterrupt, Finding):
        raise
    except BaseException as error:
        raise Finding(f"{type(error).__name__}: {error}") from error
    if (_arguments(draw), _globals()) != before:
        raise Finding("arguments or global state have changed")
    return outcome


def _call(draw):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", RuntimeWarning)
        model = sklearn.clone(draw.estimator)
        model.fit(draw.X, draw.y, **draw.fit_parameters)
        result = model.predict(draw.X_new, **draw.predict_parameters)
        again = pickle.loads(pickle.dumps(model))
        other = again.predict(draw.X_new, **draw.predict_parameters)
    parts = result if isinstance(result, tuple) else (result,)
    others = other if isinstance(other, tuple) else (other,)
    for part, copied in zip(parts, others, strict=True):
        if part.dtype.kind == "f" and not np.all(np.isfinite(part)):
            raise Finding("predictions are not finite")
        if not np.array_equal(part, copied):
            raise Finding("a pickled copy predicts differently")
    return "fitted"


def _check_words(draw, error):
    named = set(re.findall(r"\w+", str(error)))
    if not named & {*_NAMES, *draw.estimator.get_params()}:
        raise Finding(f"{type(error).__name__} names no argument: {error}") from error


def _arguments(draw):
    given = draw.X, draw.y, draw.X_new, draw.fit_parameters, draw.estimator
    return pickle.dumps(copy.deepcopy(given))


def _globals():
    state = np.random.get_state()[1]  # noqa: NPY002
    return np.geterr(), state.tobytes(), len(warnings.filters), sklearn.get_config()
