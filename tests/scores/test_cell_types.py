"""Markers, immune-over-tumour genes and shares of cell types: against scipy, by hand, and with planted truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse, stats
from sklearn.metrics import roc_auc_score

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.scores.kernels.separation import benjamini_hochberg, separation


@pytest.fixture(scope="module")
def cells() -> AnnData:
    """300 cells x 60 genes of counts; genes 0-4 are high in T cells, 5-9 in tumour cells, 10-14 in fibroblasts."""
    random = np.random.default_rng(0)
    kinds = np.repeat(["T", "tumour", "fibroblast"], 100)
    rate = np.full((300, 60), 2.0)
    for position, kind in enumerate(("T", "tumour", "fibroblast")):
        rate[np.ix_(kinds == kind, range(5 * position, 5 * position + 5))] = 12
    names = pd.Index([f"c{i}" for i in range(300)])
    genes = pd.DataFrame(index=[f"G{i}" for i in range(60)])
    counts = sparse.csr_matrix(random.poisson(rate * random.uniform(4, 8, size=(300, 1))).astype(np.float32))
    return AnnData(counts, obs=pd.DataFrame({"kind": kinds}, index=names), var=genes)


def test_markers_are_ranked_as_by_scanpy(cells):
    """Scanpy's Wilcoxon score without ties is the AUROC on another scale."""
    import scanpy

    logged = orx.harmonize.units.convert(cells, "log2(CPM + 1)")
    scanpy.tl.rank_genes_groups(logged, "kind", method="wilcoxon", use_raw=False)
    ours = orx.scores.marker_genes(cells, "kind", progress=False)
    for kind in ("T", "tumour", "fibroblast"):
        told = scanpy.get.rank_genes_groups_df(logged, kind).set_index("names")["scores"]
        auroc = ours[ours["group"] == kind].set_index("gene")["auroc"]
        assert np.corrcoef(told, auroc[told.index])[0, 1] == pytest.approx(1, abs=1e-6)


def test_separation_equals_scipy_and_sklearn():
    random = np.random.default_rng(1)
    values = random.poisson(1.5, size=(40, 6)).astype(float)  # full of ties
    members = np.column_stack([np.arange(40) < 15, np.arange(40) % 3 == 0])
    auroc, p_value = separation(values, members)
    for gene in range(6):
        for group in range(2):
            inside, outside = values[members[:, group], gene], values[~members[:, group], gene]
            told = stats.mannwhitneyu(inside, outside, method="asymptotic")
            assert p_value[gene, group] == pytest.approx(told.pvalue, rel=1e-9)
            assert auroc[gene, group] == pytest.approx(roc_auc_score(members[:, group], values[:, gene]))


def test_gene_that_does_not_vary_tells_nothing():
    auroc, p_value = separation(np.ones((10, 1)), np.arange(10)[:, None] < 4)
    assert auroc.item() == 0.5
    assert p_value.item() == 1.0


def test_discovery_rate_equals_scipy():
    p_values = np.random.default_rng(2).uniform(size=200) ** 3
    assert benjamini_hochberg(p_values) == pytest.approx(stats.false_discovery_control(p_values))


def test_markers_are_those_planted(cells):
    table = orx.scores.marker_genes(cells, "kind", progress=False)
    for position, kind in enumerate(("T", "tumour", "fibroblast")):
        best = table[table["group"] == kind].head(5)["gene"]
        assert set(best) == {f"G{i}" for i in range(5 * position, 5 * position + 5)}
    one = table[(table["group"] == "T") & (table["gene"] == "G0")].iloc[0]
    counts = cells.X.toarray()
    level = np.log2(counts / counts.sum(axis=1, keepdims=True) * 1e6 + 1)[:, 0]
    inside = (cells.obs["kind"] == "T").to_numpy()
    assert one["log2_fold"] == pytest.approx(level[inside].mean() - level[~inside].mean())
    assert one["share_inside"] == pytest.approx((counts[inside, 0] > 0).mean())
    assert one["p_value"] == pytest.approx(
        stats.mannwhitneyu(level[inside], level[~inside], method="asymptotic").pvalue
    )


def test_markers_do_not_depend_on_storage_or_parts(cells, monkeypatch):
    from omics_rx.scores import cell_types

    whole = orx.scores.marker_genes(cells, "kind", progress=False)
    dense = AnnData(cells.X.toarray(), obs=cells.obs, var=cells.var)
    pd.testing.assert_frame_equal(orx.scores.marker_genes(dense, "kind", progress=False), whole)
    monkeypatch.setattr(cell_types, "_GENES_AT_A_TIME_VALUES", 300 * 7)
    pd.testing.assert_frame_equal(orx.scores.marker_genes(cells, "kind", progress=False), whole)


def test_cells_without_label_are_left_out(cells):
    labels = cells.obs["kind"].astype(object).copy()
    labels[labels == "fibroblast"] = None
    table = orx.scores.marker_genes(cells, labels, progress=False)
    assert set(table["group"]) == {"T", "tumour"}


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("type", "no obs column 'type'"),
        (pd.Series("T", index=[f"c{i}" for i in range(300)]), "1 groups"),
        (pd.Series(["T", "B"], index=["x", "y"]), "0 groups"),
        (pd.Series(["T"] * 298 + ["B"] * 2, index=[f"c{i}" for i in range(300)]), "under 3 cells"),
    ],
)
def test_labels_that_cannot_be_used(cells, labels, message):
    with pytest.raises(InputError, match=message):
        orx.scores.marker_genes(cells, labels, progress=False)


def test_immune_over_tumour_genes_are_those_planted(cells):
    table = orx.scores.iic_genes_from_cells(cells, "kind", immune=["T"], tumour=["tumour"])
    assert set(table.index[:5]) == {f"G{i}" for i in range(5)}
    assert not set(table.index) & {f"G{i}" for i in range(5, 15)}
    assert (table["immune_log2_fold"] > 0).all()
    assert (table["tumour_log2_fold"] < 0).all()
    with pytest.raises(InputError, match="not among the labels: B"):
        orx.scores.iic_genes_from_cells(cells, "kind", immune=["B"], tumour=["tumour"])


def test_immune_genes_of_lines(gdsc2):
    table = orx.scores.iic_genes_from_lines(gdsc2)
    assert {"IKZF1", "FLI1", "WIPF1"} <= set(table.index)
    assert not {"KRT8", "KRT18", "EPCAM"} & set(table.index)
    breast = gdsc2.cells.obs_names[gdsc2.cells.obs["tissue"] == "breast"]
    with pytest.raises(InputError, match="and 3 of each are needed"):
        orx.scores.iic_genes_from_lines(gdsc2.subset(cells=breast))


class TestShares:
    def test_by_hand(self):
        labels = pd.Series(["T", "T", "B", "B", None, "T"], index=list("abcdef"))
        samples = pd.Series(["p1", "p1", "p1", "p2", "p2", "p2"], index=list("abcdef"))
        table = orx.scores.shares(labels, samples)
        assert table.loc["p1"].to_dict() == pytest.approx({"B": 1 / 3, "T": 2 / 3})
        assert table.loc["p2"].to_dict() == pytest.approx({"B": 0.5, "T": 0.5})

    def test_planted_difference_is_found_and_no_other(self):
        random = np.random.default_rng(3)
        groups = pd.Series(["high"] * 30 + ["low"] * 30, index=[f"p{i}" for i in range(60)])
        table = pd.DataFrame(random.normal(0.2, 0.03, size=(60, 3)), index=groups.index, columns=["Treg", "B", "NK"])
        table.loc[groups == "high", "Treg"] += 0.05
        found = orx.scores.compare_shares(table, groups)
        assert found.loc["Treg", "q_value"] < 0.001
        assert found.loc["Treg", "lower"] > 0.02
        assert found.loc["Treg", "upper"] < 0.08
        assert (found.loc[["B", "NK"], "q_value"] > 0.05).all()
        told = stats.mannwhitneyu(table.loc[groups == "high", "B"], table.loc[groups == "low", "B"])
        assert found.loc["B", "p_value"] == pytest.approx(told.pvalue)
        assert found.loc["B", "difference"] == pytest.approx(
            table.loc[groups == "high", "B"].mean() - table.loc[groups == "low", "B"].mean()
        )

    def test_interval_is_that_of_welch(self):
        table = pd.DataFrame({"T": [0.1, 0.4, 0.2, 0.5, 0.7]}, index=list("abcde"))
        row = orx.scores.compare_shares(table, pd.Series(list("xxxyy"), index=list("abcde"))).loc["T"]
        told = stats.ttest_ind(table["T"][:3], table["T"][3:], equal_var=False).confidence_interval(0.95)
        assert (row["lower"], row["upper"]) == pytest.approx((told.low, told.high))

    def test_shares_that_do_not_vary_differ_by_nothing(self):
        table = pd.DataFrame({"T": [0.2] * 6}, index=list("abcdef"))
        row = orx.scores.compare_shares(table, pd.Series(list("xxxyyy"), index=list("abcdef"))).loc["T"]
        assert (row["difference"], row["lower"], row["upper"]) == pytest.approx((0, 0, 0), abs=1e-12)

    def test_interval_covers_the_truth(self):
        covered = 0
        for seed in range(100):
            random = np.random.default_rng(seed)
            table = pd.DataFrame({"T": np.r_[random.normal(0.3, 0.1, 25), random.normal(0.2, 0.1, 25)]})
            groups = pd.Series(["a"] * 25 + ["b"] * 25)
            row = orx.scores.compare_shares(table, groups).loc["T"]
            covered += row["lower"] <= 0.1 <= row["upper"]
        assert 86 <= covered <= 100

    def test_order_of_samples_changes_no_test_and_groups_must_be_two(self):
        table = pd.DataFrame({"T": [0.1, 0.2, 0.3, 0.4]}, index=list("abcd"))
        groups = pd.Series(["x", "x", "y", "y"], index=list("abcd"))
        turned = orx.scores.compare_shares(table.iloc[::-1], groups)
        assert turned.loc["T", "p_value"] == orx.scores.compare_shares(table, groups).loc["T", "p_value"]
        with pytest.raises(InputError, match="between two groups"):
            orx.scores.compare_shares(table, pd.Series(["x", "y", "z", "z"], index=list("abcd")))
