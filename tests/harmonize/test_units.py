"""Units: told or detected, converted once, refused where it cannot be."""

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from hypothesis import given, settings
from hypothesis import strategies as st

from omics_rx.core.cohort import info, with_info
from omics_rx.core.errors import InputError
from omics_rx.harmonize import units


def cohort(values, unit=None):
    values = np.asarray(values, dtype=float)
    names = [f"s{i}" for i in range(values.shape[0])]
    frame = pd.DataFrame(values, index=names, columns=[f"G{i}" for i in range(values.shape[1])])
    return with_info(AnnData(frame), unit=unit)


def test_what_is_told_is_not_detected():
    finding = units.detect(cohort([[1, 200], [3, 400]], "TPM"))
    assert (finding.unit, finding.detected) == ("TPM", False)
    finding = units.detect(cohort([[1, 200], [3, 400]]))
    assert (finding.unit, finding.detected) == ("counts", True)
    assert "look like counts" in finding.statement


def test_counts_become_cpm_and_log_by_hand():
    counts = cohort([[10, 30, 60], [0, 500, 500]], "counts")
    np.testing.assert_allclose(units.convert(counts, "CPM").X, [[1e5, 3e5, 6e5], [0, 5e5, 5e5]])
    logged = units.convert(counts, "log2(CPM + 1)")
    np.testing.assert_allclose(logged.X[0], np.log2([1e5 + 1, 3e5 + 1, 6e5 + 1]), rtol=1e-6)
    assert info(logged).unit == "log2(CPM + 1)"
    assert counts.X[0, 0] == 10


def test_counts_become_tpm_and_fpkm_by_hand():
    counts = cohort([[10, 30]], "counts")
    lengths = {"G0": 1000, "G1": 3000}
    np.testing.assert_allclose(units.convert(counts, "TPM", lengths=lengths).X, [[5e5, 5e5]])
    np.testing.assert_allclose(units.convert(counts, "FPKM", lengths=lengths).X, [[10 / 1 / 40e-6, 30 / 3 / 40e-6]])
    with pytest.raises(InputError, match=r"1 genes have no length \(G1\)"):
        units.convert(counts, "TPM", lengths={"G0": 1000})
    with pytest.raises(InputError, match="only with gene lengths"):
        units.convert(counts, "TPM")


def test_fpkm_become_tpm():
    np.testing.assert_allclose(units.convert(cohort([[10, 30]], "FPKM"), "TPM").X, [[2.5e5, 7.5e5]])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(30, 1e5), min_size=3, max_size=6))
def test_there_and_back_is_where_it_was(values):
    start = cohort([values], "TPM")
    back = units.convert(units.convert(start, "log2(TPM + 1)"), "TPM")
    np.testing.assert_allclose(back.X, start.X, rtol=1e-4)


def test_nothing_is_logged_twice():
    once = units.convert(cohort([[10, 3000], [5, 800]], "TPM"), "log2(TPM + 1)")
    np.testing.assert_array_equal(units.convert(once, "log2(TPM + 1)").X, once.X)
    logs = np.random.default_rng(0).uniform(0, 14, size=(20, 100))
    with pytest.raises(InputError, match="seems to be taken already"):
        units.convert(cohort(logs, "TPM"), "log2(TPM + 1)")
    with pytest.raises(InputError, match="not taken yet"):
        units.convert(cohort([[1, 5000]], "log2(TPM + 1)"), "TPM")


@pytest.mark.parametrize("have", ["log2 ratio", "z", "log2 intensity", "log2 expression", "unknown"])
def test_relative_values_have_no_way_to_abundance(have):
    with pytest.raises(InputError, match="no way from"):
        units.convert(cohort([[1, 2], [2, 3]], have), "TPM")


def test_impossible_values_and_unknown_units_are_refused():
    with pytest.raises(InputError, match=r"1 values are below zero in 1 samples \(G0 in s1\)"):
        units.convert(cohort([[1, 50], [-2, 60]], "counts"), "CPM")
    with pytest.raises(InputError, match=r"1 samples sum to zero \(s1\)"):
        units.convert(cohort([[1, 50], [0, 0]], "counts"), "CPM")
    with pytest.raises(InputError, match="unknown unit 'furlongs'"):
        units.convert(cohort([[1, 50]]), "furlongs")


def test_missing_values_stay_missing():
    converted = units.convert(cohort([[10, np.nan, 90]], "counts"), "log2(CPM + 1)")
    assert np.isnan(converted.X[0]).tolist() == [False, True, False]


@pytest.mark.parametrize("base", [2, np.e, 10])
@pytest.mark.parametrize("depth", [0.3, 3, 300])
def test_logarithms_of_counts_are_told_at_any_depth(base, depth):
    """Shallow samples have too few amounts to tell many whole ones, deep ones too few small ones."""
    random = np.random.default_rng(0)
    counts = random.poisson(depth * random.gamma(0.5, 2, size=(1, 500)), (20, 500))
    name = {2: "log2(counts + 1)", np.e: "ln(counts + 1)", 10: "log10(counts + 1)"}[base]
    assert units.detect(cohort(np.log1p(counts) / np.log(base))).unit == name


def test_a_told_unit_stands_where_a_small_table_looks_like_two_by_chance():
    """A sum that is 10,000 to a thousandth, or three whole numbers, say nothing of one sample among a few."""
    values = np.full((4, 16), 0.2)
    values[3, 6:] = [0.7, *[1.7] * 7, 2.2, -0.3]
    assert abs(np.expm1(np.exp(values[3])).sum() - 1e4) < 10
    whole = np.where(np.arange(96).reshape(6, 16) % 17, 4.0, 3.0)
    whole[0, 0] = 4.5
    for table in (np.exp(values), whole):
        assert units.detect(cohort(table)).unit != "mixed"
        units.check_told(table, "log2 ratio")


def test_the_smallest_numbers_there_are_are_no_reads():
    values = np.full((6, 16), 0.2)
    values[5] = [1.0, *[2.2e-313] * 15]
    assert units.detect(cohort(values)).unit == "unknown"


@pytest.mark.parametrize(("share", "unit"), [(0.25, "linear expression"), (0.38, "counts"), (0.6, "counts")])
def test_estimated_counts_are_told_by_a_third_of_whole_ones(share, unit):
    random = np.random.default_rng(0)
    values = random.gamma(0.5, 400, (20, 500)) + 1
    values = np.where(random.random((20, 500)) < share, np.round(values), values)
    assert units.detect(cohort(values)).unit == unit
