"""The shape of a treatment signature's JSON, held when it is loaded, so that nothing in it fails later or elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omics_rx.signatures.shape import Rule, is_list, is_name, is_number, refuse
from omics_rx.signatures.therapy import shape


def check(content: Mapping[str, Any]) -> None:
    """Refuse content of another shape than ``TreatmentSignature.to_json`` writes.

    Raises
    ------
    IntegrityError
        With up to five fields that are not what they should be.
    """
    wrong = [name for name, rule in _FIELDS.items() if name not in content or not rule(content[name])]
    if not wrong:
        arms, groups = content["arms"], content["groups"]
        rows = {"level": (len(arms), len(groups)), "counts": (len(arms), len(groups)), "slopes": (len(arms), None)}
        wrong = [name for name, (n, k) in rows.items() if not _is_grid(content[name], n, k)]
        wrong += [] if arms[0] == content["control"] else ["control"]
        wrong += [] if set(content["called"].values()) <= set(arms) else ["called"]
    refuse(wrong)
    slopes = content["slopes"]
    shape.check({**content, "weights": slopes[0], "intercept": 0.0})
    q, g = len(slopes[0]), len(content["groups"])
    wrong = [] if all(len(row) == q for row in slopes) else ["slopes"]
    wrong += [] if _is_triangle(content["prognosis"], 1 + g + q) else ["prognosis"]
    fits = len(content["benefit"]) == len(content["arms"])
    wrong += [] if fits and all(_is_triangle(one, 1 + g + q) for one in content["benefit"]) else ["benefit"]
    refuse(wrong)


def _is_grid(value: Any, n: int, k: int | None) -> bool:
    return is_list(is_list(is_number))(value) and len(value) == n and all(k is None or len(row) == k for row in value)


def _is_triangle(value: Any, n: int) -> bool:
    """Whether rows are the lower triangle of a covariance."""
    if not is_list(is_list(is_number))(value) or [len(row) for row in value] != list(range(1, n + 1)):
        return False
    return all(row[-1] >= 0 for row in value)


def _are_names(value: Any) -> bool:
    return is_list(is_name)(value) and len(value) > 0 and len(set(value)) == len(value)


def _are_variances(value: Any) -> bool:
    return isinstance(value, dict) and all(is_number(one) and one >= 0 for one in value.values())


def _is_within(value: Any) -> bool:
    return value is None or is_name(value) or _are_names(value)


_FIELDS: dict[str, Rule] = {
    "treatment": is_name, "control": is_name, "within": _is_within, "arms": _are_names, "groups": _are_names,
    "called": lambda value: isinstance(value, dict) and all(is_name(one) for one in [*value, *value.values()]),
    "variances": _are_variances, "benefit": lambda value: isinstance(value, list),
}  # fmt: skip
