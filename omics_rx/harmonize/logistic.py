"""Four-parameter logistic curves, thousands at once: arrays in, arrays out.

``v(x) = lower + (upper - lower) / (1 + exp(slope (x - centre)))`` over ``x``, the natural logarithm of the dose in uM,
with ``v`` the viability as a share of the untreated control (Ritz et al. 2015).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from scipy.special import expit

Floats: TypeAlias = np.ndarray
_N_STEPS = 100
_TOLERANCE = 1e-5
_STUCK = 1e7  # damping at which no step is taken any more
# What the parameters of a viability curve are before its points are seen: means and standard deviations of upper,
# lower, ln slope and of the centre about the middle of the doses. They decide only what the points leave open.
_PRIOR_SD = {"upper": 0.15, "lower": 0.5, "ln_slope": 1.0, "centre": 6.0}
_RIDGE = np.array([_PRIOR_SD[name] ** -2 for name in ("upper", "lower", "ln_slope", "centre")])
_USUAL_NOISE = 0.05
_LN_SLOPES = (-1.5, -0.6, 0.1, 0.7, 1.3, 2.0, 2.8)
_STEEPEST = 5.0
_N_REWEIGHTED = 6
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

    def jacobian(self, x: Floats) -> Floats:
        """Change of viability with upper, lower, ln slope and centre, at ln doses ``(n, k)``: ``(n, k, 4)``."""
        distance = x - self.centre[:, None]
        fall = expit(-self.slope[:, None] * distance)
        steep = (self.upper - self.lower)[:, None] * fall * (1 - fall) * self.slope[:, None]
        return np.stack([fall, 1 - fall, -steep * distance, steep], axis=2)

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


@dataclass(frozen=True)
class Points:
    """Points of curves, and what makes a curve a good one: soft-L1 distance to them, and the prior."""

    x: Floats
    y: Floats
    known: Floats
    prior: Floats
    ridge: Floats
    noise: Floats

    def take(self, rows: Floats) -> Points:
        """Those of some curves."""
        return Points(self.x[rows], self.y[rows], self.known[rows], self.prior[rows], self.ridge, self.noise[rows])

    def loss(self, theta: Floats) -> Floats:
        """Twice the negative log posterior of each curve, ``(n,)``, but for a constant."""
        residual = as_curves(theta).viability(self.x) - self.y
        return self.misfit(residual) + (self.ridge * (theta - self.prior) ** 2).sum(axis=1)

    def misfit(self, residual: Floats) -> Floats:
        """Soft-L1 part of the loss, ``(n,)``."""
        scaled = residual / (self.noise[:, None] * _SOFT_SCALE)
        soft: Floats = (2 * _SOFT_SCALE**2 * (np.sqrt(1 + scaled**2) - 1) * self.known).sum(axis=1)
        return soft

    def weights(self, residual: Floats) -> Floats:
        """Share of its squared distance that each point counts."""
        weights: Floats = 1 / np.sqrt(1 + (residual / (self.noise[:, None] * _SOFT_SCALE)) ** 2)
        return weights

    def gradient(self, theta: Floats) -> Floats:
        """Gradient of half the loss, ``(n, 4)``."""
        residual = as_curves(theta).viability(self.x) - self.y
        scaled = self.weights(residual) * self.known * residual / self.noise[:, None] ** 2
        slope: Floats = np.einsum("nk,nkp->np", scaled, as_curves(theta).jacobian(self.x))
        return slope + self.ridge * (theta - self.prior)

    def curvature(self, theta: Floats, *, power: int = 1) -> Floats:
        """Gauss-Newton curvature of half the loss, ``(n, 4, 4)``, points counted by a power of their weights.

        The first power is that of least squares with these weights; the third is the second derivative of soft L1,
        with which steps reach the minimum sooner.
        """
        jacobian = as_curves(theta).jacobian(self.x)
        weights = self.weights(as_curves(theta).viability(self.x) - self.y) ** power
        scaled = (weights * self.known / self.noise[:, None] ** 2)[..., None] * jacobian
        bent: Floats = np.matmul(scaled.transpose(0, 2, 1), jacobian)
        return bent + np.diag(self.ridge)


@dataclass(frozen=True)
class Fit:
    """Best parameters of curves.

    Attributes
    ----------
    theta
        Upper, lower, ln slope, centre, ``(n, 4)``.
    covariance
        Of these, ``(n, 4, 4)``.
    weights
        Share of its squared distance that each point counts, ``(n, k)``.
    points
        What was fitted, with the noise of each curve.
    """

    theta: Floats
    covariance: Floats
    weights: Floats
    points: Points

    def loss(self, noise: Floats) -> Floats:
        """Loss as it is where wells scatter by ``noise``, ``(n,)``."""
        return replace(self.points, noise=noise).loss(self.theta)


def solved(x: Floats, y: Floats, known: Floats, middle: Floats, *, rising: bool = False) -> Fit:
    """Fit the curves of least loss.

    ``x``, ``y`` and ``known`` are ``(n, k)``; ``middle`` is the ln dose about which centres are expected. First with
    the usual noise of a screen as the scale of residuals, then with each curve's own. Each time the best of several
    optima is kept: see :func:`_starts`. ``rising`` expects curves from 0 to 1 in place of those from 1 to 0.
    """
    one, zero = np.ones(len(x)), np.zeros(len(x))
    expected = np.stack([*((zero, one) if rising else (one, zero)), zero, middle], axis=1)
    ridge = _RIDGE[[1, 0, 2, 3]] if rising else _RIDGE
    noise = np.full(len(x), _USUAL_NOISE)
    for _ in range(2):
        points = Points(x, y, known.astype(np.float64), expected, ridge, noise)
        theta, least = expected, np.full(len(x), np.inf)
        for start in _starts(points):
            found = descended(start, points)
            loss = points.loss(found)
            theta, least = np.where((loss < least)[:, None], found, theta), np.minimum(loss, least)
        residual = (as_curves(theta).viability(x) - y) * known
        weights = points.weights(residual)
        # a curve of few points says little of its own noise: it is pulled to the usual by four points' worth
        own = (weights * residual**2).sum(axis=1)
        spare = np.maximum(known.sum(axis=1) - 4, 1)
        fit = Fit(theta, np.linalg.inv(points.curvature(theta)), weights, points)
        noise = np.sqrt((own + 4 * _USUAL_NOISE**2) / (spare + 4))
    return fit


def _starts(points: Points) -> Iterator[Floats]:
    """Curves ``(n, 4)`` from which to descend: for each slope, from nearly flat to a step, the best there is.

    Given slope and centre, the best limits are the one minimum of a convex problem, for falling and for rising curves
    alike; the best centre is the best of a grid on and between the doses and beyond them.
    """
    centres = _centres(points)
    losses = np.empty((len(points.x), len(_LN_SLOPES), centres.shape[1]))
    limits = np.empty((*losses.shape, 2))
    for i, ln_slope in enumerate(_LN_SLOPES):
        for j in range(centres.shape[1]):
            limits[:, i, j], losses[:, i, j] = _limits(points, np.full(len(points.x), ln_slope), centres[:, j])
    row = np.arange(len(losses))
    for i, ln_slope in enumerate(_LN_SLOPES):
        j = losses[:, i].argmin(axis=1)
        yield np.column_stack([limits[row, i, j], np.full(len(row), ln_slope), centres[row, j]])


def _centres(points: Points) -> Floats:
    """Centres to try, ``(n, 25)``: on the doses of each curve, between them, and beyond."""
    known = points.known > 0
    n_known = known.sum(axis=1)
    doses = np.sort(np.where(known, points.x, np.inf), axis=1)
    share = np.linspace(0, 1, 19)
    at = share[None, :] * (n_known[:, None] - 1)
    lower = np.floor(at).astype(int)
    upper = np.minimum(lower + 1, n_known[:, None] - 1)
    start, end = np.take_along_axis(doses, lower, axis=1), np.take_along_axis(doses, upper, axis=1)
    inside = start + (at - lower) * (end - start)
    beyond = np.array([0.7, 2.0, 4.0])
    return np.hstack([inside[:, :1] - beyond[::-1], inside, inside[:, -1:] + beyond])


def _limits(points: Points, ln_slope: Floats, centre: Floats) -> tuple[Floats, Floats]:
    """Best upper and lower limits ``(n, 2)`` given slope and centre, by reweighted least squares; and the loss."""
    fall = expit(-np.exp(ln_slope)[:, None] * (points.x - centre[:, None]))
    rest = 1 - fall
    weights = points.known
    per_noise = 1 / points.noise[:, None] ** 2
    for _ in range(_N_REWEIGHTED):
        scaled = weights * points.known * per_noise
        a = (scaled * fall**2).sum(axis=1) + points.ridge[0]
        b = (scaled * fall * rest).sum(axis=1)
        c = (scaled * rest**2).sum(axis=1) + points.ridge[1]
        up = (scaled * fall * points.y).sum(axis=1) + points.ridge[0] * points.prior[:, 0]
        low = (scaled * rest * points.y).sum(axis=1) + points.ridge[1] * points.prior[:, 1]
        limits = np.stack([c * up - b * low, a * low - b * up], axis=1) / (a * c - b**2)[:, None]
        residual = limits[:, :1] * fall + limits[:, 1:] * rest - points.y
        weights = points.weights(residual)
    theta = np.column_stack([limits, ln_slope, centre])
    return limits, points.misfit(residual) + (points.ridge * (theta - points.prior) ** 2).sum(axis=1)


def descended(theta: Floats, points: Points) -> Floats:
    """Levenberg-Marquardt steps on all curves at once, each with its own damping, until each has settled."""
    theta, loss = theta.copy(), points.loss(theta)
    damping = np.ones(len(theta))
    moving = np.arange(len(theta))
    for _ in range(_N_STEPS):
        here, damped = points.take(moving), damping[moving]
        gradient, bent = here.gradient(theta[moving]), here.curvature(theta[moving], power=3)
        # what is left to gain, as the curvature has it, says when a curve has settled; a step that failed does not
        left = (gradient * np.linalg.solve(bent, gradient[..., None])[..., 0]).sum(axis=1)
        step = np.linalg.solve(bent + damped[:, None, None] * bent * np.eye(4), -gradient[..., None])[..., 0]
        candidate = theta[moving] + np.clip(step, -2, 2)
        candidate[:, 2] = np.clip(candidate[:, 2], -_STEEPEST, _STEEPEST)
        new, old = here.loss(candidate), loss[moving]
        better = new < old
        theta[moving[better]], loss[moving[better]] = candidate[better], new[better]
        damping[moving] = np.clip(np.where(better, damped / 4, damped * 4), 1e-9, 1e9)
        settled = (damped > _STUCK) | (left < _TOLERANCE * (1 + old))
        moving = moving[~settled]
        if not len(moving):
            break
    return theta


def standard_error(fit: Fit, ln_ic50: Floats) -> Floats:
    """Standard error of ln IC50 by the delta method: the curve's own slope there turns viability into ln dose."""
    jacobian = as_curves(fit.theta).jacobian(ln_ic50[:, None])[:, 0]
    spread = np.sqrt(np.einsum("np,npq,nq->n", jacobian, fit.covariance, jacobian))
    return spread / np.maximum(np.abs(jacobian[:, 3]), 1e-12)


def rise(fit: Fit, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """How much higher the fitted viability is at one ln dose than at another, and its standard error, ``(n,)``."""
    curves = as_curves(fit.theta)
    ends = curves.jacobian(np.stack([low, high], axis=1))
    change = ends[:, 1] - ends[:, 0]
    error = np.sqrt(np.einsum("np,npq,nq->n", change, fit.covariance, change))
    return curves.viability(high) - curves.viability(low), error


def explained(y: Floats, fitted: Floats, weights: Floats) -> Floats:
    """Share of the weighted variance that the curve explains; NaN where there is none."""
    total = weights.sum(axis=1)
    mean = (weights * y).sum(axis=1) / total
    around = (weights * (y - mean[:, None]) ** 2).sum(axis=1)
    left = (weights * (y - fitted) ** 2).sum(axis=1)
    return np.where(around > 1e-12, 1 - left / np.maximum(around, 1e-12), np.nan)
