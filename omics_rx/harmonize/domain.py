"""Domains: a cohort brought to the scale on which a model was trained, cell lines and tumours each in their way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.cohort import DOMAINS, info
from omics_rx.core.errors import InputError, examples
from omics_rx.harmonize.needs import Needs, Prepared, prepare
from omics_rx.harmonize.reference import GeneReference, standardise_samples

if TYPE_CHECKING:
    from anndata import AnnData

    from omics_rx.core.cohort import CohortLike

_FEWEST_SAMPLES = 5
_FEW_SAMPLES = 20
_FEWEST_GENES = 2
_FAR_OFF = 3.0  # mean squared z of a line: 0.5 to 2.4 within GDSC and within CCLE, 33 to 143 across


@dataclass(frozen=True, eq=False)
class Aligned:
    """A cohort on the scale of a model's training data.

    Attributes
    ----------
    z
        Samples x genes asked for, shape ``(n, p)``, in standard deviations; NaN where a gene is missing.
    domain
        ``"cell_line"``, ``"tumour"`` or ``"single_cell"``.
    reference
        ``"cohort"`` where the samples were standardised among themselves, ``"frozen"`` where each stands alone.
    missing
        Genes asked for that no sample has, or that cannot be standardised.
    statement
        What was done, in sentences for a report.
    """

    z: pd.DataFrame
    domain: str
    reference: str
    missing: tuple[str, ...]
    statement: str


@in_words
def to_training_scale(
    data: CohortLike | Prepared,
    genes: Sequence[str],
    *,
    domain: str | None = None,
    reference: GeneReference | Literal["cohort"] = "cohort",
) -> Aligned:
    """Bring a cohort to the scale on which a model was trained.

    Cell lines are compared with the training lines: each line is standardised over the genes it shares with the
    reference, set to the location and spread that training lines have over the same genes, and then expressed in the
    frozen deviations of each gene. Nothing is learnt from the lines given. Tumours are standardised gene by gene,
    among themselves (``reference="cohort"``, which describes a patient relative to the others given) or by a frozen
    reference of tumours in the same unit (one patient alone). Counts, CPM, TPM and FPKM are logged first.

    Parameters
    ----------
    data
        Samples x genes with current symbols (see ``harmonize.genes``), or a cohort prepared by its needs.
    genes
        The ``p`` genes a model wants, in its order.
    domain
        One of ``core.cohort.DOMAINS``; None takes the cohort's own.
    reference
        For cell lines the training lines' :class:`GeneReference` (see :func:`line_reference`), or, for lines of
        another platform, that of lines measured on it; for tumours and single cells ``"cohort"`` or a reference of
        their own kind.

    Raises
    ------
    InputError
        If genes repeat, none is shared, cell lines come without a frozen reference, or a cohort is too small to be
        its own reference.

    Notes
    -----
    Why tumours are standardised, and not aligned by correlations or consensus factors
    (:mod:`omics_rx.harmonize.alignment`): the three were compared on response that is known, GDSC2 lines predicted
    from their expression on another platform (315 lines, 287 genes; ``benchmarks/domain_markers.py``). In Pearson r of
    what distinguishes drugs, a cohort of many tissues gives 0.41 standardised, 0.40 by correlations and 0.43 by 50
    consensus factors; one tissue at a time, which is what a cohort of tumours is, gives 0.25, 0.22 and 0.22. A frozen
    reference of the same platform over many tissues gives 0.41 in both, so pass one where there is one. No response of
    patients is in this choice, nor are the drug markers of patients that the benchmark prints.

    There lines of another platform, put on the training lines' own scale, are predicted no better than by chance,
    since its probes shift each gene for all lines alike; the statement says where lines lie that far off.
    """
    ready = data if isinstance(data, Prepared) else prepare(data, Needs("this scale", rename=False), quiet=True)
    cohort = ready.source
    wanted = list(genes)
    _check_names(cohort, wanted)
    domain = domain or info(cohort).domain
    if domain not in DOMAINS:
        raise InputError(f"domain {domain!r} is not known: use one of {', '.join(DOMAINS)}")
    done = ready.statement
    frame = ready.values(cohort.var_names[cohort.var_names.isin(wanted)])
    if domain == "cell_line":
        z, how = _lines(frame, reference), "cell lines by the frozen means and deviations of the training lines"
        how += _far_off(z)
    elif isinstance(reference, GeneReference):
        z = reference.z(frame)
        how = f"each sample alone, by a frozen reference of {reference.n_samples} samples {reference.origin}".rstrip()
    elif reference == "cohort":
        z = _within(frame)
        how = f"{len(frame)} samples among themselves, so each value is relative to the other samples"
        how += ", which are few for that" if len(frame) < _FEW_SAMPLES else ""
    else:
        raise InputError(f'reference {reference!r} is not known: pass "cohort" or a GeneReference')
    z = z.reindex(columns=wanted)
    missing = tuple(z.columns[z.isna().all(axis=0).to_numpy()])
    kind = "frozen" if isinstance(reference, GeneReference) else "cohort"
    statement = f"{done}. Standardised: {how}. {len(wanted) - len(missing)} of {len(wanted)} genes are there."
    return Aligned(z, domain, kind, missing, statement[0].upper() + statement[1:])


@in_words
def line_reference(data: CohortLike, genes: Sequence[str] | None = None) -> GeneReference:
    """Frozen reference of training lines: each line standardised over its genes, then mean and deviation of each gene.

    Parameters
    ----------
    data
        Training lines x genes; lines without any value are passed over.
    genes
        The genes to keep; None keeps all.
    """
    frame = prepare(data, Needs("a reference of cell lines", rename=False), quiet=True).values()
    if genes is not None:
        frame = frame.reindex(columns=list(genes))
    frame = frame[frame.notna().any(axis=1)]
    known = info(data)
    return GeneReference.learn(standardise_samples(frame), unit="z", domain="cell_line", origin=known.origin)


def _lines(frame: pd.DataFrame, reference: GeneReference | str) -> pd.DataFrame:
    """Frozen z of cell lines, each from itself alone."""
    if not isinstance(reference, GeneReference):
        raise InputError(
            "cell lines are never standardised among themselves, or a prediction would depend on the other lines "
            "given: pass the GeneReference of the training lines"
        )
    shared = frame.reindex(columns=list(reference.genes)).to_numpy(dtype=np.float64)
    known = np.isfinite(shared)
    few = (known.sum(axis=1) < _FEWEST_GENES) & known.any(axis=1)
    if few.any():
        raise InputError(
            f"{int(few.sum())} lines share fewer than {_FEWEST_GENES} genes with the training lines "
            f"({examples(frame.index[few])}): bring their genes to current symbols"
        )
    z = np.full(shared.shape, np.nan)
    rows = known.any(axis=1)
    if rows.any():
        z[rows] = _at_training_level(shared[rows], reference, frame.index[rows])
    return pd.DataFrame((z - reference.mean) / reference.sd, index=frame.index, columns=list(reference.genes))


def _at_training_level(values: np.ndarray, reference: GeneReference, names: pd.Index) -> np.ndarray:
    """Each line at the mean and spread that a training line has over the genes this line has, shape ``(n, p)``.

    Over all genes that is mean 0 and spread 1, as training lines have; over some genes (a panel, another platform)
    it is what the reference leads one to expect there: mean of the means, and their variance plus the mean variance.
    """
    known = np.isfinite(values)
    count = known.sum(axis=1)

    def average(array: np.ndarray) -> np.ndarray:
        return np.where(known, array, 0.0).sum(axis=1) / count

    own_mean = average(values)
    own_sd = np.sqrt(average((np.where(known, values, 0.0) - own_mean[:, None]) ** 2))
    if not (own_sd > 0).all():
        flat = names[~(own_sd > 0)]
        raise InputError(f"{len(flat)} lines have the same value for every gene ({examples(flat)}): remove them")
    means = np.broadcast_to(reference.mean, values.shape)
    due_mean = average(means)
    n = reference.n_samples
    due_sd = np.sqrt(average(reference.sd**2 * (n - 1) / n + (means - due_mean[:, None]) ** 2))
    return (values - own_mean[:, None]) / own_sd[:, None] * due_sd[:, None] + due_mean[:, None]


def _far_off(z: pd.DataFrame) -> str:
    """Say where lines lie farther from the reference than its own lines do, whose mean squared z is about 1."""
    with np.errstate(invalid="ignore"):
        squares = (z**2).mean(axis=1)
    far = squares > _FAR_OFF
    if not far.any():
        return ""
    typical = float(squares[far].median())
    return (
        f"; {int(far.sum())} of {len(z)} lie far off (mean squared deviation {typical:.1f}, about 1 among the "
        "reference's lines), as lines of another platform do: pass a reference of lines measured on it"
    )


def _within(frame: pd.DataFrame) -> pd.DataFrame:
    if len(frame) < _FEWEST_SAMPLES:
        raise InputError(
            f"{len(frame)} samples cannot be their own reference (at least {_FEWEST_SAMPLES}): "
            "pass a GeneReference of tumours in the same unit"
        )
    return GeneReference.learn(frame).z(frame)


def _check_names(cohort: AnnData, wanted: list[str]) -> None:
    names = pd.Index(wanted)
    if not names.is_unique:
        repeated = names[names.duplicated()].unique()
        raise InputError(f"{len(repeated)} genes are asked for twice ({examples(repeated)}): name each once")
    if not cohort.var_names.is_unique:
        repeated = cohort.var_names[cohort.var_names.duplicated()].unique()
        raise InputError(f"{len(repeated)} genes stand twice ({examples(repeated)}): pass it through harmonize.genes")
    if not cohort.var_names.isin(wanted).any():
        raise InputError(
            f"none of the {len(wanted)} genes wanted ({examples(wanted)}) is among the cohort's "
            f"({examples(cohort.var_names)}): pass it through harmonize.genes"
        )
