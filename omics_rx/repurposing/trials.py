"""What trials of the neoadjuvant setting found of drugs: pathological complete response of an arm and its control."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

import pandas as pd

from omics_rx import harmonize
from omics_rx.core import resources

# receptor groups of the facts that are, by and large, one intrinsic subtype; HER2- alone is a mixture of two
SUBTYPES_OF = {
    "TN": ("Basal",), "HER2+": ("Her2",), "HR-HER2+": ("Her2",), "HR+HER2-": ("LumA", "LumB"), "HR+HER2+": ("LumB",),
}  # fmt: skip
_NUMBERS = ("pcr", "pcr_low", "pcr_high", "events", "n", "control_pcr", "control_low", "control_high",
            "control_events", "control_n")  # fmt: skip


@cache
def shipped() -> pd.DataFrame:
    """Facts of ``resources/trial_arms.tsv``, numbers as numbers, texts without gaps."""
    table = resources.table("trial_arms.tsv")
    for name in table:
        table[name] = table[name].astype(float) if name in _NUMBERS else table[name].fillna("").astype(str)
    return table


def for_drugs(drugs: pd.DataFrame, *, without: Collection[str] = ()) -> pd.DataFrame:
    """Facts of the drugs that are ranked, a row a drug of an arm.

    Parameters
    ----------
    drugs
        Index ``drug_id``; ``name``, ``inchikey`` where known.
    without
        Trials to leave out, such as the one whose arms a ranking is judged on.

    Returns
    -------
    DataFrame
        ``drug_id``, ``alone`` (whether the arm differs from its control in this drug alone), ``gain`` (pCR of the arm
        less that of its control) and the columns of the facts.
    """
    table = shipped()
    table = table[~table["trial"].isin(list(without))]
    ids = _ids(drugs)
    rows = []
    for fact in table.to_dict("records"):
        parts = [part.strip() for part in str(fact["drug"]).split(";") if part.strip()]
        rows += [
            fact | {"drug_id": ids[part], "alone": len(parts) == 1, "gain": fact["pcr"] - fact["control_pcr"]}
            for part in parts
            if part in ids
        ]
    return pd.DataFrame(rows, columns=["drug_id", "alone", "gain", *table.columns])


def _ids(drugs: pd.DataFrame) -> dict[str, str]:
    """Name of a drug of the facts to its id among ``drugs``: by structure, else by name."""
    table = shipped()
    keys: dict[str, str] = {}
    for names, found in zip(table["drug"], table["inchikey"], strict=True):
        parts, own = names.split(";"), found.split(";")
        for name, key in zip(parts, [*own, *[""] * (len(parts) - len(own))], strict=False):
            keys[name.strip()] = key.strip() or keys.get(name.strip(), "")
    by_key = {str(key): str(drug) for drug, key in drugs["inchikey"].dropna().items()} if "inchikey" in drugs else {}
    names = sorted(name for name in keys if name)
    called = harmonize.drugs.find(names, drugs)["drug_id"] if "name" in drugs else [None] * len(names)
    found = {}
    for name, drug in zip(names, called, strict=True):
        known = by_key.get(keys[name]) or (str(drug) if isinstance(drug, str) else None)
        if known is not None:
            found[name] = known
    return found


def gains(facts: pd.DataFrame, subtype: str) -> pd.Series:
    """Gain of each drug in one subtype, the mean over trials weighted by their patients, index ``drug_id``.

    Where arms differ from their control in the drug alone, only these count; a regimen of several drugs speaks for
    each of them only where nothing better does.
    """
    inside = pd.Series([subtype in SUBTYPES_OF.get(group, ()) for group in facts["group"]], facts.index, dtype=bool)
    own = facts[inside]
    own = own[own["gain"].notna()]
    if own.empty:
        return pd.Series(dtype="float64")
    best = own.groupby("drug_id")["alone"].transform("max")
    own = own[own["alone"] == best]
    weight = own["n"].fillna(own["n"].median() if own["n"].notna().any() else 1.0).clip(lower=1.0)
    total = (own["gain"] * weight).groupby(own["drug_id"]).sum() / weight.groupby(own["drug_id"]).sum()
    return total.astype("float64")


def told(facts: pd.DataFrame) -> pd.DataFrame:
    """Facts in words: ``trial``, ``group``, ``result`` and ``citation``."""
    rows = [(fact["trial"], fact["group"], _words(fact), fact["source"]) for fact in facts.to_dict("records")]
    return pd.DataFrame(rows, columns=["trial", "group", "result", "citation"])


def _words(fact: dict[Any, Any]) -> str:
    """One fact in words.

    Examples
    --------
    >>> _words({"pcr": 0.684, "events": 26.0, "n": 38.0, "control_pcr": 0.247, "control_events": 20.0,
    ...         "control_n": 81.0, "estimate": "counts", "drug": "a;b", "control": "paclitaxel", "alone": False})
    'pCR 26 of 38 (a with b) against 20 of 81 (paclitaxel)'
    """
    arm = _share(fact["pcr"], fact["events"], fact["n"])
    control = _share(fact["control_pcr"], fact["control_events"], fact["control_n"])
    by = " by the trial's model" if fact["estimate"] == "model" else ""
    return f"pCR {arm} ({str(fact['drug']).replace(';', ' with ')}) against {control} ({fact['control']}){by}"


def _share(share: float, events: float, n: float) -> str:
    if events == events and n == n:
        return f"{events:.0f} of {n:.0f}"
    return f"{share:.1%}".replace(".0%", "%") + (f" of {n:.0f}" if n == n else "")
