"""Columns of a cohort under new names: which make up one name, how they are joined, what is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core.cohort import computed, named_layers
from omics_rx.core.errors import InputError, examples
from omics_rx.core.units import LINEAR, amount_of, from_amounts, to_amounts

if TYPE_CHECKING:
    from anndata import AnnData

_OFFSET_UNKNOWN = "log2 expression"
_FLOOR, _NEAR = 0.01, 1e-4


def groups(names: list[str], own: np.ndarray) -> dict[str, list[int]]:
    """Name to the positions of the columns that make it up; only columns under the name itself, if there are.

    Parameters
    ----------
    names
        New name of each column, ``p`` of them.
    own
        Whether a column had its new name already, shape ``(p,)``.
    """
    found: dict[str, list[int]] = {}
    for position, name in enumerate(names):
        found.setdefault(name, []).append(position)
    for name, positions in found.items():
        if len(positions) > 1:
            found[name] = [i for i in positions if own[i]] or positions
    return found


def regrouped(cohort: AnnData, grouped: dict[str, list[int]], unit: str) -> AnnData:
    """Cohort with one column a group: added in linear units and under their logarithm, averaged in every other.

    Logarithms of sequencing whose offset nobody told (``"log2 expression"``) are added, too: their silent genes share
    the logarithm of the offset as a sample's smallest value.

    Raises
    ------
    InputError
        If columns of such logarithms are to be joined and a sample's smallest value is not shared.
    """
    from anndata import AnnData

    first = [positions[0] for positions in grouped.values()]
    joined = [(place, positions) for place, positions in enumerate(grouped.values()) if len(positions) > 1]
    if unit == _OFFSET_UNKNOWN and joined:
        _refuse_without_floor(cohort, [list(grouped)[place] for place, _ in joined])
    var = cohort.var.iloc[first].set_axis(pd.Index(list(grouped), dtype=object), axis=0)
    return AnnData(
        X=_joined(cohort.X, first, joined, unit),
        obs=cohort.obs.copy(),
        var=var,
        uns=dict(cohort.uns),
        obsm={name: value.copy() for name, value in cohort.obsm.items()},
        obsp={name: value.copy() for name, value in cohort.obsp.items()},
        layers={name: _joined(value, first, joined, unit) for name, value in named_layers(cohort).items()},
    )


def _joined(values: Any, first: list[int], joined: list[tuple[int, list[int]]], unit: str) -> Any:
    """Columns of the matrix, those of one name joined; dense or sparse, of the same type as given."""
    values = computed(values)
    offset = _offsets(values) if unit == _OFFSET_UNKNOWN and joined else None
    if hasattr(values, "tocsc"):
        return _joined_sparse(values, first, joined, unit, offset)
    columns = np.asarray(values)
    taken = columns[:, first]
    for place, positions in joined:
        one = _join(columns[:, positions], unit, offset)
        if one.dtype != taken.dtype:  # small whole numbers, whose sums do not fit
            taken = taken.astype(np.float64)
        taken[:, place] = one
    return taken


def _offsets(values: Any) -> np.ndarray:
    """What was added before each sample's logarithm was taken, by the value its silent genes share; else NaN."""
    values = computed(values)
    array = np.asarray(values.toarray() if hasattr(values, "toarray") else values, dtype=np.float64)
    known = np.isfinite(array)
    floor = np.where(known, array, np.inf).min(axis=1, initial=np.inf)
    at_floor = (known & (array <= floor[:, None] + _NEAR)).sum(axis=1)
    shared = at_floor >= np.maximum(2, _FLOOR * known.sum(axis=1))
    return np.where(shared, np.exp2(np.where(shared, floor, 0.0)), np.nan)


def _refuse_without_floor(cohort: AnnData, names: list[str]) -> None:
    bare = np.isnan(_offsets(cohort.X))
    if bare.any():
        raise InputError(
            f"{len(names)} genes stand in several columns ({examples(names)}), which are added as amounts, and nothing "
            f"tells what was added before the logarithm in {int(bare.sum())} samples "
            f'({examples(cohort.obs_names[bare])}): say the unit with core.cohort.with_info, "log2(FPKM + 1)" or the '
            'like, or "log2 intensity" of an array, whose columns are averaged; or keep one column of each gene'
        )


def _joined_sparse(
    values: Any, first: list[int], joined: list[tuple[int, list[int]]], unit: str, offset: np.ndarray | None
) -> Any:
    columns = values.tocsc()
    if not joined:
        return columns[:, first].asformat(values.format)
    from scipy import sparse

    places = {place for place, _ in joined}
    one = [place for place in range(len(first)) if place not in places]
    blocks = [_join(columns[:, positions].toarray(), unit, offset).reshape(-1, 1) for _, positions in joined]
    stacked = sparse.hstack([columns[:, [first[i] for i in one]], *map(sparse.csc_matrix, blocks)], format="csc")
    order = np.empty(len(first), dtype=np.intp)
    order[[*one, *(place for place, _ in joined)]] = np.arange(len(first))
    return type(columns)(stacked[:, order]).asformat(values.format)


def _join(block: np.ndarray, unit: str, offset: np.ndarray | None = None) -> np.ndarray:
    """One value a sample from several columns of a name, shape ``(n, k)`` to ``(n,)``; NaN where all are missing."""
    known = np.isfinite(block)
    missing = ~known.any(axis=1)
    filled = np.where(known, block, 0.0)
    if amount_of(unit) != unit:
        total = from_amounts(_summed(np.where(known, to_amounts(filled, unit), 0.0)), unit)
    elif offset is not None and np.isfinite(offset).all():
        amounts = np.where(known, np.maximum(np.exp2(filled) - offset[:, None], 0.0), 0.0)
        total = np.log2(_summed(amounts) + offset)
    else:
        total = _summed(filled)
        if unit not in LINEAR:
            total = total / np.maximum(known.sum(axis=1), 1)
    joined = np.where(missing, np.nan, total)
    if block.dtype.kind == "f":
        return joined.astype(block.dtype)
    fits = joined.size == 0 or (float(joined.max()) <= np.iinfo(block.dtype).max and bool(np.all(joined % 1 == 0)))
    return joined.astype(block.dtype) if block.dtype.kind in "iu" and fits else joined


def _summed(block: np.ndarray) -> np.ndarray:
    """Sum of each row from the left; ``sum`` adds in an order that depends on how the rows lie in memory."""
    return np.asarray(np.cumsum(block, axis=1)[:, -1])


def record_of(ids: list[str], found: pd.DataFrame, grouped: dict[str, list[int]], unit: str) -> pd.DataFrame:
    """Frame of what became of each column.

    Parameters
    ----------
    ids
        Identifiers the columns had.
    found
        ``id`` (the new name), ``status`` and ``reason`` of each, in the same order.
    grouped
        What :func:`groups` made of them; a column in none is recorded as set aside.
    """
    used = {position for positions in grouped.values() for position in positions}
    rule = "added" if amount_of(unit) in LINEAR or unit == _OFFSET_UNKNOWN else "averaged"
    statuses, reasons = found["status"].tolist(), found["reason"].tolist()
    for position, name in enumerate(found["id"]):
        if name not in grouped:
            continue
        if position not in used:
            statuses[position] = "merged"
            reasons[position] = f"{reasons[position]}; set aside, {name} has a column under its own name"
        elif len(grouped[name]) > 1:
            others = len(grouped[name])
            reasons[position] = "; ".join(filter(None, [reasons[position], f"{others} columns of {name} {rule}"]))
            statuses[position] = "merged"
    columns = {"source_id": ids, "id": found["id"].tolist(), "status": statuses, "reason": reasons}
    return pd.DataFrame(columns, index=[str(i) for i in range(len(ids))], dtype=object)
