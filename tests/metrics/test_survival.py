"""Concordance, Kaplan-Meier and log-rank: worked by hand, against other implementations, and refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omics_rx.core.errors import InputError
from omics_rx.metrics import survival


def _follow_up(seed: int, n: int = 150, *, rounded: bool = True):
    random = np.random.default_rng(seed)
    risk = random.normal(size=n)
    time = random.exponential(30 * np.exp(-risk)) + 0.5
    event = random.random(n) < 0.6
    noisy = risk + random.normal(size=n)
    if rounded:
        return np.ceil(time), event, np.round(noisy, 1)
    return time, event, noisy


def test_concordance_by_hand():
    # comparable pairs: (1,2) (1,3) (1,4) from the first event, (3,4) from the second; 2 is censored
    time, event = [1, 2, 3, 4], [1, 0, 1, 0]
    assert survival.concordance(time, event, [4, 9, 1, 2]).value == pytest.approx(2 / 4)
    assert survival.concordance(time, event, [4, 4, 2, 1]).value == pytest.approx(3.5 / 4)


def test_an_event_is_compared_with_one_censored_at_the_same_time():
    assert survival.concordance([5, 5], [1, 0], [1, 0]).value == 1.0
    with pytest.raises(InputError, match="no two of 2 samples"):
        survival.concordance([5, 5], [1, 1], [1, 0])


@pytest.mark.parametrize("seed", range(5))
def test_concordance_equals_scikit_survival(seed):
    from sksurv.metrics import concordance_index_censored, concordance_index_ipcw
    from sksurv.util import Surv

    time, event, risk = _follow_up(seed)
    found = survival.concordance(time, event, risk, n_boot=10)
    assert found.value == pytest.approx(concordance_index_censored(event, time, risk)[0], abs=1e-6)
    time, event, risk = _follow_up(seed, rounded=False)  # on ties the weights differ: see the docstring
    outcome = Surv.from_arrays(event, time)
    uno = survival.uno_concordance(time, event, risk, horizon=40.0, n_boot=10)
    assert uno.value == pytest.approx(concordance_index_ipcw(outcome, outcome, risk, tau=40.0)[0], abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_time_dependent_figures_equal_scikit_survival_without_ties(seed):
    from sksurv.metrics import cumulative_dynamic_auc, integrated_brier_score
    from sksurv.util import Surv

    time, event, risk = _follow_up(seed, rounded=False)
    known, months = Surv.from_arrays(event, time), np.array([6.0, 12.0, 30.0])
    auc, _ = cumulative_dynamic_auc(known, known, risk, months)
    np.testing.assert_allclose(survival.dynamic_auc(time, event, risk, at=months), auc, atol=1e-9)
    curves = pd.DataFrame(np.exp(-np.outer(np.exp(risk), months) / 40), columns=months)
    theirs = integrated_brier_score(known, known, curves.to_numpy(), months)
    assert survival.integrated_brier(time, event, curves) == pytest.approx(theirs, abs=1e-9)


def _as_survc1(time, event, risk, tau):
    """Uno's C as the R package survC1 defines it: left limit, events at risk of censoring, strictly later times."""
    distinct = np.unique(time)
    steps = [1 - ((time == t) & ~event).sum() / (time >= t).sum() for t in distinct]
    before = dict(zip(distinct, np.append(1, np.cumprod(steps)[:-1]), strict=True))
    won = total = 0.0
    for i in np.flatnonzero(event & (time < tau)):
        later = time > time[i]
        weight = before[time[i]] ** -2
        won += weight * ((risk[i] > risk[later]).sum() + 0.5 * (risk[i] == risk[later]).sum())
        total += weight * later.sum()
    return won / total


@pytest.mark.parametrize("seed", range(5))
def test_survc1_is_reproduced_by_its_definition(seed):
    time, event, risk = _follow_up(seed, 400)
    found = survival.uno_concordance(time, event, risk, horizon=40, same_time=False, n_boot=2).value
    assert found == pytest.approx(_as_survc1(time, event, risk, 40), abs=5e-4)
    time, event, risk = _follow_up(seed, 400, rounded=False)
    found = survival.uno_concordance(time, event, risk, horizon=40, same_time=False, n_boot=2).value
    assert found == pytest.approx(_as_survc1(time, event, risk, 40), abs=1e-6)


def test_the_auc_with_ties_by_hand():
    # at 2 one of two leaves: the event at 3 weighs 1 / G(3-). Events at 1 and 2 weigh 1; the censoring at 2 came later
    time, event, risk = [1, 2, 2, 3, 4, 5], [1, 1, 0, 1, 0, 0], [5, 2, 9, 1, 3, 0]
    # G(3-) = 1 - 1 / 4; controls 4 and 5: of event 1 both, of event 2 one, of event 3 one lie below
    expected = (1 * 2 + 1 * 1 + 4 / 3 * 1) / (2 * (1 + 1 + 4 / 3))
    assert survival.dynamic_auc(time, event, risk, at=[3])[3] == pytest.approx(expected)


@pytest.mark.parametrize("unit", [1e-9, 1e-4, 1.0, 1e9])
def test_the_unit_of_a_risk_changes_nothing(unit):
    time, event, risk = _follow_up(7)
    plain = survival.concordance(time, event, risk, n_boot=20)
    assert survival.concordance(time, event, risk * unit, n_boot=20) == plain
    assert survival.concordance(time, event, risk * unit * (1 + 1e-13 * np.arange(150)), n_boot=20) == plain
    assert survival.concordances(time, event, risk[:, None] * unit)[0] == pytest.approx(plain.value)


@pytest.mark.needs("lifelines")
@pytest.mark.parametrize("seed", range(5))
def test_curves_and_tests_equal_lifelines(seed):
    from lifelines import KaplanMeierFitter
    from lifelines.statistics import multivariate_logrank_test

    time, event, risk = _follow_up(seed)
    fitted = KaplanMeierFitter().fit(time, event)
    curve = survival.kaplan_meier(time, event)
    np.testing.assert_allclose(curve["survival"], fitted.survival_function_.iloc[:, 0], atol=1e-12)
    inside = (curve["survival"] < 1) & (curve["survival"] > 0)
    np.testing.assert_allclose(
        curve.loc[inside, ["lower", "upper"]], fitted.confidence_interval_[inside.to_numpy()], atol=1e-10
    )
    assert survival.survival_at(time, event, 20.5) == pytest.approx(fitted.predict(20.5))
    group = np.digitize(risk, [-0.5, 0.5])
    theirs = multivariate_logrank_test(time, group, event)
    ours = survival.log_rank(time, event, group)
    assert ours.statistic == pytest.approx(theirs.test_statistic, rel=1e-9)
    assert ours.p_value == pytest.approx(theirs.p_value, rel=1e-9)
    assert ours.degrees_freedom == 2


def test_kaplan_meier_by_hand():
    curve = survival.kaplan_meier([6, 6, 7, 10, 13], [1, 0, 1, 0, 1]).set_index("time")
    assert curve["survival"].to_dict() == pytest.approx({0: 1, 6: 0.8, 7: 0.8 * 2 / 3, 10: 0.8 * 2 / 3, 13: 0})
    assert curve["at_risk"].tolist() == [5, 5, 3, 2, 1]
    assert curve["censored"].sum() == 2


def test_survival_beyond_the_last_contact_is_not_known():
    assert np.isnan(survival.survival_at([5, 10], [1, 0], 11))
    assert survival.survival_at([5, 10], [1, 1], 11) == 0


def test_a_stratified_log_rank_ignores_differences_between_strata():
    time, event, _ = _follow_up(1, rounded=False)
    stratum = np.repeat([0, 1], 75)
    late = time * np.where(stratum, 20, 1)
    group = np.random.default_rng(1).random(150) < np.where(stratum, 0.8, 0.2)
    assert survival.log_rank(late, event, group).p_value < 1e-3
    assert survival.log_rank(late, event, group, strata=stratum).p_value > 0.05


def test_strata_restrict_the_pairs():
    time, event, risk = _follow_up(2)
    stratum = np.arange(150) % 3
    parts = [
        survival.concordance(time[stratum == k], event[stratum == k], risk[stratum == k], n_boot=2) for k in range(3)
    ]
    pooled = survival.concordance(time, event, risk, strata=stratum, n_boot=2).value
    assert min(p.value for p in parts) <= pooled <= max(p.value for p in parts)
    assert pooled != survival.concordance(time, event, risk, n_boot=2).value


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    truth = survival.concordance(*_follow_up(999, 6000, rounded=False), n_boot=2).value
    found = [survival.concordance(*_follow_up(seed, 120, rounded=False), n_boot=300) for seed in range(120)]
    covered = np.mean([item.lower <= truth <= item.upper for item in found])
    assert 0.88 <= covered <= 0.99


def test_many_risks_at_once_equal_one_by_one():
    time, event, risk = _follow_up(3)
    risks = np.column_stack([risk, -risk, np.zeros_like(risk), np.arange(150.0)])
    together = survival.concordances(time, event, risks)
    apart = [survival.concordance(time, event, column, n_boot=2).value for column in risks.T]
    np.testing.assert_allclose(together, apart, atol=1e-6)


def test_the_difference_is_that_of_the_two_concordances():
    time, event, risk = _follow_up(4)
    other = np.random.default_rng(400).normal(size=150)
    gap = survival.concordance_difference(time, event, (risk, other))
    one, two = (survival.concordance(time, event, r, n_boot=2).value for r in (risk, other))
    assert gap.value == pytest.approx(one - two)
    assert gap.lower > 0
    assert gap.p_value < 0.01
    same = survival.concordance_difference(time, event, (risk, risk))
    assert (same.value, same.lower, same.upper, same.p_value) == (0, 0, 0, 1)


@given(st.integers(0, 10_000), st.floats(0.01, 1000), st.integers(0, 50))
def test_order_time_unit_and_monotone_transforms_change_nothing(seed, unit, shift):
    time, event, risk = _follow_up(seed % 50, 40)
    plain = survival.concordance(time, event, risk, n_boot=1).value
    order = np.random.default_rng(seed).permutation(40)
    moved = survival.concordance(time[order] * unit, event[order], np.exp(risk[order] / 4) + shift, n_boot=1).value
    assert moved == pytest.approx(plain, abs=1e-6)
    assert survival.concordance(time, event, -risk, n_boot=1).value == pytest.approx(1 - plain, abs=1e-6)


def test_the_same_seed_gives_the_same_interval():
    time, event, risk = _follow_up(5)
    assert survival.concordance(time, event, risk) == survival.concordance(time, event, risk)
    assert survival.concordance(time, event, risk, seed=1) != survival.concordance(time, event, risk)


def test_time_dependent_figures():
    time, event, risk = _follow_up(6, rounded=False)
    auc = survival.dynamic_auc(time, event, risk, at=[12, 36, 1e6])
    assert 0.6 < auc[12] < 1
    assert np.isnan(auc[1e6])
    months = np.linspace(np.quantile(time, 0.1), np.quantile(time, 0.8), 10)
    curve = survival.kaplan_meier(time, event)
    overall = np.interp(months, curve["time"], curve["survival"])
    flat = pd.DataFrame(np.tile(overall, (150, 1)), columns=months)
    order = np.argsort(np.argsort(-risk))[:, None] / 149
    sharp = pd.DataFrame(np.clip(overall * (0.4 + 1.2 * order), 0, 1), columns=months)
    assert survival.integrated_brier(time, event, sharp) < survival.integrated_brier(time, event, flat)
    with pytest.raises(InputError, match="keep the months inside"):
        survival.integrated_brier(time, event, flat.set_axis(months + 1e6, axis=1))


@pytest.mark.parametrize(
    ("time", "event", "risk", "says"),
    [
        ([1, 0, 3], [1, 0, 1], [1, 2, 3], "1 of 3 times are missing, zero or negative"),
        ([1, -2, np.nan], [1, 0, 1], [1, 2, 3], "2 of 3 times"),
        ([1, 2, 3], [1, 2, 0], [1, 2, 3], "neither 0 nor 1"),
        ([1, 2, np.inf], [1, 0, 1], [1, 2, 3], "1 of 3 times are missing, zero or negative, or infinite"),
        ([1, 2, 3], [1, 0, 0], [1, np.inf, 3], "1 of 3 risks are missing or infinite"),
        ([1, 2, 3], [1, 0, 0], [1, np.nan, 3], "1 of 3 risks are missing"),
        ([1, 2, 3], [1, 0], [1, 2, 3], "shapes"),
        ([1, 2, 3], [0, 0, 0], [1, 2, 3], "0 events"),
        ([1, 2, 3], [0, 0, 1], [1, 2, 3], "cannot|can be compared"),
    ],
)
def test_what_cannot_be_judged_is_refused(time, event, risk, says):
    with pytest.raises(InputError, match=says):
        survival.concordance(time, event, risk)


def test_one_group_cannot_be_tested():
    with pytest.raises(InputError, match="two groups"):
        survival.log_rank([1, 2], [1, 1], ["a", "a"])
    with pytest.raises(InputError, match="nothing to compare"):
        survival.log_rank([1, 2], [0, 0], ["a", "b"])


@pytest.mark.parametrize("n", [200, 800, 3000])
def test_degrees_of_freedom_are_counted_not_measured(n):
    """The rank of the covariance kept a zero singular value once rounding grew: p was up to ten times too large."""
    for seed in range(20):
        random = np.random.default_rng(seed)
        time, event = np.ceil(random.exponential(30, n) * 10) / 10, random.random(n) < 0.5
        for k in (2, 3, 5):
            group = random.integers(k, size=n)
            found = survival.log_rank(time, event, group)
            swapped = survival.log_rank(time, event, k - group)
            assert found.degrees_freedom == k - 1
            assert swapped.statistic == pytest.approx(found.statistic, rel=1e-9)


def test_a_group_that_was_never_compared_costs_no_degree_of_freedom():
    # c leaves before the first event; within strata a meets b, and d meets e
    time, event = [1, 5, 6, 7, 8, 9], [0, 1, 1, 1, 1, 0]
    assert survival.log_rank(time, event, ["c", "a", "b", "a", "b", "a"]).degrees_freedom == 1
    apart = survival.log_rank([5, 6, 7, 8] * 2, [1, 1, 0, 1] * 2, list("abab") + list("dede"), strata=[0] * 4 + [1] * 4)
    one = survival.log_rank([5, 6, 7, 8], [1, 1, 0, 1], list("abab"))
    assert apart.degrees_freedom == 2
    assert apart.statistic == pytest.approx(2 * one.statistic)


def test_log_rank_by_hand():
    # events at 1 (a of 2 a, 2 b) and 2 (b of 1 a, 2 b): expected of a 1/2 + 1/3, variance 1/4 + 2/9
    found = survival.log_rank([1, 2, 3, 4], [1, 1, 0, 0], ["a", "b", "a", "b"])
    assert found.statistic == pytest.approx((1 - 1 / 2 - 1 / 3) ** 2 / (1 / 4 + 2 / 9))


def test_bounds_are_1_where_the_curve_is_and_not_known_where_it_is_0():
    curve = survival.kaplan_meier([2, 3, 5, 8], [0, 1, 1, 1])
    flat = curve[curve["survival"] == 1]
    assert flat["time"].tolist() == [0, 2]
    assert (flat[["lower", "upper"]] == 1).all(axis=None)
    # a band of no width would say that nobody can live longer
    gone = curve[curve["survival"] == 0]
    assert gone["time"].tolist() == [8]
    assert gone[["lower", "upper"]].isna().all(axis=None)
    between = curve.drop([*flat.index, *gone.index])
    assert (between["lower"] < between["survival"]).all()
    assert (between["upper"] > between["survival"]).all()


def test_unos_weights_reach_down_to_a_fifth_itself():
    """Eight of ten leave at 1, so that the chance is a fifth by counting, and a last bit less by subtraction."""
    time, event = [1] * 8 + [5, 6], [0] * 8 + [1, 0]
    found = survival.uno_concordance(time, event, [0] * 8 + [2, 1], n_boot=2)
    assert (found.value, found.left_out, found.n) == (1, 0, 10)
    with pytest.raises(InputError, match="can be compared"):
        survival.uno_concordance([1] * 9 + [5, 6], [0] * 9 + [1, 0], [0] * 9 + [2, 1], n_boot=2)


def test_samples_without_a_stratum_are_counted():
    time, event, risk = _follow_up(3)
    strata = np.where(np.arange(150) < 10, None, "a")
    found = survival.concordance(time, event, risk, strata=strata, n_boot=2)
    assert (found.n, found.left_out, found.n_events) == (140, 10, int(event[10:].sum()))
    assert found.value == survival.concordance(time[10:], event[10:], risk[10:], n_boot=2).value
    assert str(found).endswith(f"; {found.n_events} events)")


def test_cross_validated_risks_have_wider_intervals_about_the_same_figure():
    time, event, risk = _follow_up(8)
    fold = np.arange(150) % 5
    plain, told = (survival.concordance(time, event, risk, strata=fold, cross_validated=own) for own in (False, True))
    assert told.value == plain.value
    for side in ("lower", "upper"):
        gaps = [getattr(found, side) - found.value for found in (plain, told)]
        assert gaps[1] == pytest.approx(gaps[0] * np.sqrt(2))
    other = np.random.default_rng(8).normal(size=150)
    plain, told = (
        survival.concordance_difference(time, event, (risk, other), strata=fold, cross_validated=own)
        for own in (False, True)
    )
    assert told.value == plain.value
    assert told.upper - told.value == pytest.approx((plain.upper - plain.value) * np.sqrt(2))
    assert told.p_value >= plain.p_value


def test_a_wider_interval_stays_within_0_and_1():
    found = survival.concordance([1, 2, 3, 4, 5, 6], [1] * 6, [6, 5, 4, 3, 1, 2], cross_validated=True)
    assert 0 <= found.lower < found.value < found.upper <= 1
