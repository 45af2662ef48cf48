"""Combinations of a selector and a learner, by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from omics_rx.core.errors import InputError, unknown_name
from omics_rx.signatures import learners
from omics_rx.signatures.selectors import SELECTORS

_MIXES = tuple(f"elastic_net_{tenth / 10:.1f}" for tenth in range(1, 10))
_STEPS = ("stepwise_forward", "stepwise_backward", "stepwise_both")
_TEN = (
    "random_forest", *_MIXES, *_STEPS, "coxboost", "plsrcox", "superpc", "gradient_boosting", "svm_linear",
    "cox_ridge", "lasso",
)  # fmt: skip
_PENALISED = (*_MIXES, "cox_ridge", "lasso")
_FAST = (
    "cox_ridge", "lasso", "elastic_net_0.5", "plsrcox", "superpc", "svm_linear", "lasso + cox_ridge",
    "lasso + plsrcox", "lasso + superpc", "stepwise_both", "stepwise_both + svm_linear", "cox_univariate",
)  # fmt: skip


@dataclass(frozen=True)
class Combination:
    """A learner, on the genes a selector kept or on all.

    Attributes
    ----------
    learner
        One of ``learners.NAMES``.
    selector
        One of ``selectors.SELECTORS``, or empty for all genes.
    """

    learner: str
    selector: str = ""

    @property
    def name(self) -> str:
        """``"selector + learner"``, or the learner alone."""
        return f"{self.selector} + {self.learner}" if self.selector else self.learner

    @property
    def group(self) -> str:
        """What is worked on together, because fits are shared: one selector, or a learner that selects nothing.

        The three stepwise selectors often keep the same genes, so they are one group.
        """
        fit = self.selector or self.learner
        return "stepwise" if fit in _STEPS else fit


def _crossed(selectors: Iterable[str]) -> list[Combination]:
    """Each learner after each selector, less those that would only select again."""
    found = []
    for selector in selectors:
        again = {"lasso": _PENALISED}.get(selector, _STEPS if selector in _STEPS else (selector,))
        found += [Combination(learner, selector) for learner in _TEN if learner not in again]
    return found


def _lists() -> dict[str, list[Combination]]:
    alone = [Combination(learner) for learner in _TEN]
    some = _crossed(("random_forest", "stepwise_backward", "stepwise_both", "coxboost", "lasso"))
    return {
        "101": [*alone, *some],
        "all": [*alone, *some, *_crossed(("stepwise_forward",))],
        "fast": [_parsed(name) for name in _FAST],
    }


def named(combinations: str | Sequence[str]) -> tuple[Combination, ...]:
    """Combinations by the name of a list, or by their own names.

    Parameters
    ----------
    combinations
        ``"all"`` (118: ten families of learners, elastic net at nine mixes, each alone and after each selector),
        ``"101"`` (the same without forward steps as a selector, the list most published searches use), ``"fast"``
        (twelve that take seconds), or names such as ``["lasso", "lasso + cox_ridge"]``.

    Raises
    ------
    UnknownNameError, InputError
        If a list, selector or learner is not known; if there is none, or one comes twice.
    """
    known = _lists()
    if isinstance(combinations, str):
        if combinations not in known:
            raise unknown_name("list of combinations", combinations, known)
        return tuple(known[combinations])
    found = tuple(_parsed(str(name)) for name in combinations)
    if not found or len(set(found)) != len(found):
        raise InputError(f"{len(found)} combinations, {len(set(found))} of them different: give each once, one or more")
    return found


def _parsed(name: str) -> Combination:
    selector, _, learner = (part.strip() for part in name.rpartition("+"))
    if selector and selector not in SELECTORS:
        raise unknown_name("selector", selector, SELECTORS)
    if learner not in learners.NAMES:
        raise unknown_name("learner", learner, learners.NAMES)
    return Combination(learner, selector)
