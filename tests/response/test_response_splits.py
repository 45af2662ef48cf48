"""Divisions hold out what they say, and the check finds a planted leak."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError, UnknownNameError
from omics_rx.core.screen import DrugScreen
from omics_rx.response import compounds, splits


@pytest.mark.parametrize("split", splits.SPLITS)
def test_every_pair_is_tested_once_and_nothing_leaks(planted, split):
    n_folds = 2 if split == "tissue" else 3
    made = splits.folds(planted, split, n_folds)
    total = sum(fold.test.to_numpy().astype(int) for fold in made)
    measured = planted.matrix().notna().to_numpy()
    if split == "both":
        assert (total <= 1).all()
        assert 0.2 < total[measured].mean() < 0.5  # a third of the lines crossed with a third of the drugs
    else:
        np.testing.assert_array_equal(total, measured.astype(int))
    for fold in made:
        splits.check(planted, fold, split)
        assert not (fold.train & fold.test).to_numpy().any()


def test_the_training_screen_has_nothing_of_the_test_side(planted):
    fold = splits.folds(planted, "cell", 4)[0]
    training = fold.training_screen(planted)
    assert not training.cells.obs_names.isin(fold.test_cells).any()
    assert training.n_pairs == int(fold.train.to_numpy().sum())


def test_rescreens_of_a_pair_stay_together(planted):
    twice = planted.responses.assign(screen="second")
    screen = DrugScreen(pd.concat([planted.responses, twice]), planted.cells, planted.drugs)
    for fold in splits.folds(screen, "pair", 3):
        inside = fold.training_screen(screen).responses
        assert set(inside.value_counts(["cell_id", "drug_id"])) == {2}


def aliased(planted, **change) -> DrugScreen:
    drugs = planted.drugs.copy()
    for column, value in change.items():
        drugs.loc["D11", column] = value
    return DrugScreen(planted.responses, planted.cells, drugs)


@pytest.mark.parametrize(
    "change",
    [
        {"aliases": "Drug 0"},  # the name of another drug
        {"smiles": "[Na+].CC[O-]", "inchikey": "QDRKDTQENPPHOJ-UHFFFAOYSA-N"},  # a salt of ethanol, D00
    ],
)
def test_one_compound_under_two_entries_never_straddles(planted, change):
    screen = aliased(planted, **change)
    group = pd.Series(compounds.same_compound(screen.drugs), index=screen.drugs.index)
    assert group["D11"] == group["D00"]
    for fold in splits.folds(screen, "drug", 4):
        assert {"D00", "D11"} <= set(fold.test_drugs) or not {"D00", "D11"} & set(fold.test_drugs)


def test_the_check_finds_a_planted_alias_leak(planted):
    screen = aliased(planted, aliases="Drug 0")
    fold = next(fold for fold in splits.folds(planted, "drug", 12) if list(fold.test_drugs) == ["D00"])
    with pytest.raises(InputError, match="1 compounds stand on both"):
        splits.check(screen, fold, "drug")
    leaky = dataclasses.replace(fold, train=fold.train | fold.test)
    with pytest.raises(InputError, match="pairs stand on both sides"):
        splits.check(planted, leaky, "drug")


def test_doxorubicin_and_epirubicin_are_not_unseen_beside_each_other():
    table = pd.DataFrame(
        {
            "name": ["Doxorubicin", "Epirubicin", "Olaparib"],
            "smiles": [None, None, None],
            "inchikey": ["AOJJSUZBOXZQNB-TZSSRYMLSA-N", "AOJJSUZBOXZQNB-VTZDEGQISA-N", "FDLYAMZZIXQODN-UHFFFAOYSA-N"],
        },
        index=["a", "b", "c"],
    )
    first, second, third = compounds.same_compound(table)
    assert first == second != third


def test_scaffolds_of_one_ring_system_stand_together():
    table = pd.DataFrame({"smiles": ["c1ccccc1CC", "Clc1ccccc1", "C1CCNCC1", "CCO", None]})
    found = compounds.scaffolds(table)
    assert found[0] == found[1] != found[2]
    assert found[3] is None
    assert found[4] is None


def test_requests_that_cannot_be_met(planted):
    with pytest.raises(UnknownNameError, match="cell"):
        splits.folds(planted, "cells")
    with pytest.raises(InputError, match="4 mechanisms cannot make 5 folds"):
        splits.folds(planted, "mechanism", 5)
    with pytest.raises(InputError, match="choose a whole number from 2"):
        splits.folds(planted, "cell", 1)


def test_lines_without_expression_are_left_out(planted):
    cells = planted.cells.copy()
    cells.X[0] = np.nan
    made = splits.folds(DrugScreen(planted.responses, cells, planted.drugs), "cell", 4)
    assert "cell000" not in made[0].test.index


def test_a_drug_described_by_nothing_is_learnt_from_and_never_asked_for(planted):
    drugs = planted.drugs.copy()
    drugs.loc["D03", ["smiles", "inchikey", "targets", "mechanism"]] = None
    screen = DrugScreen(planted.responses, planted.cells, drugs)
    for fold in splits.folds(screen, "drug", 3):
        assert "D03" not in fold.test_drugs
        assert fold.train["D03"].any()
    assert "D03" in splits.folds(screen, "cell", 3)[0].test_drugs


def test_pairs_of_one_compound_under_two_names_never_straddle(planted):
    screen = aliased(planted, aliases="Drug 0")
    for fold in splits.folds(screen, "pair", 4):
        found = splits.leaks(screen, fold.train, fold.test)
        assert found.loc["pair", "n_shared"] == 0
        assert found.loc["compound pair", "n_shared"] == 0
        assert found.loc["cell", "n_shared"] > 0


@pytest.mark.parametrize(
    ("split", "clean"),
    [("cell", ["cell"]), ("tissue", ["cell", "tissue"]), ("drug", ["compound"]), ("scaffold", ["compound", "scaffold"]),
     ("mechanism", ["compound", "mechanism", "target"]), ("both", ["cell", "compound"])],
)  # fmt: skip
def test_leaks_of_every_split(planted, split, clean):
    n_folds = 2 if split == "tissue" else 3
    for fold in splits.folds(planted, split, n_folds):
        found = splits.leaks(planted, fold.train, fold.test)
        assert (found.loc[["pair", "compound pair", *clean], "n_shared"] == 0).all()


def test_leaks_by_hand(planted):
    cells, drugs = planted.cells.obs_names[:4], planted.drugs.index[:3]
    train = pd.DataFrame(False, index=cells, columns=drugs)
    test = train.copy()
    train.loc["cell000", ["D00", "D01"]] = True
    test.loc["cell000", "D01"] = True
    test.loc["cell002", ["D00", "D02"]] = True
    found = splits.leaks(planted, train, test)
    assert found.loc["pair", ["n_shared", "examples"]].tolist() == [1, "cell000 / D01"]
    assert found.loc["pair", "test_share"] == pytest.approx(1 / 3)
    assert found.loc["cell", "n_shared"] == 1
    assert found.loc["compound", "n_shared"] == 2
    assert found.loc["compound", "test_share"] == pytest.approx(2 / 3)
    with pytest.raises(InputError, match="empty"):
        splits.leaks(planted, train, train & ~train)
    with pytest.raises(InputError, match="does not have: elsewhere"):
        splits.leaks(planted, train, test.rename(index={"cell002": "elsewhere"}))


def test_a_relative_of_a_drug_held_out_by_mechanism_stands_on_neither_side(planted):
    """D00 and D01 lie in other pathways and share a target gene, in other words for it."""
    drugs = planted.drugs.copy()
    drugs["pathway"] = drugs["mechanism"]
    drugs["mechanism"] = None
    drugs["targets"] = [f"GENE{i}" for i in range(len(drugs))]
    drugs.loc["D00", "targets"], drugs.loc["D01", "targets"] = "HER2;KDR", "ERBB2"
    screen = DrugScreen(planted.responses, planted.cells, drugs)
    seen = 0
    for fold in splits.folds(screen, "mechanism", 4):
        splits.check(screen, fold, "mechanism")
        found = splits.leaks(screen, fold.train, fold.test)
        assert (found.loc[["target", "mechanism", "compound"], "n_shared"] == 0).all()
        for one, other in (("D00", "D01"), ("D01", "D00")):
            if one in fold.test_drugs:
                seen += 1
                assert not fold.train[other].any()
                assert not fold.test[other].any()
    assert seen == 2


def test_a_shared_target_gene_is_a_leak(planted):
    drugs = planted.drugs.copy()
    drugs["mechanism"] = [f"mechanism {i}" for i in range(len(drugs))]
    screen = DrugScreen(planted.responses, planted.cells, drugs)
    measured = screen.matrix().notna()
    train, test = measured.copy(), measured.copy()
    train.loc[:, "D00"] = False
    test.loc[:, test.columns != "D00"] = False
    found = splits.leaks(screen, train, test)
    assert found.loc["target", ["n_shared", "test_share", "examples"]].tolist() == [1, 1.0, "gene00"]
    assert found.loc["mechanism", "n_shared"] == 0
    with pytest.raises(InputError, match="1 targets stand on both"):
        splits.check(screen, splits.Fold(0, train, test), "mechanism")
