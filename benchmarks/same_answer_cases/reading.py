"""Reading: one cohort with its follow-up, written the ways people write it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from same_answer import Row

import omics_rx as orx
from omics_rx.core.cohort import endpoint

FOLDER = Path(tempfile.mkdtemp(prefix="same-answer-"))
RANDOM = np.random.default_rng(7)
GENES = ["TP53", "ERBB2", "ESR1", "MKI67", "GATA3", "FOXA1", "KRT5", "EGFR", "AURKA", "CCNB1", "BAG1", "MYC"]
NAMES = [f"PT{i}" for i in range(100, 130)]
COUNTS = pd.DataFrame(RANDOM.negative_binomial(2, 0.01, (12, 30)) + 1, index=GENES, columns=NAMES)
LOGS = np.log2(COUNTS + 0.5)
MONTHS = RANDOM.integers(2, 110, 30)
SEEN = RANDOM.integers(0, 2, 30)


def put(name: str, content: pd.DataFrame | str, *, index: bool = True, sep: str = "\t") -> Path:
    """File of a frame or of text, in a folder of its own."""
    folder = Path(tempfile.mkdtemp(dir=FOLDER))
    if isinstance(content, str):
        (folder / name).write_text(content)
    else:
        content.to_csv(folder / name, sep=sep, index=index)
    return folder / name


def values(file: Path, **settings: Any) -> pd.DataFrame:
    """Samples x genes of a file."""
    return orx.io.read_bulk(file, **settings).to_df().astype(float).round(4)


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Samples x genes as they should come out."""
    return frame.T.astype(np.float32).astype(float).round(4)


def matrices() -> Iterator[Row]:
    """Matrices: orientation, summaries, annotations, shapes."""
    named = COUNTS.reset_index(names="gene")
    summary = pd.DataFrame(999, index=["__no_feature", "N_unmapped", "ERCC-00002", "Total"], columns=NAMES)
    long = named.melt("gene", var_name="sample", value_name="count")
    both = pd.concat([COUNTS.add_prefix("count_"), (COUNTS * 3).add_prefix("cov_")], axis=1)
    two = "gene\t" + "\t".join(NAMES) + "\ngene_id\t" + "\t".join(["raw_count"] * 30) + "\n"
    flat = LOGS.T.assign(**{"OS.time": MONTHS * 30, "OS": SEEN, "Grade": SEEN + 1, "T": SEEN + 1})
    yield Row(
        "counts: 12 genes x 30 samples",
        lambda: plain(COUNTS),
        {
            "across": lambda: values(put("a.tsv", COUNTS.T)),
            "commas": lambda: values(put("a.csv", COUNTS, sep=",")),
            "semicolons": lambda: values(put("a.csv", COUNTS, sep=";")),
            "summary rows": lambda: values(put("a.tsv", pd.concat([COUNTS, summary]))),
            "Entrez, length": lambda: values(put("a.tsv", _with(COUNTS, entrezgene_id=7157, width=900))),
            "results of a test": lambda: values(
                put("a.tsv", _with(COUNTS, baseMean=4.5, pvalue=0.2, padj=0.3, stat=1))
            ),
            "long": lambda: values(put("a.tsv", long, index=False)),
            "long, sample first": lambda: values(put("a.tsv", long[["sample", "gene", "count"]], index=False)),
            "two kinds a sample": lambda: values(put("a.tsv", both)),
            "two header rows": lambda: values(put("a.tsv", two + COUNTS.to_csv(sep="\t", header=False))),
            "row numbers": lambda: values(put("a.csv", COUNTS.T.reset_index(names="sample_id"), sep=",")),
            "no header": lambda: values(put("a.tsv", COUNTS.to_csv(sep="\t", header=False))),
        },
        tolerance=1e-3,
    )
    yield Row(
        "outcomes among the genes",
        lambda: plain(LOGS),
        {
            "across": lambda: values(put("a.tsv", flat)),
            "down": lambda: values(put("a.tsv", flat.T)),
            "ID first": lambda: values(put("a.csv", flat.reset_index(names="ID"), index=False, sep=",")),
        },
        tolerance=1e-3,
    )


def _with(frame: pd.DataFrame, **columns: float) -> pd.DataFrame:
    made = frame.copy()
    for name, value in columns.items():
        made.insert(0, name, value)
    return made


def follow(clinical: pd.DataFrame, expression: pd.DataFrame | None = None, **settings: Any) -> pd.DataFrame:
    """Months and events of the samples."""
    matrix = put("e.tsv", LOGS if expression is None else expression)
    found = endpoint(orx.io.read_bulk(matrix, clinical=put("c.csv", clinical, index=False, sep=","), **settings))
    if found is None:
        return pd.DataFrame()
    return pd.DataFrame({"time": found.time.round(3), "event": found.event}, index=found.samples)


def clinical_tables() -> Iterator[Row]:
    """Clinical tables: names, units, codes."""
    order = RANDOM.permutation(30)
    table = pd.DataFrame({"sample": NAMES, "age": 40 + np.arange(30), "OS_months": MONTHS, "OS_event": SEEN})
    table = table.iloc[order].reset_index(drop=True)
    days = (table["OS_months"] * 30.4375).round()
    numbered = table.reset_index(names="")
    gdc = pd.DataFrame({"sample": table["sample"], "vital_status": table["OS_event"].map({1: "Dead", 0: "Alive"}),
                        "days_to_death": days.where(table["OS_event"] == 1),
                        "days_to_last_follow_up": days})  # fmt: skip
    numbers = [str(i) for i in range(1, 31)]
    ways: dict[str, Callable[[], pd.DataFrame]] = {
        "row numbers before": lambda: follow(numbered),
        "dots": lambda: follow(table.assign(sample=table["sample"].str.lower())),
        "status in words": lambda: follow(table.assign(OS_event=table["OS_event"].map({1: "Dead", 0: "Alive"}))),
        "1:DECEASED": lambda: follow(table.assign(OS_event=table["OS_event"].map({1: "1:DECEASED", 0: "0:LIVING"}))),
        "legend": lambda: follow(table.rename(columns={"OS_event": "OS_event (0=alive, 1=dead)"})),
        "GDC": lambda: follow(gdc),
        "Xena's GDC": lambda: follow(gdc.rename(columns=lambda name: f"{name}.demographic" if "_" in name else name)),
        "OS.time in days": lambda: follow(table.assign(OS_months=days).rename(columns={"OS_months": "OS.time"})),
        "OS.time in months": lambda: follow(table.rename(columns={"OS_months": "OS.time"})),
        "codes 1 and 2": lambda: follow(table.assign(OS_event=table["OS_event"] + 1)),
        "1 = censored": lambda: follow(
            table.assign(OS_event=1 - table["OS_event"]).rename(columns={"OS_event": "OS_censor"})
        ),
    }
    yield Row(
        "follow-up of 30 patients",
        lambda: pd.DataFrame({"time": MONTHS.astype(float), "event": SEEN.astype(bool)}, index=NAMES),
        ways,
        tolerance=0.02,
    )
    aged = table.assign(sample=[f"P{i}" for i in range(30)], age=[40 + i for i in range(30)])
    yield Row(
        "names that nobody can tell",
        None,
        {
            "paired by age": lambda: follow(aged, LOGS.set_axis([str(40 + i) for i in range(30)], axis=1)),
            "row numbers alone": lambda: follow(numbered.drop(columns="sample"), LOGS.set_axis(numbers, axis=1)),
            "two columns of numbers": lambda: follow(
                table.assign(patient_no=RANDOM.permutation(30) + 1).drop(columns="sample").set_axis(range(1, 31))
                .reset_index(names=""), LOGS.set_axis(numbers, axis=1),
            ),
            "under half": lambda: follow(table.iloc[:12]),
        },
    )  # fmt: skip


def rows() -> Iterator[Row]:
    """Matrices and clinical tables."""
    yield from matrices()
    yield from clinical_tables()
