"""Unseen cell lines of GDSC2: the kernel core beside mean effects and tree ensembles, on the same folds.

    python benchmarks/response_lco.py --folds 5
    python benchmarks/response_lco.py --folds 5 --parts drug_mean tissue_mean kernel

Drugs with a known structure only. Folds are of lines (KFold, shuffled, seed 0); everything a model learns, gene
means included, comes from the training lines. Correlations are means over folds; per-drug r is the median over drugs.
Seconds are those of fitting and predicting one fold. "kernel_plain" is the kernel core with every gene counted alike
and each drug learnt by itself; gains over it are means over drugs with their 95% bootstrap interval.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd

import omics_rx as orx
from omics_rx.metrics import response as metrics
from omics_rx.metrics.compare import paired_difference
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


def by_drug(measured: pd.DataFrame, predicted: pd.DataFrame) -> pd.DataFrame:
    """RMSE, r, and r of preference of each drug."""
    lines = [pd.DataFrame(double_centred(part.to_numpy()), part.index, part.columns)
             for part in (measured, predicted.where(measured.notna()))]  # fmt: skip
    return pd.DataFrame(
        {
            "rmse": ((measured - predicted) ** 2).mean() ** 0.5,
            "per_drug_r": metrics.per_drug_r(measured, predicted),
            "preference_r by drug": metrics.per_drug_r(*lines),
        }
    )


def gains(found: dict[str, list[pd.DataFrame]], base: str) -> pd.DataFrame:
    """Mean over drugs of each part less ``base``, with the interval over drugs."""
    mean = {part: pd.concat(made).groupby(level=0).mean() for part, made in found.items()}
    rows = {}
    for part, table in mean.items():
        for name in table if part != base else ():
            rows[part, name] = paired_difference(table[name], mean[base][name])
    return pd.DataFrame({key: {"gain": d.value, "lower": d.lower, "upper": d.upper, "drugs": d.n}
                         for key, d in rows.items()}).T  # fmt: skip


def run(
    parts: list[str], n_folds: int, *, split: str = "cell", only: int | None = None
) -> tuple[pd.DataFrame, dict[str, list[pd.DataFrame]]]:
    """One row a part and fold, and the figures of each drug by part."""
    screen = orx.datasets.load("gdsc2")
    with_structure = screen.drugs.index[screen.drugs["smiles"].notna()]
    screen = screen.subset(drugs=with_structure)
    print(f"{screen!r}; {len(with_structure)} drugs with a structure")
    rows, drugs = [], {part: [] for part in parts}
    for fold in orx.response.folds(screen, split, n_folds)[:only]:
        means = fold.training_screen(screen).matrix().mean(axis=0)
        measured = measured_in(screen, fold)
        for part in parts:
            start = time.perf_counter()
            predicted = predict_alone(WAYS[part](), screen, fold)
            seconds = time.perf_counter() - start
            found = figures(screen, measured, predicted, means)
            drugs[part].append(by_drug(measured, predicted))
            rows.append({"part": part, "fold": fold.number, **found, "seconds": seconds})
            print(f"fold {fold.number} {part}: normalised r {found['normalised_r']:.3f}, {seconds:.1f} s", flush=True)
    return pd.DataFrame(rows), drugs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--only", type=int, help="run only the first folds")
    parser.add_argument("--parts", nargs="+", default=list(PARTS_SHOWN), choices=[*WAYS])
    parser.add_argument("--out", type=Path, help="write one row a part and fold as CSV")
    told = parser.parse_args()
    rows, drugs = run(told.parts, told.folds, only=told.only)
    if told.out:
        rows.to_csv(told.out, index=False)
    table = rows.groupby("part", sort=False)[[name for name in SHOWN if name in rows]].mean()
    print(table.round(3).to_string())
    if "kernel_plain" in told.parts:
        print("\ngain over kernel_plain, mean over drugs (of RMSE, less is better):")
        print(gains(drugs, "kernel_plain").round(4).to_string())


if __name__ == "__main__":
    main()
