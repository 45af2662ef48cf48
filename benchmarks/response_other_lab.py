"""Another laboratory: predictions for unseen lines from GDSC2, held against CCLE's measurements of the same lines.

    python benchmarks/response_other_lab.py

For each drug that both screens hold (joined by InChIKey, by name, or by the InChIKey's first block where only one drug
of each screen has it, as nutlin-3 and nutlin-3a), the Spearman correlation over shared lines of CCLE's response with
(a) the out-of-fold prediction of a model trained on GDSC2 without those lines and (b) GDSC2's own measurement, on the
same pairs. The gap's 95% interval is over lines and drugs, two crossed factors. The drugs of CCLE that GDSC2 lacks are
predicted as new molecules in unseen lines. CCLE's response is its ln IC50, much of it at the highest dose, and its
activity area.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

import omics_rx as orx
from omics_rx.core.screen import DrugScreen
from omics_rx.metrics.compare import crossed

MIN_LINES = 20


def drug_pairs(first: DrugScreen, second: DrugScreen) -> dict[str, str]:
    """Drug of the second screen for each shared drug of the first."""
    by_key = {key: drug for drug, key in second.drugs["inchikey"].dropna().items()}
    by_name = {str(name).casefold(): drug for drug, name in second.drugs["name"].items()}
    found = {}
    for drug, row in first.drugs.iterrows():
        other = by_key.get(row["inchikey"]) or by_name.get(str(row["name"]).casefold())
        if other is not None and other not in found.values():
            found[str(drug)] = str(other)
    blocks = [screen.drugs["inchikey"].dropna().str[:14] for screen in (first, second)]
    own, others = (block[~block.duplicated(keep=False)] for block in blocks)
    for other, block in others.items():
        drug = own.index[own == block]
        if other not in found.values() and len(drug) and drug[0] not in found:
            found[str(drug[0])] = str(other)
    return found


def out_of_fold(here: DrugScreen, there: DrugScreen, new: list[str], n_folds: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions for lines held out (ln uM): of the drugs trained on, and of those only the other screen has."""
    asked = there.drugs.loc[new, ["name", "smiles", "targets", "pathway", "mechanism"]]
    known, unknown = [], []
    for fold in orx.response.folds(here, "cell", n_folds):
        model = orx.response.ResponseModel().fit(fold.training_screen(here), progress=False)
        cells = here.cells[fold.test_cells]
        known.append(model.predict(cells, domain="cell_line").mean)
        unknown.append(model.predict(cells, asked, "cell_line").mean.set_axis(new, axis=1))
    return pd.concat(known), pd.concat(unknown)


def line_pairs(first: DrugScreen, second: DrugScreen) -> dict[str, str]:
    """Line of the second screen for each shared line of the first, by identity where both state one."""
    pairs: dict[str, str] = {}
    for column in ("cellosaurus_id", "depmap_id", "cosmic_id", "name"):
        if column in first.cells.obs and column in second.cells.obs:
            own = {str(value).casefold(): cell for cell, value in second.cells.obs[column].dropna().items()}
            for cell, value in first.cells.obs[column].dropna().items():
                other = own.get(str(value).casefold())
                if other is not None and cell not in pairs and other not in pairs.values():
                    pairs[str(cell)] = str(other)
    return pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=5)
    told = parser.parse_args()
    here, there = orx.datasets.load("gdsc2"), orx.datasets.load("ccle")
    drugs, lines = drug_pairs(here, there), line_pairs(here, there)
    lacking = [drug for drug in there.drugs.index if drug not in drugs.values()]
    known, unknown = out_of_fold(here, there, lacking, told.folds)
    own = here.matrix()
    for response, sign in (("ln_ic50", 1.0), ("act_area", -1.0)):
        other = sign * there.matrix(response)
        cells = [cell for cell in lines if cell in known.index and lines[cell] in other.index]
        rows, shared = [], {}
        for its in there.drugs.index:
            drug = next((drug for drug, same in drugs.items() if same == its), None)
            table = pd.DataFrame(
                {
                    "ccle": other.loc[[lines[cell] for cell in cells], its].to_numpy(),
                    "predicted": (unknown.loc[cells, its] if drug is None else known.loc[cells, drug]).to_numpy(),
                },
                index=cells,
            )  # fmt: skip
            if drug is not None:
                table["gdsc2"] = own.loc[cells, drug].to_numpy()
            table = table.dropna()
            if len(table) >= MIN_LINES and table["ccle"].nunique() > 2:
                r = table.corr(method="spearman")["ccle"]
                if drug is not None:
                    shared[its] = table
                rows.append(
                    {
                        "drug": there.drugs.loc[its, "name"], "lines": len(table), "predicted": r["predicted"],
                        "measured by GDSC2": r.get("gdsc2", np.nan),
                        "at CCLE's highest": np.isclose(table["ccle"], table["ccle"].max()).mean(),
                    }
                )  # fmt: skip
        show(response, pd.DataFrame(rows).sort_values("measured by GDSC2", ascending=False), shared)


def spearman(measured: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Spearman correlation over lines of each drug."""
    y, f = (pd.DataFrame(part).rank().to_numpy() for part in (measured, other))
    y, f = y - np.nanmean(y, axis=0), f - np.nanmean(f, axis=0)
    return np.nansum(y * f, axis=0) / np.sqrt(np.nansum(y**2, axis=0) * np.nansum(f**2, axis=0))


def gap_of(measured: np.ndarray, predicted: np.ndarray, own: np.ndarray) -> float:
    """Mean over drugs of the correlation of predictions less that of GDSC2's own measurement."""
    return float(np.mean(spearman(measured, predicted) - spearman(measured, own)))


def show(response: str, table: pd.DataFrame, pairs: dict[str, pd.DataFrame]) -> None:
    """Print one row a drug, the means, and the gap with its interval over lines and drugs."""
    print(f"\n{response} of CCLE\n{table.round(3).to_string(index=False)}")
    shared = table["measured by GDSC2"].notna()
    both, new = table[shared], table[~shared]
    wide = [pd.DataFrame({drug: own[name] for drug, own in pairs.items()}) for name in ("ccle", "predicted", "gdsc2")]
    gap = crossed(gap_of, *wide)
    print(
        f"{len(both)} drugs of both, median {both['lines'].median():.0f} lines: mean Spearman predicted "
        f"{both['predicted'].mean():.3f}, measured {both['measured by GDSC2'].mean():.3f}; gap {gap.value:.3f} "
        f"({gap.lower:.3f} to {gap.upper:.3f}); {len(new)} drugs of CCLE alone, median "
        f"{new['lines'].median():.0f} lines: predicted as new molecules {new['predicted'].mean():.3f}"
    )


if __name__ == "__main__":
    main()
