"""Shares of cell types between patients of high and of low risk.

python benchmarks/shares_by_risk.py    (needs the further real data: OMICS_RX_DATA or ../shared/data)

SCAN-B, 400 tumours: shares by deconvolution (quanTIseq), risk groups by the shipped cell-death signature. And from the
single cells of the one patient there is: shares of minor types in random draws of the cells, where no difference is to
be found.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from pam50_agreement import data_folder, reference_inputs
from single_cell_tnbc import MINOR, load

import omics_rx as orx
from omics_rx.core import cohort as cohorts

SHOWN = ["n_first", "n_second", "mean_first", "mean_second", "difference", "lower", "upper", "p_value", "q_value"]


def main() -> None:
    logged, _ = reference_inputs(data_folder())["SCAN-B 400 (38 of the genes)"]
    risk = orx.signatures.load("cell_death").score(logged)["risk_group"]
    linear = (np.exp2(logged) - 0.1).clip(lower=0.0)
    fractions = orx.scores.deconvolve(cohorts.with_info(cohorts.as_cohort(linear), unit="FPKM")).fractions
    table = orx.scores.compare_shares(fractions, risk[risk.isin(["high", "low"])])
    print(f"SCAN-B, high less low risk ({risk.value_counts().to_dict()}):\n{table[SHOWN].round(4).to_string()}")
    cells = load()
    random = np.random.default_rng(0)
    samples = pd.Series([f"draw{i}" for i in random.integers(8, size=cells.n_obs)], index=cells.obs_names)
    shares = orx.scores.shares(cells.obs[MINOR], samples)
    groups = pd.Series({name: "high" if int(name[4:]) < 4 else "low" for name in shares.index})
    nothing = orx.scores.compare_shares(shares, groups)
    print(f"\none tumour, random draws of its cells: smallest q of {len(nothing)} types {nothing['q_value'].min():.2f}")


if __name__ == "__main__":
    main()
