"""Coverage and width of the 90% intervals on unseen lines, unseen drugs and both, for the default model on GDSC2.

    python benchmarks/response_intervals.py
    python benchmarks/response_intervals.py --splits cell --folds 5

Beside the width stands that of one constant half-width for all pairs, the pooled quantile of the same errors: what
grouping by drug saves. Drugs with a known structure only.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

import omics_rx as orx
from omics_rx.response.crossfit import figures, measured_in
from omics_rx.response.intervals import conformal_quantile


def run(split: str, parts: str | tuple[str, ...], n_folds: int) -> pd.Series:
    """Mean over folds of coverage, width, constant width (ln uM) and the usual figures."""
    screen = orx.datasets.load("gdsc2")
    screen = screen.subset(drugs=screen.drugs.index[screen.drugs["smiles"].notna()])
    rows = []
    for fold in orx.response.folds(screen, split, n_folds):
        training = fold.training_screen(screen)
        model = orx.response.ResponseModel(parts).fit(training, progress=False)
        found = model.predict(screen.cells[fold.test_cells], screen.drugs.loc[fold.test_drugs], "cell_line")
        measured = measured_in(screen, fold)
        known = measured.notna().to_numpy()
        width = (found.upper - found.lower).to_numpy()[known]
        inside = ((measured >= found.lower) & (measured <= found.upper)).to_numpy()[known]
        constant = 2 * conformal_quantile((measured - found.mean).to_numpy(), model.coverage)
        rows.append(
            {
                "coverage": inside.mean(), "width": width.mean(), "constant_width": constant,
                **figures(screen, measured, found.mean, training.matrix().mean(axis=0)),
            }
        )  # fmt: skip
    return pd.DataFrame(rows).mean().rename(split)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--splits", nargs="+", default=["cell", "drug", "both"])
    parser.add_argument("--parts", nargs="+", default=None)
    told = parser.parse_args()
    parts = tuple(told.parts) if told.parts else "default"
    with np.errstate(invalid="raise"):
        table = pd.DataFrame([run(split, parts, told.folds) for split in told.splits])
    print(table.round(3).to_string())


if __name__ == "__main__":
    main()
