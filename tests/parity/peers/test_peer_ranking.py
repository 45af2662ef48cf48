"""Enrichment and steps in a network against the numbers that peers print; a case names peer, call, tolerance."""

import pytest
from peer_cases import cases, check, stored

THEIRS = stored("ranking")


@pytest.mark.parametrize("case", cases("ranking"), ids=lambda case: case.key)
def test_rank_as_the_peer_prints_it(case):
    check(case, THEIRS[case.key])
