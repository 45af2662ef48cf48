"""Drift of a cohort from the cell lines that a response model was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError
from omics_rx.harmonize import drifted
from omics_rx.harmonize.drifted import Drifted
from omics_rx.response.parts.base import Cells

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike
    from omics_rx.response.model import ResponseModel

_GENES = 200  # of a model's thousands, evenly spaced in its own order, whose correlations are compared
_ENOUGH = 20


def _at_hand(cells: Cells, training: Cells) -> tuple[list[int], float]:
    """Places of the genes that are compared, and the share of all genes that the cohort has."""
    here = np.isfinite(cells.z).all(axis=0)
    known, share = np.flatnonzero(here & np.isfinite(training.z).all(axis=0)), float(here.mean())
    picked = known[np.unique(np.linspace(0, len(known) - 1, _GENES).astype(int))] if len(known) else known
    return [int(at) for at in picked if training.z[:, at].std() > 0 and cells.z[:, at].std() > 0], share


def alike(cells: Cells, training: Cells) -> str:
    """How far genes go together as in the training lines, as a short text for every prediction."""
    if len(cells) < _ENOUGH:
        return f"drift: {len(cells)} samples are too few to tell"
    genes, share = _at_hand(cells, training)
    if len(genes) < 2:
        return "drift: too few genes to tell"
    upper = np.triu_indices(len(genes), 1)
    one, two = (np.corrcoef(side.z[:, genes], rowvar=False)[upper] for side in (cells, training))
    return (
        f"drift: {share:.0%} of the genes are there, which go together as in the training lines with "
        f"r = {np.corrcoef(one, two)[0, 1]:.2f}"
    )


def of_model(
    model: ResponseModel, cohort: CohortLike, *, domain: str | None, seed: int, n_draws: int
) -> Drifted:  # fmt: skip
    """Hold a cohort against the training lines; see :meth:`ResponseModel.drift`."""
    cells, told, stated = model.on_scale(cohort, domain)
    training = model.learnt_.training.cells
    genes, share = _at_hand(cells, training)
    if len(genes) < 2:
        raise InputError("the cohort and the training lines share fewer than two genes that vary: nothing to compare")
    rows, values = training.z[:, genes], cells.z[:, genes]
    trained = drifted.learnt(rows, np.zeros(len(genes)), 0.5)
    table, p = drifted.held_against(values, trained, seed=seed, n_draws=n_draws)
    within = told != "cell_line"
    if within:  # the cohort was standardised by itself: what that takes away is not told
        hidden = table["what"].isin(["place", "scale", "rank order"])
        table.loc[hidden, ["value", "expected", "upper", "p_value"]] = np.nan
    moved = ["genes missing"] if share < 1 else []
    if within:
        moved.append("case mix")
    elif p < drifted.ALPHA:
        moved.append(drifted.what_moved(values, trained))
    usable = not within and not {"unit", "platform"} & set(moved)
    z = (values - trained.mean) / trained.sd
    names = [str(training.genes[at]) for at in genes]
    verdict = (
        f"The response model on {len(cells)} samples against {len(rows)} training lines: {alike(cells, training)}"
        f"{'; ' + ', '.join(moved) if moved else '; nothing moved beyond chance'} (p = {p:.3f}). "
        + ("They are no cell lines: they were scaled within the cohort, which hides place and scale, and errors of "
           "predictions in them are not known." if within else "The frozen scale of the lines may be used." if usable
           else "The frozen scale of the lines may not be used.")
    )  # fmt: skip
    found = pd.DataFrame({"mean_z": z.mean(axis=0), "spread": z.std(axis=0, ddof=1), "weight": np.nan}, index=names)
    shares = pd.DataFrame(columns=["column", "level", "training", "cohort", "p_value"])
    return Drifted("response model", len(cells), stated, table, p, tuple(moved), usable, verdict, found, shares)
