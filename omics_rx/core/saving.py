"""Files and folders that are there whole or not at all, whatever ends the process that writes them.

A file is written aside, brought to the disk and renamed. Files that belong together take their places together:
drafts lie in a hidden folder beside them, a journal says which ones, and whoever comes next finishes what was begun.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omics_rx.core.damage import json_of
from omics_rx.core.errors import IntegrityError, OmicsRxError, OutputError, examples
from omics_rx.core.provenance import file_sha256

DRAFT = ".omics_rx-draft-"
_JOURNAL = ".omics_rx-swap.json"
_LOCK = ".omics_rx.lock"
DAY = 86_400  # seconds; no draft is written for that long
Hashes = dict[str, dict[str, Any]]


@contextmanager
def told_as_output(target: object) -> Iterator[None]:
    """Turn what the operating system says of a place into an :class:`OutputError` that names it."""
    try:
        yield
    except OmicsRxError:
        raise
    except OSError as error:
        why = error.strerror or str(error)
        raise OutputError(f"{target} cannot be written ({why}): free the disk, or choose another place") from error


@contextmanager
def writing(target: Path | str) -> Iterator[Path]:
    """Give a draft path that replaces ``target`` when the block ends well, and vanishes when it does not.

    A link is followed, the permissions of a file that was there are kept, and a device or pipe is written to.

    Raises
    ------
    OutputError
        If the folder is missing or cannot be written, the disk is full, or ``target`` is a folder.
    """
    final = Path(os.path.realpath(target))
    if final.is_dir():
        raise OutputError(f"{target} is a folder: name a file")
    if final.exists() and not final.is_file():
        with _through(final) as draft:
            yield draft
        return
    with told_as_output(target):
        final.parent.mkdir(parents=True, exist_ok=True)
        remove_drafts(final.parent)
        draft = draft_in(final.parent, final.suffix)
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            yield draft
            if final.exists():
                draft.chmod(final.stat().st_mode & 0o7777)
            _to_disk(draft)
            draft.replace(final)
            _to_disk(final.parent)
        finally:
            draft.unlink(missing_ok=True)


def draft_in(folder: Path, suffix: str = "") -> Path:
    """Path that nobody else has for something written aside in a folder; nothing is made."""
    return folder / f"{DRAFT}{secrets.token_hex(8)}{suffix}"


@contextmanager
def _through(device: Path) -> Iterator[Path]:
    """Write to a device or pipe, which can be neither replaced nor sought in."""
    with tempfile.TemporaryDirectory(prefix="omics_rx-") as folder:
        draft = Path(folder) / f"draft{device.suffix}"
        draft.touch()
        yield draft
        with told_as_output(device), draft.open("rb") as source, device.open("wb", buffering=0) as sink:
            shutil.copyfileobj(source, sink)


def write_text(target: Path | str, text: str) -> None:
    """Write a text file at once or not at all."""
    with writing(target) as draft:
        draft.write_text(text, encoding="utf-8")


@contextmanager
def together(folder: Path | str, *, gone: Collection[str] = ()) -> Iterator[Path]:
    """Give an empty draft folder whose files take their places in ``folder`` together, or not at all.

    Other files of the folder stay as they are. A process that is killed on the way leaves the files of before, or
    all of the new ones: :func:`settled` finishes what it had begun.

    Parameters
    ----------
    folder
        Where the files go.
    gone
        Files of an earlier saving that go if the block does not write them.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    final = Path(folder)
    with told_as_output(folder):
        final.mkdir(parents=True, exist_ok=True)
        remove_drafts(final)
        draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=final))
        try:
            yield draft
            files = sorted(file.name for file in draft.iterdir())
            for name in files:
                _to_disk(draft / name)
            _to_disk(draft)
            with locked(final):
                settled(final)
                told = {"draft": draft.name, "files": files, "gone": sorted(set(gone) - set(files))}
                write_text(final / _JOURNAL, json.dumps(told))
                settled(final)
        finally:
            if not _is_awaited(final, draft):
                shutil.rmtree(draft, ignore_errors=True)


def _is_awaited(final: Path, draft: Path) -> bool:
    try:
        return draft.name in (final / _JOURNAL).read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        return False


def settled(folder: Path) -> Path:
    """Finish what a killed process had begun to put in its place; give the folder that holds what is newest.

    That is the folder itself, or, where it cannot be written, the draft that holds all the files. To be called while
    the folder is locked.

    Raises
    ------
    IntegrityError, OutputError
        If the journal is damaged; if some files took their places and the others cannot.
    """
    journal = folder / _JOURNAL
    try:
        text = journal.read_bytes()
    except OSError:  # nothing was begun, or another process finished it in this moment
        return folder
    draft, files, gone = _begun(text, journal)
    if not draft.is_dir():
        journal.unlink(missing_ok=True)
        return folder
    try:
        for name in files:
            if (draft / name).is_file():
                (draft / name).replace(folder / name)
        for name in gone:
            (folder / name).unlink(missing_ok=True)
        _to_disk(folder)
        journal.unlink(missing_ok=True)
        shutil.rmtree(draft, ignore_errors=True)
    except OSError:
        if all((draft / name).is_file() for name in files):
            return draft
        raise OutputError(f"{folder} holds a saving that was begun and cannot be finished: make it writable") from None
    return folder


def _begun(text: bytes, journal: Path) -> tuple[Path, list[str], list[str]]:
    told = json_of(text, journal, remedy="remove it and save again")
    try:
        names = [told["draft"], *told["files"], *told["gone"]]
        plain = all(isinstance(name, str) and Path(name).name == name and name not in ("", "..") for name in names)
    except (KeyError, TypeError):
        plain = False
    if not plain or not told["draft"].startswith(DRAFT):
        raise IntegrityError(f"{journal} is damaged: remove it and save again")
    return journal.parent / told["draft"], list(told["files"]), list(told["gone"])


@contextmanager
def locked(folder: Path, *, shared: bool = False) -> Iterator[None]:
    """Wait until no other process works on a folder, and keep others waiting until the block ends.

    The folder itself is locked where the system can do so, and nothing is left behind; a process that dies lets go.

    Raises
    ------
    OutputError
        If the folder can be locked in no way.
    """
    handle = _flocked(folder, shared=shared)
    if handle is not None:
        try:
            yield
        finally:
            os.close(handle)
        return
    if shared:  # a reader changes nothing, and tells by the hashes
        yield
        return
    from filelock import FileLock

    lock = FileLock(folder / _LOCK)
    with told_as_output(folder):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _flocked(folder: Path, *, shared: bool) -> int | None:
    """Lock the folder itself; None where this system cannot."""
    try:
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    except OSError:
        os.close(handle)
        return None
    return handle


@contextmanager
def reading(folder: Path) -> Iterator[Path]:
    """Give the folder that holds what was last saved whole, and keep writers waiting until the block ends.

    Raises
    ------
    IntegrityError
        If what a killed process left cannot be told.
    """
    place = folder
    while True:
        with locked(folder, shared=True):
            if place != folder or not (folder / _JOURNAL).exists():
                yield place
                return
        try:
            with locked(folder):
                place = settled(folder)
        except OutputError:
            place = settled(folder)


def hashes(folder: Path) -> Hashes:
    """Size and sha256 of each file of a folder, by name."""
    return {file.name: of_file(file) for file in sorted(folder.iterdir()) if file.is_file()}


def of_file(file: Path) -> dict[str, Any]:
    """Size and sha256 of a file."""
    return {"bytes": file.stat().st_size, "sha256": file_sha256(file)}


def of_bytes(data: bytes) -> dict[str, Any]:
    """Size and sha256 of what a file holds."""
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def digest(record: Mapping[str, Any]) -> str:
    """SHA-256 of JSON values, whatever the order and layout of their fields."""
    return hashlib.sha256(json.dumps(record, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def sealed(record: Mapping[str, Any], *, default: Callable[[Any], Any] | None = None) -> dict[str, Any]:
    """A record, as it will be read back from JSON, with its own :func:`digest` as ``sha256``.

    Parameters
    ----------
    record
        What is told.
    default
        What makes a JSON value of any other.
    """
    plain = json.loads(json.dumps(record, default=default))
    return {**plain, "sha256": digest(plain)}


def is_as_sealed(record: Mapping[str, Any]) -> bool:
    """Whether a record is what :func:`sealed` gave."""
    return record.get("sha256") == digest({name: value for name, value in record.items() if name != "sha256"})


def check_hashes(found: Mapping[str, bytes], told: object, what: object) -> None:
    """Refuse files that are not those whose hashes were written down.

    Raises
    ------
    IntegrityError
        If one is missing, changed, or from another saving.
    """
    if not isinstance(told, Mapping):
        raise IntegrityError(f"{what} does not say which files belong to it: save it again")
    strange = [name for name, data in found.items() if told.get(name) != of_bytes(data)]
    missing = [name for name in told if name not in found]
    if strange:
        raise IntegrityError(
            f"{what}: the sha256 of {examples(strange)} is not the one recorded, so it was changed or is of another "
            "saving: save or copy it again"
        )
    if missing:
        raise IntegrityError(f"{what} lacks {examples(missing)}, which was saved with it: save or copy it again")


def remove_drafts(folder: Path, *, older: float = DAY) -> int:
    """Remove what killed processes left half written in a folder, once it is a day old; count what went."""
    count = 0
    now = time.time()
    for left in folder.glob(f"{DRAFT}*"):
        try:
            if now - left.lstat().st_mtime < older or _is_awaited(folder, left):
                continue
            shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
        except OSError:
            continue
        count += 1
    return count


def _to_disk(path: Path) -> None:
    """Wait until what was written is on the disk; folders of some systems cannot be waited for."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        if path.is_file():
            raise
    finally:
        os.close(handle)
