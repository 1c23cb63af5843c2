"""What must hold of any call: results that are finite, or an error in words."""

import copy
import pickle
import re
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.exceptions import NotFittedError

import pmm_sklearn

from .draws import usual_data

# An error names what was given.  Words of scikit-learn's own checks are among them.
_NAMES = {
    *("X", "y", "sample_weight", "y_err", "target_weight", "classes", "array"),
    *("samples", "features", "class", "label", "labels", "input_array", "matrix"),
    *("matrices", "targets", "paths", "levels", "level", "sector", "loss", "weights"),
    *("column", "columns", "sparse", "dtype", "numpy", "estimator", "Seed", "Complex"),
    *(
        "n_samples",
        "y_true",
        "Input",
        "return_std",
        "return_cov",
        "terms",
        "Level",
        "Gap",
        "Observable",
    ),
}
# Each kind of estimator, fitted to usual data: pickled.
_FITTED = {}
_FOLDER = str(Path(pmm_sklearn.__file__).parent)


class Finding(Exception):
    """Something that must not happen."""


def check(draw):
    """Fit and ask; raise `Finding` unless all is well.

    Returns
    -------
    str
        "answered" or the name of the error.
    """
    draw = copy.deepcopy(draw)
    before = _arguments(draw), _globals()
    model = _fitted(draw) if draw.is_refit else draw.kind(**draw.quick)
    model.set_params(**draw.parameters)
    outcome = _fit(draw, model)
    if outcome == "fitted":
        outcomes = [_ask(draw, model, *question) for question in draw.questions]
        outcome = outcomes[-1]
    if (_arguments(draw), _globals()) != before:
        raise Finding("arguments or global state have changed")
    return outcome


def _fitted(draw):
    if draw.kind not in _FITTED:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = draw.kind(**draw.quick).fit(*_usual_data(draw.kind))
        _FITTED[draw.kind] = pickle.dumps(model)
    return pickle.loads(_FITTED[draw.kind])


def _usual_data(kind):
    return usual_data(kind, np.random.RandomState(0), 12, 2)


def _fit(draw, model):
    """Fit; after an error the state is what it was."""
    before = _state(draw, model)
    outcome = _outcome(
        draw,
        lambda: getattr(model, draw.method)(draw.X, draw.y, **draw.fit_parameters),
    )
    if isinstance(outcome, str):
        if _state(draw, model) != before:
            raise Finding(f"a refused {draw.method} has changed the fitted state")
        return outcome
    return "fitted"


def _state(draw, model):
    """What was fitted, and what it predicts."""
    names = sorted(set(vars(model)) - set(model.get_params(deep=False)))
    if not draw.is_refit:
        return names
    X, _ = _usual_data(draw.kind)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return names, _parts(model.predict(X))[0].tobytes()
    except ValueError as error:
        # Parameters that are wrong may be needed to predict, too.
        return names, str(error)


def _ask(draw, model, method, arguments, options):
    """A question, twice, the second time to a pickled copy."""
    again = pickle.loads(pickle.dumps(model))
    state = pickle.dumps(vars(model))
    answers = [
        _outcome(draw, lambda m=m: getattr(m, method)(*arguments, **options))
        for m in (model, again)
    ]
    if pickle.dumps(vars(model)) != state:
        raise Finding(f"{method} has changed the estimator")
    if isinstance(answers[0], str):
        return answers[0]
    for part, copied in zip(*map(_parts, answers), strict=True):
        is_logarithm = method == "predict_log_proba"
        if part.dtype.kind == "f" and not np.all(np.isfinite(part) | is_logarithm):
            raise Finding(f"{method} is not finite")
        if not np.array_equal(part, copied):
            raise Finding(f"{method} of a pickled copy is another one")
    return "answered"


def _parts(result):
    parts = result if isinstance(result, tuple) else (result,)
    return [np.asarray(part) for part in parts]


def _outcome(draw, call):
    """What a call returns, or the name of its error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", RuntimeWarning)
        try:
            return call()
        except (ValueError, TypeError, ImportError) as error:
            _check_words(draw, error)
            return type(error).__name__
        except (KeyboardInterrupt, Finding):
            raise
        except RuntimeWarning as error:
            if "sklearn/metrics" in _place(error):
                # r2_score squares whatever it is given.
                return "RuntimeWarning of scikit-learn"
            raise Finding(f"RuntimeWarning: {error}") from error
        except BaseException as error:
            raise Finding(f"{type(error).__name__}: {error}") from error


def _check_words(draw, error):
    """An argument, and if the message is ours, a value and a remedy."""
    if isinstance(error, NotFittedError):
        raise Finding(f"fitted, but: {error}") from error
    text = str(error)
    named = set(re.findall(r"\w+", text))
    if not named & {*_NAMES, *draw.kind(**draw.quick).get_params()}:
        raise Finding(f"{type(error).__name__} names no argument: {text}") from error
    if not _place(error).startswith(_FOLDER):
        return
    if not re.search(
        r"\d|'|None|True|False|NaN|nan|zero|both|inf|none|complex|\(\)", text
    ):
        raise Finding(f"{type(error).__name__} names no value: {text}") from error
    if not re.search(r"must|[:;] |^No ", text):
        raise Finding(f"{type(error).__name__} names no remedy: {text}") from error


def _place(error):
    """File that an error was raised in."""
    frame = error.__traceback__
    while frame.tb_next is not None:
        frame = frame.tb_next
    return frame.tb_frame.f_code.co_filename


def _arguments(draw):
    # Numbers are drawn from an instance, which is meant to change.
    parameters = {**draw.parameters, "random_state": None}
    given = draw.X, draw.y, parameters, draw.fit_parameters, draw.questions
    return pickle.dumps(copy.deepcopy(given))


def _globals():
    state = np.random.get_state()[1]  # noqa: NPY002
    return np.geterr(), state.tobytes(), len(warnings.filters), sklearn.get_config()
