"""Chances, decisions and clinical gain in a whole study, and a study file of the first schema."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.metrics import calibration

SAVED = Path(__file__).parent / "data"


def test_chances_are_judged_on_the_external_cohort_alone(planted_study, make_cohort):
    study = planted_study
    assert set(study.calibration["cohort"]) == set(study.decision["cohort"]) == {"c"}
    row = study.calibration.set_index("at").loc[36]
    target = make_cohort(3)
    chance = study.signature.predict_survival(target)[36]
    by_hand = calibration.calibration(target.obs["time"], target.obs["event"], chance, at=36)
    assert row["ici"] == pytest.approx(by_hand.ici)
    assert row["slope"] == pytest.approx(by_hand.slope)
    assert row["brier"] < row["null"]
    groups = study.calibration_groups
    assert groups[groups["at"] == 36]["n"].sum() == 120
    assert groups[groups["at"] == 36]["predicted"].is_monotonic_increasing


def test_the_decision_curve_is_at_one_horizon_and_beats_its_defaults(planted_study):
    table = planted_study.decision
    assert set(table["at"]) in ({36}, {60})
    wide = table.pivot_table(index="threshold", columns="model", values="net_benefit")
    defaults = wide[["treat all", "treat none"]].max(axis=1)
    assert (wide["signature"] - defaults).max() > 0.02


def test_gain_over_clinical_columns_where_there_are_any(planted_study, make_cohort, patterns):
    assert planted_study.clinical.empty  # neither clinical columns nor proliferation genes
    cohorts = {"a": make_cohort(1), "c": make_cohort(3)}
    for cohort in cohorts.values():
        cohort.obs["age"] = np.random.default_rng(0).normal(60, 10, cohort.n_obs)
        cohort.obs["grade"] = 2
    study = orx.signatures.build(patterns, {"a": cohorts["a"]}, external={"c": cohorts["c"]}, n_genes=6, n_null=0)
    found = study.clinical.set_index("cohort")
    assert found["role"].to_dict() == {"c": "external"}
    assert set(found["columns"]) == {"age"}
    assert found.loc["c", "p_value"] < 0.01
    assert any("not judged in a: its patients were scored by cross-validation" in text for text in study.limits)
    both = orx.signatures.build(patterns, cohorts, n_genes=6, n_null=0)  # each by a signature made from the other
    assert both.clinical.set_index("cohort")["role"].to_dict() == {"a": "left out", "c": "left out"}


def test_a_study_keeps_its_tables(planted_study, tmp_path):
    planted_study.save(tmp_path)
    again = orx.signatures.load_study(tmp_path)
    for name in ("calibration", "calibration_groups", "decision", "patients"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(planted_study, name))
    assert again.clinical.empty


def test_what_could_not_be_judged_is_said(make_cohort, patterns):
    short = make_cohort(3)
    late = short.obs["time"] > 30
    short.obs.loc[late, "event"] = False
    short.obs.loc[late, "time"] = 30.0
    study = orx.signatures.build(patterns, {"a": make_cohort(1)}, external={"c": short}, n_genes=6, n_null=0)
    assert study.calibration.empty
    assert study.decision.empty
    assert any("Chances at 36 months were not judged in c: nobody is followed for 36" in text for text in study.limits)


def test_the_flow_of_patients_is_counted(make_cohort, patterns):
    partial = make_cohort(2)
    partial.obs.iloc[:4, 0] = np.nan
    study = orx.signatures.build(patterns, {"a": make_cohort(1), "b": partial}, n_genes=6, n_null=0)
    found = study.patients.set_index("cohort")
    assert found.loc["b", ["given", "without_follow-up", "judged", "scored"]].tolist() == [120, 4, 116, 116]
    kept = partial.obs.iloc[4:]
    assert found.loc["b", "events"] == kept["event"].sum()
    # as scikit-survival has the curve of censoring
    from sksurv.nonparametric import kaplan_meier_estimator

    time, left = kaplan_meier_estimator(~kept["event"].to_numpy(), kept["time"].to_numpy())
    assert found.loc["b", "median_follow-up"] == pytest.approx(time[left <= 0.5][0])


def test_a_study_of_schema_1_still_opens():
    old = orx.signatures.load_study(SAVED / "schema1_study.orx")
    assert old.signature.baseline is None
    assert len(old.table) == 11
    assert old.calibration.empty
    assert old.patients.empty
    assert list(old.clinical.columns[:3]) == ["cohort", "role", "base"]


def test_a_study_of_schema_2_still_opens():
    old = orx.signatures.load_study(SAVED / "schema2_study.orx")
    assert len(old.calibration)
    assert old.patients.empty
    assert list(old.patients.columns[:3]) == ["cohort", "role", "given"]
