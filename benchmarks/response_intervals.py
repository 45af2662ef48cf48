"""Coverage and width of the 90% intervals for the default model on GDSC2: all pairs, first drugs, worst lines.

    python benchmarks/response_intervals.py
    python benchmarks/response_intervals.py --splits cell --folds 2

Drugs with a known structure only. Beside the width stands that of one constant half-width for all pairs, the pooled
quantile of the same errors: what grouping by drug saves. Of unseen lines it is also told what is held of the first five
drugs by preference, in the worst twentieth of the lines, in how many lines the share asked for is held (as it is, and
``for_lines``), and after k measured drugs of the line, drawn at random ("all": each drug given all the others), with
the width that the covariance alone would give and with the one in use. --folds is how many of the five folds are run.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

import omics_rx as orx
from omics_rx.core.work import rng
from omics_rx.response import narrowing
from omics_rx.response.crossfit import figures, measured_in
from omics_rx.response.few_shot import by_assay, covariance_of
from omics_rx.response.intervals import conformal_quantile
from omics_rx.response.prediction import FIRST

SHOWN = (1, 5, 10, 20, 50, 100, None)


def held(measured: pd.DataFrame, found: orx.response.Prediction) -> dict[str, float]:
    """What is held of the first drugs by preference, in the worst lines, and in how many lines the share asked for."""
    known, inside = measured.notna().to_numpy(), ((measured >= found.lower) & (measured <= found.upper)).to_numpy()
    place = found.preference.rank(axis=1).to_numpy()
    by_line = np.sort([row[own].mean() for row, own in zip(inside, known, strict=True)])
    return {
        "first_five": inside[known & (place <= FIRST)].mean(), "worst_twentieth": by_line[: len(by_line) // 20].mean(),
        "lines_that_hold": (by_line >= found.coverage).mean(),
    }  # fmt: skip


def given(model: orx.response.ResponseModel, errors: np.ndarray) -> list[dict[str, object]]:
    """Coverage of the hidden drugs after k measured ones, by the covariance alone and scaled, for each k."""
    learnt, half = covariance_of(model), model.learnt_.intervals.by_drug
    rows = []
    for k in SHOWN:
        ratios, scaled, widths = [], [], []
        for row, own in enumerate(errors):
            known = np.flatnonzero(np.isfinite(own))
            if k is None:
                hidden, n = known, len(known) - 1
                left_over, left = narrowing.left_out(learnt, known, own[known])
            elif len(known) > k:
                shown, n = rng(1, "shown", k, row).permutation(known)[:k], k
                hidden = np.setdiff1d(known, shown)
                shift, every, *_ = by_assay(learnt, shown, own[shown], None)
                left_over, left = (own - shift)[hidden], every[hidden]
            else:
                continue
            ratios.append(np.abs(left_over) / (left * half[hidden]))
            scaled.append(ratios[-1] / narrowing.scale(model, n))
            widths.append(2 * left * half[hidden] * narrowing.scale(model, n))
        rows.append(
            {"k": k or "all", "by_covariance": (np.concatenate(ratios) <= 1).mean(),
             "in_use": (np.concatenate(scaled) <= 1).mean(), "width": np.concatenate(widths).mean()}
        )  # fmt: skip
    return rows


def run(split: str, parts: str | tuple[str, ...], n_folds: int) -> tuple[pd.Series, pd.DataFrame]:
    """Means over folds: coverage, width, constant width (ln uM) and the usual figures; and those after k measured."""
    screen = orx.datasets.load("gdsc2")
    screen = screen.subset(drugs=screen.drugs.index[screen.drugs["smiles"].notna()])
    rows, after = [], []
    for fold in orx.response.folds(screen, split, 5)[:n_folds]:
        training = fold.training_screen(screen)
        model = orx.response.ResponseModel(parts).fit(training, progress=False)
        found = model.predict(screen.cells[fold.test_cells], screen.drugs.loc[fold.test_drugs], "cell_line")
        measured = measured_in(screen, fold)
        known = measured.notna().to_numpy()
        width = (found.upper - found.lower).to_numpy()[known]
        inside = ((measured >= found.lower) & (measured <= found.upper)).to_numpy()[known]
        constant = 2 * conformal_quantile((measured - found.mean).to_numpy(), model.coverage)
        row = {
            "coverage": inside.mean(), "width": width.mean(), "constant_width": constant,
            **figures(screen, measured, found.mean, training.matrix().mean(axis=0)),
        }  # fmt: skip
        if split == "cell":
            wide = found.for_lines()
            row |= held(measured, found) | {
                "for_lines_hold": held(measured, wide)["lines_that_hold"],
                "for_lines_width": (wide.upper - wide.lower).to_numpy()[known].mean(),
            }
            names = model.learnt_.training.drugs.names
            after += given(model, (measured - found.mean).reindex(columns=names).to_numpy())
        rows.append(row)
    told = pd.DataFrame(after).groupby("k", sort=False).mean() if after else pd.DataFrame()
    return pd.DataFrame(rows).mean().rename(split), told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--splits", nargs="+", default=["cell", "drug", "both"])
    parser.add_argument("--parts", nargs="+", default=None)
    told = parser.parse_args()
    parts = tuple(told.parts) if told.parts else "default"
    for split in told.splits:
        with np.errstate(invalid="raise"):
            figures_, after = run(split, parts, told.folds)
        print(figures_.round(3).to_string(), flush=True)
        if len(after):
            print(after.round(3).to_string(), flush=True)


if __name__ == "__main__":
    main()
