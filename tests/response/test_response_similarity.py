"""Likeness of drugs: properties worked by hand, and what a kernel must be."""

from __future__ import annotations

import numpy as np
import pandas as pd

from omics_rx.response import similarity


def test_properties_of_ethanol_by_hand():
    """C2H6O: one donor, one acceptor, no ring, two sp3 carbons, 46.042 Da, 20.23 A^2; heavy ends rotate freely."""
    found = np.expm1(np.abs(similarity.properties("CCO")))
    np.testing.assert_allclose(found[[0, 1, 3, 4, 5, 6, 7, 8]], [46.041865, 20.23, 1, 1, 0, 0, 1, 0], atol=1e-6)


def test_likeness_in_properties_is_a_kernel_and_missing_structures_are_like_nothing():
    drugs = similarity.features(pd.DataFrame({"smiles": ["CCO", "CCCO", "c1ccccc1C(=O)O", None]}, index=list("abcd")))
    found = similarity.view("properties", drugs, drugs)
    np.testing.assert_allclose(np.diag(found), [1, 1, 1, 0])
    assert found[0, 1] > found[0, 2]
    assert (found[3] == 0).all()
    assert np.linalg.eigvalsh(found).min() > -1e-12
