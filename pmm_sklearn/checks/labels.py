"""Labels of classes: encoding, weights, checks."""

import numpy as np
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import assert_all_finite, check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from .data import LARGEST_WEIGHT
from .dtypes import check_not_masked
from .parameters import check_number


def unique_labels(name, labels, samples="it"):
    """Sorted labels; raises unless there are two or more.

    Parameters
    ----------
    name : str
        Name of the argument.
    labels : array-like of shape (n_samples,)
        Labels.
    samples : str, default="it"
        Where they were looked for.

    Returns
    -------
    ndarray of shape (n_classes,)
    """
    classes = LabelEncoder().fit(labels).classes_
    if len(classes) < 2:
        found = f"one class only, {classes.tolist()[0]!r}" if len(classes) else "none"
        raise ValueError(
            f"{name} has {found}, in {samples}: give labels of at least two classes."
        )
    return classes


def encode(y, classes):
    """Positions of the labels among the classes, shape (n_samples,)."""
    encoder = LabelEncoder()
    encoder.classes_ = classes
    try:
        codes = encoder.transform(y).astype(np.intp)
        if not np.array_equal(classes[codes], np.ravel(y)):
            # The encoder converts strings of digits, and cuts fractions off.
            found = np.asarray(y).dtype
            raise TypeError(f"those of dtype {found} are not of {classes.dtype}")
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"y has labels that are not among the classes {classes.tolist()} ({error}):"
            f" correct them, or name all classes in the first call of partial_fit."
        ) from error
    return codes


def indicators(labels, n_classes):
    """Targets of the outputs, one for two classes, else one for each class.

    Parameters
    ----------
    labels : ndarray of int, shape (n_samples,)
        Numbers of the classes.
    n_classes : int
        Number of classes.

    Returns
    -------
    ndarray of shape (n_samples, 1) or (n_samples, n_classes)
        1 where the class is that of the output, for a single output the second.
    """
    outputs = np.array([1]) if n_classes == 2 else np.arange(n_classes)
    return (labels[:, np.newaxis] == outputs).astype(np.float64)


def labels_of(targets):
    """Inverse of `indicators`."""
    single = targets.shape[1] == 1
    return targets[:, 0].astype(int) if single else np.argmax(targets, axis=1)


def check_class_weight(class_weight):
    """Raise unless it is None, "balanced" or a dictionary of positive numbers."""
    if isinstance(class_weight, dict):
        for label, weight in class_weight.items():
            name = f"class_weight[{label!r}]"
            check_number(name, weight, 0, LARGEST_WEIGHT, open_interval=True)
    elif class_weight is not None and not is_balanced(class_weight):
        raise ValueError(
            f"class_weight must be None, 'balanced' or a dictionary of labels and "
            f"weights, got {class_weight!r}."
        )


def is_balanced(class_weight):
    """Whether all classes shall have the same total weight."""
    return isinstance(class_weight, str) and class_weight == "balanced"


def check_not_balanced(class_weight):
    """Raise if the weights of classes follow from all samples, for ``partial_fit``."""
    if is_balanced(class_weight):
        raise ValueError(
            "class_weight='balanced' needs all samples at once, got a call of "
            "partial_fit: give a dictionary of weights, or call fit."
        )


def class_factors(class_weight, classes, labels, weight):
    """Factors of the weights of the samples, by class.

    Parameters
    ----------
    class_weight : dict, "balanced" or None
        As for `PMMClassifier`.
    classes : ndarray of shape (n_classes,)
        All labels.
    labels : ndarray of int, shape (n_samples,)
        Positions among them.
    weight : ndarray of shape (n_samples,)
        Weights of the samples.

    Returns
    -------
    ndarray of shape (n_classes,)
    """
    if class_weight is None:
        return np.ones(len(classes))
    if is_balanced(class_weight):
        return weight.sum() / (len(classes) * np.bincount(labels, weight))
    names = classes.tolist()
    missing = [name for name in names if name not in class_weight]
    # Folds of a cross-validation may lack a class of the dictionary.
    if missing and len(class_weight) > len(names) - len(missing):
        raise ValueError(
            f"class_weight has the labels {list(class_weight)}, of which some are not "
            f"among the classes {names}, while {missing} have no weight there: correct "
            f"the labels."
        )
    return np.array([class_weight.get(name, 1.0) for name in names])


def check_same_classes(classes, known):
    """Raise unless the classes are those of the fitted model, for a warm start."""
    if not np.array_equal(classes, known):
        raise ValueError(
            f"warm_start=True continues the fitted model, whose classes are "
            f"{known.tolist()}, got {classes.tolist()} in y: give samples of the same "
            f"classes, or set warm_start=False."
        )


def check_labels(y, X):
    """One label for each sample, as an array."""
    check_not_masked("y", y)
    y = column_or_1d(y, warn=True)
    check_consistent_length(X, y)
    assert_all_finite(y, input_name="y")
    check_classification_targets(y)
    return y


def online_classes(classes, known):
    """The classes for ``partial_fit``, given now or before.

    Parameters
    ----------
    classes : array-like of shape (n_classes,) or None
        As given.
    known : ndarray of shape (n_classes,) or None
        Of an earlier call.
    """
    if classes is None and known is None:
        raise ValueError(
            "classes must be given in the first call of partial_fit, got None: "
            "name all labels that will ever come."
        )
    if classes is not None and np.ndim(classes) != 1:
        raise ValueError(
            f"classes must be a list or an array of labels, got {classes!r} "
            f"in a call of partial_fit: give shape (n_classes,)."
        )
    given = known if classes is None else unique_labels("classes", classes)
    if known is not None and not np.array_equal(given, known):
        raise ValueError(
            f"classes must be those of the model, {known.tolist()}, got "
            f"{given.tolist()}: correct or omit classes, or call fit first."
        )
    return given
