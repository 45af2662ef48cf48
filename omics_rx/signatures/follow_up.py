"""How patients of high and low risk differ: immune cells, checkpoints, subtype, pathways, predicted sensitivity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.metrics import small
from omics_rx.signatures.scale import Scale
from omics_rx.signatures.signature import RiskSignature

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike

Floats = NDArray[np.float64]
COLUMNS = [
    "table", "column", "measure", "n_high", "n_low", "high", "low", "difference", "effect", "lower", "upper", "p_value",
    "q_value", "reason",
]  # fmt: skip
_LEAST = 3  # known values a group
_MOST_LEVELS = 12
_MEASURED = 0.5  # share of a pathway's genes that the cohort must have


@in_words
def compare_groups(
    groups: pd.Series, tables: Mapping[str, pd.DataFrame] | pd.DataFrame, *, high: str = "high", low: str = "low"
) -> pd.DataFrame:
    """Differences between two groups of patients in every column of one or more tables.

    Parameters
    ----------
    groups
        Group of each sample, such as ``risk_group``; samples of other groups or none are left out.
    tables
        Samples x columns, one frame or several by name: scores, shares, expression, predicted ln IC50. Columns of
        numbers are compared by ranks, columns of texts or flags level by level.
    high, low
        Names of the groups; effects are those of ``high`` against ``low``.

    Returns
    -------
    pandas.DataFrame
        A row a column (or level): ``table``, ``column``, ``measure`` (``rank-biserial`` or ``difference of shares``),
        ``n_high``, ``n_low``, ``high``, ``low`` (medians, or shares), ``difference`` (of these), ``effect`` with its
        95% interval (rank-biserial, -1 to 1: the chance that a high patient has more less the chance that a low one
        has; or the difference of shares; intervals after Newcombe, which keep their width in small groups and at the
        ends; the unit is the patient), ``p_value`` (Mann-Whitney, exact where small and untied, or Fisher's, which
        rejects less than it may), ``q_value`` (Benjamini and Hochberg over all rows with a p), ``reason`` why a row has
        none.

    Raises
    ------
    InputError
        If a group has fewer than three patients, or no sample of a table is among them.

    References
    ----------
    Kerby, Compr Psychol 2014, 3:11.IT.3.1; Newcombe, Stat Med 2006, 25:559, and 1998, 17:873.
    """
    named = {"": tables} if isinstance(tables, pd.DataFrame) else dict(tables)
    both = groups[groups.isin([high, low])].astype(str)
    sizes = {name: int((both == name).sum()) for name in (high, low)}
    if min(sizes.values()) < _LEAST:
        raise InputError(f"{sizes[high]} patients are {high}, {sizes[low]} {low}: {_LEAST} or more of each are needed")
    rows = []
    for name, table in named.items():
        shared = both.index.intersection(table.index)
        if not len(shared):
            raise InputError(
                f"no sample of the table {name!r} is among the {len(both)} grouped ones ({examples(table.index, 2)} "
                f"against {examples(both.index, 2)}): give both the same names"
            )
        is_high = (both[shared] == high).to_numpy()
        rows += [{"table": name, **row} for row in _table_rows(table.loc[shared], is_high)]
    found = pd.DataFrame(rows, columns=[name for name in COLUMNS if name != "q_value"])
    found["q_value"] = benjamini_hochberg(found["p_value"].to_numpy(dtype=np.float64))
    return found[COLUMNS]


@in_words
def compare_risk_groups(
    signature: RiskSignature, cohort: CohortLike, *, more: Mapping[str, object] | None = None, pathways: bool = False,
    reference: Scale = "cohort", impute: bool | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Score a cohort and say how its patients of high and low risk differ, in one call.

    Parameters
    ----------
    signature
        A signature.
    cohort
        Samples x genes.
    more
        Further tables by name, samples x columns, such as shares of cells or predicted sensitivity; a prediction of
        ``response`` stands for its ``preference``, what distinguishes drugs within a sample.
    pathways
        Compare Reactome pathways too; they are many, and the correction runs over all of them.
    reference, impute
        As in ``RiskSignature.score``.

    Returns
    -------
    pandas.DataFrame
        As :func:`compare_groups`, over :func:`describe` and ``more``.
    """
    groups = signature.score(cohort, reference=reference, impute=impute)["risk_group"]
    return compare_groups(groups, describe(cohort, pathways=pathways) | tables_of(more or {}))


def tables_of(given: Mapping[str, object]) -> dict[str, pd.DataFrame]:
    """Tables as they are given; a prediction of ``response`` stands for its ``preference``.

    Raises
    ------
    InputError
        If one is neither.
    """
    found = {}
    for name, one in given.items():
        table = getattr(one, "preference", one)
        if not isinstance(table, pd.DataFrame):
            raise InputError(f"{name} is a {type(one).__name__}: give a frame, samples x columns, or a prediction")
        found[name] = table
    return found


@in_words
def describe(
    cohort: CohortLike, *, pathways: bool = False, absent: dict[str, str] | None = None
) -> dict[str, pd.DataFrame]:
    """What the package can tell of the samples by itself, ready for :func:`compare_groups`.

    Parameters
    ----------
    cohort
        Samples x genes.
    pathways
        Score Reactome pathways too.
    absent
        Filled with each table that the cohort does not allow, and why.

    Returns
    -------
    dict
        ``immune``, ``cell types`` (scores, regulatory T cells among them), ``cell shares`` (of the mixture, where the
        unit allows it), ``checkpoints``, ``subtype``, ``cell death``, ``proliferation`` and ``pathways``, samples x
        columns; a table that the cohort's genes or unit do not allow is absent. Add predicted sensitivity.
    """
    from omics_rx import scores

    made: dict[str, Callable[[CohortLike], pd.DataFrame]] = {
        "immune": scores.immune,
        "cell types": scores.immune_cell_types,
        "cell shares": lambda data: scores.deconvolve(data).fractions,
        "checkpoints": scores.checkpoints,
        "subtype": lambda data: scores.subtype(data)[["subtype"]],
        "cell death": scores.cell_death,
        "proliferation": lambda data: scores.proliferation(data).to_frame("proliferation"),
    }
    if pathways:
        made["pathways"] = _pathways
    found = {}
    for name, make in made.items():
        try:
            found[name] = make(cohort)
        except InputError as error:
            if absent is not None:  # nothing stands in for what was not measured
                absent[name] = str(error)
    return found


def _pathways(cohort: CohortLike) -> pd.DataFrame:
    """Combined z of the Reactome pathways of which the cohort has enough genes."""
    from omics_rx import harmonize, scores

    data = harmonize.genes(cohort)
    measured, sets = set(data.var_names), scores.pathway_sets()
    kept = {name: genes for name, genes in sets.items() if len(measured.intersection(genes)) >= _MEASURED * len(genes)}
    if not kept:
        raise InputError(
            f"none of {len(sets)} pathways has {_MEASURED:.0%} of its genes in the cohort: check the names"
        )
    return scores.score(data, kept, method="zscore")


def benjamini_hochberg(p_values: Floats) -> Floats:
    """False discovery rate of each p; a missing p stays missing and is not counted."""
    known = np.isfinite(p_values)
    p, found = p_values[known], np.full(p_values.shape, np.nan)
    order = np.argsort(p)[::-1]
    scaled = p[order] * p.size / np.arange(p.size, 0, -1)
    adjusted = np.empty(p.size)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled), 1.0) if p.size else scaled
    found[known] = adjusted
    return found


def _table_rows(table: pd.DataFrame, is_high: NDArray[np.bool_]) -> list[dict[str, object]]:
    rows = []
    for position, name in enumerate(table.columns):
        column = table.iloc[:, position]
        numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
        if numeric:
            rows.append({"column": str(name), **_by_rank(column.to_numpy(dtype=np.float64, na_value=np.nan), is_high)})
        else:
            rows += _by_level(column, is_high)
    return rows


def _by_rank(values: Floats, is_high: NDArray[np.bool_]) -> dict[str, object]:
    from scipy.stats import mannwhitneyu

    known = np.isfinite(values)
    one, two = values[known & is_high], values[known & ~is_high]
    row: dict[str, object] = {"measure": "rank-biserial", "n_high": one.size, "n_low": two.size, "reason": ""}
    if min(one.size, two.size) < _LEAST:
        return row | {"reason": f"fewer than {_LEAST} known values in a group"}
    row |= {"high": float(np.median(one)), "low": float(np.median(two))}
    row["difference"] = float(np.median(one) - np.median(two))
    if np.ptp(values[known]) == 0:
        return row | {"effect": 0.0, "reason": "does not vary"}
    # exact where groups are small and untied
    test = mannwhitneyu(one, two, method="auto")
    auc = float(test.statistic) / (one.size * two.size)
    lower, upper = small.auc_interval(auc, one.size, two.size)
    return row | {
        "effect": 2 * auc - 1, "lower": 2 * lower - 1, "upper": 2 * upper - 1, "p_value": float(test.pvalue),
    }  # fmt: skip


def _by_level(column: pd.Series, is_high: NDArray[np.bool_]) -> list[dict[str, object]]:
    from scipy.stats import fisher_exact

    known = column.notna().to_numpy()
    values = column.astype(str).to_numpy()
    levels = sorted(set(values[known]))
    if len(levels) > _MOST_LEVELS:
        return [
            {"column": str(column.name), "measure": "difference of shares", "reason": f"{len(levels)} different texts"}
        ]
    # two levels are one question: the second says nothing that the first does not
    asked = levels[-1:] if len(levels) == 2 else levels
    rows: list[dict[str, object]] = []
    totals = [int((known & side).sum()) for side in (is_high, ~is_high)]
    for level in asked:
        counts = [int((known & side & (values == level)).sum()) for side in (is_high, ~is_high)]
        row: dict[str, object] = {
            "column": f"{column.name} {level}", "measure": "difference of shares", "n_high": totals[0],
            "n_low": totals[1], "reason": "",
        }  # fmt: skip
        if min(totals) < _LEAST or len(levels) < 2:
            rows.append(row | {"reason": "one level" if len(levels) < 2 else "fewer than 3 known values in a group"})
            continue
        shares = [count / total for count, total in zip(counts, totals, strict=True)]
        lower, upper = small.share_difference(counts, totals)
        table = np.array([[count, total - count] for count, total in zip(counts, totals, strict=True)])
        rows.append(
            row | {"high": shares[0], "low": shares[1], "difference": shares[0] - shares[1],
                   "effect": shares[0] - shares[1], "lower": lower, "upper": upper,
                   "p_value": float(fisher_exact(table)[1])}
        )  # fmt: skip
    return rows
