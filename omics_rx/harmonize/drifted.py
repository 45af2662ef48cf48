"""How far a cohort has moved from what something was trained on, what moved, and whether its frozen scale still holds.

Six figures compare the genes of the cohort with those of training. What chance alone makes of each is drawn: where the
training samples are at hand, samples of both are dealt anew; where only their moments are kept, two cohorts of these
sizes are drawn from the one cohort there is (or, of fewer than 20 samples, from normal genes with the correlations of
training). The largest of the six, each on the scale of its draws, is held against the largest of each draw, so that
one alarm in twenty is false.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from omics_rx.core.work import rng

Floats = NDArray[np.float64]
FIGURES = ("place", "scale", "rank order", "correlations", "score", "risk groups")
TABLE = ["what", "value", "expected", "upper", "p_value", "meaning"]
MOVED = ("genes missing", "unit", "platform", "case mix", "subtype shares")
ALPHA = 0.05
_MEANING = {
    "place": "sds of training by which the typical gene lies off in its mean",
    "scale": "typical log of how many times as wide as in training a gene spreads",
    "rank order": "1 less Spearman's correlation of the genes' means with those of training",
    "correlations": "typical distance of two genes' correlation from that of training",
    "score": "sds of training by which the mean score lies off",
    "risk groups": "distance of the share of high risk from that of training",
}
_ENOUGH = 20  # samples from which a cohort is drawn from itself
_FAR, _LEFT, _WIDE = 0.75, 0.4, 0.2  # sds off; share that one shift and factor leave; log of a common factor of spread
_AXES, _ALONG = 3, 0.6  # main axes of the training patients, and the share of a shift along them that is case mix
_N_DRAWS = 400


@dataclass(frozen=True, eq=False)
class Drifted:
    """What moved between training and a cohort.

    Attributes
    ----------
    name
        Of the signature or model.
    n
        Samples of the cohort.
    reference
        What it was held against.
    table
        A row a figure: ``what``, ``value``, what two cohorts of one kind would show (``expected``, the median, and
        ``upper``, the 95% point), ``p_value`` and ``meaning``.
    p_value
        Of all figures together: the chance that two cohorts of one kind lie as far apart in any of them.
    moved
        Which of ``genes missing``, ``unit``, ``platform``, ``case mix``, ``subtype shares``; empty where nothing did.
    frozen
        Whether the frozen scale of training may be used; a change of case mix alone does not forbid it, of unit or
        platform it does.
    verdict
        All this as one sentence.
    genes
        A row a gene: ``mean_z`` (sds of training off), ``spread`` (1 as in training), ``weight``; NaN where missing.
    shares
        Share of each level of recorded columns in training and in the cohort: ``column``, ``level``, ``training``,
        ``cohort``, ``p_value`` of the column; empty where training kept none.
    """

    name: str
    n: int
    reference: str
    table: pd.DataFrame = field(repr=False)
    p_value: float
    moved: tuple[str, ...]
    frozen: bool
    verdict: str
    genes: pd.DataFrame = field(repr=False)
    shares: pd.DataFrame = field(repr=False)

    @property
    def alarm(self) -> bool:
        """Whether the cohort lies further off than chance would put it, at one false alarm in twenty."""
        return self.p_value < ALPHA


@dataclass(frozen=True, eq=False)
class Trained:
    """What is kept of training over genes that the cohort has, too.

    Attributes
    ----------
    mean, sd
        Of each gene, ``(k,)``.
    correlation
        Of the genes, ``(k, k)``.
    weights
        Of a score, ``(k,)``; zeros where there is none.
    high
        Share of training called high.
    n
        Samples.
    rows
        The training samples themselves, ``(n, k)``, where they are at hand.
    """

    mean: Floats
    sd: Floats
    correlation: Floats
    weights: Floats
    high: float
    n: int
    rows: Floats | None = None


def figures(values: Floats, trained: Trained) -> Floats:
    """Six figures of a cohort ``(n, k)`` against training; NaN where they cannot be told."""
    z = (values - trained.mean) / trained.sd
    centre, spread = _moments(z)
    found = np.full(len(FIGURES), np.nan)
    found[0] = np.median(np.abs(centre))
    several = len(values) >= 5
    if several:
        found[1] = np.median(np.abs(np.log(np.maximum(spread, 1e-9))))
    if z.shape[1] >= 5 and np.ptp(trained.mean) > 0:
        found[2] = 1 - np.corrcoef(rankdata(values.mean(axis=0)), rankdata(trained.mean))[0, 1]
    if several and z.shape[1] > 1:
        off = ~np.eye(z.shape[1], dtype=bool)
        found[3] = np.abs(_correlation(values) - trained.correlation)[off].mean()
    width = float(np.sqrt(trained.weights @ trained.correlation @ trained.weights))
    if width > 0:
        score = z @ trained.weights / width
        found[4] = abs(score.mean())
        found[5] = abs(float((score > norm.isf(trained.high)).mean()) - trained.high)
    return found


def _moments(z: Floats) -> tuple[Floats, Floats]:
    """Mean and sd of each gene; of one sample there is no sd."""
    return z.mean(axis=0), z.std(axis=0, ddof=1) if len(z) > 1 else np.full(z.shape[1], np.nan)


def by_gene(z: Floats, names: Sequence[str]) -> pd.DataFrame:
    """``mean_z`` and ``spread`` of genes on the scale of training, ``(n, k)``."""
    return pd.DataFrame(dict(zip(("mean_z", "spread"), _moments(z), strict=True)), index=pd.Index(names))


def held_against(values: Floats, trained: Trained, *, seed: int, n_draws: int = _N_DRAWS) -> tuple[pd.DataFrame, float]:
    """Figures of a cohort with what chance makes of them, and one p for all together."""
    own = figures(values, trained)
    drawn = np.array([_drawn(values, trained, rng(seed, "drift", number)) for number in range(n_draws)])
    told = np.isfinite(own) & np.isfinite(drawn).all(axis=0)
    both = np.vstack([own, drawn])[:, told]
    p = (both.shape[0] + 1 - rankdata(both, method="min", axis=0)) / both.shape[0]
    # each figure on the scale of its own draws, so that the largest of the six is held against that of each draw
    middle = np.median(both[1:], axis=0)
    far = (both - middle) / np.maximum(np.quantile(both[1:], 0.95, axis=0) - middle, 1e-12)
    whole = float((far.max(axis=1) >= far[0].max() - 1e-12).mean()) if told.any() else float("nan")
    table = pd.DataFrame(
        {
            "what": FIGURES, "value": own, "expected": np.nan, "upper": np.nan, "p_value": np.nan,
            "meaning": [_MEANING[name] for name in FIGURES],
        }
    )  # fmt: skip
    table.loc[told, "expected"] = np.median(drawn[:, told], axis=0)
    table.loc[told, "upper"] = np.quantile(drawn[:, told], 0.95, axis=0)
    table.loc[told, "p_value"] = p[0]
    return table[TABLE], whole


def _drawn(values: Floats, trained: Trained, random: np.random.Generator) -> Floats:
    """Figures of two cohorts of one kind, of the sizes of training and of the cohort."""
    n, size = len(values), trained.n
    if trained.rows is not None:
        pooled = np.vstack([trained.rows, values])
        order = random.permutation(len(pooled))
        one, two = pooled[order[: len(trained.rows)]], pooled[order[len(trained.rows) :]]
    elif n >= _ENOUGH:
        one, two = values[random.integers(n, size=size)], values[random.integers(n, size=n)]
    else:
        root = np.linalg.cholesky(0.95 * trained.correlation + 0.05 * np.eye(len(trained.mean)))
        one, two = (random.normal(size=(m, len(root))) @ root.T * trained.sd + trained.mean for m in (size, n))
    return figures(two, learnt(one, trained.weights, trained.high, kept=False))


def learnt(rows: Floats, weights: Floats, high: float, *, kept: bool = True) -> Trained:
    """What is kept of training samples; the weights go over to their scale."""
    sd = rows.std(axis=0, ddof=1)
    return Trained(rows.mean(axis=0), np.where(sd > 0, sd, np.inf), _correlation(rows), weights, high, len(rows),
                   rows if kept else None)  # fmt: skip


def _correlation(values: Floats) -> Floats:
    z = values - values.mean(axis=0)
    length = np.sqrt((z**2).sum(axis=0))
    z = z / np.where(length > 0, length, np.inf)
    return np.asarray(z.T @ z)


def what_moved(values: Floats, trained: Trained) -> str:
    """Name what a cohort that lies off has moved in: ``unit``, ``platform`` or ``case mix``.

    A change of unit moves all genes by one shift and one factor; a change of platform moves each gene in its own way,
    far; a change of case mix moves them little, and along the axes on which patients differ.
    """
    z = (values - trained.mean) / trained.sd
    centre = z.mean(axis=0)
    off = float(np.median(np.abs(centre)))
    ratio = np.log(np.maximum(z.std(axis=0, ddof=1), 1e-9)) if len(z) >= 5 else np.zeros(z.shape[1])
    common = float(np.median(ratio))
    even = float(np.median(np.abs(ratio - common))) < _LEFT * abs(common)
    left = float(np.median(np.abs(_unexplained(values.mean(axis=0), trained))))
    if (off > _FAR and left < _LEFT * off) or (abs(common) > _WIDE and even and left < _FAR):
        return "unit"
    if left >= _FAR or (off > _FAR and _along(centre, trained.correlation) < _ALONG):
        return "platform"
    return "case mix"


def _unexplained(mean: Floats, trained: Trained) -> Floats:
    """Sds by which gene means lie off one shift and one factor of those of training."""
    if mean.size < 5:
        return np.asarray((mean - trained.mean) / trained.sd)
    design = np.column_stack([np.ones(mean.size), trained.mean]) / trained.sd[:, None]
    fit = np.linalg.lstsq(design, mean / trained.sd, rcond=None)[0]
    return np.asarray(mean / trained.sd - design @ fit)


def _along(shift: Floats, correlation: Floats) -> float:
    """Share of a shift along the main axes of the training patients."""
    axes = np.linalg.eigh(correlation)[1][:, -_AXES:]
    return float(((shift @ axes) ** 2).sum() / max(float((shift**2).sum()), 1e-12))
