"""Full, read-only and odd places: an output is one error, a cache is a warning and the work goes on."""

import errno
import json
import os
import stat
import time

import pytest
import saved_things as things

from omics_rx.core import cache, saving
from omics_rx.core.errors import InputError, IntegrityError, OutputError
from omics_rx.repurposing import load_ranking
from omics_rx.repurposing.ledger import Ledger


def full(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    "save",
    [
        lambda place: things.ranking(0).save(place / "r"),
        lambda place: things.signature(0).save(place / "s.json"),
        lambda place: things.save_bundle(place / "b.orx", 0),
        lambda place: things.add_batch(place / "l.jsonl", 0),
        lambda place: things.save_files(place / "files", 0),
    ],
)
def test_a_full_disk_is_one_error_and_leaves_nothing(save, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        save(tmp_path)
    left = [file.name for file in tmp_path.rglob("*") if file.is_file()]
    assert not left


def test_a_full_disk_keeps_what_was_saved_before(tmp_path, monkeypatch):
    things.ranking(0).save(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OutputError):
            things.ranking(1).save(tmp_path)
    assert things.loaded_ranking(tmp_path) == things.of_ranking(things.ranking(0))


def test_a_link_is_followed_and_permissions_are_kept(tmp_path):
    real = tmp_path / "real" / "ledger.jsonl"
    real.parent.mkdir()
    real.touch(mode=0o600)
    link = tmp_path / "ledger.jsonl"
    link.symlink_to(real)
    things.add_batch(link, 1)
    assert link.is_symlink()
    assert len(Ledger.read(real).records) == 3
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_a_folder_is_no_empty_ledger(tmp_path):
    with pytest.raises(InputError, match="name the file"):
        Ledger.read(tmp_path)
    with pytest.raises(InputError, match="name the file"):
        things.add_batch(tmp_path, 1)


@pytest.mark.parametrize(
    "line", [b"\xff\xfe\n", b"[" * 100_000 + b"\n", b'{"number": ' + b"9" * 5000 + b"}\n", b"{}", b"7\n"]
)
def test_a_damaged_ledger_is_one_error(tmp_path, line):
    (tmp_path / "l.jsonl").write_bytes(line)
    with pytest.raises(IntegrityError, match=r"l\.jsonl"):
        Ledger.read(tmp_path / "l.jsonl")


def test_parts_of_two_rankings_are_refused(tmp_path):
    for number in (0, 1):
        things.ranking(number).save(tmp_path / str(number))
    for name in ("ranking.csv", "explanations.csv", "provenance.json"):
        held = (tmp_path / "0" / name).read_bytes()
        (tmp_path / "0" / name).write_bytes((tmp_path / "1" / name).read_bytes())
        with pytest.raises(IntegrityError, match="sha256"):
            load_ranking(tmp_path / "0")
        (tmp_path / "0" / name).write_bytes(held)
    assert load_ranking(tmp_path / "0").subtype == "Basal"


@pytest.mark.parametrize("schema", [1, True, 1.0, 3, "2", None, []])
def test_a_ranking_cannot_be_said_to_be_older_than_it_is(tmp_path, schema):
    """Of the oldest schema no hashes are asked: a file with hashes that claims to be of it was changed."""
    things.ranking(0).save(tmp_path)
    record = json.loads((tmp_path / "provenance.json").read_text()) | {"schema": schema}
    (tmp_path / "provenance.json").write_text(json.dumps(record))
    with pytest.raises(IntegrityError, match=r"schema|not as it was saved"):
        load_ranking(tmp_path)


def test_drugs_called_na_stay_drugs(tmp_path):
    things.ranking(0).save(tmp_path)
    back = load_ranking(tmp_path)
    assert list(back.table.index) == ["D0", "NA", "nan", "1e3", "007"]
    assert list(back.table["name"]) == ["NA", "null", "None", "=1+1", 'a "b", c']
    assert list(back.unranked["name"]) == ["NaN"]


def test_files_of_the_user_stay_and_what_is_gone_goes(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    things.save_files(tmp_path, 0)
    assert (tmp_path / "only-even.txt").exists()
    things.save_files(tmp_path, 1)
    assert not (tmp_path / "only-even.txt").exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("moved", [0, 1, 3])
def test_a_swap_that_was_begun_is_finished_by_the_next_who_reads(tmp_path, moved):
    things.save_files(tmp_path, 0)
    draft = tmp_path / f"{saving.DRAFT}x"
    things.save_files(tmp_path / "other", 1)
    (tmp_path / "other").rename(draft)
    files = sorted(file.name for file in draft.iterdir())
    (tmp_path / ".omics_rx-swap.json").write_text(
        json.dumps({"draft": draft.name, "files": files, "gone": ["only-even.txt"]})
    )
    for name in files[:moved]:
        (draft / name).replace(tmp_path / name)
    assert things.of_files(tmp_path) == "1"
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]


@pytest.mark.parametrize(
    "told",
    [
        "{", '{"draft": "../x", "files": [], "gone": []}', '{"draft": 3, "files": [], "gone": []}',
        '{"draft": ".omics_rx-draft-x", "files": ["../../y"], "gone": []}',
        '{"draft": "a folder of the user", "files": [], "gone": []}',
    ],
)  # fmt: skip
def test_a_journal_that_reaches_outside_is_refused(tmp_path, told):
    things.save_files(tmp_path, 0)
    (tmp_path / ".omics_rx-swap.json").write_text(told)
    with pytest.raises(IntegrityError, match="remove it"):
        things.of_files(tmp_path)


def test_drafts_of_killed_runs_go_after_a_day(tmp_path):
    young, old = tmp_path / f"{saving.DRAFT}young.txt", tmp_path / f"{saving.DRAFT}old"
    young.touch()
    old.mkdir()
    os.utime(old, (0, 0))
    saving.write_text(tmp_path / "new.txt", "x")
    assert young.exists()
    assert not old.exists()


def test_a_clock_that_was_set_back_hurts_nothing(tmp_path, monkeypatch):
    """Files, drafts and the ledger of a machine whose clock was two days ahead are read and gone on with."""
    ahead = time.time() + 2 * 86_400
    things.ranking(0).save(tmp_path / "r")
    things.add_batch(tmp_path / "l.jsonl", 0)
    (tmp_path / "r" / f"{saving.DRAFT}ahead").mkdir()
    for file in (tmp_path, *tmp_path.rglob("*")):
        os.utime(file, (ahead, ahead))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    things.add_batch(tmp_path / "l.jsonl", 1)
    things.ranking(1).save(tmp_path / "r")
    assert things.loaded_ranking(tmp_path / "r") == things.of_ranking(things.ranking(1))
    assert Ledger.read(tmp_path / "l.jsonl").outcomes()["batch"].nunique() == 2


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    saving.write_text(tmp_path / "pipe", "through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert (tmp_path / "pipe").is_fifo()


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("OMICS_RX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "_checked", set())
    monkeypatch.setattr(cache, "_told", set())
    return tmp_path / "cache"


def flip(file):
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))


@pytest.mark.parametrize(
    "hurt",
    [
        lambda folder: flip(folder / "1.txt"),
        lambda folder: (folder / "1.txt").write_bytes((folder / "1.txt").read_bytes()[:-9]),
        lambda folder: (folder / "1.txt").unlink(),
        lambda folder: [file.unlink() for file in folder.iterdir()],
        lambda folder: flip(folder / ".omics_rx-seal.json"),
    ],
    ids=["a bit", "half a file", "a file", "all files", "the seal"],
)
def test_a_damaged_entry_is_made_again(own_cache, monkeypatch, caplog, hurt):
    whole = things.of_entry(1)
    hurt(cache.location("things", "k1"))
    monkeypatch.setattr(cache, "_checked", set())
    assert things.of_entry(1) == whole
    assert "made again" in caplog.text


def test_entries_have_the_permissions_that_the_user_gives_to_files(own_cache):
    before = os.umask(0o002)
    try:
        things.of_entry(1)
    finally:
        os.umask(before)
    place = cache.location("things", "k1")
    assert stat.S_IMODE(place.stat().st_mode) == 0o775
    assert stat.S_IMODE((place / "1.txt").stat().st_mode) == 0o664


def test_a_disk_that_fills_up_while_an_entry_is_made(own_cache, caplog):
    made = []

    def make(folder):
        made.append(folder)
        if own_cache in folder.parents:
            full()
        things.make_entry(folder, 1)

    assert (cache.entry("things", "k1", make) / "0.txt").is_file()
    assert len(made) == 2
    assert caplog.text.count("OMICS_RX_CACHE") == 1


def test_clean_removes_what_other_code_made_and_keeps_downloads(own_cache, monkeypatch):
    things.of_entry(1)
    cache.entry("wheels", "w", lambda folder: things.make_entry(folder, 1))
    assert cache.clean() == (0, 0)
    monkeypatch.setattr(cache, "code", lambda *_: "another")
    count, freed = cache.clean()
    assert count == 1
    assert freed > 1000
    assert cache.held("things", "k1") is None
    assert cache.held("wheels", "w") is not None


def test_a_bundle_of_zeros_is_refused_before_it_is_unpacked(tmp_path):
    import zipfile

    from omics_rx.core import bundle

    with (
        zipfile.ZipFile(tmp_path / "x.orx", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("manifest.json", "w") as member,
    ):
        for _ in range(100):
            member.write(b" " * 2**20)
    with pytest.raises((InputError, IntegrityError), match=r"manifest of more|asks for"):
        bundle.load(tmp_path / "x.orx", kind="thing", schema=1)


def test_an_edited_record_is_refused(tmp_path):
    import zipfile

    things.save_bundle(tmp_path / "x.orx", 1)
    with zipfile.ZipFile(tmp_path / "x.orx") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["manifest.json"] = members["manifest.json"].replace(b'"p": 0.25', b'"p": 0.01')
    with zipfile.ZipFile(tmp_path / "x.orx", "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    with pytest.raises(IntegrityError, match="was changed"):
        things.of_bundle(tmp_path / "x.orx")


def test_half_a_last_line_of_openings_blocks_nothing(tmp_path, monkeypatch, caplog):
    from omics_rx.signatures import ledger

    monkeypatch.setenv("OMICS_RX_OPENINGS", str(tmp_path / "o.jsonl"))
    one = ledger.opening("a", sha256="1", study="s", weights={"A": 1.0}, recipe="r")
    ledger.record(one)
    with (tmp_path / "o.jsonl").open("a") as handle:
        handle.write('{"cohort": "b", "sha')
    assert ledger.read() == [one]
    assert "half a line" in caplog.text
    ledger.record(ledger.opening("c", sha256="3", study="s", weights={"A": 1.0}, recipe="r"))
    assert [opening.cohort for opening in ledger.read()] == ["a", "c"]
