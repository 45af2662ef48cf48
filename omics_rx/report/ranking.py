"""Sections of a ranking: the candidates, why each stands where it does, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from omics_rx import plots
from omics_rx.plots.ranking import kinds
from omics_rx.plots.style import signed
from omics_rx.report import svg
from omics_rx.report.html import cell
from omics_rx.report.page import Card, Cards, Chip, Figure, Fold, Page, Section, Table, Text
from omics_rx.report.sections import known, limits_section, listed, methods_section

_FACTS = {
    "target_text": "targets",
    "targets": "targets",  # gene symbols, where known, take the place of the words
    "mechanism": "mechanism",
    "pathway": "pathway",
    "status": "status",
}
_ROWS_IN_PICTURE, _ROWS_IN_ANSWER = 25, 8
_WORTH_A_WORD = 0.1  # share of the largest contribution below which one is not named in a sentence


@dataclass(frozen=True)
class _Kind:
    """One kind of evidence as the page writes it."""

    column: str
    label: str
    unit: str
    direction: int

    def write(self, value: float) -> str:
        if not known(value):
            return "not measured"
        return f"{signed(float(value))} {self.unit}".strip()


def ranking_page(ranking: Any) -> Page:
    """Page of a ranking alone."""
    return Page(f"Drug candidates for {ranking.subtype}", ranking_sentence(ranking), tuple(ranking_sections(ranking)))


def ranking_sections(ranking: Any, n_top: int = 12, *, drugs: pd.DataFrame | None = None) -> list[Section]:
    """Sections of a ranking, to put on a page with others.

    Parameters
    ----------
    ranking
        With ``subtype``, ``table`` (index ``drug_id``; rank, name, score, rank_low, rank_high, evidence columns),
        ``evidence_info``, ``explanations``, ``unranked``, ``rule``, ``limits`` and ``provenance``.
    n_top
        Number of candidates that get a card.
    drugs
        Index ``drug_id``; ``smiles``, ``targets``, ``mechanism``, ``status`` are shown where known.
    """
    found = _kinds(ranking)
    facts = drugs if drugs is not None else getattr(ranking, "drugs", None)
    top = list(ranking.table.sort_values("rank", kind="stable").index[:n_top])
    return [
        Section(f"Top candidates for {ranking.subtype}", (_answer(ranking, top[:_ROWS_IN_ANSWER]),), "answer"),
        Section("How sure is the ranking?", tuple(_certainty(ranking)), "certainty"),
        Section("Candidates one by one", (_key(), Cards(_cards(ranking, top, (facts, found)))), "figures"),
        Section("Evidence across the candidates", (_heatmap(ranking, found),), "figures"),
        limits_section(ranking.limits),
        Section("All drugs", tuple(_all(ranking)), "appendix"),
        methods_section(ranking, "the ranking"),
    ]


def ranking_sentence(ranking: Any) -> str:
    """What the ranking found, in two sentences."""
    top = ranking.table.sort_values("rank", kind="stable").head(3)
    names = listed(top["name"].astype(str))
    return (
        f"Of {len(ranking.table)} drugs, {names} come first for {ranking.subtype} tumours. "
        "The ranking says which experiment to do next, not which treatment to give."
    )


def reason(ranking: Any, drug_id: str) -> str:
    """Why a drug stands where it does, in one short sentence made from its evidence and contributions."""
    found = {kind.column: kind for kind in _kinds(ranking)}
    row, evidence = _explanation(ranking, drug_id), ranking.table.loc[drug_id]

    def words(column: Any, change: float) -> str:
        kind = found.get(str(column))
        if kind is None:
            return f"{str(column).replace('_', ' ')} ({_moves(change)})"
        return f"{kind.label} ({kind.write(evidence[column])}; {_moves(change)})"

    moved = kinds(row)
    moved = moved[moved.abs() >= _WORTH_A_WORD * moved.abs().max()]
    raised = [words(column, change) for column, change in moved[moved > 0].head(2).items()]
    lowered = [words(column, change) for column, change in moved[moved < 0].head(1).items()]
    parts = [f"raised most by {listed(raised)}"] if raised else []
    parts += [f"lowered most by {listed(lowered)}"] if lowered else []
    text = "; ".join(parts) or "no evidence moves it"
    return f"{text[0].upper()}{text[1:]}."


def _moves(change: float) -> str:
    return f"{'adds' if change > 0 else 'takes'} {abs(change):.2f}"


def _explanation(ranking: Any, drug_id: str) -> pd.Series:
    frame = ranking.explanations
    indexed = frame.set_index("drug_id") if "drug_id" in frame else frame
    row: pd.Series = indexed.loc[drug_id]
    return row


def _kinds(ranking: Any) -> list[_Kind]:
    info = ranking.evidence_info
    found = []
    for row in info.rename_axis("column").reset_index().to_dict("records"):
        column, unit = str(row["column"]), str(row["unit"]) if known(row.get("unit")) else ""
        found.append(_Kind(column, column.replace("_", " "), _micro(unit), _direction(row.get("direction"))))
    return [kind for kind in found if kind.column in ranking.explanations]


def _micro(unit: Any) -> str:
    return str(unit).replace("ln uM", "ln µM") if known(unit) else ""


def _direction(told: Any) -> int:
    """1 where high speaks for a drug, -1 where low does, 0 where it is not said."""
    if not known(told):
        return 0
    if isinstance(told, str):
        text = told.lower()
        return (
            -1 if "low" in text or text.startswith("-") else 1 if "high" in text or text.startswith(("+", "1")) else 0
        )
    return int(told > 0) - int(told < 0)


def _labels(found: Iterable[_Kind]) -> dict[str, str]:
    return {kind.column: kind.label for kind in found}


def _interval(row: Mapping[Any, Any] | pd.Series) -> str:
    return f"{cell(row['rank_low'])} to {cell(row['rank_high'])}"


def _answer(ranking: Any, top: list[str]) -> Table:
    rows = ranking.table.loc[top]
    frame = pd.DataFrame(
        {
            "rank": rows["rank"].astype(int),
            "drug": rows["name"].astype(str),
            "rank interval": [_interval(row) for row in rows.to_dict("records")],
            "why": [reason(ranking, drug) for drug in top],
        }
    ).reset_index(drop=True)
    if "known" in rows:
        frame.insert(
            3,
            f"known for {ranking.subtype}",
            [str(told).replace("_", " ") if known(told) else None for told in rows["known"]],
        )
    caption = (
        f"The first {len(top)} of {len(ranking.table)} drugs. The interval holds 90% of the ranks over the "
        "members of the ranker; brackets hold the measurement and what it adds to, or takes from, the score."
    )
    return Table(frame, caption)


def _certainty(ranking: Any) -> Iterable[Figure | Table | Text]:
    table = ranking.table
    shown = min(_ROWS_IN_PICTURE, len(table))
    first = table.sort_values("rank", kind="stable").iloc[0]
    yield Figure(
        svg.draw(plots.intervals, table, size=(6.8, 1.0 + 0.24 * shown), n=shown),
        f"Rank of the first {shown} drugs. The bar holds 90% of the ranks over the members of the "
        "ranker: how far the order hangs on its labels and seeds, not on which tumours and lines were measured.",
        f"Ranks with intervals; the first, {first['name']}, lies between {_interval(first)}.",
    )
    if known(ranking.rule):
        yield Text(f"How the score is made: {ranking.rule}")
    info = ranking.evidence_info.loc[[kind.column for kind in _kinds(ranking)]].reset_index(names="evidence")
    info = info.drop(columns=["role", "n"], errors="ignore")
    info["evidence"] = [str(name).replace("_", " ") for name in info["evidence"]]
    info = info.rename(columns={"label": "what it is"})
    if "unit" in info:
        info["unit"] = [_micro(unit) for unit in info["unit"]]
    if "direction" in info:
        info["direction"] = [_direction_words(value) for value in info["direction"]]
    formats = {"coverage": ".0%"}
    yield Table(
        info,
        "Kinds of evidence. Coverage is the share of drugs that have it; what was not measured stays missing.",
        formats,
    )


def _direction_words(told: Any) -> str:
    return {1: "high speaks for the drug", -1: "low speaks for the drug", 0: "either way"}[_direction(told)]


def _key() -> Text:
    return Text(
        "Each card shows the structure, the evidence in its own units (green speaks for the drug compared with the "
        "other drugs, purple against it), and the bars of what each kind of evidence added to or took from the score. "
        "Base value and bars add up to the score."
    )


def _cards(ranking: Any, top: list[str], context: tuple[pd.DataFrame | None, list[_Kind]]) -> tuple[Card, ...]:
    facts, found = context
    rows = {drug: _explanation(ranking, drug) for drug in top}
    limit = max(float(kinds(row).abs().max()) for row in rows.values()) or 1.0
    places = plots.ranking.favour(
        ranking.table[[kind.column for kind in found]], {k.column: k.direction for k in found}
    )
    cards = []
    for drug in top:
        row = ranking.table.loc[drug]
        about = pd.Series(dtype=object) if facts is None or drug not in facts.index else _row(facts, drug)
        told = {label: str(about[column]) for column, label in _FACTS.items() if known(about.get(column))}
        cards.append(
            Card(
                title=str(row["name"]),
                badge=f"rank {cell(row['rank'])}",
                note=f"rank interval {_interval(row)} of {len(ranking.table)}; score {signed(float(row['score']))}",
                facts=(
                    *((label, text.replace(";", ", ")) for label, text in told.items()),
                    *_known_facts(ranking, drug),
                ),
                chips=tuple(_chip(kind, row[kind.column], places[kind.column][drug]) for kind in found),
                sentence=_sentence(ranking, drug),
                warning=str(row["warning"]) if known(row.get("warning")) else "",
                drawing=_drawing(row, about),
                bars=_bars(rows[drug], limit, found),
            )
        )
    return tuple(cards)


def _sentence(ranking: Any, drug: str) -> str:
    """Take the ranking's own explanation where it gives one."""
    told = ranking.explain(drug) if hasattr(ranking, "explain") else None
    return str(told.sentence) if told is not None else reason(ranking, drug)


def _known_facts(ranking: Any, drug: str) -> list[tuple[str, str]]:
    """What the labels say of the drug in this subtype, with the source; it had no part in the drug's own score."""
    labels = getattr(ranking, "labels", None)
    if labels is None or not {"drug_id", "subtype", "status"} <= set(labels):
        return []
    rows = labels[(labels["drug_id"] == drug) & (labels["subtype"] == ranking.subtype)]
    facts = []
    for row in rows.to_dict("records"):
        source = f"; {row['citation']}" if known(row.get("citation")) else ""
        facts.append((f"known for {ranking.subtype}", f"{str(row['status']).replace('_', ' ')}{source}"))
    return facts


def _row(frame: Any, name: str) -> pd.Series:
    row: pd.Series = frame.loc[name]
    return row


def _chip(kind: _Kind, value: Any, place: Any) -> Chip:
    favour = 0 if not known(place) or kind.direction == 0 else 1 if place >= 0.6 else -1 if place <= 0.4 else 0
    return Chip(kind.label, kind.write(value), favour)


def _drawing(row: pd.Series, about: pd.Series) -> Figure | None:
    smiles = about.get("smiles") if known(about.get("smiles")) else row.get("smiles")
    if not known(smiles):
        return None
    name = str(row["name"])
    return Figure(plots.draw(str(smiles), width=240, height=180), "", f"Structure of {name}")


def _bars(row: pd.Series, limit: float, found: list[_Kind]) -> Figure:
    moved = kinds(row)
    words = ", ".join(f"{_labels(found).get(str(name), name)} {signed(value)}" for name, value in moved.items())
    picture = svg.draw(
        plots.shap_bars, row, size=(5.6, 0.55 + 0.25 * min(len(moved), 8)), limit=limit, labels=_labels(found)
    )
    caption = f"Base {signed(float(row['base']))} and the bars add up to the score {signed(float(row['score']))}."
    return Figure(picture, caption, f"Contributions: {words}.")


def _heatmap(ranking: Any, found: list[_Kind]) -> Figure:
    columns = [kind.column for kind in found]
    top = list(ranking.table.sort_values("rank", kind="stable").index[:_ROWS_IN_PICTURE])
    picture = svg.draw(
        plots.evidence_heatmap,
        ranking.table[columns],
        size=(min(2.6 + 0.95 * len(columns), 9.4), 1.8 + 0.27 * len(top)),
        directions={kind.column: kind.direction for kind in found},
        drugs=top,
        names=ranking.table["name"].astype(str).to_dict(),
        labels=_labels(found),
    )
    units = listed(f"{kind.label} in {kind.unit}" for kind in found if kind.unit)
    caption = (
        f"Evidence for the first {len(top)} drugs. Dark: the drug beats most of the {len(ranking.table)} drugs in this "
        f"kind of evidence; grey with a dash: not measured. Numbers are the values ({units})."
    )
    return Figure(picture, caption, f"Heat map of {len(columns)} kinds of evidence for {len(top)} drugs.")


def _all(ranking: Any) -> Iterable[Fold | Text]:
    table = ranking.table.sort_values("rank", kind="stable").drop(columns=["smiles"], errors="ignore")
    front = [name for name in ("rank", "name", "score", "rank_low", "rank_high") if name in table]
    table = table[[*front, *(name for name in table if name not in front)]]
    formats = {str(name): ".2f" for name in table if pd.api.types.is_float_dtype(table[name])}
    yield Fold(f"The {len(table)} drugs ranked", (Table(table, "Rank, score and evidence of every drug.", formats),))
    unranked = ranking.unranked
    if len(unranked):
        yield Fold(f"{len(unranked)} drugs not ranked", (Table(unranked, "Drugs without a rank, with the reason."),))
    else:
        yield Text("Every drug has a rank.")
