"""What came from outside is read right, or ends in one clear error: the net below every reader and loader."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from omics_rx.core import budget
from omics_rx.core.errors import InputError, IntegrityError, MissingFileError, OmicsRxError

P = ParamSpec("P")
R = TypeVar("R")
_TOO_LONG = 300  # characters of another library's message
# what this package raises of itself mostly by mistake; a parser raises it of content
_MISTAKES = (AttributeError, TypeError, NameError, AssertionError, NotImplementedError)
_PACKAGE = str(Path(__file__).parents[1])


@contextmanager
def told_as_damage(what: object, remedy: str = "save or copy it again") -> Iterator[None]:
    """Turn whatever a parser raises of bytes that are not what they were into one error that names them.

    Parameters
    ----------
    what
        What is read: a file, or its name in words.
    remedy
        What to do about it.

    Raises
    ------
    IntegrityError
        In place of any error that is not raised on purpose by this package. Where a line of this package raised it,
        and it may as well be a fault of ours, it says so. A package that is not installed is no damage.
    InputError
        If there is not memory enough, or the operating system does not let the file be read.
    """
    try:
        yield
    except (OmicsRxError, Warning, ImportError):
        raise
    except MemoryError as error:
        raise InputError(f"{what} asks for more memory than there is ({_short(error)}): {budget.REMEDY}") from error
    except FileNotFoundError as error:
        raise MissingFileError(f"{what} cannot be read ({_short(error)}): check the path") from error
    except (PermissionError, IsADirectoryError, NotADirectoryError) as error:
        raise InputError(f"{what} cannot be read ({_short(error)}): name a file that can be") from error
    except Exception as error:
        ours = isinstance(error, _MISTAKES) and _raised_here(error)
        told = f"{remedy}; if it is whole, this is a fault of omics_rx: please report it" if ours else remedy
        raise IntegrityError(f"{what} is damaged, or not what it is taken for ({_short(error)}): {told}") from error


def _short(error: BaseException) -> str:
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return text if len(text) <= _TOO_LONG else text[:_TOO_LONG] + " ..."


def guarded(function: Callable[P, R]) -> Callable[P, R]:
    """Give a reader whose only errors are those of this package, apart from a wrong call.

    Examples
    --------
    >>> guarded(lambda file: 1 / 0)("a.tsv")
    Traceback (most recent call last):
    ...
    omics_rx.core.errors.IntegrityError: a.tsv is damaged, or not what it is taken for (ZeroDivisionError: division \
by zero): copy it again
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def read(*args: P.args, **kwargs: P.kwargs) -> R:
        given = signature.bind(*args, **kwargs).arguments.values()  # a call that does not fit is no damage
        named = (str(value) for value in given if isinstance(value, (str, Path)) and len(str(value)) < _TOO_LONG)
        with told_as_damage(next(named, "what was given"), "copy it again"):
            return function(*args, **kwargs)

    return read


def _raised_here(error: BaseException) -> bool:
    """Whether a line of this package raised it, and no library below."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code.co_filename.startswith(_PACKAGE)


def json_of(text: str | bytes, what: object, *, remedy: str = "save or copy it again") -> Any:
    """Read JSON that holds each key once, is not endlessly deep, and is UTF-8.

    Parameters
    ----------
    text
        What to read.
    what
        What it is called in an error.
    remedy
        What to do about it.

    Raises
    ------
    IntegrityError
        If it is anything else.

    Examples
    --------
    >>> json_of('{"a": 1, "a": 2}', "x.json")
    Traceback (most recent call last):
    ...
    omics_rx.core.errors.IntegrityError: x.json is damaged (key 'a' stands twice): save or copy it again
    """
    try:
        plain = text.decode("utf-8") if isinstance(text, bytes) else text
        return json.loads(plain, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:  # an endless number is a ValueError
        raise IntegrityError(f"{what} is damaged ({_short_json(error)}): {remedy}") from error


def _short_json(error: Exception) -> str:
    return "nested too deep" if isinstance(error, RecursionError) else str(error)[:_TOO_LONG]


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            message = f"key {name[:50]!r} stands twice"
            raise ValueError(message)
        found[name] = value
    return found
