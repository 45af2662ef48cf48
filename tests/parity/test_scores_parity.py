"""Scores against independent implementations."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx


def gseapy_ssgsea(cohort: pd.DataFrame, sets: dict[str, list[str]]) -> pd.DataFrame:
    import gseapy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = gseapy.ssgsea(
            cohort.T, sets, sample_norm_method="rank", outdir=None, min_size=1, max_size=5000, no_plot=True, threads=1
        ).res2d
    return (
        result.pivot_table(index="Name", columns="Term", values="ES", aggfunc="first")
        .astype(float)
        .loc[cohort.index, list(sets)]
    )


@pytest.fixture(scope="module")
def planted() -> tuple[pd.DataFrame, dict[str, list[str]]]:
    random = np.random.default_rng(6)
    genes = [f"G{i}" for i in range(3000)]
    cohort = pd.DataFrame(random.normal(size=(8, 3000)), index=[f"s{i}" for i in range(8)], columns=genes)
    return cohort, {f"set{k}": list(random.choice(genes, 5 + 20 * k, replace=False)) for k in range(8)}


def test_ssgsea_equals_gseapy(planted):
    cohort, sets = planted
    ours = orx.scores.score(cohort, sets)
    assert np.abs(ours - gseapy_ssgsea(cohort, sets)).to_numpy().max() < 1e-9


def test_ssgsea_equals_gseapy_on_tied_values_in_the_order_given(planted):
    cohort, sets = planted
    tied = cohort.clip(lower=0).round(1)
    ours = orx.scores.score(tied, sets, ties="first")
    assert np.abs(ours - gseapy_ssgsea(tied, sets)).to_numpy().max() < 1e-9


def test_ssgsea_equals_gseapy_on_a_real_cohort(gse1992):
    from omics_rx.core.cohort import expression

    frame = expression(gse1992).iloc[:10].dropna(axis=1)
    sets = orx.scores.cell_death_sets()
    sets = {name: [gene for gene in genes if gene in frame.columns] for name, genes in sets.items()}
    ours = orx.scores.score(frame, sets, ties="first")
    assert np.abs(ours - gseapy_ssgsea(frame, sets)).to_numpy().max() < 1e-8


@pytest.mark.parametrize(
    ("method", "settings", "tolerance"),
    [("aucell", {"top": 0.1}, 1e-12), ("ulm", {}, 1e-9), ("gsva", {}, 0.03)],
)
def test_equals_decoupler(method, settings, tolerance):
    folder = Path(__file__).parent / "data_scores"
    cohort = pd.read_csv(folder / "expression.csv", index_col="gene").T
    sets = pd.read_csv(folder / "sets.csv")
    told = pd.read_csv(folder / "decoupler.csv")
    expected = told[told["method"] == method].set_index("sample").drop(columns="method")
    ours = orx.scores.score(cohort, sets, method=method, **settings)[expected.columns]
    assert np.abs(ours - expected).to_numpy().max() < tolerance


def test_gsva_agrees_with_gseapy(planted):
    import gseapy

    cohort, sets = planted
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = gseapy.gsva(cohort.T, sets, outdir=None, min_size=1, max_size=5000, kcdf="Gaussian", threads=1).res2d
    told = result.pivot_table(index="Name", columns="Term", values="ES", aggfunc="first").astype(float)
    ours = orx.scores.score(cohort, sets, method="gsva")
    difference = np.abs(ours - told.loc[ours.index, ours.columns])
    # gseapy takes its densities from a table, which costs it up to this much; ours are exact to 1e-9
    assert difference.to_numpy().max() < 6e-3
    assert difference.to_numpy().mean() < 1e-3


def test_overlaps_equal_scipys_hypergeometric():
    from scipy.stats import hypergeom

    from omics_rx.scores.kernels.overlap import overlap_p

    random = np.random.default_rng(9)
    for n_genes, largest in ((2, 2), (30, 30), (500, 200), (20_000, 300), (20_000, 20_000)):
        for _ in range(20):
            listed = int(random.integers(1, largest + 1))
            size = random.integers(1, largest + 1, 30)
            overlap = random.integers(np.maximum(0, listed + size - n_genes), np.minimum(listed, size) + 1)
            expected = hypergeom.sf(overlap - 1, n_genes, size, listed)
            found = overlap_p(overlap, size, listed, n_genes)
            seen = expected > 1e-290
            np.testing.assert_allclose(found[seen], expected[seen], rtol=1e-9)
            assert (found[~seen] < 1e-280).all()


def test_over_representation_equals_gseapy_on_sets_that_are_hit():
    import gseapy

    random = np.random.default_rng(10)
    background = [f"TEST{i}" for i in range(800)]
    sets = {f"s{k}": list(random.choice(background, int(random.integers(3, 80)), replace=False)) for k in range(30)}
    genes = list(random.choice(background, 40, replace=False))
    ours = orx.scores.enrich(genes, sets, background=background, min_overlap=1)
    told = gseapy.enrich(genes, sets, background=set(background), outdir=None, no_plot=True).results.set_index("Term")
    told = told.loc[ours.index]
    np.testing.assert_allclose(ours["p_value"], told["P-value"].astype(float), rtol=1e-9)
    np.testing.assert_allclose(ours["odds_ratio"], told["Odds Ratio"].astype(float), rtol=1e-12)
    assert [set(g.split(";")) for g in ours["genes"]] == [set(g.split(";")) for g in told["Genes"]]
    # gseapy corrects over the sets that were hit, which are chosen by their overlap
    assert (ours["q_value"] >= told["Adjusted P-value"].astype(float) - 1e-12).all()
