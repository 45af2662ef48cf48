"""From variants to events under the screens' names, with what was tested and what was not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.io.alterations.meaning import EVENTS

_WORD = {"mutation": "mut", "gain": "gain", "loss": "loss"}
_PANEL = 1000  # genes up to which every one of them gets its event


@cache
def screen_events() -> frozenset[str]:
    """Names of the events of the screens' lines."""
    return frozenset(resources.table("driver_events.tsv.gz")["event"])


def event_name(row: Mapping[Any, Any]) -> str:
    """Event that a variant could be; empty for what is none (a burden, a receptor).

    Examples
    --------
    >>> event_name({"gene": "PIK3CA", "kind": "mutation", "origin": "somatic", "change": "H1047R"})
    'PIK3CA_mut'
    >>> event_name({"gene": "ABL1", "kind": "fusion", "origin": "", "change": "BCR::ABL1"})
    'BCR-ABL1_fusion'
    """
    if row["kind"] == "MSI":
        return "MSI"
    if row["kind"] == "fusion":
        first, _, second = row["change"].partition("::")
        return (
            f"{first}-{second}_fusion" if first and second and "?" not in (first, second) else f"{row['gene']}_fusion"
        )
    if row["kind"] not in _WORD:
        return ""
    if row["kind"] == "mutation" and row["origin"] == "germline":
        return f"{row['gene']}_germline"
    return f"{row['gene']}_{_WORD[row['kind']]}"


def event_table(
    variants: pd.DataFrame, samples: list[str], tested: dict[str, dict[str, frozenset[str]]]
) -> pd.DataFrame:
    """Samples x events of 1, 0 and NaN.

    Parameters
    ----------
    variants
        With ``sample``, ``gene``, ``kind``, ``is`` and ``event`` (what it could be).
    samples
        Every sample.
    tested
        Sample to genes looked at, by ``"mutation"``, ``"copy"``, ``"germline"`` and ``"MSI"``.
    """
    alike: dict[frozenset[tuple[str, frozenset[str]]], list[str]] = {}  # samples in which the same was looked at
    for sample, seen in tested.items():
        alike.setdefault(frozenset(seen.items()), []).append(sample)
    stable = variants.loc[(variants["kind"] == "MSI") & (variants["is"] == "none"), "sample"]
    named = [*variants.loc[variants["event"] != "", "event"], *_testable(map(dict, alike))]
    if len(stable):
        named.append("MSI")
    row = {name: place for place, name in enumerate(samples)}
    column = {name: place for place, name in enumerate(dict.fromkeys(named))}
    values = np.full((len(row), len(column)), np.nan)
    for told, those in alike.items():
        seen = dict(told)
        looked = [place for name, place in column.items() if _looked_at(name, seen)]
        values[np.ix_([row[name] for name in those], looked)] = 0.0
    # an uncertain variant leaves the event open, whatever was tested; a sure one decides it
    for is_event, value in ((variants["is"] == "uncertain", np.nan), (variants["is"].isin(EVENTS), 1.0)):
        own = variants[is_event & (variants["event"] != "")]
        values[[row[name] for name in own["sample"]], [column[name] for name in own["event"]]] = value
    if len(stable):
        values[[row[name] for name in stable], column["MSI"]] = 0.0
    return pd.DataFrame(values, index=pd.Index(list(row), dtype=object), columns=pd.Index(list(column), dtype=object))


def _testable(looked_at: Iterable[dict[str, frozenset[str]]]) -> list[str]:
    """Events that could have been seen: of a panel all, of an exome those of the screens and of published facts."""
    asked: set[str] = set()
    known = screen_events()
    for seen in looked_at:
        for what, words in (("mutation", ("mut",)), ("copy", ("gain", "loss")), ("germline", ("germline",))):
            genes = seen.get(what, frozenset())
            told = genes if len(genes) <= _PANEL else genes & _of_facts()
            asked |= {f"{gene}_{word}" for gene in told for word in words}
            asked |= {name for name in known if name.rpartition("_")[2] in words and name.rpartition("_")[0] in genes}
    return sorted(asked)


@cache
def _of_facts() -> frozenset[str]:
    return frozenset(resources.table("alteration_facts.tsv")["gene"])


def _looked_at(name: str, seen: dict[str, frozenset[str]]) -> bool:
    if name == "MSI":
        return "MSI" in seen.get("MSI", ())
    gene, _, word = name.rpartition("_")
    kind = {"mut": "mutation", "gain": "copy", "loss": "copy", "germline": "germline", "fusion": "fusion"}.get(word, "")
    return bool(kind) and gene in seen.get(kind, ())
