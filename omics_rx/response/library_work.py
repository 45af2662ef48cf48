"""How a chunk of structures becomes a frame, in this process or in workers: the same values to the bit."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core import parallel
from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import one_thread
from omics_rx.harmonize.drugs import Finder
from omics_rx.response.library_rows import read
from omics_rx.response.query import resolve

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike
    from omics_rx.response.model import ResponseModel
    from omics_rx.response.parts.base import Cells

FACTS = ("name", "smiles", "status", "nearest", "nearest_name", "similarity", "warning", "half_width")


class Work:
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
        with one_thread():  # the last bits of a product hang on the number of threads
            return self._frame(rows)

    def _frame(self, rows: pd.DataFrame) -> pd.DataFrame:
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


def answers(
    work: Work, todo: Iterable[tuple[int, pd.DataFrame]], n_jobs: int | None
) -> Iterator[tuple[int, pd.DataFrame]]:
    """Frames of chunks with their numbers: in this process, or from workers as they are done."""
    if parallel.works_here(n_jobs):
        for number, rows in todo:
            yield number, work.frame(rows)
        return
    sent = np.frombuffer(pickle.dumps(work, pickle.HIGHEST_PROTOCOL), np.uint8)  # joblib sends an array once
    digest = hashlib.sha256(sent.tobytes()).hexdigest()
    jobs = ((number, rows, sent, digest) for number, rows in todo)
    for _, found in parallel.spread(_answer, jobs, n_jobs=n_jobs):
        yield found


def _answer(number: int, rows: pd.DataFrame, sent: np.ndarray, digest: str) -> tuple[int, pd.DataFrame]:
    """One chunk, in a worker."""
    return number, _received(_Sent(sent, digest)).frame(rows)


class _Sent:
    """Bytes of a work, known by their hash."""

    def __init__(self, data: np.ndarray, digest: str) -> None:
        self.data, self.digest = data, digest

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Sent) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


@lru_cache(maxsize=1)
def _received(sent: _Sent) -> Work:
    """The work that was sent, unpacked once a worker."""
    work: Work = pickle.loads(sent.data.tobytes())  # noqa: S301 - joblib brought it as it brings the call itself
    return work
