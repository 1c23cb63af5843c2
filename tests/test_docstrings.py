"""Public names have docstrings with all parameters and an example."""

import dataclasses
import enum
import importlib
import importlib.util
import inspect
import re
from typing import NamedTuple

import pytest

from pmm_sklearn import PMMRegressor

MODULES = ["", ".targets", ".design", ".inspection", ".datasets", ".model", ".solvers"]
if importlib.util.find_spec("torch"):
    MODULES.append(".torch")
HEADING = re.compile(r"^(\w[\w ]*)\n-{3,}$", re.MULTILINE)
# "a, b : type", or without a type.
ENTRY = re.compile(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: :.*)?$", re.MULTILINE)


def sections(text):
    """Text below each heading of a numpydoc docstring."""
    _, *parts = HEADING.split(text)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def parameters(obj):
    """Names in the signature, which enumerations and protocols do not have."""
    is_protocol = getattr(obj, "_is_protocol", False)
    if is_protocol or (isinstance(obj, type) and issubclass(obj, enum.Enum)):
        return set()
    return set(inspect.signature(obj).parameters) - {"self"}


def is_record(obj):
    return isinstance(obj, type) and (
        issubclass(obj, tuple) or dataclasses.is_dataclass(obj)
    )


def problems(obj, needs_example=True):
    """What is wrong with a docstring."""
    # Not `inspect.getdoc`, which takes that of a base class for want of one.
    text = inspect.cleandoc(obj.__doc__ or "")
    if not text:
        return ["no docstring"]
    found = sections(text)
    missing = needs_example and ">>>" not in found.get("Examples", "")
    names = found.get("Parameters", "")
    if is_record(obj):
        # Whose fields are parameters and attributes alike.
        names += found.get("Attributes", "")
    documented = {
        name.strip(" *") for entry in ENTRY.findall(names) for name in entry.split(",")
    }
    undocumented = [] if isinstance(obj, property) else parameters(obj) - documented
    return ["no example"] * missing + sorted(undocumented)


def public_objects():
    for name in MODULES:
        module = importlib.import_module(f"pmm_sklearn{name}")
        for public in module.__all__:
            obj = getattr(module, public)
            if callable(obj):
                yield f"{module.__name__}.{public}", obj


def public_methods():
    """Methods and properties of classes for users, other than scikit-learn's own."""
    for path, cls in public_objects():
        if not isinstance(cls, type) or ".model." in path or ".solvers." in path:
            continue
        for name, member in inspect.getmembers(cls):
            if not (callable(member) or isinstance(member, property)):
                continue  # attributes stand in the docstring of their class
            function = member.fget if isinstance(member, property) else member
            module = getattr(function, "__module__", None) or ""
            is_ours = module.startswith("pmm_sklearn") and not isinstance(member, type)
            if is_ours and not name.startswith("_"):
                yield f"{path}.{name}", member


def named(pairs):
    return [pytest.param(obj, id=path) for path, obj in pairs]


@pytest.mark.parametrize("obj", named(public_objects()))
def test_public_names(obj):
    assert problems(obj) == []


@pytest.mark.parametrize("method", named(public_methods()))
def test_public_methods(method):
    """The examples of displays and of layers are those of their classes."""
    module = getattr(method, "__module__", "")
    by_class = module.startswith(("pmm_sklearn.inspection", "pmm_sklearn.torch"))
    assert problems(method, needs_example=not by_class) == []


def test_the_names_are_found():
    paths = [path for path, _ in public_objects()]
    assert "pmm_sklearn.PMMEmulator" in paths
    assert "pmm_sklearn.model.LaplacePosterior" in paths
    methods = [path for path, _ in public_methods()]
    assert "pmm_sklearn.PMMEmulator.from_npz" in methods
    assert "pmm_sklearn.PMMRegressor.members_" in methods


def undocumented(x):
    return x


def without_example(x):
    """Return it.

    Parameters
    ----------
    x : int
        A number.
    """
    return x


def with_a_forgotten_parameter(x, y, z):
    """Add them.

    Parameters
    ----------
    x, z : int
        Numbers.

    Examples
    --------
    >>> with_a_forgotten_parameter(1, 2, 3)
    6
    """
    return x + y + z


class Derived(PMMRegressor):
    pass


class Record(NamedTuple):
    """A record.

    Examples
    --------
    >>> Record(1).x
    1
    """

    x: int


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (undocumented, ["no docstring"]),
        (without_example, ["no example"]),
        (with_a_forgotten_parameter, ["y"]),
        (Derived, ["no docstring"]),
        (Record, ["x"]),
    ],
)
def test_gaps_are_found(obj, expected):
    assert problems(obj) == expected
