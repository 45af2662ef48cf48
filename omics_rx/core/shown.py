"""What a result shows of itself in a notebook: what it is, its first rows, what to doubt, and what to call next."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import pandas as pd

_ROWS, _COLUMNS, _LONG = 5, 10, 400


def shown(
    title: str,
    table: pd.DataFrame | pd.Series | None = None,
    *,
    facts: Iterable[str] = (),
    doubts: Iterable[str] = (),
    then: Iterable[str] = (),
    rows: int = _ROWS,
) -> str:
    """Write a result as HTML without colours of its own, so that dark and light notebooks read it.

    Parameters
    ----------
    title
        What it is, with its size and unit.
    table
        Of which the first ``rows`` and ten columns are shown, and how many there are.
    facts, doubts
        A sentence each.
    then
        Code to call next.

    Examples
    --------
    >>> shown("Two <b>", then=["x.save()"])
    '<div><p><b>Two &lt;b&gt;</b></p><p>Next: <code>x.save()</code></p></div>'
    """
    parts = [f"<p><b>{escape(title)}</b></p>"]
    parts += [f"<p>{escape(_cut(one))}</p>" for one in facts if one]
    if table is not None:
        frame = table.to_frame() if isinstance(table, pd.Series) else table
        cut = frame.iloc[:rows, :_COLUMNS]
        parts.append(cut.to_html(border=0, float_format="{:.3g}".format, max_rows=None, na_rep="", escape=True))
        if len(frame) > len(cut) or frame.shape[1] > cut.shape[1]:
            parts.append(f"<p>{len(cut):,} of {len(frame):,} rows, {cut.shape[1]} of {frame.shape[1]:,} columns.</p>")
    parts += [f"<p><b>Take care:</b> {escape(_cut(one))}</p>" for one in doubts if one]
    calls = [f"<code>{escape(one)}</code>" for one in then]
    parts += [f"<p>Next: {', '.join(calls)}</p>"] if calls else []
    return f"<div>{''.join(parts)}</div>"


def _cut(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}\N{HORIZONTAL ELLIPSIS}"
