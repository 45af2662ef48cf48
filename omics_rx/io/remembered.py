"""A cohort read once is read from a copy in the cache the second time, as long as its files are the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core import cache
from omics_rx.core.cohort import named_layers, record, with_info
from omics_rx.core.paths import as_path
from omics_rx.core.provenance import frame_sha256
from omics_rx.io.said import Aloud

if TYPE_CHECKING:
    from anndata import AnnData

KIND = "cohorts"
_ENDS = 1 << 16
_X = "X"


def remembered(
    sources: Mapping[str, Iterable[Path | str | pd.DataFrame | None]],
    settings: dict[str, Any],
    read: Callable[[], tuple[AnnData, list[str]]],
) -> tuple[AnnData, list[str]]:
    """Cohort and notes from the cache, or read and kept there.

    Parameters
    ----------
    sources
        What the cohort is made of, by the part that each plays: files and folders, known by path, size, time of
        change, and their first and last 64 KiB; frames by all their values. All that is opened belongs here, also what
        lies beside the files and names their samples.
    settings
        What else decides the result, the form among them: a list of one file is another thing than the file.
    read
        Reads the cohort; its ``obs`` and ``var`` hold text.

    Returns
    -------
    tuple
        The same on the first call and on any later one. The values are mapped from the cache and copied only where
        they are written to, so that the copy in the cache never changes.

    Raises
    ------
    OutputError
        If the cache folder cannot be written.
    """
    told = {part: [_identity(source) for source in parts] for part, parts in sources.items()}
    key = cache.key(told, settings, cache.code("io", "harmonize"))
    return _kept(cache.entry(KIND, key, lambda folder: _keep(folder, *read())))


def _identity(source: Path | str | pd.DataFrame | None) -> Any:
    if source is None:
        return None
    if isinstance(source, pd.DataFrame):
        return frame_sha256(source)
    path = as_path(source).resolve()
    if path.is_dir():
        return [_identity(file) for file in sorted(path.rglob("*")) if file.is_file()]
    state = path.stat()
    with path.open("rb") as handle:
        ends = handle.read(_ENDS)
        handle.seek(max(0, state.st_size - _ENDS))
        ends += handle.read(_ENDS)
    return [str(path), state.st_size, state.st_mtime_ns, hashlib.sha256(ends).hexdigest()]


def _keep(folder: Path, cohort: AnnData, said: list[str]) -> None:
    np.save(folder / f"{_X}.npy", np.ascontiguousarray(cohort.X))
    for name, values in named_layers(cohort).items():
        np.save(folder / f"layer-{name}.npy", np.ascontiguousarray(values))
    told = {
        "obs": _as_lists(cohort.obs),
        "var": _as_lists(cohort.var),
        "layers": list(named_layers(cohort)),
        "unit": record(cohort, "unit"),
        "said": [[sentence, isinstance(sentence, Aloud)] for sentence in said],
    }
    (folder / "cohort.json").write_text(json.dumps(told), encoding="utf-8")


def _as_lists(frame: pd.DataFrame) -> dict[str, Any]:
    plain = frame.astype(object).where(frame.notna(), None)
    return {"names": frame.index.tolist(), "columns": [[str(name), plain[name].tolist()] for name in plain]}


def _kept(folder: Path) -> tuple[AnnData, list[str]]:
    from anndata import AnnData

    told = json.loads((folder / "cohort.json").read_text(encoding="utf-8"))
    cohort = AnnData(
        _mapped(folder / f"{_X}.npy"),
        obs=_as_frame(told["obs"]),
        var=_as_frame(told["var"]),
        layers={name: _mapped(folder / f"layer-{name}.npy") for name in told["layers"]},
    )
    return with_info(cohort, unit=told["unit"]), [
        Aloud(sentence) if aloud else sentence for sentence, aloud in told["said"]
    ]


def _as_frame(told: dict[str, Any]) -> pd.DataFrame:
    index = pd.Index(told["names"], dtype=object)
    return pd.DataFrame({name: pd.Series(values, index) for name, values in told["columns"]}, index=index)


def _mapped(file: Path) -> np.ndarray:
    return np.asarray(np.load(file, mmap_mode="c"))
