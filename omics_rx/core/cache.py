"""One cache for downloads, quickstart steps and fitted models: keyed, locked, atomic, and never trusted unread."""

from __future__ import annotations

import atexit
import errno
import functools
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from omics_rx.core import resources, saving
from omics_rx.core.damage import json_of
from omics_rx.core.errors import IntegrityError, OutputError
from omics_rx.core.home import own_folder
from omics_rx.core.paths import as_path
from omics_rx.core.provenance import file_sha256
from omics_rx.core.work import log

_SEAL = ".omics_rx-seal.json"
_DOWNLOADS = ("wheels", "gene_sets")
_PLACE = (
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST, errno.EFBIG,
)  # fmt: skip
_checked: set[Path] = set()  # entries whose bytes were compared in this process
_elsewhere: dict[Path, Path] = {}  # entries that could not be kept in the cache
_told: set[Path] = set()


def folder() -> Path:
    """Folder of the cache: ``OMICS_RX_CACHE``, or the user's cache folder; without a home, one among the temporary."""
    told = os.environ.get("OMICS_RX_CACHE")
    if told:
        return as_path(told, what="cache folder (OMICS_RX_CACHE)")
    from platformdirs import user_cache_path

    try:
        return user_cache_path("omics_rx")
    except RuntimeError:  # no home is known
        return own_folder() / "cache"


def key(*parts: object) -> str:
    """Twenty hexadecimal digits for a set of inputs, settings and code schema.

    Parts are written as JSON with sorted keys, so the order of a mapping does not matter.

    Examples
    --------
    >>> key({"a": 1, "b": 2}) == key({"b": 2, "a": 1})
    True
    """
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


@functools.cache
def code(*rooms: str) -> str:
    """Twenty hexadecimal digits that change with the source of the named rooms, of the core or of the facts.

    A key that holds them never lets a result made by older code pass for one made by this code.

    Examples
    --------
    >>> code("scores") == code("signatures")
    False
    """
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256((resources.root() / "SOURCES.toml").read_bytes())
    for room in ("core", *rooms):
        for file in sorted((package / room).rglob("*")):
            if file.suffix in {".py", ".toml"}:
                digest.update(file.relative_to(package).as_posix().encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()[:20]


def location(kind: str, key_: str) -> Path:
    """Folder that an entry has, whether or not it has been made."""
    return folder() / kind / key_


def held(kind: str, key_: str) -> Path | None:
    """Folder of an entry that is there and whole; None where it must be made.

    The sizes of its files are held to those written down when it was made, and, once a process, their bytes. What is
    damaged is told and made again.
    """
    final = location(kind, key_)
    if final in _elsewhere:
        return _elsewhere[final]
    if not final.is_dir():
        return None
    why = _damage(final)
    if why:
        log.warning("%s in the cache is damaged (%s): it is made again", final, why)
    return None if why else final


def entry(kind: str, key_: str, make: Callable[[Path], None]) -> Path:
    """Folder of a cached entry, made once even when several processes ask for it together.

    Where the cache cannot be written or is full, that is said once, and the entry lives as long as the process.

    Parameters
    ----------
    kind
        Family of the entry, the name of a subfolder: ``"datasets"``.
    key_
        Name within the family, usually from :func:`key`.
    make
        Called with an empty folder that it fills. If it raises or is interrupted, nothing is kept.

    Returns
    -------
    Path
        The finished folder. Treat it as read-only.

    Raises
    ------
    OutputError
        If neither the cache folder nor the folder of temporary files can be written.
    """
    final = location(kind, key_)
    found = held(kind, key_)
    if found is not None:
        return found
    try:
        return _made(final, make)
    except OSError as error:
        if not _is_of_place(error):
            raise
        told_once(final, error)
    try:
        folder_ = Path(tempfile.mkdtemp(prefix="omics_rx-"))
        atexit.register(shutil.rmtree, folder_, ignore_errors=True)
        make(folder_)
    except OSError as error:
        if not _is_of_place(error):
            raise
        raise OutputError(
            f"neither the cache folder {final.parent} nor that of temporary files can be written ({error}): set "
            "OMICS_RX_CACHE to a folder that can"
        ) from error
    _elsewhere[final] = folder_
    return folder_


def keep(kind: str, key_: str, write: Callable[[Path], None]) -> None:
    """Keep what was computed for another time; a cache that cannot be written is told once, and costs nothing else."""
    try:
        _made(location(kind, key_), write)
    except OSError as error:
        if not _is_of_place(error):
            raise
        told_once(location(kind, key_), error)


def told_once(place: Path, error: OSError) -> None:
    """Say that the cache cannot be written, once for each family of entries and process."""
    if place.parent not in _told:
        _told.add(place.parent)
        log.warning(
            "the cache folder %s cannot be written (%s): the work goes on, and is done again the next time; set "
            "OMICS_RX_CACHE to a folder that can",
            place.parent, error,
        )  # fmt: skip


def _made(final: Path, make: Callable[[Path], None]) -> Path:
    from filelock import FileLock

    final.parent.mkdir(parents=True, exist_ok=True)
    saving.remove_drafts(final.parent)
    # a group that shares the folder shares the locks
    with FileLock(final.with_name(f"{final.name}.lock"), mode=0o666):
        if final.is_dir() and not _damage(final):
            return final
        draft = saving.draft_in(final.parent)
        draft.mkdir()
        try:
            make(draft)
            _seal(draft)
            if final.is_dir():
                final.rename(saving.draft_in(final.parent))
                saving.remove_drafts(final.parent)
            draft.rename(final)
            _checked.add(final)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return final


def _is_of_place(error: BaseException | None) -> bool:
    """Whether an error, or one that it was raised for, is of a disk that is full or not ours to write."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _PLACE:
            return True
        error = error.__cause__
    return False


def _files(folder_: Path) -> dict[str, Path]:
    return {
        file.relative_to(folder_).as_posix(): file
        for file in sorted(folder_.rglob("*"))
        if file.is_file() and file.name != _SEAL
    }


def _seal(folder_: Path) -> None:
    told = {name: saving.of_file(file) for name, file in _files(folder_).items()}
    (folder_ / _SEAL).write_text(json.dumps({"code": code("."), "files": told}), encoding="utf-8")


def _damage(folder_: Path) -> str:
    """Why an entry is not what was made, empty where it is."""
    try:
        told = json_of((folder_ / _SEAL).read_bytes(), _SEAL)["files"]
        for name, each in told.items():
            if (folder_ / name).stat().st_size != each["bytes"]:
                return f"{name} has another size"
        if folder_ not in _checked:
            for name, each in told.items():
                if file_sha256(folder_ / name) != each["sha256"]:
                    return f"{name} has other bytes"
            _checked.add(folder_)
    except FileNotFoundError as error:
        return f"{Path(str(error.filename)).name} is missing"
    except (IntegrityError, KeyError, TypeError, AttributeError) as error:
        return f"{_SEAL}: {error}"
    return ""


def clear(kind: str | None = None) -> None:
    """Remove the cached entries of one kind, or all of them."""
    shutil.rmtree(folder() / kind if kind else folder(), ignore_errors=True)
    _checked.clear()


def clean() -> tuple[int, int]:
    """Remove what killed runs left half written, and entries that other code than this made.

    Downloads stay. Drafts stay until they are a day old, as another process may be at work on them.

    Returns
    -------
    tuple
        How many went, and their bytes.
    """
    count = freed = 0
    for kind in sorted(path for path in folder().glob("*") if path.is_dir()):
        before = _bytes(kind)
        count += saving.remove_drafts(kind)
        for old in kind.iterdir():
            if kind.name not in _DOWNLOADS and old.is_dir() and not old.name.startswith(".") and _is_of_old_code(old):
                shutil.rmtree(old, ignore_errors=True)
                count += 1
        freed += before - _bytes(kind)
    return count, freed


def _is_of_old_code(folder_: Path) -> bool:
    try:
        return bool(json_of((folder_ / _SEAL).read_bytes(), _SEAL)["code"] != code("."))
    except (OSError, IntegrityError, KeyError, TypeError):
        return (folder_ / _SEAL).exists() or time.time() - folder_.stat().st_mtime > saving.DAY


def _bytes(folder_: Path) -> int:
    return sum(file.lstat().st_size for file in folder_.rglob("*") if file.is_file())
