"""Every recipe looks at every setting it takes, and refuses the others, in the words of Python or of the shell."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import omics_rx as orx
from omics_rx.core.errors import InputError, OmicsRxError
from omics_rx.signatures.modules import ModuleRecipe
from omics_rx.signatures.options import OF_FOLLOW_UP, OF_RESPONSES, UnusedOptionError
from omics_rx.signatures.recipes import RECIPES, StackedPatterns

COMMON = {"recipe", "cohorts", "external", "reopen", "seed", "n_jobs", "progress"}  # every recipe takes them
ASKING = {
    "outcome": "pcr", "therapy": {"ordered": "rcb"}, "genes": ["XQ001"], "endpoint": "death", "ensemble": ["lasso"],
    "n_genes": 3, "n_folds": 3, "n_null": 5, "n_null_whole": 2, "n_permutations": 19, "without_signal": "tell",
    "treatment": "arm", "control": "a", "within": ["age"], "site": "site", "before": {"year": 2008},
}  # fmt: skip
IMPOSSIBLE = {
    "outcome": "not there", "therapy": {"nonsense": 1}, "genes": ["not a gene"], "endpoint": "relapse",
    "ensemble": "nonsense", "n_genes": 0, "n_folds": 1, "n_null": -1, "n_null_whole": -1, "n_permutations": -1,
    "without_signal": "perhaps", "treatment": "not there", "control": "a", "within": ["age"],  # without an arm
    "site": "not there", "before": {"not there": 2008},
}  # fmt: skip
CHOOSES, DEALS = {"cell_death", "immune", "custom", "patterns", "searched patterns"}, {"cell_death", "patterns", "own"}

POOL = [f"XQ{at:03d}" for at in range(60)]


def _taken(recipe):
    """Settings that a recipe takes, without an external cohort; written out here apart from the code that refuses."""
    if recipe == "therapy":
        return {"outcome", "therapy", "ensemble", "n_folds", "n_permutations", "without_signal", "treatment", "control",
                "within"}  # fmt: skip
    found = {"genes", "endpoint", "ensemble", "n_folds", "site", "before"}
    found |= {"n_genes"} if recipe in CHOOSES else set()
    return found | ({"n_permutations", "without_signal"} if recipe in DEALS else set())


def _recipe(name, patterns):
    made = {"patterns": patterns, "own": StackedPatterns(patterns, n_genes=4), "searched patterns": patterns}
    return made.get(name, name)


@pytest.fixture
def cohorts(make_cohort, monkeypatch):
    from omics_rx.scores import cell_types

    monkeypatch.setattr(orx.datasets, "load", lambda _: None)  # the pool of the recipe immune is learnt from lines
    monkeypatch.setattr(
        cell_types, "iic_genes_from_lines", lambda _: pd.Series(1.0, [f"XQ{at:03d}" for at in range(60)])
    )
    table = pd.DataFrame({"age": np.arange(40.0), "pcr": [0, 1] * 20}, index=[f"P{at}" for at in range(40)])
    return lambda recipe: {"a": table if recipe == "therapy" else make_cohort(1, 60)}


NAMES = (*RECIPES, "therapy", "patterns", "own", "searched patterns")


def test_the_contract_knows_every_setting_and_every_recipe():
    assert set(inspect.signature(orx.signatures.build).parameters) == COMMON | set(ASKING) == COMMON | set(IMPOSSIBLE)
    assert {*OF_FOLLOW_UP, *OF_RESPONSES} - set(ASKING) == {
        "time_unit", "positive", "ordered", "modalities", "known_before", "expected",  # of the shell
    }  # fmt: skip
    assert set(RECIPES) == {"cell_death", "custom", "immune", "modules"}


@pytest.mark.parametrize("option", ASKING)
@pytest.mark.parametrize("recipe", NAMES)
def test_a_setting_is_looked_at_or_refused(recipe, option, cohorts, patterns):
    own = {"outcome": "pcr"} if recipe == "therapy" and option != "outcome" else {}
    own |= {"ensemble": ["lasso"]} if recipe == "searched patterns" and option != "ensemble" else {}
    given = _recipe(recipe, patterns)
    if option in _taken(recipe):
        with pytest.raises(OmicsRxError) as told:
            orx.signatures.build(given, cohorts(recipe), **own, **{option: IMPOSSIBLE[option]})
        assert not isinstance(told.value, UnusedOptionError)
        return
    with pytest.raises(UnusedOptionError, match=rf"^{option}= says nothing to the recipe .*leave it out$"):
        orx.signatures.build(given, cohorts(recipe), **own, **{option: ASKING[option]})


def test_random_genes_are_taken_beside_an_external_cohort_only(make_cohort, patterns):
    settings = {"n_genes": 6, "n_permutations": 0, "progress": False}
    study = orx.signatures.build(patterns, {"a": make_cohort(1)}, external={"c": make_cohort(3)}, n_null=5, **settings)
    assert len(study.nulls) == 5
    with pytest.raises(
        UnusedOptionError, match=r"n_null= says nothing .*; n_null_whole= says nothing .*leave them out"
    ):
        orx.signatures.build(patterns, {"a": make_cohort(1)}, n_null=5, n_null_whole=2)


@pytest.mark.parametrize(
    ("told", "match"),
    [
        ({"n_genes": 2.5}, "n_genes is 2.5: give a whole number"),
        ({"n_genes": True}, "n_genes is True"),
        ({"n_null": "many"}, "n_null is 'many'"),
        ({"n_permutations": -3}, "n_permutations is -3"),
    ],
)
def test_counts_are_whole_numbers(told, match, make_cohort, patterns):
    with pytest.raises(InputError, match=match):
        orx.signatures.build(patterns, {"a": make_cohort(1)}, **told)


@pytest.mark.parametrize(
    ("therapy", "match"),
    [
        ({"n_folds": 3}, "n_folds, which build takes itself"),
        ({"outcome": "pcr"}, "outcome, which build takes itself"),
        ({"learners": ["ridge"]}, "learners, which build takes itself"),
        ({"order": "rcb"}, "order are no settings"),
    ],
)
def test_no_setting_is_told_twice(therapy, match, cohorts):
    with pytest.raises(InputError, match=match):
        orx.signatures.build("therapy", cohorts("therapy"), outcome="pcr", ensemble="ridge", therapy=therapy)


def test_modules_given_as_a_recipe_are_asked_as_those_of_the_name(make_cohort):
    with pytest.raises(
        UnusedOptionError, match=r"n_genes= says nothing to the recipe modules .it was made with its own"
    ):
        orx.signatures.build(ModuleRecipe(), {"a": make_cohort(1)}, n_genes=5)


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (
            ["therapy", "--outcome", "pcr", "--time-unit", "days"],
            "--time-unit says nothing to the recipe therapy",
        ),
        (
            ["therapy", "--outcome", "pcr", "--endpoint", "OS"],
            "--endpoint says nothing to the recipe therapy",
        ),
        (["therapy", "--outcome", "pcr", "--n-genes", "5"], "--n-genes says nothing to the recipe therapy"),
        (["cell_death", "--outcome", "pcr"], "--outcome says nothing to the recipe cell_death"),
        (["custom", "--known-before", "er"], "--known-before says nothing to the recipe custom"),
        (["modules", "--n-genes", "5"], "--n-genes says nothing to the recipe modules"),
        (["modules", "--without-signal", "tell"], "--without-signal says nothing to the recipe modules"),
    ],
)
def test_the_shell_refuses_in_its_own_words(words, match, make_cohort, tmp_path, monkeypatch):
    from omics_rx.cli import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    cohort = make_cohort(1, 40)
    cohort.to_df().T.rename_axis("gene").to_csv("a.csv")
    cohort.obs.rename_axis("sample").rename(columns={"time": "OS_MONTHS"}).to_csv("clinical.csv")
    ran = CliRunner().invoke(app, ["build", "--train", "a=a.csv,clinical.csv", "--out", "s.json", "--recipe", *words])
    assert ran.exit_code == 2
    assert match in ran.output
    assert "leave it out" in ran.output


def test_a_unit_of_time_without_a_file_is_refused(tmp_path):
    from omics_rx.cli import app

    ran = CliRunner().invoke(
        app, ["build", "--train", "gse1992", "--time-unit", "days", "--out", str(tmp_path / "s.json")]
    )
    assert ran.exit_code == 2
    assert "--time-unit says nothing here" in ran.output
