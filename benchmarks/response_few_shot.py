"""Few-shot: what k measured responses of an unseen line add to the prediction of its other drugs, on GDSC2.

    python benchmarks/response_few_shot.py
    python benchmarks/response_few_shot.py --folds 2
    python benchmarks/response_few_shot.py --folds 1 --network 1
    python benchmarks/response_few_shot.py --laboratory ccle

For each line of a fold held out (five folds of lines, drugs with a known structure), k drugs drawn at random are
shown and the rest is predicted. RMSE (ln uM), normalised r and preference r are over the hidden pairs; the gain is the
line's RMSE without (k = 0, same hidden pairs) less with, and its 95% interval is a paired bootstrap over lines. "all"
shows every other drug of the line. ``--network N`` adapts the graph network of N members by itself instead of the
default model: from its errors on the lines that its members held back.

``--laboratory ccle`` (or gdsc1, or gcsi with its table in ``--gcsi``) asks what k responses measured in GDSC2 add to
the agreement of the hidden ones with another laboratory: mean over drugs of the Spearman correlation over lines, with
the paired gain over no response and its interval over lines and drugs; by what the same assay would say, level
included, and by what ``adapt`` carries elsewhere. Each fifth of the lines is predicted by the covariance of the errors
of the others.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from other_laboratories import MIN_LINES, default_model, gcsi, of_screen, on, parser
from over_drugs import gain, spearman, text

import omics_rx as orx
from omics_rx.core.screen import DrugScreen
from omics_rx.core.work import rng
from omics_rx.harmonize.domain import to_training_scale
from omics_rx.metrics.compare import paired_difference
from omics_rx.metrics.response import double_centred
from omics_rx.response.corrected import by_others
from omics_rx.response.crossfit import measured_in
from omics_rx.response.few_shot import _LEVEL_SD, _NOT_REPEATED, ErrorCovariance, covariance, kernel_of, unseen_errors
from omics_rx.response.panel import in_order
from omics_rx.response.parts.network import GraphNetwork
from omics_rx.response.prepare import cells_of, training_of, with_current_genes
from omics_rx.response.splits import Fold

SHOWN = (1, 3, 5, 10)
KS = (3, 5, 10, 20, 50)


def adapted(
    errors: np.ndarray, learnt: ErrorCovariance, k: int | None, row: int, order: np.ndarray | None = None
) -> np.ndarray:
    """Shift of the hidden drugs of one line given k of its errors; NaN for drugs shown or not measured.

    The k are drawn at random, or the first of an order that the line has.
    """
    if k is None:
        known, result = np.flatnonzero(np.isfinite(errors)), np.full(len(errors), np.nan)
        total = learnt.shared()[np.ix_(known, known)] + np.diag(learnt.own_share * learnt.spread[known] ** 2)
        inverse = np.linalg.inv(total)
        result[known] = errors[known] - (inverse @ errors[known]) / np.diag(inverse)
        return result
    return told_by(errors, learnt, k, row, order)


def told_by(
    errors: np.ndarray, learnt: ErrorCovariance, k: int, row: int, order: np.ndarray | None, **assay: float
) -> np.ndarray:
    """Shift of the drugs not shown, given the k that are; ``assay`` as :meth:`ErrorCovariance.given` takes it."""
    known, result = np.flatnonzero(np.isfinite(errors)), np.full(len(errors), np.nan)
    shown = rng(0, "shown", k, row).permutation(known)[:k] if order is None else order[np.isin(order, known)][:k]
    hidden = np.setdiff1d(known, shown)
    result[hidden] = learnt.given(shown, errors[shown], **assay)[0][hidden]
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


def carried(errors: np.ndarray, learnt: ErrorCovariance, k: int | None, row: int, order: np.ndarray | None, *,
            same: bool) -> np.ndarray:  # fmt: skip
    """Shift of the hidden drugs of one line, as the same assay would say or as it is expected elsewhere."""
    settings = {} if same else {"level": _LEVEL_SD, "noise": _NOT_REPEATED}
    if k is None:
        _, result = by_others(
            errors[None], level=settings.get("level", 0.0), noise=settings.get("noise", 0.0) + learnt.own_share,
            learnt=(learnt.spread, learnt.correlation, learnt.own_share),
        )  # fmt: skip
        return result[0]
    return told_by(errors, learnt, k, row, order, **settings)


def elsewhere(name: str, path: str | None, saved: str | None, n_boot: int) -> pd.DataFrame:
    """Agreement with another laboratory of drugs not shown, without and with k responses of the line."""
    here = orx.datasets.load("gdsc2", progress=False)
    model = default_model(saved, here)
    training, core = model.learnt_.training, kernel_of(model)
    names = (training.cells.names, training.drugs.names)
    measured, errors = pd.DataFrame(training.y, *names), core.errors_
    if name == "gcsi":
        judge = gcsi(here, path)["gCSI, AUC"]
    else:
        sign, value = (-1.0, "act_area") if name == "ccle" else (1.0, "ln_ic50")
        judge = of_screen(here, orx.datasets.load(name, progress=False), value, sign)
    judge = on(measured, judge)
    predicted = pd.DataFrame(training.y - errors, *names)
    fold = rng(0, "few-shot folds").permutation(len(errors)) % 5
    rows = []
    tried = (
        [(f"{k} random", k, False) for k in KS] + [(f"{k} first", k, True) for k in KS] + [("all others", None, False)]
    )
    learnt = [covariance(errors[fold != number]) for number in range(5)]
    firsts = [in_order(one, 60, free=np.arange(errors.shape[1]), done=np.empty(0, dtype=int))[0] for one in learnt]
    for told, k, first in tried:
        for same in (True, False):
            shift = np.full(errors.shape, np.nan)
            for row in np.flatnonzero(measured.index.isin(judge.index)):
                own = fold[row]
                shift[row] = carried(errors[row], learnt[own], k, row, firsts[own] if first else None, same=same)
            hidden = pd.DataFrame(shift, *names).loc[judge.index, judge.columns]
            y, before = judge.where(hidden.notna()), predicted.loc[judge.index, judge.columns]
            y = y.loc[:, y.notna().sum() >= MIN_LINES]
            found = gain(spearman, y, before + hidden, before, n_boot=n_boot)
            rows.append(
                {"shown": told, "as": "the assay" if same else "elsewhere", "drugs": y.shape[1],
                 "without": np.nanmean(spearman(y.to_numpy(), before[y.columns].to_numpy())),
                 "with": np.nanmean(spearman(y.to_numpy(), (before + hidden)[y.columns].to_numpy())),
                 "own measurement": np.nanmean(spearman(y.to_numpy(), measured.loc[y.index, y.columns].to_numpy())),
                 "gain": text(found)}
            )  # fmt: skip
            print(rows[-1], flush=True)
    return pd.DataFrame(rows)


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--folds", type=int, default=5, help="how many of the five folds to run")
    options.add_argument("--network", type=int, help="adapt a graph network of so many members instead")
    options.add_argument("--laboratory", choices=["ccle", "gdsc1", "gcsi"], help="another laboratory to agree with")
    told = options.parse_args()
    if told.laboratory:
        print(elsewhere(told.laboratory, told.gcsi, told.model, told.boot).round(3).to_string(index=False))
        return
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
