"""What the network reads: coordinates that lose nothing, pathways that tie genes together, steps that do not turn."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from omics_rx.core.errors import InputError
from omics_rx.response import similarity
from omics_rx.response.parts import network_inputs as inputs
from omics_rx.response.parts.network import GraphNetwork
from omics_rx.response.parts.network_optimiser import RowAdam
from omics_rx.response.parts.network_training import _unexplained
from omics_rx.response.prepare import training_of

SMALL = {"n_members": 1, "hidden": 16, "width": 8, "rank": 8, "n_steps": 30, "learning_rate": 1e-2}
GENES = np.array(["EGFR", "ERBB2", "MAPK1", "MAPK3", "TP53", "CDK4"])


@pytest.fixture
def z() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(9, 6))


def test_coordinates_of_lines_keep_all_their_products(z):
    read = z @ inputs.gene_basis(z, GENES, 0.0)
    np.testing.assert_allclose(read @ read.T, z @ z.T / (z**2).mean(), atol=1e-9)
    assert np.trace(read @ read.T) == pytest.approx(9 * 6)
    # principal: uncorrelated, the largest first
    gram = read.T @ read
    np.testing.assert_allclose(gram - np.diag(np.diag(gram)), 0, atol=1e-9)
    assert (np.diff(np.diag(gram)) <= 1e-9).all()


def test_pathways_tie_genes_together(z):
    """By pathways alone a line that has more of one gene and less of its like stands where it stood."""
    member = similarity.reactome([frozenset({gene}) for gene in GENES])
    norm = np.linalg.norm(member, axis=1)
    twins = member @ member.T / np.outer(norm, norm)
    assert twins[2, 3] > 0.8 > 0.2 > twins[4, 0]
    alone, mixed = (inputs.gene_basis(z, GENES, share) for share in (1.0, 0.5))
    np.testing.assert_allclose(z @ alone @ (z @ alone).T, (both := z @ member) @ both.T * 54 / (both**2).sum())
    apart = np.linalg.norm(alone[2] / norm[2] - alone[3] / norm[3])
    assert apart < 0.7 * np.linalg.norm(alone[2] / norm[2] - alone[4] / norm[4])
    plain = z @ z.T / (z**2).mean()
    np.testing.assert_allclose(z @ mixed @ (z @ mixed).T, (plain + both @ both.T * 54 / (both**2).sum()) / 2)


def test_pathways_without_a_gene_in_any_and_no_share_are_refused(planted):
    data = training_of(planted)[0]
    with pytest.raises(InputError, match="none of 40 genes"):
        GraphNetwork(**SMALL, pathways=0.5).fit(data)
    with pytest.raises(InputError, match="pathways is 2"):
        GraphNetwork(**SMALL, pathways=2).fit(data)


def test_pathways_change_what_is_predicted(planted):
    from dataclasses import replace

    import pandas as pd

    data = training_of(planted)[0]
    genes = pd.Index([*GENES, *data.cells.genes[6:]])
    cells = replace(data.cells, genes=genes)
    plain, tied = (
        GraphNetwork(**SMALL, pathways=share).fit(replace(data, cells=cells)).predict(cells, data.drugs)
        for share in (0.0, 0.5)
    )
    assert np.abs(plain - tied).max() > 0.01


def test_coordinates_of_drugs_keep_how_alike_they_are():
    alike = np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.2], [0.0, 0.2, 1.0]])
    read = alike @ inputs.drug_basis(alike)
    np.testing.assert_allclose(read @ read.T, 100 * alike, atol=1e-9)
    assert np.isfinite(inputs.drug_basis(np.zeros((3, 3)))).all()


def test_weights_turned_back_to_genes_predict_what_coordinates_did(planted):
    """Errors of the lines a member held back were measured on coordinates, predictions read genes."""
    data = training_of(planted)[0]
    part = GraphNetwork(**SMALL).fit(data)
    due = data.y - part.predict(data.cells, data.drugs)
    known = np.isfinite(part.errors_)
    assert known.any()
    np.testing.assert_allclose(part.errors_[known], due[known], atol=1e-4)


def test_a_first_step_is_the_gradient_over_its_size_in_the_row():
    weight = torch.nn.Parameter(torch.tensor([[3.0, 4.0], [0.0, 1.0]]))
    bias = torch.nn.Parameter(torch.tensor([2.0]))
    optimiser = RowAdam([weight, bias], lr=0.1, weight_decay=0.5)
    weight.grad, bias.grad = torch.tensor([[3.0, 4.0], [0.0, -2.0]]), torch.tensor([5.0])
    optimiser.step()
    # the root mean squares of the rows are sqrt(12.5) and sqrt(2); a twentieth of the weights decays
    due = [[2.85 - 0.3 / 12.5**0.5, 3.8 - 0.4 / 12.5**0.5], [0.0, 0.95 + 0.2 / 2**0.5]]
    np.testing.assert_allclose(weight.detach().numpy(), due, rtol=1e-6)
    assert bias.item() == pytest.approx(1.8)


def test_learning_does_not_depend_on_how_inputs_are_turned():
    random = np.random.default_rng(1)
    x, y = (torch.from_numpy(random.normal(size=shape)) for shape in ((30, 5), (30, 2)))
    turn = torch.from_numpy(np.linalg.qr(random.normal(size=(5, 5)))[0])
    start = torch.from_numpy(random.normal(size=(2, 5)))

    def learnt(kind, read, weights):
        value = torch.nn.Parameter(weights.clone())
        optimiser = kind([value], lr=0.05, weight_decay=0.01)
        for _ in range(25):
            optimiser.zero_grad()
            (read @ value.T - y).square().mean().backward()
            optimiser.step()
        return (read @ value.T).detach()

    one, two = (learnt(RowAdam, *given) for given in ((x, start), (x @ turn, start @ turn)))
    torch.testing.assert_close(one, two, atol=1e-9, rtol=0)
    one, two = (learnt(torch.optim.AdamW, *given) for given in ((x, start), (x @ turn, start @ turn)))
    assert (one - two).abs().max() > 0.01


def test_the_share_unexplained_does_not_mind_the_scale():
    measured, counted = torch.tensor([[1.0, 2.0, 9.0]]), torch.tensor([[1.0, 1.0, 0.0]])
    assert _unexplained(torch.tensor([[3.0, 6.0, 0.0]]), measured, counted) == pytest.approx(0.0, abs=1e-6)
    assert _unexplained(torch.tensor([[2.0, 0.0, 5.0]]), measured, counted) == pytest.approx(0.8)
    assert _unexplained(-measured, measured, counted) == 1.0
    assert _unexplained(torch.zeros(1, 3), measured, counted) == 1.0
