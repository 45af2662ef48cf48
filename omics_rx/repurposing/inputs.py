"""What a user brings, matched to the drugs and lines of a screen: a perturbation library, and lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx import harmonize
from omics_rx.core.errors import DownloadError, InputError, examples
from omics_rx.repurposing import reversal, srges
from omics_rx.repurposing.evidence import LINE_GROUP
from omics_rx.repurposing.labels import find_drugs
from omics_rx.repurposing.library import tidy, without_tails

if TYPE_CHECKING:
    from omics_rx.core.screen import DrugScreen

    Instances = tuple[reversal.Library, pd.DataFrame]


def line_groups(screen: DrugScreen) -> pd.Series:
    """Subtype group of each breast line of a screen; missing where it is no breast line or not known."""
    obs = screen.cells.obs
    if "breast_subtype" not in obs:
        return pd.Series(np.nan, index=obs.index, dtype=object)
    groups = obs["breast_subtype"].astype(object)
    known: pd.Series = groups.where(groups.isin(set(LINE_GROUP.values())))
    return known


def breast_lines(screen: DrugScreen) -> pd.Index | None:
    """Lines of the breast: by tissue where the screen tells it, else those with a breast subtype; None without any."""
    obs = screen.cells.obs
    inside = obs["tissue"].astype(str).eq("breast") if "tissue" in obs else line_groups(screen).notna()
    return obs.index[inside.to_numpy()] if inside.any() else None


def sister_of(screen: DrugScreen, *, wanted: bool) -> tuple[DrugScreen | None, tuple[str, ...]]:
    """GDSC1 beside GDSC2, and the other way round, where it is wanted; else None. And what is to be said."""
    name = {"gdsc": "gdsc1", "gdsc2": "gdsc1", "gdsc1": "gdsc2"}.get(str(screen.name))
    if name is None or not wanted:
        return None, ()
    from omics_rx import datasets

    try:
        found = datasets.load(name)
    except DownloadError as error:
        return None, (f"{name.upper()} could not be loaded ({error}): measured evidence is that of one screen.",)
    return found, ()


def repeats(
    screen: DrugScreen, sister: DrugScreen | None, target: str
) -> tuple[pd.DataFrame | None, tuple[str, ...]]:  # fmt: skip
    """Responses of GDSC1 to the compounds of GDSC2, where that is the screen; else None. And what is to be said."""
    if screen.name not in ("gdsc", "gdsc2") or target != "ln_ic50" or sister is None:
        return None, ()
    other = sister.matrix()
    screened = screen.responses[["screen", "drug_id"]].drop_duplicates()
    both = other.columns.intersection(screened.loc[~screened["screen"].str.startswith("GDSC1"), "drug_id"].tolist())
    return other[both], (f"Of {len(both)} compounds the responses of GDSC1 count beside those of GDSC2.",)


def read_library(
    library: pd.DataFrame, drugs: pd.DataFrame
) -> tuple[reversal.Library, Instances | None, list[str], tuple[str, ...]]:  # fmt: skip
    """Match a user's perturbation library to the drugs of a screen and to current gene symbols.

    Parameters
    ----------
    library
        Profiles x genes (z or log ratio), NaN where a profile lacks a gene. Rows are named by drug id, InChIKey, name
        or alias, in full or with the number that a collection appends; a drug may have several, whose median is taken.
    drugs
        Drugs of the screen.

    Returns
    -------
    Library, (Library, DataFrame) or None, list of str, tuple of str
        Profiles of the drugs found, one each; all their profiles with drug, dose, time and line, where these are told;
        the row names that are no drug of the screen; what is to be said.

    Raises
    ------
    InputError
        If no row names a drug of the screen, or fewer than 50 genes are known.
    """
    table, found = _matched(library, drugs)
    absent = sorted({str(name) for name in found.index[found.isna().to_numpy()]})
    whole = table.groupby(found.dropna().to_numpy()).median()
    thin = whole.notna().sum(axis=1) < min(reversal.MIN_GENES, whole.shape[1])
    n_kept = int((~thin).sum())
    said = [f"The perturbation library has profiles of {n_kept} of {len(drugs)} drugs and {whole.shape[1]} genes."]
    if absent:
        said.append(f"{len(absent)} of its names are no drug ranked ({examples(absent)}).")
    if thin.any():
        said.append(f"{int(thin.sum())} profiles of fewer than {reversal.MIN_GENES} genes were left out "
                    f"({examples(drugs['name'].reindex(whole.index[thin]))}).")  # fmt: skip
    gaps = whole[~thin].isna().to_numpy()
    missing = float(gaps.mean()) if gaps.size else 0.0
    if missing:
        said.append(f"{missing:.1%} of its values are missing: each profile is scored on the genes it has.")
    profiles = reversal.Library.of(whole[~thin])
    return profiles, _instances(srges.conditions(library), table, found), absent, tuple(said)


def _instances(about: pd.DataFrame | None, table: pd.DataFrame, found: pd.Series) -> Instances | None:
    """All profiles of a library that tells dose, time and line of each; None where it does not."""
    if about is None:
        return None
    about = about[found.notna().to_numpy()].assign(drug_id=found.dropna().to_numpy())
    table.index = about.index = pd.Index([f"profile {i}" for i in range(len(table))])
    enough = (table.notna().sum(axis=1) >= reversal.MIN_GENES).to_numpy()
    return (reversal.Library.of(table[enough]), about[enough]) if enough.any() else None


def _matched(library: pd.DataFrame, drugs: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Profiles of drugs that are known x current genes, and the drug id of every row; missing where it is none."""
    library = tidy(library)
    found = find_drugs(pd.Index(library.index.astype(str)), drugs)
    lost = found.isna().to_numpy()
    if lost.any():
        cut = pd.Index(without_tails([str(name) for name in library.index[lost]]))
        found = found.astype(object)
        found[lost] = find_drugs(cut, drugs).to_numpy()
    if found.isna().all():
        raise InputError(
            f"none of the {len(library)} rows of the perturbation library is a drug of the screen "
            f"({examples(library.index)}): name rows by InChIKey, drug id or name"
        )
    symbols = harmonize.current_symbols(library.columns.astype(str))["symbol"]
    table = library[found.notna().to_numpy()].astype(np.float64)
    table = table.where(np.isfinite(table))
    table.columns = symbols.to_numpy()
    table = table.T.groupby(level=0).mean().T.dropna(axis=1, how="all")
    return table, found
