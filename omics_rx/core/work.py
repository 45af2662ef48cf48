"""Seeds, progress and threads: how work is done without changing its result."""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from time import monotonic
from typing import TypeVar

import numpy as np

T = TypeVar("T")
log = logging.getLogger("omics_rx")


def rng(seed: int, *keys: object) -> np.random.Generator:
    """Random generator that depends on the seed and on the names of the work, and on nothing else.

    Naming the work (``rng(0, "search", fold)``) instead of sharing one generator makes a result
    independent of the number of jobs and of where an interrupted run was resumed.

    Examples
    --------
    >>> float(rng(0, "fold", 1).random()) == float(rng(0, "fold", 1).random())
    True
    """
    text = "\x1f".join([str(int(seed)), *(str(key) for key in keys)])
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, dtype=np.uint32))


def subseed(seed: int, *keys: object) -> int:
    """Integer seed below 2**31 for libraries that take no generator."""
    return int(rng(seed, *keys).integers(2**31 - 1))


_SILENT: list[bool] = []


@contextmanager
def silent() -> Iterator[None]:
    """Draw no bars and announce nothing, whatever is asked for."""
    _SILENT.append(True)
    try:
        yield
    finally:
        _SILENT.pop()


def wants_progress(progress: bool | None) -> bool:  # noqa: FBT001 - the name is the argument
    """Whether to draw a bar: as told, or else on a terminal or in a notebook; never where there is no stderr."""
    if sys.stderr is None or _SILENT:
        return False
    if progress is not None:
        return progress
    return sys.stderr.isatty() or "ipykernel" in sys.modules


def announce(message: str, *, progress: bool | None = None) -> None:
    """Say what begins now: on stderr where progress is shown, in the log everywhere."""
    if wants_progress(progress) and not log.hasHandlers():
        sys.stderr.write(f"{message}\n")
    log.info(message)


def track(
    items: Iterable[T], description: str, *, total: int | None = None, progress: bool | None = None
) -> Iterator[T]:
    """Yield the items while a bar on stderr shows how many are done.

    Parameters
    ----------
    items
        What to work on.
    description
        What is being done, shown beside the bar.
    total
        Number of items, where ``items`` has no length.
    progress
        True or False draws the bar or not; None draws it on a terminal or in a notebook.
    """
    from tqdm.std import tqdm

    # the plain bar nests and needs no widgets, so that it looks the same on a terminal and in a notebook
    if wants_progress(progress):
        yield from tqdm(items, description, total, file=sys.stderr, leave=False, dynamic_ncols=True)
    else:
        yield from _logged(items, description, total) if progress is None else items


_FIRST_WORD, _NEXT_WORDS = 2.0, 30.0  # seconds


def _logged(items: Iterable[T], description: str, total: int | None) -> Iterator[T]:
    """Yield the items, and where no bar is drawn log now and then how many are done."""
    n = total if total is not None else len(items) if isinstance(items, Sized) else None
    due = monotonic() + _FIRST_WORD
    for done, item in enumerate(items):
        if monotonic() > due:
            log.info("%s: %d%s", description, done, "" if n is None else f" of {n}")
            due = monotonic() + _NEXT_WORDS
        yield item


@contextmanager
def gauge(description: str, total: int, *, unit: str) -> Iterator[Callable[[int], None]]:
    """Bar on stderr for work that is measured from outside: what it gives is called with how much is done.

    Parameters
    ----------
    description
        What is being done, shown beside the bar.
    total
        How much there is to do, in ``unit``.
    unit
        What is counted, such as ``"B"`` for bytes; thousands and millions are shortened.
    """
    from tqdm.std import tqdm

    with tqdm(
        desc=description,
        total=total,
        unit=unit,
        unit_scale=True,
        file=sys.stderr,
        leave=False,
        dynamic_ncols=True,
        disable=sys.stderr is None,
    ) as bar:

        def show(done: int) -> None:
            bar.update(done - bar.n)

        yield show


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit BLAS and OpenMP to one thread, for use inside worker processes."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield


def usable_cores() -> int:
    """Count the cores this process may use: its affinity and the limits of a container count."""
    from joblib import cpu_count

    return int(cpu_count())
