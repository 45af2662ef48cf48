"""Needs: a cohort that lacks what a method needs gets the right answer all the same, or the method asks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from same_answer import Row

import omics_rx as orx
from omics_rx.core import resources
from omics_rx.core.cohort import as_cohort, with_info


@cache
def mixtures() -> pd.DataFrame:
    """12 mixtures of immune cells and 70% others, TPM of 6,000 genes."""
    random = np.random.default_rng(3)
    profiles = orx.scores.til10(tumour=False).profiles
    shares = random.dirichlet(np.r_[np.full(10, 0.5), 12.0], size=12)
    immune = shares[:, :10] @ profiles.T.to_numpy()
    others = [g for g in resources.table("genes.tsv.gz")["symbol"] if g not in profiles.index][:6000]
    rest = random.gamma(0.5, 1.0, size=(12, len(others)))
    rest *= ((1e6 - immune.sum(axis=1)) / rest.sum(axis=1))[:, None]
    names = [f"S{i}" for i in range(12)]
    return pd.DataFrame(np.hstack([immune, rest]), index=names, columns=[*profiles.index, *others])


def told(frame: pd.DataFrame, unit: str, **obs: Any) -> AnnData:
    """Cohort that says its unit, with columns of samples."""
    data = with_info(as_cohort(frame), unit=unit)
    for name, values in obs.items():
        data.obs[name] = values
    return data


def shares(cohort: Any, **settings: Any) -> pd.DataFrame:
    """Fractions of a cohort."""
    return orx.scores.deconvolve(cohort, **settings).fractions


def deconvolution() -> Iterator[Row]:
    """Parts of a transcriptome."""
    whole = mixtures()
    markers = [gene for gene in orx.scores.til10(tumour=False).markers if gene in whole]
    panel = whole[[*markers, *whole.columns[-600:]]]
    yield Row("cell fractions", partial(shares, told(whole, "TPM")), {
        "TPM, detected": partial(shares, whole),
        "log2(TPM + 1)": partial(shares, np.log2(whole + 1)),
        "ln(TPM + 1)": partial(shares, np.log(whole + 1)),
        "a panel of whole TPM, as told": partial(shares, told(panel, "TPM")),
        "its logarithm, as told": partial(shares, told(np.log2(panel + 1), "log2(TPM + 1)")),
        "markers of whole TPM, as told": partial(shares, told(whole[markers], "TPM")),
    }, tolerance=1e-5)  # fmt: skip
    again = panel.div(panel.sum(axis=1), axis=0) * 1e6
    yield Row("cell fractions of a part", None, {
        "a panel": partial(shares, told(panel.round(), "counts")),
        "a panel brought to a million": partial(shares, again),
        "a panel in FPKM": partial(shares, told(panel, "FPKM")),
        "markers alone": partial(shares, told(whole[markers], "FPKM")),
        "the most variable genes": partial(shares, told(whole[[*markers, *whole.var().nlargest(1500).index]].T
                                                        .drop_duplicates().T.round(), "counts")),
        "z-scores": partial(shares, (np.log2(whole + 1) - np.log2(whole + 1).mean()) / np.log2(whole + 1).std()),
        "EPIC with markers only": partial(shares, told(whole, "TPM"), method="epic"),
    })  # fmt: skip


def breast(n: int = 60) -> tuple[pd.DataFrame, pd.Series]:
    """Tumours of four subtypes, log2, with PAM50 and other genes at their levels."""
    random = np.random.default_rng(6)
    centroids = orx.scores.centroids()
    levels = resources.table("pam50_frozen.tsv").set_index("gene")["median_log2"].astype(float)
    genes = [gene for gene in centroids.index if gene in levels.index]
    truth = pd.Series(np.resize(["Basal", "Her2", "LumA", "LumB"], n), index=[f"TCGA-AA-{i:04d}-01A" for i in range(n)])
    own = (
        random.normal(size=(n, len(genes))) * 0.5 + centroids.loc[genes, truth].T.to_numpy() + levels[genes].to_numpy()
    )
    others = sorted({gene for one in orx.scores.pathway_sets().values() for gene in one} - set(genes))[:400]
    rest = np.maximum(random.normal(3, 3, (n, 400)), -3.3)
    return pd.DataFrame(np.hstack([own, rest]), index=truth.index, columns=[*genes, *others]), truth


def normals() -> Iterator[Row]:
    """Normal tissue among tumours."""
    tumours, _ = breast()
    random = np.random.default_rng(7)
    normal = tumours.iloc[:30] + random.normal(3, 1, tumours.shape[1])
    normal.index = [name.replace("-01A", "-11A") for name in normal.index]
    plain = tumours.set_axis([f"P{i}" for i in range(60)])
    beside = normal.set_axis([f"N{i}" for i in range(30)])
    both = pd.concat([plain, beside])
    columns = ["Primary Tumor"] * 60 + ["Solid Tissue Normal"] * 30

    def called(cohort: Any, names: pd.Index) -> list[str]:
        return orx.scores.subtype(cohort)["subtype"].loc[names].tolist()

    yield Row("PAM50 beside normal tissue", lambda: called(tumours, tumours.index), {
        "by barcode": lambda: called(pd.concat([tumours, normal]), tumours.index),
        "by sample_type": lambda: called(told(both, "log2 expression", sample_type=columns), plain.index),
        "by tissue_type": lambda: called(
            told(both, "log2 expression", tissue_type=["Tumor"] * 60 + ["Normal"] * 30), plain.index),
    })  # fmt: skip


def negative() -> Iterator[Row]:
    """Other tumours among triple-negative ones."""
    random = np.random.default_rng(8)
    signs = orx.scores.tnbc_centroids()
    genes = list(dict.fromkeys([*signs.index, "ESR1", "GATA3", "FOXA1", "XBP1"]))
    truth = np.repeat(list(signs.columns), 10)
    own = random.normal(8, 1, (40, len(genes)))
    own[:, : len(signs)] += signs[truth].T.to_numpy()
    alone = pd.DataFrame(own, index=[f"T{i}" for i in range(40)], columns=genes)
    others = pd.DataFrame(random.normal(8, 1, (20, len(genes))), index=[f"L{i}" for i in range(20)], columns=genes)
    others[["ESR1", "GATA3", "FOXA1", "XBP1"]] += 6
    both = pd.concat([alone, others])
    er = ["negative"] * 40 + ["positive"] * 20
    codes = {"ER.status": [int(status == "positive") for status in er]}

    def called(cohort: Any) -> list[str]:
        return orx.scores.tnbc_subtype(cohort)["subtype"].loc[alone.index].tolist()

    yield Row("triple-negative subtype", lambda: called(alone), {
        "others with er_status": lambda: called(told(both, "log2 intensity", er_status=er)),
        "others with ER.status": lambda: called(told(both, "log2 intensity", **codes)),
    })  # fmt: skip
    yield Row("triple-negative subtype, nothing on record", None, {"a mixed cohort": lambda: called(both)})


def purity() -> Iterator[Row]:
    """Purity was fitted on arrays: logarithms of sequencing have none."""
    random = np.random.default_rng(9)
    genes = resources.table("estimate_genes.tsv.gz")["gene"].tolist()
    tpm = pd.DataFrame(random.lognormal(1, 2, (6, len(genes))), index=list("abcdef"), columns=genes)
    tpm = tpm.div(tpm.sum(axis=1), axis=0) * 1e6

    def found(cohort: Any) -> pd.Series:
        return orx.scores.estimate(cohort)["purity"]

    yield Row("purity of sequencing", lambda: pd.Series(np.nan, index=list("abcdef")), {
        "TPM": lambda: found(tpm), "log2(TPM + 1)": lambda: found(np.log2(tpm + 1)),
        "counts": lambda: found((tpm * 20).round()), "log2(TPM + 0.1)": lambda: found(np.log2(tpm + 0.1)),
        "logs far from zero": lambda: found(np.log2(tpm + 4) + 1), "a difference": lambda: found(np.log2(tpm + 1) - 5),
    })  # fmt: skip


def batches() -> Iterator[Row]:
    """ComBat."""
    random = np.random.default_rng(10)
    level = random.normal(9, 2, 200).clip(4)
    names = sorted({gene for one in orx.scores.pathway_sets().values() for gene in one})[:200]
    logs = {
        name: pd.DataFrame(level + random.normal(i, 1, (12, 200)), [f"{name}{j}" for j in range(12)], names)
        for i, name in enumerate("AB")
    }
    silent = {name: frame.assign(**({names[0]: 0.0} if name == "B" else {})) for name, frame in logs.items()}

    def corrected(cohorts: dict[str, Any]) -> pd.DataFrame:
        model = orx.harmonize.ComBat.learn(cohorts)
        return model.apply(cohorts["A"], batch="A")

    yield Row("ComBat", lambda: corrected({name: frame.iloc[:, 1:] for name, frame in logs.items()}), {
        "a gene that is zero in one batch": lambda: corrected(silent),
        "AnnData": lambda: corrected({name: as_cohort(frame.iloc[:, 1:]) for name, frame in logs.items()}),
    })  # fmt: skip
    counts = {name: (2**frame).round() for name, frame in logs.items()}
    yield Row("ComBat, no logarithms of one unit", None, {
        "counts": lambda: corrected(counts),
        "counts beside logs": lambda: corrected({"A": logs["A"], "B": counts["B"]}),
        "CPM": lambda: corrected({name: frame.div(frame.sum(axis=1), axis=0) * 1e6 for name, frame in counts.items()}),
        "ln beside log2": lambda: corrected(
            {"A": told(logs["A"], "ln(TPM + 1)"), "B": told(logs["B"], "log2(TPM + 1)")}),
        "one AnnData": lambda: corrected(as_cohort(logs["A"])),
    })  # fmt: skip


def rows() -> Iterator[Row]:
    """What each method needs of the data."""
    for part in (deconvolution, normals, negative, purity, batches):
        yield from part()
