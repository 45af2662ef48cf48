"""Sections of a ranking: the candidates, why each stands where it does, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from omics_rx import plots
from omics_rx.core.errors import InputError
from omics_rx.report import svg
from omics_rx.report.candidates import Kind, cards, direction_of, interval_of, key, kinds_of, labels_of, micro, reason
from omics_rx.report.page import Cards, Figure, Fold, Page, Section, Table, Text
from omics_rx.report.sections import known, limits_section, listed, methods_section

_ROWS_IN_PICTURE, _ROWS_IN_ANSWER, _PATHWAYS = 25, 8, 8


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
    found = kinds_of(ranking)
    facts = drugs if drugs is not None else getattr(ranking, "drugs", None)
    top = list(ranking.table.sort_values("rank", kind="stable").index[:n_top])
    return [
        Section(f"Top candidates for {ranking.subtype}", (_answer(ranking, top[:_ROWS_IN_ANSWER]),), "answer"),
        Section("How sure is the ranking?", tuple(_certainty(ranking)), "certainty"),
        Section("Candidates one by one", (key(), Cards(cards(ranking, top, (facts, found)))), "figures"),
        Section("Evidence across the candidates", (_heatmap(ranking, found), *_network(ranking, top)), "figures"),
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


def _answer(ranking: Any, top: list[str]) -> Table:
    rows = ranking.table.loc[top]
    frame = pd.DataFrame(
        {
            "rank": rows["rank"].astype(int),
            "drug": rows["name"].astype(str),
            "rank interval": [interval_of(row) for row in rows.to_dict("records")],
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
        f"Ranks with intervals; the first, {first['name']}, lies between {interval_of(first)}.",
    )
    if known(ranking.rule):
        yield Text(f"How the score is made: {ranking.rule}")
    info = ranking.evidence_info.loc[[kind.column for kind in kinds_of(ranking)]].reset_index(names="evidence")
    info = info.drop(columns=["role", "n"], errors="ignore")
    info["evidence"] = [str(name).replace("_", " ") for name in info["evidence"]]
    info = info.rename(columns={"label": "what it is", "direction": "speaks for a drug"})
    if "unit" in info:
        info["unit"] = [micro(unit) for unit in info["unit"]]
    if "speaks for a drug" in info:
        info["speaks for a drug"] = [_direction_words(value) for value in info["speaks for a drug"]]
    formats = {"coverage": ".0%"}
    yield Table(
        info,
        "Kinds of evidence. Coverage is the share of drugs that have it; what was not measured stays missing.",
        formats,
    )


def _direction_words(told: Any) -> str:
    return {1: "high", -1: "low", 0: "either"}[direction_of(told)]


def _heatmap(ranking: Any, found: list[Kind]) -> Figure:
    columns = [kind.column for kind in found]
    top = list(ranking.table.sort_values("rank", kind="stable").index[:_ROWS_IN_PICTURE])
    picture = svg.draw(
        plots.evidence_heatmap,
        ranking.table[columns],
        size=(min(2.6 + 0.95 * len(columns), 9.4), 1.8 + 0.27 * len(top)),
        directions={kind.column: kind.direction for kind in found},
        drugs=top,
        names=ranking.table["name"].astype(str).to_dict(),
        labels=labels_of(found),
    )
    units = listed(f"{kind.label} in {kind.unit}" for kind in found if kind.unit)
    caption = (
        f"Evidence for the first {len(top)} drugs. Dark: the drug beats most of the {len(ranking.table)} drugs in this "
        f"kind of evidence; grey with a dash: not measured. Numbers are the values ({units})."
    )
    return Figure(picture, caption, f"Heat map of {len(columns)} kinds of evidence for {len(top)} drugs.")


def _network(ranking: Any, top: list[str]) -> Iterable[Figure | Table | Text]:
    """Drugs, targets and the pathways in which these lie more often than chance; nothing without targets."""
    drugs = getattr(ranking, "drugs", None)
    if drugs is None or "targets" not in drugs or not hasattr(ranking, "pathways"):
        return
    from omics_rx.repurposing.targets import genes_of

    genes = genes_of(drugs["targets"].reindex(top))
    if not genes:
        return
    try:
        table = ranking.pathways(_ROWS_IN_PICTURE)
    except InputError as error:
        yield Text(f"No pathway is told of the targets of the first {_ROWS_IN_PICTURE} drugs: {error}")
        return
    if table.empty:
        yield Text(f"No pathway holds several of the targets of the first {_ROWS_IN_PICTURE} drugs.")
        return
    first = table.head(_PATHWAYS)
    names = {str(ranking.table["name"][drug]): own for drug, own in genes.items()}
    paths = {str(name): str(own).split(";") for name, own in first["genes"].items()}
    n_rows = max(len(names), len(paths), len({gene for own in names.values() for gene in own}))
    picture = svg.draw(plots.drug_network, names, paths, size=(9.0, 1.0 + 0.24 * min(n_rows, 30)))
    caption = (
        f"The first {len(names)} drugs with known targets, and the {len(paths)} Reactome pathways in which the targets "
        f"of the first {_ROWS_IN_PICTURE} drugs lie most over chance."
    )
    yield Figure(picture, caption, f"Network of {len(names)} drugs, their targets and {len(paths)} pathways.")
    shown = first[["drugs", "of_drugs", "expected", "p_value", "q_value", "genes"]]
    shown = shown.assign(genes=shown["genes"].str.replace(";", ", "))
    formats = {"expected": ".1f", "p_value": ".1e", "q_value": ".1e"}
    caption = (
        "Pathways of the targets: how many of the first drugs, and of all, have a target there; p over all "
        "permutations of the drugs, each with all its targets; q by Benjamini-Hochberg over all pathways with a target."
    )
    yield Table(shown, caption, formats)


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
