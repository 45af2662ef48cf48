"""The shape of a signature's JSON, held when it is loaded, so that nothing in it fails later or elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from omics_rx.core.errors import IntegrityError, examples

_LARGEST = 1e12  # of any number: products of two stay finite
Rule = Callable[[Any], bool]


def check(content: Mapping[str, Any]) -> None:
    """Refuse a signature's content that has another shape than :func:`signatures.files.to_json` writes.

    Raises
    ------
    IntegrityError
        With up to five fields that are not what they should be.
    """
    wrong = [name for name, rule in _FIELDS.items() if name not in content or not rule(content[name])]
    if not wrong:
        wrong = [
            f"genes[{at}]" for at, row in enumerate(content["genes"])
            if not _is_record(row, _GENE, optional=_GENE_TOO) or ("mean" in row) != ("sd" in row)
        ]  # fmt: skip
    if not wrong and any(len(row) != len(content["genes"]) for row in content["correlation"]):
        wrong = ["correlation"]
    if wrong:
        raise IntegrityError(f"the signature is not whole (it has no such {examples(wrong)}): copy it again")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= _LARGEST


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST


def _is_record(value: Any, rules: Mapping[str, Rule], *, optional: Mapping[str, Rule] | None = None) -> bool:
    return (
        isinstance(value, Mapping)
        and all(name in value and rule(value[name]) for name, rule in rules.items())
        and all(rule(value[name]) for name, rule in (optional or {}).items() if name in value)
    )


def _is_list(rule: Rule) -> Rule:
    return lambda value: isinstance(value, list) and all(rule(each) for each in value)


def _is_table(rule: Rule) -> Rule:
    return lambda value: isinstance(value, Mapping) and all(rule(each) for each in value.values())


def _is_none_or(rule: Rule) -> Rule:
    return lambda value: value is None or rule(value)


def _is_like(rules: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    return lambda value: _is_record(value, rules, optional=optional)


_GENE: dict[str, Rule] = {"gene": _is_name, "weight": _is_number}
_GENE_TOO: dict[str, Rule] = {"mean": _is_number, "sd": _is_number, "pattern": _is_text}
_COHORT: dict[str, Rule] = {"name": _is_text, "n": _is_count, "events": _is_count}
_REFERENCE: dict[str, Rule] = {"unit": _is_text, "domain": _is_text, "origin": _is_text, "n_samples": _is_count}
_BASELINE: dict[str, Rule] = {
    "slope": _is_number, "hazard": _is_table(_is_number), "at_risk": _is_table(_is_count), "n": _is_count,
    "events": _is_count,
}  # fmt: skip
_PROVENANCE: dict[str, Rule] = {
    "made_by": _is_text, "inputs": _is_table(_is_text), "settings": lambda value: isinstance(value, Mapping),
    "cites": _is_list(_is_text), "versions": _is_table(_is_text), "created": _is_text,
}  # fmt: skip
_FIELDS: dict[str, Rule] = {
    "name": _is_text, "description": _is_text, "licence": _is_text, "endpoint": _is_text,
    "genes": lambda value: isinstance(value, list) and len(value) > 0,
    "cutoffs": _is_table(_is_number), "min_coverage": _is_number, "reference": _is_none_or(_is_like(_REFERENCE)),
    "correlation": _is_list(_is_list(_is_number)), "baseline": _is_none_or(_is_like(_BASELINE)),
    "training": _is_like({}, {"cohorts": _is_list(_is_like(_COHORT))}), "provenance": _is_like(_PROVENANCE),
}  # fmt: skip
