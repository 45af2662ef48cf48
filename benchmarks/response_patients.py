"""Plausibility in patients: how far marked SCAN-B tumours look more sensitive to the drugs that treat them.

    OMICS_RX_DATA=/path/to/data python benchmarks/response_patients.py

AUROC of "predicted more sensitive" for the marked patients, by mean ln IC50 and by preference (general sensitivity
taken off). There is no response in this table: an ER score alone would top the ER rows. It is reported, and nothing is
chosen by it.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import pandas as pd

import omics_rx as orx
from omics_rx.metrics import ranking

MARKED = (
    ("HER2+ by IHC", "her2", ("Lapatinib", "Afatinib", "Sapitinib")),
    ("ER+", "er", ("Fulvestrant", "Palbociclib", "Tamoxifen", "Alpelisib")),
    ("basal", "basal", ("Paclitaxel", "Cisplatin", "Talazoparib", "Gemcitabine", "Olaparib")),
)


def cohort(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Expression, samples x genes, log2(FPKM + 0.1), and clinical columns of the same samples."""
    expression = pd.read_csv(folder / "cohorts" / "scanb400_expr.csv.gz", index_col=0)
    clinical = pd.read_csv(folder / "cohorts" / "scanb400_clin.csv.gz", index_col=0).set_index("title")
    if expression.columns.isin(clinical.index).mean() > 0.5:
        expression = expression.T
    return expression, clinical.reindex(expression.index)


def marks(clinical: pd.DataFrame) -> pd.DataFrame:
    """Marked (1), not marked (0) or not known, patients x markers."""
    basal = (clinical["pam50_subtype"] == "Basal").astype(float).where(clinical["pam50_subtype"].notna())
    return pd.DataFrame({"her2": clinical["her2_status"], "er": clinical["er_status"], "basal": basal})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--parts", nargs="+", default=None, help="parts of the model; the cached default model if left out"
    )
    told = parser.parse_args()
    folder = Path(os.environ.get("OMICS_RX_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        raise SystemExit(f"{folder} is not there: name the folder of the further data in OMICS_RX_DATA")
    model = orx.response.default()
    if told.parts:
        model = orx.response.ResponseModel(tuple(told.parts)).fit(model.screen_)
    expression, clinical = cohort(folder)
    start = time.perf_counter()
    found = model.predict(expression, domain="tumour")
    print(f"{found!r}\n{time.perf_counter() - start:.1f} s")
    by_name = {name.casefold(): drug for drug, name in model.screen_.drugs["name"].items()}
    marked = marks(clinical)
    rows = []
    for title, column, drugs in MARKED:
        known = marked[column].notna()
        yes = marked.loc[known, column].astype(bool)
        for name in drugs:
            drug = by_name[name.casefold()]
            rows.append(
                {
                    "marker": title, "n": int(yes.sum()), "drug": name,
                    "ln IC50": ranking.auroc(yes, -found.mean.loc[known, drug]),
                    "preference": ranking.auroc(yes, -found.preference.loc[known, drug]),
                }
            )  # fmt: skip
    table = pd.DataFrame(rows)
    print(table.round(2).to_string(index=False))
    print(f"mean of the {len(table)}: {table['ln IC50'].mean():.2f}, {table['preference'].mean():.2f}")


if __name__ == "__main__":
    main()
