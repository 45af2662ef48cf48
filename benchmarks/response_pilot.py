"""A new drug from a few measured lines: GDSC2's own drugs left out, and those of other laboratories.

    python benchmarks/response_pilot.py
    python benchmarks/response_pilot.py --gcsi gcsi.csv.gz

Every drug is predicted in all lines from k of them (AUC), by how lines go together over the training drugs. Left out
of these are the drug itself and all that share a target gene, a mechanism, a described target or its skeleton with it;
at home whole fifths of the drugs are left out, also of the choice of lines and of the interval's width. Values of
another laboratory are brought to GDSC2's scale by its other drugs, which widen the interval, too. Preference r is over
all pairs not measured, drug means and line means taken off both. "Level alone" knows the drug's mean over all its
lines, and nothing else of it. The gain over it is of the mean over drugs of the correlation over lines, with its 95%
interval over lines and drugs.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from other_laboratories import MIN_LINES, default_model, gcsi, of_screen, parser
from over_drugs import gain, pearson, text

import omics_rx as orx
from omics_rx.core.work import rng
from omics_rx.harmonize import mechanisms
from omics_rx.metrics.response import double_centred
from omics_rx.response.intervals import conformal_quantile
from omics_rx.response.line_covariance import LineCovariance, in_order
from omics_rx.response.piloting import covariance_of

SHOWN = (1, 3, 5, 10)
_COVERAGE = 0.9


def level_alone(lines: LineCovariance, mean: float, without: np.ndarray) -> np.ndarray:
    """Responses of all lines to a drug of which the mean over lines is known."""
    own = lines.effects[:, ~without]
    typical = own.mean(axis=0)
    across = own @ typical / own.shape[1]
    return lines.mean + across * (mean - lines.mean.mean()) / (typical @ typical / own.shape[1])


def predicted(
    lines: LineCovariance, values: np.ndarray, kin: np.ndarray, k: int, order: list[np.ndarray]
) -> tuple[np.ndarray, ...]:
    """Each drug from the first k measured lines of its order: mean, sd, and by the level alone; NaN where measured."""
    found = [np.full(values.shape, np.nan) for _ in range(3)]
    for column, drug in enumerate(values.T):
        at = order[column][np.isfinite(drug[order[column]])][:k]
        mean, sd = lines.given(at, drug[at], without=kin[column])
        for table, told in zip(found, (mean, sd, level_alone(lines, np.nanmean(drug), kin[column])), strict=True):
            table[:, column] = told
            table[at, column] = np.nan
    return tuple(found)


def figures(values: np.ndarray, mean: np.ndarray, level: np.ndarray, names: pd.Index, n_boot: int) -> dict[str, object]:
    """Preference r, its gain over the level alone."""
    y = np.where(np.isfinite(mean), values, np.nan)
    parts = [double_centred(np.where(np.isfinite(y), part, np.nan)) for part in (y, mean, level)]
    ok = np.isfinite(parts[0])
    wide = [pd.DataFrame(part, columns=names) for part in parts]
    return {
        "preference r": np.corrcoef(parts[0][ok], parts[1][ok])[0, 1],
        "level alone": np.corrcoef(parts[0][ok], parts[2][ok])[0, 1],
        "by drug": np.nanmean(pearson(parts[0], parts[1])),
        "gain by drug": text(gain(pearson, *wide, n_boot=n_boot)),
    }


def orders(lines: LineCovariance, n_drugs: int) -> dict[str, list[np.ndarray]]:
    """Lines as chosen, and at random for each drug."""
    n = len(lines.mean)
    chosen, _ = in_order(lines.joint(), lines.own, 60, free=np.arange(n))
    return {"chosen": [chosen] * n_drugs, "random": [rng(0, "lines", i).permutation(n) for i in range(n_drugs)]}


def at_home(lines: LineCovariance, values: pd.DataFrame, kin: np.ndarray, n_boot: int) -> list[dict[str, object]]:
    """GDSC2's drugs, a fifth left out at a time."""
    fold, y = rng(0, "pilot folds").permutation(values.shape[1]) % 5, values.to_numpy()
    found: dict[tuple[str, int], list[np.ndarray]] = {}
    for number in range(5):
        train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        own = lines.rows(fold != number)
        for how, order in orders(own, len(values.columns)).items():
            for k in SHOWN:
                inner = predicted(own, y[:, train], kin[np.ix_(train, train)], k, [order[i] for i in train])
                width = conformal_quantile((y[:, train] - inner[0]) / inner[1], _COVERAGE)
                mean, sd, level = predicted(own, y[:, test], kin[np.ix_(test, train)], k, [order[i] for i in test])
                tables = found.setdefault((how, k), [np.full(y.shape, np.nan) for _ in range(3)])
                for table, told in zip(tables, (mean, width * sd, level), strict=True):
                    table[:, test] = told
    rows = []
    for (how, k), (mean, half, level) in found.items():
        missed = np.abs(y - mean)
        known = np.isfinite(missed)
        rows.append(
            {"drugs of": "GDSC2", "n": y.shape[1], "lines": f"{k} {how}",
             **figures(y, mean, level, values.columns, n_boot), "interval holds": (missed <= half)[known].mean()}
        )  # fmt: skip
    return rows


def elsewhere(
    name: str, lines: LineCovariance, own: pd.DataFrame, other: pd.DataFrame, words: dict[str, set[str]], n_boot: int
) -> list[dict[str, object]]:
    """Another laboratory's drugs, each brought to GDSC2's scale by the others; the width is that of GDSC2's drugs."""
    other = other.reindex(index=own.index)
    other = other.loc[:, other.notna().sum() >= MIN_LINES]
    kin = mechanisms.relatives(words, other.columns, own.columns)
    y = np.full(other.shape, np.nan)
    for column, drug in enumerate(other.columns):
        rest = [each for each in other.columns if each in own and each != drug]
        both = (other[rest].notna() & own[rest].notna()).to_numpy()
        theirs, ours = other[rest].to_numpy()[both], own[rest].to_numpy()[both]
        y[:, column] = (other[drug] - theirs.mean()) / theirs.std() * ours.std() + ours.mean()
    rows, all_kin = [], mechanisms.relatives(words, own.columns, own.columns)
    for how, order in orders(lines, max(len(own.columns), y.shape[1])).items():
        for k in SHOWN:
            inner = predicted(lines, own.to_numpy(), all_kin, k, order[: own.shape[1]])
            width = conformal_quantile((own.to_numpy() - inner[0]) / inner[1], _COVERAGE)
            mean, sd, level = predicted(lines, y, kin, k, order[: y.shape[1]])
            missed = np.abs(y - mean)
            known = np.isfinite(missed)
            shared = other.columns.isin(own.columns)
            by_drug = [conformal_quantile((missed / sd)[:, shared & (other.columns != drug)], _COVERAGE)
                       for drug in other.columns]  # fmt: skip
            width = np.maximum(width, by_drug)
            rows.append(
                {"drugs of": name, "n": y.shape[1], "lines": f"{k} {how}",
                 **figures(y, mean, level, other.columns, n_boot),
                 "interval holds": (missed <= width * sd)[known].mean()}
            )  # fmt: skip
    return rows


def main() -> None:
    told = parser(__doc__).parse_args()
    here, ccle = orx.datasets.load("gdsc2", progress=False), orx.datasets.load("ccle", progress=False)
    model = default_model(told.model, here)
    training = model.learnt_.training
    values = here.matrix("auc").reindex(index=training.cells.names, columns=training.drugs.names)
    values, lines = values.loc[:, values.notna().any()], covariance_of(model, "auc")
    words = mechanisms.tokens(here.drugs)
    rows = at_home(lines, values, mechanisms.relatives(words, values.columns, values.columns), told.boot)
    print("GDSC2 done", flush=True)
    shared = of_screen(here, ccle, "act_area", -1.0)
    rows += elsewhere("CCLE, activity area", lines, values, shared, words, told.boot)
    if told.gcsi:
        for name, table in gcsi(here, told.gcsi).items():
            rows += elsewhere(name, lines, values, table, words, told.boot)
    print(pd.DataFrame(rows).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
