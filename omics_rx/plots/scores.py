"""Plots of scores: what a cohort is made of, how strong each biology is in each sample, how groups differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import rng
from omics_rx.plots import style
from omics_rx.plots.ink import picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable


@in_words
@picture
def composition(subtypes: pd.Series, *, cohort: pd.Series | None = None, ax: Axes | None = None) -> Axes:
    """Number and share of samples in each group, one bar a group; or one stacked bar a cohort.

    Of more than 18 groups the smaller ones are counted together.

    Parameters
    ----------
    subtypes
        Group of each sample; samples without one are counted as ``"not called"``.
    cohort
        Cohort of each sample, same index; draws one stacked bar a cohort.
    ax
        Axes to draw into; new ones by default.
    """
    if subtypes.empty:
        raise InputError("there are no samples: nothing to draw")
    labels = subtypes.astype(object).where(subtypes.notna(), "not called").astype(str)
    names = style.largest(labels)
    other = f"{labels.nunique() - len(names)} other groups"
    if len(names) < labels.nunique():
        labels = labels.where(labels.isin(names), other)
        names = [*names, other]
    if cohort is not None:
        return _stacked(pd.crosstab(cohort.reindex(labels.index).astype(str), labels)[names], other, ax)
    counts = labels.value_counts().reindex(names)
    colours = _group_colours(names, other)
    ax = style.dress(style.axes(ax, (6.4, 0.9 + 0.36 * len(names))), spines=())
    places = np.arange(len(names))[::-1]
    ax.barh(places, counts, color=[colours[name] for name in names], height=0.72)
    for place, count in zip(places, counts, strict=True):
        ax.annotate(f"{count} ({count / len(labels):.0%})", (count, place), (5, 0), textcoords="offset points",
                    va="center", color=style.INK)  # fmt: skip
    ax.set_yticks(places, [style.shorten(name) for name in names])
    ax.set(xlim=(0, counts.max() * 1.18), xlabel=f"Samples (n = {len(labels)})", xticks=[])
    ax.tick_params(axis="y", length=0)
    return ax


def _group_colours(names: list[str], other: str) -> dict[str, str]:
    return {**style.colours(names), "not called": style.MISSING, other: style.MISSING}


def _stacked(counts: pd.DataFrame, other: str, ax: Axes | None) -> Axes:
    names = list(counts.columns)
    colours = _group_colours(names, other)
    shares = counts[names].div(counts.sum(axis=1), axis=0)
    ax = style.dress(style.axes(ax, (6.4, 1.3 + 0.45 * len(counts))), spines=())
    places = np.arange(len(counts))[::-1]
    left = np.zeros(len(counts))
    for name in names:
        width = shares[name].to_numpy()
        ax.barh(places, width, left=left, color=colours[name], height=0.72, label=style.shorten(name))
        for place, start, share in zip(places, left, width, strict=True):
            if share >= 0.07:
                ax.text(start + share / 2, place, f"{share:.0%}", ha="center", va="center",
                        color=style.readable_on(colours[name]))  # fmt: skip
        left = left + width
    ax.set_yticks(places, [f"{style.shorten(name)} (n = {total})" for name, total in counts.sum(axis=1).items()])
    ax.set(xlim=(0, 1), xticks=[])
    ax.tick_params(axis="y", length=0)
    style.legend(ax, loc="lower left", bbox_to_anchor=(0, 1), ncols=min(len(names), 6), borderaxespad=0)
    return ax


@in_words
@picture
def heatmap(scores: pd.DataFrame, groups: pd.Series | None = None, *, annotations: pd.DataFrame | None = None,
            limit: float | None = None, ax: Axes | None = None) -> Axes:  # fmt: skip
    """Scores of every sample, each score standardised over the samples; samples sorted by group.

    Parameters
    ----------
    scores
        Samples x scores; a missing score stays grey.
    groups
        Group of each sample, drawn as a coloured strip; within a group samples are sorted by the direction in
        which the scores vary most.
    annotations
        Further facts of the samples, one strip a column under the map: words in colours, numbers from light to dark,
        missing ones grey.
    limit
        Standard deviations at which the colours saturate; by default 98% of the values lie within.
    ax
        Axes to draw into; new ones by default.
    """
    style.need(scores, (), "the scores")
    values = scores.astype(float)
    # a score that is the same in every sample lies at its mean everywhere: it is known, not missing
    z = (values - values.mean()) / values.std(ddof=0).replace(0.0, 1.0)
    labels = pd.Series("all", index=z.index) if groups is None else groups.reindex(z.index)
    z, labels = _sorted(z, labels)
    n_strips = 0 if annotations is None else annotations.shape[1]
    ax = style.axes(ax, (7.2, 1.6 + 0.24 * z.shape[1] + 0.4 * n_strips))
    bound = limit or style.symmetric_limit(z.to_numpy())
    image = ax.imshow(z.T.to_numpy(), aspect="auto", interpolation="none", cmap=style.diverging(),
                      vmin=-bound, vmax=bound)  # fmt: skip
    style.dress(ax, spines=())
    read = style.rows_read(z.shape[1])
    ax.set_yticks(np.arange(z.shape[1])[read], [style.shorten(name) for name in z.columns[read]])
    ax.tick_params(length=0)
    ax.set_xticks([])
    ax.set_xlabel(f"{len(z)} samples")
    if annotations is not None:
        _annotation_strips(ax, annotations.reindex(z.index), z.shape[1])
    if groups is not None:
        group_strip(ax, labels)
    colourbar(ax, image, "Score, SD from the cohort mean")
    return ax


def _sorted(z: pd.DataFrame, labels: pd.Series) -> tuple[pd.DataFrame, pd.Series]:
    """Sort samples by group, and within it along the first principal direction."""
    filled = z.fillna(0.0).to_numpy()
    direction = np.linalg.svd(filled - filled.mean(axis=0), full_matrices=False)[2][0]
    # the sign of a principal direction is arbitrary; fixing it makes the picture repeatable
    direction = direction * (np.sign(direction[np.argmax(np.abs(direction))]) or 1.0)
    rank = {name: place for place, name in enumerate(style.order(labels))}
    place = labels.astype(object).map(lambda name: rank.get(str(name), len(rank))).to_numpy()
    ordered = np.lexsort((filled @ direction, place.astype(int)))
    return z.iloc[ordered], labels.iloc[ordered]


def _annotation_strips(ax: Axes, annotations: pd.DataFrame, n_rows: int) -> None:
    """Draw one strip a column below a heat map of ``n_rows`` rows, and what its colours mean."""
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Patch

    handles, names = [], []
    for place, (name, column) in enumerate(annotations.items()):
        numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
        if numeric and column.notna().any():
            low, high = float(column.min()), float(column.max())
            shade = (column.to_numpy(dtype=np.float64) - low) / ((high - low) or 1.0)
            colours = style.sequential()(np.ma.masked_invalid(shade))[:, :3]
            names.append(f"{style.shorten(str(name))} ({low:g} to {high:g})")
        else:
            words = column.astype(object).where(column.notna(), "missing").astype(str)
            known = {**style.colours(style.order(words[words != "missing"])), "missing": style.MISSING}
            colours = np.array([to_rgb(known[word]) for word in words])
            present = [word for word in known if (words == word).any()]
            handles += [Patch(color=known[word], label=f"{style.shorten(str(name))}: {word}") for word in present]
            names.append(style.shorten(str(name)))
        top = n_rows - 0.2 + place
        ax.imshow(colours[None], aspect="auto", interpolation="none",
                  extent=(-0.5, len(annotations) - 0.5, top + 0.85, top))  # fmt: skip
    shown = [label.get_text() for label in ax.get_yticklabels()]
    ax.set_ylim(n_rows - 0.2 + len(names), -0.5)
    ax.set_yticks([*ax.get_yticks(), *(n_rows + 0.225 + np.arange(len(names)))], [*shown, *names])
    if handles:
        style.legend(ax, handles=handles, loc="upper left", bbox_to_anchor=(0, -0.06), ncols=4, fontsize="small")


def group_strip(ax: Axes, labels: pd.Series) -> None:
    """Draw above a heat map which samples belong to which group, with names where they fit.

    Lines stand between groups only where these are so wide that the lines cover none of the map.
    """
    names = style.largest(labels)
    colours = style.colours(names)
    texts = labels.astype(object).where(labels.notna(), "not called").astype(str).to_numpy()
    starts = np.flatnonzero(np.r_[True, texts[1:] != texts[:-1]])
    ends = np.r_[starts[1:], len(texts)]
    few = len(starts) <= style.MOST_GROUPS + 1
    if not few:
        ax.set_xlabel(f"{ax.get_xlabel()}; {len(set(texts))} groups, too many to name")
    for start, end in zip(starts, ends, strict=True):
        name = texts[start]
        if few and start:
            ax.axvline(start - 0.5, color=style.PAPER, linewidth=1.5)
        ax.plot([start - 0.3, end - 0.7], [1.02, 1.02], transform=ax.get_xaxis_transform(), clip_on=False,
                color=colours.get(name, style.MISSING), linewidth=5, solid_capstyle="butt")  # fmt: skip
        if not few:
            continue
        name = style.shorten(name, 24)
        wide = (end - start) / len(texts) >= 0.016 * len(name)
        text = f"{name} ({end - start})" if (end - start) / len(texts) >= 0.016 * (len(name) + 5) else name
        if wide:
            ax.annotate(text, ((start + end - 1) / 2, 1.02), (0, 5), xycoords=ax.get_xaxis_transform(),
                        textcoords="offset points", ha="center", va="bottom", color=style.INK)  # fmt: skip
        else:
            ax.annotate(text, ((start + end - 1) / 2, 1.02), (0, 5), xycoords=ax.get_xaxis_transform(),
                        textcoords="offset points", ha="left", va="bottom", rotation=40, rotation_mode="anchor",
                        fontsize="small", color=style.INK)  # fmt: skip


def colourbar(ax: Axes, image: ScalarMappable, label: str) -> None:
    """Draw a slim colour bar beside a heat map or coloured points."""
    bar = ax.figure.colorbar(image, ax=ax, fraction=0.03, pad=0.015, aspect=22)
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=style.MUTED, labelcolor=style.INK, length=2)
    bar.set_label(label, color=style.INK)


@in_words
@picture
def group_comparison(values: pd.Series, groups: pd.Series, *, label: str = "Score", ax: Axes | None = None) -> Axes:
    """Box and points of one value by group, with the Kruskal-Wallis test.

    Of more than 18 groups the largest are drawn; how many are not is written, and the test is over all.

    Parameters
    ----------
    values
        Value of each sample.
    groups
        Group of each sample, same index.
    label
        What the value is, with its unit.
    ax
        Axes to draw into; new ones by default.

    Raises
    ------
    InputError
        If no sample has both a value and a group.
    """
    from scipy.stats import kruskal

    from omics_rx.plots.survival import p_text

    both = pd.DataFrame({"value": values.astype(float), "group": groups.reindex(values.index)}).dropna()
    if both.empty:
        raise InputError(f"no sample has a value and a group ({examples(values.index)}): do the indexes match?")
    every = {str(name): rows.to_numpy() for name, rows in both.groupby(both["group"].astype(str))["value"]}
    names = style.largest(both["group"])
    parts = [every[name] for name in names]
    colours = style.colours(names)
    ax = style.dress(style.axes(ax, (1.6 + 0.9 * len(names), 3.6)), grid="y")
    boxes = ax.boxplot(parts, showfliers=False, widths=0.55, patch_artist=True)
    for name, box in zip(names, boxes["boxes"], strict=True):
        box.set(facecolor="none", edgecolor=colours[name], linewidth=1.4)
    for part in ("medians", "whiskers", "caps"):
        for place, line in enumerate(boxes[part]):
            line.set(
                color=colours[names[place * len(names) // len(boxes[part])]], linewidth=2.2 if part == "medians" else 1
            )
    for place, (name, points) in enumerate(zip(names, parts, strict=True), start=1):
        spread = rng(0, "group_comparison", name).uniform(-0.2, 0.2, size=len(points))
        ax.plot(place + spread, points, linestyle="none", marker="o", markersize=3, alpha=0.5, color=colours[name],
                markeredgewidth=0)  # fmt: skip
    labels = [f"{style.shorten(name, 18)}\nn = {len(part)}" for name, part in zip(names, parts, strict=True)]
    ax.set_xticks(np.arange(1, len(names) + 1), labels)
    ax.tick_params(axis="x", length=0)
    ax.set_ylabel(style.shorten(label, 60))
    if len(every) > len(names):
        ax.set_xlabel(f"{len(every) - len(names)} smaller groups are not drawn")
    tested = [part for part in every.values() if len(part) > 1]
    if len(tested) > 1 and np.ptp(both["value"].to_numpy()) > 0:
        style.title(ax, f"Kruskal-Wallis {p_text(float(kruskal(*tested).pvalue))}")
    return ax
