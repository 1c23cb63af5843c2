"""
Handwritten digits
==================

A classifier of images with 2524 parameters: windows of the image control one small
matrix, that matrix controls one for each digit, and their eigenvectors are read out.
"""

# %%
# Training
# --------
# Digits of 8 x 8 pixels; windows of 4 x 4, two pixels apart.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from pmm_sklearn import PMMImageClassifier

digits = load_digits()
X_train, X_test, y_train, y_test = train_test_split(
    digits.images, digits.target, test_size=0.3, random_state=0, stratify=digits.target
)
model = PMMImageClassifier(
    window_shape=4, stride=2, batch_size=64, max_iter=60, alpha=1e-3, random_state=0
)
model.fit(X_train, y_train)
print(f"{model.n_parameters_} parameters, {model.n_iter_} epochs")
print(f"accuracy on {len(X_test)} test images: {model.score(X_test, y_test):.1%}")

# %%
# What it is sure of
# ------------------
# Upper row: the digits with the most certain answers, one of each class.  Lower row:
# mistakes, with the probability of the wrong answer.
probabilities = model.predict_proba(X_test)
predicted = model.classes_[np.argmax(probabilities, axis=1)]
certainty = probabilities.max(axis=1)
best = [
    np.flatnonzero(y_test == k)[np.argmax(probabilities[y_test == k, k])]
    for k in range(10)
]
wrong = np.flatnonzero(predicted != y_test)
wrong = wrong[np.argsort(-certainty[wrong])][:10]

figure, axes = plt.subplots(2, 10, figsize=(10, 2.9), layout="constrained")
for axis in axes.flat:
    axis.set_axis_off()
for row, images in zip(axes, (best, list(wrong)), strict=True):
    for axis, i in zip(row, images, strict=False):
        axis.imshow(X_test[i], cmap="gray_r")
        is_right = predicted[i] == y_test[i]
        axis.set_title(
            f"{predicted[i]} ({certainty[i]:.0%})",
            color="green" if is_right else "red",
            fontsize="small",
        )
figure.suptitle("most certain answers, and mistakes")
plt.show()
