"""Where published pairs of event and drug stand among all drugs of GDSC2 for their event, by measured effects.

Needs ``alteration_response.tsv.gz`` below ``OMICS_RX_DATA``. 0 is the most sensitive drug of an event, .5 is chance.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from omics_rx import datasets, harmonize
from omics_rx.repurposing import event_effects

_WORDS = {"Amplification": "gain", "Deletion": "loss"}


def event_of(fact: dict[str, str]) -> str:
    if fact["kind"] == "Somatic Variant":
        return f"{fact['gene']}_mut"
    if fact["kind"] == "Copy Number":
        return f"{fact['gene']}_{_WORDS.get(fact['alteration'], 'loss')}"
    return f"{fact['gene1']}-{fact['gene2']}_fusion" if fact["kind"] == "Rearrangement" else ""


def published(events: pd.DataFrame, screen) -> pd.DataFrame:
    """Pairs that agree on one effect, with five altered lines or more in GDSC2, by the name the screen gives a drug."""
    file = Path(os.environ.get("OMICS_RX_DATA", "../shared/data")) / "knowledge" / "alteration_response.tsv.gz"
    table = pd.read_csv(file, sep="\t", dtype=str).fillna("")
    table["event"] = [event_of(row) for row in table.to_dict("records")]
    table = table[table["event"].isin(events.columns)]
    names = table["drug"].unique()
    table["drug_id"] = table["drug"].map(
        dict(zip(names, harmonize.drugs.find(names, screen.drugs)["drug_id"], strict=True))
    )
    matrix = screen.matrix("ln_ic50")
    table = table[table["drug_id"].isin(matrix.columns) & ~table["drug"].isin(["Tozasertib Lactate", "Zorifertinib"])]
    pairs = table.groupby(["event", "drug_id"])["response"].agg(["first", "nunique"]).reset_index()
    pairs = pairs[pairs["nunique"] == 1].rename(columns={"first": "effect"})
    carried = events.reindex(matrix.index).eq(1)
    n = [int((carried[e] & matrix[d].notna()).sum()) for e, d in zip(pairs["event"], pairs["drug_id"], strict=True)]
    return pairs.assign(n_lines=n)[np.array(n) >= 5].reset_index(drop=True)


def places(effects, pairs: pd.DataFrame, drugs: pd.Index, *, joint: bool = False) -> pd.Series:
    known = set(effects.events)
    found = []
    for event, drug in zip(pairs["event"], pairs["drug_id"], strict=True):
        own = effects.joint.loc[event] if joint else effects.of(event)["effect"] if event in known else pd.Series()
        row = own.reindex(drugs).dropna()
        found.append(float((row < row[drug]).mean()) if drug in row.index else np.nan)
    return pd.Series(found).groupby(pairs["effect"]).mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--permutations", type=int, default=40)
    told = parser.parse_args()
    two, one = datasets.load("gdsc2"), datasets.load("gdsc1")
    events, tissue = two.cells.obsm["events"], two.cells.obs["tissue"]
    both = [two.matrix("ln_ic50"), one.matrix("ln_ic50")]
    drugs = pd.concat([two.drugs, one.drugs[~one.drugs.index.isin(two.drugs.index)]])
    pairs = published(events, two)
    print(f"{len(pairs)} pairs: {pairs['effect'].value_counts().to_dict()}")
    first = event_effects(both[0], events, tissue=tissue, drugs=two.drugs)
    second = event_effects(both, events, tissue=tissue, drugs=drugs)
    for words, effects in (("GDSC2", first), ("both", second)):
        for joint in (False, True):
            found = places(effects, pairs, both[0].columns, joint=joint).round(3).to_dict()
            print(words, "all events together" if joint else "each event alone", found)
    random = np.random.default_rng(0)
    chance = []
    for _ in range(told.permutations):
        exchanged = events.set_axis(random.permutation(events.index)).reindex(events.index)
        chance.append(places(event_effects(both, exchanged, tissue=tissue, drugs=drugs), pairs, both[0].columns))
    table = pd.DataFrame(chance)
    half = stats.t.ppf(0.975, len(table) - 1) * table.std() / np.sqrt(len(table))
    for effect, mean in table.mean().items():
        print(f"events permuted over lines {len(table)} times, {effect}: {mean:.3f} ({mean - half[effect]:.3f} to "
              f"{mean + half[effect]:.3f}; one permutation: sd {table[effect].std():.3f})")  # fmt: skip


if __name__ == "__main__":
    main()
