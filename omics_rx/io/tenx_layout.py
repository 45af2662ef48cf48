"""Which matrices of a run are its samples: called cells before all barcodes, and each sample by the folder of its own.

Cell Ranger writes filtered and raw matrices side by side, and after ``multi`` one for each sample beside those of the
whole run; STARsolo writes one for each way to count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from omics_rx.core.errors import InputError, examples
from omics_rx.io.said import Aloud

_STANDARD = re.compile(
    r"^(?:outs?|output|counts?|multi|per_sample_outs|(?:sample_)?(?:raw|filtered)(?:_(?:feature|gene|probe|peak)_bc_"
    r"matri(?:x|ces))?(?:_mex|_h5)?|(?:counts_)?(?:un)?filtered|gene(?:full\w*)?|velocyto|sj|mtx|matrix|solo\.out|"
    r"grch3[78].*|hg19|hg38|mm10|mm9|grcm3[89].*)$",
    re.IGNORECASE,
)
_RAW = re.compile(r"(?:^|[_-])(?:raw|unfiltered)(?:$|[_-])", re.IGNORECASE)
_MOUSE = re.compile(r"^(?:mm9|mm10|grcm3[89].*)$", re.IGNORECASE)
_COUNTED = ("gene", "genefull", "genefull_exonoverintron", "genefull_ex50pas")  # of STARsolo, the usual one first
_OTHER_COUNTS = ("velocyto", "sj")
_PER_SAMPLE = "per_sample_outs"
_SOLO = re.compile(r"[_.-]?Solo\.out$", re.IGNORECASE)


def chosen_matrices(
    files: Sequence[Path], folder: Path, prefix: Callable[[Path], str]
) -> tuple[list[tuple[str, Path]], list[str]]:
    """Samples and their matrices among those of a folder, and what was passed over.

    Parameters
    ----------
    files
        Matrices, in the folder or below it.
    folder
        What was asked for.
    prefix
        What the name of a matrix says of its sample before its usual name; empty where it says nothing.

    Raises
    ------
    InputError
        If two matrices are of one sample and nothing says which is meant.
    """
    said: list[str] = []
    parts = {file: [part.lower() for part in file.relative_to(folder).parts[:-1]] for file in files}
    left = [file for file in files if not any(part in _OTHER_COUNTS for part in parts[file])] or list(files)
    left, more = _of_samples(left, parts)
    said += more
    human = [file for file in left if not any(_MOUSE.match(part) for part in parts[file])]
    if human and len(human) < len(left):
        said.append(Aloud(f"{len(left) - len(human)} matrices of the mouse were passed over"))
        left = human
    groups: dict[str, list[Path]] = {}
    for file in left:
        groups.setdefault(_sample(file, folder, prefix), []).append(file)
    found: list[tuple[str, Path]] = []
    raw_passed = 0
    for sample, own in groups.items():
        called = [file for file in own if not _is_raw(file, folder)]
        if called and len(called) < len(own):
            raw_passed += len(own) - len(called)
        elif not called:
            said.append(Aloud(f"{sample}: only raw matrices are there, empty droplets among the cells"))
        kept, more = _one_count(called or own, folder)
        said += more
        if len(kept) > 1:
            raise InputError(
                f"{folder} holds several matrices of one name ({sample}: "
                f"{examples(file.relative_to(folder).as_posix() for file in kept)}): pass them by sample"
            )
        found.append((sample, kept[0]))
    if raw_passed:
        said.append(f"{raw_passed} raw matrices were passed over for the filtered ones beside them")
    return found, said


def _of_samples(files: list[Path], parts: dict[Path, list[str]]) -> tuple[list[Path], list[str]]:
    """Matrices of single samples, where a run has them beside those of all together."""
    single = [file for file in files if _PER_SAMPLE in parts[file]]
    runs = {_run(parts[file]) for file in single}
    whole = [
        file for file in files if _PER_SAMPLE not in parts[file] and any(_beside(parts[file], run) for run in runs)
    ]
    if not whole:
        return files, []
    said = f"{len(whole)} matrices of a whole run were passed over for those of its samples in {_PER_SAMPLE}"
    return [file for file in files if file not in whole], [said]


def _run(parts: list[str]) -> tuple[str, ...]:
    return tuple(parts[: parts.index(_PER_SAMPLE)])


def _beside(parts: list[str], run: tuple[str, ...]) -> bool:
    """Whether a folder lies in a run's, not in that of another sample below it."""
    return tuple(parts[: len(run)]) == run and all(_STANDARD.match(part) for part in parts[len(run) :])


def _is_raw(file: Path, folder: Path) -> bool:
    names = [*file.relative_to(folder).parts, *([] if file.parent != folder else [folder.name])]
    stems = [re.sub(r"\.(?:mtx|h5)(?:\.\w+)?$", "", name) for name in names]
    return any(_RAW.search(name) for name in stems)


def _sample(file: Path, folder: Path, prefix: Callable[[Path], str]) -> str:
    """Name of a sample: what stands before the usual name of its matrix, or the last folder that is its own."""
    if before := prefix(file):
        return before
    for part in reversed([folder.name, *file.relative_to(folder).parts[:-1]]):
        if _SOLO.search(part) and (name := _SOLO.sub("", part)):
            return name
        if not _STANDARD.match(part) and not _SOLO.search(part):
            return part
    return file.parent.name


def _one_count(files: list[Path], folder: Path) -> tuple[list[Path], list[str]]:
    """Of several ways to count that STARsolo leaves, the usual one."""
    by_way: dict[str, list[Path]] = {}
    for file in files:
        way = next((part.lower() for part in file.relative_to(folder).parts if part.lower() in _COUNTED), "")
        by_way.setdefault(way, []).append(file)
    usual = next((way for way in _COUNTED if way in by_way), "")
    if len(by_way) < 2 or not usual:
        return files, []
    others = [way for way in by_way if way != usual]
    return by_way[usual], [
        Aloud(f"reads were counted in {len(by_way)} ways: {usual} was taken, not {examples(others)}")
    ]
