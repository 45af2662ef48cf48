"""What every survival learner must keep; a new one is tested by being registered."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import threadpoolctl
from scipy import sparse
from sklearn import exceptions
from sklearn.base import clone
from sklearn.utils.estimator_checks import estimator_checks_generator

from omics_rx.core.errors import InputError, NotFittedError, UnknownNameError
from omics_rx.core.work import one_thread
from omics_rx.metrics import survival
from omics_rx.signatures import learners


@pytest.fixture(autouse=True)
def one_core():
    """Small matrices are slower on several threads than on one."""
    with one_thread():
        yield


def _data(seed: int = 0, n: int = 150, p: int = 12, *, effect: float = 1.2):
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, p))
    time = random.exponential(np.exp(-effect * X[:, 0])) * 30 + 0.1
    censored = random.exponential(60, n) + 0.1
    return X, np.minimum(time, censored), time <= censored


def _concordance(time, event, risk):
    return survival.concordance(time, event, risk, n_boot=1).value


@pytest.fixture(params=learners.NAMES)
def name(request):
    return request.param


def test_a_planted_gene_is_found_and_risk_rises_with_hazard(name):
    X, time, event = _data()
    fresh, later, seen = _data(1, 300)
    model = learners.make(name).fit(X, time, event)
    risk = model.predict(fresh)
    assert risk.shape == (300,)
    assert _concordance(later, seen, risk) > (0.65 if name == "tree" else 0.7)
    low, high = np.zeros((1, 12)), np.zeros((1, 12))
    low[0, 0], high[0, 0] = -1.5, 1.5
    assert model.predict(high)[0] > model.predict(low)[0]


def test_noise_gives_one_half(name):
    X, time, event = _data(2, effect=0.0)
    found = [
        _concordance(t, e, learners.make(name).fit(X, time, event).predict(F)) for F, t, e in [_data(3, 600, effect=0)]
    ]
    assert abs(np.mean(found) - 0.5) < 0.06


def test_order_of_samples_and_unit_of_time_change_nothing(name):
    X, time, event = _data(4, 90)
    plain = learners.make(name).fit(X, time, event).predict(X)
    order = np.random.default_rng(0).permutation(90)
    moved = learners.make(name).fit(X[order], time[order] * 30.4375, event[order]).predict(X)
    np.testing.assert_allclose(moved, plain, rtol=1e-5, atol=1e-6)


def shaken(values, seed=0):
    """Values with relative noise in the last digits, as another processor gives."""
    return values * (1 + 1e-13 * np.random.default_rng(seed).uniform(-1, 1, values.shape))


@pytest.mark.parametrize("kind", ["plain", "tied"])
def test_last_digits_order_of_columns_and_threads_change_nothing(name, kind):
    X, time, event = _data(4, 90)
    if kind == "tied":  # tied months, features of few values
        time, X = np.ceil(time / 3), np.hstack([X[:, :6].round(), X[:, 6:]])
    plain = learners.make(name).fit(X, time, event).predict(X)
    size = np.abs(plain).max()
    columns, rows = np.random.default_rng(1).permutation(12), np.random.default_rng(2).permutation(90)
    moved = learners.make(name).fit(X[np.ix_(rows, columns)], time[rows], event[rows]).predict(X[:, columns])
    np.testing.assert_allclose(moved, plain, rtol=1e-9, atol=1e-9 * size)
    with threadpoolctl.threadpool_limits(2):
        other = learners.make(name).fit(shaken(X), shaken(time, 1), event).predict(shaken(X, 2))
    np.testing.assert_allclose(other, plain, rtol=1e-9, atol=1e-9 * size)


def _frame(X, names="abcdefghijkl"):
    return pd.DataFrame(X, columns=list(names))


def test_features_are_known_by_name(name):
    X, time, event = _data(14, 80)
    frame = _frame(X)
    model = learners.make(name).fit(frame, time, event)
    assert model.feature_names_in_.tolist() == list("abcdefghijkl")
    assert model.n_features_in_ == 12
    # a frame may keep its values in the other order of memory, and sums (single ones in a network) end otherwise
    np.testing.assert_allclose(
        model.predict(frame), learners.make(name).fit(X, time, event).predict(X), rtol=1e-6, atol=1e-8
    )
    for other in (frame[frame.columns[::-1]], _frame(X, "abcdefghijkx"), frame.iloc[:, :5], frame.assign(extra=1.0)):
        with pytest.raises(InputError, match=r"feature names should match|features"):
            model.predict(other)
    with pytest.warns(UserWarning, match="valid feature names"):
        model.predict(X)
    assert not hasattr(model.fit(X, time, event), "feature_names_in_")


def test_it_works_in_the_tools_of_scikit_learn_and_scikit_survival(name):
    from sklearn.model_selection import cross_val_score
    from sksurv.metrics import as_concordance_index_ipcw_scorer, as_cumulative_dynamic_auc_scorer
    from sksurv.util import Surv

    X, time, event = _data(15, 90, 5, effect=2.0)
    y = Surv.from_arrays(event, time)
    model = learners.make(name)
    one = model.fit(X, y).predict(X)
    np.testing.assert_array_equal(one, clone(model).fit(X, time, event).predict(X))
    assert model.score(X, y) == model.score(X, time, event) == pytest.approx(_concordance(time, event, one))
    assert (
        cross_val_score(clone(model), X, y, cv=2, error_score="raise").mean() > 0.4
    )  # of 45 samples a forest with leaves of 15 learns little
    for scorer in (
        as_concordance_index_ipcw_scorer(model, tau=40.0),
        as_cumulative_dynamic_auc_scorer(model, times=[10.0, 20.0]),
    ):
        assert scorer.fit(X, y).score(X, y) > 0.6


def test_it_is_searched_over_a_grid():
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sksurv.util import Surv

    X, time, event = _data(16, 120)
    y = Surv.from_arrays(event, time)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), learners.make("akritas")), {"akritas__share": [0.1, 0.2]}, cv=3,
        error_score="raise",
    )  # fmt: skip
    assert search.fit(_frame(X), y).best_score_ > 0.6
    assert search.predict(_frame(X)).shape == (120,)


NONSENSE = [None, "text", [], np.empty((0, 3)), 3, ["a", "b"], np.zeros(4), np.full((4, 2), "x"), {"a": 1}]


def test_what_is_no_data_is_one_error(name):
    X, time, event = _data(17, 40, 3)
    model = learners.make(name)
    with pytest.raises(NotFittedError) as raised:
        model.predict(X)
    assert isinstance(raised.value, exceptions.NotFittedError)
    for given in NONSENSE:
        for call in ((given, time, event), (X, given, event), (X, given), (given, given, given)):
            with pytest.raises(InputError):
                model.fit(*call)
        if given is not None:  # no event is scikit-learn's way to fit, and then times are no outcome
            with pytest.raises(InputError):
                model.fit(X, time, given)
    fitted = model.fit(X, time, event)
    for given in NONSENSE:
        with pytest.raises(InputError):
            fitted.predict(given)
        for call in ((given, time, event), (X, given, event), (X, given)):
            with pytest.raises(InputError):
                fitted.score(*call)


def test_sparse_and_complex_features_are_refused_with_a_word(name):
    X, time, event = _data(18, 40)
    with pytest.raises(InputError, match=r"[Ss]parse"):
        learners.make(name).fit(sparse.csr_array(X), time, event)
    with pytest.raises(InputError, match=r"[Cc]omplex"):
        learners.make(name).fit(X + 1j, time, event)


def _needs_no_outcome(check):
    """Checks of scikit-learn's that fit on no ordinary outcome: a learner's is a time and an event."""
    return check.func.__name__ in {
        "check_no_attributes_set_in_init", "check_parameters_default_constructible", "check_get_params_invariance",
        "check_set_params", "check_estimator_repr", "check_estimator_cloneable", "check_estimator_tags_renamed",
        "check_valid_tag_types", "check_mixin_order", "check_estimators_unfitted",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("estimator", "check"),
    [
        pair
        for name in learners.NAMES
        for pair in estimator_checks_generator(learners.make(name))
        if _needs_no_outcome(pair[1])
    ],
    ids=lambda part: getattr(getattr(part, "func", None), "__name__", type(part).__name__),
)
def test_scikit_learns_own_checks_that_need_no_outcome(estimator, check):
    check(estimator)


def test_units_of_features_change_nothing(name):
    X, time, event = _data(5, 90)
    scale, offset = np.linspace(0.1, 20, 12), np.linspace(-5, 50, 12)
    plain = learners.make(name).fit(X, time, event).predict(X)
    moved = learners.make(name).fit(X * scale + offset, time, event).predict(X * scale + offset)
    assert np.corrcoef(plain, moved)[0, 1] > 0.999 or np.ptp(plain) == np.ptp(moved) == 0


def test_fitting_is_repeatable_clonable_and_changes_no_argument(name):
    X, time, event = _data(6, 90)
    before = X.copy(), time.copy(), event.copy()
    model = learners.make(name, seed=3)
    risk = model.fit(X, time, event).predict(X)
    again = clone(model)
    assert again.get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        again.predict(X)
    np.testing.assert_array_equal(again.fit(X, time, event).predict(X), risk)
    for was, now in zip(before, (X, time, event), strict=True):
        np.testing.assert_array_equal(was, now)


def test_ties_constant_genes_and_more_genes_than_samples_are_borne(name):
    X, time, event = _data(7, 70, 100)
    X[:, 5] = 3.0
    risk = learners.make(name).fit(X, np.ceil(time / 10), event).predict(X)
    assert np.isfinite(risk).all()


def test_weights_are_honoured_or_refused(name):
    X, time, event = _data(13, 200)
    if not learners.make(name).takes_weights:
        with pytest.raises(InputError, match="has no use for weights"):
            learners.make(name).fit(X, time, event, weight=np.ones(200))
        return
    plain = learners.make(name).fit(X, time, event).predict(X)
    alike = learners.make(name).fit(X, time, event, weight=np.full(200, 3.0)).predict(X)
    np.testing.assert_allclose(alike, plain, rtol=1e-5, atol=1e-6)
    half = np.arange(200) < 100
    contrary = np.where(half, X[:, 0], -X[:, 0])  # the halves contradict each other: the heavy one is believed
    other = np.column_stack([contrary, X[:, 1:]])
    for heavy, sign in ((half, 1), (~half, -1)):
        model = learners.make(name).fit(other, time, event, weight=np.where(heavy, 30.0, 1.0))
        risk = model.predict(np.vstack([np.zeros((1, 12)), np.eye(12)[:1] * 1.5]))
        assert sign * (risk[1] - risk[0]) > 0
    with pytest.raises(InputError, match="1 of 200 weights"):
        learners.make(name).fit(X, time, event, weight=np.where(np.arange(200) == 4, 0.0, 1.0))
    with pytest.raises(InputError, match="one weight a sample"):
        learners.make(name).fit(X, time, event, weight=np.ones(3))


def test_cohorts_with_other_time_scales_are_compared_within_themselves(name):
    X, time, event = _data(8, 200)
    cohort = np.repeat(["a", "b"], 100)
    X[100:, 1] += 2  # a platform's offset that tells the cohorts apart
    slow = np.where(cohort == "b", time * 15, time)
    fresh, later, seen = _data(9, 300)
    risk = learners.make(name).fit(X, slow, event, stratum=cohort).predict(fresh)
    assert _concordance(later, seen, risk) > (0.62 if name == "tree" else 0.68)


def test_what_cannot_be_fitted_is_refused(name):
    X, time, event = _data(10, 40)
    with pytest.raises(InputError, match="1 events in 40"):
        learners.make(name).fit(X, time, np.arange(40) == 3)
    with pytest.raises(InputError, match="zero or negative"):
        learners.make(name).fit(X, np.where(np.arange(40) < 2, 0, time), event)
    holed = X.copy()
    holed[0, 0] = np.nan
    with pytest.raises(InputError, match="missing"):
        learners.make(name).fit(holed, time, event)
    with pytest.raises(InputError, match="12 features"):
        learners.make(name).fit(X, time, event).predict(X[:, :5])


def test_an_unknown_learner_has_a_neighbour():
    with pytest.raises(UnknownNameError, match="lasso"):
        learners.make("laso")


def test_a_forward_step_selects_and_leaves_noise():
    X, time, event = _data(11, 300, 30)
    chosen = learners.make("stepwise_forward").fit(X, time, event).selected_
    assert 0 in chosen
    noise = [len(learners.make("stepwise_forward").fit(*_data(seed, 300, 5, effect=0)).selected_) for seed in range(8)]
    assert np.mean(noise) < 2.5  # Akaike's criterion keeps a noise feature with chance .16 each


def test_the_lasso_is_sparse_and_the_ridge_is_not():
    X, time, event = _data(12, 200, 40)
    assert np.count_nonzero(learners.make("lasso").fit(X, time, event).coef_) < 25
    assert np.count_nonzero(learners.make("cox_ridge").fit(X, time, event).coef_) == 40
