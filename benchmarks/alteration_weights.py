"""How much a patient's alterations count beside the other evidence, chosen by lines that are not of the breast.

Ten folds of lines; breast lines are left out of everything. A line's base is what the ranking's second question has
without alterations, by its tissue in place of a subtype: contrast of the tissue's lines (weight 1) and predicted
preference by fits that had not seen it (.3). Measured effects of events are fitted without the fold. The target is the
line's own responses, each in sd of its drug, without what the line does to all drugs. Printed is the gain in mean
Spearman within a line for each slope (what one sd over lines, or one level of evidence, adds to the score).

Usage: python benchmarks/alteration_weights.py [--folds 10]
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from omics_rx import datasets, response
from omics_rx.core.work import rng
from omics_rx.harmonize.mechanisms import tokens
from omics_rx.repurposing import event_effects, inputs
from omics_rx.repurposing.alterations import facts, together
from omics_rx.repurposing.alterations.given import variants_of
from omics_rx.repurposing.corrected import over_lines, pooled_contrasts
from omics_rx.repurposing.questions import SUBTYPE_SHARE
from omics_rx.repurposing.selectivity import without_general

MEASURED, PUBLISHED = (0.5, 1, 1.5, 2, 2.5, 3, 4, 6), (0.25, 0.5, 1, 1.5, 2, 3, 4, 6)
_DISEASE = {
    "non-small cell lung": "lung_NSCLC", "chronic myeloid leukaemia": "chronic_myeloid", "melanoma": "melanoma",
    "ovarian": "ovary", "prostate": "prostate", "colorectal": "large_intestine", "pancreas": "pancreas",
    "urothelial": "Bladder", "acute myeloid leukaemia": "acute_myeloid", "anaplastic large cell lymphoma": "anaplastic",
}  # fmt: skip


def published(events: pd.DataFrame, detail: str, ids: dict[str, str]) -> pd.Series:
    """Level of evidence a drug by a line's events; a screen's mutation is one that recurs, so it is taken as named."""
    rows = []
    table = facts.shipped().to_dict("records")
    for variant in variants_of(events).to_dict("records"):
        for fact in table:
            loose = fact | (
                {"variant": ""} if fact["effect"] == "sensitivity" and variant["kind"] == "mutation" else {}
            )
            if fact["gene"] == variant["gene"] and facts.fits(loose, variant) and fact["drug"] in ids:
                here = fact["disease"] == "any solid" or detail.startswith(_DISEASE.get(fact["disease"], "?"))
                weight = facts.LEVELS[fact["level"]] * (1 if here else 0.5)
                rows.append((ids[fact["drug"]], weight if fact["effect"] == "sensitivity" else -weight))
    found = pd.DataFrame(rows, columns=["drug_id", "weight"]).groupby("drug_id")["weight"]
    return found.max().clip(lower=0) + found.min().clip(upper=0)


def lines_of(n_folds: int) -> pd.DataFrame:
    model = response.default("gdsc")
    screen, held = model.screen_, model.held_out_
    sister = datasets.load("gdsc1")
    other, (repeats, _) = sister.matrix(), inputs.repeats(screen, sister, "ln_ic50")
    obs, full = screen.cells.obs, screen.matrix()
    lines = [line for line in full.index if obs["tissue"].get(line) != "breast" and line in held.index]
    full, held, other = full.loc[lines], held.loc[lines], other.loc[other.index.intersection(lines)]
    events, tissue = screen.cells.obsm["events"].loc[lines], obs["tissue"].reindex(lines).astype(object)
    detail = obs["tissue_detail"].reindex(lines).astype(str)
    steadied = over_lines(full, held, repeats.loc[other.index])
    words = tokens(screen.drugs, structures=False)
    told = [words[str(drug)] for drug in screen.drugs.index]
    target, preference = without_general(full), without_general(held)
    fold = pd.Series(rng(0, "folds").permutation(len(lines)) % 10, index=lines)
    ids = facts.drug_ids(screen.drugs)
    made = []
    for number in range(n_folds):
        test, train = fold.index[fold == number], fold.index[fold != number]
        effects = event_effects(
            [full.loc[train], other.loc[other.index.intersection(train)]], events, tissue=tissue, drugs=screen.drugs
        )
        contrast, _ = pooled_contrasts(steadied.loc[train], tissue.loc[train], told, screen.drugs.index)
        mean = preference.loc[train].mean()
        for line in test:
            own = events.loc[line]
            made.append(pd.DataFrame({
                "target": -target.loc[line], "tissue": -contrast[tissue[line]] if tissue[line] in contrast else np.nan,
                "predicted": mean - preference.loc[line], "measured": -together.measured(own, effects)["effect"],
                "published": published(events.loc[[line]], detail[line], ids), "line": line,
            }).reindex(full.columns))  # fmt: skip
    return pd.concat([one.dropna(subset=["target", "line"]).fillna(0.0) for one in made])


def within(table: pd.DataFrame, score: pd.Series) -> pd.Series:
    together = pd.DataFrame({"score": score.to_numpy(), "target": table["target"].to_numpy()})
    ranks = together.groupby(table["line"].to_numpy()).rank()
    return ranks.groupby(table["line"].to_numpy()).apply(lambda own: own["score"].corr(own["target"]))


def show(words: str, gain: pd.Series) -> None:
    error = gain.std() / np.sqrt(len(gain))
    print(f"{words:44s} {gain.mean():+.4f} (standard error {error:.4f}, {len(gain)} lines)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=int, default=10)
    table = lines_of(parser.parse_args().folds)
    scale = {name: float(np.sqrt((table[name] ** 2).mean())) for name in ("tissue", "predicted")}
    base = SUBTYPE_SHARE * (table["tissue"] / scale["tissue"] + 0.3 * table["predicted"] / scale["predicted"])
    before = within(table, base)
    print(f"base: mean Spearman {before.mean():.4f}; sd of measured effects {table['measured'].std():.3f}")
    for slope in MEASURED:
        show(f"measured, slope {slope}", within(table, base + slope * table["measured"]) - before)
    has = table.groupby("line")["published"].transform(lambda own: own.ne(0).any())
    own, at = table[has], base[has]
    first = within(own, at)
    print(f"facts fit {own['line'].nunique()} lines and {int(own['published'].ne(0).sum())} pairs")
    for slope in PUBLISHED:
        show(f"published, slope {slope}", within(own, at + slope * own["published"]) - first)
        places = (at + slope * own["published"]).groupby(own["line"]).rank(pct=True, ascending=False)
        truth = own["target"].groupby(own["line"]).rank(pct=True, ascending=False)
        pair = own["published"] > 0
        print(f"    place of drugs with a fact for them {places[pair].mean():.3f}; by the line's responses "
              f"{truth[pair].mean():.3f}, in the first tenth {(truth[pair] <= 0.1).mean():.2f}; "
              f"ranked there {(places[pair] <= 0.1).mean():.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
