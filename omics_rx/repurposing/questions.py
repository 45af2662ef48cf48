"""Two questions, judged apart and added: which drug is worth trying at all, and for which subtype.

Neither answer learns from a label. What each kind of evidence adds is exact: a share of drugs beaten for the first, a
contrast between subtypes for the second, each in standard deviations over drugs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from omics_rx.core.work import rng
from omics_rx.repurposing.evidence.kind import Kind

SUBTYPE_SHARE, N_DRAWS = 0.75, 200
_NOTHING = 1e-9


@dataclass(frozen=True, eq=False)
class Answers:
    """What each kind adds to the score of each pair.

    Attributes
    ----------
    parts
        Pairs x kinds; 0 where nothing is known.
    slopes
        Kinds: what one unit of a kind of the second question adds, 0 for one of the first. Of a kind with a slope of
        its own it is that, so that a patient's value counts alike whatever the cohort holds.
    spread
        Standard deviation over drugs of the sum of the first question's shares.
    judged
        Pairs of drugs that others are compared with.
    """

    parts: np.ndarray
    slopes: np.ndarray
    spread: float
    judged: np.ndarray


def answers(pairs: pd.DataFrame, kinds: tuple[Kind, ...], *, screened: pd.Index, subtypes: tuple[str, ...]) -> Answers:
    """Contributions of all kinds.

    Parameters
    ----------
    pairs
        Index (``drug_id``, ``subtype``), kinds; NaN where missing. Rows of other keys than ``subtypes``, such as a
        patient's, are judged beside them and change nothing in them.
    kinds
        The kinds, in the order of the columns.
    screened
        Drugs that others are compared with: those that were measured.
    subtypes
        Subtypes that are compared with each other.
    """
    key = pairs.index.get_level_values(1)
    judged = pairs.index.get_level_values(0).isin(screened)
    judged = judged if judged.any() else np.ones(len(pairs), dtype=bool)
    scale = judged & key.isin(subtypes)
    parts, slopes = np.zeros(pairs.shape), np.zeros(pairs.shape[1])
    first = np.array([kind.question == "drug" for kind in kinds])
    for i, kind in enumerate(kinds):
        values = pairs[kind.name] * kind.direction
        if first[i]:
            for one in key.unique():
                here = np.asarray(key == one)
                parts[here, i] = kind.weight * places(values.to_numpy()[here], values.to_numpy()[here & judged])
        elif kind.slope is not None:
            parts[:, i], slopes[i] = kind.slope * values.fillna(0.0), kind.slope
        else:
            parts[:, i], slopes[i] = _contrast(values, judged=judged, scale=scale, subtypes=subtypes)
            parts[:, i] *= kind.weight * SUBTYPE_SHARE
            slopes[i] *= kind.weight * SUBTYPE_SHARE
    total = parts[:, first].sum(axis=1)[scale]
    spread = float(total.std()) if total.size else 0.0
    spread = spread if spread > _NOTHING else 1.0
    parts[:, first] /= spread
    return Answers(parts, slopes, spread, np.asarray(judged))


def places(values: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Share of drugs that a value beats (ties half), less one half; 0 where it is missing or all are equal."""
    known = np.sort(np.round(among[np.isfinite(among)], 9))
    if known.size < 2 or known[0] == known[-1]:
        return np.zeros(len(values))
    at = np.round(values, 9)
    below, upto = np.searchsorted(known, at, side="left"), np.searchsorted(known, at, side="right")
    return np.where(np.isfinite(values), (below + upto) / (2 * known.size) - 0.5, 0.0)


def _contrast(
    values: pd.Series, *, judged: np.ndarray, scale: np.ndarray, subtypes: tuple[str, ...]
) -> tuple[np.ndarray, float]:
    """Value less the drug's mean over subtypes, less the mean over drugs, in sd; 0 where missing; sd per unit."""
    drug, key = values.index.get_level_values(0), values.index.get_level_values(1)
    own = values.where(key.isin(subtypes))
    several = own.groupby(drug).transform("count") > 1
    centred = values - own.groupby(drug).transform("mean").where(several, 0.0)
    level = centred[judged].groupby(key[judged]).mean().to_dict()
    centred = centred.sub(key.map(level).to_numpy(dtype=np.float64))
    squares = centred[scale] ** 2
    sd = float(np.sqrt(squares.mean())) if squares.notna().any() else 0.0
    if not sd > _NOTHING * max(1.0, float(values.abs().max())):
        return np.zeros(len(values)), 0.0
    return (centred / sd).fillna(0.0).to_numpy(), 1 / sd


def members(
    found: Answers, pairs: pd.DataFrame, errors: pd.DataFrame, *, kinds: tuple[Kind, ...], here: np.ndarray, seed: int
) -> np.ndarray:
    """Scores as another cohort, or other lines, would have them, draws x drugs of one subtype.

    Parameters
    ----------
    found
        Contributions of all pairs.
    pairs
        As :func:`answers`.
    errors
        Drugs x kinds: by how much each value may differ there (standard deviation); missing is not at all.
    here
        Pairs of the subtype, in the order of ``errors``.
    """
    scores = np.tile(found.parts[here].sum(axis=1), (N_DRAWS, 1))
    for i, kind in enumerate(kinds):
        error = errors[kind.name].fillna(0.0).to_numpy() if kind.name in errors else np.zeros(int(here.sum()))
        if not error.any():
            continue
        noise = rng(seed, "interval", kind.name).normal(size=scores.shape) * error
        if kind.question == "drug":
            values = pairs[kind.name].to_numpy() * kind.direction
            moved = values[here] + noise
            among = values[here & found.judged]
            new = np.array([places(row, among) for row in moved]) * kind.weight / found.spread
            scores += np.where(np.isfinite(values[here]), new - found.parts[here, i], 0.0)
        else:
            scores += noise * found.slopes[i]
    return scores
