"""The path of something to read: told apart from what is none, found, and allowed to be read."""

from __future__ import annotations

import atexit
import errno
import os
import re
import shutil
import stat
import tempfile
from pathlib import Path

from omics_rx.core.errors import InputError, MissingFileError

_SHOWN = 60
_LONGEST = 255  # of one name, on every common file system
# a slash stands in words, too (EML4/ALK, HER2/neu), an ending or a place to begin from does not
_ENDING = re.compile(
    r"\S\.(?:txt|tsv|csv|tab|maf|vcf|bcf|xlsx?|xlsm|parquet|feather|h5ad|h5mu|h5|hdf5|loom|mtx|gct|gctx|gmt|gmx|grp|"
    r"json|xml|sif|graphml|sdf|smi|orx|zip|rds|rdata|gz|bgz|bz2|xz|zst)$",
    re.IGNORECASE,
)
_START = re.compile(r"^(?:~|\.{0,2}[/\\]|[A-Za-z]:[/\\])")


def existing(path: object, *, what: str = "file or folder") -> Path:
    """Path of a file or folder that is there and may be read; of a pipe, that of a copy of what it gives.

    ``~`` is the home folder. ``<(command)``, ``/dev/stdin`` and named pipes give their bytes only once, so that they
    are copied to a place of our own, which is gone when the process ends.

    Raises
    ------
    MissingFileError
        If nothing is there.
    InputError
        If what was passed is no path, or what is there may not be read.
    """
    found = as_path(path, what=what)
    try:
        mode = found.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingFileError(
            f"no {what} {found}: check the path (the working folder is {_working_folder()})"
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(f"{shortened(str(found), 400)} cannot be read ({_reason(error)}): check the path") from error
    if not os.access(found, os.R_OK):
        raise InputError(f"{found} may not be read by this user: allow it (chmod u+r), or copy it")
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return found
    if stat.S_ISSOCK(mode) or stat.S_ISBLK(mode):
        raise InputError(f"{found} is a socket or a disk, not a {what}: pass the path of a file")
    return _spooled(found)


def as_path(path: object, *, what: str = "file or folder") -> Path:
    """Path of something, there or not; text that can be none is refused.

    Raises
    ------
    InputError
        If it is neither text nor a path, is blank, or is longer than a name can be, as pasted content is.
    """
    if not isinstance(path, (str, os.PathLike)) or isinstance(os.fspath(path), bytes):
        raise InputError(
            f"the path of a {what} is wanted, not a {type(path).__name__}: pass its path as text (a frame of "
            "samples x genes needs no reading, it is taken wherever a cohort is)"
        )
    text = os.fspath(path)
    if not text.strip():
        raise InputError(f"the path of a {what} is wanted, and the text given is blank")
    if "\0" in text or "\n" in text or any(len(os.fsencode(part)) > _LONGEST for part in Path(text).parts):
        raise InputError(
            f"no {what} has such a name ({len(text)} characters, {shortened(text)!r}): pass the path of a file, not "
            "what is in it"
        )
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise InputError(f"{shortened(text)}: no home folder is known ({error}): write the path in full") from error


def means_file(text: object) -> bool:
    r"""Whether what may be words, a name or a path is a path: a file is there, or it is written as only paths are.

    Every reader that takes either asks here, so that they agree.

    Examples
    --------
    >>> [means_file(text) for text in ("EML4/ALK fusion", "HER2/neu amplification", "gdsc2", "TP53 p.R175H")]
    [False, False, False, False]
    >>> [means_file(text) for text in ("calls.maf.gz", "./calls", "~/calls", r"C:\data\calls", Path("calls"))]
    [True, True, True, True, True]
    """
    if isinstance(text, os.PathLike):
        return True
    if not isinstance(text, str) or "\n" in text:
        return False
    told = text.strip()
    if _ENDING.search(told) or (_START.match(told) and not told.startswith("~ ")):
        return True
    try:
        return as_path(told).is_file()  # a folder may be called as a data set or a gene is
    except (InputError, OSError, ValueError):  # words may be longer than a name can be
        return False


def shortened(text: str, most: int = _SHOWN) -> str:
    """Beginning of a text that may be long."""
    return text if len(text) <= most else f"{text[:most]}..."


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.errno == errno.EACCES:
        return "a folder on the way may not be opened by this user"
    return getattr(error, "strerror", None) or str(error)


def _working_folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return "gone"


def _spooled(pipe: Path) -> Path:
    """Copy of what a pipe or a terminal gives, since it can be read only once; it is gone when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="omics_rx-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copy = folder / pipe.name
    try:
        with pipe.open("rb") as stream, copy.open("wb") as kept:
            shutil.copyfileobj(stream, kept)
    except OSError as error:
        raise InputError(f"{pipe} cannot be read ({_reason(error)}): write it into a file and pass that") from error
    return copy
