"""MicroRNA: one table of 12 strands, named and laid out as platforms and pipelines do."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from same_answer import Row

import omics_rx as orx

FOLDER = Path(tempfile.mkdtemp(prefix="same-answer-"))
RANDOM = np.random.default_rng(8)
OLD = ["hsa-miR-21", "hsa-let-7a", "hsa-miR-155", "hsa-miR-24", "hsa-miR-200c", "hsa-miR-10b", "hsa-miR-205",
       "hsa-miR-141", "hsa-miR-30a", "hsa-miR-30a*", "hsa-miR-17", "hsa-miR-18a"]  # fmt: skip
ARMS = ["5p", "5p", "5p", "3p", "3p", "5p", "5p", "3p", "5p", "3p", "5p", "5p"]
STRANDS = [f"{name.removesuffix('*')}-{arm}" for name, arm in zip(OLD, ARMS, strict=True)]
COUNTS = pd.DataFrame(RANDOM.integers(50, 9000, (12, 4)), index=STRANDS, columns=["P1", "P2", "P3", "P4"])


def read(frame: pd.DataFrame | str, **settings: Any) -> pd.DataFrame:
    """Samples x strands of a table."""
    file = Path(tempfile.mkdtemp(dir=FOLDER)) / "a.tsv"
    if isinstance(frame, str):
        file.write_text(frame)
    else:
        frame.to_csv(file, sep="\t")
    found = orx.io.read_mirna(file, **settings).to_df().astype(float)
    return found.reindex(columns=STRANDS) if set(found.columns) == set(STRANDS) else found


def _renamed(write: str, names: list[str] = STRANDS) -> pd.DataFrame:
    return COUNTS.set_axis([write.format(name) for name in names])


def _firehose() -> str:
    kinds = ("read_count", "reads_per_million_miRNA_mapped", "cross-mapped")
    first = "\t".join(["Hybridization REF", *[name for name in COUNTS for _ in kinds]])
    rows = [
        "\t".join([name, *[field for value in COUNTS.loc[name] for field in (str(value * 2), str(value), "N")]])
        for name in STRANDS
    ]
    return "\n".join([first, "\t".join(["miRNA_ID", *(kinds * 4)]), *rows]) + "\n"


def rows() -> Iterator[Row]:
    """Names and layouts that have one answer, and those that must be asked."""
    umis = pd.concat([COUNTS.add_suffix("-UMIs"), (COUNTS * 3).add_suffix("-READs")], axis=1)
    controls = pd.DataFrame(
        40, index=["POS_A(128)", "NEG_A(0)", "ACTB|0", "U6 snRNA", "cel-miR-39-3p"], columns=COUNTS.columns
    )
    mouse = COUNTS.set_axis([name.replace("hsa", "mmu") for name in STRANDS])
    probes = COUNTS.copy()
    probes.insert(0, "Probe", range(12))
    yield Row(
        "counts of 12 strands in 4 patients",
        lambda: COUNTS.T.astype(float),
        {
            "earlier names": lambda: read(_renamed("{}", OLD)),
            "Affymetrix": lambda: read(_renamed("{}_st", OLD)),
            "Agilent": lambda: read(_renamed("{}_v11.0", OLD)),
            "TaqMan's numbers": lambda: read(_renamed("{}_000397")),
            "nCounter": lambda: read(pd.concat([_renamed("{}|0"), controls])),
            "across": lambda: read(COUNTS.T),
            "dots": lambda: read(COUNTS.set_axis([name.replace("-", ".") for name in STRANDS])),
            "UMIs and reads": lambda: read(umis),
            "Firehose": lambda: read(_firehose()),
            "Probe column": lambda: read(probes),
            "a graft": lambda: read(pd.concat([COUNTS, mouse])),
            "equal rows": lambda: read(pd.concat([COUNTS, COUNTS.iloc[:3]])),
        },
        tolerance=0.01,
    )
    cycles = 33 - np.log2(COUNTS)
    yield Row(
        "tables that no answer is right for",
        None,
        {
            "cycles": lambda: read(cycles),
            "cycles with numbers of assays": lambda: read(cycles.set_axis([f"{name}_000397" for name in STRANDS])),
            "mouse": lambda: read(mouse),
            "under half known": lambda: read(COUNTS.set_axis([*STRANDS[:4], *[f"probe_{i}" for i in range(8)]])),
            "counts said to be logs": lambda: read(COUNTS, unit="log2(CPM + 1)"),
            "negative CPM": lambda: read(-COUNTS, unit="CPM"),
            "genes": lambda: read(COUNTS.set_axis(["TP53", "ERBB2", "ESR1", "MYC", "EGFR", "KRAS", "PTEN", "RB1", "ATM",
                                                   "CDK4", "MKI67", "AURKA"])),
            "read as genes": lambda: orx.io.read_bulk(_file(COUNTS)).to_df(),
        },
    )  # fmt: skip


def _file(frame: pd.DataFrame) -> Path:
    file = Path(tempfile.mkdtemp(dir=FOLDER)) / "a.tsv"
    frame.to_csv(file, sep="\t")
    return file
