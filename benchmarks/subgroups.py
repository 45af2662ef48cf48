"""For whom signatures hold: planted interactions, and shipped signatures in TCGA. python benchmarks/subgroups.py.

Power and false alarms of the test of interaction on drawn cohorts (hazard ratio 2 a standard deviation in one of two
groups and 1 in the other, 100 events; and one ratio for both), then PAM50's risk order and the shipped signatures in
TCGA's Agilent tumours by age and race, and a cell death signature by sites and years. Needs the further data.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from drift import scanb, tcga
from pam50_agreement import data_folder, reference_inputs

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.harmonize.levels import levels_of
from omics_rx.metrics.subgroups import by_share
from omics_rx.signatures.subgroups import of_survival


def drawn(seed: int, ratio: float, *, n: int = 200, events: int = 100, groups: int = 2) -> float:
    """P of the interaction on one drawn cohort: a slope of log ``ratio`` in the first group, none in the others."""
    random = np.random.default_rng(seed)
    x, group = random.normal(size=n), np.arange(n) % groups
    at = random.exponential(30, n) * np.exp(-np.log(ratio) * x * (group == 0))
    end = np.sort(at)[events - 1]
    scored = pd.DataFrame(
        {"risk_score": x, "risk_group": np.where(x > 0, "high", "low"), "time": np.minimum(at, end),
         "event": at <= end},
        index=[f"s{number}" for number in range(n)],
    )  # fmt: skip
    obs = pd.DataFrame({"group": [f"group {one}" for one in group]}, index=scored.index)
    return float(of_survival("drawn", scored, obs, ["group"], baseline=None, seed=0).tests["p_value"].iloc[0])


def main() -> None:
    """Print power, false alarms, and figures by level."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=400)
    parser.add_argument("--only", choices=("drawn", "real"))
    asked = parser.parse_args()
    if asked.only != "real":
        power = np.mean([drawn(seed, 2.0) < 0.05 for seed in range(asked.reps)])
        print(f"hazard ratio 2 in one of two groups, 100 events: found in {power:.1%} of {asked.reps}")
        for groups in (2, 4):
            false = np.mean([drawn(seed, 1.0, groups=groups) < 0.05 for seed in range(asked.reps)])
            print(f"no interaction, {groups} groups: found in {false:.1%} of {asked.reps}")
    if asked.only != "drawn":
        real()
        calls()


def real() -> None:
    """Print shipped signatures in TCGA by age and race, and in SCAN-B by age and receptor."""
    for name, cohort, by in (
        ("TCGA", tcga(), ["race", "age"]), ("SCAN-B", scanb(), ["age", "er_status"]),
    ):  # fmt: skip
        for signature in orx.signatures.list().index:
            try:
                found = orx.signatures.load(signature).judge({name: cohort}, by=by).subgroups
            except InputError as error:
                print(f"{name}, {signature}: {error}")
                continue
            for row in found.table.to_dict("records"):
                told = row["told"] or f"{row['value']:.2f} ({row['lower']:.2f} to {row['upper']:.2f})"
                print(f"{name}, {signature}, {row['column']} {row['level']} ({row['events']}/{row['n']}): {told}")
            for row in found.tests.to_dict("records"):
                print(f"{name}, {signature}, {row['column']}: interaction p {row['p_value']:.2f}, "
                      f"corrected {row['p_corrected']:.2f} {row['told']}")  # fmt: skip


def calls() -> None:
    """Print how far PAM50 calls agree with the published ones in sequenced TCGA tumours, by age and race."""
    expression, published = reference_inputs(data_folder())["TCGA 712"]
    expression, published = (one.set_axis(one.index.str[:12]) for one in (expression, published))
    recorded = tcga().obs
    both = expression.index.intersection(recorded.index)
    right = (orx.scores.subtype(expression)["subtype"] == published)[both]
    print(f"PAM50 calls, {len(both)} tumours: agreement {right.mean():.3f}")
    for column in ("race", "age"):
        levels = levels_of(recorded.loc[both], column)
        found = by_share(right, levels.labels.to_numpy(), order=levels.order)
        for row in found.table.to_dict("records"):
            told = row["told"] or f"{row['value']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})"
            print(f"PAM50 calls, {column} {row['level']} ({row['n']}): {told}")
        print(f"PAM50 calls, {column}: levels differ, p {found.tests['p_value'].iloc[0]:.2f}")


if __name__ == "__main__":
    main()
