"""Rank intervals: of another cohort, wider with other lines; and a ranker on changed evidence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError
from omics_rx.repurposing import Ranker, corrected
from omics_rx.repurposing.evidence import Case, errors

SUBTYPES = ("LumA", "LumB", "Her2", "Basal")


def test_other_lines_widen_what_another_cohort_leaves_open(asked):
    table = asked.rank("Basal", candidates="all").table
    assert (table["lines_low"] <= table["rank"]).all()
    assert (table["rank"] <= table["lines_high"]).all()
    width, wider = table["rank_high"] - table["rank_low"], table["lines_high"] - table["lines_low"]
    assert width.median() < wider.median()
    assert "lines_low" not in asked.taught(None, rule="average").rank("Basal", candidates="all").table


def test_errors_are_of_tumours_or_of_lines(asked):
    case = Case(asked.sources_, "Her2")
    tumours, lines = errors(case, asked.kinds_, ("tumours",)), errors(case, asked.kinds_, ("lines",))
    assert set(tumours) & {"predicted_selectivity"}
    assert set(lines) >= {"pooled_selectivity"}
    assert not set(tumours) & set(lines)
    # chance here and there, and what cohorts differ by beyond it
    told = case.predicted
    chance = (told["difference"] / told["t"]).to_numpy()
    by_hand = np.sqrt(2 * (chance**2 + (0.18 * told["difference"].std()) ** 2))
    assert tumours["predicted_selectivity"].to_numpy() == pytest.approx(by_hand)


def test_half_of_the_tumours_lie_in_the_intervals_of_the_other_half(asked):
    sources = asked.sources_
    half = np.arange(80) % 2 == 0
    one, other = (asked.redrawn(genes=sources.genes[mask], preference=sources.preference[mask],
                                subtypes=sources.subtypes[mask]) for mask in (half, ~half))  # fmt: skip
    held = []
    for subtype in SUBTYPES:
        table, again = (ranker.rank(subtype, candidates="all").table for ranker in (one, other))
        held.append(again["rank"].reindex(table.index).between(table["rank_low"], table["rank_high"]).mean())
    assert 0.82 < np.mean(held) <= 1.0


def test_a_ranker_on_changed_evidence_forgets_and_leaves_the_first_as_it_was(asked):
    before = asked.rank("Basal", candidates="all").table["score"]
    responses = asked.sources_.responses.copy()
    gone = responses.columns[:8]
    responses[gone] = np.nan
    blind = asked.redrawn(responses=responses).rank("Basal", candidates="all")
    assert blind.evidence.loc[gone, "potency"].isna().all()
    pd.testing.assert_series_equal(before, asked.rank("Basal", candidates="all").table["score"])
    with pytest.raises(InputError, match="no answers"):
        asked.redrawn(answers=1)


def test_wrong_settings_are_told_before_anything_is_predicted(world):
    class Model:
        screen_ = world.screen

        def predict(self, *_: object) -> None:
            raise AssertionError

    for wrong in (Ranker(rule="best"), Ranker("label")):
        with pytest.raises(InputError, match=r"give 'questions'|give 'resources'"):
            wrong.fit(Model(), world.cohort)


def test_errors_over_lines_hold_what_relatives_share():
    """Drugs that act alike err alike in the lines that both were measured in: against resampled lines."""
    random = np.random.default_rng(0)
    n_lines, n_drugs = 40, 12
    groups = pd.Series(np.repeat(["Basal", "Her2"], n_lines // 2), [f"L{i}" for i in range(n_lines)])
    shared = random.normal(size=(n_lines, 3))
    values = pd.DataFrame(np.repeat(shared, 4, axis=1) + 0.2 * random.normal(size=(n_lines, n_drugs)), groups.index,
                          [f"D{i}" for i in range(n_drugs)])  # fmt: skip
    words = [{f"m{i // 4}"} for i in range(n_drugs)]
    _, error = corrected.pooled_contrasts(values, groups, words, values.columns)
    drawn = []
    for _ in range(300):
        rows = np.concatenate(
            [random.choice(np.flatnonzero(groups == name), n_lines // 2) for name in ("Basal", "Her2")]
        )
        again, of = values.iloc[rows].set_axis(groups.index), groups.iloc[rows].set_axis(groups.index)
        told, _ = corrected.pooled_contrasts(again, of, words, values.columns)
        drawn.append(told["Basal"].to_numpy())
    ratio = error["Basal"].to_numpy() / np.std(drawn, axis=0)
    assert 0.9 < ratio.mean() < 1.15


def test_what_was_not_brought_is_said_with_the_line_that_brings_it(asked):
    said = " ".join(asked.rank("Basal", candidates="all").limits)
    assert "read_library(" in said
    assert "cells=cells" in said
    assert 'network="resources"' not in said  # it was there, and is cited
    assert "luck2020" in asked.rank("Basal", candidates="all").provenance.cites
