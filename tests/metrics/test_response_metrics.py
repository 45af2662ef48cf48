"""Response metrics: numbers worked by hand, parity with numpy and scipy, and what must not change them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from omics_rx.core.errors import InputError
from omics_rx.metrics import response as metrics


def frames(seed: int = 0, n_cells: int = 12, n_drugs: int = 6, missing: float = 0.2):
    random = np.random.default_rng(seed)
    index, columns = [f"c{i}" for i in range(n_cells)], [f"d{i}" for i in range(n_drugs)]
    measured = random.normal(size=(n_cells, n_drugs)) + np.arange(n_drugs)
    predicted = measured + random.normal(size=measured.shape)
    measured[random.random(measured.shape) < missing] = np.nan
    return pd.DataFrame(measured, index, columns), pd.DataFrame(predicted, index, columns)


def test_worked_by_hand():
    measured = pd.DataFrame([[1.0, 5.0], [3.0, np.nan], [2.0, 7.0]], list("abc"), ["x", "y"])
    predicted = pd.DataFrame([[1.0, 6.0], [2.0, 9.0], [3.0, 6.0]], list("abc"), ["x", "y"])
    # errors 0, 1, -1, -1, 1 over five measured pairs
    assert metrics.rmse(measured, predicted) == pytest.approx(np.sqrt(4 / 5))
    means = pd.Series({"x": 2.0, "y": 6.0})
    # measured less means: -1 1 0 -1 1, predicted: -1 0 1 0 0, both with mean 0: r = 1 / sqrt(4 * 2)
    assert metrics.normalised_r(measured, predicted, means) == pytest.approx(1 / np.sqrt(8))


def test_preference_of_a_two_by_two_table_by_hand():
    # double-centred: measured +-0.75, predicted +-0.5 with the same sign
    measured = pd.DataFrame([[1.0, 2.0], [3.0, 1.0]], list("ab"), ["x", "y"])
    predicted = pd.DataFrame([[0.0, 1.0], [0.0, -1.0]], list("ab"), ["x", "y"])
    assert metrics.preference_r(measured, predicted) == pytest.approx(1.0)
    assert metrics.double_centred(measured.to_numpy())[0, 0] == pytest.approx(-0.75)


def test_pearson_agrees_with_scipy():
    measured, predicted = frames()
    known = measured.notna().to_numpy()
    expected = stats.pearsonr(measured.to_numpy()[known], predicted.to_numpy()[known]).statistic
    assert metrics.pearson(measured, predicted) == pytest.approx(expected)
    column = metrics.per_drug_r(measured, predicted)["d2"]
    rows = measured["d2"].notna()
    assert column == pytest.approx(stats.pearsonr(measured["d2"][rows], predicted["d2"][rows]).statistic)


def test_double_centring_is_the_least_squares_two_way_fit():
    measured, _ = frames(3)
    values = measured.to_numpy()
    rows, columns = np.nonzero(np.isfinite(values))
    design = np.hstack([np.eye(len(values))[rows], np.eye(values.shape[1])[columns]])
    fit, *_ = np.linalg.lstsq(design, values[rows, columns], rcond=None)
    left = metrics.double_centred(values)
    np.testing.assert_allclose(left[rows, columns], values[rows, columns] - design @ fit, atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_preference_ignores_any_cell_and_drug_effect(seed):
    measured, predicted = frames(seed)
    random = np.random.default_rng(seed + 1)
    moved = predicted + random.normal(size=(len(predicted), 1)) * 3 + random.normal(size=predicted.shape[1]) * 3
    assert metrics.preference_r(measured, moved) == pytest.approx(metrics.preference_r(measured, predicted), abs=1e-5)


def test_means_alone_score_zero_and_not_by_rounding():
    measured, _ = frames(1)
    means = measured.mean()
    flat = pd.DataFrame(np.tile(means.to_numpy(), (len(measured), 1)), measured.index, measured.columns)
    assert metrics.normalised_r(measured, flat, means) == 0
    assert metrics.preference_r(measured, flat) == 0
    assert (metrics.per_drug_r(measured, flat) == 0).all()


def test_order_of_rows_and_columns_does_not_matter():
    measured, predicted = frames(2)
    turned = predicted.iloc[::-1, ::-1]
    assert metrics.preference_r(measured, turned) == pytest.approx(metrics.preference_r(measured, predicted))


def test_unpredicted_pairs_are_an_error_never_skipped():
    measured, predicted = frames(4)
    holes = predicted.copy()
    holes.loc["c1"] = np.nan
    with pytest.raises(InputError, match=r"no finite prediction.*c1"):
        metrics.pearson(measured, holes)
    with pytest.raises(InputError, match="1 cells and 0 drugs"):
        metrics.pearson(measured, predicted.drop(index="c3"))
    with pytest.raises(InputError, match="no training mean"):
        metrics.normalised_r(measured, predicted, pd.Series({"d0": 1.0}))


def test_drugs_of_few_cells_have_no_figure():
    measured, predicted = frames(5)
    measured.iloc[4:, 0] = np.nan
    assert np.isnan(metrics.per_drug_r(measured, predicted, min_cells=5)["d0"])


def test_two_pairs_have_a_correlation_and_one_has_none():
    two = pd.DataFrame({"d": [1.0, 3.0]}, index=["a", "b"])
    assert metrics.pearson(two, two * 2) == pytest.approx(1)
    assert metrics.pearson(two, -two) == pytest.approx(-1)
    assert metrics.per_drug_r(two, two, min_cells=2)["d"] == pytest.approx(1)
    with pytest.raises(InputError, match="1 measured pairs"):
        metrics.pearson(two.mask(two > 2), two)


def test_nullable_frames_are_read():
    measured, predicted = frames(6)
    nullable = measured.astype("Float64").mask(measured > 2)
    assert metrics.pearson(nullable, predicted) == pytest.approx(
        metrics.pearson(measured.mask(measured > 2), predicted)
    )


@pytest.mark.parametrize("figure", ["pearson", "rmse", "per_drug_r", "preference_r", "normalised_r"])
@pytest.mark.parametrize(
    ("measured", "predicted"),
    [
        (None, pd.DataFrame({"d": [1.0, 2]})),
        (pd.DataFrame({"d": [1.0, 2]}), None),
        (pd.DataFrame({"d": [1.0, 2]}), np.ones((2, 1))),
        ("measured", "predicted"),
        (pd.DataFrame(), pd.DataFrame()),
        (pd.DataFrame({"d": ["a", "b"]}), pd.DataFrame({"d": ["a", "b"]})),
        (pd.DataFrame({"d": [1.0, 2]}, index=["x", "x"]), pd.DataFrame({"d": [1.0, 2]}, index=["x", "x"])),
    ],
)
def test_what_is_no_frame_of_responses_is_one_error(figure, measured, predicted):
    more = (pd.Series({"d": 1.0}),) if figure == "normalised_r" else ()
    with pytest.raises(InputError):
        getattr(metrics, figure)(measured, predicted, *more)
