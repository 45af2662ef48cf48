"""One door for outcomes, risks and predicted curves: what is read, what is aligned, what is refused and how."""

from __future__ import annotations

import datetime as dt
import logging

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError
from omics_rx.metrics import calibration, decision_curve, inputs, survival

TIME, EVENT, RISK = np.array([5.0, 9, 14, 20, 31, 40]), np.array([1, 0, 1, 1, 0, 0]), np.array([9.0, 4, 8, 3, 2, 1])
CHANCE = np.array([0.2, 0.5, 0.3, 0.6, 0.8, 0.9])
CURVES = pd.DataFrame({10.0: CHANCE, 20.0: CHANCE * 0.8, 30.0: CHANCE * 0.5})

FIGURES = {
    "kaplan_meier": survival.kaplan_meier,
    "survival_at": lambda time, event: survival.survival_at(time, event, 20),
    "log_rank": lambda time, event: survival.log_rank(time, event, [1, 1, 1, 2, 2, 2]),
    "concordance": lambda time, event: survival.concordance(time, event, RISK, n_boot=5),
    "uno": lambda time, event: survival.uno_concordance(time, event, RISK, n_boot=5),
    "concordances": lambda time, event: survival.concordances(time, event, RISK[:, None]),
    "difference": lambda time, event: survival.concordance_difference(time, event, (RISK, -RISK), n_boot=5),
    "dynamic_auc": lambda time, event: survival.dynamic_auc(time, event, RISK, at=[20]),
    "integrated_brier": lambda time, event: survival.integrated_brier(time, event, CURVES),
    "brier_at": lambda time, event: calibration.brier_at(time, event, CHANCE, at=20),
    "decision_curve": lambda time, event: decision_curve.decision_curve(time, event, {"m": CHANCE}, at=20, n_boot=0),
}
DAYS = pd.to_timedelta(TIME * 30, unit="D")


@pytest.mark.parametrize("figure", FIGURES)
def test_outcomes_as_arrays_lists_series_and_nullable_columns_are_one(figure):
    plain = FIGURES[figure](TIME, EVENT)
    for time, event in (
        (TIME.tolist(), EVENT.tolist()),
        (pd.Series(TIME), pd.Series(EVENT == 1)),
        (pd.Series(TIME, dtype="Float64"), pd.Series(EVENT, dtype="Int64")),
        (pd.Series(TIME, dtype="double[pyarrow]"), pd.Series(EVENT == 1, dtype="bool[pyarrow]")),
        (TIME.astype(object), (EVENT == 1).astype(object)),
        (tuple(TIME.astype(int)), pd.array(EVENT == 1, dtype="boolean")),
    ):
        found = FIGURES[figure](time, event)
        if isinstance(plain, pd.DataFrame):
            pd.testing.assert_frame_equal(found, plain)
        elif isinstance(plain, pd.Series):
            pd.testing.assert_series_equal(found, plain)
        else:
            assert found == plain


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize(
    ("time", "event", "says"),
    [
        (DAYS, EVENT, "dates or durations.*dt.days / 30.4375"),
        (DAYS.to_numpy(), EVENT, "dates or durations"),
        (pd.Series(DAYS), EVENT, "dates or durations"),
        (list(DAYS), EVENT, "dates or durations"),
        ([dt.date(2020, 1, day) for day in range(1, 7)], EVENT, "dates or durations"),
        (pd.Series(pd.to_datetime("2020-01-01") + DAYS), EVENT, "dates or durations"),
        (pd.period_range("2020-01", periods=6, freq="M"), EVENT, "dates or durations"),
        (["5", "9", "14", "20+", "31", "40"], EVENT, "6 of 6 times are text"),
        ([5, 9, 14, "30.2+", 31, 40], EVENT, "1 of 6 times are text .'30.2.'"),
        (None, EVENT, "no times"),
        ([], [], "no times"),
        (7, EVENT, "not one number a sample"),
        ("5 months", EVENT, "not one number a sample|text"),
        (TIME[:, None], EVENT, "not one number a sample"),
        ([5, None, 14, 20, 31, 40], EVENT, "1 of 6 times are missing"),
        (pd.Series([5, pd.NA, 14, 20, 31, 40], dtype="Int64"), EVENT, "1 of 6 times are missing"),
        (TIME, ["dead", "alive", "dead", "dead", "alive", "alive"], 'text .*status == "dead"'),
        (TIME, ["True", "False"] * 3, "text"),
        (TIME, EVENT + 1, "coded 1 and 2.*status == 2"),
        (TIME, [1, 0, np.nan, 1, 0, 0], "1 of 6 events are neither 0 nor 1"),
        (TIME, pd.Categorical(["dead", "alive"] * 3), "text"),
        (TIME, None, "no events"),
        (TIME, EVENT[:3], "shapes"),
        (TIME, DAYS, "events are dates"),
    ],
)
def test_other_outcomes_are_refused_with_the_remedy(figure, time, event, says):
    with pytest.raises(InputError, match=says):
        FIGURES[figure](time, event)


def test_series_are_brought_into_one_order():
    names = pd.Index(list("abcdef"))
    time, event, risk = (pd.Series(values, index=names) for values in (TIME, EVENT, RISK))
    moved = risk.loc[list("fedcba")]
    plain = survival.concordance(time, event, risk, n_boot=5)
    assert survival.concordance(time, event, moved, n_boot=5) == plain
    assert survival.concordance(time, event.sample(frac=1, random_state=1), moved, n_boot=5) == plain
    assert survival.log_rank(time, event, (moved > 3)) == survival.log_rank(TIME, EVENT, RISK > 3)
    frame = pd.DataFrame(CURVES.to_numpy(), columns=CURVES.columns, index=names)
    assert survival.integrated_brier(time, event, frame.iloc[::-1]) == survival.integrated_brier(TIME, EVENT, CURVES)
    chance = pd.Series(CHANCE, index=names)
    turned = calibration.brier_at(time, event, chance.iloc[::-1], at=20)
    pd.testing.assert_series_equal(turned, calibration.brier_at(TIME, EVENT, CHANCE, at=20))
    curve = decision_curve.decision_curve(time, event, {"m": chance.iloc[::-1]}, at=20, n_boot=0)
    same = decision_curve.decision_curve(TIME, EVENT, {"m": CHANCE}, at=20, n_boot=0)
    pd.testing.assert_frame_equal(curve, same)


def test_rows_that_are_only_counted_are_paired_by_place():
    time = pd.Series(TIME, index=list("abcdef"))
    assert survival.concordance(time, EVENT, pd.Series(RISK), n_boot=5).value == pytest.approx(
        survival.concordance(TIME, EVENT, RISK, n_boot=5).value
    )
    # whole numbers are names as soon as they come in another order
    counted = pd.Series(TIME)
    risk = pd.Series(RISK).iloc[::-1]
    event = pd.Series(EVENT)
    assert survival.concordance(counted, event, risk, n_boot=5) == survival.concordance(TIME, EVENT, RISK, n_boot=5)


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (list("abcdeg"), "2 samples are in only one of times and risks .f, g."),
        (list("aacdef")[::-1], "labels that repeat"),
    ],
)
def test_labels_that_do_not_match_are_refused(labels, says):
    with pytest.raises(InputError, match=says):
        survival.concordance(pd.Series(TIME, index=list("abcdef")), EVENT, pd.Series(RISK, index=labels), n_boot=5)


def test_another_order_beside_an_array_is_asked_about():
    time = pd.Series(TIME, index=list("abcdef"))
    with pytest.raises(InputError, match="another order, and events without labels"):
        survival.concordance(time, EVENT, pd.Series(RISK, index=list("fedcba")), n_boot=5)


def test_a_missing_group_is_left_out_and_said(caplog):
    group = np.array(["low", "high", None, "low", "high", np.nan], dtype=object)
    known = [0, 1, 3, 4]
    with caplog.at_level(logging.WARNING, "omics_rx"):
        found = survival.log_rank(TIME, EVENT, group)
    assert "2 of 6 patients have no group or stratum" in caplog.text
    assert (found.n, found.left_out, found.degrees_freedom) == (4, 2, 1)
    assert found.statistic == survival.log_rank(TIME[known], EVENT[known], group[known]).statistic
    for missing in (
        pd.Series(group, dtype="string"),
        pd.Series(group, dtype="category"),
        pd.Series([1, 2, None, 1, 2, None]),
    ):
        assert survival.log_rank(TIME, EVENT, missing).left_out == 2
    with pytest.raises(InputError, match="all 6 groups are missing"):
        survival.log_rank(TIME, EVENT, [None] * 6)
    with pytest.raises(InputError, match="two groups or more"):
        survival.log_rank(TIME, EVENT, ["a", None, "a", "a", "a", "a"])


def test_a_missing_stratum_is_compared_with_nobody(caplog):
    strata = ["a", "b", None, "a", "b", "a"]
    with caplog.at_level(logging.WARNING, "omics_rx"):
        found = survival.concordance(TIME, EVENT, RISK, strata=strata, n_boot=5)
    kept = [0, 1, 3, 4, 5]
    same = survival.concordance(TIME[kept], EVENT[kept], RISK[kept], strata=[strata[at] for at in kept], n_boot=5)
    assert "1 of 6 samples have no stratum" in caplog.text
    assert (found.value, found.n, found.n_events, found.left_out) == (same.value, 5, 2, 1)
    many = survival.concordances(TIME, EVENT, RISK[:, None], strata=strata)
    assert many[0] == pytest.approx(found.value)


@pytest.mark.parametrize(
    ("curves", "says"),
    [
        (CURVES * 100, "per cent"),
        (CURVES - 0.5, "outside 0 to 1"),
        (CURVES.mask(CURVES > 0.85), "missing or outside"),
        (1 - CURVES, "6 of 6 curves rise with time"),
        (CURVES.set_axis([10.0, 10.0, 30.0], axis=1), "repeat"),
        (CURVES.set_axis(["a", "b", "c"], axis=1), "text"),
        (CURVES.set_axis(pd.to_timedelta([10, 20, 30], unit="D"), axis=1), "dates or durations"),
        (CURVES[[10.0]], "two months up"),
        (CURVES.iloc[:4], "one row each|only one of"),
        (CURVES.to_numpy(), "are a frame"),
        (None, "are a frame"),
        (CURVES.astype(str), "text"),
    ],
)
def test_curves_that_are_none_are_refused(curves, says):
    with pytest.raises(InputError, match=says):
        survival.integrated_brier(TIME, EVENT, curves)


def test_months_in_another_order_are_the_same_curves():
    turned = CURVES[CURVES.columns[::-1]]
    assert survival.integrated_brier(TIME, EVENT, turned) == survival.integrated_brier(TIME, EVENT, CURVES)


HORIZONS = {
    "survival_at": lambda at: survival.survival_at(TIME, EVENT, at),
    "uno": lambda at: survival.uno_concordance(TIME, EVENT, RISK, horizon=at, n_boot=5),
    "dynamic_auc": lambda at: survival.dynamic_auc(TIME, EVENT, RISK, at=[12, at]),
    "brier_at": lambda at: calibration.brier_at(TIME, EVENT, CHANCE, at=at),
    "calibration": lambda at: calibration.calibration(TIME, EVENT, CHANCE, at=at),
    "decision_curve": lambda at: decision_curve.decision_curve(TIME, EVENT, {"m": CHANCE}, at=at, n_boot=0),
}


@pytest.mark.parametrize("figure", HORIZONS)
@pytest.mark.parametrize("at", [-5, 0, np.nan, np.inf, "12", True, dt.timedelta(days=300), np.timedelta64(3, "D")])
def test_a_horizon_is_a_month_above_0(figure, at):
    if figure == "dynamic_auc" and at is True:
        return  # a list of 12 and True is one of numbers
    with pytest.raises(InputError, match="horizon"):
        HORIZONS[figure](at)


def test_a_horizon_past_the_follow_up_has_no_figure():
    assert np.isnan(survival.survival_at(TIME, EVENT, 99))
    assert np.isnan(survival.dynamic_auc(TIME, EVENT, RISK, at=99)[99])
    for figure in ("brier_at", "calibration", "decision_curve"):
        with pytest.raises(InputError, match="nobody is followed"):
            HORIZONS[figure](99)


def test_without_events_there_is_a_flat_curve_and_nothing_to_compare():
    none = np.zeros(6)
    assert (survival.kaplan_meier(TIME, none)["survival"] == 1).all()
    assert survival.dynamic_auc(TIME, none, RISK, at=[20]).isna().all()
    for figure in ("log_rank", "concordance", "uno", "concordances", "difference", "brier_at"):
        if figure == "brier_at":
            continue
        with pytest.raises(InputError):
            FIGURES[figure](TIME, none)


@pytest.mark.parametrize("values", [None, "text", [], {}, [[1, 2], [3]], [1, "a"], object(), pd.DataFrame({"a": [1]})])
def test_what_is_no_list_of_numbers_is_one_error(values):
    with pytest.raises(InputError):
        inputs.numbers(values, "values")


@pytest.mark.parametrize(
    "risks", [None, "risk", RISK, [], [RISK], [["a"]] * 6, np.ones((6, 0)), np.full((6, 1), np.nan)]
)
def test_risks_that_are_no_table_are_one_error(risks):
    with pytest.raises(InputError):
        survival.concordances(TIME, EVENT, risks)


@pytest.mark.parametrize("risks", [None, RISK, (RISK,), (RISK, None), (RISK, "x"), ([], [])])
def test_risks_that_are_no_two_are_one_error(risks):
    with pytest.raises(InputError):
        survival.concordance_difference(TIME, EVENT, risks)


@pytest.mark.parametrize("risks", [None, {}, {"m": None}, {"m": ["a"] * 6}, {"m": CHANCE * 100}, {"treat all": CHANCE}])
def test_decision_risks_that_are_none_are_one_error(risks):
    with pytest.raises(InputError):
        decision_curve.decision_curve(TIME, EVENT, risks, at=20, n_boot=0)


@pytest.mark.parametrize(("values", "said"), [([1, 1, 50], "give chances"), ([1.1, 1, 50], "per cent"),
                                              ([2, 1.1, 50], "per cent"), ([2, 3, 101], "give chances"),
                                              ([2, 3, -1], "give chances"), ([2, 100, 0], "per cent"),
                                              ([2, 3, np.nan], "give chances")])  # fmt: skip
def test_per_cent_are_told_from_other_numbers_by_their_middle(values, said):
    with pytest.raises(InputError, match=said):
        inputs.checked_chances(values, 3)
