"""Survival support vector machines and inverse-censoring-weighted ridge, by scikit-survival."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np

from omics_rx.core.work import subseed
from omics_rx.signatures.learners.base import Floats, Learner, shortened, structured
from omics_rx.signatures.risk_sets import Outcome


class LinearSVM(Learner):
    """Linear ranking support vector machine.

    References
    ----------
    Pölsterl, Navab and Katouzian, ECML PKDD 2015.
    """

    takes_weights: ClassVar[bool] = False  # the solver takes none

    def __init__(self, alpha: float = 0.01, *, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.alpha = alpha

    def _model(self, random_state: int) -> Any:
        from sksurv.svm import FastSurvivalSVM

        return FastSurvivalSVM(alpha=self.alpha, rank_ratio=1.0, max_iter=200, tol=1e-6, random_state=random_state)

    def _fit(self, z: Floats, outcome: Outcome) -> None:
        model = self._model(subseed(self.seed, type(self).__name__))
        with warnings.catch_warnings():
            # the solver may stop at its last digits; the contract suite checks what it reached
            warnings.simplefilter("ignore")
            self.model_ = model.fit(z, structured(outcome.time, outcome.event))

    def _risk(self, z: Floats) -> Floats:
        return np.asarray(self.model_.predict(z))


class KernelSVM(LinearSVM):
    """Ranking support vector machine with a Gaussian kernel, gamma one over the number of features.

    References
    ----------
    Pölsterl, Navab and Katouzian, arXiv 1611.07054.

    Notes
    -----
    Features are taken at the precision of 32 bits: the solver's line search stops at half the digits of 64, so what it
    is given must not differ in its last ones.
    """

    def __init__(self, alpha: float = 0.1, *, seed: int = 0) -> None:
        super().__init__(alpha, seed=seed)

    def _fit(self, z: Floats, outcome: Outcome) -> None:
        super()._fit(shortened(z), outcome)

    def _risk(self, z: Floats) -> Floats:
        return super()._risk(shortened(z))

    def _model(self, random_state: int) -> Any:
        from sksurv.svm import FastKernelSurvivalSVM

        return FastKernelSurvivalSVM(
            alpha=self.alpha, rank_ratio=1.0, kernel="rbf", max_iter=200, tol=1e-6, random_state=random_state
        )


class MinLip(LinearSVM):
    """Linear model of minimal Lipschitz smoothness: neighbours in time are kept in order by a margin.

    References
    ----------
    Van Belle, Pelckmans, Suykens and Van Huffel, J Mach Learn Res 2011, 12:819.
    """

    def __init__(self, alpha: float = 1.0, *, seed: int = 0) -> None:
        super().__init__(alpha, seed=seed)

    def _model(self, random_state: int) -> Any:
        from sksurv.svm import MinlipSurvivalAnalysis

        del random_state  # nothing is random
        return MinlipSurvivalAnalysis(alpha=self.alpha, solver="osqp", pairs="nearest")


class IPCRidge(Learner):
    """Ridge regression of log time, samples weighted by the inverse chance of not being censored.

    References
    ----------
    Stute, J Multivar Anal 1993, 45:89.
    """

    def __init__(self, alpha: float = 1.0, *, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.alpha = alpha

    def _fit(self, z: Floats, outcome: Outcome) -> None:
        from sklearn.linear_model import Ridge
        from sksurv.nonparametric import ipc_weights

        time = outcome.time
        shifted = time + 1e-3 * float(np.median(time[time > 0]))  # times before the first event are zero
        counted = ipc_weights(outcome.event, shifted) * outcome.weights
        self.model_ = Ridge(alpha=self.alpha * z.shape[1]).fit(z, np.log(shifted), sample_weight=counted)

    def _risk(self, z: Floats) -> Floats:
        return np.asarray(-self.model_.predict(z))
