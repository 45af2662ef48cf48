"""Net benefit: by hand, and as dcurves finds it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError
from omics_rx.metrics.decision_curve import THRESHOLDS, decision_curve

REFERENCE = Path(__file__).parent / "data_decision_curve"


def _patients(n=300):
    random = np.random.default_rng(8)
    x = random.normal(size=n)
    time, censored = random.exponential(80 * np.exp(-x)), random.exponential(120, n)
    risk = 1 - np.exp(-60 / 80 * np.exp(x))
    return pd.DataFrame({"time": np.minimum(time, censored) + 0.01, "event": time <= censored, "risk": risk})


def test_by_hand_without_censoring():
    time, event, risk = [5.0, 15, 50, 60], np.ones(4), [0.9, 0.1, 0.6, 0.2]
    found = decision_curve(time, event, {"m": risk}, at=20, thresholds=[0.5], n_boot=0).set_index("model")
    # two treated, one of them had the event: 1/4 found less 1/4 false alarm at odds 1
    assert found.loc["m", "net_benefit"] == pytest.approx(0)
    assert found.loc["m", "treated"] == 0.5
    assert found.loc["treat all", "net_benefit"] == pytest.approx(0.5 - 0.5)
    assert found.loc["treat none", "net_benefit"] == 0
    quarter = decision_curve(time, event, {"m": risk}, at=20, thresholds=[0.25], n_boot=0).set_index("model")
    assert quarter.loc["m", "net_benefit"] == pytest.approx(0.25 - 0.25 / 3)


def test_dcurves_says_the_same():
    data = pd.read_csv(REFERENCE / "patients.csv")
    theirs = pd.read_csv(REFERENCE / "net_benefit.csv")
    cuts = theirs["threshold"].unique()
    found = decision_curve(data.time, data.event, {"risk": data.risk}, at=60, thresholds=cuts, n_boot=0)
    assert len(cuts) == 12
    for mine, other in (("risk", "risk"), ("treat all", "all"), ("treat none", "none")):
        ours = found.loc[found["model"] == mine, "net_benefit"].to_numpy()
        np.testing.assert_allclose(ours, theirs.loc[theirs["model"] == other, "net_benefit"], atol=1e-12)


def test_a_good_model_beats_both_defaults_and_its_interval_holds_the_value():
    data = _patients(600)
    found = decision_curve(data.time, data.event, {"risk": data.risk}, at=60, thresholds=[0.3, 0.5], n_boot=200)
    table = found.pivot_table(index="threshold", columns="model", values="net_benefit")
    assert (table["risk"] > table[["treat all", "treat none"]].max(axis=1)).all()
    mine = found[found["model"] == "risk"]
    assert ((mine["lower"] < mine["net_benefit"]) & (mine["net_benefit"] < mine["upper"])).all()


def test_an_unknown_benefit_is_missing_and_not_zero():
    time, event = [5.0, 8, 50, 60], [1, 0, 0, 0]
    found = decision_curve(time, event, {"m": [0.9, 0.8, 0.1, 0.1]}, at=20, thresholds=[0.5], n_boot=0)
    assert np.isnan(found.set_index("model").loc["m", "net_benefit"])  # both treated are lost before 20 months


def test_what_is_no_risk_is_refused():
    data = _patients(50)
    with pytest.raises(InputError, match="50 of 50 risks of m"):
        decision_curve(data.time, data.event, {"m": data.risk + 2}, at=60)
    with pytest.raises(InputError, match="thresholds are risks"):
        decision_curve(data.time, data.event, {"m": data.risk}, at=60, thresholds=[0.0])
    with pytest.raises(InputError, match="nobody is followed for 9000"):
        decision_curve(data.time, data.event, {"m": data.risk}, at=9000)
    with pytest.raises(InputError, match="always drawn"):
        decision_curve(data.time, data.event, {"treat all": data.risk}, at=60)


def test_thresholds_run_from_a_twentieth_to_three_fifths():
    assert THRESHOLDS == (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)


def test_nobody_left_among_the_treated_is_not_a_benefit_of_nothing():
    """At 20 months all who would be treated are gone without an event: their risk is not known."""
    time, event = [5.0, 8, 30, 40], [0, 0, 1, 0]
    table = decision_curve(time, event, {"m": [0.9, 0.8, 0.1, 0.1]}, at=20, thresholds=0.5, n_boot=0)
    row = table[table["model"] == "m"].iloc[0]
    assert row["treated"] == 0.5
    assert np.isnan(row["net_benefit"])
    none = table[table["model"] == "treat none"].iloc[0]
    assert (none["treated"], none["net_benefit"]) == (0, 0)
