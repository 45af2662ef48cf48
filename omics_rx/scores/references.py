"""Reference profiles of cell types: the shipped one, one's own table, or one's own labelled single cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.harmonize import current_symbols, matrices
from omics_rx.scores.cell_types import marker_genes

if TYPE_CHECKING:
    from anndata import AnnData

_MIN_DONORS = 3


@dataclass(frozen=True, eq=False)
class CellReference:
    """Expression of pure cell types, as mixtures are taken apart with it.

    Attributes
    ----------
    profiles
        Genes x types, linear scale (TPM, CPM), not negative.
    markers
        Genes the fractions are estimated from; among those of ``profiles``.
    variability
        Standard deviation of each gene within each type between donors, same shape, or None where it is not known.
    mrna
        mRNA of one cell of each type in any common unit; ``"other"`` may stand for all other cells. None: alike.
    noisy
        Markers to leave out of mixtures measured by sequencing.
    name, cites
        Where it comes from, and what to cite.
    """

    profiles: pd.DataFrame
    markers: tuple[str, ...]
    variability: pd.DataFrame | None = None
    mrna: pd.Series | None = None
    noisy: tuple[str, ...] = ()
    name: str = "own reference"
    cites: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        values = self.profiles.to_numpy(dtype=np.float64)
        if self.profiles.shape[1] < 2 or not np.isfinite(values).all() or values.min() < 0:
            raise InputError("a reference needs two or more cell types with finite expression that is not negative")
        for index, word in ((self.profiles.index, "genes"), (self.profiles.columns, "cell types")):
            repeated = index[index.duplicated()].unique()
            if len(repeated):
                raise InputError(
                    f"{len(repeated)} {word} of the reference stand twice ({examples(repeated)}): keep one"
                )
        absent = [gene for gene in self.markers if gene not in self.profiles.index]
        if absent or not self.markers:
            raise InputError(f"{len(absent)} markers have no profile ({examples(absent)}): name genes of the profiles")
        if self.variability is not None and (
            not self.variability.index.equals(self.profiles.index)
            or not self.variability.columns.equals(self.profiles.columns)
        ):
            raise InputError("the variability of the reference must have the genes and types of its profiles, in order")
        if self.mrna is not None:
            missing = [name for name in self.profiles.columns if name not in self.mrna.index]
            if missing or not (self.mrna > 0).all():
                raise InputError(f"mrna must be above zero for every cell type; missing: {examples(missing) or 'none'}")


@in_words
def til10(*, tumour: bool = True) -> CellReference:
    """Reference of quanTIseq: ten immune cell types, 170 genes.

    Parameters
    ----------
    tumour
        Leave out genes that tumour cells express too.

    Notes
    -----
    Finotello et al., Genome Medicine 2019. References of EPIC and CIBERSORT (LM22) carry academic licences and are
    not shipped: bring them as a :class:`CellReference`.
    """
    table = resources.table("til10.tsv").set_index("gene")
    if tumour:
        table = table[table["aberrant"] == "no"]
    profiles = table.drop(columns=["noisy", "aberrant"]).astype(np.float64)
    mrna = resources.table("til10_mrna.tsv").set_index("cell_type")["mrna"].astype(np.float64)
    noisy = tuple(table.index[table["noisy"] == "yes"])
    return CellReference(
        profiles, tuple(profiles.index), mrna=mrna, noisy=noisy, name="TIL10 (quanTIseq)", cites=("finotello2019",)
    )


@in_words
def reference_from_cells(
    cells: AnnData, labels: pd.Series | str, *, donors: pd.Series | str | None = None, n_markers: int = 30
) -> CellReference:
    """Build a reference from labelled single cells of one's own.

    Parameters
    ----------
    cells
        Cells x genes, counts.
    labels
        Type of each cell by name, or an ``obs`` column; cells without a type are left out.
    donors
        Donor of each cell, or an ``obs`` column. With three or more donors of every type, the variability between them
        is learnt, and genes that vary much count less.
    n_markers
        Markers of each type: the genes with the largest fold of those that separate the type from the rest with an
        AUROC of at least 0.6 and a false discovery rate below 0.05.

    Returns
    -------
    CellReference
        Mean CPM of each type; ``mrna`` is the mean total count of a cell of the type.

    Raises
    ------
    InputError
        If values are not counts, a type has under 3 cells, or a type has no marker.
    """
    read = matrices.read(cells, counts=True)
    data = read.data
    if read.found.unit != "counts":
        raise InputError(
            f"a reference is built from counts, and the unit of these cells is {read.found.unit}: pass raw "
            "counts, or say so with core.cohort.with_info(cells, unit='counts')"
        )
    types = _column(data, labels, "labels")
    found = marker_genes(data, types, progress=False)
    good = found[(found["auroc"] >= 0.6) & (found["q_value"] < 0.05)]
    best = good.sort_values("log2_fold", ascending=False).groupby("group").head(n_markers)
    bare = sorted(set(types.dropna()) - set(best["group"]))
    if bare:
        raise InputError(f"{len(bare)} types have no marker ({examples(bare)}): join them with the type they resemble")
    labelled = types.dropna()
    profiles = _mean_cpm(data[labelled.index], labelled)
    totals = pd.Series(np.asarray(data[labelled.index].X.sum(axis=1)).ravel(), index=labelled.index)
    markers = tuple(dict.fromkeys(best["gene"]))
    return CellReference(
        profiles,
        markers,
        variability=None
        if donors is None
        else _between_donors(data, labelled, _column(data, donors, "donors"), profiles),
        mrna=totals.groupby(labelled).mean(),
        name=f"{len(labelled)} labelled cells of {profiles.shape[1]} types",
    )


def _column(data: AnnData, told: pd.Series | str, word: str) -> pd.Series:
    if isinstance(told, str) and told not in data.obs:
        raise InputError(f"the cells have no obs column {told!r}: they have {examples(data.obs.columns, 10)}")
    column: pd.Series = data.obs[told] if isinstance(told, str) else told
    values = column.astype(object).reindex(data.obs_names)
    if values.isna().all():
        raise InputError(f"the {word} name none of the cells ({examples(column.index)}): do they carry cell names?")
    return values


def _mean_cpm(data: AnnData, groups: pd.Series) -> pd.DataFrame:
    """Mean CPM of the cells of each group, genes x groups, without writing sparse cells out."""
    values: Any = data.X
    names = sorted(groups.unique())
    members = (groups.to_numpy()[:, None] == np.array(names, dtype=object)[None, :]).astype(np.float64)
    totals = np.asarray(values.sum(axis=1), dtype=np.float64).ravel()
    if (totals <= 0).any():
        empty = data.obs_names[totals <= 0]
        raise InputError(f"{len(empty)} cells have no counts ({examples(empty)}): leave them out")
    sums = np.asarray(values.T @ (members / totals[:, None] * 1e6))
    return pd.DataFrame(sums / members.sum(axis=0), index=data.var_names.copy(), columns=pd.Index(names))


def _between_donors(data: AnnData, types: pd.Series, donors: pd.Series, profiles: pd.DataFrame) -> pd.DataFrame:
    """Standard deviation between donors of the mean CPM of each type, genes x types."""
    spread = {}
    for name in profiles.columns:
        of_type = donors[types.index[types == name]].dropna()
        if of_type.nunique() < _MIN_DONORS:
            raise InputError(
                f"{name} has cells of {of_type.nunique()} donors, and {_MIN_DONORS} are needed to learn how genes vary "
                "between donors: leave donors out, or this type"
            )
        spread[name] = _mean_cpm(data[of_type.index], of_type).std(axis=1, ddof=1)
    return pd.DataFrame(spread)[profiles.columns]


def with_current_symbols(reference: CellReference) -> CellReference:
    """Reference under current gene symbols, as cohorts are; genes that would stand twice keep their first profile."""
    found = current_symbols(list(reference.profiles.index))
    names = pd.Series(found["symbol"].to_numpy(), index=reference.profiles.index)
    kept = ~names.duplicated().to_numpy()

    def renamed(frame: pd.DataFrame) -> pd.DataFrame:
        return frame[kept].set_axis(pd.Index(names[kept]), axis=0)

    return CellReference(
        renamed(reference.profiles),
        tuple(dict.fromkeys(names[list(reference.markers)])),
        variability=None if reference.variability is None else renamed(reference.variability),
        mrna=reference.mrna,
        noisy=tuple(names[list(reference.noisy)]),
        name=reference.name,
        cites=reference.cites,
    )
