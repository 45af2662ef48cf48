"""Figures by group of lines, against the same figures worked apart."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

import omics_rx as orx
from omics_rx.core.errors import InputError, UnknownNameError
from omics_rx.core.screen import DrugScreen


@pytest.fixture(scope="module")
def fitted(planted):
    cells = planted.cells.copy()
    group = np.array(["one", "two", None], dtype=object)[np.arange(cells.n_obs) % 3]
    group[0] = "alone"
    cells.obs["ancestry"] = group
    cells.obs["id"] = [f"line {i}" for i in range(cells.n_obs)]
    screen = DrugScreen(planted.responses, cells, planted.drugs, "grouped")
    return orx.response.ResponseModel(("kernel",)).fit(screen, progress=False)


def test_figures_are_those_of_the_group_alone(fitted):
    found = orx.response.by_group(fitted, "ancestry")
    assert set(found.index) == {"one", "two", "not known"}  # a group of one line has no figure
    lines = fitted.screen_.cells.obs["ancestry"]
    measured, predicted = fitted.screen_.matrix(), fitted.held_out_
    names = predicted.index[(lines.reindex(predicted.index) == "two").to_numpy()]
    gap = predicted.loc[names] - measured.loc[names, predicted.columns]
    assert found.loc["two", "n_lines"] == len(names)
    assert found.loc["two", "n_pairs"] == gap.notna().to_numpy().sum()
    assert found.loc["two", "bias"] == pytest.approx(np.nanmean(gap))
    assert found.loc["two", "rmse"] == pytest.approx(np.sqrt(np.nanmean(gap**2)))
    means = measured.drop(index=names)[predicted.columns].mean()
    y, f = ((table.loc[names, means.index] - means).to_numpy() for table in (measured, predicted))
    known = np.isfinite(y)
    assert found.loc["two", "normalised_r"] == pytest.approx(np.corrcoef(y[known], f[known])[0, 1])


def test_what_cannot_be_told_apart_is_refused(fitted):
    with pytest.raises(UnknownNameError, match="column of the lines"):
        orx.response.by_group(fitted, "continent")
    with pytest.raises(InputError, match="shared by 5 lines"):
        orx.response.by_group(fitted, "id")
    older = clone(fitted)
    older.learnt_ = type(fitted.learnt_)(**{**vars(fitted.learnt_), "held_out": None})
    with pytest.raises(InputError, match="fit it again"):
        orx.response.by_group(older, "ancestry")
