"""Kinds of evidence: what each is called, measured in, and speaks for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd


@dataclass(frozen=True)
class Kind:
    """One kind of evidence.

    Attributes
    ----------
    name, label
        Column name, and the words for a reader.
    unit
        What it is measured in.
    direction
        1 where a high value speaks for a drug, -1 where a low one does.
    source
        Where it comes from.
    """

    name: str
    label: str
    unit: str
    direction: int
    source: str


KINDS = (
    Kind("predicted_sensitivity", "predicted sensitivity of the subtype's tumours", "ln uM", -1,
         "response model: mean preference over the subtype's tumours"),
    Kind("predicted_selectivity", "predicted selectivity for the subtype's tumours", "ln uM", -1,
         "response model: mean preference, the subtype less the other tumours"),
    Kind("measured_sensitivity", "measured sensitivity of the subtype's lines", "sd over lines", -1,
         "screen: mean z of ln IC50 over the subtype's breast lines, less what each line does to all drugs"),
    Kind("measured_selectivity", "measured selectivity for the subtype's lines", "sd over lines", -1,
         "screen: the same, the subtype's less the other breast lines"),
    Kind("target_expression", "targets over-expressed in the subtype", "sd over tumours", 1,
         "cohort: mean z of the target genes, the subtype less the other tumours"),
    Kind("pathway_activity", "pathways of the targets active in the subtype", "sd over tumours", 1,
         "cohort and Reactome: mean z of the genes around the targets, the subtype less the other tumours"),
)  # fmt: skip
HELD_OUT = Kind("held_out_selectivity", "predicted selectivity for the subtype's lines", "sd over lines", -1,
                "response model: as measured selectivity, predicted by fits that had not seen the line")  # fmt: skip
REVERSAL = Kind("reversal", "reversal of the subtype's expression", "root mean square over drugs", -1,
                "perturbation library: mean of six reversal scores against the subtype's signature")  # fmt: skip
PROXIMITY = Kind("proximity", "targets near the subtype's genes in the network", "z against genes of like degree", -1,
                 "the user's network: steps to the hundred genes most over-expressed in the subtype")  # fmt: skip
MALIGNANT_CELLS = Kind("malignant_cells", "malignant cells that express the targets", "share less that of other cells",
                       1, "the user's single cells: any target gene above 0")  # fmt: skip
ADDED = (HELD_OUT, REVERSAL, PROXIMITY, MALIGNANT_CELLS)  # each where its source is given
OUTCOMES = Kind("outcomes", "outcomes of experiments", "expected outcome, -1 to 1", 1,
                "ledger of outcomes: its own and, by what they share, those of other drugs")  # fmt: skip
SUPPORT = (
    Kind("predicted_selectivity_t", "Welch t of predicted selectivity", "t", -1, "as predicted_selectivity"),
    Kind("measured_selectivity_t", "Welch t of measured selectivity", "t", -1, "as measured_selectivity"),
    Kind("n_lines", "breast lines of the subtype measured", "lines", 1, "screen"),
    Kind(
        "target_alteration",
        "targets mutated or gained in the subtype's lines",
        "share less that of other lines",
        1,
        "screen: genomic events of breast lines",
    ),
    Kind(
        "over_peak",
        "predicted IC50 over the peak plasma concentration",
        "ln ratio",
        -1,
        "response model, and peak concentrations of labels; known of launched drugs only, so it moves no score",
    ),
    Kind("applicability", "likeness to the nearest screened drug", "Tanimoto, 1 is screened", 1, "response model"),
)


def in_target(kind: Kind, target: str) -> Kind:
    """The kind as a model of AUC says it; as it is for a model of ln IC50."""
    if target != "auc":
        return kind
    return replace(kind, unit=kind.unit.replace("ln uM", "AUC"), source=kind.source.replace("ln IC50", "AUC"))


def describe(evidence: pd.DataFrame, kinds: tuple[Kind, ...]) -> pd.DataFrame:
    """Label, unit, direction, source and coverage of every column; ``role`` tells what a ranking is made from.

    Returns
    -------
    DataFrame
        Index ``column``; ``label``, ``unit``, ``direction`` (1 or -1), ``role`` (``"ranked"`` or ``"support"``),
        ``source``, ``coverage`` (share of drugs with a value) and ``n``.
    """
    known = {kind.name: kind for kind in (*kinds, *SUPPORT)}
    ranked = {kind.name for kind in kinds}
    rows = []
    for name in evidence.columns:
        kind = known.get(name) or Kind(name, name.replace("_", " "), "score", -1, "perturbation library")
        seen = evidence[name].notna()
        role = "ranked" if name in ranked else "support"
        rows.append(
            (name, kind.label, kind.unit, kind.direction, role, kind.source, float(seen.mean()), int(seen.sum()))
        )
    columns = ["column", "label", "unit", "direction", "role", "source", "coverage", "n"]
    return pd.DataFrame(rows, columns=columns).set_index("column")
