"""Relations of some estimators; all by ``python -m tests.robustness relations``."""

import pytest

from .cases import CASES
from .relation import RELATIONS
from .relations import PAIRS, check

# Those that start processes, for one case each.
_SLOW = {"in_a_new_process": "levels", "starts_in_processes": "regressor"}
_SOME = (
    *("regressor", "two classes", "batches of classes", "levels", "time steps"),
    *("continuation", "two classes of images"),
)


@pytest.mark.parametrize("case", _SOME)
def test_relations_in_this_process(case):
    for name, other in PAIRS:
        if other == case and not RELATIONS[name].is_slow:
            check(name, case)


@pytest.mark.parametrize(("name", "case"), _SLOW.items())
def test_relations_of_processes(name, case):
    check(name, case)


def test_every_relation_has_a_case():
    assert {name for name, _ in PAIRS} == set(RELATIONS)
    assert {case for _, case in PAIRS} == set(CASES)
