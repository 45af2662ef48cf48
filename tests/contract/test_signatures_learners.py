"""What every survival learner must keep; a new one is tested by being registered."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

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
