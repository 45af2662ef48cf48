"""Explanations add up, agree with differences taken numerically, and name the planted gene."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.response.explain import gene_contributions


@pytest.fixture(scope="module")
def model(planted):
    return orx.response.ResponseModel().fit(planted, progress=False)


@pytest.mark.parametrize(("cell", "drug"), [("cell000", "D00"), ("cell017", "D05"), ("cell055", "D10")])
def test_base_genes_and_rest_add_up_to_the_prediction(model, planted, cell, drug):
    found = model.explain(cell, drug)
    assert found.base + found.genes.sum() == pytest.approx(found.core, abs=1e-6)
    mean = float(model.predict(planted.cells[[cell]]).mean[drug].iloc[0])
    assert found.core + found.rest == pytest.approx(mean, abs=1e-9)


def test_contributions_agree_with_numerical_integration(model):
    kernel = model.learnt_.stack.parts["kernel"]
    z, lines, dual = kernel.training_.cells.z[3], kernel.training_.cells.z, kernel.dual_[:, 2]
    rate = kernel.gamma_ / len(z)

    def answer(x: np.ndarray) -> float:
        return float(np.exp(-rate * ((x - lines) ** 2).sum(axis=1)) @ dual)

    gene, h = 6, 1e-5
    step = np.zeros(len(z))
    step[gene] = h
    way = (np.arange(2000) + 0.5) / 2000
    slopes = [(answer(at * z + step) - answer(at * z - step)) / (2 * h) for at in way]
    assert gene_contributions(kernel, z, dual)[gene] == pytest.approx(z[gene] * np.mean(slopes), abs=1e-6)


def test_the_planted_gene_leads_over_lines(model, planted):
    for drug in ("D01", "D06", "D11"):
        size = sum(model.explain(cell, drug).genes.abs().reindex(planted.cells.var_names) for cell in
                   planted.cells.obs_names[:20])  # fmt: skip
        assert size.idxmax() == planted.drugs.loc[drug, "targets"]


def test_a_missing_gene_adds_nothing_and_the_rest_still_adds_up(model, planted):
    cohort = planted.cells[:1].to_df().copy()
    cohort.loc["cell000", "GENE07"] = np.nan
    cohort = cohort.rename(index={"cell000": "other"})
    found = model.explain("other", "D03", cohort=cohort, domain="cell_line")
    assert found.genes["GENE07"] == 0
    assert found.base + found.genes.sum() == pytest.approx(found.core, abs=1e-6)


def test_pathways_sum_their_genes(model):
    found = model.explain("cell000", "D00")
    table = found.pathways({"two": ["GENE00", "GENE01", "NOT_THERE"], "none": ["NOT_THERE"]})
    assert table.loc["two", "contribution"] == pytest.approx(found.genes["GENE00"] + found.genes["GENE01"])
    assert table.loc["two", "n_genes"] == 2
    assert pd.isna(table.loc["none", "contribution"])


def test_drugs_alike_exclude_the_drug_itself(model):
    found = model.explain("cell000", "D00")
    assert "D00" not in found.alike.index
    assert found.alike["structure"].is_monotonic_decreasing


def test_an_unknown_drug_is_told(model):
    with pytest.raises(InputError, match="not a drug the model was trained on"):
        model.explain("cell000", "aspirin")
