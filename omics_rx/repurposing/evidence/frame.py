"""Evidence of every kind side by side, for a subtype or a patient, and what each column is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind
from omics_rx.repurposing.evidence.sources import Sources


@in_words
def subtype_evidence(sources: Sources, subtype: str) -> pd.DataFrame:
    """Evidence for one subtype.

    Returns
    -------
    DataFrame
        Drugs x kinds, then the supporting columns; NaN is not measured.

    Raises
    ------
    InputError
        If fewer than five tumours are of the subtype, or of the others.
    """
    return _table(Case(sources, subtype))


@in_words
def patient_evidence(sources: Sources, patient: str) -> tuple[pd.DataFrame, str]:
    """Evidence for one tumour of the cohort; the same columns as for its subtype.

    Predictions are its own, and less the mean of all other tumours; expression is its z within the cohort; measured
    evidence is that of lines of its subtype. One tumour has no t, so that column is missing.

    Returns
    -------
    DataFrame, str
        Drugs x kinds and supporting columns; the subtype of the tumour.

    Raises
    ------
    InputError
        If the tumour has no subtype, or the subtype has too few tumours to be ranked.
    """
    subtype = sources.subtypes.get(patient)
    if not isinstance(subtype, str):
        raise InputError(f"tumour {patient} has no subtype: set obs['subtype'] for it, or rank a subtype")
    return _table(Case(sources, subtype, patient)), subtype


@in_words
def column(kind: Kind, case: Case) -> pd.Series:
    """One kind's values, one a drug of the sources, as numbers.

    Raises
    ------
    InputError
        If the kind gives something else than numbers by ``drug_id``, or a drug twice.
    """
    if kind.compute is None:
        raise InputError(f"the kind of evidence {kind.name} has no compute: give a function of a Case")
    made = kind.compute(case)
    drugs = case.sources.drugs.index
    if not isinstance(made, pd.Series) or not made.index.is_unique:
        raise InputError(
            f"the kind of evidence {kind.name} gave a {type(made).__name__}"
            f"{' that names a drug twice' if isinstance(made, pd.Series) else ''}: compute returns a Series, one value "
            "a drug_id"
        )
    if len(made.dropna()) and not made.dropna().index.isin(drugs).any():
        raise InputError(
            f"the kind of evidence {kind.name} names no drug that is ranked ({', '.join(map(str, made.index[:3]))}): "
            "its index is drug_id"
        )
    try:
        values = made.reindex(drugs).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"the kind of evidence {kind.name} gave values that are no numbers ({error})") from error
    finite: pd.Series = values.where(np.isfinite(values))
    return finite


@in_words
def errors(case: Case, kinds: tuple[Kind, ...], over: tuple[str, ...] = ("tumours", "lines")) -> pd.DataFrame:
    """Drugs x kinds: by how much another cohort (or other lines) may differ in each value; missing where not known."""
    known = [kind for kind in kinds if kind.error is not None and kind.over in over]
    found = {kind.name: column(replace(kind, compute=kind.error), case) for kind in known}
    return pd.DataFrame(found, index=case.sources.drugs.index)


def _table(case: Case) -> pd.DataFrame:
    case.check()
    sources = case.sources
    shown: dict[str, pd.Series] = {}
    beside: dict[str, pd.Series] = {}
    for kind in sources.members():
        (shown if kind.ranked else beside)[kind.name] = column(kind, case)
        beside |= {one.name: column(one, case) for one in kind.support}
    own = sources.extra.get(case.subtype)
    for name in sources.extra_directions:
        shown[name] = own[name] if own is not None else pd.Series(np.nan, index=sources.drugs.index)
    return pd.DataFrame(shown | beside, index=sources.drugs.index).astype(np.float64)


@in_words
def describe(evidence: pd.DataFrame, kinds: tuple[Kind, ...], members: tuple[Kind, ...]) -> pd.DataFrame:
    """Label, unit, direction, source and coverage of every column; ``role`` tells what a ranking is made from.

    Parameters
    ----------
    evidence
        Drugs x columns.
    kinds
        Kinds that the ranking is made from.
    members
        Kinds of the sources, with what stands beside them.

    Returns
    -------
    DataFrame
        Index ``column``; ``label``, ``unit``, ``direction`` (1 or -1), ``role`` (``"ranked"`` or ``"support"``),
        ``source``, ``coverage`` (share of drugs with a value) and ``n``.
    """
    known = {one.name: one for kind in (*members, *kinds) for one in (kind, *kind.support)}
    ranked = {kind.name for kind in kinds}
    rows = []
    for name in evidence.columns:
        kind, seen = known[name], evidence[name].notna()
        role = "ranked" if name in ranked else "support"
        rows.append(
            (name, kind.label, kind.unit, kind.direction, role, kind.source, float(seen.mean()), int(seen.sum()))
        )
    columns = ["column", "label", "unit", "direction", "role", "source", "coverage", "n"]
    return pd.DataFrame(rows, columns=columns).set_index("column")
