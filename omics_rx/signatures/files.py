"""Signatures as JSON: readable, hashed, with a schema."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from omics_rx.core.provenance import Provenance
from omics_rx.harmonize.reference import GeneReference
from omics_rx.signatures import sealed, shape
from omics_rx.signatures.baseline import Baseline
from omics_rx.signatures.gate import Gate
from omics_rx.signatures.signature import RiskSignature

FORMAT = "omics_rx risk signature"
SCHEMA = 3
_READING = (
    "risk score = sum of weight * z over the genes; z = (expression - mean) / sd, with mean and sd of the patient's "
    "own cohort, or the frozen ones given here in the unit named under reference; above cutoffs.high the risk is high; "
    "chance of no event by a horizon = exp(-baseline.hazard * exp(baseline.slope * risk score)); with an er_gate, "
    "risk score = g * (sum of weight * z) + (1 - g) * (offset + sum of weight_er_negative * z), where g is 1 for a "
    "tumour recorded as ER-positive, 0 for a negative one, else 1 / (1 + exp(-slope * (sum of er_level * z - "
    "threshold)))"
)


def _without_baseline(content: Mapping[str, Any]) -> dict[str, Any]:
    """Schema 1 had no baseline: such a signature orders patients and gives no chances."""
    return {**content, "schema": 2, "baseline": None}


def _without_gate(content: Mapping[str, Any]) -> dict[str, Any]:
    """Schema 2 had one set of weights for all tumours, and nothing was filled in."""
    return {**content, "schema": 3, "er_gate": None, "imputes": False}


UPGRADE_FROM = {1: _without_baseline, 2: _without_gate}


def to_json(signature: RiskSignature) -> str:
    """Write a signature as JSON text, one line a gene."""
    content = _content(signature)
    content["sha256"] = sealed.digest(content)
    parts = []
    for name, value in content.items():
        if name in ("genes", "correlation"):
            lines = ",\n    ".join(json.dumps(row, ensure_ascii=True) for row in value)
            parts.append(f"  {json.dumps(name)}: [\n    {lines}\n  ]")
        else:
            text = json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False).replace("\n", "\n  ")
            parts.append(f"  {json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _content(signature: RiskSignature) -> dict[str, Any]:
    frozen = signature.reference.subset(signature.genes) if signature.reference is not None else None
    places = {gene: at for at, gene in enumerate(frozen.genes)} if frozen is not None else {}
    genes = []
    for gene in signature.genes:
        row: dict[str, Any] = {"gene": gene, "weight": float(signature.weights[gene])}
        if frozen is not None and gene in places:
            row |= {"mean": float(frozen.mean[places[gene]]), "sd": float(frozen.sd[places[gene]])}
        if signature.gate is not None:
            row["weight_er_negative"] = float(signature.gate.weights.get(gene, 0.0))
            if gene in signature.gate.level:
                row["er_level"] = float(signature.gate.level[gene])
        if gene in signature.patterns:
            row["pattern"] = signature.patterns[gene]
        genes.append(row)
    about = None
    if frozen is not None:
        about = {
            "unit": frozen.unit, "domain": frozen.domain, "origin": frozen.origin, "n_samples": frozen.n_samples,
        }  # fmt: skip
    return {
        "format": FORMAT,
        "schema": SCHEMA,
        "name": signature.name,
        "description": signature.description,
        "licence": signature.licence,
        "how_to_read": _READING,
        "endpoint": signature.endpoint,
        "genes": genes,
        "cutoffs": {name: float(value) for name, value in signature.cutoffs.items()},
        "min_coverage": float(signature.min_coverage),
        "reference": about,
        "correlation": signature.correlation.tolist(),
        "baseline": signature.baseline.as_dict() if signature.baseline is not None else None,
        "er_gate": signature.gate.as_dict() if signature.gate is not None else None,
        "imputes": signature.imputes,
        "training": signature.training,
        "provenance": signature.provenance.as_dict(),
    }


def from_json(text: str) -> RiskSignature:
    """Read a signature, after checking its format, schema and hash.

    Raises
    ------
    IntegrityError
        If the text is no signature, was changed by hand, or is of a newer schema.
    """
    return sealed.read(text, _signature, form=FORMAT, schema=SCHEMA, upgrade_from=UPGRADE_FROM)


def _signature(content: Mapping[str, Any]) -> RiskSignature:
    shape.check(content)
    rows = content["genes"]
    framed = [row for row in rows if "mean" in row]
    reference = None
    if content["reference"] is not None:
        reference = GeneReference.from_dict(
            {
                **content["reference"],
                "genes": [row["gene"] for row in framed],
                "mean": [row["mean"] for row in framed],
                "sd": [row["sd"] for row in framed],
            }
        )
    return RiskSignature(
        name=content["name"],
        genes=tuple(row["gene"] for row in rows),
        weights={row["gene"]: float(row["weight"]) for row in rows},
        correlation=np.array(content["correlation"], dtype=np.float64),
        reference=reference,
        cutoffs=dict(content["cutoffs"]),
        min_coverage=float(content["min_coverage"]),
        endpoint=content["endpoint"],
        training=dict(content["training"]),
        patterns={row["gene"]: row["pattern"] for row in rows if "pattern" in row},
        description=content["description"],
        licence=content["licence"],
        provenance=Provenance.from_dict(content["provenance"]),
        baseline=Baseline.from_dict(content["baseline"]) if content["baseline"] is not None else None,
        gate=_gate(content["er_gate"], rows),
        imputes=bool(content["imputes"]),
    )


def _gate(told: Mapping[str, Any] | None, rows: Sequence[Mapping[str, Any]]) -> Gate | None:
    if told is None:
        return None
    return Gate(
        {row["gene"]: float(row["weight_er_negative"]) for row in rows}, float(told["offset"]),
        {row["gene"]: float(row["er_level"]) for row in rows if "er_level" in row},
        float(told["threshold"]), float(told["slope"]),
    )  # fmt: skip
