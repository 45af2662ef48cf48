"""Hot and cold tumours, immunophenoscore, malignant-cell subtype and over-representation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom

import omics_rx as orx
from omics_rx.core import cohort as cohorts
from omics_rx.core import resources
from omics_rx.core.errors import InputError
from omics_rx.scores.panels import sets_of

HOT = sets_of("immune_sets.tsv", "set", only={"panel": "tip_hot"})["Hot"]


def frame(genes: list[str], n: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(random.normal(8, 1, size=(n, len(genes))), index=[f"P{i}" for i in range(n)], columns=genes)


class TestHotAndCold:
    def test_planted_phenotype_is_told(self):
        cohort = frame([*HOT, "TP53", "BRCA1"], 60, seed=1)
        cohort.loc[cohort.index[:20], HOT] += 3
        table = orx.scores.immune_phenotype(cohort)
        assert (table["phenotype"].iloc[:20] == "hot").all()
        assert (table["phenotype"].iloc[20:] == "cold").all()
        assert table["margin"].between(0, 1).all()

    def test_order_of_samples_changes_nothing(self):
        cohort = frame(HOT, 40, seed=2)
        turned = orx.scores.immune_phenotype(cohort.iloc[::-1])
        pd.testing.assert_frame_equal(turned.loc[cohort.index], orx.scores.immune_phenotype(cohort))

    @pytest.mark.parametrize(
        "cohort", [frame(HOT, 19, seed=3), frame([*HOT[:5], "TP53"], 30, seed=3), frame(["TP53", "BRCA1"], 30, seed=3)]
    )
    def test_refusals(self, cohort):
        with pytest.raises(InputError, match="hot and cold are told by 14 genes in at least 20 tumours"):
            orx.scores.immune_phenotype(cohort)


class TestImmunophenoscore:
    def test_by_hand(self):
        table = resources.table("immunophenoscore.tsv")
        genes = [*dict.fromkeys(table["gene"]), *resources.table("pam50.tsv")["gene"]]
        cohort = frame(list(dict.fromkeys(genes)), 3, seed=4)
        result = orx.scores.immunophenoscore(cohort)
        row = cohort.iloc[1]
        z = (row - row.mean()) / row.std(ddof=1)
        total = 0.0
        for kind in ("MHC", "CP", "EC", "SC"):
            rows = table[table["class"] == kind]
            parts = [z[part["gene"]].mean() * part["weight"].astype(float).mean() for _, part in rows.groupby("name")]
            assert result.loc["P1", kind] == pytest.approx(np.mean(parts))
            total += np.mean(parts)
        assert result.loc["P1", "AZ"] == pytest.approx(total)
        assert result.loc["P1", "IPS"] == np.clip(np.round(total * 10 / 3), 0, 10)

    def test_sample_alone_and_bounds(self):
        genes = list(dict.fromkeys([*resources.table("immunophenoscore.tsv")["gene"], "TP53", "KRT8"]))
        cohort = frame(genes, 5, seed=5)
        cohort.loc["P0", ["B2M", "TAP1", "TAP2", "HLA-A", "HLA-B", "HLA-C"]] += 60
        table = orx.scores.immunophenoscore(cohort)
        pd.testing.assert_frame_equal(orx.scores.immunophenoscore(cohort.iloc[[2]]), table.iloc[[2]])
        assert table["IPS"].between(0, 10).all()

    def test_class_that_is_not_there(self):
        genes = resources.table("immunophenoscore.tsv")
        without = genes.loc[genes["class"] != "MHC", "gene"].unique().tolist()
        with pytest.raises(InputError, match="needs 70% of each class of genes, and has MHC 20%"):
            orx.scores.immunophenoscore(frame([*without, "TP53"], 4, seed=6))


def test_malignant_cells_get_their_planted_subtype():
    sets = sets_of("malignant_cell_subtype.tsv", "subtype")
    genes = list(dict.fromkeys([*(gene for part in sets.values() for gene in part), "TP53", "BRCA1"]))
    cells = frame(genes, 40, seed=7)
    truth = np.repeat(["Basal", "Her2", "LumA", "LumB"], 10)
    for name, part in sets.items():
        cells.loc[truth == name, part] += 1.5
    table = orx.scores.malignant_cell_subtype(cohorts.with_info(cohorts.as_cohort(cells), unit="log2(CPM + 1)"))
    assert (table["subtype"] == truth).all()
    z = (cells - cells.mean()) / cells.std()
    assert table["LumA"].to_numpy() == pytest.approx(z[sets["LumA"]].mean(axis=1).to_numpy())
    assert (table["margin"] > 0).all()


BACKGROUND = [f"G{i}" for i in range(500)]


class TestEnrichment:
    def test_equals_the_hypergeometric_test(self):
        random = np.random.default_rng(8)
        genes = [f"G{i}" for i in range(40)]
        sets = {
            "rich": [f"G{i}" for i in range(20, 60)],
            "other": list(random.choice(BACKGROUND, 50, replace=False)),
        }
        table = orx.scores.enrich([*genes, "unknown"], {**sets, "far": ["X1", "X2"]}, background=BACKGROUND)
        assert table.index[0] == "rich"
        for name, row in table.iterrows():
            overlap = len(set(sets[name]) & set(genes))
            assert row["overlap"] == overlap
            assert row["expected"] == pytest.approx(len(sets[name]) * 40 / 500)
            assert row["p_value"] == pytest.approx(hypergeom.sf(overlap - 1, 500, len(sets[name]), 40), rel=1e-9)
        assert "far" not in table.index

    def test_pathways_that_come_with_the_package(self):
        sets = orx.scores.pathway_sets()
        background = sorted({gene for genes in sets.values() for gene in genes})
        name = "Intrinsic Pathway for Apoptosis"
        assert orx.scores.enrich(sets[name][:20], background=background).index[0] == name

    def test_refusals(self):
        with pytest.raises(InputError, match="none of the 1 genes is in the background"):
            orx.scores.enrich(["TP53"], {"a": ["G1", "G2"]}, background=BACKGROUND)
        with pytest.raises(InputError, match="no gene set holds 2 of the 2 genes"):
            orx.scores.enrich(["G1", "G2"], {"a": ["G5", "G6"]}, background=BACKGROUND)
