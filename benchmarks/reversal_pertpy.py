"""Our weighted connectivity score beside pertpy's signature reversal: the same profiles, the same queries.

pertpy (1.4.0 and later, ``pt.tl.Enrichment().signature_reversal``) gives one of our six scores, the weighted
connectivity of Subramanian et al. 2017, for one query at a time; a query is two sets, so the largest genes of each
disease are handed to it. Definitions are the same but for genes that tie and for deviations alike on both sides.

Usage: python benchmarks/reversal_pertpy.py [--queries 20] (needs pertpy 1.4 or later, thus Python 3.12 or later)
"""

from __future__ import annotations

import argparse
import time
from importlib.metadata import version

import numpy as np
import pandas as pd
from anndata import AnnData

from omics_rx.core.work import rng
from omics_rx.repurposing import reversal

N_DRUGS, N_GENES, N_SET = 1170, 978, 150


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=20)
    n = parser.parse_args().queries
    import pertpy

    random, genes = rng(0, "reversal-pertpy"), [f"g{i}" for i in range(N_GENES)]
    drugs = pd.DataFrame(random.normal(size=(N_DRUGS, N_GENES)), columns=genes)
    patients = pd.DataFrame(random.normal(size=(n, N_GENES)), columns=genes)
    begin = time.perf_counter()
    ours = reversal.Profiles.of(drugs).score_many(patients, n_genes=N_SET)["wtcs"]
    own = time.perf_counter() - begin
    data = AnnData(drugs.to_numpy(), var=pd.DataFrame(index=genes))
    enrichment, theirs = pertpy.tl.Enrichment(), np.empty(ours.shape)
    begin = time.perf_counter()
    for i, patient in enumerate(patients.to_numpy()):
        order = np.argsort(-patient)
        up, down = ([genes[k] for k in side] for side in (order[:N_SET], order[-N_SET:]))
        enrichment.signature_reversal(data, up_genes=up, down_genes=down)
        theirs[:, i] = data.obs["signature_reversal_connectivity"]
    other = time.perf_counter() - begin
    print(f"pertpy {version('pertpy')}: {N_DRUGS} profiles of {N_GENES} genes, {n} queries of two sets of {N_SET}")
    print(f"largest difference of the weighted connectivity score: {np.abs(ours.to_numpy() - theirs).max():.1e}")
    print(f"ours, all six scores: {own:.2f} s; pertpy, this one: {other:.2f} s ({other / own:.0f} times as long)")


if __name__ == "__main__":
    main()
