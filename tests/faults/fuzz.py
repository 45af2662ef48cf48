# ruff: noqa: E501 - one target a line
"""Damages files and gives them to whatever reads them, in a process with limits of memory and time; prints counts.

    python tests/faults/fuzz.py 10000 7 ranking     # inputs, seed, target; without one all targets

A saved thing is refused by an error of ours or read as it was saved. Any other file is refused or read. What else
happens is a fault: another error, other values, a dead process, more than 4 GB, more than 20 seconds.
"""

from __future__ import annotations

import gzip
import io
import json
import logging
import os
import resource
import signal
import sys
import tempfile
import warnings
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))
import saved_things as things

from omics_rx import io as readers
from omics_rx import repurposing
from omics_rx.core.errors import OmicsRxError
from omics_rx.core.work import rng
from omics_rx.signatures import ledger as openings
from omics_rx.signatures import sealed

SECONDS, BYTES = 20, 4 << 30
ODD = [
    None,
    True,
    -1,
    0,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "NA",
    "../x",
    [],
    {},
    [[]],
    10**400,
    "\ud800",
    {"a": []},
]


def bits(data, random):
    place = int(random.integers(max(len(data), 1)))
    return data[:place] + bytes([data[place] ^ (1 << int(random.integers(8)))]) + data[place + 1 :] if data else data


def cut(data, random):
    return data[: int(random.integers(len(data) + 1))]


def splice(data, random):
    one, other, size = (int(random.integers(len(data) + 1)) for _ in range(3))
    return data[:one] + data[other : other + size % 300] + data[one:]


def footer(data, random):
    return data[: max(0, len(data) - 300)] + bits(data[max(0, len(data) - 300) :], random)


def odd_json(data, random, rehash=None):
    """One key or value of a JSON file put out, doubled, or made another thing."""
    content = json.loads(data)
    at = content
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            break
        key = keys[int(random.integers(len(keys)))]
        if isinstance(at[key], (dict, list)) and at[key] and random.random() < 0.7:
            at = at[key]
            continue
        kind = int(random.integers(3))
        if kind == 0:
            del at[key]
        elif kind == 1 and isinstance(at, dict):
            at[f"{key}x"] = at.pop(key)
        else:
            at[key] = ODD[int(random.integers(len(ODD)))]
        break
    if rehash:
        rehash(content)
    return json.dumps(content).encode("utf-8", "replace")


def in_zip(data, random):
    """One member of a zip damaged, and packed again as if it were whole."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = list(members)[int(random.integers(len(members)))]
    kind = int(random.integers(4))
    if kind == 0:
        members.pop(name)
    elif kind == 1:
        members["../../x"] = b"x"
    elif name.endswith("json") and kind == 2:
        members[name] = odd_json(members[name], random)
    else:
        members[name] = [bits, cut, splice][int(random.integers(3))](members[name], random)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in members.items():
            archive.writestr(each, content)
    return out.getvalue()


def in_hdf5(data, random):
    """A link to another file, a table of another size or type, or another place, in an HDF5 file that is whole."""
    import h5py

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x.h5"
        file.write_bytes(data)
        with h5py.File(file, "a") as handle:
            names: list[str] = []
            handle.visititems(lambda name, item: names.append(name))
            name = names[int(random.integers(len(names)))]
            kind, item = int(random.integers(6)), handle[name]
            if kind == 0:
                del handle[name]
                handle[name] = h5py.ExternalLink("/etc/hostname", "/x")
            elif kind == 1:
                del handle[name]
                handle[name] = h5py.SoftLink("/nowhere")
            elif kind == 2 and isinstance(item, h5py.Dataset) and item.shape:
                values = item[()]
                del handle[name]
                handle[name] = values[: int(random.integers(len(values) + 1))]
            elif kind == 3 and isinstance(item, h5py.Dataset) and item.dtype.kind in "iuf" and item.size:
                values = item[()].ravel()
                odd = np.array([-1, 9, 127, -15_801, 2**31 - 1, -(2**40)])[int(random.integers(6))]
                values[int(random.integers(values.size))] = odd.astype(values.dtype)
                item[...] = values.reshape(item.shape)
            elif kind == 4 and item.attrs:
                key = list(item.attrs)[int(random.integers(len(item.attrs)))]
                item.attrs[key] = ["odd", 7, -1.5, "csr_matrix", "categorical"][int(random.integers(5))]
            else:
                del handle[name]
        return file.read_bytes()


def lines(data, random):
    rows = data.split(b"\n")
    one, other = (int(random.integers(len(rows))) for _ in range(2))
    kind = int(random.integers(4))
    if kind == 0:
        rows.insert(one, rows[other])
    elif kind == 1:
        rows[one], rows[other] = rows[other], rows[one]
    elif kind == 2:
        rows.pop(one)
    else:
        odd = [b"NaN", b"1e999", b"\xff\xfe", b'"', b"\x00", b"=1+1", b"9" * 5000, b"", b"inf", b"-"]
        cells = rows[one].split(b"\t")
        cells[int(random.integers(len(cells)))] = odd[int(random.integers(len(odd)))]
        rows[one] = b"\t".join(cells)
    return b"\n".join(rows)


def _table(sep="\t"):
    genes = ["TP53", "ERBB2", "MYC", "EGFR", "KRAS", "ESR1"]
    frame = pd.DataFrame(
        np.random.default_rng(0).normal(7, 2, (6, 8)).round(3), index=genes, columns=[f"P{i}" for i in range(8)]
    )
    return frame.rename_axis("id").to_csv(sep=sep).encode()


def _workbook(frame):
    out = io.BytesIO()
    frame.to_excel(out, index=False)
    return out.getvalue()


def _clinical():
    return pd.DataFrame(
        {"sample": [f"P{i}" for i in range(12)], "OS_MONTHS": np.arange(12.0) + 1, "OS_STATUS": ["1:DECEASED", "0:LIVING"] * 6,
         "AGE": range(40, 52), "ER_STATUS": ["Positive", "Negative", "NA"] * 4}
    )  # fmt: skip


def _cells(*, tenx=False):
    import anndata
    import h5py
    from scipy import sparse

    values = sparse.random(30, 20, 0.3, "csr", np.float32, random_state=0)
    values.data = np.ceil(values.data * 9)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x.h5"
        obs = pd.DataFrame({"kind": pd.Categorical(["a", "b"] * 15)}, index=[f"C{i}" for i in range(30)])
        if tenx:
            by_gene = values.T.tocsc()
            with h5py.File(file, "w") as handle:
                group = handle.create_group("matrix")
                group["barcodes"] = np.array(list(obs.index), "S")
                for name in ("data", "indices", "indptr"):
                    group[name] = getattr(by_gene, name)
                group["shape"] = np.array([20, 30])
                told = group.create_group("features")
                for name in ("id", "name"):
                    told[name] = np.array([f"G{i}" for i in range(20)], "S")
                told["feature_type"] = np.array(["Gene Expression"] * 20, "S")
        else:
            anndata.AnnData(values, obs=obs, var=pd.DataFrame(index=[f"G{i}" for i in range(20)])).write_h5ad(file)
        return file.read_bytes()


def _backed(file):
    from omics_rx.scores import score

    cells = readers.read_single_cell(file, backed=True)
    try:
        score(cells, {"a": [f"G{i}" for i in range(8)]}, method="mean", min_coverage=0.1, progress=False)
    finally:
        cells.file.close()


def _saved(save):
    """The files of a saved thing as one zip, so that one of them can be damaged; and where they lie."""
    with tempfile.TemporaryDirectory() as folder:
        place = save(Path(folder))
        found = sorted(file for file in place.iterdir() if file.is_file()) if place.is_dir() else [place]
        return {file.name: file.read_bytes() for file in found}


def _packed(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def _folder_of(read):
    """Read a saved folder that was packed, damaged in one member, and is laid out again."""

    def load(file):
        with zipfile.ZipFile(file) as archive:
            folder = file.with_suffix(".folder")
            folder.mkdir(exist_ok=True)
            for old in folder.iterdir():
                old.unlink()
            for name in archive.namelist():
                if "/" not in name:
                    (folder / name).write_bytes(archive.read(name))
        return read(folder)

    return load


def _bundle(folder):
    things.save_bundle(folder / "x.orx", 1)
    return folder / "x.orx"


def _ledger(folder):
    for number in range(3):
        things.add_batch(folder / "l.jsonl", number)
    return folder / "l.jsonl"


def _whole_ledger():
    """Read a ledger that must end as it did: a file that was cut between two records is a ledger, too."""
    head = []

    def load(file):
        found = things.Ledger.read(file, head=head[0] if head else None)
        head[:] = head or [found.head]
        return json.dumps([dict(record) for record in found.records])

    return load


def _signature():
    return things.of_signature(things.signature(1)).encode()


def _forged(data, random):
    return odd_json(data, random, lambda content: content.update(sha256=sealed.digest(content)))


def _forged_or_not(data, random):
    try:
        return _forged(data, random)
    except (ValueError, UnicodeError):
        return odd_json(data, random)


def _scored(file):
    found = things.load_signature(file)
    frame = pd.DataFrame(np.random.default_rng(0).normal(8, 2, (25, 3)), columns=list(things.GENES))
    table = found.score(frame, reference="cohort")
    known = table["risk_score"].dropna()
    assert np.isfinite(known).all(), "a score is not finite"


def _entry(file):
    """A cache entry with one damaged file is made again."""
    import shutil

    from omics_rx.core import cache

    os.environ["OMICS_RX_CACHE"] = str(file.parent / "cache")
    shutil.rmtree(file.parent / "cache", ignore_errors=True)
    cache._checked.clear()
    place = cache.location("things", "k1")
    things.of_entry(1)
    cache._checked.clear()
    (place / "1.txt").write_bytes(file.read_bytes())
    return things.of_entry(1)


def _openings(file):
    os.environ["OMICS_RX_OPENINGS"] = str(file)
    openings.read()


def _openings_of(folder):
    os.environ["OMICS_RX_OPENINGS"] = str(folder / "o.jsonl")
    for number in range(3):
        openings.record(openings.opening(f"c{number}", sha256=str(number), study="s", weights={"A": 1.0}, recipe="r"))
    return folder / "o.jsonl"


PLAIN, TEXT = (bits, cut, splice), (bits, cut, splice, lines, lines)
TARGETS = {  # a whole file; what reads it; what it must be read as, or None; how it is damaged
    "ranking": (lambda: _packed(_saved(lambda f: things.ranking(1).save(f))), _folder_of(things.loaded_ranking), True, (in_zip,)),
    "bundle": (lambda: _saved(_bundle)["x.orx"], things.of_bundle, True, (*PLAIN, in_zip, in_zip)),
    "signature": (_signature, things.loaded_signature, True, (*PLAIN, odd_json)),
    "forged signature": (_signature, _scored, None, (_forged_or_not,)),
    "ledger": (lambda: _saved(_ledger)["l.jsonl"], _whole_ledger(), True, TEXT),
    "openings": (lambda: _saved(_openings_of)["o.jsonl"], _openings, None, TEXT),
    "cache": (lambda: b"1 of 1\n" * 500, _entry, True, PLAIN),
    "bulk text": (_table, readers.read_bulk, None, TEXT),
    "bulk gz": (lambda: gzip.compress(_table()), readers.read_bulk, None, PLAIN),
    "bulk xlsx": (lambda: _workbook(pd.read_csv(io.BytesIO(_table()), sep="\t")), readers.read_bulk, None, (*PLAIN, in_zip, in_zip)),
    "bulk parquet": (lambda: pd.read_csv(io.BytesIO(_table()), sep="\t", index_col=0).to_parquet(), readers.read_bulk, None,
                     (*PLAIN, footer)),
    "cohort": (_table, readers.read_cohort, None, TEXT),
    "features": (_table, readers.read_features, None, TEXT),
    "mirna": (lambda: _table().replace(b"TP53", b"hsa-miR-21-5p").replace(b"MYC", b"hsa-let-7a-5p").replace(b"EGFR", b"hsa-miR-155-5p").replace(b"KRAS", b"hsa-miR-10b-5p"), readers.read_mirna, None, TEXT),
    "clinical text": (lambda: _clinical().to_csv(sep="\t", index=False).encode(), readers.read_clinical, None, TEXT),
    "clinical xlsx": (lambda: _workbook(_clinical()), readers.read_clinical, None, (*PLAIN, in_zip, in_zip)),
    "h5ad": (_cells, readers.read_single_cell, None, (*PLAIN, in_hdf5, in_hdf5, in_hdf5)),
    "h5ad backed": (_cells, _backed, None, (*PLAIN, in_hdf5, in_hdf5, in_hdf5)),
    "10x h5": (lambda: _cells(tenx=True), readers.read_single_cell, None, (*PLAIN, in_hdf5, in_hdf5)),
    "gene sets": (lambda: b"A\tx\tTP53\tMYC\nB\ty\tEGFR\tKRAS\tESR1\n", readers.read_gene_sets, None, TEXT),
    "network": (lambda: b"TP53 pp MYC\nEGFR pp KRAS\nESR1 pp TP53\n" * 3, repurposing.read_network, None, TEXT),
    "docking": (lambda: b"name\tdocking_score\nlapatinib\t-9.1\ncisplatin\t-4.0\n", repurposing.read_docking_scores, None, TEXT),
    "library": (_table, repurposing.read_library, None, TEXT),
    "gdsc": (lambda: pd.DataFrame({"CELL_LINE_NAME": ["MCF7", "T47D"], "DRUG_NAME": ["A", "B"], "DRUG_ID": [1, 2],
                                   "COSMIC_ID": [905946, 905945], "LN_IC50": [1.5, 2.5]}).to_csv(index=False).encode(),
             readers.read_gdsc, None, TEXT),
}  # fmt: skip


def _outcome(data, load, file, expected):
    file.write_bytes(data)
    signal.alarm(SECONDS)
    try:
        found = load(file)
    except OmicsRxError:
        return "refused"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault
        return f"raw {type(error).__name__}: {str(error)[:200]}"
    finally:
        signal.alarm(0)
    return "read" if expected is None or found == expected else "wrong values"


def _many(target, numbers, seed, report):
    """Work through some inputs in a forked process; each outcome goes to the pipe at once."""
    make, load, is_saved, ways = TARGETS[target]
    whole = make()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "input"
        file.write_bytes(whole)
        expected = load(file)
        if not is_saved:
            expected = None
        resource.setrlimit(resource.RLIMIT_AS, (BYTES + _size(), BYTES + _size()))
        for number in numbers:
            random = rng(seed, "fuzz", target, number)
            data = ways[int(random.integers(len(ways)))](whole, random)
            os.write(report, (json.dumps([number, _outcome(data, load, file, expected)]) + "\n").encode())


def _size():
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def fuzz(target, count, seed):
    """Count what became of the inputs of one target; faults are told by number."""
    counts, faults, number = Counter(), [], 0
    while number < count:
        here, there = os.pipe()
        child = os.fork()
        if not child:
            os.close(here)
            try:
                _many(target, range(number, count), seed, there)
            except BaseException as error:  # noqa: BLE001 - told to the parent
                os.write(there, (json.dumps([-1, f"{type(error).__name__}: {error}"]) + "\n").encode())
            finally:
                os._exit(0)
        os.close(there)
        with os.fdopen(here) as lines_:
            for line in lines_:
                at, outcome = json.loads(line)
                if at < 0:
                    return counts, [f"{target}: {outcome}"]
                number = at + 1
                counts[outcome if outcome in ("read", "refused") else "fault"] += 1
                if outcome not in ("read", "refused"):
                    faults.append(f"{target} {at} of seed {seed}: {outcome}")
        _, status = os.waitpid(child, 0)
        if number < count:
            faults.append(f"{target} {number} of seed {seed}: the process died of {signal.Signals(status & 127).name}")
            counts["fault"] += 1
            number += 1
    return counts, faults


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    found = {}
    for target in sys.argv[3:] or TARGETS:
        counts, faults = fuzz(target, count, seed)
        found[target] = {**counts, "faults": faults}
        sys.stdout.write(json.dumps({target: found[target]}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
