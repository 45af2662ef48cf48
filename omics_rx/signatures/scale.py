"""From a cohort to the scale of a signature, and what missing genes are expected to add."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core import resources
from omics_rx.core.errors import InputError, examples, unknown_name
from omics_rx.harmonize.needs import Assessment, Needs, Prepared, domain_of, prepare
from omics_rx.harmonize.reference import GeneReference
from omics_rx.signatures.drift import Drift
from omics_rx.signatures.loadings import GeneLoadings, shipped_loadings

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike
    from omics_rx.harmonize.needs import Opened
    from omics_rx.signatures.signature import RiskSignature

Floats = NDArray[np.float64]
Scale: TypeAlias = Literal["cohort", "frozen"] | GeneReference

MIN_COHORT = 20  # below this a gene's mean and sd within the cohort say more about chance than about the platform
MIN_FIDELITY = 0.5  # correlation with the full score below which a filled-in score is not given
UNIT_BY_LENGTH = "log2(TPM + 1)"
# benchmarks/pam50_agreement.py: 100 tumours of TCGA, each alone and as a cohort, by the signatures that can score them
BY_LENGTH = "the order of patients is that of their cohort (Spearman .97 to .98), and their risk group in 73% to 87%"
_LEAST_GENES = 4000  # a panel's or a selection's total is not that of all genes
_LEAST_READS = 0.5  # of 100 tumours of TCGA .72 at least
_BLOCK = 1000  # samples
_SHRINKAGE = 0.05  # of the gene correlations towards none, so that genes that nearly repeat each other do no harm


def needs_of(signature: RiskSignature) -> Needs:
    """What a signature needs of a cohort. How much of its weight must be there is asked of each sample by itself."""
    return Needs(f"the signature {signature.name}", genes=signature.genes, single=True)


def by_length(ready: Prepared) -> str:
    """What counts and CPM of tissue are brought to TPM by, in words; empty where they are not."""
    cells = domain_of(ready) == "single_cell"  # whose reads are of the ends of transcripts and know no length
    if ready.unit != "log2(CPM + 1)" or cells or ready.source.n_vars < _LEAST_GENES:
        return ""
    return f"counts as TPM by the lengths of genes; {BY_LENGTH}"


def per_length(ready: Prepared, genes: Sequence[str]) -> pd.DataFrame:
    """log2(TPM + 1) of genes, from log2(CPM + 1) of all genes whose length is known.

    Raises
    ------
    InputError
        If reads lie in genes of unknown length for the most part.
    """
    lengths = gene_lengths()
    known = [gene for gene in ready.source.var_names if gene in lengths.index]
    parts = []
    for start in range(0, ready.source.n_obs, _BLOCK):
        block = replace(ready, source=ready.source[start : start + _BLOCK])
        reads = np.expm1(block.values() * np.log(2))
        whole, own = reads.sum(axis=1), reads[known]
        if (own.sum(axis=1) < _LEAST_READS * whole).any():
            raise InputError(
                f"under {_LEAST_READS:.0%} of the reads of {int((own.sum(axis=1) < _LEAST_READS * whole).sum())} "
                "samples lie in genes whose length is known: pass TPM or FPKM"
            )
        rate = own / lengths[known].to_numpy()
        shown = [gene for gene in genes if gene in rate]
        parts.append(np.log2(rate[shown].div(rate.sum(axis=1).where(whole > 0), axis=0) * 1e6 + 1))
    whole_cohort: pd.DataFrame = pd.concat(parts)
    return whole_cohort


def for_frozen(ready: Prepared, genes: Sequence[str]) -> pd.DataFrame:
    """Values of genes as a frozen reference has them: those of :func:`per_length` where reads are by length."""
    return per_length(ready, genes) if by_length(ready) else ready.values(genes)


@cache
def gene_lengths() -> pd.Series:
    """Bases of all exons of each gene, each once, by current symbol."""
    return resources.table("gene_lengths.tsv.gz").set_index("gene")["length"].astype(np.float64)


def scaled(
    signature: RiskSignature, ready: Prepared, reference: Scale, genes: Sequence[str]
) -> tuple[pd.DataFrame, str]:  # fmt: skip
    """Scaled values, z, of the genes asked for, ``n x k`` with NaN where missing, and how it was made."""
    frame = ready.values(genes)
    unit, genes = ready.unit, list(genes)
    if not frame.shape[1]:
        raise InputError(
            f"none of the {len(genes)} genes of {signature.name} is in the cohort "
            f"({examples(genes)} against {examples(ready.source.var_names, 3)}): check the gene names"
        )
    if isinstance(reference, GeneReference):
        if "unknown" not in (reference.unit, unit) and reference.unit != unit:
            raise InputError(
                f"the cohort is in {unit} and the reference in {reference.unit} ({reference.origin}): learn one in the "
                "cohort's unit"
            )
        return reference.z(frame).reindex(columns=genes), f"given ({reference.origin or reference.unit})"
    if reference == "cohort":
        if len(frame) < MIN_COHORT:
            raise InputError(
                f"{len(frame)} samples are too few to be scaled by themselves ({MIN_COHORT} are needed): pass "
                'reference="frozen", or a harmonize.GeneReference learnt on a cohort of the same platform'
            )
        return GeneReference.learn(frame, unit=unit).z(frame).reindex(columns=genes), "cohort"
    if reference != "frozen":
        raise unknown_name("reference", reference, ("cohort", "frozen"))
    if told := by_length(ready):
        frozen = frozen_reference(signature, UNIT_BY_LENGTH)
        return frozen.z(per_length(ready, genes)).reindex(columns=genes), f"frozen ({frozen.origin}; {told})"
    frozen = frozen_reference(signature, unit)
    return frozen.z(frame).reindex(columns=genes), f"frozen ({frozen.origin})"


def scorable(signature: RiskSignature, cohort: CohortLike | Opened) -> Assessment:
    """Whether a signature scores a cohort by itself or, where that is too small, by a frozen reference."""
    try:
        ready = prepare(cohort, needs_of(signature), quiet=True)
        have = [gene for gene in signature.genes if gene not in ready.missing]
        share = _weight(signature, have)
    except InputError as error:
        return Assessment(runs=False, coverage=np.nan, why=str(error))
    if signature.imputes:
        told = fidelity_of(signature, ready.source.var_names)
        if told < MIN_FIDELITY:
            why = f"its genes and those that speak for them tell the score with r = {told:.2f}, needs {MIN_FIDELITY}"
            return Assessment(runs=False, coverage=share, why=why)
    elif share < signature.min_coverage:
        return Assessment(runs=False, coverage=share, why=f"needs {signature.min_coverage:.0%} of its weight")
    if ready.source.n_obs >= MIN_COHORT:
        return Assessment(runs=True, coverage=share, why="; ".join(ready.said[1:]))
    try:
        frozen = frozen_reference(signature, UNIT_BY_LENGTH if by_length(ready) else ready.unit)
        values = for_frozen(ready, signature.genes)
    except InputError as error:
        return Assessment(runs=False, coverage=share, why=f"under {MIN_COHORT} samples, and {error}")
    both = [gene for gene in ready.source.var_names if gene in set(frozen.genes)]
    share = _weight(signature, [gene for gene in have if gene in frozen.genes])
    short = fidelity_of(signature, both) < MIN_FIDELITY if signature.imputes else share < signature.min_coverage
    if short:
        why = f"under {MIN_COHORT} samples, and the frozen reference has {share:.0%} of the weight with the cohort"
        return Assessment(runs=False, coverage=share, why=why)
    counted = f"; {how}" if (how := by_length(ready)) else ""
    small = f'under {MIN_COHORT} samples: by reference="frozen"'
    drift = Drift.of(frozen.z(values))
    if drift is not None and drift.tells:
        far = f", from which the typical gene lies {drift.off:.1f} sd off: another platform, unit or kind of sample"
        return Assessment(runs=True, coverage=share, why=f"{small}{counted}{far}")
    return Assessment(runs=True, coverage=share, why=f"{small}{counted}")


def fidelity_of(signature: RiskSignature, genes: Iterable[str]) -> float:
    """Expected correlation of a filled-in score with the full one, from the genes a platform has."""
    wide, spread = widened(signature.genes)
    at_hand = set(genes)
    have = np.array([gene in at_hand for gene in wide])
    if not have.any():
        return 0.0
    weights = signature.matrix(wide)[:, :1]
    whole = spread.variance(weights, np.ones(len(wide), dtype=bool))
    seen = spread.variance(spread.conditional(weights, have), have)
    return float(np.sqrt(min(1.0, seen.item() / whole.item())))


def _weight(signature: RiskSignature, genes: Iterable[str]) -> float:
    """Share of the absolute weight that some genes carry."""
    genes = set(genes)
    have = signature.importance[[gene in genes for gene in signature.genes]]
    return float(have.sum() / signature.importance.sum())


def frozen_reference(signature: RiskSignature, unit: str) -> GeneReference:
    """Frozen reference of a signature in a unit: its own, or that of tumours measured in it that are shipped.

    Raises
    ------
    InputError
        If there is none in the unit.
    """
    own = signature.reference
    if own is not None and own.unit == unit:
        return own
    shipped = shipped_reference(unit)
    if shipped is not None:
        found = shipped.subset(signature.genes)
        if _weight(signature, found.genes) >= signature.min_coverage:
            return found
    units = [*([own.unit] if own is not None else []), "log2(FPKM + 1)", "log2(TPM + 1)"]
    raise InputError(
        f"the cohort is in {unit}, and of frozen references {signature.name} has those in {', '.join(units)} (counts "
        f"and CPM of tissue with {_LEAST_GENES:,} genes or more come to TPM by the lengths of genes): give one of "
        "these, say unit= (or --unit) where the values are in one, score it with its cohort, or pass a "
        "harmonize.GeneReference learnt on its platform"
    )


@cache
def shipped_reference(unit: str) -> GeneReference | None:
    """Means and deviations of genes over breast tumours measured by sequencing, in one unit; None where there is none.

    They serve single patients of any signature. Sources stand in ``resources/SOURCES.toml``.
    """
    table = resources.table("tumour_references.tsv.gz")
    rows = table[table["unit"] == unit]
    if rows.empty:
        return None
    first = rows.iloc[0]
    return GeneReference(
        tuple(rows["gene"]), rows["mean"].to_numpy(dtype=np.float64), rows["sd"].to_numpy(dtype=np.float64),
        int(first["n_samples"]), unit, "tumour", str(first["origin"]),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Expected:
    """What the genes of each sample tell of its full score.

    Attributes
    ----------
    parts
        What each gene adds, ``(n, k)``, NaN where it is missing.
    base
        What is added to them, ``(n,)``; 0 without a gate.
    fidelity
        Expected correlation with the full score, ``(n,)``.
    gate
        By what each sample got its weights; empty without a gate.
    """

    parts: Floats
    base: Floats
    fidelity: Floats
    gate: list[str]

    @property
    def score(self) -> Floats:
        """Sum of the parts, ``(n,)``; NaN for a sample without a gene."""
        known = np.isfinite(self.parts).any(axis=1)
        return np.where(known, np.nansum(self.parts, axis=1) + self.base, np.nan)


class Spread(Protocol):
    """Correlations of genes, and what some of them tell of others."""

    def conditional(self, weights: Floats, have: NDArray[np.bool_]) -> Floats:
        """Weights on the genes at hand that give the expected score, ``(h, m)`` of ``(k, m)``."""

    def variance(self, weights: Floats, have: NDArray[np.bool_]) -> Floats:
        """Covariance of scores over some genes, ``(m, m)``."""


@dataclass(frozen=True, eq=False)
class Correlations:
    """Correlations as they were seen in training, ``(k, k)``, drawn a little towards none."""

    matrix: Floats

    def conditional(self, weights: Floats, have: NDArray[np.bool_]) -> Floats:
        """For jointly normal genes: ``w_o + S_oo^-1 S_om w_m``."""
        own = weights[have]
        if have.all():
            return own
        inner, outer = self.matrix[np.ix_(have, have)], self.matrix[np.ix_(have, ~have)]
        return np.asarray(own + np.linalg.solve(inner, outer @ weights[~have]))

    def variance(self, weights: Floats, have: NDArray[np.bool_]) -> Floats:
        """``w' S w``."""
        return np.asarray(weights.T @ self.matrix[np.ix_(have, have)] @ weights)


@dataclass(frozen=True, eq=False)
class Factors:
    """Correlations as a factor model, ``L L' + diag(own)``: loadings ``(k, r)`` and own variances ``(k,)``."""

    loadings: Floats
    own: Floats

    def conditional(self, weights: Floats, have: NDArray[np.bool_]) -> Floats:
        """The same as of full correlations, in the space of the factors (Woodbury)."""
        there, scaled = self.loadings[have], self.loadings[have] / self.own[have][:, None]
        inner = np.eye(there.shape[1]) + there.T @ scaled
        return np.asarray(weights[have] + scaled @ np.linalg.solve(inner, self.loadings[~have].T @ weights[~have]))

    def variance(self, weights: Floats, have: NDArray[np.bool_]) -> Floats:
        """``w' S w``."""
        common = self.loadings[have].T @ weights
        return np.asarray(common.T @ common + weights.T @ (weights * self.own[have][:, None]))


def widened(genes: Sequence[str], told: GeneLoadings | None = None) -> tuple[tuple[str, ...], Spread]:
    """Genes and all that speak for them on other platforms, and how they go together; by the shipped loadings."""
    told = shipped_loadings() if told is None else told
    own = set(genes)
    wide = (*genes, *(gene for gene in told.genes if gene not in own))
    rows = told.rows(wide)
    return wide, Factors(rows, np.maximum(1 - (rows**2).sum(axis=1), 1e-3))


def plain(signature: RiskSignature) -> tuple[tuple[str, ...], Spread]:
    """Genes of a signature and their correlations in training."""
    k = len(signature.genes)
    return signature.genes, Correlations((1 - _SHRINKAGE) * signature.correlation + _SHRINKAGE * np.eye(k))


def expected(signature: RiskSignature, z: pd.DataFrame, obs: pd.DataFrame, spread: Spread) -> Expected:
    """What each known gene adds to the expected score, and how near that is to the full one.

    Each set of known genes has weights of its own, ``E[score | z of the known]`` for jointly normal genes.

    Parameters
    ----------
    signature
        Its weights; genes of ``z`` that it lacks have none and speak for others only.
    z
        Samples x genes on the training scale, NaN where missing.
    obs
        What is recorded of the samples; a gate reads the receptor there.
    spread
        How the genes of ``z`` go together.
    """
    values, genes = z.to_numpy(), tuple(z.columns)
    known = np.isfinite(values)
    weights = signature.matrix(genes)
    whole = spread.variance(weights, np.ones(len(genes), dtype=bool))
    patterns, member = np.unique(known, axis=0, return_inverse=True)
    own = [spread.conditional(weights, have) if have.any() else weights[have] for have in patterns]
    shares, base, gate = np.ones((len(z), 1)), np.zeros(len(z)), list[str]()
    if signature.gate is not None:
        level = np.full(len(z), np.nan)
        for number, have in enumerate(patterns):
            rows = member.ravel() == number
            level[rows] = values[np.ix_(rows, have)] @ own[number][:, -1]
        share, gate = signature.gate.open(level, obs)
        shares, base = np.column_stack([share, 1 - share]), (1 - share) * signature.gate.offset
    m = shares.shape[1]
    parts, fidelity = np.full(values.shape, np.nan), np.full(len(z), np.nan)
    for number, have in enumerate(patterns):
        rows = member.ravel() == number
        if not have.any():
            continue
        parts[np.ix_(rows, have)] = values[np.ix_(rows, have)] * (shares[rows] @ own[number][:, :m].T)
        seen = np.einsum("nm,ml,nl->n", shares[rows], spread.variance(own[number], have)[:m, :m], shares[rows])
        full = np.einsum("nm,ml,nl->n", shares[rows], whole[:m, :m], shares[rows])
        fidelity[rows] = np.sqrt(np.minimum(1.0, seen / full))
    return Expected(parts, base, fidelity, gate)
