"""Breast lines as patients, each ranked by a ranker that has seen none of its responses, with and without its events.

Lines are left out a few at a time, of the screen and of its sister, and everything measured is made anew without them;
what the response model says of them comes from fits that had not seen them. The cohort is the breast lines, with their
events. The target is a line's own responses, each in sd of its drug over the other lines, without what the line does to
all drugs; beside it its plain ln IC50. Printed: mean Spearman within the line with alterations and without, the gain
with its 95% interval (bootstrap over lines), the same by events exchanged between the lines, and how often a drug that
is labelled for an alteration stands in the first tenth of lines with it and of lines without.

Usage: python benchmarks/ranking_lines_as_patients.py [--folds 10] [--permutations 20]
"""

from __future__ import annotations

import argparse
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pandas as pd
from anndata import AnnData

from omics_rx import datasets, response
from omics_rx.core import cohort as co
from omics_rx.core.work import rng
from omics_rx.repurposing import Ranker, inputs
from omics_rx.repurposing.alterations import facts, together
from omics_rx.repurposing.alterations.given import variants_of
from omics_rx.repurposing.evidence import alteration_measured, alteration_published

MEASURED, PUBLISHED = "alteration_measured", "alteration_published"
_SUBTYPE = {"Luminal": "LumA", "Her2": "Her2", "Basal": "Basal"}


def people(model) -> AnnData:
    """Breast lines of a known group, with expression and responses, as a cohort."""
    screen = model.screen_
    obs = screen.cells.obs
    known = obs["breast_subtype"].astype(object).map(_SUBTYPE).dropna()
    known = known[known.index.isin(screen.matrix().index) & known.index.isin(model.held_out_.index)]
    own = screen.cells[known.index]
    made = AnnData(
        own.X.copy(), pd.DataFrame({"subtype": known, "sample_type": "tumour"}), own.var.copy(), uns=dict(own.uns)
    )
    made.obsm["events"] = own.obsm["events"].copy()
    return co.with_info(made, domain="tumour")


def without(screen, lines: list[str]):
    return screen.subset(cells=[name for name in screen.cells.obs_names if name not in set(lines)])


def ranked(model, other, cohort: AnnData, out: list[str]) -> tuple[dict[str, pd.DataFrame], object]:
    """Contributions to the scores of the lines left out, and the effects of events without them."""
    held = model.held_out_.reindex(cohort.obs_names)
    preference = held - model.held_out_.mean()
    preference = preference.sub(preference.mean(axis=1), axis=0)
    prediction = SimpleNamespace(preference=preference, mean=held, reference="lines by fits that had not seen them")
    stub = SimpleNamespace(
        screen_=without(model.screen_, out), predict=lambda *_: prediction, target="ln_ic50",
        held_out_=model.held_out_.drop(index=out, errors="ignore"),
    )  # fmt: skip
    with mock.patch.object(inputs, "sister_of", return_value=(without(other, out), ())):
        ranker = Ranker().fit(stub, cohort, universe=None, network=None)
    tables = {}
    for line in out:
        found = ranker.rank(line, by="patient", candidates="all")
        tables[line] = found.explanations.set_index("drug_id").drop(columns="name")
    return tables, ranker.sources_.brought[MEASURED][1]


def target_of(screen, line: str) -> pd.DataFrame:
    full = screen.matrix()
    rest = full.drop(index=line)
    z = (full.loc[line] - rest.mean()) / rest.std()
    return pd.DataFrame({"preference": -(z - z.mean()), "ln IC50": -full.loc[line]})


def spearman(score: pd.Series, target: pd.Series) -> float:
    both = pd.concat([score, target], axis=1).dropna().rank()
    return float(both.iloc[:, 0].corr(both.iloc[:, 1]))


def interval(values: np.ndarray) -> str:
    random = rng(0, "bootstrap")
    means = [random.choice(values, len(values)).mean() for _ in range(4000)]
    low, high = np.percentile(means, [2.5, 97.5])
    return f"{values.mean():+.4f} ({low:+.4f} to {high:+.4f})"


def added(events: pd.Series, effects, ids: dict[str, str], drugs: pd.Index) -> pd.Series:
    """What alterations add to the scores of one line."""
    measured = -alteration_measured.SLOPE * together.measured(events, effects)["effect"].reindex(drugs).fillna(0.0)
    known = facts.scores(facts.facts_for(variants_of(events.to_frame().T), ids))
    return measured + alteration_published.SLOPE * known.reindex(drugs).fillna(0.0)


def labelled_pairs(ids: dict[str, str], events: pd.DataFrame) -> pd.DataFrame:
    """Events of the lines and drugs labelled for them in breast cancer; lines do not tell germline from somatic."""
    table = facts.shipped()
    table = table[(table["level"] == "label") & (table["effect"] == "sensitivity") & (table["disease"] == "breast")]
    words = {"mutation": "mut", "activating": "mut", "amplification": "gain", "loss": "loss"}
    pairs = {(f"{fact['gene']}_{words.get(fact['alteration'], '')}", fact["drug"]) for fact in table.to_dict("records")}
    rows = [(event, drug, ids[drug]) for event, drug in sorted(pairs) if drug in ids and event in events]
    return pd.DataFrame(rows, columns=["event", "drug", "drug_id"])


def show_labelled(scores: dict[str, pd.DataFrame], pairs: pd.DataFrame, events: pd.DataFrame) -> None:
    """How often a labelled drug stands in the first tenth, of lines with the alteration and of lines without."""
    places = {line: own.rank(pct=True, ascending=False) for line, own in scores.items()}
    rows = [
        {"event": event, "drug": drug, "line": line, "altered": events.loc[line, event] == 1,
         **(places[line].loc[drug_id] <= 0.1)}
        for event, drug, drug_id in pairs.itertuples(index=False) for line in scores
        if drug_id in places[line].index and pd.notna(events.loc[line, event])
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    kinds = ["without", "measured", "published", "both"]
    print("\nlabelled drugs in the first tenth of all drugs, with alterations counted and without")
    told = (
        table.groupby(["event", "drug", "altered"])[["without", "both"]]
        .mean()
        .join(table.groupby(["event", "drug", "altered"]).size().rename("lines"))
    )
    print(told.round(2).to_string())
    print("pairs of a line and a drug together")
    shares = table.groupby("altered")[kinds].mean()
    print(shares.join(table.groupby("altered").size().rename("pairs")).round(3).to_string())
    random, blocks = rng(0, "labelled"), dict(tuple(table.groupby("line")))
    for kind in kinds:
        drawn = []
        for _ in range(2000):
            some = pd.concat([blocks[line] for line in random.choice(list(blocks), len(blocks))])
            share = some.groupby("altered")[kind].mean()
            drawn.append(share.get(True, np.nan) / max(float(share.get(False, np.nan)), 1e-9))
        low, high = np.nanpercentile(drawn, [2.5, 97.5])
        print(f"  {kind}: {shares.loc[True, kind] / shares.loc[False, kind]:.2f} times as often "
              f"({low:.2f} to {high:.2f}, lines resampled)")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--permutations", type=int, default=20)
    told = parser.parse_args()
    model, other = response.default("gdsc"), datasets.load("gdsc1")
    cohort = people(model)
    lines = list(rng(0, "lines").permutation(list(cohort.obs_names)))
    ids, events = facts.drug_ids(model.screen_.drugs), cohort.obsm["events"]
    parts, effects = {}, {}
    for number in range(told.folds):
        out = lines[number :: told.folds]
        found, own = ranked(model, other, cohort, out)
        parts |= found
        effects |= dict.fromkeys(out, own)
        print(f"{len(parts)} of {len(lines)} lines ranked", flush=True)
    targets = {line: target_of(model.screen_, line) for line in lines}
    scores = {
        line: pd.DataFrame({
            "without": own["score"] - own[MEASURED] - own[PUBLISHED], "measured": own["score"] - own[PUBLISHED],
            "published": own["score"] - own[MEASURED], "both": own["score"],
        }) for line, own in parts.items()
    }  # fmt: skip
    for name in ("preference", "ln IC50"):
        table = pd.DataFrame({line: {kind: spearman(scores[line][kind], targets[line][name]) for kind in scores[line]}
                              for line in lines}).T  # fmt: skip
        print(f"\n{name}: mean Spearman within the line, {len(table)} lines")
        print(table.mean().round(4).to_dict())
        for kind in ("measured", "published", "both"):
            gain = (table[kind] - table["without"]).to_numpy()
            print(f"  gain of {kind}: {interval(gain)}, better in {np.mean(gain > 0):.0%} of lines")
    chance = []
    for number in range(told.permutations):
        dealt = dict(zip(lines, rng(0, "dealt", number).permutation(lines), strict=True))
        gains = []
        for line in lines:
            base = scores[line]["without"]
            more = added(events.loc[dealt[line]], effects[line], ids, base.index)
            target = targets[line]["preference"]
            gains.append(spearman(base + more, target) - spearman(base, target))
        chance.append(np.mean(gains))
    if chance:
        print(
            f"\nevents exchanged between lines: gain {np.mean(chance):+.4f}, sd over {len(chance)} {np.std(chance):.4f}"
        )
    show_labelled(scores, labelled_pairs(ids, events), events)


if __name__ == "__main__":
    main()
