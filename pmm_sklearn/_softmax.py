"""From logits to labels and probabilities."""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, log_softmax, softmax


class SoftmaxOutputs(ABC):
    """Predictions of a classifier with one logit per class, or one for two classes.

    The classifier has ``classes_``.
    """

    @abstractmethod
    def _outputs(self, X):
        """Logits of shape (n_samples, n_outputs)."""

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """Logits.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features or images, as for ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            With two classes the logit of the second, ``classes_[1]``, that is the
            logarithm of the ratio of the probabilities.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from pmm_sklearn import PMMClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = PMMClassifier(n_init=1, random_state=0).fit(X, y)
        >>> logits = model.decision_function(X)
        >>> logits.shape
        (150, 3)
        >>> bool((logits.argmax(axis=1) == model.predict(X)).all())
        True
        """
        logits = self._outputs(X)
        return logits[:, 0] if logits.shape[1] == 1 else logits

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict the most probable labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features or images, as for ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels, of the data type of ``classes_``.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from pmm_sklearn import PMMClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = PMMClassifier(n_init=1, random_state=0).fit(X, y)
        >>> model.predict(X[[0, 50, 100]])
        array([0, 1, 2])
        """
        logits = self._outputs(X)
        single = logits.shape[1] == 1
        labels = logits[:, 0] > 0 if single else np.argmax(logits, axis=1)
        return self.classes_[labels.astype(int)]

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features or images, as for ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of ``classes_``.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from pmm_sklearn import PMMClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = PMMClassifier(n_init=1, random_state=0).fit(X, y)
        >>> model.predict_proba(X[[0, 50, 100]]).round(1)
        array([[1., 0., 0.],
               [0., 1., 0.],
               [0., 0., 1.]])
        """
        logits = self._outputs(X)
        if logits.shape[1] > 1:
            return softmax(logits, axis=1)
        # Neither as a difference from 1, in which a small probability is lost.
        return expit(np.hstack([-logits, logits]))

    def predict_log_proba(self, X: ArrayLike) -> np.ndarray:
        """Logarithms of the probabilities, finite even where these underflow.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features or images, as for ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of ``classes_``.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from pmm_sklearn import PMMClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = PMMClassifier(n_init=1, random_state=0).fit(X, y)
        >>> import numpy as np
        >>> np.allclose(np.exp(model.predict_log_proba(X)), model.predict_proba(X))
        True
        """
        logits = self._outputs(X)
        if logits.shape[1] > 1:
            return log_softmax(logits, axis=1)
        return -np.logaddexp(0.0, np.hstack([logits, -logits]))


# The errors of Python name it where an argument is wrong.
SoftmaxOutputs.predict.__qualname__ = "predict"
