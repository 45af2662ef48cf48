"""Domains: lines by frozen training lines, tumours among themselves or against a frozen reference."""

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from hypothesis import given, settings
from hypothesis import strategies as st

from omics_rx.core.cohort import with_info
from omics_rx.core.errors import InputError
from omics_rx.harmonize.domain import line_reference, to_training_scale
from omics_rx.harmonize.reference import GeneReference, standardise_samples

GENES = [f"G{i}" for i in range(300)]


def lines(n=60, seed=0):
    random = np.random.default_rng(seed)
    values = random.normal(size=(n, 300)) + 2 * np.random.default_rng(99).normal(size=300)
    return pd.DataFrame(values, index=[f"line {i}" for i in range(n)], columns=GENES)


@pytest.fixture(scope="module")
def reference():
    return line_reference(lines())


def test_training_lines_come_back_as_their_own_z(reference):
    aligned = to_training_scale(lines(), GENES, domain="cell_line", reference=reference)
    expected = standardise_samples(lines())
    expected = (expected - expected.mean()) / expected.std()
    np.testing.assert_allclose(aligned.z, expected, atol=1e-5)
    assert (aligned.reference, aligned.missing) == ("frozen", ())


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 59), st.floats(0.1, 4), st.floats(-5, 5))
def test_a_line_is_the_same_alone_together_and_on_another_scale(position, scale, shift):
    reference = line_reference(lines())
    together = to_training_scale(lines(seed=5), GENES, domain="cell_line", reference=reference).z
    one = with_info(AnnData(lines(seed=5).iloc[[position]] * scale + shift), unit="log2 expression")
    alone = to_training_scale(one, GENES, domain="cell_line", reference=reference).z
    np.testing.assert_allclose(alone, together.iloc[[position]], atol=1e-3)


def test_a_line_measured_on_a_panel_keeps_the_level_it_has_on_all_genes(reference):
    whole = to_training_scale(lines(seed=3), GENES, domain="cell_line", reference=reference).z
    high = lines().mean().nlargest(120).index  # a panel of highly expressed genes is far from mean 0
    panel = to_training_scale(lines(seed=3)[high], GENES, domain="cell_line", reference=reference)
    error = (panel.z[high] - whole[high]).abs().to_numpy()
    assert error.mean() < 0.2
    naive = standardise_samples(lines(seed=3)[high])
    naive_error = (((naive - reference.subset(high).mean) / reference.subset(high).sd) - whole[high]).abs().to_numpy()
    assert error.mean() < 0.2 * naive_error.mean()
    assert set(panel.missing) == set(GENES) - set(high)
    assert panel.z[list(panel.missing)].isna().all(axis=None)


def test_tumours_are_standardised_among_themselves_and_it_says_so():
    tumours = lines(40, seed=8)
    aligned = to_training_scale(tumours, GENES[:10], domain="tumour")
    np.testing.assert_allclose(aligned.z.mean(), 0, atol=1e-6)
    np.testing.assert_allclose(aligned.z.std(), 1, atol=1e-6)
    assert aligned.reference == "cohort"
    assert "40 samples among themselves" in aligned.statement
    assert "10 of 10 genes" in aligned.statement


def test_one_patient_stands_alone_against_a_frozen_reference():
    tumours = lines(40, seed=8)
    frozen = GeneReference.learn(tumours, origin="the training cohort")
    alone = to_training_scale(tumours.iloc[[3]], GENES, domain="tumour", reference=frozen)
    together = to_training_scale(tumours, GENES, domain="tumour", reference="cohort")
    np.testing.assert_allclose(alone.z, together.z.iloc[[3]], atol=1e-5)
    assert alone.reference == "frozen"
    assert "the training cohort" in alone.statement


def test_counts_are_logged_first_and_it_says_so():
    counts = pd.DataFrame(np.random.default_rng(0).poisson(200, size=(20, 300)), columns=GENES).rename(str, axis=0)
    aligned = to_training_scale(counts, GENES, domain="tumour")
    logged = np.log2(counts.div(counts.sum(axis=1) / 1e6, axis=0) + 1)
    np.testing.assert_allclose(aligned.z, (logged - logged.mean()) / logged.std(), atol=1e-3)
    assert "converted to log2(CPM + 1)" in aligned.statement


def test_the_domain_is_the_cohorts_own_unless_told(reference):
    own = with_info(AnnData(lines(20)), domain="cell_line")
    assert to_training_scale(own, GENES, reference=reference).domain == "cell_line"


def test_a_line_without_expression_is_missing_not_zero(reference):
    some = lines(3)
    some.iloc[1] = np.nan
    z = to_training_scale(some, GENES, domain="cell_line", reference=reference).z
    assert z.isna().all(axis=1).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"domain": "cell_line"}, "never standardised among themselves"),
        ({"domain": "organoid"}, "'organoid' is not known"),
        ({"domain": "tumour", "data": lines(4)}, "4 samples cannot be their own reference"),
        ({"domain": "tumour", "reference": "batch"}, "'batch' is not known"),
        ({"domain": "tumour", "genes": ["TP53", "ERBB2"]}, "none of the 2 genes wanted"),
        ({"domain": "tumour", "genes": ["G1", "G1"]}, r"1 genes are asked for twice \(G1\)"),
    ],
)
def test_what_cannot_be_aligned_is_refused(change, words):
    arguments = {"data": lines(30), "genes": GENES, **change}
    with pytest.raises(InputError, match=words):
        to_training_scale(arguments.pop("data"), arguments.pop("genes"), **arguments)


def test_gdsc_lines_align_with_their_own_reference(gdsc2):
    measured = gdsc2.cells[~np.isnan(np.asarray(gdsc2.cells.X)).all(axis=1)]
    genes = list(measured.var_names[:2000])
    frozen = line_reference(measured[:500], genes)
    aligned = to_training_scale(measured[500:600], genes, domain="cell_line", reference=frozen)
    assert abs(float(aligned.z.mean(axis=None))) < 0.1
    assert 0.9 < float(np.nanstd(aligned.z.to_numpy())) < 1.15
