"""A cohort's microRNAs under their names in miRBase 22, and a record of what became of each identifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.cohort import info, record, with_record
from omics_rx.core.errors import InputError, examples
from omics_rx.harmonize.columns import groups, record_of, regrouped
from omics_rx.harmonize.mirna_names import check_kind, current_mirnas
from omics_rx.harmonize.renaming import MIRNA_RECORD, with_plain_names
from omics_rx.harmonize.symbols import recognised

if TYPE_CHECKING:
    from anndata import AnnData

    from omics_rx.core.cohort import CohortLike


@in_words
def mirnas(data: CohortLike, *, kind: str | None = None, min_mapped: float = 0.5) -> AnnData:
    """Bring a cohort's microRNAs to their names in miRBase 22.

    Identifiers without a certain name keep their own and are reported by :func:`changes`. Several that stand for one
    microRNA are joined as :func:`genes` joins genes. Precursors are never turned into mature strands or the reverse:
    a table with both is refused, unless one kind is asked for; the other is then set aside and reported. Applied
    twice, the call changes nothing more.

    Parameters
    ----------
    data
        Samples x microRNAs, named by miRBase names of any version or by accessions, mixed or not.
    kind
        ``"mature"`` or ``"precursor"``: which to keep where a table holds both; it also settles names that fit both.
    min_mapped
        Smallest share of identifiers, 0 to 1, that must be human microRNAs of any miRBase version.

    Returns
    -------
    anndata.AnnData
        A new cohort; ``var`` holds ``source_id``, ``accession`` and ``kind``, missing where no name is certain.
        ``obs``, ``obsm``, ``layers`` and ``uns`` are kept.

    Raises
    ------
    InputError
        If an identifier is empty, precursors and mature strands are mixed, or fewer than ``min_mapped`` of the
        identifiers are human microRNAs.
    """
    ids, cohort = with_plain_names(data)
    if not isinstance(data, pd.DataFrame) and _is_done(cohort, kind):
        return cohort.copy()
    found = current_mirnas(ids, kind=kind)
    _check_ids(found, min_mapped)
    check_kind(found, kind)
    if kind is not None:
        aside = (found["kind"].notna() & (found["kind"] != kind)).to_numpy()
        found.loc[aside, "reason"] = found["kind"][aside].map(lambda other: f"{other}, where {kind} was asked for")
        found.loc[aside, "status"] = "set aside"
    else:
        aside = np.zeros(len(found), dtype=bool)
    own = ((found["status"] == "kept").to_numpy()) & (found["name"].to_numpy() == np.asarray(ids))
    kept = np.flatnonzero(~aside)
    local = groups(found["name"].to_numpy()[kept].tolist(), own[kept])
    grouped = {name: [int(kept[i]) for i in positions] for name, positions in local.items()}
    unit = info(cohort).unit
    renamed = regrouped(cohort, grouped, unit)
    renamed.var["source_id"] = [";".join(ids[i] for i in used) for used in grouped.values()]
    first = [used[0] for used in grouped.values()]
    for column in ("accession", "kind"):
        renamed.var[column] = found[column].to_numpy()[first]
    report = record_of(ids, found.rename(columns={"name": "id"}), grouped, unit)
    report.loc[aside, "id"] = ""  # an h5ad cannot hold missing text here; changes() gives it back as missing
    return with_record(renamed, MIRNA_RECORD, report)


def _is_done(cohort: AnnData, kind: str | None) -> bool:
    found = record(cohort, MIRNA_RECORD)
    if found is None or not bool(cohort.var_names.isin(found["id"]).all()) or "kind" not in cohort.var:
        return False
    return kind is None or bool(cohort.var["kind"].dropna().isin([kind]).all())


def _check_ids(found: pd.DataFrame, min_mapped: float) -> None:
    nameless = int(found.index.isin(["", "nan", "None"]).sum())
    if nameless:
        raise InputError(f"{nameless} of {len(found)} microRNAs have no name: name or remove these columns")
    known = found["status"] != "unknown"
    if known.mean() < min_mapped:
        strange = found.index[~known]
        hint = "they are genes: use harmonize.genes" if recognised(strange[:2000]) > 0.5 else "give miRBase names"
        raise InputError(
            f"{int((~known).sum())} of {len(found)} identifiers are no human microRNAs ({examples(strange)}), and at "
            f"least {min_mapped:.0%} must be: {hint}"
        )
