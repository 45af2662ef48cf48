"""What an event does to the response to each drug: altered lines against the others, shrunk over drugs and events.

Responses are standardised a drug, joined over screens, and rid of tissue and of what a line does to all drugs, so that
the preference between drugs is left. The difference of altered and other lines has a known error. True differences are
taken for normal around 0 with a variance that the events share in part (empirical Bayes), and alike for drugs that act
alike, so that drugs with targets in common lend each other strength and a drug that nobody screened gets what its
relatives say. Where a drug hits the altered gene itself, both are those of such pairs (``own_target``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.harmonize.mechanisms import jaccard, tokens
from omics_rx.metrics.small import Z95
from omics_rx.repurposing.alterations import own_target
from omics_rx.repurposing.alterations.joint import joint_effects
from omics_rx.repurposing.targets import genes_of

FEW_LINES = 5
_SHARED = 0.75  # of the variance of an event's effects goes with how a drug acts; .25 to .97 place drugs alike
_LEAST = 1e-4
_ROUNDS = 4


@dataclass(frozen=True, eq=False)
class EventEffects:
    """Effects of events on drugs, made by :func:`event_effects`.

    Attributes
    ----------
    difference, error, n_lines
        Altered lines less the others, events x drugs (sd over lines), its standard error, and altered lines measured;
        missing where fewer than five of either side are.
    variance
        Variance of the true differences of each event.
    alike
        How alike drugs act, 0 to 1, all drugs x all drugs.
    drugs
        ``drug_id`` of all drugs, screened or not.
    joint
        Effects of all events together, events x drugs (sd over lines), which add up over the events of one tumour;
        missing for events with too few lines, and for drugs of which no relative was measured.
    share
        Share of the lines that have each event.
    expected, wider
        Mean of the true difference, and its variance beyond ``variance``, events x drugs: 0 but where a drug hits the
        altered gene.
    """

    difference: pd.DataFrame
    error: pd.DataFrame
    n_lines: pd.DataFrame
    variance: pd.Series
    alike: np.ndarray
    drugs: pd.Index
    joint: pd.DataFrame
    share: pd.Series
    expected: np.ndarray
    wider: np.ndarray
    _made: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    @cached_property
    def events(self) -> list[str]:
        """Events with five altered lines or more for some drug."""
        return [str(name) for name in self.difference.index[self.difference.notna().any(axis=1)]]

    def of(self, event: str) -> pd.DataFrame:
        """Effect of one event on every drug.

        Returns
        -------
        DataFrame
            Index ``drug_id``; ``effect`` (sd over lines; below 0, altered lines are more sensitive), ``lower`` and
            ``upper`` (95%), ``difference`` (before shrinking), ``n_lines`` altered lines measured (0: told by drugs
            that act alike). Missing where no drug that acts alike was measured.

        Raises
        ------
        InputError
            If the event is not known or has too few lines.
        """
        if event not in self.difference.index:
            raise InputError(f"no line of the screens has the event {event!r}: there are {examples(self.events, 5)}")
        if event not in self._made:
            self._made[event] = self._shrunk(event)
        return self._made[event]

    def _shrunk(self, event: str) -> pd.DataFrame:
        own = self.difference.T[event].to_numpy(dtype=np.float64)
        error = self.error.T[event].to_numpy(dtype=np.float64)
        measured = np.flatnonzero(np.isfinite(own))
        few = int(self.n_lines.T[event].max())
        if not len(measured):
            raise InputError(f"{event} is altered in {few} measured lines, fewer than {FEW_LINES}: nothing can be told")
        here = self.difference.index.tolist().index(event)
        mean, wider = self.expected[here], self.wider[here]
        prior = float(self.variance[event]) * (_SHARED * self.alike + (1 - _SHARED) * np.eye(len(own))) + np.diag(wider)
        seen = prior[np.ix_(measured, measured)] + np.diag(error[measured] ** 2)
        weights = np.linalg.solve(seen, prior[measured]).T
        effect = mean + weights @ (own[measured] - mean[measured])
        left = np.maximum(np.diag(prior) - np.einsum("ij,ij->i", weights, prior[:, measured]), 0)
        told = self.alike[:, measured].max(axis=1) > 0
        told[measured] = True
        n_lines = self.n_lines.T[event].to_numpy()
        table = pd.DataFrame(
            {"effect": effect, "lower": effect - Z95 * np.sqrt(left), "upper": effect + Z95 * np.sqrt(left),
             "difference": own}, index=self.drugs,
        )  # fmt: skip
        table[~told] = np.nan
        return table.assign(n_lines=np.where(np.isfinite(own), n_lines, 0).astype(int)).rename_axis("drug_id")


def preferences(responses: pd.DataFrame | Sequence[pd.DataFrame], tissue: pd.Series) -> pd.DataFrame:
    """Responses as preferences: standardised a drug, without tissue and line level, the mean of the screens.

    Parameters
    ----------
    responses
        Lines x drugs (ln uM, or AUC), of one screen or several.
    tissue
        Tissue of each line; lines without one are a tissue of their own.
    """
    screens = [responses] if isinstance(responses, pd.DataFrame) else list(responses)
    if not screens:
        raise InputError("no responses are given: pass lines x drugs")
    clean = [_centred(one, tissue) for one in screens]
    lines = clean[0].index
    drugs = clean[0].columns
    for one in clean[1:]:
        lines, drugs = lines.union(one.index), drugs.union(one.columns)
    stack = np.array([one.reindex(index=lines, columns=drugs).to_numpy(dtype=np.float64) for one in clean])
    known = np.isfinite(stack)
    count = known.sum(axis=0)
    mean = np.where(count > 0, np.where(known, stack, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)
    joined = pd.DataFrame(mean, index=lines, columns=drugs)
    return joined / joined.std()


def _centred(responses: pd.DataFrame, tissue: pd.Series) -> pd.DataFrame:
    values = responses.astype(np.float64)
    spread = values.std()
    values = (values - values.mean()) / spread.where(spread > 0)
    group = tissue.reindex(values.index).astype(object)
    group = group.where(group.notna(), "not known")
    for _ in range(_ROUNDS):
        values = values - values.groupby(group.to_numpy()).transform("mean")
        values = values.sub(values.mean(axis=1), axis=0)
    return values


@in_words
def event_effects(
    responses: pd.DataFrame | Sequence[pd.DataFrame], events: pd.DataFrame, *, tissue: pd.Series, drugs: pd.DataFrame
) -> EventEffects:
    """What each event does to the response to each drug.

    Parameters
    ----------
    responses
        Lines x drugs (ln uM, or AUC; low is sensitive), of one screen or several.
    events
        Lines x events of 1, 0 and missing.
    tissue
        Tissue of each line.
    drugs
        Index ``drug_id``, of which ``targets``, ``mechanism``, ``target_text`` are used where known; those that were
        not screened get what their relatives say. Screened drugs that it lacks stand for themselves.

    Returns
    -------
    EventEffects
        Intervals hold 95% of the true effects, on average over drugs and events; not of the largest alone.

    Raises
    ------
    InputError
        If no line has both responses and events.
    """
    values = preferences(responses, tissue)
    carried = events.reindex(values.index)
    if not carried.notna().any(axis=None):
        raise InputError("no line of the responses has events: lines are named otherwise, or none was profiled")
    every = values.columns.union(drugs.index, sort=False)
    values = values.reindex(columns=every)
    seen, error, count = _differences(values.to_numpy(dtype=np.float64), carried.to_numpy(dtype=np.float64))
    names = carried.columns
    difference = pd.DataFrame(seen, index=names, columns=every)
    spread = pd.DataFrame(error, index=names, columns=every)
    variance = _variances(seen, error)
    alike = likeness(drugs, every)
    own = own_target.hits(names, every, genes_of(drugs["targets"]) if "targets" in drugs else {})
    others = np.maximum(values.notna().sum().to_numpy() - count, 1)
    expected, wider = own_target.priors(difference, 1 / np.maximum(count, 1) + 1 / others, own)
    joint = _together(values, carried, (alike, expected, wider), difference.notna().any(axis=1).to_numpy())
    return EventEffects(
        difference, spread, pd.DataFrame(count, index=names, columns=every), pd.Series(variance, index=carried.columns),
        alike, every, joint, carried.mean(), expected, wider,
    )  # fmt: skip


def _together(
    values: pd.DataFrame, carried: pd.DataFrame, prior: tuple[np.ndarray, np.ndarray, np.ndarray], enough: np.ndarray
) -> pd.DataFrame:
    """Joint effects of the events that have lines enough, on drugs that were measured or have relatives that were."""
    alike, expected, wider = prior
    measured = values.notna().any().to_numpy()
    told = alike[:, measured].max(axis=1, initial=0.0) > 0
    used = carried.loc[:, enough]
    found = joint_effects(values.to_numpy(dtype=np.float64), used.to_numpy(dtype=np.float64), alike,
                          mean=expected[enough], wider=wider[enough])  # fmt: skip
    table = pd.DataFrame(np.where(told, found, np.nan), index=used.columns, columns=values.columns)
    return table.reindex(carried.columns)


def _differences(values: np.ndarray, events: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means of altered lines less the others, Welch's standard errors, and altered lines, events x drugs."""
    measured = np.isfinite(values).astype(np.float64)
    value = np.nan_to_num(values)
    sides = []
    for state in (1, 0):
        member = (events == state).T.astype(np.float64)
        n = member @ measured
        mean = (member @ value) / np.maximum(n, 1)
        square = (member @ value**2 - n * mean**2) / np.maximum(n - 1, 1)
        sides.append((n, mean, np.maximum(square, 0) / np.maximum(n, 1)))
    (n1, mean1, error1), (n0, mean0, error0) = sides
    enough = (n1 >= FEW_LINES) & (n0 >= FEW_LINES)
    error = np.sqrt(error1 + error0)
    enough &= error > 0
    return np.where(enough, mean1 - mean0, np.nan), np.where(enough, error, np.nan), n1.astype(int)


def _variances(difference: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Variance of the true differences of each event: its own as far as it is sure, else that of all events."""
    known = np.isfinite(difference)
    n = known.sum(axis=1)
    beyond = np.where(known, difference**2 - error**2, 0.0).sum(axis=1) / np.maximum(n, 1)
    noise = 2 * np.where(known, error**4, 0.0).sum(axis=1) / np.maximum(n, 1) ** 2
    sure = n > 1
    if not sure.any():
        return np.full(len(n), _LEAST)
    overall = max(float(np.average(beyond[sure], weights=1 / (noise[sure] + 1e-9))), _LEAST)
    between = max(float(np.var(beyond[sure]) - noise[sure].mean()), 0.0)
    weight = np.where(sure, between / (between + noise + 1e-12), 0.0)
    found: np.ndarray = np.maximum(weight * beyond + (1 - weight) * overall, _LEAST)
    return found


def likeness(drugs: pd.DataFrame, every: pd.Index) -> np.ndarray:
    """How alike drugs act: the share of words for targets and mechanism that two have in common; 1 with itself."""
    words = tokens(drugs, structures=False)
    alike = jaccard([words.get(str(drug), set()) for drug in every])
    np.fill_diagonal(alike, 1)
    return alike
