"""What was found and decided while reading: every sentence on record, and those a number hangs on said aloud."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from omics_rx.core.arguments import in_words
from omics_rx.core.cohort import record, with_record

if TYPE_CHECKING:
    from anndata import AnnData

_RECORD = "reading"
_ALOUD = "reading_aloud"
log = logging.getLogger("omics_rx")


class Aloud(str):
    """A sentence on which a number hangs: besides the record, the log and ``check`` say it."""

    __slots__ = ()


def say_aloud(said: Iterable[str]) -> list[Aloud]:
    """Log those sentences that are :class:`Aloud`, and give them."""
    aloud = [sentence for sentence in said if isinstance(sentence, Aloud)]
    for sentence in aloud:
        log.warning("%s", sentence)
    return aloud


def with_reading(cohort: AnnData, said: Sequence[str]) -> AnnData:
    """Cohort with the sentences of its reading on record; those that are :class:`Aloud` are logged, too."""
    aloud = say_aloud(said)
    told = with_record(cohort, _RECORD, "\n".join(said))
    return with_record(told, _ALOUD, "\n".join(aloud)) if aloud else told


@in_words
def notes(cohort: AnnData) -> list[str]:
    """What was found and decided when a cohort was read, one sentence each."""
    return _sentences(cohort, _RECORD)


@in_words
def said_aloud(cohort: AnnData) -> list[str]:
    """Those of :func:`notes` on which a number hangs."""
    return _sentences(cohort, _ALOUD)


def _sentences(cohort: AnnData, name: str) -> list[str]:
    said = record(cohort, name)
    return str(said).split("\n") if said else []
