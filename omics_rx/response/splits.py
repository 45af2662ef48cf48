"""Which pairs a model may learn from and which it is judged on: the seven ways to hold out, and a check for leaks.

Random pairs flatter every model: they leave the drug's and the line's mean behind. The claim to make is on lines
(``"cell"``), compounds (``"drug"``), scaffolds, mechanisms, or both sides unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.screen import DrugScreen
from omics_rx.core.work import rng
from omics_rx.harmonize import mechanisms
from omics_rx.harmonize.targets import genes_of
from omics_rx.response import asked

SPLITS = ("pair", "cell", "tissue", "drug", "scaffold", "mechanism", "both")
_UNDIVIDED = -1
_TRAINING_ONLY = -2


@dataclass(frozen=True, eq=False)
class Fold:
    """One division of a screen's pairs.

    Attributes
    ----------
    number
        0, 1, ...
    train, test
        Cells x drugs of booleans; pairs that are neither lie between (a test cell with a training drug, in
        ``"both"``).
    """

    number: int
    train: pd.DataFrame
    test: pd.DataFrame

    @in_words
    def training_screen(self, screen: DrugScreen) -> DrugScreen:
        """The screen with its training pairs, and only the cells and drugs that have one."""
        rows = _marked(screen, self.train)
        responses = screen.responses[rows]
        cells = screen.cells.obs_names[screen.cells.obs_names.isin(responses["cell_id"])]
        drugs = screen.drugs.index[screen.drugs.index.isin(responses["drug_id"])]
        return DrugScreen(responses, screen.cells[cells], screen.drugs.loc[drugs], screen.name, screen.sure_of_unit)

    @property
    def test_cells(self) -> pd.Index:
        """Cells with a test pair."""
        return self.test.index[self.test.any(axis=1)]

    @property
    def test_drugs(self) -> pd.Index:
        """Drugs with a test pair."""
        return self.test.columns[self.test.any(axis=0)]


def _marked(screen: DrugScreen, mask: pd.DataFrame) -> np.ndarray:
    row = mask.index.get_indexer(pd.Index(screen.responses["cell_id"]))
    column = mask.columns.get_indexer(pd.Index(screen.responses["drug_id"]))
    inside = (row >= 0) & (column >= 0)
    found = np.zeros(len(row), dtype=bool)
    found[inside] = mask.to_numpy()[row[inside], column[inside]]
    return found


@in_words
def folds(screen: DrugScreen, split: str = "cell", n_folds: int = 5, *, seed: int = 0) -> list[Fold]:
    """Divide the pairs of a screen.

    Parameters
    ----------
    screen
        Lines without expression are left out.
    split
        ``"pair"`` (all screens of a pair together), ``"cell"``, ``"tissue"``, ``"drug"`` (compounds: salts,
        stereoisomers and aliases together), ``"scaffold"`` (Bemis-Murcko), ``"mechanism"`` (whole pathways, or
        mechanisms where no pathway is known; a drug elsewhere that shares a target gene, a mechanism, a described
        target or its skeleton with one held out stands on neither side), ``"both"`` (cell and compound). Drugs of
        which neither structure, target nor pathway is known are never held out by the last four.
    n_folds
        Number of folds.
    seed
        Seed of the shuffle.

    Raises
    ------
    InputError
        If the split is not known, there are fewer groups than folds, or responses were corrected by predictions.
    """
    asked.screen(screen)
    refuse_corrected(screen)
    asked.word("split", split, SPLITS)
    asked.number("n_folds", n_folds, 2, whole=True)
    measured = _measured(screen)
    if split == "pair":
        return _pair_folds(screen, measured, n_folds, seed)
    cell = _cell_numbers(screen, measured.index, split, n_folds, seed)
    drug = _drug_numbers(screen, measured.columns, split, n_folds, seed)
    made = []
    for number in range(n_folds):
        test = measured & (_side(cell, number, inside=True)[:, None] & _side(drug, number, inside=True)[None, :])
        train = measured & (_side(cell, number, inside=False)[:, None] & _side(drug, number, inside=False)[None, :])
        if split == "mechanism":
            train = train & ~_relatives_of(screen, test)
        made.append(Fold(number, train, test))
    return made


def refuse_corrected(screen: DrugScreen) -> None:
    """Refuse responses that were corrected by predictions: what learns from them or is judged by them judges itself.

    Raises
    ------
    InputError
        If a response of the screen was.
    """
    if "corrected" not in screen.responses:
        return
    n = int(screen.responses["corrected"].fillna(value=False).astype(bool).sum())
    if n:
        raise InputError(
            f"{n:,} responses of {screen!r} were corrected by predictions from expression: a model that learns from "
            "them, or is judged by them, judges itself; give the screen that was measured"
        )


def _relatives_of(screen: DrugScreen, test: pd.DataFrame) -> np.ndarray:
    """Which drugs act as one with a test pair does, ``(n_drugs,)``."""
    words = mechanisms.tokens(screen.drugs.loc[test.columns], pathways=True)
    kin: np.ndarray = np.any(mechanisms.relatives(words, test.columns[test.any(axis=0)], test.columns), axis=0)
    return kin


def _side(numbers: np.ndarray, fold: int, *, inside: bool) -> np.ndarray:
    """Which cells or drugs are on one side of a fold; those that are not divided stand on both."""
    side: np.ndarray = (numbers == _UNDIVIDED) | ((numbers == fold) == inside)
    return side


def _measured(screen: DrugScreen) -> pd.DataFrame:
    """Where a line with expression was measured, lines x drugs."""
    matrix = screen.matrix()
    values = screen.cells[matrix.index].X
    dense = values.toarray() if hasattr(values, "toarray") else np.asarray(values)
    matrix = matrix[np.isfinite(dense).any(axis=1)]
    measured: pd.DataFrame = matrix.notna()
    return measured.loc[:, measured.any(axis=0)]


def _pair_folds(screen: DrugScreen, measured: pd.DataFrame, n_folds: int, seed: int) -> list[Fold]:
    """Pairs at random; a line with all names and salts of one compound is one pair."""
    from omics_rx.response import compounds

    group = np.unique(compounds.same_compound(screen.drugs.loc[measured.columns]), return_inverse=True)[1]
    number = rng(seed, "pair folds").integers(n_folds, size=(len(measured), int(group.max()) + 1))[:, group]
    return [Fold(i, measured & (number != i), measured & (number == i)) for i in range(n_folds)]


def _cell_numbers(screen: DrugScreen, cells: pd.Index, split: str, n_folds: int, seed: int) -> np.ndarray:
    if split in ("cell", "both"):
        if len(cells) < n_folds:
            raise InputError(f"{len(cells)} lines cannot make {n_folds} folds: ask for fewer")
        numbers = np.empty(len(cells), dtype=int)
        for number, (_, test) in enumerate(KFold(n_folds, shuffle=True, random_state=seed).split(cells)):
            numbers[test] = number
        return numbers
    if split == "tissue":
        if "tissue" not in screen.cells.obs:
            raise InputError("the screen's cells have no obs column tissue: add it, or split by cell")
        tissue = screen.cells.obs.loc[cells, "tissue"].astype(object)
        return _dealt(tissue.where(tissue.notna(), "unknown").tolist(), n_folds, seed, "tissues")
    return np.full(len(cells), _UNDIVIDED)


def _drug_numbers(screen: DrugScreen, drugs: pd.Index, split: str, n_folds: int, seed: int) -> np.ndarray:
    if split in ("cell", "tissue"):
        return np.full(len(drugs), _UNDIVIDED)
    from omics_rx.response import compounds

    table = screen.drugs.loc[drugs]
    groups = compounds.same_compound(table)
    if split == "scaffold":
        groups = compounds.joined(groups, compounds.scaffolds(table))
    elif split == "mechanism":
        groups = compounds.joined(groups, compounds.mechanisms(table))
    numbers = _dealt(
        groups, n_folds, seed, {"scaffold": "scaffolds", "mechanism": "mechanisms"}.get(split, "compounds")
    )
    # of a drug described by nothing, nothing but a mean can be said: it is learnt from and never asked for
    return np.where(_described(table), numbers, _TRAINING_ONLY)


def _described(drugs: pd.DataFrame) -> np.ndarray:
    """Whether a structure, a target or a pathway is known of each drug."""
    columns = [name for name in ("smiles", "targets", "pathway", "mechanism") if name in drugs]
    known: np.ndarray = drugs[columns].notna().any(axis=1).to_numpy()
    return known


def _dealt(groups: Sequence[Hashable], n_folds: int, seed: int, what: str) -> np.ndarray:
    """Deal whole groups into folds of about equal size: shuffled, the largest first, each to the smallest fold."""
    labels = pd.Series(list(groups))
    sizes = labels.value_counts()
    if len(sizes) < n_folds:
        raise InputError(f"{len(sizes)} {what} cannot make {n_folds} folds: ask for fewer")
    order = sizes.loc[rng(seed, what).permutation(sorted(sizes.index, key=str))].sort_values(
        ascending=False, kind="stable"
    )
    load = np.zeros(n_folds)
    number: dict[Hashable, int] = {}
    for group, size in order.items():
        number[group] = int(load.argmin())
        load[number[group]] += size
    return labels.map(number).to_numpy(dtype=int)


@in_words
def check(screen: DrugScreen, fold: Fold, split: str) -> None:
    """Look for leaks between the training and the test side of a fold.

    Parameters
    ----------
    screen
        The screen that was divided.
    fold, split
        A division, and what it says to have held out.

    Raises
    ------
    InputError
        If a pair stands on both sides, or a cell, tissue, compound, scaffold or mechanism that was to be held out
        does.
    """
    refuse_corrected(screen)
    both = fold.train & fold.test
    if both.to_numpy().any():
        raise InputError(f"fold {fold.number}: {int(both.to_numpy().sum())} pairs stand on both sides")
    train_cells = fold.train.index[fold.train.any(axis=1)]
    train_drugs = fold.train.columns[fold.train.any(axis=0)]
    if split in ("cell", "both", "tissue"):
        _refuse_shared(fold, "cells", train_cells, fold.test_cells)
    if split == "tissue":
        tissue = screen.cells.obs["tissue"].astype(object)
        _refuse_shared(fold, "tissues", tissue[train_cells].dropna(), tissue[fold.test_cells].dropna())
    if split in ("drug", "scaffold", "mechanism", "both"):
        from omics_rx.response import compounds

        kinds: dict[str, Callable[[pd.DataFrame], Sequence[Hashable]]] = {"compounds": compounds.same_compound}
        if split == "scaffold":
            kinds["scaffolds"] = compounds.scaffolds
        for what, grouped in kinds.items():
            group = pd.Series(list(grouped(screen.drugs)), index=screen.drugs.index, dtype=object)
            _refuse_shared(fold, what, group[train_drugs].dropna(), group[fold.test_drugs].dropna())
    if split == "mechanism":
        for what, words in _words(screen.drugs).items():
            told = words.explode()
            _refuse_shared(
                fold,
                f"{what}s",
                told[told.index.isin(train_drugs)].dropna(),
                told[told.index.isin(fold.test_drugs)].dropna(),
            )


def _words(drugs: pd.DataFrame) -> dict[str, pd.Series]:
    """Target genes of each drug, and the other words for how it acts: lists by ``drug_id``."""
    genes = pd.Series(genes_of(drugs["targets"]), dtype=object).reindex(drugs.index)
    targets = {drug: sorted({gene.casefold() for gene in own}) for drug, own in genes.dropna().items()}
    others = {
        drug: sorted(words - set(targets.get(drug, ())))
        for drug, words in mechanisms.tokens(drugs, pathways=True, structures=False).items()
    }
    return {
        "target": pd.Series(targets, index=drugs.index, dtype=object),
        "mechanism": pd.Series(others, index=drugs.index, dtype=object),
    }


@in_words
def leaks(screen: DrugScreen, train: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Say what the training and the test side of any division share, whoever made it.

    Parameters
    ----------
    screen
        The screen that was divided.
    train, test
        Cells x drugs of booleans: which pairs are learnt from, and which are judged.

    Returns
    -------
    pandas.DataFrame
        Index ``pair``, ``compound pair`` (a line with one compound under any of its names), ``cell``, ``tissue``,
        ``compound``, ``scaffold``, ``target`` (gene), ``mechanism`` (pathway, mechanism, described target):
        ``n_shared`` of them on both sides; ``test_share``, the share of the test pairs that have one; ``examples``.
        What a claim of "unseen" may not share is for the claim to say; pairs and compound pairs nobody may.

    Raises
    ------
    InputError
        If a side is empty or names cells or drugs that the screen does not have.
    """
    from omics_rx.response import compounds

    asked.screen(screen)
    refuse_corrected(screen)
    sides = []
    for title, mask in (("training", train), ("test", test)):
        asked.kind(f"the {title} side", mask, pd.DataFrame, "give cells x drugs of booleans")
        strange = [*mask.index.difference(screen.cells.obs_names), *mask.columns.difference(screen.drugs.index)]
        if strange:
            raise InputError(f"the {title} side names what the screen does not have: {examples(strange)}")
        rows, columns = np.nonzero(mask.to_numpy(dtype=bool))
        if not len(rows):
            raise InputError(f"the {title} side is empty: a division needs pairs on both")
        sides.append(pd.DataFrame({"cell": mask.index[rows], "drug": mask.columns[columns]}))
    drugs, table = screen.drugs, {}
    groups: dict[str, pd.Series] = {
        name: pd.Series(list(made(drugs)), index=drugs.index, dtype=object)
        for name, made in (
            ("compound", compounds.same_compound), ("scaffold", compounds.scaffolds),
        )
    }  # fmt: skip
    words = _words(drugs)
    for side in sides:
        side["pair"] = side["cell"] + " / " + side["drug"]
        for name, group in groups.items():
            side[name] = group.reindex(side["drug"]).to_numpy()
        side["compound pair"] = side["cell"] + " / " + side["compound"].astype(str)
        if "tissue" in screen.cells.obs:
            side["tissue"] = screen.cells.obs["tissue"].astype(object).reindex(side["cell"]).to_numpy()
    for name in ("pair", "compound pair", "cell", "tissue", "compound", "scaffold"):
        if name in sides[0]:
            shared = set(sides[0][name].dropna()) & set(sides[1][name].dropna())
            inside = sides[1][name].isin(shared)
            shown = sides[1].loc[inside, "drug" if name == "compound" else name].astype(str).unique()
            table[name] = (len(shared), float(inside.mean()), examples(shown))
    for name, own in words.items():
        told = own.explode().dropna()
        sets = [set(told[told.index.isin(side["drug"])]) for side in sides]
        shared = sets[0] & sets[1]
        holding = told.index[told.isin(shared)]
        table[name] = (len(shared), float(sides[1]["drug"].isin(holding).mean()), examples(sorted(shared)))
    return pd.DataFrame.from_dict(table, orient="index", columns=["n_shared", "test_share", "examples"])


def _refuse_shared(fold: Fold, what: str, train: Iterable[Hashable], test: Iterable[Hashable]) -> None:
    shared = sorted(set(train) & set(test), key=str)
    if shared:
        raise InputError(
            f"fold {fold.number}: {len(shared)} {what} stand on both the training and the test side "
            f"({examples(shared)}): divide by whole {what}"
        )
