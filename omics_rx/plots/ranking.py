"""Plots of a drug ranking: how sure each place is, and which evidence led there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.plots import style
from omics_rx.plots.ink import picture
from omics_rx.plots.scores import colourbar

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NOT_KINDS = ("drug_id", "name", "base", "score")


@in_words
@picture
def intervals(table: pd.DataFrame, *, n: int = 25, ax: Axes | None = None) -> Axes:
    """Rank of the first drugs with the interval of each.

    Parameters
    ----------
    table
        ``name``, ``rank``, ``rank_low`` and ``rank_high`` (1 is best), one row a drug.
    n
        Number of drugs shown.
    ax
        Axes to draw into; new ones by default.
    """
    style.need(table, ("name", "rank", "rank_low", "rank_high"), "the ranking")
    top = table.sort_values("rank", kind="stable").head(min(n, 4 * style.MOST_ROWS))
    ax = style.dress(style.axes(ax, (6.4, 1.0 + 0.24 * len(top))), grid="x", spines=("bottom",))
    heights = np.arange(len(top))[::-1]
    ax.hlines(heights, top["rank_low"].astype(float), top["rank_high"].astype(float), color=style.SKY, linewidth=4)
    ax.plot(top["rank"], heights, linestyle="none", marker="o", markersize=5, color=style.INK)
    read = style.rows_read(len(top))
    ax.set_yticks(heights[read], [style.shorten(name) for name in top["name"].iloc[read]])
    ax.set(xlabel=f"Rank among {len(table)} drugs, with interval (1 is best)", ylim=(-0.7, len(top) - 0.3))
    ax.set_xlim(0, float(np.nanmax(top[["rank", "rank_high"]].to_numpy(dtype=float))) * 1.03 + 1)
    ax.tick_params(axis="y", length=0)
    return ax


def favour(evidence: pd.DataFrame, directions: Mapping[str, int]) -> pd.DataFrame:
    """Share of the drugs with a value that each drug beats, 0 to 1, kind by kind; missing stays missing.

    ``directions`` says whether a high (1) or a low (-1) value speaks for a drug; a kind without one counts as 1.
    """
    signs = np.array([directions.get(str(kind)) or 1 for kind in evidence.columns], dtype=float)
    oriented = evidence.astype(float) * signs
    counts = oriented.notna().sum()
    return (oriented.rank(method="average") - 1) / (counts - 1).where(counts > 1)


@in_words
@picture
def evidence_heatmap(
    evidence: pd.DataFrame,
    *,
    directions: Mapping[str, int] | None = None,
    drugs: list[str] | None = None,
    names: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Evidence of each kind for each drug: the colour is its place among all drugs, the number its value.

    Parameters
    ----------
    evidence
        Drugs x kinds, all drugs ranked, in the units of each kind; NaN was not measured and is drawn grey.
    directions
        1 where a high value speaks for a drug, -1 where a low one does.
    drugs
        Drugs shown, in this order; by default the first 25.
    names
        Drug id to the name written.
    labels
        Kind to the words written above its column.
    ax
        Axes to draw into; new ones by default.
    """
    style.need(evidence, (), "the evidence")
    shown = list(drugs) if drugs is not None else list(evidence.index[:25])
    places = favour(evidence, directions or {}).loc[shown]
    values = evidence.loc[shown].astype(float)
    ax = style.axes(ax, (2.4 + 0.95 * values.shape[1], 1.8 + 0.27 * len(shown)))
    ranks = places.to_numpy(dtype=float)
    image = ax.imshow(ranks, aspect="auto", interpolation="none", cmap=style.sequential(), vmin=0, vmax=1)
    style.dress(ax, spines=())
    for (row, column), value in np.ndenumerate(values.to_numpy()):
        if np.isfinite(value):
            place = ranks[row, column]
            colour = style.readable_on(image.to_rgba(place)[:3] if np.isfinite(place) else style.MISSING)
            ax.text(column, row, style.signed(value), ha="center", va="center", fontsize="small", color=colour)
        else:
            ax.text(column, row, "\N{EN DASH}", ha="center", va="center", fontsize="small", color="#000000")
    ax.set_yticks(np.arange(len(shown)), style.labelled(shown, names))
    ax.xaxis.tick_top()
    ax.set_xticks(np.arange(values.shape[1]), [_wrapped((labels or {}).get(str(kind), str(kind))) for kind in values],
                  rotation=35, ha="left", rotation_mode="anchor")  # fmt: skip
    ax.tick_params(length=0)
    colourbar(ax, image, "Share of all drugs it beats")
    return ax


def _wrapped(text: str, width: int = 14) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text.replace("_", " "), width)) or text


def kinds(explanation: pd.Series) -> pd.Series:
    """Contributions of one row of explanations, without id, name, base and score; largest first.

    Raises
    ------
    InputError
        If there is no contribution.
    """
    values = explanation.drop(labels=[name for name in _NOT_KINDS if name in explanation.index]).astype(float)
    values = values[np.isfinite(values)]
    if values.empty:
        raise InputError("the explanation has no contributions: nothing to draw")
    return values.reindex(values.abs().sort_values(ascending=False, kind="stable").index)


@in_words
@picture
def shap_bars(
    explanation: pd.Series, *, n: int = 8, limit: float | None = None, labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """What each kind of evidence added to, or took from, the score of one drug.

    Parameters
    ----------
    explanation
        One row of explanations: a contribution a kind, beside ``drug_id``, ``name``, ``base``, ``score``.
    n
        Kinds shown; the smaller ones are summed in one bar.
    limit
        Half-width of the axis, to draw several drugs to one scale.
    labels
        Kind to the words written.
    ax
        Axes to draw into; new ones by default.
    """
    values = kinds(explanation)
    shown = values.iloc[:n]
    if len(values) > n:
        shown = pd.concat(
            [shown.iloc[: n - 1], pd.Series({f"{len(values) - n + 1} others": values.iloc[n - 1 :].sum()})]
        )
    ax = style.dress(style.axes(ax, (4.6, 0.7 + 0.26 * len(shown))), spines=())
    heights = np.arange(len(shown))[::-1]
    ax.barh(heights, shown, height=0.68, color=np.where(shown >= 0, style.GREEN, style.PURPLE))
    ax.axvline(0, color=style.MUTED, linewidth=0.8)
    for height, value in zip(heights, shown, strict=True):
        ax.annotate(style.signed(value), (value, height), (4 if value >= 0 else -4, 0), textcoords="offset points",
                    ha="left" if value >= 0 else "right", va="center", fontsize="small", color=style.INK)  # fmt: skip
    reach = limit or float(shown.abs().max()) or 1.0
    low = -reach if (shown < 0).any() or limit else 0.0
    ax.set_xlim(low * 1.3, reach * 1.3)
    ax.set_ylim(-0.6, len(shown) - 0.4)
    ax.set_yticks(heights, [_kind_label(kind, labels) for kind in shown.index])
    ax.set_xticks([])
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("Contribution to the score")
    return ax


def _kind_label(kind: object, labels: Mapping[str, str] | None) -> str:
    return style.shorten((labels or {}).get(str(kind), str(kind).replace("_", " ")))


@in_words
@picture
def waterfall(explanation: pd.Series, *, labels: Mapping[str, str] | None = None, ax: Axes | None = None) -> Axes:
    """Walk from the score every drug starts with to the score of one drug, one kind of evidence a step.

    Parameters
    ----------
    explanation
        One row of explanations with ``base`` and ``score``; base plus contributions is the score.
    labels
        Kind to the words written.
    ax
        Axes to draw into; new ones by default.

    Raises
    ------
    InputError
        If ``base`` or ``score`` is missing, or the contributions do not add up to the score within 1e-6.
    """
    absent = [name for name in ("base", "score") if name not in explanation.index]
    if absent:
        raise InputError(f"the explanation has no {' and '.join(absent)}: pass one row of explanations")
    steps, base, score = kinds(explanation), float(explanation["base"]), float(explanation["score"])
    if abs(base + steps.sum() - score) > 1e-6:
        raise InputError(f"base {base:.6g} and contributions {steps.sum():.6g} do not add up to the score {score:.6g}")
    starts = base + np.concatenate([[0.0], steps.cumsum().to_numpy()[:-1]])
    ax = style.dress(style.axes(ax, (6.0, 1.3 + 0.3 * len(steps))), grid="x", spines=("bottom",))
    heights = np.arange(len(steps))[::-1]
    ax.barh(heights, steps, left=starts, height=0.66, color=np.where(steps >= 0, style.GREEN, style.PURPLE))
    ends = starts + steps.to_numpy()
    for height, value, start, end in zip(heights, steps, starts, ends, strict=True):
        ax.plot([end, end], [height - 1.33, height + 0.33], color=style.MUTED, linewidth=0.7)
        ax.annotate(style.signed(value), (max(start, end), height), (4, 0), textcoords="offset points", va="center",
                    fontsize="small", color=style.INK)  # fmt: skip
    ax.axvline(base, color=style.MUTED, linewidth=0.8, linestyle=(0, (3, 3)))
    ax.plot([score], [-1], marker="D", markersize=7, color=style.BLUE, linestyle="none")
    ax.annotate(f"score {style.signed(score)}", (score, -1), (8, 0), textcoords="offset points", va="center",
                fontweight="bold", color=style.INK)  # fmt: skip
    ax.set_yticks(heights, [_kind_label(kind, labels) for kind in steps.index])
    low, high = min(base, score, *ends), max(base, score, *ends)
    room = (high - low) or 1.0
    ax.set(xlim=(low - 0.08 * room, high + 0.28 * room), ylim=(-1.6, len(steps) - 0.4),
           xlabel=f"Score; every drug starts at {style.signed(base)}")  # fmt: skip
    ax.tick_params(axis="y", length=0)
    return ax


@in_words
@picture
def volcano(table: pd.DataFrame, *, n_labels: int = 10, alpha: float = 0.05, unit: str = "ln µM",
            ax: Axes | None = None) -> Axes:  # fmt: skip
    """Selectivity of each drug for a group against how sure it is; p values adjusted by Benjamini-Hochberg.

    Parameters
    ----------
    table
        ``name``, ``selectivity`` (below 0: the group is more sensitive) and ``p``; rows without one are left out.
    n_labels
        Drugs written by name: the most selective of the significant ones.
    alpha
        False discovery rate at which a drug is coloured.
    unit
        Unit of the selectivity.
    ax
        Axes to draw into; new ones by default.
    """
    from scipy.stats import false_discovery_control

    style.need(table, ("name", "selectivity", "p"), "the table")
    known = table.dropna(subset=["selectivity", "p"])
    if known.empty:
        raise InputError(f"none of {len(table)} drugs has a selectivity and a p value: nothing to draw")
    if not known["p"].between(0, 1).all():
        raise InputError(f"{int((~known['p'].between(0, 1)).sum())} p lie outside 0 to 1: are they logarithms?")
    q = false_discovery_control(known["p"].to_numpy(dtype=float))
    height = -np.log10(np.maximum(q, 1e-300))
    sure = q < alpha
    side = known["selectivity"].to_numpy(dtype=float)
    ax = style.dress(style.axes(ax, (6.4, 4.4)), grid="both")
    looks = ((~sure, style.MISSING, "not significant"), (sure & (side < 0), style.BLUE, "more sensitive"),
             (sure & (side > 0), style.VERMILLION, "more resistant"))  # fmt: skip
    for chosen, colour, label in looks:
        ax.plot(side[chosen], height[chosen], linestyle="none", marker="o", markersize=4.5, color=colour, alpha=0.85,
                markeredgewidth=0, label=f"{label} ({int(chosen.sum())})")  # fmt: skip
    ax.axhline(-np.log10(alpha), color=style.MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
    ax.set(xlabel=f"Selectivity ({unit}; below 0: more sensitive)", ylabel="\N{MINUS SIGN}log10 adjusted p")
    candidates = np.flatnonzero(sure)
    named = candidates[np.argsort(-np.abs(side[candidates]) * height[candidates], kind="stable")][:n_labels]
    ax.margins(x=0.22, y=0.06)
    _spread_labels(ax, side[named], height[named], known["name"].astype(str).to_numpy()[named])
    style.legend(ax, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0, handletextpad=0.2)
    return ax


def _spread_labels(ax: Axes, x: np.ndarray, y: np.ndarray, names: np.ndarray) -> None:
    """Write names beside their points, moved up or down until no two lie on each other."""
    if not len(x):
        return
    low, high = ax.get_ylim()
    width = float(np.ptp(ax.get_xlim()))
    gap = (high - low) * 0.045
    for side in (-1, 1):
        mine = np.flatnonzero(np.sign(x) == side)
        taken: list[float] = []
        for i in mine[np.argsort(-y[mine], kind="stable")]:
            at = min(float(y[i]), taken[-1] - gap) if taken else float(y[i])
            taken.append(at)
            away = float(x[i]) + side * 0.03 * width
            line = {"arrowstyle": "-", "color": style.MUTED, "linewidth": 0.5, "shrinkA": 1}
            ax.annotate(style.shorten(names[i], 24), (x[i], y[i]), (away, at), fontsize="small", color=style.INK,
                        ha="right" if side < 0 else "left", va="center", arrowprops=line)  # fmt: skip
