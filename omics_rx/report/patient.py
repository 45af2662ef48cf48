"""Sections of one patient: what speaks against drugs in her, what her alterations mean, what is labelled for her."""

from __future__ import annotations

from typing import Any

import pandas as pd

from omics_rx.report.page import Fold, KeyFigure, KeyFigures, Limits, Section, Table, Text
from omics_rx.report.sections import known, listed

_SURE = ("known", "recurrent", "truncating", "amplified", "deleted", "fused", "told", "predicted")
_MOST = 200  # rows of alterations that move nothing; more are counted
HERS, OPEN = "labelled for her", "open: not tested"
_NOTHING = "No published or measured resistance is known of her alterations: that is not the same as none."


def patient_sections(ranking: Any) -> list[Section]:
    """Sections that open the page of a patient; none for a ranking without her alterations."""
    told = getattr(ranking, "told", None)
    if told is None:
        return []
    return [
        Section("Before anything else", (_first(told),), "answer"),
        Section("Her tumour", tuple(_tumour(told)), "answer"),
        Section("Her alterations and what each means", tuple(_alterations(told)), "answer"),
        Section("What is labelled for her", tuple(_labels(ranking, told)), "answer"),
        Section("What is published of her alterations", tuple(_facts(ranking, told)), "answer"),
        Section("What lines with her alterations respond to", tuple(_lines(ranking, told)), "figures"),
    ]


def said_first(ranking: Any) -> tuple[str, ...]:
    """Sentences that open the page, and are not repeated among its limits."""
    told = getattr(ranking, "told", None)
    return () if told is None else told.sentences("resistance", "contradiction", "mutations")


def _first(told: Any) -> Limits:
    against = told.sentences("resistance") or (_NOTHING,)
    return Limits((
        *against, *told.sentences("contradiction", "mutations", "not known"),
        "This page proposes what to discuss and what to test. It is no prescription, and no drug was tried in her.",
    ))  # fmt: skip


def _tumour(told: Any) -> list[KeyFigures | Text]:
    sure = told.alterations["is"].isin(_SURE)
    open_ = told.alterations["is"] == "uncertain"
    hers = told.labelled[told.labelled["standing"] == HERS]
    drugs = hers["drug"].drop_duplicates()
    figures = KeyFigures((
        KeyFigure("alterations with a known meaning", str(int(sure.sum()))),
        KeyFigure("of uncertain significance", str(int(open_.sum())), "they move nothing"),
        KeyFigure("drugs labelled for her", str(len(drugs)), listed(drugs) or "by what is known of her"),
    ))  # fmt: skip
    return [figures, *(Text(one) for one in told.sentences("subtype", "receptors"))]


def _alterations(told: Any) -> list[Table | Fold | Text]:
    table = told.alterations.rename(
        columns={"is": "what it is", "measured": "in lines", "why": "by what"}
    ).drop(columns="event")  # fmt: skip
    sure = told.alterations["is"].isin(_SURE)
    if table.empty:
        return [Text("No alteration of her tumour is known.")]
    caption = (
        "Alterations with a known meaning, and the reason. In lines: those of the drug screens with the same event; of "
        "a mutation they tell the gene, not the change."
    )
    blocks: list[Table | Fold | Text] = [
        Table(table[sure].reset_index(drop=True), caption)
        if sure.any()
        else Text("No alteration of known meaning was found: none of them moves a drug.")
    ]
    rest = table[~sure][["alteration", "what it is", "by what"]].reset_index(drop=True)
    if len(rest):
        words = f"The first {_MOST} of {len(rest)}. " if len(rest) > _MOST else ""
        blocks.append(Table(rest, "Of uncertain significance, or no event: they move nothing.")
                      if len(rest) <= 12 else
                      Fold(f"{len(rest)} of uncertain significance, or no event",
                           (Table(rest.head(_MOST), f"{words}They move nothing."),)))  # fmt: skip
    return [*blocks, *(Text(one) for one in told.sentences("uncertain", "nobody knows"))]


def _labels(ranking: Any, told: Any) -> list[Table | Fold | Text]:
    table = told.labelled
    where = [place_of(ranking, drug) for drug in table["drug"]]
    against = told.facts[told.facts["effect"] == "resistance"].groupby("drug")["alteration"].unique()
    shown = pd.DataFrame({
        "drug": table["drug"], "label": [_label(row) for row in table.to_dict("records")],
        "speaks against it": [listed(against[drug]) if drug in against else None for drug in table["drug"]],
        "asks for": table["biomarkers"].str.replace(";", "; "), "not known or absent": table["lacking"],
        "with": table["with"], "in this ranking": where, "source": table["label"],
    })  # fmt: skip
    hers, open_ = table["standing"] == HERS, table["standing"] == OPEN
    blocks: list[Table | Fold | Text] = []
    if hers.any():
        own = shown[hers].drop(columns="not known or absent").reset_index(drop=True)
        blocks.append(Table(own, "Every biomarker that these labels ask for is known to be there."))
    else:
        blocks.append(Text("By what is known of her, no label of breast cancer or of any solid tumour is met in full."))
    near = open_ & pd.Series(
        [_has_more_than_receptors(row) for row in table.to_dict("records")], table.index, dtype=bool
    )
    if near.any():
        rows = shown[near].rename(columns={"not known or absent": "not known of her"}).reset_index(drop=True)
        words = "Her alteration is what these labels ask for; the rest of what they ask is not known of her."
        blocks.append(Table(rows, words))
    open_ = open_ & ~near
    if open_.any():
        rows = shown[open_].rename(columns={"not known or absent": "not known of her"}).reset_index(drop=True)
        blocks.append(Fold(f"{rows['drug'].nunique()} drugs whose label asks for what is not known of her",
                           (Table(rows, "Nothing known speaks against them; the test is missing."),)))  # fmt: skip
    rest = shown[~hers & ~open_].rename(columns={"not known or absent": "absent in her"}).reset_index(drop=True)
    if len(rest):
        blocks.append(
            Fold(
                f"{rest['drug'].nunique()} drugs labelled for others",
                (Table(rest, "She lacks what the label asks for."),),
            )
        )
    words = (
        "Labels that ask for a biomarker, as far as they were looked up; chemotherapy asks for none and is not listed."
    )
    return [*blocks, Text(words)]


def _has_more_than_receptors(row: dict[Any, Any]) -> bool:
    """Whether she has something that a label asks for beside receptors."""
    asked, lacking = ({one.strip() for one in str(row[name]).split(";")} for name in ("biomarkers", "lacking"))
    return any(one and not one.startswith(("ER ", "PR ", "HER2 ")) for one in asked - lacking)


def _label(row: dict[Any, Any]) -> str:
    year = str(row["approved"])[:4] if known(row["approved"]) else "year not known"
    brand = f" ({row['brand']})" if known(row.get("brand")) else ""
    return f"{row['agency']} {year}{brand}"


def _facts(ranking: Any, told: Any) -> list[Table | Text]:
    table = told.facts
    if table.empty:
        return [Text("No published fact that was looked up fits her alterations. Facts are looked up for breast cancer "
                     "first: silence says little.")]  # fmt: skip
    shown = pd.DataFrame({
        "drug": table["drug"], "effect": table["effect"], "alteration": table["alteration"], "level": table["level"],
        "in": [f"{row['disease']}{', ' + row['setting'] if known(row['setting']) else ''}" for row in
               table.to_dict("records")],
        "year": table["year"].astype(str), "in this ranking": [place_of(ranking, drug) for drug in table["drug"]],
        "source": [f"{row['citation']}; {row['source']}" if known(row["citation"]) else str(row["source"]) for row in
                   table.to_dict("records")],
    })  # fmt: skip
    caption = (
        "Facts that fit her alterations, resistance first. Level: label, guideline, trial, clinical (reports), "
        "preclinical. A fact of another disease counts half. Not scored: no screen here measured the drug."
    )
    return [Table(shown.reset_index(drop=True), caption)]


def _lines(ranking: Any, told: Any) -> list[Table | Text]:
    """Measured effects on drugs that are offered or approved, resistance first."""
    table = told.measured
    own = table[table["drug_id"].isin([*ranking.table.index, *_controls(ranking)])]
    if own.empty:
        return [
            Text("Lines with her alterations respond to no offered drug in another way, or there are too few lines.")
        ]
    shown = pd.DataFrame({
        "drug": own["drug"], "lines with": own["alteration"],
        "respond": ["less" if value > 0 else "more" for value in own["effect"]],
        "difference (sd over lines)": own["effect"].astype(float),
        "95% interval": [f"{float(row['lower']):+.2f} to {float(row['upper']):+.2f}" for row in own.to_dict("records")],
        "lines": own["n_lines"].astype(int), "in this ranking": [place_of(ranking, drug) for drug in own["drug"]],
    })  # fmt: skip
    n = len(shown)
    halves = [shown[shown["respond"] == word].head(12) for word in ("less", "more")]
    cut = pd.concat(halves, ignore_index=True)
    words = f" The strongest {len(cut)} of {n}." if n > len(cut) else ""
    caption = (
        "Offered and approved drugs to which altered lines surely respond otherwise than other lines of their tissue, "
        f"less sensitive first.{words} Lines are no patients."
    )
    return [Table(cut, caption, {"difference (sd over lines)": "+.2f"})]


def _controls(ranking: Any) -> list[str]:
    found = getattr(ranking, "controls", None)
    return [] if found is None else list(found.index)


def place_of(ranking: Any, drug: str) -> str:
    """Where a drug stands in a ranking, in words."""
    for frame, words in (
        (ranking.table, "rank {rank} of {n}"),
        (getattr(ranking, "others", None), "{group}: beats {share:.0%}"),
    ):
        if frame is None or "name" not in frame:
            continue
        own = frame[frame["name"].astype(str).str.casefold() == str(drug).casefold()]
        if len(own):
            row = own.iloc[0]
            return words.format(rank=int(row["rank"]), n=len(frame), group=row.get("group", ""),
                                share=float(row.get("better_than", float("nan"))))  # fmt: skip
    return "not scored"
