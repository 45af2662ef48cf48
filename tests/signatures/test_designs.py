"""Sites left out and later patients kept back, beside random folds on the same patients."""

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.signatures import designs, nested
from omics_rx.signatures.assemble import prepare, training_set
from omics_rx.signatures.recipes import StackedPatterns

PATTERNS = {"one": [f"XQ{i:03d}" for i in range(20)], "two": [f"XQ{i:03d}" for i in range(20, 40)]}


@pytest.fixture
def cohort(make_cohort):
    made = make_cohort(2)
    random = np.random.default_rng(0)
    made.obs["centre"] = random.choice(["a", "b", "c"], made.n_obs)
    made.obs["year"] = random.integers(2000, 2010, made.n_obs)
    return made


def judged(cohort, **asked):
    members = prepare({"c": cohort}, role="training")
    train = training_set(members)
    recipe = StackedPatterns(PATTERNS)
    held = nested.cross_validated(train, recipe, n_folds=2, seed=0, progress=False)
    settings = {"site": None, "before": None, "seed": 0, "n_jobs": 1, "progress": False} | asked
    return designs.judged(train, members, recipe, held, **settings)


def test_each_design_has_a_row_and_later_patients_alone_are_judged(cohort):
    found = judged(cohort, site="site", before={"year": 2005}).set_index("design")
    assert found.loc[designs.SITE, "n"] == cohort.n_obs
    late = cohort.obs["year"] >= 2005
    assert found.loc[designs.LATER, "n"] == int(late.sum())
    assert found.loc[designs.LATER, "events"] == int(cohort.obs.loc[late, "event"].sum())
    gap = found["random_folds"] - found["concordance"]
    assert found["optimism"].to_numpy(dtype=float) == pytest.approx(gap.to_numpy(dtype=float))


def test_no_patient_of_a_site_shapes_its_own_scores(cohort):
    """Outcomes of one site dealt anew leave that site's scores as they are."""
    recipe = StackedPatterns(PATTERNS)

    def scores(data):
        members = prepare({"c": data}, role="training")
        train = training_set(members)
        sites = designs._column(members, data.obs.set_axis([f"c/{one}" for one in data.obs_names]), "centre")
        return designs._sites(train, recipe, sites, seed=0, n_jobs=1, progress=False)

    own = [f"c/{one}" for one in cohort.obs_names[(cohort.obs["centre"] == "a").to_numpy()]]
    other = cohort.copy()
    rows = np.flatnonzero((cohort.obs["centre"] == "a").to_numpy())
    dealt = np.random.default_rng(1).permutation(rows)
    for name in ("time", "event"):
        values = cohort.obs[name].to_numpy(copy=True)
        values[rows] = cohort.obs[name].to_numpy()[dealt]
        other.obs[name] = values
    before, after = scores(cohort), scores(other)
    assert before.loc[own, "risk_score"].to_numpy() == pytest.approx(after.loc[own, "risk_score"].to_numpy())
    rest = [name for name in before.index if name not in own]
    assert not np.allclose(before.loc[rest, "risk_score"].to_numpy(), after.loc[rest, "risk_score"].to_numpy())


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"site": "hospital_name"}, "no cohort tells its sites"),
        ({"before": {"year": 1990}}, "events lie before"),
        ({"before": {"year": 2005, "age": 50}}, "one column and one year"),
        ({"before": {"when": 2005}}, "no column when"),
    ],
)
def test_designs_that_cannot_be_are_refused(cohort, asked, message):
    with pytest.raises(InputError, match=message):
        judged(cohort, **asked)


def test_one_site_has_none_to_leave_out(cohort):
    cohort.obs["centre"] = "a"
    with pytest.raises(InputError, match="one site"):
        judged(cohort, site="centre")


def test_dates_in_words_are_asked_about(cohort):
    cohort.obs["diagnosed"] = [f"{1 + i % 27} May {2000 + i % 9}" for i in range(cohort.n_obs)]
    with pytest.raises(InputError, match="dates in words"):
        judged(cohort, before={"diagnosed": 2005})
    cohort.obs["diagnosed"] = [f"{2000 + i % 9}-05-{1 + i % 27:02d}" for i in range(cohort.n_obs)]
    assert len(judged(cohort, before={"diagnosed": 2004})) == 1


def test_designs_are_of_follow_up():
    with pytest.raises(InputError, match="site"):
        orx.signatures.build("therapy", {"a": pd.DataFrame()}, outcome="pcr", site="site")
