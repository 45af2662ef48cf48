"""Four-parameter logistic curves, thousands at once: arrays in, arrays out.

``v(x) = lower + (upper - lower) / (1 + exp(slope (x - centre)))`` over ``x``, the natural logarithm of the dose in uM,
with ``v`` the viability as a share of the untreated control (Ritz et al. 2015).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.special import expit

Floats: TypeAlias = np.ndarray
_N_STEPS = 60
_TOLERANCE = 1e-9
_STUCK = 1e7  # damping at which no step is taken any more
# What the parameters of a viability curve are before its points are seen: means and standard deviations of upper,
# lower, ln slope and of the centre about the middle of the doses. They decide only what the points leave open.
_PRIOR_SD = {"upper": 0.15, "lower": 0.5, "ln_slope": 1.0, "centre": 6.0}
_USUAL_NOISE = 0.05
_SOFT_SCALE = 1.5  # residuals beyond so many standard deviations lose weight (soft L1)


@dataclass(frozen=True)
class Curves:
    """Parameters of curves, shape ``(n,)`` each, over ln dose.

    Attributes
    ----------
    upper, lower
        Viability towards dose 0 and towards the largest doses, shares of the control.
    slope
        Steepness; negative for curves that rise.
    centre
        ln dose (ln uM) midway between upper and lower.
    """

    upper: Floats
    lower: Floats
    slope: Floats
    centre: Floats

    def viability(self, x: Floats) -> Floats:
        """Viability at ln doses, ``x`` of shape ``(n,)`` or ``(n, k)``."""
        wide = (slice(None), *(None,) * (np.ndim(x) - 1))
        fall = expit(-self.slope[wide] * (x - self.centre[wide]))
        return self.lower[wide] + (self.upper - self.lower)[wide] * fall

    def mean_viability(self, low: Floats, high: Floats) -> Floats:
        """Area under the curve between two ln doses, as a share of the control's: 1 where nothing happens."""
        start, end = self.slope * (low - self.centre), self.slope * (high - self.centre)
        span = end - start
        with np.errstate(invalid="ignore", divide="ignore"):
            risen = (np.logaddexp(0, end) - np.logaddexp(0, start)) / span
        share = np.where(np.abs(span) > 1e-9, 1 - risen, expit(-start))
        return self.lower + (self.upper - self.lower) * share

    def halved(self, low: Floats, high: Floats) -> tuple[Floats, Floats, Floats]:
        """Where viability falls to half the control's, within two ln doses.

        Returns
        -------
        tuple of numpy.ndarray
            ln dose, set to the end of the range where the curve is not halved inside it; whether it is halved only
            above the highest dose, if at all; whether it is halved at the lowest dose already.
        """
        above = self.viability(high) > 0.5
        below = self.viability(low) <= 0.5
        with np.errstate(invalid="ignore", divide="ignore"):
            place = self.centre + np.log((self.upper - 0.5) / (0.5 - self.lower)) / self.slope
        ln_ic50 = np.where(below, low, np.where(above, high, np.clip(place, low, high)))
        return ln_ic50, above & ~below, below


def as_curves(theta: Floats) -> Curves:
    """Parameters ``(n, 4)`` (upper, lower, ln slope, centre) as curves."""
    return Curves(theta[:, 0], theta[:, 1], np.exp(theta[:, 2]), theta[:, 3])


def solved(x: Floats, y: Floats, known: Floats, middle: Floats) -> tuple[Floats, Floats, Floats]:
    """Fit parameters ``(n, 4)`` (upper, lower, ln slope, centre); with covariance ``(n, 4, 4)`` and weights ``(n, k)``.

    ``x``, ``y`` and ``known`` are ``(n, k)``; ``middle`` is the ln dose about which centres are expected. First with
    the usual noise of a screen as the scale of residuals, then with each curve's own.
    """
    centre = np.stack([np.ones(len(x)), np.zeros(len(x)), np.zeros(len(x)), middle], axis=1)
    theta = _start(x, y, known, centre)
    noise = np.full(len(x), _USUAL_NOISE)
    for _ in range(2):
        theta, precision, weights = _descended(theta, x, y, known, centre, noise)
        spare = np.maximum(known.sum(axis=1) - 4, 1)
        residual = (as_curves(theta).viability(x) - y) * known
        # a curve of few points says little of its own noise: it is pulled to the usual by four points' worth
        own = (weights * residual**2).sum(axis=1)
        noise = np.sqrt((own + 4 * _USUAL_NOISE**2) / (spare + 4))
    return theta, np.linalg.inv(precision), weights


def _start(x: Floats, y: Floats, known: Floats, centre: Floats) -> Floats:
    """Best of twenty-one curves between 1 and the response at the highest doses."""
    low = np.where(known, x, np.inf).min(axis=1)
    high = np.where(known, x, -np.inf).max(axis=1)
    top = known & (x >= high[:, None] - 1e-9)
    end = np.clip((np.where(top, y, 0).sum(axis=1)) / top.sum(axis=1), 0.0, 0.9)
    best, least = centre.copy(), np.full(len(x), np.inf)
    for share in np.linspace(-0.1, 1.3, 7):
        for ln_slope in (-0.5, 0.3, 1.2):
            theta = np.stack([np.ones(len(x)), end, np.full(len(x), ln_slope), low + share * (high - low)], axis=1)
            loss = (np.abs(as_curves(theta).viability(x) - y) * known).sum(axis=1)
            better = loss < least
            best[better], least[better] = theta[better], loss[better]
    return best


def _descended(
    theta: Floats, x: Floats, y: Floats, known: Floats, centre: Floats, noise: Floats
) -> tuple[Floats, Floats, Floats]:
    """Levenberg-Marquardt steps on all curves at once, each with its own damping."""
    ridge = np.array([_PRIOR_SD[name] ** -2 for name in ("upper", "lower", "ln_slope", "centre")])
    damping = np.full(len(x), 1e-2)
    settled = np.zeros(len(x), dtype=bool)  # a curve that has settled stays, so that no curve's fit hangs on another's
    loss = _loss(theta, x, y, known, centre, noise, ridge)
    for _ in range(_N_STEPS):
        gradient, precision, _ = _normal_equations(theta, x, y, known, centre, noise, ridge)
        damped = precision + damping[:, None, None] * precision * np.eye(4)
        step = np.linalg.solve(damped, -gradient[..., None])[..., 0]
        candidate = theta + np.clip(step, -2, 2)
        candidate[:, 2] = np.clip(candidate[:, 2], -3, 3)
        new = _loss(candidate, x, y, known, centre, noise, ridge)
        better = (new < loss) & ~settled
        settled |= (damping > _STUCK) | (better & (loss - new < _TOLERANCE * (1 + loss)))
        theta = np.where(better[:, None], candidate, theta)
        loss = np.where(better, new, loss)
        damping = np.clip(np.where(better, damping / 4, damping * 4), 1e-9, 1e9)
        if settled.all():
            break
    _, precision, weights = _normal_equations(theta, x, y, known, centre, noise, ridge)
    return theta, precision, weights


def _loss(theta: Floats, x: Floats, y: Floats, known: Floats, centre: Floats, noise: Floats, ridge: Floats) -> Floats:
    residual = (as_curves(theta).viability(x) - y) / (noise[:, None] * _SOFT_SCALE)
    soft = 2 * _SOFT_SCALE**2 * (np.sqrt(1 + residual**2) - 1)
    return (soft * known).sum(axis=1) + (ridge * (theta - centre) ** 2).sum(axis=1)


def _normal_equations(
    theta: Floats, x: Floats, y: Floats, known: Floats, centre: Floats, noise: Floats, ridge: Floats
) -> tuple[Floats, Floats, Floats]:
    """Gradient ``(n, 4)`` and Gauss-Newton curvature ``(n, 4, 4)`` of half the loss, and weights of the points."""
    curves = as_curves(theta)
    distance = x - curves.centre[:, None]
    fall = expit(-curves.slope[:, None] * distance)
    residual = curves.lower[:, None] + (curves.upper - curves.lower)[:, None] * fall - y
    weights = 1 / np.sqrt(1 + (residual / (noise[:, None] * _SOFT_SCALE)) ** 2)
    steep = (curves.upper - curves.lower)[:, None] * fall * (1 - fall) * curves.slope[:, None]
    jacobian = np.stack([fall, 1 - fall, -steep * distance, steep], axis=2)
    scaled = weights * known / noise[:, None] ** 2
    gradient = np.einsum("nk,nkp,nk->np", scaled, jacobian, residual) + ridge * (theta - centre)
    precision = np.einsum("nk,nkp,nkq->npq", scaled, jacobian, jacobian) + np.diag(ridge)
    return gradient, precision, weights


def standard_error(theta: Floats, covariance: Floats, ln_ic50: Floats) -> Floats:
    """Standard error of ln IC50 by the delta method: the curve's own slope there turns viability into ln dose."""
    curves = as_curves(theta)
    distance = ln_ic50 - curves.centre
    fall = expit(-curves.slope * distance)
    steep = (curves.upper - curves.lower) * fall * (1 - fall) * curves.slope
    jacobian = np.stack([fall, 1 - fall, -steep * distance, steep], axis=1)
    spread = np.sqrt(np.einsum("np,npq,nq->n", jacobian, covariance, jacobian))
    return spread / np.maximum(np.abs(steep), 1e-12)


def explained(y: Floats, fitted: Floats, weights: Floats) -> Floats:
    """Share of the weighted variance that the curve explains; NaN where there is none."""
    total = weights.sum(axis=1)
    mean = (weights * y).sum(axis=1) / total
    around = (weights * (y - mean[:, None]) ** 2).sum(axis=1)
    left = (weights * (y - fitted) ** 2).sum(axis=1)
    return np.where(around > 1e-12, 1 - left / np.maximum(around, 1e-12), np.nan)
