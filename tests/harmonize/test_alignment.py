"""Correlation alignment and consensus factors, against direct formulas, and on planted factors."""

import numpy as np
import pandas as pd
import pytest
from scipy import linalg, stats

from omics_rx import harmonize
from omics_rx.core.errors import InputError
from omics_rx.harmonize.alignment import Consensus, coral
from omics_rx.harmonize.domain import line_reference, to_training_scale

GENES = [f"G{i}" for i in range(30)]


def sample(seed, n=200, genes=GENES):
    random = np.random.default_rng(seed)
    mixing = random.normal(size=(len(genes), len(genes)))
    values = stats.zscore(random.normal(size=(n, len(genes))) @ mixing, ddof=1)
    return pd.DataFrame(values, index=[f"s{seed}_{i}" for i in range(n)], columns=genes)


def powered(frame, power, shrinkage):
    shrunk = (1 - shrinkage) * np.cov(frame.to_numpy().T) + shrinkage * np.eye(frame.shape[1])
    values, vectors = linalg.eigh(shrunk)
    return vectors * values**power @ vectors.T


@pytest.mark.parametrize("shrinkage", [0.05, 0.5, 1.0])
def test_coral_is_the_product_of_matrix_roots(shrinkage):
    cohort, lines = sample(1), sample(2, n=150)
    expected = cohort.to_numpy() @ powered(cohort, -0.5, shrinkage) @ powered(lines, 0.5, shrinkage)
    np.testing.assert_allclose(coral(cohort, lines, shrinkage=shrinkage), expected, atol=1e-8)


def test_coral_gives_the_cohort_the_covariance_of_the_lines():
    cohort, lines = sample(1, n=2000), sample(2, n=2000)
    done = np.cov(coral(cohort, lines, shrinkage=1e-6).to_numpy().T)
    np.testing.assert_allclose(done, np.cov(lines.to_numpy().T), atol=1e-3)


def test_coral_works_with_fewer_samples_than_genes_and_changes_nothing_at_full_shrinkage():
    cohort, lines = sample(1, n=12), sample(2, n=15)
    expected = cohort.to_numpy() @ powered(cohort, -0.5, 0.3) @ powered(lines, 0.5, 0.3)
    np.testing.assert_allclose(coral(cohort, lines, shrinkage=0.3), expected, atol=1e-8)
    np.testing.assert_allclose(coral(cohort, lines, shrinkage=1.0), cohort, atol=1e-10)


def test_angles_between_the_domains_are_those_of_scipy_and_factors_are_orthonormal():
    cohort, lines = sample(3), sample(4)
    found = Consensus.learn(cohort, lines, n_components=6)
    bases = [linalg.svd(f - f.mean(), full_matrices=False)[2][:6].T for f in (lines.to_numpy(), cohort.to_numpy())]
    np.testing.assert_allclose(np.arccos(found.cosines), np.sort(linalg.subspace_angles(*bases)), atol=1e-6)
    np.testing.assert_allclose(found.factors @ found.factors.T, np.eye(6), atol=1e-8)
    assert ((found.places >= 0) & (found.places <= 1)).all()


def test_planted_factors_that_both_share_come_first():
    random = np.random.default_rng(0)
    shared = linalg.orth(random.normal(size=(30, 3)))
    own = [linalg.orth(random.normal(size=(30, 3))) for _ in range(2)]

    def made(of_domain, n, seed):
        noise = np.random.default_rng(seed)
        values = 4 * noise.normal(size=(n, 3)) @ shared.T + 4 * noise.normal(size=(n, 3)) @ of_domain.T
        return pd.DataFrame(values + 0.3 * noise.normal(size=(n, 30)), columns=GENES)

    lines, cohort = made(own[0], 300, 1), made(own[1], 200, 2)
    found = Consensus.learn(cohort, lines, n_components=6)
    assert (found.cosines[:3] > 0.97).all()
    angle = linalg.subspace_angles(found.factors[:3].T, shared)
    assert np.degrees(angle).max() < 12


def test_a_factor_lies_where_lines_and_cohort_are_spread_alike():
    cohort, lines = sample(5), sample(6)
    found = Consensus.learn(cohort, lines, n_components=4)
    of_lines = (lines - lines.mean()).to_numpy() @ found.factors.T
    of_cohort = (cohort - cohort.mean()).to_numpy() @ found.factors.T
    first = Consensus.learn(lines, lines, n_components=4)
    assert first.places.tolist() == [0, 0, 0, 0]
    for k in range(4):
        assert stats.ks_2samp(of_lines[:, k], of_cohort[:, k]).statistic < 0.2


def test_the_place_on_the_arc_is_the_one_that_scipy_would_choose():
    cohort, lines = sample(9), sample(10)
    found = Consensus.learn(cohort, lines, n_components=3)
    bases = [linalg.svd(f - f.mean(), full_matrices=False)[2][:3] for f in (lines.to_numpy(), cohort.to_numpy())]
    left, cosines, right = linalg.svd(bases[0] @ bases[1].T)
    for k, (first, last) in enumerate(zip(left.T @ bases[0], right @ bases[1], strict=True)):
        angle = np.arccos(cosines[k])
        gaps = []
        for step in np.linspace(0, 1, 51):
            factor = (np.sin((1 - step) * angle) * first + np.sin(step * angle) * last) / np.sin(angle)
            gaps.append(stats.ks_2samp((lines - lines.mean()) @ factor, (cohort - cohort.mean()) @ factor).statistic)
        assert gaps[round(50 * found.places[k])] == pytest.approx(min(gaps))


def test_what_is_kept_lies_in_the_space_of_the_factors():
    cohort, lines = sample(7), sample(8)
    found = Consensus.learn(cohort, lines, n_components=5)
    kept = found.keep(lines)
    pd.testing.assert_frame_equal(found.keep(kept), kept)
    assert np.linalg.matrix_rank(kept.to_numpy()) == 5
    np.testing.assert_allclose(found.project(kept), found.project(lines), atol=1e-8)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda a, b: coral(a, b, shrinkage=0.0), "must be above 0"),
        (lambda a, b: coral(a, b[GENES[::-1]]), "other genes"),
        (lambda a, b: coral(a.iloc[:4], b), "the cohort have fewer than 5 samples"),
        (
            lambda a, b: Consensus.learn(a.where(a.index.to_series() != a.index[0]), b),
            "30 genes are missing in some sample",
        ),
        (
            lambda a, b: Consensus.learn(a, b).project(a.drop(columns="G3")),
            r"1 genes are missing in some sample \(G3\)",
        ),
    ],
)
def test_what_cannot_be_aligned_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call(sample(1), sample(2))


def test_lines_of_another_platform_are_told_and_are_near_by_a_reference_of_their_own():
    genes = [f"G{i}" for i in range(400)]
    random = np.random.default_rng(0)
    level = random.normal(0, 2, 400)
    names = [f"line {i}" for i in range(80)]
    own = pd.DataFrame(level + random.normal(size=(80, 400)), names, genes)
    probes = random.normal(0, 6, 400)  # shift each gene alike in all lines
    other = own + probes
    reference = line_reference(own)
    near = to_training_scale(own, genes, domain="cell_line", reference=reference)
    far = to_training_scale(other, genes, domain="cell_line", reference=reference)
    assert "far off" not in near.statement
    assert "80 of 80 lie far off" in far.statement
    assert "pass a reference of lines measured on it" in far.statement
    moved = to_training_scale(other.iloc[:5], genes, domain="cell_line", reference=line_reference(other.iloc[5:]))
    assert "far off" not in moved.statement
    likeness = np.corrcoef(moved.z.to_numpy().ravel(), near.z.iloc[:5].to_numpy().ravel())[0, 1]
    assert likeness > 0.8 > np.corrcoef(far.z.iloc[:5].to_numpy().ravel(), near.z.iloc[:5].to_numpy().ravel())[0, 1]


@pytest.mark.filterwarnings("ignore")  # of pandas and numpy, on the way to the refusal
def test_poor_arguments_of_methods_are_refused_in_words(raw_errors):
    table = pd.DataFrame(
        np.random.default_rng(0).normal(8, 1, size=(30, 60)), index=[f"s{at}" for at in range(30)],
        columns=[f"GENE{at:02d}" for at in range(60)],
    )  # fmt: skip
    for one in (harmonize.GeneReference.learn(table), harmonize.QuantileReference.learn(table)):
        assert raw_errors(one) == []
