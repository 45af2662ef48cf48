"""Where things are kept on a machine that gives this user no place of his own, as containers do."""

from __future__ import annotations

import os
from pathlib import Path

# what compiles or caches on being imported, and ends in an error or a warning where it has no place
_LIBRARIES = {"NUMBA_CACHE_DIR": "numba", "MPLCONFIGDIR": "matplotlib"}


def give_libraries_a_place() -> None:
    """Name a folder for the caches of numba and matplotlib where the user's own cannot be written.

    Without one scanpy and umap cannot even be imported: a user without a passwd entry, ``HOME=/``, an image whose
    packages belong to root. What the user has set stays.
    """
    if os.name == "posix" and not _writable(os.environ.get("XDG_CACHE_HOME") or "~/.cache"):
        for variable, name in _LIBRARIES.items():
            if variable not in os.environ:
                os.environ[variable] = str(own_folder() / name)


def own_folder() -> Path:
    """Folder of this user among the temporary ones: the same the next time, and nobody else's."""
    import stat
    import tempfile  # costs more than most processes that need none should pay

    user = os.getuid() if hasattr(os, "getuid") else "user"
    place = Path(tempfile.gettempdir()) / f"omics_rx-{user}"
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        found = place.lstat()
    except OSError:
        return Path(tempfile.mkdtemp(prefix="omics_rx-"))
    if stat.S_ISDIR(found.st_mode) and found.st_uid == user and not found.st_mode & 0o022:
        return place
    return Path(tempfile.mkdtemp(prefix="omics_rx-"))  # the name is taken by somebody else


def nearest_existing(place: Path) -> Path:
    """The folder itself, or the first above it that is there."""
    return next(one for one in (place, *place.absolute().parents) if one.exists())


def _writable(folder: str) -> bool:
    place = os.path.expanduser(folder)  # noqa: PTH111 - a path without a home is left as it is, where Path raises
    return not place.startswith("~") and os.access(nearest_existing(Path(place)), os.W_OK | os.X_OK)
