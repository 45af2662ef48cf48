"""Sixteen classifiers of few markers, each behind the same filling, scaling and choice of markers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from omics_rx.core.errors import unknown_name

Floats = NDArray[np.float64]

_L = "sklearn.linear_model:LogisticRegression"
_MADE: dict[str, tuple[str, dict[str, Any]]] = {
    "adaboost": ("sklearn.ensemble:AdaBoostClassifier", {"n_estimators": 50}),
    "cart": ("sklearn.tree:DecisionTreeClassifier", {"max_depth": 3, "min_samples_leaf": 5}),
    "elastic_net": (_L, {"solver": "saga", "l1_ratio": 0.5, "C": 0.5, "max_iter": 2000, "tol": 1e-3}),
    "extra_trees": ("sklearn.ensemble:ExtraTreesClassifier", {"n_estimators": 100, "min_samples_leaf": 3}),
    "gradient_boosting": ("sklearn.ensemble:GradientBoostingClassifier", {"n_estimators": 60, "max_depth": 2}),
    "knn": ("sklearn.neighbors:KNeighborsClassifier", {"n_neighbors": 9}),
    "lasso": (_L, {"solver": "liblinear", "l1_ratio": 1.0, "C": 0.5}),
    "lda": ("sklearn.discriminant_analysis:LinearDiscriminantAnalysis", {"solver": "lsqr", "shrinkage": "auto"}),
    "mlp": (
        "sklearn.neural_network:MLPClassifier",
        {"hidden_layer_sizes": (8,), "alpha": 1.0, "solver": "lbfgs", "max_iter": 2000},
    ),
    "naive_bayes": ("sklearn.naive_bayes:GaussianNB", {"var_smoothing": 1e-3}),
    "qda": ("sklearn.discriminant_analysis:QuadraticDiscriminantAnalysis", {"reg_param": 0.5}),
    "random_forest": ("sklearn.ensemble:RandomForestClassifier", {"n_estimators": 100, "min_samples_leaf": 3}),
    "ridge": (_L, {"C": 0.1, "max_iter": 2000}),
    "shrunken_centroids": ("sklearn.neighbors:NearestCentroid", {"shrink_threshold": 0.5}),
    "svm_linear": ("sklearn.svm:SVC", {"kernel": "linear", "C": 0.1}),
    "svm_radial": ("sklearn.svm:SVC", {"kernel": "rbf", "C": 1.0}),
}
ALGORITHMS = tuple(_MADE)


class Strongest(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Keep the markers that tell the classes apart most, by the size of Welch's t.

    Parameters
    ----------
    k
        How many.

    Attributes
    ----------
    kept_
        Positions of the markers, strongest first, ``(k,)``.
    """

    def __init__(self, k: int = 10) -> None:
        self.k = k

    def fit(self, X: ArrayLike, y: ArrayLike) -> Strongest:
        """Choose on the training samples."""
        values, classes = np.asarray(X, dtype=np.float64), np.asarray(y).astype(bool)
        (mean, error), (other, more) = (_moments(part) for part in (values[classes], values[~classes]))
        error = np.sqrt(error + more)
        gap = np.abs(mean - other)
        # a marker that varies in neither class tells them apart fully if their values differ, and not at all if not
        size = np.where(error > 1e-12, gap / np.maximum(error, 1e-12), np.where(gap > 1e-12, np.inf, 0.0))
        self.kept_ = np.argsort(-size, kind="stable")[: self.k]
        return self

    def transform(self, X: ArrayLike) -> Floats:
        """Keep the chosen columns."""
        return np.asarray(X, dtype=np.float64)[:, self.kept_]


def _moments(values: Floats) -> tuple[Floats, Floats]:
    """Mean and squared standard error of each column over its known values; the error is infinite under two of them."""
    known = np.isfinite(values)
    if known.all():
        return values.mean(axis=0), values.var(axis=0, ddof=1) / len(values)
    count = known.sum(axis=0)
    mean = np.where(known, values, 0.0).sum(axis=0) / np.maximum(count, 1)
    spread = (np.where(known, values - mean, 0.0) ** 2).sum(axis=0) / np.maximum(count - 1, 1)
    return mean, np.where(count > 1, spread / np.maximum(count, 1), np.inf)


def make(name: str, *, k: int, seed: int = 0) -> Any:
    """Make a pipeline: the ``k`` strongest markers, medians for their missing values, scale, classifier.

    Raises
    ------
    UnknownNameError
        If there is no such classifier.
    """
    from sklearn.pipeline import make_pipeline

    return make_pipeline(Strongest(k), *preparation(), bare(name, seed=seed))


def preparation() -> Any:
    """Pipeline that fills missing values with medians and scales, each marker by itself."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())


def bare(name: str, *, seed: int = 0) -> Any:
    """Make a classifier alone, for markers that are chosen, filled and scaled.

    Raises
    ------
    UnknownNameError
        If there is no such classifier.
    """
    from importlib import import_module

    if name not in _MADE:
        raise unknown_name("classifier", name, ALGORITHMS)
    place, settings = _MADE[name]
    module, _, kind = place.partition(":")
    made = getattr(import_module(module), kind)(**settings)
    own = made.get_params()
    if "random_state" in own:
        made.set_params(random_state=seed)
    if "class_weight" in own:
        made.set_params(class_weight="balanced")
    return made


def scores_of(model: Any, X: Floats) -> Floats:
    """Score of class 1, higher for it: the decision function, or the probability, ``(n,)``."""
    if hasattr(model, "decision_function"):
        return np.asarray(model.decision_function(X), dtype=np.float64).ravel()
    return np.asarray(model.predict_proba(X)[:, 1], dtype=np.float64)
