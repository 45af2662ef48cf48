"""Replay: breast-line measurements of 200 drugs are hidden and revealed in 10 batches of 5, chosen in five ways.

A hit is a hidden drug among the fifth that is most selective for the subtype's lines (or, second table, to which they
are most sensitive). The response model saw no breast line at all, measured evidence of hidden drugs is missing, labels
are not used, and no drug is chosen twice. Means over the hidings, with twice the standard error of the paired
difference.

Usage: python benchmarks/feedback_replay.py [--hidings 10]; with 0 only how often one line is right is printed
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from breast_ranker import joined_screen, model

from omics_rx import datasets, repurposing
from omics_rx.core.work import rng
from omics_rx.repurposing import evidence as ev
from omics_rx.repurposing import posterior
from omics_rx.repurposing.inputs import line_groups
from omics_rx.repurposing.selectivity import group_difference, without_general

N_HIDDEN, N_BATCHES, SIZE = 200, 10, 5
SUBTYPES = ("LumA", "Her2", "Basal")
WAYS = ("random", "no update", "update, greedy", "update, proposed", "update without relatives")


def hidden_ranker(basis: repurposing.Ranker, hidden: pd.Index) -> repurposing.Ranker:
    """The same ranker without the breast measurements of some drugs."""
    breast, changed = basis.sources_.line_groups.dropna().index, {}
    for name in ("responses", "repeats"):
        table = getattr(basis.sources_, name).copy()
        table.loc[breast.intersection(table.index), hidden.intersection(table.columns)] = np.nan
        changed[name] = table
    return basis.redrawn(**changed)


def truth(basis: repurposing.Ranker, subtype: str) -> pd.DataFrame:
    """Sensitivity and selectivity of a subtype's lines from all that was measured; high is sensitive."""
    groups = basis.sources_.line_groups.dropna()
    breast = without_general(basis.sources_.responses).reindex(groups.index)
    found = group_difference(breast, groups == ev.LINE_GROUP[subtype])
    return -found[["mean", "difference"]].set_axis(["sensitivity", "selectivity"], axis=1)


def replay(ranker, subtype: str, hidden: pd.Index, *, outcome: pd.Series, seed: int) -> dict[str, list[str]]:
    """Drugs in the order in which each way chooses them."""
    drugs, base, _ = ranker.outlook(subtype)
    covariance = ranker.likeness(subtype, drugs)
    alone = np.diag(np.diag(covariance))
    free = drugs.isin(hidden)
    prior = posterior.TRUST * posterior.standard(base)
    order = rng(seed, "random", subtype).permutation(np.flatnonzero(free))
    first = np.argsort(-np.where(free, prior, -np.inf), kind="stable")
    chosen = {"random": list(order[: N_BATCHES * SIZE]), "no update": list(first[: N_BATCHES * SIZE])}
    for way, table, explore in (("update, greedy", covariance, 0.0), ("update, proposed", covariance, 0.5),
                                ("update without relatives", alone, 0.0)):  # fmt: skip
        seen: list[int] = []
        for _ in range(N_BATCHES):
            told = pd.DataFrame({"at": seen, "direction": outcome[drugs[seen]].to_numpy(), "weight": 1.0})
            found = posterior.update(table, base, told)
            left = free.copy()
            left[seen] = False
            seen += posterior.batch(prior + found.shift, found.covariance, left, n=SIZE, explore=explore)
        chosen[way] = seen
    return {way: list(drugs[rows]) for way, rows in chosen.items()}


def accuracy(screen) -> float:
    """How often one breast line is right on its subtype: share of its clear calls that other lines of it agree with.

    A call is the sign of the line's difference from the other subtypes' lines; it is clear where the difference is
    larger than the median over lines and drugs. The truth is the sign for the subtype's other lines, three or more.
    """
    groups = line_groups(screen).dropna()
    responses = without_general(screen.matrix()).reindex(groups.index)
    calls = []
    for group in groups.unique():
        inside = groups.index[groups == group]
        others = responses.loc[groups.index[groups != group]].mean()
        enough = responses.loc[inside].notna().sum() >= 4
        for line in inside:
            own, rest = responses.loc[line] - others, responses.loc[inside.drop(line)].mean() - others
            calls.append(pd.DataFrame({"own": own, "rest": rest})[enough].dropna())
    table = pd.concat(calls)
    clear = table[table["own"].abs() > table["own"].abs().median()]
    return float((np.sign(clear["own"]) == np.sign(clear["rest"])).mean())


def run(basis: repurposing.Ranker, hidings: int, column: str) -> pd.DataFrame:
    rows = []
    for hiding in range(hidings):
        known = pd.Index(sorted(set.intersection(*(set(truth(basis, s).dropna().index) for s in SUBTYPES))))
        hidden = pd.Index(rng(hiding, "hidden").choice(known, N_HIDDEN, replace=False))
        ranker = hidden_ranker(basis, hidden)
        for subtype in SUBTYPES:
            real = truth(basis, subtype)[column]
            scale = 2 * real.drop(hidden).std()
            outcome = (real / scale).clip(-1, 1)
            hits = set(real[hidden].nlargest(N_HIDDEN // 5).index)
            for way, order in replay(ranker, subtype, hidden, outcome=outcome, seed=hiding).items():
                if len(set(order)) < N_BATCHES * SIZE:
                    raise SystemExit(f"{way} chose a drug twice")
                found = np.cumsum([drug in hits for drug in order])
                rows.append((hiding, subtype, way, found[9], found[24], found[49]))
    return pd.DataFrame(rows, columns=["hiding", "subtype", "way", "after 10", "after 25", "after 50"])


def show(table: pd.DataFrame, title: str) -> None:
    print(f"\n{title}: hits of {N_HIDDEN // 5} among {N_HIDDEN}")
    by = table.pivot_table(index="way", columns="subtype", values="after 50")
    mean = table.groupby("way")[["after 10", "after 25", "after 50"]].mean()
    print(mean.join(by).loc[list(WAYS)].round(1).to_string())
    wide = table.pivot_table(index="hiding", columns="way", values="after 50")
    for way in WAYS[2:]:
        for other in WAYS[:4]:
            if other != way:
                gap = wide[way] - wide[other]
                print(f"  {way} less {other}: {gap.mean():+.2f} +- {2 * gap.std() / np.sqrt(len(gap)):.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hidings", type=int, default=10)
    hidings = parser.parse_args().hidings
    for name in ("gdsc2", "gdsc1"):
        right = accuracy(datasets.load(name))
        print(f"{name}: {right:.3f} of the clear calls of one line agree with the other lines of its subtype")
    if not hidings:
        return
    screen = joined_screen()
    obs = screen.cells.obs
    breast = obs["breast_subtype"].notna() | obs["tissue"].astype(str).str.contains("breast", case=False)
    blind = model(screen.subset(cells=screen.cells.obs_names[~breast.to_numpy()]))
    cohort = datasets.load("gse1992")
    # predictions of the model that saw no breast line, measured evidence of the whole screen
    basis = repurposing.Ranker(None).fit(_With(screen, blind), cohort, universe=None)
    for column in ("selectivity", "sensitivity"):
        show(run(basis, hidings, column), f"{column} of the subtype's lines")


class _With:
    """A model whose screen holds more than it was fitted on."""

    def __init__(self, screen, fitted) -> None:
        self.screen_, self._fitted = screen, fitted

    def predict(self, cohort):
        return self._fitted.predict(cohort)


if __name__ == "__main__":
    main()
