"""Scores of gene sets, ranks and tests of lists: ours where peers print numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from peer_cases import HERE, Case
from r_random import rnorm
from scipy import sparse

from omics_rx.core.cohort import as_cohort, with_info
from omics_rx.scores import score
from omics_rx.scores.centroids import centroids, correlations
from omics_rx.scores.kernels.overlap import overlap_p
from omics_rx.scores.kernels.ranks import row_ranks
from omics_rx.scores.kernels.separation import separation
from omics_rx.scores.kernels.singscore import singscore

EXPRESSION = pd.read_csv(HERE / "expression.csv", index_col="sample")
TIED = EXPRESSION.round(0)
GENES = list(EXPRESSION.columns)
SETS = {"first": GENES[:8], "spread": GENES[::5], "late": GENES[40:55]}
GROUP = np.arange(len(EXPRESSION)) < 4
# what a list of 12 of 200 genes shares with sets: shared genes, size of the set
OVERLAPS = ((0, 10), (1, 10), (3, 10), (6, 10), (5, 40), (12, 12), (12, 60))
LISTED, ALL_GENES = 12, 200


def weighted() -> dict[str, dict[str, float]]:
    """The sets with weights of either sign."""
    return {
        name: {gene: (-1.0 if at % 3 == 0 else 0.5 + at / 10) for at, gene in enumerate(genes)}
        for name, genes in SETS.items()
    }


def flat(table: pd.DataFrame) -> dict[str, float]:
    """Samples x sets as values by name."""
    return {f"{row} {name}": float(table.loc[row, name]) for row in EXPRESSION.index for name in SETS}


def lengths() -> pd.DataFrame:
    """Made-up levels of the PAM50 genes, ten samples, two of them with missing genes."""
    genes = list(centroids().index)
    grid = np.add.outer(np.arange(10) * 7.0, np.arange(len(genes)) * 3.0) + 1
    table = pd.DataFrame(np.sin(grid).round(3), columns=genes)
    table.iloc[8, ::4] = np.nan
    table.iloc[9, 1::3] = np.nan
    return table


def _score(
    method: str, *, signed: bool = False, level: bool = False, **settings: Any
) -> Callable[[], dict[str, float]]:
    def ours() -> dict[str, float]:
        sets: Any = weighted() if signed else SETS
        return flat(score(TIED if level else EXPRESSION, sets, method=method, progress=False, **settings))

    return ours


def _correlations() -> dict[str, float]:
    found = correlations(lengths())
    return {f"{row} {name}": float(found.loc[row, name]) for row in found.index for name in found.columns}


def _separation() -> dict[str, float]:
    area, p = separation(TIED.to_numpy(), GROUP[:, None])
    return {
        **{f"{gene} auc": float(value) for gene, value in zip(GENES, area[:, 0], strict=True)},
        **{f"{gene} p": float(value) for gene, value in zip(GENES, p[:, 0], strict=True)},
    }


def _overlaps() -> dict[str, float]:
    shared, size = np.array(OVERLAPS).T
    found = overlap_p(shared, size, LISTED, ALL_GENES)
    return {f"{a} of {b}": float(value) for (a, b), value in zip(OVERLAPS, found, strict=True)}


def _fora() -> dict[str, float]:
    found = overlap_p(np.array([2, 4, 0]), np.array([3, 4, 3]), 5, 10)
    return {"2 of 3": float(found[0]), "4 of 4": float(found[1]), "0 of 3": float(found[2])}


def _singscore() -> dict[str, float]:
    values = np.array([[1.0, 2.0, 5.0, 5.0]])
    members = sparse.csr_array(np.array([[0, -1.0], [0, 0], [1.0, 1.0], [1.0, 1.0]]))
    found = singscore(values, members)[0]
    ranks = row_ranks(values, ties="min")[0]
    return {"up": float(found[0]), "both": float(found[1]), **{f"rank {at}": float(v) for at, v in enumerate(ranks)}}


def _gsva_ssgsea() -> dict[str, float]:
    """Scores of the ten genes and thirty samples of GSVA's test, which R draws from seed 123, over their range."""
    genes = [f"TEST{at}" for at in range(1, 11)]
    values = pd.DataFrame(rnorm(123, 300).reshape(30, 10), [f"s{at}" for at in range(30)], genes)
    values.iloc[15:, :3] += 2
    sets = {"set1": genes[:3], "set2": genes[3:6], "set3": genes[6:]}
    found = score(with_info(as_cohort(values), unit="log2 ratio"), sets, method="ssgsea", progress=False)
    found = found / np.ptp(found.to_numpy())
    return {f"{name} {what}": float(getattr(found[name], what)()) for what in ("mean", "std") for name in sets}


TABLE = "the peer reads the normal distribution from a table; ours is within 1e-7 of the function"
CASES = [
    Case("decoupler ulm", "decoupler", "mt.ulm, weights of either sign", _score("ulm", signed=True)),
    Case("decoupler aucell", "decoupler", "mt.aucell(n_up=6)", _score("aucell", top=0.1)),
    Case(
        "decoupler aucell ties",
        "decoupler",
        "mt.aucell(n_up=6), whole numbers",
        _score("aucell", level=True, top=0.1),
        stated="decoupler orders tied genes by a draw with its own seed; ours is the mean over all orders",
        bound=0.4,
    ),
    Case("gseapy ssgsea", "GSEApy", "ssgsea(sample_norm_method='rank')", _score("ssgsea")),
    Case("gseapy gsva", "GSEApy", "gsva(kcdf='Gaussian')", _score("gsva"), stated=TABLE, bound=0.03),
    Case(
        "scipy spearman",
        "scipy",
        "stats.spearmanr with the PAM50 centroids (genefu's and the authors' measure)",
        _correlations,
    ),
    Case("scipy ranks", "scipy", "stats.mannwhitneyu(method='asymptotic'), tied values", _separation),
    Case("scipy overlap", "scipy", "stats.hypergeom.sf", _overlaps, 1e-9),
    Case("fgsea fora", "fgsea", "fora, its own tests (phyper written out)", _fora),
    Case(
        "gsva ssgsea",
        "GSVA",
        "gsva(method='ssgsea') of set.seed(123), its own test; divided by the range of all scores",
        _gsva_ssgsea,
        1e-7,
        "printed with 7 or 8 digits",
    ),
    Case("singscore", "singscore", "rankGenes('min'), simpleScore, its own tests", _singscore),
]
