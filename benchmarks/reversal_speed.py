"""Six reversal scores of 1,170 drugs x 500 patients in one pass, beside a loop over gseapy.

The loop calls gseapy.prerank once a drug and patient, as one would for a patient's two gene sets; it gives only the
enrichment scores of one of the six. It is timed on a sample of the pairs and extrapolated, and must agree.

Usage: python benchmarks/reversal_speed.py [--pairs 40]
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd

from omics_rx.core.work import rng
from omics_rx.repurposing import reversal

N_DRUGS, N_PATIENTS, N_GENES, N_SET = 1170, 500, 978, 150


def by_gseapy(profile: pd.Series, patient: pd.Series) -> float:
    import gseapy

    ordered = patient.sort_values(ascending=False)
    sets = {"up": list(ordered.index[:N_SET]), "down": list(ordered.index[-N_SET:])}
    found = gseapy.prerank(profile, sets, weight=1.0, permutation_num=1, outdir=None, min_size=5, seed=1, threads=1,
                           verbose=False).res2d.set_index("Term")["ES"].astype(float)  # fmt: skip
    up, down = found["up"], found["down"]
    return 0.0 if np.sign(up) == np.sign(down) else (up - down) / 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=40)
    n = parser.parse_args().pairs
    random = rng(0, "reversal-speed")
    genes = [f"g{i}" for i in range(N_GENES)]
    drugs = pd.DataFrame(random.normal(size=(N_DRUGS, N_GENES)), columns=genes)
    patients = pd.DataFrame(random.normal(size=(N_PATIENTS, N_GENES)), columns=genes)
    begin = time.perf_counter()
    scored = reversal.Profiles.of(drugs).score_many(patients, n_genes=N_SET)
    ours = time.perf_counter() - begin
    pairs = [(random.integers(N_DRUGS), random.integers(N_PATIENTS)) for _ in range(n)]
    begin = time.perf_counter()
    theirs = [by_gseapy(drugs.iloc[d], patients.iloc[p]) for d, p in pairs]
    loop = (time.perf_counter() - begin) / n * N_DRUGS * N_PATIENTS
    apart = max(abs(value - scored["wtcs"].iloc[d, p]) for value, (d, p) in zip(theirs, pairs, strict=True))
    print(f"{len(scored)} scores of {N_DRUGS} drugs x {N_PATIENTS} patients, one pass: {ours:.1f} s")
    print(f"a loop over gseapy.prerank, one score, from {n} pairs: {loop:.0f} s ({loop / ours:.0f} times as long)")
    print(f"largest difference of the weighted connectivity score: {apart:.1e}")


if __name__ == "__main__":
    main()
