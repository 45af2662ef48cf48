"""Batches of single cells taken off their embedding, by Harmony."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from omics_rx.core.arguments import in_words
from omics_rx.core.cohort import info
from omics_rx.core.errors import InputError, MissingDependencyError, examples
from omics_rx.harmonize.batch_cohorts import by_batch

if TYPE_CHECKING:
    from anndata import AnnData

_FEWEST = 100  # of cells; fewer samples are bulk, whatever they are called


@in_words
def harmony(cells: AnnData, batch: str, *, basis: str = "X_pca", seed: int = 0) -> AnnData:
    """Take the batches of single cells off their embedding; expression stays as it is.

    Neighbours, clusters and pictures are made of the new embedding. Scores, signatures and predictions read expression,
    which Harmony does not touch: batches of bulk samples are taken off theirs by ``harmonize.ComBat``.

    Parameters
    ----------
    cells
        Cells x genes with an embedding in ``obsm``.
    batch
        Column of ``obs`` that tells the batch of each cell.
    basis
        The embedding, as ``scanpy.pp.pca`` leaves it.
    seed
        Of Harmony's start.

    Returns
    -------
    anndata.AnnData
        The cells with ``obsm[basis + "_harmony"]``, ``(n_cells, n_components)``; what was given is not changed.

    Raises
    ------
    MissingDependencyError
        If harmonypy is not installed.
    InputError
        If these are bulk samples; if there is no such column or embedding, one batch only, or a cell without one.

    References
    ----------
    Korsunsky et al., Nature Methods 2019, doi:10.1038/s41592-019-0619-0.
    """
    domain = info(cells).domain
    if domain != "single_cell" or cells.n_obs < _FEWEST:
        what = f"{cells.n_obs} samples of {domain}" if domain != "single_cell" else f"{cells.n_obs} cells"
        raise InputError(
            f"Harmony moves many cells in an embedding and gives no expression, and these are {what}: take batches off "
            "bulk samples by harmonize.ComBat; of cells said to be something else, tell core.cohort.with_info(cells, "
            'domain="single_cell")'
        )
    if basis not in cells.obsm:
        raise InputError(f"there is no embedding obsm[{basis!r}] (there are {examples(cells.obsm) or 'none'}): make it "
                         "of logarithms first, as scanpy.pp.pca does")  # fmt: skip
    batches = by_batch(cells, batch)
    if len(batches) < 2:
        raise InputError(f"obs[{batch!r}] tells one batch only ({examples(batches)}): there is nothing to take off")
    if not np.isfinite(np.asarray(cells.obsm[basis])).all():
        raise InputError(f"obsm[{basis!r}] has missing values: make it again")
    try:
        from harmonypy import run_harmony
    except ImportError as error:
        raise MissingDependencyError(
            'Harmony needs the package harmonypy, which is not installed: pip install "omics-rx[cells]"'
        ) from error
    # scanpy's wrapper takes the result of one release of harmonypy the wrong way round; either way is read here
    place = np.asarray(cells.obsm[basis], dtype=np.float64)
    names = cells.obs[batch].astype(str).to_frame(batch)
    found = np.asarray(run_harmony(place, names, batch, random_state=seed, verbose=False).Z_corr)
    moved = cells.copy()
    moved.obsm[f"{basis}_harmony"] = found if found.shape == place.shape else found.T
    return moved
