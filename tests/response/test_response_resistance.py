"""Thresholds by hand, and probabilities that come true as often as they say."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.response import resistance


def frame(**columns) -> pd.DataFrame:
    return pd.DataFrame(columns, dtype=float)


def test_waterfall_takes_the_bend_and_the_median_of_a_straight_line():
    bent = [0.0, 5, 8, 9, 9.2, 9.4, 9.5, 9.6, 9.8, 9.9, 10]  # farthest from the line 0, 1, 2 ... at the third: .8 - .2
    found = resistance.thresholds(frame(bent=bent, straight=range(11), flat=[1.0] * 11, few=[1.0] + [np.nan] * 10))
    assert found["bent"] == 8
    assert found["straight"] == 5
    assert found[["flat", "few"]].isna().all()


def test_outlier_needs_lines_far_on_the_sensitive_side():
    plain = np.arange(12.0)
    found = resistance.thresholds(frame(none=plain, one=[-30.0, *plain[1:]]), "outlier")
    assert np.isnan(found["none"])
    first, third = np.quantile([-30.0, *plain[1:]], [0.25, 0.75])
    assert found["one"] == pytest.approx(first - 1.5 * (third - first))


def test_an_unknown_method_is_refused_by_name():
    with pytest.raises(InputError, match="waterfall"):
        resistance.thresholds(frame(a=range(12)), "watrfall")


def test_probability_is_the_share_of_errors_that_would_cross():
    predicted = SimpleNamespace(mean=pd.DataFrame({"a": [0.0, 5.0], "b": [0.0, 0.0]}, index=["x", "y"]))
    errors = frame(a=np.arange(-5, 5))
    cut = pd.Series({"a": 2.0, "b": np.nan})
    found = resistance.probability(predicted, cut, errors)
    # errors above 2 are 3 and 4; above -3 are -2 to 4
    assert found["a"].tolist() == pytest.approx([3 / 12, 8 / 12])
    assert found["b"].isna().all()


def test_planted_probabilities_are_calibrated():
    random = np.random.default_rng(3)
    predicted = pd.DataFrame(random.normal(size=(4000, 3)), columns=list("abc"))
    measured = predicted + random.normal(size=predicted.shape)
    errors = pd.DataFrame(random.normal(size=(800, 3)), columns=list("abc"))
    cut = pd.Series({"a": -1.0, "b": 0.0, "c": 1.0})
    found = resistance.probability(SimpleNamespace(mean=predicted), cut, errors)
    truth = resistance.resistant(measured, cut)
    table = resistance.reliability(truth, found)
    assert table["n"].sum() == 12_000
    assert (table["told"] - table["observed"]).abs().max() < 0.05
    base = pd.DataFrame({drug: truth[drug].mean() for drug in truth}, index=truth.index)
    assert resistance.brier(truth, found) < resistance.brier(truth, base) - 0.05
    assert resistance.brier(truth, truth) == 0


def test_missing_stays_missing_and_absent_is_told():
    measured = pd.DataFrame({"a": [1.0, np.nan, -1.0]})
    assert resistance.resistant(measured, pd.Series({"a": 0.0}))["a"].tolist()[::2] == [1.0, 0.0]
    assert np.isnan(resistance.resistant(measured, pd.Series({"a": 0.0}))["a"][1])
    with pytest.raises(InputError, match="1 drugs have no threshold"):
        resistance.probability(SimpleNamespace(mean=measured), pd.Series(dtype=float), measured)
    with pytest.raises(InputError, match="no error is given"):
        resistance.probability(SimpleNamespace(mean=measured), pd.Series({"a": 0.0}), measured * np.nan)
    with pytest.raises(InputError, match="no pair"):
        resistance.brier(measured, measured.rename(columns={"a": "b"}))


@pytest.fixture(scope="module")
def model(planted):
    return orx.response.ResponseModel().fit(planted, progress=False)


def test_a_model_tells_resistance_of_lines_it_has_not_seen(planted):
    seen, unseen = planted.cells.obs_names[:55], planted.cells.obs_names[55:]
    model = orx.response.ResponseModel().fit(planted.subset(cells=seen), progress=False)
    found = resistance.assess(model, model.predict(planted.cells[unseen], domain="cell_line"))
    assert found.method == "waterfall"
    expected = resistance.thresholds(planted.matrix().loc[seen])
    pd.testing.assert_series_equal(found.threshold, expected.reindex(found.threshold.index), check_names=False)
    truth = resistance.resistant(planted.matrix().loc[unseen], found.threshold)
    share = resistance.resistant(planted.matrix().loc[seen], found.threshold).mean()
    constant = pd.DataFrame([share] * len(unseen), index=unseen)
    assert resistance.brier(truth, found.probability) < 0.85 * resistance.brier(truth, constant)


def test_given_thresholds_and_new_drugs(model, planted):
    drugs = pd.DataFrame({"name": ["old", "new"], "smiles": ["OCC", "CCCCCCCCCC=O"]})
    answer = model.predict(planted.cells, drugs, "cell_line")
    found = resistance.assess(model, answer, pd.Series({"D00": 1.0, "new": 2.0}))
    assert found.method == "given"
    assert found.threshold.to_dict() == {"old": 1.0, "new": 2.0}
    every = resistance.assess(model, model.predict(planted.cells, domain="cell_line"), pd.Series({"D00": 1.0}))
    np.testing.assert_allclose(found.probability["old"], every.probability["D00"])
    assert every.probability["D03"].isna().all()
    if np.isfinite(answer.upper["new"]).all():
        at_mean = answer.mean["new"].sub(2.0).abs().idxmin()
        assert found.probability.loc[at_mean, "new"] == pytest.approx(0.5, abs=0.2)
    with pytest.raises(InputError, match="none of the 2 drugs has a threshold"):
        resistance.assess(model, answer, pd.Series({"D09": 1.0}))


def test_the_graph_network_alone_tells_resistance_and_other_models_say_what_they_need(planted):
    small = {"n_members": 1, "hidden": 16, "width": 8, "rank": 8, "n_steps": 50, "learning_rate": 1e-2}
    network = orx.response.ResponseModel({"network": small}, n_inner=2).fit(planted, progress=False)
    answer = network.predict(planted.cells, domain="cell_line")
    found = resistance.assess(network, answer).probability
    truth = resistance.resistant(planted.matrix(), resistance.thresholds(planted.matrix()))
    share = pd.DataFrame([truth.mean()] * len(truth), index=truth.index)
    assert resistance.brier(truth, found) < 0.85 * resistance.brier(truth, share)
    plain = orx.response.ResponseModel(("drug_mean",)).fit(planted, progress=False)
    with pytest.raises(InputError, match="needs the kernel core"):
        resistance.assess(plain, plain.predict(planted.cells, domain="cell_line"))
