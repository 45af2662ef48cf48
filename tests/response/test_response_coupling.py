"""Drugs that learn from each other: closed forms against leaving out, planted directions, and chance."""

from __future__ import annotations

import numpy as np
import pytest

from omics_rx.response.parts import coupling


def _kernel(n: int, seed: int = 0, *, other: int = 0) -> tuple[np.ndarray, np.ndarray]:
    points = np.random.default_rng(seed).normal(size=(n + other, 4))
    kernel = np.exp(-0.2 * ((points[:, None] - points[None]) ** 2).sum(axis=2))
    return kernel[:n, :n], kernel[n:, :n]


def test_errors_of_a_direction_are_those_of_leaving_cells_out():
    """For one column there is one direction, so each ridge tried must agree with solving without the cell."""
    kernel, _ = _kernel(15)
    y = np.random.default_rng(1).normal(size=(15, 1))
    dual, errors = coupling._by_direction(kernel, y)

    def naive(ridge: float) -> np.ndarray:
        found = np.empty(15)
        for cell in range(15):
            rest = np.delete(np.arange(15), cell)
            weights = np.linalg.solve(kernel[np.ix_(rest, rest)] + ridge * np.eye(14), y[rest, 0])
            found[cell] = y[cell, 0] - kernel[cell, rest] @ weights
        return found

    best = min(coupling._RIDGES, key=lambda ridge: (naive(ridge) ** 2).sum())
    np.testing.assert_allclose(errors[:, 0], naive(best), atol=1e-9)
    np.testing.assert_allclose(dual[:, 0], np.linalg.solve(kernel + best * np.eye(15), y[:, 0]), atol=1e-9)


def test_a_shared_direction_is_predicted_better_together_than_drug_by_drug():
    """Thirty noisy drugs carry one hidden direction; alone each has little of it, together they have it."""
    random = np.random.default_rng(2)
    kernel, across = _kernel(120, seed=3, other=60)
    hidden = np.vstack([kernel, across]) @ random.normal(size=120) / 3
    loads = random.choice([-1.0, 1.0], size=30)
    truth = np.outer(hidden, loads)
    seen = truth[:120] + 2.0 * random.normal(size=(120, 30))
    together = coupling.couple(kernel, seen)
    found = together.centre + across @ together.dual
    alone = across @ np.column_stack(
        [coupling._by_direction(kernel, seen[:, [drug]] - seen[:, drug].mean())[0][:, 0] for drug in range(30)]
    )
    error = ((found - truth[120:]) ** 2).mean(), ((alone - truth[120:]) ** 2).mean()
    assert error[0] < 0.9 * error[1]


def test_noise_is_predicted_by_its_mean():
    random = np.random.default_rng(4)
    kernel, across = _kernel(100, seed=5, other=50)
    noise = random.normal(size=(100, 12))
    together = coupling.couple(kernel, noise)
    assert np.abs(across @ together.dual).mean() < 0.25
    assert ((together.left_out - noise) ** 2).mean() > 0.95


def test_adding_a_constant_to_a_drug_moves_its_centre_alone():
    kernel, _ = _kernel(40)
    values = np.random.default_rng(6).normal(size=(40, 5))
    first, second = coupling.couple(kernel, values), coupling.couple(kernel, values + np.arange(5))
    np.testing.assert_allclose(second.centre - first.centre, np.arange(5), atol=1e-12)
    np.testing.assert_allclose(second.dual, first.dual, atol=1e-9)


@pytest.mark.parametrize("n_drugs", [1, 2, 60])
def test_any_number_of_drugs_and_constant_ones(n_drugs):
    kernel, _ = _kernel(20)
    values = np.random.default_rng(7).normal(size=(20, n_drugs))
    values[:, 0] = 1.5
    found = coupling.couple(kernel, values)
    assert np.isfinite(found.dual).all()
    np.testing.assert_allclose(kernel @ found.dual[:, 0] + found.centre[0], 1.5, atol=1e-6)
