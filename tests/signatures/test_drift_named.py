"""Drift is named where it is planted and silent where there is none; scores, predictions and series carry it."""

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.harmonize import drifted

GENES = [f"XQ{i:03d}" for i in range(20)]


def people(seed, n=200, unit="log2 intensity"):
    """Two kinds of patients, three in ten of the second, whose first ten genes lie higher."""
    random = np.random.default_rng(seed)
    second = random.random(n) < 0.3
    values = np.linspace(4, 11, 20) + random.normal(size=(n, 20)) * np.linspace(0.6, 1.4, 20)
    values += random.normal(size=(n, 1)) * 0.3
    values[second, :10] += 2.5
    obs = pd.DataFrame({"subtype": np.where(second, "Basal", "LumA")}, index=[f"s{seed}-{i}" for i in range(n)])
    cohort = AnnData(values, obs=obs, var=pd.DataFrame(index=GENES))
    cohort.uns["omics_rx"] = {"unit": unit, "domain": "tumour", "origin": "made"}
    return cohort


@pytest.fixture(scope="module")
def signature():
    return orx.signatures.from_weights("planted", dict.fromkeys(GENES, 1.0), {"training": people(0)})


def changed(cohort, values):
    made = cohort.copy()
    made.X = values
    return made


def test_a_cohort_like_training_is_told_to_be_one(signature):
    found = orx.drift(signature, people(1))
    assert found.moved == ()
    assert not found.alarm
    assert found.frozen
    assert "nothing moved beyond chance" in found.verdict
    assert found.table["p_value"].between(0, 1).all()
    assert (found.table["expected"] <= found.table["upper"]).all()


def test_halves_raise_few_alarms(signature):
    alarms = [orx.drift(signature, people(seed), n_draws=100).alarm for seed in range(1, 31)]
    assert np.mean(alarms) <= 0.2


@pytest.mark.parametrize(
    ("name", "change", "frozen"),
    [
        ("unit", lambda x, _: x * np.log(2), False),
        ("unit", lambda x, _: x + 5, False),
        ("platform", lambda x, random: x * random.uniform(0.6, 1.5, 20) + random.normal(0, 3, 20), False),
    ],
)
def test_units_and_platforms_are_named(signature, name, change, frozen):
    cohort = people(2)
    found = orx.drift(signature, changed(cohort, change(cohort.X, np.random.default_rng(5))))
    assert found.moved == (name,)
    assert found.frozen is frozen
    assert "may not be used" in found.verdict


def test_a_missing_subtype_is_named_with_and_without_its_column(signature):
    cohort = people(3)
    without = cohort[(cohort.obs["subtype"] != "Basal").to_numpy()].copy()
    found = orx.drift(signature, without)
    assert found.moved == ("case mix", "subtype shares")
    assert found.frozen
    assert "Basal 0%" in found.verdict
    del without.obs["subtype"]
    assert orx.drift(signature, without).moved == ("case mix",)
    assert orx.drift(signature, without, against=people(0)).moved == ("case mix",)


def test_missing_genes_are_named_and_weighed(signature):
    found = orx.drift(signature, people(4)[:, GENES[4:]].copy())
    assert found.moved == ("genes missing",)
    assert "4 of 20 genes are missing (20% of the weight" in found.verdict
    assert found.genes["mean_z"].isna().sum() == 4


def test_another_declared_unit_is_named_though_values_look_alike(signature):
    found = orx.drift(signature, people(5, unit="log2 ratio"))
    assert "unit" in found.moved
    assert not found.frozen


@pytest.mark.parametrize("n", [1, 3, 12])
def test_few_samples_are_held_against_normal_genes(signature, n):
    found = orx.drift(signature, people(6)[:n].copy(), n_draws=100)
    assert found.n == n
    assert 0 < found.p_value <= 1


def test_what_has_no_drift_and_no_genes_is_refused(signature):
    with pytest.raises(InputError, match="no drift to tell"):
        orx.drift("prognosis", people(1))
    other = people(1)
    other.var_names = [f"YY{i}" for i in range(20)]
    with pytest.raises(InputError):
        orx.drift(signature, other)
    blank = people(1)
    blank.X[:] = np.nan
    with pytest.raises(InputError):
        orx.drift(signature, blank)


def test_figures_worked_by_hand():
    trained = drifted.Trained(np.zeros(2), np.ones(2), np.eye(2), np.array([1.0, 0.0]), 0.5, 50)
    values = np.array([[1.0, 0.0], [3.0, 0.0], [2.0, 0.5], [2.0, -0.5], [2.0, 0.0]])
    found = dict(zip(drifted.FIGURES, drifted.figures(values, trained), strict=True))
    assert found["place"] == pytest.approx(1.0)  # the median of 2 and 0
    assert found["score"] == pytest.approx(2.0)
    assert found["risk groups"] == pytest.approx(0.5)
    sds = [np.sqrt(0.5), np.sqrt(0.125)]
    assert found["scale"] == pytest.approx(np.median(np.abs(np.log(sds))))


def test_scores_carry_the_verdict(signature):
    cohort = people(7)
    assert "may be used" in signature.score(cohort).attrs["drift"]["verdict"]
    moved = changed(cohort, cohort.X + 5)
    assert "may not be used" in signature.score(moved).attrs["drift"]["verdict"]
    assert "may not be used" in signature.score(moved, reference="frozen").attrs["drift"]["verdict"]


def test_the_case_mix_is_saved_with_the_signature(signature, tmp_path):
    again = orx.signatures.load(signature.save(tmp_path / "s.json"))
    assert again.training["case_mix"]["subtype"]["Basal"] > 30
    cohort = people(3)
    without = cohort[(cohort.obs["subtype"] != "Basal").to_numpy()].copy()
    assert "subtype shares" in orx.drift(again, without).moved


def test_predictions_carry_the_verdict_and_lines_are_told_from_tumours(planted_screen):
    screen = planted_screen
    model = orx.response.ResponseModel(parts=("kernel",), seed=0).fit(screen, progress=False)
    assert "drift: 100% of the genes" in model.predict(screen.cells, domain="cell_line").reference
    assert "too few to tell" in model.predict(screen.cells[:3].copy(), domain="cell_line").reference
    same = orx.drift(model, screen.cells, domain="cell_line", n_draws=50)
    assert same.frozen
    assert not same.alarm
    tumours = orx.drift(model, screen.cells, domain="tumour", n_draws=50)
    assert not tumours.frozen
    assert "errors of predictions in them are not known" in tumours.verdict


def test_a_series_without_drift_stays_within_and_one_that_rises_does_not():
    random = np.random.default_rng(0)
    year = np.repeat(np.arange(2000, 2012), 20)
    score = random.normal(size=year.size)
    still = orx.control_chart(score, year, n_draws=400)
    assert not still.table["alarm"].any()
    assert still.p_value > 0.05
    rising = orx.control_chart(score + np.where(year > 2008, 1.0, 0), year, n_draws=400)
    assert rising.table.set_index("year").loc[2010, "alarm"]
    assert "5% of series without drift" in rising.verdict
    rates = [orx.control_chart(random.permutation(score), year, n_draws=200, seed=i).p_value < 0.05 for i in range(60)]
    assert np.mean(rates) <= 0.15
    ax = orx.plots.control_chart(rising)
    assert "5% of series" in ax.get_xlabel()


@pytest.mark.parametrize(
    ("score", "year", "message"),
    [
        (np.arange(9.0), np.repeat([2001.5, 2002, 2003], 3), "whole number"),
        (np.arange(6.0), np.repeat([2001, 2002], 3), "make a series"),
        (np.ones(9), np.repeat([2001, 2002, 2003], 3), "same score"),
    ],
)
def test_what_is_no_series_is_refused(score, year, message):
    with pytest.raises(InputError, match=message):
        orx.control_chart(score, year)
