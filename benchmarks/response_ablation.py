"""Does the graph network help? Alone, and blended with the kernel core, on the same folds of GDSC2.

    python benchmarks/response_ablation.py --splits cell --folds 1
    python benchmarks/response_ablation.py --splits cell drug scaffold mechanism --folds 5 --members 2

Five folds of lines (or of compounds, scaffolds, mechanisms) of which --folds are run; drugs with a known structure. The
weight of the network in the blend is chosen by least squares on a fifth of the training lines (or drugs) that neither
had seen. The gain is in RMSE (ln uM) drug by drug, kernel less blend, with its 95% bootstrap interval over drugs.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd

import omics_rx as orx
from omics_rx.core.screen import DrugScreen
from omics_rx.metrics.compare import paired_difference
from omics_rx.response.crossfit import figures, measured_in, predict_alone
from omics_rx.response.parts import PARTS
from omics_rx.response.splits import Fold

SHOWN = ("preference_r", "normalised_r", "per_drug_r", "pearson", "rmse", "breast_normalised_r")


def both(screen: DrugScreen, fold: Fold, settings: dict[str, int]) -> dict[str, pd.DataFrame]:
    """Predictions of kernel and network for a fold's test pairs (ln uM)."""
    return {
        "kernel": predict_alone(PARTS["kernel"](), screen, fold),
        "network": predict_alone(PARTS["network"](**settings), screen, fold),
    }


def share(measured: pd.DataFrame, found: dict[str, pd.DataFrame]) -> float:
    """Weight of the network, 0 to 1, of least squared error."""
    gap = (found["network"] - found["kernel"]).where(measured.notna()).to_numpy()
    left = (measured - found["kernel"]).to_numpy()
    return float(np.clip(np.nansum(gap * left) / np.nansum(gap**2), 0, 1))


def run(screen: DrugScreen, split: str, n_folds: int, settings: dict[str, int]) -> None:
    rows, errors = [], {"kernel": [], "blend": []}
    for fold in orx.response.folds(screen, split, 5)[:n_folds]:
        start = time.perf_counter()
        training = fold.training_screen(screen)
        inner = orx.response.folds(training, split, 5, seed=1)[0]
        weight = share(measured_in(training, inner), both(training, inner, settings))
        found = both(screen, fold, settings)
        found["blend"] = (1 - weight) * found["kernel"] + weight * found["network"]
        measured, means = measured_in(screen, fold), training.matrix().mean(axis=0)
        rows += [
            {"part": name, "weight": weight, **figures(screen, measured, values, means)}
            for name, values in found.items()
        ]
        for name, made in errors.items():
            made.append((measured - found[name]) ** 2)
        print(f"{split} fold {fold.number}: weight {weight:.2f}, {time.perf_counter() - start:.0f} s", flush=True)
    table = pd.DataFrame(rows).groupby("part", sort=False).mean()
    print(table[["weight", *(name for name in SHOWN if name in table)]].round(3).to_string())
    by_drug = {name: np.sqrt(pd.concat(made).groupby(level=0).mean().mean()) for name, made in errors.items()}
    gain = paired_difference(by_drug["kernel"], by_drug["blend"])
    print(f"{split}: gain of the blend {gain.value:.4f} ({gain.lower:.4f} to {gain.upper:.4f}) ln uM, {gain.n} drugs\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=5, help="how many of the five folds to run")
    parser.add_argument("--splits", nargs="+", default=["cell", "drug", "scaffold", "mechanism"])
    parser.add_argument("--members", type=int, default=2)
    told = parser.parse_args()
    screen = orx.datasets.load("gdsc2")
    screen = screen.subset(drugs=screen.drugs.index[screen.drugs["smiles"].notna()])
    for split in told.splits:
        run(screen, split, told.folds, {"n_members": told.members})


if __name__ == "__main__":
    main()
