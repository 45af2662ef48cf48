"""The shape of a response signature's JSON, held when it is loaded, so that nothing in it fails later or elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omics_rx.signatures.shape import (
    PROVENANCE,
    Rule,
    are_correlations,
    is_like,
    is_list,
    is_name,
    is_number,
    is_record,
    is_text,
    refuse,
)
from omics_rx.signatures.therapy.reading import CATEGORY, NUMBER


def check(content: Mapping[str, Any]) -> None:
    """Refuse content of another shape than ``ResponseSignature.to_json`` writes.

    Raises
    ------
    IntegrityError
        With up to five fields that are not what they should be.
    """
    wrong = [name for name, rule in _FIELDS.items() if name not in content or not rule(content[name])]
    if not wrong:
        wrong = [f"features[{at}]" for at, row in enumerate(content["features"]) if not _is_feature(row)]
    if not wrong:
        names = [row["name"] for row in content["features"]]
        wrong = ["features"] if len(set(names)) < len(names) else []
    if not wrong:
        k = sum(_width(row) for row in content["features"])
        wrong = [name for name in ("weights", "centre", "spread", "columns") if len(content[name]) != k]
        wrong += [] if are_correlations(content["correlation"], k) else ["correlation"]
    refuse(wrong)


def _is_feature(row: Any) -> bool:
    if not is_record(row, _FEATURE):
        return False
    if row["kind"] == NUMBER:
        return is_record(row, {"mean": is_number, "sd": lambda value: is_number(value) and value >= 0})
    return row["kind"] == CATEGORY and is_record(row, {"levels": _are_levels})


def _width(row: Mapping[str, Any]) -> int:
    """How many columns a feature has."""
    if row["kind"] == NUMBER:
        return 1
    return 1 if len(row["levels"]) == 2 else len(row["levels"])


def _are_levels(value: Any) -> bool:
    return is_list(is_text)(value) and len(value) > 0 and len(set(value)) == len(value)


def _is_positive(value: Any) -> bool:
    return is_number(value) and value > 0


def _is_share(value: Any) -> bool:
    return is_number(value) and 0 <= value <= 1


_FEATURE: dict[str, Rule] = {"name": is_name, "modality": is_text, "column": is_name, "kind": is_text}
_FIELDS: dict[str, Rule] = {
    "name": is_text, "description": is_text, "outcome": is_name, "intercept": is_number, "cutoff": _is_share,
    "min_coverage": _is_share, "features": lambda value: isinstance(value, list) and len(value) > 0,
    "columns": is_list(is_text), "weights": is_list(is_number), "centre": is_list(is_number),
    "spread": is_list(_is_positive), "correlation": is_list(is_list(is_number)), "training": is_like({}),
    "provenance": is_like(PROVENANCE),
}  # fmt: skip
