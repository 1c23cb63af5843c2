"""Estimators whose outputs are a mean over several models."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._mean_model import MeanModel, MeanOfOutputs, inverse_weights
from ._validation import check_integer
from .model import Parameters


class AveragingMixin:
    """Estimators with the parameter `n_average`.

    The best model is in the attributes of a single one, the others beside them, as
    tuples of arrays.
    """

    _combination = MeanOfOutputs
    # Estimators that were pickled before there were any have none.
    _other_members = ()

    @property
    def members_(self):
        """Matrices of all models that are averaged, the best first.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMRegressor
        >>> rng = np.random.RandomState(0)
        >>> X = np.linspace(-1, 1, 30)[:, np.newaxis]
        >>> y = X[:, 0] ** 2 + 0.1 * rng.standard_normal(30)
        >>> model = PMMRegressor(3, 2, n_init=2, n_average=2, random_state=0).fit(X, y)
        >>> [member.matrices.shape for member in model.members_]
        [(2, 3, 3), (2, 3, 3)]
        """
        check_is_fitted(self)
        return tuple(self._members())

    def _members(self):
        others = [Parameters(*arrays) for arrays in self._other_members]
        return [self._fitted_parameters(), *others]

    def _mean_model(self):
        """The fitted model: all members and the mean over them."""
        combine = self._combination(getattr(self, "member_weights_", None))
        return MeanModel(self._fitted_model(), self._members(), combine)

    @property
    def _no_other_members(self):
        return {"_other_members": (), "member_weights_": np.ones(1)}

    @property
    def _n_members(self):
        return self.n_average

    def _check_averaging(self):
        check_integer("n_average", self.n_average, 1)
        if self.n_average > self.n_init:
            raise ValueError(
                f"n_average must not exceed the number of starts, got n_average="
                f"{self.n_average} with n_init={self.n_init}: increase n_init."
            )

    def _set_members(self, problem, thetas, losses):
        others = [tuple(problem.parameters(theta)) for theta in thetas[1:]]
        self._other_members = tuple(others)
        self.member_weights_ = inverse_weights(losses)
