"""How few markers do, and how much more samples would teach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from scipy.stats import t

from omics_rx.core.arguments import in_words
from omics_rx.core.work import rng, subseed
from omics_rx.metrics import classification
from omics_rx.signatures.panel_folds import Bools, Ints, Part, aligned, folds

_HELD = 0.2  # share of the samples that a repeat of the learning curve holds back


@in_words
def fewest_markers(
    profile: pd.DataFrame, outcome: pd.Series, algorithm: str, *, sizes: Iterable[int] = (1, 2, 3, 4, 6, 8, 12, 16, 24),
    n_folds: int = 5, n_repeats: int = 5, seed: int = 0,
) -> pd.DataFrame:  # fmt: skip
    """How few markers do: MCC and AUC at each number of markers, chosen anew in every fold.

    Returns
    -------
    pandas.DataFrame
        Index ``n_markers``: ``mcc``, ``auc`` (means over repeats), ``se`` (of the MCC over repeats and folds) and
        ``enough``, true for the smallest number within one standard error of the best.

    References
    ----------
    Breiman et al., Classification and Regression Trees, 1984 (the rule of one standard error).
    """
    values, truth, _ = aligned({"profile": profile}, outcome)
    usable, parts, rows = sorted({min(int(size), profile.shape[1]) for size in sizes}), [], []
    for repeat in range(n_repeats):
        fold = folds(truth, n_folds, subseed(seed, "fewest", repeat))
        for number in range(n_folds):
            split = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
            parts.append(Part.of(values["profile"], truth, split, most=usable[-1]))
    for size in usable:
        found = []
        for part in parts:
            called, score = part.applied(algorithm, size, seed=seed)
            found.append((classification.mcc(part.outcome, called), classification.auc(part.outcome, score)))
        mcc, auc = np.array(found).T
        rows.append({"n_markers": size, "mcc": mcc.mean(), "auc": auc.mean(), "se": mcc.std(ddof=1) / np.sqrt(n_folds)})
    table = pd.DataFrame(rows).set_index("n_markers")
    best = table.iloc[int(np.argmax(table["mcc"].to_numpy()))]
    near = table.index[table["mcc"] >= best["mcc"] - best["se"]]
    return table.assign(enough=table.index == near.min())


@in_words
def learning_curve(
    profile: pd.DataFrame, outcome: pd.Series, algorithm: str, *, n_markers: int = 10,
    shares: Sequence[float] = (0.2, 0.35, 0.5, 0.65, 0.8), n_repeats: int = 20, seed: int = 0,
) -> tuple[pd.DataFrame, pd.Series]:  # fmt: skip
    """How the AUC grows with the number of training samples.

    In each repeat a fifth of the samples is held back; the training sets grow within the rest, both classes alike.

    Returns
    -------
    tuple
        Frame, index ``n`` (training samples): ``auc`` and ``sd`` over repeats; and the gain in AUC ``per_100`` samples,
        the slope over the last half of the curve, with its 95% interval ``lower``, ``upper``. The unit of the interval
        is the sample (patient): repeats share their samples, so that more of them narrow it little. It is wide: on
        noise it holds a slope of 0 in 99 of 100 data sets or more (``benchmarks/null_and_coverage.py``).

    References
    ----------
    Nadeau and Bengio, Mach Learn 2003, 52:239: the variance over repeats is raised by held-back over training samples.
    """
    values, truth, _ = aligned({"profile": profile}, outcome)
    found = np.empty((n_repeats, len(shares)))
    sizes = [round(share * truth.size) for share in shares]
    for repeat in range(n_repeats):
        fold = folds(truth, round(1 / _HELD), subseed(seed, "learning curve", repeat))
        held, rest = np.flatnonzero(fold == 0), np.flatnonzero(fold != 0)
        order = _alternating(truth[rest], rng(seed, "learning order", repeat))
        for place, size in enumerate(sizes):
            part = Part.of(values["profile"], truth, (rest[order[:size]], held), most=n_markers)
            found[repeat, place] = classification.auc(part.outcome, part.applied(algorithm, n_markers, seed=seed)[1])
    late = len(sizes) // 2
    slopes = np.polyfit(np.array(sizes[late:]) / 100, found[:, late:].T, 1)[0]
    half = t.ppf(0.975, n_repeats - 1) * slopes.std(ddof=1) * np.sqrt(1 / n_repeats + _HELD / (1 - _HELD))
    table = pd.DataFrame({"auc": found.mean(axis=0), "sd": found.std(axis=0, ddof=1)}, index=pd.Index(sizes, name="n"))
    gain = {"per_100": slopes.mean(), "lower": slopes.mean() - half, "upper": slopes.mean() + half}
    return table, pd.Series(gain)


def _alternating(truth: Bools, random: np.random.Generator) -> Ints:
    """Order of samples in which both classes keep their share from the beginning."""
    place = np.empty(truth.size)
    for side in (True, False):
        rows = random.permutation(np.flatnonzero(truth == side))
        place[rows] = (np.arange(rows.size) + 0.5) / rows.size
    return np.argsort(place, kind="stable")
