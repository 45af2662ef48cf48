"""Frozen references: by hand, against scipy and scikit-learn, and what a new sample must not change."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from omics_rx.core.errors import InputError
from omics_rx.harmonize.reference import (
    GeneReference,
    QuantileReference,
    normal_scores,
    standardise_samples,
    within_sample_ranks,
)


@pytest.fixture
def training():
    values = np.random.default_rng(1).normal(8, 2, size=(30, 6))
    return pd.DataFrame(values, columns=list("ABCDEF"), index=[f"s{i}" for i in range(30)])


def test_mean_and_deviation_are_those_of_pandas_also_with_missing_values(training):
    training.iloc[3, 2] = np.nan
    reference = GeneReference.learn(training)
    np.testing.assert_allclose(reference.mean, training.mean())
    np.testing.assert_allclose(reference.sd, training.std())
    np.testing.assert_allclose(reference.z(training), (training - training.mean()) / training.std())


def test_missing_genes_are_nan_and_extra_genes_are_passed_over(training):
    z = GeneReference.learn(training).z(training[["F", "A"]].assign(Z=1.0).iloc[:2])
    assert z.columns.tolist() == list("ABCDEF")
    assert z.notna().all().tolist() == [True, False, False, False, False, True]


def test_constant_and_hardly_measured_genes_are_left_out_by_name(training):
    training["flat"], training["rare"] = 5.0, np.nan
    training.loc["s0", "rare"] = 1.0
    reference = GeneReference.learn(training)
    assert reference.constant == ("flat", "rare")
    assert "flat" not in reference.genes


def test_it_survives_json_and_is_frozen(training):
    reference = GeneReference.learn(training, unit="log2 intensity", domain="tumour", origin="gse1992")
    again = GeneReference.from_dict(json.loads(json.dumps(reference.as_dict())))
    np.testing.assert_array_equal(again.mean, reference.mean)
    np.testing.assert_array_equal(again.z(training), reference.z(training))
    assert (again.unit, again.domain, again.origin, again.n_samples) == ("log2 intensity", "tumour", "gse1992", 30)
    with pytest.raises(ValueError, match="read-only"):
        reference.mean[0] = 1
    with pytest.raises(InputError, match="has no sd, n_samples"):
        GeneReference.from_dict({"genes": ["A"], "mean": [1.0]})


def test_a_subset_keeps_order_and_values(training):
    part = GeneReference.learn(training).subset(["E", "nothing", "B"])
    assert part.genes == ("E", "B")
    np.testing.assert_allclose(part.mean, training[["E", "B"]].mean())


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pd.DataFrame({"A": [1.0, 2.0]}), "at least 3 samples"),
        (pd.DataFrame({"A": [1.0, 1.0, 1.0]}), "no gene varies"),
        (pd.DataFrame({"A": [1.0, np.inf, 1.0]}), "1 values are infinite"),
        (pd.DataFrame([[1.0, 2.0]] * 3, columns=["A", "A"]), r"1 genes stand twice \(A\)"),
    ],
)
def test_what_cannot_be_a_reference_is_refused(frame, words):
    with pytest.raises(InputError, match=words):
        GeneReference.learn(frame)


def test_quantiles_reproduce_quantile_normalisation_by_hand():
    frame = pd.DataFrame([[5.0, 2.0, 3.0], [4.0, 1.0, 6.0]], columns=list("ABC"))
    reference = QuantileReference.learn(frame, n_quantiles=3)
    np.testing.assert_allclose(reference.quantiles, [1.5, 3.5, 5.5])  # means of the sorted rows
    mapped = reference.apply(pd.DataFrame([[10.0, 30.0, 20.0]], columns=list("ABC")))
    assert mapped.loc[0, "B"] > mapped.loc[0, "C"] > mapped.loc[0, "A"]
    assert mapped.loc[0, "C"] == pytest.approx(3.5)


def test_a_sample_is_mapped_by_itself_and_only_by_its_ranks(training):
    reference = QuantileReference.learn(training)
    together = reference.apply(training)
    alone = reference.apply(np.exp(training.iloc[[4]]))
    np.testing.assert_allclose(alone, together.iloc[[4]])


def test_quantiles_survive_json_and_broken_ones_are_refused(training):
    reference = QuantileReference.learn(training)
    again = QuantileReference.from_dict(json.loads(json.dumps(reference.as_dict())))
    pd.testing.assert_frame_equal(again.apply(training), reference.apply(training))
    assert again.n_samples == len(training)
    for broken in ({}, {"quantiles": [1.0]}, {"quantiles": [2.0, 1.0]}):
        with pytest.raises(InputError, match="the file is not whole"):
            QuantileReference.from_dict(broken)


def test_ranks_and_normal_scores_are_those_of_scipy():
    row = pd.DataFrame([[3.0, 1.0, 1.0, np.nan, 9.0]])
    expected = (stats.rankdata([3, 1, 1, 9]) - 0.5) / 4
    np.testing.assert_allclose(within_sample_ranks(row).to_numpy()[0, [0, 1, 2, 4]], expected)
    np.testing.assert_allclose(normal_scores(row).to_numpy()[0, [0, 1, 2, 4]], stats.norm.ppf(expected))
    assert np.isnan(within_sample_ranks(row).iloc[0, 3])


def test_standardised_samples_equal_scipy_and_flat_ones_are_refused(training):
    np.testing.assert_allclose(standardise_samples(training), stats.zscore(training.to_numpy(), axis=1))
    training.loc["s7"] = 3.0
    with pytest.raises(InputError, match=r"1 samples do not vary among their genes \(s7\)"):
        standardise_samples(training)
