"""What outputs of emulators are, in a file of anyone."""

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


def check_outputs(outputs, block_sizes):
    """Raise unless these are outputs as targets give them, and not too many.

    Parameters
    ----------
    outputs : list of tuple
        From :func:`outputs_from`.
    block_sizes : tuple of int
        Sides of the sectors, checked.

    Raises
    ------
    ValueError, TypeError, LookupError
        If they are not.
    """
    again = as_outputs(as_targets(outputs), len(outputs), block_sizes)
    if again != outputs or not outputs:
        raise ValueError("the outputs are none that targets give")
    n_levels = len({level for *_, levels in outputs for level in levels})
    if len(outputs) * max(n_names(outputs), n_levels) > LARGEST_TABLE:
        raise ValueError(f"there are too many outputs, {len(outputs)}")


def n_names(outputs):
    """Number of observables that are learned."""
    return len({name for _, name, _ in outputs if name})
