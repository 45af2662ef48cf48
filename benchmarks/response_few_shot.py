"""Few-shot: what k measured responses of an unseen line add to the prediction of its other drugs, on GDSC2.

    python benchmarks/response_few_shot.py
    python benchmarks/response_few_shot.py --folds 2
    python benchmarks/response_few_shot.py --folds 1 --network 1

For each line of a fold held out (five folds of lines, drugs with a known structure), k drugs drawn at random are
shown and the rest is predicted. RMSE (ln uM), normalised r and preference r are over the hidden pairs; the gain is the
line's RMSE without (k = 0, same hidden pairs) less with, and its 95% interval is a paired bootstrap over lines. "all"
shows every other drug of the line. ``--network N`` adapts the graph network of N members by itself instead of the
default model: from its errors on the lines that its members held back.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

import omics_rx as orx
from omics_rx.core.screen import DrugScreen
from omics_rx.core.work import rng
from omics_rx.harmonize.domain import to_training_scale
from omics_rx.metrics.compare import paired_difference
from omics_rx.metrics.response import double_centred
from omics_rx.response.crossfit import measured_in
from omics_rx.response.few_shot import ErrorCovariance, covariance, kernel_of, unseen_errors
from omics_rx.response.panel import in_order
from omics_rx.response.parts.network import GraphNetwork
from omics_rx.response.prepare import cells_of, training_of, with_current_genes
from omics_rx.response.splits import Fold

SHOWN = (1, 3, 5, 10)


def adapted(
    errors: np.ndarray, learnt: ErrorCovariance, k: int | None, row: int, order: np.ndarray | None = None
) -> np.ndarray:
    """Shift of the hidden drugs of one line given k of its errors; NaN for drugs shown or not measured.

    The k are drawn at random, or the first of an order that the line has.
    """
    known = np.flatnonzero(np.isfinite(errors))
    result = np.full(len(errors), np.nan)
    if k is None:
        total = learnt.shared()[np.ix_(known, known)] + np.diag(learnt.own_share * learnt.spread[known] ** 2)
        inverse = np.linalg.inv(total)
        result[known] = errors[known] - (inverse @ errors[known]) / np.diag(inverse)
        return result
    shown = rng(0, "shown", k, row).permutation(known)[:k] if order is None else order[np.isin(order, known)][:k]
    hidden = np.setdiff1d(known, shown)
    result[hidden] = learnt.given(shown, errors[shown])[0][hidden]
    return result


def by_default(screen: DrugScreen, fold: Fold) -> tuple[pd.DataFrame, np.ndarray]:
    """Predictions of the default model for the lines held out, and its errors on training lines as if not seen."""
    model = orx.response.ResponseModel().fit(fold.training_screen(screen), progress=False)
    found = model.predict(screen.cells[fold.test_cells]).mean
    return found[model.learnt_.training.drugs.names], unseen_errors(kernel_of(model))


def by_network(screen: DrugScreen, fold: Fold, n_members: int) -> tuple[pd.DataFrame, np.ndarray]:
    """The same of the graph network alone."""
    training, reference = training_of(fold.training_screen(screen))
    part = GraphNetwork(n_members=n_members).fit(training, seed=0)
    lines = with_current_genes(screen.cells[fold.test_cells])
    z = to_training_scale(lines, list(reference.genes), domain="cell_line", reference=reference).z
    found = part.predict(cells_of(lines, z), training.drugs)
    return pd.DataFrame(found, index=lines.obs_names, columns=training.drugs.names), unseen_errors(part)


def fold_rows(screen: DrugScreen, fold: Fold, n_members: int | None) -> list[dict[str, object]]:
    """Measured, predicted and shifted responses of one fold, one entry a k."""
    found, unseen = by_network(screen, fold, n_members) if n_members else by_default(screen, fold)
    measured = measured_in(screen, fold).reindex(columns=found.columns)
    predicted, learnt = found.loc[measured.index], covariance(unseen)
    centre = fold.training_screen(screen).matrix().mean().reindex(found.columns)
    errors = (measured - predicted).to_numpy()
    left = [(measured - centre).to_numpy(), (predicted - centre).to_numpy()]
    first, _ = in_order(learnt, 40, free=np.arange(len(found.columns)), done=np.empty(0, dtype=int))
    tried = [(k, k, None) for k in SHOWN] + [(f"{k} first", k, first) for k in SHOWN] + [("all", None, None)]
    return [
        {
            "k": told, "own_share": learnt.own_share, "measured": left[0], "predicted": left[1],
            "shift": np.array([adapted(own, learnt, k, row, order) for row, own in enumerate(errors)]),
        }
        for told, k, order in tried
    ]  # fmt: skip


def row_of(found: dict[str, object]) -> dict[str, object]:
    """Figures of one k on one fold, and each line's RMSE with and without."""
    measured, predicted, shift = found["measured"], found["predicted"], found["shift"]
    hidden = np.isfinite(shift)
    y, before = np.where(hidden, measured, np.nan), np.where(hidden, predicted, np.nan)
    after = before + shift
    enough = hidden.sum(axis=1) >= 20

    def r(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.corrcoef(a[hidden], b[hidden])[0, 1])

    def rmse(values: np.ndarray) -> np.ndarray:
        return np.sqrt(np.nanmean((y - values)[enough] ** 2, axis=1))

    return {
        "k": found["k"], "own_share": found["own_share"],
        "rmse_0": np.sqrt(np.nanmean((y - before) ** 2)), "rmse": np.sqrt(np.nanmean((y - after) ** 2)),
        "normalised_r_0": r(y, before), "normalised_r": r(y, after),
        "preference_r_0": r(double_centred(y), double_centred(before)),
        "preference_r": r(double_centred(y), double_centred(after)),
        "lines": (rmse(before), rmse(after)),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=5, help="how many of the five folds to run")
    parser.add_argument("--network", type=int, help="adapt a graph network of so many members instead")
    told = parser.parse_args()
    screen = orx.datasets.load("gdsc2")
    screen = screen.subset(drugs=screen.drugs.index[screen.drugs["smiles"].notna()])
    found = []
    for fold in orx.response.folds(screen, "cell", 5)[: told.folds]:
        found += [row_of(row) for row in fold_rows(screen, fold, told.network)]
        print(f"fold {fold.number} done", flush=True)
    table = pd.DataFrame(found)
    rows = []
    for k, part in table.groupby("k", sort=False):
        before, after = (np.concatenate([pair[side] for pair in part["lines"]]) for side in (0, 1))
        gain = paired_difference(before, after)
        rows.append(
            {
                "k": k, **part.drop(columns=["k", "lines"]).mean().to_dict(),
                "gain": gain.value, "lower": gain.lower, "upper": gain.upper, "lines": gain.n,
            }
        )  # fmt: skip
    print(pd.DataFrame(rows).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
