"""Area under the recovery curve of a set among a cell's highest genes."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from omics_rx.scores.kernels.ranks import (
    ascending,
    count_known,
    members_of,
    only_columns,
    rises,
    row_parts,
    sparse_runs,
)


def aucell(
    values: np.ndarray | sparse.csr_array, members: sparse.csr_array, *, top: float = 0.05, ties: str = "average"
) -> np.ndarray:
    """Score sets by how early their genes come among the highest genes of a cell.

    With the genes ranked from the highest and ``n`` the number in the top share, each gene of the set at place ``x``
    up to ``n`` adds ``n - x``; the score is the sum over the most it could be.

    Parameters
    ----------
    values
        Shape ``(n_cells, n_genes)``, dense (NaN is a gene missing for that cell) or sparse without negative values.
    members
        Sparse, shape ``(n_genes, n_sets)``; non-zero where the gene is in the set.
    top
        Share of the genes that counts as the top.
    ties
        ``"average"``: tied genes share what their places add, so the order of genes does not matter: the mean over all
        orders of tied genes, of which the authors' AUCell and decoupler (2.1.6, by a seed of its own) draw one.
        ``"first"``: tied genes stand in the order given, so that scores change with the order of the columns; zeros
        are written out.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_cells, n_sets)``, 0 to 1; NaN where no gene of the set is known.

    Notes
    -----
    Aibar et al., Nature Methods 2017. Zeros of a sparse cell are one block of ties and are never written out.
    """
    used, weights = members_of(members)
    inside = (weights != 0).astype(np.float64)
    if sparse.issparse(values) and ties == "first":
        values = values.toarray()
    if sparse.issparse(values):
        known = np.full(values.shape[0], values.shape[1])
        size = np.broadcast_to(inside.sum(axis=0), (values.shape[0], inside.shape[1]))
        total = np.vstack([_sparse_total(part, used, inside, top) for part in row_parts(values)])
    else:
        known = count_known(values)
        size = (~np.isnan(values[:, used])).astype(np.float64) @ inside
        of_rows = [_gains(row, n, ties)[used] for row, n in zip(values, _top(known, top).tolist(), strict=True)]
        total = np.vstack(of_rows) @ inside
    n_top = _top(known, top)[:, None]
    counted = np.minimum(size, n_top - 1)
    most = counted * n_top - counted * (counted + 1) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(size > 0, total / most, np.nan)


def _top(n_genes: np.ndarray, share: float) -> np.ndarray:
    """Number of genes in the top of each cell, at least 2."""
    return np.maximum(np.ceil(share * n_genes - 1e-9), 2).astype(np.int64)


def _gains(row: np.ndarray, n_top: int, ties: str) -> np.ndarray:
    """What each gene of one cell would add to a set; NaN genes add nothing."""
    falling = -row
    order = ascending(falling, stable=ties == "first")
    ordered = falling[order]
    n_known = row.size
    if n_known and np.isnan(ordered[-1]):  # NaN is sorted to the end
        n_known -= int(np.isnan(ordered).sum())
    gain = np.zeros(row.size)
    n_counted = min(n_known, n_top)
    by_place = np.arange(n_top - 1.0, n_top - n_counted - 1, -1.0)
    if ties != "first" and n_counted:
        changes = rises(ordered[:n_known])
        if not changes.all():
            by_place = _shared(by_place, np.flatnonzero(changes) + 1, n_known)
    gain[order[: by_place.size]] = by_place
    return gain


def _shared(by_place: np.ndarray, changes: np.ndarray, n_known: int) -> np.ndarray:
    """Give each run of equal values the mean of what its places add, to the end of the run that the top cuts.

    ``changes`` are the places, from 0, at which a new value begins.
    """
    starts = np.concatenate(([0], changes[changes < by_place.size]))
    later = changes[changes >= by_place.size]
    end = int(later[0]) if later.size else n_known
    lengths = np.diff(starts, append=end)
    return np.repeat(np.add.reduceat(by_place, starts) / lengths, lengths)


def _sparse_total(values: sparse.csr_array, used: np.ndarray, inside: np.ndarray, top: float) -> np.ndarray:
    """Sum over the genes of each set of what they add, stored or zero."""
    all_gains, of_zeros = _sparse_gains(values, top)
    gains = only_columns(all_gains, used)
    total: np.ndarray = gains @ inside
    if of_zeros.any():
        stored = sparse.csr_array((np.ones_like(gains.data), gains.indices, gains.indptr), shape=gains.shape)
        total += of_zeros[:, None] * (inside.sum(axis=0) - stored @ inside)
    return total


def _sparse_gains(values: sparse.csr_array, top: float) -> tuple[sparse.csr_array, np.ndarray]:
    """What each stored gene of each cell would add to a set, and what each of its zeros would."""
    n_genes = values.shape[1]
    n_top = int(_top(np.array(n_genes), top))
    runs = sparse_runs(values)
    above = runs.stored - runs.first - runs.length
    counted = np.clip(n_top - above, 0, runs.length)  # of a run that the top cuts
    gains = runs.spread((counted * (n_top - 1.0 - above) - counted * (counted - 1) / 2) / runs.length)
    stored = np.diff(values.indptr)
    left = np.maximum(n_top - stored, 0)
    of_zeros = left * (left - 1) / 2 / np.maximum(n_genes - stored, 1)
    return sparse.csr_array((gains, values.indices, values.indptr), shape=values.shape), of_zeros
