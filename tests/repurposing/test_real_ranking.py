"""The ranking of real tumours on real drugs: what it must hold whatever the order."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ranker(gse1992):
    import omics_rx as orx

    return orx.repurposing.Ranker(seed=0).fit(orx.response.default(progress=False), gse1992, universe=None)


@pytest.fixture(scope="module")
def learnt(ranker):
    return ranker.taught("resources", progress=False)


@pytest.fixture(scope="module")
def basal(ranker):
    return ranker.rank("Basal", candidates="all")


def test_labels_meet_the_drugs_of_the_screen(learnt, gdsc2):
    assert learnt.learnt_
    found = learnt.labels_.drop_duplicates("drug_id").set_index("drug")["drug_id"]
    names = gdsc2.drugs["name"]
    for drug in ("Lapatinib", "Palbociclib", "Fulvestrant", "Olaparib", "Epirubicin", "Sirolimus", "Fluorouracil"):
        assert drug in found.index
    assert names[found["Epirubicin"]] == "Epirubicin"
    assert "Doxorubicin" in learnt.labels_absent_
    assert found.is_unique


def test_every_explanation_adds_up(basal):
    parts = basal.explanations.set_index("drug_id")
    assert (parts["base"] + parts[basal.kinds].sum(axis=1) - parts["score"]).abs().max() < 1e-6
    missing = basal.table[basal.kinds].isna()
    assert missing.any().any()
    assert (parts[basal.kinds].to_numpy()[missing.to_numpy()] == 0).all()


def test_every_drug_is_ranked_or_listed(basal, gdsc2):
    assert set(basal.table.index) | set(basal.unranked.index) == set(gdsc2.drugs.index)
    assert len(basal.table) > 270
    covered = basal.evidence_info.loc[basal.kinds, "coverage"]
    # these three know a drug only where a target is among the genes of the screen's lines, fewer than a tumour has
    of_lines = ["target_level", "target_spread", "target_proliferation"]
    assert covered.drop(of_lines).min() > 0.5
    assert covered[of_lines].min() > 0.4


@pytest.mark.parametrize(("labels", "of_her2", "of_luma"), [(None, 10, 5), ("resources", 30, 15)])
def test_inhibitors_of_her2_lead_for_her2_without_their_labels(ranker, learnt, labels, of_her2, of_luma):
    """No HER2 inhibitor's label touches their scores; lines, targets and predictions alone bring them up."""
    ranker = ranker if labels is None else learnt
    assert ranker.labels is labels or ranker.labels == labels
    table = ranker.rank("Her2", candidates="all").table.set_index("name")
    assert table.loc[["Lapatinib", "Afatinib", "Sapitinib"], "rank"].max() <= of_her2
    fulvestrant = {
        s: ranker.rank(s, candidates="all").table.set_index("name").loc["Fulvestrant", "rank"]
        for s in ("LumA", "Basal")
    }
    assert fulvestrant["LumA"] <= of_luma < 150 < fulvestrant["Basal"]


def test_evidence_knows_its_markers(ranker):
    her2 = ranker.rank("Her2").evidence.join(ranker.sources_.drugs["name"]).set_index("name")
    assert her2.loc["Lapatinib", "measured_selectivity"] < -1
    assert her2.loc["Lapatinib", "target_expression"] > 0.5
    assert her2.loc["Lapatinib", "n_lines"] >= 10
    luma = ranker.rank("LumA").evidence.join(ranker.sources_.drugs["name"]).set_index("name")
    # 0.75 since it is joined over the cohorts that ship; the earlier measure, of this cohort alone, held above 0.8
    assert luma.loc["Tamoxifen", "target_expression"] > 0.7
    basal = ranker.rank("Basal").evidence.join(ranker.sources_.drugs["name"]).set_index("name")
    assert basal.loc["Tamoxifen", "target_expression"] < -0.7


def test_a_withheld_label_changes_nothing_for_its_drug(learnt):
    labels = learnt.labels_
    before = learnt.rank("Basal", candidates="all").table
    drug = labels.loc[labels["drug"] == "Talazoparib", "drug_id"].iloc[0]
    turned = labels.copy()
    turned.loc[turned["drug_id"] == drug, "status"] = "failed"
    for changed in (labels[labels["drug_id"] != drug], turned):
        again = learnt.taught(changed.drop(columns="drug_id")).rank("Basal", candidates="all").table
        assert abs(again.loc[drug, "score"] - before.loc[drug, "score"]) < 1e-9
        assert np.abs(again["score"] - before["score"].reindex(again.index)).max() > 1e-6


def test_lincs_signatures_add_reversal(ranker, gse1992, shared_data):
    import pandas as pd

    import omics_rx as orx

    folder = shared_data / "perturbation"
    library = pd.read_csv(folder / "lincs_consensi_drugbank.tsv.gz", sep="\t", index_col=0)
    keys = pd.read_csv(shared_data / "knowledge" / "drugbank_slim.tsv", sep="\t").set_index("drugbank_id")["inchikey"]
    keys = keys.str.removeprefix("InChIKey=")
    library = library[library.index.isin(keys.dropna().index)]
    library.index = keys[library.index].to_numpy()
    known = set(ranker.sources_.drugs["inchikey"].dropna())
    fit = orx.repurposing.Ranker(labels=None).fit(orx.response.default(progress=False), gse1992, library, universe=None)
    found = fit.rank("Basal").evidence["reversal"].notna().sum()
    assert found >= len(known & set(library.index)) > 30
