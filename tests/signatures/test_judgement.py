"""A saved signature on one's own cohorts, in one call."""

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.metrics import survival


def made(make_cohort):
    cohort = make_cohort(1)
    genes = [f"XQ{i:03d}" for i in range(6)]
    weights = dict(zip(genes, (1, 1, 1, -1, -1, -1), strict=True))
    return orx.signatures.from_weights("planted", weights, {"one": cohort})


def test_figures_are_those_of_the_parts_and_are_pooled(make_cohort):
    signature = made(make_cohort)
    cohorts = {"a": make_cohort(2), "b": make_cohort(3)}
    found = signature.judge(cohorts, beside=[orx.signatures.from_weights("one gene", {"XQ000": 1.0}, cohorts)])
    a = cohorts["a"].obs
    score = signature.score(cohorts["a"])
    own = survival.concordance(a["time"], a["event"], score["risk_score"], seed=0)
    row = found.table[(found.table["cohort"] == "a") & (found.table["method"] == "signature")].iloc[0]
    assert (row["concordance"], row["lower"]) == pytest.approx((own.value, own.lower))
    assert set(found.table["method"]) == {"signature", "one gene"}
    pooled = found.pooled.set_index(["what", "method"])["value"]
    assert pooled["concordance", "signature"] > pooled["concordance", "one gene"] > 0.5
    assert pooled["hazard ratio, high against low", "signature"] > 1.5
    test = survival.log_rank(a["time"], a["event"], score["risk_group"])
    high = found.groups[(found.groups["cohort"] == "a") & (found.groups["group"] == "high")].iloc[0]
    assert high["log_rank_p"] == pytest.approx(test.p_value)


@pytest.mark.needs("lifelines")
def test_the_hazard_ratio_is_that_of_lifelines(make_cohort):
    import lifelines

    signature, cohort = made(make_cohort), make_cohort(4)
    found = signature.judge(cohort)
    scored = found.scores["cohort"]
    frame = pd.DataFrame(
        {"time": scored["time"], "event": scored["event"], "high": (scored["risk_group"] == "high").astype(float)}
    )
    theirs = lifelines.CoxPHFitter().fit(frame, "time", "event").summary.loc["high"]
    high = found.groups.iloc[1]
    assert high["hazard_ratio"] == pytest.approx(theirs["exp(coef)"], rel=1e-4)
    assert high["hr_lower"] == pytest.approx(theirs["exp(coef) lower 95%"], rel=1e-4)
    assert found.pooled.empty
    assert "few" in " ".join(found.limits)


def test_a_cohort_without_follow_up_or_given_twice_is_refused(make_cohort):
    signature, cohort = made(make_cohort), make_cohort(5)
    bare = cohort.copy()
    del bare.obs["time"], bare.obs["event"]
    with pytest.raises(InputError):
        signature.judge(bare)
    with pytest.raises(InputError, match="one cohort under two names"):
        signature.judge({"a": cohort, "b": cohort})
    assert np.isfinite(signature.judge({"one": cohort}).table["concordance"]).all()
    assert "trained on" in signature.judge({"one": cohort}).limits[0]
