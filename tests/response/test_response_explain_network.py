"""Atoms and genes add up to what the graph network predicts, as captum says too, and do not depend on numbering."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.response import explain_network, few_shot
from omics_rx.response.explain import shares
from omics_rx.response.explain_network import blanked, explain_atoms
from omics_rx.response.parts.network import GraphNetwork
from omics_rx.response.prepare import training_of

SMALL = {"n_members": 2, "hidden": 16, "width": 8, "rank": 8, "n_steps": 40, "learning_rate": 1e-2}


@pytest.fixture(scope="module")
def data(planted):
    return training_of(planted)[0]


@pytest.fixture(scope="module")
def fitted(data) -> GraphNetwork:
    return GraphNetwork(**SMALL).fit(data, seed=0)


def pair(data, *, new: bool, smiles: str | None = None, cell: int = 3):
    drug = data.drugs.take(np.array([4]))
    names = pd.Index(["new"]) if new else drug.names
    return data.cells.take(np.array([cell])), replace(drug, names=names, smiles=(smiles or drug.smiles[0],))


@pytest.mark.parametrize("new", [False, True])
@pytest.mark.parametrize("known", [False, True])
def test_atoms_and_genes_add_up_to_the_prediction(fitted, data, new, known):
    cells, drugs = pair(data, new=new)
    if not known:
        cells = replace(cells, names=pd.Index(["other"]))
    found = explain_atoms(fitted, cells, drugs, tolerance=1e-3)
    assert found.prediction == pytest.approx(fitted.predict(cells, drugs)[0, 0], abs=1e-9)
    total = found.base + found.atoms.sum() + found.genes.sum() + found.gap
    assert total == pytest.approx(found.prediction, abs=1e-9)
    assert abs(found.gap) <= 1e-3
    assert list(found.atoms.index) == list(range(4))
    assert found.atoms.abs().max() > 1e-4


def test_a_missing_gene_adds_nothing_and_the_sum_still_holds(fitted, data):
    cells, drugs = pair(data, new=False)
    z = cells.z.copy()
    z[0, [0, 7]] = np.nan
    cells = replace(cells, z=z)
    found = explain_atoms(fitted, cells, drugs)
    assert found.prediction == pytest.approx(fitted.predict(cells, drugs)[0, 0], abs=1e-9)
    assert found.genes[["GENE00", "GENE07"]].tolist() == [0.0, 0.0]


@pytest.mark.needs("captum")
def test_captum_gives_the_same_contributions(fitted, data):
    from captum import attr as captum

    cells, drugs = pair(data, new=False)
    way = explain_network._Way(fitted, cells, drugs)
    found = explain_atoms(fitted, cells, drugs, tolerance=1e-3)

    def answer(atoms, bonds, genes):
        # captum lays the steps of a single example one behind the other
        steps = len(genes)
        flat = atoms.reshape(-1, atoms.shape[-1]), bonds.reshape(-1, bonds.shape[-1])
        return way._mean(lambda network: way._answers(network, *flat, genes)).reshape(steps)

    given = way.atoms[None], way.bonds[None], way.genes
    atoms, bonds, genes = captum.IntegratedGradients(answer).attribute(
        given, tuple(torch.zeros_like(value) for value in given), n_steps=1000, method="gausslegendre"
    )
    by_atom = atoms[0].sum(dim=1)
    for end in way.ends:
        by_atom = by_atom.index_add(0, end, bonds[0].sum(dim=1) / 2)
    np.testing.assert_allclose(found.atoms, by_atom.numpy(), atol=5e-3)
    np.testing.assert_allclose(found.genes.sort_index(), genes[0].numpy(), atol=5e-3)


def test_numbering_atoms_otherwise_moves_contributions_with_them(fitted, data):
    from rdkit import Chem

    text = "OCC(Cl)C(=O)N"
    order = [3, 0, 6, 1, 5, 2, 4]
    other = Chem.RenumberAtoms(Chem.MolFromSmiles(text), order)
    renumbered = Chem.MolToSmiles(other, canonical=False)
    written = [int(i) for i in other.GetProp("_smilesAtomOutputOrder").strip("[],").split(",")]
    one, two = (explain_atoms(fitted, *pair(data, new=True, smiles=smiles)) for smiles in (text, renumbered))
    np.testing.assert_allclose(two.atoms, one.atoms.to_numpy()[np.array(order)[written]], atol=1e-8)


def test_a_network_with_other_weights_explains_otherwise(fitted, data):
    other = GraphNetwork(**SMALL).fit(data, seed=9)
    one, two = (explain_atoms(part, *pair(data, new=False)).genes.sort_index() for part in (fitted, other))
    assert np.corrcoef(one, two)[0, 1] < 0.99


@pytest.fixture(scope="module")
def carried(planted_like):
    """Chains of carbon that end in oxygen or chlorine, 3 ln uM apart; each drug's target tells its lines apart."""
    planted = planted_like(n_cells=120, n_drugs=48, noise=0.1)
    data = training_of(planted)[0]
    n = np.arange(24)
    weak = n // 4 % 2
    smiles = tuple("C" * (3 + i % 12) + ("Cl" if weak[i] else "O") for i in n)
    drugs = data.drugs.take(n)
    # without a fingerprint nothing but atoms tells the two ends apart
    drugs = replace(drugs, smiles=smiles, bits=np.zeros_like(drugs.bits))
    own = np.argmax([[f"GENE{g:02d}" in targets for g in range(4)] for targets in drugs.targets], axis=1)
    gene = [data.cells.genes.get_loc(f"GENE{g:02d}") for g in own]
    y = 3.0 * weak - data.cells.z[:, gene]
    settings = {"n_members": 1, "hidden": 64, "width": 16, "rank": 32, "n_steps": 200, "learning_rate": 1e-2}
    plain = replace(data, drugs=drugs, y=y)
    return GraphNetwork(**settings).fit(plain, seed=0), plain, own


def test_the_atom_that_decides_is_found_and_blanking_it_moves_the_prediction_most(carried):
    network, data, _ = carried
    ends, moved, first = {}, {}, {}
    for end in ("Cl", "O"):
        cells, drugs = pair(data, new=True, smiles="C" * 9 + end)
        found = explain_atoms(network, cells, drugs, tolerance=0.05)
        change = [found.prediction - blanked(network, cells, drugs, [i]) for i in range(10)]
        ends[end], moved[end] = found.atoms[9], change[9]
        first[end] = found.atoms.abs().idxmax(), np.argmax(np.abs(change))
        assert blanked(network, cells, drugs, []) == pytest.approx(found.prediction, abs=1e-9)
    # which of the two ends the network takes for the usual one is its own choice, their difference is planted
    assert ends["Cl"] - ends["O"] > 1.5
    assert moved["Cl"] - moved["O"] > 1.5
    assert first[max(ends, key=lambda end: abs(ends[end]))] == (9, 9)


def test_the_gene_that_tells_a_drugs_lines_apart_leads_all_others(carried):
    network, data, own = carried
    z = data.cells.z[:8]
    for j in (4, 7):
        rows = [
            explain_atoms(network, data.cells.take(np.array([i])), data.drugs.take(np.array([j])), tolerance=0.05)
            for i in range(8)
        ]
        parts = np.array([row.genes.reindex(data.cells.genes).to_numpy() for row in rows])
        share = shares(parts, z)[0]
        assert data.cells.genes[share.argmax()] == f"GENE{own[j]:02d}"
        assert share.max() > 0.5


def test_what_cannot_be_explained_is_refused(fitted, data):
    cells, drugs = pair(data, new=True)
    with pytest.raises(InputError, match="give its SMILES"):
        explain_atoms(fitted, cells, replace(drugs, smiles=(None,)))
    with pytest.raises(InputError, match="one pair"):
        explain_atoms(fitted, data.cells, drugs)
    with pytest.raises(InputError, match="unexplained"):
        explain_atoms(fitted, cells, drugs, tolerance=0.0)


def test_a_model_without_the_network_says_so(planted):
    model = orx.response.ResponseModel(("drug_mean",)).fit(planted, progress=False)
    with pytest.raises(InputError, match="graph network"):
        few_shot.network_of(model)


def test_a_fitted_model_explains_a_pair_by_its_network_and_draws_it(planted):
    model = orx.response.ResponseModel({"network": SMALL}).fit(planted, progress=False)
    found = model.explain_network("cell003", "D05")
    mean = float(model.predict(planted.cells[["cell003"]]).mean["D05"].iloc[0])
    assert found.prediction == pytest.approx(mean, abs=1e-4)  # the network answers in single precision
    assert (found.cell_id, found.drug_id, found.smiles) == ("cell003", "D05", "CCOC")
    picture = found.svg()
    assert picture.startswith("<svg")
    assert picture.count("<ellipse") >= 4  # one ground for each atom
    kernel = orx.response.ResponseModel(("kernel",)).fit(planted, progress=False)
    with pytest.raises(InputError, match="needs the graph network"):
        kernel.explain_network("cell003", "D05")
