"""Candidates one by one: what each is, its evidence, why it stands there, and what would refute it."""

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
from omics_rx.report.page import Card, Chip, Figure, Text
from omics_rx.report.sections import known, listed

_WORTH_A_WORD = 0.1  # share of the largest contribution below which one is not named in a sentence
_FACTS = {
    "target_text": "targets",
    "targets": "targets",  # gene symbols, where known, take the place of the words
    "mechanism": "mechanism",
    "pathway": "pathway",
    "status": "status",
}


@dataclass(frozen=True)
class Kind:
    """One kind of evidence as the page writes it."""

    column: str
    label: str
    unit: str
    direction: int
    words: str = ""  # what it is, for prose; the label is for pictures, where room is short

    def write(self, value: float) -> str:
        """Write a value with its unit, and a missing one in words."""
        if not known(value):
            return "not measured"
        return f"{signed(float(value))} {self.unit}".strip()


def explanation_of(ranking: Any, drug_id: str) -> pd.Series:
    """Contributions of one drug."""
    frame = ranking.explanations
    indexed = frame.set_index("drug_id") if "drug_id" in frame else frame
    row: pd.Series = indexed.loc[drug_id]
    return row


def kinds_of(ranking: Any) -> list[Kind]:
    """Kinds of evidence that a ranking explains by."""
    info = ranking.evidence_info
    found = []
    for row in info.rename_axis("column").reset_index().to_dict("records"):
        column, unit = str(row["column"]), str(row["unit"]) if known(row.get("unit")) else ""
        label = column.replace("_", " ")
        words = str(row["label"]) if known(row.get("label")) else label
        found.append(Kind(column, label, micro(unit), direction_of(row.get("direction")), words))
    return [kind for kind in found if kind.column in ranking.explanations]


def micro(unit: Any) -> str:
    """Write a unit with its Greek letter."""
    return str(unit).replace("ln uM", "ln µM") if known(unit) else ""


def direction_of(told: Any) -> int:
    """1 where high speaks for a drug, -1 where low does, 0 where it is not said."""
    if not known(told):
        return 0
    if isinstance(told, str):
        text = told.lower()
        return (
            -1 if "low" in text or text.startswith("-") else 1 if "high" in text or text.startswith(("+", "1")) else 0
        )
    return int(told > 0) - int(told < 0)


def labels_of(found: Iterable[Kind]) -> dict[str, str]:
    """Column of each kind to its label."""
    return {kind.column: kind.label for kind in found}


def interval_of(row: Mapping[Any, Any] | pd.Series, what: str = "rank") -> str:
    """Write the rank interval of a row, or with ``"lines"`` the wider one."""
    return f"{cell(row[f'{what}_low'])} to {cell(row[f'{what}_high'])}"


def reason(ranking: Any, drug_id: str) -> str:
    """Why a drug stands where it does, in one short sentence made from its evidence and contributions."""
    found = {kind.column: kind for kind in kinds_of(ranking)}
    row, evidence = explanation_of(ranking, drug_id), ranking.table.loc[drug_id]

    def words(column: Any, change: float) -> str:
        kind = found.get(str(column))
        if kind is None:
            return f"{str(column).replace('_', ' ')} ({_moves(change)})"
        return f"{kind.words} ({kind.write(evidence[column])}; {_moves(change)})"

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


def key() -> Text:
    """Say what a card shows."""
    return Text(
        "Each card shows the structure, the evidence in its own units (green speaks for the drug compared with the "
        "other drugs, purple against it), and the bars of what each kind of evidence added to or took from the score. "
        "Base value and bars add up to the score."
    )


def cards(ranking: Any, top: list[str], context: tuple[pd.DataFrame | None, list[Kind]]) -> tuple[Card, ...]:
    """Make the cards of the first drugs; ``context`` is facts on drugs and the kinds of evidence."""
    facts, found = context
    rows = {drug: explanation_of(ranking, drug) for drug in top}
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
                note=f"rank interval {interval_of(row)} of {len(ranking.table)}; score {signed(float(row['score']))}",
                facts=(
                    *((label, text.replace(";", ", ")) for label, text in told.items()),
                    *_standing(row),
                    *_known_facts(ranking, drug),
                    *_before_an_experiment(ranking, drug),
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


def _standing(row: pd.Series) -> list[tuple[str, str]]:
    """Where the drug stands, and how its standing ended where it did."""
    if not known(row.get("stands")):
        return []
    since = f", since {row['since']}" if known(row.get("since")) else ""
    ended = f"; {row['ended']}" if known(row.get("ended")) else ""
    return [("stands", f"{row['stands']}{since}{ended}")]


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


def _before_an_experiment(ranking: Any, drug: str) -> list[tuple[str, str]]:
    """What would refute the candidate, and trials of it that failed; nothing where a ranking makes no sheets."""
    if not hasattr(ranking, "sheet"):
        return []
    made = ranking.sheet(drug)
    facts = [("would be refuted if", "; or ".join(made.refuted_by[:2]))]
    failed = [failure(row) for row in made.failures.to_dict("records")]
    tried = [trial(row) for row in made.trials.to_dict("records")]
    facts += [("trials found", "; ".join(tried))] if tried else []
    return [*facts, ("failed in", "; ".join(failed)) if failed else ("failed trials", made.silence)]


def failure(row: Mapping[Any, Any]) -> str:
    """Write a trial that found no gain."""
    return f"{row['setting']}: {row['result']} ({row['citation']})"


def trial(row: Mapping[Any, Any]) -> str:
    """Write what a neoadjuvant trial found."""
    return f"{row['trial']}, {row['group']}: {row['result']} ({row['citation']})"


def _row(frame: Any, name: str) -> pd.Series:
    row: pd.Series = frame.loc[name]
    return row


def _chip(kind: Kind, value: Any, place: Any) -> Chip:
    favour = 0 if not known(place) or kind.direction == 0 else 1 if place >= 0.6 else -1 if place <= 0.4 else 0
    return Chip(kind.label, kind.write(value), favour)


def _drawing(row: pd.Series, about: pd.Series) -> Figure | None:
    smiles = about.get("smiles") if known(about.get("smiles")) else row.get("smiles")
    if not known(smiles):
        return None
    name = str(row["name"])
    return Figure(plots.draw(str(smiles), width=240, height=180), "", f"Structure of {name}")


def _bars(row: pd.Series, limit: float, found: list[Kind]) -> Figure:
    moved = kinds(row)
    words = ", ".join(f"{labels_of(found).get(str(name), name)} {signed(value)}" for name, value in moved.items())
    picture = svg.draw(
        plots.shap_bars, row, size=(5.6, 0.55 + 0.25 * min(len(moved), 8)), limit=limit, labels=labels_of(found)
    )
    caption = f"Base {signed(float(row['base']))} and the bars add up to the score {signed(float(row['score']))}."
    return Figure(picture, caption, f"Contributions: {words}.")
