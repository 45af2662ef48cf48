"""How the scores of a ranking are made, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omics_rx.repurposing import learner, questions

if TYPE_CHECKING:
    from omics_rx.repurposing.ranker import Ranker

_LEARNT = (
    "The share of drugs that a drug beats in each kind of evidence, averaged, and corrected by boosted monotone stumps "
    "(LightGBM) learnt from {n} labelled pairs: drugs that work in a subtype against drugs that do not; which subtype "
    "a drug is for is left to the evidence. A drug is scored only by models that saw no label of it or of a drug that "
    "acts like it. The score is in log odds, the mean of {members} members; missing evidence contributes nothing."
)
_ACROSS = (
    "As learnt from other cancers: the share of drugs that a drug beats in each kind of evidence, averaged, and "
    "corrected by boosted monotone stumps (LightGBM) learnt from {n} pairs of drugs and cancers other than breast, by "
    "what lines tell. No label of breast cancer is used, and a drug is scored only by models that saw no label of it "
    "or of a drug that acts like it. The score is in log odds, the mean of {members} members."
)
_QUESTIONS = (
    "Two questions, each a column, and the score is their sum. Which drug is worth trying (drug_score): the shares of "
    "screened drugs that a drug beats in {drug}, added. For which subtype (subtype_score): how far the subtype stands "
    "above the others in {subtype}, by weights. Both are in standard deviations over drugs, the second times {share}. "
    "No label is used; missing evidence contributes nothing."
)
_AVERAGE = (
    "Average of oriented ranks: each kind of evidence gives the share of drugs that a drug beats, less one half; the "
    "score is their mean over the kinds known. No label is used{why}."
)


def rule_of(ranker: Ranker, why: str = "") -> str:
    """How a ranker makes its scores; ``why`` says for what reason it does not learn from its labels."""
    if ranker.learnt_:
        return (_ACROSS if ranker.across_ else _LEARNT).format(n=ranker.n_training_, members=learner.N_MEMBERS)
    return _questions(ranker) if ranker.asks_ else _AVERAGE.format(why=f" ({why})" if why else "")


def _questions(ranker: Ranker) -> str:
    words = {
        question: ", ".join(kind.label for kind in ranker.kinds_ if kind.question == question and kind.slope is None)
        or "nothing"
        for question in ("drug", "subtype")
    }
    own = [f"{kind.label} ({kind.slope:g} a {kind.unit.partition(',')[0]})" for kind in ranker.kinds_ if
           kind.slope is not None]  # fmt: skip
    alone = f" Whatever the cohort holds, these add as much as their value says: {', '.join(own)}." if own else ""
    return _QUESTIONS.format(share=questions.SUBTYPE_SHARE, **words) + alone
