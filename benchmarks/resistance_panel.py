"""Few-marker panels on real data: python benchmarks/resistance_panel.py [PERMUTATIONS].

Resistance of breast and other lines to doxorubicin (GDSC1, upper third of ln IC50 against the lower) over expression,
mutation and copy number; and miRNA for the Basal subtype on the mixOmics patients. Markers are chosen inside each fold.
"""

import sys

import pandas as pd
from external_cohorts import folder

import omics_rx as orx
from omics_rx.core.cohort import expression
from omics_rx.signatures.panel import search_panel
from omics_rx.signatures.panel_curves import fewest_markers, learning_curve

DRUG = "Doxorubicin"
FAST = ("lasso", "lda", "naive_bayes", "cart", "shrunken_centroids", "ridge")


def resistance() -> tuple[dict[str, pd.DataFrame], pd.Series]:
    screen = orx.datasets.load("gdsc1")
    drug = screen.drugs.index[screen.drugs["name"] == DRUG].item()
    values = screen.matrix()[drug].dropna()
    low, high = values.quantile([1 / 3, 2 / 3])
    outcome = (values[(values <= low) | (values >= high)] >= high).astype(int)
    events = screen.cells.obsm["events"]
    mutated = [name for name in events if name.endswith("_mut")]
    profiles = {
        "expression": expression(screen.cells),
        "mutation": events[mutated],
        "copy number": events[[name for name in events if "_gain" in name or "_loss" in name]],
    }
    return profiles, outcome


def basal() -> tuple[dict[str, pd.DataFrame], pd.Series]:
    data = folder() / "mirna"
    parts = [pd.read_csv(data / f"mixomics_{name}_mirna.csv.gz", index_col=0) for name in ("train", "test")]
    calls = [
        pd.read_csv(data / f"mixomics_{name}_subtype.csv.gz", index_col=0).iloc[:, 0] for name in ("train", "test")
    ]
    values, subtype = pd.concat(parts), pd.concat(calls)
    subtype.index = values.index
    return {"miRNA": values}, (subtype == "Basal").astype(int)


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 19
    for title, (profiles, outcome) in {f"{DRUG}, resistance": resistance(), "Basal subtype": basal()}.items():
        found = search_panel(profiles, outcome, algorithms=FAST, sizes=(4, 12), n_permutations=n)
        print(f"\n{title}: {found.n} samples, {found.n_positive} of class 1, {n} permutations of the grid")
        print(found.table.round(3).to_string(index=False))
        best = found.table.iloc[0]
        profile = profiles[best["profile"]]
        print(fewest_markers(profile, outcome, best["algorithm"], n_repeats=2).round(3).to_string())
        curve, gain = learning_curve(profile, outcome, best["algorithm"], n_repeats=10)
        print(curve.round(3).to_string())
        print(f"gain in AUC per 100 samples {gain['per_100']:+.3f} ({gain['lower']:+.3f} to {gain['upper']:+.3f})")


if __name__ == "__main__":
    main()
