"""Some faults; more of them by ``python -m tests.robustness faults``."""

import os

import pytest

from .faults import inject


@pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")
@pytest.mark.parametrize(
    ("name", "seed"),
    [
        ("ctrl_c_in_a_later_fit", 1),
        ("full_disk", 2),
        ("broken_numba", 0),
        ("forks_while_threads_predict", 1),
    ],
)
def test_fault(name, seed):
    outcome, is_finding = inject(name, seed)
    assert not is_finding, outcome
