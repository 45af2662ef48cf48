"""What subtypes look like in open cohorts that ship, and whether a cohort is one of them."""

from __future__ import annotations

import hashlib
import re
from functools import cache

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.core.work import rng
from omics_rx.repurposing.labels import SUBTYPES
from omics_rx.repurposing.subtype_effects import CohortMeans

_MEANS, _TUMOURS = "subtype_means.tsv.gz", "subtype_cohorts.tsv.gz"
N_BITS, MAX_BITS_APART, MIN_BITS = 64, 4, 40
_MATCHED_SHARE, _MATCHED = 0.05, 3


@cache
def shipped() -> tuple[CohortMeans, ...]:
    """Means of every gene in every subtype, a cohort each."""
    table = resources.table(_MEANS)
    tumours = resources.table(_TUMOURS)
    found = []
    for name, own in table.groupby("cohort", sort=True):
        means = own.set_index("gene")[list(SUBTYPES)].astype(np.float64)
        called = tumours.loc[tumours["cohort"] == name, "subtype"]
        n = called.value_counts().reindex(list(SUBTYPES)).to_numpy(dtype=np.float64)
        within = own["within"].astype(np.float64).to_numpy()[:, None]
        found.append(CohortMeans(str(name), means, pd.DataFrame(within**2 / n, means.index, means.columns)))
    return tuple(found)


@cache
def _genes() -> tuple[list[str], np.ndarray]:
    """Genes that all cohorts have, and pairs of them, drawn once: what fingerprints are made of."""
    held = resources.table(_MEANS).groupby("gene").size()
    genes = sorted(held.index[held == held.max()])
    random = rng(0, "fingerprints of tumours")
    pairs = np.array([random.choice(len(genes), size=2, replace=False) for _ in range(N_BITS)])
    return genes, pairs


def fingerprints(expression: pd.DataFrame) -> pd.DataFrame:
    """Three marks of every tumour: of its name, of levels within it, and of its places among the cohort's tumours.

    Parameters
    ----------
    expression
        Samples x genes, logarithmic, current symbols.

    Returns
    -------
    DataFrame
        A row a tumour: ``id`` (hash of its name), ``levels`` (which of two genes stands higher in it; kept by any
        monotone unit) and ``places`` (which of two genes stands higher once each gene is centred on the cohort and
        scaled; kept by ratios and z-scores). A mark is 64 of ``0``, ``1`` and ``.`` (not measured).
    """
    genes, pairs = _genes()
    values = expression.reindex(columns=genes).to_numpy(dtype=np.float64)
    measured = np.isfinite(values)
    n = np.maximum(measured.sum(axis=0), 1)
    centred = values - np.nansum(values, axis=0) / n
    spread = np.sqrt(np.nansum(centred**2, axis=0) / n)
    z = centred / np.where(spread > 0, spread, np.nan)
    return pd.DataFrame(
        {"id": [_hashed(str(name)) for name in expression.index], "levels": _marks(values, pairs),
         "places": _marks(z, pairs)}
    )  # fmt: skip


def _hashed(name: str) -> str:
    """First half of a hash of a name; a TCGA barcode counts by patient, punctuation and case do not."""
    plain = name.strip().upper()
    plain = plain[:12] if plain.startswith("TCGA") else plain
    return hashlib.sha256(re.sub(r"[^A-Z0-9]", "", plain).encode()).hexdigest()[:12]


def _marks(values: np.ndarray, pairs: np.ndarray) -> list[str]:
    difference = values[:, pairs[:, 0]] - values[:, pairs[:, 1]]
    bits = np.where(np.isfinite(difference), np.where(difference > 0, "1", "0"), ".")
    return ["".join(row) for row in bits]


def recognised(expression: pd.DataFrame) -> dict[str, tuple[int, str]]:
    """Which shipped cohorts a cohort's tumours are from: name to how many, and by what they were told.

    A cohort is told by at least three tumours, and one in twenty of those given: by names that are no plain number, or
    by marks of which at most 4 of 64 differ.
    """
    own, known = fingerprints(expression), resources.table(_TUMOURS)
    plain = expression.index.astype(str).str.fullmatch(r"\D{0,8}\d{0,3}")  # P1, sample 12: anybody's names
    at_least = max(_MATCHED, int(np.ceil(_MATCHED_SHARE * len(own))))
    found = {}
    for name, reference in known.groupby("cohort", sort=True):
        by_name = int((own["id"].isin(reference["id"]) & ~plain).sum())
        by_value = max(_alike(own[mark], reference[mark]) for mark in ("levels", "places"))
        if max(by_name, by_value) >= at_least:
            found[str(name)] = (max(by_name, by_value), "names" if by_name >= by_value else "values")
    return found


def said(joined: tuple[CohortMeans, ...], among: dict[str, tuple[int, str]]) -> tuple[str, ...]:
    """Sentences on what a cohort was joined with, and which it was taken out of."""
    names = [cohort.name for cohort in joined]
    told = [f"{name} is among what ships (told by the {how} of {n} tumours) and was taken out first"
            for name, (n, how) in among.items()]  # fmt: skip
    words = f"How genes stand in the subtypes is taken from this cohort and {len(names)} open ones ({', '.join(names)})"
    return (f"{'; '.join([words, *told])}.",)


def _alike(own: pd.Series, reference: pd.Series) -> int:
    """How many tumours have a mark as one of the reference has it."""

    def table(marks: pd.Series, bit: str) -> np.ndarray:
        return np.array([[one == bit for one in mark] for mark in marks], dtype=np.float32)

    left, right = ({bit: table(marks, bit) for bit in "01"} for marks in (own, reference))
    apart = left["0"] @ right["1"].T + left["1"] @ right["0"].T
    both = (left["0"] + left["1"]) @ (right["0"] + right["1"]).T
    return int(((both >= MIN_BITS) & (apart <= MAX_BITS_APART * both / N_BITS)).any(axis=1).sum())
