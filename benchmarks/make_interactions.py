"""Write the network of protein interactions that ships: HuRI (systematic) and Lit-BM (literature, binary), by symbol.

Both are of Luck et al. 2020 (doi:10.1038/s41586-020-2188-x, CC BY 4.0), as a table of edges by current symbol (needs
the shared data). One row a gene and source; partners stand with the gene that comes first, so that an edge is there
once.

Usage: python benchmarks/make_interactions.py; writes ``resources/interactions.tsv.gz`` and prints its sha256.
"""

from __future__ import annotations

import gzip
import hashlib

import pandas as pd
from external_cohorts import folder

from omics_rx import harmonize
from omics_rx.core import resources


def main() -> None:
    """Read, bring to current symbols, write."""
    edges = pd.read_csv(folder() / "knowledge" / "huri_litbm_edges.tsv.gz", sep="\t", dtype=str)
    named = pd.Index(sorted({*edges["gene_a"], *edges["gene_b"]}))
    symbols = dict(zip(named, harmonize.current_symbols(named)["symbol"], strict=True))
    pairs = edges.assign(a=edges["gene_a"].map(symbols), b=edges["gene_b"].map(symbols)).dropna(subset=["a", "b"])
    swap = pairs["a"] > pairs["b"]
    pairs = pd.DataFrame(
        {"gene": pairs["a"].where(~swap, pairs["b"]), "partner": pairs["b"].where(~swap, pairs["a"]),
         "source": pairs["source"]}
    )  # fmt: skip
    pairs = pairs[pairs["gene"] != pairs["partner"]].drop_duplicates()
    table = pairs.sort_values(["gene", "source", "partner"]).groupby(["gene", "source"])["partner"].agg(";".join)
    file = resources.root() / "interactions.tsv.gz"
    text = table.rename("partners").reset_index().to_csv(sep="\t", index=False)
    file.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{len(edges):,} edges read, {len(pairs):,} written; {pairs['source'].value_counts().to_dict()}")
    print(f"{len({*pairs['gene'], *pairs['partner']}):,} genes; {file.stat().st_size:,} bytes")
    print(hashlib.sha256(file.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
