"""Screening structures against a cohort: any number of them, a chunk at a time, resumable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import track
from omics_rx.response import applicability
from omics_rx.response import asked as asked_for
from omics_rx.response.library_parts import Todo, claim, is_mine, part_of, parts_of, write
from omics_rx.response.library_rows import chunks
from omics_rx.response.library_work import FACTS, Work, answers
from omics_rx.response.query import resolve

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike
    from omics_rx.harmonize.reference import GeneReference
    from omics_rx.response.library_rows import Structures
    from omics_rx.response.model import ResponseModel


@dataclass(frozen=True)
class LibraryScreen:
    """A library screened into a folder.

    Attributes
    ----------
    folder
        Holds ``part-00000.parquet`` and so on, one frame a chunk as :func:`stream` yields them.
    counts
        Structures by status: ``"known"``, ``"new"``, ``"unreadable"``, ``"mixture"``, ``"ambiguous"``.
    shard
        Which of how many shares of the parts this is: ``(0, 1)`` is all.
    """

    folder: Path
    counts: pd.Series
    shard: tuple[int, int] = (0, 1)

    def frames(self) -> Iterator[pd.DataFrame]:
        """Yield the chunks in order, one in memory at a time."""
        for number, part in parts_of(self.folder):
            if is_mine(number, self.shard):
                yield pd.read_parquet(part)

    @in_words
    def best(self, sample: str, n: int = 20, *, inside: bool = True) -> pd.DataFrame:
        """Structures with the lowest value for a sample or group.

        Parameters
        ----------
        sample
            A column of the frames.
        n
            How many.
        inside
            Whether to leave out structures with a warning.

        Raises
        ------
        InputError
            If there is no such sample.
        """
        top: pd.DataFrame | None = None
        for frame in self.frames():
            columns = [name for name in frame.columns if name not in FACTS]
            if sample not in columns:
                raise InputError(f"no sample or group {sample!r}: there are {examples(columns)}")
            rows = frame[frame[sample].notna() & (frame["warning"].eq("") if inside else True)]
            both = rows if top is None else pd.concat([top, rows])
            top = both.sort_values(sample, kind="stable").iloc[:n]
        if top is None:
            raise InputError(f"{self.folder} holds no screened structures")
        return top[[*FACTS, sample]]


def launched() -> pd.DataFrame:
    """Launched drugs outside oncology, such as metformin and the statins, as a library.

    Returns
    -------
    pandas.DataFrame
        ``name``, ``smiles``, ``targets``, ``mechanism``, ``first_use``; one row a compound.
    """
    table = resources.table("repurposing_universe.tsv")
    return table[["name", "smiles", "targets", "mechanism", "first_use"]].reset_index(drop=True)


@in_words
def assess(model: ResponseModel, structures: pd.DataFrame, *, n_nearest: int = 3) -> pd.DataFrame:
    """Nearest training compounds of structures, and whether they are in the domain of the model.

    Parameters
    ----------
    model
        A fitted model.
    structures
        As ``drugs`` of :meth:`ResponseModel.predict`.
    n_nearest
        Training compounds a structure.

    Returns
    -------
    pandas.DataFrame
        One row a structure and training compound: ``drug_id``, ``rank``, ``nearest``, ``name``, ``similarity``, and
        ``warning`` of the structure, empty where it is inside the domain.
    """
    asked_for.model(model)
    known = model.learnt_.training.drugs
    query = resolve(structures, model.screen_, known)
    table = applicability.nearest(query.features, known, model.screen_.drugs["name"], n=n_nearest)
    table["drug_id"] = np.repeat(query.names.to_numpy(), min(n_nearest, len(known)))
    table["warning"] = query.table["warning"].reindex(table["drug_id"]).to_numpy()
    return table


@in_words
def stream(
    model: ResponseModel,
    cohort: CohortLike,
    structures: Structures,
    *,
    value: Literal["mean", "preference"] = "mean",
    groups: pd.Series | None = None,
    chunk: int = 1000,
    domain: str | None = None,
    reference: Literal["cohort"] | GeneReference = "cohort",
) -> Iterator[pd.DataFrame]:
    """Predict a library chunk by chunk; what is in memory is one chunk, however long the library.

    Parameters
    ----------
    model
        A fitted model.
    cohort, domain, reference
        As in :meth:`ResponseModel.predict`.
    structures
        A frame with ``smiles`` and, where known, ``name``, ``targets``, ``pathway``, ``mechanism``; a file of these
        columns (csv, tsv; ``.smi``: SMILES and name, without header); or pairs of name and SMILES.
    value
        ``"mean"``, ln IC50 (ln uM), or ``"preference"`` (ln uM): see :class:`omics_rx.response.Prediction`.
    groups
        Group (subtype) of each sample: one column a group, the mean of its samples, instead of one a sample.
    chunk
        Structures at a time.

    Yields
    ------
    pandas.DataFrame
        One row a structure, in the order given: ``name``; ``smiles`` without salt; ``status``: ``"known"`` (a training
        compound), ``"new"``, ``"unreadable"``, ``"mixture"`` or ``"ambiguous"`` (without prediction);
        ``nearest`` training ``drug_id``, ``nearest_name`` and its ``similarity``; ``warning``, empty inside the domain;
        ``half_width`` of the interval (ln uM); then a column a sample or group.

    Raises
    ------
    InputError, MissingFileError
        If settings or columns are wrong, or the file is missing.
    """
    asked_for.model(model)
    work = Work(model, cohort, value, groups, chunk, (domain, reference))
    for rows in chunks(structures, chunk):
        yield work.frame(rows)


@in_words
def screen(
    model: ResponseModel,
    cohort: CohortLike,
    structures: Structures,
    folder: Path | str,
    *,
    value: Literal["mean", "preference"] = "mean",
    groups: pd.Series | None = None,
    chunk: int = 1000,
    domain: str | None = None,
    reference: Literal["cohort"] | GeneReference = "cohort",
    shard: tuple[int, int] | None = None,
    n_jobs: int | None = None,
    progress: bool | None = None,
) -> LibraryScreen:
    """Screen a library into a folder of Parquet files; called again after an interrupt, it goes on where it stopped.

    Parameters
    ----------
    folder
        Where the chunks go. A chunk is written whole or not at all.
    shard
        ``(2, 8)``: only every eighth chunk, from the third on; the tasks ``(0, 8)`` to ``(7, 8)`` of an array job do
        one library together, in one folder or each in its own. Called once more without it, all of the folder is given,
        and what a task left out is done.
    n_jobs
        Workers, each with a chunk at a time and the model in its memory; None leaves it to ``joblib.parallel_config``.
        The values are the same to the bit.
    progress
        Whether to show a bar; None decides by the terminal.
    model, cohort, structures, value, groups, chunk, domain, reference
        See :func:`stream`.

    Raises
    ------
    InputError
        If the folder holds a screening of other structures, samples or settings, or by another model; if there is no
        such shard.
    WorkerError
        If workers cannot be used, see :func:`omics_rx.core.parallel.spread`.
    """
    asked_for.model(model)
    asked_for.path(folder)
    share = _share(shard)
    work = Work(model, cohort, value, groups, chunk, (domain, reference))
    target = Path(folder)
    claim(target, work.record())
    todo = Todo(target, structures, chunk, share)
    done = answers(work, todo, n_jobs)
    for number, frame in track(done, f"Screening, {chunk:,} structures a step", progress=progress):
        write(frame, part_of(target, number), todo.digests.pop(number))
        todo.count(frame)
    if any(number >= todo.n_parts for number, _ in parts_of(target)):
        raise InputError(f"{target} holds more parts than the library has: choose another folder, or remove it")
    return LibraryScreen(target, todo.counts.astype(np.int64).rename("structures"), share)


def _share(shard: tuple[int, int] | None) -> tuple[int, int]:
    if shard is None:
        return (0, 1)
    whole = isinstance(shard, (tuple, list)) and len(shard) == 2 and all(type(part) is int for part in shard)
    if not whole or not 0 <= shard[0] < shard[1]:
        raise InputError(f"shard is {shard!r}: give a number from 0 and how many there are, such as (0, 8) to (7, 8)")
    return shard[0], shard[1]
