"""A drug screen: what was measured, in which cells, with which compounds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples, row_names
from omics_rx.core.provenance import frame_sha256
from omics_rx.core.shown import shown

if TYPE_CHECKING:
    from anndata import AnnData

_KEYS = ("cell_id", "drug_id", "screen")
_DRUG_COLUMNS = ("name", "aliases", "smiles", "inchikey", "targets", "mechanism", "status")
# ln IC50 (ln uM) from 1e-9 to 1e7 uM; published fits extrapolate that far and no further
_LN_IC50_RANGE = (-21.0, 17.0)
_BOUNDS = (
    "Where a line was killed at every dose (-inf) or never halved (inf, 1e15), say so: below_lowest with lowest_um, or "
    "censored with highest_um (uM); the dose is then the bound"
)
_FEW = 8  # responses with both values, from which their directions are compared


@dataclass(frozen=True, eq=False)
class DrugScreen:
    """Responses of cells to drugs.

    Parameters
    ----------
    responses
        One row a measured (``cell_id``, ``drug_id``, ``screen``), with ``ln_ic50`` (ln uM) and, where known,
        ``auc`` (0 to 1, high is resistant), ``n_replicates`` and ``censored`` (beyond the tested dose).
        ``screen`` may be left out when there is only one.
    cells
        AnnData, cells x genes; ``obs_names`` are the ``cell_id``; genomic events in ``obsm["events"]``.
    drugs
        Index ``drug_id``, the compound; ``name`` is required; ``aliases``, ``smiles``, ``inchikey``, ``targets``,
        ``mechanism`` and ``status`` are missing where not given.
    name
        What the screen is called.
    sure_of_unit
        That the responses are in ln uM although they look like another unit; a model asks otherwise.

    Raises
    ------
    InputError
        For missing columns, repeated pairs, unknown ids, values that are not finite or not in ln uM, and ``auc`` that
        falls where ``ln_ic50`` rises.

    Notes
    -----
    A line that was killed at every dose, or never halved, has no IC50 but a bound: ``below_lowest`` or ``censored`` is
    true, and ``ln_ic50`` is the logarithm of the lowest or highest dose; it may stand as minus or plus infinity where
    ``lowest_um`` or ``highest_um`` (uM) tell the dose.

    Attributes
    ----------
    fingerprint
        sha256 of ids and values; stored with whatever is fitted on the screen.
    """

    responses: pd.DataFrame
    cells: AnnData
    drugs: pd.DataFrame
    name: str = "screen"
    sure_of_unit: bool = False
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        responses = _tidy_responses(self.responses, self.name)
        drugs = _tidy_drugs(self.drugs)
        _check_ids("cell", responses["cell_id"], self.cells.obs_names)
        _check_ids("drug", responses["drug_id"], drugs.index)
        cells = self.cells.copy()
        object.__setattr__(self, "responses", responses)
        object.__setattr__(self, "cells", cells)
        object.__setattr__(self, "drugs", drugs)
        object.__setattr__(self, "fingerprint", _fingerprint(responses, cells, drugs))

    @property
    def n_pairs(self) -> int:
        """Number of measured (cell, drug, screen)."""
        return len(self.responses)

    @in_words
    def matrix(self, value: str = "ln_ic50") -> pd.DataFrame:
        """Cells x drugs frame of one value; NaN where not measured; re-screens of a pair are averaged."""
        if value not in self.responses:
            raise InputError(f"the screen has no {value!r}: it has {', '.join(self.responses.columns)}")
        table = self.responses.pivot_table(index="cell_id", columns="drug_id", values=value, aggfunc="mean")
        cells = self.cells.obs_names[self.cells.obs_names.isin(table.index)]
        drugs = self.drugs.index[self.drugs.index.isin(table.columns)]
        return table.reindex(index=cells, columns=drugs)

    @in_words
    def subset(self, *, cells: Iterable[str] | None = None, drugs: Iterable[str] | None = None) -> DrugScreen:
        """Keep the named cells and drugs, also those without responses.

        Raises
        ------
        InputError
            If a name is not in the screen.
        """
        kept_cells = self.cells.obs_names if cells is None else pd.Index(list(cells))
        kept_drugs = self.drugs.index if drugs is None else pd.Index(list(drugs))
        _check_ids("cell", kept_cells, self.cells.obs_names)
        _check_ids("drug", kept_drugs, self.drugs.index)
        rows = self.responses["cell_id"].isin(kept_cells) & self.responses["drug_id"].isin(kept_drugs)
        return DrugScreen(
            self.responses[rows], self.cells[kept_cells], self.drugs.loc[kept_drugs], self.name, self.sure_of_unit
        )

    @property
    def _said(self) -> dict[str, Any]:
        return {"name": self.name, "sure_of_unit": self.sure_of_unit}

    def __repr__(self) -> str:
        return (
            f"DrugScreen({self.name!r}: {self.n_pairs:,} responses, {self.cells.n_obs:,} cells x "
            f"{self.cells.n_vars:,} genes, {len(self.drugs):,} drugs)"
        )

    def _repr_html_(self) -> str:
        return shown(
            repr(self), self.responses, facts=["ln_ic50 in ln uM: low is sensitive."],
            then=["screen.drugs", "screen.cells", "orx.response.ResponseModel().fit(screen)"],
        )  # fmt: skip


def _tidy_responses(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    responses = frame.reset_index(drop=True).copy()
    if "screen" not in responses:
        responses["screen"] = name
    missing = [column for column in (*_KEYS, "ln_ic50") if column not in responses]
    if missing:
        raise InputError(f"the responses have no column {', '.join(missing)}: they have {examples(responses, 10)}")
    for column in _KEYS:
        if responses[column].isna().any():
            raise InputError(f"{int(responses[column].isna().sum())} responses have no {column}: remove or name them")
        responses[column] = responses[column].astype(str)
    repeated = responses.duplicated(list(_KEYS), keep=False)
    if repeated.any():
        pairs = row_names(responses.loc[repeated, list(_KEYS)].drop_duplicates())
        raise InputError(
            f"{len(pairs)} (cell, drug, screen) are measured more than once ({examples(pairs)}): "
            "average replicates first, or name their screens"
        )
    _check_values(responses)
    return responses


def _check_values(responses: pd.DataFrame) -> None:
    values = _at_bounds(responses)
    finite = np.isfinite(values)
    if not finite.all():
        where = row_names(responses.loc[~finite, ["cell_id", "drug_id"]])
        raise InputError(
            f"{int((~finite).sum())} ln_ic50 are not finite ({examples(where)}): remove these rows, or give the bound. "
            f"{_BOUNDS}"
        )
    low, high = _LN_IC50_RANGE
    outside = (values < low) | (values > high)
    if outside.any():
        raise InputError(
            f"{int(outside.sum())} ln_ic50 lie outside {low} to {high} ln uM (for example "
            f"{examples(np.round(values[outside][:5], 2))}): are they in uM or nM? Take the natural logarithm of uM. "
            f"{_BOUNDS}"
        )
    responses["ln_ic50"] = values
    if "auc" in responses:
        auc = pd.to_numeric(responses["auc"], errors="coerce").to_numpy(dtype=np.float64)
        wrong = np.isfinite(auc) & ((auc < 0) | (auc > 1.2))
        if wrong.any():
            raise InputError(
                f"{int(wrong.sum())} auc lie outside 0 to 1 ({examples(np.round(auc[wrong], 2))}): "
                "an activity area is not an AUC"
            )
        responses["auc"] = auc
        _check_direction(values, auc)


def _at_bounds(responses: pd.DataFrame) -> np.ndarray:
    """``ln_ic50``, with values no dose can reach at the dose that bounds them, where the responses say which it is."""
    values = pd.to_numeric(responses["ln_ic50"], errors="coerce").to_numpy(dtype=np.float64, copy=True)
    unreached = ~((values >= _LN_IC50_RANGE[0]) & (values <= _LN_IC50_RANGE[1]))
    for flag, dose in (("censored", "highest_um"), ("below_lowest", "lowest_um")):
        if flag not in responses or dose not in responses:
            continue
        doses = pd.to_numeric(responses[dose], errors="coerce").to_numpy(dtype=np.float64)
        bound = unreached & responses[flag].fillna(value=False).astype(bool).to_numpy() & (doses > 0)
        values[bound] = np.log(doses[bound])
    return values


def _check_direction(values: np.ndarray, auc: np.ndarray) -> None:
    """Refuse an activity area or 1 - AUC under the name of an AUC: it is high where the IC50 is low."""
    both = np.isfinite(auc)
    if both.sum() < _FEW or np.ptp(auc[both]) == 0 or np.ptp(values[both]) == 0:
        return
    r = float(pd.Series(values[both]).corr(pd.Series(auc[both]), method="spearman"))
    if r < -1.5 / np.sqrt(both.sum() - 1) - 0.1:
        raise InputError(
            f"auc falls where ln_ic50 rises (rank correlation {r:.2f} over {int(both.sum())} responses): is it an "
            "activity area or 1 - AUC? An auc is high for resistant lines: give 1 - it"
        )


def _tidy_drugs(frame: pd.DataFrame) -> pd.DataFrame:
    drugs = frame.copy()
    drugs.index = drugs.index.astype(str)
    drugs.index.name = "drug_id"
    if not drugs.index.is_unique:
        repeated = drugs.index[drugs.index.duplicated()].unique()
        raise InputError(f"{len(repeated)} drug ids stand twice ({examples(repeated)}): one row a compound")
    if "name" not in drugs:
        raise InputError(f"the drugs have no column name: they have {examples(drugs.columns, 10)}")
    for column in _DRUG_COLUMNS:
        if column not in drugs:
            drugs[column] = None
        # a column of nothing but missing values stays text, so that a saved screen is the same screen
        drugs[column] = drugs[column].astype(object).where(drugs[column].notna(), None)
    return drugs[[*_DRUG_COLUMNS, *(column for column in drugs if column not in _DRUG_COLUMNS)]]


def _check_ids(kind: str, used: Iterable[str], known: pd.Index) -> None:
    if not known.is_unique:
        raise InputError(f"{kind} ids repeat ({examples(known[known.duplicated()])}): one row a {kind}")
    unknown = sorted(set(used) - set(known))
    if unknown:
        raise InputError(
            f"{len(unknown)} {kind} ids are not in the screen's {kind}s ({examples(unknown)}): "
            "add them or drop the rows"
        )


def _fingerprint(responses: pd.DataFrame, cells: AnnData, drugs: pd.DataFrame) -> str:
    digest = hashlib.sha256()
    digest.update(frame_sha256(responses[[*_KEYS, "ln_ic50"]]).encode())
    digest.update(frame_sha256(drugs[["name", "smiles"]]).encode())
    for names in (cells.obs_names, cells.var_names):
        digest.update("\x1f".join(names).encode())
    values = cells.X
    dense = values.toarray() if hasattr(values, "toarray") else np.asarray(values)
    digest.update(np.ascontiguousarray(dense, dtype=np.float32).tobytes())
    return digest.hexdigest()
