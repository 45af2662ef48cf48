"""Screening structures against a cohort: any number of them, a chunk at a time, resumable."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from omics_rx.core import resources, saving
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, IntegrityError, examples
from omics_rx.core.work import track
from omics_rx.harmonize.drugs import Finder
from omics_rx.response import applicability
from omics_rx.response import asked as asked_for
from omics_rx.response.library_rows import chunks, read
from omics_rx.response.query import resolve

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike
    from omics_rx.harmonize.reference import GeneReference
    from omics_rx.response.library_rows import Structures
    from omics_rx.response.model import ResponseModel
    from omics_rx.response.parts.base import Cells

FACTS = ("name", "smiles", "status", "nearest", "nearest_name", "similarity", "warning", "half_width")
_RECORD = "screening.json"


@dataclass(frozen=True)
class LibraryScreen:
    """A library screened into a folder.

    Attributes
    ----------
    folder
        Holds ``part-00000.parquet`` and so on, one frame a chunk as :func:`stream` yields them.
    counts
        Structures by status: ``"known"``, ``"new"``, ``"unreadable"``, ``"mixture"``, ``"ambiguous"``.
    """

    folder: Path
    counts: pd.Series

    def frames(self) -> Iterator[pd.DataFrame]:
        """Yield the chunks in order, one in memory at a time."""
        for part in sorted(self.folder.glob("part-*.parquet")):
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
    work = _Work(model, cohort, value, groups, chunk, (domain, reference))
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
    progress: bool | None = None,
) -> LibraryScreen:
    """Screen a library into a folder of Parquet files; called again after an interrupt, it goes on where it stopped.

    Parameters
    ----------
    folder
        Where the chunks go. A chunk is written whole or not at all.
    progress
        Whether to show a bar; None decides by the terminal.
    model, cohort, structures, value, groups, chunk, domain, reference
        See :func:`stream`.

    Raises
    ------
    InputError
        If the folder holds a screening of other structures, samples or settings, or by another model.
    """
    asked_for.model(model)
    asked_for.path(folder)
    work = _Work(model, cohort, value, groups, chunk, (domain, reference))
    target = Path(folder)
    _claim(target, work.record())
    counts: pd.Series = pd.Series(dtype=np.int64)
    numbered = enumerate(chunks(structures, chunk))
    for number, rows in track(numbered, f"Screening, {chunk:,} structures a step", progress=progress):
        path = target / f"part-{number:05d}.parquet"
        digest = hashlib.sha256(rows.to_csv().encode()).hexdigest()
        frame = _finished(path, digest)
        if frame is None:
            frame = work.frame(rows)
            _write(frame, path, digest)
        counts = counts.add(frame["status"].value_counts(), fill_value=0)
    return LibraryScreen(target, counts.astype(np.int64).rename("structures"))


class _Work:
    """A model, the cells on its scale, and how a chunk becomes a frame."""

    def __init__(
        self, model: ResponseModel, cohort: CohortLike, value: str, groups: pd.Series | None, chunk: int,
        scale: tuple[str | None, Any],
    ) -> None:  # fmt: skip
        if value not in ("mean", "preference"):
            raise InputError(f'value {value!r} is not known: use "mean" or "preference"')
        if chunk < 1:
            raise InputError(f"chunk is {chunk}: at least one structure at a time")
        self.model, self.value, self.chunk = model, value, chunk
        self.cells, self.told, self.stated = model.on_scale(cohort, *scale)
        drugs = model.learnt_.training.drugs
        self.finder = Finder(model.screen_.drugs.loc[drugs.names], what="the screen the model was trained on")
        self.groups = _groups(self.cells, groups)
        columns = self.cells.names if self.groups is None else pd.Index(self.groups.dropna().unique())
        clash = columns.intersection(pd.Index(FACTS))
        if len(clash):
            raise InputError(f"samples or groups bear names of columns ({examples(clash)}): rename them")

    def record(self) -> dict[str, Any]:
        """What a screening depends on besides its structures."""
        digest = hashlib.sha256(np.ascontiguousarray(self.cells.z).tobytes())
        digest.update("\x1f".join(self.cells.names).encode())
        digest.update(self.cells.events.to_csv().encode() + self.cells.tissue.to_csv().encode())
        if self.groups is not None:
            digest.update(self.groups.to_csv().encode())
        settings = {name: str(setting) for name, setting in sorted(self.model.get_params().items())}
        return {
            "model": {"screen": self.model.screen_.fingerprint, **settings}, "samples": digest.hexdigest(),
            "domain": self.told, "value": self.value, "chunk": self.chunk,
        }  # fmt: skip

    def frame(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Predict one chunk; structures that cannot be are kept without prediction and say why."""
        facts, asked = read(rows, self.finder)
        values = pd.DataFrame(np.nan, index=rows.index, columns=self.cells.names)
        if len(asked):
            known = self.model.learnt_.training.drugs
            query = resolve(asked, self.model.screen_, known)
            found = self.model.answer(self.cells, query, domain=self.told, stated=self.stated)
            at = asked.index
            values.loc[at] = getattr(found, self.value).to_numpy().T
            facts.loc[at, "status"] = np.where(query.table["known"], "known", "new")
            facts.loc[at, "nearest"] = query.table["nearest"].to_numpy()
            facts.loc[at, "similarity"] = query.applicability
            pairs = zip(query.table["warning"], query.table["note"], strict=True)
            facts.loc[at, "warning"] = ["; ".join(filter(None, pair)) for pair in pairs]
            facts.loc[at, "half_width"] = ((found.upper - found.lower).mean() / 2).to_numpy()
        facts["nearest_name"] = self.model.screen_.drugs["name"].reindex(facts["nearest"]).to_numpy()
        if self.groups is not None:
            values = values.T.groupby(self.groups, observed=True).mean().T
        return pd.concat([facts[list(FACTS)], values], axis=1).reset_index(drop=True)


def _groups(cells: Cells, groups: pd.Series | None) -> pd.Series | None:
    if groups is None:
        return None
    own = groups.reindex(cells.names)
    if own.notna().sum() == 0:
        raise InputError(
            f"no sample has a group (samples {examples(cells.names, 3)}; groups {examples(groups.index, 3)}): do the "
            "indexes match?"
        )
    return own.astype(object).map(str, na_action="ignore")


def _claim(folder: Path, record: dict[str, Any]) -> None:
    """Write what this screening is, or refuse a folder that holds another."""
    path = folder / _RECORD
    if path.is_file():
        held = json.loads(path.read_text(encoding="utf-8"))
        other = sorted(name for name in record if held.get(name) != record[name])
        if other:
            raise InputError(
                f"{folder} holds a screening with another {', '.join(other)}: choose another folder, or remove it"
            )
        return
    with saving.writing(path) as draft:
        draft.write_text(json.dumps(record, indent=1), encoding="utf-8")


def _write(frame: pd.DataFrame, path: Path, digest: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False)
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), b"structures": digest.encode()})
    with saving.writing(path) as draft:
        pq.write_table(table, draft)


def _finished(path: Path, digest: str) -> pd.DataFrame | None:
    """The chunk as it was written before, None where it was not."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        return None
    try:
        held = (pq.read_schema(path).metadata or {}).get(b"structures", b"").decode()
        frame = pd.read_parquet(path, columns=["status"])
    except (pa.ArrowInvalid, OSError) as error:
        raise IntegrityError(f"{path} is damaged ({error}): remove it and screen again") from error
    if held != digest:
        raise InputError(f"{path} holds other structures: choose another folder, or remove it")
    return frame
