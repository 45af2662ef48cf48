"""Drugs never seen: preference r, Pearson and per-drug r on unseen compounds, scaffolds and mechanisms of GDSC2.

    python benchmarks/response_ldo.py
    python benchmarks/response_ldo.py --splits drug --parts mean_effects kernel

Drugs with a known structure only, five folds of whole groups. The lines are known: what a line did with the other
drugs may be used, and mean effects alone have a per-drug r of about 0.66; read the others beside it.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import pandas as pd

import omics_rx as orx
from omics_rx.response.crossfit import figures, measured_in, predict_alone
from omics_rx.response.parts import PARTS

SHOWN = ("preference_r", "pearson", "rmse", "per_drug_r", "seconds")


def run(splits: list[str], parts: list[str], n_folds: int) -> pd.DataFrame:
    """One row a split, part and fold."""
    screen = orx.datasets.load("gdsc2")
    screen = screen.subset(drugs=screen.drugs.index[screen.drugs["smiles"].notna()])
    rows = []
    for split in splits:
        for fold in orx.response.folds(screen, split, n_folds):
            measured = measured_in(screen, fold)
            means = fold.training_screen(screen).matrix().mean(axis=0)
            for part in parts:
                start = time.perf_counter()
                predicted = predict_alone(PARTS[part](), screen, fold)
                seconds = time.perf_counter() - start
                found = figures(screen, measured, predicted, means)
                rows.append({"split": split, "part": part, "fold": fold.number, **found, "seconds": seconds})
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--splits", nargs="+", default=["drug", "scaffold", "mechanism"])
    parser.add_argument("--parts", nargs="+", default=["line_mean", "mean_effects", "kernel"], choices=[*PARTS])
    parser.add_argument("--out", type=Path, help="write one row a split, part and fold as CSV")
    told = parser.parse_args()
    rows = run(told.splits, told.parts, told.folds)
    if told.out:
        rows.to_csv(told.out, index=False)
    print(rows.groupby(["split", "part"], sort=False)[list(SHOWN)].mean().round(3).to_string())


if __name__ == "__main__":
    main()
