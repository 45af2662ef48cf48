"""What the table of samples says of tumours: receptors on record, and which samples are normal tissue."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

_RECEPTORS = {
    "er": ("er", "estrogen", "oestrogen", "esr1"),
    "pr": ("pr", "pgr", "progesterone"),
    "her2": ("her2", "her2neu", "erbb2"),
}
_AROUND = re.compile(
    r"^(?:breastcarcinoma|clinical|ihc|path|tumou?r|receptor)*|(?:status|byihc|ihc|positive|receptor|nature2012|"
    r"consensus|result|code|expression)*$"
)
_YES = {"1", "1.0", "true", "yes", "y", "p", "pos", "positive", "+", "er+", "pr+", "pgr+", "her2+", "3+"}
_NO = {"0", "0.0", "false", "no", "n", "neg", "negative", "-", "er-", "pr-", "pgr-", "her2-", "1+"}


def recorded_receptor(obs: pd.DataFrame, receptor: str, *, least: float = 0.0) -> pd.Series | None:
    """Receptor status on record under its usual names: ``er_status``, ``ER.status``, ``er_positive``, ``ESR1`` ...

    Parameters
    ----------
    obs
        Samples x what is recorded.
    receptor
        ``"er"``, ``"pr"`` or ``"her2"``.
    least
        Smallest share of the samples for which it must be known.

    Returns
    -------
    pandas.Series or None
        ``"positive"``, ``"negative"`` or ``"unknown"`` of each sample; None where no column tells it.
    """
    best: pd.Series | None = None
    for column in obs:
        if _plain(str(column)) not in _RECEPTORS[receptor]:
            continue
        told = _read(obs[column])
        known = float((told != "unknown").mean()) if len(told) else 0.0
        if known > 0 and known >= least and (best is None or known > float((best != "unknown").mean())):
            best = told
    return best


def _plain(column: str) -> str:
    return _AROUND.sub("", re.sub(r"[^a-z0-9]", "", column.casefold()))


def _read(column: pd.Series) -> pd.Series:
    words = column.astype(object).where(column.notna(), "").astype(str).str.strip().str.casefold()
    return pd.Series(np.select([words.isin(_YES), words.isin(_NO)], ["positive", "negative"], "unknown"), column.index)
