"""Small saved things, each with what it must be read back as: for the kills, races and damage of this folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from omics_rx.core import bundle, cache, saving
from omics_rx.core.errors import IntegrityError
from omics_rx.core.provenance import Provenance
from omics_rx.harmonize.reference import GeneReference
from omics_rx.repurposing.ledger import FIELDS, Ledger
from omics_rx.repurposing.ranking import Ranking, load_ranking
from omics_rx.signatures.library import load_signature
from omics_rx.signatures.signature import RiskSignature

GENES = ("ERBB2", "ESR1", "MKI67")
SUBTYPES = ("Basal", "LumA")


def ranking(number: int) -> Ranking:
    """A ranking whose every table tells the number, of drugs with awkward names."""
    ids = pd.Index(["D0", "NA", "nan", "1e3", "007"], name="drug_id")
    names = ["NA", "null", "None", "=1+1", 'a "b", c']
    table = pd.DataFrame(
        {"rank": range(1, 6), "name": names, "score": np.arange(5) / 7 + number, "rank_low": 1, "rank_high": 5,
         "kind": [0.1 + number, np.nan, 3, 4, 5], "n_evidence": 1, "known": "", "warning": ""},
        index=ids,
    )  # fmt: skip
    table["known"] = ["approved", "N/A", "none", "known", "x"]
    info = pd.DataFrame(
        {"label": f"of {number}", "unit": "none", "direction": 1, "role": "ranked"},
        index=pd.Index(["kind"], name="column"),
    )
    explanations = pd.DataFrame(
        {"drug_id": ids, "name": names, "base": float(number), "kind": 1.5, "score": number + 1.5}
    )
    return Ranking(
        subtype=SUBTYPES[number % 2], table=table,
        unranked=pd.DataFrame({"name": ["NaN"], "reason": [f"of {number}"]}, index=pd.Index(["U"], name="drug_id")),
        evidence=table[["kind"]], evidence_info=info, explanations=explanations, rule=f"rule {number}", limits=("l",),
        labels=pd.DataFrame({"drug_id": ["D0"], "number": [number]}),
        drugs=pd.DataFrame({"name": names, "number": number}, index=ids),
        opinions=pd.DataFrame({"agreement": float(number)}, index=ids),
        provenance=Provenance("test", settings={"number": number}, versions={}, created="now"),
    )  # fmt: skip


def of_ranking(found: Ranking) -> str:
    """Everything that a ranking holds, in one text."""
    frames = [found.table, found.unranked, found.evidence, found.evidence_info, found.explanations, found.labels,
              found.drugs, found.opinions]  # fmt: skip
    texts = [
        frame.astype(object).where(frame.notna(), None).to_json(orient="split", double_precision=15) for frame in frames
    ]
    return json.dumps([found.subtype, found.rule, found.provenance.as_dict(), *texts])


def signature(number: int) -> RiskSignature:
    return RiskSignature(
        name=f"s{number}", genes=GENES, weights={gene: 0.5 + number + at for at, gene in enumerate(GENES)},
        correlation=np.eye(3), reference=GeneReference(GENES, np.arange(3.0) + number, np.ones(3), 20, "log2"),
        cutoffs={"high": float(number)}, training={"cohorts": [{"name": "a", "n": 20, "events": 9}]},
        provenance=Provenance("test", versions={}, created="now"),
    )  # fmt: skip


def of_signature(found: RiskSignature) -> str:
    from omics_rx.signatures.files import to_json

    return to_json(found)


def save_bundle(file: Path, number: int) -> None:
    frame = pd.DataFrame({"x": np.arange(50) + number, "t": [f"t{i}" for i in range(50)]})
    members = {
        "a.safetensors": bundle.tensors({"w": np.full(2000, float(number))}),
        "f.parquet": bundle.parquet(frame),
        "n.txt": str(number).encode() * 500,
    }
    bundle.save(file, kind="thing", schema=1, record={"number": number, "p": 0.25}, members=members)


def of_bundle(file: Path) -> str:
    found = bundle.load(file, kind="thing", schema=1)
    return json.dumps(
        [
            dict(found.record),
            found.arrays("a.safetensors")["w"].tolist(),
            found.frame("f.parquet").to_json(),
            found.text("n.txt"),
        ]
    )


def outcomes(number: int, size: int = 3) -> pd.DataFrame:
    rows = [(f"D{i}", f"drug {i}", "Basal", f"line {number}", "viability", 1.0, 1.0, "s") for i in range(size)]
    return pd.DataFrame(rows, columns=list(FIELDS))


def add_batch(file: Path, number: int) -> None:
    Ledger.grown(file, lambda found: found.with_batch(outcomes(number)))


def of_ledger(file: Path) -> str:
    return json.dumps([dict(record) for record in Ledger.read(file).records])


def save_files(folder: Path, number: int) -> None:
    """Several files that belong together, as quickstart writes them."""
    with saving.together(folder, gone=["only-even.txt"]) as draft:
        for name in ("a.csv", "b.csv", "c.json"):
            (draft / name).write_text(f"{name} of {number}\n" * 200)
        if number % 2 == 0:
            (draft / "only-even.txt").write_text(str(number))
        told = saving.hashes(draft)
        (draft / "told.json").write_text(json.dumps({"number": number, "files": told}))


def of_files(folder: Path) -> str:
    with saving.reading(folder) as place:
        told = json.loads((place / "told.json").read_text())
        found = {file.name: file.read_bytes() for file in place.iterdir() if not file.name.startswith(".")}
        found.pop("told.json")
    if set(found) != set(told["files"]):
        raise IntegrityError(f"{sorted(found)} in place of {sorted(told['files'])}")
    saving.check_hashes(found, told["files"], folder)
    return str(told["number"])


def make_entry(folder: Path, number: int) -> None:
    for part in range(3):
        (folder / f"{part}.txt").write_text(f"{part} of {number}\n" * 500)


def of_entry(number: int) -> str:
    folder = cache.entry("things", f"k{number}", lambda draft: make_entry(draft, number))
    return "".join((folder / f"{part}.txt").read_text() for part in range(3))


def loaded_ranking(folder: Path) -> str:
    return of_ranking(load_ranking(folder))


def loaded_signature(file: Path) -> str:
    return of_signature(load_signature(file))
