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
        cohort.loc["P0", ["B2M", "TAP1", "TAP2", "HLA-A", "HLA-B", "HLA-C"]] += 30
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
        with pytest.raises(InputError, match="no gene of the 1 gene sets is in the background"):
            orx.scores.enrich(["G1", "G2"], {"a": ["X5", "X6"]}, background=BACKGROUND)
        with pytest.raises(InputError, match="of another species"):
            orx.scores.enrich(["Trp53", "Mki67", "Cd8a"], background=["TP53", "MKI67"])

    def test_every_set_that_could_be_hit_counts_whatever_is_shown(self):
        sets = {f"s{i}": BACKGROUND[5 * i : 5 * i + 5] for i in range(100)}
        genes = ["G0", "G1", "G2", "G250", "G300"]
        shown = orx.scores.enrich(genes, sets, background=BACKGROUND)
        whole = orx.scores.enrich(genes, sets, background=BACKGROUND, min_overlap=0)
        assert shown.index.tolist() == ["s0"]
        assert len(whole) == shown.attrs["n_tested"] == 100
        assert shown["q_value"].iloc[0] == whole["q_value"].iloc[0] == pytest.approx(100 * shown["p_value"].iloc[0])
        assert orx.scores.enrich(["G250", "G300"], sets, background=BACKGROUND).empty

    def test_random_lists_find_nothing(self):
        sets = orx.scores.pathway_sets()
        background = sorted({gene for genes in sets.values() for gene in genes})
        random = np.random.default_rng(2)
        found = [
            (orx.scores.enrich(random.choice(background, 20, replace=False), background=background)["q_value"] < 0.05)
            .any() for _ in range(12)
        ]  # fmt: skip
        assert sum(found) <= 2

    @pytest.mark.parametrize("form", ["symbols", "lower", "entrez", "ensembl", "padded", "old"])
    def test_list_sets_and_background_meet_whatever_they_are_called(self, form):
        written = {
            "symbols": ["C1orf43", "MARCHF1", "TP53"],
            "lower": ["c1orf43", "marchf1", "tp53"],
            "entrez": [25912, 55016.0, "7157"],
            "ensembl": ["ENSG00000143612.20", "ENSG00000145416", "ENSG00000141510"],
            "padded": [" C1orf43", "MARCHF1 ", "TP53\t"],
            "old": ["C1ORF43", "MARCH1", "TP53"],
        }
        background = ["C1orf43", "MARCHF1", "TP53", *BACKGROUND]
        sets = {"a": ["C1orf43", "MARCHF1", "TP53", "G1"], "b": ["G2", "G3"]}
        told = orx.scores.enrich(written["symbols"], sets, background=background)
        pd.testing.assert_frame_equal(orx.scores.enrich(written[form], sets, background=background), told)
        turned = orx.scores.enrich(["C1orf43", "MARCHF1", "TP53"], {"a": [*written[form], "G1"], "b": ["G2", "G3"]},
                                   background=background)  # fmt: skip
        if form != "entrez":  # numbers are Entrez ids where most names are numbers
            pd.testing.assert_frame_equal(turned, told)
