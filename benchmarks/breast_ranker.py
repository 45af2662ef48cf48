"""What the ranking benchmarks share: GDSC2 joined by the drugs that only GDSC1 has, and a ranker fitted on them.

With the further real data the ranker has all the evidence a user can bring: 400 tumours of SCAN-B, the consensus
signatures of LINCS and a network of protein interactions. With ``--shipped`` it has what any machine can fetch: the 124
tumours of gse1992, no signatures, and the network that ships.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pandas as pd
from external_cohorts import folder, scanb400
from scipy.sparse.csgraph import connected_components

from omics_rx import datasets, repurposing, response
from omics_rx.core import cache
from omics_rx.core.screen import DrugScreen
from omics_rx.core.work import rng
from omics_rx.harmonize import mechanisms
from omics_rx.repurposing import labels as lb


def joined_screen() -> DrugScreen:
    """GDSC2, and of GDSC1 the drugs that GDSC2 lacks."""
    return datasets.load("gdsc")


def model(screen: DrugScreen) -> response.ResponseModel:
    """The default response model fitted on a screen, kept between benchmarks."""

    def make(folder: Path) -> None:
        response.ResponseModel(seed=0).fit(screen).save(folder / "model.orx")

    key = cache.key(screen.fingerprint, cache.code("response", "harmonize"))
    return response.load(cache.entry("benchmarks", f"ranker-{key}", make) / "model.orx")


def parser(description: str | None) -> argparse.ArgumentParser:
    """Parser of a benchmark that can be told to do with what any machine can fetch."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--shipped", action="store_true", help="tumours of gse1992 only, no signatures")
    return made


def brought(*, shipped: bool) -> dict[str, Any]:
    """Tumours, signatures and network, as ``Ranker.fit`` takes them."""
    if shipped:
        return {"cohort": datasets.load("gse1992")}
    data = folder()
    names = pd.read_csv(data / "knowledge" / "drugbank_slim.tsv", sep="\t").set_index("drugbank_id")["inchikey"]
    names = names.dropna().str.removeprefix("InChIKey=")
    signatures = data / "perturbation" / "lincs_consensi_drugbank.tsv.gz"
    library = repurposing.read_library(signatures, names=names.to_dict())
    return {
        "cohort": scanb400(data),
        "library": library[~library.index.duplicated()],
        "network": repurposing.read_network(data / "knowledge" / "guney_network.sif"),
    }


def fitted(labels: pd.DataFrame | str | None = None, *, shipped: bool = False, seed: int = 0) -> repurposing.Ranker:
    """Ranker on the joined screen and all there is, or what is shipped."""
    return repurposing.Ranker(labels, seed=seed).fit(model(joined_screen()), **brought(shipped=shipped), universe=None)


def by_rule(ranker: repurposing.Ranker) -> pd.DataFrame:
    """Default score, alone, by (drug_id, subtype)."""
    tables = {subtype: ranker.rank(subtype, candidates="all").table["score"] for subtype in lb.SUBTYPES}
    return pd.concat(tables, names=["subtype", "drug_id"]).swaplevel().to_frame("ranker")


def labels_of(ranker: repurposing.Ranker) -> pd.DataFrame:
    """Shipped labels of the drugs ranked, whatever the ranker learnt from."""
    return lb.match(lb.shipped(), ranker.sources_.drugs)[0]


def columns(ranker: repurposing.Ranker) -> pd.DataFrame:
    """Default score and its two parts, the scores learnt from labels, the average of ranks, and every oriented
    evidence, by (drug_id, subtype).
    """  # noqa: D205
    average, learnt, across = ranker.taught(None, rule="average"), ranker.taught("resources"), ranker.taught("cancers")
    parts = []
    for subtype in lb.SUBTYPES:
        ranking = ranker.rank(subtype, candidates="all")
        table = ranking.table[ranking.kinds] * ranking.evidence_info.loc[ranking.kinds, "direction"]
        table.insert(0, "ranker", ranking.table["score"])
        told = {"which drug alone": ranking.table["drug_score"], "which subtype alone": ranking.table["subtype_score"]}
        for name, other in (("learnt from breast labels", learnt), ("average of ranks", average),
                            ("learnt from other cancers", across)):  # fmt: skip
            told[name] = other.rank(subtype, candidates="all").table["score"]
        for place, name in enumerate(told, start=1):
            table.insert(place, name, told[name])
        parts.append(table.assign(subtype=subtype).set_index("subtype", append=True))
    return pd.concat(parts)


def halves(values: pd.Series, *key: object) -> tuple[pd.Index, pd.Index]:
    """Two halves of an index, each with half of every group."""
    dealt = pd.Series(rng(0, *key).permutation(len(values)), index=values.index)
    half = dealt.groupby(values.astype(object).fillna("none")).rank() % 2
    return half.index[half == 0], half.index[half == 1]


def of_tumours(ranker: repurposing.Ranker, tumours: pd.Index) -> dict[str, Any]:
    """What some of the tumours say, as ``Ranker.redrawn`` takes it."""
    return {name: getattr(ranker.sources_, name).loc[tumours] for name in ("genes", "preference", "mean", "subtypes")}


def kin_groups(drugs: pd.DataFrame, among: pd.Index) -> pd.Series:
    """Group of each drug of ``among``: drugs that share a target gene or a mechanism, directly or by others of them."""
    words = mechanisms.tokens(drugs)
    kin = mechanisms.relatives(words, among, among)
    _, group = connected_components(kin, directed=False)
    return pd.Series(group, index=among)
