"""The ranking judged on patients: a drug's place for a subtype against its arm's gain in complete response there.

    python benchmarks/ranking_on_patients.py [--shipped] [--deals 2000]

Arms of I-SPY2 whose drug, or its mechanism, is among the drugs of the screens: neratinib, veliparib with carboplatin,
MK-2206, ganetespib. Antibodies and a peptibody (pembrolizumab, pertuzumab, trastuzumab emtansine, ganitumab,
trebananib) are out of scope: no screen of cell lines holds them. Gains are those of half of the trial, arm less control
within a receptor group, with Newcombe's interval; the ranking knows no trial: facts of trials move no score.
Needs the folder of test data (``OMICS_RX_DATA``).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from breast_ranker import fitted, parser
from scipy.stats import spearmanr
from therapy_pcr import ROOT

from omics_rx import harmonize
from omics_rx.core.work import rng
from omics_rx.metrics import small

# arm to the parts of its regimen, each by the drug itself, else by screened drugs of its mechanism
ARMS = {
    "N": [("neratinib",), ("afatinib", "lapatinib", "sapitinib")],
    "VC": [("veliparib",), ("olaparib", "talazoparib", "niraparib", "rucaparib")],
    "VC, the platinum": [("carboplatin",), ("cisplatin", "oxaliplatin")],
    "MK2206": [("MK-2206",), ("afuresertib", "uprosertib", "ipatasertib")],
    "Ganetespib": [("ganetespib",), ("luminespib", "tanespimycin", "SNX-2112")],
}
OUT = ("Pembro", "Pertuzumab", "TDM1/P", "Ganitumab", "AMG386")
GROUPS = {"HR-HER2-": ("Basal",), "HR+HER2-": ("LumA", "LumB"), "HR-HER2+": ("Her2",), "HR+HER2+": ("Her2", "LumB")}


def places(ranker) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Share of all drugs that each drug beats, drugs x subtypes: by score, and by the kinds that say for whom."""
    score, whom = {}, {}
    for subtype in ("Basal", "LumA", "LumB", "Her2"):
        table = ranker.rank(subtype, candidates="all").table
        score[subtype] = table["score"].rank(pct=True)
        whom[subtype] = table["subtype_score"].rank(pct=True)
    return pd.DataFrame(score), pd.DataFrame(whom)


def standing(drugs: pd.DataFrame, places_: pd.DataFrame) -> pd.DataFrame:
    """Place of each arm in each receptor group, and by which drugs it was told."""
    rows = []
    for arm, choices in ARMS.items():
        for names in choices:
            found = harmonize.drugs.find(list(names), drugs)["drug_id"].dropna()
            ids = [drug for drug in found if drug in places_.index]
            if ids:
                break
        else:
            continue
        told = ", ".join(drugs.loc[ids, "name"])
        for group, subtypes in GROUPS.items():
            rows.append((arm, group, told, float(places_.loc[ids, list(subtypes)].to_numpy().mean())))
    return pd.DataFrame(rows, columns=["arm", "group", "told by", "place"])


def gains(patients: pd.DataFrame) -> pd.DataFrame:
    """Gain in complete response over the control by arm and group, with Newcombe's interval (method 10)."""
    counts = patients.groupby(["arm", "group"])["pcr"].agg(["sum", "count"])
    rows = []
    for (arm, group), (hits, n) in counts.iterrows():
        if arm == "Ctr" or ("Ctr", group) not in counts.index:
            continue
        there, m = counts.loc[("Ctr", group)]
        (low, high), (down, up) = small.wilson(hits, n), small.wilson(there, m)
        gap = hits / n - there / m
        lower, upper = gap - np.hypot(hits / n - low, up - there / m), gap + np.hypot(high - hits / n, there / m - down)
        rows.append((arm, group, f"{hits} of {n}", f"{there} of {m}", gap, lower, upper))
    return pd.DataFrame(rows, columns=["arm", "group", "pCR", "control", "gain", "lower", "upper"])


def joined(patients: pd.DataFrame, places_: pd.DataFrame) -> pd.DataFrame:
    own = places_.assign(**{"trial arm": places_["arm"].str.split(",").str[0]})
    return own.merge(gains(patients).rename(columns={"arm": "trial arm"}), on=["trial arm", "group"])


def figures(table: pd.DataFrame) -> dict[str, float]:
    """Agreement of place and gain: over all cells, over pairs of groups of one arm, and of arms of one group."""
    found = {
        "cells": len(table), "spearman": float(spearmanr(table["place"], table["gain"]).statistic),
        "sign: place above half, gain above none": float(((table["place"] > 0.5) == (table["gain"] > 0)).mean()),
    }  # fmt: skip
    for name, by in (("groups of one arm", "arm"), ("arms of one group", "group")):
        agree = []
        for _, rows in table.groupby(by):
            place, gain = rows["place"].to_numpy(), rows["gain"].to_numpy()
            i, j = np.triu_indices(len(rows), 1)
            signs = np.sign(place[i] - place[j]) * np.sign(gain[i] - gain[j])
            agree += list(signs[signs != 0] > 0)
        found[f"sign: {name}"] = float(np.mean(agree)) if agree else np.nan
        found[f"pairs: {name}"] = len(agree)
    return found


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--deals", type=int, default=2000)
    asked = made.parse_args()
    table = pd.read_csv(ROOT / "ispy2_half.csv.gz").set_index("patient")
    group = np.where(table["hr"] == 1, "HR+", "HR-").astype(object) + np.where(table["her2"] == 1, "HER2+", "HER2-")
    patients = pd.DataFrame({"arm": table["arm"], "group": group, "pcr": table["pcr"]})
    ranker = fitted(shipped=asked.shipped)
    drugs = ranker.sources_.drugs
    print(f"out of scope (antibodies, a peptibody): {', '.join(OUT)}")
    for title, own in zip(("the score", "which subtype alone"), places(ranker), strict=True):
        at = standing(drugs, own)
        whole = joined(patients, at)
        print(f"\n== place by {title}\n{whole.drop(columns='trial arm').round(3).to_string(index=False)}")
        truth = figures(whole)
        drawn = []
        for number in range(asked.deals):
            random = rng(0, "permuted arms", number)
            arms = patients.groupby("group")["arm"].transform(lambda own, r=random: r.permutation(own.to_numpy()))
            dealt = patients.assign(arm=arms)
            drawn.append(figures(joined(dealt, at)))
        null = pd.DataFrame(drawn)
        for name, value in truth.items():
            if name.startswith(("cells", "pairs")):
                print(f"{name}: {value}")
                continue
            p = (1 + (null[name] >= value - 1e-9).sum()) / (1 + len(null))
            low, high = null[name].quantile([0.025, 0.975])
            print(
                f"{name}: {value:+.3f}; arms dealt anew {null[name].mean():+.3f} ({low:+.3f} to {high:+.3f}), p {p:.3f}"
            )


if __name__ == "__main__":
    pd.set_option("display.width", 200)
    main()
