"""How the responses of two lines go together over drugs, and what a few lines then tell of all others.

The lines' covariance is learnt from the training drugs, each drug's level kept, since a drug that does more does more
to the lines that most drugs harm; part of it is how alike the lines are in expression, which steadies it. A drug that
was measured in a few lines is a further draw of that covariance.

References
----------
Rasmussen and Williams, Gaussian Processes for Machine Learning (MIT Press 2006), equations 2.22 to 2.24.
Krause, Singh and Guestrin, Near-optimal sensor placements in Gaussian processes, J Mach Learn Res 9 (2008), 235-284.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from omics_rx.response.parts.kernel_solvers import left_out_errors, solve

_BY_EXPRESSION = 0.3


@dataclass(frozen=True, eq=False)
class LineCovariance:
    """Responses of training drugs less each line's own mean, and how alike lines are.

    Attributes
    ----------
    mean
        Mean of each line over the training drugs, ``(n_lines,)``, in the unit of the responses.
    effects
        Response less that mean, gaps filled by lines of like expression, ``(n_lines, n_drugs)``.
    left_out
        Mean and effects as fits without the line predict them, ``(n_lines, 1 + n_drugs)``.
    dual, centre
        What predicts responses of other lines from their kernel with these, ``(n_lines, n_drugs)``, ``(n_drugs,)``.
    alike
        Centred kernel of expression, mean diagonal 1, ``(n_lines, n_lines)``.
    own
        Variance of a response that no other tells.
    """

    mean: np.ndarray
    effects: np.ndarray
    left_out: np.ndarray
    dual: np.ndarray
    centre: np.ndarray
    alike: np.ndarray
    own: float
    _scale: tuple[np.ndarray, float, float]

    def joint(self) -> np.ndarray:
        """Covariance of all lines, ``(n_lines, n_lines)``."""
        shared: np.ndarray = (1 - _BY_EXPRESSION) * self.effects @ self.effects.T / self.effects.shape[1]
        return shared + _BY_EXPRESSION * self.own * self.alike

    def given(
        self, at: np.ndarray, values: np.ndarray, *, without: np.ndarray | None = None, unseen: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """What a drug does in all lines, given some of them.

        Parameters
        ----------
        at, values
            Positions of the lines measured, and their responses, ``(k,)``.
        without
            Which training drugs are left out of the covariance, ``(n_drugs,)``; None leaves out none.
        unseen
            Whether every line is taken as if it were not among the training lines.

        Returns
        -------
        mean, sd
            ``(n_lines,)`` each: of a measurement, in the unit of the responses.
        """
        mean, effects = (self.left_out[:, 0], self.left_out[:, 1:]) if unseen else (self.mean, self.effects)
        return self.carried(mean, effects, self.alike[:, at], np.diag(self.alike), (at, values), without)

    def carried(
        self,
        mean: np.ndarray,
        effects: np.ndarray,
        alike: np.ndarray,
        itself: np.ndarray,
        given: tuple[np.ndarray, np.ndarray],
        without: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The same for any lines: their means, effects, likeness to the lines measured and to themselves."""
        at, values = given
        kept = slice(None) if without is None else ~without
        panel, own = self.effects[at][:, kept], effects[:, kept]
        share, n = 1 - _BY_EXPRESSION, panel.shape[1]
        across = share * own @ panel.T / n + _BY_EXPRESSION * self.own * alike
        inside = share * panel @ panel.T / n + _BY_EXPRESSION * self.own * self.alike[np.ix_(at, at)]
        weights = np.linalg.solve(inside + self.own * np.eye(len(at)), across.T)
        variance = share * (own**2).sum(axis=1) / n + _BY_EXPRESSION * self.own * itself
        left = np.maximum(variance - (across * weights.T).sum(axis=1), 0.0) + self.own
        return mean + (values - self.mean[at]) @ weights, np.sqrt(left)

    def elsewhere(self, kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Mean, effects, likeness to the training lines and to themselves of other lines, from their kernel."""
        responses = self.centre + kernel @ self.dual
        mean = responses.mean(axis=1)
        columns, total, diagonal = self._scale
        rows = kernel.mean(axis=1)
        return (
            mean, responses - mean[:, None], (kernel - rows[:, None] - columns + total) / diagonal,
            (1 - 2 * rows + total) / diagonal,
        )  # fmt: skip

    def rows(self, kept: np.ndarray) -> LineCovariance:
        """The same of some training drugs alone."""
        return replace(
            self, effects=self.effects[:, kept],
            left_out=self.left_out[:, np.concatenate([[0], 1 + np.flatnonzero(kept)])], dual=self.dual[:, kept],
            centre=self.centre[kept],
        )  # fmt: skip


def learn(responses: np.ndarray, kernel: np.ndarray, ridge: float) -> LineCovariance:
    """Learn the covariance of lines.

    Parameters
    ----------
    responses
        ``(n_lines, n_drugs)``; NaN where not measured.
    kernel, ridge
        How alike lines are in expression, ``(n_lines, n_lines)``, and the ridge that gaps are filled with.
    """
    centre = np.nanmean(responses, axis=0)
    dual, completed = solve(kernel, responses - centre, ridge)
    measured = np.isfinite(responses)
    filled = centre + completed
    alone = np.where(measured, responses - left_out_errors(kernel, dual, measured, ridge), filled)
    mean = filled.mean(axis=1)
    effects = filled - mean[:, None]
    columns, total = kernel.mean(axis=0), float(kernel.mean())
    centred = kernel - columns - columns[:, None] + total
    diagonal = float(np.diag(centred).mean())
    own = float(((effects - effects.mean(axis=0)) ** 2).mean())
    predicted = alone.mean(axis=1)
    left_out = np.column_stack([predicted, alone - predicted[:, None]])
    return LineCovariance(mean, effects, left_out, dual, centre, centred / diagonal, own, (columns, total, diagonal))


def in_order(joint: np.ndarray, own: float, n: int, *, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the lines to measure, one after the other, and the share of the others' variance each has explained.

    Each step takes the line that explains most of what tells lines apart: of the covariance centred over lines.
    """
    left, chosen, explained = joint.copy(), list[int](), list[float]()
    start = np.trace(_centred(joint))
    for _ in range(n):
        told = ((left - left.mean(axis=0)) ** 2).sum(axis=0) / (np.diag(left) + own)
        able = np.setdiff1d(free, chosen)
        best = int(able[np.argmax(told[able])])
        left = left - np.outer(left[:, best], left[best]) / (left[best, best] + own)
        chosen.append(best)
        explained.append(1 - float(np.trace(_centred(left)) / start))
    return np.array(chosen), np.array(explained)


def _centred(joint: np.ndarray) -> np.ndarray:
    found: np.ndarray = joint - joint.mean(axis=0)
    return found
