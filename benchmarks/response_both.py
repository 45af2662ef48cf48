"""Lines and drugs of GDSC2 both unseen: what structure and targets add to the line effect that expression predicts.

    python benchmarks/response_both.py
    python benchmarks/response_both.py --seeds 1

Five folds of lines crossed with five of compounds, taken along the diagonal, once a seed. The naive prediction of an
unseen drug in an unseen line is the mean, over the training drugs, of what the model predicts for the line: one value
a line, the same for every drug. Per-drug r is the Pearson correlation over the test lines of a fold; the gain is paired
over drugs, 95% bootstrap interval in which drugs are resampled whole. Drugs with a known structure only.
"""

from __future__ import annotations

import argparse

import pandas as pd

import omics_rx as orx
from omics_rx.core.screen import DrugScreen
from omics_rx.metrics import response as metrics
from omics_rx.metrics.compare import paired_difference
from omics_rx.response import similarity
from omics_rx.response.crossfit import measured_in
from omics_rx.response.parts import PARTS
from omics_rx.response.prepare import cells_of, training_of, with_current_genes
from omics_rx.response.splits import Fold


def predicted(part: str, screen: DrugScreen, fold: Fold, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What a part says of the test pairs (ln uM), and what it says of the test lines whatever the drug."""
    training, reference = training_of(fold.training_screen(screen))
    lines = with_current_genes(screen.cells[fold.test_cells])
    z = orx.harmonize.domain.to_training_scale(lines, list(reference.genes), domain="cell_line", reference=reference).z
    cells = cells_of(lines, z)
    fitted = PARTS[part]().fit(training, seed=seed)
    asked = similarity.features(screen.drugs.loc[fold.test_drugs])
    own = fitted.predict(cells, asked)
    line = fitted.predict(cells, training.drugs).mean(axis=1)
    naive = pd.DataFrame(dict.fromkeys(fold.test_drugs, line), index=fold.test_cells)
    return pd.DataFrame(own, index=fold.test_cells, columns=fold.test_drugs), naive


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3, help="how many ways to divide")
    parser.add_argument("--part", default="kernel", choices=[*PARTS])
    told = parser.parse_args()
    screen = orx.datasets.load("gdsc2", progress=False)
    screen = screen.subset(drugs=screen.drugs.index[screen.drugs["smiles"].notna()])
    drugs, figures = [], []
    for seed in range(told.seeds):
        for fold in orx.response.folds(screen, "both", told.folds, seed=seed):
            measured = measured_in(screen, fold)
            own, naive = predicted(told.part, screen, fold, seed)
            drugs.append(
                pd.DataFrame({"model": metrics.per_drug_r(measured, own), "line": metrics.per_drug_r(measured, naive)})
            )
            figures.append(
                {
                    "pearson": metrics.pearson(measured, own), "naive pearson": metrics.pearson(measured, naive),
                    "rmse": metrics.rmse(measured, own), "preference_r": metrics.preference_r(measured, own),
                }
            )  # fmt: skip
            print(f"seed {seed} fold {fold.number}: {drugs[-1].median().round(3).to_dict()}", flush=True)
    table = pd.concat(drugs)
    print(pd.DataFrame(figures).mean().round(3).to_string())
    print(f"per-drug r, median over {len(table)} drug and fold pairs: {table.median().round(3).to_dict()}")
    gap = paired_difference(table["model"], table["line"], groups=table.index.to_numpy())
    print(
        f"mean gain of per-drug r over the line effect {gap.value:.4f} ({gap.lower:.4f} to {gap.upper:.4f}), "
        f"{gap.n_groups} drugs; better for {(table['model'] > table['line']).mean():.0%}"
    )


if __name__ == "__main__":
    main()
