"""Scores of therapy studies, by hand."""

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import UnknownNameError


def test_genes_that_fall_are_taken_away_and_cytolytic_activity_is_a_geometric_mean():
    sets = orx.scores.treatment_sets()
    genes = sorted({gene for members in sets.values() for gene in members})
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(6, 1.5, (12, len(genes))).clip(0.1, 14), columns=genes,
                         index=[f"s{i}" for i in range(12)])  # fmt: skip
    table = orx.scores.treatment(frame)
    grade = sets["Genomic grade"]
    up, down = ([gene for gene in grade if grade[gene] == sign] for sign in (1, -1))
    np.testing.assert_allclose(
        table["Genomic grade"], frame[up].mean(axis=1) - frame[down].mean(axis=1), rtol=1e-5
    )  # fmt: skip
    geometric = np.sqrt(2 ** frame["GZMA"] * 2 ** frame["PRF1"])
    np.testing.assert_allclose(table["Cytolytic activity"], np.log2(geometric), rtol=1e-5)
    assert {"T cells", "Regulatory T cells", "STAT1"} <= set(table.columns)


def test_one_panel_or_both():
    assert set(orx.scores.treatment_sets("treatment")) == {
        "Genomic grade", "STAT1", "Cytolytic activity", "Paclitaxel response",
    }  # fmt: skip
    assert len(orx.scores.treatment_sets("danaher")) == 14
    with pytest.raises(UnknownNameError, match="danaher"):
        orx.scores.treatment_sets("danahar")


def test_the_response_to_paclitaxel_is_mitosis_less_ceramide():
    genes = {"BUB1B": 8.5, "CDK1": 6.5, "AURKB": 4.5, "TTK": 2.5, "UGCG": 3.25, "COL4A3BP": 4.25}
    frame = pd.DataFrame([genes, dict.fromkeys(genes, 7.25)], index=["a", "b"])
    table = orx.scores.treatment(frame, panel="treatment")
    assert list(table["Paclitaxel response"]) == pytest.approx([5.5 - 3.75, 0.0])
