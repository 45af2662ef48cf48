"""Sections of chances, decisions and clinical gain on the page of a study."""

from __future__ import annotations

import numpy as np
import pandas as pd

import omics_rx as orx


def _cohort(seed, n=80):
    from anndata import AnnData

    random = np.random.default_rng(seed)
    hidden = random.normal(size=n)
    values = random.normal(size=(n, 110))
    values[:, :6] = 0.8 * hidden[:, None] + 0.6 * values[:, :6]
    time, censored = random.exponential(40 * np.exp(-hidden)) + 0.1, random.uniform(20, 120, n)
    obs = pd.DataFrame(
        {"time": np.minimum(time, censored), "event": time <= censored, "age": random.normal(60, 9, n)},
        index=[f"s{seed}-{i}" for i in range(n)],
    )
    cohort = AnnData(
        (values + 8).astype(np.float32), obs=obs, var=pd.DataFrame(index=[f"XQ{i:03d}" for i in range(110)])
    )
    return orx.core.cohort.with_info(cohort, unit="log2 intensity", domain="tumour")


def test_the_page_shows_chances_decisions_clinical_gain_and_tripod(tmp_path):
    patterns = {"one": [f"XQ{i:03d}" for i in range(20)], "two": [f"XQ{i:03d}" for i in range(20, 40)]}
    study = orx.signatures.build(patterns, {"a": _cohort(1)}, external={"c": _cohort(2)}, n_genes=5, n_null=0)
    orx.report.write(study, tmp_path / "study.html")
    page = (tmp_path / "study.html").read_text()
    for heading in (
        "Do the predicted chances come true?", "What does it add to clinical variables?", "TRIPOD+AI",
        "net benefit of treating", "Clinical variables of c: age.", "reverse Kaplan-Meier",
    ):  # fmt: skip
        assert heading in page
    assert f"{study.calibration['slope'].iloc[0]:.2f}" in page
    assert page.count("orders the patients of") == 1  # said once, in the section that answers
