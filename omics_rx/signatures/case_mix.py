"""What kinds of patients a signature was trained on, and whether a cohort has the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency

from omics_rx.core.errors import InputError
from omics_rx.harmonize.levels import levels_of
from omics_rx.metrics.by_level import holm

COLUMNS = ("subtype", "er_status", "her2_status", "grade", "stage", "race", "age")
SHARES = ["column", "level", "training", "cohort", "p_value"]
_SUBTYPES = ("subtype", "pam50", "pam50_subtype", "Subtype_mRNA", "subtype_mrna")
_LEAST = 5  # patients of a level on either side whose share is compared


def counts(tables: Iterable[pd.DataFrame]) -> dict[str, dict[str, int]]:
    """Patients of each level of the columns that are recorded, over cohorts; plain values."""
    found: dict[str, dict[str, int]] = {}
    for obs in tables:
        for name in COLUMNS:
            labels = _labels(obs, name)
            if labels is None:
                continue
            own = found.setdefault(name, {})
            for level, number in labels.value_counts().sort_index().items():
                own[str(level)] = own.get(str(level), 0) + int(number)
    return found


def compared(trained: Mapping[str, Mapping[str, int]], obs: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """Shares in training and in a cohort, p of each column corrected for their number (Holm), and the smallest p."""
    here = counts([obs])
    rows, tests = [], {}
    for column, before in trained.items():
        now = here.get(column, {})
        levels = sorted(set(before) | set(now))
        if not set(before) & set(now):  # recorded in other words: nothing can be compared
            continue
        table = np.array([[side.get(level, 0) for level in levels] for side in (before, now)], dtype=np.float64)
        enough = table.sum(axis=0) >= _LEAST
        if enough.sum() > 1 and (table[:, enough].sum(axis=1) > 0).all():
            tests[column] = float(chi2_contingency(table[:, enough], correction=False).pvalue)
        share = table / table.sum(axis=1, keepdims=True)
        rows += [
            {"column": column, "level": level, "training": share[0, at], "cohort": share[1, at],
             "p_value": tests.get(column, np.nan)}
            for at, level in enumerate(levels)
        ]  # fmt: skip
    corrected = dict(zip(tests, holm(np.array(list(tests.values()))), strict=True)) if tests else {}
    for row in rows:
        row["p_value"] = corrected.get(str(row["column"]), np.nan)
    return pd.DataFrame(rows, columns=SHARES), float(min(corrected.values())) if corrected else float("nan")


def of_subtypes(shares: pd.DataFrame) -> bool:
    """Whether it is subtypes or receptors whose shares differ."""
    sure = shares[shares["p_value"] < 0.05]
    return bool(sure["column"].isin(["subtype", "er_status", "her2_status"]).any())


def sentence(shares: pd.DataFrame) -> str:
    """The shares that differ most."""
    sure = shares[shares["p_value"] < 0.05]
    gaps = sure.assign(gap=(sure["cohort"] - sure["training"]).abs()).sort_values("gap", ascending=False).head(3)
    return ", ".join(
        f"{row['column']} {row['level']} {row['cohort']:.0%} for {row['training']:.0%}"
        for row in gaps.to_dict("records")
    )


def _labels(obs: pd.DataFrame, name: str) -> pd.Series | None:
    """Known levels of a column, read as :func:`levels_of` does; None where it is not there or cannot be read."""
    asked = next((column for column in _SUBTYPES if column in obs), name) if name == "subtype" else name
    try:
        found = levels_of(obs, asked, single=True)
    except InputError:
        return None
    known: Any = found.labels[found.labels.isin(list(found.known))]
    return known if len(known) else None
