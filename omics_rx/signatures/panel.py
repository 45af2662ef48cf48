"""Few-marker panels: many classifiers over many molecular profiles, with the price of the search paid in the p."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core.errors import InputError, examples
from omics_rx.core.provenance import Provenance, frame_sha256
from omics_rx.core.work import one_thread, rng, subseed, track
from omics_rx.metrics import classification
from omics_rx.signatures import classifiers

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
SIZES = (3, 10, 30)
_LEAST = 10  # samples a class


@dataclass(frozen=True, eq=False)
class Panel:
    """What a grid of classifiers and profiles found.

    Attributes
    ----------
    table
        A row a combination, best first: ``algorithm``, ``profile``, ``mcc`` (of the calls made without the sample),
        ``auc`` (mean over outer folds), ``n_markers`` (median chosen), ``p_value`` (of this combination alone) and
        ``p_corrected`` (over the whole grid, by the largest MCC of each permutation), ``reason``: empty, or why a
        combination failed.
    null
        Largest MCC of the grid in each permutation.
    markers
        Markers of each combination with the share of outer folds that chose them: ``algorithm``, ``profile``,
        ``marker``, ``share``.
    n, n_positive
        Samples judged, and those of class 1.
    provenance
        How it came to be.
    """

    table: pd.DataFrame = field(repr=False)
    null: Floats = field(repr=False)
    markers: pd.DataFrame = field(repr=False)
    n: int
    n_positive: int
    provenance: Provenance = field(repr=False)


def search_panel(
    profiles: Mapping[str, pd.DataFrame], outcome: pd.Series, *, algorithms: Sequence[str] = classifiers.ALGORITHMS,
    sizes: Sequence[int] = SIZES, n_folds: int = 5, n_permutations: int = 20, seed: int = 0, n_jobs: int | None = None,
    progress: bool | None = None,
) -> Panel:  # fmt: skip
    """Judge every classifier on every profile by nested cross-validation.

    Filling, scaling, choice of markers and of their number are made inside each outer fold. The permutations repeat the
    whole grid on shuffled classes, so that ``p_corrected`` pays for having looked at all of it.

    Parameters
    ----------
    profiles
        Name to samples x markers, such as expression, mutation, copy number, miRNA. Samples that any profile lacks are
        left out, so that all combinations are judged on the same ones.
    outcome
        Class of each sample, 0 or 1; missing ones are left out.
    algorithms
        Among ``classifiers.ALGORITHMS``.
    sizes
        Numbers of markers to choose from in the inner folds.
    n_folds
        Outer folds; three inner ones.
    n_permutations
        Shuffles of the classes; the smallest p is one over one more.
    seed, n_jobs, progress
        Of all that is random; processes; a bar on stderr.

    Raises
    ------
    InputError
        If the profiles share too few samples, or a class has fewer than ten.

    References
    ----------
    Westfall and Young, Resampling-Based Multiple Testing, 1993 (the largest statistic of each permutation).
    """
    from joblib import Parallel, delayed

    values, truth, samples = _aligned(profiles, outcome)
    grid = [(algorithm, name) for name in profiles for algorithm in algorithms]
    random = rng(seed, "panel permutations")
    labels = [truth, *(random.permutation(truth) for _ in range(n_permutations))]
    jobs = [(at, algorithm, name) for at in range(len(labels)) for algorithm, name in grid]
    results = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_nested)(values[name], labels[at], algorithm, tuple(sizes), n_folds, subseed(seed, "panel", name))
        for at, algorithm, name in jobs
    )
    done = list(track(results, "judging panels", total=len(jobs), progress=progress))
    mcc = np.array([one["mcc"] for one in done]).reshape(len(labels), len(grid))
    null = np.nanmax(mcc[1:], axis=1) if n_permutations else np.empty(0)
    rows, markers = [], []
    for at, (algorithm, name) in enumerate(grid):
        own = done[at]
        row = {"algorithm": algorithm, "profile": name, "mcc": own["mcc"], "auc": own["auc"]}
        row |= {"n_markers": own["size"], "reason": own["reason"]}
        row["p_value"] = _p(own["mcc"], mcc[1:, at])
        row["p_corrected"] = _p(own["mcc"], null)
        rows.append(row)
        names = profiles[name].columns.astype(str)
        markers += [
            {"algorithm": algorithm, "profile": name, "marker": names[column], "share": count / n_folds}
            for column, count in own["chosen"].items()
        ]
    columns = ["algorithm", "profile", "mcc", "auc", "n_markers", "p_value", "p_corrected", "reason"]
    table = pd.DataFrame(rows)[columns].sort_values("mcc", ascending=False, kind="stable", ignore_index=True)
    told = pd.DataFrame(markers, columns=["algorithm", "profile", "marker", "share"])
    settings = {
        "algorithms": list(algorithms), "sizes": list(sizes), "n_folds": n_folds, "n_permutations": n_permutations,
        "seed": seed,
    }  # fmt: skip
    inputs = {name: frame_sha256(frame.loc[samples]) for name, frame in profiles.items()}
    return Panel(
        table, null, told.sort_values("share", ascending=False, kind="stable", ignore_index=True), truth.size,
        int(truth.sum()), Provenance("signatures.search_panel", inputs, settings),
    )  # fmt: skip


def fewest_markers(
    profile: pd.DataFrame, outcome: pd.Series, algorithm: str, *, sizes: Iterable[int] = (1, 2, 3, 4, 6, 8, 12, 16, 24),
    n_folds: int = 5, n_repeats: int = 5, seed: int = 0,
) -> pd.DataFrame:  # fmt: skip
    """How few markers do: MCC and AUC at each number of markers, chosen anew in every fold.

    Returns
    -------
    pandas.DataFrame
        Index ``n_markers``: ``mcc``, ``auc`` (means over repeats), ``se`` (of the MCC over repeats and folds) and
        ``enough``, true for the smallest number within one standard error of the best.

    References
    ----------
    Breiman et al., Classification and Regression Trees, 1984 (the rule of one standard error).
    """
    values, truth, _ = _aligned({"profile": profile}, outcome)
    rows = []
    for size in sorted({min(int(size), profile.shape[1]) for size in sizes}):
        found = []
        for repeat in range(n_repeats):
            fold = _folds(truth, n_folds, subseed(seed, "fewest", repeat))
            for number in range(n_folds):
                seen = fold != number
                model = _fit(algorithm, values["profile"][seen], truth[seen], size, seed)
                called, score = _applied(model, values["profile"][~seen])
                found.append((classification.mcc(truth[~seen], called), classification.auc(truth[~seen], score)))
        mcc, auc = np.array(found).T
        rows.append({"n_markers": size, "mcc": mcc.mean(), "auc": auc.mean(), "se": mcc.std(ddof=1) / np.sqrt(n_folds)})
    table = pd.DataFrame(rows).set_index("n_markers")
    best = table.iloc[int(np.argmax(table["mcc"].to_numpy()))]
    near = table.index[table["mcc"] >= best["mcc"] - best["se"]]
    return table.assign(enough=table.index == near.min())


def learning_curve(
    profile: pd.DataFrame, outcome: pd.Series, algorithm: str, *, n_markers: int = 10,
    shares: Sequence[float] = (0.2, 0.35, 0.5, 0.65, 0.8), n_repeats: int = 20, seed: int = 0,
) -> tuple[pd.DataFrame, pd.Series]:  # fmt: skip
    """How the AUC grows with the number of training samples.

    In each repeat a fifth of the samples is held back; the training sets grow within the rest, both classes alike.

    Returns
    -------
    tuple
        Frame, index ``n`` (training samples): ``auc`` and ``sd`` over repeats; and the gain in AUC ``per_100`` samples,
        the slope over the last half of the curve, with the 95% interval over repeats ``lower``, ``upper``.
    """
    values, truth, _ = _aligned({"profile": profile}, outcome)
    X = values["profile"]
    found = np.empty((n_repeats, len(shares)))
    sizes = [round(share * truth.size) for share in shares]
    for repeat in range(n_repeats):
        fold = _folds(truth, 5, subseed(seed, "learning curve", repeat))
        held, rest = np.flatnonzero(fold == 0), np.flatnonzero(fold != 0)
        order = _alternating(truth[rest], rng(seed, "learning order", repeat))
        for place, size in enumerate(sizes):
            rows = rest[order[:size]]
            model = _fit(algorithm, X[rows], truth[rows], n_markers, seed)
            found[repeat, place] = classification.auc(truth[held], _applied(model, X[held])[1])
    late = len(sizes) // 2
    slopes = np.polyfit(np.array(sizes[late:]) / 100, found[:, late:].T, 1)[0]
    error = slopes.std(ddof=1) / np.sqrt(n_repeats)
    table = pd.DataFrame({"auc": found.mean(axis=0), "sd": found.std(axis=0, ddof=1)}, index=pd.Index(sizes, name="n"))
    gain = {"per_100": slopes.mean(), "lower": slopes.mean() - 1.96 * error, "upper": slopes.mean() + 1.96 * error}
    return table, pd.Series(gain)


def _aligned(profiles: Mapping[str, pd.DataFrame], outcome: pd.Series) -> tuple[dict[str, Floats], Bools, pd.Index]:
    """Values of the samples that have a class and every profile, in the order of their names."""
    samples = outcome.dropna().index
    for frame in profiles.values():
        samples = samples.intersection(frame.index[frame.notna().any(axis=1)])
    samples = samples.sort_values()
    known = outcome[samples].astype(np.float64)
    if not known.isin((0.0, 1.0)).all():
        raise InputError(
            f"the classes are {examples(sorted(set(known)))}: code the one looked for as 1, the other as 0"
        )
    counts = [int((known == side).sum()) for side in (1, 0)]
    if min(counts) < _LEAST:
        raise InputError(
            f"{counts[0]} samples of class 1 and {counts[1]} of class 0 have every profile ({examples(profiles)}): "
            f"{_LEAST} or more of each are needed"
        )
    values = {name: frame.loc[samples].to_numpy(dtype=np.float64) for name, frame in profiles.items()}
    return values, known.to_numpy().astype(bool), samples


def _folds(truth: Bools, n_folds: int, seed: int) -> NDArray[np.intp]:
    fold, start = np.empty(truth.size, dtype=np.intp), 0
    for side in (True, False):
        rows = rng(seed, "panel folds", side).permutation(np.flatnonzero(truth == side))
        fold[rows] = (start + np.arange(rows.size)) % n_folds
        start += rows.size
    return fold


def _alternating(truth: Bools, random: np.random.Generator) -> NDArray[np.intp]:
    """Order of samples in which both classes keep their share from the beginning."""
    place = np.empty(truth.size)
    for side in (True, False):
        rows = random.permutation(np.flatnonzero(truth == side))
        place[rows] = (np.arange(rows.size) + 0.5) / rows.size
    return np.argsort(place, kind="stable")


def _fit(algorithm: str, X: Floats, truth: Bools, size: int, seed: int) -> Any:
    return classifiers.make(algorithm, k=size, seed=seed).fit(X, truth)


def _applied(model: Any, X: Floats) -> tuple[Bools, Floats]:
    return np.asarray(model.predict(X)).astype(bool), classifiers.scores_of(model, X)


def _nested(X: Floats, truth: Bools, algorithm: str, sizes: tuple[int, ...], n_folds: int, seed: int) -> dict[str, Any]:
    """Figures of one combination; a failure has no figures and says why."""
    try:
        with one_thread():
            return _nested_figures(X, truth, algorithm, sizes, n_folds, seed)
    except (ValueError, FloatingPointError, np.linalg.LinAlgError) as error:
        return {
            "mcc": np.nan,
            "auc": np.nan,
            "size": np.nan,
            "chosen": {},
            "reason": f"{type(error).__name__}: {error}",
        }


def _nested_figures(
    X: Floats, truth: Bools, algorithm: str, sizes: tuple[int, ...], n_folds: int, seed: int
) -> dict[str, Any]:
    fold = _folds(truth, n_folds, seed)
    called, aucs, taken, chosen = np.zeros(truth.size, dtype=bool), [], [], dict[int, int]()
    for number in range(n_folds):
        seen = fold != number
        size = _best_size(X[seen], truth[seen], algorithm, sizes, subseed(seed, "inner", number))
        model = _fit(algorithm, X[seen], truth[seen], size, seed)
        called[~seen], score = _applied(model, X[~seen])
        aucs.append(classification.auc(truth[~seen], score))
        taken.append(size)
        for column in model[0].kept_.tolist():
            chosen[column] = chosen.get(column, 0) + 1
    mcc = classification.mcc(truth, called)
    return {"mcc": mcc, "auc": float(np.mean(aucs)), "size": float(np.median(taken)), "chosen": chosen, "reason": ""}


def _best_size(X: Floats, truth: Bools, algorithm: str, sizes: tuple[int, ...], seed: int) -> int:
    """Number of markers with the best MCC over three inner folds; the smaller one at a tie."""
    usable: list[int] = sorted({min(size, X.shape[1]) for size in sizes})
    if len(usable) == 1:
        return usable[0]
    fold = _folds(truth, 3, seed)
    found = []
    for size in usable:
        called = np.zeros(truth.size, dtype=bool)
        for number in range(3):
            seen = fold != number
            called[~seen] = _applied(_fit(algorithm, X[seen], truth[seen], size, seed), X[~seen])[0]
        found.append(classification.mcc(truth, called))
    return usable[int(np.argmax(found))]


def _p(own: float, drawn: Floats) -> float:
    """Share of permutations that do as well, the own one counted; NaN without permutations or figure."""
    if not drawn.size or not np.isfinite(own):
        return float("nan")
    return float((1 + (drawn >= own).sum()) / (1 + drawn.size))
