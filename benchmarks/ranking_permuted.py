"""The default rule with subtypes dealt anew: what is left is chance.

Subtypes of the breast lines are dealt to other lines, those of the tumours to other tumours (what ships is then left
out), or both; labels of the drugs are dealt to other drugs, which can only move the judge, since the rule sees none.

Lines are dealt anew for every row, and the mean of the deals has its 95% interval: one deal moves a figure by .2, since
the drugs are of eight mechanisms only.

What the lines alone say (their contrasts, most of the second question) is dealt 300 times beside.

Usage: python benchmarks/ranking_permuted.py [--deals 40] [--what lines tumours both]
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from breast_ranker import by_rule, fitted, labels_of
from ranking_few_tumours import judged
from ranking_subtype_swap import labelled_pairs, permuted, reference_pairs, within
from ranking_tiers import by_drug, tiers
from scipy import stats

from omics_rx import repurposing
from omics_rx.core.work import rng
from omics_rx.harmonize.mechanisms import tokens
from omics_rx.metrics import ranking as figures
from omics_rx.repurposing import evidence as ev
from omics_rx.repurposing.corrected import pooled_contrasts


def dealt(values: pd.Series, *key: object) -> pd.Series:
    """Values that are known, dealt anew among those that have one."""
    known = values.dropna()
    return values.where(values.isna(), pd.Series(rng(0, *key).permutation(known.to_numpy()), index=known.index))


def permuted_ranker(ranker: repurposing.Ranker, what: str, deal: int) -> repurposing.Ranker:
    own, changed = ranker.sources_, {}
    if what in ("lines", "both"):
        changed["line_groups"] = dealt(own.line_groups, what, "lines", deal)
    if what in ("tumours", "both"):
        changed |= {"subtypes": dealt(own.subtypes, what, "tumours", deal), "reference": ()}
    return ranker.redrawn(**changed)


def of_mean(values: np.ndarray) -> str:
    """Mean of deals with its 95% interval by Student's t, and the spread of one deal."""
    sd, n = float(values.std(ddof=1)), len(values)
    half = float(stats.t.ppf(0.975, n - 1)) * sd / n**0.5
    return f"{values.mean():.3f} ({values.mean() - half:.3f} to {values.mean() + half:.3f}; one deal: sd {sd:.3f})"


def lines_alone(ranker: repurposing.Ranker, deals: int = 300) -> np.ndarray:
    """Right subtype of reference and labelled drugs by contrasts of lines whose groups are dealt anew."""
    own = ranker.sources_
    words = tokens(own.drugs, structures=False)
    told = [words[str(drug)] for drug in own.drugs.index]
    pairs, found = [of(ranker) for of in (reference_pairs, labelled_pairs)], []
    for deal in range(deals):
        groups = dealt(own.line_groups, "lines alone", deal)
        contrast, _ = pooled_contrasts(own.over_lines, groups, told, own.drugs.index)
        contrast -= contrast.mean()
        score = pd.concat({name: -contrast[group] for name, group in ev.LINE_GROUP.items()}).swaplevel()
        score = score.rename_axis(["drug_id", "subtype"]).to_frame("lines")
        found.append([within(one.join(score, how="inner"), "lines") for one in pairs])
    return np.array(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deals", type=int, default=40)
    parser.add_argument("--what", nargs="*", default=["lines", "tumours", "both"])
    arguments = parser.parse_args()
    deals = arguments.deals
    ranker = fitted(shipped=True)
    names = ("tiers", "right subtype, reference", "right subtype, labelled")
    print("as it is: " + ", ".join(f"{name} {value:.3f}" for name, value in zip(names, judged(ranker), strict=True)))
    for name, values in zip(names[1:], lines_alone(ranker).T, strict=True):
        print(f"what lines alone say, groups dealt anew 300 times: {name} {of_mean(values)}", flush=True)
    for what in arguments.what:
        found = np.array([judged(permuted_ranker(ranker, what, deal)) for deal in range(deals)])
        words = (f"{name} {of_mean(values)}" for name, values in zip(names, found.T, strict=True))
        print(f"subtypes of {what} dealt anew, {deals} times: {', '.join(words)}", flush=True)
    told, positive = by_rule(ranker), tiers(labels_of(ranker))
    best = by_drug(told, ranker).loc[positive.index, "ranker"]
    areas = [figures.auroc(rng(0, "labels", deal).permutation(positive), best) for deal in range(200)]
    print(f"labels of drugs dealt anew: tiers {np.mean(areas):.3f} (sd {np.std(areas):.3f})")
    mean, sd = permuted(labelled_pairs(ranker).join(told, how="inner"))
    print(f"subtypes of the labels dealt within drugs: {mean:.3f} (sd {sd:.3f})")


if __name__ == "__main__":
    main()
