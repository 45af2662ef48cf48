"""Gene-set variation analysis."""

from __future__ import annotations

import numpy as np
from scipy import fft, sparse
from scipy.special import ndtr

from omics_rx.scores.kernels.ranks import count_known, row_ranks

_STEPS = 16  # grid points in one bandwidth
_OFFSETS = (-2, -1, 0, 1, 2, 3)  # grid points around a place: a density is then right to 1e-9
_ACCURACY = 2e-9  # of two densities, each right to 1e-9
_GENES_AT_A_TIME = 2048


def gsva(values: np.ndarray, members: sparse.csr_array, *, tau: float = 1.0) -> np.ndarray:
    """Score sets by a Kolmogorov-Smirnov walk over genes ranked by their place in the cohort.

    Each gene's values become cumulative densities over the cohort (Gaussian kernel, bandwidth sd / 4); genes are
    ranked within a sample by these and weighted by abs(rank - N / 2); the score is the largest positive plus the
    largest negative deviation of the walk. A gene that is constant has no density and counts as missing.

    Parameters
    ----------
    values
        Shape ``(n_samples, n_genes)``, on a log scale; NaN is a gene missing for that sample.
    members
        Sparse, shape ``(n_genes, n_sets)``; non-zero where the gene is in the set.
    tau
        Power of the weight.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_samples, n_sets)``, -1 to 1; NaN where no gene of the set, or no gene outside it, is known.

    Notes
    -----
    Haenzelmann et al., BMC Bioinformatics 2013, with ``mx.diff = TRUE``. Genes whose densities follow each other within
    2e-9 in a sample, twice the accuracy to which they are computed, share their places.
    """
    density = cumulative_densities(values)
    ranks = row_ranks(_tied(density))
    known = count_known(density)[:, None].astype(np.float64)
    by_set = sparse.csc_array(members)
    scores = np.empty((len(values), by_set.shape[1]))
    for column in range(by_set.shape[1]):
        inside = np.sort(by_set.indices[by_set.indptr[column] : by_set.indptr[column + 1]])
        scores[:, column] = _walk(ranks[:, inside], known, tau)
    return scores


def _tied(density: np.ndarray) -> np.ndarray:
    """Densities in steps: those of a sample that follow each other within their accuracy become one."""
    order = np.argsort(density, axis=1)
    ordered = np.take_along_axis(density, order, axis=1)
    steps = np.zeros_like(ordered)
    np.cumsum(np.diff(ordered, axis=1) > _ACCURACY, axis=1, out=steps[:, 1:])
    result = np.empty_like(density)
    np.put_along_axis(result, order, np.where(np.isnan(ordered), np.nan, steps), axis=1)
    return result


def _walk(ranks: np.ndarray, known: np.ndarray, tau: float) -> np.ndarray:
    """Largest positive plus largest negative deviation, from the set's genes alone.

    Between two genes of the set the walk only falls, so its extremes stand just after and just before one of them.
    """
    present = ranks > 0
    place = np.where(present, known - ranks + 1, np.inf)
    order = np.argsort(place, axis=1, kind="stable")
    place = np.take_along_axis(place, order, axis=1)
    present = np.take_along_axis(present, order, axis=1)
    weight = np.abs(np.take_along_axis(ranks, order, axis=1) - known / 2) ** tau
    weight = np.where(present, weight, 0.0)
    size = present.sum(axis=1, keepdims=True)
    total, outside = weight.sum(axis=1, keepdims=True), known - size
    usable = (size > 0) & (outside > 0) & (total > 0)
    total, outside = np.where(usable, total, 1.0), np.where(usable, outside, 1.0)
    miss = (np.where(present, place, 0.0) - np.arange(1, ranks.shape[1] + 1)) / outside
    hit = np.cumsum(weight, axis=1) / total
    after = np.where(present, hit - miss, 0.0)
    before = np.where(present, hit - weight / total - miss, 0.0)
    score = np.maximum(after.max(axis=1), 0) + np.minimum(before.min(axis=1), 0)
    return np.where(usable[:, 0], score, np.nan)


def cumulative_densities(values: np.ndarray) -> np.ndarray:
    """Kernel estimate of each gene's cumulative distribution over the samples, at the samples.

    Instead of all pairs of samples, values are spread on a grid (weights of fifth order), the grid is convolved with
    the normal distribution function by FFT, and read back with the same weights: work grows with samples, not their
    square. Right to 1e-9.

    Parameters
    ----------
    values
        Shape ``(n_samples, n_genes)``; NaN is passed over.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_samples, n_genes)``, 0 to 1; NaN where missing and for constant genes.
    """
    known = np.isfinite(values)
    count = known.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        average = np.where(known, values, 0.0).sum(axis=0) / count
        sd = np.sqrt(np.where(known, (values - average) ** 2, 0.0).sum(axis=0) / (count - 1))
    low = np.min(np.where(known, values, np.inf), axis=0, initial=np.inf)
    high = np.max(np.where(known, values, -np.inf), axis=0, initial=-np.inf)
    varies = (count > 1) & (sd > 1e-12 * np.maximum(np.abs(low), np.abs(high)))
    result = np.full(values.shape, np.nan)
    length = np.zeros(len(sd))
    length[varies] = (high[varies] - low[varies]) / (sd[varies] / 4) * _STEPS + 8
    sizes = np.where(varies, 2 ** np.ceil(np.log2(np.maximum(length, 64))), 0).astype(int)
    for size in np.unique(sizes[varies]):
        group = np.flatnonzero(sizes == size)
        for start in range(0, group.size, max(1, _GENES_AT_A_TIME * 512 // size)):
            genes = group[start : start + max(1, _GENES_AT_A_TIME * 512 // size)]
            place = (values[:, genes] - low[genes]) / (sd[genes] / 4) * _STEPS + 2
            result[:, genes] = _on_grid(place.T, int(size)).T / count[genes]
    return result


def _on_grid(place: np.ndarray, size: int) -> np.ndarray:
    """Sum of normal distribution functions centred on the places of a gene, at these places; ``genes x samples``."""
    known = np.isfinite(place)
    base = np.floor(np.where(known, place, 2.0)).astype(np.int64)
    weights = _lagrange_weights(np.where(known, place, 2.0) - base)
    rows = np.arange(len(place))[:, None] * size
    grid = np.zeros(len(place) * size)
    for offset, weight in zip(_OFFSETS, weights, strict=True):
        cells = (rows + base + offset).ravel()
        grid += np.bincount(cells, np.where(known, weight, 0.0).ravel(), minlength=grid.size)
    steps = np.concatenate((np.arange(size), [0], np.arange(-size + 1, 0))) / _STEPS
    spectrum = fft.rfft(grid.reshape(len(place), size), 2 * size, axis=1) * fft.rfft(ndtr(steps))
    summed = fft.irfft(spectrum, 2 * size, axis=1)[:, :size].ravel()
    read = sum(weight * summed[rows + base + offset] for offset, weight in zip(_OFFSETS, weights, strict=True))
    return np.where(known, read, np.nan)


def _lagrange_weights(t: np.ndarray) -> list[np.ndarray]:
    """Lagrange weights of the grid points around a place ``t`` of the way between the middle two."""
    weights = []
    for point in _OFFSETS:
        weight = np.ones_like(t)
        for other in _OFFSETS:
            if other != point:
                weight *= (t - other) / (point - other)
        weights.append(weight)
    return weights
