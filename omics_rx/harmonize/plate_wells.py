"""Raw plates of a drug screen: signal of wells to viability, and what the plate says of itself.

Viability is ``(signal - blank) / (control - blank)``, with the medians of the plate's untreated wells and of its wells
without cells. Z' is ``1 - 3 (sd of controls + sd of blanks) / |difference of their means|``.

References
----------
Zhang, Chung and Oldenburg, A simple statistical parameter for use in evaluation and validation of high throughput
screening assays, J Biomol Screen 4 (1999), 67-73.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples

_ROLES = {
    "control": ("control", "controls", "untreated", "vehicle", "dmso", "neg", "negative", "negative control",
                "negcontrol", "nc", "max"),
    "blank": ("blank", "blanks", "background", "medium", "media", "no cells", "empty", "min"),
    "killed": ("killed", "positive", "pos", "positive control", "pc", "kill"),
    "sample": ("sample", "samples", "drug", "treated", "treatment", "compound", "test"),
}  # fmt: skip
_FORMATS = {96: (8, 12), 384: (16, 24), 1536: (32, 48)}
_WELL = re.compile(r"([A-Za-z]{1,2})\s*0*(\d{1,2})")
_FEW = 3
_EDGE = 0.15  # share by which edge wells must differ from inner ones, beyond their noise, to be told


@dataclass(frozen=True, eq=False)
class Plates:
    """Plates brought to viability.

    Attributes
    ----------
    points
        One row a treated well: ``cell_id``, ``drug_id``, ``dose_um``, ``viability``, ``plate`` and, where given,
        ``well`` and ``screen``: what :func:`omics_rx.harmonize.fit_curves` takes.
    quality
        Index ``plate``; ``n_wells``, ``format`` (wells of the plate, where wells are named), ``n_controls``,
        ``n_blanks``, ``control`` and ``blank`` (medians, the unit of the signal), ``control_cv`` (standard deviation
        over mean), ``z_prime`` (missing under three wells of either kind), ``edge`` (median control on the edge over
        the median inside, or of the lowest doses where controls stand on one side only; 1 is no effect), ``problem``
        (in words, empty where none).
    """

    points: pd.DataFrame
    quality: pd.DataFrame

    def __repr__(self) -> str:
        bad = int(self.quality["problem"].ne("").sum())
        return f"Plates({len(self.quality)} plates, {len(self.points):,} treated wells; {bad} plates with a problem)"


@in_words
def plates(wells: pd.DataFrame, *, blank: float | None = None, least_z: float = 0.5) -> Plates:
    """Bring raw wells to viability, plate by plate.

    Parameters
    ----------
    wells
        One row a well: ``plate``, ``signal``, ``role`` (``control``, ``blank``, ``killed`` or ``sample``, or words in
        use for them: DMSO, vehicle, untreated, medium, background, ...); of samples ``cell_id``, ``drug_id`` and
        ``dose_um``; ``well`` (``A1`` to ``H12``, ``P24`` or ``AF48``) and ``screen`` where known.
    blank
        Signal without cells, for plates that have no such well; 0 where the reader has taken it off already.
    least_z
        Z' under which a plate is said to have a problem.

    Raises
    ------
    InputError
        If columns are missing, roles are not known, a plate has no control or no blank, a signal is no number, a well
        stands twice, or the control lies no higher than the blank.
    """
    table = _checked(wells)
    points, rows = [], {}
    for plate, own in table.groupby("plate", sort=False):
        points.append(_normalised(own, blank, str(plate)))
        rows[plate] = _quality(own, points[-1], blank, least_z)
    quality = pd.DataFrame.from_dict(rows, orient="index").rename_axis("plate").astype({"format": "Int64"})
    return Plates(pd.concat(points, ignore_index=True), quality)


@in_words
def from_grid(grid: pd.DataFrame, *, plate: Hashable = "plate", value: str = "signal") -> pd.DataFrame:
    """Wells of one plate read as it lies on the table: rows A, B, ... and columns 1, 2, ...

    Parameters
    ----------
    grid
        8 x 12, 16 x 24 or 32 x 48 numbers (signal) or words (a layout of drugs, lines or roles).
    plate, value
        Name of the plate, and of the column that holds what stands in the grid.

    Returns
    -------
    pandas.DataFrame
        ``plate``, ``well`` and the value: one row a well. Tables of signal, roles, drugs and doses of a plate are
        joined by plate and well.

    Raises
    ------
    InputError
        If the grid has the shape of no plate.
    """
    if not isinstance(grid, pd.DataFrame) or grid.shape not in _FORMATS.values():
        shape = getattr(grid, "shape", type(grid).__name__)
        raise InputError(f"the grid is {shape}: a plate has 8 x 12, 16 x 24 or 32 x 48 wells")
    names = [f"{_row_name(row)}{column + 1}" for row in range(grid.shape[0]) for column in range(grid.shape[1])]
    return pd.DataFrame({"plate": plate, "well": names, value: grid.to_numpy().ravel()})


def _row_name(row: int) -> str:
    return chr(65 + row) if row < 26 else "A" + chr(65 + row - 26)


def _checked(wells: pd.DataFrame) -> pd.DataFrame:
    if not isinstance(wells, pd.DataFrame):
        raise InputError(f"the wells are a {type(wells).__name__}: give a frame, one row a well")
    absent = [name for name in ("plate", "role", "signal", "cell_id", "drug_id", "dose_um") if name not in wells]
    if absent:
        raise InputError(f"the wells have no column {', '.join(absent)}: they have {examples(wells.columns, 10)}")
    if not len(wells):
        raise InputError("there are no wells")
    table = wells.reset_index(drop=True).copy()
    table["signal"] = pd.to_numeric(table["signal"], errors="coerce").astype(np.float64)
    if (bad := ~np.isfinite(table["signal"])).any():
        raise InputError(
            f"{int(bad.sum())} signals are missing or no numbers ({examples(table.index[bad])}): leave them out"
        )
    if table["plate"].isna().any():
        raise InputError(f"{int(table['plate'].isna().sum())} wells have no plate: name it")
    known = {word: role for role, words in _ROLES.items() for word in words}
    said = table["role"].astype(str).str.strip().str.casefold().str.replace(r"[_-]+", " ", regex=True)
    table["role"] = said.map(known)
    if (bad := table["role"].isna()).any():
        raise InputError(
            f"{int(bad.sum())} wells have a role that is not known ({examples(said[bad].unique())}): say control, "
            "blank, killed or sample"
        )
    sample = table["role"].eq("sample")
    lacking = table.loc[sample, ["cell_id", "drug_id", "dose_um"]].isna().any(axis=1)
    if lacking.any():
        raise InputError(f"{int(lacking.sum())} treated wells lack cell_id, drug_id or dose_um: name them")
    if "well" in table:
        table[["row", "column"]] = _places(table["well"])
        twice = table.duplicated(["plate", "row", "column"], keep=False)
        if twice.any():
            told = table.loc[twice, "plate"].astype(str) + " " + table.loc[twice, "well"].astype(str)
            raise InputError(f"{int(twice.sum())} wells stand twice ({examples(told.unique())}): one row a well")
    return table


def _places(wells: pd.Series) -> np.ndarray:
    """Row and column of each well, from 0, ``(n, 2)``."""
    found = [_WELL.fullmatch(str(name).strip()) for name in wells]
    bad = [str(name) for name, match in zip(wells, found, strict=True) if match is None]
    if bad:
        raise InputError(f"{len(bad)} wells are no places on a plate ({examples(bad)}): write A1 to P24")
    places = []
    for match in found:
        assert match is not None  # noqa: S101 - all others were refused above
        letters = match[1].upper()
        row = ord(letters[-1]) - 65 + (26 if len(letters) == 2 else 0)
        places.append((row, int(match[2]) - 1))
    return np.array(places)


def _normalised(own: pd.DataFrame, blank: float | None, plate: str) -> pd.DataFrame:
    control, dark = own.loc[own["role"].eq("control"), "signal"], own.loc[own["role"].eq("blank"), "signal"]
    if control.empty:
        raise InputError(f"plate {plate} has no control (untreated) well: viability is a share of it")
    if dark.empty and blank is None:
        raise InputError(f"plate {plate} has no blank well: say blank=0 if the background is taken off, or its signal")
    low = float(dark.median()) if len(dark) else float(blank or 0.0)
    high = float(control.median())
    if high <= low:
        raise InputError(
            f"plate {plate}: controls ({high:g}) lie no higher than blanks ({low:g}): are the roles right?"
        )
    kept = [name for name in ("cell_id", "drug_id", "screen", "dose_um", "plate", "well") if name in own]
    points = own.loc[own["role"].eq("sample"), kept].copy()
    points["viability"] = (own.loc[points.index, "signal"] - low) / (high - low)
    return points


def _quality(own: pd.DataFrame, points: pd.DataFrame, blank: float | None, least_z: float) -> dict[str, object]:
    control, dark = own.loc[own["role"].eq("control"), "signal"], own.loc[own["role"].eq("blank"), "signal"]
    z = np.nan
    if min(len(control), len(dark)) >= _FEW:
        z = 1 - 3 * float(control.std() + dark.std()) / abs(float(control.mean() - dark.mean()))
    wells, edge, sure = _edge(own, points)
    problems = []
    if z < least_z:
        problems.append(f"Z' {z:.2f}")
    if sure:
        problems.append(f"edge wells at {edge:.2f} of those inside")
    return {
        "n_wells": len(own), "format": wells, "n_controls": len(control), "n_blanks": len(dark),
        "control": float(control.median()), "blank": float(dark.median()) if len(dark) else blank,
        "control_cv": float(control.std() / control.mean()) if len(control) > 1 else np.nan, "z_prime": z,
        "edge": edge, "problem": "; ".join(problems),
    }  # fmt: skip


def _edge(own: pd.DataFrame, points: pd.DataFrame) -> tuple[float, float, bool]:
    """Wells of the plate, edge over inner wells (controls, else lowest doses), and whether it is an effect."""
    if "row" not in own:
        return np.nan, np.nan, False
    size = next((n for n, (rows, columns) in _FORMATS.items()
                 if own["row"].max() < rows and own["column"].max() < columns), None)  # fmt: skip
    if size is None:
        raise InputError(f"plate {own['plate'].iloc[0]} has wells beyond P24 and AF48: {examples(own['well'].tail(3))}")
    rows, columns = _FORMATS[size]
    outer = own["row"].isin([0, rows - 1]) | own["column"].isin([0, columns - 1])
    lowest = points["dose_um"].eq(points.groupby(["cell_id", "drug_id"])["dose_um"].transform("min"))
    for some in (own.index[own["role"].eq("control")], points.index[lowest]):
        out, inner = own.loc[some, "signal"][outer[some]], own.loc[some, "signal"][~outer[some]]
        if min(len(out), len(inner)) >= _FEW:
            ratio = float(out.median() / inner.median())
            noise = float(np.hypot(out.std() / np.sqrt(len(out)), inner.std() / np.sqrt(len(inner))) / inner.median())
            return float(size), ratio, abs(ratio - 1) > max(_EDGE, 3 * noise)
    return float(size), np.nan, False
