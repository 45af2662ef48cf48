"""Which genes were looked at in each sample: those of the sources, and those of a panel."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from omics_rx.core.errors import InputError, examples
from omics_rx.core.paths import existing, means_file
from omics_rx.harmonize.symbols import current_symbols, gene_index
from omics_rx.io.alterations.found import Found
from omics_rx.io.files import text_lines
from omics_rx.io.said import Aloud

Panel = str | Path | Iterable[str] | None
_WHOLE = ("exome", "genome")


def looked_at(
    found: Found, everyone: list[str], panel: Panel, origin: str | None, said: list[str]
) -> dict[str, dict[str, frozenset[str]]]:
    """What was looked at in each sample, by current symbol.

    Parameters
    ----------
    found
        What the sources hold.
    everyone
        Every sample.
    panel, origin
        See :func:`~omics_rx.io.alterations.reading.read_alterations`.
    said
        What was decided is added to it.

    Returns
    -------
    dict
        Sample to genes, by ``"mutation"``, ``"copy"`` and ``"germline"``.

    Raises
    ------
    InputError
        If the panel names no gene, or hardly one that is known.
    """
    current = cache(_current)  # thousands of samples have few different sets
    tested = {name: {what: current(genes) for what, genes in own.items()} for name, own in found.tested.items()}
    what = "germline" if origin == "germline" else "mutation"
    genes = _panel(panel, said)
    sequenced = (found.variants["kind"] == "mutation").any() or not tested
    if genes is None and sequenced:
        said.append(Aloud("which genes were sequenced is not told (panel=): a gene without a variant is not known "
                          "to be unaltered, and its event is missing"))  # fmt: skip
    if genes is None:
        return tested
    mutated = set() if _is_whole(panel) else set(found.variants.loc[found.variants["kind"] == "mutation", "gene"])
    outside = _current(mutated - genes) - genes
    if outside:
        said.append(Aloud(f"{len(outside)} mutated genes are outside the panel told ({examples(sorted(outside))})"))
    for name in everyone:
        own = tested.setdefault(name, {})
        own[what] = own[what] | genes if what in own else genes
    return tested


def _is_whole(panel: Panel) -> bool:
    return isinstance(panel, str) and panel in _WHOLE


def _current(genes: Iterable[str]) -> frozenset[str]:
    names = sorted({str(gene) for gene in genes})
    return frozenset(current_symbols(names)["symbol"]) if names else frozenset()


def _panel(panel: Panel, said: list[str]) -> frozenset[str] | None:
    if panel is None:
        return None
    if _is_whole(panel):
        return frozenset(gene_index().current)
    if isinstance(panel, str) and not means_file(panel):
        names = [word for word in re.split(r"[\s,;]+", panel) if word]
    elif isinstance(panel, (str, Path)):
        file = existing(panel)
        with text_lines(file) as lines:
            text = [line.decode("utf-8", "replace") for _, line in lines if not line.startswith(b"#")]
        names = [
            word for line in text for word in re.split(r"[\s,;]+", line.partition("gene_list:")[2] or line) if word
        ]
    else:
        names = [str(name).strip() for name in panel if str(name).strip()]
    if not names:
        raise InputError("the panel names no gene: give the genes that were sequenced, 'exome', or None")
    found = current_symbols(names)
    known = found[found["status"].isin(("kept", "renamed"))]
    if len(known) * 2 < len(found):
        raise InputError(f"{len(found) - len(known)} of {len(found)} names of the panel are no human genes "
                         f"({examples(found.index.difference(known.index))}): give gene symbols")  # fmt: skip
    lost = len(found) - len(known)
    if lost:
        said.append(Aloud(f"{lost} names of the panel are no genes ({examples(found.index.difference(known.index))})"))
    said.append(f"{len(known)} genes were sequenced, as told")
    return frozenset(known["symbol"])
