"""Work shared among the workers of any joblib backend: the same results, whoever works and whatever happens to him."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from typing import Any, TypeVar

from omics_rx.core import provenance
from omics_rx.core.cache import code
from omics_rx.core.errors import WorkerError, examples
from omics_rx.core.work import log, track

T = TypeVar("T")
Stamp = dict[str, str]

# what fails for the machine's sake is no result: after an install or with more memory it would be another
OF_THE_MACHINE = (ImportError, MemoryError, OSError)

_ROOMS = ("harmonize", "metrics", "io", "scores", "signatures", "response", "repurposing")
_TRIES = 3


def spread(
    work: Callable[..., T], jobs: Iterable[tuple[Any, ...]], *, n_jobs: int | None = None
) -> Iterator[tuple[int, T]]:
    """Call ``work(*job)`` for each job in workers, and yield each job's number and result as it is done.

    Workers are processes of this machine, or whatever ``joblib.parallel_config`` says: threads, Dask, Ray. A backend
    that hands over its results all at once is waited for. A worker that another process or the system kills costs
    nothing but time: what is not yet done is done again, by half as many workers, which need half the memory.

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
        results are not ours; and if workers are killed again and again.
    """
    left = dict(enumerate(jobs))
    total = len(left)
    for attempt in range(_TRIES):
        try:
            for number, result in _at_once(work, left, n_jobs=n_jobs):
                del left[number]
                yield number, result
        except BrokenProcessPool as error:
            if not _was_killed(error):
                told = str(error.__cause__ or error).strip().splitlines()
                raise WorkerError(f"a worker cannot read what it was sent ({told[-1]}); {_SAME}") from error
            n_jobs = max(2, _workers(n_jobs) // 2)
            if attempt == _TRIES - 1:
                raise WorkerError(
                    f"workers were killed {_TRIES} times, and {len(left)} of {total} jobs are not done: memory "
                    "has most likely run out; take n_jobs=1, fewer samples or a larger machine"
                ) from error
            log.warning(
                "a worker was killed, most likely for memory: %d of %d jobs are done again, by %d workers",
                len(left), total, n_jobs,
            )  # fmt: skip
        else:
            return


def in_order(
    work: Callable[..., T], jobs: Sequence[tuple[Any, ...]], description: str, *, n_jobs: int | None = None,
    progress: bool | None = None,
) -> list[T]:  # fmt: skip
    """Results in the order of the jobs, while a bar shows how many are done. See :func:`spread`."""
    results = spread(work, jobs, n_jobs=n_jobs)
    found = dict(track(results, description, total=len(jobs), progress=progress))
    return [found[number] for number in range(len(jobs))]


def _at_once(
    work: Callable[..., T], jobs: dict[int, tuple[Any, ...]], *, n_jobs: int | None
) -> Iterator[tuple[int, T]]:
    from joblib import Parallel, delayed

    calls = (delayed(_told)(work, number, job, stamp()) for number, job in list(jobs.items()))
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


def _was_killed(error: BrokenProcessPool) -> bool:
    """Whether a worker came to a sudden end, and did not only fail to read its job."""
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    return isinstance(error, TerminatedWorkerError)


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
    return number, work(*job)


@cache
def stamp() -> Stamp:
    """What this process computes with: a hash of the package's source, and versions."""
    return {"source of omics_rx": code(*_ROOMS), **provenance.versions()}


def _workers(n_jobs: int | None) -> int:
    from joblib import effective_n_jobs

    return int(effective_n_jobs(n_jobs))
