"""Levels of a fitted matrix as features for other models."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ._threads import single_blas_thread
from .checks.data import check_features


class LevelFeatures(TransformerMixin):
    """Methods of an estimator whose `model_` has levels: it also is a transformer."""

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Levels of the fitted matrix, as features for another model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features, in the units of ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n)
            All levels of the best member, sector after sector, ascending in each; a
            data frame after ``set_output``.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMRegressor
        >>> X = np.linspace(-1, 1, 30)[:, np.newaxis]
        >>> model = PMMRegressor(3, n_init=1, random_state=0).fit(X, X[:, 0] ** 2)
        >>> model.transform(X).shape
        (30, 3)
        """
        check_is_fitted(self)
        X = check_features(self, X)
        with single_blas_thread():
            return self.model_.levels(X)

    def get_feature_names_out(
        self, input_features: ArrayLike | None = None
    ) -> np.ndarray:
        """Names of the columns of :meth:`transform`.

        Parameters
        ----------
        input_features : None
            Ignored: levels are made of all features.

        Returns
        -------
        ndarray of object of shape (n,)
            "level0", "level1", ...; of several sectors "sector0_level0", ...

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMRegressor
        >>> X = np.linspace(-1, 1, 30)[:, np.newaxis]
        >>> model = PMMRegressor(3, n_init=1, random_state=0).fit(X, X[:, 0] ** 2)
        >>> model.get_feature_names_out()
        array(['level0', 'level1', 'level2'], dtype=object)
        """
        check_is_fitted(self)
        sizes = self.model_.block_sizes
        names = [
            f"level{k}" if len(sizes) == 1 else f"sector{sector}_level{k}"
            for sector, size in enumerate(sizes)
            for k in range(size)
        ]
        return np.array(names, dtype=object)
