"""Responses beyond the doses tested: only a bound is known of them, and no more than the bound is learnt.

The parts learn from complete values, so a censored response is given the value expected of it: the mean of a normal
distribution about what the parts predict for its line unseen, cut off at the bound. Fitting and expecting alternate.

References
----------
Buckley and James, Linear regression with censored data, Biometrika 66 (1979), 429-436: censored values replaced by
their expectation given the fit. Tobin, Estimation of relationships for limited dependent variables, Econometrica 26
(1958), 24-36: the normal model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import log_ndtr

from omics_rx.core.errors import InputError, examples
from omics_rx.response.parts.base import Training

if TYPE_CHECKING:
    from omics_rx.core.screen import DrugScreen

_MIN_LINES = 10
_SMALLEST = 1e-6


@dataclass(frozen=True, eq=False)
class Bounds:
    """Which responses are known as bounds only.

    Attributes
    ----------
    side
        1 where the response lies above ``bound``, -1 where below, 0 where it was measured, ``(n_cells, n_drugs)``.
    bound
        Bound (ln uM); NaN where measured.
    """

    side: np.ndarray
    bound: np.ndarray

    def __bool__(self) -> bool:
        return bool(self.side.any())


def bounds(screen: DrugScreen, training: Training) -> Bounds:
    """Find the responses that lie beyond the doses tested.

    ``responses["censored"]`` marks those above the highest dose, ``"below_lowest"`` those below the lowest. The bound
    is ``ln(highest_um)`` (or ``ln(lowest_um)``) where the screen has that column, else the least of the drug's censored
    values in that screen, which for a fit that extrapolates is the nearest to the dose. A pair screened
    several times is a bound only if every screen says so.

    Raises
    ------
    InputError
        If a dose is not above 0.
    """
    shape = training.y.shape
    side, at = np.zeros(shape), np.full(shape, np.nan)
    for sign, flag, dose in ((1, "censored", "highest_um"), (-1, "below_lowest", "lowest_um")):
        table = _table(screen, sign, flag, dose)
        if table is None:
            continue
        keys = [table.index.get_level_values(name) for name in ("cell_id", "drug_id")]
        row = training.cells.names.get_indexer(keys[0])
        column = training.drugs.names.get_indexer(keys[1])
        kept = (row >= 0) & (column >= 0)
        side[row[kept], column[kept]] = sign
        at[row[kept], column[kept]] = table.to_numpy()[kept]
    return Bounds(side, at)


def _table(screen: DrugScreen, sign: int, flag: str, dose: str) -> pd.Series | None:
    """Bound of each (cell, drug) whose every screen is beyond that side; None where the screen marks none."""
    responses = screen.responses
    if flag not in responses:
        return None
    marked = responses[flag].eq(True)  # noqa: FBT003 - a missing mark is no mark
    if not marked.any():
        return None
    rows = responses[marked]
    nearest = rows.groupby(["drug_id", "screen"])["ln_ic50"].transform("min" if sign > 0 else "max")
    if dose in rows:
        given = pd.to_numeric(rows[dose], errors="coerce")
        if (given <= 0).any():
            raise InputError(f"{int((given <= 0).sum())} {dose} are not above 0 ({examples(rows.index[given <= 0])})")
        nearest = np.log(given).where(given.notna(), nearest)
    pairs = ["cell_id", "drug_id"]
    every = marked.groupby([responses[name] for name in pairs]).all()
    found: pd.Series = nearest.groupby([rows[name] for name in pairs]).max() if sign > 0 else nearest.groupby(
        [rows[name] for name in pairs]
    ).min()  # fmt: skip
    return found[every.reindex(found.index).to_numpy()]


def at_bounds(training: Training, known: Bounds) -> Training:
    """Training data whose censored responses stand at their bounds."""
    return replace(training, y=np.where(known.side != 0, known.bound, training.y))


def expected(training: Training, known: Bounds, held_out: np.ndarray) -> tuple[Training, np.ndarray]:
    """Give each censored response what is expected of it, and say how far off predictions are.

    Parameters
    ----------
    training
        Responses (ln uM); what stands for censored ones is only used for the spread of each drug's errors.
    known
        The bounds.
    held_out
        Predictions for lines not seen (ln uM), ``(n_cells, n_drugs)``.

    Returns
    -------
    training, errors
        With censored responses replaced, and measured less predicted (ln uM); for a censored response the root of
        the mean square of that, given the bound.
    """
    error = training.y - held_out
    seen = np.isfinite(error)
    n = seen.sum(axis=0)
    square = np.where(seen, error, 0.0) ** 2
    typical = square.sum() / max(int(seen.sum()), 1)
    spread = np.sqrt(np.where(n >= _MIN_LINES, square.sum(axis=0) / np.maximum(n, 1), typical))
    spread = np.maximum(np.broadcast_to(spread, error.shape), _SMALLEST)
    away = np.where(known.side != 0, known.side * (known.bound - held_out) / spread, 0.0)
    # mean of a standard normal above ``away``: density over upper tail, in logarithms so that far tails do not vanish
    ratio = np.exp(-0.5 * away**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(-away))
    y = np.where(known.side != 0, held_out + known.side * spread * ratio, training.y)
    root = spread * np.sqrt(np.maximum(1 + away * ratio, _SMALLEST))
    return replace(training, y=y), np.where(known.side != 0, root, training.y - held_out)
