"""Survival, classification and pooling against the numbers that peers print; a case names peer, call, tolerance."""

import pytest
from peer_cases import cases, check, stored

THEIRS = stored("survival")


@pytest.mark.parametrize("case", cases("survival"), ids=lambda case: case.key)
def test_survival_as_the_peer_prints_it(case):
    check(case, THEIRS[case.key])
