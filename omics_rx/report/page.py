"""What a page is made of: sections of text, key figures, pictures, tables, cards and limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import pandas as pd

from omics_rx.core.errors import InputError, examples

PLACES = ("answer", "certainty", "figures", "limits", "appendix", "methods")


@dataclass(frozen=True)
class Text:
    """A paragraph of plain text."""

    text: str


@dataclass(frozen=True)
class KeyFigure:
    """One number a reader should take away: what it is, its value, and what it rests on."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class KeyFigures:
    """Numbers side by side."""

    items: tuple[KeyFigure, ...]


@dataclass(frozen=True)
class Figure:
    """A picture: an SVG element, what it shows (``caption``), and the same in words (``alt``)."""

    svg: str
    caption: str
    alt: str


@dataclass(frozen=True, eq=False)
class Table:
    """A table with a caption.

    Attributes
    ----------
    frame
        What to show; the index is shown only if it has a name.
    caption
        What the table holds, with units.
    formats
        Column to a format specification of :func:`format`, such as ``"+.2f"`` or ``".0%"``.
    links
        Column to the address on the page of each of its texts, where there is one.
    """

    frame: pd.DataFrame
    caption: str
    formats: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Limits:
    """What the reader must not conclude."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Chip:
    """One piece of evidence on a card: its kind, its value with unit, and whether it speaks for (1) or against (-1)."""

    label: str
    value: str
    favour: int = 0


@dataclass(frozen=True)
class Card:
    """One candidate: who it is, why it stands there, why to doubt it, a drawing, its evidence and its bars."""

    title: str
    badge: str
    note: str
    facts: tuple[tuple[str, str], ...]
    chips: tuple[Chip, ...]
    sentence: str
    warning: str = ""
    drawing: Figure | None = None
    bars: Figure | None = None


@dataclass(frozen=True)
class Cards:
    """Candidates, one below the other."""

    items: tuple[Card, ...]


@dataclass(frozen=True)
class Weight:
    """One kind of evidence of one drug: what it is, its value with unit, and what it adds to the score."""

    label: str
    value: str
    adds: float | None


@dataclass(frozen=True)
class Entry:
    """One row of a catalogue, and what opens below it.

    Attributes
    ----------
    anchor
        Address on the page.
    cells
        Texts of the columns; the second is the name.
    order
        Number by which each column sorts, None where its text does.
    group, standing, kinds
        What filters go by: a group, where it stands, and the places of the kinds of evidence that are not missing.
    sentence
        Why it stands where it does.
    facts, weights
        What is known of it, and its evidence.
    drawing
        Its structure, where known.
    words
        Further words by which it is found: other names, targets.
    """

    anchor: str
    cells: tuple[str, ...]
    order: tuple[float | None, ...]
    group: str
    standing: str
    kinds: tuple[int, ...]
    sentence: str
    facts: tuple[tuple[str, str], ...]
    weights: tuple[Weight, ...]
    drawing: Figure | None = None
    words: str = ""


@dataclass(frozen=True)
class Catalogue:
    """A long table that a reader sorts, filters, opens row by row and takes away as CSV.

    Attributes
    ----------
    columns, numeric
        Headings, and which columns hold numbers.
    entries
        The rows, in the order they are shown first.
    kinds
        Names of the kinds of evidence.
    caption
        What the table holds.
    csv, file
        The same as CSV, a line an entry after the header, and the name it is saved under.
    printed
        Groups whose entries are printed open; of the others the rows are.
    """

    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    entries: tuple[Entry, ...]
    kinds: tuple[str, ...]
    caption: str
    csv: str
    file: str
    printed: tuple[str, ...] = ()

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups in the order of their first entry."""
        return tuple(dict.fromkeys(entry.group for entry in self.entries))

    @property
    def standings(self) -> tuple[str, ...]:
        """Standings in the order of the alphabet."""
        return tuple(sorted({entry.standing for entry in self.entries}))

    @property
    def largest(self) -> float:
        """Largest change of a score, by which all bars are drawn."""
        return max((abs(one.adds) for entry in self.entries for one in entry.weights if one.adds is not None),
                   default=0.0) or 1.0  # fmt: skip


@dataclass(frozen=True)
class Code:
    """Text kept as it is, such as BibTeX."""

    text: str
    label: str


@dataclass(frozen=True)
class Fold:
    """Blocks behind a heading that the reader opens."""

    title: str
    blocks: tuple[Block, ...]


Block: TypeAlias = Text | KeyFigures | Figure | Table | Limits | Cards | Catalogue | Code | Fold


@dataclass(frozen=True)
class Section:
    """A heading and its blocks.

    ``place`` is one of ``PLACES`` and decides where on the page the section stands.
    """

    title: str
    blocks: tuple[Block, ...]
    place: str = "figures"

    def __post_init__(self) -> None:
        object.__setattr__(self, "blocks", tuple(self.blocks))
        if self.place not in PLACES:
            raise InputError(f"a section has no place {self.place!r}: use one of {', '.join(PLACES)}")


@dataclass(frozen=True)
class Page:
    """A page that opens with its answer.

    Parameters
    ----------
    title
        Heading of the page.
    summary
        The answer in a few sentences, or several paragraphs.
    sections
        Any order: they are put in the order of ``PLACES``, and those of the same title and place become one.

    Raises
    ------
    InputError
        If there is no section, or a section holds something that is no block.
    """

    title: str
    summary: str | Sequence[str]
    sections: tuple[Section, ...]

    def __post_init__(self) -> None:
        if not self.sections:
            raise InputError(f"the page {self.title!r} has no sections: nothing to write")
        known = (Text, KeyFigures, Figure, Table, Limits, Cards, Catalogue, Code, Fold)
        strange = [
            type(block).__name__ for part in self.sections for block in part.blocks if not isinstance(block, known)
        ]
        if strange:
            raise InputError(
                f"{len(strange)} blocks cannot be shown on a page ({examples(strange)}): use report.page's"
            )
        object.__setattr__(self, "sections", tuple(_merged(self.sections)))

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The summary as paragraphs."""
        return (self.summary,) if isinstance(self.summary, str) else tuple(self.summary)


def _merged(sections: Iterable[Section]) -> list[Section]:
    """Sections in the order of their places; those of one title become one, without repeated blocks."""
    found: dict[tuple[str, str], Section] = {}
    for section in sorted(sections, key=lambda section: PLACES.index(section.place)):
        key = (section.place, section.title)
        if key in found:
            found[key] = replace(section, blocks=_joined(found[key].blocks, section.blocks))
        else:
            found[key] = section
    return list(found.values())


def _joined(first: tuple[Block, ...], second: tuple[Block, ...]) -> tuple[Block, ...]:
    """All blocks, lists of limits and key figures grown instead of repeated."""
    blocks = list(first)
    for block in second:
        twin = next((i for i, other in enumerate(blocks) if type(other) is type(block)), None)
        if isinstance(block, Limits) and twin is not None:
            known = blocks[twin]
            if isinstance(known, Limits):
                blocks[twin] = Limits(tuple(dict.fromkeys([*known.items, *block.items])))
        elif block not in blocks:
            blocks.append(block)
    return tuple(blocks)
