"""One patient's alterations: what each is, what lines say of it, what is published, and what is labelled for her."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from omics_rx.core.errors import InputError
from omics_rx.io.alterations.maf import ALTERING
from omics_rx.io.alterations.meaning import EVENTS
from omics_rx.io.alterations.reading import HYPERMUTATED
from omics_rx.repurposing.alterations import facts, labelled
from omics_rx.repurposing.alterations.effects import FEW_LINES, EventEffects
from omics_rx.repurposing.alterations.together import in_screens

RECEPTORS = {"ER": "er_status", "PR": "pr_status", "HER2": "her2_status"}
_TOP, _NAMED = 3, 8
MEASURED = ("drug_id", "drug", "alteration", "effect", "lower", "upper", "n_lines")
SAID = ("topic", "sentence")
_NUMBERS = {"facts": ("weight", "own_disease"), "measured": ("effect", "lower", "upper", "n_lines")}  # the rest is text
_ASKED = {"amplification": ("gain", "amplification"), "loss": ("loss", "loss"), "mutation": ("mut", "mutation"),
          "activating": ("mut", "mutation")}  # fmt: skip
# topics of what is said, in the order in which it is said
TOPICS = ("resistance", "contradiction", "mutations", "uncertain", "not known", "nobody knows", "subtype", "receptors")


@dataclass(frozen=True, eq=False)
class Told:
    """Alterations of one patient, for a reader.

    Attributes
    ----------
    alterations
        One row an alteration: ``alteration``, ``is``, ``why``, ``measured`` (what lines with it say), ``published``
        (resistance first), ``event``.
    facts
        Published facts that fit, resistance first.
    labelled
        Labels by whether they are hers.
    measured
        Drugs that lines with one of her events surely respond to otherwise, less sensitive ones first: ``effect`` (sd
        over lines; above 0, less sensitive) with its 95% interval and the altered lines.
    said
        ``topic`` (one of ``TOPICS``, in that order) and ``sentence``.
    """

    alterations: pd.DataFrame
    facts: pd.DataFrame
    labelled: pd.DataFrame
    measured: pd.DataFrame
    said: pd.DataFrame

    @classmethod
    def read(cls, frames: Mapping[str, pd.DataFrame]) -> Told:
        """From its tables as they were saved: what is empty in a column of text is an empty text."""
        clean = {}
        for name, table in frames.items():
            text = table[[column for column in table if column not in _NUMBERS.get(name, ())]]
            clean[name] = table.assign(**text.astype(object).where(text.notna(), ""))
        return cls(**clean)

    def sentences(self, *topics: str) -> tuple[str, ...]:
        """What is said, of some topics or of all."""
        own = self.said if not topics else self.said[self.said["topic"].isin(topics)]
        return tuple(map(str, own["sentence"]))

    def about(self, drug_id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Sentences on a drug and her alterations: against it, and for it."""
        known = self.facts[self.facts["drug_id"] == drug_id]
        seen = self.measured[self.measured["drug_id"] == drug_id]
        against, for_ = known["effect"] == "resistance", known["effect"] == "sensitivity"
        return (
            (*_facts_said(known[against]), *_measured_said(seen[seen["effect"] > 0])),
            (*_facts_said(known[for_]), *_measured_said(seen[seen["effect"] < 0])),
        )


def told_of(
    patient: str, variants: pd.DataFrame, events: pd.Series, obs: pd.Series, *, effects: EventEffects | None,
    drugs: pd.DataFrame, subtype: str = "", launched: pd.Index | None = None,
    by_expression: Mapping[str, str] | None = None,
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
        Drugs to be told of; by ``called``, the name a reader knows, where there is one.
    subtype
        A sentence on her subtype and how sure it is; empty without.
    launched
        Drugs of which measured resistance is said in a sentence; None for all. The table holds all.
    by_expression
        Receptors as her expression reads, where it does.
    """
    known = facts.facts_for(variants, facts.drug_ids(drugs))
    drugs = drugs.assign(name=drugs["called"]) if "called" in drugs else drugs
    against = known["effect"] == "resistance"
    known = pd.concat([known[against], known[~against]], ignore_index=True)
    own = variants[variants["effect"] != "not altered"]
    seen = measured_of(own, effects, drugs)
    table = _alterations(own, effects, drugs, known)
    receptors = receptors_of(obs)
    labels = labelled.labelled(variants, events, receptors)
    said = [
        *(
            ("resistance", one)
            for one in _resistance(known, seen if launched is None else seen[seen["drug_id"].isin(launched)])
        ),
        *(
            ("contradiction", f"Facts on {drug} contradict each other: both are shown.")
            for drug in _contradicted(known)
        ),
        *(("contradiction", one) for one in _receptors_apart(own, receptors, by_expression or {})),
        *(("mutations", one) for one in _burden(patient, variants)),
        *(("uncertain", one) for one in _uncertain(table)),
        *(("not known", one) for one in _not_known(labels, events)),
        *(("nobody knows", one) for one in _silent(table)),
        *([("nobody knows", f"No alteration of {patient} is known.")] if table.empty else []),
        *([("subtype", subtype)] if subtype else []),
        ("receptors", _receptors_said(receptors)),
    ]
    return Told(table, known, labels, seen, pd.DataFrame(said, columns=list(SAID)))


def _alterations(
    own: pd.DataFrame, effects: EventEffects | None, drugs: pd.DataFrame, known: pd.DataFrame
) -> pd.DataFrame:
    rows = [
        {"alteration": facts.described(row), "is": row["is"], "why": row["why"],
         "measured": measured_words(row["event"] if row["is"] in EVENTS else "", effects, drugs),
         "published": _published(known, facts.described(row)), "event": row["event"]}
        for row in own.to_dict("records")
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["alteration", "is", "why", "measured", "published", "event"])
    order = table["is"].map({"uncertain": 1, "none": 2}).fillna(0).sort_values(kind="stable").index
    return table.loc[order].reset_index(drop=True)


def measured_of(own: pd.DataFrame, effects: EventEffects | None, drugs: pd.DataFrame) -> pd.DataFrame:
    """Drugs that lines with one of her events surely respond to otherwise, less sensitive ones first."""
    made: list[pd.DataFrame] = []
    sure = own[own["is"].isin(EVENTS) & (own["event"] != "")]
    for event in dict.fromkeys(in_screens(str(name)) for name in sure["event"]):
        if effects is None or event not in effects.events:
            continue
        found = effects.of(event)
        found = found[((found["lower"] > 0) | (found["upper"] < 0)) & (found["n_lines"] > 0)]
        found = found[found.index.isin(drugs.index)].rename_axis("drug_id").reset_index()
        names = drugs["name"].reindex(found["drug_id"]).astype(str).to_numpy()
        made.append(found.assign(drug=names, alteration=event_words(event))[list(MEASURED)])
    if not made:
        return pd.DataFrame(columns=list(MEASURED))
    table = pd.concat(made).sort_values("effect", ascending=False, kind="stable")
    return pd.concat([table[table["effect"] > 0], table[table["effect"] < 0][::-1]], ignore_index=True)


def measured_words(event: str, effects: EventEffects | None, drugs: pd.DataFrame) -> str:
    """What lines with an event say, in a sentence, resistance first; few lines are said to be few."""
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
    seen = found[(found["n_lines"] > 0) & found.index.isin(drugs.index)].sort_values("effect")
    parts = []
    for words, own in (("less", seen[seen["lower"] > 0][::-1]), ("more", seen[seen["upper"] < 0])):
        names = ", ".join(str(drugs["name"].get(drug, drug)) for drug in own.index[:_TOP])
        more = f" and {len(own) - _TOP} others" if len(own) > _TOP else ""
        parts += [f"{words} sensitive to {names}{more}"] if names else []
    return f"{n} lines; {'; '.join(parts) or 'no drug stands out'}"


def event_words(event: str) -> str:
    """An event of the screens in words: of a mutation, lines tell the gene and not the change.

    Examples
    --------
    >>> event_words("EGFR_mut"), event_words("ERBB2_gain"), event_words("BCR-ABL1_fusion"), event_words("MSI")
    ('a mutation of EGFR', 'amplification of ERBB2', 'BCR::ABL1 fusion', 'microsatellite instability')
    """
    gene, _, word = event.rpartition("_")
    if word == "fusion":
        return f"{gene.replace('-', '::', 1)} fusion"
    if event == "MSI":
        return "microsatellite instability"
    kind = {"mut": "a mutation", "germline": "a germline mutation", "gain": "amplification", "loss": "loss"}.get(word)
    return f"{kind} of {gene}" if kind else event


def receptors_of(obs: pd.Series) -> dict[str, str]:
    """Receptors as a cohort's ``obs`` tells them."""
    found = {}
    for name, column in RECEPTORS.items():
        value = obs.get(column)
        if isinstance(value, str) and value.strip():
            found[name] = value.strip()
    return found


def _receptors_said(receptors: dict[str, str]) -> str:
    told = ", ".join(f"{name} {value.casefold()}" for name, value in receptors.items())
    lacking = [name for name in RECEPTORS if name not in receptors]
    if not lacking:
        return f"Receptors as told with the cohort: {told}."
    words = f"Receptors as told with the cohort: {told}. " if told else ""
    return (
        f"{words}{' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} not told: labels that ask for "
        f"{'it' if len(lacking) == 1 else 'them'} stay open (obs['{RECEPTORS[lacking[0]]}'])."
    )


def _receptors_apart(own: pd.DataFrame, told: dict[str, str], by_expression: Mapping[str, str]) -> list[str]:
    """Where what is told of a receptor, its gene and her expression say different things."""
    amplified = ((own["gene"] == "ERBB2") & (own["is"] == "amplified")).any()
    said = []
    if amplified and _sign(told.get("HER2")) == "negative":
        said.append("ERBB2 is amplified and HER2 is told as negative: labels go by the receptor; look again.")
    elif amplified and "HER2" not in told and _sign(by_expression.get("HER2")) == "negative":
        said.append("ERBB2 is told as amplified and expression reads HER2 negative: labels go by the amplification; "
                    "have HER2 looked at in the tissue.")  # fmt: skip
    for name in RECEPTORS:
        one, other = _sign(told.get(name)), _sign(by_expression.get(name))
        if one and other and one != other:
            said.append(f"{name} is told as {one} and expression reads {other}: labels go by what is told; look again.")
    return said


def _sign(told: str | None) -> str:
    """``"positive"``, ``"negative"``, or nothing where a word is neither."""
    state = labelled.receptor(told or "")
    return "" if state is None else "positive" if state else "negative"


def _published(known: pd.DataFrame, alteration: str) -> str:
    own = known[known["alteration"] == alteration]
    parts = []
    for effect in ("resistance", "sensitivity"):
        drugs = own.loc[own["effect"] == effect, "drug"].drop_duplicates().tolist()
        if drugs:
            parts.append(f"{effect} to {', '.join(drugs[:_TOP])}{' and others' if len(drugs) > _TOP else ''}")
    return "; ".join(parts)


def _resistance(known: pd.DataFrame, seen: pd.DataFrame) -> list[str]:
    said = list(_facts_said(known[known["effect"] == "resistance"]))
    against = seen[seen["effect"] > 0]
    for alteration, own in against.groupby("alteration", sort=False):
        drugs = [f"{row['drug']} ({row['effect']:+.2f} sd over lines, {row['lower']:+.2f} to {row['upper']:+.2f})"
                 for row in own.head(_TOP).to_dict("records")]  # fmt: skip
        more = f" and {len(own) - _TOP} more" if len(own) > _TOP else ""
        said.append(f"Measured resistance: lines with {alteration} ({int(own['n_lines'].max())}) are less sensitive to "
                    f"{', '.join(drugs)}{more}.")  # fmt: skip
    return said


def _facts_said(known: pd.DataFrame) -> tuple[str, ...]:
    """One sentence for the drugs of which an alteration is known alike, each by its best known fact."""
    best = known.drop_duplicates(["drug", "alteration", "effect"])
    where = best["disease"].where(~best["own_disease"].astype(bool), "breast cancer")
    said = []
    for (alteration, effect, level, place, year), own in best.assign(where=where).groupby(
        ["alteration", "effect", "level", "where", "year"], sort=False, dropna=False
    ):
        drugs = own["drug"].tolist()
        listed = f"{', '.join(drugs[:-1])} and {drugs[-1]}" if len(drugs) > 1 else drugs[0]
        words = "Resistance: {} speaks against {}" if effect == "resistance" else "{} speaks for {}"
        when = f", {year}" if str(year) not in ("", "nan") else ""
        said.append(f"{words.format(alteration, listed)} ({level}, {place}{when}).")
    return tuple(said)


def _measured_said(seen: pd.DataFrame) -> tuple[str, ...]:
    return tuple(
        f"{'Measured resistance' if row['effect'] > 0 else 'Measured'}: {int(row['n_lines'])} lines with "
        f"{row['alteration']} are {'less' if row['effect'] > 0 else 'more'} sensitive to {row['drug']} "
        f"({row['effect']:+.2f} sd over lines, {row['lower']:+.2f} to {row['upper']:+.2f})."
        for row in seen.to_dict("records")
    )


def _contradicted(known: pd.DataFrame) -> list[str]:
    both = known.groupby("drug")["effect"].nunique()
    return [str(drug) for drug in both.index[both > 1]]


def _burden(patient: str, own: pd.DataFrame) -> list[str]:
    """A hypermutated tumour is said, and its microsatellites are asked for."""
    coding = int(((own["kind"] == "mutation") & own["effect"].isin(ALTERING)).sum())
    if coding < HYPERMUTATED:
        return []
    ask = (
        "" if (own["kind"] == "MSI").any() else " Is it microsatellite-unstable? It is not told ('MSI-high' or 'MSS')."
    )
    return [f"{patient} is hypermutated ({coding} coding changes): most are passengers.{ask}"]


def _uncertain(table: pd.DataFrame) -> list[str]:
    names = table.loc[table["is"] == "uncertain", "alteration"].tolist()
    return [f"Of uncertain significance, and moving nothing: {named(names)}."] if names else []


def _silent(table: pd.DataFrame) -> list[str]:
    sure = table["is"].isin(EVENTS) & (table["published"] == "") & (table["event"] != "")
    names = table.loc[sure & ~table["measured"].str.contains("sensitive"), "alteration"].tolist()
    return [f"Nobody knows what follows from {named(names)} for these drugs."] if names else []


def _not_known(labels: pd.DataFrame, events: pd.Series) -> list[str]:
    """What labels ask for and nobody told, and what would speak against a drug of breast cancer."""
    open_ = labels.loc[labels["standing"] == labelled.OPEN, "lacking"]
    asked = dict.fromkeys(one for text in open_ for one in str(text).split("; ") if one)
    said = [f"Labels ask for it, and it is not known of her: {named(list(asked), 20)}."] if asked else []
    table = facts.shipped()
    table = table[(table["effect"] == "resistance") & (table["disease"] == "breast")]
    silent = []
    for gene, alteration in dict.fromkeys(zip(table["gene"], table["alteration"], strict=True)):
        event, words = _ASKED.get(alteration, ("", ""))
        if event and pd.isna(events.get(f"{gene}_{event}")):
            silent.append(f"{gene} {words}")
    names = list(dict.fromkeys(silent))
    return [
        *said,
        *([f"Not tested, or not told, and would speak against a drug: {named(names, 20)}."] if names else []),
    ]


def named(names: Iterable[str], most: int = _NAMED) -> str:
    """The first of some names, and how many more."""
    found = list(dict.fromkeys(names))
    return f"{', '.join(found[:most])}{f' and {len(found) - most} more' if len(found) > most else ''}"
