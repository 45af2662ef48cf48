"""A patient with alterations: they move her ranking, resistance is said first, and what is not known stays unknown."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx import report
from omics_rx.core.errors import InputError
from omics_rx.core.screen import DrugScreen
from omics_rx.report.write import as_page
from omics_rx.repurposing import Ranker, load_ranking
from omics_rx.repurposing.alterations.given import variants_of
from omics_rx.repurposing.alterations.joint import joint_effects

NAMES = ("Alpelisib", "Lapatinib", "Fulvestrant", "Palbociclib", "Osimertinib", "Gefitinib", "Olaparib")
ALPELISIB, FULVESTRANT, PALBOCICLIB = "D000", "D002", "D003"


@pytest.fixture(scope="module")
def told_world(new_world):
    """The planted world, its first drugs under real names, and lines of which every third has PIK3CA mutated."""
    world = new_world()
    random = np.random.default_rng(7)
    drugs = world.screen.drugs.copy()
    drugs["name"] = [*NAMES, *drugs["name"].iloc[len(NAMES) :]]
    cells = world.screen.cells.copy()
    events = pd.DataFrame(0.0, index=cells.obs_names, columns=["PIK3CA_mut", "ERBB2_gain", "RB1_loss", "RARE_mut"])
    events.iloc[::3, 0], events.iloc[:4, 3] = 1, 1
    events["ERBB2_gain"] = (random.random(len(events)) < 0.3).astype(float)
    events["RB1_loss"] = (random.random(len(events)) < 0.3).astype(float)
    cells.obsm["events"] = events
    cells.obs["tissue"] = np.where(cells.obs["breast_subtype"].notna(), "breast", "lung")
    responses = world.screen.responses.copy()
    altered = set(events.index[events["PIK3CA_mut"] == 1])
    shift = responses["cell_id"].isin(altered)
    responses.loc[shift & (responses["drug_id"] == ALPELISIB), "ln_ic50"] -= 1.5
    responses.loc[shift & (responses["drug_id"] == "D010"), "ln_ic50"] += 1.5
    screen = DrugScreen(responses, cells, drugs, "planted")
    model = SimpleNamespace(screen_=screen, predict=world.model.predict)
    return SimpleNamespace(model=model, cohort=world.cohort, screen=screen)


def ranker_of(told_world, *words, sample="T65", **settings):
    read = orx.io.read_alterations(list(words), sample=sample, **settings)
    return Ranker().fit(told_world.model, read.onto(told_world.cohort), universe=None)


@pytest.fixture(scope="module")
def altered(told_world):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(orx.harmonize, "genes", lambda cohort, **_: cohort, raising=False)
        return ranker_of(told_world, "PIK3CA H1047R", "RB1 homozygous deletion", "PIK3CA R19I", "KMT2C R100*")


@pytest.fixture(scope="module")
def plain(told_world):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(orx.harmonize, "genes", lambda cohort, **_: cohort, raising=False)
        return Ranker().fit(told_world.model, told_world.cohort, universe=None)


def test_her_alterations_move_her_ranking_and_add_up(altered, plain):
    hers, without = (one.rank("T65", by="patient", candidates="all") for one in (altered, plain))
    parts, before = (one.explanations.set_index("drug_id") for one in (hers, without))
    kinds = ["alteration_measured", "alteration_published"]
    assert (parts["score"] - parts[kinds].sum(axis=1) - before["score"][parts.index]).abs().max() < 1e-9
    assert parts.loc[ALPELISIB, "alteration_published"] == pytest.approx(
        1.5
    )  # a label of breast cancer, times the slope
    assert parts.loc[ALPELISIB, "alteration_measured"] == parts["alteration_measured"].max() > 0
    assert parts.loc["D010", "alteration_measured"] == parts["alteration_measured"].min() < 0
    assert parts.loc[PALBOCICLIB, "alteration_published"] == pytest.approx(-0.75)
    assert hers.table.loc[ALPELISIB, "rank"] < without.table.loc[ALPELISIB, "rank"]
    assert (parts.loc[[d for d in parts.index if d not in ("D000", "D003")], "alteration_published"] == 0).all()


def test_resistance_is_said_before_anything_else(altered):
    hers = altered.rank("T65", by="patient", candidates="all")
    assert hers.limits[0].startswith("Resistance: RB1 deep deletion speaks against Abemaciclib, Palbociclib and")
    told = hers.explain("Palbociclib")
    assert told.sentence.startswith("Resistance: RB1 deep deletion speaks against Palbociclib (clinical, breast")
    assert "published resistance (RB1 deep deletion)" in hers.table.loc[PALBOCICLIB, "warning"]
    against = hers.explain("drug 10")
    assert against.sentence.startswith("Measured resistance: ")
    assert "a mutation of PIK3CA are less sensitive" in against.sentence
    for_ = hers.explain("Alpelisib")
    assert for_.sentence.startswith("Alpelisib ranks ")
    assert any(one.startswith("PIK3CA H1047R speaks for Alpelisib (label, breast cancer") for one in for_.alterations)
    assert {"alteration_measured", "alteration_published"} <= set(for_.table.index)


def test_an_uncertain_variant_moves_nothing(told_world, altered):
    other = ranker_of(told_world, "PIK3CA H1047R", "RB1 homozygous deletion", "KMT2C R100*")
    one, two = (ranker.rank("T65", by="patient").table["score"] for ranker in (altered, other))
    pd.testing.assert_series_equal(one.sort_index(), two.sort_index())
    said = altered.rank("T65", by="patient").told.sentences("uncertain")
    assert said == ("Of uncertain significance, and moving nothing: PIK3CA R19I.",)


def test_others_of_the_cohort_are_not_tested(altered):
    hers = altered.rank("T64", by="patient")
    assert hers.table["alteration_published"].isna().all()
    assert hers.table["alteration_measured"].isna().all()
    assert "No alteration of T64 is known." in hers.told.sentences("nobody knows")


def test_tested_and_wild_type_is_nothing_published_and_not_unknown(told_world):
    ranker = ranker_of(told_world, "TP53 wild type", "PIK3CA wild type")
    hers = ranker.rank("T65", by="patient", candidates="all")
    assert (hers.table["alteration_published"] == 0).all()
    effect = hers.table["alteration_measured"]
    assert effect[ALPELISIB] == effect.max() > 0  # PIK3CA is as it was: less sensitive than the average line


def test_events_alone_stand_for_alterations(told_world):
    cohort = told_world.cohort.copy()
    events = pd.DataFrame({"ERBB2_gain": 0.0, "RB1_loss": np.nan}, index=cohort.obs_names)
    events.loc["T65", ["ERBB2_gain", "RB1_loss"]] = 1.0
    cohort.obsm["events"] = events
    hers = Ranker().fit(told_world.model, cohort, universe=None).rank("T65", by="patient", candidates="all")
    assert hers.table.loc["D001", "alteration_published"] == 1  # lapatinib
    assert hers.table.loc[PALBOCICLIB, "alteration_published"] < 0
    assert hers.told.alterations["alteration"].tolist() == ["ERBB2 amplification", "RB1 deep deletion"]


def test_a_subtype_counts_how_frequent_alterations_are(told_world):
    cohort = told_world.cohort.copy()
    inside = (cohort.obs["subtype"] == "LumA").to_numpy()
    cohort.obsm["events"] = pd.DataFrame(
        {"PIK3CA_mut": np.where(inside, 1.0, 0.0), "ERBB2_gain": 0.0}, index=cohort.obs_names
    )
    ranking = Ranker().fit(told_world.model, cohort, universe=None).rank("LumA", candidates="all")
    explained = ranking.explain("Alpelisib").table
    assert explained.loc["alteration_measured", "contribution"] > 0
    assert any("PIK3CA_mut 100% and 0%" in one for one in ranking.limits)
    assert ranking.told is None
    few = cohort.copy()
    few.obsm["events"] = few.obsm["events"].copy()
    few.obsm["events"].iloc[3:] = np.nan
    quiet = Ranker().fit(told_world.model, few, universe=None).rank("LumA", candidates="all")
    assert any("Alterations move no drug for LumA" in one for one in quiet.limits)
    assert quiet.table["alteration_measured"].isna().all()


def test_it_is_saved_and_written_as_a_page(altered, tmp_path):
    hers = altered.rank("T65", by="patient")
    hers.save(tmp_path / "out")
    again = load_ranking(tmp_path / "out")
    assert again.told.sentences() == hers.told.sentences()
    assert again.told.about(PALBOCICLIB) == hers.told.about(PALBOCICLIB)
    page = as_page(again)
    assert page.sections[0].title == "Before anything else"
    assert page.sections[0].blocks[0].items[0].startswith("Resistance: RB1")
    text = report.write(again, tmp_path / "page.html").read_text(encoding="utf-8")
    for words in ("Her alterations and what each means", "What is labelled for her", "not scored", "Piqray",
                  "Her alteration is what these labels ask for", "Of uncertain significance",
                  "Nobody knows what follows from KMT2C"):  # fmt: skip
        assert words in text
    assert altered.rank("LumA").told is None


def test_a_page_of_a_subtype_is_as_it_was(plain):
    titles = [section.title for section in as_page(plain.rank("Basal")).sections]
    assert titles[0].startswith("Top candidates for Basal")


def test_a_hypermutated_tumour_is_said_and_its_page_is_short(told_world, tmp_path):
    table = pd.DataFrame({
        "Tumor_Sample_Barcode": "T65", "Hugo_Symbol": ["TTN"] * 10_000, "Variant_Classification": "Missense_Mutation",
        "HGVSp_Short": [f"p.A{place}T" for place in range(2, 10_002)],
    })  # fmt: skip
    read = orx.io.read_alterations(table)
    hers = Ranker().fit(told_world.model, read.onto(told_world.cohort), universe=None).rank("T65", by="patient")
    said = hers.told.sentences("mutations")
    assert "hypermutated (10000 coding changes)" in said[0]
    assert "microsatellite-unstable?" in said[0]
    assert said[0] in hers.limits
    text = report.write(hers, tmp_path / "page.html").read_text(encoding="utf-8")
    assert "The first 200 of 10000" in text
    assert "TTN A9000T" not in text


def test_facts_that_contradict_are_both_shown_and_said(told_world):
    hers = ranker_of(told_world, "PIK3CA H1047R", "PTEN homozygous deletion").rank("T65", by="patient")
    assert any("Alpelisib contradict" in one for one in hers.told.sentences("contradiction"))
    sentence = hers.explain("Alpelisib").sentence
    assert sentence.startswith("Resistance: PTEN deep deletion speaks against Alpelisib")
    assert "PIK3CA H1047R speaks for Alpelisib" in sentence


def test_germline_and_somatic_are_told_apart(told_world):
    def olaparib(*words):
        return ranker_of(told_world, *words).rank("T65", by="patient", candidates="all").explain("Olaparib")

    assert any("speaks for Olaparib" in one for one in olaparib("BRCA1 germline pathogenic").alterations)
    assert "label, breast" not in olaparib("BRCA1 R1443* somatic").sentence


def test_receptor_and_amplification_at_odds_are_said(told_world):
    cohort = told_world.cohort.copy()
    cohort.obs["her2_status"] = "Negative"
    read = orx.io.read_alterations(["HER2 amplification"], sample="T65")
    hers = Ranker().fit(told_world.model, read.onto(cohort), universe=None).rank("T65", by="patient")
    assert any("ERBB2 is amplified and HER2 is told as negative" in one for one in hers.limits)


def test_events_that_are_no_frame_are_refused(told_world):
    cohort = told_world.cohort.copy()
    cohort.obsm["events"] = np.zeros((cohort.n_obs, 2))
    with pytest.raises(InputError, match="frame"):
        Ranker().fit(told_world.model, cohort, universe=None)


def test_variants_of_events():
    events = pd.DataFrame([[1.0, 1.0, 1.0, np.nan, 1.0]], index=["P7"],
                          columns=["BCR-ABL1_fusion", "MSI", "BRCA1_germline", "TP53_mut", "X_gain"])  # fmt: skip
    table = variants_of(events).set_index("event")
    assert table.loc["BCR-ABL1_fusion", ["gene", "change"]].tolist() == ["ABL1", "BCR::ABL1"]
    assert table.loc["BRCA1_germline", "origin"] == "germline"
    assert "TP53_mut" not in table.index
    assert variants_of(events.iloc[:, :0]).empty


def test_joint_effects_share_what_two_events_explain_together():
    random = np.random.default_rng(0)
    one = (random.random(400) < 0.4).astype(float)
    events = np.column_stack([one, one, random.random(400) < 0.4]).astype(float)
    values = -0.8 * one[:, None] + random.normal(size=(400, 3))
    values[random.random(values.shape) < 0.2] = np.nan
    found = joint_effects(values, events, np.eye(3))
    np.testing.assert_allclose(found[0], found[1])
    alone = joint_effects(values, events[:, [0, 2]], np.eye(3))
    assert (np.abs(found[0]) < np.abs(alone[0])).all()  # neighbours do not count twice
    carried = events - events.mean(axis=0)
    for drug in range(3):  # as solved directly
        seen = np.isfinite(values[:, drug])
        own = carried[seen]
        direct = 0.003 * own.T @ np.linalg.solve(0.003 * own @ own.T + np.eye(seen.sum()), values[seen, drug])
        np.testing.assert_allclose(found[:, drug], direct, rtol=1e-3, atol=1e-4)
