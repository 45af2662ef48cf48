import numpy as np
import pandas as pd
import pytest

from omics_rx.core.detection import detect_domain
from omics_rx.core.unit_values import detect_unit


@pytest.mark.parametrize(
    ("make", "unit"),
    [
        (lambda rng: rng.poisson(100, size=(4, 500)).astype(float), "counts"),
        (lambda rng: (x := rng.gamma(1, size=(4, 500))) / x.sum(1, keepdims=True) * 1e6, "TPM"),
        (lambda rng: np.log2((x := rng.gamma(1, size=(4, 500))) / x.sum(1, keepdims=True) * 1e6 + 1), "log2(TPM + 1)"),
        (lambda rng: rng.normal(8, 2, size=(4, 500)).clip(2, 15), "log2 intensity"),
        (lambda rng: rng.normal(0, 2, size=(10, 500)), "log2 ratio"),
        # over all values mean 0 and sd 1, but no gene is standardised: genes differ and vary little
        (lambda rng: rng.normal(0, 0.9, size=500) + rng.normal(0, 0.4, size=(50, 500)), "log2 ratio"),
        (lambda rng: rng.normal(size=(50, 500)), "z"),
        # log2(FPKM + 0.1) without silent genes, log2(TPM + 0.001) with many, log2(x + 1) with some
        (lambda rng: np.log2(rng.gamma(0.8, 12, size=(20, 800)) + 0.1), "log2 expression"),
        (
            lambda rng: np.log2(rng.gamma(0.3, 2, size=(20, 800)) * (rng.random((20, 800)) > 0.4) + 0.001),
            "log2 expression",
        ),
        (
            lambda rng: np.log2(rng.gamma(0.8, 40, size=(20, 800)) * (rng.random((20, 800)) > 0.1) + 1),
            "log2 expression",
        ),
        (lambda rng: rng.normal(7, 2, size=(20, 500)).clip(-0.9), "log2 intensity"),
        # ratios clipped at both ends have no floor of silent genes
        (lambda rng: rng.normal(0, 2, size=(20, 500)).clip(-2.5, 2.5), "log2 ratio"),
        (lambda rng: rng.normal(0, 300, size=(20, 500)), "unknown"),
        (lambda rng: np.full((3, 4), np.nan), "unknown"),
    ],
)
def test_units_are_told_by_their_values(make, unit):
    assert detect_unit(make(np.random.default_rng(1))) == unit


@pytest.mark.parametrize(
    ("name", "unit"), [("gse1992", "log2 ratio"), ("gse4335", "log2 ratio"), ("gse3143", "log2 intensity")]
)
def test_units_of_real_cohorts_are_detected_as_they_are_told(request, name, unit):
    cohort = request.getfixturevalue(name)
    assert detect_unit(np.asarray(cohort.X)) == unit


@pytest.mark.parametrize(
    ("names", "share_of_zeros", "domain"),
    [
        (["p1", "p2"], 0, "tumour"),
        (["ACH-000001", "ACH-000002"], 0, "cell_line"),
        (["SIDM00001", "CVCL_0001", "HT-29"], 0, "cell_line"),
        (["MCF7_BREAST", "SW1116_LARGE_INTESTINE", "x"], 0, "cell_line"),
        (["P1_LUNG", "P2_LUNG", "P3_LUNG"], 0, "tumour"),
        (["CID4465_AAACCTGAGTACGT", "CID4465_AAACCTGAGTACGA"], 0, "single_cell"),
        ([f"c{i}" for i in range(300)], 0.9, "single_cell"),
        ([f"c{i}" for i in range(300)], 0.5, "tumour"),
        ([f"c{i}" for i in range(100)], 0.9, "tumour"),
    ],
)
def test_domains_are_told_by_names_and_zeros(names, share_of_zeros, domain):
    values = (np.arange(1000).reshape(10, 100) >= 1000 * share_of_zeros).astype(float)
    assert detect_domain(pd.Index(names), values) == domain
