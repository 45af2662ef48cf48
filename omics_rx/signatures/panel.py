"""Few-marker panels: many classifiers over many molecular profiles, with the price of the search paid in the p."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import unknown_name
from omics_rx.core.parallel import in_order
from omics_rx.core.provenance import Provenance, frame_sha256
from omics_rx.core.work import rng, subseed
from omics_rx.signatures import classifiers
from omics_rx.signatures.panel_folds import Floats, aligned, by_name, nested
from omics_rx.signatures.training import CLOSE

SIZES = (3, 10, 30)


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


@in_words
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
    UnknownNameError, InputError
        If there is no such classifier; if the profiles share too few samples, or a class has fewer than ten.

    References
    ----------
    Westfall and Young, Resampling-Based Multiple Testing, 1993 (the largest statistic of each permutation).
    """
    for name in algorithms:
        if name not in classifiers.ALGORITHMS:
            raise unknown_name("classifier", name, classifiers.ALGORITHMS)
    values, truth, samples = aligned(profiles, outcome)
    grid = [(algorithm, name) for name in profiles for algorithm in algorithms]
    random = rng(seed, "panel permutations")
    labels = [truth, *(random.permutation(truth) for _ in range(n_permutations))]
    judged = partial(nested, algorithms=tuple(algorithms), sizes=tuple(sizes), n_folds=n_folds)
    jobs = [(values[name], labels[at], subseed(seed, "panel", name)) for at in range(len(labels)) for name in profiles]
    parts = in_order(judged, jobs, "judging panels", n_jobs=n_jobs, progress=progress)
    done = [one for part in parts for one in part]
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
        names = by_name(profiles[name]).columns.astype(str)
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


def _p(own: float, drawn: Floats) -> float:
    """Share of permutations that do as well, the own one counted; NaN without permutations or figure."""
    if not drawn.size or not np.isfinite(own):
        return float("nan")
    return float((1 + (drawn >= own - CLOSE).sum()) / (1 + drawn.size))
