"""What people hand in by mistake: answered with its limits said, or refused with what to do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError, OmicsRxError
from omics_rx.core.screen import DrugScreen


@pytest.fixture(scope="module")
def model(planted):
    return orx.response.ResponseModel().fit(planted, progress=False)


def asked(smiles, **more) -> pd.DataFrame:
    return pd.DataFrame({"name": ["x"], "smiles": [smiles], **{name: [value] for name, value in more.items()}})


@pytest.mark.parametrize(
    ("smiles", "message"),
    [
        ("C1CC", "1 of 1 SMILES are not molecules .x: C1CC"),
        ("not a molecule", "not molecules"),
        ("", "no structure, target or pathway"),
        ("   ", "no structure, target or pathway"),
        (None, "no structure, target or pathway"),
        ("CCCCO.c1ccccc1CC", "mixtures of several compounds .x.*each compound by itself"),
        ("[Na+].OC(=O)c1ccccc1Br.CCCCCN", "mixtures"),
    ],
)
def test_structures_that_cannot_be_answered_are_refused(model, planted, smiles, message):
    with pytest.raises(InputError, match=message):
        model.predict(planted.cells, asked(smiles), "cell_line")


@pytest.mark.parametrize(
    ("smiles", "warning"),
    [
        ("C", "1 heavy atoms"),
        ("[Na+]", "inorganic"),
        ("[He]", "no training compound holds He"),
        ("N.N.[Cl][Pt][Cl]", "inorganic"),
        ("C" * 500, "500 heavy atoms"),
        ("CC[Se]CC", "no training compound holds Se"),
    ],
)
def test_strange_structures_are_answered_with_a_warning(model, planted, smiles, warning):
    found = model.predict(planted.cells, asked(smiles), "cell_line")
    assert np.isfinite(found.mean.to_numpy()).all()
    assert warning in found.drugs.loc["x", "warning"]
    assert np.isfinite(model.explain_atoms(asked(smiles), "cell000").core)


def test_a_salt_is_its_compound(model, planted):
    one, two = (model.predict(planted.cells, asked(text), "cell_line").mean for text in ("CCCCN", "CCCC[NH3+].[Cl-]"))
    pd.testing.assert_frame_equal(one, two)


def test_a_drug_of_known_targets_without_structure_is_answered_with_a_warning(model, planted):
    found = model.predict(planted.cells, asked(None, targets="GENE01"), "cell_line")
    assert "no structure is known" in found.drugs.loc["x", "warning"]
    assert np.isfinite(found.mean.to_numpy()).all()


def test_a_screen_without_inchikeys_recognises_its_own_compounds(planted):
    bare = DrugScreen(planted.responses, planted.cells, planted.drugs.drop(columns="inchikey"))
    model = orx.response.ResponseModel(("kernel",)).fit(bare, progress=False)
    found = model.predict(bare.cells, bare.drugs, "cell_line")
    assert found.drugs["known"].all()
    pd.testing.assert_frame_equal(found.mean, model.predict(bare.cells, domain="cell_line").mean)


def test_a_cell_with_under_half_the_genes_is_named(model, planted):
    few = planted.cells.to_df().iloc[:3].copy()
    few.iloc[1, :25] = np.nan
    with pytest.raises(InputError, match=r"1 of 3 samples have under 50%.*cell001.*remove"):
        model.predict(few, domain="cell_line")


def test_a_cell_of_constant_expression_is_refused_and_named(model, planted):
    flat = planted.cells.to_df().iloc[:3].copy()
    flat.iloc[2] = 5.0
    with pytest.raises(InputError, match="cell002"):
        model.predict(flat, domain="cell_line")


def test_a_drug_with_three_measurements_is_learnt_without_false_confidence(planted):
    responses = planted.responses
    few = responses.index[responses["drug_id"].eq("D07")][3:]
    screen = DrugScreen(responses.drop(index=few), planted.cells, planted.drugs)
    model = orx.response.ResponseModel().fit(screen, progress=False)
    found = model.predict(planted.cells, domain="cell_line")
    assert np.isfinite(found.mean["D07"]).all()
    own = (found.upper - found.lower).iloc[0]
    assert own["D07"] >= own.drop("D07").median()


def test_an_unknown_tissue_gets_the_mean_of_all(planted):
    model = orx.response.ResponseModel(("tissue_mean",)).fit(planted, progress=False)
    cells = planted.cells[:2].copy()
    cells.obs["tissue"] = ["never seen", None]
    found = model.predict(cells, domain="cell_line").mean
    expected = model.predict(planted.cells[:1].copy()[:, :], domain="cell_line").mean
    assert np.isfinite(found.to_numpy()).all()
    np.testing.assert_allclose(found.iloc[0], found.iloc[1])
    assert not np.allclose(found.iloc[0], expected.iloc[0])


@pytest.fixture(scope="module")
def wide(planted_like) -> DrugScreen:
    """As many and as wide responses as a real screen has."""
    screen = planted_like(n_cells=260, n_drugs=40, noise=2.0)
    responses = screen.responses.assign(ln_ic50=screen.responses["ln_ic50"] * 1.4)
    return DrugScreen(responses, screen.cells, screen.drugs)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: (v + np.log(1000)).clip(upper=16.9), r"ln\(nM\).*subtract"),
        (lambda v: v / np.log(10), r"log10\(uM\).*multiply"),
        (lambda v: v / np.log(10) + 3, r"log10\(nM\).*2.3026"),
        (lambda v: 6 - v / np.log(10), r"pIC50.*2.3026"),
    ],
)
def test_responses_of_another_unit_are_refused_with_the_remedy(wide, change, message):
    orx.response.prepare.check_unit(wide.responses["ln_ic50"].to_numpy())
    wrong = wide.responses.assign(ln_ic50=change(wide.responses["ln_ic50"]))
    with pytest.raises(InputError, match=message):
        orx.response.ResponseModel().fit(DrugScreen(wrong, wide.cells, wide.drugs), progress=False)


def test_nanomolar_and_missing_values_do_not_become_a_screen(planted):
    for value, message in ((1e4, "natural logarithm of uM"), (np.nan, "not finite"), (np.inf, "not finite")):
        wrong = planted.responses.copy()
        wrong.loc[3, "ln_ic50"] = value
        with pytest.raises(InputError, match=message):
            DrugScreen(wrong, planted.cells, planted.drugs)


def test_infinite_expression_is_refused(model, planted):
    cells = planted.cells.to_df().iloc[:2].copy()
    cells.iloc[0, 0] = np.inf
    with pytest.raises(InputError, match="infinite"):
        model.predict(cells, domain="cell_line")


def test_a_structure_given_twice_and_ids_given_twice(model, planted):
    twice = pd.DataFrame({"name": ["a", "b"], "smiles": ["CCCO", "OCCC"]})
    found = model.predict(planted.cells, twice, "cell_line").mean
    np.testing.assert_allclose(found["a"], found["b"])
    with pytest.raises(InputError, match="stand twice"):
        model.predict(planted.cells, pd.DataFrame({"name": ["a", "a"], "smiles": ["CCCO", "CCO"]}), "cell_line")


def test_a_combination_that_was_trained_on_is_known_and_not_refused(planted):
    drugs = planted.drugs.copy()
    drugs.loc["D02", ["smiles", "inchikey"]] = ["CCCCO.c1ccccc1CC", None]
    screen = DrugScreen(planted.responses, planted.cells, drugs)
    model = orx.response.ResponseModel(("kernel",)).fit(screen, progress=False)
    found = model.predict(planted.cells, asked("c1ccccc1CC.OCCCC"), "cell_line")
    assert found.drugs.loc["x", "nearest"] == "D02"
    np.testing.assert_allclose(found.mean["x"], model.predict(planted.cells, domain="cell_line").mean["D02"])


NOTHING = [None, "text", [], {}, 5, np.empty(0), np.empty((0, 3)), pd.DataFrame()]
CALLS = {
    "fit": lambda given, model, screen: orx.response.ResponseModel(("kernel",)).fit(given),
    "predict": lambda given, model, screen: model.predict(given),
    "predict, drugs": lambda given, model, screen: model.predict(screen.cells[:2], given),
    "predict, domain": lambda given, model, screen: model.predict(screen.cells[:2], None, given),
    "predict, reference": lambda given, model, screen: model.predict(screen.cells[:2], None, "tumour", reference=given),
    "adapt, line": lambda given, model, screen: model.adapt(given, {"D01": 1.0}),
    "adapt, measured": lambda given, model, screen: model.adapt("cell000", given),
    "parts": lambda given, model, screen: orx.response.ResponseModel(given).fit(screen),
    "target": lambda given, model, screen: orx.response.ResponseModel(target=given).fit(screen),
    "coverage": lambda given, model, screen: orx.response.ResponseModel(coverage=given).fit(screen),
    "n_inner": lambda given, model, screen: orx.response.ResponseModel(n_inner=given).fit(screen),
    "folds": lambda given, model, screen: orx.response.folds(given),
    "folds, split": lambda given, model, screen: orx.response.folds(screen, given),
    "folds, n_folds": lambda given, model, screen: orx.response.folds(screen, n_folds=given),
    "evaluate": lambda given, model, screen: orx.response.evaluate(given, screen),
    "evaluate, screen": lambda given, model, screen: orx.response.evaluate(model, given),
    "out_of_fold": lambda given, model, screen: orx.response.out_of_fold(given, screen),
    "out_of_fold, screen": lambda given, model, screen: orx.response.out_of_fold(model, given),
    "leaks": lambda given, model, screen: orx.response.leaks(screen, given, given),
    "leaks, screen": lambda given, model, screen: orx.response.leaks(given, screen.matrix(), screen.matrix()),
    "load": lambda given, model, screen: orx.response.load(given),
    "save": lambda given, model, screen: model.save(given),
    "explain": lambda given, model, screen: model.explain(given, "D01"),
    "explain, drug": lambda given, model, screen: model.explain("cell000", given),
    "measure_first": lambda given, model, screen: orx.response.measure_first(given),
    "by_group": lambda given, model, screen: orx.response.by_group(given),
    "library": lambda given, model, screen: orx.response.library.assess(given, pd.DataFrame({"smiles": ["CCO"]})),
    "resistance": lambda given, model, screen: orx.response.resistance.assess(model, given),
}  # fmt: skip
FINE = {("predict, drugs", None), ("predict, domain", None), ("n_inner", 5), ("folds, n_folds", 5), ("save", "text"),
        ("parts", "text")}  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_nothing_text_and_empty_arrays_are_refused_by_one_error(call, model, planted):
    for given in NOTHING:
        told = given if given is None or isinstance(given, str | int) else id(given)
        if (call, told) in FINE:
            continue
        with pytest.raises(OmicsRxError):
            CALLS[call](given, model, planted)


@pytest.mark.filterwarnings("ignore")  # of pandas and numpy, on the way to the refusal
def test_poor_arguments_of_methods_are_refused_in_words(planted, raw_errors, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert raw_errors(planted) == []
    assert raw_errors(orx.response.ResponseModel()) == []
    assert raw_errors(orx.response.ResponseModel().fit(planted, progress=False), without=("fit",)) == []
