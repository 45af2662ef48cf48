"""Work shared among the workers of any joblib backend: the same results, whoever works and whatever happens to him."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from functools import cache
from itertools import chain
from threading import Lock
from typing import Any, TypeVar

from omics_rx.core import provenance
from omics_rx.core.cache import code
from omics_rx.core.errors import WorkerError, examples
from omics_rx.core.main_guard import check_guarded
from omics_rx.core.work import log, track

T = TypeVar("T")
Stamp = dict[str, str]

# what fails for the machine's sake is no result: after an install or with more memory it would be another
OF_THE_MACHINE = (ImportError, MemoryError, OSError)

_ROOMS = ("harmonize", "metrics", "io", "scores", "signatures", "response", "repurposing")
_TRIES = 3


class _Jobs:
    """Jobs by number, drawn one by one: those that are under way are kept, and are given out again after a failure."""

    def __init__(self, jobs: Iterable[tuple[Any, ...]]) -> None:
        self.rest, self.lock = enumerate(jobs), Lock()
        self.under_way: dict[int, tuple[Any, ...]] = {}
        self.failure: BaseException | None = None

    def __iter__(self) -> Iterator[tuple[int, tuple[Any, ...]]]:
        return chain(list(self.under_way.items()), self._new())

    def _new(self) -> Iterator[tuple[int, tuple[Any, ...]]]:
        while True:
            with self.lock:  # a backend draws from its own threads, where an error would be lost
                try:
                    drawn = next(self.rest, None)
                except BaseException as error:  # noqa: BLE001 - raised again by who asked for the jobs
                    self.failure, drawn = error, None
                if drawn is None:
                    return
                self.under_way[drawn[0]] = drawn[1]
            yield drawn


def spread(
    work: Callable[..., T], jobs: Iterable[tuple[Any, ...]], *, n_jobs: int | None = None
) -> Iterator[tuple[int, T]]:
    """Call ``work(*job)`` for each job in workers, and yield each job's number and result as it is done.

    Workers are processes of this machine, or whatever ``joblib.parallel_config`` says: threads, Dask, Ray. A backend
    that hands over its results all at once is waited for; the others draw a few jobs at a time, so that there may be
    any number of them. A worker that another process or the system kills costs nothing but time: what is not yet done
    is done again, by half as many workers, which need half the memory. Within a job all is done by one worker.

    Parameters
    ----------
    work
        A function of the package, at the top of its file.
    jobs
        Arguments of each call.
    n_jobs
        Workers; None leaves the number to ``joblib.parallel_config``, -1 takes all cores.

    Raises
    ------
    WorkerError
        If a worker runs other code of the package, or other versions of what it rests on, than this process: its
        results are not ours; if workers are killed again and again; if they are started from a script whose work
        does not stand under a main guard, which each of them would do again.
    """
    source = _Jobs(jobs)
    for attempt in range(_TRIES):
        try:
            for number, result in _at_once(work, source, n_jobs=n_jobs):
                del source.under_way[number]
                yield number, result
        except Exception as error:
            if not _is_of_a_pool(error):
                raise
            if not _was_killed(error):
                told = str(error.__cause__ or error).strip().splitlines()
                raise WorkerError(f"a worker cannot read what it was sent ({told[-1]}); {_SAME}") from error
            n_jobs = max(2, _workers(n_jobs) // 2)
            left = len(source.under_way)
            if attempt == _TRIES - 1:
                raise WorkerError(
                    f"workers were killed {_TRIES} times, and {left} jobs that were under way are not done: memory "
                    "has most likely run out; take n_jobs=1, fewer samples or a larger machine"
                ) from error
            log.warning(
                "a worker was killed, most likely for memory: %d jobs under way are done again, by %d workers",
                left, n_jobs,
            )  # fmt: skip
        else:
            if source.failure is not None:
                raise source.failure
            return


def in_order(
    work: Callable[..., T], jobs: Sequence[tuple[Any, ...]], description: str, *, n_jobs: int | None = None,
    progress: bool | None = None,
) -> list[T]:  # fmt: skip
    """Results in the order of the jobs, while a bar shows how many are done. See :func:`spread`."""
    results = spread(work, jobs, n_jobs=n_jobs)
    found = dict(track(results, description, total=len(jobs), progress=progress))
    return [found[number] for number in range(len(jobs))]


def _at_once(work: Callable[..., T], jobs: _Jobs, *, n_jobs: int | None) -> Iterator[tuple[int, T]]:
    from joblib import Parallel, delayed

    if _imports_main(n_jobs):
        check_guarded()
    calls = (delayed(_told)(work, number, job, stamp()) for number, job in jobs)
    try:
        pool = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    except ValueError:  # multiprocessing's pools, and what derives from them, have no generators
        pool = Parallel(n_jobs=n_jobs)
    try:
        yield from pool(calls)
    except (ModuleNotFoundError, AttributeError) as error:  # a worker's package lacks what is sent to it
        if "omics_rx" not in str(error):
            raise
        raise WorkerError(f"a worker has another version of omics_rx, or none: {error}; {_SAME}") from error


_SAME = "install the same versions for every worker, and start the workers again"


def _is_of_a_pool(error: Exception) -> bool:
    """Whether a pool of this machine or a cluster failed, and not a job."""
    return isinstance(error, BrokenProcessPool) or type(error).__name__ == "KilledWorker"


def _was_killed(error: Exception) -> bool:
    """Whether a worker came to a sudden end, and did not only fail to read its job."""
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    return isinstance(error, TerminatedWorkerError) or type(error).__name__ == "KilledWorker"


@contextmanager
def workers(n_jobs: int | None) -> Iterator[None]:
    """Say how many workers what is called within takes; None leaves it as it is."""
    from joblib import parallel_config

    with nullcontext() if n_jobs is None else parallel_config(n_jobs=n_jobs):
        yield


def works_here(n_jobs: int | None) -> bool:
    """Whether jobs would be done one after the other in this process."""
    from joblib.parallel import SequentialBackend, get_active_backend

    backend, told = get_active_backend()
    return isinstance(backend, SequentialBackend) or (told if n_jobs is None else n_jobs) in (None, 1)


def _imports_main(n_jobs: int | None) -> bool:
    """Whether workers begin by running the script that started them."""
    from joblib.parallel import get_active_backend

    return (
        not works_here(n_jobs)
        and type(get_active_backend()[0]).__name__ == "MultiprocessingBackend"
        and (os.environ.get("JOBLIB_START_METHOD") or multiprocessing.get_start_method()) != "fork"
    )


def _told(work: Callable[..., T], number: int, job: tuple[Any, ...], sender: Stamp) -> tuple[int, T]:
    """Do one job where the code is that of the sender."""
    own = stamp()
    if own != sender:
        other = [
            f"{name} {own.get(name, 'missing')} for {sender.get(name, 'missing')}"
            for name in sorted(own | sender) if own.get(name) != sender.get(name)
        ]  # fmt: skip
        raise WorkerError(
            f"a worker (process {os.getpid()}) computes with something else than this session: {examples(other)}; "
            f"{_SAME}"
        )
    from joblib import parallel_config

    with parallel_config("sequential"):  # a cluster would be asked for more workers from within its workers
        return number, work(*job)


@cache
def stamp() -> Stamp:
    """What this process computes with: a hash of the package's source, and versions."""
    return {"source of omics_rx": code(*_ROOMS), **provenance.versions()}


def _workers(n_jobs: int | None) -> int:
    from joblib import effective_n_jobs

    return int(effective_n_jobs(n_jobs))
