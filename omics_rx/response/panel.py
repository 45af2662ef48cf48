"""Which drugs to measure first in a new sample, so that the predictions of all others gain most.

References
----------
Krause, Singh and Guestrin, Near-optimal sensor placements in Gaussian processes, J Mach Learn Res 9 (2008), 235-284:
greedy choice under a Gaussian process.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.response import asked
from omics_rx.response.few_shot import ErrorCovariance, covariance_of
from omics_rx.response.parts.base import positions
from omics_rx.response.query import known_drugs

if TYPE_CHECKING:
    from omics_rx.response.model import ResponseModel


@in_words
def measure_first(
    model: ResponseModel, n: int = 5, *, among: Iterable[str] | None = None, measured: Iterable[str] = ()
) -> pd.DataFrame:
    """Drugs whose responses in a new sample would tell most of its other responses, one after the other.

    The order does not depend on the sample: it follows from how the model's errors on lines it had not seen go together
    between drugs, which is what :meth:`ResponseModel.adapt` builds on.

    Parameters
    ----------
    model
        A fitted model with the kernel core or the graph network.
    n
        How many drugs to name.
    among
        Drugs that can be measured, by ``drug_id`` or name; None for all the model was trained on.
    measured
        Drugs measured in the sample already.

    Returns
    -------
    pandas.DataFrame
        Index ``drug_id`` in the order to measure; ``name``, and ``explained``: once it and those above are measured,
        the share (0 to 1) of the model's error variance on all drugs not measured that is expected to be explained.

    Raises
    ------
    InputError
        If a drug is unknown to the model or named twice, or fewer than ``n`` are left to be measured.
    """
    asked.model(model)
    learnt = model.learnt_
    names = learnt.training.drugs.names

    def at(drugs: Iterable[str]) -> np.ndarray:
        return positions(known_drugs(pd.Index(list(drugs), dtype=object), names, learnt.screen.drugs), names)

    done = at(measured)
    free = np.setdiff1d(np.arange(len(names)) if among is None else at(among), done)
    if not 1 <= n <= min(len(free), len(names) - len(done) - 1):
        raise InputError(
            f"{n} drugs were asked for of {len(free)} that can be measured: ask for one or more, and leave some to "
            "predict"
        )
    chosen, explained = in_order(covariance_of(model), n, free=free, done=done)
    index = pd.Index(names[chosen], name="drug_id")
    return pd.DataFrame({"name": learnt.screen.drugs.loc[index, "name"].to_numpy(), "explained": explained}, index)


def in_order(errors: ErrorCovariance, n: int, *, free: np.ndarray, done: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions in the order to measure, and what is explained of the others after each.

    Each step takes the drug that lowers the summed variance of all drugs not measured most, in closed form.
    """
    left, own = errors.shared(), errors.own_share * errors.spread**2
    for drug in done:
        left = _given(left, own, drug)
    others = np.ones(len(own), dtype=bool)
    others[done] = False
    chosen: list[int] = []
    explained = []
    for _ in range(n):
        able = np.setdiff1d(free, chosen)
        told = left[able] ** 2 * others
        told[np.arange(len(able)), able] = 0.0
        best = int(able[np.argmax(told.sum(axis=1) / (np.diag(left) + own)[able])])
        left = _given(left, own, best)
        chosen.append(best)
        others[best] = False
        explained.append(1 - float((np.diag(left) + own)[others].sum() / (errors.spread**2)[others].sum()))
    return np.array(chosen), np.array(explained)


def _given(shared: np.ndarray, own: np.ndarray, drug: int) -> np.ndarray:
    """Covariance left of what repeats once a drug is measured."""
    column = shared[:, drug]
    left: np.ndarray = shared - np.outer(column, column) / (column[drug] + own[drug])
    return left
