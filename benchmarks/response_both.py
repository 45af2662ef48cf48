"""Lines and drugs of GDSC2 both unseen: what structure and targets add to the line effect that expression predicts.

    python benchmarks/response_both.py
    python benchmarks/response_both.py --seeds 1

Five folds of lines crossed with five of compounds, taken along the diagonal, once a seed. The naive prediction of an
unseen drug in an unseen line is the mean, over the training drugs, of what the model predicts for the line: one value
a line, the same for every drug. Per-drug r is the Pearson correlation over the test lines of a fold; the gain is paired
over drugs, with its 95% interval over lines and drugs, both resampled with all their divisions. Drugs with a known
structure only.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from over_drugs import pearson, text

import omics_rx as orx
from omics_rx.core.screen import DrugScreen
from omics_rx.metrics import response as metrics
from omics_rx.metrics.compare import crossed
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


def gain(blocks: list[list[tuple[pd.DataFrame, ...]]]):
    """Mean gain of per-drug r over drugs and divisions, whose blocks are put into tables over all lines and drugs."""
    whole = [
        [pd.concat([block[side] for block in own]).groupby(level=0).first() for side in range(3)] for own in blocks
    ]
    lines, drugs = sorted(whole[0][0].index), sorted(whole[0][0].columns)
    tables = [pd.concat([own[side].reindex(lines, columns=drugs) for own in whole]).to_numpy() for side in range(3)]
    division = np.repeat(np.arange(len(whole), dtype=float), len(lines))[:, None] + np.zeros(len(drugs))

    def gap(y: np.ndarray, one: np.ndarray, two: np.ndarray, division: np.ndarray) -> float:
        rows = [division[:, 0] == number for number in range(len(whole))]
        gaps = [pearson(y[own], one[own]) - pearson(y[own], two[own]) for own in rows]
        return float(np.nanmean(np.concatenate(gaps)))

    return crossed(gap, *tables, division, row_groups=np.tile(lines, len(whole)), n_boot=200)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3, help="how many ways to divide")
    parser.add_argument("--part", default="kernel", choices=[*PARTS])
    told = parser.parse_args()
    screen = orx.datasets.load("gdsc2", progress=False)
    screen = screen.subset(drugs=screen.drugs.index[screen.drugs["smiles"].notna()])
    drugs, figures, blocks = [], [], []
    for seed in range(told.seeds):
        blocks.append([])
        for fold in orx.response.folds(screen, "both", told.folds, seed=seed):
            measured = measured_in(screen, fold)
            own, naive = predicted(told.part, screen, fold, seed)
            blocks[-1].append((measured, own, naive))
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
    better = (table["model"] > table["line"]).mean()
    print(f"mean gain of per-drug r over the line effect {text(gain(blocks))}; better for {better:.0%}")


if __name__ == "__main__":
    main()
