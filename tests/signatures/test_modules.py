"""Prognosis from modules: filling in, the switch of the receptor, fitting, and saving."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

import omics_rx as orx
from omics_rx.core.cohort import with_info
from omics_rx.core.errors import InputError
from omics_rx.signatures import modules as mo
from omics_rx.signatures.assemble import prepare, training_set
from omics_rx.signatures.gate import Gate
from omics_rx.signatures.loadings import GeneLoadings, shipped_loadings
from omics_rx.signatures.scale import Correlations, Factors


def made_cohort(seed: int, n: int = 150, *, genes=None, effect: float = 1.0, record: bool = True) -> AnnData:
    """Each module a hidden factor; proliferation harms, ER function protects, immune cells protect without ER."""
    random = np.random.default_rng(seed)
    sets = mo.module_sets()
    er = random.random(n) < 0.7
    hidden = {name: random.normal(size=n) for name in mo.NAMES}
    hidden[mo.LEVEL] = np.where(er, 0.7, -1.6) + 0.3 * random.normal(size=n)
    immune = random.normal(size=n)
    for name in mo.IMMUNE:
        hidden[name] = 0.8 * immune + 0.6 * hidden[name]
    risk = hidden[mo.PROLIFERATION] - hidden[mo.FUNCTION]
    columns = {g: 0.8 * hidden[name] + 0.6 * random.normal(size=n) for name in reversed(mo.NAMES) for g in sets[name]}
    frame = pd.DataFrame(columns, index=[f"s{seed}-{i}" for i in range(n)]) * 1.5 + 8
    frame = frame if genes is None else frame[[gene for gene in genes if gene in frame]]
    hazard = np.where(er, 0.7 * risk, -0.9 * immune)
    time = random.exponential(60 * np.exp(-effect * hazard)) + 0.1
    censored = random.exponential(90, n) + 0.1
    obs = pd.DataFrame(
        {"time": np.minimum(time, censored), "event": time <= censored, "endpoint": "death"}, frame.index
    )
    if record:
        obs["er_status"] = np.where(er, "positive", "negative")
    return with_info(AnnData(frame.to_numpy(), obs=obs, var=pd.DataFrame(index=frame.columns)), unit="log2 intensity",
                     domain="tumour", origin=f"made {seed}")  # fmt: skip


@pytest.fixture(scope="module")
def told() -> GeneLoadings:
    frames = {str(seed): made_cohort(seed).to_df() for seed in (1, 2)}
    sets = mo.module_sets()
    return GeneLoadings.learn(frames, keep=[g for genes in sets.values() for g in genes], targets=sets, rank=12)


def test_factors_say_what_full_correlations_say():
    random = np.random.default_rng(0)
    loadings = random.normal(size=(7, 2)) * 0.5
    own = 1 - np.minimum((loadings**2).sum(axis=1), 0.9)
    dense = Correlations(loadings @ loadings.T + np.diag(own))
    weights, have = random.normal(size=(7, 3)), np.array([1, 0, 1, 1, 0, 1, 0], dtype=bool)
    factors = Factors(loadings, own)
    np.testing.assert_allclose(factors.conditional(weights, have), dense.conditional(weights, have), atol=1e-12)
    np.testing.assert_allclose(factors.variance(weights[have], have), dense.variance(weights[have], have), atol=1e-12)


def test_one_gene_speaks_for_another_by_hand():
    # loadings .8 and .6: correlation .48; a patient with z = 1 of the first has .48 of the second expected
    factors = Factors(np.array([[0.8], [0.6]]), np.array([0.36, 0.64]))
    own = factors.conditional(np.array([[0.0], [1.0]]), np.array([True, False]))
    assert own.item() == pytest.approx(0.48)


def test_the_receptor_on_record_goes_before_the_one_expressed():
    gate = Gate({"A": 1.0}, 0.5, {"B": 1.0}, 0.0, 4.0)
    share, told = gate.open(np.array([3.0, 3.0, 0.0, np.nan]), pd.DataFrame({"ER.status": ["neg", "pos", None, "NA"]}))
    assert share.tolist() == [0.0, 1.0, 0.5, 0.5]
    assert told == ["recorded", "recorded", "by expression", "by expression"]


def test_planted_weights_are_found_and_follow_the_receptor(told):
    recipe = mo.ModuleRecipe(loadings=told, penalty=1.0)
    train = training_set(prepare({str(s): made_cohort(s, 300) for s in (3, 4)}, role="training"), union=recipe.pool())
    fitted = recipe.fit(train, seed=0)
    parts = fitted.parts
    assert parts["ER+ proliferation"] > 0.3
    assert parts["ER+ function"] < -0.3
    assert parts["ER- immune"] < -0.3
    assert abs(parts["ER+ HER2"]) < 0.3
    gate = fitted.signature.gate
    assert gate.weights["CD3D"] < 0
    assert fitted.signature.weights["CD3D"] == 0


def test_cohorts_need_share_no_gene(told):
    half = [gene for at, gene in enumerate(told.genes) if at % 2]
    other = [gene for at, gene in enumerate(told.genes) if not at % 2]
    cohorts = prepare({"a": made_cohort(5, genes=half), "b": made_cohort(6, genes=other)}, role="training")
    recipe = mo.ModuleRecipe(loadings=told)
    train = training_set(cohorts, union=recipe.pool())
    held = training_set(prepare({"c": made_cohort(7)}, role="training"), union=recipe.pool())
    fitted = recipe.fit(train, seed=0)
    score = fitted.risks(np.nan_to_num(mo.scaled_within(held).to_numpy()), held)[0]
    found = orx.metrics.survival.concordance(held.time, held.event, score, n_boot=1).value
    assert found > 0.65
    with pytest.raises(InputError, match="none of the recipe's genes"):
        training_set(prepare({"a": made_cohort(5, genes=half)}, role="training"), union=["NOTHING"])


def test_the_fixed_score_is_a_difference_of_means(told):
    recipe = mo.ModuleRecipe(weights="fixed", loadings=told)
    train = training_set(prepare({"a": made_cohort(8)}, role="training"), union=recipe.pool())
    fitted = recipe.fit(train, seed=0)
    assert fitted.signature.gate is None
    z, sets = mo.scaled_within(train), mo.module_sets()
    plain = z[sets[mo.PROLIFERATION]].mean(axis=1) - z[sets[mo.FUNCTION]].mean(axis=1)
    score = fitted.risks(np.nan_to_num(z.to_numpy()), train)[0]
    np.testing.assert_allclose(score, plain / plain.std(ddof=1), atol=1e-8)


def test_a_study_of_modules_is_saved_and_scores_a_patient_alone(tmp_path):
    cohorts = {str(seed): made_cohort(seed, 80) for seed in (11, 12)}
    study = orx.signatures.build("modules", cohorts, n_folds=3)
    file = study.signature.save(tmp_path / "m.json")
    again = orx.signatures.load(file)
    new = made_cohort(13, 60)
    pd.testing.assert_frame_equal(again.score(new), study.signature.score(new))
    whole = again.score(new, reference="frozen", impute=False)
    alone = again.score(new[:1], reference="frozen", impute=False)
    assert alone["risk_score"].iloc[0] == pytest.approx(whole["risk_score"].iloc[0])
    parts = again.contributions(new)
    np.testing.assert_allclose(parts.sum(axis=1), again.score(new)["risk_score"], atol=1e-9)
    assert "left-out cohorts" in " ".join(study.limits)


def test_the_shipped_prognosis_fills_in_a_small_panel_and_says_how_well():
    signature = orx.signatures.load("prognosis")
    seven = ["ESR1", "ERBB2", "AURKA", "PLAU", "VEGFA", "STAT1", "CASP3"]
    random = np.random.default_rng(0)
    panel = pd.DataFrame(random.normal(8, 1, (40, 7)), columns=seven, index=[f"s{i}" for i in range(40)])
    cohort = with_info(AnnData(panel), unit="log2 intensity", domain="tumour", origin="made")
    scored = signature.score(cohort)
    assert scored["risk_score"].notna().all()
    assert scored["gene_coverage"].max() < 0.1
    assert 0.5 < scored["fidelity"].iloc[0] < 0.95
    assert (scored["reference"] == "cohort, imputed").all()
    assert (scored["er"] == "by expression").all()
    assert signature.assess(cohort).runs
    higher = panel.assign(AURKA=panel["AURKA"] + np.linspace(0, 3, 40))
    moved = signature.score(with_info(AnnData(higher), unit="log2 intensity", domain="tumour", origin="made"))
    assert np.corrcoef(moved["risk_score"] - scored["risk_score"], np.arange(40))[0, 1] > 0.7
    with pytest.raises(InputError, match="is needed"):
        signature.score(cohort[:, ["PLAU", "CASP3"]])


def test_any_shipped_score_can_be_filled_in():
    old = orx.signatures.load("recurrence_score")
    made = made_cohort(21, 60)
    cohort = made[:, [gene for gene in made.var_names if gene not in old.weights or gene == "BAG1"]]
    with pytest.raises(InputError, match="impute=True"):
        old.score(cohort)
    scored = old.score(cohort, impute=True)
    assert scored["risk_score"].notna().all()
    assert scored["gene_coverage"].max() < 0.1


def test_the_shipped_loadings_are_a_correlation():
    shipped = shipped_loadings()
    common = (shipped.loadings**2).sum(axis=1)
    assert common.max() < 1
    assert len(set(shipped.genes)) == len(shipped.genes) == 1200
    for name in orx.signatures.list().index:
        genes = orx.signatures.load(name).genes
        assert np.isin(genes, shipped.genes).mean() > 0.85, name


@pytest.mark.parametrize("given", [{"a": 1}, {}])
def test_modules_without_genes_are_refused(given):
    sets = mo.module_sets()
    bad = {mo.LEVEL: []} if given else {mo.HER2: []}
    with pytest.raises(InputError, match="have no genes"):
        mo.ModuleRecipe(sets=sets | bad)
