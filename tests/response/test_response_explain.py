"""Explanations add up, agree with differences taken numerically, and name the planted gene."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.response import explain, explain_atoms, similarity
from omics_rx.response.explain import gene_contributions
from omics_rx.response.parts.base import Cells
from omics_rx.response.parts.kernel_ridge import KernelRidge


@pytest.fixture(scope="module")
def model(planted):
    return orx.response.ResponseModel().fit(planted, progress=False)


@pytest.mark.parametrize(("cell", "drug"), [("cell000", "D00"), ("cell017", "D05"), ("cell055", "D10")])
def test_base_genes_and_rest_add_up_to_the_prediction(model, planted, cell, drug):
    found = model.explain(cell, drug)
    assert found.base + found.genes.sum() == pytest.approx(found.core, abs=1e-6)
    mean = float(model.predict(planted.cells[[cell]]).mean[drug].iloc[0])
    assert found.core + found.events["contribution"].sum() + found.rest == pytest.approx(mean, abs=1e-9)


def test_an_event_of_the_training_is_named_with_its_own_share(model, planted):
    carrier = planted.cells.obsm["events"]["ABC_mut"].idxmax()
    found = model.explain(carrier, "D00")
    assert found.events.index[0] == "ABC_mut"
    assert found.events["contribution"].iloc[0] < 0
    assert found.rest == pytest.approx(0, abs=1e-9)
    part = model.learnt_.stack.parts["genomic"]
    share = planted.cells.obsm["events"]["ABC_mut"].mean()
    assert found.events["contribution"].iloc[0] == pytest.approx(found.events["effect"].iloc[0] * (1 - share), abs=0.05)
    assert set(part.table().query("drug_id == 'D00'")["event"]) == set(found.events.index)
    other = planted.cells[[carrier]].copy()
    del other.obsm["events"]
    other.obs_names = ["other"]
    unknown = model.explain("other", "D00", cohort=other, domain="cell_line")
    assert (unknown.events["contribution"] == 0).all()
    assert unknown.events["state"].isna().all()


def test_a_model_without_events_explains_none(planted):
    from omics_rx.core.screen import DrugScreen

    cells = planted.cells.copy()
    del cells.obsm["events"]
    plain = orx.response.ResponseModel(parts=("kernel",)).fit(
        DrugScreen(planted.responses, cells, planted.drugs, "plain"), progress=False
    )
    assert plain.explain("cell000", "D00").events.empty


def test_contributions_agree_with_numerical_integration(model):
    kernel = model.learnt_.stack.parts["kernel"]
    z, lines, dual = kernel.training_.cells.z[3], kernel.training_.cells.z, kernel.dual_[:, 2]
    rate = kernel.gamma_ * kernel.importance_ / kernel.importance_.sum()

    def answer(x: np.ndarray) -> float:
        return float(np.exp(-((x - lines) ** 2) @ rate) @ dual)

    gene, h = 6, 1e-5
    step = np.zeros(len(z))
    step[gene] = h
    way = (np.arange(2000) + 0.5) / 2000
    slopes = [(answer(at * z + step) - answer(at * z - step)) / (2 * h) for at in way]
    assert gene_contributions(kernel, z, dual)[gene] == pytest.approx(z[gene] * np.mean(slopes), abs=1e-6)


def test_the_planted_gene_leads_over_lines(model, planted):
    for drug in ("D01", "D06", "D11"):
        size = sum(model.explain(cell, drug).genes.abs().reindex(planted.cells.var_names) for cell in
                   planted.cells.obs_names[:20])  # fmt: skip
        assert size.idxmax() == planted.drugs.loc[drug, "targets"]


def test_a_missing_gene_adds_nothing_and_the_rest_still_adds_up(model, planted):
    cohort = planted.cells[:1].to_df().copy()
    cohort.loc["cell000", "GENE07"] = np.nan
    cohort = cohort.rename(index={"cell000": "other"})
    found = model.explain("other", "D03", cohort=cohort, domain="cell_line")
    assert found.genes["GENE07"] == 0
    assert found.base + found.genes.sum() == pytest.approx(found.core, abs=1e-6)


def test_pathways_sum_their_genes(model):
    found = model.explain("cell000", "D00")
    table = found.pathways({"two": ["GENE00", "GENE01", "NOT_THERE"], "none": ["NOT_THERE"]})
    assert table.loc["two", "contribution"] == pytest.approx(found.genes["GENE00"] + found.genes["GENE01"])
    assert table.loc["two", "n_genes"] == 2
    assert pd.isna(table.loc["none", "contribution"])


def test_drugs_alike_exclude_the_drug_itself(model):
    found = model.explain("cell000", "D00")
    assert "D00" not in found.alike.index
    assert found.alike["structure"].is_monotonic_decreasing


def test_a_drug_is_known_by_its_name_in_any_case(model):
    name = model.screen_.drugs.loc["D00", "name"]
    assert name != "D00"
    assert model.explain("cell000", name.upper()).drug_id == model.explain("cell000", "D00").drug_id == "D00"


def test_an_unknown_drug_is_told(model):
    with pytest.raises(InputError, match="not in the screen the model was trained on"):
        model.explain("cell000", "aspirin")


NEW = pd.DataFrame({"name": ["x"], "smiles": ["OCCCC(=O)O"], "targets": ["GENE02"], "mechanism": ["group 2"]})


def test_a_new_drug_is_explained_by_genes_too(model, planted):
    cohort = planted.cells[:1].to_df().copy().rename(index={"cell000": "other"}) + 0.1
    found = model.explain("other", NEW, cohort=cohort, domain="cell_line")
    assert found.base + found.genes.sum() == pytest.approx(found.core, abs=1e-6)
    mean = float(model.predict(cohort, NEW, "cell_line").mean["x"].iloc[0])
    assert found.core + found.rest == pytest.approx(mean, abs=1e-9)
    assert found.rest == pytest.approx(0, abs=1e-9)


def test_shares_of_a_drug_add_up_and_agree_with_single_lines(model, planted):
    kernel = model.learnt_.stack.parts["kernel"]
    every = explain.LinePaths.of(kernel).contributions(kernel.dual_[:, 4])
    one = gene_contributions(kernel, kernel.training_.cells.z[9], kernel.dual_[:, 4])
    np.testing.assert_allclose(every[9], one, atol=1e-12)
    for drug in ("D04", "D07", NEW):
        found = model.explain_drug(drug)
        assert found.genes["share"].sum() == pytest.approx(1)
    whole = model.explain_drug("D04").pathways({"all": planted.cells.var_names, "none": ["NOT_THERE"]})
    assert whole.loc["all", "share"] == pytest.approx(1)
    assert pd.isna(whole.loc["none", "share"])
    for drug in ("D01", "D06", "D11"):
        found = model.explain_drug(drug)
        target = planted.drugs.loc[drug, "targets"]
        assert found.genes.index[0] == target
        assert found.genes.loc[target, "slope"] < 0  # planted: more of the gene, lower ln IC50


def test_atoms_targets_and_pathway_add_up_to_what_is_predicted_of_a_new_drug(model, planted):
    for cell in ("cell000", "cell031"):
        found = model.explain_atoms(NEW, cell)
        mean = float(model.predict(planted.cells[[cell]], NEW, "cell_line").mean["x"].iloc[0])
        assert found.core == pytest.approx(mean, abs=1e-6)  # similarities are in single precision
        assert found.parts["structure"] == pytest.approx(found.atoms["contribution"].sum(), abs=1e-12)
        assert found.parts.sum() == pytest.approx(found.core, abs=1e-9)
    assert sorted(found.atoms["symbol"]) == list("CCCCOOO")


def test_the_mean_over_training_lines_is_the_mean_of_the_lines(model, planted):
    every = np.mean([model.explain_atoms(NEW, cell).atoms["contribution"] for cell in planted.cells.obs_names], axis=0)
    np.testing.assert_allclose(model.explain_atoms(NEW).atoms["contribution"], every, atol=1e-9)


def test_a_training_drug_is_explained_by_the_others_as_a_refit_without_it_would(planted):
    settled = KernelRidge(gamma=0.25, ridge=0.3, drug_ridges=(1.0, 1.0), together=False)
    whole = orx.response.ResponseModel(("kernel",)).fit(planted, progress=False)
    training = whole.learnt_.training
    kernel = clone(settled).fit(training)
    whole.learnt_.stack.parts["kernel"] = kernel
    rest = np.delete(np.arange(12), 3)
    without = clone(settled).fit(training.take_drugs(rest))
    cells = training.cells.take(np.array([5]))
    moved = Cells(pd.Index(["other"]), cells.z, cells.genes, cells.tissue, cells.events)
    expected = without.predict(moved, training.drugs.take(np.array([3])))[0, 0]
    found = explain_atoms.explain_atoms(whole, "D03", moved)
    assert found.core == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_relabelling_atoms_changes_nothing(model, seed):
    from rdkit import Chem

    smiles = "CC(=O)Oc1ccccc1C(=O)NC"
    molecule = Chem.MolFromSmiles(smiles)
    order = [int(i) for i in np.random.default_rng(seed).permutation(molecule.GetNumAtoms())]
    shuffled = Chem.RenumberAtoms(molecule, order)
    rows = np.zeros(2048)
    rows[list(similarity._bits_of(smiles))] = np.random.default_rng(1).normal(size=len(similarity._bits_of(smiles)))
    first, _ = explain_atoms.over_atoms(molecule, rows)
    second, _ = explain_atoms.over_atoms(shuffled, rows)
    np.testing.assert_allclose(second, first[order], atol=1e-12)
    asked = [pd.DataFrame({"name": ["a"], "smiles": [Chem.MolToSmiles(m, canonical=False)]})
             for m in (molecule, shuffled)]  # fmt: skip
    one, two = (model.explain_atoms(frame, "cell004").atoms for frame in asked)
    np.testing.assert_allclose(sorted(one["contribution"]), sorted(two["contribution"]), atol=1e-9)


def test_shares_of_bits_by_hand():
    """Ethanol: a bit of one atom belongs to it alone; a bit of radius 1 about carbon 1 is shared by all three atoms."""
    from rdkit import Chem
    from rdkit.Chem import rdFingerprintGenerator

    molecule = Chem.MolFromSmiles("CCO")
    told = rdFingerprintGenerator.AdditionalOutput()
    told.AllocateBitInfoMap()
    maker = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048, includeChirality=True)
    maker.GetFingerprint(molecule, additionalOutput=told)
    (oxygen,) = (bit for bit, places in told.GetBitInfoMap().items() if (2, 0) in places)
    (whole,) = (bit for bit, places in told.GetBitInfoMap().items() if (1, 1) in places)
    rows = np.zeros(2048)
    rows[[oxygen, whole]] = [5.0, 3.0]
    np.testing.assert_allclose(explain_atoms.over_atoms(molecule, rows)[0], [1.0, 1.0, 6.0])


def test_the_drawing_is_an_svg_with_the_atoms_coloured(model):
    found = model.explain_atoms(NEW, "cell000").svg()
    assert found.startswith("<svg")
    assert found.rstrip().endswith("</svg>")
    assert found.count("<ellipse") + found.count("atom-") >= 7


def test_atoms_need_one_drug_with_a_structure(model, planted):
    with pytest.raises(InputError, match="2 drugs were given"):
        model.explain_atoms(pd.DataFrame({"name": ["a", "b"], "smiles": ["CCO", "CCCO"]}))
    with pytest.raises(InputError, match="no structure is known"):
        model.explain_atoms(pd.DataFrame({"name": ["a"], "targets": ["GENE01"]}))
    with pytest.raises(InputError, match="trained on"):
        model.explain_atoms("aspirin")
