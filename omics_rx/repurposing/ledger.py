"""Outcomes of experiments, written once and never changed: each record holds the hash of the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from omics_rx.core.bundle import write_text
from omics_rx.core.errors import InputError, IntegrityError
from omics_rx.core.provenance import now

FIELDS = ("drug_id", "drug", "subtype", "model", "readout", "direction", "weight", "source")
_START = "0" * 64


@dataclass(frozen=True)
class Ledger:
    """Append-only records of outcomes; taking a batch back is a record too.

    Attributes
    ----------
    records
        Dictionaries with ``number``, ``batch``, ``kind`` (``"outcome"`` or ``"undo"``), ``time`` (UTC), the ``FIELDS``
        of an outcome, ``previous`` (hash of the record before) and ``hash`` (sha256 of all the others).
    """

    records: tuple[Mapping[str, Any], ...] = ()

    @property
    def head(self) -> str:
        """Hash of the last record: keep it to tell later that nothing was cut off."""
        return str(self.records[-1]["hash"]) if self.records else _START

    def outcomes(self) -> pd.DataFrame:
        """Outcomes that hold: those of batches not taken back, with ``batch`` and the ``FIELDS``."""
        gone = {record["batch"] for record in self.records if record["kind"] == "undo"}
        kept = [record for record in self.records if record["kind"] == "outcome" and record["batch"] not in gone]
        return pd.DataFrame(kept, columns=["batch", *FIELDS])

    def with_batch(self, outcomes: pd.DataFrame) -> Ledger:
        """Ledger with one more batch of outcomes (the ``FIELDS``)."""
        batch = 1 + max((int(record["batch"]) for record in self.records), default=0)
        rows = outcomes[list(FIELDS)].to_dict("records")
        return self._with({"batch": batch, "kind": "outcome", **{str(k): v for k, v in row.items()}} for row in rows)

    def without_last(self) -> Ledger:
        """Ledger with one more record, which takes the last batch that holds back.

        Raises
        ------
        InputError
            If no batch holds.
        """
        held = self.outcomes()["batch"]
        if held.empty:
            raise InputError("no batch of outcomes is held: there is nothing to undo")
        return self._with([{"batch": int(held.max()), "kind": "undo"}])

    def _with(self, new: Iterable[Mapping[str, Any]]) -> Ledger:
        records = list(self.records)
        time = now()
        for record in new:
            previous = str(records[-1]["hash"]) if records else _START
            full = {"number": len(records) + 1, "time": time, **record, "previous": previous}
            records.append({**full, "hash": _hash(full)})
        return Ledger(tuple(records))

    def write(self, path: Path | str) -> None:
        """Write one JSON object a line, at once or not at all."""
        write_text(path, "".join(json.dumps(record, sort_keys=True) + "\n" for record in self.records))

    @classmethod
    def read(cls, path: Path | str, *, head: str | None = None) -> Ledger:
        """Read a ledger and check every hash; a file that is not there is an empty ledger.

        Parameters
        ----------
        path
            File that :meth:`write` wrote.
        head
            The hash it must end with, from a saved ranking's provenance; None takes any end.

        Raises
        ------
        IntegrityError
            If a record was changed, removed or put in after it was written, or the file is no ledger.
        """
        file = Path(path)
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        records: list[dict[str, Any]] = []
        previous = _START
        for number, line in enumerate(lines, 1):
            record = _parsed(line, file, number)
            claimed = record.pop("hash")
            if record["previous"] != previous or record["number"] != number or _hash(record) != claimed:
                raise IntegrityError(
                    f"{file}, record {number}: changed, removed or put in after it was written. Restore the file; to "
                    "correct an outcome, undo its batch and add a new one"
                )
            records.append({**record, "hash": claimed})
            previous = claimed
        found = cls(tuple(records))
        if head is not None and head != found.head and head not in {record["hash"] for record in records}:
            raise IntegrityError(f"{file} does not hold the record {head[:12]}: records were cut off; restore the file")
        return found


def _parsed(line: str, file: Path, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise IntegrityError(f"{file}, record {number} is damaged ({error}): restore the file") from error
    needed = {"number", "batch", "kind", "time", "previous", "hash"}
    if not isinstance(record, dict) or not needed <= set(record) or record["kind"] not in ("outcome", "undo"):
        raise IntegrityError(f"{file}, record {number} is none of a ledger of outcomes: restore the file")
    if record["kind"] == "outcome" and not set(FIELDS) <= set(record):
        raise IntegrityError(f"{file}, record {number} lacks fields of an outcome: restore the file")
    return record


def _hash(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
