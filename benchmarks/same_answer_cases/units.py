"""Expression: one cohort in every unit that people write it in.

Four hundred tumours of SCAN-B and a hundred of TCGA (the shared data), whole and in parts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from same_answer import Row
from scipy import sparse

import omics_rx as orx
from omics_rx.core.cohort import with_info

MILLION = 1e6


def _data() -> Path:
    return Path(os.environ.get("OMICS_RX_DATA", "../shared/data"))


def fpkm() -> pd.DataFrame:
    """FPKM of 400 tumours x 10,000 genes."""
    logs = pd.read_csv(_data() / "cohorts" / "scanb400_expr.csv.gz", index_col=0)
    return (np.exp2(logs) - 0.1).clip(lower=0)


def counts() -> pd.DataFrame:
    """Reads of 100 tumours x 5,000 genes."""
    return pd.read_csv(_data() / "subtypes" / "bsr_tcga100_counts5000.csv.gz", index_col=0).T.astype(float)


def per_million(amounts: pd.DataFrame) -> pd.DataFrame:
    """Amounts that share a million in each sample."""
    return amounts.div(amounts.sum(axis=1), axis=0) * MILLION


def answers(cohort: Any) -> dict[str, Any]:
    """What the rooms say of a cohort: levels, ranks, calls, risks and the scale of predictions."""
    calls = orx.scores.subtype(cohort)
    named = orx.harmonize.genes(cohort)
    genes = sorted(named.var_names)[:30]
    return {
        "T cells": orx.scores.immune(cohort)["T cells"],
        "apoptosis": orx.scores.cell_death(cohort, patterns="apoptosis")["apoptosis"],
        "subtype": calls["subtype"],
        "er_status": calls["er_status"],
        "risk": orx.signatures.load("proliferation").score(cohort)["risk_group"],
        "scale": orx.harmonize.to_training_scale(named, genes, domain="tumour").z,
    }


def told(frame: pd.DataFrame, unit: str) -> AnnData:
    """Frame as a cohort that says its unit."""
    return with_info(AnnData(frame), unit=unit)


def of_total(amounts: pd.DataFrame) -> dict[str, Any]:
    """Ways to write amounts of which each sample has a million."""
    return {
        "TPM": amounts,
        "TPM, float32": amounts.astype(np.float32),
        "log2(TPM + 1), float32": np.log2(amounts + 1).astype(np.float32),
        "ln(TPM + 1)": np.log1p(amounts),
        "log10(TPM + 1)": np.log10(amounts + 1),
        "ln(TPM + 1), told": told(np.log1p(amounts), "ln(TPM + 1)"),
        "sparse": AnnData(sparse.csr_matrix(amounts.to_numpy()), amounts.index.to_frame(), amounts.columns.to_frame()),
        "a share of ten thousand": amounts / 100,
        "ln(CP10k + 1)": np.log1p(amounts / 100),
    }


def of_reads(reads: pd.DataFrame) -> dict[str, Any]:
    """Ways to write reads."""
    return {
        "counts": reads,
        "counts, told": told(reads, "counts"),
        "counts, float32": reads.astype(np.float32),
        "four times as deep": reads * np.where(np.arange(len(reads)) % 2, 4, 1)[:, None],
        "CPM": per_million(reads),
        "log2(counts + 1)": np.log2(reads + 1),
        "ln(counts + 1)": np.log1p(reads),
        "ln(CPM + 1)": np.log1p(per_million(reads)),
        "log10(CPM + 1)": np.log10(per_million(reads) + 1),
        "ln(CP10k + 1)": np.log1p(per_million(reads) / 100),
        "to the median depth": per_million(reads) * reads.sum(axis=1).median() / MILLION,
    }


def of_fpkm(amounts: pd.DataFrame) -> dict[str, Any]:
    """Ways to write amounts that share nothing: only what is told, or keeps the order, can be the same."""
    return {
        "FPKM": amounts,
        "FPKM, float32": amounts.astype(np.float32),
        "FPKM, told": told(amounts, "FPKM"),
        "log2(FPKM + 1), float32": np.log2(amounts + 1).astype(np.float32),
        "ln(FPKM + 1), told": told(np.log1p(amounts), "ln(FPKM + 1)"),
        "log10(FPKM + 1), told": told(np.log10(amounts + 1), "log10(FPKM + 1)"),
    }


def mixed(reads: pd.DataFrame) -> dict[str, Any]:
    """Two units in one cohort, and values of none."""
    half = len(reads) // 2
    logs = np.log2(per_million(reads) + 1)
    corrected = reads * np.random.default_rng(0).uniform(0.5, 1, reads.shape)
    return {
        "counts beside logs": pd.concat([reads[:half], logs[half:]]),
        "counts beside CPM": pd.concat([reads[:half], per_million(reads)[half:]]),
        "CPM beside logs": pd.concat([per_million(reads)[:half], logs[half:]]),
        "ln beside log2": pd.concat([logs[:half] * np.log(2), logs[half:]]),
        "corrected counts of all depths": corrected.div(np.linspace(1, 60, len(reads)), axis=0),
        "logs said to be TPM": told(logs, "TPM"),
        "counts said to be logs": told(reads, "log2(CPM + 1)"),
        "ln said to be log2": told(logs * np.log(2), "log2(CPM + 1)"),
    }


def rows() -> Iterator[Row]:
    """Twelve cohorts in every unit, and what must be asked."""
    tumours, reads = fpkm(), counts()
    parts = {
        "SCAN-B": tumours, "SCAN-B, 60 patients": tumours[:60], "SCAN-B, 9,000 genes": tumours.iloc[:, :9000],
        "SCAN-B, patients 200 to 300": tumours[200:300],
    }  # fmt: skip
    sequenced = {
        "TCGA": reads, "TCGA, 40 patients": reads[:40], "TCGA, 4,500 genes": reads.iloc[:, :4500],
        "TCGA, shallow": np.floor(reads / 20),
    }  # fmt: skip
    for name, amounts in parts.items():
        yield from _row(f"{name} per million", np.log2(per_million(amounts) + 1), of_total(per_million(amounts)))
        yield from _row(f"{name} in FPKM", np.log2(amounts + 1), of_fpkm(amounts))
    for name, amounts in sequenced.items():
        yield from _row(f"{name} in reads", np.log2(per_million(amounts) + 1), of_reads(amounts))
    yield Row("asked", None, {name: partial(answers, cohort) for name, cohort in mixed(reads).items()})


def _row(name: str, plain: pd.DataFrame, ways: dict[str, Any]) -> Iterator[Row]:
    asked: dict[str, Callable[[], Any]] = {way: partial(answers, cohort) for way, cohort in ways.items()}
    yield Row(name, partial(answers, plain), asked, tolerance=5e-3)
