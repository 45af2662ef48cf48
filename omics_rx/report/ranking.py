"""Sections of a ranking: the candidates, why each stands where it does, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from omics_rx import plots
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.report import svg
from omics_rx.report.candidates import Kind, cards, direction_of, interval_of, key, kinds_of, labels_of, micro, reason
from omics_rx.report.catalogue import NOT_LOOKED_UP, catalogue, links
from omics_rx.report.page import Cards, Figure, Page, Section, Table, Text
from omics_rx.report.patient import patient_sections, said_first
from omics_rx.report.sections import known, limits_section, listed, methods_section

_ROWS_IN_PICTURE, _ROWS_IN_ANSWER, _PATHWAYS = 25, 10, 8


def ranking_page(ranking: Any) -> Page:
    """Page of a ranking alone."""
    first = said_first(ranking)[:1]
    return Page(
        f"Drug candidates for {ranking.subtype}", (*first, ranking_sentence(ranking)), tuple(ranking_sections(ranking))
    )


@in_words
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
        *patient_sections(ranking),
        Section(f"Top candidates for {ranking.subtype}", (_answer(ranking, top[:_ROWS_IN_ANSWER]),), "answer"),
        *_found_again(ranking),
        Section("How sure is the ranking?", tuple(_certainty(ranking)), "certainty"),
        Section("Candidates one by one", (key(), Cards(cards(ranking, top, (facts, found)))), "figures"),
        Section("Evidence across the candidates", (_heatmap(ranking, found), *_network(ranking, top)), "figures"),
        limits_section(one for one in ranking.limits if one not in said_first(ranking)),
        Section("All drugs", (catalogue(ranking, facts),), "appendix"),
        methods_section(ranking, "the ranking"),
    ]


def ranking_sentence(ranking: Any) -> str:
    """What the ranking found, in two sentences."""
    top = ranking.table.sort_values("rank", kind="stable").head(3)
    names = listed(top["name"].astype(str))
    whom = ranking.subtype if str(ranking.subtype).startswith("patient ") else f"{ranking.subtype} tumours"
    return (
        f"Of {len(ranking.table)} drugs, {names} come first for {whom}. "
        "The ranking says which experiment to do next, not which treatment to give."
    )


_LINES = "lines_low"


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
    caption = _caption(ranking, rows)
    if _LINES in rows:
        told = [interval_of(row, "lines") for row in rows.to_dict("records")]
        frame.insert(3, "interval with other lines", told)
    if "stands" in rows:
        frame.insert(2, "where it stands", [_stands(row) for row in rows.to_dict("records")])
        failed = [str(told) if known(told) and told != NOT_LOOKED_UP else None for told in rows["failed"]]
        if any(failed):
            frame.insert(3, f"failed before in {ranking.subtype}", failed)
    elif "known" in rows:
        frame.insert(
            3,
            f"known for {ranking.subtype}",
            [str(told).replace("_", " ") if known(told) else None for told in rows["known"]],
        )
    return Table(frame, caption, links={"drug": links(ranking, top)})


def _caption(ranking: Any, rows: pd.DataFrame) -> str:
    words = (
        f"The first {len(rows)} of {len(ranking.table)} drugs. The interval holds 90% of the ranks that "
        f"{_whose(ranking)}; brackets hold the measurement and what it adds to, or takes from, the score."
    )
    if "failed" not in rows:
        return words
    n = int((rows["failed"] == NOT_LOOKED_UP).sum())
    return f"{words} Failed trials: nobody looked them up for {n} of these {len(rows)}." if n else words


def _whose(ranking: Any) -> str:
    """Whose ranks the intervals hold."""
    if _LINES in ranking.table:
        return "another cohort would give, and the wider one those that other cell lines would give, too"
    return "members of the ranker give (the limits say which)"


def _stands(row: dict[Any, Any]) -> str:
    since = f" ({row['since']})" if known(row.get("since")) else ""
    ended = f"; {row['ended']}" if known(row.get("ended")) else ""
    return f"{row['stands']}{since}{ended}"


def _found_again(ranking: Any) -> list[Section]:
    """Positive controls, and the first candidates by what they hit; nothing where a ranking holds neither."""
    made = []
    if hasattr(ranking, "findings") and "targets" in getattr(ranking, "drugs", ()):
        found = ranking.findings(_ROWS_IN_PICTURE).reset_index()
        found = found.rename(
            columns={"family": "what is hit", "rank": "best rank", "drug": "best drug", "n": "drugs here",
                     "drugs": "all of them"}
        )  # fmt: skip
        caption = f"The first {_ROWS_IN_PICTURE} drugs by their targets: drugs that hit one thing are one finding."
        made.append(Section("What the first drugs have in common", (Table(found, caption),), "figures"))
    controls = getattr(ranking, "controls", None)
    if controls is not None and len(controls):
        shown = controls[["name", "better_than", "since"]].rename(
            columns={"name": "drug", "better_than": "beats of all drugs scored", "since": "approved since"}
        )
        caption = (
            f"Positive controls: drugs approved for {ranking.subtype} already, which are no candidates. A ranking that "
            "works puts them before most other drugs; a drug's own label has no part in its score."
        )
        table = Table(shown.reset_index(drop=True), caption, {"beats of all drugs scored": ".0%"})
        made.append(Section("What the ranking finds again", (table,), "certainty"))
    return made


def _certainty(ranking: Any) -> Iterable[Figure | Table | Text]:
    table = ranking.table
    shown = min(_ROWS_IN_PICTURE, len(table))
    first = table.sort_values("rank", kind="stable").iloc[0]
    yield Figure(
        svg.draw(plots.intervals, table, size=(6.8, 1.0 + 0.24 * shown), n=shown),
        f"Rank of the first {shown} drugs. The bar holds 90% of the ranks that {_whose(ranking)}; the limits of this "
        "ranking say what it does not hold.",
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
