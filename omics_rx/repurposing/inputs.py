"""What a user brings, matched to the drugs and lines of a screen: a perturbation library, evidence of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx import harmonize
from omics_rx.core.errors import InputError, examples
from omics_rx.repurposing import reversal
from omics_rx.repurposing.evidence import LINE_GROUP
from omics_rx.repurposing.kinds import ADDED, KINDS, OUTCOMES, SUPPORT
from omics_rx.repurposing.labels import find_drugs

if TYPE_CHECKING:
    from omics_rx.core.screen import DrugScreen


def line_groups(screen: DrugScreen) -> pd.Series:
    """Subtype group of each breast line of a screen; missing where it is no breast line or not known."""
    obs = screen.cells.obs
    if "breast_subtype" not in obs:
        return pd.Series(np.nan, index=obs.index, dtype=object)
    groups = obs["breast_subtype"].astype(object)
    known: pd.Series = groups.where(groups.isin(set(LINE_GROUP.values())))
    return known


def read_library(library: pd.DataFrame, drugs: pd.DataFrame) -> tuple[reversal.Profiles, list[str]]:
    """Match a user's perturbation library to the drugs of a screen and to current gene symbols.

    Parameters
    ----------
    library
        Profiles x genes (z or log ratio). Rows are named by drug id, InChIKey, name or alias; a drug may have
        several, whose median is taken.
    drugs
        Drugs of the screen.

    Returns
    -------
    Profiles, list of str
        Profiles of the drugs found, one each; the row names that are no drug of the screen.

    Raises
    ------
    InputError
        If no row names a drug of the screen, or fewer than 50 genes are known.
    """
    found = find_drugs(library.index, drugs)
    absent = sorted({str(name) for name in library.index[found.isna().to_numpy()]})
    if found.isna().all():
        raise InputError(
            f"none of the {len(library)} rows of the perturbation library is a drug of the screen "
            f"({examples(library.index)}): name rows by InChIKey, drug id or name"
        )
    symbols = harmonize.current_symbols(library.columns.astype(str))["symbol"]
    table = library[found.notna().to_numpy()].astype(np.float64)
    table.columns = symbols.to_numpy()
    table = table.T.groupby(level=0).mean().T.dropna(axis=1)
    table.index = found.dropna().to_numpy()
    return reversal.Profiles.of(table.groupby(level=0).median()), absent


def read_extra(
    extra: pd.DataFrame | Mapping[str, pd.DataFrame], drugs: pd.DataFrame, subtypes: tuple[str, ...]
) -> tuple[dict[str, pd.DataFrame], dict[str, int]]:
    """Match a user's own evidence to the drugs of a screen.

    Parameters
    ----------
    extra
        Drugs x numeric columns, or one such frame a subtype. Rows are named by drug id, InChIKey, name or alias. A
        high value speaks for a drug, unless ``extra.attrs["direction"]`` says -1 for its column.
    drugs
        Drugs of the screen.
    subtypes
        Subtypes that get the columns of a single frame.

    Raises
    ------
    InputError
        For names that are no drug of the screen, columns of text, or a column named as a shipped kind.
    """
    frames = (
        dict.fromkeys(subtypes, extra)
        if not isinstance(extra, Mapping)
        else {harmonize.subtype(name, subtypes): frame for name, frame in extra.items()}
    )
    matched: dict[str, pd.DataFrame] = {}
    directions: dict[str, int] = {}
    taken = {kind.name for kind in (*KINDS, *ADDED, OUTCOMES, *SUPPORT)}
    for subtype, frame in frames.items():
        told = harmonize.drugs.find(frame.index, drugs)
        lost = told["drug_id"].isna()
        if lost.any():
            raise InputError(
                f"{int(lost.sum())} rows of the extra evidence are no drug of the screen "
                f"({examples(told['problem'][lost])}): name them by drug id, InChIKey or name"
            )
        found = told["drug_id"]
        bad = [str(c) for c in frame if c in taken or not pd.api.types.is_numeric_dtype(frame[c])]
        if bad:
            raise InputError(f"{len(bad)} extra columns are text or named as a shipped kind ({examples(bad)}): rename")
        own = frame.set_axis(found.to_numpy(), axis=0)
        if own.index.has_duplicates:
            repeated = own.index[own.index.duplicated()].unique()
            raise InputError(
                f"{len(repeated)} drugs have several rows of extra evidence ({examples(repeated)}): keep one"
            )
        matched[subtype] = own.reindex(drugs.index)
        told = frame.attrs.get("direction", {})
        directions.update({str(c): -1 if told.get(c, 1) < 0 else 1 for c in frame})
    return {name: frame.reindex(columns=list(directions)) for name, frame in matched.items()}, directions
