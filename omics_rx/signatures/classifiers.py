"""Sixteen classifiers of few markers, each behind the same filling, scaling and choice of markers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from omics_rx.core.errors import InputError, NotFittedError, examples, unknown_name
from omics_rx.signatures.learners.base import features

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
    """Keep the markers that tell the classes apart most, by the size of Welch's t of a class against the rest.

    A transformer of scikit-learn's: any two or more labels are classes, missing values are passed over, markers are
    known by name, and a frame with others, or with the same in another order, is refused.

    Parameters
    ----------
    k
        How many.

    Attributes
    ----------
    kept_
        Positions of the markers, strongest first, ``(k,)``; of equals the one that stands first.
    classes_
        The classes, ``(c,)``.
    n_features_in_, feature_names_in_
        Number of markers, and their names where a frame was fitted on.
    """

    def __init__(self, k: int = 10) -> None:
        self.k = k

    def fit(self, X: ArrayLike, y: ArrayLike) -> Strongest:
        """Choose on the training samples.

        Raises
        ------
        InputError
            If markers are no table of numbers, classes are missing, or there is one class only.
        """
        values = features(self, X, reset=True, missing=True)
        labels = _labels(self, y, len(values))
        self.classes_ = np.unique(labels)
        if self.classes_.size < 2:
            raise InputError(f"one class ({examples(self.classes_)}) in {labels.size} samples: nothing to tell apart")
        sides = self.classes_[1:] if self.classes_.size == 2 else self.classes_
        size = np.max([_welch(values, labels == side) for side in sides], axis=0)
        self.kept_ = np.argsort(-size.round(9), kind="stable")[: self.k]  # last digits choose nothing
        return self

    def transform(self, X: ArrayLike) -> Floats:
        """Keep the chosen columns.

        Raises
        ------
        NotFittedError, InputError
            Before :meth:`fit`; if the markers are not those fitted on, or stand in another order.
        """
        if not hasattr(self, "kept_"):
            raise NotFittedError("this Strongest was not fitted: call fit first")
        return features(self, X, reset=False, missing=True)[:, self.kept_]

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """Names of the kept markers, strongest first."""
        from sklearn.utils.validation import _check_feature_names_in

        if not hasattr(self, "kept_"):
            raise NotFittedError("this Strongest was not fitted: call fit first")
        try:
            return np.asarray(_check_feature_names_in(self, input_features)[self.kept_], dtype=object)
        except ValueError as error:
            raise InputError(str(error)) from error

    def __sklearn_tags__(self) -> Any:
        """Classes are needed, missing values are borne."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.allow_nan = True
        return tags


def _labels(estimator: BaseEstimator, y: ArrayLike, n: int) -> NDArray[Any]:
    """Class of each sample, ``(n,)``."""
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import column_or_1d

    if y is None:
        raise InputError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is None: give a class a sample"
        )
    try:
        labels = np.asarray(column_or_1d(y, warn=True))
        check_classification_targets(labels)
    except (TypeError, ValueError) as error:
        raise InputError(f"classes: {error}") from error
    if labels.size != n:
        raise InputError(f"{n} samples of markers, {labels.size} classes: give one class a sample")
    return labels


def _welch(values: Floats, side: NDArray[np.bool_]) -> Floats:
    """Size of Welch's t between the samples of a class and the others, of each column."""
    (mean, error), (other, more) = (_moments(part) for part in (values[side], values[~side]))
    error = np.sqrt(error + more)
    gap = np.abs(mean - other)
    scale = 1e-12 * np.maximum(np.maximum(np.abs(mean), np.abs(other)), 1.0)
    # a marker that varies in neither class tells them apart fully if their values differ, and not at all if not
    return np.where(error > scale, gap / np.maximum(error, scale), np.where(gap > scale, np.inf, 0.0))


def _moments(values: Floats) -> tuple[Floats, Floats]:
    """Mean and squared standard error of each column over its known values; the error is infinite under two of them."""
    known = np.isfinite(values)
    if known.all() and len(values) > 1:
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
