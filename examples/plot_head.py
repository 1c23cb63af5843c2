"""
A head on features of a network
===============================

A network whose layers stay as they are turns images into a thousand features.  Here it
is one layer of random weights, and images are handwritten digits.  The side of the
matrices decides how many numbers the head on them learns.
"""

# %%
# Features
# --------
# More than there are images to learn from: all depends on the penalty.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pmm_sklearn import PMMClassifier

X, y = load_digits(return_X_y=True)
rng = np.random.RandomState(0)
features = np.maximum(X / 16 @ rng.standard_normal((64, 1000)), 0)
parts = train_test_split(features, y, train_size=600, stratify=y, random_state=0)
X_train, X_test, y_train, y_test = parts

# %%
# Heads
# -----
# A number as ``alpha`` saves the time in which ``"auto"`` compares several on a fifth
# of the images.
heads = {
    side: PMMClassifier(
        side,
        matrix_type="symmetric",
        alpha=10,
        solver="adam",
        max_iter=20,
        n_init=1,
        random_state=0,
    ).fit(X_train, y_train)
    for side in (2, 3, 4, 5)
}
linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=200))
linear.fit(X_train, y_train)

# %%
# What they come to
# -----------------
# A side of 3 has six combinations of the features for ten classes, a side of 4 has ten.
_, axes = plt.subplots(figsize=(6, 3.5), layout="constrained")
numbers = [head.n_parameters_ for head in heads.values()]
scores = [head.score(X_test, y_test) for head in heads.values()]
axes.plot(numbers, scores, "o-", label="PMMClassifier")
for side, number, score in zip(heads, numbers, scores, strict=True):
    axes.annotate(f"side {side}", (number, score), (6, -12), textcoords="offset points")
axes.plot(10 * 1001, linear.score(X_test, y_test), "s", label="logistic regression")
axes.set(xlabel="number of parameters", ylabel="accuracy of other images")
axes.margins(x=0.12, y=0.15)
axes.legend()
plt.show()
