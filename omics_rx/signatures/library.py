"""Signatures that travel with the package, and signatures from files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from omics_rx.core import resources
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import IntegrityError, MissingFileError, OmicsRxError, unknown_name
from omics_rx.core.paths import as_path, existing
from omics_rx.signatures.signature import RiskSignature
from omics_rx.signatures.therapy import arm_signature
from omics_rx.signatures.therapy.arm_signature import TreatmentSignature
from omics_rx.signatures.therapy.signature import FORMAT, ResponseSignature

DEFAULT = "prognosis"  # the one that gains over proliferation in cohorts that had no part in it


def _shipped() -> dict[str, Path]:
    """Shipped signatures, the default one first."""
    folder = resources.root() / "signatures"
    files = sorted(folder.glob("*.json"), key=lambda file: (file.stem != DEFAULT, file.stem))
    return {file.stem: file for file in files}


@in_words
def load_signature(source: Path | str = DEFAULT) -> RiskSignature | ResponseSignature | TreatmentSignature:
    """Open a signature: a shipped name, or the path of a JSON file.

    Parameters
    ----------
    source
        A name of :func:`list_signatures`, or a file that ``RiskSignature.save`` wrote. Without one it is
        ``"prognosis"``, proliferation less the function of the oestrogen receptor; ``"cell_death"`` and ``"immune"``
        stand beside it.

    Raises
    ------
    MissingFileError, UnknownNameError
        If there is no such file; if no signature has that name.
    IntegrityError
        If the file was changed, is damaged, or is of a newer schema.
    """
    shipped = _shipped()
    if isinstance(source, str) and source in shipped:
        return _read(shipped[source])
    file = as_path(source, what="saved signature, or a name,")
    if file.exists() and not file.is_dir():
        return _read(existing(file))
    if file.suffix == ".json" or len(file.parts) > 1:
        raise MissingFileError(f"no file {file}: give the path of a saved signature, or one of {', '.join(shipped)}")
    raise unknown_name("signature", source, shipped)


def _read(file: Path) -> RiskSignature | ResponseSignature | TreatmentSignature:
    try:
        text = file.read_text(encoding="utf-8")
        if f'"{arm_signature.FORMAT}"' in text[:200]:
            return TreatmentSignature.from_json(text)
        return ResponseSignature.from_json(text) if f'"{FORMAT}"' in text[:200] else RiskSignature.from_json(text)
    except UnicodeDecodeError as error:
        raise IntegrityError(f"{file} is no signature: it is not text ({error})") from error
    except OmicsRxError as error:
        raise type(error)(f"{file}: {error}") from error


def list_signatures() -> pd.DataFrame:
    """Signatures that travel with the package, the default one first.

    Returns
    -------
    pandas.DataFrame
        Index ``name``; ``genes`` (how many), ``endpoint``, ``trained_on``, ``n``, ``events``, ``description``,
        ``licence``.
    """
    rows = []
    for name, file in _shipped().items():
        signature = _read(file)
        assert isinstance(signature, RiskSignature)  # noqa: S101 - signatures of response are made, none travels along
        members = signature.training.get("cohorts", [])
        rows.append(
            {
                "name": name,
                "genes": len(signature.genes),
                "endpoint": signature.endpoint,
                "trained_on": ", ".join(str(member["name"]) for member in members),
                "n": sum(int(member["n"]) for member in members),
                "events": sum(int(member["events"]) for member in members),
                "description": signature.description,
                "licence": signature.licence,
            }
        )
    columns = ["name", "genes", "endpoint", "trained_on", "n", "events", "description", "licence"]
    return pd.DataFrame(rows, columns=columns).set_index("name")
