"""All of a fitted estimator that a file without pickle holds."""

import json
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..checks.parameters import check_flag, check_integer
from .plausible import check_elements, check_parameters
from .portable_posterior import posterior_fields, posterior_from
from .structures import Structure

FORMAT = "pmm_sklearn model, version 1"
_FIELDS = (
    *("format", "estimator", "structure", "n_members", "n_parameters"),
    *("single_output", "are_logarithms", "feature_names", "labels", "posterior"),
)
_ROUNDING = 1e-9


@dataclass(frozen=True)
class PortableModel:
    """A fitted estimator as plain values.

    Parameters
    ----------
    estimator : str
        Name of its class.
    structure : Structure
        What the model is.
    members : sequence of tuple
        Parameters of the models that are averaged, the best first.
    weights : ndarray of shape (n_members,)
        Of the members.
    n_parameters : int
        Number of real parameters that were learned, of all members.
    single_output : bool
        Whether predictions have no axis for the outputs, of which there is one.
    are_logarithms : bool
        Whether outputs are the logarithms of predictions.
    feature_names : list of str
        Names of the features; empty if they have none.
    classes : ndarray or None
        Labels of a classifier.
    posterior : dict or None
        What error bars are made of: see `error_bars_of`.
    """

    estimator: str
    structure: Structure
    members: tuple
    weights: np.ndarray
    n_parameters: int
    single_output: bool
    are_logarithms: bool
    feature_names: list
    classes: np.ndarray | None = None
    posterior: dict | None = None

    def arrays(self):
        """Arrays by name, one of which is the description, a text.

        Raises
        ------
        ValueError, TypeError
            If matrices have elements of another type, or labels are neither numbers
            nor texts.
        """
        shapes = self.structure.shapes()
        arrays = {
            _numbered(name, i): np.asarray(array).astype(dtype, casting="safe")
            for i, member in enumerate(self.members)
            for array, (name, (_, dtype)) in zip(member, shapes.items(), strict=False)
        }
        arrays["weights"] = np.asarray(self.weights)
        labels = None
        if self.classes is not None:
            labels = self.classes.dtype.kind
            arrays["classes"] = _plain_labels(self.classes)
        description = {
            "format": FORMAT,
            "estimator": self.estimator,
            "structure": vars(self.structure),
            "n_members": len(self.members),
            "n_parameters": self.n_parameters,
            "single_output": self.single_output,
            "are_logarithms": self.are_logarithms,
            "feature_names": self.feature_names,
            "labels": labels,
            "posterior": posterior_fields(self.posterior, arrays),
        }
        text = json.dumps(description, default=_plain_number)
        return {"description": np.array(text), **arrays}

    def attributes(self):
        """All fitted attributes that predictions depend on: dict by name."""
        structure = self.structure
        best, *others = self.members
        told = {
            "n_features_in_": structure.n_features,
            "n_parameters_": self.n_parameters,
            "member_weights_": self.weights,
            "_structure": dict(vars(structure)),
            "_other_members": tuple(map(tuple, others)),
            "_posterior": self.posterior,
            "_single_output": self.single_output,
            "_are_logarithms": self.are_logarithms,
            **structure.state_of(best),
            **structure.fitted_attributes(),
        }
        if self.classes is None:
            told["n_outputs_"] = structure.n_outputs
        else:
            told["classes_"] = self.classes
        if self.feature_names:
            told["feature_names_in_"] = np.array(self.feature_names, dtype=object)
        return told

    @classmethod
    def read(cls, archive, estimator, structure_type, has_classes):
        """Model in a file of anyone, checked.

        Parameters
        ----------
        archive : Archive
            With the arrays.
        estimator : str
            Name of the class that is expected.
        structure_type : type
            Its class of structures.
        has_classes : bool
            Whether it is a classifier.

        Returns
        -------
        PortableModel

        Raises
        ------
        ValueError, TypeError, LookupError
            If the archive holds anything else.
        """
        description = json.loads(archive.text("description"))
        if not isinstance(description, dict) or description.get("format") != FORMAT:
            raise ValueError("it is in another format")
        if description["estimator"] != estimator:
            name = description["estimator"]
            raise ValueError(f"it holds one of {name}, which {name}.from_npz reads")
        if set(description) != set(_FIELDS):
            raise ValueError("the description has other fields")
        structure = structure_type.from_fields(description["structure"])
        _check_names(description, structure)
        members = _members(archive, structure, description["n_members"])
        check_integer("n_parameters", description["n_parameters"], 1)
        model = cls(
            estimator=estimator,
            structure=structure,
            members=members,
            weights=_weights(archive, len(members)),
            n_parameters=description["n_parameters"],
            single_output=description["single_output"],
            are_logarithms=description["are_logarithms"],
            feature_names=description["feature_names"],
            classes=_classes(archive, structure, description["labels"], has_classes),
            posterior=posterior_from(
                description["posterior"], archive, structure, len(members)
            ),
        )
        archive.check_all_read()
        return model


def _plain_number(number):
    """Parameters of an estimator may be numbers of NumPy, or functions."""
    if callable(number):
        raise ValueError(
            f"targets has a Custom, whose function {number!r} no file without pickle "
            f"holds"
        )
    return number.item()


def _numbered(name, i):
    """Name of an array of a member; those of the best have no number."""
    return f"{name}_{i}" if i else name


def _members(archive, structure, n_members):
    """Parameters of all members, the best first."""
    check_integer("n_members", n_members, 1)
    shapes, members, model = structure.shapes(), [], None
    for i in range(n_members):
        names = [_numbered(name, i) for name in shapes]
        parameters = structure.parameters_from(
            [
                archive.numbers(name, *expected)
                for name, expected in zip(names, shapes.values(), strict=True)
            ]
        )
        # Its tables are large if the matrices are, which are there now.
        model = model or structure.fitted_model()
        check_parameters(model, parameters, names, structure.largest_element)
        members.append(parameters)
    return tuple(members)


def _weights(archive, n_members):
    weights = archive.numbers("weights", (n_members,), np.dtype(np.float64))
    check_elements("weights", weights, least=0.0)
    if abs(weights.sum() - 1.0) > _ROUNDING:
        raise ValueError("weights do not have the sum 1")
    return weights


def _plain_labels(classes):
    """Labels without Python objects."""
    if classes.dtype.kind != "O":
        return classes
    texts = classes.astype(str)
    if not all(isinstance(label, str) for label in classes) or np.any(texts != classes):
        raise TypeError(
            "classes_ has labels other than numbers and texts: give such labels to fit"
        )
    return texts


def _classes(archive, structure, kind, is_expected):
    """Labels of a classifier, which are distinct and in order."""
    if (kind is not None) != is_expected:
        raise ValueError("it has labels, but is no classifier, or has none but is one")
    if kind is None:
        return None
    classes = archive.labels("classes", structure.n_classes)
    if classes.dtype.kind != ("U" if kind == "O" else kind):
        raise ValueError(f"classes has elements of type {classes.dtype}")
    if classes.dtype.kind == "f":
        check_elements("classes", classes.astype(np.float64))
    # Characters that are none raise an error.
    labels = classes.tolist()
    if any(a >= b for a, b in pairwise(labels)):
        raise ValueError("classes is not in order")
    return classes.astype(object) if kind == "O" else classes


def _check_names(description, structure):
    """Raise unless the rest of a description goes with its structure."""
    names = description["feature_names"]
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        raise ValueError("feature_names is not a list of texts")
    if len(names) not in (0, structure.n_features):
        raise ValueError(f"there are {len(names)} names of features")
    check_flag("single_output", description["single_output"])
    check_flag("are_logarithms", description["are_logarithms"])
    if description["single_output"] and structure.n_outputs > 1:
        raise ValueError("single_output goes with one output only")
