"""
A matrix model as the head of a network
=======================================

A small network has learned the digits 0 to 4.  Its features shall tell 5 to 9 apart,
of which few images are given: first the network stays as it is, and a parametric
matrix model is trained on its features; then its last block is trained with it.

Needs PyTorch: ``pip install "pmm_sklearn[torch]"``.
"""

# %%
# The network
# -----------
# Two blocks of convolutions, trained with a linear layer on the first five digits.
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

from pmm_sklearn import torch as pt

torch.manual_seed(0)
torch.set_num_threads(1)
digits = load_digits()
images = torch.tensor(digits.images[:, None] / 16.0, dtype=torch.float32)
labels = torch.tensor(digits.target)
is_known = labels < 5


def block(n_inputs, n_outputs):
    """Halve height and width."""
    return nn.Sequential(
        nn.Conv2d(n_inputs, n_outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(n_outputs),
        nn.ReLU(),
        nn.MaxPool2d(2),
    )


body = nn.Sequential(block(1, 16), block(16, 32), nn.Flatten())


def train(network, groups, X, y, n_epochs):
    """Train groups of parameters; all others stay as they are."""
    optimizer = torch.optim.AdamW(groups, weight_decay=1e-2)
    for _ in range(n_epochs):
        for batch in torch.randperm(len(X)).split(32):
            loss = nn.functional.cross_entropy(network(X[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def accuracy(network, X, y):
    """Fraction of images with the right label."""
    network.eval()
    with torch.no_grad():
        return (network(X).argmax(dim=1) == y).float().mean().item()


pretrained = nn.Sequential(body, nn.Linear(128, 5))
group = {"params": pretrained.parameters(), "lr": 3e-3}
train(pretrained, [group], images[is_known], labels[is_known], 5)
known = accuracy(pretrained, images[is_known], labels[is_known])
print(f"digits 0 to 4: {known:.1%}")

# %%
# The network as it is
# --------------------
# Two hundred images of the other digits, and matrices of rank 2.
X, X_test, y, y_test = train_test_split(
    images[~is_known],
    labels[~is_known] - 5,
    train_size=200,
    stratify=labels[~is_known],
    random_state=0,
)
head = pt.PMMLayer(
    pt.AffineHermitian(128, 5, rank=2),
    pt.Eigenstates(2),
    pt.ExpectationReadout(5, 5, 2),
)
network = nn.Sequential(body, head)
# Statistics of batches stay those of the first digits.
network.eval()
train(network, [{"params": head.parameters(), "lr": 1e-2}], X, y, 30)
print(f"digits 5 to 9, head alone: {accuracy(network, X_test, y_test):.1%}")

# %%
# The last block with it
# ----------------------
# At a lower rate than the head, from where that has come.
groups = [
    {"params": head.parameters(), "lr": 3e-3},
    {"params": body[1].parameters(), "lr": 1e-3},
]
train(network, groups, X, y, 30)
print(f"digits 5 to 9, last block as well: {accuracy(network, X_test, y_test):.1%}")
