"""Does the graph network help? Alone, and blended with the kernel core, on the same folds of GDSC2.

    python benchmarks/response_ablation.py --splits cell --folds 1
    python benchmarks/response_ablation.py --splits cell drug scaffold mechanism --folds 5 --members 2

Five folds of lines (or of compounds, scaffolds, mechanisms) of which --folds are run; drugs with a known structure. The
weight of the network in the blend is chosen by least squares on a fifth of the training lines (or drugs) that neither
had seen: once for what is predicted ("blend"), once for what is left when drug and line means are taken off ("by
preference"). Gains are blend less kernel, means over drugs of RMSE (ln uM, less is better) and of r of preference over
all pairs out of fold, with their 95% interval over lines and drugs, both resampled.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd
from over_drugs import gain, pearson, rmse, text

import omics_rx as orx
from omics_rx.core.screen import DrugScreen
from omics_rx.metrics.response import double_centred
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


def centred(values: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    """What is left of measured pairs without drug and line means."""
    left = double_centred(values.where(measured.notna()).to_numpy())
    return pd.DataFrame(left, index=measured.index, columns=measured.columns)


def share(measured: pd.DataFrame, found: dict[str, pd.DataFrame]) -> float:
    """Weight of the network, 0 to 1, of least squared error."""
    gap = (found["network"] - found["kernel"]).where(measured.notna()).to_numpy()
    left = (measured - found["kernel"]).to_numpy()
    return float(np.clip(np.nansum(gap * left) / np.nansum(gap**2), 0, 1))


def weights(screen: DrugScreen, split: str, settings: dict[str, int]) -> dict[str, float]:
    """Weights of the network on a fifth of a training screen that it had not seen."""
    inner = orx.response.folds(screen, split, 5, seed=1)[0]
    measured, found = measured_in(screen, inner), both(screen, inner, settings)
    alone = {name: centred(values, measured) for name, values in found.items()}
    return {"blend": share(measured, found), "by preference": share(centred(measured, measured), alone)}


def run(screen: DrugScreen, split: str, n_folds: int, settings: dict[str, int]) -> None:
    rows, kept = [], {name: [] for name in ("measured", "kernel", "blend", "by preference")}
    for fold in orx.response.folds(screen, split, 5)[:n_folds]:
        start = time.perf_counter()
        training = fold.training_screen(screen)
        chosen = weights(training, split, settings)
        found = both(screen, fold, settings)
        for name, weight in chosen.items():
            found[name] = (1 - weight) * found["kernel"] + weight * found["network"]
        measured, means = measured_in(screen, fold), training.matrix().mean(axis=0)
        for name, made in kept.items():
            values = measured if name == "measured" else found[name]
            made.append({rmse: values, pearson: centred(values, measured)})
        for name, values in found.items():
            weight = chosen.get(name, float(name == "network"))
            rows.append({"part": name, "weight": weight, **figures(screen, measured, values, means)})
        told = ", ".join(f"{name} {weight:.2f}" for name, weight in chosen.items())
        print(f"{split} fold {fold.number}: {told}, {time.perf_counter() - start:.0f} s", flush=True)
    table = pd.DataFrame(rows).groupby("part", sort=False).mean()
    print(table[["weight", *(name for name in SHOWN if name in table)]].round(3).to_string())
    side = 0 if split == "cell" else 1
    for name in ("blend", "by preference"):
        for title, each in (("rmse", rmse), ("preference r", pearson)):
            tables = [pd.concat([own[each] for own in kept[one]], axis=side) for one in ("measured", name, "kernel")]
            print(f"{split}, {name}: {title} {text(gain(each, *tables))}")


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
