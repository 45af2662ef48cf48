"""Raw intensities of breast tumour cells to viability, curves and a screen, beside the authors' areas.

    python benchmarks/raw_plates.py

104 drugs on short-term cultures of 37 breast tumour xenografts (Bruna et al., Cell 2016), five doses, control and
blank: ``../shared/data/drugs`` or ``$OMICS_RX_DATA``. The authors' area grows with the effect, so it is compared with 1
less the AUC. The curves of one culture and drug are averaged over plates, as theirs are. Then 384-well plates drawn
with known curves: with and without wells at the edge that read too low, what the plates say of themselves, and how
far ln IC50 is off. Last, 300 random starts a curve on a sample of the real ones: none may end in a better optimum.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy.stats import spearmanr

import omics_rx as orx
from omics_rx.core.screen import DrugScreen
from omics_rx.harmonize import logistic


def folder() -> Path:
    """Where the public plates lie."""
    return Path(os.environ.get("OMICS_RX_DATA", Path(__file__).parents[2] / "shared" / "data")) / "drugs"


def wells() -> pd.DataFrame:
    """Intensities as wells: each curve has its own control and blank, which are means already."""
    raw = pd.read_csv(folder() / "pdtc_raw_doses.csv.gz")
    plate = raw["BARCODE"].astype(str) + " " + raw.index.astype(str)
    parts = [
        pd.DataFrame({"plate": plate, "role": "sample", "cell_id": raw["ID"], "drug_id": raw["DRUG_ID"].astype(str),
                      "dose_um": raw[f"D{i}_CONC"], "signal": raw[f"D{i}_INTENSITY"]})
        for i in range(1, 6)
    ]  # fmt: skip
    parts += [pd.DataFrame({"plate": plate, "role": role, "signal": raw[role.capitalize()]})
              for role in ("control", "blank")]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def real() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Points and fitted curves of the public plates."""
    points = orx.harmonize.plates(wells()).points
    points = points.assign(screen=points["plate"])
    return points, orx.harmonize.fit_curves(points, highest_um=2000, progress=False)


def with_authors(curves: pd.DataFrame) -> pd.DataFrame:
    """One row a culture and drug with both areas."""
    theirs = pd.read_csv(folder() / "pdtc_published_auc.csv.gz").rename(columns={"ID": "cell_id", "Drug": "drug_id"})
    own = curves.groupby(["cell_id", "drug_id"])["auc"].mean().reset_index()
    return own.merge(theirs.groupby(["cell_id", "drug_id"])["AUC"].mean().reset_index(), on=["cell_id", "drug_id"])


def planted(random: np.random.Generator, *, edge: float) -> tuple[pd.DataFrame, pd.Series]:
    """Wells of a 384-well plate with 16 lines under one drug at 20 doses, and each line's true ln IC50."""
    doses = 20 / 1.6 ** np.arange(20)
    lines = [f"line {i}" for i in range(16)]
    centre = np.log(doses[np.linspace(4, 15, 16).astype(int)])
    rows = []
    for row, line in enumerate(lines):
        for column in range(24):
            role = "control" if column in (0, 12) else "blank" if column in (11, 23) else "sample"
            place = column - 1 - (column > 12) * 2 if role == "sample" else 0
            share = 1.0 if role == "control" else 0.0
            if role == "sample":
                share = 1 / (1 + (doses[place] / np.exp(centre[row])) ** 1.5)
            outer = row in (0, 15) or column in (0, 23)
            signal = (500 + 9500 * share) * (edge if outer else 1.0) * np.exp(random.normal(0, 0.05))
            rows.append((f"{chr(65 + row)}{column + 1}", role, line, "d", doses[place], signal))
    table = pd.DataFrame(rows, columns=["well", "role", "cell_id", "drug_id", "dose_um", "signal"])
    return table.assign(plate=f"edge {edge:g}"), pd.Series(centre, lines)


def better(points: pd.DataFrame, n_curves: int, n_starts: int) -> int:
    """How many curves have an optimum that random starts find and the fit does not (loss lower by .001)."""
    chosen = points[["cell_id", "drug_id", "screen"]].drop_duplicates().sample(n_curves, random_state=0)
    some = points.merge(chosen)
    shape = (n_curves, 5)
    order = some.sort_values(["cell_id", "drug_id", "screen", "dose_um"])
    x, y = np.log(order["dose_um"].to_numpy()).reshape(shape), order["viability"].to_numpy().reshape(shape)
    low, high = x.min(axis=1), x.max(axis=1)
    fit = logistic.solved(x, y, np.ones(shape, dtype=bool), (low + high) / 2)
    own, best = fit.points.loss(fit.theta), fit.points.loss(fit.theta)
    random = np.random.default_rng(0)
    for _ in range(n_starts):
        start = np.column_stack(
            [random.normal(0.9, 0.4, n_curves), random.normal(0.5, 0.5, n_curves), random.uniform(-2, 3.5, n_curves),
             random.uniform(low - 3, high + 3)]
        )  # fmt: skip
        best = np.minimum(best, fit.points.loss(logistic.descended(start, fit.points)))
    return int((own - best > 1e-3).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--curves", type=int, default=1000, help="curves that random starts are tried on")
    parser.add_argument("--starts", type=int, default=300)
    told = parser.parse_args()
    points, curves = real()
    print(f"{len(curves):,} curves of {points['cell_id'].nunique()} cultures and {points['drug_id'].nunique()} drugs")
    print(curves["reason"].replace("", "bracketed by the doses").value_counts().to_string())
    both = with_authors(curves)
    print(f"1 - AUC beside the authors' area, {len(both):,} pairs: Spearman "
          f"{spearmanr(1 - both['auc'], both['AUC']).statistic:.3f}")  # fmt: skip
    kept = curves[curves["ln_ic50"].notna()].reset_index(drop=True)
    names = sorted(kept["cell_id"].unique())
    cells = AnnData(np.zeros((len(names), 1), dtype=np.float32), obs=pd.DataFrame(index=names))
    drugs = pd.DataFrame({"name": kept["drug_id"].unique()}, index=kept["drug_id"].unique())
    print(DrugScreen(kept.drop(columns="reason"), cells, drugs, "xenografts"))
    random = np.random.default_rng(0)
    for edge in (1.0, 0.7):
        table, truth = planted(random, edge=edge)
        found = orx.harmonize.plates(table)
        fitted = orx.harmonize.fit_curves(found.points, progress=False).set_index("cell_id")["ln_ic50"]
        print(f"\nplanted 384 wells, edge at {edge:g}: ln IC50 off by {(fitted - truth).abs().median():.2f} (median)")
        print(found.quality.round(2).T.to_string())
    print(f"\nof {told.curves} real curves {better(points, told.curves, told.starts)} have a better optimum by "
          f"{told.starts} random starts")  # fmt: skip


if __name__ == "__main__":
    main()
