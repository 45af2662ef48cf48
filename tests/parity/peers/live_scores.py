"""What decoupler, GSEApy and scipy print."""

from __future__ import annotations

from typing import Any

import pandas as pd
from peer_scores import ALL_GENES, EXPRESSION, GENES, GROUP, LISTED, OVERLAPS, SETS, TIED, flat, lengths, weighted


def _decoupler(method: str, table: pd.DataFrame, *, signed: bool = False, **settings: Any) -> dict[str, float]:
    import decoupler

    weights = weighted()
    net = pd.DataFrame(
        [(name, gene, weights[name][gene] if signed else 1.0) for name in SETS for gene in SETS[name]],
        columns=["source", "target", "weight"],
    )
    found = getattr(decoupler.mt, method)(table.astype(float), net, tmin=1, **settings)
    return flat(found[0] if isinstance(found, tuple) else found)


def _gseapy(method: str, value: str, **settings: Any) -> dict[str, float]:
    import gseapy

    call = getattr(gseapy, method)
    found = call(EXPRESSION.T, SETS, outdir=None, min_size=1, max_size=5000, threads=1, **settings).res2d
    return flat(found.pivot_table(index="Name", columns="Term", values=value, aggfunc="first").astype(float))


def _spearman() -> dict[str, float]:
    from scipy.stats import spearmanr

    from omics_rx.scores.centroids import centroids

    table, profile = lengths(), centroids()
    return {
        f"{row} {name}": float(spearmanr(table.loc[row], profile[name], nan_policy="omit")[0])
        for row in table.index
        for name in profile.columns
    }


def _mann_whitney() -> dict[str, float]:
    from scipy.stats import mannwhitneyu

    area, p = {}, {}
    for gene in GENES:
        inside, outside = TIED.loc[GROUP, gene], TIED.loc[~GROUP, gene]
        found = mannwhitneyu(inside, outside, method="asymptotic")
        area[f"{gene} auc"] = float(found.statistic / (len(inside) * len(outside)))
        p[f"{gene} p"] = float(found.pvalue)
    return {**area, **p}


def _hypergeometric() -> dict[str, float]:
    from scipy.stats import hypergeom

    return {f"{a} of {b}": float(hypergeom.sf(a - 1, ALL_GENES, b, LISTED)) for a, b in OVERLAPS}


LIVE = {
    "decoupler ulm": lambda: _decoupler("ulm", EXPRESSION, signed=True),
    "decoupler aucell": lambda: _decoupler("aucell", EXPRESSION, n_up=6),
    "decoupler aucell ties": lambda: _decoupler("aucell", TIED, n_up=6),
    "gseapy ssgsea": lambda: _gseapy("ssgsea", "ES", sample_norm_method="rank", no_plot=True),
    "gseapy gsva": lambda: _gseapy("gsva", "ES", kcdf="Gaussian"),
    "scipy spearman": _spearman,
    "scipy ranks": _mann_whitney,
    "scipy overlap": _hypergeometric,
}
