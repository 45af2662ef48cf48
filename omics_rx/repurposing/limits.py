"""What a reader must know before acting on a ranking."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from omics_rx.harmonize.subtypes import by_receptors
from omics_rx.repurposing.evidence import LINE_GROUP
from omics_rx.repurposing.labels import POSITIVE

if TYPE_CHECKING:
    from omics_rx.repurposing.ranker import Ranker

FEW_LINES, THIN, BEYOND = 5, 0.5, 10.0
# what a source adds to the tumours of gse1992, as benchmarks/ranking_sources.py prints: tiers and right subtype of 17
# reference drugs with it and without; and the line of code
ABSENT = {
    "profiles": (
        "No perturbation library was used, so nothing is said of reversal",
        "with the consensus signatures of LINCS", (".791", ".788"), (".941", ".941"),
        'fit(model, cohort, repurposing.read_library("profiles.gctx", conditions=True))',
    ),
    "expressing": (
        "No single cells were used, so nothing is said of which cells express a target",
        "with those of a triple-negative tumour", (".802", ".788"), (".941", ".941"),
        "fit(model, cohort, cells=cells)",
    ),
    "network": (
        "No network of protein interactions was used (network=None)",
        "with the one that ships", (".788", ".773"), (".941", ".912"),
        'fit(model, cohort, network="resources")',
    ),
}  # fmt: skip


def warnings(evidence: pd.DataFrame, support: pd.DataFrame) -> pd.Series:
    """Say for each drug why its evidence is thin; empty where it is not.

    Parameters
    ----------
    evidence
        Drugs x kinds; NaN where missing.
    support
        Drugs x supporting columns: ``n_lines`` (breast lines of the subtype measured) and, where known,
        ``over_peak`` (ln ratio) and ``applicability``.
    """
    support = support.reindex(evidence.index)
    lines = support["n_lines"].fillna(0).astype(int)
    share = evidence.notna().mean(axis=1)
    found = []
    for count, known in zip(lines, share, strict=True):
        words = [f"measured in {count} lines of the subtype"] if count < FEW_LINES else []
        words += ["under half of the evidence known"] if known < THIN else []
        found.append(words)
    for column, said in (("over_peak", _beyond_peak), ("applicability", _unlike)):
        if column in support:
            found = [[*words, *said(value)] for words, value in zip(found, support[column], strict=True)]
    return pd.Series(["; ".join(words) for words in found], index=evidence.index, dtype=object)


def _beyond_peak(value: float) -> list[str]:
    times = f"{math.exp(value):.0f}" if value > 0 else ""
    return [f"predicted IC50 {times} times the peak plasma concentration"] if value > math.log(BEYOND) else []


def _unlike(value: float) -> list[str]:
    return [f"not screened; likeness to the nearest screened drug {value:.2f}"] if value < 1 else []


def limits(ranker: Ranker, subtype: str, info: pd.DataFrame) -> tuple[str, ...]:
    """Sentences on the cohort, the lines, the labels and the coverage that a ranking rests on."""
    counts = ranker.subtypes_.value_counts()
    thin = [
        f"{label} ({share:.0%} of the drugs)"
        for label, share, role in zip(info["label"], info["coverage"], info["role"], strict=True)
        if role == "ranked" and share < THIN
    ]
    said = [
        (
            f"{int(counts.get(subtype, 0))} tumours of {int(counts.sum())} are {subtype} (by {ranker.subtypes_from_}); "
            "what is said of tumours is relative to this cohort."
        ),
        "That the tumours are of the breast is checked by columns that name an organ, not by expression.",
        f"For the response model: {ranker.reference_}",
        "Predictions come from a model of cell lines; their errors in tumours are not known.",
        (
            "90% of the ranks that another cohort gives lie in the rank intervals (rank_low to rank_high); had other "
            "lines been screened, too, the wider ones would hold them (lines_low to lines_high)."
            if ranker.asks_
            else "Rank intervals tell how the order hangs on labels and weights of evidence, not on the tumours and "
            "lines seen."
        ),
        training_lines(ranker.screen_.cells.obs),
        _lines(subtype, int((ranker.sources_.line_groups == LINE_GROUP.get(subtype)).sum())),
    ]
    said += _absent(ranker)
    if ranker.sources_.network is not None:
        told = "; ".join(ranker.sources_.network.said) or "edges between genes"
        said.append(f"The network of protein interactions: {told}.")
    if ranker.sources_.expressing is not None:
        said.append("The single cells are those given, whichever subtype is ranked: they move every subtype alike.")
    if by_receptors(subtype):
        said.append(f"{subtype} is an intrinsic subtype: {by_receptors(subtype)}.")
    if thin:
        said.append(f"Little is known of {', '.join(thin)}; what is missing moves no drug.")
    said.append(_learnt(ranker))
    said += ranker.said_
    if ranker.sources_.extra_directions:
        said.append("Evidence given by the user is used as it came: if it holds the answer, so does the score.")
    said.append("Resistance and combinations are out of scope. A ranking proposes experiments, not treatment.")
    return tuple(said)


def _absent(ranker: Ranker) -> list[str]:
    """What each source that was not brought would add, by the default rule, and how to bring it."""
    return [
        f"{words}. On the tumours of gse1992 the area for breast against other cancer drugs is {tiers[0]} {source}, "
        f"{tiers[1]} without, for the right subtype {right[0]} and {right[1]}. To bring it: {code}."
        for name, (words, source, tiers, right, code) in ABSENT.items()
        if getattr(ranker.sources_, name) is None
    ]


def training_lines(lines: pd.DataFrame) -> str:
    """Say from which tissues and from people of which ancestry the lines come that the response model learnt from.

    Parameters
    ----------
    lines
        One row a line; ``tissue`` and ``ancestry`` where known.
    """
    parts = []
    for column, words in (("tissue", "tissue"), ("ancestry", "ancestry of the donors")):
        known = lines[column].dropna() if column in lines else pd.Series(dtype=object)
        if known.empty:
            parts.append(f"the {words} is not known")
            continue
        shares = known.value_counts()
        most = ", ".join(f"{name} {count / len(lines):.0%}" for name, count in shares.head(3).items())
        breast = f", breast {shares['breast'] / len(lines):.0%}" if "breast" in shares.index[3:] else ""
        missing = f", not known {1 - len(known) / len(lines):.0%}" if len(known) < len(lines) else ""
        parts.append(f"{words} {most}{breast}{missing}")
    return f"The response model learnt from {len(lines)} lines: {'; '.join(parts)}."


def coverage(ranker: Ranker) -> pd.DataFrame:
    """How much each subtype's ranking rests on; see :meth:`Ranker.coverage`."""
    kinds = [kind.name for kind in ranker.kinds_]
    groups, counts = ranker.sources_.line_groups, ranker.subtypes_.value_counts()
    rows = {}
    for subtype, evidence in ranker.evidence_.items():
        own = ranker.labels_[ranker.labels_["subtype"] == subtype]
        rows[subtype] = {
            "n_tumours": int(counts.get(subtype, 0)),
            "n_lines": int((groups == LINE_GROUP.get(subtype)).sum()),
            "n_working": int(own["status"].isin(POSITIVE).sum()),
            "n_other_labels": int((~own["status"].isin(POSITIVE)).sum()),
            **evidence[kinds].notna().mean().to_dict(),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("subtype")


def _lines(subtype: str, n: int) -> str:
    if subtype in ("LumA", "LumB"):
        return f"Lines are known as luminal at large ({n}): their evidence is the same for both luminal subtypes."
    if subtype not in LINE_GROUP:
        return f"No line stands for {subtype}, and the call often means normal tissue in the sample."
    return f"Measured evidence comes from {n} {subtype} breast lines."


def _learnt(ranker: Ranker) -> str:
    if not ranker.learnt_:
        if ranker.asks_:
            return "No labels were learnt from: the weights of the evidence are fixed."
        return "No labels were learnt from: every kind of evidence counts the same."
    if ranker.across_:
        return (
            f"Learnt from {ranker.n_training_} pairs of drugs and cancers other than breast: what works there may not "
            "work here. No label of breast cancer enters a score."
        )
    working = ranker.labels_["status"].isin(POSITIVE)
    return (
        f"{ranker.labels_.loc[working, 'drug_id'].nunique()} drugs are labelled as working in a breast subtype: few to "
        "learn from. A drug's own label, and those of drugs that act like it, never enter its score."
    )
