"""A planted screen whose drugs carry structures the package can recognise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from omics_rx.core.cohort import with_info
from omics_rx.core.screen import DrugScreen
from omics_rx.harmonize import drugs as structures

_SMILES = (
    "CCO", "CCN", "CCC", "c1ccccc1", "CC(=O)O", "CCOC", "CCCl", "CCBr", "CC#N", "CCS", "C1CCCCC1", "OCCO",
)  # fmt: skip


def make_planted(n_cells: int = 80, n_drugs: int = 12, noise: float = 0.3, seed: int = 7) -> DrugScreen:
    """Four genes of 40 drive four groups of drugs; a sixth of the pairs was not measured, and one event moves D00."""
    n_genes = 40
    smiles = [*_SMILES, *("C" * length + end for end in ("O", "N", "C=O", "Cl") for length in range(4, 14))][:n_drugs]
    random = np.random.default_rng(seed)
    names = pd.Index([f"cell{i:03d}" for i in range(n_cells)])
    expression = random.normal(size=(n_cells, n_genes))
    event = (np.arange(n_cells) % 5 == 0).astype(float)
    table = pd.DataFrame(
        {
            "name": [f"drug {i}" for i in range(n_drugs)],
            "smiles": smiles,
            "inchikey": [structures.structure(text).inchikey for text in smiles],
            "targets": [f"GENE{i % 4:02d}" for i in range(n_drugs)],
            "mechanism": [f"group {i % 4}" for i in range(n_drugs)],
        },
        index=[f"D{i:02d}" for i in range(n_drugs)],
    )
    values = 1.0 + 3 * np.arange(n_drugs) / n_drugs - expression[:, [i % 4 for i in range(n_drugs)]]
    values[:, 0] -= 2.5 * event
    values += random.normal(scale=noise, size=values.shape)
    values[random.random(values.shape) < 1 / 6] = np.nan
    responses = (
        pd.DataFrame(values, index=names, columns=table.index)
        .rename_axis("cell_id")
        .melt(var_name="drug_id", value_name="ln_ic50", ignore_index=False)
        .reset_index()
        .dropna()
    )
    obs = pd.DataFrame({"name": names, "tissue": np.where(np.arange(n_cells) % 4, "lung", "breast")}, index=names)
    cells = AnnData(expression.astype(np.float32), obs=obs)
    cells.var_names = [f"GENE{i:02d}" for i in range(n_genes)]
    cells.obsm["events"] = pd.DataFrame({"ABC_mut": event, "DEF_gain": random.integers(0, 2, n_cells)}, index=names)
    return DrugScreen(responses, with_info(cells, unit="z", domain="cell_line"), table, "planted")


@pytest.fixture(scope="session")
def planted() -> DrugScreen:
    return make_planted()


@pytest.fixture(scope="session")
def planted_like() -> Callable[..., DrugScreen]:
    """The same plan in another size, noise or seed."""
    return make_planted
