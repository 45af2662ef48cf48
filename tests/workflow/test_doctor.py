"""What is said of this machine is so, and helps where something is missing."""

from __future__ import annotations

import re
import sys
from importlib import metadata

import pytest
from typer.testing import CliRunner

import omics_rx as orx
from omics_rx.cli import app
from omics_rx.workflow import doctor as examined


def test_versions_are_those_installed():
    facts = orx.doctor().facts
    assert facts["omics-rx"] == orx.__version__
    assert facts["python"].startswith(".".join(map(str, sys.version_info[:3])))
    assert all(facts[name] == metadata.version(name) for name in ("numpy", "pandas", "torch"))


def test_the_packages_named_are_those_that_an_install_brings():
    named = {re.split(r"[^\w.-]", need)[0].lower() for need in metadata.requires("omics-rx") or []}
    assert set(examined._NEEDED) <= named
    extras = {extra for _, extra in examined._OPTIONAL.values()}
    assert extras <= set(metadata.metadata("omics-rx").get_all("Provides-Extra"))


def test_what_is_missing_is_told_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(examined, "_version", lambda name: "" if name in {"rdkit", "dask"} else "1")
    monkeypatch.setenv("OMICS_RX_CACHE", str(tmp_path / "not" / "made"))
    facts = orx.doctor().facts
    assert facts["rdkit"] == "MISSING: install omics-rx again"
    assert facts["dask"].endswith("pip install omics-rx[scale]")
    assert facts["cache"].startswith(f"{tmp_path / 'not' / 'made'} (can be written, ")


def test_a_cache_that_cannot_be_written_is_said(monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "CANNOT be written: set OMICS_RX_CACHE" in orx.doctor().facts["cache"]


@pytest.mark.parametrize("words", [["--version"], ["-V"]])
def test_the_shell_says_its_version(words):
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, done.output) == (0, f"omics-rx {orx.__version__}\n")


def test_the_shell_prints_the_facts_and_helps_by_either_name():
    assert CliRunner().invoke(app, ["doctor"]).output.strip() == str(orx.doctor())
    assert CliRunner().invoke(app, ["rank", "-h"]).output == CliRunner().invoke(app, ["rank", "--help"]).output
