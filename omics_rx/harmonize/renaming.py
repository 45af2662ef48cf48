"""A cohort's genes under their current symbols, and a record of what became of each identifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core.cohort import as_cohort, info, record, with_record
from omics_rx.core.errors import InputError, examples
from omics_rx.harmonize.symbols import current_symbols, recognised, unnumbered

if TYPE_CHECKING:
    from anndata import AnnData

    from omics_rx.core.cohort import CohortLike

_RECORD = "gene_changes"
_LINEAR = ("counts", "CPM", "TPM", "FPKM")


def genes(data: CohortLike, *, min_mapped: float = 0.5) -> AnnData:
    """Bring a cohort's genes to their current symbols.

    Identifiers without a certain symbol keep their own name and are reported by :func:`changes`; none is dropped.
    Where several stand for one gene, the column under the current symbol is taken as it is and the others are set
    aside; where none has the current symbol they are joined sample by sample: added in counts, CPM, TPM, FPKM and
    (after undoing the logarithm) in log2(x + 1) of these, averaged in every other unit. No rule looks at other
    samples, so a sample comes out the same alone and in a cohort. Applied twice, the call changes nothing more.

    Parameters
    ----------
    data
        Samples x genes, named by symbols, previous symbols, aliases, Ensembl or Entrez ids, mixed or not.
    min_mapped
        Smallest share of identifiers, 0 to 1, that must be human genes.

    Returns
    -------
    anndata.AnnData
        A new cohort; ``var_names`` are symbols, ``var["source_id"]`` the identifiers they were, joined by ``;``.
        ``obs``, ``obsm``, ``layers`` and ``uns`` are kept.

    Raises
    ------
    InputError
        If an identifier is empty, or fewer than ``min_mapped`` of them are human genes.
    """
    ids, cohort = _with_plain_names(data)
    if not isinstance(data, pd.DataFrame) and _is_done(cohort):
        return cohort.copy()
    found = current_symbols(ids)
    _check_ids(found, cohort, min_mapped)
    own = (found["symbol"].to_numpy() == np.asarray(ids)) & (found["status"] == "kept").to_numpy()
    groups = _groups(found["symbol"].tolist(), own)
    unit = info(cohort).unit
    renamed = _regrouped(cohort, groups, unit)
    renamed.var["source_id"] = [";".join(ids[i] for i in used) for used in groups.values()]
    report = _report(ids, found, groups, unit)
    return with_record(renamed, _RECORD, report)


def changes(cohort: AnnData) -> pd.DataFrame:
    """What became of each gene identifier of a cohort.

    Parameters
    ----------
    cohort
        A cohort that went through :func:`genes`.

    Returns
    -------
    pandas.DataFrame
        One row an identifier, in the source's order: ``source_id``; ``id``, its name now; ``status``: kept, renamed,
        merged (it shares its gene with others, and ``reason`` says how), ambiguous or unknown; ``reason``.

    Raises
    ------
    InputError
        If the cohort did not go through :func:`genes`.
    """
    found = record(cohort, _RECORD) if not isinstance(cohort, pd.DataFrame) else None
    if found is None:
        raise InputError(
            "nothing is recorded of this cohort's genes: pass it through harmonize.genes "
            "(joining cohorts drops the record)"
        )
    return pd.DataFrame(found).reset_index(drop=True)


def _with_plain_names(data: CohortLike) -> tuple[list[str], AnnData]:
    """Identifiers, and the cohort; a frame's columns may repeat, which AnnData warns of, so they are numbered first."""
    if isinstance(data, pd.DataFrame):
        ids = [unnumbered(str(name).strip()) for name in data.columns]
        return ids, as_cohort(data.set_axis([str(i) for i in range(data.shape[1])], axis=1))
    cohort = as_cohort(data)
    if cohort.isbacked:
        cohort = cohort.to_memory()
    return [unnumbered(str(name).strip()) for name in cohort.var_names], cohort


def _is_done(cohort: AnnData) -> bool:
    found = record(cohort, _RECORD)
    return found is not None and cohort.var_names.is_unique and bool(cohort.var_names.isin(found["id"]).all())


def _check_ids(found: pd.DataFrame, cohort: AnnData, min_mapped: float) -> None:
    nameless = int(found.index.isin(["", "nan", "None"]).sum())
    if nameless:
        raise InputError(f"{nameless} of {len(found)} genes have no name: name or remove these columns")
    mapped = found["status"].isin(["kept", "renamed"])
    if mapped.mean() >= min_mapped:
        return
    strange = found.index[~mapped]
    hint = "give symbols, Ensembl or Entrez ids"
    if recognised(cohort.obs_names[:2000]) > 0.5:
        hint = "the sample names are genes, so the axes are swapped: transpose the data"
    elif (found["reason"] == "Ensembl id of another species").mean() > 0.5:
        hint = "these are genes of another species: map them to human orthologues first"
    elif pd.Series(strange).str.match(r"^[A-Z][a-z0-9]+$").mean() > 0.5:
        hint = "they are spelled as mouse genes are: map them to human orthologues first"
    elif pd.Series(strange).str.contains(r"_at$|^ILMN_|^A_\d\d_P").mean() > 0.5:
        hint = "they are microarray probes: map them with the platform's annotation first"
    raise InputError(
        f"{int((~mapped).sum())} of {len(found)} identifiers are no human genes ({examples(strange)}), and at least "
        f"{min_mapped:.0%} must be: {hint}"
    )


def _groups(symbols: list[str], own: np.ndarray) -> dict[str, list[int]]:
    """Symbol to the positions of the columns that make it up; only columns under the symbol itself, if there are."""
    groups: dict[str, list[int]] = {}
    for position, symbol in enumerate(symbols):
        groups.setdefault(symbol, []).append(position)
    for symbol, positions in groups.items():
        if len(positions) > 1:
            groups[symbol] = [i for i in positions if own[i]] or positions
    return groups


def _regrouped(cohort: AnnData, groups: dict[str, list[int]], unit: str) -> AnnData:
    from anndata import AnnData

    first = [positions[0] for positions in groups.values()]
    joined = [(place, positions) for place, positions in enumerate(groups.values()) if len(positions) > 1]
    var = cohort.var.iloc[first].set_axis(pd.Index(list(groups), dtype=object), axis=0)
    return AnnData(
        X=_joined(cohort.X, first, joined, unit),
        obs=cohort.obs.copy(),
        var=var,
        uns=dict(cohort.uns),
        obsm={name: value.copy() for name, value in cohort.obsm.items()},
        obsp={name: value.copy() for name, value in cohort.obsp.items()},
        layers={name: _joined(value, first, joined, unit) for name, value in cohort.layers.items()},
    )


def _joined(values: Any, first: list[int], joined: list[tuple[int, list[int]]], unit: str) -> Any:
    """Columns of the matrix, those of one gene joined; dense or sparse, of the same type as given."""
    if hasattr(values, "tocsc"):
        return _joined_sparse(values, first, joined, unit)
    columns = np.asarray(values)
    taken = columns[:, first]
    for place, positions in joined:
        taken[:, place] = _join(columns[:, positions], unit)
    return taken


def _joined_sparse(values: Any, first: list[int], joined: list[tuple[int, list[int]]], unit: str) -> Any:
    columns = values.tocsc()
    taken = columns[:, first]
    if joined:
        taken = taken.tolil()
        for place, positions in joined:
            taken[:, place] = _join(columns[:, positions].toarray(), unit).reshape(-1, 1)
    return taken.asformat(values.format)


def _join(block: np.ndarray, unit: str) -> np.ndarray:
    """One value a sample from several columns of a gene, shape ``(n, k)`` to ``(n,)``; NaN where all are missing."""
    known = np.isfinite(block)
    missing = ~known.any(axis=1)
    if unit.startswith("log2(") and unit.endswith("+ 1)"):
        total = np.log2(np.where(known, np.exp2(np.where(known, block, 0.0)) - 1, 0.0).sum(axis=1) + 1)
    else:
        total = np.where(known, block, 0.0).sum(axis=1)
        if unit not in _LINEAR:
            total = total / np.maximum(known.sum(axis=1), 1)
    return np.where(missing, np.nan, total).astype(block.dtype)


def _report(ids: list[str], found: pd.DataFrame, groups: dict[str, list[int]], unit: str) -> pd.DataFrame:
    used = {position for positions in groups.values() for position in positions}
    rule = "added" if unit in _LINEAR or unit.startswith("log2(") else "averaged"
    statuses, reasons = found["status"].tolist(), found["reason"].tolist()
    for position, symbol in enumerate(found["symbol"]):
        if position not in used:
            statuses[position] = "merged"
            reasons[position] = f"{reasons[position]}; set aside, {symbol} has a column under its own symbol"
        elif len(groups[symbol]) > 1:
            others = len(groups[symbol])
            reasons[position] = "; ".join(filter(None, [reasons[position], f"{others} columns of {symbol} {rule}"]))
            statuses[position] = "merged"
    columns = {"source_id": ids, "id": found["symbol"].tolist(), "status": statuses, "reason": reasons}
    return pd.DataFrame(columns, index=[str(i) for i in range(len(ids))], dtype=object)
