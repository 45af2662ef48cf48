"""All drugs of a ranking as one table to sort, filter and open: candidates, others, and those not ranked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from omics_rx import plots
from omics_rx.core.texts import for_spreadsheets
from omics_rx.plots.style import signed
from omics_rx.report.candidates import Kind, failure, interval_of, kinds_of, trial
from omics_rx.report.html import cell, own_anchor
from omics_rx.report.page import Catalogue, Entry, Figure, Weight
from omics_rx.report.sections import known

CANDIDATE, UNRANKED, APART = "candidate", "not ranked", "not screened"
NOT_LOOKED_UP = "not looked up"
_MOST_DRAWN = 900  # structures; a page of a large library shows those of its first drugs
_MOST_LABELS = 4
_COLUMNS = (("rank", True), ("drug", False), ("group", False), ("where it stands", False), ("targets", False),
            ("score", True), ("interval", False), ("place among all", True))  # fmt: skip


def anchors(ranking: Any) -> dict[str, str]:
    """Address on the page of every drug: its name in small letters, with a number where two are alike."""
    return _anchors(_everyone(ranking))


def _anchors(table: pd.DataFrame) -> dict[str, str]:
    found: dict[str, str] = {}
    taken = {"main"}
    for drug, name in table["name"].items():
        stem = re.sub(r"[^a-z0-9]+", "-", str(name).lower()).strip("-") or "drug"
        stem = f"drug-{stem}" if re.match(r"[sh]-|f\d+-", stem) else stem  # those of sections and pictures
        found[str(drug)] = own_anchor(stem, taken)
    return found


def links(ranking: Any, drugs: Iterable[str]) -> dict[str, str]:
    """Name of each drug to its address."""
    told = anchors(ranking)
    return {str(ranking.table["name"][drug]): f"#{told[str(drug)]}" for drug in drugs}


def catalogue(ranking: Any, drugs: pd.DataFrame | None = None) -> Catalogue:
    """Every drug of a ranking, a candidate or not, with its evidence, structure and what is known of it.

    Parameters
    ----------
    ranking
        See :func:`omics_rx.report.ranking.ranking_sections`.
    drugs
        Index ``drug_id``; ``smiles``, ``targets``, ``mechanism``, ``inchikey``, where known.
    """
    table = _everyone(ranking)
    facts = drugs if drugs is not None else getattr(ranking, "drugs", pd.DataFrame())
    # a page may be handed facts on screened drugs alone: the ranking's own fill the rest
    own = getattr(ranking, "drugs", None)
    facts = facts.combine_first(own) if own is not None and own is not facts else facts
    told = _Told(ranking, table, facts)
    names = _anchors(table)
    entries = tuple(
        _entry(told, (str(drug), names[str(drug)], at), row)
        for at, (drug, row) in enumerate(zip(table.index, table.to_dict("records"), strict=True))
    )
    counts = table["group"].value_counts(sort=False)
    said = ", ".join(f"{n} {group}{'s' if group == CANDIDATE and n != 1 else ''}" for group, n in counts.items())
    caption = (
        f"{len(table)} drugs: {said}. Rank and interval are among the candidates, and for drugs not screened among "
        "themselves; the place is that among all drugs scored. Open a drug for its evidence, structure and facts."
    )
    shown = [at for at, (name, _) in enumerate(_COLUMNS) if told.grouped or name not in ("group", "place among all")]
    entries = tuple(_with(entry, shown) for entry in entries)
    return Catalogue(
        columns=tuple(_COLUMNS[at][0] for at in shown), numeric=tuple(_COLUMNS[at][1] for at in shown),
        entries=entries, kinds=tuple(kind.label for kind in told.kinds), caption=caption, csv=_csv(table, facts),
        file=f"drugs-{re.sub(r'[^A-Za-z0-9]+', '-', str(ranking.subtype)).strip('-')}.csv",
        printed=(CANDIDATE, *(group for group in counts.index if str(group).startswith("approved"))),
    )  # fmt: skip


def _with(entry: Entry, shown: list[int]) -> Entry:
    return replace(entry, cells=tuple(entry.cells[at] for at in shown), order=tuple(entry.order[at] for at in shown))


def _everyone(ranking: Any) -> pd.DataFrame:
    """All drugs, best first within each group, candidates first; ``group`` and ``place`` among all scored."""
    parts = [ranking.table.sort_values("rank", kind="stable").assign(group=CANDIDATE)]
    others = getattr(ranking, "others", None)
    if others is not None and "group" in others and len(others):
        order = sorted(others["group"].unique(), key=lambda group: (not str(group).startswith("approved"), str(group)))
        parts += [others[others["group"] == group].sort_values("rank", kind="stable") for group in order]
    if len(ranking.unranked):
        parts.append(ranking.unranked.assign(group=UNRANKED))
    table: pd.DataFrame = pd.concat([part.dropna(axis=1, how="all") for part in parts])
    screened = ~table["group"].isin([APART, UNRANKED])
    table["place"] = table["score"].where(screened).rank(ascending=False, method="min")
    return table


class _Told:
    """What is known of the drugs, looked up once for all."""

    def __init__(self, ranking: Any, table: pd.DataFrame, facts: pd.DataFrame) -> None:
        self.ranking, self.facts = ranking, {str(key): row for key, row in facts.to_dict("index").items()}
        self.kinds: list[Kind] = kinds_of(ranking)
        moved = ranking.explanations
        moved = moved.set_index("drug_id") if "drug_id" in moved else moved
        self.moved = moved[[kind.column for kind in self.kinds]].to_dict("index")
        self.grouped = bool((table["group"] != CANDIDATE).any())
        self.n_placed = int(table["place"].notna().sum())
        self.apart = int((table["group"] == APART).sum())
        self.labels, self.failed, self.trials = _labels(), _failures(), _trials(facts)
        own = getattr(ranking, "labels", pd.DataFrame())
        usable = {"drug_id", "subtype", "status"} <= set(own)
        self.own: dict[str, list[dict[Any, Any]]] = {}
        for row in own[own["subtype"] == ranking.subtype].to_dict("records") if usable else ():
            self.own.setdefault(row["drug_id"], []).append(row)


def _entry(told: _Told, place: tuple[str, str, int], row: Mapping[Any, Any]) -> Entry:
    drug, anchor, at = place
    about = told.facts.get(drug, {})
    group, scored = str(row["group"]), known(row.get("score"))
    targets = str(about["targets"]).replace(";", ", ") if known(about.get("targets")) else "not known"
    standing = str(row["stands"]) if known(row.get("stands")) else "standing not told"
    ranked = group in (CANDIDATE, APART) and known(row.get("rank"))
    weights, kinds = _weights(told, drug, row)
    rank = float(row["rank"]) if ranked else None
    cells = (
        cell(rank), str(row["name"]), group, standing, _short(targets),
        signed(float(row["score"])) if scored else cell(None),
        interval_of(row) if ranked and known(row.get("rank_low")) else cell(None), cell(row.get("place")),
    )  # fmt: skip
    low = float(row["rank_low"]) if ranked and known(row.get("rank_low")) else None
    score = float(row["score"]) if scored else None
    order = (rank, None, None, None, None, score, low, float(row["place"]) if known(row.get("place")) else None)
    smiles = about.get("smiles") if known(about.get("smiles")) else row.get("smiles")
    drawn = plots.molecules.sketch(str(smiles)) if known(smiles) and at < _MOST_DRAWN else ""
    return Entry(
        anchor=anchor, cells=cells, order=order, group=group, standing=standing, kinds=kinds,
        sentence=_sentence(told, row), facts=tuple(_facts(told, drug, row)), weights=weights,
        drawing=Figure(drawn, "", f"Structure of {row['name']}") if drawn else None,
        words=" ".join(str(about[name]) for name in ("aliases", "targets", "mechanism") if known(about.get(name))),
    )  # fmt: skip


def _weights(told: _Told, drug: str, row: Mapping[Any, Any]) -> tuple[tuple[Weight, ...], tuple[int, ...]]:
    """Evidence of a drug, what moves it most first, and the places of the kinds that are measured."""
    moved = told.moved.get(drug, {})
    measured = tuple(at for at, kind in enumerate(told.kinds) if known(row.get(kind.column)))
    found = [
        Weight(kind.words, kind.write(row.get(kind.column, float("nan"))),
               float(moved[kind.column]) if known(moved.get(kind.column)) else None)
        for kind in told.kinds
        if known(row.get(kind.column)) or moved.get(kind.column)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: -abs(one.adds or 0.0))), measured


def _sentence(told: _Told, row: Mapping[Any, Any]) -> str:
    if row["group"] == UNRANKED:
        return f"Not ranked: {row.get('reason')}."
    n, name = len(told.ranking.table), row["name"]
    place = f"place {cell(row.get('place'))} of the {told.n_placed} drugs scored"
    if row["group"] == CANDIDATE:
        return f"{name} is rank {cell(row['rank'])} of {n} candidates" + (f", {place}." if told.grouped else ".")
    if row["group"] == APART:
        return (
            f"{name} was measured by no screen here: rank {cell(row['rank'])} of {told.apart} such drugs, by structure "
            "and targets alone."
        )
    return f"{name} is no candidate ({row['group']}): {place}."


def _facts(told: _Told, drug: str, row: Mapping[Any, Any]) -> Iterable[tuple[str, str]]:
    """What is known of a drug; of what nobody looked up, that it was not."""
    about = told.facts.get(drug, {})
    stands = str(row["stands"]) if known(row.get("stands")) else ""
    if stands:
        since = f", since {str(row['since']).removesuffix('.0')}" if known(row.get("since")) else ""
        yield "stands", f"{stands}{since}" + (f"; {row['ended']}" if known(row.get("ended")) else "")
    for name in ("mechanism", "targets"):
        yield name, str(about[name]).replace(";", ", ") if known(about.get(name)) else "not known"
    if known(about.get("aliases")):
        yield "also called", _short(str(about["aliases"]).replace(";", ", "), 160)
    for known_of in told.own.get(drug, []):
        source = "; ".join(str(known_of[name]) for name in ("year", "citation") if known(known_of.get(name)))
        yield f"known for {told.ranking.subtype}", f"{str(known_of['status']).replace('_', ' ')}; {source}".rstrip("; ")
    key, called = str(about.get("inchikey")), str(row["name"]).casefold()
    for label in told.labels.get(key, told.labels.get(called, []))[:_MOST_LABELS]:
        yield "labelled", label
    failed, looked = told.failed.get(key, []), row.get("failed")
    silent = NOT_LOOKED_UP if not known(looked) or looked == NOT_LOOKED_UP else f"in breast cancer: {looked}"
    yield "trials that found no gain", "; ".join(failed) or silent
    yield "neoadjuvant trials", "; ".join(told.trials.get(drug, [])) or "none in the trials read for this table"
    if known(row.get("warning")):
        yield "take care", str(row["warning"])


def _labels() -> dict[str, list[str]]:
    """Labels that name a biomarker, by InChIKey and by name: agency, year, cancer, biomarkers."""
    from omics_rx.repurposing.alterations.labelled import shipped

    found: dict[str, list[str]] = {}
    for row in shipped().to_dict("records"):
        with_ = f", with {row['with']}" if row["with"] and not row["with"].startswith(("after", "alone")) else ""
        after = f", {row['with']}" if row["with"] and not with_ else ""
        asked = row["biomarkers"].replace(";", ", ")
        text = f"{row['agency']} {row['approved'][:4] or '(year not known)'}, {row['disease']}: {asked}{with_}{after}"
        for key in {row["inchikey"], row["drug"].casefold()} - {""}:
            found.setdefault(key, []).append(text)
    return found


def _failures() -> dict[str, list[str]]:
    from omics_rx.repurposing.standing import failed_trials

    found: dict[str, list[str]] = {}
    for row in failed_trials().to_dict("records"):
        found.setdefault(str(row["inchikey"]), []).append(failure(row))
    return found


def _trials(facts: pd.DataFrame) -> dict[str, list[str]]:
    from omics_rx.repurposing import trials

    if not {"name", "inchikey"} <= set(facts):
        return {}
    rows = trials.for_drugs(facts)
    found: dict[str, list[str]] = {}
    for drug, told in zip(rows["drug_id"], trials.told(rows).to_dict("records"), strict=True):
        found.setdefault(str(drug), []).append(trial(told))
    return found


_line = partial(re.sub, r"[\r\n]+", " ")


def _csv(table: pd.DataFrame, facts: pd.DataFrame) -> str:
    """All columns, a line a drug: no text breaks a line, and none is run by a spreadsheet."""
    columns = [name for name in ("targets", "mechanism", "smiles") if name in facts and name not in table]
    full = table.join(facts[columns]).rename_axis("drug_id")
    first = [name for name in ("rank", "name", "group", "place", "score") if name in full]
    full = full[[*first, *(name for name in full if name not in first)]]
    full = full.map(lambda value: _line(value) if isinstance(value, str) else value)
    return str(for_spreadsheets(full).to_csv(lineterminator="\n"))


def _short(text: str, width: int = 44) -> str:
    return text if len(text) <= width else f"{text[:width].rsplit(',', 1)[0]}, …"
