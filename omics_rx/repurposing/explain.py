"""Why a drug stands where it stands: exact contributions, a sentence, and its place without each kind of evidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from omics_rx.core.shown import shown


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why one drug has its rank.

    Attributes
    ----------
    drug_id, name
        The drug.
    sentence
        For a person to read; of a patient what her alterations say against the drug comes first.
    table
        Index ``kind``; ``label``, ``value`` (NaN: missing), ``unit``, ``better_than`` (share of the drugs with a value
        that it beats), ``contribution`` (sums with ``base`` to ``score``), ``rank_without`` (its rank if this kind
        said nothing about it), ``lime`` (what LIME says it adds; NaN where it was not asked).
    base, score
        Score of a drug without evidence, and of this one.
    agreement
        Spearman's correlation of LIME with the contributions over the kinds known; NaN where it was not asked.
    stability
        Mean correlation of the members' contributions with their mean; NaN without members.
    alterations
        What her alterations say of the drug, against it first; empty for a subtype.
    """

    drug_id: str
    name: str
    sentence: str
    table: pd.DataFrame
    base: float
    score: float
    agreement: float = float("nan")
    stability: float = float("nan")
    alterations: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.sentence

    def _repr_html_(self) -> str:
        return shown(
            self.sentence, self.table, rows=20,
            facts=[f"Base {self.base:+.2f} and the contributions add up to the score {self.score:+.2f}."],
            doubts=self.alterations[:3], then=[f"ranking.sheet({self.name!r})"],
        )  # fmt: skip


def ordinal(number: int) -> str:
    """Write a place.

    Examples
    --------
    >>> ordinal(1), ordinal(12), ordinal(23)
    ('1st', '12th', '23rd')
    """
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def ranks(scores: np.ndarray) -> np.ndarray:
    """Ranks, 1 for the highest score; equal scores keep their order."""
    order = np.argsort(-scores, kind="stable")
    place = np.empty(len(scores), dtype=int)
    place[order] = np.arange(1, len(scores) + 1)
    return place


def explain_drug(
    drug_id: str, *, subtype: str, table: pd.DataFrame, explanations: pd.DataFrame, info: pd.DataFrame,
    targets: str, opinion: pd.Series | None = None, alterations: tuple[tuple[str, ...], tuple[str, ...]] = ((), ()),
) -> Explanation:  # fmt: skip
    """Explain one row of a ranking.

    Parameters
    ----------
    drug_id
        The drug, an index of ``table``.
    subtype
        What was ranked for.
    table
        The ranking: ``rank``, ``name``, ``score``, ``rank_low``, ``rank_high`` and the kinds.
    explanations
        Index ``drug_id``; ``base``, one column a kind, ``score``.
    info
        Index kind; ``label``, ``unit``, ``direction``.
    targets
        Target genes of the drug in words, empty when not known.
    opinion
        Its row of :func:`omics_rx.repurposing.opinions.opinions`.
    alterations
        Sentences on her alterations: against the drug, and for it.
    """
    kinds = [kind for kind in explanations.columns if kind in info.index]
    here = table.index.tolist().index(drug_id)
    row, parts = table.iloc[here], explanations.iloc[explanations.index.tolist().index(drug_id)]
    values = row[kinds].astype(float)
    signs = info.loc[kinds, "direction"].astype(float)
    oriented = table[kinds].astype(float) * signs
    own = oriented.iloc[here]
    others = oriented.drop(index=drug_id)
    n_known = others.notna().sum()
    beaten = others.lt(own).sum() / n_known.where(n_known > 0)
    scores = table["score"].to_numpy(dtype=float)
    without = []
    for kind in kinds:
        changed = scores.copy()
        changed[here] -= float(parts[kind])
        without.append(int(ranks(changed)[here]) if np.isfinite(values[kind]) else int(row["rank"]))
    frame = pd.DataFrame(
        {
            "label": info.loc[kinds, "label"],
            "value": values,
            "unit": info.loc[kinds, "unit"],
            "better_than": beaten.where(values.notna()),
            "contribution": parts[kinds].astype(float),
            "rank_without": without,
            "lime": np.nan if opinion is None else opinion.reindex(kinds).astype(float),
        },
        index=pd.Index(kinds, name="kind"),
    )
    sentence = _sentence(str(row["name"]), subtype, row, frame, len(table), targets)
    agreement, stability = (
        float("nan") if opinion is None else float(opinion[name]) for name in ("agreement", "stability")
    )
    if np.isfinite(agreement):
        sentence += f" {_agrees(agreement)}"
    against, for_ = alterations
    return Explanation(
        drug_id, str(row["name"]), " ".join([*against, sentence, *for_]), frame, float(parts["base"]),
        float(row["score"]), agreement, stability, (*against, *for_),
    )  # fmt: skip


def _agrees(agreement: float) -> str:
    words = "A local linear model (LIME) orders the evidence alike"
    if agreement < 0.5:
        words = "A local linear model (LIME) orders the evidence otherwise: trust the order of reasons less"
    return f"{words} (rank correlation {agreement:.2f})."


def _said(kind: str, row: pd.Series, targets: str) -> str:
    extra = f"; {targets}" if targets and kind in ("target_expression", "pathway_activity") else ""
    return f"{row['label']} ({row['value']:+.2f} {row['unit']}{extra})"


def _sentence(name: str, subtype: str, row: pd.Series, frame: pd.DataFrame, n: int, targets: str) -> str:
    """Name what lifted the drug, what held it back, what is not known, and what its place hangs on."""
    place = ordinal(int(row["rank"]))
    text = f"{name} ranks {place} of {n} for {subtype} ({int(row['rank_low'])} to {int(row['rank_high'])})"
    seen = frame[frame["value"].notna()]
    up = seen[seen["contribution"] > 0.005].sort_values("contribution", ascending=False).head(3)
    down = seen[seen["contribution"] < -0.005].sort_values("contribution").head(2)
    if len(up):
        text += ": lifted by " + ", ".join(_said(str(kind), r, targets) for kind, r in up.iterrows())
    if len(down):
        text += ("; " if len(up) else ": ") + "held back by "
        text += ", ".join(_said(str(kind), r, targets) for kind, r in down.iterrows())
    missing = frame.loc[frame["value"].isna(), "label"].tolist()
    if missing:
        text += f"; nothing known of {', '.join(missing)}"
    text += "."
    if len(up):
        first = up.iloc[0]
        text += f" Without {first['label']}: {ordinal(int(first['rank_without']))}."
    return text
