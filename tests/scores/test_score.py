"""The runner: coverage, missing values per sample, blocks, and errors a user can act on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError, UnknownNameError
from omics_rx.scores import blocks


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
    monkeypatch.setattr(blocks, "_BLOCK_VALUES", 85)
    pd.testing.assert_frame_equal(orx.scores.score(cohort, sets), whole)


def test_sets_may_come_as_a_frame(cohort):
    frame = pd.DataFrame({"set": ["a", "a", "b"], "gene": ["G1", "G2", "G5"], "weight": [1.0, -1.0, 1.0]})
    as_mapping = {"a": {"G1": 1.0, "G2": -1.0}, "b": ["G5"]}
    pd.testing.assert_frame_equal(
        orx.scores.score(cohort, frame, method="mean"), orx.scores.score(cohort, as_mapping, method="mean")
    )


def test_names_that_are_no_human_gene_are_matched_as_they_are_written(cohort):
    odd = cohort.rename(columns={"G1": "spike one", "G2": "spike two"})
    assert orx.scores.score(odd, {"set": ["spike one", "spike two"]}).notna().all(axis=None)
    with pytest.raises(InputError, match="0%"):
        orx.scores.score(cohort, {"set": ["Spike one", "Spike two"]})


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        ({}, "no gene set was given"),
        ({"a": []}, "'a' has no genes"),
        ({"a": "G1"}, "not a list of genes"),
        ({"a": {"G1": 0.0}}, "zero or missing"),
        ({"a": pd.Series([1.0, 2.0], index=["G1", "G1"])}, "weighs 1 genes twice"),
        (["G1"], "mapping of name to genes"),
        (pd.DataFrame({"gene": ["G1", "G2"]}), "none names the set"),
        ({"a": [f"G{i}" for i in range(40)]}, "hold every gene"),
        ({"a": {"G1": 1.0, "G2": -1.0}}, "ssgsea cannot use the weights"),
    ],
)
def test_sets_that_cannot_be_used(cohort, sets, message):
    with pytest.raises(InputError, match=message):
        orx.scores.score(cohort, sets)


def test_unknown_method_and_setting_suggest_the_nearest(cohort):
    with pytest.raises(UnknownNameError, match="Did you mean ssgsea"):
        orx.scores.score(cohort, {"a": ["G1"]}, method="ssGSVA")
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
    monkeypatch.setattr(blocks, "_BLOCK_VALUES", 700)
    sets = {"a": [f"G{i}" for i in range(12)]}
    for method in ("ssgsea", "aucell", "mean"):
        pd.testing.assert_frame_equal(
            orx.scores.score(backed, sets, method=method), orx.scores.score(whole, sets, method=method)
        )
    backed.file.close()


SETS = {"a": [f"G{i}" for i in range(12)], "b": [f"G{i}" for i in range(30, 45)]}


@pytest.fixture
def cells():
    from anndata import AnnData
    from scipy import sparse

    counts = sparse.csr_matrix(np.random.default_rng(12).poisson(0.5, size=(60, 100)).astype(np.float32))
    return AnnData(
        counts,
        obs=pd.DataFrame(index=[f"c{i}" for i in range(60)]),
        var=pd.DataFrame(index=[f"G{i}" for i in range(100)]),
    )


@pytest.fixture
def backed(cells, tmp_path, monkeypatch):
    import anndata

    monkeypatch.setenv("OMICS_RX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(blocks, "_BLOCK_VALUES", 700)
    cells.write_h5ad(tmp_path / "cells.h5ad")
    opened = anndata.read_h5ad(tmp_path / "cells.h5ad", backed="r")
    yield opened
    opened.file.close()


def test_scores_and_how_they_came_to_be_are_written_where_asked(cells, tmp_path):
    import anndata

    before = cells.X.copy()
    scores = orx.scores.score(cells, SETS, key_added="death", alpha=0.5)
    pd.testing.assert_frame_equal(cells.obsm["death"], scores)
    record = cells.uns["death"]
    assert record["method"] == "ssgsea"
    assert record["settings"] == {"alpha": 0.5}
    assert record["sets"].loc["a", "n_found"] == 12
    assert (before != cells.X).nnz == 0
    cells.write_h5ad(tmp_path / "scored.h5ad")
    again = anndata.read_h5ad(tmp_path / "scored.h5ad")
    pd.testing.assert_frame_equal(again.obsm["death"], scores)
    assert again.uns["death"]["versions"]["python"] == record["versions"]["python"]


def test_scores_cannot_be_written_into_a_frame(cohort):
    with pytest.raises(InputError, match="cohort is a frame: leave"):
        orx.scores.score(cohort, {"a": ["G1", "G2"]}, key_added="x")


def test_threads_change_no_value(cells, monkeypatch):
    monkeypatch.setattr(blocks, "_BLOCK_VALUES", 700)
    for method in ("ssgsea", "aucell", "mean"):
        one = orx.scores.score(cells, SETS, method=method)
        pd.testing.assert_frame_equal(orx.scores.score(cells, SETS, method=method, n_jobs=3), one)


def test_interrupted_work_on_a_file_goes_on_where_it_stopped(cells, backed, tmp_path, monkeypatch):
    from omics_rx.scores.kernels import KERNELS

    expected = orx.scores.score(cells, SETS)
    kernel, calls = KERNELS["ssgsea"], []

    def failing(values, members, **settings):
        calls.append(len(calls))
        if len(calls) == 6:
            raise KeyboardInterrupt
        return kernel(values, members, **settings)

    monkeypatch.setattr("omics_rx.scores.kernels.ssgsea.ssgsea", failing)
    with pytest.raises(KeyboardInterrupt):
        orx.scores.score(backed, SETS)
    n_blocks = len(blocks.row_blocks(backed, keep_sparse=True))
    assert len(calls) == 6 < n_blocks
    pd.testing.assert_frame_equal(orx.scores.score(backed, SETS), expected)
    assert len(calls) == n_blocks + 1  # five were kept, one was lost
    assert not any((tmp_path / "cache" / "scores").iterdir())


def test_kept_blocks_of_other_work_are_not_taken(cells, backed, monkeypatch):
    from omics_rx.scores.kernels import KERNELS

    kernel, calls = KERNELS["ssgsea"], []

    def failing(values, members, **settings):
        calls.append(0)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return kernel(values, members, **settings)

    monkeypatch.setattr("omics_rx.scores.kernels.ssgsea.ssgsea", failing)
    with pytest.raises(KeyboardInterrupt):
        orx.scores.score(backed, SETS)
    other = {"a": SETS["b"], "b": SETS["a"]}
    pd.testing.assert_frame_equal(orx.scores.score(backed, other), orx.scores.score(cells, other))


def test_view_of_a_file_and_of_memory_is_scored_as_its_rows(cells, backed):
    rows = [3, 40, 7, 21]
    expected = orx.scores.score(cells, SETS).iloc[rows]
    for whole in (cells, backed):
        pd.testing.assert_frame_equal(orx.scores.score(whole[rows], SETS), expected)


@pytest.mark.needs("dask")
def test_dask_chunks_are_scored_where_they_are(cells):
    import dask.array as array
    from anndata import AnnData
    from scipy import sparse

    names = {"obs": cells.obs, "var": cells.var}
    dense = array.from_array(cells.X.toarray(), chunks=(17, 40))
    stored = array.from_array(cells.X.toarray(), chunks=(17, 100)).map_blocks(sparse.csr_matrix)
    for method in ("ssgsea", "aucell", "mean", "zscore"):
        expected = orx.scores.score(cells, SETS, method=method)
        for chunked in (dense, stored):
            scores = orx.scores.score(AnnData(chunked, **names), SETS, method=method)
            pd.testing.assert_frame_equal(scores, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("method", "settings", "message"),
    [
        ("ssgsea", {"ties": "avg"}, "unknown way of ssgsea to handle ties 'avg'. Did you mean average"),
        ("aucell", {"ties": "min"}, "unknown way of aucell to handle ties 'min'"),
        ("aucell", {"top": 5}, "top is 5: give a number from 0 to 1"),
        ("ssgsea", {"alpha": "x"}, "alpha is 'x': give a number from 0 to inf"),
        ("gsva", {"tau": -1}, "tau is -1"),
        ("mean", {"min_coverage": 30}, "min_coverage is 30: give a number from 0 to 1"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(cohort, method, settings, message):
    with pytest.raises(InputError, match=message):
        orx.scores.score(cohort, {"a": list(cohort.columns[:5])}, method=method, **settings)


def test_a_cohort_that_lies_on_its_side_is_told_so(cohort):
    with pytest.raises(InputError, match="transpose it"):
        orx.scores.score(cohort.T, {"a": list(cohort.columns[:5])})


def test_a_path_in_place_of_sets_names_the_reader(cohort):
    with pytest.raises(InputError, match=r"io\.read_gene_sets"):
        orx.scores.score(cohort, "sets.gmt")
