"""Every public p, q and interval has a case, and the fast half of the cases holds."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


def _harness():
    spec = importlib.util.spec_from_file_location("null_and_coverage", FOLDER / "null_and_coverage.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["null_and_coverage"] = module
    spec.loader.exec_module(module)
    return module


harness = _harness()
CASES, REASONS = harness.load()


def test_every_public_p_q_and_interval_has_a_case_or_a_reason():
    assert not harness.missing()


def test_no_case_or_reason_is_for_something_else():
    assert not harness.strangers()
    assert all(REASONS.values())
    assert all(one.unit for one in CASES)


def test_a_new_function_is_found_by_its_words_its_type_or_its_docstring():
    from omics_rx import metrics, scores

    assert {"p", "interval"} <= harness.kinds(metrics.compare.paired_difference)  # by its type
    assert {"p", "q", "interval"} <= harness.kinds(scores.compare_shares)  # by its words
    assert "interval" in harness.kinds(metrics.calibration.calibration)
    assert not harness.kinds(metrics.response.rmse)


@pytest.mark.parametrize(
    "one",
    [one for one in CASES if one.fast],
    ids=lambda one: f"{one.function} {one.kind} {one.label}".replace(" ", "-"),
)
def test_fast_half_holds(one):
    found = harness.judge(one, one.fast)
    low, high = one.holds
    assert found.n
    assert found.holds(doubt=1e-4), f"{found.share:.3f} of {found.n} for {low:g} to {high:g}"
