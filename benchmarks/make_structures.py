"""Write resources/structures.tsv: a structure for each compound of the tables that has a public one.

Structures are those of the shipped screens (GDSC1, GDSC2, CCLE), without counter-ions, and for launched drugs those of
the repurposing universe; each is kept where its InChIKey is the one that the tables know the compound by.

Usage: python benchmarks/make_structures.py > resources/structures.tsv
"""

from __future__ import annotations

import sys

import pandas as pd

import omics_rx as orx
from omics_rx.core import resources
from omics_rx.harmonize.drugs import structure


def main() -> None:
    """Print the table."""
    known = resources.table("drugs.tsv").set_index("drug_id")["name"]
    found: dict[str, str] = {}
    for name in ("gdsc2", "gdsc1", "ccle"):
        for drug, smiles in orx.datasets.load(name, progress=False).drugs["smiles"].dropna().items():
            if drug in known.index and drug not in found:
                drawn = structure(smiles)
                if drawn.inchikey == drug:
                    found[drug] = drawn.smiles
    table = pd.DataFrame({"drug_id": list(found), "smiles": list(found.values())})
    table.insert(1, "name", table["drug_id"].map(known))
    table.sort_values("drug_id").to_csv(sys.stdout, sep="\t", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
