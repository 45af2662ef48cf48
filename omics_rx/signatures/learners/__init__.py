"""Survival learners, one family a file; all keep the contract of ``base.Learner``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omics_rx.core.errors import unknown_name
from omics_rx.core.registry import Registry

if TYPE_CHECKING:
    from omics_rx.signatures.learners.base import Learner

_HERE = "omics_rx.signatures.learners"
FAMILIES = Registry(
    "learner",
    {
        "akritas": f"{_HERE}.akritas:Akritas",
        "black_boost": f"{_HERE}.score_forests:BlackBoost",
        "component_boosting": f"{_HERE}.trees:ComponentwiseBoosting",
        "conditional_forest": f"{_HERE}.score_forests:ConditionalForest",
        "conditional_tree": f"{_HERE}.score_forests:ConditionalTree",
        "cox_ridge": f"{_HERE}.ridge:RidgeCox",
        "cox_univariate": f"{_HERE}.ridge:UnivariateCox",
        "coxboost": f"{_HERE}.coxboost:CoxBoost",
        "deepsurv": f"{_HERE}.deep:DeepSurv",
        "elastic_net": f"{_HERE}.coxnet:ElasticNetCox",
        "extra_trees": f"{_HERE}.trees:ExtraTrees",
        "gradient_boosting": f"{_HERE}.trees:GradientBoosting",
        "ipc_ridge": f"{_HERE}.svm:IPCRidge",
        "lasso": f"{_HERE}.coxnet:LassoCox",
        "lightgbm_cox": f"{_HERE}.lightgbm:LightGBMCox",
        "maxstat_forest": f"{_HERE}.score_forests:MaxstatForest",
        "minlip": f"{_HERE}.svm:MinLip",
        "oblique_forest": f"{_HERE}.score_forests:ObliqueForest",
        "parametric": f"{_HERE}.parametric:Parametric",
        "plsrcox": f"{_HERE}.components:PlsRCox",
        "random_forest": f"{_HERE}.trees:RandomForest",
        "stepwise": f"{_HERE}.stepwise:StepwiseCox",
        "superpc": f"{_HERE}.components:SuperPC",
        "svm_kernel": f"{_HERE}.svm:KernelSVM",
        "svm_linear": f"{_HERE}.svm:LinearSVM",
        "tree": f"{_HERE}.trees:Tree",
        "xgboost_aft": f"{_HERE}.xgboost:XGBoostAFT",
        "xgboost_cox": f"{_HERE}.xgboost:XGBoostCox",
    },
)
_SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name in FAMILIES if name not in ("elastic_net", "parametric", "stepwise")},
    **{f"elastic_net_{tenth / 10:.1f}": ("elastic_net", {"l1_ratio": tenth / 10}) for tenth in range(1, 10)},
    **{name: ("parametric", {"distribution": name}) for name in ("weibull", "log_logistic", "log_normal")},
    **{f"stepwise_{way}": ("stepwise", {"direction": way}) for way in ("forward", "backward", "both")},
}
NAMES = tuple(sorted(_SETTINGS))


def make(name: str, *, seed: int = 0, **settings: Any) -> Learner:
    """Make a learner by name.

    Parameters
    ----------
    name
        One of ``NAMES``, such as ``"cox_ridge"`` or ``"elastic_net_0.3"``.
    seed
        Of all that is random in it.
    **settings
        Passed to the learner.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    """
    if name not in _SETTINGS:
        raise unknown_name("learner", name, NAMES)
    family, own = _SETTINGS[name]
    made: Learner = FAMILIES[family](**{**own, **settings}, seed=seed)
    return made
