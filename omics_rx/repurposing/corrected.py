"""Measured responses, steadied: corrected by what expression says of the line, joined over screens, pooled over drugs.

One measurement of one line is noisy; three others know something of it: the prediction for the line by fits that had
not seen it, the same compound in another screen, and drugs that act alike.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from omics_rx.harmonize.mechanisms import jaccard
from omics_rx.repurposing.selectivity import without_general

MEASURED, OWN, NOISE = 0.5, 0.25, 1.0
# by how much other lines differ beyond what the spread of these says; benchmarks/ranking_intervals.py prints it
BETWEEN_LINES = 2.5
MIN_LINES = 3


def corrected(measured: pd.DataFrame, held_out: pd.DataFrame | None) -> pd.DataFrame:
    """Half what was measured, half what was predicted by a fit that had not seen the line; measured alone without.

    Parameters
    ----------
    measured, held_out
        ln IC50 (ln uM), lines x drugs; NaN where not measured or predicted.
    """
    if held_out is None:
        return measured
    expected = held_out.reindex(index=measured.index, columns=measured.columns)
    mixed = MEASURED * measured + (1 - MEASURED) * expected
    return mixed.where(expected.notna(), measured)


def over_lines(measured: pd.DataFrame, held_out: pd.DataFrame | None, repeats: pd.DataFrame | None) -> pd.DataFrame:
    """Corrected responses in sd of each drug, less what each line does to all drugs; mean over screens.

    Parameters
    ----------
    measured, held_out
        As :func:`corrected`.
    repeats
        ln IC50 of the same compounds in another screen of the laboratory, lines x drugs; None without one.
    """
    first = without_general(corrected(measured, held_out))
    if repeats is None:
        return first
    # another dose range has another level; what is predicted of a line is brought to it by its spread alone
    same = repeats[repeats.columns.intersection(measured.columns)]
    expected = None if held_out is None else _to_level_of(held_out, same, measured)
    second = without_general(corrected(same, expected))
    lines = first.index.union(second.index)
    first, second = first.reindex(lines), second.reindex(index=lines, columns=first.columns)
    return (first.fillna(second) + second.fillna(first)) / 2


def _to_level_of(held_out: pd.DataFrame, repeats: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    own = held_out.reindex(columns=repeats.columns)
    share = repeats.std() / measured[repeats.columns].std()
    return (own - own.mean()) * share + repeats.mean()


def pooled_contrasts(
    values: pd.DataFrame, groups: pd.Series, words: list[set[str]], drugs: pd.Index
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How far each group of lines is from the mean of the groups, drawn towards drugs that act alike.

    The contrasts of a drug are a draw around the mean of all, alike for drugs alike (Jaccard index of the words for
    target and mechanism, a quarter of a drug's own beside); what is measured is that with noise.

    Parameters
    ----------
    values
        Lines x drugs, low is sensitive.
    groups
        Group of each line that has one.
    words
        Words for how each drug of ``drugs`` acts.
    drugs
        Drugs to tell of; those without measurements are told by their relatives, and missing without one.

    Returns
    -------
    DataFrame, DataFrame
        Drugs x groups: contrast (low is more sensitive than the other groups), and its standard error by the lines.
    """
    known = groups.dropna()
    names = sorted(known.unique())
    per_group = [values.reindex(known.index[known == name]) for name in names]
    n = np.array([part.notna().sum().reindex(drugs).fillna(0) for part in per_group]).reshape(len(names), len(drugs)).T
    names_seen = np.asarray((n >= MIN_LINES).any(axis=0))
    names, n = [name for name, seen in zip(names, names_seen, strict=True) if seen], n[:, names_seen]
    measured = np.asarray((n >= MIN_LINES).all(axis=1)) if len(names) > 1 else np.zeros(len(drugs), dtype=bool)
    if measured.sum() < 2:
        none = pd.DataFrame(np.nan, index=drugs, columns=names)
        return none, none
    parts = [part for part, seen in zip(per_group, names_seen, strict=True) if seen]
    mean = np.array([part.mean().reindex(drugs) for part in parts]).T
    contrast = (mean - mean.mean(axis=1, keepdims=True))[measured]
    alike = jaccard(words)
    table = alike + OWN * np.eye(len(drugs))
    pull = np.linalg.solve(table[np.ix_(measured, measured)] + NOISE * np.eye(int(measured.sum())), table[measured]).T
    centre = contrast.mean(axis=0)
    told = centre + pull @ (contrast - centre)
    related = np.asarray(measured | (alike[:, measured] > 0).any(axis=1))
    told = np.where(related[:, None], told, np.nan)
    k = len(names)
    error = np.array([_variance_by_lines(part.reindex(columns=drugs[measured]), pull) for part in parts]).T
    errors = np.sqrt(error * (1 - 2 / k) + error.sum(axis=1, keepdims=True) / k**2)
    return pd.DataFrame(told, drugs, names), pd.DataFrame(errors, drugs, names)


def _variance_by_lines(values: pd.DataFrame, pull: np.ndarray) -> np.ndarray:
    """Squared standard error of weighted sums of the drugs' means over lines, ``(n_sums,)``.

    Drugs are measured in the same lines, and those that act alike err alike there: what a line adds to a sum is taken
    for all drugs together.

    Parameters
    ----------
    values
        Lines x drugs; NaN where not measured.
    pull
        Sums x drugs: the weights.
    """
    n = int(values.notna().any(axis=1).sum())
    added = ((values - values.mean()) / values.notna().sum()).fillna(0.0).to_numpy() @ pull.T
    return np.asarray((added**2).sum(axis=0) * n / max(n - 1, 1))
