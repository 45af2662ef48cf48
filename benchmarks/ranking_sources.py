"""What each source that a user may bring adds to the default rule, or takes away.

From what ships (tumours of gse1992 with five open cohorts, both screens of GDSC, HuRI and Lit-BM): with the consensus
signatures of LINCS, with 400 tumours of SCAN-B in place of the 124, with the single cells of a triple-negative tumour,
with the non-commercial network, and without a network. Both figures of the rule.

Usage: python benchmarks/ranking_sources.py (needs the shared data)
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import pandas as pd
from breast_ranker import brought, joined_screen, model
from ranking_few_tumours import judged
from single_cell_tnbc import load

from omics_rx import datasets, repurposing


def sources() -> Iterator[tuple[str, dict[str, Any]]]:
    """Words, and the arguments of ``Ranker.fit`` that differ."""
    all_there_is = brought(shipped=False)
    yield "what ships", {}
    yield "with LINCS consensus signatures", {"library": all_there_is["library"]}
    yield "with single cells of a tumour", {"cells": load()}
    yield "with 400 tumours in place of 124", {"cohort": all_there_is["cohort"]}
    yield "with the non-commercial network", {"network": all_there_is["network"]}
    yield "without a network", {"network": None}
    yield "all of these", {**all_there_is, "cells": load()}


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    fitted, rows = model(joined_screen()), {}
    for words, given in sources():
        settings = {"cohort": datasets.load("gse1992"), "universe": None, "progress": False, **given}
        rows[words] = judged(repurposing.Ranker().fit(fitted, **settings))
        print(words, *(f"{value:.3f}" for value in rows[words]), flush=True)
    table = pd.DataFrame(rows, index=["tiers", "right subtype, reference", "right subtype, labelled"]).T
    print("\nchange against what ships")
    print((table - table.loc["what ships"]).round(3).to_string())


if __name__ == "__main__":
    main()
