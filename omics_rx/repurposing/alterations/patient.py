"""One patient's alterations: what each is, what lines say of it, what is published, and what is labelled for her."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError
from omics_rx.repurposing.alterations import facts, labelled
from omics_rx.repurposing.alterations.effects import FEW_LINES, EventEffects, Z

_RECEPTORS = {"ER": "er_status", "PR": "pr_status", "HER2": "her2_status"}
_TOP = 3


@dataclass(frozen=True, eq=False)
class Told:
    """Alterations of one patient, for a reader.

    Attributes
    ----------
    alterations
        One row an alteration: ``alteration``, ``is``, ``why``, ``measured`` (what lines with it say), ``published``
        (how many facts, resistance first), ``event``.
    facts
        Published facts that fit, resistance first.
    labelled
        Labels by whether they are hers.
    said
        Sentences, resistance first.
    """

    alterations: pd.DataFrame
    facts: pd.DataFrame
    labelled: pd.DataFrame
    said: tuple[str, ...]


def told_of(
    patient: str, variants: pd.DataFrame, events: pd.Series, obs: pd.Series, *, effects: EventEffects | None,
    drugs: pd.DataFrame,
) -> Told:  # fmt: skip
    """What there is to say of one patient's alterations.

    Parameters
    ----------
    patient
        Her name.
    variants
        Her rows of :class:`omics_rx.io.Alterations`.
    events
        Her events.
    obs
        Her row of the cohort's ``obs``; receptors are read from it.
    effects
        Effects of events in lines; None where none were measured.
    drugs
        Drugs to be told of.
    """
    known = facts.facts_for(variants, facts.drug_ids(drugs))
    against = known["effect"] == "resistance"
    known = pd.concat([known[against], known[~against]], ignore_index=True)
    receptors = {name: str(obs[column]) for name, column in _RECEPTORS.items() if column in obs and
                 isinstance(obs[column], str)}  # fmt: skip
    own = variants[variants["effect"] != "not altered"]
    rows = [
        {"alteration": facts.described(row), "is": row["is"], "why": row["why"],
         "measured": measured_words(row["event"] if row["is"] not in ("uncertain", "none") else "", effects, drugs),
         "published": _published(known, facts.described(row)), "event": row["event"]}
        for row in own.to_dict("records")
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["alteration", "is", "why", "measured", "published", "event"])
    order = table["is"].map({"uncertain": 1, "none": 2}).fillna(0).sort_values(kind="stable").index
    table = table.loc[order].reset_index(drop=True)
    return Told(table, known, labelled.labelled(variants, events, receptors), _sentences(patient, table, known))


def measured_words(event: str, effects: EventEffects | None, drugs: pd.DataFrame) -> str:
    """What lines with an event say, in a sentence; few lines are said to be few."""
    if not event or effects is None:
        return ""
    name = in_screens(event)
    if name not in effects.difference.index:
        return "no line of the screens is known to have it"
    try:
        found = effects.of(name)
    except InputError:
        return f"fewer than {FEW_LINES} lines have it: nothing can be told"
    n = int(found["n_lines"].max())
    sure = found[(found["upper"] < 0) & (found["n_lines"] > 0)].sort_values("effect").head(_TOP)
    names = ", ".join(str(drugs["name"].get(drug, drug)) for drug in sure.index)
    return f"{n} lines; more sensitive to {names}" if names else f"{n} lines; no drug stands out"


def in_screens(event: str) -> str:
    """The screens' event that stands for hers: lines have no blood beside them, so a germline variant is a mutation."""
    return event.replace("_germline", "_mut")


def hers(events: pd.Series, effects: EventEffects) -> list[str]:
    """Her events that lines tell of, under the screens' names."""
    names = [in_screens(str(name)) for name, value in events.items() if value == 1]
    return [name for name in dict.fromkeys(names) if name in set(effects.events)]


def measured(events: pd.Series, effects: EventEffects) -> pd.DataFrame:
    """What her events say together of each drug: the sum of their effects; missing where none tells.

    Returns
    -------
    DataFrame
        Index ``drug_id``; ``effect`` (sd over lines), ``error`` (its standard deviation) and ``n_lines`` (altered lines
        of the event with the fewest that says something).
    """
    return weighted(dict.fromkeys(hers(events, effects), 1.0), effects)


def weighted(weights: dict[str, float], effects: EventEffects) -> pd.DataFrame:
    """Sum of the effects of events, each by its weight; as :func:`measured`."""
    total: pd.Series = pd.Series(0.0, index=effects.drugs)
    spread: pd.Series = pd.Series(0.0, index=effects.drugs)
    known: pd.Series = pd.Series(np.zeros(len(effects.drugs), dtype=bool), index=effects.drugs)
    lines: pd.Series = pd.Series(np.inf, index=effects.drugs)
    for name, weight in weights.items():
        found = effects.of(name)
        total = total.add(weight * found["effect"], fill_value=0.0)
        spread = spread.add((weight * (found["upper"] - found["lower"]) / (2 * Z)) ** 2, fill_value=0.0)
        known |= found["effect"].notna()
        lines = pd.Series(np.minimum(lines, found["n_lines"].astype(float)))
    table = pd.DataFrame({"effect": total, "error": np.sqrt(spread), "n_lines": lines.replace(np.inf, np.nan)})
    table[~known.to_numpy(dtype=bool)] = np.nan
    return table


def _published(known: pd.DataFrame, alteration: str) -> str:
    own = known[known["alteration"] == alteration]
    parts = []
    for effect in ("resistance", "sensitivity"):
        drugs = own.loc[own["effect"] == effect, "drug"].drop_duplicates().tolist()
        if drugs:
            parts.append(f"{effect} to {', '.join(drugs[:_TOP])}{' and others' if len(drugs) > _TOP else ''}")
    return "; ".join(parts)


def _sentences(patient: str, table: pd.DataFrame, known: pd.DataFrame) -> tuple[str, ...]:
    said = []
    for (drug, alteration), own in known[known["effect"] == "resistance"].groupby(["drug", "alteration"], sort=False):
        best = own.iloc[0]
        here = "breast cancer" if best["own_disease"] else best["disease"]
        said.append(f"Resistance: {alteration} speaks against {drug} ({best['level']}, {here}, {best['year']}).")
    both = known.groupby("drug")["effect"].nunique()
    said += [f"Facts on {drug} contradict each other: both are shown." for drug in both.index[both > 1]]
    open_ = table.loc[table["is"] == "uncertain", "alteration"].tolist()
    if open_:
        said.append(f"Of uncertain significance, and moving nothing: {', '.join(open_[:8])}"
                    f"{f' and {len(open_) - 8} more' if len(open_) > 8 else ''}.")  # fmt: skip
    sure = ~table["is"].isin(("uncertain", "none")) & (table["published"] == "")
    silent = table.loc[sure & ~table["measured"].str.contains("sensitive"), "alteration"].tolist()
    if silent:
        said.append(f"Nobody knows what follows from {', '.join(silent[:8])} for these drugs.")
    if table.empty:
        said.append(f"No alteration of {patient} is known.")
    return tuple(said)
