"""What outputs of emulators are, in a file of anyone."""

from ...model.spectrum import names_of_observables
from ...targets import as_outputs, as_targets

# Numbers in any table that a model makes of its structure alone: a small file must not
# ask for a large one.
LARGEST_TABLE = 50_000_000


def outputs_from(fields):
    """Outputs with tuples again where JSON has lists."""
    return [
        (kind, name, tuple(map(tuple, levels)))
        for kind, name, levels in fields["outputs"]
    ]


def check_outputs(outputs, block_sizes, n_features=0):
    """Raise unless these are outputs as targets give them, and not too many.

    Parameters
    ----------
    outputs : list of tuple
        From :func:`outputs_from`.
    block_sizes : tuple of int
        Sides of the sectors, checked.
    n_features : int, default=0
        Number of features that there are slopes by.

    Raises
    ------
    ValueError, TypeError, LookupError
        If they are not.
    """
    features = [name for kind, name, _ in outputs if kind == "slope"]
    if not all(isinstance(feature, int) for feature in features):
        raise ValueError("a slope is by no number of a feature")
    # Not a list: there may be more of them than memory holds.
    numbers = range(n_features)
    again = as_outputs(as_targets(outputs), len(outputs), block_sizes, numbers)
    if again != outputs or not outputs:
        raise ValueError("the outputs are none that targets give")
    n_levels = len({level for *_, levels in outputs for level in levels})
    if len(outputs) * max(n_names(outputs), n_levels) > LARGEST_TABLE:
        raise ValueError(f"there are too many outputs, {len(outputs)}")


def n_names(outputs):
    """Number of observables that are learned."""
    return len(names_of_observables(outputs))
