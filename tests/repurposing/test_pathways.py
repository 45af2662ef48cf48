"""Pathways of the first drugs against drugs drawn at random."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from omics_rx.core.errors import InputError
from omics_rx.repurposing.pathways import pathways_of_first

TARGETS = {"a": ["X", "Y"], "b": ["X"], "c": ["Z"], "d": ["W", "Z"], "e": ["V"]}
SETS = {"one": ["X", "Y", "Q"], "two": ["Z", "W"], "none": ["Q"]}


def test_p_is_the_share_of_drugs_drawn_that_do_as_well():
    table = pathways_of_first(TARGETS, ["a", "b"], SETS, n_draws=20_000, seed=0)
    assert set(table.index) == {"one", "two"}
    for name in table.index:
        counts = [
            len({g for drug in pair for g in TARGETS[drug]} & set(SETS[name])) for pair in combinations(TARGETS, 2)
        ]
        assert table.loc[name, "expected"] == pytest.approx(np.mean(counts), abs=0.02)
        share = np.mean(np.array(counts) >= table.loc[name, "overlap"])
        assert table.loc[name, "p_value"] == pytest.approx(share, abs=0.02)
    assert table.loc["one", ["overlap", "set_size", "genes"]].tolist() == [2, 2, "X;Y"]


def test_drugs_in_random_order_find_no_pathway():
    random = np.random.default_rng(4)
    genes = [f"G{i}" for i in range(120)]
    families = [list(random.choice(genes, 4, replace=False)) for _ in range(25)]  # drugs of one family share targets
    targets = {f"d{i}": families[i % 25] for i in range(150)}
    sets = {f"s{k}": list(random.choice(genes, 12, replace=False)) for k in range(60)} | {
        f"f{k}": family for k, family in enumerate(families)
    }
    found = [
        (pathways_of_first(targets, list(random.choice(list(targets), 25, replace=False)), sets, n_draws=2000, seed=k)[
            "q_value"
        ] < 0.05).any()
        for k in range(30)
    ]  # fmt: skip
    assert sum(found) <= 4


def test_a_shared_mechanism_at_the_top_is_found():
    genes = [f"G{i}" for i in range(100)]
    targets = {f"d{i}": [genes[i % 100]] for i in range(200)}
    table = pathways_of_first(targets, ["d0", "d1", "d2", "d3", "d4", "d100"], {"top": genes[:5], "rest": genes[5:]},
                              n_draws=5000, seed=1)  # fmt: skip
    assert table.index[0] == "top"
    assert table.loc["top", "q_value"] < 0.01


def test_targets_outside_every_pathway_are_told():
    with pytest.raises(InputError, match="none of the 4 targets is in a pathway"):
        pathways_of_first({"a": ["1"], "b": ["2", "3"], "c": ["4"]}, ["a"], {"s": ["X"]}, n_draws=10, seed=0)
