"""Few-marker panels: planted markers are found, noise is not, and nothing of the held-back fold is seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import exceptions
from sklearn.utils.estimator_checks import estimator_checks_generator

from omics_rx.core.errors import InputError, UnknownNameError
from omics_rx.signatures import classifiers
from omics_rx.signatures.classifiers import Strongest
from omics_rx.signatures.panel import search_panel
from omics_rx.signatures.panel_curves import fewest_markers, learning_curve


def _profiles(seed=0, n=80, *, effect=1.5, wide=40):
    random = np.random.default_rng(seed)
    outcome = pd.Series(np.arange(n) % 2, index=[f"c{i:03d}" for i in range(n)])
    good = random.normal(size=(n, wide))
    good[:, :2] += effect * outcome.to_numpy()[:, None]
    names = [f"m{i}" for i in range(wide)]
    noise = pd.DataFrame(random.normal(size=(n, wide)), outcome.index, names)
    return {"signal": pd.DataFrame(good, outcome.index, names), "noise": noise}, outcome


@pytest.mark.parametrize("name", classifiers.ALGORITHMS)
def test_every_classifier_finds_planted_markers_and_orders_by_class_1(name):
    profiles, outcome = _profiles(effect=2.0)
    found = search_panel(profiles, outcome, algorithms=[name], sizes=[3], n_permutations=0).table.set_index("profile")
    assert found.loc["signal", "reason"] == ""
    assert found.loc["signal", "mcc"] > 0.6
    assert found.loc["signal", "auc"] > 0.85
    assert abs(found.loc["noise", "mcc"]) < 0.45


def test_sixteen_classifiers():
    assert len(set(classifiers.ALGORITHMS)) == 16
    with pytest.raises(UnknownNameError, match="random_forest"):
        classifiers.make("random_forst", k=3)


def test_the_corrected_p_pays_for_the_whole_grid():
    profiles, outcome = _profiles()
    found = search_panel(profiles, outcome, algorithms=["lda", "naive_bayes", "cart"], sizes=[3], n_permutations=19)
    table = found.table
    assert table["p_corrected"].min() == pytest.approx(1 / 20)
    assert (table["p_corrected"] >= table["p_value"]).all()
    assert (table.loc[table["profile"] == "signal", "p_corrected"] <= 0.1).all()
    assert (table.loc[table["profile"] == "noise", "p_corrected"] > 0.1).all()
    assert found.null.shape == (19,)
    best = found.markers[(found.markers["profile"] == "signal") & (found.markers["share"] == 1)]
    assert {"m0", "m1"} <= set(best["marker"])
    assert (found.n, found.n_positive) == (80, 40)


def test_noise_with_many_markers_stays_noise():
    # choosing markers before splitting would reach an MCC near 1 here
    random = np.random.default_rng(3)
    outcome = pd.Series(np.arange(50) % 2, index=[f"c{i:02d}" for i in range(50)])
    wide = pd.DataFrame(random.normal(size=(50, 3000)), outcome.index)
    found = search_panel({"noise": wide}, outcome, algorithms=["lda", "ridge"], sizes=[10], n_permutations=0).table
    assert (found["mcc"].abs() < 0.45).all()


def test_the_number_of_jobs_and_the_order_of_samples_change_nothing():
    profiles, outcome = _profiles(n=40)
    settings = {"algorithms": ["lda", "cart"], "n_permutations": 3, "sizes": [3, 10]}
    one = search_panel(profiles, outcome, **settings)
    two = search_panel({name: frame[::-1] for name, frame in profiles.items()}, outcome[::-1], n_jobs=2, **settings)
    pd.testing.assert_frame_equal(one.table, two.table)
    np.testing.assert_array_equal(one.null, two.null)


def test_samples_without_a_class_or_a_profile_are_left_out():
    profiles, outcome = _profiles()
    outcome = outcome.astype(float)
    outcome.iloc[:4] = np.nan
    profiles["noise"] = profiles["noise"].iloc[:-6]
    profiles["signal"].iloc[10, 3] = np.nan  # one missing value is filled within the fold
    found = search_panel(profiles, outcome, algorithms=["lda"], sizes=[3], n_permutations=0)
    assert found.n == 70
    assert (found.table["reason"] == "").all()


def test_a_marker_unknown_in_one_class_is_not_taken_for_a_strong_one():
    random = np.random.default_rng(5)
    values, classes = random.normal(10, 1, (30, 3)), np.arange(30) % 2
    values[classes == 1, 0] = np.nan
    values[:, 2] += classes
    assert classifiers.Strongest(1).fit(values, classes).kept_.tolist() == [2]


def test_two_markers_are_enough_where_two_were_planted():
    profiles, outcome = _profiles(n=120, effect=1.5)
    found = fewest_markers(profiles["signal"], outcome, "lda", sizes=[1, 2, 8, 40], n_repeats=3)
    assert found.index[found["enough"]].item() <= 2
    assert found.loc[2, "mcc"] > found.loc[40, "mcc"]


def test_more_samples_teach_more():
    profiles, outcome = _profiles(n=200, effect=0.8)
    curve, gain = learning_curve(profiles["signal"], outcome, "lda", n_markers=5, n_repeats=15)
    assert curve["auc"].iloc[-1] > curve["auc"].iloc[0] + 0.02
    assert gain["lower"] < gain["per_100"] < gain["upper"]
    assert list(curve.index) == [40, 70, 100, 130, 160]


def test_what_cannot_be_judged_is_refused():
    profiles, outcome = _profiles()
    with pytest.raises(InputError, match="code the one looked for as 1"):
        search_panel(profiles, outcome + 1)
    with pytest.raises(InputError, match="4 samples of class 1"):
        search_panel(profiles, outcome.where(outcome.cumsum() <= 4, 0))


@pytest.mark.parametrize("call", [fewest_markers, learning_curve])
def test_one_door_for_profiles_and_classes(call):
    profiles, outcome = _profiles(wide=5)
    frame = profiles["signal"]
    twice = frame.rename(index={"c001": "c000"})
    cases = [
        (twice, outcome, "1 samples are named more than once in profile .c000"),
        (frame, outcome.rename({"c001": "c000"}), "1 samples are named more than once in classes"),
        (frame, outcome.map({0: "no", 1: "yes"}), "text"),
        (frame, outcome.rename(lambda name: f"x{name}"), "do the names match"),
        (frame.assign(m1="high"), outcome, "1 markers of profile are no numbers .m1"),
        (frame.to_numpy(), outcome, "not a frame"),
        (None, outcome, "not a frame"),
        (frame, outcome.to_numpy(), "classes as a Series"),
        (frame, None, "classes as a Series"),
        (frame, outcome.iloc[:0], "do the names match"),
    ]
    for profile, classes, says in cases:
        with pytest.raises(InputError, match=says):
            call(profile, classes, "lda")
    with pytest.raises(InputError, match="more than once in signal"):
        search_panel({"signal": twice}, outcome)


def _made(seed):
    profiles, outcome = _profiles(seed)
    return profiles["signal"], outcome


def test_infinite_values_are_refused():
    profile, outcome = _made(3)
    with pytest.raises(InputError, match="1 values of own are infinite"):
        search_panel({"own": profile.replace(profile.iloc[3, 2], np.inf)}, outcome)


def test_last_digits_and_order_of_markers_choose_no_other_panel():
    profiles, outcome = _profiles(4, wide=12)
    profile = profiles["signal"]
    profile = profile.round().assign(copy=profile.iloc[:, 0].round())  # few values: markers tie
    settings = {"algorithms": ["lda", "knn"], "sizes": (3,), "n_permutations": 2}
    plain = search_panel({"own": profile}, outcome, **settings)
    random = np.random.default_rng(0)
    noisy = profile * (1 + 1e-13 * random.uniform(-1, 1, profile.shape))
    for other in (profile.iloc[random.permutation(len(profile)), ::-1], noisy):
        found = search_panel({"own": other}, outcome, **settings)
        pd.testing.assert_frame_equal(found.table, plain.table, rtol=1e-9)
        pd.testing.assert_frame_equal(found.markers, plain.markers)


CHECKS = [
    (estimator, check) for estimator, check in estimator_checks_generator(Strongest(2))
    # what is no number is our InputError, a ValueError, where that check wants a TypeError; arrays of other libraries
    # are tried where scikit-learn itself is told to take them
    if check.func.__name__ not in ("check_dtype_object", "check_array_api_input")
]  # fmt: skip


@pytest.mark.parametrize(("estimator", "check"), CHECKS, ids=[check.func.__name__ for _, check in CHECKS])
def test_strongest_is_a_transformer_of_scikit_learns(estimator, check):
    check(estimator)


def test_strongest_takes_any_classes_and_knows_markers_by_name():
    profile, outcome = _made(5)
    plain = Strongest(3).fit(profile, outcome).kept_
    for labels in (outcome + 1, outcome.astype(bool), outcome.map({0: "no", 1: "yes"})):
        assert Strongest(3).fit(profile, labels).kept_.tolist() == plain.tolist()
    model = Strongest(3).fit(profile, outcome)
    assert model.get_feature_names_out().tolist() == profile.columns[plain].tolist()
    with pytest.raises(InputError, match="feature names should match"):
        model.transform(profile.iloc[:, ::-1])
    for nonsense in (None, "text", [], np.empty((0, 2)), np.zeros(4)):
        with pytest.raises(InputError):
            Strongest().fit(nonsense, outcome)
        with pytest.raises(InputError):
            Strongest().fit(profile, nonsense)
        with pytest.raises(InputError):
            Strongest(2).fit(profile.to_numpy(), outcome).transform(nonsense)
    with pytest.raises(InputError, match="one class"):
        Strongest().fit(profile, np.ones(len(profile)))
    with pytest.raises(exceptions.NotFittedError):
        Strongest().transform(profile)
