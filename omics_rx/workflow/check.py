"""What a cohort is, and which scores, signatures and models can run on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from omics_rx import datasets, harmonize, io, scores, signatures
from omics_rx.core import cohort as co
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.harmonize import needs
from omics_rx.response.prepare import needs_of as response_needs

if TYPE_CHECKING:
    from anndata import AnnData

# below these a subtype call or a trained signature says more about noise than about patients
_MIN_EVENTS_TO_TRAIN = 20
_MIN_EVENTS_TO_JUDGE = 10


@dataclass(frozen=True)
class Check:
    """What a cohort is and what can be run on it.

    Attributes
    ----------
    facts
        Size, unit, domain, origin, identifiers, endpoint: name to a sentence.
    can_run
        One row a score, signature or model: ``kind``, ``name``, ``coverage`` (share of its genes, or of its
        absolute weight, that the cohort measures), ``runs`` and ``why``.
    """

    facts: dict[str, str]
    can_run: pd.DataFrame

    def __str__(self) -> str:
        width = max(map(len, self.facts))
        lines = [f"{name:<{width}}  {text}" for name, text in self.facts.items()]
        table = self.can_run.assign(
            coverage=[f"{100 * share:.0f}%" if pd.notna(share) else "-" for share in self.can_run["coverage"]],
            runs=self.can_run["runs"].map({True: "yes", False: "no"}),
        )
        return "\n".join([*lines, "", table.to_string(index=False, justify="left")])

    def _repr_html_(self) -> str:
        facts = pd.Series(self.facts, name="").to_frame()
        return facts.to_html(header=False) + self.can_run.to_html(index=False)


@in_words
def check(data: AnnData | pd.DataFrame | str | Path) -> Check:
    """Say what a cohort is, and which scores, signatures and models can run at what coverage.

    Parameters
    ----------
    data
        A cohort (samples x genes), or a file or folder that :func:`omics_rx.io.read_cohort` reads.

    Returns
    -------
    Check
        Prints as text, shows as tables in a notebook.

    Raises
    ------
    MissingFileError, InputError
        If the file is missing or holds no expression matrix.
    """
    cohort = io.read_cohort(data) if isinstance(data, (str, Path)) else co.as_cohort(data)
    # a cohort of which little can be named is what this call is asked about: report it, never refuse it
    read = needs.opened(cohort)
    named = read.source
    follow_up, endpoint_fact = _endpoint(named)
    facts = {**_shape(cohort, read), **_reading(cohort), "identifiers": _identifiers(named), "endpoint": endpoint_fact}
    rows = [*_scores(read), *_signatures(read), *_models(read), *_training(follow_up)]
    return Check(facts, pd.DataFrame(rows, columns=["kind", "name", "coverage", "runs", "why"]))


def _shape(cohort: AnnData, read: needs.Opened) -> dict[str, str]:
    known = co.info(cohort)
    detected = " (detected)" if "domain" in known.detected else ""
    missing = int(co.expression(read.source).isna().sum().sum())
    facts = {
        "size": f"{cohort.n_obs:,} samples x {cohort.n_vars:,} genes, {missing:,} missing values",
        "unit": read.found.unit + (" (detected)" if read.found.detected else ""),
        "domain": known.domain.replace("_", " ") + detected,
        "origin": known.origin or "not said",
    }
    if read.found.unit in ("mixed", "unknown"):
        facts["unit"] += f": {read.found.statement}"
    said = [*read.said, *([f"{len(read.empty)} samples have no reads"] if read.empty else [])]
    return {**facts, "read from": read.place, **({"set aside": "; ".join(said)} if said else {})}


def _reading(cohort: AnnData) -> dict[str, str]:
    """What was decided while reading on which numbers hang."""
    said = io.said_aloud(cohort)
    return {"reading": "; ".join(said)} if said else {}


def _identifiers(cohort: AnnData) -> str:
    changes = harmonize.changes(cohort)
    counts = changes["status"].value_counts()
    current = sum(int(counts.get(status, 0)) for status in ("kept", "renamed", "merged"))
    parts = ", ".join(f"{count:,} {status}" for status, count in counts.items())
    return f"{100 * current / max(len(changes), 1):.1f}% are or map to current gene symbols ({parts})"


def _endpoint(cohort: AnnData) -> tuple[co.Endpoint | None, str]:
    try:
        follow_up = co.endpoint(cohort, required=False)
    except InputError as error:
        return None, f"unusable: {error}"
    if follow_up is None:
        return None, 'none: set obs["time"] (months) and obs["event"]'
    median = pd.Series(follow_up.time).median()
    return follow_up, (
        f"{follow_up.name}, {follow_up.n_events} events in {len(follow_up.samples)} samples, "
        f"median time {median:.0f} months"
    )


def _row(kind: str, name: str, found: needs.Assessment) -> dict[str, Any]:
    return {"kind": kind, "name": name, "coverage": found.coverage, "runs": found.runs, "why": found.why}


def _scores(read: needs.Opened) -> list[dict[str, Any]]:
    return [_row("score", name, needs.assess(read, own)) for name, own in scores.declared().items()]


def _signatures(read: needs.Opened) -> list[dict[str, Any]]:
    listed = [(name, signatures.load(name)) for name in signatures.list().index]
    return [_row("signature", n, own.assess(read)) for n, own in listed if isinstance(own, signatures.RiskSignature)]


def _models(read: needs.Opened) -> list[dict[str, Any]]:
    if not datasets.list().loc["gdsc2", "cached"]:
        blocked = "the screen is not on this machine yet: datasets.load('gdsc2')"
        return [{"kind": "model", "name": "response (GDSC)", "coverage": None, "runs": False, "why": blocked}]
    genes = datasets.load("gdsc2", progress=False).cells.var_names.tolist()
    return [_row("model", "response (GDSC)", needs.assess(read, response_needs(genes)))]


def _training(follow_up: co.Endpoint | None) -> list[dict[str, Any]]:
    events = follow_up.n_events if follow_up is not None else 0
    needs = {"train a signature": _MIN_EVENTS_TO_TRAIN, "judge a signature": _MIN_EVENTS_TO_JUDGE}
    return [
        {
            "kind": "study", "name": name, "coverage": None, "runs": events >= needed,
            "why": "" if events >= needed else f"needs {needed} events, has {events}",
        }
        for name, needed in needs.items()
    ]  # fmt: skip
