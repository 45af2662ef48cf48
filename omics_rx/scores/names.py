"""Names of genes in sets and lists: the same door as for cohorts, and what a hand-written list needs besides."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import log
from omics_rx.harmonize import current_symbols
from omics_rx.harmonize.symbols import gene_index

_MOUSE = re.compile(r"^[A-Z][a-z0-9]*[a-z][a-z0-9]*(-[a-z0-9]+)?$|^(H2|mt|Gm)-?\w+$")
_WHOLE = re.compile(r"^(\d+)\.0$")
_LOWER, _OF_MOUSE = "lower case", "spelled as a mouse gene"
_MOST_MOUSE = 0.5


def plain(name: object) -> str:
    """Name as text: without blanks around it, an Entrez id that went through a float as a whole number."""
    text = str(name).strip()
    whole = _WHOLE.match(text)
    return whole[1] if whole else text


def resolve(ids: Iterable[object]) -> pd.DataFrame:
    """Current symbol of each name of a list or set.

    As :func:`omics_rx.harmonize.current_symbols`; besides, names all in lower case are read as human where their
    capitals are, and a name spelled as a mouse gene is told as such and stays unknown.

    Parameters
    ----------
    ids
        Names, repeats allowed.

    Returns
    -------
    pandas.DataFrame
        Index the names without blanks around them, each once; ``symbol`` (the name itself where none is certain),
        ``status`` (kept, renamed, ambiguous or unknown) and ``reason``.
    """
    names = list(dict.fromkeys(plain(name) for name in ids))
    found = pd.DataFrame({"symbol": names, "status": "kept", "reason": ""}, index=pd.Index(names, dtype=object))
    current = gene_index().current
    strange = [name for name in names if name not in current]
    if sum(name.isdigit() for name in names) * 2 <= len(names):  # numbers among names are no Entrez ids
        numbers = [name for name in strange if name.isdigit()]
        found.loc[numbers, ["status", "reason"]] = ["unknown", "number among names"]
        strange = [name for name in strange if not name.isdigit()]
    if strange:
        found.loc[strange] = current_symbols(strange).to_numpy()
    unknown = found.index[(found["status"] == "unknown").to_numpy()]
    lower = [name for name in unknown if name == name.lower() and name != name.upper()]
    if lower:
        capitals = current_symbols([name.upper() for name in lower]).set_axis(lower, axis=0)
        known = capitals[capitals["status"].isin(["kept", "renamed"])]
        found.loc[known.index, "symbol"] = known["symbol"]
        found.loc[known.index, ["status", "reason"]] = ["renamed", _LOWER]
    spelled = [name for name in unknown if _MOUSE.match(name)]
    if spelled:
        human = current_symbols([name.upper() for name in spelled])["status"].isin(["kept", "renamed"])
        mouse = [name for name, known in zip(spelled, human, strict=True) if known]
        found.loc[found.index.isin(mouse), "reason"] = _OF_MOUSE
    return found


def refuse_mouse(found: pd.DataFrame, what: str) -> None:
    """Refuse names of which most are spelled as mouse genes.

    Raises
    ------
    InputError
        If so.
    """
    mouse = found.index[(found["reason"] == _OF_MOUSE).to_numpy()]
    foreign = found.index[(found["reason"] == "Ensembl id of another species").to_numpy()]
    strange = mouse.append(foreign)
    if len(found) and len(strange) > _MOST_MOUSE * len(found):
        raise InputError(
            f"{len(strange)} of {len(found)} genes of {what} are of another species, by their spelling "
            f"({examples(strange)}): map them to human orthologues first"
        )


def tell_lower(found: pd.DataFrame, what: str) -> None:
    """Say which names in lower case were read as human genes."""
    lower = found.index[(found["reason"] == _LOWER).to_numpy()]
    if len(lower):
        log.warning(
            "%d names of %s are in lower case and are read as human genes (%s)", len(lower), what, examples(lower)
        )
