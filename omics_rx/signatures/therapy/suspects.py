"""Features that are the outcome under another name, and patients who are in two places."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from scipy.stats import chi2, hypergeom, norm, rankdata

from omics_rx.core.errors import InputError, examples
from omics_rx.metrics import classification
from omics_rx.signatures.therapy.reading import Patients

_NAMES = re.compile(
    r"(^|[^a-z0-9])(n?pcr|rcb|resp|response|responder|residual|chemo_?sensitive|chemo_?resistant|recist|miller|payne|"
    r"yp[tn]|outcome|relapse|recurrence|death|survival|dfs|efs|rfs|dmfs)([^a-z0-9]|[0-9]*$)",
    re.IGNORECASE,
)
_NEAR = 0.98  # area under the curve of one feature alone beyond which it is asked whether it was known before
_PURE = 1e-3  # chance of a level that only one class has, over all levels, below which it is asked
_ALIKE = 0.1  # root mean square of z between two patients below which they are one
_CHANCE = 1e-3  # of one pair of strangers among all pairs that may look like one patient
_COMMON = 0.05  # share of patients from which a value is shared by strangers, such as none or the limit of detection
_ENOUGH = 5


def features(patients: Sequence[Patients], names: Iterable[str], *, known_before: Sequence[str] = ()) -> None:
    """Refuse features that cannot have been known before the therapy.

    Parameters
    ----------
    patients
        Training cohorts.
    names
        Features to learn from.
    known_before
        Features that were known before the therapy, whatever they look like; one that separates the classes fully is
        refused all the same.

    Raises
    ------
    InputError
        If a feature separates the classes fully; if one is called like an outcome, nearly separates the classes, or
        has a level that only one class has beyond chance, and was not named.
    """
    outcome = np.concatenate([one.outcome.to_numpy() for one in patients])
    table = pd.concat([one.table for one in patients])
    wanted = list(names)
    absent = [name for name in known_before if name not in table]
    if absent:
        raise InputError(f"known_before names {examples(absent)}, which no training cohort has")
    asked: dict[str, str] = {}
    levels = sum(table[name].nunique() for name in wanted if table[name].nunique() <= 12)
    for name in wanted:
        found = _separation(table[name], outcome)
        if found >= 1 - 1e-12:
            raise InputError(
                f"{name} separates those with the outcome from those without fully: it is the outcome under another "
                "name, or was measured after the therapy; leave it out"
            )
        if name in known_before:
            continue
        own = patients[0].column.get(name, name)
        if _NAMES.search(own):
            asked[name] = "is called like an outcome"
        elif found >= _NEAR:
            asked[name] = f"alone has an area under the curve of {found:.3f}"
        else:
            pure = _pure_level(table[name], outcome, max(levels, 1))
            if pure:
                asked[name] = pure
    if asked:
        told = [f"{name} {why}" for name, why in asked.items()]
        raise InputError(
            f"{len(asked)} features may not have been known before the therapy ({examples(told)}): leave them out, or "
            "say known_before=[...] for those that were"
        )


def _separation(values: pd.Series, outcome: np.ndarray) -> float:
    """Area under the curve of one feature alone, of either direction; a category by the best order of its levels."""
    known = values.notna().to_numpy()
    truth = outcome[known]
    if known.sum() < 2 * _ENOUGH or truth.all() or not truth.any():
        return 0.5
    own = values[known]
    if own.dtype.kind not in "fib":
        share = pd.Series(truth, index=own.index).groupby(own.to_numpy()).transform("mean")
        if own.nunique() > len(own) // 5:
            return 0.5
        own = share
    area = classification.auc(truth, own.to_numpy(dtype=np.float64))
    return max(area, 1 - area)


def _pure_level(values: pd.Series, outcome: np.ndarray, tries: int) -> str:
    """What a level that only one class has says, or nothing."""
    known = values.notna().to_numpy()
    own, truth = values[known], outcome[known]
    if not 2 <= own.nunique() <= 12:
        return ""
    for level, rows in pd.Series(truth).groupby(own.to_numpy()):
        sides = (int(rows.sum()), int((~rows).sum()))
        if min(sides) or max(sides) < _ENOUGH:
            continue
        whole = int(truth.sum()) if sides[0] else int((~truth).sum())
        if hypergeom.sf(max(sides) - 1, truth.size, whole, len(rows)) * tries < _PURE:
            side = "with" if sides[0] else "without"
            text = f"{level:g}" if isinstance(level, float) else str(level)
            return f"is {text} in {len(rows)} patients, all of them {side} the outcome"
    return ""


def patients_twice(cohorts: Sequence[Patients]) -> None:
    """Refuse patients who are in two cohorts, or twice in one.

    Two patients are one where their continuous features, each the normal score of its rank over all cohorts, differ by
    less than a tenth of a standard deviation, and by so little that no two strangers are expected to among all pairs:
    few features, and those that go together, must be closer. A value that many patients have says nothing.

    Raises
    ------
    InputError
        If there are such patients.
    """
    shared = [name for name in cohorts[0].table if all(name in one.table for one in cohorts)]
    both = pd.concat([one.table[shared] for one in cohorts], keys=[one.name for one in cohorts])
    numeric = [name for name in both if both[name].dtype.kind in "fib" and both[name].nunique() > 10]
    if len(numeric) < _ENOUGH:
        return
    values = both[numeric].to_numpy(dtype=np.float64)
    ranks = rankdata(values, axis=0, nan_policy="omit")  # so that an outlier does not draw all others together
    z = norm.ppf((ranks - 0.5) / np.isfinite(values).sum(axis=0))
    z[_common(both[numeric])] = np.nan
    free = _free(z)
    place = {one.name: np.flatnonzero(both.index.get_level_values(0) == one.name) for one in cohorts}
    for one, two in itertools.combinations_with_replacement(cohorts, 2):
        pairs = _alike(z[place[one.name]], z[place[two.name]], free, n=len(z), same=one is two)
        if pairs:
            told = [f"{one.table.index[a]} = {two.table.index[b]}" for a, b in pairs]
            where = f"twice in {one.name}" if one is two else f"in both {one.name} and {two.name}"
            raise InputError(
                f"{len(pairs)} patients are {where} by their features ({examples(told)}): leave them out of one place"
            )


def _common(values: pd.DataFrame) -> np.ndarray:
    """Where a value is one that many patients have, shape ``(n, p)``."""
    times = values.apply(lambda column: column.map(column.value_counts())).to_numpy(dtype=np.float64)
    return np.asarray(times > max(_COMMON * len(values), 2 * 2))


def _free(z: np.ndarray) -> float:
    """Share of the features that vary on their own: the participation ratio of the eigenvalues of their products."""
    filled = np.nan_to_num(z)
    products = filled @ filled.T  # n x n, whose eigenvalues are those of the features' own products
    return float(np.trace(products) ** 2 / np.square(products).sum() / z.shape[1]) if products.any() else 0.0


def _nearest_strangers(shared: np.ndarray, free: float, n: int) -> np.ndarray:
    """Mean square of z below which one pair of ``n`` strangers is expected with ``_CHANCE``, per features shared."""
    counts, place = np.unique(shared, return_inverse=True)
    own = np.maximum(counts * free, 1.0)  # half the square of a difference of two z has one degree of freedom
    limit = 2 * chi2.ppf(2 * _CHANCE / (n * max(n - 1, 1)), own) / own
    return np.asarray(limit[place].reshape(shared.shape))


def _alike(one: np.ndarray, two: np.ndarray, free: float, *, n: int, same: bool) -> list[tuple[int, int]]:
    left, right = np.isfinite(one).astype(float), np.isfinite(two).astype(float)
    a, b = np.nan_to_num(one), np.nan_to_num(two)
    shared = left @ right.T
    gap = (a**2) @ right.T + left @ (b**2).T - 2 * a @ b.T
    near = (shared >= _ENOUGH) & (gap <= np.minimum(_ALIKE**2, _nearest_strangers(shared, free, n)) * shared + 1e-9)
    if same:
        near &= np.triu(np.ones_like(near), 1)
    return [(int(i), int(j)) for i, j in zip(*np.nonzero(near), strict=True)]


def namesakes(train: Sequence[Patients], outside: Sequence[Patients]) -> list[str]:
    """Sentences about external patients who are called as training patients are: the same, or numbered alike."""
    found = []
    for one in outside:
        for other in train:
            both = one.table.index.astype(str).intersection(other.table.index.astype(str))
            if len(both):
                found.append(
                    f"{len(both)} patients of {one.name} are called as patients of {other.name} are "
                    f"({examples(both)}): their features differ; if they are the same, the figures of the external "
                    "cohort are too good."
                )
    return found
