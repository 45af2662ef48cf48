"""The ledger of openings: an external cohort judges one study; another look at it is asked for by name.

One line of JSON an opening, only ever added to, in the folder of the cache. It knows what was opened on this machine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from omics_rx.core import cache
from omics_rx.core.damage import json_of, told_as_damage
from omics_rx.core.errors import InputError, OutputError, examples, unknown_name
from omics_rx.core.paths import as_path
from omics_rx.core.provenance import now
from omics_rx.core.saving import writing
from omics_rx.core.work import log


@dataclass(frozen=True)
class Opening:
    """That a study looked at a cohort's outcome.

    Attributes
    ----------
    cohort, sha256
        What the study called it, and the hash of its values and follow-up.
    study
        Hash of what makes the signature: training cohorts, recipe, pool, settings. Whoever reruns the same study opens
        nothing new.
    signature
        Hash of the genes and weights that were judged.
    recipe
        Name of the recipe, for people.
    time
        When, in UTC.
    """

    cohort: str
    sha256: str
    study: str
    signature: str
    recipe: str
    time: str


_MEND = "mend the line or move the file away"


def place() -> Path:
    """File of the ledger: ``OMICS_RX_OPENINGS``, or one in the folder of the cache."""
    told = os.environ.get("OMICS_RX_OPENINGS")
    return as_path(told, what="ledger (OMICS_RX_OPENINGS)") if told else cache.folder() / "openings.jsonl"


def read() -> list[Opening]:
    """All openings so far, the oldest first.

    Raises
    ------
    IntegrityError
        If a line is not an opening.
    """
    file = place()
    if not file.is_file():
        return []
    with told_as_damage(f"the ledger of opened cohorts, {file},", _MEND):
        whole, torn = _whole_lines(file.read_bytes())
        if torn:
            log.warning("%s ends in half a line, of a process that was ended before it opened a cohort", file)
        return [Opening(**json_of(line, file, remedy=_MEND)) for line in whole.splitlines() if line.strip()]


def _whole_lines(content: bytes) -> tuple[bytes, bytes]:
    """Lines that were written to their end, and what is left of one that was not."""
    if not content or content.endswith(b"\n"):
        return content, b""
    whole, mark, last = content.rpartition(b"\n")
    try:
        Opening(**json.loads(last))
    except (ValueError, TypeError, RecursionError):
        return whole + mark, last
    return content + b"\n", b""


def check(cohorts: Mapping[str, str], study: str, *, reopen: Sequence[str]) -> dict[str, str]:
    """Refuse cohorts that another study has opened, unless they are named.

    Parameters
    ----------
    cohorts
        External cohort to its hash.
    study
        Hash of the study.
    reopen
        Cohorts that may be opened again.

    Returns
    -------
    dict
        Cohort to what was opened before: empty for a first opening.

    Raises
    ------
    UnknownNameError, InputError
        If ``reopen`` names no external cohort; if a cohort was opened by another study and is not named.
    """
    for name in reopen:
        if name not in cohorts:
            raise unknown_name("external cohort to reopen", name, cohorts)
    openings = read()
    before, refused = {}, []
    for name, sha256 in cohorts.items():
        known = [opening for opening in openings if opening.sha256 == sha256]
        others = [opening for opening in known if opening.study != study]
        if others and name not in reopen:
            refused.append((name, others))
        elif others:
            last = others[-1]
            before[name] = f"opened {len(others)} times by other studies, last at {last.time} (recipe {last.recipe})"
        else:
            before[name] = f"opened by this same study at {known[0].time}" if known else ""
    if refused:
        told = [f"{name} at {others[-1].time} by recipe {others[-1].recipe}" for name, others in refused]
        names = ", ".join(f'"{name}"' for name, _ in refused)
        raise InputError(
            f"{len(refused)} external cohorts were opened before by another study ({examples(told)}): what was seen "
            f"then may have shaped this one. Take a cohort not opened yet, or say reopen=[{names}]; the study will tell"
        )
    return before


def sentences(before: Mapping[str, str]) -> list[str]:
    """What a reader must know of cohorts that other studies had opened."""
    return [
        f"{name} had been {told} on this machine: what was seen then may have shaped this study."
        for name, told in before.items()
        if "by other studies" in told
    ]


def refuse_training(external: Mapping[str, object] | None, training: Mapping[str, object]) -> None:
    """Refuse external cohorts that are training cohorts, too.

    Raises
    ------
    InputError
        If there are any.
    """
    both = sorted(set(map(str, external or {})) & set(map(str, training)))
    if both:
        raise InputError(f"{', '.join(both)} is both a training and an external cohort: an external one is untouched")


def record(opening: Opening) -> None:
    """Write an opening down, once for each study, cohort and signature.

    Raises
    ------
    OutputError
        If the ledger cannot be written; then the cohort is not to be opened.
    """
    from filelock import FileLock

    file = place()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file.with_suffix(".lock"), mode=0o666):
            mark = (opening.sha256, opening.study, opening.signature)
            if mark in {(known.sha256, known.study, known.signature) for known in read()}:
                return
            line = json.dumps(asdict(opening), sort_keys=True) + "\n"
            held, _ = _whole_lines(file.read_bytes() if file.is_file() else b"")
            with writing(file) as draft:
                draft.write_bytes(held + line.encode())
    except OSError as error:
        raise OutputError(
            f"the ledger of opened cohorts, {file}, cannot be written ({error}): set OMICS_RX_CACHE to another folder"
        ) from error


def opening(cohort: str, *, sha256: str, study: str, weights: Mapping[str, float], recipe: str) -> Opening:
    """Describe the opening of a cohort by a signature, now."""
    content = {gene: f"{weight:.6g}" for gene, weight in weights.items()}
    return Opening(cohort, sha256, study, cache.key(content), recipe, now())


def opened(
    cohort: str, *, sha256: str, study: str, weights: Mapping[str, float], recipe: str, before: str
) -> dict[str, str]:  # fmt: skip
    """Write down that a signature opens a cohort, now; what a study keeps of it.

    Raises
    ------
    OutputError
        If the ledger cannot be written; then the cohort is not to be opened.
    """
    entry = opening(cohort, sha256=sha256, study=study, weights=weights, recipe=recipe)
    record(entry)
    return {"sha256": entry.sha256, "time": entry.time, "before": before}
