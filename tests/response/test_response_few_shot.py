"""Measured responses of a sample move its other predictions, as a Gaussian process worked by hand says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.response import few_shot, panel


def test_the_posterior_of_two_drugs_by_hand():
    """Spreads 1 and 2, correlation .8, own share .5: shared covariance .4 * 2 = .8, so an error of 1 shifts by .8."""
    found = few_shot.ErrorCovariance(np.array([1.0, 2.0]), np.array([[1.0, 0.8], [0.8, 1.0]]), 0.5)
    shift, left = found.given(np.array([0]), np.array([1.0]))
    np.testing.assert_allclose(shift, [0.5, 0.8])
    # variance of the second: 2 - .8**2 / 1 shared, 2 of its own, of 4 in all
    np.testing.assert_allclose(left**2, [0.25 + 0.5, (2 - 0.64 + 2) / 4])


def test_planted_blocks_of_errors_are_learnt_and_used():
    random = np.random.default_rng(0)
    common = random.normal(size=(300, 2))
    errors = common[:, [0, 0, 0, 0, 1, 1, 1, 1]] + 0.5 * random.normal(size=(300, 8))
    errors[random.random(errors.shape) < 0.2] = np.nan
    found = few_shot.covariance(errors)
    assert found.correlation[0, 1] == pytest.approx(0.8, abs=0.08)
    assert found.correlation[0, 5] == pytest.approx(0.0, abs=0.12)
    shift, left = found.given(np.array([0, 1]), np.array([2.0, 2.0]))
    assert shift[2] > 1.0 > abs(shift[5])
    assert left[2] < 0.75
    assert left[5] > 0.95


@pytest.fixture(scope="module")
def model(planted):
    kept = planted.subset(cells=planted.cells.obs_names[:-1])
    return orx.response.ResponseModel(("kernel",)).fit(kept, progress=False)


def test_measured_drugs_move_their_group_and_narrow_it(model, planted):
    last = planted.cells.obs_names[-1]
    plain = model.predict(planted.cells[[last]])
    given = {"D01": float(plain.mean["D01"].iloc[0]) - 3, "drug 5": float(plain.mean["D05"].iloc[0]) - 3}
    found = model.adapt(last, given, cohort=planted.cells, assay="same").predict()
    shift = (found.mean - plain.mean).iloc[0]
    assert shift["D09"] < -0.5 < shift["D02"]
    assert (found.upper - found.lower)["D09"].iloc[0] < (plain.upper - plain.lower)["D09"].iloc[0]
    assert "given 2 measured responses" in found.reference
    assert found.general.iloc[0] > plain.general.iloc[0]


def test_level_and_preference_are_told_apart(model, planted):
    """Values a level lower for all drugs move what the assay would say, and hardly what another laboratory would."""
    last = planted.cells.obs_names[-1]
    plain = model.predict(planted.cells[[last]])
    low = plain.mean.iloc[0] - 2
    lower = model.adapt(last, low, cohort=planted.cells, assay="same", sure_of_unit=True)
    assert lower.line_level < -1
    assert abs(lower.carried.mean()) < 0.4 * abs(lower.line_level)
    here, there = lower.predict(), lower.predict(where="elsewhere")
    assert (here.mean - plain.mean).to_numpy().mean() == pytest.approx(lower.line_level)
    np.testing.assert_allclose((there.mean - plain.mean).to_numpy()[0], lower.carried)
    pd.testing.assert_frame_equal(there.upper - there.lower, plain.upper - plain.lower)
    pd.testing.assert_frame_equal(here.preference, there.preference)
    np.testing.assert_allclose(
        (there.preference - plain.preference).to_numpy()[0], lower.carried - lower.carried.mean(), atol=1e-9
    )
    assert "another laboratory" in there.reference
    with pytest.raises(InputError, match="where"):
        lower.predict(where="home")


def test_noise_that_no_other_laboratory_repeats_by_hand():
    """One drug, shared variance .5, own .5, noise 4: weight .5 / 5; with a level of variance 1 besides: .5 / 6."""
    found = few_shot.ErrorCovariance(np.array([1.0]), np.array([[1.0]]), 0.5)
    at, seen = np.array([0]), np.array([3.0])
    assert found.given(at, seen, noise=4.0)[0][0] == pytest.approx(0.3)
    assert found.given(at, seen, noise=4.0, level=1.0)[0][0] == pytest.approx(0.25)


def test_values_as_predicted_change_nothing(model, planted):
    last = planted.cells.obs_names[-1]
    plain = model.predict(planted.cells[[last]])
    found = model.adapt(last, plain.mean.iloc[0], cohort=planted.cells).predict()
    for name in ("mean", "preference"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(plain, name), atol=1e-9)
    pd.testing.assert_series_equal(found.general, plain.general, atol=1e-9)


def test_a_new_drug_takes_the_shift_of_drugs_like_it(model, planted):
    last = planted.cells.obs_names[-1]
    new = pd.DataFrame({"name": ["x"], "smiles": ["CCCCCCCCN"], "targets": ["GENE01"], "mechanism": ["group 1"]})
    plain = model.predict(planted.cells[[last]], new)
    given = {drug: float(model.predict(planted.cells[[last]]).mean[drug].iloc[0]) - 3 for drug in ("D01", "D05")}
    found = model.adapt(last, given, cohort=planted.cells, assay="same").predict(new)
    assert float(found.mean.iloc[0, 0]) < float(plain.mean.iloc[0, 0]) - 0.3


def test_what_cannot_be_adapted_is_told(model, planted):
    with pytest.raises(InputError, match=r"1 of 1 drugs were not found .*not in the screen the model was trained on"):
        model.adapt("cell000", {"aspirin": 1.0})
    with pytest.raises(InputError, match="given twice"):
        model.adapt("cell000", {"D01": 1.0, "drug 1": 1.0})
    with pytest.raises(InputError, match="no finite"):
        model.adapt("cell000", {"D01": float("nan")})
    with pytest.raises(InputError, match="'nobody' is not in the training screen"):
        model.adapt("nobody", {"D01": 1.0})
    bare = orx.response.ResponseModel(("drug_mean",)).fit(planted, progress=False)
    with pytest.raises(InputError, match="needs the kernel core"):
        bare.adapt("cell000", {"D01": 1.0})


def test_the_drugs_to_measure_first_by_hand():
    """Own share .5. Drug 0 tells drugs 1 (.8) and 2 (.6): (.4^2 + .3^2) / 1; drug 3, of large errors, nothing."""
    correlation = np.array([[1, 0.8, 0.6, 0], [0.8, 1, 0.2, 0], [0.6, 0.2, 1, 0], [0, 0, 0, 1]], dtype=float)
    errors = few_shot.ErrorCovariance(np.array([1.0, 1.0, 1.0, 2.0]), correlation, 0.5)
    every, none = np.arange(4), np.empty(0, dtype=int)
    chosen, explained = panel.in_order(errors, 1, free=every, done=none)
    assert list(chosen) == [0]
    np.testing.assert_allclose(explained, [(0.4**2 + 0.3**2) / 6])
    # once 0 is measured, .1 - .4 * .3 is left between drugs 1 and 2, and less of 1 than of 2
    chosen, explained = panel.in_order(errors, 1, free=np.array([1, 2, 3]), done=np.array([0]))
    assert list(chosen) == [1]
    np.testing.assert_allclose(explained, [(0.3**2 + 0.02**2 / (1 - 0.4**2)) / 5])


def test_what_is_said_to_be_explained_is_explained_by_measuring(planted):
    """In errors drawn from the covariance, the chosen drugs explain the share stated, and more than others do."""
    random = np.random.default_rng(1)
    factor = random.normal(size=(30, 3))
    correlation = factor @ factor.T + np.eye(30)
    scale = 1 / np.sqrt(np.diag(correlation))
    errors = few_shot.ErrorCovariance(random.uniform(0.5, 2, 30), correlation * np.outer(scale, scale), 0.2)
    covariance = errors.shared() + np.diag(errors.own_share * errors.spread**2)
    drawn = random.multivariate_normal(np.zeros(30), covariance, size=4_000)

    def share(at: np.ndarray) -> float:
        rest = np.setdiff1d(np.arange(30), at)
        shift = np.array([errors.given(at, row[at])[0] for row in drawn])
        return 1 - float(((drawn - shift)[:, rest] ** 2).sum() / (drawn[:, rest] ** 2).sum())

    chosen, explained = panel.in_order(errors, 4, free=np.arange(30), done=np.empty(0, dtype=int))
    assert (np.diff(explained) > 0).all()
    assert share(chosen) == pytest.approx(explained[-1], abs=0.02)
    assert all(share(random.permutation(30)[:4]) < share(chosen) for _ in range(5))


def test_measure_first_names_drugs_and_minds_what_is_at_hand(model):
    found = orx.response.measure_first(model, 3)
    assert list(found.columns) == ["name", "explained"]
    assert found["explained"].between(0, 1).all()
    assert found["explained"].is_monotonic_increasing
    first = found.index[0]
    other = orx.response.measure_first(model, 2, among=["drug 1", "D05", "D06"], measured=[first])
    assert set(other.index) <= {"D01", "D05", "D06"} - {first}
    assert other.loc[other.index[0], "name"] == model.screen_.drugs.loc[other.index[0], "name"]
    with pytest.raises(InputError, match="4 drugs were asked for of 2"):
        orx.response.measure_first(model, 4, among=["D01", "D02"])
    with pytest.raises(InputError, match="aspirin"):
        orx.response.measure_first(model, among=["aspirin"])


def test_the_level_of_another_assay_is_learnt_first(model, planted):
    """Values 4 ln uM too low throughout say nothing of other drugs; told to be of the same assay, they do."""
    last = planted.cells.obs_names[-1]
    plain = model.predict(planted.cells[[last]]).mean.iloc[0]
    low = plain[["D00", "D01", "D02", "D03", "D04", "D06"]] - 4
    told = {assay: model.adapt(last, low, cohort=planted.cells, assay=assay) for assay in (None, "same", "other")}
    moved = {assay: float((one.predict().mean.iloc[0] - plain).abs().mean()) for assay, one in told.items()}
    assert moved["other"] < 0.3 < 1.0 < moved["same"]
    assert moved[None] < 0.3
    assert told[None].other_assay > 0.9
    assert -4 < told[None].level < -2
    assert "of another assay with probability" in told[None].predict().reference
    assert "assay" not in told["same"].predict().reference
    with pytest.raises(InputError, match="assay is 'gCSI'"):
        model.adapt(last, low, cohort=planted.cells, assay="gCSI")
