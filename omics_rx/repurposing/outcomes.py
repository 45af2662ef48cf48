"""Outcomes of experiments as a user writes them: every field, one row a subtype, none that contradicts another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples, unknown_name
from omics_rx.repurposing import labels as lb
from omics_rx.repurposing.evidence import LINE_GROUP
from omics_rx.repurposing.ledger import FIELDS


def tidy(outcomes: pd.DataFrame, ranker: Any) -> pd.DataFrame:
    """Outcomes with every field, one row a subtype they stand for."""
    needed = ("drug", "model", "readout", "direction", "source")
    missing = [name for name in needed if name not in outcomes]
    if missing or outcomes.empty:
        raise InputError(
            f"{len(outcomes)} outcomes without column {', '.join(missing) or '(none)'}: give {', '.join(needed)}"
        )
    table = outcomes.reset_index(drop=True).copy()
    empty = [name for name in needed if table[name].isna().any()]
    if empty:
        raise InputError(f"outcomes have empty fields in {', '.join(empty)}: fill them in")
    for name, default in (("weight", 1.0), ("subtype", None)):
        if name not in table:
            table[name] = default
    for name, low, high in (("direction", -1.0, 1.0), ("weight", 1e-6, 1e6)):
        values = pd.to_numeric(table[name], errors="coerce")
        wrong = ~values.between(low, high)
        if wrong.any():
            raise InputError(
                f"{int(wrong.sum())} outcomes have a {name} outside {low:g} to {high:g} "
                f"({examples(table.loc[wrong, name])})"
            )
        table[name] = values.astype(float)
    found = lb.find_drugs(pd.Index(table["drug"].astype(str)), ranker.sources_.drugs).to_numpy()
    unknown = pd.isna(found)
    if unknown.any():
        raise InputError(
            f"{int(unknown.sum())} outcomes are of drugs the screen does not hold "
            f"({examples(table.loc[unknown, 'drug'].unique())}): name them by drug id, InChIKey or name"
        )
    table["drug_id"] = found
    for name in ("drug", "model", "readout", "source"):
        table[name] = table[name].astype(str)
    table = _with_subtypes(table, ranker)
    check_ranked(table, ranker)
    return table[list(FIELDS)]


def _with_subtypes(table: pd.DataFrame, ranker: Any) -> pd.DataFrame:
    """Rows for each subtype an experiment stands for: as told, or by the line it was done in."""
    groups = ranker.lines_
    told = table["subtype"].where(table["subtype"].notna(), None)
    stands: list[list[str]] = []
    for model, subtype in zip(table["model"], told, strict=True):
        group = groups.get(model.casefold())
        stands.append([str(subtype)] if subtype is not None else [s for s, g in LINE_GROUP.items() if g == group])
    nowhere = [not found for found in stands]
    if any(nowhere):
        raise InputError(
            f"{sum(nowhere)} outcomes stand for no subtype ({examples(table.loc[nowhere, 'model'].unique())} are no "
            "breast lines of the screen): add a column subtype"
        )
    wrong = sorted({s for found in stands for s in found} - set(ranker.evidence_))
    told_wrong = [name for name in wrong if name in set(told.dropna())]
    if told_wrong:
        raise unknown_name("subtype", told_wrong[0], ranker.evidence_)
    full = table.assign(subtype=pd.Series(stands, index=table.index, dtype=object)).explode("subtype")
    kept = full[full["subtype"].isin(list(ranker.evidence_))].reset_index(drop=True)
    if kept.empty:
        raise InputError(f"the outcomes stand for {examples(wrong)}, of which the cohort has too few tumours to rank")
    return kept


def check_ranked(table: pd.DataFrame, ranker: Any) -> None:
    """Refuse outcomes of drugs that have no other evidence for their subtype, and so no place to move from."""
    ranked = {subtype: set(ranker.scores_before(subtype)[0]) for subtype in table["subtype"].unique()
              if subtype in ranker.evidence_}  # fmt: skip
    lost = [
        f"{drug} in {subtype}"
        for drug, key, subtype in zip(table["drug"], table["drug_id"], table["subtype"], strict=True)
        if key not in ranked.get(subtype, ())
    ]
    if lost:
        raise InputError(
            f"{len(lost)} outcomes are of drugs that are not ranked for want of other evidence ({examples(lost)}): "
            "leave them out"
        )


def check_against(new: pd.DataFrame, known: pd.DataFrame) -> None:
    """No outcome twice, and no model and readout that says yes and no of one drug."""
    keys = ["drug_id", "subtype", "model", "readout"]
    both = pd.concat([known, new], ignore_index=True) if len(known) else new
    twice = both.duplicated([*keys, "source"], keep=False) & both.duplicated([*keys, "source", "direction"], keep=False)
    if twice.any():
        raise InputError(
            f"{int(twice.sum())} outcomes are given twice ({examples(both.loc[twice, 'drug'].unique())}): keep one, or "
            "name the replicates in source"
        )
    signs = np.sign(both["direction"])
    against = (signs.groupby([both[key] for key in keys]).transform("min") < 0) & (
        signs.groupby([both[key] for key in keys]).transform("max") > 0
    )
    if against.any():
        rows = both.loc[against, ["drug", "model", "readout"]].drop_duplicates().agg(" / ".join, axis=1)
        raise InputError(
            f"{len(rows)} outcomes contradict each other ({examples(rows)}): undo the earlier batch, or settle which "
            "holds"
        )
