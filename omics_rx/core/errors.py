"""Errors a user can act on: what was wrong, how many, up to five examples, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import pandas as pd


class OmicsRxError(Exception):
    """Base of every error raised on purpose by this package."""


class InputError(OmicsRxError, ValueError):
    """Data or settings that cannot be used as they are."""


class UnknownNameError(InputError):
    """A name that no registry, resource or table holds."""


class MissingFileError(OmicsRxError, FileNotFoundError):
    """A file or folder that should be there and is not."""


class DownloadError(OmicsRxError, OSError):
    """Public data that could not be brought to this machine."""


class IntegrityError(OmicsRxError, ValueError):
    """A file whose hash, size, schema or content is not what it should be."""


class OutputError(OmicsRxError, OSError):
    """A place that cannot be written to."""


class WorkerError(OmicsRxError, RuntimeError):
    """Workers that were killed, or that compute with other code than this process."""


class NotFittedError(OmicsRxError, ValueError, AttributeError):
    """An estimator asked to predict before it was fitted; what is raised is also scikit-learn's error of that name."""

    def __new__(cls, *args: object) -> Self:
        """Make it; scikit-learn is not imported for an error that is never raised."""
        return super().__new__(_also_scikit_learns() if cls is NotFittedError else cls, *args)

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return NotFittedError, self.args


class MissingDependencyError(OmicsRxError, ImportError):
    """An optional package that this call needs and that is not installed."""


@cache
def _also_scikit_learns() -> type[Any]:
    from sklearn import exceptions

    return type("NotFittedError", (NotFittedError, exceptions.NotFittedError), {"__module__": __name__})


def examples(items: Iterable[object], limit: int = 5) -> str:
    """Write up to ``limit`` items and how many more there are.

    Examples
    --------
    >>> examples(["A", "B", "C"], limit=2)
    'A, B (and 1 more)'
    """
    found = [str(item) for item in items]
    shown = ", ".join(found[:limit])
    return shown if len(found) <= limit else f"{shown} (and {len(found) - limit} more)"


def row_names(table: pd.DataFrame) -> list[str]:
    """Each row in one text, its values between slashes; a missing value is told as what it is.

    Examples
    --------
    >>> import pandas as pd
    >>> row_names(pd.DataFrame({"line": ["BT-474", None], "drug": ["lapatinib", "cisplatin"]}))
    ['BT-474 / lapatinib', 'None / cisplatin']
    """
    return [" / ".join(map(str, row)) for row in table.astype(object).where(table.notna(), None).to_numpy()]


def named(kind: str, name: object, known: Iterable[str]) -> str:
    """Give the member that a name means, whatever its case.

    Raises
    ------
    UnknownNameError
        With the nearest known names.

    Examples
    --------
    >>> named("dataset", "GDSC2", ["gdsc1", "gdsc2"])
    'gdsc2'
    """
    names = list(known)
    said = str(name).strip()
    alike = [one for one in names if one.casefold() == said.casefold()]
    if said in names or len(alike) == 1:
        return said if said in names else alike[0]
    raise unknown_name(kind, name, names)


def unknown_name(kind: str, name: object, known: Iterable[str]) -> UnknownNameError:
    """Build the error for a name that is not known, with the nearest known names.

    Examples
    --------
    >>> str(unknown_name("dataset", "gdsc", ["gdsc1", "gdsc2"]))
    "unknown dataset 'gdsc'. Did you mean gdsc2 or gdsc1? Known: gdsc1, gdsc2"
    """
    names = list(known)
    near = difflib.get_close_matches(str(name).lower(), names, n=2, cutoff=0.5) or difflib.get_close_matches(
        str(name), names, n=2, cutoff=0.5
    )
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return UnknownNameError(f"unknown {kind} {name!r}.{hint} Known: {examples(names, 30)}")
