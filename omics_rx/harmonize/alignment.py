"""Two domains beyond means and deviations: correlation alignment, and factors that both domains share.

Both take genes standardised within each domain and look at no response. Which way is the default, and on what
evidence, is told in :mod:`omics_rx.harmonize.domain`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples

_FEWEST = 5
_SAME_ANGLE = 1e-6
_N_STEPS = 51


@in_words
def coral(cohort: pd.DataFrame, lines: pd.DataFrame, *, shrinkage: float = 0.5) -> pd.DataFrame:
    """Bring the correlations among genes of a cohort to those of the training lines (CORAL).

    Parameters
    ----------
    cohort, lines
        Samples x genes, standardised within each domain, shapes ``(n, p)`` and ``(m, p)``, the same genes.
    shrinkage
        Weight of the identity in both covariances, above 0 to 1; 1 changes nothing.

    Returns
    -------
    pandas.DataFrame
        The cohort times its covariance to the power -1/2 times that of the lines to the power 1/2, shape ``(n, p)``.

    Raises
    ------
    InputError
        If genes differ or are missing, there are fewer than five samples, or the shrinkage is not above 0 to 1.

    References
    ----------
    Sun, Feng and Saenko 2016, AAAI, doi:10.1609/aaai.v30i1.10306, algorithm 1.
    """
    if not 0 < shrinkage <= 1:
        raise InputError(f"shrinkage {shrinkage} is not above 0 to 1: with fewer samples than genes it must be above 0")
    target, source = _both(cohort, lines)
    whitened = _times_power(target, target, -0.5, shrinkage)
    return pd.DataFrame(_times_power(whitened, source, 0.5, shrinkage), index=cohort.index, columns=cohort.columns)


def _times_power(values: np.ndarray, sample: np.ndarray, power: float, shrinkage: float) -> np.ndarray:
    """Values times a power of the shrunk covariance of a sample, without forming a genes x genes matrix."""
    centred = sample - sample.mean(axis=0)
    _, singular, axes = np.linalg.svd(centred, full_matrices=False)
    along = (1 - shrinkage) * singular**2 / (len(sample) - 1) + shrinkage
    beside = shrinkage**power
    return beside * values + (values @ axes.T) * (along**power - beside) @ axes


@dataclass(frozen=True, eq=False)
class Consensus:
    """Factors between those of training lines and those of a cohort, on which both are spread alike.

    Principal components of each domain are turned into pairs of principal vectors, the most similar first. Between
    the two of a pair lies an arc, and on it the direction along which lines and cohort differ least (smallest
    Kolmogorov-Smirnov statistic of the projections) is the factor.

    Attributes
    ----------
    genes
        ``p`` genes.
    factors
        Orthonormal directions, shape ``(d, p)``.
    cosines
        Cosine between the two principal vectors of each factor, shape ``(d,)``, descending.
    places
        Where on its arc each factor lies: 0 at the lines, 1 at the cohort, shape ``(d,)``.

    References
    ----------
    Mourragui et al. 2019, Bioinformatics 35:i510, doi:10.1093/bioinformatics/btz372, sections 2.2 to 2.4.
    """

    genes: tuple[str, ...]
    factors: np.ndarray
    cosines: np.ndarray
    places: np.ndarray

    @classmethod
    @in_words
    def learn(cls, cohort: pd.DataFrame, lines: pd.DataFrame, *, n_components: int = 50) -> Consensus:
        """Learn the factors that a cohort shares with the training lines.

        Parameters
        ----------
        cohort, lines
            Samples x genes, standardised within each domain, shapes ``(n, p)`` and ``(m, p)``, the same genes.
        n_components
            Principal components of each domain, and factors; fewer where a domain has not that many.

        Raises
        ------
        InputError
            If genes differ or are missing, or there are fewer than five samples.
        """
        target, source = _both(cohort, lines)
        target, source = target - target.mean(axis=0), source - source.mean(axis=0)
        d = min(n_components, len(target) - 1, len(source) - 1, target.shape[1])
        of_lines, of_cohort = _components(source, d), _components(target, d)
        left, cosines, right = np.linalg.svd(of_lines @ of_cohort.T)
        cosines = np.clip(cosines, 0.0, 1.0)
        first, last = left.T @ of_lines, right @ of_cohort
        found = [_between(*pair, source, target) for pair in zip(first, last, cosines, strict=True)]
        return cls(
            tuple(cohort.columns.astype(str)), np.array([factor for factor, _ in found]), cosines,
            np.array([place for _, place in found]),
        )  # fmt: skip

    @in_words
    def project(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Coordinates of samples on the factors, shape ``(n, d)``.

        Raises
        ------
        InputError
            If a gene is missing.
        """
        values = frame.reindex(columns=list(self.genes)).to_numpy(dtype=np.float64)
        _refuse_missing(values, self.genes)
        return pd.DataFrame(values @ self.factors.T, index=frame.index)

    @in_words
    def keep(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Samples as far as they lie in the space of the factors, in genes again, shape ``(n, p)``."""
        return pd.DataFrame(self.project(frame).to_numpy() @ self.factors, frame.index, list(self.genes))


def _components(centred: np.ndarray, d: int) -> np.ndarray:
    return np.asarray(np.linalg.svd(centred, full_matrices=False)[2][:d])


def _between(
    first: np.ndarray, last: np.ndarray, cosine: float, source: np.ndarray, target: np.ndarray
) -> tuple[np.ndarray, float]:
    """Direction on the arc from ``first`` to ``last`` along which source and target are spread most alike."""
    angle = float(np.arccos(cosine))
    if angle < _SAME_ANGLE:
        return first, 0.0
    of_source, of_target = (np.column_stack([values @ first, values @ last]) for values in (source, target))
    best, factor, place = np.inf, first, 0.0
    for step in np.linspace(0, 1, _N_STEPS):
        weights = np.array([np.sin((1 - step) * angle), np.sin(step * angle)]) / np.sin(angle)
        distance = _largest_gap(of_source @ weights, of_target @ weights)
        if distance < best:
            best, factor, place = distance, weights[0] * first + weights[1] * last, float(step)
    return factor, place


def _largest_gap(a: np.ndarray, b: np.ndarray) -> float:
    """Kolmogorov-Smirnov statistic of two samples, without its p-value, which takes most of the time elsewhere."""
    a, b = np.sort(a), np.sort(b)
    places = np.concatenate([a, b])
    gaps = np.searchsorted(a, places, side="right") / len(a) - np.searchsorted(b, places, side="right") / len(b)
    return float(np.abs(gaps).max())


def _both(cohort: pd.DataFrame, lines: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    if list(cohort.columns) != list(lines.columns):
        raise InputError(f"cohort and lines have other genes ({cohort.shape[1]} and {lines.shape[1]}): choose the same")
    small = [name for name, frame in (("cohort", cohort), ("lines", lines)) if len(frame) < _FEWEST]
    if small:
        raise InputError(f"the {' and the '.join(small)} have fewer than {_FEWEST} samples: too few to be aligned")
    arrays = cohort.to_numpy(dtype=np.float64), lines.to_numpy(dtype=np.float64)
    for values in arrays:
        _refuse_missing(values, list(cohort.columns))
    return arrays


def _refuse_missing(values: np.ndarray, genes: Sequence[str]) -> None:
    lost = ~np.isfinite(values).all(axis=0)
    if lost.any():
        raise InputError(
            f"{int(lost.sum())} genes are missing in some sample ({examples(np.array(genes)[lost])}): leave them out"
        )
