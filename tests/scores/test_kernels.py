"""Kernels against numbers worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from omics_rx.scores.kernels.aucell import aucell
from omics_rx.scores.kernels.gsva import cumulative_densities, gsva
from omics_rx.scores.kernels.mean import mean
from omics_rx.scores.kernels.ranks import ascending, row_ranks, sparse_row_ranks
from omics_rx.scores.kernels.singscore import singscore
from omics_rx.scores.kernels.ssgsea import ssgsea
from omics_rx.scores.kernels.ulm import ulm
from omics_rx.scores.kernels.zscore import zscore


def members(*columns: list[float]) -> sparse.csr_array:
    return sparse.csr_array(np.array(columns).T)


def walked(values: np.ndarray, inside: np.ndarray, alpha: float) -> float:
    """ssGSEA as the paper tells it: one step a gene, from the highest, summing the two running sums' difference."""
    order = np.argsort(-values)
    rank = len(values) - np.arange(len(values))
    weight = np.where(inside[order], rank**alpha, 0.0)
    hit = np.cumsum(weight) / weight.sum()
    miss = np.cumsum(~inside[order]) / (~inside).sum()
    return float((hit - miss).sum())


class TestRanks:
    values = np.array([[2.0, 1.0, 2.0, 5.0], [np.nan, 3.0, 3.0, -1.0]])

    @pytest.mark.parametrize(
        ("ties", "expected"),
        [
            ("average", [[2.5, 1, 2.5, 4], [0, 2.5, 2.5, 1]]),
            ("first", [[2, 1, 3, 4], [0, 2, 3, 1]]),
            ("min", [[2, 1, 2, 4], [0, 2, 2, 1]]),
        ],
    )
    def test_ties_and_missing_genes(self, ties, expected):
        assert row_ranks(self.values, ties=ties).tolist() == expected


class TestSsgsea:
    def test_by_hand(self):
        # ranks 1 2 3 4 5; set {2, 5}: (2 + 5) / 2 - (15 - 7) / 3 with alpha 0
        values = np.array([[0.1, 0.2, 0.3, 0.4, 0.5]])
        score = ssgsea(values, members([0, 1, 0, 0, 1]), alpha=0)
        assert score.item() == pytest.approx(3.5 - 8 / 3)

    def test_closed_form_is_the_walk(self):
        random = np.random.default_rng(0)
        values = random.normal(size=(4, 60))
        inside = random.random((60, 3)) < 0.2
        scores = ssgsea(values, sparse.csr_array(inside.astype(float)))
        for row in range(4):
            for column in range(3):
                assert scores[row, column] == pytest.approx(walked(values[row], inside[:, column], 0.25), abs=1e-10)

    def test_shared_ties_are_the_mean_over_all_orders(self):
        from itertools import permutations

        values = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 3.0])
        inside = np.array([1.0, 0, 0, 1, 0, 0])
        shared = ssgsea(values[None], members(inside)).item()
        ordered = [
            ssgsea(values[None, list(order)], members(inside[list(order)]), ties="first").item()
            for order in permutations(range(6))
        ]
        assert np.ptp(ordered) > 0.5
        assert shared == pytest.approx(np.mean(ordered), abs=1e-12)

    def test_missing_gene_is_as_if_never_measured(self):
        random = np.random.default_rng(1)
        values = random.normal(size=(1, 30))
        inside = np.zeros(30)
        inside[:6] = 1
        gone = values.copy()
        gone[0, [2, 11]] = np.nan
        kept = np.setdiff1d(np.arange(30), [2, 11])
        assert ssgsea(gone, members(inside)).item() == ssgsea(values[:, kept], members(inside[kept])).item()

    def test_set_with_no_known_gene_is_missing(self):
        values = np.array([[np.nan, 1.0, 2.0]])
        assert np.isnan(ssgsea(values, members([1, 0, 0]))).all()


class TestMean:
    def test_weights_and_missing_genes(self):
        values = np.array([[1.0, 4.0, 10.0], [np.nan, 4.0, 10.0]])
        scores = mean(values, members([1, 1, 0], [2, -1, 0]))
        assert scores.tolist() == [[2.5, -2 / 3], [4.0, -4.0]]


class TestZscore:
    def test_by_hand(self):
        values = np.array([[1.0, 10.0, 0], [2.0, 20.0, 0], [3.0, 60.0, 0]])
        z_first = np.array([-1.0, 0.0, 1.0])
        z_second = (values[:, 1] - 30) / np.std(values[:, 1], ddof=1)
        scores = zscore(values, members([1, 1, 0], [1, -1, 0]))
        assert scores[:, 0] == pytest.approx((z_first + z_second) / np.sqrt(2))
        assert scores[:, 1] == pytest.approx((z_first - z_second) / np.sqrt(2))

    def test_constant_gene_counts_as_missing(self):
        values = np.array([[1.0, 7.1], [2.0, 7.1], [3.0, 7.1]])
        assert zscore(values, members([1, 1])).ravel() == pytest.approx([-1, 0, 1])
        assert np.isnan(zscore(values, members([0, 1]))).all()


class TestSingscore:
    def test_extremes_and_middle(self):
        values = np.arange(10.0)[None]
        top, bottom = np.zeros(10), np.zeros(10)
        top[7:], bottom[:3] = 1, 1
        scores = singscore(values, members(top, bottom, top - bottom, bottom - top))
        assert scores.ravel() == pytest.approx([0.5, -0.5, 1.0, -1.0])

    def test_by_hand(self):
        # ranks 1 and 4 of 5: mean 2.5 between 1.5 and 4.5
        assert singscore(np.array([[1.0, 2, 3, 4, 5]]), members([1, 0, 0, 1, 0])).item() == pytest.approx(1 / 3 - 0.5)

    def test_set_that_only_falls(self):
        values = np.arange(10.0)[None]
        bottom = np.zeros(10)
        bottom[:3] = -1
        assert singscore(values, members(bottom)).item() == pytest.approx(0.5)


class TestUlm:
    def test_is_the_t_of_a_regression(self):
        from scipy.stats import linregress

        random = np.random.default_rng(2)
        values, weights = random.normal(size=(3, 40)), np.where(random.random(40) < 0.3, random.normal(size=40), 0)
        scores = ulm(values, members(weights))
        for row, score in zip(values, scores.ravel(), strict=True):
            fit = linregress(weights, row)
            assert score == pytest.approx(fit.slope / fit.stderr)


class TestAucell:
    def test_by_hand(self):
        # 40 genes, top tenth: 4 places worth 3, 2, 1, 0; genes at places 1 and 3 add 4
        values = np.arange(40.0)[None]
        inside = np.zeros(40)
        inside[[39, 37, 5]] = 1
        # three genes can add 3 + 2 + 1 = 6
        assert aucell(values, members(inside), top=0.1).item() == pytest.approx(4 / 6)

    def test_shared_ties_are_the_mean_over_all_orders(self):
        random = np.random.default_rng(3)
        values, inside = random.integers(0, 4, 20).astype(float), (random.random(20) < 0.3).astype(float)
        shared = aucell(values[None], members(inside), top=0.3).item()
        ordered = []
        for _ in range(4000):
            order = random.permutation(20)
            ordered.append(aucell(values[None, order], members(inside[order]), top=0.3, ties="first").item())
        assert np.std(ordered) > 0.02
        assert shared == pytest.approx(np.mean(ordered), abs=4 * np.std(ordered) / np.sqrt(4000))

    def test_zeros_of_a_poor_cell_fill_the_top_alike(self):
        values = np.zeros((1, 40))
        values[0, 0] = 1
        inside = np.zeros(40)
        inside[:3] = 1
        dense = aucell(values, members(inside), top=0.1)
        poor = aucell(sparse.csr_array(values), members(inside), top=0.1)
        assert dense.item() == pytest.approx((3 + 2 * (2 + 1) / 39) / 6)
        assert poor.item() == pytest.approx(dense.item())


class TestGsva:
    def test_densities_are_those_of_all_pairs(self):
        from scipy.special import ndtr

        values = np.random.default_rng(4).standard_t(3, size=(60, 50))
        width = values.std(axis=0, ddof=1) / 4
        expected = ndtr((values[:, None, :] - values[None]) / width).mean(axis=1)
        assert cumulative_densities(values) == pytest.approx(expected, abs=1e-9)

    def test_walk_by_hand(self):
        # one sample per direction; ranks follow the values, N = 5: weights of ranks 5..1 are 2.5 1.5 0.5 0.5 1.5
        values = np.array([[1.0, 2, 3, 4, 5], [5.0, 4, 3, 2, 1], [2.0, 3, 1, 5, 4]])
        ranks = row = cumulative_densities(values)[0].argsort().argsort() + 1
        score = gsva(values, members([0, 0, 0, 1, 1]))[0, 0]
        place = {5 - rank + 1: gene for gene, rank in enumerate(row)}
        walk, best, worst = 0.0, 0.0, 0.0
        weights = {gene: abs(ranks[gene] - 2.5) for gene in (3, 4)}
        for position in range(1, 6):
            gene = place[position]
            walk += weights[gene] / sum(weights.values()) if gene in weights else -1 / 3
            best, worst = max(best, walk), min(worst, walk)
        assert score == pytest.approx(best + worst)

    @pytest.mark.parametrize(("n_samples", "mean"), [(4, 0.05), (12, 0.1), (40, 0.5), (10, 20)])
    def test_genes_that_tie_share_their_places(self, n_samples, mean):
        """Counts make many genes of one density; the grid's error must not order them."""
        from scipy.special import ndtr
        from scipy.stats import rankdata

        random = np.random.default_rng(11)
        values = np.log2(random.poisson(mean, (n_samples, 400)) + 1.0)
        values = values[:, values.std(axis=0) > 0]
        inside = (random.random((values.shape[1], 3)) < 0.05).astype(float)
        width = values.std(axis=0, ddof=1) / 4
        density = ndtr((values[:, None, :] - values[None]) / width).mean(axis=1)
        order = np.argsort(density, axis=1)
        steps = np.diff(np.take_along_axis(density, order, axis=1), axis=1, prepend=0) > 2e-9
        stepped = np.empty_like(density)
        np.put_along_axis(stepped, order, steps.cumsum(axis=1).astype(float), axis=1)
        ranks = rankdata(stepped, axis=1)
        n_genes = values.shape[1]
        found = gsva(values, sparse.csr_array(inside))
        for row, rank in enumerate(ranks):
            for column, member in enumerate(inside.T > 0):
                places = np.sort(n_genes - rank[member] + 1)
                weight = np.abs(np.sort(rank[member])[::-1] - n_genes / 2)
                miss = (places - np.arange(1, member.sum() + 1)) / (n_genes - member.sum())
                hit = weight.cumsum() / weight.sum()
                expected = max((hit - miss).max(), 0) + min((hit - weight / weight.sum() - miss).min(), 0)
                assert found[row, column] == pytest.approx(expected, abs=1e-9)

    def test_constant_gene_counts_as_missing(self):
        values = np.random.default_rng(5).normal(size=(10, 30))
        inside = np.zeros(30)
        inside[:5] = 1
        still = values.copy()
        still[:, [2, 20]] = 7.3
        kept = np.setdiff1d(np.arange(30), [2, 20])
        assert gsva(still, members(inside)) == pytest.approx(gsva(values[:, kept], members(inside[kept])))


LONG = 1500  # rows long enough to be ordered by counting


@pytest.mark.parametrize(
    "make",
    [
        lambda random: random.normal(6, 2, LONG),
        lambda random: random.normal(size=LONG).astype(np.float32),
        lambda random: random.integers(-3, 4, LONG).astype(float),
        lambda random: 1e6 + random.normal(size=LONG) * 1e-4,  # equal in 32 bits
        lambda random: 1 + random.integers(0, 50, LONG) * 1e-9,
        lambda random: random.normal(size=LONG) * 10.0 ** random.integers(-300, 300, LONG),
        lambda random: np.where(random.random(LONG) < 0.2, -np.nan, random.normal(size=LONG)),
        lambda random: np.where(random.random(LONG) < 0.3, -0.0, np.where(random.random(LONG) < 0.3, 0.0, 1.0)),
    ],
    ids=["usual", "32 bits", "ties", "close", "close ties", "wide range", "missing", "two zeros"],
)
def test_order_by_counting_is_the_order_by_comparison(make):
    row = make(np.random.default_rng(11))
    assert np.array_equal(ascending(row, stable=True), np.argsort(row, kind="stable"))
    order = ascending(row)
    assert np.array_equal(row[order], np.sort(row), equal_nan=True)
    assert np.array_equal(np.sort(order), np.arange(LONG))


@pytest.mark.parametrize(
    "spread",
    [
        lambda counts: counts,  # integers of 16 bits, which are ordered by counting
        lambda counts: counts * 70_000,  # integers beyond them
        lambda counts: np.log1p(counts) / 3,
    ],
    ids=["counts", "large counts", "logarithms"],
)
@pytest.mark.parametrize("n_genes", [40, 1500])
def test_sparse_samples_score_as_written_out(spread, n_genes):
    random = np.random.default_rng(21)
    values = spread(random.poisson(0.8, size=(12, n_genes)).astype(np.float64))
    values[3] = 0.0  # nothing stored
    values[4] = spread(np.full(n_genes, 2.0))  # nothing but ties
    values[5, : n_genes - 1] = 0.0
    table = sparse.csr_array(values)
    ranks, of_zeros = sparse_row_ranks(table)
    written = np.where(values > 0, ranks.toarray(), of_zeros[:, None])
    assert np.array_equal(written, row_ranks(values))
    inside = members(*(random.random((3, n_genes)) < 0.2).astype(float))
    for kernel, settings in ((aucell, {"top": 0.05}), (aucell, {"top": 0.7}), (ssgsea, {})):
        assert np.allclose(
            kernel(table, inside, **settings), kernel(values, inside, **settings), rtol=1e-11, atol=1e-10
        )
