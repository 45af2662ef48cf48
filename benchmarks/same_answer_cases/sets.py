"""Gene sets: one collection in many vocabularies and forms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from same_answer import Row

import omics_rx as orx

SETS = {"growth": ["MKI67", "TOP2A", "CCNB1", "AURKA"], "killing": ["CD8A", "CD8B", "GZMB", "PRF1"]}


def cohort() -> pd.DataFrame:
    """40 tumours x 300 genes under current symbols, log2 scale."""
    random = np.random.default_rng(5)
    genes = [gene for members in SETS.values() for gene in members]
    others = [f"LINC{i:05d}" for i in range(300 - len(genes))]
    values = random.normal(8, 2, size=(40, 300))
    return pd.DataFrame(values, index=[f"T{i:02d}" for i in range(40)], columns=[*genes, *others])


def rows() -> Iterator[Row]:
    """Sets as Python values."""
    table = cohort()
    frame = pd.DataFrame([(name, gene) for name, genes in SETS.items() for gene in genes], columns=["set", "gene"])
    yield Row(
        "forms in Python",
        lambda: orx.scores.score(table, SETS),
        {
            "tuples": lambda: orx.scores.score(table, {name: tuple(genes) for name, genes in SETS.items()}),
            "frame": lambda: orx.scores.score(table, frame),
            "weights of one": lambda: orx.scores.score(
                table, {name: dict.fromkeys(genes, 1.0) for name, genes in SETS.items()}
            ),
        },
    )
