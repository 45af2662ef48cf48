"""One page of text on one candidate: what it is, why it ranks, what would refute that, and where it failed before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from omics_rx.core.shown import shown
from omics_rx.repurposing import trials
from omics_rx.repurposing.standing import failed_trials

if TYPE_CHECKING:
    from omics_rx.repurposing.ranking import Ranking

# what an experiment would have to find for a kind of evidence not to hold, {drug}, {subtype}, {targets} filled in
_REFUTES = {
    "predicted_sensitivity": "fresh {subtype} models are no more sensitive to {drug} than models are on average",
    "predicted_selectivity": "three or more {subtype} models are no more sensitive to {drug} than three or more others",
    "measured_sensitivity": "a second laboratory finds {subtype} lines no more sensitive to {drug} than other lines",
    "measured_selectivity": "a second laboratory finds no difference between {subtype} and other breast lines",
    "target_expression": "knock-down of {targets} leaves {subtype} cells as sensitive to {drug} as before, or "
    "the protein is not higher in {subtype} tumours",
    "pathway_activity": "{drug} does not lower the read-outs of the pathways of {targets} in {subtype} cells",
    "reversal": "expression of {subtype} cells after {drug} does not move away from the subtype's signature",
    "proximity": "removing the subtype's genes near {targets} does not change the response to {drug}",
    "malignant_cells": "staining finds {targets} absent from the malignant cells of {subtype} tumours",
    "docking": "{drug} does not bind {targets} in a biochemical assay",
    "alteration_measured": "models with the same alterations are no more sensitive to {drug} than models without them",
    "alteration_published": "patients or models with the same alterations do not respond to {drug} as was published",
    "outcomes": "a repeat of the experiments gives another outcome",
}
_ALWAYS = "no effect of {drug} in {subtype} models at concentrations that patients reach"


@dataclass(frozen=True, eq=False)
class Sheet:
    """What is to be known of one candidate before an experiment.

    Attributes
    ----------
    name, drug_id
        The drug.
    facts
        What it is: label to text.
    sentence
        Why it stands where it does.
    evidence
        The table of :class:`~omics_rx.repurposing.explain.Explanation`.
    refuted_by
        Findings that would refute it, the most weighty evidence first.
    known
        What labels say of it in each subtype: ``subtype``, ``status``, ``year``, ``citation``.
    failures
        Trials in which it failed, in breast or another cancer: ``setting``, ``result``, ``year``, ``citation``. The
        list is short and hand-made: its silence says nothing, and :attr:`silence` says that.
    trials
        What neoadjuvant trials found of it: ``trial``, ``group``, ``result``, ``citation``; short, too.
    warnings
        Why to doubt its place; empty where there is no reason.
    """

    name: str
    drug_id: str
    facts: dict[str, str]
    sentence: str
    evidence: pd.DataFrame
    refuted_by: tuple[str, ...]
    known: pd.DataFrame
    failures: pd.DataFrame
    trials: pd.DataFrame
    warnings: str

    @property
    def silence(self) -> str:
        """What it means that no failed trial is listed; empty where one is."""
        table = failed_trials()
        told = (
            f"nobody looked whether it failed: {len(table)} failed trials of {table['inchikey'].nunique()} drugs were "
            "looked up, none of this one"
        )
        return "" if len(self.failures) else told

    def _repr_html_(self) -> str:
        return shown(
            f"{self.name}: rank {self.facts['rank']}", self.evidence, rows=12,
            facts=[self.sentence, f"Would be refuted if {'; or '.join(self.refuted_by[:2])}."],
            doubts=[self.warnings] if _known(self.warnings) else [], then=["print(sheet)", "sheet.trials"],
        )  # fmt: skip

    def __str__(self) -> str:
        """Markdown, in which no name of a drug is a tag."""
        rows = [f"# {self.name}", "", *(f"- {label}: {text}" for label, text in self.facts.items()), "", self.sentence]
        rows += ["", f"Warning: {self.warnings}."] if self.warnings else []
        rows += ["", "## What would refute it", *(f"- {text}" for text in self.refuted_by)]
        rows += ["", "## What is known of it in breast cancer", *_listed(self.known, "subtype", "status")]
        rows += ["", "## What neoadjuvant trials found", *_listed(self.trials, "trial", "group", "result")]
        failed = _listed(self.failures, "setting", "result") if len(self.failures) else [f"- {self.silence}"]
        rows += ["", "## Trials in which it failed", *failed]
        return "\n".join(rows).replace("<", "&lt;") + "\n"


def sheet(ranking: Ranking, drug: str) -> Sheet:
    """Make the sheet of one drug of a ranking; see :meth:`Ranking.sheet`."""
    told = ranking.explain(drug)
    row, about = ranking.row(told.drug_id), ranking.drugs.T[told.drug_id]
    words = {
        "drug": told.name,
        "subtype": ranking.subtype,
        "targets": str(about["targets"]).replace(";", ", ") if _known(about.get("targets")) else "its targets",
    }
    weighty = told.table[told.table["contribution"] > 0].sort_values("contribution", ascending=False).index[:4]
    found = [
        _REFUTES.get(str(kind), f"a repeat of the {told.table['label'][kind]} finds none of it") for kind in weighty
    ]
    labels = ranking.labels
    columns = [name for name in ("subtype", "status", "year", "citation") if name in labels]
    known = labels.loc[labels["drug_id"] == told.drug_id, columns] if "drug_id" in labels else labels[columns]
    failed = failed_trials()
    key = about.get("inchikey")
    return Sheet(
        name=told.name,
        drug_id=told.drug_id,
        facts=_facts(row, about, len(ranking.beside(told.drug_id))),
        sentence=told.sentence,
        evidence=told.table,
        refuted_by=tuple(text.format(**words) for text in (*found, _ALWAYS)),
        known=known.reset_index(drop=True),
        failures=failed[failed["inchikey"] == key].drop(columns=["name", "inchikey"]).reset_index(drop=True),
        trials=trials.told(trials.for_drugs(ranking.drugs.loc[[told.drug_id]])),
        warnings=str(row.get("warning", "")),
    )


def _facts(row: pd.Series, about: pd.Series, n: int) -> dict[str, str]:
    wider = pd.notna(row.get("lines_low", float("nan")))
    lines = f"; with other lines, too, {int(row['lines_low'])} to {int(row['lines_high'])}" if wider else ""
    told = {
        "rank": f"{int(row['rank'])} of {n} (90% interval {int(row['rank_low'])} to {int(row['rank_high'])}{lines})",
        "score": f"{row['score']:+.2f}",
    }
    for label in ("mechanism", "targets", "inchikey", "smiles"):
        told[label] = str(about[label]).replace(";", ", ") if _known(about.get(label)) else "not known"
    return told


def _known(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _listed(table: pd.DataFrame, *first: str) -> list[str]:
    if table.empty:
        return ["- nothing listed"]
    return [
        f"- {': '.join(str(row[name]).replace('_', ' ') for name in first)}"
        + (f" ({row['year']})" if _known(row.get("year")) else "")
        + (f"; {row['citation']}" if _known(row.get("citation")) else "")
        for row in table.to_dict("records")
    ]
