"""Questions that a diagnosis asks of classifiers."""

import numpy as np
from sklearn.metrics import log_loss

from ._cases import shown_rows
from .findings import Finding

# Log-loss over that of the frequencies of the classes, if nothing is explained.
_NOTHING = 0.95
# Rows of a class that say something of it.
_FEWEST_ROWS = 5
# Share of the rows of a class that are recognised, at least.
_LEAST_RECALL = 0.3
# A class of this probability is doubtful, if rows of such classes are exceptions.
_DOUBTFUL, _FEW_DOUBTFUL = 0.05, 0.02


def nothing(case):
    """Classes that are not told apart."""
    shares = np.bincount(case.codes, case.weight, len(case.counts)) / case.weight.sum()
    known = shares[shares > 0]
    entropy = -np.sum(known * np.log(known))
    if entropy == 0:
        return
    labels = np.arange(len(shares))
    data = case.codes, case.probabilities
    loss = log_loss(*data, sample_weight=case.weight, labels=labels)
    if loss > _NOTHING * entropy:
        yield Finding(
            "fit",
            float(loss / entropy),
            "classes are told apart no better than by their frequencies: they do not "
            "depend on these features, or all starts were poor; look at y, give more "
            "samples, or a larger n_init.",
        )


def rare_classes(case):
    """Classes of hardly any rows."""
    counts = case.counts
    rare = np.flatnonzero(counts < _FEWEST_ROWS)
    if len(rare):
        classes = case.estimator.classes_.tolist()
        names = ", ".join(repr(classes[k]) for k in rare[:5])
        are, them = ("class", "it") if len(rare) == 1 else ("classes", "them")
        yield Finding(
            "data",
            float(counts[rare].min()),
            f"{are} {names} {'has' if len(rare) == 1 else 'have'} fewer than "
            f"{_FEWEST_ROWS} rows: what is said of {them} is a guess. Give more rows, "
            f"or put rare classes together.",
        )


def unrecognised_classes(case):
    """Classes of which the model finds hardly any row."""
    is_right = case.probabilities.argmax(axis=1) == case.codes
    counts = case.counts
    found = np.bincount(case.codes, is_right, len(counts))
    missed = (counts >= _FEWEST_ROWS) & (found < _LEAST_RECALL * counts)
    for k in np.flatnonzero(missed):
        name = repr(case.estimator.classes_.tolist()[k])
        remedy = "Another weight than class_weight may help"
        if case.estimator.class_weight is None:
            remedy = "class_weight='balanced' gives rare classes more weight"
        yield Finding(
            "classes",
            float(found[k] / counts[k]),
            f"{found[k]:.0f} of {counts[k]} rows of class {name} are recognised. "
            f"{remedy}, at the cost of the others.",
            tuple(np.flatnonzero((case.codes == k) & ~is_right).tolist()),
        )


def doubtful_labels(case):
    """Rows that the model puts into another class, without doubt."""
    own = case.probabilities[np.arange(len(case.codes)), case.codes]
    rows = np.flatnonzero(own < _DOUBTFUL)
    if not 0 < len(rows) <= max(_FEW_DOUBTFUL * len(own), 1):
        return
    rows = rows[np.argsort(own[rows])]
    name = repr(case.estimator.classes_.tolist()[case.codes[rows[0]]])
    have, them = ("has", "it") if len(rows) == 1 else ("have", "them")
    yield Finding(
        "labels",
        float(own[rows[0]]),
        f"{shown_rows(rows)} {have} a class that the model gives a probability below "
        f"{_DOUBTFUL:.0%} (row {rows[0]}, {name}: {own[rows[0]]:.1g}): check {them}.",
        tuple(rows.tolist()),
    )
