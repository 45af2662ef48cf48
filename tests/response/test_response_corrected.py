"""Corrected responses: nearer to the truth than the measurement, by a weight worked by hand, and never judged by."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.core.screen import DrugScreen
from omics_rx.response import corrected, few_shot


@pytest.fixture(scope="module")
def noisy(planted_like):
    """A screen measured with more noise, the same screen measured again, and without noise."""
    parts = [planted_like(n_cells=120, n_drugs=30, noise=noise, seed=7) for noise in (1.5, 1e-6)]
    truth = parts[1].matrix()
    random = np.random.default_rng(3)
    again = parts[0].responses.copy()
    kept = parts[1].responses.set_index(["cell_id", "drug_id"])["ln_ic50"]
    again["ln_ic50"] = kept.loc[pd.MultiIndex.from_frame(again[["cell_id", "drug_id"]])].to_numpy()
    again["ln_ic50"] = 1.2 * again["ln_ic50"] - 0.8 + random.normal(scale=1.5, size=len(again))
    second = DrugScreen(again, parts[0].cells, parts[0].drugs, "again", sure_of_unit=True)
    return parts[0], second, truth


@pytest.fixture(scope="module")
def model(noisy):
    return orx.response.ResponseModel(("kernel",)).fit(noisy[0], progress=False)


def rmse(values: pd.DataFrame, truth: pd.DataFrame) -> float:
    return float(np.sqrt(np.nanmean((values - truth).to_numpy() ** 2)))


def test_corrected_responses_are_nearer_to_the_truth(model, noisy):
    screen, second, truth = noisy
    alone, both = model.corrected(fill=False), model.corrected(second=second, fill=False)
    assert alone.n_pairs == screen.n_pairs
    measured, errors = screen.matrix(), [rmse(found.matrix(), truth) for found in (alone, both)]
    assert errors[0] < 0.85 * rmse(measured, truth)
    assert errors[1] < errors[0]
    assert both.drugs["weight_told_by"].str.contains("the second screen").all()
    assert both.drugs["own_weight"].between(0.05, 0.95).all()


def test_the_standard_deviation_holds_the_truth(model, noisy):
    truth = noisy[2]
    found = model.corrected(second=noisy[1], fill=False)
    mean, sd = found.matrix(), found.matrix("sd")
    inside = ((mean - truth).abs() <= 1.645 * sd).where(truth.notna() & mean.notna())
    assert 0.8 < float(np.nanmean(inside.to_numpy(dtype=float))) < 0.99


def test_what_was_not_measured_is_filled_and_marked(model, noisy):
    measured = noisy[0].matrix()
    rows = model.corrected().responses
    gap = rows["filled"].to_numpy()
    assert gap.sum() == measured.isna().to_numpy().sum()
    assert rows["measured"].isna().to_numpy().tolist() == gap.tolist()
    assert (rows.loc[gap, "weight"] == 0).all()
    assert np.isfinite(rows[["ln_ic50", "sd"]].to_numpy()).all()


def test_the_weight_of_two_measurements_by_hand():
    """Errors 1, -1 and 2, -2 (cut by twenty): in common 2, the first alone 1, the mean of both 2.25."""
    first = pd.DataFrame({"a": [1.0, -1.0] * 10})
    second = pd.DataFrame({"a": [2.0, -2.0, 0.0, 0.0] * 5})
    # common: (2 + 2 + 0 + 0) / 4 = 1 over 1; mean of both: (1.5^2, 1.5^2, .5^2, .5^2) / 4 = 1.25
    assert corrected.repeated(first, second, mean=False)["a"] == pytest.approx(1.0)
    assert corrected.repeated(first, second, mean=True)["a"] == pytest.approx(1 / 1.25)


def test_what_the_others_tell_is_what_leaving_one_out_tells():
    random = np.random.default_rng(0)
    errors = random.normal(size=(60, 1)) + random.normal(size=(60, 25))
    errors[0, 5] = np.nan
    shift, left_out = corrected.by_others(errors, level=0.5, noise=1.0)
    own = errors.copy()
    own[0, 3] = np.nan
    alone, _ = corrected.by_others(own, level=0.5, noise=1.0, learnt=(*few_shot.moments(errors), 0.1))
    assert np.isnan(left_out[0, 5])
    assert alone[0, 3] == pytest.approx(left_out[0, 3])
    assert shift[0, 3] != pytest.approx(left_out[0, 3])


def test_rescreens_tell_the_weight(noisy):
    screen, second, _ = noisy
    rows = pd.concat([screen.responses.assign(screen="1"), second.responses.assign(screen="2")])
    twice = DrugScreen(rows, screen.cells, screen.drugs, "twice", sure_of_unit=True)
    found = orx.response.ResponseModel(("kernel",)).fit(twice, progress=False).corrected()
    assert found.drugs["weight_told_by"].str.contains("re-screens").all()


def test_few_drugs_and_no_repeat_say_that_half_is_assumed(planted):
    found = orx.response.ResponseModel(("kernel",)).fit(planted, progress=False).corrected()
    assert found.drugs["weight_told_by"].unique().tolist() == ["nothing: half is assumed"]
    assert (found.drugs["own_weight"] == 0.5).all()


def test_no_model_learns_from_corrected_responses_or_is_judged_by_them(model):
    found = model.corrected()
    kept = found.subset(drugs=found.drugs.index[:5])
    fresh = orx.response.ResponseModel(("kernel",))
    measured = kept.matrix().notna()
    for use in (
        lambda: fresh.fit(kept),
        lambda: orx.response.folds(kept, "cell"),
        lambda: orx.response.evaluate(fresh, kept),
        lambda: orx.response.out_of_fold(fresh, kept),
        lambda: orx.response.leaks(kept, measured, measured),
        lambda: orx.response.check(kept, orx.response.folds(model.screen_, "cell")[0], "cell"),
    ):
        with pytest.raises(InputError, match="judges itself"):
            use()


def test_a_second_screen_must_have_measured_again(model, noisy):
    with pytest.raises(InputError, match="same measurements"):
        model.corrected(second=noisy[0])
    foreign = noisy[1].subset(cells=noisy[1].cells.obs_names[:10])
    with pytest.raises(InputError, match="shares no drug with 20 lines"):
        model.corrected(second=foreign)
    with pytest.raises(InputError, match="DrugScreen"):
        model.corrected(second="gdsc1")


def test_a_model_of_auc_is_told_why_not(planted):
    rows = planted.responses.assign(auc=lambda frame: 1 / (1 + np.exp(-frame["ln_ic50"] / 4)))
    screen = DrugScreen(rows, planted.cells, planted.drugs, "areas", sure_of_unit=True)
    with pytest.raises(InputError, match="ln uM"):
        orx.response.ResponseModel(("kernel",), target="auc").fit(screen, progress=False).corrected()
