"""Whether the drug's perturbation profile reverses the expression."""

from __future__ import annotations

from functools import partial

import pandas as pd

from omics_rx.repurposing import reversal, reversal_sets
from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind


def _scored(case: Case) -> pd.DataFrame:
    """Six scores of every profile, made once a case."""
    library = case.need("profiles")

    def made() -> pd.DataFrame:
        if reversal_sets.holds_sets(library.z):
            return reversal_sets.score(library.z, case.signature)
        found: pd.DataFrame = library.score(case.signature)
        return found

    scored: pd.DataFrame = case.once("reversal", made)
    return scored


def compute(case: Case) -> pd.Series:
    """Mean of six reversal scores, each over its root mean square over drugs."""
    return reversal.consensus(_scored(case))


def _one(case: Case, *, method: str) -> pd.Series:
    return _scored(case)[method]


METHODS = tuple(
    Kind(f"reversal_{name}", f"reversal {name}", "score", -1, "perturbation library", partial(_one, method=name),
         ranked=False)
    for name in reversal.METHODS
)  # fmt: skip
KIND = Kind(
    "reversal", "reversal of the subtype's expression", "root mean square over drugs", -1,
    "perturbation library: mean of six reversal scores against the subtype's signature", compute, needs=("profiles",),
    support=METHODS, cites=("lamb2006", "subramanian2017", "cheng2014", "zhang2008", "chen2017"),
)  # fmt: skip
