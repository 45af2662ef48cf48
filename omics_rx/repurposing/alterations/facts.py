"""Published facts that fit a tumour's alterations: which drug, for or against, how sure, in which disease."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pandas as pd

from omics_rx import harmonize
from omics_rx.core import resources
from omics_rx.harmonize.protein_changes import protein_change
from omics_rx.io.alterations.meaning import EVENTS

# how much a level of evidence counts beside the others; the order is that of the AMP/ASCO/CAP tiers, the figures ours
LEVELS = {"label": 1.0, "guideline": 0.8, "trial": 0.6, "clinical": 0.5, "preclinical": 0.25, "inferential": 0.1}
_ELSEWHERE = 0.5  # a fact of another disease counts half
_OWN = ("breast", "any solid", "any")
COLUMNS = (
    "drug_id", "drug", "alteration", "effect", "level", "disease", "setting", "with", "year", "source", "citation",
    "own_disease", "weight",
)  # fmt: skip


@cache
def shipped() -> pd.DataFrame:
    """Facts of ``resources/alteration_facts.tsv``, text."""
    return resources.table("alteration_facts.tsv").fillna("").astype(str)


def drug_ids(drugs: pd.DataFrame) -> dict[str, str]:
    """Name of a drug of the facts to its id among ``drugs``; those that are not among them are left out."""
    names = sorted(set(shipped()["drug"]))
    found = harmonize.drugs.find(names, drugs)["drug_id"]
    return {name: str(drug) for name, drug in zip(names, found, strict=True) if isinstance(drug, str)}


def facts_for(variants: pd.DataFrame, ids: dict[str, str]) -> pd.DataFrame:
    """Facts that fit the variants of one tumour, best known first; contradicting facts stand side by side.

    Parameters
    ----------
    variants
        Rows of :class:`omics_rx.io.Alterations` of one sample; what is of uncertain significance fits nothing.
    ids
        Name to ``drug_id``, by :func:`drug_ids`.

    Returns
    -------
    DataFrame
        Columns ``COLUMNS``; ``drug_id`` is empty for drugs without one; ``weight`` is signed, above 0
        for sensitivity.
    """
    table = shipped()
    rows = []
    for variant in variants[variants["is"].isin(EVENTS)].to_dict("records"):
        own = table[table["gene"] == variant["gene"]]
        if variant["kind"] == "fusion":
            partners = set(str(variant["change"]).split("::"))
            own = table[table["gene"].isin(partners | {variant["gene"]})]
        words = described(variant)
        rows += [fact | {"alteration": words} for fact in own.to_dict("records") if fits(fact, variant)]
    found = pd.DataFrame(rows).drop_duplicates() if rows else pd.DataFrame(columns=[*table.columns])
    found = found.assign(own_disease=found["disease"].isin(_OWN))
    sign = found["effect"].map({"sensitivity": 1.0, "resistance": -1.0}).astype(float)
    level = found["level"].str.lower().map(LEVELS).astype(float).fillna(LEVELS["inferential"])
    found["weight"] = sign * level * found["own_disease"].map({True: 1.0, False: _ELSEWHERE}).astype(float)
    found["drug_id"] = [ids.get(drug, "") for drug in found["drug"]]
    order = found["weight"].abs().sort_values(ascending=False, kind="stable").index
    return found.loc[order, list(COLUMNS)].reset_index(drop=True)


def fits(fact: Mapping[Any, str], variant: Mapping[Any, str]) -> bool:
    """Whether a fact speaks of a variant: its kind, the change it names, and where it came from."""
    kind, told = variant["kind"], fact["alteration"]
    germline = variant["origin"] == "germline"
    if fact["origin"] == "germline" and not germline:
        return False
    if fact["origin"] == "somatic" and germline:
        return False
    wanted = {
        "mutation": ("mutation", "activating", "alteration"), "gain": ("amplification", "activating", "alteration"),
        "loss": ("loss", "alteration"), "fusion": ("fusion", "alteration"),
    }.get(kind, ())  # fmt: skip
    if kind == "mutation" and variant["is"] == "truncating":
        wanted = ("loss", "mutation", "alteration")
    return told in wanted and _change_fits(fact["variant"], variant)


def _change_fits(named: str, variant: Mapping[Any, str]) -> bool:
    if not named:
        return True
    if variant["kind"] == "fusion":
        return set(named.replace("::", "-").split("-")) == set(str(variant["change"]).split("::"))
    read = protein_change(variant["change"])
    return named in (variant["change"], *([read.short, read.residue] if read is not None else []))


def described(variant: Mapping[Any, str]) -> str:
    """A variant in words.

    Examples
    --------
    >>> described({"gene": "PIK3CA", "kind": "mutation", "change": "H1047R", "effect": "missense", "origin": ""})
    'PIK3CA H1047R'
    """
    gene, kind, origin = variant["gene"], variant["kind"], variant["origin"]
    if kind == "mutation":
        told = variant["change"] or ("mutation" if variant["effect"] == "unspecified" else variant["effect"])
        return f"{gene} {told}{', germline' if origin == 'germline' else ''}"
    if kind in ("gain", "loss"):
        return f"{gene} {variant['effect'].replace('amplified', 'amplification')}"
    if kind == "fusion":
        return f"{str(variant['change']).replace('?::', '')} fusion"
    return f"{gene} {variant['change']}"


def scores(facts: pd.DataFrame) -> pd.Series:
    """One value a drug: its strongest fact for it less the strongest against it, index ``drug_id``."""
    known = facts[facts["drug_id"] != ""]
    grouped = known.groupby("drug_id")["weight"]
    if known.empty:
        return pd.Series(dtype="float64")
    total: pd.Series = grouped.max().clip(lower=0) + grouped.min().clip(upper=0)
    return total
