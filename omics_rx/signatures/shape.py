"""The shape of a signature's JSON, held when it is loaded, so that nothing in it fails later or elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from omics_rx.core.errors import IntegrityError, examples

_LARGEST = 1e12  # of any number: products of two stay finite
_ROUNDED = 1e-5  # what rounding in a file does to a correlation
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
            if not is_record(row, _GENE, optional=_GENE_TOO) or ("mean" in row) != ("sd" in row)
        ]  # fmt: skip
    if not wrong:
        wrong = _gate_faults(content["er_gate"], content["genes"])
    if not wrong and not are_correlations(content["correlation"], len(content["genes"])):
        wrong = ["correlation"]
    refuse(wrong)


def refuse(wrong: Sequence[str]) -> None:
    """Refuse a signature some fields of which are not what they should be.

    Raises
    ------
    IntegrityError
        That names up to five.
    """
    if wrong:
        raise IntegrityError(f"the signature is not whole (it has no such {examples(wrong)}): copy it again")


def are_correlations(rows: Any, k: int) -> bool:
    """Whether rows are correlations of ``k`` columns: from -1 to 1, the same both ways, and such as values can have."""
    if not is_list(is_list(is_number))(rows) or len(rows) != k or any(len(row) != k for row in rows):
        return False
    matrix = np.array(rows, dtype=np.float64).reshape(k, k)
    if not k or np.abs(matrix).max() > 1 + _ROUNDED or np.abs(matrix - matrix.T).max() > _ROUNDED:
        return False
    return bool(np.allclose(np.diag(matrix), 1, atol=_ROUNDED) and np.linalg.eigvalsh(matrix)[0] > -k * _ROUNDED)


def _gate_faults(gate: Mapping[str, Any] | None, rows: list[Mapping[str, Any]]) -> list[str]:
    """Fields of the genes that a gate needs and that are not there, or that are there without a gate."""
    if gate is None:
        return [f"genes[{at}].{name}" for at, row in enumerate(rows) for name in _GATED if name in row]
    weight, level = _GATED
    faults = [f"genes[{at}].{weight}" for at, row in enumerate(rows) if not is_number(row.get(weight))]
    faults += [f"genes[{at}].{level}" for at, row in enumerate(rows) if level in row and not is_number(row[level])]
    return faults or ([] if any(level in row for row in rows) else [f"genes[0].{level}"])


def is_text(value: Any) -> bool:
    """Whether a value is text."""
    return isinstance(value, str)


def is_name(value: Any) -> bool:
    """Whether it is text that names something."""
    return isinstance(value, str) and bool(value.strip())


def is_number(value: Any) -> bool:
    """Whether it is a finite number, no flag."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= _LARGEST


def is_count(value: Any) -> bool:
    """Whether it is a whole number, 0 or more."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST


def is_record(value: Any, rules: Mapping[str, Rule], *, optional: Mapping[str, Rule] | None = None) -> bool:
    """Whether it is a mapping with fields that keep their rules."""
    return (
        isinstance(value, Mapping)
        and all(name in value and rule(value[name]) for name, rule in rules.items())
        and all(rule(value[name]) for name, rule in (optional or {}).items() if name in value)
    )


def is_list(rule: Rule) -> Rule:
    """Rule for lists of such values."""
    return lambda value: isinstance(value, list) and all(rule(each) for each in value)


def is_table(rule: Rule) -> Rule:
    """Rule for mappings to such values."""
    return lambda value: isinstance(value, Mapping) and all(rule(each) for each in value.values())


def is_none_or(rule: Rule) -> Rule:
    """Rule for such a value or none."""
    return lambda value: value is None or rule(value)


def is_like(rules: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    """Rule for records."""
    return lambda value: is_record(value, rules, optional=optional)


_GENE: dict[str, Rule] = {"gene": is_name, "weight": is_number}
_GENE_TOO: dict[str, Rule] = {"mean": is_number, "sd": is_number, "pattern": is_text}
_GATED = ("weight_er_negative", "er_level")
_GATE: dict[str, Rule] = {
    "offset": is_number, "threshold": is_number, "slope": lambda value: is_number(value) and value > 0,
}  # fmt: skip
COHORT: dict[str, Rule] = {"name": is_text, "n": is_count, "events": is_count}
_REFERENCE: dict[str, Rule] = {"unit": is_text, "domain": is_text, "origin": is_text, "n_samples": is_count}
_BASELINE: dict[str, Rule] = {
    "slope": is_number, "hazard": is_table(is_number), "at_risk": is_table(is_count), "n": is_count,
    "events": is_count,
}  # fmt: skip
PROVENANCE: dict[str, Rule] = {
    "made_by": is_text, "inputs": is_table(is_text), "settings": lambda value: isinstance(value, Mapping),
    "cites": is_list(is_text), "versions": is_table(is_text), "created": is_text,
}  # fmt: skip
_FIELDS: dict[str, Rule] = {
    "name": is_text, "description": is_text, "licence": is_text, "endpoint": is_text,
    "genes": lambda value: isinstance(value, list) and len(value) > 0,
    "cutoffs": is_table(is_number), "min_coverage": is_number, "reference": is_none_or(is_like(_REFERENCE)),
    "correlation": is_list(is_list(is_number)), "baseline": is_none_or(is_like(_BASELINE)),
    "er_gate": is_none_or(is_like(_GATE)), "imputes": lambda value: isinstance(value, bool),
    "training": is_like({}, {"cohorts": is_list(is_like(COHORT))}), "provenance": is_like(PROVENANCE),
}  # fmt: skip
