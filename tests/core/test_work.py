import numpy as np

from omics_rx.core import work


def test_generators_depend_on_the_names_of_the_work_alone():
    first = work.rng(0, "search", 1).random(4)
    work.rng(0, "search", 2).random(100)
    assert np.array_equal(first, work.rng(0, "search", 1).random(4))
    assert not np.array_equal(first, work.rng(0, "search", 2).random(4))
    assert not np.array_equal(first, work.rng(1, "search", 1).random(4))


def test_names_are_kept_apart():
    assert work.subseed(0, "a", "bc") != work.subseed(0, "ab", "c")
    assert 0 <= work.subseed(3, "x") < 2**31


def test_track_yields_every_item_with_and_without_a_bar(capsys):
    assert list(work.track([1, 2, 3], "counting", progress=False)) == [1, 2, 3]
    assert capsys.readouterr().err == ""
    assert list(work.track([1, 2, 3], "counting", progress=True)) == [1, 2, 3]
    captured = capsys.readouterr()
    assert "counting" in captured.err
    assert captured.out == ""


def test_a_gauge_shows_how_much_is_done_on_stderr(capsys):
    with work.gauge("bringing", 2_000_000, unit="B") as show:
        show(500_000)
        show(2_000_000)
    captured = capsys.readouterr()
    assert "bringing" in captured.err
    assert "2.00M" in captured.err
    assert captured.out == ""


def test_one_thread_holds_only_inside():
    from threadpoolctl import threadpool_info

    with work.one_thread():
        assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} <= {1}


def test_announcements_reach_stderr_or_the_log(capsys, caplog):
    with caplog.at_level("INFO", logger="omics_rx"):
        work.announce("1/2 reading", progress=False)
    assert caplog.messages == ["1/2 reading"]
    assert capsys.readouterr().out == ""
