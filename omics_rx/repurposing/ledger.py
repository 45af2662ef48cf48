"""Outcomes of experiments, written once and never changed: each record holds the hash of the one before it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.damage import json_of, told_as_damage
from omics_rx.core.errors import InputError, IntegrityError, examples
from omics_rx.core.provenance import now
from omics_rx.core.saving import locked, told_as_output, write_text

FIELDS = ("drug_id", "drug", "subtype", "model", "readout", "direction", "weight", "source")
_START = "0" * 64
_LARGEST = 1e6  # of a weight


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

    @in_words
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

    @in_words
    def write(self, path: Path | str) -> None:
        """Write one JSON object a line, at once or not at all."""
        write_text(path, "".join(json.dumps(record, sort_keys=True) + "\n" for record in self.records))

    @classmethod
    @in_words
    def grown(cls, path: Path | str, grow: Callable[[Ledger], Ledger]) -> Ledger:
        """Ledger of a file with what ``grow`` adds to it, read again and written while no other process can.

        Parameters
        ----------
        path
            File of the ledger; a link is followed.
        grow
            Takes the ledger as the file holds it now and gives the one to be written.

        Raises
        ------
        IntegrityError, OutputError
            If the file is no whole ledger; if it cannot be written.
        """
        file = Path(os.path.realpath(path))
        with told_as_output(path):
            file.parent.mkdir(parents=True, exist_ok=True)
        with locked(file.parent):
            found = cls.read(file)
            new = grow(found)
            if new.records != found.records:
                new.write(file)
        return new

    @classmethod
    @in_words
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
        InputError
            If the path is that of a folder.
        """
        file = Path(path)
        if file.exists() and not file.is_file():
            raise InputError(f"{file} is no file: name the file of the ledger")
        with told_as_damage(f"the ledger {file}", "restore the file"):
            content = file.read_bytes() if file.is_file() else b""
            found = cls(tuple(_records(content, file)))
        if head is not None and head != found.head and head not in {record["hash"] for record in found.records}:
            raise IntegrityError(f"{file} does not hold the record {head[:12]}: records were cut off; restore the file")
        return found


def _records(content: bytes, file: Path) -> Iterator[dict[str, Any]]:
    if content and not content.endswith(b"\n"):
        raise IntegrityError(f"{file} ends in half a line: restore the file")
    previous = _START
    for number, line in enumerate(content.split(b"\n")[:-1], 1):
        record = _parsed(line, file, number)
        claimed = record.pop("hash")
        if record["previous"] != previous or record["number"] != number or _hash(record) != claimed:
            raise IntegrityError(
                f"{file}, record {number}: changed, removed or put in after it was written. Restore the file; to "
                "correct an outcome, undo its batch and add a new one"
            )
        yield {**record, "hash": claimed}
        previous = claimed


def _parsed(line: bytes, file: Path, number: int) -> dict[str, Any]:
    record = json_of(line, f"{file}, record {number}", remedy="restore the file")
    needed = {"number", "batch", "kind", "time", "previous", "hash"}
    if not isinstance(record, dict) or not needed <= set(record) or record["kind"] not in ("outcome", "undo"):
        raise IntegrityError(f"{file}, record {number} is none of a ledger of outcomes: restore the file")
    if record["kind"] == "outcome" and not set(FIELDS) <= set(record):
        raise IntegrityError(f"{file}, record {number} lacks fields of an outcome: restore the file")
    wrong = [name for name in ("number", "batch") if type(record[name]) is not int or record[name] < 1]
    wrong += [name for name in ("direction", "weight") if name in record and not _is_number(record[name])]
    wrong += [name for name in FIELDS if name in record and name not in ("direction", "weight")
              and not isinstance(record[name], str)]  # fmt: skip
    if wrong:
        raise IntegrityError(f"{file}, record {number} holds no such {examples(wrong)}: restore the file")
    return record


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= _LARGEST


def _hash(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
