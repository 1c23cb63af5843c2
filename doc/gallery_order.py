"""The order of the examples in the gallery."""

from pathlib import Path

NAMES = [
    "quick_start",
    "comparison",
    "avoided_crossing",
    "almg",
    "complex_continuation",
    "eigenvector_continuation",
    "trotter",
    "quench",
    "gap_surface",
    "slopes",
    "strength",
    "finite_volume",
    "nuclear_masses",
    "airfoil_search",
    "error_bars",
    "model_selection",
    "next_points",
    "calibration",
    "losses",
    "curves",
    "gradients",
    "shape_constraints",
    "interpretation",
    "decision_boundary",
    "digits",
    "head",
    "distributed_search",
    "saving",
]


def gallery_order(file):
    """Return what the gallery sorts an example by; new ones come last, by name."""
    name = Path(file).stem.removeprefix("plot_")
    return NAMES.index(name) if name in NAMES else len(NAMES), name
