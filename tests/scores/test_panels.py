"""Immune, checkpoint, ESTIMATE, cell-death and proliferation scores, and the facts behind them."""

from __future__ import annotations

import hashlib
import logging

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

import omics_rx as orx
from omics_rx.core import cohort as cohorts
from omics_rx.core import resources
from omics_rx.core.errors import InputError, UnknownNameError
from omics_rx.harmonize import current_symbols
from omics_rx.scores.cell_death import FURTHER_PATTERNS, PATTERNS

TABLES = (
    "immune_sets.tsv", "cell_death.tsv", "pam50.tsv", "pam50_frozen.tsv", "immunophenoscore.tsv",
    "malignant_cell_subtype.tsv", "til10.tsv",
)  # fmt: skip


@pytest.fixture(scope="module")
def cohort() -> pd.DataFrame:
    """20 samples, every panel gene and 1,000 others, on a log scale."""
    random = np.random.default_rng(8)
    genes = sorted({gene for name in TABLES for gene in resources.table(name)["gene"]})
    others = [gene for gene in resources.table("genes.tsv.gz")["symbol"].iloc[::20] if gene not in set(genes)][:1000]
    values = random.normal(8, 1.5, size=(20, len(genes) + 1000)).clip(0.1)
    return pd.DataFrame(values, index=[f"P{i}" for i in range(20)], columns=[*genes, *others])


class TestFacts:
    @pytest.mark.parametrize("name", TABLES)
    def test_hash_and_source_are_stated(self, name):
        stated = resources.sources()[name]
        assert hashlib.sha256(resources.path(name).read_bytes()).hexdigest() == stated["sha256"]
        assert stated["sources"]
        assert stated["licence"]

    @pytest.mark.parametrize("name", TABLES)
    def test_symbols_are_current(self, name):
        found = current_symbols(resources.table(name)["gene"].unique())
        assert (found["status"] == "kept").all()

    def test_no_gene_stands_twice_in_a_set(self):
        assert not resources.table("immune_sets.tsv").duplicated(["panel", "set", "gene"]).any()
        assert not resources.table("cell_death.tsv").duplicated(["pattern", "gene"]).any()
        assert resources.table("cell_death.tsv")["sources"].notna().all()

    def test_pam50_has_fifty_genes_and_eleven_of_proliferation(self):
        table = resources.table("pam50.tsv")
        assert len(table) == 50
        assert (table["proliferation"] == "yes").sum() == 11

    def test_every_citation_is_known(self):
        import tomllib

        from omics_rx.scores import cell_death, immune, proliferation, subtype  # noqa: F401 - names the modules
        from omics_rx.scores.cell_death import CITES as DEATH
        from omics_rx.scores.immune import CITES as IMMUNE
        from omics_rx.scores.immune import ESTIMATE_CITES
        from omics_rx.scores.proliferation import CITES as PROLIFERATION
        from omics_rx.scores.subtype import CITES as SUBTYPE

        library = tomllib.loads(resources.path("citations.toml").read_text(encoding="utf-8"))
        for key in (*DEATH, *IMMUNE, *ESTIMATE_CITES, *PROLIFERATION, *SUBTYPE):
            assert library[key]["sentence"].endswith(".")


class TestImmune:
    def test_is_the_mean_of_its_markers(self, cohort):
        scores = orx.scores.immune(cohort)
        for name, genes in orx.scores.immune_sets().items():
            assert scores[name].to_numpy() == pytest.approx(cohort[genes].mean(axis=1).to_numpy())
        assert scores.shape == (20, 16)

    def test_counts_are_brought_to_a_log_scale(self, cohort):
        counts = cohort.pow(2).round()
        data = AnnData(counts.to_numpy(), obs=pd.DataFrame(index=counts.index), var=pd.DataFrame(index=counts.columns))
        data = cohorts.with_info(data, unit="counts")
        expected = np.log2(counts.div(counts.sum(axis=1), axis=0) * 1e6 + 1)
        genes = orx.scores.immune_sets()["T cells"]
        assert orx.scores.immune(data)["T cells"].to_numpy() == pytest.approx(expected[genes].mean(axis=1), rel=1e-5)

    def test_population_without_markers_is_missing_and_said_so(self, cohort, caplog):
        cut = cohort.drop(columns=orx.scores.immune_sets()["NK cells"])
        with caplog.at_level(logging.WARNING, logger="omics_rx"):
            scores = orx.scores.immune(cut)
        assert scores["NK cells"].isna().all()
        assert scores.drop(columns="NK cells").notna().all(axis=None)
        assert "1 of 16 immune populations are left empty" in caplog.text
        assert "NK cells 0%" in caplog.text

    def test_cohort_without_any_marker_is_refused(self):
        frame = pd.DataFrame(np.random.default_rng(0).normal(8, 1, (5, 3)), columns=["TP53", "BRCA1", "BRCA2"])
        with pytest.raises(InputError, match="none of the 16 immune populations"):
            orx.scores.immune(frame)

    def test_aliases_are_resolved(self, cohort):
        old = cohort.rename(columns={"CD8B": "CD8B1", "CAVIN2": "SDPR"})
        pd.testing.assert_frame_equal(orx.scores.immune(old), orx.scores.immune(cohort))


class TestCheckpoints:
    def test_gives_the_genes_themselves(self, cohort):
        table = orx.scores.checkpoints(cohort.drop(columns=["CD274"]))
        assert "CD274" not in table
        assert table["PDCD1"].to_numpy() == pytest.approx(cohort["PDCD1"].to_numpy())

    def test_none_present(self):
        with pytest.raises(InputError, match="none of the 31 checkpoint genes"):
            orx.scores.checkpoints(pd.DataFrame(np.ones((3, 2)), columns=["TP53", "BRCA1"]))


class TestEstimate:
    @pytest.fixture
    def arrays(self):
        random = np.random.default_rng(9)
        genes = resources.table("estimate_genes.tsv.gz")["gene"]
        values = random.normal(8, 1.5, size=(6, len(genes)))
        return pd.DataFrame(values, index=[f"P{i}" for i in range(6)], columns=genes.to_numpy())

    def test_sum_and_purity(self, arrays):
        table = orx.scores.estimate(cohorts.with_info(cohorts.as_cohort(arrays), unit="log2 intensity"))
        assert table["estimate"].to_numpy() == pytest.approx((table["stromal"] + table["immune"]).to_numpy())
        scaled = table["estimate"] * 10_412 / arrays.shape[1]
        expected = np.cos(0.6049872018 + 0.0001467884 * scaled)
        assert table["purity"].to_numpy() == pytest.approx(expected.to_numpy())

    def test_genes_that_the_paper_did_not_measure_change_nothing(self, arrays):
        others = pd.DataFrame(np.arange(1200.0).reshape(6, 200) / 100, arrays.index, [f"LINC{i}" for i in range(200)])
        more = pd.concat([arrays, others], axis=1)
        pd.testing.assert_frame_equal(orx.scores.estimate(more), orx.scores.estimate(arrays))

    def test_no_purity_outside_arrays_nor_with_too_few_genes(self, arrays):
        told = cohorts.with_info(cohorts.as_cohort(arrays), unit="log2(TPM + 1)")
        assert orx.scores.estimate(told)["purity"].isna().all()
        few = cohorts.with_info(cohorts.as_cohort(arrays.iloc[:, ::2]), unit="log2 intensity")
        table = orx.scores.estimate(few)
        assert table["purity"].isna().all()
        assert table["estimate"].notna().all()


class TestCellTypes:
    def test_29_types_equal_the_runner(self, cohort):
        scores = orx.scores.immune_cell_types(cohort)
        assert scores.shape == (20, 29)
        pd.testing.assert_frame_equal(scores, orx.scores.score(cohort, orx.scores.cell_type_sets()))

    def test_known_members(self):
        sets = orx.scores.cell_type_sets()
        for name, gene in {"B cells": "MS4A1", "Regulatory T cells": "FOXP3", "Mast cells": "CPA3"}.items():
            assert gene in sets[name]


class TestCellDeath:
    def test_twelve_patterns(self, cohort):
        scores = orx.scores.cell_death(cohort)
        assert tuple(scores.columns) == PATTERNS
        assert len(PATTERNS) == 12
        assert scores.notna().all(axis=None)

    def test_equals_the_runner_on_the_same_sets(self, cohort):
        sets = orx.scores.cell_death_sets(patterns=["ferroptosis", "disulfidptosis"])
        pd.testing.assert_frame_equal(
            orx.scores.cell_death(cohort, patterns=["ferroptosis", "disulfidptosis"]), orx.scores.score(cohort, sets)
        )

    def test_known_members(self):
        sets = orx.scores.cell_death_sets(patterns=[*PATTERNS, *FURTHER_PATTERNS])
        for pattern, gene in {
            "ferroptosis": "GPX4", "cuproptosis": "FDX1", "necroptosis": "MLKL", "pyroptosis": "GSDMD",
            "netosis": "PADI4", "parthanatos": "PARP1", "disulfidptosis": "SLC7A11", "panoptosis": "ZBP1",
        }.items():  # fmt: skip
            assert gene in sets[pattern]

    def test_more_sources_leave_fewer_genes(self):
        all_, two = (orx.scores.cell_death_sets(patterns=["apoptosis"], min_sources=n)["apoptosis"] for n in (1, 2))
        assert set(two) < set(all_)
        with pytest.raises(InputError, match="no gene of entosis is listed by 2 sources"):
            orx.scores.cell_death_sets(patterns=["entosis"], min_sources=2)

    def test_unknown_pattern(self):
        with pytest.raises(UnknownNameError, match="Did you mean ferroptosis"):
            orx.scores.cell_death_sets(patterns=["feroptosis"])

    def test_one_pattern_may_be_named_alone(self):
        alone = orx.scores.cell_death_sets(patterns="ferroptosis")
        assert alone == orx.scores.cell_death_sets(patterns=["ferroptosis"])


class TestProliferation:
    def test_is_the_mean_of_eleven_genes(self, cohort):
        table = resources.table("pam50.tsv")
        genes = table.loc[table["proliferation"] == "yes", "gene"].tolist()
        score = orx.scores.proliferation(cohort)
        assert score.to_numpy() == pytest.approx(cohort[genes].mean(axis=1).to_numpy())

    def test_published_scores(self, shared_data):
        folder = shared_data / "subtypes"
        cohort = pd.read_csv(folder / "pam50_testdata.tsv", sep="\t", index_col=0).T
        told = pd.read_csv(folder / "pam50_testdata_assignments.tsv", sep="\t", index_col=0)["prolif_scores"]
        centred = cohort - cohort.median()
        arrays = centred.sub(centred.mean(axis=1), axis=0).div(centred.std(axis=1), axis=0)  # as the reference did
        ours = orx.scores.proliferation(arrays)
        assert np.abs(ours - told).max() < 1e-6
