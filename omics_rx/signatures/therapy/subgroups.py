"""For whom the chances of a response signature hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.metrics import by_level, subgroups
from omics_rx.metrics.by_level import Subgroups
from omics_rx.signatures.subgroups import read_levels
from omics_rx.signatures.therapy import outcome as outcomes
from omics_rx.signatures.therapy.reading import frames, taken

if TYPE_CHECKING:
    from omics_rx.signatures.therapy.signature import ResponseSignature

_ALL = "all"


def of_response(
    signature: ResponseSignature, cohort: Any, outcome: str | pd.Series, *, by: Any, positive: object
) -> Subgroups:  # fmt: skip
    """Judge a response signature; see :meth:`ResponseSignature.judge`."""
    recorded = _recorded(cohort)
    values = outcome if isinstance(outcome, pd.Series) else _column(recorded, outcome)
    name = str(values.name or "outcome")
    truth = outcomes.binary(values, name=name, positive=positive)
    odds = signature.score(cohort)["log_odds"]
    known = odds.dropna().index.intersection(truth.index)
    if known.empty:
        raise InputError(f"no patient has both a chance and {name}: check that they have the same names")
    yes, own = truth[known].to_numpy(dtype=bool), odds[known].to_numpy(dtype=np.float64)
    whole = subgroups.by_class(yes, own, np.full(len(known), _ALL))
    parts = [_named(Subgroups(whole.table, whole.tests.iloc[:0], ()), _ALL, ())]
    if by is not None:
        found, lacking = read_levels(recorded.loc[known].drop(columns=[name], errors="ignore"), by, event=yes)
        if lacking:
            raise InputError("; ".join(lacking))
        for levels in found:
            told = subgroups.by_class(yes, own, levels.labels.to_numpy(), order=levels.order)
            parts.append(_named(told, levels.asked, levels.said))
    return by_level.joined(parts)


def _named(found: Subgroups, column: str, said: tuple[str, ...]) -> Subgroups:
    return Subgroups(found.table.assign(cohort="patients", column=column),
                     found.tests.assign(cohort="patients", column=column), said)  # fmt: skip


def _recorded(cohort: Any) -> pd.DataFrame:
    """Everything recorded of patients, columns under their own names; one that two tables tell differently is asked."""
    if hasattr(cohort, "obs"):
        return pd.DataFrame(cohort.obs)
    parts = dict(frames(cohort, None))
    names = pd.Series([column for frame in parts.values() for column in frame])
    several = {name: taken(parts, name, "patients") for name in names[names.duplicated()].unique()}
    return pd.concat([*parts.values(), pd.DataFrame(several)], axis=1)


def _column(recorded: pd.DataFrame, name: str) -> pd.Series:
    if name not in recorded:
        raise InputError(f"the patients have no column {name}: they have {examples(list(map(str, recorded)), 12)}")
    return recorded[name]
