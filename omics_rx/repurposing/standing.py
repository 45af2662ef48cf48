"""Where a drug stands: for whom it is approved, how far it came, where it failed, and what nobody looked up."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.repurposing import labels as lb

# from what is used most to what is used least; the first is told by the labels of the subtype
WORDS = {
    "standard": "approved for this subtype",
    "breast": "approved in breast cancer",
    "cancer": "approved in another cancer",
    "outside": "launched outside oncology",
    "investigational": "investigational",
    "research": "research compound",
    "withdrawn": "withdrawn",
    "unknown": "standing not known",
}
LAUNCHED = ("breast", "cancer", "outside")
NOT_LOOKED_UP = "not looked up"


@cache
def _table() -> pd.DataFrame:
    return resources.table("standing.tsv").set_index("drug_id")


def failed_trials() -> pd.DataFrame:
    """Trials that found no gain: ``name``, ``inchikey``, ``disease``, ``subtypes`` (of breast cancer, joined by ``;``),
    ``setting``, ``result``, ``year``, ``citation`` and ``checked`` (what was read, and when).
    """  # noqa: D205
    return resources.table("failed_trials.tsv")


def of_drugs(drugs: pd.DataFrame, subtype: str) -> pd.DataFrame:
    """Where each drug stands for one subtype.

    Parameters
    ----------
    drugs
        Index drug id; ``inchikey`` where known.
    subtype
        A PAM50 subtype.

    Returns
    -------
    DataFrame
        Index of ``drugs``; ``called`` (the official name where the drug goes by a code, what a number stands for where
        it goes by one), ``standing`` (a key of :data:`WORDS`; ``"unknown"`` where no table names the drug),
        ``stands`` (in words), ``since`` (year of the first approval for that use, where a source gives it),
        ``used_for``, ``ended`` (withdrawals, refusals and the like), ``failed`` (trials in breast cancer of the subtype
        that found no gain, ``"not looked up"`` where nobody did) and ``citation``.
    """
    keys = pd.Series(drugs.index.astype(str), index=drugs.index)
    if "inchikey" in drugs:
        keys = drugs["inchikey"].where(drugs["inchikey"].isin(_table().index), keys)
    found = _table().reindex(keys.to_numpy()).set_axis(drugs.index)
    standing = found["standing"].fillna("unknown").astype(object)
    told = lb.shipped()
    told = told[told["subtype"] == subtype]
    approved = told[told["status"] == "approved"].drop_duplicates("inchikey").set_index("inchikey")
    here = keys.isin(approved.index)
    label = approved.reindex(keys.to_numpy()).set_axis(drugs.index)
    standing = standing.mask(here, "standard")
    phase = found["phase"].fillna("")
    words = standing.map(WORDS).astype(object)
    words = words.where((standing != "investigational") | (phase == ""), words + ", phase " + phase)
    return pd.DataFrame(
        {
            "called": _called(drugs["name"], found["called"]) if "name" in drugs else keys,
            "standing": standing,
            "stands": words,
            "since": label["year"].where(here, found["year"]),
            "used_for": found["use"],
            "ended": found["ended"],
            "failed": _failed(subtype, told).reindex(keys.to_numpy()).fillna(NOT_LOOKED_UP).to_numpy(),
            "citation": label["citation"].where(here, found["citation"]),
        },
        index=drugs.index,
    )


def _called(names: pd.Series, official: pd.Series) -> pd.Series:
    """Names that a reader can use: official ones for codes, and a word on what a bare number is."""
    told = official.where(official.notna(), names)
    number = told.astype(str).str.fullmatch(r"\d+")
    return told.mask(number, "compound " + told.astype(str) + " (known by its number only)")


def _failed(subtype: str, told: pd.DataFrame) -> pd.Series:
    """InChIKey to the trials of breast cancer that failed, in words."""
    trials = failed_trials()
    here = np.array([subtype in own.split(";") for own in trials["subtypes"].fillna("")], dtype=bool)
    trials = trials[(trials["disease"] == "breast") & here]
    own = trials["inchikey"], trials["setting"] + ": " + trials["result"] + " (" + trials["citation"] + ")"
    labels = told[(told["status"] == "failed") & ~told["inchikey"].isin(trials["inchikey"])]
    both = pd.concat([pd.Series(own[1].to_numpy(), index=own[0].to_numpy()),
                      pd.Series(labels["citation"].to_numpy(), index=labels["inchikey"].to_numpy())])  # fmt: skip
    joined: pd.Series = both.groupby(level=0).agg(lambda texts: "; ".join(dict.fromkeys(texts)))
    return joined
