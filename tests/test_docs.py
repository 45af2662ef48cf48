"""The documentation says only what runs: its Python is executed, its commands take the options shown."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from omics_rx import cli

ROOT = Path(__file__).parents[1]
PAGES = sorted([*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "howto").glob("*.md"), ROOT / "README.md"])
_FENCED = r"^```{}\n(.*?)^```$"


def blocks(page, language):
    return re.findall(_FENCED.format(language), page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def snippets():
    pages = [page for page in PAGES if page.name != "README.md"]
    return [
        pytest.param(text, id=f"{page.stem}-{n}") for page in pages for n, text in enumerate(blocks(page, "python"))
    ]


@pytest.mark.parametrize("text", snippets())
def test_a_snippet_runs(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(text, "snippet", "exec"), {})


def commands():
    """Every ``omics-rx ...`` line of a shell block, or between backquotes with an option."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        lines = [line for block in blocks(page, "bash") for line in block.splitlines()]
        lines += re.findall(r"`(omics-rx [a-z]+[^`|]*)`", text)
        for line in lines:
            found = re.search(r"\bomics-rx (.+?)(?: #.*)?$", line)
            if found and "docker" not in line:
                yield page.stem, shlex.split(found[1])


@pytest.mark.parametrize(("page", "words"), list(commands()))
def test_a_command_takes_the_options_shown(page, words):
    group = typer.main.get_command(cli.app)
    verb = group.commands[words[0]]
    known = {name for parameter in verb.params for name in parameter.opts} | {"--help", "-h"}
    assert [word for word in words[1:] if word.startswith("-") and word not in known] == [], f"on page {page}"


def test_the_list_for_programs_that_read_names_every_page():
    told = (ROOT / "docs" / "llms.txt").read_text(encoding="utf-8")
    pages = [page.relative_to(ROOT / "docs").as_posix() for page in PAGES if page.name != "README.md"]
    assert [page for page in pages if f"_sources/{page}.txt" not in told] == []
