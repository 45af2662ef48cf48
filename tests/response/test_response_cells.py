"""Single cells: planted clusters are found, with intervals; too few cells are refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

import omics_rx as orx
from omics_rx.core.cohort import with_info
from omics_rx.core.errors import InputError
from omics_rx.response import cells


@pytest.fixture(scope="module")
def found(planted):
    """Two clusters: in one, the gene that drives drugs D01, D05 and D09 is high, so they are sensitive there."""
    random = np.random.default_rng(0)
    values = random.normal(size=(120, 40))
    values[:60, 1] += 3
    cohort = AnnData(values.astype(np.float32), var=planted.cells.var)
    cohort.obs_names = [f"barcode{i}" for i in range(120)]
    cohort.obs["type"] = ["high"] * 60 + ["low"] * 55 + ["few"] * 3 + [None] * 2
    model = orx.response.ResponseModel(("kernel",)).fit(planted, progress=False)
    answer = model.predict(with_info(cohort, unit="z", domain="single_cell"))
    assert "among themselves" in answer.reference
    return answer, cohort.obs["type"]


def test_planted_clusters_are_told_apart(found):
    answer, types = found
    table = cells.by_cluster(answer, types).set_index(["cluster", "drug_id"])
    assert set(table.index.get_level_values("cluster")) == {"high", "low"}
    for drug in ("D01", "D05", "D09"):
        high, low = table.loc[("high", drug)], table.loc[("low", drug)]
        assert high["upper"] < low["lower"]
        own = answer.preference.loc[types.eq("high"), drug]
        assert high["mean"] == pytest.approx(own.mean())
        assert high["spread"] == pytest.approx(own.std())
        assert high["n"] == 60


def test_selectivity_by_hand(found):
    answer, types = found
    malignant = types.map({"high": True, "low": False})
    table = cells.selectivity(answer, malignant)
    assert set(table.index[:3]) == {"D01", "D05", "D09"}
    ill, well = answer.preference[types.eq("high")], answer.preference[types.eq("low")]
    np.testing.assert_allclose(table["difference"], (ill.mean() - well.mean())[table.index])
    assert table.loc["D01", "resistant_share"] == pytest.approx((ill["D01"] > well["D01"].mean()).mean())
    assert ((table["lower"] <= table["difference"]) & (table["difference"] <= table["upper"])).all()


def test_what_cannot_be_told(found):
    answer, types = found
    with pytest.raises(InputError, match="no cell has a cluster"):
        cells.by_cluster(answer, pd.Series(["a"], index=["z"]))
    with pytest.raises(InputError, match="lower least"):
        cells.by_cluster(answer, types, least=100)
    with pytest.raises(InputError, match="value"):
        cells.by_cluster(answer, types, value="auc")
    with pytest.raises(InputError, match="0 malignant"):
        cells.selectivity(answer, types.map({"low": False}))
