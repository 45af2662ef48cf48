"""Section on how patients of high and low risk differ."""

from __future__ import annotations

from typing import Any

import pandas as pd

from omics_rx import plots
from omics_rx.report import svg
from omics_rx.report.page import Block, Figure, Fold, Page, Section, Table, Text
from omics_rx.report.sections import limits_section, methods_section

_SURE = 0.05
_SHOWN = 30
_FORMATS = {**dict.fromkeys(("high", "low"), ".3g"), "p": ".4f", "q": ".4f"}


def follow_up_page(result: Any) -> Page:
    """Page of a follow-up alone."""
    counts = result.groups.value_counts()
    words = f"{counts.get('high', 0)} patients of high and {counts.get('low', 0)} of low risk by {result.name}."
    return Page(f"What goes with the risk of {result.name}", words, tuple(follow_up_sections(result)))


def follow_up_sections(result: Any) -> list[Section]:
    """Sections of a follow-up, to put on a page with others."""
    return [
        Section("What goes with high risk?", _blocks(result), "figures"),
        limits_section(result.limits),
        methods_section(result, "the follow-up"),
    ]


def _blocks(result: Any) -> tuple[Block, ...]:
    table: pd.DataFrame = result.table
    known = table.dropna(subset=["effect", "lower", "upper"]).sort_values("q_value", kind="stable")
    sure = int((known["q_value"] < _SURE).sum())
    words = Text(
        f"Of {len(known)} things compared {sure} differ between high and low risk at a false discovery rate of "
        f"{_SURE:.0%}. Effects of numbers are rank-biserial: the chance that a patient of high risk has more less the "
        "chance that one of low risk has; effects of levels are differences of shares."
    )
    if known.empty:
        return (words,)
    top = known.head(_SHOWN)
    caption = f"The {len(top)} surest differences with their 95% intervals."
    picture = svg.draw(plots.effects_forest, known, n=_SHOWN, size=(7.2, 1.2 + 0.3 * len(top)))
    shown = known.assign(
        effect=[
            f"{row['effect']:+.2f} ({row['lower']:+.2f} to {row['upper']:+.2f})" for row in known.to_dict("records")
        ]
    )[["table", "column", "n_high", "n_low", "high", "low", "effect", "p_value", "q_value"]]
    shown = shown.rename(columns={"p_value": "p", "q_value": "q"})
    whole = Table(shown, "Medians or shares in each group; q after Benjamini and Hochberg over all rows.", _FORMATS)
    return (words, Figure(picture, caption, f"Forest plot. {caption}"), Fold("All that was compared", (whole,)))
