"""The runner: coverage, missing values per sample, blocks, and errors a user can act on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError, UnknownNameError
from omics_rx.scores import run


@pytest.fixture
def cohort() -> pd.DataFrame:
    random = np.random.default_rng(5)
    return pd.DataFrame(
        random.normal(size=(12, 40)), index=[f"s{i}" for i in range(12)], columns=[f"G{i}" for i in range(40)]
    )


def test_coverage_counts_weight_and_names_what_is_missing(cohort):
    cohort["G3"] = np.nan
    found = orx.scores.coverage(cohort, {"plain": ["G1", "G3", "X"], "weighted": {"G1": 3.0, "X": -1.0}})
    assert found.loc["plain", ["n_genes", "n_found"]].tolist() == [3, 1]
    assert found.loc["plain", "missing"] == "G3;X"
    assert found.loc["weighted", "coverage"] == pytest.approx(0.75)


def test_sample_with_too_few_genes_is_missing_and_others_are_not(cohort):
    cohort.loc["s4", [f"G{i}" for i in range(8)]] = np.nan
    scores = orx.scores.score(cohort, {"set": [f"G{i}" for i in range(10)]}, min_coverage=0.5)
    assert scores.index[scores["set"].isna()].tolist() == ["s4"]


def test_blocks_change_nothing(cohort, monkeypatch):
    sets = {"a": ["G1", "G2"], "b": ["G7", "G8", "G9"]}
    whole = orx.scores.score(cohort, sets)
    monkeypatch.setattr(run, "_BLOCK_VALUES", 85)
    pd.testing.assert_frame_equal(orx.scores.score(cohort, sets), whole)


def test_sets_may_come_as_a_frame(cohort):
    frame = pd.DataFrame({"set": ["a", "a", "b"], "gene": ["G1", "G2", "G5"], "weight": [1.0, -1.0, 1.0]})
    as_mapping = {"a": {"G1": 1.0, "G2": -1.0}, "b": ["G5"]}
    pd.testing.assert_frame_equal(
        orx.scores.score(cohort, frame, method="mean"), orx.scores.score(cohort, as_mapping, method="mean")
    )


def test_names_are_matched_literally(cohort):
    with pytest.raises(InputError, match="0%"):
        orx.scores.score(cohort, {"set": ["g1", "g2"]})


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        ({}, "no gene set was given"),
        ({"a": []}, "'a' has no genes"),
        ({"a": "G1"}, "not a list of genes"),
        ({"a": {"G1": 0.0}}, "zero or missing"),
        ({"a": pd.Series([1.0, 2.0], index=["G1", "G1"])}, "weighs 1 genes twice"),
        (["G1"], "mapping of name to genes"),
        (pd.DataFrame({"name": ["a"], "gene": ["G1"]}), "no column set"),
        ({"a": [f"G{i}" for i in range(40)]}, "hold every gene"),
        ({"a": {"G1": 1.0, "G2": -1.0}}, "ssgsea cannot use the weights"),
    ],
)
def test_sets_that_cannot_be_used(cohort, sets, message):
    with pytest.raises(InputError, match=message):
        orx.scores.score(cohort, sets)


def test_unknown_method_and_setting_suggest_the_nearest(cohort):
    with pytest.raises(UnknownNameError, match="Did you mean ssgsea"):
        orx.scores.score(cohort, {"a": ["G1"]}, method="ssGSEA")
    with pytest.raises(UnknownNameError, match="unknown setting of ssgsea 'tie'"):
        orx.scores.score(cohort, {"a": ["G1"]}, tie="first")


def test_gene_in_two_columns_is_refused(cohort):
    from anndata import AnnData

    twice = AnnData(cohort.to_numpy(), obs=pd.DataFrame(index=cohort.index))
    twice.var_names = [*cohort.columns[:-1], "G0"]
    with pytest.raises(InputError, match=r"1 genes stand in several columns \(G0\)"):
        orx.scores.score(twice, {"a": ["G1"]})


def test_infinite_values_are_refused(cohort):
    cohort.loc["s1", "G2"] = -np.inf
    with pytest.raises(InputError, match=r"infinite \(G2\)"):
        orx.scores.score(cohort, {"a": ["G1"]})


def test_method_that_compares_samples_needs_three(cohort):
    with pytest.raises(InputError, match="has 2: use ssgsea"):
        orx.scores.score(cohort.iloc[:2], {"a": ["G1"]}, method="zscore")


@pytest.mark.parametrize("method", ["ssgsea", "aucell"])
def test_sparse_cells_are_scored_without_being_written_out_or_changed(method):
    from anndata import AnnData
    from scipy import sparse

    random = np.random.default_rng(9)
    counts = random.poisson(0.3, size=(50, 200)).astype(float)
    stored = sparse.csr_matrix(counts)
    stored.data[::7] = 0  # zeros that are stored
    names = {
        "obs": pd.DataFrame(index=[f"c{i}" for i in range(50)]),
        "var": pd.DataFrame(index=[f"G{i}" for i in range(200)]),
    }
    before = stored.copy()
    sets = {"a": [f"G{i}" for i in range(12)], "b": [f"G{i}" for i in range(30, 36)]}
    scores = orx.scores.score(AnnData(stored, **names), sets, method=method)
    dense = orx.scores.score(AnnData(stored.toarray(), **names), sets, method=method)
    pd.testing.assert_frame_equal(scores, dense)
    assert stored.nnz == before.nnz
    assert np.array_equal(stored.data, before.data)
    assert np.array_equal(stored.indices, before.indices)


def test_backed_file_is_scored_block_by_block(tmp_path, monkeypatch):
    import anndata
    from scipy import sparse

    counts = sparse.csr_matrix(np.random.default_rng(10).poisson(0.5, size=(60, 100)).astype(np.float32))
    names = {
        "obs": pd.DataFrame(index=[f"c{i}" for i in range(60)]),
        "var": pd.DataFrame(index=[f"G{i}" for i in range(100)]),
    }
    whole = anndata.AnnData(counts, **names)
    whole.write_h5ad(tmp_path / "cells.h5ad")
    backed = anndata.read_h5ad(tmp_path / "cells.h5ad", backed="r")
    monkeypatch.setattr(run, "_BLOCK_VALUES", 700)
    sets = {"a": [f"G{i}" for i in range(12)]}
    for method in ("ssgsea", "aucell", "mean"):
        pd.testing.assert_frame_equal(
            orx.scores.score(backed, sets, method=method), orx.scores.score(whole, sets, method=method)
        )
    backed.file.close()
