"""Which therapy for whom, on half of the I-SPY2 trial: the targets, the rule, permuted arms, and another trial.

    python benchmarks/therapy_arms.py [--repeats 3] [--deals 20] [--permuted 10]

Needs the folder of test data (``OMICS_RX_DATA``): half of I-SPY2 (Wolf et al., Cancer Cell 2022) and TransNEO (Sammut
et al., Nature 2022). All figures are nested: models made without the patient, every choice made again in each fold.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd
from therapy_pcr import ROOT, ispy2, transneo

from omics_rx import signatures
from omics_rx.core.errors import OmicsRxError
from omics_rx.core.work import rng

EXPECTED = {"Pembro": ["immune_positive"], "VC": ["dna_repair_deficient"]}
SUBTYPES = "response_subtype5"
# features that both trials measure, by what they mean: name here, in I-SPY2 and in TransNEO
SHARED = {
    "hr": ("hr", "ER.status"),
    "her2": ("her2", "HER2.status"),
    "proliferation": ("Module11_Prolif_score", "GGI.ssgsea.norm"),
    "immune": ("STAT1_sig", "STAT1.ssgsea.norm"),
    "b_cells": ("B_cells", "Danaher.B.cells"),
    "dendritic": ("Dendritic_cells", "Danaher.DC"),
    "mast": ("Mast_cells", "Danaher.Mast.cells"),
    "er_level": ("ER_PGR_avg", "ESR1.log2.tpm"),
    "her2_level": ("Mod7_ERBB2", "ERBB2.log2.tpm"),
}


def trial() -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """The half, with the published classes of response as a kind of measurement of their own, last."""
    table, modalities = ispy2()
    return table, {**modalities, "classes": ["immune_positive", "dna_repair_deficient"]}


def build(table: pd.DataFrame, modalities: dict[str, list[str]], **settings) -> signatures.TreatmentStudy:
    more = {"modalities": modalities, **settings.pop("therapy", {})}
    return signatures.build(
        "therapy", {"ispy2_half": table}, outcome="pcr", treatment="arm", control="Ctr", within="receptor groups",
        therapy=more, progress=False, **settings,
    )  # fmt: skip


def shown(study: signatures.TreatmentStudy) -> None:
    for name in ("table", "gains", "calibration", "ladder", "arms"):
        print(f"-- {name}\n{getattr(study, name).round(3).to_string(index=False)}")
    own = study.predictive
    print(f"-- expected interactions\n{own[own['family'] == 'expected'].round(4).to_string(index=False)}")
    print(
        f"-- searched interactions, first\n{own[own['family'] == 'searched'].head(10).round(4).to_string(index=False)}"
    )
    print(own["verdict"].value_counts().to_string())
    print(f"-- prognostic\n{study.prognostic.head(8).round(4).to_string(index=False)}")
    rule = study.rule(SUBTYPES)
    print(f"-- rule\n{rule.table.round(3).to_string(index=False)}\n{rule.gains.round(3).to_string(index=False)}")
    print(rule.named.to_string())
    print("\n".join([*study.limits, *rule.limits]))


def targets(study: signatures.TreatmentStudy) -> None:
    own = study.table.query("method == 'signature'").iloc[0]
    plain = study.table.query("method == 'plain logistic + forest'").iloc[0]
    slope = study.calibration.query("method == 'signature'").iloc[0]
    gain = study.rule().gains.set_index("against").loc["best arm by group"]
    print("\n== targets (nested on this half; the must is on the kept half)")
    print(f"AUC .80: {own['auc']:.3f} ({own['lower']:.3f} to {own['upper']:.3f}); plain {plain['auc']:.3f}")
    print(f"slope's interval holds 1: {slope['slope']:.2f} ({slope['slope_lower']:.2f} to {slope['slope_upper']:.2f})")
    print(f"within arm and group .75: {own['within']:.3f} ({own['within_lower']:.3f} to {own['within_upper']:.3f}); "
          f"plain {plain['within']:.3f}")  # fmt: skip
    print(f"rule less best arm by group: inverse probability {gain['difference']:+.3f} ({gain['lower']:+.3f} to "
          f"{gain['upper']:+.3f}), doubly robust {gain['robust']:+.3f} ({gain['robust_lower']:+.3f} to "
          f"{gain['robust_upper']:+.3f})")  # fmt: skip


def permuted(table: pd.DataFrame, modalities: dict[str, list[str]], n: int) -> None:
    """Arms dealt anew within receptor groups: no interaction may be shown, and the rule is worth the best arm."""
    rows = []
    for number in range(n):
        random = rng(0, "permuted arms", number)
        dealt = table.copy()
        dealt["arm"] = table.groupby(["hr", "her2"])["arm"].transform(lambda a, r=random: r.permutation(a.to_numpy()))
        study = build(dealt.drop(columns="treatment"), modalities, n_permutations=0, therapy={"n_repeats": 1})
        gain = study.rule().gains.set_index("against").loc["best arm by group"]
        shown_ = int(study.predictive["verdict"].isin(["more benefit", "less benefit"]).sum())
        inside = study.gains.set_index("against").loc["without interactions", "difference"]
        rows.append((number, shown_, study.predictive["q_value"].min(), inside, gain["difference"], gain["robust"]))
    found = pd.DataFrame(rows, columns=["deal", "shown", "least q", "AUC of interactions", "rule less best", "robust"])
    print(f"\n== permuted arms\n{found.round(3).to_string(index=False)}")
    print(found.drop(columns="deal").mean().round(3).to_string())


def one_to_another() -> None:
    """Train on one trial, judge on the other, by what both measure; scores z within each trial."""
    here, there = ispy2()[0], transneo()[0]
    outcomes = {"ispy2_half": here["pcr"], "transneo": there["resp.pCR"].map({1: 1, 0: 0})}
    made = {}
    for at, (name, table) in enumerate({"ispy2_half": here, "transneo": there}.items()):
        own = pd.DataFrame({word: pd.to_numeric(table[pair[at]], errors="coerce") for word, pair in SHARED.items()})
        own[["hr", "her2"]] = (own[["hr", "her2"]] > 0).astype(float).where(own[["hr", "her2"]].notna())
        levels = own.columns.difference(["hr", "her2"])
        own[levels] = (own[levels] - own[levels].mean()) / own[levels].std()
        made[name] = own.assign(pcr=outcomes[name]).set_axis([f"{name} {p}" for p in own.index], axis=0)
    print("\n== one trial to another, nine features by meaning")
    for one, two in (("ispy2_half", "transneo"), ("transneo", "ispy2_half")):
        study = signatures.build_response(
            {one: made[one]}, "pcr", external={two: made[two]}, reopen=[two], n_permutations=0, progress=False
        )
        rows = study.table[study.table["method"].isin(["signature", "full model", "plain logistic + forest"])]
        print(rows[["cohort", "role", "method", "n", "auc", "lower", "upper", "brier"]].round(3).to_string(index=False))
        own = rows[rows["method"] == "signature"].set_index("role")["auc"]
        print(f"{one} to {two}: {own['external']:.3f}, {own['external'] - own['nested']:+.3f} beside nested at home")
        print(study.calibration.query("role == 'external' and method == 'signature'").round(2).to_string(index=False))
        bare = study.signature.score(made[two].drop(columns=["mast", "pcr"]))
        print(f"without mast cells the signature says: {bare.attrs['notes'][0]}")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--repeats", type=int, default=3)
    asked.add_argument("--deals", type=int, default=20)
    asked.add_argument("--permuted", type=int, default=10)
    told = asked.parse_args()
    table, modalities = trial()
    for name, own in (("as measured", {k: v for k, v in modalities.items() if k != "classes"}),
                      ("with the published classes of response", modalities)):  # fmt: skip
        start = time.perf_counter()
        settings = {"n_repeats": told.repeats} | ({"expected": EXPECTED} if "classes" in own else {})
        study = build(table, own, n_permutations=told.deals, therapy=settings)
        print(f"\n== half of I-SPY2, {name}: {time.perf_counter() - start:.0f} s, dealt outcomes p {study.dealt_p}")
        shown(study)
        targets(study)
    if told.permuted:
        permuted(table, modalities, told.permuted)
    try:
        one_to_another()
    except OmicsRxError as error:
        print(f"one trial to another: {error}")


if __name__ == "__main__":
    pd.set_option("display.width", 250)
    np.set_printoptions(precision=3)
    assert ROOT.is_dir(), f"no test data in {ROOT}: set OMICS_RX_DATA"  # noqa: S101
    main()
