"""Sections every page has: what not to conclude, how it was made, what to cite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.provenance import cite
from omics_rx.report.page import Code, Fold, Limits, Section, Table, Text

LIMITS, METHODS = "What this does not say", "Methods, provenance and citations"


@in_words
def limits_section(items: Iterable[str]) -> Section:
    """List what the reader must not conclude; lists of several results become one on a page."""
    return Section(LIMITS, (Limits(tuple(dict.fromkeys(map(str, items)))),), place="limits")


@in_words
def methods_section(result: Any, name: str) -> Section:
    """Methods paragraph, BibTeX, inputs, settings and versions of a result.

    Parameters
    ----------
    result
        Anything with a ``provenance``.
    name
        What the result is called on the page: ``"the ranking"``.
    """
    citation, provenance = cite(result), result.provenance
    rows = [("made by", provenance.made_by), ("made at (UTC)", provenance.created)]
    rows += [(f"setting: {key}", _short(value)) for key, value in _flat(provenance.settings)]
    rows += [(f"sha256 of {key}", _short(value)) for key, value in _flat(provenance.inputs)]
    rows += [(f"version of {key}", str(value)) for key, value in provenance.versions.items()]
    table = Table(pd.DataFrame(rows, columns=["what", "value"]), f"How {name} was made.")
    fold = Fold(f"Provenance and citations of {name}", (table, Code(citation.bibtex, f"BibTeX for {name}")))
    # a page of several results says once which versions made them
    said, computed, versions = citation.methods.rpartition("Computed with")
    words = Text(f"{name[0].upper()}{name[1:]}: {said.strip()}")
    return Section(METHODS, (words, Text(f"{computed}{versions}"), fold), place="methods")


def _flat(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Nested settings as dotted names."""
    found: list[tuple[str, Any]] = []
    for key, value in values.items():
        found += _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else [(f"{prefix}{key}", value)]
    return found


def _short(value: Any, width: int = 160) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= width else text[: width - 1] + "…"


def listed(items: Iterable[str]) -> str:
    """Join words the way a sentence does.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    words = list(items)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def known(value: Any) -> bool:
    """Whether a single value is there: not None, not NaN, not an empty text."""
    return value is not None and value is not pd.NA and value == value and str(value).strip() != ""
