"""Single cells: one matrix in every way that people keep it, with what is no gene beside the genes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import anndata
import numpy as np
import pandas as pd
import scanpy as sc
from anndata import AnnData
from same_answer import Row
from scipy import sparse

import omics_rx as orx
from omics_rx.core import resources

N, P = 300, 1500
SETS = {
    "NK cells": ["NKG7", "GNLY", "GZMB", "PRF1", "CST7", "GZMA"],
    "B cells": ["CD79A", "CD79B", "MS4A1", "CD19", "CD22"],
}


def cells() -> AnnData:
    """Counts, depths from 500 to 5,000."""
    random = np.random.default_rng(3)
    table = resources.table("genes.tsv.gz")
    coding = table.loc[table["type"].eq("protein-coding"), "symbol"].tolist()
    names = list(dict.fromkeys([*(gene for genes in SETS.values() for gene in genes), "CD4", "CD14", *coding]))[:P]
    share = np.tile(random.lognormal(0, 1.3, P), (N, 1))
    share[::3, :6] *= 6
    share[1::3, 6:11] *= 6
    share /= share.sum(axis=1, keepdims=True)
    counts = random.poisson(share * random.integers(500, 5000, N)[:, None])
    obs = pd.DataFrame({"kind": ["NK", "B", "T"] * (N // 3)}, index=[f"cell{i}" for i in range(N)])
    return AnnData(sparse.csr_matrix(counts.astype(np.float32)), obs=obs, var=pd.DataFrame(index=names))


def answers(given: Any) -> dict[str, Any]:
    """Scores by level and by rank, and the scale of predictions."""
    genes = [gene for members in SETS.values() for gene in members]
    return {
        "mean": orx.scores.score(given, SETS, method="mean", progress=False),
        "ulm": orx.scores.score(given, SETS, method="ulm", progress=False),
        "zscore": orx.scores.score(given, SETS, method="zscore", progress=False),
        "scale": orx.harmonize.to_training_scale(given, genes, domain="single_cell").z,
    }


def logs(data: AnnData, target: float | None = 1e4, base: float | None = None) -> AnnData:
    """Logarithms as scanpy makes them."""
    made = data.copy()
    sc.pp.normalize_total(made, target_sum=target)
    sc.pp.log1p(made, base=base)
    return made


def scaled(data: AnnData, *, raw: bool = True, **more: Any) -> AnnData:
    """X scaled, logarithms in raw."""
    made = logs(data)
    if raw:
        made.raw = made.copy()
    made.X = made.X.toarray()
    sc.pp.scale(made, **more)
    return made


def with_layer(data: AnnData, name: str) -> AnnData:
    """X scaled, counts in a layer."""
    made = scaled(data, raw=False)
    made.layers[name] = data.X.copy()
    return made


def without_x(data: AnnData) -> AnnData:
    """Counts in a layer only."""
    made = AnnData(None, obs=data.obs.copy(), var=data.var.copy())
    made.layers["counts"] = data.X.copy()
    return made


def beside(data: AnnData, names: list[str], kind: str | None = None, *, first: bool = False) -> AnnData:
    """Other features among the genes."""
    random = np.random.default_rng(1)
    other = AnnData(
        sparse.csr_matrix(random.poisson(200, (N, len(names))).astype(np.float32)), obs=data.obs[[]].copy(),
        var=pd.DataFrame(index=names),
    )  # fmt: skip
    genes = AnnData(data.X.copy(), obs=data.obs[[]].copy(), var=data.var.copy())
    if kind is not None:
        other.var["feature_types"], genes.var["feature_types"] = kind, "Gene Expression"
    both = anndata.concat([other, genes] if first else [genes, other], axis=1, merge="first")
    both.var_names_make_unique()
    return both


def two_genomes(data: AnnData, human: str, mouse: str) -> AnnData:
    """Human genes beside those of the mouse."""
    random = np.random.default_rng(2)
    other = sparse.csr_matrix(random.poisson(0.5, (N, 400)).astype(np.float32))
    names = [*(human + data.var_names), *(mouse + name.capitalize() for name in data.var_names[:400])]
    return AnnData(sparse.hstack([data.X, other]).tocsr(), obs=data.obs.copy(), var=pd.DataFrame(index=names))


def renamed(data: AnnData, names: Any) -> AnnData:
    """Names of another kind, symbols beside them."""
    made = AnnData(data.X.copy(), obs=data.obs.copy(), var=pd.DataFrame({"features": data.var_names}))
    made.var_names = [str(name) for name in names]
    return made


def rows() -> Iterator[Row]:
    """One matrix in many ways."""
    data = cells()
    right = partial(answers, data)
    kept = {
        "dense": AnnData(data.X.toarray(), data.obs, data.var),
        "frame": data.to_df(),
        "16 bits": AnnData(data.X.astype(np.uint16), data.obs, data.var),
        "ln(CP10k + 1)": logs(data),
        "log2(CP10k + 1)": logs(data, base=2),
        "log10(CP10k + 1)": logs(data, base=10),
        "ln(CPM + 1)": logs(data, 1e6),
        "ln(counts + 1)": sc.pp.log1p(data.copy(), copy=True),
        "CP10k": sc.pp.normalize_total(data.copy(), target_sum=1e4, copy=True),
        "X scaled, logs in raw": scaled(data),
        "X scaled and cut, logs in raw": scaled(data, max_value=10),
        "X scaled, counts in a layer": with_layer(data, "counts"),
        "X scaled, counts in a layer of any name": with_layer(data, "umis"),
        "no X": without_x(data),
    }
    yield Row("matrix", right, {name: partial(answers, given) for name, given in kept.items()}, tolerance=5e-3)
    apart = {
        "proteins": beside(data, ["CD4", "CD14", "CD19", "CD56"], "Antibody Capture"),
        "proteins first": beside(data, ["CD4", "CD14", "CD19", "CD56"], "Antibody Capture", first=True),
        "guides": beside(data, ["sgTP53", "sgNT"], "CRISPR Guide Capture"),
        "hashtags": beside(data, ["HTO1", "HTO2"], "Multiplexing Capture"),
        "proteins by suffix": beside(data, ["CD4:AB", "CD19:AB"]),
        "proteins by prefix": beside(data, ["adt_CD4", "adt_CD19"]),
        "TotalSeq": beside(data, ["CD4_TotalSeqB", "CD19_TotalSeqB"]),
        "summary rows and spike-ins": beside(data, ["__no_feature", "N_unmapped", "ERCC-00002"]),
        "two genomes": two_genomes(data, "GRCh38_", "mm10___"),
        "two genomes, premrna": two_genomes(data, "GRCh38premrna-", "mm10premrna_"),
        "two genomes, hg19": two_genomes(data, "hg19_", "mm10_"),
    }
    yield Row("beside genes", right, {name: partial(answers, given) for name, given in apart.items()}, tolerance=5e-3)
    random = np.random.default_rng(4)
    asked = {
        "row numbers": renamed(data, range(P)),
        "row numbers from 1": renamed(data, range(1, P + 1)),
        "row numbers of variable genes": renamed(data, np.sort(random.choice(20_000, P, replace=False))),
        "row numbers in another order": renamed(data, random.permutation(P)),
        "counts beside logs": anndata.concat([data[:150], logs(data)[150:]]),
        "logs of two bases": anndata.concat([logs(data)[:150], logs(data, base=2)[150:]]),
        "counts corrected to any depth": AnnData(data.X.toarray() * random.uniform(0.5, 1, (N, P)), data.obs, data.var),
    }
    yield Row("asked", None, {name: partial(answers, given) for name, given in asked.items()})
