"""Ends processes at random moments (SIGKILL) and looks at what they left; prints counts as JSON.

    python tests/faults/kills.py 500 7       # kills, seed

Each kill is drawn from ``rng(seed, "kill", number)``, so that one number can be run again.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import saved_things as things

from omics_rx.core import cache
from omics_rx.core.work import rng


def over_and_over(save):
    """Save 0, 1, 2 ... over each other; what is promised is counted in a file."""

    def work(folder, promised):
        for number in range(1, 10_000):
            save(folder / "out", number)
            os.pwrite(promised, b"%08d" % number, 0)

    return work


def _saved(save, load, expected):
    def prepare(folder):
        save(folder / "out", 0)

    def check(folder, promised):
        found = load(folder / "out")
        near = [expected(number) for number in (promised, promised + 1)]
        assert found in near, f"after {promised} savings something else is read"

    return prepare, over_and_over(save), check


def _ledger():
    def check(folder, promised):
        found = things.Ledger.read(folder / "out").outcomes()
        count = found["batch"].nunique()
        assert count in (promised, promised + 1), f"{promised} batches were promised, {count} are kept"
        assert len(found) == 3 * count
        things.add_batch(folder / "out", 0)

    return (lambda folder: None), over_and_over(things.add_batch), check


def _cache():
    def work(folder, promised):
        for number in range(10_000):
            things.of_entry(number)
            os.pwrite(promised, b"%08d" % number, 0)

    def check(folder, promised):
        for number in range(promised + 3):
            assert things.of_entry(number) == "".join(f"{part} of {number}\n" * 500 for part in range(3))

    return (lambda folder: None), work, check


def _openings():
    from omics_rx.signatures import ledger

    def one(place, number):
        ledger.record(ledger.opening(f"c{number}", sha256=str(number), study="s", weights={"A": 1.0}, recipe="r"))

    def check(folder, promised):
        assert len(ledger.read()) in (promised, promised + 1)
        one(None, 99_999)

    return (lambda folder: None), over_and_over(one), check


def _search():
    import numpy as np
    import pandas as pd
    from anndata import AnnData

    from omics_rx import signatures

    random = np.random.default_rng(0)
    risk = random.normal(size=60)
    genes = ["ERBB2", "ESR1", "MKI67", "TP53", "MYC", "EGFR"]
    values = (risk[:, None] * [1, 1, 0, 0, 0, 0] + random.normal(size=(60, 6))).astype(np.float32)
    obs = pd.DataFrame(
        {"time": 20 * np.exp(-risk) + 1, "event": random.random(60) < 0.7}, index=[f"P{i}" for i in range(60)]
    )
    cohort = AnnData(values, obs=obs, var=pd.DataFrame(index=genes))

    def found():
        kwargs = {
            "combinations": ["lasso", "cox_ridge", "lasso + cox_ridge"],
            "n_folds": 4,
            "nested": False,
            "n_jobs": 1,
        }
        return signatures.search({"a": cohort}, progress=False, **kwargs).table.to_json()

    logging.disable(logging.WARNING)
    os.environ["OMICS_RX_CACHE"] = tempfile.mkdtemp(prefix="kills-")
    undisturbed = found()

    def check(folder, promised):
        assert found() == undisturbed, "the search goes on to another result"

    return (lambda folder: None), (lambda folder, promised: found()), check


def _scores():
    import anndata
    import numpy as np
    import pandas as pd

    from omics_rx import scores
    from omics_rx.scores import blocks

    blocks._BLOCK_VALUES = 2_000
    genes = [f"G{i}" for i in range(100)]
    home = Path(tempfile.mkdtemp(prefix="kills-"))
    values = np.random.default_rng(0).poisson(3, (600, 100)).astype(np.float32)
    anndata.AnnData(
        values, obs=pd.DataFrame(index=[f"C{i}" for i in range(600)]), var=pd.DataFrame(index=genes)
    ).write_h5ad(home / "x.h5ad")

    def found():
        backed = anndata.read_h5ad(home / "x.h5ad", backed="r")
        try:
            return scores.score(
                backed, {"a": genes[:20], "b": genes[40:70]}, method="ssgsea", n_jobs=1, progress=False
            ).to_json()
        finally:
            backed.file.close()

    undisturbed = found()

    def check(folder, promised):
        assert found() == undisturbed

    return (lambda folder: None), (lambda folder, promised: found()), check


KINDS = {  # what is killed: preparing, working, looking; the longest time before the kill, in seconds
    "ranking": (*_saved(lambda place, n: things.ranking(n).save(place), things.loaded_ranking,
                        lambda n: things.of_ranking(things.ranking(n))), 0.12),
    "files together": (*_saved(things.save_files, things.of_files, str), 0.05),
    "signature": (*_saved(lambda place, n: things.signature(n).save(place.with_suffix(".json")),
                          lambda place: things.loaded_signature(place.with_suffix(".json")),
                          lambda n: things.of_signature(things.signature(n))), 0.03),
    "ledger": (*_ledger(), 0.06),
    "cache": (*_cache(), 0.05),
    "openings": (*_openings(), 0.05),
    "search": (*_search(), 0.4),
    "backed scores": (*_scores(), 0.15),
}  # fmt: skip


def kill_one(kind: str, number: int, seed: int) -> str:
    """Fork a worker, end it, look; an empty text is well."""
    prepare, work, check, longest = KINDS[kind]
    random = rng(seed, "kill", number)
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    os.environ["OMICS_RX_CACHE"] = str(folder / "cache")
    os.environ["OMICS_RX_OPENINGS"] = str(folder / "openings.jsonl")
    promised = os.open(folder / "promised", os.O_CREAT | os.O_RDWR)
    os.pwrite(promised, b"%08d" % 0, 0)
    prepare(folder)
    child = os.fork()
    if not child:
        try:
            work(folder, promised)
        finally:
            os._exit(0)
    time.sleep(float(random.uniform(0, longest)))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    told = int(os.pread(promised, 8, 0))
    os.close(promised)
    try:
        check(folder, told)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
        return f"{kind}, kill {number} of seed {seed}: {type(error).__name__}: {str(error)[:300]}"
    shutil.rmtree(folder, ignore_errors=True)
    return ""


def main() -> None:
    kills, seed = int(sys.argv[1]), int(sys.argv[2])
    done, faults = Counter(), []
    for number in range(kills):
        kind = list(KINDS)[number % len(KINDS)]
        done[kind] += 1
        if fault := kill_one(kind, number, seed):
            faults.append(fault)
    cache.clear()
    sys.stdout.write(json.dumps({"seed": seed, "kills": dict(done), "faults": faults}) + "\n")


if __name__ == "__main__":
    main()
