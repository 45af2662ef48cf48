"""Two groups of values of one gene: low and high, or only one group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_MIN_VALUES = 20
_MIN_SEPARATION = 2.0
_MIN_BIC_GAIN = 6.0
_SD_FLOOR = 0.25


@dataclass(frozen=True)
class Mixture:
    """Two normal distributions fitted to one gene.

    Attributes
    ----------
    means, sds, shares
        Of the low and the high group, shape ``(2,)`` each.
    bic_gain
        By how much the BIC of two groups is below that of one.
    separation
        Ashman's D: distance of the means in units of their spread.
    """

    means: np.ndarray
    sds: np.ndarray
    shares: np.ndarray
    bic_gain: float
    separation: float

    @property
    def bimodal(self) -> bool:
        """Whether there are two groups: strong evidence by BIC, and means at least 2 spreads apart."""
        return self.bic_gain > _MIN_BIC_GAIN and self.separation > _MIN_SEPARATION

    def probability_high(self, values: np.ndarray) -> np.ndarray:
        """Probability of the high group for each value, NaN where the value is missing.

        Beyond the two means it is 0 and 1: a wide low group must not claim the highest values.
        """
        likelihood = _log_density(values, self.means, self.sds, self.shares)
        high = 1 / (1 + np.exp(np.clip(likelihood[:, 0] - likelihood[:, 1], -700, 700)))
        high = np.where(values > self.means[1], 1.0, np.where(values < self.means[0], 0.0, high))
        return np.where(np.isnan(values), np.nan, high)


def fit_mixture(values: np.ndarray, *, n_rounds: int = 300) -> Mixture | None:
    """Fit two normal distributions by expectation-maximisation, from the split with the largest variance between.

    Parameters
    ----------
    values
        Expression of one gene, shape ``(n,)``; NaN is passed over.
    n_rounds
        Most rounds of the fit.

    Returns
    -------
    Mixture or None
        None for fewer than 20 values or values that do not vary. The same values always give the same fit.
    """
    known = np.sort(values[np.isfinite(values)].astype(np.float64))
    if known.size < _MIN_VALUES or known[-1] - known[0] < 1e-9:
        return None
    total_sd = known.std()
    floor = _SD_FLOOR * total_sd
    cut = _widest_split(known)
    groups = (known[:cut], known[cut:])
    means = np.array([group.mean() for group in groups])
    sds = np.maximum([group.std() for group in groups], floor)
    shares = np.array([cut, known.size - cut]) / known.size
    previous = -np.inf
    for _ in range(n_rounds):
        density = _log_density(known, means, sds, shares)
        joint = np.logaddexp(density[:, 0], density[:, 1])
        belongs = np.exp(density - joint[:, None])
        weight = np.maximum(belongs.sum(axis=0), 1e-9)
        shares = weight / weight.sum()
        means = (belongs * known[:, None]).sum(axis=0) / weight
        sds = np.maximum(np.sqrt((belongs * (known[:, None] - means) ** 2).sum(axis=0) / weight), floor)
        if joint.sum() - previous < 1e-8 * known.size:
            break
        previous = joint.sum()
    order = np.argsort(means)
    means, sds, shares = means[order], sds[order], shares[order]
    density = _log_density(known, means, sds, shares)
    two = float(np.logaddexp(density[:, 0], density[:, 1]).sum())
    one = -known.size * (np.log(total_sd) + 0.5 + 0.5 * np.log(2 * np.pi))
    gain = 2 * (two - one) - 3 * np.log(known.size)
    separation = np.sqrt(2) * (means[1] - means[0]) / np.sqrt((sds**2).sum())
    return Mixture(means, sds, shares, float(gain), float(separation))


def _widest_split(known: np.ndarray) -> int:
    """Where to cut sorted values so that the variance between the halves is largest (Otsu 1979)."""
    size = known.size
    edge = max(2, size // 50)
    cuts = np.arange(edge, size - edge + 1)
    total = np.cumsum(known)
    low = total[cuts - 1] / cuts
    high = (total[-1] - total[cuts - 1]) / (size - cuts)
    return int(cuts[np.argmax(cuts * (size - cuts) * (high - low) ** 2)])


def _log_density(values: np.ndarray, means: np.ndarray, sds: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Logarithm of share times density, shape ``(n, 2)``."""
    scaled = (values[:, None] - means) / sds
    density: np.ndarray = np.log(np.maximum(shares, 1e-300)) - np.log(sds) - 0.5 * np.log(2 * np.pi) - 0.5 * scaled**2
    return density
