"""Attributes that a fit by its evidence sets; others say why they have none."""

from typing import Any

from sklearn.utils.validation import check_is_fitted


class OfEvidence:
    """Place of an attribute in a class, for its instances that lack it.

    It has no ``__set__``, so that what a fit sets on an instance comes first.

    Examples
    --------
    >>> from pmm_sklearn import PMMRegressor
    >>> X, y = [[0.0], [1.0], [2.0]], [0.0, 1.0, 4.0]
    >>> model = PMMRegressor(2, alpha=0.1, max_iter=1, n_init=1).fit(X, y)
    >>> hasattr(model, "noise_")
    False
    """

    def __set_name__(self, owner, name):
        self._name = name

    def __get__(self, instance, owner=None) -> Any:
        """Raise AttributeError, with the reason."""
        if instance is None:
            return self
        check_is_fitted(instance)
        kind, name = type(instance).__name__, self._name
        if "log_evidence_" in vars(instance):
            raise AttributeError(f"This {kind} has no {name}: its loss has no noise.")
        raise AttributeError(
            f"This {kind} has no {name}, which is known after a fit by its evidence "
            f"only: that takes alpha='auto', solver='auto' or 'lm', early_stopping="
            f"False, and no more samples than take about 20 s with matrix_size='auto'. "
            f"With more of them give a small matrix_size, such as 5. Neither "
            f"partial_fit nor from_npz tells it."
        )
