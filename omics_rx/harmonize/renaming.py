"""A cohort's genes under their current symbols, and a record of what became of each identifier."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.cohort import as_cohort, info, record, sample_of_values, with_record
from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import log
from omics_rx.harmonize.columns import groups, record_of, regrouped
from omics_rx.harmonize.matrices import genes_only, read
from omics_rx.harmonize.row_numbers import row_numbers
from omics_rx.harmonize.symbols import current_symbols, gene_index, numbered, recognised, unnumbered
from omics_rx.harmonize.units import check_told

if TYPE_CHECKING:
    from anndata import AnnData

    from omics_rx.core.cohort import CohortLike

_RECORD = "gene_changes"
_MADE_UNIQUE = re.compile(r"-\d{1,2}$")
MIRNA_RECORD = "mirna_changes"


@in_words
def genes(data: CohortLike, *, min_mapped: float = 0.5) -> AnnData:
    """Bring a cohort's genes to their current symbols.

    Identifiers without a certain symbol keep their own name and are reported by :func:`changes`; none is dropped.
    Where several stand for one gene, the column under the current symbol is taken as it is and the others are set
    aside; where none has the current symbol they are joined sample by sample: added in counts, CPM, TPM, FPKM and
    (after undoing the logarithm) in their logarithms, also those whose offset a sample's silent genes tell, averaged in
    every other unit. No rule looks at other
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
        If an identifier is empty, or fewer than ``min_mapped`` of them are human genes, or columns of one gene are
        logarithms of sequencing with an offset that nothing tells.
    """
    ids, cohort = with_plain_names(data)
    if not isinstance(data, pd.DataFrame) and _is_done(cohort):
        return cohort.copy()
    if cohort.X is None:
        cohort = read(cohort).data
    cohort, said = genes_only(cohort)
    if said:
        ids = [unnumbered(str(name).strip()) for name in cohort.var_names]
        log.warning("%s", "; ".join(said))
    ids = _as_before_made_unique(ids)
    found = current_symbols(ids)
    _check_ids(found, cohort, min_mapped)
    own = (found["symbol"].to_numpy() == np.asarray(ids)) & (found["status"] == "kept").to_numpy()
    grouped = groups(found["symbol"].tolist(), own)
    told = info(cohort)
    unit = told.unit
    if "unit" not in told.detected and len(grouped) < len(ids):  # what is joined by it can no longer be checked
        check_told(sample_of_values(cohort.X), unit)
    renamed = regrouped(cohort, grouped, unit)
    renamed.var["source_id"] = [";".join(ids[i] for i in used) for used in grouped.values()]
    report = record_of(ids, found.rename(columns={"symbol": "id"}), grouped, unit)
    return with_record(renamed, _RECORD, report)


@in_words
def changes(cohort: AnnData) -> pd.DataFrame:
    """What became of each gene or microRNA identifier of a cohort.

    Parameters
    ----------
    cohort
        A cohort that went through :func:`genes` or :func:`mirnas`.

    Returns
    -------
    pandas.DataFrame
        One row an identifier, in the source's order: ``source_id``; ``id``, its name now, missing where it was set
        aside; ``status``: kept, renamed, merged (it shares its gene with others, and ``reason`` says how), ambiguous
        or unknown, and for microRNAs retired or set aside; ``reason``.

    Raises
    ------
    InputError
        If the cohort went through neither.
    """
    found = None
    if not isinstance(cohort, pd.DataFrame):
        found = next((told for key in (_RECORD, MIRNA_RECORD) if (told := record(cohort, key)) is not None), None)
    if found is None:
        raise InputError(
            "nothing is recorded of this cohort's genes: pass it through harmonize.genes or harmonize.mirnas "
            "(joining cohorts drops the record)"
        )
    frame = pd.DataFrame(found).reset_index(drop=True)
    frame["id"] = frame["id"].replace({"": None})
    return frame


def with_plain_names(data: CohortLike) -> tuple[list[str], AnnData]:
    """Identifiers, and the cohort; a frame's columns may repeat, which AnnData warns of, so they are numbered first."""
    if isinstance(data, pd.DataFrame):
        ids = [unnumbered(str(name).strip()) for name in data.columns]
        return ids, as_cohort(data.set_axis(numbered(ids), axis=1))
    cohort = as_cohort(data)
    if cohort.isbacked:
        cohort = cohort.to_memory()
    return [unnumbered(str(name).strip()) for name in cohort.var_names], cohort


def _as_before_made_unique(ids: list[str]) -> list[str]:
    """Identifiers without the number that ``var_names_make_unique`` gave the second of one name."""
    present, current = set(ids), gene_index().current
    names = []
    for name in ids:
        base = name.rpartition("-")[0]
        made = base in present and name not in current and _MADE_UNIQUE.search(name)
        names.append(base if made else name)
    return names


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
    samples = [str(name) for name in cohort.obs_names[:2000]]
    if recognised(samples) > 0.5 and not row_numbers(samples):
        hint = "the sample names are genes, so the axes are swapped: transpose the data"
    elif (found["reason"] == "Ensembl id of another species").mean() > 0.5:
        hint = "these are genes of another species: map them to human orthologues first"
    elif pd.Series(strange).str.match(r"^[A-Z][a-z0-9]+$").mean() > 0.5:
        hint = "they are spelled as mouse genes are: map them to human orthologues first"
    elif pd.Series(strange).str.contains(r"_at$|^ILMN_|^A_\d\d_P").mean() > 0.5:
        hint = "they are microarray probes: map them with the platform's annotation first"
    raise InputError(
        f"{int((~mapped).sum())} of {len(found)} identifiers are no human genes ({examples(strange)}), and at least "
        f"{min_mapped:.0%} of the names of the columns (var_names) must be: {hint}"
    )
