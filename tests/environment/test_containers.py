"""Containers: no passwd entry, no home or one that cannot be written, caches written with a tilde, packages of root."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import omics_rx
from omics_rx.core import cache, home
from omics_rx.core.errors import InputError
from omics_rx.signatures import ledger

# this user stands in no passwd file, so that nothing but HOME could tell a home folder
_NOBODY = "import pwd\ndef unknown(_): raise KeyError('uid not found')\npwd.getpwuid = unknown\n"
_WORK = """
import os, numpy as np, pandas as pd, omics_rx as orx, omics_rx.core.cache, scanpy
table = pd.DataFrame(np.random.default_rng(0).normal(8, 1, (6, 12)), columns=[f"GENE{i}" for i in range(12)])
table.columns = "CD8A CD8B GZMA PRF1 ESR1 FOXP3 CTLA4 CD274 TP53 BRCA1 ERBB2 EGFR".split()
print(orx.core.cache.folder(), orx.scores.score(table, {"a": list(table.columns[:4])}).shape)
print(os.environ.get("NUMBA_CACHE_DIR"), os.environ.get("MPLCONFIGDIR"))
"""


def _run(code, tmp_path, **env):
    around = {name: value for name, value in os.environ.items() if name not in {
        "HOME", "USER", "LOGNAME", "XDG_CACHE_HOME", "OMICS_RX_CACHE", "NUMBA_CACHE_DIR", "MPLCONFIGDIR",
    }}  # fmt: skip
    around |= {"TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(omics_rx.__file__).parents[1])} | env
    done = subprocess.run([sys.executable, "-c", code], env=around, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_a_user_without_passwd_entry_and_home_works_among_temporary_files(tmp_path):
    told = _run(_NOBODY + _WORK, tmp_path)
    own = tmp_path / f"omics_rx-{os.getuid()}"
    assert told.split() == [str(own / "cache"), "(6,", "1)", str(own / "numba"), str(own / "matplotlib")]
    assert stat.S_IMODE(own.stat().st_mode) == 0o700


@pytest.mark.parametrize("place", ["/dev/null", "/dev/null/home"])
def test_a_home_that_cannot_be_written_gets_other_places_for_the_libraries(tmp_path, place):
    told = _run(_WORK, tmp_path, HOME=place).splitlines()
    assert told[0] == f"{place}/.cache/omics_rx (6, 1)"
    assert told[1].split() == [str(tmp_path / f"omics_rx-{os.getuid()}" / name) for name in ("numba", "matplotlib")]


def test_what_the_user_has_set_stays(tmp_path):
    told = _run(_WORK, tmp_path, HOME="/dev/null", NUMBA_CACHE_DIR=str(tmp_path / "n"), MPLCONFIGDIR=str(tmp_path))
    assert told.splitlines()[1] == f"{tmp_path / 'n'} {tmp_path}"


def test_a_home_of_ones_own_is_left_alone(tmp_path):
    assert _run(_WORK, tmp_path, HOME=str(tmp_path)).splitlines()[1] == "None None"


def test_a_tilde_in_the_name_of_the_cache_is_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("OMICS_RX_CACHE", "~/x")
    monkeypatch.setenv("OMICS_RX_OPENINGS", "~/openings.jsonl")
    assert (cache.folder(), ledger.place()) == (tmp_path / "x", tmp_path / "openings.jsonl")


@pytest.mark.parametrize(("name", "call"), [("OMICS_RX_CACHE", cache.folder), ("OMICS_RX_OPENINGS", ledger.place)])
@pytest.mark.parametrize("told", ["~nosuchuser/x", "x" * 300, "  "])
def test_a_place_that_can_be_none_is_told_by_the_name_of_its_variable(monkeypatch, name, call, told):
    monkeypatch.setenv(name, told)
    with pytest.raises(InputError, match=name if "~" not in told else "no home folder is known"):
        call()


def test_a_folder_of_that_name_that_others_may_write_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    taken = tmp_path / f"omics_rx-{os.getuid()}"
    taken.mkdir()
    taken.chmod(0o777)
    found = home.own_folder()
    assert found != taken
    assert stat.S_IMODE(found.stat().st_mode) == 0o700
    taken.chmod(0o700)
    assert home.own_folder() == taken
