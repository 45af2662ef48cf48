"""Two questions: planted drugs come first, contributions add up by question, and what says nothing moves nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError
from omics_rx.metrics import ranking as figures
from omics_rx.repurposing import Ranker, questions
from omics_rx.repurposing.evidence import Kind

SUBTYPES = ("LumA", "LumB", "Her2", "Basal")


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_planted_drugs_come_first(asked, world, subtype):
    table = asked.rank(subtype, candidates="all").table
    works = (world.works[table.index] == subtype).to_numpy()
    assert figures.auroc(works, table["subtype_score"]) > 0.8


def test_both_answers_and_their_sum_are_shown_and_explained(asked):
    ranking = asked.rank("Basal", candidates="all")
    table, parts = ranking.table, ranking.explanations.set_index("drug_id")
    assert (table["drug_score"] + table["subtype_score"] - table["score"]).abs().max() < 1e-9
    assert (parts[ranking.kinds].sum(axis=1) - parts["score"]).abs().max() < 1e-9
    first = [kind.name for kind in asked.kinds_ if kind.question == "drug"]
    assert (parts[first].sum(axis=1) - table["drug_score"]).abs().max() < 1e-9
    assert "Two questions" in ranking.rule
    assert (table["rank_low"] <= table["rank"]).all()
    assert (table["rank"] <= table["rank_high"]).all()


def test_no_label_moves_a_score(asked, labels):
    assert not asked.learnt_
    before = asked.rank("Her2", candidates="all").table["score"]
    pd.testing.assert_series_equal(before, asked.taught(None).rank("Her2", candidates="all").table["score"])


def test_a_rule_that_is_none_is_told(world):
    with pytest.raises(InputError, match="rule is 'best'"):
        Ranker(rule="best").fit(world.model, world.cohort)


def _pairs(**columns):
    index = pd.MultiIndex.from_product([["a", "b", "c"], ["LumA", "Basal"]], names=["drug_id", "subtype"])
    return pd.DataFrame(columns, index=index, dtype=float)


def _kind(name, question, *, direction=1, weight=1.0):
    return Kind(name, name, "x", direction, "here", question=question, weight=weight)


def test_hand_worked():
    pairs = _pairs(drug=[1, 1, 2, 2, 3, 3], group=[0, 4, 0, 0, 2, 0])
    kinds = (_kind("drug", "drug"), _kind("group", "subtype"))
    found = questions.answers(pairs, kinds, screened=pd.Index(["a", "b", "c"]), subtypes=("LumA", "Basal"))
    shares = np.array([1 / 6, 1 / 6, 1 / 2, 1 / 2, 5 / 6, 5 / 6]) - 0.5
    assert found.parts[:, 0] == pytest.approx(shares / shares.std())
    within = np.array([-2, 2, 0, 0, 1, -1.0])  # less the drug's mean
    centred = within - np.tile([(-2 + 0 + 1) / 3, (2 + 0 - 1) / 3], 3)
    assert found.parts[:, 1] == pytest.approx(0.75 * centred / np.sqrt((centred**2).mean()))


@pytest.mark.parametrize("question", ["drug", "subtype"])
@pytest.mark.parametrize("values", [[3.0] * 6, [np.nan] * 6, [np.nan, 5.0, np.nan, np.nan, np.nan, np.nan]])
def test_what_says_nothing_adds_nothing(question, values):
    found = questions.answers(
        _pairs(kind=values), (_kind("kind", question),), screened=pd.Index(["a", "b", "c"]), subtypes=("LumA", "Basal")
    )
    assert not found.parts.any()


def test_drugs_that_nobody_screened_change_no_other_score():
    pairs = _pairs(drug=[1, 1, 2, 2, 3, 3], group=[0, 4, 0, 0, 2, 0])
    kinds = (_kind("drug", "drug"), _kind("group", "subtype"))
    told = {"screened": pd.Index(["a", "b"]), "subtypes": ("LumA", "Basal")}
    with_c = questions.answers(pairs, kinds, **told)
    without = questions.answers(pairs.iloc[:4], kinds, **told)
    assert with_c.parts[:4] == pytest.approx(without.parts)
