"""The kernel core against naive computations of the same thing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.kernel_ridge import KernelRidge as SklearnKernelRidge

from omics_rx.core.errors import InputError
from omics_rx.response.parts.base import Cells, Training, known_cells
from omics_rx.response.parts.kernel_ridge import KernelRidge, _reach
from omics_rx.response.parts.kernel_solvers import solve, squared_distances
from omics_rx.response.parts.kernel_tuning import best_ridge
from omics_rx.response.prepare import training_of
from omics_rx.response.similarity import DrugFeatures


def test_each_drug_is_solved_exactly_on_its_own_cells(planted):
    """Parity with scikit-learn, drug by drug on the rows measured, though one inverse serves all drugs here."""
    training, _ = training_of(planted)
    training = replace(training, gene_sd=None)
    part = KernelRidge(gamma=0.25, ridge=0.3, together=False).fit(training)
    found = part.predict(training.cells.take(np.arange(10)), training.drugs)
    z = training.cells.z
    for column in range(training.y.shape[1]):
        rows = np.isfinite(training.y[:, column])
        mean = training.y[rows, column].mean()
        peer = SklearnKernelRidge(alpha=0.3, kernel="rbf", gamma=0.25 / z.shape[1])
        peer.fit(z[rows], training.y[rows, column] - mean)
        np.testing.assert_allclose(found[:, column], mean + peer.predict(z[:10]), atol=1e-8)


def test_gaps_are_filled_with_what_the_model_predicts(planted):
    training, _ = training_of(planted)
    part = KernelRidge(gamma=0.25, ridge=0.3, together=False).fit(training)
    kernel = part.alike(training.cells.z)
    gaps = np.isnan(training.y)
    np.testing.assert_allclose(part.completed_[gaps], (kernel @ part.dual_)[gaps], atol=1e-8)
    assert (part.dual_[gaps] == 0).all()
    np.testing.assert_allclose(part.completed_[~gaps], (training.y - part.drug_means_)[~gaps], atol=1e-12)


def test_a_drug_measured_in_one_cell_only():
    kernel = np.eye(4) * 0.5 + 0.5
    residual = np.full((4, 1), np.nan)
    residual[2, 0] = 3.0
    dual, completed = solve(kernel, residual, 0.5)
    # (1 + 0.5) a = 3, and the others get half of a
    np.testing.assert_allclose(dual[:, 0], [0, 0, 2, 0], atol=1e-12)
    np.testing.assert_allclose(completed[:, 0], [1, 1, 3, 1], atol=1e-12)


def test_distances_leave_missing_genes_out():
    a = np.array([[0.0, 1.0, np.nan], [1.0, 1.0, 1.0]])
    b = np.array([[0.0, 3.0, 9.0]])
    np.testing.assert_allclose(squared_distances(a, b), [[4 / 2], [(1 + 4 + 64) / 3]])
    # (2 * 0 + 1 * 4) / 3, and (2 * 1 + 1 * 4 + 3 * 64) / 6
    np.testing.assert_allclose(squared_distances(a, b, np.array([2.0, 1.0, 3.0])), [[4 / 3], [198 / 6]])
    with pytest.raises(InputError, match="none of the model's genes"):
        squared_distances(np.full((1, 3), np.nan), b)


def test_left_out_errors_agree_with_leaving_out(planted):
    training, _ = training_of(planted)
    part = KernelRidge(gamma=0.25, ridge=0.3, together=False).fit(training)
    assert np.array_equal(np.isfinite(part.errors_), np.isfinite(training.y))
    cell, drug = np.argwhere(np.isfinite(training.y))[17]
    have = np.flatnonzero(np.isfinite(training.y[:, drug]))
    rest = have[have != cell]
    kernel = part.alike(training.cells.z)
    left = training.y[rest, drug] - part.drug_means_[drug]
    weights = np.linalg.solve(kernel[np.ix_(rest, rest)] + 0.3 * np.eye(len(rest)), left)
    expected = training.y[cell, drug] - part.drug_means_[drug] - kernel[cell, rest] @ weights
    assert part.errors_[cell, drug] == pytest.approx(expected)


def test_a_gene_counts_by_its_spread_before_it_was_standardised(planted):
    training, reference = training_of(planted)
    np.testing.assert_array_equal(training.gene_sd, reference.sd)
    part = KernelRidge(gamma=0.25, ridge=0.3).fit(training)
    z, weight = training.cells.z, reference.sd / reference.sd.mean()
    far = (weight * (z[3] - z[8]) ** 2).sum() / weight.sum()
    assert part.alike(z[[3]])[0, 8] == pytest.approx(np.exp(-0.25 * far))


def test_leave_one_drug_out_in_closed_form():
    random = np.random.default_rng(0)
    factor = random.normal(size=(12, 4))
    kernel, targets = factor @ factor.T / 4, random.normal(size=(12, 3))

    def naive(ridge: float) -> float:
        total = 0.0
        for out in range(12):
            rest = np.delete(np.arange(12), out)
            weights = np.linalg.solve(kernel[np.ix_(rest, rest)] + ridge * np.eye(11), targets[rest])
            total += float(((targets[out] - kernel[out, rest] @ weights) ** 2).sum())
        return total

    ridges = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
    assert best_ridge(kernel, targets) == min(ridges, key=naive)


def test_both_unseen_is_the_kronecker_solution(planted):
    """Two steps equal the explicit two-step solution K (K + aI)^-1 Y (L + bI)^-1 L' on a complete table.

    Y is in units of each drug's reach, L is half likeness and half its square.
    """
    from omics_rx.response.similarity import MEAN_VIEWS, drug_kernel

    training, _ = training_of(planted)
    complete = Training(training.cells, training.drugs, np.nan_to_num(training.y, nan=1.0))  # all genes alike
    known = complete.take_drugs(np.arange(9))
    part = KernelRidge(gamma=0.25, ridge=0.3, drug_ridges=(0.7, 0.7), together=False).fit(known)
    fresh = np.random.default_rng(3).normal(size=(3, complete.cells.z.shape[1]))
    cells = Cells(
        pd.Index(["a", "b", "c"]), fresh, complete.cells.genes,
        pd.Series(None, index=["a", "b", "c"], dtype=object), pd.DataFrame(index=["a", "b", "c"]),
    )  # fmt: skip
    new = complete.drugs.take(np.arange(9, 12))
    kernel = np.exp(-0.25 * squared_distances(complete.cells.z, complete.cells.z))
    across = np.exp(-0.25 * squared_distances(fresh, complete.cells.z))
    alike, among = ((k + k**2) / 2 for k in (drug_kernel(drugs, known.drugs) for drugs in (new, known.drugs)))
    means = known.y.mean(axis=0)
    residual = across @ np.linalg.solve(kernel + 0.3 * np.eye(len(kernel)), known.y - means)
    spread = np.sqrt((known.y - means).std(axis=0))
    reach = spread / np.exp(np.log(spread).mean())
    line = (residual / reach).mean(axis=1, keepdims=True)
    carry = np.linalg.solve(among + 0.7 * np.eye(9), alike.T)
    strong, strength = (drug_kernel(drugs, known.drugs, views=MEAN_VIEWS) for drugs in (new, known.drugs))
    shift = (means - means.mean()) @ np.linalg.solve(strength + 0.7 * np.eye(9), strong.T)
    far = np.exp(np.log(reach) @ np.linalg.solve(strength + 0.7 * np.eye(9), strong.T))
    expected = means.mean() + shift + far * (line + (residual / reach - line) @ carry)
    np.testing.assert_allclose(part.predict(cells, new), expected, atol=1e-8)


def test_a_name_alone_does_not_make_a_cell_known(planted):
    training, _ = training_of(planted)
    cells = training.cells
    impostor = Cells(cells.names, cells.z[::-1].copy(), cells.genes, cells.tissue, cells.events)
    assert (known_cells(impostor, cells) >= 0).sum() == 0
    assert (known_cells(cells, cells) == np.arange(len(cells))).all()


def test_what_a_line_was_measured_to_do_is_carried_over_less_its_noise(planted):
    training, _ = training_of(planted)
    part = KernelRidge(gamma=0.25, ridge=0.3).fit(training.take_drugs(np.arange(9)))
    new, cells = training.drugs.take(np.arange(9, 12)), training.cells.take(np.array([4, 20]))
    predicted = part.predict(cells, part.training_.drugs) - part.drug_means_
    basis = 0.7 * part.completed_[[4, 20]] + 0.3 * predicted
    expected = part.global_mean_ + part.mean_shifts(new) + basis @ part.weights(new).T
    np.testing.assert_allclose(part.predict(cells, new), expected, atol=1e-10)


def test_reach_is_the_root_of_the_spread_and_never_nothing():
    """Spreads 1, 4, 16 and none, which counts as a tenth of the median 2.5: geometric mean (1 * 4 * 16 * .25)^(1/4)."""
    wave = np.array([-1.0, 1.0] * 10)
    found = _reach(np.outer(wave, [1.0, 4.0, 16.0, 0.0]))
    np.testing.assert_allclose(found, np.sqrt(np.array([1.0, 4.0, 16.0, 0.25]) / 2.0))


def test_a_drug_that_reaches_far_is_carried_over_at_its_own_scale(planted):
    """Twins of two drugs that do the same, one ten times as strongly: each new twin is given the reach of its own."""
    training, _ = training_of(planted)
    random = np.random.default_rng(0)
    shape = random.normal(size=(len(training.cells), 1))
    pick = training.drugs.take(np.array([0, 1]))
    drugs = DrugFeatures(
        pd.Index([f"drug {i}" for i in range(8)]), np.repeat(pick.bits, 4, axis=0), (frozenset(),) * 8,
        (frozenset(),) * 8, tuple(np.repeat(np.array(pick.smiles, dtype=object), 4)),
    )  # fmt: skip
    y = shape * np.repeat([0.2, 2.0], 4) + random.normal(0, 0.01, (len(shape), 8))
    part = KernelRidge(gamma=0.25, ridge=0.3).fit(Training(training.cells, drugs, y))
    new = DrugFeatures(pd.Index(["weak", "strong"]), pick.bits, (frozenset(),) * 2, (frozenset(),) * 2, pick.smiles)
    weak, strong = part.predict(training.cells, new).std(axis=0)
    assert 5 < strong / weak < 20
