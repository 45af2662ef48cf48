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
_BARCODE = re.compile(r"^TCGA-\w{2}-\w{4}-(?P<type>\d{2})", re.IGNORECASE)
_NORMAL_CODES = ("10", "11", "12", "14")
_GTEX = re.compile(r"^GTEX-", re.IGNORECASE)
_TYPE_COLUMNS = re.compile(
    r"^(?:sample|tissue|specimen)[_. ]?(?:types?|class|status|type[_. ](?:id|name))?(?:[_.]samples)?$"
    r"|^(?:tumou?r_normal|normal_tumou?r|definition|shortlettercode|disease_state)$"
)
_NORMAL = re.compile(
    r"^(?:solid tissue normal|blood derived normal|normal|healthy|control|adjacent|non-?tumou?r|benign|nt|1[0-4])\b",
    re.IGNORECASE,
)


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


def normal_tissue(obs: pd.DataFrame) -> np.ndarray:
    """Samples that are normal tissue by TCGA's or GTEx's barcode or by a column of sample types, shape ``(n,)``."""
    names = [str(name) for name in obs.index]
    found = np.array(
        [bool((one := _BARCODE.match(name)) and one["type"] in ("10", "11", "12", "14")) for name in names]
    )
    found |= np.array([bool(_GTEX.match(name)) for name in names])
    for column in obs:
        if not _TYPE_COLUMNS.match(str(column).casefold()):
            continue
        words = obs[column].astype(object).where(obs[column].notna(), "").astype(str)
        normal = words.str.contains(_NORMAL).to_numpy()
        if not normal.all():
            found |= normal
    return found
