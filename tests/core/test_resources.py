"""Every fact has a source, a licence and the hash it says."""

import tomllib

import pytest

from omics_rx.core import provenance, resources
from omics_rx.core.errors import MissingFileError


def files():
    return sorted(
        str(file.relative_to(resources.root()))
        for file in resources.root().rglob("*")
        if file.is_file() and file.name not in {"SOURCES.toml", "citations.toml"}
    )


def test_every_table_has_its_entry_and_every_entry_its_table():
    assert set(files()) == set(resources.sources())


@pytest.mark.parametrize("name", files())
def test_a_table_is_what_its_entry_says(name):
    entry = resources.sources()[name]
    assert provenance.file_sha256(resources.path(name)) == entry["sha256"]
    assert entry["sources"]
    assert entry["licence"]
    assert entry["description"]


def test_citations_are_complete():
    library = tomllib.loads(resources.path("citations.toml").read_text(encoding="utf-8"))
    for key, entry in library.items():
        assert {"type", "title", "author", "year"} <= set(entry), key


def test_a_missing_resource_says_what_to_do():
    with pytest.raises(MissingFileError, match="reinstall"):
        resources.path("no_such_table.tsv")
