"""Whose unit is asked for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError

GENES = ["CD8A", "CD8B", "GZMA", "PRF1", "ESR1", "FOXP3", "CTLA4", "CD274", "TP53", "BRCA1", "BRCA2", "ERBB2"]


@pytest.mark.parametrize(("n_genes", "asked"), [(4, False), (9, False), (10, True), (11, True), (12, True)])
def test_a_unit_is_asked_for_genes_and_not_for_features_of_another_kind(n_genes, asked):
    """Half of 20 features decide: values of textures between -900 and 900 have no unit to ask for."""
    names = GENES[:n_genes] + [f"texture_{i}" for i in range(20 - n_genes)]
    values = np.random.default_rng(0).normal(0, 300, (12, 20))
    table = pd.DataFrame(values, index=[f"s{i}" for i in range(12)], columns=names)
    if asked:
        with pytest.raises(InputError, match="whose unit is known"):
            orx.scores.score(table, {"a": GENES[:3]}, method="mean", progress=False)
    else:
        assert orx.scores.score(table, {"a": GENES[:3]}, method="mean", progress=False).shape == (12, 1)
