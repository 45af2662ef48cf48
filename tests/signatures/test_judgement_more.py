"""A judgement over time, by group, beside others, in the shell and on a page."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import omics_rx as orx
from omics_rx import plots
from omics_rx.core.errors import InputError
from omics_rx.metrics import compare, spans, survival
from omics_rx.report import write
from omics_rx.report.write import as_page

GENES = [f"XQ{i:03d}" for i in range(6)]


@pytest.fixture
def planted(make_cohort):
    weights = dict(zip(GENES, (1, 1, 1, -1, -1, -1), strict=True))
    return orx.signatures.from_weights("planted", weights, {"one": make_cohort(1)})


@pytest.fixture
def judged(planted, make_cohort):
    other = orx.signatures.from_weights("one gene", {"XQ000": 1.0}, {"one": make_cohort(1)})
    cohorts = {"a": make_cohort(2), "b": make_cohort(3), "c": make_cohort(4)}
    return planted.judge(cohorts, beside=[other], months=(12, 24))


def test_groups_have_the_times_and_shares_of_the_metrics(judged):
    scored = judged.scores["a"]
    rows = judged.groups[judged.groups["cohort"] == "a"].set_index("group")
    for group in ("low", "high"):
        part = scored[scored["risk_group"] == group]
        half, mean = spans.median_time(part["time"], part["event"]), None
        mean = spans.restricted_mean(part["time"], part["event"], until=24)
        row = rows.loc[group]
        np.testing.assert_allclose(
            row[["median", "median_lower", "median_upper"]].astype(float), [half.value, half.lower, half.upper]
        )
        assert (row["restricted_mean"], row["mean_lower"], row["until"]) == (mean.value, mean.lower, 24)
        shown = judged.survival[(judged.survival["cohort"] == "a") & (judged.survival["group"] == group)]
        for month, share in zip(shown["at"], shown["survival"], strict=True):
            assert share == survival.survival_at(part["time"], part["event"], month)
    gap = spans.restricted_mean_difference(scored["time"], scored["event"], scored["risk_group"], until=24)
    assert gap.groups == ("high", "low")
    assert rows.loc["high", "mean_difference"] == gap.value < 0
    assert rows.loc["high", "difference_p"] == gap.p_value


def test_areas_over_time_are_those_of_the_metrics_and_of_the_curves(judged):
    scored = judged.scores["b"]
    rows = judged.auc[(judged.auc["cohort"] == "b") & (judged.auc["method"] == "signature")].set_index("at")["auc"]
    right = survival.dynamic_auc(scored["time"], scored["event"], scored["risk_score"], at=rows.index.tolist())
    np.testing.assert_allclose(rows, right)
    still = [(scored["time"] >= month).sum() for month in rows.index]
    assert min(still) >= 12  # a tenth of 120
    curve = judged.roc[(judged.roc["cohort"] == "b") & (judged.roc["method"] == "signature") & (judged.roc["at"] == 24)]
    area = np.trapezoid(curve["true_positive"].astype(float), curve["false_positive"].astype(float))
    assert area == pytest.approx(rows[24])


def test_gains_are_over_everything_beside_and_are_pooled(judged):
    gains = judged.gains[judged.gains["against"] == "one gene"]
    assert list(gains["cohort"]) == ["a", "b", "c"]
    right = compare.pool(gains["difference"], (gains["upper"] - gains["lower"]) / (2 * 1.959963984540054))
    row = judged.pooled[judged.pooled["what"] == "gain in concordance over one gene"].iloc[0]
    np.testing.assert_allclose(row[["value", "lower", "upper"]].astype(float), [right.value, right.lower, right.upper])
    high = judged.groups.dropna(subset=["hazard_ratio"])
    spread = np.log(high["hr_upper"].astype(float) / high["hr_lower"].astype(float)) / (2 * 1.959963984540054)
    ratio = compare.pool(np.log(high["hazard_ratio"].astype(float)), spread)
    row = judged.pooled[judged.pooled["what"].str.startswith("hazard")].iloc[0]
    np.testing.assert_allclose(row[["value", "lower"]].astype(float), np.exp([ratio.value, ratio.lower]))


def test_the_page_and_the_plots_take_it(judged, tmp_path):
    page = as_page(judged)
    assert [section.title for section in page.sections][:5] == [
        "Does it order these patients?", "How sure is that, and what does as well?", "Whom it holds for",
        "Survival by risk group", "Over time",
    ]  # fmt: skip
    text = write(judged, tmp_path / "judged.html").read_text()
    for word in ("3 cohorts", "one gene", "mean less that of low", "at 24 months", "Hartung and Knapp"):
        assert word in text
    axes = plots.concordance_forest(judged)
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert len(labels) == 3 * 2 + 2
    assert "3 cohorts" in labels[-1]
    assert plots.auc_over_time(judged.auc[judged.auc["cohort"] == "a"]).lines
    assert plots.roc_curves(judged.roc[(judged.roc["cohort"] == "a") & (judged.roc["at"] == 12)]).lines
    with pytest.raises(InputError, match="one cohort at a time"):
        plots.auc_over_time(judged.auc)
    with pytest.raises(InputError, match="several values of cohort and at"):
        plots.roc_curves(judged.roc)
    with pytest.raises(InputError, match="a dict has no concordances"):
        plots.concordance_forest({})


def test_what_cannot_be_judged_is_one_clear_error(planted, make_cohort):
    for months in ((0,), (-5,), (np.nan,), ("a",), ()):
        with pytest.raises(InputError):
            planted.judge(make_cohort(2), months=months)
    with pytest.raises(InputError, match="planted is given more than once"):
        planted.judge(make_cohort(2), beside=[planted])
    with pytest.raises(InputError, match="at least one is needed"):
        planted.judge({})


def test_a_month_beyond_the_follow_up_has_no_share_and_the_mean_stops_before(planted, make_cohort):
    found = planted.judge(make_cohort(2), months=(12, 2000))
    late = found.survival[found.survival["at"] == 2000]
    assert (late["survival"].isna() | (late["survival"] == 0)).all()
    assert set(found.groups["until"]) == {12.0}
    assert set(found.roc["at"]) == {12.0}


def test_a_frozen_reference_that_lies_elsewhere_is_told(planted, make_cohort):
    found = planted.judge(make_cohort(2, shift=9), reference="frozen")
    assert any("far from the reference" in one for one in found.limits)


def test_judge_in_the_shell(planted, make_cohort, tmp_path, monkeypatch):
    from omics_rx.cli import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    planted.save("planted.json")
    for name, seed in (("a", 2), ("b", 3)):
        cohort = make_cohort(seed)
        cohort.to_df().rename_axis("sample").to_csv(f"{name}.csv")
        cohort.obs.rename_axis("sample").rename(columns={"time": "OS_MONTHS", "event": "OS_event"}).to_csv(
            f"{name}_c.csv"
        )
    words = ["judge", "--cohort", "a=a.csv,a_c.csv", "--cohort", "b=b.csv,b_c.csv", "--signature", "planted.json",
             "--month", "12", "--report", "judged.html", "--force"]  # fmt: skip
    ran = CliRunner().invoke(app, [*words, "--out", "judged.csv"])
    assert ran.exit_code == 0, ran.output
    table = pd.read_csv("judged.csv")
    assert list(table["cohort"]) == ["a", "b"]
    assert "hazard ratio, high against low" in ran.output
    assert (tmp_path / "judged.html").stat().st_size > 10_000
    for more, match in (
        (["--out", "judged.xyz"], "cannot tell the format"),
        (["--out", "x.csv", "--beside", "planted.json"], "given more than once"),
        (["--out", "x.csv", "--reference", "none"], "unknown reference"),
        (["--out", "x.csv", "--month", "-3"], "horizon is -3"),
    ):
        ran = CliRunner().invoke(app, [*words, *more])
        assert ran.exit_code == 2
        assert match in ran.output
