"""Unseen cell lines of GDSC2: the kernel core beside mean effects and tree ensembles, on the same folds.

    python benchmarks/response_lco.py --folds 5
    python benchmarks/response_lco.py --folds 5 --parts drug_mean tissue_mean kernel

Drugs with a known structure only. Folds are of lines (KFold, shuffled, seed 0); everything a model learns, gene
means included, comes from the training lines. Correlations are means over folds; per-drug r is the median over drugs.
Seconds are those of fitting and predicting one fold.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import pandas as pd

import omics_rx as orx
from omics_rx.response.crossfit import figures, measured_in, predict_alone
from omics_rx.response.parts import PARTS

PARTS_SHOWN = ("drug_mean", "tissue_mean", "forest", "lightgbm", "kernel")
SHOWN = ("pearson", "rmse", "normalised_r", "per_drug_r", "preference_r", "breast_normalised_r", "seconds")


def run(parts: list[str], n_folds: int, *, split: str = "cell", only: int | None = None) -> pd.DataFrame:
    """One row a part and fold."""
    screen = orx.datasets.load("gdsc2")
    with_structure = screen.drugs.index[screen.drugs["smiles"].notna()]
    screen = screen.subset(drugs=with_structure)
    print(f"{screen!r}; {len(with_structure)} drugs with a structure")
    rows = []
    for fold in orx.response.folds(screen, split, n_folds)[:only]:
        means = fold.training_screen(screen).matrix().mean(axis=0)
        measured = measured_in(screen, fold)
        for part in parts:
            start = time.perf_counter()
            predicted = predict_alone(PARTS[part](), screen, fold)
            seconds = time.perf_counter() - start
            found = figures(screen, measured, predicted, means)
            rows.append({"part": part, "fold": fold.number, **found, "seconds": seconds})
            print(f"fold {fold.number} {part}: normalised r {found['normalised_r']:.3f}, {seconds:.1f} s", flush=True)
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--only", type=int, help="run only the first folds")
    parser.add_argument("--parts", nargs="+", default=list(PARTS_SHOWN), choices=[*PARTS])
    parser.add_argument("--out", type=Path, help="write one row a part and fold as CSV")
    told = parser.parse_args()
    rows = run(told.parts, told.folds, only=told.only)
    if told.out:
        rows.to_csv(told.out, index=False)
    table = rows.groupby("part", sort=False)[[name for name in SHOWN if name in rows]].mean()
    print(table.round(3).to_string())


if __name__ == "__main__":
    main()
