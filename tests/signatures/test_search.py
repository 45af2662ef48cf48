"""The combination search: against a plain loop, resumed, failing, on noise, and its choice judged."""

from __future__ import annotations

import joblib
import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core import cache
from omics_rx.core.errors import InputError, UnknownNameError
from omics_rx.core.work import subseed
from omics_rx.metrics import survival
from omics_rx.signatures import combinations, learners, search_fold, search_run
from omics_rx.signatures.assemble import prepare, training_set
from omics_rx.signatures.selectors import _minimal_depths, kept_by
from omics_rx.signatures.training import CohortScale

SMALL = ["lasso", "lasso + cox_ridge", "lasso + superpc", "plsrcox", "stepwise_both", "stepwise_both + plsrcox"]


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("OMICS_RX_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def cohorts(make_cohort):
    return {"a": make_cohort(1, 80), "b": make_cohort(2, 60, shift=3)}


@pytest.fixture
def fitted(monkeypatch):
    """Names of the learners made, in order."""
    made, plain = [], learners.make
    monkeypatch.setattr(learners, "make", lambda name, **more: made.append(name) or plain(name, **more))
    return made


def _search(cohorts, names=SMALL, **more):
    return orx.signatures.search(cohorts, combinations=names, **{"n_folds": 3, "nested": False, **more})


def test_the_lists_hold_what_they_say():
    assert len(combinations.named("101")) == 101
    assert len(combinations.named("all")) == len(set(combinations.named("all"))) == 118
    alone = {combination.learner for combination in combinations.named("all") if not combination.selector}
    assert len(alone) == 20
    assert {f"elastic_net_0.{tenth}" for tenth in range(1, 10)} < alone
    with pytest.raises(UnknownNameError, match="list of combinations"):
        combinations.named("al")
    with pytest.raises(UnknownNameError, match="selector 'laso'"):
        combinations.named(["laso + cox_ridge"])
    with pytest.raises(UnknownNameError, match="learner 'ridge'"):
        combinations.named(["lasso + ridge"])
    with pytest.raises(InputError, match="2 combinations, 1 of them different"):
        combinations.named(["lasso", "lasso"])


def test_the_table_is_that_of_a_plain_loop(cohorts):
    found = _search(cohorts)
    train = training_set(prepare(cohorts, role="training"))
    fold = train.folds(3, seed=0, name="search")
    for name, selector, learner in (("lasso + cox_ridge", "lasso", "cox_ridge"), ("plsrcox", None, "plsrcox")):
        risk, apparent, sizes = np.empty(train.n), [], []
        for number in range(3):
            seen = fold != number
            seed = subseed(0, "outer", number)
            scale = CohortScale.learn(train.rows(seen))
            z, target = scale.apply(train.rows(seen)), scale.apply(train.rows(~seen))
            outcome = (train.time[seen], train.event[seen])
            kept = np.arange(z.shape[1])
            if selector:
                first = learners.make(selector, seed=subseed(seed, "search", selector))
                kept = np.flatnonzero(first.fit(z, *outcome, stratum=train.cohort[seen]).coef_)
            model = learners.make(learner, seed=subseed(seed, "search", learner))
            model.fit(z[:, kept], *outcome, stratum=train.cohort[seen])
            risk[~seen] = model.predict(target[:, kept])
            inside = model.predict(z[:, kept])
            apparent.append(survival.concordance(*outcome, inside, strata=train.cohort[seen], n_boot=1).value)
            sizes.append(kept.size)
        row = found.table.set_index("combination").loc[name]
        strata = [f"{cohort} {number}" for cohort, number in zip(train.cohort, fold, strict=True)]
        by_hand = survival.concordance(train.time, train.event, risk, strata=strata, cross_validated=True)
        assert (row["concordance"], row["lower"], row["upper"]) == (by_hand.value, by_hand.lower, by_hand.upper)
        assert row["apparent"] == pytest.approx(np.mean(apparent))
        assert row["optimism"] == pytest.approx(np.mean(apparent) - by_hand.value)
        assert row["n_genes"] == np.median(sizes)
        np.testing.assert_array_equal(found.risks[name], risk)


def test_each_selector_is_fitted_once_a_fold(cohorts, fitted):
    names = ["lasso", *(f"lasso + {name}" for name in ("cox_ridge", "superpc", "plsrcox", "svm_linear", "coxboost"))]
    _search(cohorts, names, n_jobs=1)
    assert fitted.count("lasso") == 3
    assert len(fitted) == 3 * len(names)


def test_a_learner_is_fitted_once_on_genes_that_two_selectors_keep(cohorts, fitted):
    found = _search(cohorts, ["stepwise_forward + plsrcox", "stepwise_both + plsrcox"], n_jobs=1)
    same = (found.risks.iloc[:, 0] == found.risks.iloc[:, 1]).groupby(found.fold).all().sum()
    assert same > 0
    assert fitted.count("plsrcox") == 6 - same


def test_jobs_and_backends_change_nothing(cohorts):
    names = ["lasso + cox_ridge", "plsrcox", "cox_univariate"]
    plain = _search(cohorts, names, n_jobs=1, nested=True, n_inner=2)
    cache.clear()
    parallel = _search(cohorts, names, n_jobs=2, nested=True, n_inner=2)
    pd.testing.assert_frame_equal(plain.table, parallel.table)
    assert plain.nested == parallel.nested
    cache.clear()
    with joblib.parallel_config("threading", n_jobs=2):
        threaded = _search(cohorts, names, nested=True, n_inner=2)
    pd.testing.assert_frame_equal(plain.table, threaded.table)
    pd.testing.assert_frame_equal(plain.choices, threaded.choices)


@pytest.mark.needs("distributed")
@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_table(cohorts):
    import distributed

    names = ["lasso + cox_ridge", "plsrcox"]
    plain = _search(cohorts, names, n_jobs=1)
    cache.clear()
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
    ):
        spread = _search(cohorts, names)
    pd.testing.assert_frame_equal(plain.table, spread.table)


def test_an_interrupted_search_goes_on_where_it_stopped(cohorts, fitted, monkeypatch):
    whole = _search(cohorts, n_jobs=1)
    all_fits = len(fitted)
    cache.clear()
    fitted.clear()
    keep, kept = cache.keep, []

    def interrupted(kind, key, write):
        if len(kept) == 4:
            raise KeyboardInterrupt
        kept.append(key)
        return keep(kind, key, write)

    with monkeypatch.context() as patch:
        patch.setattr(cache, "keep", interrupted)
        with pytest.raises(KeyboardInterrupt):
            _search(cohorts, n_jobs=1)
    before = len(fitted)
    again = _search(cohorts, n_jobs=1)
    assert 0 < len(fitted) - before < all_fits
    pd.testing.assert_frame_equal(again.table, whole.table)
    fitted.clear()
    _search(cohorts, n_jobs=1)
    assert fitted == []
    _search(cohorts, n_jobs=1, seed=1)  # other folds are other work
    assert len(fitted) == all_fits


def test_a_failure_is_named_and_spoils_nothing_else(cohorts, monkeypatch):
    whole = _search(cohorts).table.set_index("combination")
    cache.clear()
    plain = learners.make

    def breaking(name, **more):
        if name == "superpc":
            raise ZeroDivisionError("no component")
        return plain(name, **more)

    monkeypatch.setattr(learners, "make", breaking)
    found = _search(cohorts, n_jobs=1, nested=True, n_inner=2)
    row = found.table.iloc[-1]
    assert row["combination"] == "lasso + superpc"
    assert row["failure"].startswith("fold 1: ZeroDivisionError: no component; fold 2: ")
    assert np.isnan(row["concordance"])
    rest = found.table.set_index("combination").drop("lasso + superpc")
    pd.testing.assert_frame_equal(rest, whole.drop("lasso + superpc"))
    assert "lasso + superpc" not in set(found.choices["combination"])
    cache.clear()
    with pytest.raises(InputError, match="all 1 combinations failed: fold 1: ZeroDivisionError"):
        _search(cohorts, ["superpc"], n_jobs=1)


def test_held_back_samples_shape_nothing(cohorts):
    train = training_set(prepare(cohorts, role="training"))
    split = search_fold.Split(np.arange(0, train.n, 2), np.arange(1, train.n, 2))
    wanted = combinations.named(SMALL)
    found = search_fold.held_back(train, split, wanted, seed=0)
    expression, time, event = train.expression.copy(), train.time.copy(), train.event.copy()
    time[split.held], event[split.held] = 1.0, True
    expression[split.held[1:]] += 100.0
    other = search_fold.held_back(
        type(train)(expression, train.genes, train.samples, time, event, train.cohort), split, wanted, seed=0
    )
    np.testing.assert_array_equal(found.risks[0], other.risks[0])
    np.testing.assert_array_equal(found.apparent, other.apparent)
    assert not np.array_equal(found.risks[1:], other.risks[1:])


def test_the_choice_is_judged_on_samples_that_did_not_make_it(cohorts):
    found = _search(cohorts, nested=True, n_inner=2)
    assert list(found.choices["fold"]) == [0, 1, 2]
    taken = pd.Series(np.nan, index=found.risks.index)
    for number, name in zip(found.choices["fold"], found.choices["combination"], strict=True):
        taken[found.fold == number] = found.risks.loc[found.fold == number, name]
    train = training_set(prepare(cohorts, role="training"))
    strata = [f"{cohort} {number}" for cohort, number in zip(train.cohort, found.fold, strict=True)]
    by_hand = survival.concordance(train.time, train.event, taken, strata=strata, cross_validated=True)
    assert found.nested == by_hand
    assert found.best == found.table["combination"].iloc[0]
    assert "Cox" not in orx.cite(found).methods
    assert "within each outer fold" in orx.cite(found).methods


def test_the_inner_search_never_sees_the_outer_fold(cohorts, monkeypatch):
    splits, plain = {}, search_run._run

    def recorded(train, given, *rest, **more):
        splits.update(given)
        return plain(train, given, *rest, **more)

    monkeypatch.setattr(search_run, "_run", recorded)
    found = _search(cohorts, ["plsrcox"], nested=True, n_inner=2)
    for number in range(3):
        outside = set(np.flatnonzero(found.fold == number))
        for second in range(2):
            inner = splits["inner", number, second]
            assert not outside & {*inner.learnt, *inner.held}
            assert not {*inner.learnt} & {*inner.held}
        held = np.concatenate([splits["inner", number, second].held for second in range(2)])
        assert sorted([*held, *outside]) == list(range(140))


def test_noise_earns_nothing_and_forward_steps_select(make_cohort):
    noise = {name: make_cohort(at + 70, 120, effect=0.0) for at, name in enumerate("ab")}
    names = ["stepwise_forward", "stepwise_forward + cox_ridge", "cox_ridge", "plsrcox", "cox_univariate"]
    found = _search(noise, names, nested=True, n_inner=2)
    assert abs(found.nested.value - 0.5) < 0.08
    assert found.nested.lower <= 0.5 <= found.nested.upper
    assert (found.table["concordance"] - 0.5).abs().max() < 0.1
    table = found.table.set_index("combination")
    assert 0 < table.loc["stepwise_forward", "n_genes"] < 20  # all 20 screened genes would be no selection
    assert table.loc["stepwise_forward", "optimism"] > 0.1


def test_planted_genes_are_kept_by_every_selector(make_cohort):
    train = training_set(prepare({"a": make_cohort(1, 200)}, role="training"))
    z = CohortScale.learn(train).apply(train)
    for name in combinations.SELECTORS:
        model = learners.make(name).fit(z, train.time, train.event)
        kept = kept_by(model)
        assert 0 < kept.size <= 50
        assert set(kept) & set(range(6)), name
        assert (np.diff(kept) > 0).all()
    with pytest.raises(InputError, match="keeps every gene"):
        kept_by(learners.make("svm_linear").fit(z, train.time, train.event))


def test_minimal_depth_by_hand():
    # the root splits on gene 2, its left child on gene 0, whose right child splits on gene 2 again
    feature = np.array([2, 0, -2, 2, -2, -2, -2])
    left, right = np.array([1, 2, -1, 4, -1, -1, -1]), np.array([6, 3, -1, 5, -1, -1, -1])
    depths, expected = _minimal_depths(feature, left, right, width=4)
    assert depths.tolist() == [1, 3, 0, 3]
    # one node at each depth: the first split falls at 0, 1, 2 with chance 1/4, 3/16, 9/64, and never with 27/64
    assert expected == pytest.approx(0 / 4 + 1 * 3 / 16 + 2 * 9 / 64 + 3 * 27 / 64)


def test_a_selector_that_keeps_nothing_orders_nobody(make_cohort):
    noise = {"a": make_cohort(30, 60, effect=0.0)}
    found = _search(noise, ["elastic_net_0.9", "lasso", "lasso + cox_ridge"])
    row = found.table.set_index("combination").loc["lasso + cox_ridge"]
    empty = (found.risks["lasso + cox_ridge"] == 0).groupby(found.fold).all()
    assert row["empty_folds"] == empty.sum()
    assert row["failure"] == ""


def test_what_cannot_be_searched_is_refused(cohorts, make_cohort):
    with pytest.raises(InputError, match="different endpoints"):
        _search({"a": make_cohort(1), "b": make_cohort(2, endpoint="relapse")})
    with pytest.raises(InputError, match="1 folds hold nothing back"):
        _search(cohorts, n_folds=1)
    with pytest.raises(InputError, match="c has 8 samples"):
        _search({**cohorts, "c": make_cohort(3, 8)}, n_folds=5)
    with pytest.raises(InputError, match="same follow-up"):
        _search({"a": make_cohort(1), "b": make_cohort(1)})
