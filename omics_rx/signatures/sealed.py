"""A signature's file: JSON with a format, a schema and a hash of all it says, checked when it is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from omics_rx.core.damage import json_of, told_as_damage
from omics_rx.core.errors import InputError, IntegrityError

S = TypeVar("S")
Upgrade = Callable[[Mapping[str, Any]], dict[str, Any]]


def digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of a signature's content without its own hash, whatever the order and layout of its fields."""
    kept = {name: value for name, value in content.items() if name != "sha256"}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read(
    text: str, make: Callable[[Mapping[str, Any]], S], *, form: str, schema: int,
    upgrade_from: Mapping[int, Upgrade] | None = None,
) -> S:  # fmt: skip
    """Read a signature, after checking its format, schema and hash.

    Parameters
    ----------
    text
        What the file holds.
    make
        What turns checked content of the newest schema into the signature.
    form, schema
        Format that is expected, and the newest schema this version reads.
    upgrade_from
        For each past schema, what turns its content into that of the next.

    Raises
    ------
    IntegrityError
        If the text is no such signature, was changed by hand, or is of a newer schema.
    """
    content = json_of(text, "this is no signature: it")
    if not isinstance(content, dict) or content.get("format") != form:
        raise IntegrityError(f'this is no signature: its "format" is not "{form}": give a file that save wrote')
    told = content.get("schema")
    if not isinstance(told, int) or isinstance(told, bool) or told < 1:
        raise IntegrityError(f"the signature's schema is {told!r}, not a whole number: the file is damaged")
    if told > schema:
        raise IntegrityError(
            f"the signature has schema {told}, this version reads up to {schema}: upgrade omics-rx to open it"
        )
    try:
        found = digest(content)
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"the signature holds values that are not finite ({error}): copy it again") from error
    if content.get("sha256") != found:
        raise IntegrityError(
            "the signature is not as it was saved: its content has another hash than the file says. Copy the original "
            "again; to change a signature, build one and save it"
        )
    for past in range(told, schema):
        content = (upgrade_from or {})[past](content)
    try:
        with told_as_damage("the signature", "copy it again"):
            return make(content)
    except InputError as error:
        raise IntegrityError(f"the signature is not whole ({error}): copy it again") from error
