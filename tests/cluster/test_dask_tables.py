"""A matrix in dask chunks, dense or sparse, whole or filtered, gives what the same matrix gives in memory."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import omics_rx as orx

pytestmark = pytest.mark.needs("dask")

GENES = [
    "CD8A",
    "CD8B",
    "GZMA",
    "PRF1",
    "ESR1",
    "FOXP3",
    "CTLA4",
    "CD274",
    "TP53",
    "BRCA1",
    "ERBB2",
    "EGFR",
    "MYC",
    "AKT1",
    "PTEN",
    "CDK4",
    "CDK6",
    "MKI67",
    "AURKA",
    "BIRC5",
    "CCNB1",
    "KRT5",
    "KRT14",
    "KRT17",
    "GATA3",
    "FOXA1",
    "XBP1",
    "BCL2",
    "PGR",
    "GRB7",
]
SETS = {"a": GENES[:5], "b": GENES[5:12]}
CALLS = {
    **{
        method: lambda cells, method=method: orx.scores.score(cells, SETS, method=method, progress=False)
        for method in ("ssgsea", "gsva", "aucell", "zscore")
    },
    "check": lambda cells: pd.DataFrame([len(str(orx.check(cells)))]),
    "genes": lambda cells: _frame(orx.harmonize.genes(cells)),
    "quality": orx.io.cell_quality,
    "pseudobulk": lambda cells: _frame(orx.harmonize.pseudobulk(cells, "donor")),
    "normalise": lambda cells: _frame(orx.io.normalise(cells)),
}


def _frame(cells):
    values = cells.X.compute() if hasattr(cells.X, "compute") else cells.X
    values = values.toarray() if hasattr(values, "toarray") else np.asarray(values)
    return pd.DataFrame(values, index=cells.obs_names, columns=cells.var_names)


def _cells(kind):
    from dask import array

    values = np.random.default_rng(0).poisson(3, (60, len(GENES))).astype(np.float32)
    made = {
        "memory": lambda: values,
        "dense": lambda: array.from_array(values, chunks=(25, len(GENES))),
        "sparse": lambda: array.from_array(values, chunks=(25, len(GENES))).map_blocks(sparse.csr_matrix),
        "columns": lambda: array.from_array(values, chunks=(25, 11)),
    }
    obs = pd.DataFrame({"donor": [f"d{i % 3}" for i in range(60)]}, index=[f"c{i}" for i in range(60)])
    return ad.AnnData(made[kind](), obs=obs, var=pd.DataFrame(index=GENES))


@pytest.mark.parametrize("call", list(CALLS))
@pytest.mark.parametrize("filtered", [False, True], ids=["whole", "filtered"])
@pytest.mark.parametrize("kind", ["dense", "sparse", "columns"])
def test_chunks_give_what_memory_gives(call, kind, filtered):
    rows = np.arange(60) % 3 != 1 if filtered else slice(None)
    due, found = (CALLS[call](_cells(one)[rows]) for one in ("memory", kind))
    pd.testing.assert_frame_equal(found, due, check_dtype=False, rtol=1e-6)
