"""Another screen's responses, put beside those of a model: its lines and drugs found by whatever they are called."""

from __future__ import annotations

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError
from omics_rx.core.screen import DrugScreen
from omics_rx.harmonize import cell_lines
from omics_rx.harmonize import drugs as drug_door

_MIN_LINES = 20
_SAME = 0.5


def beside(second: DrugScreen, screen: DrugScreen, own: pd.DataFrame, value: str) -> pd.DataFrame:
    """Responses of another screen for the lines and drugs of a first one; NaN where it has none.

    Parameters
    ----------
    second, screen
        The other screen, and the one whose lines and drugs are looked for.
    own
        What the first screen measured, lines x drugs.
    value
        Column of the responses that is read.

    Raises
    ------
    InputError
        If they share no drug with 20 lines in both, or the second holds the measurements of the first.
    """
    found = second.matrix(value)
    found = own_ids(found.set_axis(_names(second, found.index), axis=0), screen, own, second.drugs)
    both = found.notna() & own.notna()
    if not (both.sum() >= _MIN_LINES).any():
        raise InputError(
            f"{second!r} shares no drug with {_MIN_LINES} lines with the model's screen ({int(both.to_numpy().sum())} "
            "pairs in all): are its lines and drugs named as in the tables of the package?"
        )
    same = np.isclose(found.to_numpy()[both.to_numpy()], own.to_numpy()[both.to_numpy()])
    if same.mean() > _SAME:
        raise InputError(
            f"{same.mean():.0%} of the pairs that {second!r} shares with the model's screen are the same measurements: "
            "give a screen that measured them again"
        )
    return found


def own_ids(
    found: pd.DataFrame, screen: DrugScreen, own: pd.DataFrame, drugs: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Values by the lines and drugs of a screen, of whatever its rows and columns are called; NaN where there are none.

    Parameters
    ----------
    found
        Values, lines x drugs.
    screen, own
        The screen and its lines x drugs, whose rows and columns the answer has.
    drugs
        Table of the drugs of ``found``; None goes by the names of its columns.
    """
    lines = _first(cell_lines.find(found.index, screen.cells.obs.loc[own.index])["cell_id"])
    columns = pd.Index([str(name) for name in found.columns])
    table = pd.DataFrame({"name": columns}, index=columns) if drugs is None else drugs.loc[found.columns]
    named = _first(drug_door.find(table, screen.drugs.loc[own.columns], what="the model's screen")["drug_id"])
    kept = found.loc[lines.notna().to_numpy(), named.notna().to_numpy()]
    kept = kept.set_axis(pd.Index(lines.dropna()), axis=0).set_axis(pd.Index(named.dropna()), axis=1)
    return kept.reindex(index=own.index, columns=own.columns)


def _names(screen: DrugScreen, cells: pd.Index) -> list[str]:
    obs = screen.cells.obs.loc[cells]
    if "name" not in obs:
        return [str(cell) for cell in cells]
    return [str(name) if pd.notna(name) else str(cell) for name, cell in zip(obs["name"], cells, strict=True)]


def _first(found: pd.Series) -> pd.Series:
    """Each line or drug of the first screen once: the first that was found to be it."""
    return found.where(~found.duplicated())
