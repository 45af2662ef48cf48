"""What turns a response model saved by an earlier version into one of today."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from omics_rx.core import bundle
from omics_rx.response.parts.kernel_solvers import left_out_errors, squared_distances

Saved = tuple[dict[str, Any], dict[str, bytes]]

_KERNEL = "part-kernel.safetensors"
_TRAINING = "training.safetensors"


def from_schema_1(record: Mapping[str, Any], members: Mapping[str, bytes]) -> Saved:
    """In schema 1 the kernel core counted all genes alike and learnt each drug by itself."""
    if "kernel" not in record["parts"]:
        return dict(record), dict(members)
    kernel = {**record["parts"]["kernel"], "together": False}
    kernel["mean_views"] = kernel["views"]
    opened = bundle.Bundle("", 1, record, members)
    training, arrays = opened.arrays(_TRAINING), opened.arrays(_KERNEL)
    z = training["z"].astype(np.float64)
    alike = np.exp(-float(kernel["gamma"]) * squared_distances(z, z))
    arrays["importance"] = np.ones(len(json.loads(opened.text("reference.json"))["genes"]))
    arrays["errors"] = left_out_errors(alike, arrays["dual"], np.isfinite(training["y"]), float(kernel["ridge"]))
    return (
        {**record, "parts": {**record["parts"], "kernel": kernel}},
        {**members, _KERNEL: bundle.tensors(arrays)},
    )


def from_schema_2(record: Mapping[str, Any], members: Mapping[str, bytes]) -> Saved:
    """In schema 2 new drugs were carried over alike and as measured, with intervals by their likeness."""
    opened = bundle.Bundle("", 2, record, members)
    training = opened.arrays(_TRAINING)
    training["by_group"] = training.pop("by_applicability")
    record = {**record, "grouped_by": "applicability"}
    members = {**members, _TRAINING: bundle.tensors(training)}
    if "kernel" not in record["parts"]:
        return record, members
    kernel = {**record["parts"]["kernel"], "as_measured": 1.0, "squared": 0.0}
    arrays = opened.arrays(_KERNEL)
    n_drugs = len(arrays["drug_means"])
    arrays |= {"reach": np.ones(n_drugs), "reach_dual": np.zeros(n_drugs)}
    return (
        {**record, "parts": {**record["parts"], "kernel": kernel}},
        {**members, _KERNEL: bundle.tensors(arrays)},
    )


UPGRADE_FROM = {1: from_schema_1, 2: from_schema_2}
