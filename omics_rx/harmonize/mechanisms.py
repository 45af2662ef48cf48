"""Which drugs act alike, so that none is judged by a model that has seen a relative of it."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.harmonize.targets import genes_of

# words in target descriptions that name no mechanism
_NOT_A_MECHANISM = frozenset(
    {"", "nan", "others", "other", "metabolism", "not defined", "unclassified", "none", "other, kinases",
     "chromatin other"}
)  # fmt: skip


@in_words
def tokens(
    drugs: pd.DataFrame, classes: pd.Series | None = None, *, pathways: bool = False, structures: bool = True
) -> dict[str, set[str]]:
    """Words for how each drug acts: its mechanism, each target gene, each target described, its class in the labels.

    Parameters
    ----------
    drugs
        Index ``drug_id``; ``mechanism``, ``targets`` (genes joined by ``;``), ``target_text`` and ``inchikey`` where
        known.
    classes
        Mechanism class of labelled drugs, indexed by ``drug_id`` (may repeat).
    pathways
        Whether the ``pathway`` of a drug is one of its words, too.
    structures
        Whether the first block of its InChIKey is one: it makes forms of one compound relatives.
    """
    found: dict[str, set[str]] = {str(drug): set() for drug in drugs.index}
    if "targets" in drugs:
        for key, genes in genes_of(drugs["targets"]).items():
            found[key] |= {gene.casefold() for gene in genes}
    for column, pattern in (("mechanism", ";"), ("target_text", "[;,]")):
        if column not in drugs:
            continue
        for drug, text in drugs[column].dropna().items():
            words = (word.strip().casefold() for word in re.split(pattern, str(text)))
            found[str(drug)] |= {word for word in words if word not in _NOT_A_MECHANISM}
    if pathways and "pathway" in drugs:
        for drug, text in drugs["pathway"].dropna().items():
            word = str(text).strip().casefold()
            found[str(drug)] |= {f"pathway {word}"} - {f"pathway {none}" for none in _NOT_A_MECHANISM}
    if structures and "inchikey" in drugs:
        for drug, text in drugs["inchikey"].dropna().items():
            found[str(drug)].add(f"structure {str(text)[:14]}")
    if classes is not None:
        for drug, name in classes.dropna().items():
            found[str(drug)].add(str(name).casefold())
    return found


@in_words
def relatives(words: dict[str, set[str]], of: pd.Index, among: pd.Index) -> np.ndarray:
    """Which drugs share a word of mechanism; a drug is its own relative.

    Returns
    -------
    ndarray of bool, shape ``(len(of), len(among))``
    """
    rows = [words.get(str(name), set()) for name in (*of, *among)]
    held = _held(rows)
    shared = held[: len(of)] @ held[len(of) :].T > 0
    return np.asarray(shared | (of.to_numpy()[:, None] == among.to_numpy()[None, :]))


def _held(words: list[set[str]]) -> np.ndarray:
    """1 where a drug has a word, drugs x words, in single precision."""
    vocabulary = {word: i for i, word in enumerate(sorted(set().union(*words)))}
    held = np.zeros((len(words), max(len(vocabulary), 1)), dtype=np.float32)
    for row, own in enumerate(words):
        held[row, [vocabulary[word] for word in own]] = 1
    return held


@in_words
def jaccard(words: list[set[str]]) -> np.ndarray:
    """Jaccard index of the words of two drugs, which is a covariance; drugs without words share nothing.

    Returns
    -------
    ndarray, shape ``(n_drugs, n_drugs)``
    """
    held = _held(words).astype(np.float64)
    both = held @ held.T
    count = held.sum(axis=1)
    either = count[:, None] + count[None, :] - both
    return np.asarray(both / np.where(either > 0, either, 1.0))
