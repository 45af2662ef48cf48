"""What stands among the genes of a matrix and is none: rows of a counter's summary, spike-ins, clinical columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.harmonize.symbols import gene_index, unnumbered
from omics_rx.io.clinical import with_clinical
from omics_rx.io.column_words import called_clinical, may_be_clinical
from omics_rx.io.follow_up_columns import words
from omics_rx.io.said import Aloud

if TYPE_CHECKING:
    from anndata import AnnData

_SUMMARY = re.compile(
    r"^(?:__\w+|N_(?:unmapped|multimapping|noFeature|ambiguous)|_?_?(?:no_feature|too_low_aqual|not_aligned|"
    r"alignment_not_unique)|_?_?ambiguous|unassigned_\w+|unmapped|\*|(?:grand_?)?totals?(?:[_ ](?:counts?|reads))?|sum|"
    r"mirnatotal|library[_ ]?size|lib[_.]size)$",
    re.IGNORECASE,
)
_OF_SAMPLES = re.compile(
    r"^(?:(?:grand|row)?[_. ]?(?:totals?|sums?|means?|averages?|avg|medians?)(?:[_. ](?:counts?|reads?|expression))?|"
    r"sd|std|stdev|variance|var|cv|min|max|minimum|maximum)$",
    re.IGNORECASE,
)
_SPIKE = re.compile(
    r"^(?:gspikein_|spike(?:_?in)?[_-])?ercc[-_.]?\d{5}(?:[_.]\d+)?$|^sirv\w*\d|^phix|^(?:pos|neg|lig)_[a-h](?:[(_|]|$)|"
    r"^(?:pos|neg)_\w\(|^(?:ath|cel|osa|dre)-mir-?\w*spike|^spike[-_]?in|^unisp\d|^r1_\d+|^r2_\d+",
    re.IGNORECASE,
)
_LANE = re.compile(r"[-_.]L00[1-8](?=[-_.]|$)", re.IGNORECASE)
_TELLING = 3
_FEW_CODES = 6
_ENOUGH_ROWS = 10
_PROBED = 500


def samples_alone(cohort: AnnData) -> tuple[AnnData, list[str]]:
    """Cohort without columns that sum the samples up, such as their total or mean, and without empty ones.

    Raises
    ------
    InputError
        If all samples stand in several lanes of a sequencer, which count as so many samples.
    """
    cohort, said = _without_empty(cohort)
    _refuse_lanes(cohort)
    more = _without_sums(cohort)
    return more[0], [*said, *more[1]]


def _without_empty(cohort: AnnData) -> tuple[AnnData, list[str]]:
    """Cohort without samples of no name and no value, which a separator at the end of each line makes."""
    nameless = np.array([not str(name).strip() for name in cohort.obs_names])
    if not nameless.any() or nameless.all():
        return cohort, []
    if not np.isnan(_dense(cohort.X[np.flatnonzero(nameless)])).all():
        return cohort, []
    return cohort[~nameless].copy(), [f"{int(nameless.sum())} columns without a name and values were left out"]


def _refuse_lanes(cohort: AnnData) -> None:
    names = [str(name) for name in cohort.obs_names]
    samples = {_LANE.sub("", name) for name in names}
    if all(_LANE.search(name) for name in names) and len(samples) < len(names):
        raise InputError(
            f"{len(names)} columns are lanes of {len(samples)} samples ({examples(names, 3)}), and each would count "
            "as a patient: add up the lanes of a sample first"
        )


def _without_sums(cohort: AnnData) -> tuple[AnnData, list[str]]:
    found = np.array([bool(_OF_SAMPLES.match(str(name))) for name in cohort.obs_names])
    if not found.any() or (~found).sum() < 2:
        return cohort, []
    said = f"{int(found.sum())} columns sum the samples up and are none ({examples(cohort.obs_names[found])})"
    return cohort[~found].copy(), [Aloud(said)]


def without_copies(cohort: AnnData) -> tuple[AnnData, list[str]]:
    """Cohort in which a feature that stands twice with the same values in all samples stands once.

    Two loci of one name are added up by what follows; a row pasted twice is one. At least three different values above
    zero tell a copy, since loci with few reads agree by chance.
    """
    names = pd.Index([unnumbered(str(name)) for name in cohort.var_names])
    twice = [int(place) for place in np.flatnonzero(names.duplicated(keep=False))]
    if not twice:
        return cohort, []
    first: dict[tuple[str, bytes], int] = {}
    copies = []
    for position, column in zip(twice, _dense(cohort.X[:, twice]).T, strict=True):
        if len(np.unique(column[column > 0])) >= _TELLING:
            key = (str(names[position]), column.tobytes())
            if first.setdefault(key, position) != position:
                copies.append(position)
    if not copies:
        return cohort, []
    said = f"{len(copies)} rows repeat another of the same name and values ({examples(names[copies])}): used once"
    kept = np.setdiff1d(np.arange(cohort.n_vars), copies)
    return cohort[:, kept].copy(), [Aloud(said)]


def genes_alone(
    cohort: AnnData, origin: str, *, noun: str = "genes", clinical: bool = True
) -> tuple[AnnData, list[str]]:
    """Cohort without the summaries of a counter, spike-ins and clinical columns; the last go to ``obs``.

    Parameters
    ----------
    cohort
        Samples x features.
    origin
        Named in errors.
    noun
        What a feature is, in the plural.
    clinical
        Whether clinical columns are looked for.

    Raises
    ------
    InputError
        If no feature is left.
    """
    names = [unnumbered(str(name)) for name in cohort.var_names]
    beside = cohort.var["row_name"].astype(str).tolist() if "row_name" in cohort.var else names
    summary = np.array([bool(_SUMMARY.match(a) or _SUMMARY.match(b)) for a, b in zip(names, beside, strict=True)])
    spike = ~summary & np.array([bool(_SPIKE.match(a) or _SPIKE.match(b)) for a, b in zip(names, beside, strict=True)])
    outcomes = ~summary & ~spike & (_clinical(cohort, names) if clinical else False)
    if not (summary.any() or spike.any() or outcomes.any()):
        return cohort, []
    kept = ~(summary | spike | outcomes)
    if not kept.any():
        raise InputError(
            f"{origin} holds no {noun}, only {examples(cohort.var_names)}: clinical tables are read by read_clinical"
        )
    said: list[str] = []
    for found, what in ((summary, "rows of a counter's summary"), (spike, "spike-ins and controls")):
        if found.any():
            said.append(Aloud(f"{int(found.sum())} {what} are no {noun} and were left out "
                              f"({examples(cohort.var_names[found])})"))  # fmt: skip
    alone = cohort[:, kept].copy()
    if outcomes.any():
        alone, more = with_columns(alone, cohort, outcomes, noun)
        said += more
    return alone, said


def with_columns(alone: AnnData, cohort: AnnData, clinical: np.ndarray, noun: str) -> tuple[AnnData, list[str]]:
    """Cohort with clinical features of another in its ``obs``, and a sentence that names them."""
    columns = cohort.var_names[clinical]
    found = pd.DataFrame(_dense(cohort.X[:, np.flatnonzero(clinical)]), index=cohort.obs_names, columns=columns)
    for name in columns:
        alone.obs[name if name not in alone.obs else f"{name}_as_given"] = found[name].astype(np.float64)
    said: list[str] = [
        Aloud(f"{len(columns)} columns among the {noun} are outcomes or clinical and no {noun}: {examples(columns)}; "
              "they are in obs")
    ]  # fmt: skip
    return alone, said


def clinical_apart(cohort: AnnData, noun: str) -> tuple[AnnData, list[str]]:
    """Cohort without features that are called as outcomes or findings; they go to ``obs``."""
    clinical = np.array([called_clinical(str(name)) for name in cohort.var_names])
    if not clinical.any() or clinical.all():
        return cohort, []
    return with_columns(cohort[:, ~clinical].copy(), cohort, clinical, noun)


def with_own_follow_up(cohort: AnnData, *, endpoint: str | None, time_unit: str | None) -> tuple[AnnData, list[str]]:
    """Cohort whose follow-up comes from columns that stood beside its genes, where they tell it.

    What cannot be told is said and left, for nobody asked for it.
    """
    columns = [str(name) for name in cohort.obs if called_clinical(str(name)) or may_be_clinical(str(name))]
    if not columns or "time" in columns or not any(set(words(name)) for name in columns):
        return cohort, []
    table = cohort.obs[columns].rename_axis("sample")
    try:
        told, said = with_clinical(cohort, table, endpoint=endpoint, time_unit=time_unit)
    except InputError as error:
        return cohort, [Aloud(f"the columns {examples(columns)} were not read as follow-up: {error}")]
    if "time" not in told.obs:
        return cohort, []
    alone = cohort.copy()
    for name in ("time", "event", "endpoint"):
        alone.obs[name] = told.obs[name]
    return alone, [sentence for sentence in said if "matched by the column" not in sentence]


def _dense(values: Any) -> np.ndarray:
    return np.asarray(values.toarray() if hasattr(values, "toarray") else values, dtype=np.float64)


def _clinical(cohort: AnnData, names: list[str]) -> np.ndarray:
    """Which features are clinical: by their names, by few codes among measured values, by numbering the rows."""
    current = gene_index().current
    found = np.array([called_clinical(name) for name in names])
    stems = {name.lower() for name in names if name in current} & {_stem(n) for n in np.array(names)[found]}
    doubtful = [
        i for i, name in enumerate(names)
        if not found[i] and (may_be_clinical(name) or name.lower() in stems or not _a_gene(name, current))
    ]  # fmt: skip
    if not doubtful or cohort.n_obs < _ENOUGH_ROWS or len(doubtful) > len(names) / 2:
        return found
    if not hasattr(cohort.X, "toarray") and _are_measured(np.asarray(cohort.X), found, doubtful):
        for i in doubtful:
            column = np.asarray(cohort.X[:, i], dtype=np.float64)
            found[i] = _are_codes(column) or _counts_rows(column)
    return found


def _a_gene(name: str, current: frozenset[str]) -> bool:
    return name in current or bool(re.match(r"^ENSG\d{11}", name)) or "|" in name or name.isdigit()


def _stem(name: str) -> str:
    parts = [word for word in words(name) if word not in {"time", "event", "status", "days", "months", "years", "t"}]
    return "_".join(parts)


def _are_measured(values: np.ndarray, clinical: np.ndarray, doubtful: list[int]) -> bool:
    """Whether nearly all other features hold values that are not whole."""
    others = np.setdiff1d(np.arange(values.shape[1]), [*np.flatnonzero(clinical), *doubtful])[:_PROBED]
    probed = values[:, others].astype(np.float64)
    whole = (np.isnan(probed) | (probed == np.round(probed))).all(axis=0)
    return bool(len(others)) and float(whole.mean()) < 0.1


def _are_codes(column: np.ndarray) -> bool:
    known = column[np.isfinite(column)]
    few = np.unique(known)
    return len(known) > 0 and len(few) <= _FEW_CODES and bool(np.all(known == np.round(known)))


def _counts_rows(column: np.ndarray) -> bool:
    return bool(np.isfinite(column).all()) and bool(np.all(np.diff(np.sort(column)) == 1))
