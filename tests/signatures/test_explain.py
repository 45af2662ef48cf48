"""Shapley values: they add up, are those of the shap library, and leave missing genes missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.signatures.explain import explain, explain_linear, explain_model


def test_a_signature_adds_up_patient_by_patient(gse1992):
    index = orx.signatures.load("cell_death")
    found = explain(index, gse1992)
    total = found.base + found.parts.sum(axis=1)
    np.testing.assert_allclose(total, index.score(gse1992)["risk_score"], atol=1e-10)
    table = found.overall()
    assert table["importance"].is_monotonic_decreasing
    assert set(table.index) == set(index.genes)
    first = found.patient(found.risk.index[0])
    assert first.abs().is_monotonic_decreasing
    with pytest.raises(InputError, match="no patient 'nobody'"):
        found.patient("nobody")


def test_a_missing_gene_has_no_value_and_its_fellows_speak_for_it(gse1992):
    index = orx.signatures.load("cell_death")
    without = gse1992[:, [gene for gene in gse1992.var_names if gene != "S100A8"]]
    found, whole = explain(index, without), explain(index, gse1992)
    assert found.parts["S100A8"].isna().all()
    np.testing.assert_allclose(found.parts.sum(axis=1), found.risk, atol=1e-10)
    # S100A9 repeats S100A8 (r .82 in training), so most of the part goes there
    ratio = found.parts["S100A9"].std() / whole.parts["S100A9"].std()
    assert ratio > 1.5


def test_linear_values_are_those_of_the_shap_library():
    import shap

    random = np.random.default_rng(0)
    z = pd.DataFrame(random.normal(size=(50, 4)), columns=list("abcd"))
    weights = {"a": 1.0, "b": -2.0, "c": 0.5, "d": 0.0}
    found = explain_linear(weights, z)
    theirs = shap.LinearExplainer((np.array(list(weights.values())), 0.0), z.to_numpy())
    np.testing.assert_allclose(found.parts, theirs.shap_values(z.to_numpy()), atol=1e-8)
    np.testing.assert_allclose(found.base + found.parts.sum(axis=1), found.risk, atol=1e-12)
    with pytest.raises(InputError, match="genes are missing"):
        explain_linear({"e": 1.0}, z)


def test_sampled_values_near_those_of_the_shap_library():
    import shap

    random = np.random.default_rng(1)
    data = pd.DataFrame(random.normal(size=(8, 4)), columns=list("abcd"))
    background = pd.DataFrame(random.normal(size=(20, 4)), columns=list("abcd"))

    def predict(values):
        return values[:, 0] * values[:, 1] + np.maximum(values[:, 2], 0) - 0.5 * values[:, 3]

    found = explain_model(predict, data, background, n_permutations=200)
    np.testing.assert_allclose(found.base + found.parts.sum(axis=1), found.risk, atol=1e-10)
    exact = shap.explainers.Exact(predict, background.to_numpy())(data.to_numpy())
    theirs = np.asarray(exact.values)
    np.testing.assert_allclose(found.parts, theirs, atol=0.05)
    np.testing.assert_allclose(found.parts["d"], theirs[:, 3], atol=1e-10)  # adds up: no sampling error
    assert found.base == pytest.approx(float(exact.base_values[0]))


def test_a_forest_over_genes_is_explained_and_the_planted_gene_leads():
    from omics_rx.signatures import learners

    random = np.random.default_rng(2)
    x = pd.DataFrame(random.normal(size=(150, 5)), columns=[f"g{i}" for i in range(5)])
    time = random.exponential(np.exp(-1.5 * x["g2"])) + 0.01
    model = learners.make("gradient_boosting").fit(x.to_numpy(), np.asarray(time), np.ones(150, dtype=bool))
    found = explain_model(model.predict, x.iloc[:20], x.iloc[20:50], n_permutations=3)
    np.testing.assert_allclose(found.base + found.parts.sum(axis=1), found.risk, atol=1e-8)
    assert found.overall().index[0] == "g2"
    again = explain_model(model.predict, x.iloc[:20], x.iloc[20:50], n_permutations=3)
    pd.testing.assert_frame_equal(found.parts, again.parts)


def test_values_that_are_missing_are_refused():
    table = pd.DataFrame({"a": [1.0, np.nan]})
    with pytest.raises(InputError, match="values are missing"):
        explain_model(lambda x: x[:, 0], table, table.fillna(0))
    with pytest.raises(InputError, match="different genes"):
        explain_model(lambda x: x[:, 0], table, pd.DataFrame({"b": [1.0]}))


def test_an_explanation_fills_in_as_told(gse1992):
    """Each way of filling in has parts of its own, which add up to the score made so."""
    signature = orx.signatures.load("prognosis")
    partial = gse1992[:, [gene for gene in gse1992.var_names if gene not in set(signature.genes[::2])]]
    for impute in (True, False, None):
        found = orx.signatures.explain_signature(signature, partial, impute=impute, min_coverage=0.05)
        scored = signature.score(partial, impute=impute, min_coverage=0.05)["risk_score"].dropna()
        np.testing.assert_allclose(found.parts.sum(axis=1), scored, atol=1e-8)
        np.testing.assert_allclose(found.risk, scored, atol=1e-12)
    plain, filled = (
        orx.signatures.explain_signature(signature, partial, impute=told, min_coverage=0.05).parts
        for told in (False, True)
    )
    assert filled.shape[1] > plain.shape[1]
