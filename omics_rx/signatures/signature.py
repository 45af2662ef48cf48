"""A signature: a few genes, their weights, and everything needed to apply them to a patient not seen before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core import saving
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.provenance import Provenance
from omics_rx.core.shown import shown
from omics_rx.harmonize.needs import prepare
from omics_rx.harmonize.reference import GeneReference
from omics_rx.signatures import drift
from omics_rx.signatures.baseline import Baseline
from omics_rx.signatures.gate import Gate
from omics_rx.signatures.scale import (
    MIN_FIDELITY,
    Expected,
    Scale,
    expected,
    needs_of,
    plain,
    scaled,
    scorable,
    widened,
)
from omics_rx.signatures.training import CLOSE

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike
    from omics_rx.harmonize.drifted import Drifted
    from omics_rx.harmonize.needs import Assessment, Opened, Prepared
    from omics_rx.signatures.followed import FollowUp
    from omics_rx.signatures.judgement import Judgement

Floats = NDArray[np.float64]
_LARGEST = 1e12  # of a weight: a score stays finite


@dataclass(frozen=True, eq=False)
class RiskSignature:
    """A linear risk score over a few genes.

    The score is ``sum(weight * z)``, where z brings each gene to the training scale; one unit is one standard
    deviation of the score in training, and more is worse.

    Attributes
    ----------
    name
        What it is called.
    genes
        Current symbols, ``k``.
    weights
        Gene to weight on the z scale.
    correlation
        Correlation of the genes within the training cohorts, ``(k, k)``; it fills in what a sample lacks.
    reference
        Frozen mean and sd of each gene, for ``reference="frozen"``; None where there is none.
    cutoffs
        ``{"high": score}``: above it a patient is in the high-risk group; the median of training.
    min_coverage
        Smallest share of absolute weight that must be present in a sample, 0 to 1.
    endpoint
        What it was trained on: ``"death"``, ``"relapse"``, or ``"mixed"``.
    training
        Cohorts, sizes, events, honest concordance, fidelity to the larger model; plain values.
    patterns
        Gene to the biology it was taken from.
    description, licence
        In words.
    provenance
        How it came to be.
    baseline
        What turns a score into chances of survival; None where it was not learnt, as for a published formula.
    gate
        Other weights where the oestrogen receptor is negative; None where all tumours have the same.
    imputes
        Whether :meth:`score` fills in what a platform lacks from all genes of the shipped loadings, unless told.
    """

    name: str
    genes: tuple[str, ...]
    weights: dict[str, float]
    correlation: Floats = field(repr=False)
    reference: GeneReference | None = field(repr=False)
    cutoffs: dict[str, float]
    min_coverage: float = 0.5
    endpoint: str = "event"
    training: dict[str, Any] = field(default_factory=dict, repr=False)
    patterns: dict[str, str] = field(default_factory=dict, repr=False)
    description: str = ""
    licence: str = ""
    provenance: Provenance = field(default_factory=lambda: Provenance("RiskSignature"), repr=False)
    baseline: Baseline | None = field(default=None, repr=False)
    gate: Gate | None = field(default=None, repr=False)
    imputes: bool = False

    def __post_init__(self) -> None:
        genes = tuple(self.genes)
        if not genes or len(set(genes)) != len(genes):
            raise InputError(f"a signature needs genes, each once, not {len(genes)} of which some repeat")
        absent = [gene for gene in genes if not abs(self.weights.get(gene, np.nan)) <= _LARGEST]
        if absent or len(self.weights) != len(genes):
            raise InputError(
                f"{len(absent)} genes have no finite weight of at most {_LARGEST:g} ({examples(absent)}): give one a "
                "gene"
            )
        if not any(self.weights.values()):
            raise InputError("every weight of the signature is 0: it says nothing")
        # rounded as the file rounds them, so that a saved signature scores exactly as the one it was saved from
        matrix = np.round(np.array(self.correlation, dtype=np.float64), 6)
        k = len(genes)
        if matrix.shape != (k, k) or not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T, atol=1e-8):
            raise InputError(f"the correlations have shape {matrix.shape}: give a symmetric {k} x {k} matrix")
        if not 0 < self.min_coverage <= 1:
            raise InputError(f"min_coverage is {self.min_coverage}: choose one above 0 and up to 1")
        if "high" not in self.cutoffs:
            raise InputError('a signature needs cutoffs["high"], the score above which risk is called high')
        matrix.setflags(write=False)
        object.__setattr__(self, "genes", genes)
        object.__setattr__(self, "correlation", matrix)

    def _repr_html_(self) -> str:
        weights = pd.DataFrame({"weight": self.weights}).rename_axis("gene")
        weights = weights.reindex(weights["weight"].abs().sort_values(ascending=False, kind="stable").index)
        return shown(
            f"RiskSignature {self.name}: {len(self.genes)} genes, endpoint {self.endpoint}",
            weights.assign(pattern=[self.patterns.get(str(gene), "") for gene in weights.index]) if self.patterns
            else weights,
            facts=[self.description, f"Needs {self.min_coverage:.0%} of the weight; more is more risk."],
            then=["signature.score(cohort)", "signature.save('s.json')", "orx.report.write(signature, 's.html')"],
        )  # fmt: skip

    @property
    def vector(self) -> Floats:
        """Weights in the order of ``genes``, ``(k,)``."""
        return np.array([self.weights[gene] for gene in self.genes])

    @property
    def importance(self) -> Floats:
        """Absolute weight of each gene, ``(k,)``; of both sets of weights together where there is a gate."""
        if self.gate is None:
            return np.abs(self.vector)
        return np.asarray(np.abs(self.gate.matrix(self.genes, self.vector)[:, :2]).sum(axis=1))

    @in_words
    def matrix(self, genes: Sequence[str]) -> Floats:
        """Weights of genes, ``(p, 1)``, or ``(p, 3)`` with a gate; 0 for a gene that is not in the signature."""
        told = tuple(genes)
        weights = np.array([self.weights.get(gene, 0.0) for gene in told])
        return weights[:, None] if self.gate is None else self.gate.matrix(told, weights)

    @in_words
    def score(
        self, cohort: CohortLike, *, min_coverage: float | None = None, reference: Scale = "cohort",
        impute: bool | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """Score every sample.

        Genes are found by any identifier that ``harmonize.genes`` knows. A gene that a sample lacks takes the value
        expected from the genes it has, by the training correlations; never zero by default.

        Parameters
        ----------
        cohort
            AnnData or frame, samples x genes.
        min_coverage
            Smallest share of absolute weight that must be present; None takes the signature's own.
        reference
            How genes come to the training scale. ``"cohort"``: z within this cohort, which makes up for the
            platform and supposes a cohort of mixed risk, not one picked for it; at least 20 samples.
            ``"frozen"``: the training cohorts' means and sds, for a single patient measured in the same unit on a
            like platform; alone or in a cohort gives the same score. A :class:`GeneReference` learnt on your own
            platform does the same for it.
        impute
            Whether what the platform lacks is filled in from every gene that goes with it in breast tumours, by the
            shipped loadings, and not from the signature's own genes alone. A sample then needs a ``fidelity`` of
            0.5, not a coverage. None does as the signature says.

        Returns
        -------
        pandas.DataFrame
            A row a sample: ``risk_score``; ``risk_group``, low or high; ``gene_coverage``, the share of absolute
            weight present; ``fidelity``, the correlation with the full score expected at these genes;
            ``reference``, what genes were scaled by, with the drift from a frozen one where the cohort lies far from
            it (typical gene more than 1 sd and what chance adds to few samples); ``reason``, why a row has no score,
            empty otherwise. ``attrs["drift"]`` measures the drift from a frozen reference in the cohort's unit, where
            there is one, with the ``verdict`` whether the frozen scale may be used; :meth:`drift` says what moved.

        Raises
        ------
        InputError
            If no sample can be scored, or the reference does not fit the cohort.
        """
        imputed = self.imputes if impute is None else impute
        needed = self.min_coverage if min_coverage is None else min_coverage
        ready = prepare(cohort, needs_of(self))
        z, found, scale = self._expected(ready, reference, imputed=imputed)
        known = np.isfinite(z[list(self.genes)].to_numpy())
        coverage = known @ self.importance / self.importance.sum()
        scores, fidelity = found.score, found.fidelity
        if imputed:
            told = min_coverage if min_coverage is not None else 0.0
            short = ~(fidelity >= MIN_FIDELITY) | (coverage < told - CLOSE)
            why = f"the genes at hand tell the score with r = {{:.2f}}, {MIN_FIDELITY:.1f} is needed"
            shortfall = [why.format(value) for value in np.nan_to_num(fidelity, nan=0.0)]
        else:
            short = coverage < needed - CLOSE
            shortfall = [f"{share:.0%} of the weight present, {needed:.0%} needed" for share in coverage]
        if short.all():
            lacking = [gene for gene, seen in zip(self.genes, known.any(axis=0), strict=True) if not seen]
            raise InputError(
                f"none of {len(z)} samples can be scored by {self.name}: at best {coverage.max():.0%} of its weight is "
                f"present, {shortfall[int(coverage.argmax())]}; lacking {examples(lacking)}: check the gene names, "
                + ("" if imputed else "say impute=True, ")
                + "or retrain with signatures.build(..., genes=cohort.var_names)"
            )
        scores, fidelity = np.where(short, np.nan, scores), np.where(short, np.nan, fidelity)
        reasons = pd.Series(
            [told if low else "" for told, low in zip(shortfall, short, strict=True)],
            index=z.index,
            dtype=object,
        )
        for name, reason in ready.unanswered.items():
            reasons[name] = reason
        table = pd.DataFrame(
            {
                "risk_score": scores,
                "risk_group": pd.Series(
                    np.where(scores > self.cutoffs["high"] + CLOSE, "high", "low"), index=z.index, dtype=object
                ).mask(short),
                "gene_coverage": coverage,
                "fidelity": fidelity,
                "reference": scale,
                "reason": reasons,
            },
            index=z.index,
        )
        if found.gate:
            table.insert(5, "er", pd.Series(found.gate, index=z.index, dtype=object))
        table = ready.told(table)
        if scale.startswith("cohort"):
            from omics_rx.signatures.drifting import brief

            if found_drift := brief(self, ready):
                table.attrs["drift"] = found_drift
            return table
        return drift.told(table, z[list(self.genes)], scale)

    def _expected(
        self, ready: Prepared, reference: Scale, *, imputed: bool
    ) -> tuple[pd.DataFrame, Expected, str]:  # fmt: skip
        """Scaled genes, what they tell of the score, and how they were scaled."""
        genes, spread = widened(self.genes) if imputed else plain(self)
        z, scale = scaled(self, ready, reference, genes)
        return z, expected(self, z, ready.source.obs, spread), f"{scale}, imputed" if imputed else scale

    @in_words
    def assess(self, cohort: CohortLike | Opened) -> Assessment:
        """Whether :meth:`score` runs on a cohort, at which share of the weight, and why not."""
        return scorable(self, cohort)

    @in_words
    def judge(
        self, cohorts: CohortLike | Mapping[str, CohortLike], *, beside: Sequence[RiskSignature] = (),
        months: Sequence[float] = (36, 60), reference: Scale = "cohort", impute: bool | None = None,
        by: Sequence[str] | Mapping[str, Sequence[float] | None] | None = None, seed: int = 0,
    ) -> Judgement:  # fmt: skip
        """Judge the signature on cohorts of your own, nothing refitted and no sign flipped.

        Parameters
        ----------
        cohorts
            One with follow-up (``time`` in months, ``event``), or several by name.
        beside
            Other signatures to hold against it on the same patients, such as ``load("recurrence_score")``.
        months
            At which survival of the groups and ROC curves are told; the restricted mean stops at the largest that both
            groups are followed to.
        reference, impute
            As in :meth:`score`.
        by
            Columns of ``obs`` that say for whom: ``["race", "age", "er_status", "stage", "site"]``, also under the
            names that registries give them. Texts are levels as they stand. Age is cut at 50 and 65, other numbers in
            thirds; ``{"age": [40, 60]}`` cuts elsewhere. A level of fewer than ten events gets no figure and says so;
            who is not known is a row of its own. Each column gets one test of interaction, the likelihood ratio of a
            slope for each level against one for all, corrected for the number of columns and cohorts (Holm).
        seed
            Of bootstraps and folds.

        Returns
        -------
        Judgement
            Concordance with interval, AUC over time and ROC curves, risk groups with survival at months, median,
            restricted mean and hazard ratio, calibration, decision curve, gain over what is held beside it,
            proliferation and clinical columns, pooled figures over several cohorts, and ``subgroups``: concordance,
            slope, observed and expected events and sizes of the risk groups at each level. ``report.write`` and
            ``plots.concordance_forest`` take it.

        Raises
        ------
        InputError
            If a cohort has no follow-up or cannot be scored, two are one, a month is none, a signature is given
            twice; if a column of ``by`` is the outcome, holds free text or dates in words, or has one level.
        """
        from omics_rx.signatures.judgement import judge_signature

        return judge_signature(
            self, cohorts, beside=beside, months=months, reference=reference, impute=impute, by=by, seed=seed
        )

    @in_words
    def drift(
        self, cohort: CohortLike, *, against: CohortLike | None = None, seed: int = 0, n_draws: int = 400
    ) -> Drifted:
        """Say whether a cohort is like the training patients, what moved if not, and whether the frozen scale holds.

        Place, scale, rank order and correlations of the genes, the score and its risk groups are each held against what
        two cohorts of one kind would show; recorded subtypes, receptors, grade, stage and age against those of
        training, where the signature keeps them.

        Parameters
        ----------
        cohort
            Samples x genes.
        against
            Training samples, where they are at hand: the reference is then a permutation of both. None takes the
            moments that the signature keeps.
        seed, n_draws
            Of the references.

        Returns
        -------
        Drifted
            Figures with ``p_value`` each and of all together, what ``moved`` (``genes missing``, ``unit``,
            ``platform``, ``case mix``, ``subtype shares``), whether the ``frozen`` scale may be used, and a sentence.
            Of 60 halves of two real cohorts one raised an alarm, where three are meant to (``benchmarks/drift.py``).

        Raises
        ------
        InputError
            If the cohort has none of the genes, or its unit cannot be told.
        """
        from omics_rx.signatures.drifting import of_signature

        return of_signature(self, cohort, against=against, seed=seed, n_draws=n_draws)

    @in_words
    def follow_up(
        self, cohort: CohortLike, *, sensitivity: object = None, more: Mapping[str, pd.DataFrame] | None = None,
        pathways: bool = True, reference: Scale = "cohort", impute: bool | None = None,
    ) -> FollowUp:  # fmt: skip
        """Score a cohort and compare its patients of high and low risk in all that the package can tell of them.

        Parameters
        ----------
        cohort
            Samples x genes.
        sensitivity
            A prediction of ``response``, of which the ``preference`` is compared (what distinguishes drugs within a
            sample), or a frame of samples x drugs.
        more
            Further tables by name, samples x columns.
        pathways
            Compare Reactome pathways too; they are many, and the correction runs over all rows.
        reference, impute
            As in :meth:`score`.

        Returns
        -------
        FollowUp
            One table, as :func:`compare_groups` gives it, and what could not be compared; ``report.write`` takes it.

        Raises
        ------
        InputError
            If the cohort cannot be scored, a group has fewer than three patients, or a table shares no sample with it.
        """
        from omics_rx.signatures.followed import follow_up

        return follow_up(
            self, cohort, sensitivity=sensitivity, more=more, pathways=pathways, reference=reference, impute=impute
        )

    @in_words
    def contributions(
        self, cohort: CohortLike, *, reference: Scale = "cohort", impute: bool | None = None
    ) -> pd.DataFrame:
        """What each gene adds to each sample's score, so that a row sums to ``risk_score``.

        Parameters
        ----------
        cohort, reference, impute
            As in :meth:`score`.

        Returns
        -------
        pandas.DataFrame
            Samples x genes. A gene that a sample lacks is NaN there: what it would have added is in the genes that
            speak for it. For a linear score these are its Shapley values against the average patient, whose score is
            0 (Lundberg and Lee 2017, corollary 1). A signature with other weights where ER is negative has a column
            ``ER`` more: what it adds for the receptor itself. One that fills in has a column for each gene that speaks.
        """
        imputed = self.imputes if impute is None else impute
        z, found, _ = self._expected(prepare(cohort, needs_of(self)), reference, imputed=imputed)
        table = pd.DataFrame(found.parts, index=z.index, columns=list(z.columns)).dropna(axis=1, how="all")
        kept = [gene for gene in z.columns if gene in self.weights or gene in table]
        table = table.reindex(columns=kept)
        if self.gate is not None:
            table["ER"] = found.base
        return table

    @in_words
    def predict_survival(
        self, cohort: CohortLike, *, months: Sequence[int] | None = None, min_coverage: float | None = None,
        reference: Scale = "cohort", impute: bool | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """Chance of no event by some horizons.

        It is that of patients like those of training, of whom an average one has the average risk there: a cohort
        of another time, treatment or endpoint has another baseline, which ``metrics.calibration`` tells.

        Parameters
        ----------
        cohort, min_coverage, reference, impute
            As in :meth:`score`.
        months
            Horizons among ``baseline.hazard``; None takes all of them.

        Returns
        -------
        pandas.DataFrame
            Samples x months, 0 to 1; NaN where a sample has no score.

        Raises
        ------
        InputError
            If the signature has no baseline or not these horizons, or no sample can be scored.
        """
        if self.baseline is None:
            raise InputError(
                f"{self.name} orders patients but gives no chances of survival: its baseline was not learnt. Build a "
                "signature on cohorts with follow-up, or read its risk_score"
            )
        scored = self.score(cohort, min_coverage=min_coverage, reference=reference, impute=impute)
        return self.baseline.survival(scored["risk_score"], None if months is None else tuple(months))

    @in_words
    def save(self, path: Path | str) -> Path:
        """Write the signature as a JSON file that a person can read and no hand can change unnoticed."""
        from omics_rx.signatures.files import to_json

        saving.write_text(path, to_json(self))
        return Path(path)

    @classmethod
    @in_words
    def from_json(cls, text: str) -> RiskSignature:
        """Read what :meth:`save` wrote.

        Raises
        ------
        IntegrityError
            If the text is no signature, was changed by hand, or is of a newer schema.
        """
        from omics_rx.signatures.files import from_json

        return from_json(text)
