"""What a computation needs of a cohort, and the one function that prepares a cohort by it.

A consumer (a score, a caller of subtypes, a signature, a model) declares its :class:`Needs`. :func:`prepare` reads the
cohort by them, once, and gives a frozen :class:`Prepared` that says what was done and is passed on; :func:`assess`
says whether that would work, for ``check``, by doing the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from omics_rx.core.cohort import expression, info, is_dask, sample_of_values, with_info
from omics_rx.core.errors import InputError, examples
from omics_rx.core.units import MIXED, UNITS, amount_of
from omics_rx.core.work import log
from omics_rx.harmonize import matrices
from omics_rx.harmonize.renaming import genes as current_genes
from omics_rx.harmonize.renaming import with_plain_names
from omics_rx.harmonize.strands import untold_strands
from omics_rx.harmonize.symbols import recognised
from omics_rx.harmonize.units import Conversion, UnitFinding, check_told, detect, linear_of, log_of, refuse_unfit

if TYPE_CHECKING:
    from anndata import AnnData

    from omics_rx.core.cohort import CohortLike

Scale: TypeAlias = Literal["log", "rank", "linear", "any"]
_FEW_GENES = 1000
_BLOCK = 4096  # cells of a file on disk at once
_N_PROBE, _MOSTLY = 1000, 0.5
NO_LEVELS = ("log2 ratio", "z")
NO_READS = "no value above zero: a sample without reads has no answer"


@dataclass(frozen=True)
class Doubt:
    """What a test of the data found.

    Attributes
    ----------
    sentence
        What is doubtful, and what to do.
    refuses
        Whether no number is to be computed.
    samples
        Samples that get no answer; empty where the doubt is about the cohort.
    """

    sentence: str
    refuses: bool = False
    samples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Needs:
    """What a computation needs of a cohort.

    Attributes
    ----------
    what
        The computation, as it is called in messages.
    scale
        ``"log"``: a log2 or relative scale; ``"rank"``: any scale that keeps the order of genes within a sample;
        ``"linear"``: amounts, logarithms taken back; ``"any"``: values as they are.
    genes
        Current symbols that it reads.
    coverage
        Smallest share of ``genes`` a cohort must have, 0 to 1.
    hinges
        Genes that the result hangs on: named when missing.
    levels
        Whether genes must keep their level within a sample, as ratios and z-scores do not: ``"must"``, ``"say"`` or
        ``"no"``.
    min_samples
        Fewest samples, 0 for any.
    single
        Whether values are brought to single precision first, so that a file of either precision gets the same calls.
    rename
        Whether genes come under their current symbols; without, names are taken as they stand.
    in_blocks
        Whether the computation reads a matrix on disk or in dask a block at a time and finds the samples without reads
        in it by :func:`with_reads`, so that nothing is read twice.
    tests
        Further tests of the prepared data: each gives a :class:`Doubt`, or None.
    """

    what: str
    scale: Scale = "log"
    genes: tuple[str, ...] = ()
    coverage: float = 0.0
    hinges: tuple[str, ...] = ()
    levels: Literal["must", "say", "no"] = "no"
    min_samples: int = 0
    single: bool = False
    rename: bool = True
    in_blocks: bool = False
    tests: tuple[Callable[[Prepared], Doubt | None], ...] = ()


@dataclass(frozen=True, eq=False)
class Prepared:
    """A cohort as a computation needs it.

    Attributes
    ----------
    needs
        By what it was prepared.
    source
        Samples x genes under their names, values as they were found.
    place
        Which matrix was read: ``"X"``, ``"raw"`` or a layer.
    found
        Unit of these values.
    change
        How they come to the scale needed; :attr:`data` has it done.
    missing
        Genes needed that the cohort lacks.
    unanswered
        Sample to why it has no answer.
    said
        Sentences about what was done and what is doubtful.
    """

    needs: Needs
    source: AnnData = field(repr=False)
    place: str
    found: UnitFinding
    change: Conversion
    missing: tuple[str, ...] = ()
    unanswered: dict[str, str] = field(default_factory=dict)
    said: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """Unit of :attr:`data`."""
        return self.change.to

    @property
    def coverage(self) -> float:
        """Share of the genes needed that the cohort has; 1 where none is named."""
        return 1 - len(self.missing) / len(self.needs.genes) if self.needs.genes else 1.0

    @property
    def statement(self) -> str:
        """All that was done, as one text."""
        return "; ".join(self.said)

    @cached_property
    def data(self) -> AnnData:
        """Samples x genes on the scale needed."""
        if self.change.have == self.change.to and not self.needs.single:
            return self.source
        values: Any = self.source.to_memory().X if self.source.isbacked else self.source.X
        if self.needs.single:
            values = values.astype(np.float32)
        changed = with_info(self.source, unit=self.change.to if self.change.to in UNITS else None)
        changed.X = self.change(values)
        return changed

    def values(self, genes: Iterable[str] | None = None) -> pd.DataFrame:
        """Samples x genes on the scale needed, float64; NaN for what is missing and for samples without an answer.

        Parameters
        ----------
        genes
            Which, in this order; those the cohort lacks have no column. None takes all.
        """
        wanted = self.source.var_names if genes is None else [gene for gene in genes if gene in self.source.var_names]
        if not len(wanted):
            return pd.DataFrame(index=self.source.obs_names.copy())
        frame = expression(self.data[:, list(wanted)])
        frame.loc[[name for name in self.unanswered if name in frame.index]] = np.nan
        return frame

    def told(self, table: pd.DataFrame) -> pd.DataFrame:
        """Write into a result what was done, as ``attrs["prepared"]``, and log it."""
        table.attrs["prepared"] = {"statement": self.statement, "unit": self.unit, "place": self.place}
        if self.unanswered:
            table.attrs["prepared"]["unanswered"] = dict(self.unanswered)
        return table


@dataclass(frozen=True)
class Assessment:
    """Whether a computation runs on a cohort: what :func:`prepare` would say."""

    runs: bool
    coverage: float
    why: str


@dataclass(frozen=True, eq=False)
class Opened:
    """A cohort read and named, before anything is known of who needs it; what several consumers share."""

    source: AnnData
    place: str
    found: UnitFinding
    said: tuple[str, ...]

    @cached_property
    def empty(self) -> tuple[str, ...]:
        """Samples of which every value is zero or missing, where zero means silent."""
        values: Any = self.source.X
        if is_dask(values) or self.found.unit in NO_LEVELS:
            return ()
        if self.source.isbacked:
            starts = range(0, self.source.n_obs, _BLOCK)
            some = np.concatenate([with_reads(values[at : at + _BLOCK]) for at in starts] or [np.ones(0, bool)])
        else:
            some = with_reads(values)
        return tuple(str(name) for name in self.source.obs_names[~some])


def opened(data: CohortLike | Opened, *, rename: bool = True) -> Opened:
    """Choose matrix and genes of a cohort and bring genes to current symbols."""
    if isinstance(data, Opened):
        return data
    if isinstance(data, pd.DataFrame) and rename:
        found = detect(with_plain_names(data)[1])  # before columns of a gene are joined by what their unit is
        source = current_genes(data, min_mapped=0.0)
        return Opened(source, "X", found, ())
    read = matrices.read(data)
    source = current_genes(read.data, min_mapped=0.0) if rename else read.data
    return Opened(source, read.place, read.found, read.said)


def prepare(data: CohortLike | Opened, needs: Needs, *, quiet: bool = False) -> Prepared:
    """Prepare a cohort as a computation needs it.

    Parameters
    ----------
    data
        Samples x genes.
    needs
        What the computation needs.
    quiet
        Whether nothing is logged, as ``check`` asks.

    Raises
    ------
    InputError
        If the unit is not known, or two stand in the cohort; if too few genes or samples are there; if a test of the
        data refuses it.
    """
    cohort = opened(data, rename=needs.rename)
    found = cohort.found
    change = _change(found, needs, cohort.source)
    said = [
        *cohort.said,
        found.statement if change.have == change.to else f"{found.statement}; converted to {change.to}",
    ]
    if amount_of(found.unit) == "counts" and change.have != change.to and cohort.source.n_vars < _FEW_GENES:
        said.append(f"totals of reads are those of {cohort.source.n_vars} genes only")
    if needs.levels != "no" and found.unit in NO_LEVELS:
        lost = f"{needs.what} compares genes within a sample, and the values ({found.unit}) have lost their levels"
        if needs.levels == "must":
            raise InputError(f"{lost}: pass expression before it was standardised or centred")
        said.append(f"{lost}: scores are rough")
    if cohort.source.n_obs < needs.min_samples:
        raise InputError(f"{needs.what} needs {needs.min_samples} samples and there are {cohort.source.n_obs}")
    missing = _missing(cohort.source, needs)
    strands = untold_strands(missing, (str(name) for name in cohort.source.var_names))
    said += [*strands, *_about(missing, needs, strands)]
    outside = cohort.source.isbacked or is_dask(cohort.source.X)
    empty = () if needs.in_blocks and outside else cohort.empty
    unanswered = dict.fromkeys(empty, NO_READS)
    if empty:
        said.append(f"{len(empty)} samples have no reads and get no answer ({examples(empty)})")
    ready = Prepared(needs, cohort.source, cohort.place, found, change, missing, unanswered, tuple(said))
    ready = _tested(ready)
    if not quiet:
        doubtful = cohort.place != "X" or len(ready.said) > 1 or found.unit == "linear expression"
        (log.warning if doubtful else log.debug)("%s: %s", needs.what, ready.statement)
    return ready


def assess(data: CohortLike | Opened, needs: Needs) -> Assessment:
    """Whether a computation runs on a cohort, and why not, by preparing it."""
    try:
        ready = prepare(data, needs, quiet=True)
    except InputError as error:
        share = 1 - len(_missing(opened(data).source, needs)) / len(needs.genes) if needs.genes else np.nan
        return Assessment(runs=False, coverage=share, why=str(error))
    share = ready.coverage if needs.genes else np.nan
    return Assessment(runs=True, coverage=share, why="; ".join(ready.said[1:]))


def _change(found: UnitFinding, needs: Needs, source: AnnData) -> Conversion:
    """How values come to the scale needed; features that are no genes, as of images, have no unit to ask for."""
    if needs.scale == "any" or (found.unit == "unknown" and recognised(source.var_names[:_N_PROBE]) < _MOSTLY):
        return Conversion(found.unit, found.unit)
    if needs.scale != "rank" or found.unit == MIXED:
        refuse_unfit(found, what=needs.what)
    if needs.scale == "log":
        return log_of(found.unit)
    return linear_of(found.unit, what=needs.what) if needs.scale == "linear" else Conversion(found.unit, found.unit)


def _missing(source: AnnData, needs: Needs) -> tuple[str, ...]:
    known = set(source.var_names)
    return tuple(gene for gene in needs.genes if gene not in known)


def _about(missing: tuple[str, ...], needs: Needs, strands: list[str]) -> list[str]:
    """Refuse too few genes; name those that the result hangs on."""
    n, have = len(needs.genes), len(needs.genes) - len(missing)
    if n and have < needs.coverage * n:
        raise InputError(
            f"the cohort has {have} of the {n} genes of {needs.what}, and {needs.coverage:.0%} are needed (missing: "
            f"{examples(missing)}): {'; '.join([*strands, 'pass the whole expression matrix'])}"
        )
    hung = [gene for gene in needs.hinges if gene in missing]
    return [f"{', '.join(hung)} is missing, and {needs.what} hangs on it"] if hung else []


def with_reads(values: Any) -> np.ndarray:
    """Which samples have a value other than zero, shape ``(n,)``; a missing value says nothing."""
    if hasattr(values, "tocsr"):
        rows = values.tocsr()
        read = np.isfinite(rows.data) & (rows.data != 0)
        return np.diff(np.concatenate([[0], np.cumsum(read)])[rows.indptr]) > 0
    array = np.asarray(values)
    return np.asarray((np.isfinite(array) & (array != 0)).any(axis=1))


def _tested(ready: Prepared) -> Prepared:
    """Prepared cohort with what the tests found, or an error where one refuses."""
    said, unanswered = list(ready.said), dict(ready.unanswered)
    if not ready.found.detected and ready.place == "X" and ready.needs.scale != "any":
        check_told(sample_of_values(ready.source.X), ready.found.unit)
    for test in ready.needs.tests:
        doubt = test(ready)
        if doubt is None:
            continue
        if doubt.refuses:
            raise InputError(f"{ready.needs.what}: {doubt.sentence}")
        said.append(doubt.sentence)
        unanswered.update(dict.fromkeys(doubt.samples, doubt.sentence))
    return replace(ready, said=tuple(said), unanswered=unanswered)


def domain_of(ready: Prepared) -> str:
    """Domain of a prepared cohort, told or detected."""
    return info(ready.source).domain
