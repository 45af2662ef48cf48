"""The README says only what runs: its Python is executed, its commands are known, its files exist."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"


def blocks(language):
    fenced = rf"^```{language}\n(.*?)^```$"
    return re.findall(fenced, README.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def test_there_are_two_commands_and_five_stories():
    assert len(blocks("bash")) == 2
    assert len(blocks("python")) == 5


@pytest.mark.slow
@pytest.mark.parametrize("number", range(5))
def test_a_story_runs(number, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(blocks("python")[number], f"README story {number + 1}", "exec"), {})


def test_files_it_points_to_exist():
    linked = re.findall(r"\]\(([^)#]+)\)", README.read_text(encoding="utf-8"))
    assert linked
    assert [name for name in linked if not (README.parent / name).exists()] == []


def test_scripts_it_names_exist():
    named = set(re.findall(r"`(benchmarks/[\w/]+\.\w+)`", README.read_text(encoding="utf-8")))
    assert [name for name in sorted(named) if not (README.parent / name).exists()] == []


def test_verbs_it_names_are_verbs():
    from omics_rx import cli

    told = re.search(r"`omics-rx ([\w|\s-]+) --help`", README.read_text(encoding="utf-8"))
    verbs = {command.name or command.callback.__name__ for command in cli.app.registered_commands}
    assert {word.strip() for word in told.group(1).split("|")} <= verbs
