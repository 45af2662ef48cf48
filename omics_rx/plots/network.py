"""Which drugs share a target, and which targets a pathway."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.plots import style
from omics_rx.plots.ink import picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = (0.0, 1.0, 2.0)


@in_words
@picture
def drug_network(
    targets: Mapping[str, list[str]], pathways: Mapping[str, list[str]], *, max_targets: int = 30,
    ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """Drugs at the left, their targets in the middle, the pathways of these at the right.

    Parameters
    ----------
    targets
        Drug (as written) to its target genes, in the order drawn.
    pathways
        Pathway to genes; those without a target drawn are left out.
    max_targets
        Targets drawn: those of most drugs and pathways first; how many are left out is written below.
    ax
        Axes to draw into; new ones by default.

    Raises
    ------
    InputError
        If no drug has a target.
    """
    counts: dict[str, int] = {}
    for genes in (*targets.values(), *targets.values(), *pathways.values()):  # a drug counts as two pathways
        for gene in genes:
            counts[gene] = counts.get(gene, 0) + 1
    aimed = list(dict.fromkeys(gene for genes in targets.values() for gene in genes))
    if not aimed:
        raise InputError(f"none of {len(targets)} drugs has a target: nothing to draw")
    shown = sorted(aimed, key=lambda gene: -counts[gene])[:max_targets]
    drugs = [drug for drug, genes in targets.items() if set(genes) & set(shown)]
    named = [name for name, genes in pathways.items() if set(genes) & set(shown)]
    drug_at = dict(zip(drugs, _spread(len(drugs)), strict=True))
    edges = [(drug, gene) for drug in drugs for gene in targets[drug] if gene in shown]
    order = sorted(shown, key=lambda gene: -np.mean([drug_at[drug] for drug, other in edges if other == gene]))
    gene_at = dict(zip(order, _spread(len(order)), strict=True))
    links = [(gene, name) for name in named for gene in pathways[name] if gene in gene_at]
    named = sorted(named, key=lambda name: -np.mean([gene_at[gene] for gene, other in links if other == name]))
    path_at = dict(zip(named, _spread(len(named)), strict=True))
    rows = max(len(drugs), len(order), len(named))
    ax = style.dress(style.axes(ax, (8.6, 1.0 + 0.24 * rows)), spines=())
    for pairs, left, right, column in ((edges, drug_at, gene_at, 0), (links, gene_at, path_at, 1)):
        for a, b in pairs:
            ax.plot([_COLUMNS[column] + 0.02, _COLUMNS[column + 1] - 0.02], [left[a], right[b]], color=style.MISSING,
                    linewidth=0.8, zorder=1)  # fmt: skip
    looks = ((drug_at, 0, style.BLUE, "right"), (gene_at, 1, style.VERMILLION, "center"),
             (path_at, 2, style.GREEN, "left"))  # fmt: skip
    for places, column, colour, side in looks:
        x = _COLUMNS[column]
        if side != "center":
            ax.plot([x] * len(places), list(places.values()), linestyle="none", marker="o", markersize=5, color=colour)
        for name, y in places.items():
            away = {"right": -0.05, "left": 0.05, "center": 0.0}[side]
            box = {"boxstyle": "round,pad=0.15", "facecolor": style.PAPER, "edgecolor": colour, "linewidth": 0.6}
            text = style.shorten(name, 24) if side != "left" else textwrap.shorten(name, 46, placeholder="…")
            ax.text(x + away, y, text, ha=side, va="center", fontsize="small", color=style.INK, zorder=3,
                    bbox=box if side == "center" else None)  # fmt: skip
    left_out = len(aimed) - len(shown)
    told = f"; {left_out} targets left out" if left_out else ""
    ax.set(xlim=(-0.75, 3.25), ylim=(-0.06, 1.06), xticks=_COLUMNS, yticks=[])
    ax.set_xticklabels(["drugs", f"targets{told}", "pathways"])
    ax.tick_params(length=0)
    return ax


def _spread(n: int) -> list[float]:
    """Heights of n things, the first at the top."""
    return [0.5] if n == 1 else [1 - i / (n - 1) for i in range(n)]
