"""For whom a model predicts well: figures by tissue, or by whatever else is known of the lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, unknown_name
from omics_rx.metrics import response as metrics
from omics_rx.response import asked

if TYPE_CHECKING:
    from omics_rx.response.model import ResponseModel

MIN_LINES = 5


@in_words
def by_group(model: ResponseModel, column: str = "tissue") -> pd.DataFrame:
    """How well the lines of each group are predicted by fits that had not seen them.

    Parameters
    ----------
    model
        A fitted model.
    column
        Column of the lines, such as ``"tissue"``, ``"ancestry"`` or ``"msi"``. Lines without a value are a group of
        their own, ``"not known"``.

    Returns
    -------
    DataFrame
        Index the groups of five lines and more, largest first, with ``n_lines``, ``n_pairs``, ``rmse`` (ln uM),
        ``bias`` (mean of predicted less measured, ln uM: above 0 where a group is taken for more resistant than it
        is), ``normalised_r`` (drug means over the lines of all other groups) and ``preference_r``.

    Raises
    ------
    NotFittedError, InputError
        If the model was not fitted; if it was saved by a version that kept no held-out predictions.
    UnknownNameError
        If the lines have no such column.
    """
    asked.model(model)
    lines, predicted = model.screen_.cells.obs, model.held_out_
    if column not in lines:
        raise unknown_name("column of the lines", column, lines.columns.astype(str))
    if predicted is None:
        raise InputError("the model was saved without its held-out predictions: fit it again")
    training = model.learnt_.training
    measured = pd.DataFrame(training.y, predicted.index, predicted.columns)
    told = lines[column].reindex(measured.index)
    groups = told.astype(object).where(told.notna(), "not known").astype(str)
    rows = {}
    for group in groups.value_counts().loc[lambda n: n >= MIN_LINES].index:
        here = (groups == group).to_numpy()
        means = measured[~here].mean()
        own = measured.loc[here, means.notna()].dropna(axis=1, how="all")
        answer = predicted.loc[here, own.columns]
        rows[group] = {
            "n_lines": int(here.sum()),
            "n_pairs": int(own.notna().to_numpy().sum()),
            "rmse": metrics.rmse(own, answer),
            "bias": float(np.nanmean(answer - own)),
            "normalised_r": metrics.normalised_r(own, answer, means),
            "preference_r": metrics.preference_r(own, answer),
        }
    if not rows:
        raise InputError(f"no value of {column!r} is shared by {MIN_LINES} lines: choose another column")
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(column)
