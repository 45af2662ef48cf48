"""What it brings to know that a response lies beyond the doses tested, on unseen lines of GDSC2.

    python benchmarks/response_censored.py
    python benchmarks/response_censored.py --at 0.4 --folds 5

GDSC2's wheel does not tell the doses tested. So a highest dose is set for each drug at a quantile of its responses, and
what lies above it is hidden: the value becomes the dose. One model takes the dose for the response, one is told that it
is a bound; both are judged against what was measured, on lines that neither has seen. Gains are means over drugs of
figures over all lines out of fold, with their 95% interval over lines and drugs, both resampled.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from over_drugs import gain, pearson, squared_error, text

import omics_rx as orx
from omics_rx.core.screen import DrugScreen
from omics_rx.metrics import response as metrics
from omics_rx.response.crossfit import measured_in


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at", type=float, default=0.5, help="quantile of a drug's responses that is its highest dose")
    parser.add_argument("--folds", type=int, default=2, help="how many of the five folds")
    told = parser.parse_args()
    screen = orx.datasets.load("gdsc2", progress=False)
    value = screen.responses["ln_ic50"]
    highest = screen.responses.groupby("drug_id")["ln_ic50"].transform(lambda own: own.quantile(told.at))
    cut = screen.responses.assign(ln_ic50=np.minimum(value, highest))
    screens = {
        "measured": screen,
        "dose for response": DrugScreen(cut, screen.cells, screen.drugs, screen.name),
        "bound": DrugScreen(cut.assign(censored=value > highest), screen.cells, screen.drugs, screen.name),
    }
    rows, truth, told_by = [], [], {name: [] for name in screens}
    for fold in orx.response.folds(screen, "cell", 5)[: told.folds]:
        measured = measured_in(screen, fold)
        truth.append(measured)
        for name, own in screens.items():
            model = orx.response.ResponseModel().fit(fold.training_screen(own), progress=False)
            found = model.predict(screen.cells[fold.test_cells], domain="cell_line").mean[measured.columns]
            told_by[name].append(found)
            within = metrics.per_drug_r(measured, found).median()
            rows.append(
                {"model": name, "rmse": metrics.rmse(measured, found), "bias": float(np.nanmean(found - measured)),
                 "per-drug r": within, "preference r": metrics.preference_r(measured, found)}
            )  # fmt: skip
            print(f"fold {fold.number} {name}", flush=True)
    print(f"highest dose at the {told.at:.0%} quantile of each drug, {told.folds} folds")
    print(pd.DataFrame(rows).groupby("model", sort=False).mean().round(3).to_string())
    tables = [pd.concat(made) for made in (truth, told_by["bound"], told_by["dose for response"])]
    for title, each in (("mean squared error", squared_error), ("per-drug r", pearson)):
        print(f"{title}, bound less dose: {text(gain(each, *tables))}")


if __name__ == "__main__":
    main()
