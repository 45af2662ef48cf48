"""Several processes at once on one cache, one ledger, one output; prints counts as JSON.

python tests/faults/races.py 8       # processes
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import saved_things as things

from omics_rx.core import cache
from omics_rx.signatures import ledger as openings

ROUNDS = 6


def together(n, work):
    """Run ``work(number)`` in so many processes that begin in the same moment; give their errors."""
    start, here, there = time.monotonic() + 0.2, *os.pipe()
    children = []
    for number in range(n):
        child = os.fork()
        if not child:
            try:
                while time.monotonic() < start:
                    time.sleep(0.001)
                work(number)
            except BaseException as error:  # noqa: BLE001 - told to the parent
                os.write(there, f"{type(error).__name__}: {str(error)[:200]}\n".encode())
            finally:
                os._exit(0)
        children.append(child)
    os.close(there)
    with os.fdopen(here) as lines:
        errors = lines.read().splitlines()
    for child in children:
        os.waitpid(child, 0)
    return errors


def one_cache(n, folder):
    os.environ["OMICS_RX_CACHE"] = str(folder / "cache")
    whole = ["".join(f"{part} of {number}\n" * 500 for part in range(3)) for number in range(ROUNDS)]

    def make(draft, number):
        (folder / f"made-{number}-{os.getpid()}").touch()
        time.sleep(0.01)
        things.make_entry(draft, number)

    def work(_):
        for number in range(ROUNDS):
            found = cache.entry("things", f"k{number}", lambda draft, at=number: make(draft, at))
            assert "".join((found / f"{part}.txt").read_text() for part in range(3)) == whole[number]

    errors = together(n, work)
    made = len(list(folder.glob("made-*")))
    return [*errors, *([f"{made} makings of {ROUNDS} entries"] if made != ROUNDS else [])]


def one_ledger(n, folder):
    errors = together(n, lambda at: [things.add_batch(folder / "l.jsonl", 100 * at + turn) for turn in range(ROUNDS)])
    kept = things.Ledger.read(folder / "l.jsonl").outcomes()["batch"].nunique()
    return [*errors, *([f"{kept} of {n * ROUNDS} batches kept"] if kept != n * ROUNDS else [])]


def openings_together(n, folder):
    os.environ["OMICS_RX_OPENINGS"] = str(folder / "openings.jsonl")

    def work(at):
        for turn in range(ROUNDS):
            name = f"{at}-{turn}"
            openings.record(openings.opening(name, sha256=name, study="s", weights={"A": 1.0}, recipe="r"))

    errors, kept = together(n, work), len(openings.read())
    return [*errors, *([f"{kept} of {n * ROUNDS} openings kept"] if kept != n * ROUNDS else [])]


def one_ranking(n, folder):
    """Half of the processes save rankings over each other, the others read all the time."""
    whole = {things.of_ranking(things.ranking(number)) for number in range(n)}
    things.ranking(0).save(folder / "out")

    def work(at):
        for _ in range(ROUNDS):
            if at % 2:
                assert things.loaded_ranking(folder / "out") in whole, "a mixture"
            else:
                things.ranking(at).save(folder / "out")

    errors = together(n, work)
    assert things.loaded_ranking(folder / "out") in whole
    left = [file.name for file in (folder / "out").iterdir() if file.name.startswith(".")]
    return [*errors, *([f"left behind: {left}"] if left else [])]


KINDS = {"one cache": one_cache, "one ledger": one_ledger, "openings": openings_together, "one ranking": one_ranking}


def main():
    n = int(sys.argv[1])
    faults = {}
    for kind, race in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            faults[kind] = race(n, Path(folder))
    sys.stdout.write(json.dumps({"processes": n, "faults": faults}) + "\n")


if __name__ == "__main__":
    main()
