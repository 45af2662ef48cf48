"""For whom a signature holds: planted interactions, the outcome under another name, and pages."""

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError


@pytest.fixture
def planted(make_cohort):
    cohort = make_cohort(2)
    genes = [f"XQ{i:03d}" for i in range(6)]
    signature = orx.signatures.from_weights("planted", dict(zip(genes, (1, 1, 1, -1, -1, -1), strict=True)),
                                            {"one": cohort})  # fmt: skip
    random = np.random.default_rng(0)
    cohort.obs["race"] = pd.Series(random.choice(["A", "B", None], cohort.n_obs, p=[0.5, 0.3, 0.2]), cohort.obs_names)
    cohort.obs["age"] = random.normal(58, 10, cohort.n_obs)
    cohort.obs["centre"] = ["alone", *["all"] * (cohort.n_obs - 1)]
    return signature, cohort


def test_levels_hold_every_patient_once_and_are_told(planted):
    signature, cohort = planted
    found = signature.judge({"c": cohort}, by=["race", "age", "site"]).subgroups
    scored = signature.judge({"c": cohort}).scores["c"]
    sizes = found.table.groupby("column")["n"].sum()
    assert (sizes == len(scored)).all()
    assert set(found.table.loc[found.table["column"] == "race", "level"]) == {"A", "B", "not known"}
    told = found.table.set_index(["column", "level"])["told"]
    assert told["site", "alone"].startswith("cannot tell: ")
    assert "not known" not in found.tests.set_index("column").loc["race", "levels"]
    assert any("cut at 50 and 65" in words for words in found.said)
    assert any("site is read from centre" in words for words in found.said)
    tests = found.tests.dropna(subset=["p_value"])
    assert (tests["p_corrected"] >= tests["p_value"]).all()


@pytest.mark.needs("lifelines")
def test_slopes_are_those_of_lifelines(planted):
    import lifelines

    signature, cohort = planted
    found = signature.judge({"c": cohort}, by=["race"])
    scores = found.scores["c"].join(cohort.obs["race"])
    row = found.subgroups.table.set_index("level").loc["A"]
    part = scores[scores["race"] == "A"][["risk_score", "time", "event"]]
    theirs = lifelines.CoxPHFitter().fit(part, "time", "event").summary.loc["risk_score"]
    assert row["slope"] == pytest.approx(theirs["coef"], rel=1e-3)
    assert row["slope_lower"] == pytest.approx(theirs["coef lower 95%"], rel=1e-3)


def _followed(random, slope, x):
    at = random.exponential(30, x.size) * np.exp(-slope * x)
    end = np.quantile(at, 0.5)
    return np.minimum(at, end), at <= end


def test_a_planted_interaction_is_found_and_none_is_not():
    from omics_rx.signatures.subgroups import of_survival

    def p_value(seed, effect):
        random = np.random.default_rng(seed)
        x, group = random.normal(size=200), np.tile(["one", "two"], 100)
        time, event = _followed(random, np.where(group == "one", effect, 0.0), x)
        scored = pd.DataFrame({"risk_score": x, "risk_group": np.where(x > 0, "high", "low"), "time": time,
                               "event": event}, index=[f"s{i}" for i in range(200)])  # fmt: skip
        obs = pd.DataFrame({"group": group}, index=scored.index)
        return of_survival("c", scored, obs, ["group"], baseline=None, seed=0).tests["p_value"].iloc[0]

    assert np.mean([p_value(seed, np.log(2)) < 0.05 for seed in range(12)]) >= 0.8
    assert np.mean([p_value(seed, 0.0) < 0.05 for seed in range(12)]) <= 0.25


@pytest.mark.parametrize(
    ("name", "column", "message"),
    [
        ("vital_status", lambda obs: np.where(obs["event"], "dead", "alive"), "called like an outcome"),
        ("OS.time", lambda obs: obs["time"] * 30.4, "called like an outcome"),
        ("group", lambda obs: np.where(obs["event"], "blue", "green"), "tells who had the event"),
        ("flag", lambda obs: obs["event"].astype(int), "tells who had the event"),
        ("weight", lambda obs: obs["time"] * 2 + 1, "goes with the months"),
        ("note", lambda obs: [f"text {i}" for i in range(len(obs))], "free text"),
        ("when", lambda obs: [f"{1 + i % 28} March {2000 + i % 9}" for i in range(len(obs))], "dates in words"),
    ],
)
def test_the_outcome_and_what_is_no_group_are_refused(planted, name, column, message):
    signature, cohort = planted
    cohort.obs[name] = column(cohort.obs)
    with pytest.raises(InputError, match=message):
        signature.judge({"c": cohort}, by=[name])


def test_a_cohort_without_the_column_is_told_and_all_without_it_are_refused(planted, make_cohort):
    signature, cohort = planted
    found = signature.judge({"c": cohort, "bare": make_cohort(3)}, by=["race"]).subgroups
    assert set(found.table["cohort"]) == {"c"}
    assert any(words.startswith("bare: the patients have no column race") for words in found.said)
    with pytest.raises(InputError, match="no cohort has a column"):
        signature.judge({"bare": make_cohort(3)}, by=["race"])
    with pytest.raises(InputError, match="by is the text 'race', where a list"):
        signature.judge({"c": cohort}, by="race")


def test_the_page_says_whom_it_holds_for_and_what_is_not_known(planted, tmp_path):
    signature, cohort = planted
    asked = orx.report.write(signature.judge({"c": cohort}, by=["race", "age"]), tmp_path / "a.html").read_text()
    bare = orx.report.write(signature.judge({"c": cohort}), tmp_path / "b.html").read_text()
    assert asked.count("Whom it holds for") >= 1
    assert "interaction" in asked
    assert "do not record ancestry" in asked
    assert "No figure here is by age" in bare


def test_the_forest_names_every_level(planted):
    signature, cohort = planted
    ax = orx.plots.subgroup_forest(signature.judge({"c": cohort}, by=["race", "site"]))
    names = " ".join(label.get_text() for label in ax.get_yticklabels())
    assert all(word in names for word in ("race", "A  (", "not known", "alone"))
    with pytest.raises(InputError, match="say by="):
        orx.plots.subgroup_forest(signature.judge({"c": cohort}))


def test_the_shell_takes_columns(planted, tmp_path):
    from typer.testing import CliRunner

    from omics_rx.cli import app

    signature, cohort = planted
    cohort.to_df().to_csv(tmp_path / "expression.csv")
    cohort.obs.to_csv(tmp_path / "clinical.csv")
    signature.save(tmp_path / "s.json")
    asked = [
        "judge", "--cohort", f"c={tmp_path / 'expression.csv'},{tmp_path / 'clinical.csv'}", "--by", "race,age",
        "--signature", str(tmp_path / "s.json"), "--out", str(tmp_path / "figures.csv"), "--time-unit", "months",
    ]  # fmt: skip
    told = CliRunner().invoke(app, asked)
    assert told.exit_code == 0, told.output
    (tmp_path / "figures.csv").unlink()
    again = CliRunner().invoke(app, asked)
    assert again.exit_code == 2
    assert "figures.by_level.csv is there already" in again.output.replace("\n", "")
    levels = pd.read_csv(tmp_path / "figures.by_level.csv")
    assert set(levels["column"]) == {"race", "age"}
