"""Questions that a diagnosis asks of classifiers."""

import numpy as np
from sklearn.metrics import log_loss

from ._cases import shown_rows
from .findings import Finding

# Log-loss over that of the frequencies of the classes, if nothing is explained.
_NOTHING = 0.95
# Rows of a class that say something of it.
_FEWEST_ROWS = 5
# A class of this probability is doubtful, if rows of such classes are exceptions.
_DOUBTFUL, _FEW_DOUBTFUL = 0.05, 0.02


def nothing(case):
    """Classes that are not told apart."""
    shares = case.counts / len(case.codes)
    known = shares[shares > 0]
    entropy = -np.sum(known * np.log(known))
    if entropy == 0:
        return
    loss = log_loss(case.codes, case.probabilities, labels=np.arange(len(shares)))
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
            f"{are} {names} {'has' if len(rare) == 1 else 'have'} less than "
            f"{_FEWEST_ROWS} rows: what is said of {them} is a guess. Give more rows, "
            f"or put rare classes together.",
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
    )
