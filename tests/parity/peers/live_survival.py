"""What scikit-survival, lifelines, statsmodels, scikit-learn and dcurves print."""

from __future__ import annotations

from typing import Any

import numpy as np
from peer_survival import (
    CUTS,
    EFFECTS,
    ERRORS,
    FEATURES,
    HORIZON,
    MONTHS,
    P_VALUES,
    PATIENTS,
    by_place,
    features,
    joined,
    outcome,
    predicted,
)

RISK = PATIENTS["risk"].to_numpy()


def _sksurv(column: str) -> Any:
    from sksurv.util import Surv

    time, event = outcome(column)
    return Surv.from_arrays(event, time)


def _sksurv_concordance() -> dict[str, float]:
    from sksurv.metrics import concordance_index_censored

    time, event = outcome("month")
    return {"concordance": float(concordance_index_censored(event, time, RISK)[0])}


def _sksurv_uno(column: str) -> dict[str, float]:
    from sksurv.metrics import concordance_index_ipcw

    seen = _sksurv(column)
    return {"concordance": float(concordance_index_ipcw(seen, seen, RISK, tau=HORIZON)[0])}


def _sksurv_auc(column: str) -> dict[str, float]:
    from sksurv.metrics import cumulative_dynamic_auc

    seen = _sksurv(column)
    return by_place(cumulative_dynamic_auc(seen, seen, RISK, MONTHS)[0])


def _sksurv_brier() -> dict[str, float]:
    from sksurv.metrics import brier_score, integrated_brier_score

    seen = _sksurv("exact")
    whole = integrated_brier_score(seen, seen, predicted(), MONTHS)
    return {**by_place(brier_score(seen, seen, predicted(), MONTHS)[1]), "integrated": float(whole)}


def _sksurv_km() -> dict[str, float]:
    from sksurv.nonparametric import kaplan_meier_estimator

    time, event = outcome("month")
    _, chance, (lower, upper) = kaplan_meier_estimator(event, time, conf_type="log-log")
    return joined(by_place(chance, "survival "), by_place(lower, "lower "), by_place(upper, "upper "))


def _sksurv_cox(ties: str) -> dict[str, float]:
    from sksurv.linear_model import CoxPHSurvivalAnalysis

    return by_place(CoxPHSurvivalAnalysis(ties=ties, tol=1e-12).fit(features(), _sksurv("month")).coef_)


def _sksurv_log_rank() -> dict[str, float]:
    from sksurv.compare import compare_survival

    statistic, p = compare_survival(_sksurv("month"), PATIENTS["group"].to_numpy())
    return {"statistic": float(statistic), "p": float(p)}


def _lifelines_km() -> dict[str, float]:
    from lifelines import KaplanMeierFitter

    found = KaplanMeierFitter().fit(*outcome("month"))
    bounds = found.confidence_interval_.iloc[1:]
    return joined(
        by_place(found.survival_function_.iloc[1:, 0], "survival "),
        by_place(bounds.iloc[:, 0], "lower "),
        by_place(bounds.iloc[:, 1], "upper "),
    )


def _lifelines_concordance() -> dict[str, float]:
    from lifelines.utils import concordance_index

    time, event = outcome("month")
    return {"concordance": float(concordance_index(time, -RISK, event))}


def _lifelines_two() -> dict[str, float]:
    from lifelines.statistics import logrank_test

    a, b = (PATIENTS[PATIENTS["group"] == name] for name in "ab")
    found = logrank_test(a["month"], b["month"], a["event"], b["event"])
    return {"statistic": float(found.test_statistic), "p": float(found.p_value)}


def _lifelines_three() -> dict[str, float]:
    from lifelines.statistics import multivariate_logrank_test

    found = multivariate_logrank_test(PATIENTS["month"], PATIENTS["group"], PATIENTS["event"])
    return {"statistic": float(found.test_statistic), "p": float(found.p_value)}


def _lifelines_cox() -> dict[str, float]:
    from lifelines import CoxPHFitter

    found = CoxPHFitter().fit(
        PATIENTS[[*FEATURES, "month", "event"]], "month", "event", fit_options={"precision": 1e-12}
    )
    return {**by_place(found.params_), "log likelihood": float(found.log_likelihood_)}


def _statsmodels_km() -> dict[str, float]:
    from statsmodels.duration.survfunc import SurvfuncRight

    time, event = outcome("month")
    found = SurvfuncRight(time, event)
    # steps at events only: read at every month
    every = np.unique(time)
    at = np.searchsorted(found.surv_times, every, side="right") - 1
    return by_place(np.where(at < 0, 1.0, found.surv_prob[np.maximum(at, 0)]), "survival ")


def _statsmodels_log_rank(*, strata: bool = False) -> dict[str, float]:
    from statsmodels.duration.survfunc import survdiff

    time, event = outcome("month")
    of = {"strata": PATIENTS["stratum"].to_numpy()} if strata else {}
    statistic, p = survdiff(time, event.astype(int), PATIENTS["group"].to_numpy(), **of)
    return {"statistic": float(statistic), "p": float(p)}


def _statsmodels_cox(ties: str) -> dict[str, float]:
    from statsmodels.duration.hazard_regression import PHReg

    time, event = outcome("month")
    found = PHReg(time, features(), status=event.astype(int), ties=ties).fit(gtol=1e-12)
    return {**by_place(found.params), "log likelihood": float(found.llf)}


def _statsmodels_fdr() -> dict[str, float]:
    from statsmodels.stats.multitest import multipletests

    return by_place(multipletests(P_VALUES, method="fdr_bh")[1])


def _statsmodels_pool() -> dict[str, float]:
    from statsmodels.stats.meta_analysis import combine_effects

    found = combine_effects(np.array(EFFECTS), np.array(ERRORS) ** 2, method_re="dl", use_t=True)
    lower, upper = found.conf_int(use_t=True)[3]
    return {"value": found.mean_effect_re, "tau2": found.tau2, "lower": float(lower), "upper": float(upper)}


def _sklearn_classes() -> dict[str, float]:
    from sklearn import metrics

    truth, chance = PATIENTS["event"], PATIENTS["chance"]
    return {
        "mcc": float(metrics.matthews_corrcoef(truth, chance >= 0.5)),
        "balanced accuracy": float(metrics.balanced_accuracy_score(truth, chance >= 0.5)),
        "brier": float(metrics.brier_score_loss(truth, chance)),
        "auc": float(metrics.roc_auc_score(truth, chance)),
    }


def _dcurves() -> dict[str, float]:
    from dcurves import dca

    table = dca(
        data=PATIENTS[["event", "month", "chance"]].astype(float), outcome="event", modelnames=["chance"],
        thresholds=list(CUTS), time=24, time_to_outcome_col="month",
    )  # fmt: skip
    names = {"chance": "model", "all": "treat all"}
    return {
        f"{names[row.model]} {row.threshold}": float(row.net_benefit)
        for row in table.itertuples()
        if row.model in names and row.threshold in CUTS
    }


LIVE = {
    "sksurv concordance": _sksurv_concordance,
    "sksurv uno": lambda: _sksurv_uno("exact"),
    "sksurv uno ties": lambda: _sksurv_uno("month"),
    "sksurv auc": lambda: _sksurv_auc("exact"),
    "sksurv auc ties": lambda: _sksurv_auc("month"),
    "sksurv brier": _sksurv_brier,
    "sksurv km": _sksurv_km,
    "sksurv efron": lambda: _sksurv_cox("efron"),
    "sksurv breslow": lambda: _sksurv_cox("breslow"),
    "sksurv log-rank": _sksurv_log_rank,
    "lifelines km": _lifelines_km,
    "lifelines concordance": _lifelines_concordance,
    "lifelines log-rank": _lifelines_two,
    "lifelines log-rank 3": _lifelines_three,
    "lifelines cox": _lifelines_cox,
    "statsmodels km": _statsmodels_km,
    "statsmodels log-rank": _statsmodels_log_rank,
    "statsmodels strata": lambda: _statsmodels_log_rank(strata=True),
    "statsmodels efron": lambda: _statsmodels_cox("efron"),
    "statsmodels breslow": lambda: _statsmodels_cox("breslow"),
    "statsmodels fdr": _statsmodels_fdr,
    "statsmodels pool": _statsmodels_pool,
    "sklearn classes": _sklearn_classes,
    "dcurves": _dcurves,
}
