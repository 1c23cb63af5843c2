"""Some random calls; more of them by ``python -m tests.robustness``."""

import pytest

from .draws import Draw
from .oracle import check


@pytest.mark.parametrize("block", range(10))
def test_random_calls(block):
    outcomes = [check(Draw(number)) for number in range(25 * block, 25 * (block + 1))]
    assert "answered" in outcomes
