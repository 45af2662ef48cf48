"""Prognosis from modules: proliferation less the function of the oestrogen receptor, and what counts without it.

Each module is a named list of genes with sources (``resources/modules.tsv``). A cohort's modules are filled in from
whatever genes its platform has, so cohorts need not share genes. Where the oestrogen receptor is negative a tumour has
weights of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core import resources
from omics_rx.core.errors import InputError, examples, unknown_name
from omics_rx.signatures import cox
from omics_rx.signatures.fitted import Fitted
from omics_rx.signatures.gate import Gate
from omics_rx.signatures.loadings import GeneLoadings, shipped_loadings
from omics_rx.signatures.scale import expected, widened
from omics_rx.signatures.signature import RiskSignature
from omics_rx.signatures.training import CohortScale, TrainingSet

if TYPE_CHECKING:
    from omics_rx.signatures.assemble import Member

Floats = NDArray[np.float64]

PROLIFERATION, FUNCTION, LEVEL, HER2 = (
    "proliferation", "oestrogen receptor function", "oestrogen receptor level", "HER2",
)  # fmt: skip
IMMUNE = ("T cells", "B cells", "MHC class II")
NAMES = (PROLIFERATION, FUNCTION, LEVEL, HER2, *IMMUNE)
# ER-negative at all; proliferation, function and HER2 where ER is positive; immune cells where it is negative. What is
# fitted is drawn towards proliferation less function, the plain score, and no other effect.
_PARTS = ("ER-negative", "ER+ proliferation", "ER+ function", "ER+ HER2", "ER- immune")
PRIOR = np.array([0.0, 0.5, -0.5, 0.0, 0.0])
PENALTY = 20.0
_FEW_RECORDED = 20  # of each kind, to learn which level of ER expression is positive
_DEFAULT_GATE = (-0.6, 4.0)  # threshold and slope where too few are recorded


def module_sets() -> dict[str, list[str]]:
    """Genes of each module of prognosis, by current symbol; sources stand in ``resources/modules.tsv``."""
    table = resources.table("modules.tsv")
    table = table[table["panel"] == "prognosis"]
    return {name: table.loc[table["module"] == name, "gene"].tolist() for name in NAMES}


@dataclass(frozen=True, eq=False)
class FittedModules(Fitted):
    """Modules and their weights as a signature that fills in what a cohort lacks."""

    signature: RiskSignature = field(kw_only=True)
    told: GeneLoadings = field(kw_only=True)

    def risks(self, z: Floats, train: TrainingSet) -> tuple[Floats, Floats]:
        """Scores ``(n,)``, twice: nothing is distilled."""
        frame = pd.DataFrame(np.where(np.isfinite(train.expression), z, np.nan), columns=list(train.genes))
        score = _applied(self.signature, frame, train.er, self.told)
        return score, score

    def full_score(self, member: Member) -> pd.Series:
        """Score a cohort by the signature, which is the whole model."""
        return self.signature.score(member.cohort)["risk_score"]

    def draft(self, name: str, train: TrainingSet) -> RiskSignature:  # noqa: ARG002 - it is made
        """Give the signature as it was made from the same training set."""
        return self.signature


class ModuleRecipe:
    """Modules, each filled in on whatever genes a cohort has, with weights that are fixed or fitted.

    Parameters
    ----------
    weights
        ``"fixed"``: proliferation less the function of the oestrogen receptor, nothing fitted. ``"fitted"``: that score
        and, in equal parts, one whose five weights are fitted by stratified ridge Cox towards it, with the recorded
        receptor as a switch: HER2 counts where it is positive, immune cells where it is negative.
    sets
        Module to genes; None takes those of ``resources/modules.tsv``.
    loadings
        How genes go together; None takes the shipped ones.
    penalty
        Of the ridge, above 0: the inverse of the prior variance of a weight.
    """

    name = "modules"
    cites: tuple[str, ...] = ("wirapati2008", "desmedt2008", "sotiriou2006", "verweij1994")
    union = True  # cohorts need not share genes
    rule = (
        "Nothing is chosen: five weights of given modules are fitted towards a plain score, so noise is not tried "
        "against them; the left-out cohorts tell what they are worth."
    )

    def __init__(
        self, *, weights: Literal["fixed", "fitted"] = "fitted", sets: Mapping[str, Sequence[str]] | None = None,
        loadings: GeneLoadings | None = None, penalty: float = PENALTY,
    ) -> None:  # fmt: skip
        if weights not in ("fixed", "fitted"):
            raise unknown_name("choice of weights", weights, ("fixed", "fitted"))
        self.weights, self.penalty, self.loadings = weights, penalty, loadings
        self.sets = {name: list(genes) for name, genes in (module_sets() if sets is None else sets).items()}
        lacking = [name for name in NAMES if not self.sets.get(name)]
        if lacking:
            raise InputError(f"{len(lacking)} modules have no genes ({examples(lacking)}): give some to each")
        self.description = (
            "Proliferation less the function of the oestrogen receptor, each filled in on whatever genes a platform has"
        )
        if weights == "fitted":
            self.description += "; weights of its own where the receptor is negative, immune cells among them"

    def pool(self) -> set[str]:
        """Genes of the modules and all that speak for them."""
        return {gene for genes in self.sets.values() for gene in genes} | set(self._told().genes)

    def fit(self, train: TrainingSet, *, seed: int) -> FittedModules:  # noqa: ARG002 - nothing is drawn by chance
        """Fit the weights, and fold the modules into weights of genes.

        Raises
        ------
        InputError
            If the training cohorts have no gene that speaks for the modules.
        """
        told = self._told()
        genes = tuple(dict.fromkeys(gene for name in NAMES for gene in self.sets[name]))
        shares = self._shares(genes)
        z = scaled_within(train)
        table = of_modules(z, genes, shares, told)
        positive, gate, parts = self._folded(table, train, shares, genes)
        rows = told.rows(genes)
        matrix = rows @ rows.T
        np.fill_diagonal(matrix, 1.0)
        draft = RiskSignature(
            self.name, genes, dict(zip(genes, positive.tolist(), strict=True)), matrix, None, {"high": 0.0},
            gate=gate, imputes=True,
        )  # fmt: skip
        score = _applied(draft, z, train.er, told)
        spread = _within(score, train.cohort)
        weights = positive / spread
        if gate is not None:
            gate = Gate(
                {gene: weight / spread for gene, weight in gate.weights.items()}, gate.offset / spread, gate.level,
                gate.threshold, gate.slope,
            )  # fmt: skip
        signature = RiskSignature(
            self.name, genes, dict(zip(genes, weights.tolist(), strict=True)), matrix, None,
            {"high": float(np.median(score / spread))}, gate=gate, imputes=True,
        )  # fmt: skip
        home = {gene: name for name in reversed(NAMES) for gene in self.sets[name]}
        return FittedModules(
            genes=genes, weights=weights, cutoff=signature.cutoffs["high"], full_genes=genes, full_weights=weights,
            fidelity=1.0, parts=parts, patterns={gene: home[gene] for gene in genes}, skipped=(),
            signature=signature, told=told,
            notes=(f"Modules are filled in by gene loadings of {told.n_samples} tumours ({told.origin}).",),
        )  # fmt: skip

    def _told(self) -> GeneLoadings:
        return shipped_loadings() if self.loadings is None else self.loadings

    def _shares(self, genes: Sequence[str]) -> Floats:
        """Each module as the mean of its genes, genes x modules."""
        return np.column_stack(
            [np.isin(genes, self.sets[name]) / len(set(self.sets[name])) for name in NAMES]
        )  # fmt: skip

    def _folded(
        self, table: Floats, train: TrainingSet, shares: Floats, genes: tuple[str, ...]
    ) -> tuple[Floats, Gate | None, dict[str, float]]:
        """Weights of genes where ER is positive, the gate for those where it is not, and weights of the parts."""
        plain = shares[:, 0] - shares[:, 1]
        if self.weights == "fixed":
            return plain, None, {PROLIFERATION: 1.0, FUNCTION: -1.0}
        threshold, slope = _gate_of(table[:, NAMES.index(LEVEL)], train.er)
        level = dict(zip(genes, shares[:, NAMES.index(LEVEL)].tolist(), strict=True))
        draft = Gate({}, 0.0, {gene: share for gene, share in level.items() if share}, threshold, slope)
        g, _ = draft.open(table[:, NAMES.index(LEVEL)], _records(train.er, len(table)))
        features = _features(table, g)
        beta = _towards(features, cox.follow_up(train.time, train.event, train.cohort), self.penalty)
        one, two = table[:, 0] - table[:, 1], features @ beta
        first, second = (_within(values, train.cohort) for values in (one, two))
        parts = dict(zip(_PARTS, beta.tolist(), strict=True))
        immune = shares[:, [NAMES.index(name) for name in IMMUNE]].mean(axis=1)
        positive = plain / first + (beta[1] * shares[:, 0] + beta[2] * shares[:, 1] + beta[3] * shares[:, 3]) / second
        negative = plain / first + beta[4] * immune / second
        weights = dict(zip(genes, negative.tolist(), strict=True))
        return positive, Gate(weights, float(beta[0] / second), draft.level, threshold, slope), parts


def _features(table: Floats, g: Floats) -> Floats:
    immune = table[:, [NAMES.index(name) for name in IMMUNE]].mean(axis=1)
    return np.column_stack([1 - g, g * table[:, 0], g * table[:, 1], g * table[:, 3], (1 - g) * immune])


def _towards(features: Floats, data: cox.FollowUp, penalty: float) -> Floats:
    """Stratified ridge Cox towards :data:`PRIOR`: its log hazard is that of the prior plus a ridge's."""
    values, beta = features[data.order], PRIOR.copy()
    for _ in range(50):
        _, gradient, information = cox.derivatives(values, beta, data)
        step = np.linalg.solve(
            information + penalty * np.eye(beta.size), gradient - penalty * (beta - PRIOR)
        )  # fmt: skip
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    return np.asarray(beta)


def _within(values: Floats, cohort: NDArray[np.str_]) -> float:
    """Root of the mean variance within cohorts."""
    return float(np.sqrt(np.mean([values[cohort == name].var(ddof=1) for name in np.unique(cohort)])))


def _gate_of(level: Floats, er: Floats | None) -> tuple[float, float]:
    """Threshold and slope of the sigmoid that tells recorded ER from its level of expression."""
    from sklearn.linear_model import LogisticRegression

    known = np.isfinite(level) & (np.isfinite(er) if er is not None else False)
    told = np.zeros(0) if er is None else er[known]
    if min((told == 1).sum(), (told == 0).sum()) < _FEW_RECORDED:
        return _DEFAULT_GATE
    found = LogisticRegression(C=1e3).fit(level[known][:, None], told.astype(int))
    slope = max(0.5, float(found.coef_[0, 0]))
    return float(-found.intercept_[0] / slope), slope


def _records(er: Floats | None, n: int) -> pd.DataFrame:
    told = np.full(n, np.nan) if er is None else er
    words = np.where(told == 1, "positive", np.where(told == 0, "negative", "unknown"))
    return pd.DataFrame({"er_status": words.astype(object)})


def scaled_within(train: TrainingSet) -> pd.DataFrame:
    """Z within cohort, samples x genes; NaN where a cohort lacks a gene or does not vary in it."""
    scale = CohortScale.learn(train)
    z = scale.apply(train)
    for name in train.cohorts:
        z[np.ix_(train.cohort == name, np.isinf(scale.sd[name]))] = np.nan
    return pd.DataFrame(z, columns=list(train.genes))


def of_modules(z: pd.DataFrame, genes: tuple[str, ...], shares: Floats, told: GeneLoadings) -> Floats:
    """Each module's expected score from the genes at hand, samples x modules."""
    wide, spread = widened(genes, told)
    values = z.reindex(columns=list(wide)).to_numpy()
    weights = np.vstack([shares, np.zeros((len(wide) - len(genes), shares.shape[1]))])
    patterns, member = np.unique(np.isfinite(values), axis=0, return_inverse=True)
    if not patterns.any(axis=1).all():
        raise InputError("a training sample has none of the genes that speak for the modules: check the gene names")
    found = np.empty((len(values), shares.shape[1]))
    for number, have in enumerate(patterns):
        rows = member.ravel() == number
        found[rows] = values[np.ix_(rows, have)] @ spread.conditional(weights, have)
    return found


def _applied(signature: RiskSignature, z: pd.DataFrame, er: Floats | None, told: GeneLoadings) -> Floats:
    wide, spread = widened(signature.genes, told)
    return expected(signature, z.reindex(columns=list(wide)), _records(er, len(z)), spread).score
