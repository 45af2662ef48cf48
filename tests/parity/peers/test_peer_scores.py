"""Scores of gene sets and tests of lists against the numbers that peers print; a case names peer, call, tolerance."""

import pytest
from peer_cases import cases, check, stored

THEIRS = stored("scores")


@pytest.mark.parametrize("case", cases("scores"), ids=lambda case: case.key)
def test_score_as_the_peer_prints_it(case):
    check(case, THEIRS[case.key])
