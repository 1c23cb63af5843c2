"""What the structure of the package promises: layers, shallow classes, one place."""

import ast
import importlib
import importlib.util
import inspect
import pkgutil
from collections import Counter
from pathlib import Path

import pytest

import pmm_sklearn
from pmm_sklearn import PMMRegressor

PACKAGE = Path(pmm_sklearn.__file__).parent
# From the bottom: each may import those before it, and nothing else of the package.
LAYERS = {
    "model": set(),
    "solvers": set(),
    "checks": {"model", "solvers"},
    "fitted": {"model", "checks"},
    "training": {"model", "solvers", "fitted"},
    "inspection": {"model", "checks", "fitted"},
}
# Layers of PyTorch use estimators, too; only what is imported by name needs them.
TORCH = PACKAGE / "torch"
HAS_TORCH = importlib.util.find_spec("torch") is not None
# Small modules that any layer above the model may use.
COMMON = {"_outputs", "_target_checks", "_threads", "_warnings", "targets"}
NUMERICAL = {"numpy", "scipy", "numba", "llvmlite"}


def modules():
    """All modules of the package but those that need optional packages."""
    for info in pkgutil.walk_packages([str(PACKAGE)], "pmm_sklearn."):
        if "__main__" in info.name or "simd" in info.name:
            continue
        if info.name.startswith("pmm_sklearn.torch") and not HAS_TORCH:
            continue
        yield importlib.import_module(info.name)


def own_classes():
    """All classes that are defined in the package."""
    for module in modules():
        for value in vars(module).values():
            if inspect.isclass(value) and value.__module__ == module.__name__:
                yield value


def is_own(kind):
    is_protocol = getattr(kind, "_is_protocol", False)
    is_ours = kind.__module__.startswith("pmm_sklearn")
    return is_ours and not is_protocol and not issubclass(kind, Warning)


def methods(kind):
    """Names of functions and properties that a class itself defines, and whether
    they are abstract."""
    found = {}
    for name, value in vars(kind).items():
        if isinstance(value, (staticmethod, classmethod)):
            value = value.__func__
        if callable(value) or isinstance(value, property):
            found[name] = getattr(value, "__isabstractmethod__", False)
    return found


def imports(path):
    """Dotted names of what a file imports, absolute."""
    module = ".".join(("pmm_sklearn", *path.relative_to(PACKAGE).with_suffix("").parts))
    package = module.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            is_package = source == "pmm_sklearn"
            names = [f"{source}.{alias.name}" for alias in node.names]
            yield from names if is_package else [source]


FILES = [
    (layer, path)
    for layer in LAYERS
    for path in sorted((PACKAGE / layer).rglob("*.py"))
]


@pytest.mark.parametrize(("layer", "path"), FILES, ids=lambda x: getattr(x, "name", x))
def test_layers_import_only_what_is_below_them(layer, path):
    allowed = LAYERS[layer] | {layer} | (COMMON if LAYERS[layer] else set())
    for name in imports(path):
        first, _, rest = name.partition(".")
        if first == "pmm_sklearn":
            assert rest.split(".")[0] in allowed, f"{path.name} imports {name}"
        elif layer in ("model", "solvers"):
            standard = first in STANDARD_LIBRARY
            assert standard or first in NUMERICAL, f"{path.name} imports {name}"


def test_type_checkers_are_told_of_the_hints():
    assert (PACKAGE / "py.typed").exists()


def test_nothing_else_imports_torch():
    for path in sorted(PACKAGE.rglob("*.py")):
        if TORCH not in path.parents:
            names = [name.split(".")[:2] for name in imports(path)]
            assert ["torch"] not in [name[:1] for name in names], path
            assert ["pmm_sklearn", "torch"] not in names, path


STANDARD_LIBRARY = set(__import__("sys").stdlib_module_names)


def test_classes_are_abstract_or_final():
    """No class overrides a concrete method of another one of ours."""
    overridden = [
        f"{kind.__name__}.{name} overrides that of {base.__name__}"
        for kind in own_classes()
        for base in filter(is_own, kind.__mro__[1:])
        for name, is_abstract in methods(base).items()
        if not is_abstract and name in methods(kind)
    ]
    assert overridden == []


def test_no_name_is_defined_more_than_twice_along_an_mro():
    often = []
    for kind in filter(is_own, own_classes()):
        # The classes below those of PyTorch are none of ours.
        bases = [b for b in kind.__mro__[:-1] if not b.__module__.startswith("torch")]
        names = Counter(name for base in bases for name in methods(base))
        # What scikit-learn wants every class of an estimator to define.
        del names["__sklearn_tags__"]
        often += [f"{kind.__name__}.{name}" for name in names if names[name] > 2]
    assert often == []


def test_the_regressor_has_few_ancestors():
    # Three of them make it a transformer, two of which are of scikit-learn.
    assert len(PMMRegressor.__mro__) <= 12


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "inspection").glob("*.py")), ids=lambda path: path.name
)
def test_inspection_reads_nothing_private_of_estimators(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            is_private = node.attr.startswith("_") and node.value.id in (
                *("estimator", "model", "canonical"),
            )
            assert not is_private, f"{node.value.id}.{node.attr} in line {node.lineno}"


def test_contributors_are_told_of_every_module():
    """Where the repository is at hand, which an installed package is not."""
    guide = Path(__file__).parents[1] / "CONTRIBUTING.rst"
    text = guide.read_text()
    for path in sorted(PACKAGE.rglob("*.py")):
        folder, name = path.parent, path.name
        if name.startswith("__") or folder.name in ("datasets", "_simd"):
            continue
        is_named = f"``{name}``" in text or f"``{folder.name}/``" in text
        is_display = name.endswith("_display.py")
        assert is_named or is_display or folder == PACKAGE, f"{path} is not in {guide}"
