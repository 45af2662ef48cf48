"""Is the told probability of resistance the share that comes true? Brier score and reliability, unseen lines of GDSC2.

    python benchmarks/response_resistance.py
    python benchmarks/response_resistance.py --figure benchmarks/figures/response_reliability.png
    python benchmarks/response_resistance.py --method outlier

Thresholds come from the training lines of each fold, the errors that make the probability from the lines of the other
folds; neither sees the lines judged. Beside the model stand the drug's own share of resistant training lines, told for
every line alike, and the same for the lines of a tissue. Their Brier scores less the model's are means over drugs, with
the 95% interval over lines and drugs, both resampled.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from over_drugs import gain, squared_error, text

import omics_rx as orx
from omics_rx.metrics.ranking import auroc
from omics_rx.response import resistance
from omics_rx.response.prediction import Prediction


def tissue_share(truth: pd.DataFrame, tissue: pd.Series, cells: pd.Index) -> pd.DataFrame:
    """Share of the training lines of a line's tissue that are resistant, drawn to the drug's own by five lines."""
    own = truth.mean()
    grouped = truth.groupby(tissue.reindex(truth.index))
    total, n = grouped.sum(), grouped.count()
    share = (total + 5 * own) / (n + 5)
    found = share.reindex(tissue.reindex(cells))
    return found.set_axis(cells).fillna(own)


def draw(table: pd.DataFrame, path: str) -> None:
    """Picture of the shares that came true by told probability, above how many pairs were told each."""
    import matplotlib.pyplot as plt

    figure, (upper, lower) = plt.subplots(2, 1, figsize=(5, 6), height_ratios=[3, 1], sharex=True, layout="constrained")
    upper.plot([0, 1], [0, 1], color="0.6", linestyle="--", label="told as it comes")
    upper.plot(table["told"], table["observed"], marker="o", label="unseen lines")
    upper.set(ylabel="share resistant", ylim=(0, 1), title="Probability of resistance, GDSC2")
    upper.legend(loc="upper left", frameon=False)
    middle = (table["lower"] + table["upper"]) / 2
    lower.bar(middle, table["n"] / 1e3, width=0.09, color="0.6")
    lower.set(xlabel="told probability of resistance", ylabel="thousand pairs", xlim=(0, 1))
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", default="waterfall", choices=resistance.METHODS)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--figure", help="where to draw the reliability as a PNG")
    told = parser.parse_args()
    screen = orx.datasets.load("gdsc2", progress=False)
    made = orx.response.folds(screen, "cell", told.folds)
    found = orx.response.out_of_fold(orx.response.ResponseModel(), screen, n_folds=told.folds, progress=False)
    matrix = screen.matrix().reindex(index=found.mean.index, columns=found.mean.columns)
    errors = matrix - found.mean
    tissue = screen.cells.obs["tissue"].astype(str)
    truths, tables = [], {"model": [], "tissue": [], "drug": []}
    for fold in made:
        cells = fold.test_cells
        train = matrix.drop(index=cells)
        cut = resistance.thresholds(train, told.method)
        asked = Prediction(**{**vars(found), "mean": found.mean.loc[cells]})
        tables["model"].append(resistance.probability(asked, cut, errors.drop(index=cells)))
        before = resistance.resistant(train, cut)
        tables["drug"].append(pd.DataFrame([before.mean()] * len(cells), index=cells))
        tables["tissue"].append(tissue_share(before, tissue, cells))
        truths.append(resistance.resistant(matrix.loc[cells], cut))
    truth = pd.concat(truths)
    whole = {name: pd.concat(parts) for name, parts in tables.items()}
    known = truth.notna().to_numpy()
    print(f"{told.method}: {int(known.sum()):,} pairs of {int(truth.notna().any().sum())} drugs, "
          f"{np.nanmean(truth.to_numpy()):.2f} resistant")  # fmt: skip
    for name, table in whole.items():
        areas = [auroc(truth[d].dropna().astype(bool), table[d][truth[d].notna()]) for d in truth
                 if truth[d].nunique() == 2]  # fmt: skip
        print(f"{name}: Brier {resistance.brier(truth, table):.4f}, median AUROC over drugs {np.median(areas):.3f}")
    for name in ("tissue", "drug"):
        gap = gain(squared_error, truth.astype(float), whole[name], whole["model"])
        print(f"Brier of {name} less the model's: {text(gap)}")
    table = resistance.reliability(truth, whole["model"])
    print(table.round(3).to_string(index=False))
    if told.figure:
        draw(table, told.figure)


if __name__ == "__main__":
    main()
