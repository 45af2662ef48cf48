import threading

import pytest

from omics_rx.core import cache
from omics_rx.core.errors import OutputError


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("OMICS_RX_CACHE", str(tmp_path / "cache"))


def test_keys_differ_with_any_part_and_not_with_order():
    assert cache.key({"a": 1}, "x") != cache.key({"a": 2}, "x")
    assert cache.key({"a": 1, "b": 2}) == cache.key({"b": 2, "a": 1})


def test_an_entry_is_made_once():
    made = []

    def make(folder):
        made.append(folder)
        (folder / "value.txt").write_text("42")

    first = cache.entry("kind", "k", make)
    second = cache.entry("kind", "k", make)
    assert first == second == cache.location("kind", "k")
    assert (first / "value.txt").read_text() == "42"
    assert len(made) == 1


def test_threads_that_ask_together_share_one_making():
    made, barrier = [], threading.Barrier(4)

    def ask():
        barrier.wait()
        cache.entry("kind", "k", made.append)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


@pytest.mark.parametrize("stop", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_making_leaves_nothing(stop):
    def make(folder):
        (folder / "half").write_text("...")
        raise stop

    with pytest.raises(stop):
        cache.entry("kind", "k", make)
    assert not cache.location("kind", "k").exists()
    assert not list((cache.folder() / "kind").glob(".k-*"))


def test_a_cache_that_cannot_be_written_says_so_once_and_the_work_goes_on(tmp_path, monkeypatch, caplog):
    blocker = tmp_path / "file"
    blocker.write_text("")
    monkeypatch.setenv("OMICS_RX_CACHE", str(blocker))
    made = []

    def make(folder):
        made.append(folder)
        (folder / "value.txt").write_text("42")

    first = cache.entry("kind", "k", make)
    assert (first / "value.txt").read_text() == "42"
    assert cache.entry("kind", "k", make) == first
    cache.keep("kind", "other", make)
    assert len(made) == 1
    assert len(caplog.records) == 1
    assert "OMICS_RX_CACHE" in caplog.text


def test_no_place_at_all_is_one_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("OMICS_RX_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    with pytest.raises(OutputError, match="neither"):
        cache.entry("kind", "k", lambda folder: None)


def test_clear_removes_one_kind_only():
    cache.entry("a", "k", lambda folder: None)
    cache.entry("b", "k", lambda folder: None)
    cache.clear("a")
    assert not cache.location("a", "k").exists()
    assert cache.location("b", "k").exists()


def test_code_follows_the_rooms_it_names():
    assert cache.code("scores") == cache.code("scores")
    assert cache.code("scores") != cache.code("scores", "harmonize")
