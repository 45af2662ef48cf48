"""Scores over a map of single cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from matplotlib import pyplot as plt

import omics_rx as orx
from omics_rx.core.errors import InputError


@pytest.fixture
def cells() -> AnnData:
    random = np.random.default_rng(0)
    names = pd.Index([f"c{i}" for i in range(50)])
    made = AnnData(np.zeros((50, 2), dtype=np.float32), obs=pd.DataFrame({"type": ["T", "B"] * 25}, index=names))
    made.obsm["X_umap"] = random.normal(size=(50, 2))
    yield made
    plt.close("all")


def test_highest_cells_are_drawn_last_and_missing_ones_first(cells):
    score = pd.Series(np.arange(50.0), index=cells.obs_names, name="ferroptosis")
    score.iloc[:5] = np.nan
    ax = orx.plots.umap(cells, score.sample(frac=1, random_state=0))
    missing, shown = ax.collections[:2]
    assert np.allclose(missing.get_offsets(), cells.obsm["X_umap"][:5])
    assert np.allclose(shown.get_offsets(), cells.obsm["X_umap"][5:])
    assert np.array_equal(shown.get_array(), np.arange(5.0, 50))
    assert ax.figure.axes[1].get_ylabel() == "ferroptosis"


def test_types_have_a_legend(cells):
    ax = orx.plots.umap(cells, "type")
    assert {text.get_text() for text in ax.get_legend().get_texts()} == {"T", "B"}
    assert sum(len(points.get_offsets()) for points in ax.collections) == 50


@pytest.mark.parametrize(
    ("score", "basis", "message"),
    [
        ("type", "X_tsne", "no obsm 'X_tsne'"),
        ("kind", "X_umap", "no obs column 'kind'"),
        (pd.Series([1.0], index=["x"]), "X_umap", "no cell of the map has a value"),
    ],
)
def test_refusals(cells, score, basis, message):
    with pytest.raises(InputError, match=message):
        orx.plots.umap(cells, score, basis=basis)
