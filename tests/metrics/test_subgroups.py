"""Figures by level: worked by hand, against independent implementations, and on planted truth."""

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError
from omics_rx.metrics import by_level, subgroups


def test_p_values_are_corrected_by_holms_steps():
    assert by_level.holm(np.array([0.01, 0.04, np.nan, 0.03])) == pytest.approx([0.03, 0.06, np.nan, 0.06], nan_ok=True)
    assert by_level.holm(np.array([np.nan])).tolist() == pytest.approx([np.nan], nan_ok=True)


def test_the_interaction_of_classes_is_the_likelihood_ratio_of_two_logistic_models():
    from scipy.optimize import minimize
    from scipy.stats import chi2

    random = np.random.default_rng(0)
    level = np.repeat(["a", "b"], 150)
    odds = random.normal(size=300)
    truth = random.random(300) < 1 / (1 + np.exp(-np.where(level == "a", 1.2, 0.1) * odds))
    found = subgroups.by_class(truth, odds, level)

    def likelihood(design):
        def loss(beta):
            ahead = design @ beta
            return -(truth * ahead - np.logaddexp(0, ahead)).sum()

        return -minimize(loss, np.zeros(design.shape[1]), tol=1e-12).fun

    a = (level == "a").astype(float)
    apart = np.column_stack([a, 1 - a, odds * a, odds * (1 - a)])
    ratio = 2 * (likelihood(apart) - likelihood(np.column_stack([a, 1 - a, odds])))
    test = found.tests.iloc[0]
    assert test["statistic"] == pytest.approx(ratio, rel=1e-4)
    assert test["p_value"] == pytest.approx(chi2.sf(ratio, 1), rel=1e-3)
    assert test["p_value"] < 0.05
    high, low = found.table.set_index("level").loc[["a", "b"], "value"]
    assert high > low
    own = truth[level == "a"]
    pairs = (odds[level == "a"][own][:, None] > odds[level == "a"][~own][None, :]).mean()
    assert high == pytest.approx(pairs)


def test_few_patients_cannot_be_told_and_are_in_no_test():
    truth = np.tile([True, False], 20)
    level = np.array(["large"] * 34 + ["small"] * 5 + ["not known"])
    found = subgroups.by_class(truth, np.linspace(-1, 1, 40), level, order=["small", "large", "not known"])
    assert found.table["level"].tolist() == ["small", "large", "not known"]
    told = found.table.set_index("level")["told"]
    assert told["large"] == ""
    assert "cannot tell: 2 patients of the rarer outcome" in told["small"]
    assert found.tests.iloc[0]["told"] == "cannot tell: 1 level with 10 events or more"
    assert np.isnan(found.tests.iloc[0]["p_value"])


def test_shares_and_means_by_level():
    right = np.r_[np.ones(40), np.zeros(10), np.ones(20), np.zeros(30)].astype(bool)
    level = np.repeat(["one", "two"], 50)
    found = subgroups.by_share(right, level, seed=0)
    assert found.table["value"].tolist() == pytest.approx([0.8, 0.4])
    assert found.tests.iloc[0]["p_value"] < 0.01
    same = subgroups.by_mean(np.r_[np.zeros(20), np.ones(20)], np.tile(["one", "two"], 20), seed=0)
    assert same.tests.iloc[0]["p_value"] > 0.5
    flat = subgroups.by_mean(np.ones(40), np.tile(["one", "two"], 20), seed=0)
    assert flat.tests.iloc[0]["p_value"] == 1.0


def test_unequal_lengths_are_refused():
    with pytest.raises(InputError, match="differ"):
        subgroups.by_class([True, False], [0.1, 0.2, 0.3], ["a", "b"])


def test_tests_of_several_cohorts_are_corrected_together():
    parts = [
        subgroups.Subgroups(pd.DataFrame(columns=by_level.TABLE), pd.DataFrame({"p_value": [p]}), ("said",))
        for p in (0.01, 0.02)
    ]
    whole = by_level.joined(parts)
    assert whole.tests["p_corrected"].tolist() == pytest.approx([0.02, 0.02])
    assert whole.said == ("said",)
