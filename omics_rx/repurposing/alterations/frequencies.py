"""How often events are in each subtype of a cohort that was tested for them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.repurposing.alterations.effects import EventEffects
from omics_rx.repurposing.alterations.together import in_screens

_MIN_TESTED = 5


@in_words
def event_frequencies(events: pd.DataFrame, subtypes: pd.Series) -> pd.DataFrame:
    """Share of altered tumours of each subtype, by event.

    Parameters
    ----------
    events
        Tumours x events of 1, 0 and missing.
    subtypes
        Subtype of each tumour.

    Returns
    -------
    DataFrame
        Index ``event`` and ``subtype``; ``altered`` and ``tested`` tumours and ``share`` (missing under five tested).

    Raises
    ------
    InputError
        If no tumour has both.
    """
    called = subtypes.reindex(events.index).dropna()
    if called.empty:
        raise InputError("no tumour has both a subtype and events: name tumours alike in both")
    own = events.loc[called.index]
    by = called.to_numpy()
    altered, tested = own.eq(1).groupby(by).sum(), own.notna().groupby(by).sum()
    share = (altered / tested.where(tested >= _MIN_TESTED)).astype(np.float64)
    columns = {"altered": altered, "tested": tested, "share": share}
    table = pd.DataFrame(
        {name: one.T.unstack().swaplevel() for name, one in columns.items()}  # noqa: PD010 - two levels are wanted
    )
    return table.rename_axis(["event", "subtype"]).sort_index()


def contrasts(events: pd.DataFrame, inside: pd.Series, effects: EventEffects) -> dict[str, float]:
    """Event of the screens to its share in a subtype less that in the others, where five of either were tested."""
    known = set(effects.events)
    state = inside.reindex(events.index)
    found: dict[str, float] = {}
    for name in map(str, events.columns):
        screen_name = in_screens(name)
        if screen_name not in known:
            continue
        own = events[name]
        one, other = own[state == 1].dropna(), own[state == 0].dropna()
        if min(len(one), len(other)) >= _MIN_TESTED:
            found[screen_name] = found.get(screen_name, 0.0) + float(one.mean() - other.mean())
    return {name: share for name, share in found.items() if share}
