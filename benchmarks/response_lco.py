"""Unseen cell lines of GDSC2: the kernel core beside mean effects and tree ensembles, on the same folds.

    python benchmarks/response_lco.py --folds 5
    python benchmarks/response_lco.py --folds 5 --parts drug_mean tissue_mean kernel

Drugs with a known structure only. Folds are of lines (KFold, shuffled, seed 0); everything a model learns, gene
means included, comes from the training lines. Correlations are means over folds; per-drug r is the median over drugs.
Seconds are those of fitting and predicting one fold. "kernel_plain" is the kernel core with every gene counted alike
and each drug learnt by itself; gains over it are means over drugs of figures over all lines out of fold, with the 95%
interval over drugs and lines, two crossed factors: drugs tested on the same lines are not independent.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
from over_drugs import gain, pearson, rmse

import omics_rx as orx
from omics_rx.metrics.response import double_centred
from omics_rx.response.crossfit import figures, measured_in, predict_alone
from omics_rx.response.parts import PARTS
from omics_rx.response.parts.base import Training
from omics_rx.response.parts.kernel_ridge import KernelRidge

PARTS_SHOWN = ("drug_mean", "tissue_mean", "forest", "lightgbm", "kernel_plain", "kernel")
SHOWN = ("pearson", "rmse", "normalised_r", "per_drug_r", "preference_r", "breast_normalised_r", "seconds")


class PlainKernel(KernelRidge):
    """The kernel core without what genes and drugs add to each other."""

    def fit(self, training: Training, *, seed: int = 0) -> KernelRidge:
        """Learn with every gene counted alike."""
        return super().fit(replace(training, gene_sd=None), seed=seed)


WAYS = {**PARTS, "kernel_plain": lambda: PlainKernel(together=False)}


def tables(measured: pd.DataFrame, predicted: pd.DataFrame, means: pd.Series) -> dict[str, list[pd.DataFrame]]:
    """Measured and predicted of one fold, lines x drugs: as they are, less training drug means, and double-centred."""
    known = predicted.where(measured.notna())
    turned = [pd.DataFrame(double_centred(part.to_numpy()), part.index, part.columns) for part in (measured, known)]
    return {
        "rmse": [measured, known], "per_drug_r": [part - means for part in (measured, known)],
        "preference_r by drug": turned,
    }  # fmt: skip


def gains(found: dict[str, dict[str, list[pd.DataFrame]]], base: str) -> pd.DataFrame:
    """Mean over drugs of each part less ``base``, with its 95% interval over drugs and lines, both resampled."""
    rows = {}
    for part, kept in found.items():
        for name in kept if part != base else ():
            told = gain(rmse if name == "rmse" else pearson, *kept[name], found[base][name][1])
            rows[part, name] = {
                "gain": told.value, "lower": told.lower, "upper": told.upper, "p": told.p_value,
                "se over lines": told.se_rows, "se over drugs": told.se_columns,
                "lines": told.n_rows, "drugs": told.n_columns,
            }  # fmt: skip
    return pd.DataFrame(rows).T


def run(
    parts: list[str], n_folds: int, *, split: str = "cell", only: int | None = None
) -> tuple[pd.DataFrame, dict[str, dict[str, list[pd.DataFrame]]]]:
    """One row a part and fold, and what was measured and predicted out of fold, by part and figure."""
    screen = orx.datasets.load("gdsc2")
    with_structure = screen.drugs.index[screen.drugs["smiles"].notna()]
    screen = screen.subset(drugs=with_structure)
    print(f"{screen!r}; {len(with_structure)} drugs with a structure")
    rows, kept = [], {part: [] for part in parts}
    for fold in orx.response.folds(screen, split, n_folds)[:only]:
        means = fold.training_screen(screen).matrix().mean(axis=0)
        measured = measured_in(screen, fold)
        for part in parts:
            start = time.perf_counter()
            predicted = predict_alone(WAYS[part](), screen, fold)
            seconds = time.perf_counter() - start
            found = figures(screen, measured, predicted, means)
            kept[part].append(tables(measured, predicted, means))
            rows.append({"part": part, "fold": fold.number, **found, "seconds": seconds})
            print(f"fold {fold.number} {part}: normalised r {found['normalised_r']:.3f}, {seconds:.1f} s", flush=True)
    joined = {
        part: {name: [pd.concat([fold[name][side] for fold in made]) for side in (0, 1)] for name in made[0]}
        for part, made in kept.items()
    }
    return pd.DataFrame(rows), joined


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--only", type=int, help="run only the first folds")
    parser.add_argument("--parts", nargs="+", default=list(PARTS_SHOWN), choices=[*WAYS])
    parser.add_argument("--out", type=Path, help="write one row a part and fold as CSV")
    told = parser.parse_args()
    rows, found = run(told.parts, told.folds, only=told.only)
    if told.out:
        rows.to_csv(told.out, index=False)
    table = rows.groupby("part", sort=False)[[name for name in SHOWN if name in rows]].mean()
    print(table.round(3).to_string())
    if "kernel_plain" in told.parts:
        print("\ngain over kernel_plain, mean over drugs, interval over drugs and lines (of RMSE, less is better):")
        print(gains(found, "kernel_plain").round(4).to_string())


if __name__ == "__main__":
    main()
