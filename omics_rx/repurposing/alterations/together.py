"""What her events say together of each drug, by lines that carry them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from omics_rx.repurposing.alterations.effects import EventEffects


def in_screens(event: str) -> str:
    """The screens' event that stands for hers: lines have no blood beside them, so a germline variant is a mutation."""
    return event.replace("_germline", "_mut")


def hers(events: pd.Series, effects: EventEffects) -> list[str]:
    """Her events that lines tell of, under the screens' names."""
    names, known = [in_screens(str(name)) for name, value in events.items() if value == 1], set(effects.events)
    return [name for name in dict.fromkeys(names) if name in known]


def measured(events: pd.Series, effects: EventEffects) -> pd.DataFrame:
    """What her events say together of each drug, those she has and those she was tested for and has not.

    Each counts by how far she is from the lines' mean, so that what is not tested says nothing.

    Returns
    -------
    DataFrame
        Index ``drug_id``; ``effect`` (sd over lines) and ``n_lines`` (altered lines, of her event with the fewest).
        Missing where none of her events tells.
    """
    return _summed(distances(events, effects), hers(events, effects), effects)


def distances(events: pd.Series, effects: EventEffects) -> dict[str, float]:
    """Events of the screens that are known of her to how far she is from the share of lines that have them.

    An event that is told as somatic and as germline counts as there where either is.
    """
    known = events.dropna().astype(float)
    state = known.groupby(known.index.map(lambda name: in_screens(str(name)))).max()
    useful = state[state.index.isin(effects.events)]
    return {str(name): float(away) for name, away in (useful - effects.share.reindex(useful.index)).items()}


def lines_of(names: list[str], effects: EventEffects) -> pd.Series:
    """Altered lines measured with each drug, of the event with the fewest."""
    n = effects.n_lines.loc[names].where(effects.difference.loc[names].notna(), 0)
    return n.min().astype(float)


def weighted(weights: dict[str, float], effects: EventEffects) -> pd.DataFrame:
    """Sum of the joint effects of events, each by its weight; as :func:`measured`."""
    return _summed(weights, [*weights], effects)


def _summed(weights: dict[str, float], counted: list[str], effects: EventEffects) -> pd.DataFrame:
    """Sum of the joint effects of events, each by its weight, and the lines of those that are counted."""
    joint = effects.joint.loc[[*weights]].mul(pd.Series(weights, dtype="float64"), axis=0)
    n_lines = lines_of(counted, effects) if counted else np.nan
    return pd.DataFrame({"effect": joint.sum(min_count=1), "n_lines": n_lines}, index=effects.drugs)
