"""Genomic events, trees, similarity and stacking: what each adds and what each leaves alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.response import similarity, stack
from omics_rx.response.parts.trees import Forest, leading_genes
from omics_rx.response.prepare import training_of


def test_the_planted_event_is_found_for_its_drug_and_no_other(planted):
    model = orx.response.ResponseModel().fit(planted, progress=False)
    table = model.learnt_.stack.parts["genomic"].table()
    assert list(table["drug_id"]) == ["D00"]
    assert list(table["event"]) == ["ABC_mut"]
    assert table["effect"].iloc[0] == pytest.approx(-2.5, abs=0.8)
    assert table["t"].iloc[0] < -4.2


def test_t_agrees_with_scipy(planted):
    from scipy import stats

    from omics_rx.response.parts.genomic import GenomicEvents

    training, _ = training_of(planted)
    t, carriers = GenomicEvents()._t(training.cells.events.to_numpy(), training.y)
    event = training.cells.events["ABC_mut"].to_numpy() == 1
    expected = stats.ttest_ind(training.y[event, 4], training.y[~event, 4], nan_policy="omit").statistic
    assert t[0, 4] == pytest.approx(float(expected))
    assert carriers[0, 4] == np.isfinite(training.y[event, 4]).sum()


def test_a_cell_without_genomics_loses_only_that_step(planted):
    whole = orx.response.ResponseModel(("kernel", "genomic")).fit(planted, progress=False)
    core = orx.response.ResponseModel(("kernel",)).fit(planted, progress=False)
    blind = planted.cells.copy()
    del blind.obsm["events"]
    found, due = whole.predict(blind, domain="cell_line"), core.predict(blind, domain="cell_line")
    pd.testing.assert_frame_equal(found.mean, due.mean)


def test_the_forest_kept_as_arrays_predicts_as_scikit_learn_does(planted):
    from sklearn.ensemble import RandomForestRegressor

    training, _ = training_of(planted)
    part = Forest(n_trees=12).fit(training, seed=4)
    row, column = np.nonzero(np.isfinite(training.y))
    features = part._features(training.cells, training.drugs, row, column)
    peer = RandomForestRegressor(12, min_samples_leaf=5, max_features=0.1, max_samples=0.3, random_state=4)
    peer.fit(features, training.y[row, column])
    np.testing.assert_allclose(part._ask(features), peer.predict(features), atol=1e-10)


def test_leading_genes_are_those_that_move_together():
    random = np.random.default_rng(0)
    z = random.normal(size=(300, 200))
    z[:, :10] = random.normal(size=(300, 1)) + 0.2 * z[:, :10]
    assert set(range(10)) <= set(leading_genes(z, 40).tolist())


def test_tanimoto_agrees_with_rdkit():
    from rdkit import DataStructs
    from rdkit.Chem import MolFromSmiles, rdFingerprintGenerator

    smiles = ["CC(=O)Oc1ccccc1C(=O)O", "OC(=O)c1ccccc1O", "CN1C=NC2=C1C(=O)N(C(=O)N2C)C"]
    maker = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048, includeChirality=True)
    prints = [maker.GetFingerprint(MolFromSmiles(text)) for text in smiles]
    bits = similarity.morgan_bits(smiles)
    expected = [[DataStructs.TanimotoSimilarity(a, b) for a in prints] for b in prints]
    np.testing.assert_allclose(similarity.tanimoto(bits, bits), expected, atol=1e-6)


def test_a_missing_structure_is_no_structure_not_a_random_one():
    bits = similarity.morgan_bits([None, "CCO"])
    assert bits[0].sum() == 0
    assert similarity.tanimoto(bits, bits)[0].tolist() == [0.0, 0.0]


def test_a_view_that_is_missing_counts_neither_for_nor_against():
    drugs = similarity.features(
        pd.DataFrame(
            {"smiles": ["CCO", "CCO", None], "targets": ["EGFR;ERBB2", None, "EGFR"], "pathway": [None, None, "RTK"]},
            index=list("abc"),
        )
    )
    kernel = similarity.drug_kernel(drugs, drugs)
    np.testing.assert_allclose(np.diag(kernel), 1.0)
    # a has structure, targets and Reactome, b structure alone: what they share counts 1 / sqrt(3)
    assert kernel[0, 1] == pytest.approx(1 / np.sqrt(3))
    # one shared target of 2 and 1, and the Reactome pathways in common, over sqrt(3 * 3) views
    shared = similarity.view("reactome", drugs, drugs)[0, 2]
    assert kernel[0, 2] == pytest.approx((1 / np.sqrt(2) + shared) / 3)
    assert np.linalg.eigvalsh(kernel).min() > -1e-12


def test_reactome_brings_targets_of_one_pathway_together_as_counted_by_hand():
    from omics_rx.core import resources

    names = ("MAP2K1", "EGFR", "TUBB", "NOGENE")
    one, two, far, none = (frozenset({gene}) for gene in names)
    found = similarity.reactome([one, two, far, none, one | none])
    sets = [set(text.split(";")) for text in resources.table("reactome_pathways.tsv.gz")["genes"]]
    common = sum(1 / len(own) for own in sets if {"MAP2K1", "EGFR"} <= own)
    size = [np.sqrt(sum(1 / len(own) for own in sets if gene in own)) for gene in names[:2]]
    drugs = similarity.features(pd.DataFrame({"targets": names}, index=list("abcd")))
    kernel = similarity.view("reactome", drugs, drugs)
    assert kernel[0, 1] == pytest.approx(common / (size[0] * size[1]))
    assert kernel[0, 1] > kernel[0, 2]
    assert not found[3].any()
    assert not kernel[3].any()
    np.testing.assert_allclose(found[4], found[0] / 2)
    assert np.diag(kernel)[:3] == pytest.approx(1.0)


def test_unreadable_structures_are_named():
    with pytest.raises(InputError, match=r"2 structures cannot be read.*banana"):
        similarity.morgan_bits(["banana", "CCO", "C1CC"])


def test_stacking_prefers_the_part_that_predicts(planted):
    model = orx.response.ResponseModel(("kernel", "global_mean", "drug_mean")).fit(planted, progress=False)
    weights = model.learnt_.stack.weights
    assert sum(weights.values()) == pytest.approx(1.0)
    assert weights["kernel"] > 0.8
    assert min(weights.values()) >= 0


def test_inner_folds_scale_genes_without_the_cells_they_hold_out(planted):
    training, _ = training_of(planted)
    inner, cells = stack.held_in(training, np.arange(20))
    np.testing.assert_allclose(inner.cells.z.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(inner.cells.z.std(axis=0), 1, atol=1e-12)
    assert abs(cells.z.mean(axis=0)).max() > 0.05
    assert not set(inner.cells.names) & set(cells.names)
