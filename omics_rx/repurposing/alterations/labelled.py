"""Which drugs are labelled for this patient, by her receptors and alterations; told apart from those for others."""

from __future__ import annotations

import re
from functools import cache

import pandas as pd

from omics_rx.core import resources
from omics_rx.io.alterations.meaning import EVENTS

_TMB_HIGH = 10.0  # mutations a megabase, as in the label of pembrolizumab
_YES = frozenset({"positive", "pos", "+", "1", "true", "3+"})
_NO = frozenset({"negative", "neg", "-", "0", "false", "low", "1+", "ultralow"})
_LOW = frozenset({"low", "1+"})
_UNGRADED = frozenset({"negative", "neg", "-", "false"})  # HER2 negative may still be low
COLUMNS = ("drug", "standing", "biomarkers", "lacking", "with", "agency", "approved", "brand", "kind", "label")
HERS, OPEN, OTHERS = "labelled for her", "open: not tested", "labelled for others"


@cache
def shipped() -> pd.DataFrame:
    """Labels of ``resources/label_biomarkers.tsv``, text."""
    return resources.table("label_biomarkers.tsv").fillna("").astype(str)


def labelled(variants: pd.DataFrame, events: pd.Series, receptors: dict[str, str]) -> pd.DataFrame:
    """Labels of breast cancer and of any solid tumour, by whether this patient has what they ask for.

    Parameters
    ----------
    variants
        Her rows of :class:`omics_rx.io.Alterations`.
    events
        Her events: 1, 0 and missing.
    receptors
        ``"ER"``, ``"PR"``, ``"HER2"`` to ``"positive"`` or ``"negative"``, where known.

    Returns
    -------
    DataFrame
        Columns ``COLUMNS``, hers first: ``standing`` is ``HERS`` (every biomarker is there), ``OPEN`` (none speaks
        against it and ``lacking`` are not known) or ``OTHERS`` (``lacking`` are absent).
    """
    known = dict(receptors)
    for row in variants[variants["kind"] == "receptor"].to_dict("records"):
        known[{"ESR1": "ER", "PGR": "PR", "ERBB2": "HER2"}[row["gene"]]] = row["change"]
    amplified = (variants["gene"] == "ERBB2") & (variants["is"] == "amplified")
    if amplified.any():  # amplification by sequencing stands for in situ hybridisation where no receptor is told
        known.setdefault("HER2", "positive")
    rows = []
    for label in shipped().to_dict("records"):
        asked = [one.strip() for one in label["biomarkers"].split(";") if one.strip()]
        states = {one: state(one, variants, events, known) for one in asked}
        absent = [one for one, has in states.items() if has is False]
        untold = [one for one, has in states.items() if has is None]
        standing = OTHERS if absent else OPEN if untold else HERS
        rows.append(label | {"standing": standing, "lacking": "; ".join(absent or untold)})
    table = pd.DataFrame(rows)
    order = table["standing"].map({HERS: 0, OPEN: 1, OTHERS: 2})
    table = table.assign(_order=order).sort_values(["_order", "drug"], kind="stable")
    return table[list(COLUMNS)].reset_index(drop=True)


def state(biomarker: str, variants: pd.DataFrame, events: pd.Series, receptors: dict[str, str]) -> bool | None:
    """Whether she has a biomarker of a label; None where it is not known."""
    if found := re.match(r"^(?P<one>ER|PR|HER2)(?: or (?P<two>PR))? (?P<sign>positive|negative|low)$", biomarker):
        wanted = found["sign"]
        if wanted == "low":
            told = receptors.get("HER2", "").strip().casefold()
            return True if told in _LOW else False if told in _YES | _NO - _UNGRADED else None
        states = [receptor(receptors.get(name, "")) for name in (found["one"], found["two"]) if name]
        has = True if True in states else None if None in states else False
        return has if wanted == "positive" else None if has is None else not has
    if biomarker.startswith("MSI"):
        value = events.get("MSI")
        return None if value is None or pd.isna(value) else bool(value)
    if biomarker.startswith("TMB"):
        return _burden(variants)
    return _altered(biomarker, variants, events)


def receptor(told: str) -> bool | None:
    """Whether a receptor is positive by the word for it; None where the word is neither."""
    word = told.strip().casefold()
    return True if word in _YES else False if word in _NO else None


def _burden(variants: pd.DataFrame) -> bool | None:
    told = variants.loc[variants["kind"] == "TMB", "change"].tolist()
    if not told:
        return None
    return told[0] == "high" if not re.match(r"\d", told[0]) else float(told[0]) >= _TMB_HIGH


def _altered(biomarker: str, variants: pd.DataFrame, events: pd.Series) -> bool | None:
    """``PIK3CA mutation``, ``BRCA1 or BRCA2 germline mutation``, ``BRAF V600E``, ``PTEN alteration``, a fusion."""
    germline = "germline" in biomarker
    kinds = ("mutation",) if "mutation" in biomarker or re.search(r" [A-Z]\d+[A-Z]$", biomarker) else (
        ("fusion",) if "fusion" in biomarker else ("mutation", "gain", "loss")
    )  # fmt: skip
    genes = [word for word in re.split(r"\s+or\s+|\s+", biomarker) if re.fullmatch(r"[A-Z][A-Z0-9]+", word) and not
             re.fullmatch(r"[A-Z]\d+[A-Z]", word)]  # fmt: skip
    change = re.search(r" ([A-Z]\d+[A-Z])$", biomarker)
    sure = variants[variants["is"].isin(EVENTS) & variants["kind"].isin(kinds)]
    if germline:
        sure = sure[sure["origin"] == "germline"]
    if change is not None:
        sure = sure[sure["change"] == change[1]]
    whose = sure["gene"].tolist() + [part for text in sure.loc[sure["kind"] == "fusion", "change"] for part in
                                     str(text).split("::")]  # fmt: skip
    if any(one == gene or (gene == "NTRK" and one.startswith("NTRK")) for one in whose for gene in genes):
        return True
    words = {"mutation": "germline" if germline else "mut", "gain": "gain", "loss": "loss", "fusion": "fusion"}
    wanted = [f"{gene}_{words[kind]}" for gene in genes for kind in kinds if kind != "gain"]
    values = [events.get(name) for name in wanted]
    return False if values and all(value is not None and value == 0 for value in values) else None
