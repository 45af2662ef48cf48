"""The table of a ranking and its provenance, from scores and evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.provenance import Provenance, frame_sha256
from omics_rx.repurposing import candidates, limits, standing
from omics_rx.repurposing.edges import shipped
from omics_rx.repurposing.explain import ranks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omics_rx.repurposing.ranker import Ranker

_INTERVAL = (5.0, 95.0)


def table(
    ranker: Ranker, subtype: str, full: pd.DataFrame, *, shown: tuple[pd.Index, list[str]], score: np.ndarray,
    members: np.ndarray, with_lines: np.ndarray | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Ranks with their intervals, evidence, what the labels say and warnings, one row a drug, best first.

    Parameters
    ----------
    ranker
        The ranker that scored.
    subtype
        What was ranked for.
    full
        Drugs x evidence, with the supporting columns.
    shown
        Drugs ranked and the kinds of evidence, in the order of the scores.
    score, members
        Scores (drugs) and those of each member (members x drugs).
    with_lines
        Scores with other tumours and lines (draws x drugs); None where they are not known.
    """
    evidence = full.loc[shown[0], shown[1]]
    place = ranks(score)
    low, high = _interval(place, members)
    known = ranker.labels_[ranker.labels_["subtype"] == subtype].set_index("drug_id")["status"]
    made = pd.DataFrame(
        {
            "rank": place,
            "name": ranker.sources_.drugs.loc[evidence.index, "name"],
            "score": score,
            "rank_low": low,
            "rank_high": high,
        },
        index=evidence.index,
    )
    if with_lines is not None:
        made["lines_low"], made["lines_high"] = _interval(place, with_lines)
    made = made.join(evidence)
    made["n_evidence"] = evidence.notna().sum(axis=1)
    made["known"] = known.reindex(made.index).astype(object)
    made["warning"] = limits.warnings(evidence, full)
    return made.rename_axis("drug_id").sort_values("rank")


def _interval(place: np.ndarray, members: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ranks that 90% of the members lie between, and the rank itself."""
    low, high = np.percentile(np.array([ranks(row) for row in members]), _INTERVAL, axis=0)
    return np.minimum(np.floor(low).astype(int), place), np.maximum(np.ceil(high).astype(int), place)


def parted(
    ranker: Ranker, subtype: str, full: pd.DataFrame, *, shown: tuple[pd.Index, list[str]], score: np.ndarray,
    members: np.ndarray, group: pd.Series, with_lines: np.ndarray | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """The table of the candidates, ranked among themselves, and of the others, each with where it stands.

    ``group`` (drug to its part, of :func:`omics_rx.repurposing.candidates.groups`) is a column of the others, beside
    ``better_than``, the share of all drugs scored that a drug beats; drugs that nobody screened are ranked among
    themselves, the rest by their place among all.
    """
    drugs, names = shown
    part = group.reindex(drugs).to_numpy()
    stands = standing.of_drugs(ranker.sources_.drugs.loc[drugs], subtype)

    def of(mask: np.ndarray) -> pd.DataFrame:
        lines = None if with_lines is None else with_lines[:, mask]
        made = table(ranker, subtype, full, shown=(drugs[mask], names), score=score[mask], members=members[:, mask],
                     with_lines=lines)  # fmt: skip
        return candidates.beside(made, stands)

    offered = part == candidates.CANDIDATE
    apart = part == candidates.APART
    everything = of(np.ones(len(drugs), dtype=bool))
    rest = pd.concat([of(apart)] * bool(apart.any()) + [everything.loc[~everything.index.isin(drugs[offered | apart])]])
    scores = pd.Series(score, index=drugs)
    rest.insert(2, "group", group.reindex(rest.index).to_numpy())
    rest.insert(3, "better_than", candidates.percentiles(scores, list(rest.index)).to_numpy())
    return of(offered), rest.rename_axis("drug_id")


def unranked(ranker: Ranker, drugs: pd.Index) -> pd.DataFrame:
    """Drugs without any evidence, and those that a user added and nothing can be predicted of, listed apart."""
    without = pd.DataFrame(
        {
            "name": ranker.sources_.drugs.loc[drugs, "name"],
            "reason": "no evidence of any kind: no prediction, too few breast lines measured, no target gene known",
        },
        index=drugs.rename("drug_id"),
    )
    return without if ranker.apart_ is None else pd.concat([without, ranker.apart_])


def provenance(ranker: Ranker, subtype: str, chosen: str | Iterable[str]) -> Provenance:
    """How a ranking came to be."""
    return Provenance(
        made_by="repurposing.Ranker.rank",
        inputs={**ranker.inputs_, "labels": frame_sha256(ranker.labels_)},
        settings={
            "subtype": subtype,
            "candidates": chosen if isinstance(chosen, str) else list(chosen),
            "seed": ranker.seed,
            "rule": ranker.rule,
            "labels": ranker.labels if isinstance(ranker.labels, str | None) else "given",
            "labels_not_in_screen": ranker.labels_absent_,
            "library_rows_not_in_screen": ranker.library_absent_,
            "kinds": [kind.name for kind in ranker.kinds_],
            "outcomes": len(ranker.ledger_.outcomes()),
            "ledger_head": ranker.ledger_.head,
        },
        cites=_cites(ranker),
    )


def _cites(ranker: Ranker) -> tuple[str, ...]:
    learnt = ("ke2017", "lundberg2020") if ranker.learnt_ else ()
    lime = () if ranker.asks_ else ("ribeiro2016",)
    kinds = dict.fromkeys(key for kind in ranker.sources_.members() for key in kind.cites)
    map_ = ("luck2020",) if ranker.sources_.network is shipped() else ()
    return (*kinds, *map_, *lime, *learnt)
