"""Dose-response curves against the numbers that peers print; a case names peer, call, tolerance."""

import pytest
from peer_cases import cases, check, stored

THEIRS = stored("curves")


@pytest.mark.parametrize("case", cases("curves"), ids=lambda case: case.key)
def test_curve_as_the_peer_prints_it(case):
    check(case, THEIRS[case.key])
