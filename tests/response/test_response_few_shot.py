"""Measured responses of a sample move its other predictions, as a Gaussian process worked by hand says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.response import few_shot


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
    found = model.adapt(last, given, cohort=planted.cells).predict()
    shift = (found.mean - plain.mean).iloc[0]
    assert shift["D09"] < -0.5 < shift["D02"]
    assert (found.upper - found.lower)["D09"].iloc[0] < (plain.upper - plain.lower)["D09"].iloc[0]
    assert "given 2 measured responses" in found.reference
    assert found.general.iloc[0] > plain.general.iloc[0]


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
    found = model.adapt(last, given, cohort=planted.cells).predict(new)
    assert float(found.mean.iloc[0, 0]) < float(plain.mean.iloc[0, 0]) - 0.3


def test_what_cannot_be_adapted_is_told(model, planted):
    with pytest.raises(InputError, match="1 measured drugs are not among"):
        model.adapt("cell000", {"aspirin": 1.0})
    with pytest.raises(InputError, match="given twice"):
        model.adapt("cell000", {"D01": 1.0, "drug 1": 1.0})
    with pytest.raises(InputError, match="no finite"):
        model.adapt("cell000", {"D01": float("nan")})
    with pytest.raises(InputError, match="is not among the"):
        model.adapt("nobody", {"D01": 1.0})
    bare = orx.response.ResponseModel(("drug_mean",)).fit(planted, progress=False)
    with pytest.raises(InputError, match="needs the kernel core"):
        bare.adapt("cell000", {"D01": 1.0})
