"""Make ``resources/response_ranges.tsv``: mean, spread and range of ln IC50 (ln uM) of each compound of GDSC2.

Usage: python benchmarks/make_response_ranges.py
"""

from __future__ import annotations

from pathlib import Path

import omics_rx as orx

OUT = Path(__file__).parents[1] / "resources" / "response_ranges.tsv"

if __name__ == "__main__":
    screen = orx.datasets.load("gdsc2", progress=False)
    values = screen.responses.groupby("drug_id")["ln_ic50"]
    table = values.agg(n="size", mean="mean", sd="std", low=lambda v: v.quantile(0.01), high=lambda v: v.quantile(0.99))
    table.insert(0, "name", screen.drugs["name"].reindex(table.index))
    table.round(3).sort_values("name").to_csv(OUT, sep="\t")
    print(table.describe().round(2).to_string())
