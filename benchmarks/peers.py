"""The same inputs through peers and through this package: how many values are equal, other by definition, or wrong.

Inputs, our side and the calls of peers lie in ``tests/parity/peers``. A peer that is installed runs anew; some are
extra (decoupler, dcurves, curve-curator, chembl_structure_pipeline): install them, or put them on ``PYTHONPATH``. Of
others, and of packages in R, the stored numbers are compared.

Usage: python benchmarks/peers.py [TOPIC ...] [--store] [--cases]; ends with 1 where a value is wrong.
``--store`` writes what installed peers print into the tables of the tests.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import logging
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

TESTS = Path(__file__).parents[1] / "tests" / "parity" / "peers"
sys.path.insert(0, str(TESTS))

from peer_cases import TOPICS, Case, Value, cases, stored, verdict  # noqa: E402

PACKAGE = {
    "scikit-survival": "scikit-survival", "lifelines": "lifelines", "statsmodels": "statsmodels",
    "scikit-learn": "scikit-learn", "dcurves": "dcurves", "decoupler": "decoupler", "GSEApy": "gseapy",
    "scipy": "scipy", "networkx": "networkx", "RDKit": "rdkit", "ChEMBL": "chembl_structure_pipeline",
    "CurveCurator": "curve-curator",
}  # fmt: skip
VERDICTS = ("equal", "definition", "wrong")


def live(topic: str) -> Mapping[str, Callable[[], Mapping[str, Value]]]:
    """Calls of peers that can be run, by the key of their case."""
    try:
        found: Mapping[str, Callable[[], Mapping[str, Value]]] = importlib.import_module(f"live_{topic}").LIVE
    except ModuleNotFoundError as error:
        if error.name != f"live_{topic}":
            raise
        return {}
    return found


def theirs(case: Case, calls: Mapping[str, Any], kept: Mapping[str, Value]) -> tuple[Mapping[str, Value], str]:
    """What the peer prints, and whether it did so now."""
    if case.key not in calls:
        return kept, "stored"
    try:
        return calls[case.key](), "live"
    except ImportError as error:
        return kept, f"stored ({error.name} is not installed)"


def _version(peer: str) -> str:
    try:
        return importlib.metadata.version(PACKAGE[peer])
    except (KeyError, importlib.metadata.PackageNotFoundError):
        return ""


def compared(topic: str, *, store: bool, each: bool) -> list[dict[str, Any]]:
    """One row a case of a topic: values by verdict."""
    calls, kept, rows, table = live(topic), stored(topic), [], []
    for case in cases(topic):
        found, how = theirs(case, calls, kept.get(case.key, {}))
        ours = case.ours()
        counts = Counter(verdict(case, ours.get(name, float("inf")), value) for name, value in found.items())
        counts["wrong"] += len(set(ours) ^ set(found))
        if each or counts["wrong"]:
            print(f"  {case.peer}: {case.call}: {dict(counts)}")
            for name, value in found.items():
                if verdict(case, ours.get(name, float("inf")), value) == "wrong":
                    print(f"    {name}: ours {ours.get(name)!r}, theirs {value!r}")
        rows.append({"peer": case.peer, "how": how, **{name: counts[name] for name in VERDICTS}})
        table += [(case.key, name, value) for name, value in found.items()]
    if store:
        text = pd.DataFrame(table, columns=["key", "name", "value"])
        text["value"] = [f"{value:.12g}" if isinstance(value, float) else value for value in text["value"]]
        text.to_csv(TESTS / f"{topic}.csv", index=False)
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("topics", nargs="*", default=[], metavar="TOPIC", help=", ".join(TOPICS))
    parser.add_argument("--store", action="store_true", help="write the tables of the tests")
    parser.add_argument("--cases", action="store_true", help="print each call")
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    rows = [row for topic in asked.topics or TOPICS for row in compared(topic, store=asked.store, each=asked.cases)]
    print(f"{'peer':<18}{'version':<12}{'values':>8}{'equal':>8}{'definition':>12}{'wrong':>7}  numbers")
    total: Counter[str] = Counter()
    for peer, part in pd.DataFrame(rows).groupby("peer", sort=False):
        counts = {name: int(part[name].sum()) for name in VERDICTS}
        total.update(counts)
        how = ", ".join(sorted(set(part["how"])))
        print(_line(str(peer), _version(str(peer)), counts) + f"  {how}")
    print(_line("total", "", total))
    return int(total["wrong"] > 0)


def _line(peer: str, version: str, counts: Mapping[str, int]) -> str:
    numbers = "".join(f"{counts[name]:>{width}}" for name, width in zip(VERDICTS, (8, 12, 7), strict=True))
    return f"{peer:<18}{version:<12}{sum(counts[name] for name in VERDICTS):>8}{numbers}"


if __name__ == "__main__":
    sys.exit(main())
