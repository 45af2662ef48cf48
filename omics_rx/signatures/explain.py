"""Which genes moved a patient's risk: Shapley values that add up, for signatures and for any learner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import rng, track
from omics_rx.signatures.scale import Scale
from omics_rx.signatures.signature import RiskSignature

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike

Floats = NDArray[np.float64]
Predict = Callable[[Floats], Floats]
_ROWS = 50_000  # rows given to a model at a time


@dataclass(frozen=True, eq=False)
class Explanation:
    """Shapley values of a risk: ``risk = base + sum of a row of parts``.

    Attributes
    ----------
    base
        Risk of the average patient of the reference.
    parts
        Samples x genes, in units of the risk; NaN for a gene the sample lacks, whose part is with its fellows.
    risk
        Risk of each sample.
    """

    base: float
    parts: pd.DataFrame = field(repr=False)
    risk: pd.Series = field(repr=False)

    def patient(self, sample: str) -> pd.Series:
        """Genes of one patient, those that moved the risk most first.

        Raises
        ------
        InputError
            If there is no such patient.
        """
        if sample not in self.parts.index:
            raise InputError(f"no patient {sample!r}: there are {examples(self.parts.index, 3)}")
        row: pd.Series = self.parts.T[sample].dropna()
        return row.iloc[np.argsort(-row.abs().to_numpy(), kind="stable")]

    def overall(self) -> pd.DataFrame:
        """Genes over all patients: ``importance`` (mean absolute value) and ``largest``, most important first."""
        size = self.parts.abs()
        table = pd.DataFrame({"importance": size.mean(), "largest": size.max()}).rename_axis("gene")
        return table.sort_values("importance", ascending=False, kind="stable")


@in_words
def explain(
    signature: RiskSignature, cohort: CohortLike, *, reference: Scale = "cohort", min_coverage: float | None = None,
    impute: bool | None = None,
) -> Explanation:  # fmt: skip
    """Explain the scores of a signature, exactly.

    Parameters
    ----------
    signature
        A signature.
    cohort, reference, min_coverage, impute
        As in ``RiskSignature.score``; samples below the coverage are left out, as they have no score.

    References
    ----------
    Lundberg and Lee, NeurIPS 2017, corollary 1.
    """
    scored = signature.score(cohort, reference=reference, min_coverage=min_coverage, impute=impute)
    risk = scored["risk_score"].dropna()
    parts = signature.contributions(cohort, reference=reference, impute=impute)
    return Explanation(0.0, parts.loc[risk.index], risk)


def explain_linear(
    weights: Mapping[str, float], z: pd.DataFrame, *, background: pd.DataFrame | None = None
) -> Explanation:
    """Explain a linear log hazard, exactly: a stack of Cox models is one too.

    Parameters
    ----------
    weights
        Gene to log hazard a unit of ``z``.
    z
        Samples x genes on the scale of the weights.
    background
        Samples of which the average patient is taken; None takes those explained.

    Raises
    ------
    InputError
        If a gene or a value is missing.
    """
    genes = list(weights)
    absent = [gene for gene in genes if gene not in z]
    if absent or z[genes].isna().any(axis=None):
        raise InputError(
            f"genes are missing, wholly or for some samples ({examples(absent) or 'some values'}): fill them"
        )
    given = z[genes].astype(np.float64)
    slopes = pd.Series(dict(weights), dtype=np.float64)[genes]
    centre = (given if background is None else background[genes]).mean()
    return Explanation(
        float(slopes.to_numpy() @ centre.to_numpy()), (given - centre) * slopes, (given * slopes).sum(axis=1)
    )


@in_words
def explain_model(
    predict: Predict, data: pd.DataFrame, background: pd.DataFrame, *, n_permutations: int = 20, seed: int = 0,
    progress: bool | None = None,
) -> Explanation:  # fmt: skip
    """Explain any risk by sampled permutations of the genes, each walked both ways; values add up exactly.

    Parameters
    ----------
    predict
        Takes samples x genes ``(m, p)`` and returns the risk ``(m,)``, such as a learner's ``predict``.
    data
        Samples to explain, samples x genes.
    background
        Samples that stand for absent genes (the interventional expectation); some tens are enough.
    n_permutations
        Orders drawn; the error falls with their square root. It is 0 for a risk that adds up over genes.
    seed, progress
        Of the draw; a bar on stderr.

    Raises
    ------
    InputError
        If columns differ or values are missing.

    References
    ----------
    Strumbelj and Kononenko, Knowl Inf Syst 2014, 41:647; Mitchell et al., J Mach Learn Res 2022, 23:43.
    """
    if list(data.columns) != list(background.columns):
        raise InputError("the samples and the background have different genes: give both the same columns")
    given, others = data.to_numpy(dtype=np.float64), background.to_numpy(dtype=np.float64)
    if not (np.isfinite(given).all() and np.isfinite(others).all()):
        raise InputError("values are missing: fill them as the model was taught to, before explaining it")
    generator = rng(seed, "explain", data.shape[1])
    orders = [generator.permutation(data.shape[1]) for _ in range(n_permutations)]
    predict = _by_name(predict, data.columns)
    base = float(np.mean(predict(others)))
    values = np.zeros(given.shape)
    for order in track(orders, "explaining", total=len(orders), progress=progress):
        for walk in (order, order[::-1]):
            values += _walk(predict, given, others, walk)
    values /= 2 * n_permutations
    risk = np.asarray(predict(given), dtype=np.float64)
    return Explanation(base, pd.DataFrame(values, data.index, data.columns), pd.Series(risk, data.index))


def _by_name(predict: Predict, columns: pd.Index) -> Predict:
    """A learner that knows its features by name is given them by name."""
    if not hasattr(getattr(predict, "__self__", None), "feature_names_in_"):
        return predict
    return lambda values: predict(pd.DataFrame(values, columns=columns))  # type: ignore[arg-type]


def _walk(predict: Predict, given: Floats, others: Floats, order: NDArray[np.intp]) -> Floats:
    """Change of the expected risk as genes are made known in an order: ``(n, p)``."""
    n, m = len(given), len(others)
    found = np.zeros(given.shape)
    step = max(1, _ROWS // m)
    for start in range(0, n, step):
        part = given[start : start + step]
        mixed = np.tile(others, (len(part), 1))
        before = np.asarray(predict(mixed), dtype=np.float64).reshape(len(part), m).mean(axis=1)
        for gene in order:
            mixed[:, gene] = np.repeat(part[:, gene], m)
            after = np.asarray(predict(mixed), dtype=np.float64).reshape(len(part), m).mean(axis=1)
            found[start : start + step, gene] = after - before
            before = after
    return found
