"""Is drift named where it is planted, and silent where there is none? python benchmarks/drift.py [--reps 200].

A signature is scaled on one half of a cohort (genes and weights of the shipped prognostic signature that the cohort
has); the other half is held against it as it is, and with drift planted: another unit (natural for binary logs), a
common shift, another platform (each gene by a factor and a shift of its own), one subtype left out, a fifth of the
genes missing. False alarms are counted on halves without anything planted. Needs the further data (OMICS_RX_DATA).
"""

from __future__ import annotations

import argparse
import time
from collections import Counter

import numpy as np
import pandas as pd
from anndata import AnnData
from external_cohorts import folder

import omics_rx as orx
from omics_rx.core.cohort import with_info

DATA = folder() / "cohorts"


def tcga(endpoint: str = "PFI") -> AnnData:
    """TCGA's Agilent tumours with follow-up in months, and what is recorded of them."""
    clinical = pd.read_csv(DATA / "tcga_brca_clin_surv.csv.gz", index_col=0)
    clinical = clinical[clinical["sample"].str.endswith("-01")].drop_duplicates("patient").set_index("patient")
    values = pd.read_csv(DATA / "tcga_agilent533_expr.csv.gz", index_col=0)
    values = values[~values.index.duplicated()]
    known = clinical[(clinical[f"{endpoint}.time"] > 0) & clinical[endpoint].notna()]
    names = [name for name in values.index if name in known.index]
    obs = known.loc[names, ["race"]].assign(
        age=known["age_at_initial_pathologic_diagnosis"], stage=known["ajcc_pathologic_tumor_stage"],
        year=known["initial_pathologic_dx_year"], pam50=known["Subtype_mRNA"],
        time=known[f"{endpoint}.time"] / 30.4375, event=known[endpoint].astype(bool),
        endpoint="relapse" if endpoint == "PFI" else "death",
    )  # fmt: skip
    cohort = AnnData(values.loc[names].to_numpy(dtype=float), obs=obs, var=pd.DataFrame(index=values.columns))
    return with_info(cohort, unit="log2 ratio", domain="tumour", origin="TCGA-BRCA, Agilent")


def scanb() -> AnnData:
    """SCAN-B's subset as log2(FPKM + 1), with receptors, grade and overall survival in months."""
    clinical = pd.read_csv(DATA / "scanb400_clin.csv.gz", index_col=0).set_index("title")
    values = pd.read_csv(DATA / "scanb400_expr.csv.gz", index_col=0)
    if not set(values.index) & set(clinical.index):
        values = values.T
    names = [name for name in values.index if name in clinical.index]
    linear = np.maximum(np.exp2(values.loc[names].to_numpy(dtype=float)) - 0.1, 0)
    own = clinical.loc[names]
    obs = own[["er_status", "her2_status", "nhg"]].assign(
        age=own["age_at_diagnosis"], pam50=own["pam50_subtype"], time=own["overall_survival_days"] / 30.4375,
        event=own["overall_survival_event"].astype(bool), endpoint="death",
    )  # fmt: skip
    cohort = AnnData(np.log2(linear + 1), obs=obs[obs.columns], var=pd.DataFrame(index=values.columns))
    return with_info(cohort, unit="log2(FPKM + 1)", domain="tumour", origin="SCAN-B")


def planted(cohort: AnnData, genes: list[str], seed: int, subtype: str) -> dict[str, tuple[str, AnnData]]:
    """Drift by name: what it should be called, and the cohort that has it."""
    random = np.random.default_rng(seed)

    def changed(values: np.ndarray) -> AnnData:
        made = cohort.copy()
        made.X = values
        return made

    own = np.asarray(cohort.X)
    spread = np.nanstd(own)
    bent = own * random.uniform(0.5, 1.8, cohort.n_vars) + random.normal(
        0, 2 * np.nanstd(own, axis=0).mean(), cohort.n_vars
    )
    without = cohort[(cohort.obs["pam50"] != subtype).to_numpy()].copy()
    silent = without.copy()
    silent.obs = silent.obs[["time", "event"]]
    bent = np.maximum(bent, 0) if np.nanmin(own) >= 0 else bent
    gone = set(random.choice(genes, round(len(genes) / 5), replace=False))
    return {
        "natural logs": ("unit", changed(own * np.log(2))), "a common shift": ("unit", changed(own + spread)),
        "another platform": ("platform", changed(bent)), f"no {subtype}": ("subtype shares", without),
        f"no {subtype}, subtypes not recorded": ("case mix", silent),
        "a fifth of the genes missing": ("genes missing", cohort[:, [g not in gone for g in cohort.var_names]].copy()),
    }  # fmt: skip


def main() -> None:
    """Print the share of halves in which each planted drift is named, and of false alarms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=200)
    parser.add_argument("--planted", type=int, default=20)
    asked = parser.parse_args()
    shipped = orx.signatures.load("prognosis")
    for name, cohort in (("TCGA", tcga()), ("SCAN-B", scanb())):
        genes = [gene for gene in shipped.genes if gene in cohort.var_names]
        weights = {gene: shipped.weights[gene] for gene in genes}
        alarms, named, frozen, start = [], Counter(), Counter(), time.time()
        for seed in range(asked.reps):
            order = np.random.default_rng(seed).permutation(cohort.n_obs)
            half = cohort.n_obs // 2
            one, two = cohort[order[:half]].copy(), cohort[order[half:]].copy()
            signature = orx.signatures.from_weights("half", weights, {"one": one})
            alarms.append(
                [orx.drift(signature, two, seed=seed, n_draws=200).alarm,
                 orx.drift(signature, two, against=one, seed=seed, n_draws=200).alarm]
            )  # fmt: skip
            if seed < asked.planted:
                for what, (right, moved) in planted(two, genes, seed, "Basal").items():
                    found = orx.drift(signature, moved, seed=seed, n_draws=200)
                    named[what] += right in found.moved
                    frozen[what] += found.frozen
        rate = np.mean(alarms, axis=0)
        print(f"{name}: {cohort.n_obs} tumours, {len(genes)} genes, {asked.reps} halves, {time.time() - start:.0f} s")
        print(f"  false alarms: {rate[0]:.1%} by the signature's own moments, {rate[1]:.1%} by permutation of both")
        for what in named:
            print(f"  {what}: named in {named[what]} of {asked.planted}; frozen scale allowed in {frozen[what]}")
    chart(tcga())


def chart(cohort: AnnData, reps: int = 400) -> None:
    """Print how often a yearly series without drift gives an alarm, and one whose last years lie half an sd off."""
    signature = orx.signatures.load("prognosis")
    score = signature.score(cohort)["risk_score"]
    year = cohort.obs["year"].loc[score.index]
    known = (year.notna() & score.notna()).to_numpy()
    score, year = score[known].to_numpy(), year[known].to_numpy()
    still, moved = [], []
    for seed in range(reps):
        dealt = np.random.default_rng(seed).permutation(score)
        still.append(orx.control_chart(dealt, year, n_draws=400, seed=seed).p_value < 0.05)
        late = dealt + np.where(year >= 2008, 0.5 * score.std(), 0)
        moved.append(orx.control_chart(late, year, n_draws=400, seed=seed).p_value < 0.05)
    own = orx.control_chart(score, year)
    print(f"control chart: {np.mean(still):.1%} of dealt series give an alarm, {np.mean(moved):.1%} of those that rise "
          f"by half an sd from 2008; TCGA itself: {own.verdict}")  # fmt: skip


if __name__ == "__main__":
    main()
