"""Survival, classification and pooling: ours where peers print numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain

import numpy as np
import pandas as pd
from peer_cases import HERE, Case

from omics_rx.metrics import calibration, classification, compare, curves, decision_curve, survival
from omics_rx.scores.kernels.separation import benjamini_hochberg
from omics_rx.signatures import cox
from omics_rx.signatures.risk_sets import Outcome

PATIENTS = pd.read_csv(HERE / "patients.csv")
FEATURES = ["x1", "x2", "x3"]
MONTHS = (6.0, 12.0, 24.0, 36.0)
HORIZON = 40.0
CUTS = (0.1, 0.2, 0.3, 0.5, 0.7)
R_CUTS = (0.01, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6)
P_VALUES = (0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216)
EFFECTS, ERRORS = (0.61, 0.12, 0.35, -0.08, 0.47, 0.29), (0.18, 0.11, 0.22, 0.15, 0.3, 0.09)

# Acute myelogenous leukaemia (Miller, Survival Analysis, 1981): the 23 patients that R's tests print numbers for
AML_TIME = (9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161, 5, 5, 8, 8, 12, 16, 23, 27, 30, 33, 43, 45)
AML_EVENT = (1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1)
AML_GROUP = (*["kept"] * 11, *["not kept"] * 12)
EARLY = (1, 2, 2, 3, 3, 3, 4)  # a third group that is censored before anyone has an event


def by_place(values: Iterable[float], name: str = "") -> dict[str, float]:
    """Values named by their place."""
    return {f"{name}{at}": float(value) for at, value in enumerate(values)}


def joined(*parts: dict[str, float]) -> dict[str, float]:
    return dict(chain.from_iterable(part.items() for part in parts))


def outcome(column: str) -> tuple[np.ndarray, np.ndarray]:
    return PATIENTS[column].to_numpy(dtype=float), PATIENTS["event"].to_numpy().astype(bool)


def features() -> np.ndarray:
    return PATIENTS[FEATURES].to_numpy()


def predicted() -> np.ndarray:
    """Chance of no event by each month, made from the risk, ``(n, months)``."""
    return np.exp(-np.outer(np.exp(PATIENTS["risk"].to_numpy()), np.asarray(MONTHS) / 40))


def _kaplan_meier(column: str = "month", *, bounds: bool = True) -> dict[str, float]:
    table = curves.kaplan_meier(*outcome(column)).iloc[1:]
    named = ("survival", "lower", "upper") if bounds else ("survival",)
    return joined(*(by_place(table[name], f"{name} ") for name in named))


def _log_rank(*, strata: bool = False, two: bool = False) -> dict[str, float]:
    rows = PATIENTS[PATIENTS["group"] != "c"] if two else PATIENTS
    found = curves.log_rank(rows["month"], rows["event"], rows["group"], strata=rows["stratum"] if strata else None)
    return {"statistic": found.statistic, "p": found.p_value}


def _uno(column: str) -> Callable[[], dict[str, float]]:
    def ours() -> dict[str, float]:
        found = survival.uno_concordance(*outcome(column), PATIENTS["risk"], horizon=HORIZON, n_boot=0)
        return {"concordance": found.value}

    return ours


def _auc(column: str) -> dict[str, float]:
    return by_place(survival.dynamic_auc(*outcome(column), PATIENTS["risk"], at=MONTHS))


def _brier() -> dict[str, float]:
    time, event = outcome("exact")
    each = [
        calibration.brier_at(time, event, chance, at=at)["brier"]
        for at, chance in zip(MONTHS, predicted().T, strict=True)
    ]
    whole = survival.integrated_brier(time, event, pd.DataFrame(predicted(), columns=MONTHS))
    return {**by_place(each), "integrated": whole}


def _cox(ties: str, *, likelihood: bool = False) -> Callable[[], dict[str, float]]:
    def ours() -> dict[str, float]:
        time, event = outcome("month")
        data = Outcome(time, event, np.zeros(len(time), dtype=int), None).follow_up(ties=ties)
        beta = cox.ridge(features(), data, 1e-12)
        found = by_place(beta)
        if likelihood:
            found["log likelihood"] = cox.log_likelihood(features() @ beta, data)
        return found

    return ours


def _concordance() -> dict[str, float]:
    return {"concordance": survival.concordance(*outcome("month"), PATIENTS["risk"], n_boot=0).value}


def _decision() -> dict[str, float]:
    time, event = outcome("month")
    table = decision_curve.decision_curve(time, event, {"model": PATIENTS["chance"]}, at=24, thresholds=CUTS, n_boot=0)
    return {
        f"{model} {cut}": float(value)
        for model, cut, value in zip(table["model"], table["threshold"], table["net_benefit"], strict=True)
        if model != "treat none"
    }


def _family_history() -> dict[str, float]:
    """750 patients, 105 with cancer, of whom 24 have a family history, as 91 of the others; none is censored."""
    ill = np.arange(750) < 105
    chance = np.zeros(750)
    chance[[*range(24), *range(105, 196)]] = 1
    table = decision_curve.decision_curve(
        np.where(ill, 6.0, 24.0), ill, {"family history": chance}, at=12, thresholds=R_CUTS, n_boot=0
    )
    return {
        f"{model} {cut:g}": float(value)
        for model, cut, value in zip(table["model"], table["threshold"], table["net_benefit"], strict=True)
        if model != "treat none"
    }


def _classes() -> dict[str, float]:
    truth, chance = PATIENTS["event"].to_numpy().astype(bool), PATIENTS["chance"].to_numpy()
    return {
        "mcc": classification.mcc(truth, chance >= 0.5),
        "balanced accuracy": classification.balanced_accuracy(truth, chance >= 0.5),
        "brier": classification.brier(truth, chance),
        "auc": classification.auc(truth, chance),
    }


def _pooled() -> dict[str, float]:
    found = compare.pool(EFFECTS, ERRORS)
    return {"value": found.value, "tau2": found.tau2, "lower": found.lower, "upper": found.upper}


def _aml_curve() -> dict[str, float]:
    group = np.asarray(AML_GROUP)
    found = {}
    for name in ("kept", "not kept"):
        table = curves.kaplan_meier(np.array(AML_TIME)[group == name], np.array(AML_EVENT)[group == name])
        table = table[table["events"] > 0]
        found |= {f"{name} {time:g}": value for time, value in zip(table["time"], table["survival"], strict=True)}
    return found


def _aml_test(*, third: bool) -> dict[str, float]:
    time, event, group = AML_TIME, AML_EVENT, AML_GROUP
    if third:
        time, event, group = (*time, *EARLY), (*event, *[0] * 7), (*group, *["early"] * 7)
    found = curves.log_rank(time, event, group)
    return {"statistic": found.statistic, "p": found.p_value, "degrees of freedom": found.degrees_freedom}


def _aml_cox(ties: str, *, residuals: bool = False) -> Callable[[], dict[str, float]]:
    def ours() -> dict[str, float]:
        data = Outcome(
            np.array(AML_TIME, dtype=float), np.array(AML_EVENT, dtype=bool), np.zeros(23, dtype=int), None
        ).follow_up(ties=ties)
        X = np.array([[float(name == "not kept")] for name in AML_GROUP])
        beta = cox.ridge(X, data, 1e-12)
        gain = 2 * (cox.log_likelihood(X @ beta, data) - cox.log_likelihood(np.zeros(23), data))
        if residuals:
            return by_place(cox.residuals(X @ beta, data)[0])
        return {"coefficient": float(beta[0]), "likelihood ratio": float(gain)}

    return ours


def _aml_concordance() -> dict[str, float]:
    marker = np.array([1, 6, 2, 7, 3, 7, 3, 8, 4, 4, 5])
    found = survival.concordance(AML_TIME[:11], AML_EVENT[:11], -marker, n_boot=0)
    return {"concordance": found.value}


NEWTON = "Newton's steps stop where the likelihood gains less than 1e-9, up to 1e-6 from the maximum"
PRINTED = "digits that are printed"
THREE = "three digits are printed"
CASES = [
    Case("sksurv concordance", "scikit-survival", "concordance_index_censored", _concordance),
    Case("sksurv uno", "scikit-survival", "concordance_index_ipcw(tau=40), no ties in time", _uno("exact")),
    Case(
        "sksurv uno ties",
        "scikit-survival",
        "concordance_index_ipcw(tau=40), whole months",
        _uno("month"),
        stated="an event weighs by the chance of being followed up to its month; scikit-survival's after it",
        bound=0.02,
    ),
    Case("sksurv auc", "scikit-survival", "cumulative_dynamic_auc, no ties in time", lambda: _auc("exact")),
    Case(
        "sksurv auc ties",
        "scikit-survival",
        "cumulative_dynamic_auc, whole months",
        lambda: _auc("month"),
        stated="who is censored at the month itself is event-free, and the left limit of the weights",
        bound=0.03,
    ),
    Case("sksurv brier", "scikit-survival", "brier_score, integrated_brier_score, no ties in time", _brier),
    Case("sksurv km", "scikit-survival", "kaplan_meier_estimator(conf_type='log-log')", _kaplan_meier),
    Case("sksurv efron", "scikit-survival", "CoxPHSurvivalAnalysis(ties='efron')", _cox("efron"), 1e-6, NEWTON),
    Case("sksurv breslow", "scikit-survival", "CoxPHSurvivalAnalysis(ties='breslow')", _cox("breslow"), 1e-6, NEWTON),
    Case("sksurv log-rank", "scikit-survival", "compare_survival, three groups", _log_rank),
    Case("lifelines km", "lifelines", "KaplanMeierFitter", _kaplan_meier),
    Case("lifelines concordance", "lifelines", "utils.concordance_index", _concordance),
    Case("lifelines log-rank", "lifelines", "statistics.logrank_test", lambda: _log_rank(two=True)),
    Case("lifelines log-rank 3", "lifelines", "statistics.multivariate_logrank_test", _log_rank),
    Case("lifelines cox", "lifelines", "CoxPHFitter", _cox("efron", likelihood=True), 1e-6, NEWTON),
    Case("statsmodels km", "statsmodels", "SurvfuncRight", lambda: _kaplan_meier(bounds=False)),
    Case("statsmodels log-rank", "statsmodels", "survdif", _log_rank),
    Case("statsmodels strata", "statsmodels", "survdiff(strata)", lambda: _log_rank(strata=True)),
    Case("statsmodels efron", "statsmodels", "PHReg(ties='efron')", _cox("efron", likelihood=True), 1e-6, NEWTON),
    Case("statsmodels breslow", "statsmodels", "PHReg(ties='breslow')", _cox("breslow", likelihood=True), 1e-6, NEWTON),
    Case(
        "statsmodels fdr",
        "statsmodels",
        "multipletests('fdr_bh')",
        lambda: by_place(benjamini_hochberg(np.array(P_VALUES))),
    ),
    Case("statsmodels pool", "statsmodels", "combine_effects('dl'), Hartung-Knapp", _pooled),
    Case(
        "sklearn classes",
        "scikit-learn",
        "matthews_corrcoef, balanced_accuracy_score, brier_score_loss, roc_auc_score",
        _classes,
    ),
    Case("dcurves", "dcurves", "dca(time=24), Python", _decision),
    Case("r dcurves", "dcurves (R)", "dca(cancer ~ famhistory, df_binary)", _family_history),
    Case("r curve", "R survival", "survfit(Surv(time, status) ~ x, aml)", _aml_curve, 5e-4, PRINTED),
    Case(
        "r log-rank",
        "R survival",
        "survdiff(Surv(time, status) ~ x, aml)",
        lambda: _aml_test(third=False),
        5e-3,
        PRINTED,
    ),
    Case(
        "r log-rank empty",
        "R survival",
        "survdiff, a third group without any expected event",
        lambda: _aml_test(third=True),
        5e-3,
        PRINTED,
    ),
    Case("r breslow", "R survival", "coxph(method='breslow')", _aml_cox("breslow"), 1.5e-3, THREE),
    Case(
        "r martingale",
        "R survival",
        "residuals(type='martingale') of the same",
        _aml_cox("breslow", residuals=True),
        5e-6,
        NEWTON,
    ),
    Case("r efron", "R survival", "coxph(method='efron')", _aml_cox("efron"), 1.5e-3, THREE),
    Case("r concordance", "R survival", "concordance: 24 pairs for, 14 against, 2 level", _aml_concordance),
]
