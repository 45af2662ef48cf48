"""Facts of neoadjuvant trials: found by structure and name, counted by what they compare, never part of a score."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from omics_rx.repurposing import trials

DRUGS = pd.DataFrame(
    {
        "name": ["Lapatinib", "ABT-888", "Carboplatin", "something else"],
        "inchikey": ["BCFGMOOMADDAQU-UHFFFAOYSA-N", "JNAHVYVRKWKWKQ-CYBMUJFWSA-N", None, "AAAAAAAAAAAAAA-UHFFFAOYSA-N"],
    },
    index=pd.Index(["d0", "d1", "d2", "d3"], name="drug_id"),
)


def test_facts_are_found_by_structure_and_by_name():
    found = trials.for_drugs(DRUGS)
    assert set(found["drug_id"]) == {"d0", "d1", "d2"}
    assert {"NeoALTTO", "CALGB 40601"} <= set(found.loc[found["drug_id"] == "d0", "trial"])
    assert set(found.loc[found["drug_id"] == "d1", "trial"]) == {"I-SPY2", "BrighTNess"}
    assert (found["gain"] == found["pcr"] - found["control_pcr"]).all()


def test_a_trial_is_left_out_where_it_is_judged():
    assert "I-SPY2" not in set(trials.for_drugs(DRUGS, without=["I-SPY2"])["trial"])
    assert trials.for_drugs(DRUGS.iloc[[3]]).empty


def test_an_arm_that_differs_in_the_drug_alone_speaks_before_a_regimen():
    rows = [("d1", True, 0.10, 100, "TN"), ("d1", False, 0.40, 50, "TN"), ("d2", False, 0.30, 50, "TN"),
            ("d2", False, 0.10, 150, "TN"), ("d0", True, 0.20, 10, "HER2+"),
            ("d0", True, 0.2, 10, "HER2-")]  # fmt: skip
    facts = pd.DataFrame(rows, columns=["drug_id", "alone", "gain", "n", "group"])
    basal = trials.gains(facts, "Basal")
    assert basal["d1"] == pytest.approx(0.10)
    assert basal["d2"] == pytest.approx(0.15)
    assert "d0" not in basal
    assert trials.gains(facts, "Her2").to_dict() == {"d0": pytest.approx(0.20)}
    assert trials.gains(facts.iloc[:0], "Basal").empty


def test_a_sheet_says_what_a_trial_said(fitted):
    ranking = fitted.rank("Basal")
    first = ranking.table.index[0]
    drugs = ranking.drugs.assign(inchikey=None)
    drugs.loc[first, "inchikey"] = "JNAHVYVRKWKWKQ-CYBMUJFWSA-N"
    made = replace(ranking, drugs=drugs).sheet(first)
    assert set(made.trials["trial"]) == {"I-SPY2", "BrighTNess"}
    text = str(made)
    assert "## What neoadjuvant trials found" in text
    assert "I-SPY2" in text
    assert "pCR" in text
    assert "trial_gain" not in ranking.kinds
    assert "trial_gain" in ranking.evidence_info.index
    assert ranking.evidence_info.loc["trial_gain", "role"] == "support"
