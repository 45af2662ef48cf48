"""Pathways of the first drugs against drugs drawn at random."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from omics_rx.core.errors import InputError
from omics_rx.repurposing.pathways import pathways_of_first

TARGETS = {"a": ["X", "Y"], "b": ["X"], "c": ["Z"], "d": ["W", "Z"], "e": ["V"], "f": ["X", "Z"]}
SETS = {"one": ["X", "Y", "Q"], "two": ["Z", "W"], "none": ["Q"]}


@pytest.mark.parametrize("first", [["a", "b"], ["c", "e", "f"], ["d"]])
def test_p_is_the_share_of_all_draws_of_drugs_that_do_as_well(first):
    table = pathways_of_first(TARGETS, first, SETS)
    assert set(table.index) == {"one", "two"}
    for name in table.index:
        own = set(SETS[name])
        counts = np.array([sum(not own.isdisjoint(TARGETS[drug]) for drug in drawn)
                           for drawn in combinations(TARGETS, len(first))])  # fmt: skip
        row = table.loc[name]
        assert row["drugs"] == sum(not own.isdisjoint(TARGETS[drug]) for drug in first)
        assert row["expected"] == pytest.approx(counts.mean())
        assert row["p_value"] == pytest.approx(np.mean(counts >= row["drugs"]))
        assert row["overlap"] == len(own & {gene for drug in first for gene in TARGETS[drug]})


def test_targets_are_named_and_counted_once():
    row = pathways_of_first(TARGETS, ["a", "b"], SETS).loc["one"]
    assert row[["drugs", "of_drugs", "overlap", "set_size", "genes"]].tolist() == [2, 3, 2, 2, "X;Y"]


def test_drugs_in_random_order_find_no_pathway():
    random = np.random.default_rng(4)
    genes = [f"G{i}" for i in range(120)]
    families = [list(random.choice(genes, 4, replace=False)) for _ in range(25)]  # drugs of one family share targets
    targets = {f"d{i}": families[i % 25] for i in range(150)}
    sets = {f"s{k}": list(random.choice(genes, 12, replace=False)) for k in range(60)} | {
        f"f{k}": family for k, family in enumerate(families)
    }
    found = [
        (
            pathways_of_first(targets, list(random.choice(list(targets), 25, replace=False)), sets)["q_value"] < 0.05
        ).any()
        for _ in range(40)
    ]
    assert sum(found) <= 5


def test_a_shared_mechanism_at_the_top_is_found():
    genes = [f"G{i}" for i in range(100)]
    targets = {f"d{i}": [genes[i % 100]] for i in range(200)}
    table = pathways_of_first(targets, ["d0", "d1", "d2", "d3", "d4", "d100"], {"top": genes[:5], "rest": genes[5:]})
    assert table.index[0] == "top"
    assert table.loc["top", "q_value"] < 1e-5


def test_targets_outside_every_pathway_are_told():
    with pytest.raises(InputError, match="none of the 4 targets is in a pathway"):
        pathways_of_first({"a": ["1"], "b": ["2", "3"], "c": ["4"]}, ["a"], {"s": ["X"]})
