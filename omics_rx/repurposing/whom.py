"""Whom a ranking is for: tumours of the breast, one kind of sample; what is not that is left out, refused or said.

A subtype is told by what sets its tumours apart from the others of a cohort. Normal tissue among them moves every mean,
and lines or tumours of another organ have no such subtypes. Organs are told by columns, and by expression where a
cohort expresses what hardly any other organ does; tumours without such genes are ranked as if they were of the breast.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core import cohort as co
from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import log
from omics_rx.harmonize import cell_lines
from omics_rx.harmonize.needs import Needs, prepare
from omics_rx.harmonize.normal_tissue import asked_genes, normal_tissue
from omics_rx.harmonize.organs import organ_in
from omics_rx.harmonize.sample_words import ABOUT_COLUMN, has, tcga_types

if TYPE_CHECKING:
    from anndata import AnnData

_TCGA_METASTASIS = {"06", "07"}  # of TCGA's sample types
_METASTASIS = re.compile(r"\b(metasta\w*|mets?|relapse|recurren\w*)\b", re.IGNORECASE)
_NO = re.compile(
    r"^(no|none|0|false|m0|absent|negative|non|never)\b|\bno (distant )?metasta|non-?metasta|\bm0\b", re.IGNORECASE
)
_TREATED = re.compile(
    r"^(post|after|on)[-_ ]?(treatment|therapy|chemo\w*|nact?|neoadjuvant|surgery)|post[-_ ]?treatment|\btreated\b|"
    r"on[-_ ]treatment",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"untreated|\bpre|before", re.IGNORECASE)
_TIMEPOINT = re.compile(
    r"time.?point|visit|pre.?post|treatment.?(status|time)|sampling|biopsy.?time|treated", re.IGNORECASE
)
_ORGAN = re.compile(
    r"organ|tissue|primary.?site|cancer.?type|tumou?r.?type|disease|project|cohort|site.of.origin|oncotree",
    re.IGNORECASE,
)
_SITE = re.compile(r"metasta|biopsy|sample.?site|site.?of.?(biopsy|metasta|sample|resection)", re.IGNORECASE)
_FOLLOWED = re.compile(r"time|event|free|surv|^os|dmfs|months|days", re.IGNORECASE)
_BREAST = re.compile(r"breast|brca|mamma|\bidc\b|\bilc\b|ductal|lobular", re.IGNORECASE)
_OTHER = re.compile(
    r"colo(n|rect)|\bcrc\b|\bcoad\b|\bread\b|lung|\bluad\b|\blusc\b|\bnsclc\b|prostat|\bprad\b|pancrea|\bpaad\b|liver|"
    r"hepat|\blihc\b|stomach|gastric|\bstad\b|ovar|\bov\b|kidney|renal|\bkir[cp]\b|bladder|\bblca\b|melanoma|\bskcm\b|"
    r"glio|\bgbm\b|\blgg\b|brain|leuk|lymphom|\blaml\b|myeloma|thyroid|\bthca\b|cervi|\bcesc\b|endometri|\bucec\b|"
    r"uter|head.{0,5}neck|\bhnsc\b|sarcoma|esoph|oesoph|\besca\b",
    re.IGNORECASE,
)
# what sample names say of themselves: "PB120-LN-Met", "BC00057-post-chemo", "P3_normal"
_NAMED_METASTASIS = re.compile(r"(^|[-_. (])(mets?|metasta\w*|recur\w*|relapse\w*)([-_. )]|$)", re.IGNORECASE)
_NAMED_TREATED = re.compile(r"post[-_. ]?(chemo|treat|therap|nac)|(^|[-_. ])on[-_. ]?treat", re.IGNORECASE)
LOOKS_NORMAL = 'normal tissue by expression, apart from all others; obs["sample_type"] = "tumour" keeps one'
MANY_NORMAL = 0.2  # share of tumours called Normal beyond which normal tissue among them is said
MOSTLY, MIN_LINES = 0.6, 5


@dataclass(frozen=True, eq=False)
class Whom:
    """Tumours that a ranking is made of.

    Attributes
    ----------
    tumours
        Samples kept, in the cohort's order.
    left_out
        Sample to why it was left out.
    said
        What is to be said.
    """

    tumours: AnnData
    left_out: pd.Series
    said: tuple[str, ...]


def tumours_of(cohort: AnnData) -> Whom:
    """Leave normal and flat samples out, refuse lines and other organs, say metastases and treated samples.

    Parameters
    ----------
    cohort
        Samples x genes under current symbols.

    Raises
    ------
    InputError
        For cell lines, single cells, tumours that a column says are of another organ, or if nothing is left.
    """
    _refuse_lines(cohort)
    _refuse_organs(cohort)
    reasons = pd.Series("", index=cohort.obs_names, dtype=object)
    normal = normal_tissue(cohort.obs, _logs(cohort))
    reasons[normal.told] = "normal tissue"
    reasons[normal.seen] = LOOKS_NORMAL
    values = co.expression(cohort).to_numpy()
    with np.errstate(invalid="ignore"):
        flat = np.nanmax(np.where(np.isfinite(values), values, -np.inf), axis=1) <= np.nanmin(
            np.where(np.isfinite(values), values, np.inf), axis=1)  # fmt: skip
    reasons[flat] = "the same value for every gene: no expression was measured"
    left = reasons[reasons != ""]
    said = []
    for reason in dict.fromkeys(left):
        own = left.index[left == reason]
        said.append(f"{len(own)} samples are left out ({reason}: {examples(own)}).")
    if len(left) == cohort.n_obs:
        raise InputError(f"none of the {cohort.n_obs} samples is a tumour that can be ranked for: {' '.join(said)}")
    kept = cohort[(reasons == "").to_numpy()].copy() if len(left) else cohort
    said += _stated(kept)
    for words in said:
        log.warning("%s", words)
    return Whom(kept, left, tuple(said))


def _logs(cohort: AnnData) -> pd.DataFrame | None:
    """Genes that tell normal tissue, on a log scale; None where the unit is not known, which the call refuses later."""
    try:
        ready = prepare(cohort, Needs("normal tissue", genes=asked_genes(), rename=False), quiet=True)
    except InputError:
        return None
    return ready.values(asked_genes())


def _refuse_lines(cohort: AnnData) -> None:
    told = co.info(cohort)
    domain = told.domain
    if domain == "tumour" and "domain" in told.detected and cohort.n_obs >= MIN_LINES:
        known = cell_lines.identify(cohort.obs_names)["status"].eq("known")
        domain = "cell_line" if known.mean() > MOSTLY else domain
    if domain != "tumour":
        what = {"cell_line": "cell lines", "single_cell": "single cells"}.get(domain, domain)
        raise InputError(
            f"the cohort holds {what} ({examples(cohort.obs_names)}): subtypes of tumours are ranked for; give tumours "
            "(or say so with core.cohort.with_info(cohort, domain='tumour')), and lines to ResponseModel"
        )


def _refuse_organs(cohort: AnnData) -> None:
    """Refuse samples that a column says are of another organ, or that express its genes where no column says breast."""
    for column in _text_columns(cohort, _ORGAN):
        words = cohort.obs[column].dropna().astype(str)
        other = words[has(words, _OTHER) & ~has(words, _BREAST)]
        if len(other) and not has(words, _METASTASIS).any() and not _is_site(column):
            raise InputError(
                f"{len(other)} of {cohort.n_obs} samples are not of the breast (obs[{column!r}] says "
                f"{examples(other.unique())}): leave them out, breast subtypes are ranked for"
            )
    if _say_breast(cohort):
        return
    if organ := organ_in(cohort):
        raise InputError(
            f"the typical sample expresses the genes of {organ}, and breast subtypes are ranked for: give tumours of "
            'the breast, or say that these are, in a column: obs["organ"] = "breast"'
        )


def _say_breast(cohort: AnnData) -> bool:
    """Whether a column says that most samples are of the breast."""
    named = (cohort.obs[column].dropna().astype(str) for column in _text_columns(cohort, _ORGAN))
    return any(has(words, _BREAST).sum() > cohort.n_obs / 2 for words in named)


def _is_site(column: str) -> bool:
    """Whether a column tells where a sample was taken, which for a metastasis is another organ."""
    return bool(_SITE.search(column))


def _text_columns(cohort: AnnData, named: re.Pattern[str]) -> list[str]:
    return [str(name) for name in cohort.obs if named.search(str(name)) and not
            pd.api.types.is_numeric_dtype(cohort.obs[name])]  # fmt: skip


def _stated(cohort: AnnData) -> list[str]:
    """Sentences on metastases and treated samples, which are ranked with the others."""
    names = pd.Series(cohort.obs_names.astype(str), index=cohort.obs_names)
    metastases = has(names, _NAMED_METASTASIS) | tcga_types(cohort.obs_names).isin(_TCGA_METASTASIS).to_numpy()
    treated = has(names, _NAMED_TREATED)
    for column in cohort.obs:
        values = cohort.obs[column]
        words = values.astype(object).where(values.notna(), "").astype(str)
        if ABOUT_COLUMN.search(str(column)) and not _FOLLOWED.search(str(column)):
            metastases = metastases | (has(words, _METASTASIS) & ~has(words, _NO))
        if _TIMEPOINT.search(str(column)):
            treated = treated | (has(words, _TREATED) & ~has(words, _BEFORE))
    said = []
    for found, what in ((metastases, "metastases or relapses"), (treated, "taken under or after treatment")):
        if found.any() and not found.all():
            said.append(
                f"{int(found.sum())} of {cohort.n_obs} samples are {what} ({examples(names[found])}) and count as the "
                "others do: leave them out to rank primary tumours."
            )
    return said


def called_normal(subtypes: pd.Series) -> tuple[str, ...]:
    """What is said where many samples look like normal tissue."""
    share = float((subtypes == "Normal").mean())
    if share < MANY_NORMAL:
        return ()
    words = (
        f"{int((subtypes == 'Normal').sum())} of {len(subtypes)} samples are called Normal, which often means normal "
        "tissue: leave such samples out, they move every mean that tumours are compared with."
    )
    log.warning("%s", words)
    return (words,)
