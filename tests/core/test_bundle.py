import json
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omics_rx.core import bundle, saving
from omics_rx.core.errors import IntegrityError, MissingFileError, OmicsRxError, OutputError


@pytest.fixture
def saved(tmp_path):
    return bundle.save(
        tmp_path / "thing.orx",
        kind="thing",
        schema=2,
        record={"alpha": 0.3},
        members={
            "table.parquet": bundle.parquet(pd.DataFrame({"x": [1.0, 2.0]}, index=["a", "b"])),
            "arrays.safetensors": bundle.tensors({"w": np.arange(6.0).reshape(2, 3)}),
            "note.txt": b"text",
        },
    )


def rewrite(file, change):
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def test_a_bundle_comes_back_as_it_was(saved):
    opened = bundle.load(saved, kind="thing", schema=2)
    assert opened.record == {"alpha": 0.3}
    assert opened.frame("table.parquet").loc["b", "x"] == 2.0
    assert np.array_equal(opened.arrays("arrays.safetensors")["w"], np.arange(6.0).reshape(2, 3))
    assert opened.text("note.txt") == "text"


def test_an_altered_member_is_refused(saved):
    rewrite(saved, lambda members: members.update({"note.txt": b"TEXT"}))
    with pytest.raises(IntegrityError, match="sha256"):
        bundle.load(saved, kind="thing", schema=2)


@pytest.mark.parametrize("name", ["extra.txt", "../escape.txt", "code.pkl"])
def test_a_member_that_is_not_listed_is_refused(saved, name):
    rewrite(saved, lambda members: members.update({name: b"x"}))
    with pytest.raises(IntegrityError, match="unexpected"):
        bundle.load(saved, kind="thing", schema=2)


def test_a_listed_member_with_a_path_is_refused(saved):
    def change(members):
        manifest = json.loads(members["manifest.json"])
        manifest["members"]["../note.txt"] = manifest["members"].pop("note.txt")
        members["manifest.json"] = json.dumps(manifest).encode()
        members["../note.txt"] = members.pop("note.txt")

    rewrite(saved, change)
    with pytest.raises(IntegrityError):
        bundle.load(saved, kind="thing", schema=2)


def test_kind_and_schema_are_checked(saved):
    with pytest.raises(IntegrityError, match="holds a thing"):
        bundle.load(saved, kind="model", schema=2)
    with pytest.raises(IntegrityError, match="upgrade omics-rx"):
        bundle.load(saved, kind="thing", schema=1)
    with pytest.raises(IntegrityError, match="no longer reads"):
        bundle.load(saved, kind="thing", schema=3)


def test_past_schemas_are_brought_up_step_by_step(saved):
    steps = {2: lambda record, members: ({**record, "beta": 1}, members)}
    opened = bundle.load(saved, kind="thing", schema=3, upgrade_from=steps)
    assert opened.schema == 3
    assert opened.record == {"alpha": 0.3, "beta": 1}


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MissingFileError, match=r"none\.orx"):
        bundle.load(tmp_path / "none.orx", kind="thing", schema=1)


@settings(max_examples=60, deadline=None)
@given(position=st.floats(0, 0.999), value=st.integers(1, 255))
def test_no_flipped_byte_goes_unseen(tmp_path_factory, position, value):
    file = tmp_path_factory.mktemp("flip") / "b.orx"
    bundle.save(file, kind="k", schema=1, record={"a": 1}, members={"t.txt": b"some text " * 20})
    data = bytearray(file.read_bytes())
    data[int(position * len(data))] ^= value
    file.write_bytes(bytes(data))
    try:
        opened = bundle.load(file, kind="k", schema=1)
    except OmicsRxError:
        return
    assert opened.members["t.txt"] == b"some text " * 20
    assert opened.record == {"a": 1}


def test_writing_leaves_the_old_file_when_it_fails(tmp_path):
    target = tmp_path / "out.txt"
    saving.write_text(target, "old")
    with pytest.raises(RuntimeError), saving.writing(target) as draft:
        draft.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["out.txt"]


def test_a_place_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        saving.write_text(tmp_path / "file" / "out.txt", "x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        saving.write_text(tmp_path / "folder", "x")
