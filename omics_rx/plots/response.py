"""Plots of predicted drug response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.plots import style
from omics_rx.plots.ink import picture
from omics_rx.plots.scores import colourbar, group_strip

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@in_words
@picture
def sensitivity_heatmap(
    preference: pd.DataFrame,
    groups: pd.Series,
    *,
    focus: str | None = None,
    n_drugs: int = 25,
    names: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Predicted preference of each sample for the drugs that set the groups apart.

    Parameters
    ----------
    preference
        Samples x drugs, ln uM: predicted ln IC50 less the sample's and the drug's mean; below 0 is more sensitive.
    groups
        Group (subtype) of each sample, same index; samples without one stand last.
    focus
        Group whose drugs are shown: those with the lowest mean in it against the other samples. By default the
        drugs that differ most between groups.
    n_drugs
        Number of drugs shown.
    names
        Drug id to the name written.
    ax
        Axes to draw into; new ones by default.

    Raises
    ------
    InputError
        If the samples share no name with the groups, or no sample is in ``focus``.
    """
    style.need(preference, (), "the preference")
    labels = groups.reindex(preference.index)
    if labels.notna().sum() == 0:
        raise InputError(
            f"no sample has a group (samples {examples(preference.index, 3)}; groups {examples(groups.index, 3)}): "
            "do the indexes match?"
        )
    drugs = top_drugs(preference, labels, focus=focus)[:n_drugs]
    rank = {name: place for place, name in enumerate(style.order(labels))}
    place = labels.astype(object).map(lambda name: rank.get(str(name), len(rank))).astype(int).to_numpy()
    ordered = np.lexsort((preference[drugs].mean(axis=1).to_numpy(), place))
    shown = preference[drugs].iloc[ordered]
    ax = style.axes(ax, (7.2, 1.6 + 0.21 * len(drugs)))
    bound = style.symmetric_limit(shown.to_numpy(dtype=float))
    image = ax.imshow(shown.T.to_numpy(dtype=float), aspect="auto", interpolation="none", cmap=style.diverging(),
                      vmin=-bound, vmax=bound)  # fmt: skip
    style.dress(ax, spines=())
    read = style.rows_read(len(drugs))
    ax.set_yticks(np.arange(len(drugs))[read], style.labelled(drugs[read], names))
    ax.tick_params(length=0)
    ax.set_xticks([])
    ax.set_xlabel(f"{len(shown)} samples; {len(drugs)} of {preference.shape[1]} drugs")
    group_strip(ax, labels.iloc[ordered])
    colourbar(ax, image, "Preference, ln µM (blue: more sensitive)")
    return ax


def top_drugs(preference: pd.DataFrame, labels: pd.Series, *, focus: str | None = None) -> list[str]:
    """Drugs in the order in which they set one group, or all groups, apart.

    With ``focus``: ascending difference of the mean preference in that group and in all others. Without: falling
    range of the group means.
    """
    means = preference.groupby(labels.astype(object)).mean()
    if focus is None:
        return list((means.max() - means.min()).sort_values(ascending=False, kind="stable").index)
    if focus not in means.index:
        raise InputError(f"no sample is in the group {focus!r}: there are {examples(means.index)}")
    others = preference[labels.notna() & (labels.astype(object) != focus)]
    inside = preference[labels.astype(object) == focus].mean()
    apart = inside - others.mean() if len(others) else inside
    return list(apart.sort_values(kind="stable").index)


@in_words
@picture
def measured_against_predicted(measured: pd.Series, predicted: pd.Series, *, lower: pd.Series | None = None,
                               upper: pd.Series | None = None, ax: Axes | None = None) -> Axes:  # fmt: skip
    """Measured against predicted ln IC50, with the share of measurements inside their interval.

    Parameters
    ----------
    measured, predicted
        ln uM, same index; pairs without a measurement are left out.
    lower, upper
        Bounds of the interval of each prediction, ln uM.
    ax
        Axes to draw into; new ones by default.
    """
    columns = {"measured": measured, "predicted": predicted, "lower": lower, "upper": upper}
    pairs = pd.DataFrame({name: column for name, column in columns.items() if column is not None}).dropna()
    if pairs.empty:
        raise InputError("no measurement has a prediction: do the indexes match?")
    ax = style.dress(style.axes(ax, (4.4, 4.2)), grid="both")
    inside = pairs["measured"].notna()
    if {"lower", "upper"} <= set(pairs):
        inside = pairs["measured"].between(pairs["lower"], pairs["upper"])
        ax.vlines(pairs["predicted"], pairs["lower"], pairs["upper"], color=style.MUTED, alpha=0.25, linewidth=0.8)
        style.title(ax, f"{inside.mean():.0%} of {len(pairs)} inside their interval")
    for chosen, colour in ((inside, style.BLUE), (~inside, style.VERMILLION)):
        ax.plot(pairs.loc[chosen, "predicted"], pairs.loc[chosen, "measured"], linestyle="none", marker="o",
                markersize=4, alpha=0.6, color=colour, markeredgewidth=0)  # fmt: skip
    low, high = float(pairs[["measured", "predicted"]].min().min()), float(pairs[["measured", "predicted"]].max().max())
    ax.plot([low, high], [low, high], color=style.MUTED, linewidth=1, linestyle=(0, (4, 3)))
    ax.set(xlabel="Predicted ln IC50 (ln µM)", ylabel="Measured ln IC50 (ln µM)")
    return ax


@in_words
@picture
def contributions(genes: pd.Series, *, n: int = 12, ax: Axes | None = None) -> Axes:
    """What genes add to one predicted response.

    Parameters
    ----------
    genes
        Contribution of each gene (ln uM), as ``genes`` of an explanation; below 0 makes the sample more sensitive.
    n
        Genes shown, the largest by size; all others are summed in one bar.
    ax
        Axes to draw into; new ones by default.

    Raises
    ------
    InputError
        If there is no finite contribution.
    """
    known = genes[np.isfinite(genes.to_numpy(dtype=float))]
    if known.empty:
        raise InputError("no gene has a finite contribution: pass the genes of an explanation")
    ordered = known.iloc[np.argsort(-known.abs().to_numpy(), kind="stable")]
    shown = ordered.iloc[:n]
    if len(ordered) > n:
        shown = pd.concat([shown, pd.Series({f"{len(ordered) - n:,} others": ordered.iloc[n:].sum()})])
    ax = style.dress(style.axes(ax, (4.4, 0.8 + 0.26 * len(shown))), spines=())
    heights = np.arange(len(shown))[::-1]
    ax.barh(heights, shown, height=0.68, color=np.where(shown >= 0, style.VERMILLION, style.BLUE))
    ax.axvline(0, color=style.MUTED, linewidth=0.8)
    ax.set_yticks(heights, [style.shorten(name) for name in shown.index])
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("Adds to ln IC50 (ln µM; blue: more sensitive)")
    return ax
