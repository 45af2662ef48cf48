"""AUC instead of ln IC50 as the target: unseen lines of GDSC2, the default model on the same folds for both.

    python benchmarks/response_auc.py
    python benchmarks/response_auc.py --folds 5

Per-drug r and preference r need no unit, so they stand side by side; so does how well the ln IC50 model orders the
measured AUC of a drug's lines, and the AUC model the measured ln IC50 (Spearman, median over drugs). An AUC near 1
for every line has no order to be foreseen, so the drugs are also taken in three thirds by its spread over the lines,
with how far the two measured responses agree. The difference between the two models is the mean over drugs of
Spearman's, with its 95% interval over lines and drugs, both resampled.
"""

from __future__ import annotations

import argparse

import pandas as pd
from over_drugs import gain, spearman, text

import omics_rx as orx
from omics_rx.response.crossfit import judge, measured_in


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=3, help="how many of the five folds")
    told = parser.parse_args()
    screen = orx.datasets.load("gdsc2", progress=False)
    rows, across, whole = [], [], {}
    for fold in orx.response.folds(screen, "cell", 5)[: told.folds]:
        training = fold.training_screen(screen)
        measured = {target: measured_in(screen, fold, target) for target in ("ln_ic50", "auc")}
        found = {}
        for target in measured:
            model = orx.response.ResponseModel(target=target).fit(training, progress=False)
            asked = screen.drugs.loc[fold.test_drugs]
            found[target] = model.predict(screen.cells[fold.test_cells], asked, "cell_line")
            own = judge(screen, fold, found[target], training.matrix(target).mean())
            rows.append({"target": target, **own})
        for name, frames in (("measured", measured), ("predicted", {one: found[one].mean for one in found})):
            for target, frame in frames.items():
                whole.setdefault((name, target), []).append(frame[measured["ln_ic50"].columns])
        for predicted in measured:
            for truth, values in measured.items():
                r = values.corrwith(found[predicted].mean, method="spearman")
                across.append(pd.DataFrame({"predicted": predicted, "measured": truth, "r": r}))
    print(pd.DataFrame(rows).groupby("target", sort=False).mean().round(3).T.to_string())
    table = pd.concat(across).rename_axis("drug").reset_index().groupby(["drug", "predicted", "measured"])["r"].mean()
    print(f"\nmedian Spearman within drugs\n{table.groupby(['predicted', 'measured']).median().round(3).to_string()}")
    one, two = screen.matrix("ln_ic50"), screen.matrix("auc")
    spread = two.std().rename("spread")
    third = pd.qcut(spread, 3).rename("spread of AUC")
    shown = table.rename("r").reset_index().pivot_table("r", "drug", ["predicted", "measured"])
    shown.columns = [f"{predicted} for {measured}" for predicted, measured in shown.columns]
    shown["measured alike"] = one.corrwith(two, method="spearman")
    print(f"\nby thirds of the spread of AUC\n{shown.groupby(third, observed=True).median().round(3).to_string()}")
    for truth in ("ln_ic50", "auc"):
        tables = [
            pd.concat(whole[name]) for name in (("measured", truth), ("predicted", "auc"), ("predicted", "ln_ic50"))
        ]
        print(f"measured {truth}: AUC model less ln IC50 model {text(gain(spearman, *tables))}")


if __name__ == "__main__":
    main()
