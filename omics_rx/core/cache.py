"""One cache for downloads, quickstart steps and fitted models: keyed, locked, atomic."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from omics_rx.core import resources
from omics_rx.core.errors import OutputError


def folder() -> Path:
    """Folder of the cache: ``OMICS_RX_CACHE``, or the user's cache folder."""
    told = os.environ.get("OMICS_RX_CACHE")
    if told:
        return Path(told).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("omics_rx")


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


def entry(kind: str, key_: str, make: Callable[[Path], None]) -> Path:
    """Folder of a cached entry, made once even when several processes ask for it together.

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
        If the cache folder cannot be written.
    """
    final = location(kind, key_)
    if final.is_dir():
        return final
    from filelock import FileLock

    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=final.parent):
            pass
    except OSError as error:
        raise OutputError(
            f"the cache folder {final.parent} cannot be written ({error}): set OMICS_RX_CACHE to a folder that can"
        ) from error
    with FileLock(final.with_name(f"{final.name}.lock")):
        if final.is_dir():
            return final
        draft = Path(tempfile.mkdtemp(prefix=f".{key_}-", dir=final.parent))
        try:
            make(draft)
            draft.rename(final)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return final


def clear(kind: str | None = None) -> None:
    """Remove the cached entries of one kind, or all of them."""
    shutil.rmtree(folder() / kind if kind else folder(), ignore_errors=True)
