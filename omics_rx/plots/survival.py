"""Plots of follow-up: survival by risk group, concordance over cohorts, the weights of a signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.core.texts import says_nothing
from omics_rx.plots import forest, style
from omics_rx.plots.ink import picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_CURVES = 8
_CURVE = ("time", "survival", "lower", "upper")
_LEFT = {"death": "alive", "relapse": "free of relapse"}


@in_words
@picture
def kaplan_meier(scores: pd.DataFrame, *, endpoint: str = "event", group: str = "risk_group",
                 ax: Axes | None = None) -> Axes:  # fmt: skip
    """Survival of each group with 95% bands, censoring ticks, numbers at risk and the log-rank test.

    Of more than eight groups the largest are drawn; how many are not is written, and the test is over all.

    Parameters
    ----------
    scores
        One row a patient: ``time`` (months), ``event`` (bool) and the group. Rows without one of them are left
        out, and their number is stated.
    endpoint
        What the event is: ``"death"``, ``"relapse"``.
    group
        Column that holds the group.
    ax
        Axes to draw into; new ones by default. Where several share a figure, leave room below for the numbers at risk.

    Raises
    ------
    InputError
        If a column is missing or no patient has time, event and group; if times are dates, durations or text, or events
        are neither 0 nor 1.
    """
    from omics_rx.metrics import survival

    style.need(scores, ("time", "event", group), "the scores")
    known = scores[["time", "event", group]].dropna()
    known = known[~says_nothing(known[group])]
    if known.empty:
        raise InputError(f"none of {len(scores)} patients has time, event and {group}: nothing to draw")
    # text, codes that could be read two ways, dates and durations are refused there
    time, event = survival.outcome(known["time"], known["event"])
    known = pd.DataFrame({"time": time, "event": event, group: known[group].astype(str).to_numpy()})
    names = style.largest(known[group], _MOST_CURVES)
    ax = style.dress(style.axes(ax, (6.4, 3.9 + 0.34 * len(names))), grid="y")
    colours = style.colours(names)
    curves = {}
    for name in names:
        rows = known[known[group] == name]
        time, event = rows["time"].to_numpy(), rows["event"].to_numpy()
        curves[name] = time
        label = f"{style.shorten(name)} ({len(rows)} patients, {int(event.sum())} events)"
        _curve(ax, survival.kaplan_meier(time, event), (time[~event], colours[name], label))
    top = float(known["time"].max())
    ticks = _month_ticks(top)
    ax.set(xlim=(0, top * 1.02), ylim=(0, 1.04), xticks=ticks, xlabel="Months",
           ylabel=f"Share {_LEFT.get(endpoint, f'without {endpoint}')}")  # fmt: skip
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    said = [_test(known, group)]
    if len(known) < len(scores):
        said.append(f"{len(scores) - len(known)} of {len(scores)} patients left out: no time, event or group")
    if (hidden := known[group].nunique() - len(names)) > 0:
        said.append(f"{hidden} smaller groups are not drawn")
    # above the axes, where no curve can lie under it
    style.legend(ax, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0, title="\n".join(said),
                 alignment="left")  # fmt: skip
    _at_risk(ax, curves, ticks)
    return ax


def _curve(ax: Axes, curve: pd.DataFrame, look: tuple[np.ndarray, str, str]) -> None:
    """Draw one group's steps, its band, and a tick for each patient lost to follow-up."""
    censored, colour, label = look
    time, survival, lower, upper = (curve[name].to_numpy(dtype=float) for name in _CURVE)
    ax.fill_between(time, lower, upper, step="post", color=colour, alpha=0.16, linewidth=0)
    ax.step(time, survival, where="post", color=colour, linewidth=2, label=label)
    at = survival[np.searchsorted(time, censored, side="right") - 1]
    ax.plot(censored, at, linestyle="none", marker="|", markersize=6, color=colour, markeredgewidth=1)


def _test(known: pd.DataFrame, group: str) -> str:
    from omics_rx.metrics import survival

    if known[group].nunique() < 2:
        return "one group: no test"
    result = survival.log_rank(known["time"], known["event"], known[group])
    return f"log-rank {p_text(result.p_value)}"


def p_text(p: float) -> str:
    """Write a p value the way journals do.

    Examples
    --------
    >>> p_text(0.0312), p_text(1e-9)
    ('p = 0.031', 'p < 0.0001')
    """
    return "p < 0.0001" if p < 1e-4 else f"p = {p:.4f}" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def _month_ticks(top: float) -> np.ndarray:
    step = next((step for step in (6, 12, 24, 36, 60, 120) if top / step <= 9), 240)
    return np.arange(0, top + 1e-9, step)


def _at_risk(ax: Axes, times: Mapping[str, np.ndarray], ticks: np.ndarray) -> None:
    """Write below the axis how many patients are still followed at each tick."""
    colours = style.colours(times)
    place: dict[str, Any] = {
        "xycoords": ("data", "axes fraction"),
        "textcoords": "offset points",
        "fontsize": "small",
        "va": "top",
    }
    ax.annotate("Patients at risk", (0, 0), (0, -38), ha="left", color=style.MUTED, **place)
    for line, (name, observed) in enumerate(times.items()):
        drop = -52 - 13 * line
        ax.annotate(style.shorten(name, 16), (0, 0), (-14, drop), ha="right", color=style.INK, **place)
        ax.annotate("■", (0, 0), (-12, drop), ha="left", color=colours[name], **{**place, "fontsize": "x-small"})
        for tick in ticks:
            still = int((observed >= tick).sum())
            ax.annotate(str(still), (tick, 0), (0 if tick else 3, drop), ha="center" if tick else "left",
                        color=style.INK, **place)  # fmt: skip


@in_words
@picture
def concordance_forest(table: Any, *, ax: Axes | None = None) -> Axes:
    """Concordance with its interval, one line a cohort, against 0.5 (chance).

    Parameters
    ----------
    table
        A study or a judgement, whose concordances pooled over cohorts come last; or a frame with ``cohort``,
        ``concordance``, ``lower``, ``upper``; where present ``role`` colours the marks, and ``endpoint``, ``n``,
        ``events`` and ``method`` are written beside the name.
    ax
        Axes to draw into; new ones by default.
    """
    table = _figures_of(table)
    style.need(table, ("cohort", "concordance", "lower", "upper"), "the table")
    rows = table.reset_index(drop=True)
    ax = style.dress(style.axes(ax, (7.2, 1.2 + 0.42 * len(rows))), grid="x", spines=("bottom",))
    roles = rows["role"].astype(str) if "role" in rows else pd.Series("cohort", index=rows.index)
    ax.axvline(0.5, color=style.MUTED, linewidth=1, linestyle=forest.DASHED)
    colours = forest.marks(ax, rows, "concordance", roles, size=7)
    known = rows[["concordance", "lower", "upper"]].to_numpy(dtype=float)
    known = known[np.isfinite(known)]
    low, reach = (float(known.min()), float(known.max())) if known.size else (0.5, 0.5)
    told = rows.to_dict("records")
    texts = [_estimate(row["concordance"], row["lower"], row["upper"]) for row in told]
    forest.beside(ax, [_cohort_label(row) for row in told], texts)
    ax.set(xlim=(min(0.42, low - 0.02), max(0.78, reach + 0.02)),
           xlabel="Concordance with 95% interval (0.5 is chance)")  # fmt: skip
    if len(colours) > 1:
        style.legend(ax, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(colours), borderaxespad=0)
    return ax


def _figures_of(result: Any) -> pd.DataFrame:
    """Concordances of a result by cohort, with those pooled over cohorts below; a frame stays as it is.

    Raises
    ------
    InputError
        If it holds no table.
    """
    if isinstance(result, pd.DataFrame):
        return result
    table = getattr(result, "table", None)
    if not isinstance(table, pd.DataFrame):
        raise InputError(f"a {type(result).__name__} has no concordances: give a study, a judgement or its table")
    pooled = getattr(result, "pooled", None)
    if pooled is None or not len(pooled):
        return table
    rows = pooled[pooled["what"] == "concordance"].rename(columns={"value": "concordance"})
    names = [f"{count} cohorts" for count in rows["n_cohorts"]]
    joined: pd.DataFrame = pd.concat([table, rows.assign(cohort=names, role="pooled")], ignore_index=True)
    return joined


def _estimate(value: float, lower: float, upper: float) -> str:
    """Write a figure with its interval, or that there is none."""
    if not np.isfinite(value):
        return "cannot tell"
    if not np.isfinite([lower, upper]).all():
        return f"{value:.2f} (no interval)"
    return f"{value:.2f} ({lower:.2f} to {upper:.2f})"


def _cohort_label(row: Mapping[Any, Any]) -> str:
    parts = []
    for name, unit in (("endpoint", ""), ("n", "patients"), ("events", "events")):
        value = row.get(name, np.nan)
        if not pd.isna(value):
            parts.append(f"{value if isinstance(value, str) else format(value, 'g')} {unit}".strip())
    method = f" · {style.shorten(row['method'], 28)}" if isinstance(row.get("method"), str) else ""
    return f"{style.shorten(row['cohort'])}{method}" + (f"\n{', '.join(parts)}" if parts else "")


@in_words
@picture
def gene_weights(weights: pd.Series | Mapping[str, float], patterns: Mapping[str, str] | None = None, *,
                 ax: Axes | None = None) -> Axes:  # fmt: skip
    """Weight of each gene of a signature; right of zero more expression means more risk.

    Of more than 60 genes those of the largest weights are drawn, and the axis says so.

    Parameters
    ----------
    weights
        Weight by gene symbol, such as ``signature.weights``: change of the risk score per standard deviation of
        expression.
    patterns
        Gene to the biology it was taken from; colours the bars.
    ax
        Axes to draw into; new ones by default.
    """
    told = pd.Series(dict(weights) if isinstance(weights, Mapping) else weights, dtype=float).dropna()
    if told.empty:
        raise InputError("the signature has no genes: nothing to draw")
    kept = told.abs().sort_values(ascending=False, kind="stable").index[: style.MOST_ROWS]
    values = told[kept].sort_values(kind="stable")
    ax = style.dress(style.axes(ax, (6.4, 1.0 + 0.27 * len(values))), grid="x", spines=("bottom",))
    labels = [
        style.shorten(f"{gene} · {patterns[gene]}" if patterns and gene in patterns else gene) for gene in values.index
    ]
    colours = np.where(values > 0, style.VERMILLION, style.BLUE)
    ax.barh(np.arange(len(values)), values, color=colours, height=0.7)
    ax.axvline(0, color=style.MUTED, linewidth=0.8)
    ax.set_yticks(np.arange(len(values)), labels)
    shown = f"; {len(values)} of {len(told)} genes" if len(values) < len(told) else ""
    ax.set(xlabel=f"Weight (risk score per SD of expression); above 0: more risk{shown}",
           ylim=(-0.6, len(values) - 0.4))  # fmt: skip
    ax.tick_params(axis="y", length=0)
    return ax
