"""Names and curves; upper and lower are the limits of a dose-response curve, which has its standard error beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from null_cases import case
from omics_rx.harmonize import fit_curves
from omics_rx.harmonize.logistic import Curves

REASONS = {
    "harmonize.plates": "hands wells over to harmonize.fit_curves and estimates nothing",
}

_DOSES = 10 / 2.0 ** np.arange(9)[::-1]


@case("harmonize.fit_curves", "interval", unit="curves", full=100, fast=10)
def ln_ic50_of_nine_noisy_doses(random):
    """Value and 1.96 standard errors, where half is reached well within the doses."""
    n, x = 30, np.log(_DOSES)
    curves = Curves(
        np.ones(n), random.uniform(0, 0.3, n), np.exp(random.normal(0.2, 0.3, n)), random.uniform(x[2], x[-3], n)
    )
    wells = curves.viability(np.tile(x, (n, 1))) + random.normal(0, 0.05, (n, len(x)))
    points = pd.DataFrame(
        {"cell_id": np.repeat(np.arange(n), len(x)), "drug_id": "d", "dose_um": np.tile(_DOSES, n),
         "viability": wells.ravel()}
    )  # fmt: skip
    found = fit_curves(points, progress=False)
    truth = curves.halved(np.full(n, x[0]), np.full(n, x[-1]))[0]
    return found["ln_ic50"] - 1.96 * found["se"], found["ln_ic50"] + 1.96 * found["se"], truth
