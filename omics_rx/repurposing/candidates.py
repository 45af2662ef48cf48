"""Which drugs a ranking offers: existing ones, those in trials, all, or a list; the rest stays beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from omics_rx import harmonize
from omics_rx.core.errors import InputError, examples, unknown_name
from omics_rx.harmonize import drug_names
from omics_rx.repurposing import standing

CHOICES = ("existing", "investigational", "all")
CANDIDATE, CONTROL, APART, ASIDE = "candidate", "approved for this subtype", "not screened", "not asked for"


def groups(drugs: pd.DataFrame, subtype: str, choice: str | Iterable[str], *, screened: pd.Index) -> pd.Series:
    """Part of the ranking that each drug belongs to.

    Parameters
    ----------
    drugs
        Drugs with a score: index drug id; ``name``, ``aliases``, ``inchikey`` where known.
    subtype
        What is ranked for.
    choice
        ``"existing"``: launched drugs that are not approved for the subtype; ``"investigational"``: those in trials;
        ``"all"``; or names of drugs.
    screened
        Drugs that somebody measured; the others are judged by structure and targets alone.

    Returns
    -------
    Series
        Index of ``drugs``: ``CANDIDATE``, ``CONTROL`` (approved for the subtype: what the ranking should find again),
        ``APART`` (asked for, but nobody screened it) or ``ASIDE``.

    Raises
    ------
    InputError
        If the choice is none of these, or leaves no drug that was screened.
    UnknownNameError
        If a name of the list is no drug with a score.
    """
    stands = standing.of_drugs(drugs, subtype)["standing"]
    control = (stands == "standard").to_numpy()
    asked = _asked(drugs, stands, choice)
    measured = drugs.index.isin(screened)
    antibody = np.array([bool(drug_names.antibody(str(name))) for name in drugs["name"]], dtype=bool)
    found = np.where(asked & measured, CANDIDATE, np.where(asked, APART, ASIDE)).astype(object)
    if choice in ("existing", "investigational"):
        found[control] = CONTROL
        found[antibody] = ASIDE  # out of scope: nothing here is judged by structure or by uptake
    elif not isinstance(choice, str):
        found[asked] = CANDIDATE  # who names a drug wants it in the list, screened or not
    if not (found == CANDIDATE).any():
        raise InputError(_none_left(choice, stands, drugs))
    return pd.Series(found, index=drugs.index, dtype=object)


def _asked(drugs: pd.DataFrame, stands: pd.Series, choice: str | Iterable[str]) -> np.ndarray:
    if isinstance(choice, str):
        if choice not in CHOICES:
            raise unknown_name("choice of candidates", choice, CHOICES)
        wanted = {"existing": standing.LAUNCHED, "investigational": ("investigational",)}.get(choice)
        return np.ones(len(drugs), dtype=bool) if wanted is None else stands.isin(wanted).to_numpy()
    names = list(choice)
    if not names or not all(isinstance(name, str) for name in names):
        raise InputError(f"candidates is {choice!r}: give one of {examples(CHOICES)}, or a list of names of drugs")
    ids = harmonize.drugs.resolve(names, drugs, what="this ranking", remedy="leave it out, or add it by universe=")
    return np.asarray(drugs.index.isin(ids))


def _none_left(choice: str | Iterable[str], stands: pd.Series, drugs: pd.DataFrame) -> str:
    counts = ", ".join(f"{standing.WORDS[str(name)]} {count}" for name, count in stands.value_counts().items())
    return (
        f"no drug that was screened is left by candidates={choice!r}: of {len(drugs)} drugs "
        f"({examples(drugs['name'].astype(str))}) {counts}. Give candidates='all', or a list of names"
    )


def said(choice: str | Iterable[str], group: pd.Series) -> tuple[str, ...]:
    """What was offered, what was left out, and what to ask for instead."""
    counts = group.value_counts()
    offered = {
        "existing": "launched drugs that are not yet approved for the subtype",
        "investigational": "drugs in trials",
        "all": "all drugs that were screened, those approved for the subtype among them",
    }.get(choice if isinstance(choice, str) else "", "the drugs that were named")
    words = [f"The list holds {int(counts.get(CANDIDATE, 0))} candidates: {offered}"]
    for part, told in ((CONTROL, "approved for the subtype stand apart as positive controls"),
                       (APART, "that nobody screened are ranked apart, by structure and targets alone"),
                       (ASIDE, "are no candidates")):  # fmt: skip
        if part in counts:
            words.append(f"{int(counts[part])} {told}")
    return (
        f"{'; '.join(words)} (candidates= asks for others).",
        "Where a drug stands is known up to what was looked up; no failed trial listed means that nobody looked.",
    )


def beside(table: pd.DataFrame, stands: pd.DataFrame) -> pd.DataFrame:
    """The table with where each drug stands (from :func:`omics_rx.repurposing.standing.of_drugs`), after its rank."""
    told = stands.loc[table.index]
    every = ("rank", "name", "score", "rank_low", "rank_high", "lines_low", "lines_high")
    front = [name for name in every if name in table]
    return pd.concat(
        [table[front].assign(name=told["called"]), told[["stands", "since", "failed", "ended"]],
         table.drop(columns=front)], axis=1,
    )  # fmt: skip


def percentiles(scores: pd.Series, drugs: Sequence[str]) -> pd.Series:
    """Share of all scored drugs that each of some drugs beats; 1 is the best, a tie counts half."""
    values = scores.to_numpy()
    share = [float((values < scores[drug]).mean() + ((values == scores[drug]).sum() - 1) / 2 / len(values))
             for drug in drugs]  # fmt: skip
    return pd.Series(share, index=pd.Index(drugs, name="drug_id"), dtype=np.float64)
