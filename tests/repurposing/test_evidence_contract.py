"""Every kind of evidence: what says nothing moves nothing, and what is known of one drug alone is no worst value."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from omics_rx.repurposing import Ranker, learner
from omics_rx.repurposing.evidence import KINDS

ALL = [name for name in KINDS if KINDS[name].ranked] + ["the_user's_own"]
_SOURCES = {"held_out_selectivity": "held_out", "reversal": "profiles", "proximity": "network",
            "malignant_cells": "expressing"}  # fmt: skip
_BROUGHT = {"alteration_measured", "alteration_published"}  # only where alterations are brought
N_OWN = 40


def _with(basis: Ranker, name: str, column) -> Ranker:
    """The same ranker, taught anew with one kind of evidence made as told."""
    sources = basis.sources_
    if name in _SOURCES:
        sources = replace(sources, **{_SOURCES[name]: SimpleNamespace(said=())})
    elif name in _BROUGHT:
        sources = replace(sources, brought={**sources.brought, name: ()})
    elif name not in KINDS:
        sources = replace(sources, extra_directions={name: 1})
    other = basis.taught(None, rule="average")
    other.labels = basis.labels
    other.evidence_ = {subtype: table.assign(**{name: column(table.index)}) for subtype, table in
                       basis.evidence_.items()}  # fmt: skip
    other.sources_ = sources
    return other._learn(progress=False)


def _missing(index):
    return pd.Series(np.nan, index=index)


def _constant(index):
    return pd.Series(3.0, index=index)


def _of_one(index):
    return pd.Series(np.nan, index=index).where(index != index[N_OWN], -12.5)


@pytest.fixture(scope="module")
def average(fitted):
    return fitted.taught(None, rule="average")


@pytest.fixture
def learnt(fitted, monkeypatch):
    """The ranker taught by labels, with fewer members."""
    monkeypatch.setattr(learner, "N_MEMBERS", 2)
    return fitted


def _without(basis, name):
    """Places without the kind, which are those with the kind all missing."""
    without = _state(_with(basis, name, _missing))
    if name not in KINDS or name in _SOURCES or name in _BROUGHT:
        for subtype, table in _state(basis.taught(basis.labels, rule=basis.rule, progress=False)).items():
            pd.testing.assert_frame_equal(table, without[subtype])
    return without


def _moves_nothing(basis, name):
    without = _without(basis, name)
    for column in (_constant, _of_one):
        ranker = _with(basis, name, column)
        for subtype, table in _state(ranker).items():
            pd.testing.assert_frame_equal(table, without[subtype])
        assert (ranker.rank("Basal").explanations[name] == 0).all()


def _state(ranker):
    return {
        subtype: ranker.rank(subtype).table[["rank", "score", "rank_low", "rank_high"]] for subtype in ("Basal", "LumA")
    }


@pytest.mark.parametrize("name", ALL)
def test_evidence_that_says_nothing_moves_nothing_in_an_average(average, name):
    _moves_nothing(average, name)


@pytest.mark.parametrize("name", ["measured_selectivity", "proximity", ALL[-1]])
def test_evidence_that_says_nothing_moves_nothing_that_is_learnt(learnt, name):
    _moves_nothing(learnt, name)


def test_a_drug_with_such_evidence_only_is_not_ranked(average):
    ranker = average.taught(None, rule="average")
    drug = ranker.evidence_["Basal"].index[N_OWN]
    kinds = [kind.name for kind in ranker.kinds_]
    for subtype in ranker.evidence_:
        ranker.evidence_ = {**ranker.evidence_, subtype: ranker.evidence_[subtype].copy()}
        ranker.evidence_[subtype].loc[drug, kinds] = np.nan
    before = _with(ranker, "own", _missing).rank("Basal")
    after = _with(ranker, "own", _constant).rank("Basal")
    assert drug in before.unranked.index
    assert drug in after.unranked.index
    assert before.table.index.tolist() == after.table.index.tolist()


def test_outcomes_that_cancel_move_nothing(average):
    ranker = average.taught(None, rule="average")
    before = _state(ranker)
    row = {"drug": "drug 3", "model": "a", "readout": "viability", "source": "lab", "subtype": "Basal"}
    ranker.update(pd.DataFrame([{**row, "direction": 1.0}, {**row, "model": "b", "direction": -1.0}]))
    for subtype, table in _state(ranker).items():
        pd.testing.assert_frame_equal(table, before[subtype])
