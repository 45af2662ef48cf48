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
    lines = _first(cell_lines.find(_names(second, found.index), screen.cells.obs.loc[own.index])["cell_id"])
    table = drug_door.find(second.drugs.loc[found.columns], screen.drugs.loc[own.columns], what="the model's screen")
    drugs = _first(table["drug_id"])
    found = found.loc[lines.notna().to_numpy(), drugs.notna().to_numpy()]
    found.index, found.columns = pd.Index(lines.dropna()), pd.Index(drugs.dropna())
    found = found.reindex(index=own.index, columns=own.columns)
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


def _names(screen: DrugScreen, cells: pd.Index) -> list[str]:
    obs = screen.cells.obs.loc[cells]
    if "name" not in obs:
        return [str(cell) for cell in cells]
    return [str(name) if pd.notna(name) else str(cell) for name, cell in zip(obs["name"], cells, strict=True)]


def _first(found: pd.Series) -> pd.Series:
    """Each line or drug of the first screen once: the first that was found to be it."""
    return found.where(~found.duplicated())
