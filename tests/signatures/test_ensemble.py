"""Signatures from a searched ensemble: planted truth, what is distilled, the recipes."""

from __future__ import annotations

import numpy as np
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError, UnknownNameError
from omics_rx.signatures.assemble import prepare, training_set
from omics_rx.signatures.distill import NoSignalError
from omics_rx.signatures.ensemble import SearchedEnsemble
from omics_rx.signatures.recipes import RECIPES, resolve
from omics_rx.signatures.training import CohortScale

QUICK = ["plsrcox", "superpc", "lasso + cox_ridge", "gradient_boosting", "cox_univariate"]


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("OMICS_RX_CACHE", str(tmp_path / "cache"))


def _train(make_cohort, **more):
    return training_set(prepare({"a": make_cohort(1, **more), "b": make_cohort(2, shift=3, **more)}, role="training"))


def test_the_planted_genes_are_distilled_from_held_back_risks(make_cohort):
    train = _train(make_cohort)
    fitted = SearchedEnsemble(combinations=QUICK, n_genes=6, n_best=3, n_folds=3).fit(train, seed=0)
    assert set(fitted.genes) == {f"XQ{at:03d}" for at in range(6)}
    assert all((weight > 0) == (int(gene[2:]) < 3) for gene, weight in zip(fitted.genes, fitted.weights, strict=True))
    assert len(fitted.parts) == 3
    assert sum(fitted.parts.values()) == pytest.approx(1)
    z = CohortScale.learn(train).apply(train)
    small, full = fitted.risks(z, train)
    assert small.std(ddof=1) == pytest.approx(1)
    assert fitted.cutoff == pytest.approx(np.median(small))
    assert 0.5 < fitted.fidelity < 1
    assert np.corrcoef(small, full)[0, 1] > 0.6
    assert all(name in fitted.notes[0] for name in fitted.parts)


def test_the_mean_risk_is_the_mean_of_scaled_risks(make_cohort):
    train = _train(make_cohort)
    fitted = SearchedEnsemble(combinations=["plsrcox", "gradient_boosting"], n_best=2, n_folds=3).fit(train, seed=0)
    z = CohortScale.learn(train).apply(train)[:, train.columns(fitted.full_genes)]
    parts = [(fit.risk(z) - fit.risk(z).mean()) / fit.risk(z).std(ddof=1) for fit in fitted.full_model.fits]
    np.testing.assert_allclose(fitted.full_risk(z), np.mean(parts, axis=0), atol=1e-10)


def test_a_pool_is_kept_to_and_noise_is_refused(make_cohort):
    pool = [f"XQ{at:03d}" for at in (0, 3, *range(30, 60))]
    recipe = SearchedEnsemble([*pool, "ABSENT"], combinations=["plsrcox", "superpc"], n_genes=4, n_folds=3, name="mine")
    fitted = recipe.fit(_train(make_cohort), seed=0)
    assert {"XQ000", "XQ003"} <= set(fitted.genes) <= set(pool)
    assert set(fitted.patterns.values()) == {"mine"}
    with pytest.raises(InputError, match="1 of 2 genes of the pool"):
        SearchedEnsemble(["XQ000", "ABSENT"]).fit(_train(make_cohort), seed=0)


def test_noise_gives_no_signature(make_cohort):
    found = 0
    for seed in range(40, 46):
        train = training_set(prepare({"a": make_cohort(seed, effect=0.0)}, role="training"))
        try:
            SearchedEnsemble(combinations=["plsrcox", "superpc", "cox_ridge"], n_folds=3).fit(train, seed=0)
        except NoSignalError as error:
            assert "there is no signature in these data" in str(error)  # noqa: PT017 - some may pass by chance
        else:
            found += 1
    assert found <= 1


def test_a_study_from_an_ensemble_holds_outside_and_is_saved(make_cohort, tmp_path):
    study = orx.signatures.build(
        "custom", {"a": make_cohort(1), "b": make_cohort(2, shift=3)}, external={"c": make_cohort(3)},
        genes=[f"XQ{at:03d}" for at in range(60)], ensemble=["plsrcox", "superpc", "lasso"], n_genes=6, n_null=20,
        n_folds=3,
    )  # fmt: skip
    assert set(study.signature.genes) == {f"XQ{at:03d}" for at in range(6)}
    outside = study.table[(study.table["role"] == "external") & (study.table["method"] == "signature")].iloc[0]
    assert outside["lower"] > 0.6
    assert study.provenance.settings["ensemble"] == "plsrcox, superpc, lasso"
    assert any("combinations" in sentence for sentence in study.limits)
    assert orx.signatures.load_study(study.save(tmp_path / "s.orx")).limits == study.limits


def test_recipes_by_name_and_by_patterns(patterns):
    assert set(RECIPES) == {"cell_death", "custom", "immune", "modules"}
    made = resolve(patterns, n_genes=5, ensemble="fast")
    assert isinstance(made, SearchedEnsemble)
    assert made.pool() == {gene for genes in patterns.values() for gene in genes}
    assert resolve("custom", n_genes=5).pool() == set()
    with pytest.raises(UnknownNameError, match="list of combinations"):
        resolve("custom", n_genes=5, ensemble="fats")
    with pytest.raises(InputError, match="n_genes is 0"):
        resolve("custom", n_genes=0)


def test_the_immune_pool_is_of_blood_and_not_of_breast(gdsc2, monkeypatch):
    monkeypatch.setattr(orx.datasets, "load", lambda name: gdsc2)
    made = resolve("immune", n_genes=12)
    assert 300 < len(made.pool()) < 1500
    assert {"PTPRC", "CORO1A"} <= made.pool()
    assert not {"EPCAM", "KRT8", "ESR1"} & made.pool()
