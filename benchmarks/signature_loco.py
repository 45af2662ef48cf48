"""Prognosis from modules against proliferation, one cohort left out at a time: python benchmarks/signature_loco.py.

Ten open cohorts, endpoints as marked. For each, the recipe "modules" is fitted on the other nine, with gene loadings
relearnt without it. Held beside it on the same patients: the mean of the proliferation genes that the platform has,
the same filled in, the fixed score (proliferation less ER function), the 21-gene formula and ROR-S filled in, and
clinical variables. Gains are paired and pooled by random effects with the interval of Hartung and Knapp. Then the
same within ER-positive, ER-negative and triple-negative tumours, and the fixed score with random modules in place of
ER function. Genes of the modules were chosen from the literature, part of which rests on some of these cohorts.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from external_cohorts import every, folder
from make_loadings import donors, learn

from omics_rx.core import resources
from omics_rx.core.errors import InputError
from omics_rx.metrics import compare, survival
from omics_rx.scores.records import recorded_receptor
from omics_rx.signatures import modules as mo
from omics_rx.signatures.assemble import Member, prepare, training_set
from omics_rx.signatures.clinical import features, usable
from omics_rx.signatures.loadings import GeneLoadings

N_BOOT, N_RANDOM, FEWEST = 500, 200, 8
ROR_S = {"Basal": 0.05, "Her2": 0.12, "LumA": -0.34, "LumB": 0.23}  # Parker 2009, subtype part


def zscored(member: Member) -> pd.DataFrame:
    frame = member.frame
    return ((frame - frame.mean()) / frame.std()).loc[:, frame.std() > 1e-9]


def filled(z: pd.DataFrame, genes: list[str], weights: np.ndarray, told: GeneLoadings) -> np.ndarray:
    """Scores of several sets of weights over genes, filled in from what the cohort has, samples x sets."""
    return mo.of_modules(z, tuple(genes), weights, told)


def recurrence(z: pd.DataFrame, told: GeneLoadings) -> np.ndarray:
    rows = json.loads((resources.root() / "signatures" / "recurrence_score.json").read_text())["genes"]
    return filled(z, [row["gene"] for row in rows], np.array([[row["weight"]] for row in rows]), told)[:, 0]


def ror(z: pd.DataFrame, told: GeneLoadings) -> np.ndarray:
    """Weighted correlations of filled-in PAM50 genes with the centroids."""
    table = resources.table("pam50.tsv").set_index("gene")
    values = filled(z, list(table.index), np.eye(len(table)), told)
    total = np.zeros(len(z))
    for name, weight in ROR_S.items():
        centroid = table[name].to_numpy(dtype=float)
        total += weight * np.array([np.corrcoef(row, centroid)[0, 1] for row in values])
    return total


def scores(name: str, members: dict[str, Member], given: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Risks of one cohort's patients by what was learnt from the others."""
    told = learn({donor: frame for donor, frame in given.items() if donor != name})
    member, z = members[name], zscored(members[name])
    sets = mo.module_sets()
    made: dict[str, np.ndarray] = {}
    for weights in ("fixed", "fitted"):
        recipe = mo.ModuleRecipe(weights=weights, loadings=told)
        others = {key: other for key, other in members.items() if key != name}
        fitted = recipe.fit(training_set(others, union=recipe.pool()), seed=0)
        held = training_set({name: member}, union=recipe.pool())
        made[f"modules, {weights}"] = fitted.risks(np.nan_to_num(mo.scaled_within(held).to_numpy()), held)[0]
    pam = resources.table("pam50.tsv")
    short = [gene for gene in pam.loc[pam["proliferation"] == "yes", "gene"] if gene in z]
    made["proliferation"] = z[short or [gene for gene in sets[mo.PROLIFERATION] if gene in z]].mean(axis=1).to_numpy()
    genes = sets[mo.PROLIFERATION]
    made["proliferation, filled in"] = filled(z, genes, np.full((len(genes), 1), 1 / len(genes)), told)[:, 0]
    made["21 genes, filled in"], made["ROR-S, filled in"] = recurrence(z, told), ror(z, told)
    return pd.DataFrame(made, index=z.index)


def gain(member: Member, one: pd.Series, two: pd.Series, keep: np.ndarray) -> tuple[float, float]:
    """Paired gain in concordance and its standard error."""
    time, event = member.endpoint.time[keep], member.endpoint.event[keep]
    found = survival.concordance_difference(
        time, event, (one.to_numpy()[keep], two.to_numpy()[keep]), seed=0, n_boot=N_BOOT
    )  # fmt: skip
    return found.value, (found.upper - found.lower) / 3.92


def pooled(
    label: str, members: dict[str, Member], pairs: dict[str, tuple[pd.Series, pd.Series]], keep: dict[str, np.ndarray]
) -> None:  # fmt: skip
    rows = {}
    for name, (one, two) in pairs.items():
        if members[name].endpoint.event[keep[name]].sum() >= FEWEST:
            rows[name] = gain(members[name], one, two, keep[name])
    if len(rows) < 2:
        print(f"{label}: {len(rows)} cohorts with {FEWEST} events, not pooled; {rows}")
        return
    values, errors = zip(*rows.values(), strict=True)
    found = compare.pool(values, errors)
    each = ", ".join(f"{name} {value:+.3f}" for name, value in zip(rows, values, strict=True))
    print(f"{label}: {found.value:+.3f} ({found.lower:+.3f} to {found.upper:+.3f}), {len(rows)} cohorts: {each}")


def clinical(members: dict[str, Member], risks: dict[str, pd.DataFrame]) -> None:
    """Clinical variables with the score over clinical variables with proliferation, cross-validated in each cohort."""
    from omics_rx.signatures.clinical import _held_back, _Outcome

    pairs, keeps = {}, {}
    for name, member in members.items():
        columns = usable(member.cohort.obs)
        if not columns:
            continue
        block = features(member.cohort.obs, columns)
        complete = block.notna().all(axis=1).to_numpy()
        if member.endpoint.event[complete].sum() < 20:
            continue
        outcome = _Outcome(
            member.endpoint.time[complete], member.endpoint.event[complete], member.endpoint.samples[complete]
        )  # fmt: skip
        fold, held = outcome.folds(10, seed=0), []
        for method in ("modules, fitted", "proliferation"):
            risk = risks[name][method].to_numpy()[complete]
            values = np.column_stack([block.to_numpy()[complete], risk])
            full = pd.Series(0.0, index=member.frame.index)
            full[complete] = _held_back(values, outcome, fold)
            held.append(full)
        pairs[name], keeps[name] = (held[0], held[1]), complete
        print(f"  {name}: {', '.join(columns)}; {int(complete.sum())} patients")
    pooled("clinical + modules over clinical + proliferation", members, pairs, keeps)


def random_modules(members: dict[str, Member], given: dict[str, pd.DataFrame]) -> None:
    """The fixed score with random genes in place of ER function, in cohorts with a thousand genes and more."""
    rich = [name for name, member in members.items() if member.frame.shape[1] > 1000]
    z = {name: zscored(members[name]) for name in rich}
    sets, random = mo.module_sets(), np.random.default_rng(0)
    common = sorted(set.union(*(set(frame.columns) for frame in given.values())))

    def value(genes: list[str]) -> float:
        gaps = []
        for name in rich:
            p = z[name][[gene for gene in sets[mo.PROLIFERATION] if gene in z[name]]].mean(axis=1)
            own = z[name][[gene for gene in genes if gene in z[name]]]
            e = own.mean(axis=1) if own.shape[1] else p * 0
            end = members[name].endpoint
            c = survival.concordances(end.time, end.event, np.column_stack([p - e, p + e, p]))
            gaps.append(max(c[0], c[1]) - c[2])  # a random set may have either sign
        return float(np.mean(gaps))

    own = value(sets[mo.FUNCTION])
    drawn = [value([str(gene) for gene in random.choice(common, 22, replace=False)]) for _ in range(N_RANDOM)]
    print(
        f"mean gain over proliferation in {len(rich)} cohorts, not filled in: ER function {own:+.3f}; {N_RANDOM} "
        f"random sets of 22 genes, each with its better sign in each cohort: median {np.median(drawn):+.3f}, "
        f"largest {max(drawn):+.3f}, as good {sum(one >= own for one in drawn)}"
    )


def main() -> None:
    members = prepare(every(folder()), role="training")
    given = donors()
    risks = {name: scores(name, members, given) for name in members}
    for name, member in members.items():
        end = member.endpoint
        figures = survival.concordances(end.time, end.event, risks[name].to_numpy())
        told = ", ".join(f"{key} {value:.3f}" for key, value in zip(risks[name], figures, strict=True))
        print(f"{name} ({end.name}, {len(end.samples)} patients, {end.n_events} events): {told}")
    everyone = {name: np.ones(len(member.frame), dtype=bool) for name, member in members.items()}
    for method in [key for key in risks["gse1992"] if key != "proliferation"]:
        for against in ("proliferation", "proliferation, filled in"):
            if method != against:
                pairs = {name: (table[method], table[against]) for name, table in risks.items()}
                pooled(f"{method} over {against}", members, pairs, everyone)
    pairs = {name: (table["modules, fitted"], table["proliferation"]) for name, table in risks.items()}
    er = {name: recorded_receptor(member.cohort.obs, "er") for name, member in members.items()}
    for kind in ("positive", "negative"):
        keep = {name: (told == kind).to_numpy() for name, told in er.items() if told is not None}
        pooled(f"within ER-{kind}", members, {name: pairs[name] for name in keep}, keep)
    obs = members["scanb400"].cohort.obs
    none = np.all([(recorded_receptor(obs, one) == "negative").to_numpy() for one in ("er", "pr", "her2")], axis=0)
    found = survival.concordance_difference(
        members["scanb400"].endpoint.time[none], members["scanb400"].endpoint.event[none],
        tuple(one.to_numpy()[none] for one in pairs["scanb400"]), seed=0,
    )  # fmt: skip
    events = int(members["scanb400"].endpoint.event[none].sum())
    print(f"triple-negative, scanb400, {int(none.sum())} patients, {events} deaths: {found}")
    try:
        clinical(members, risks)
    except InputError as error:
        print(error)
    random_modules(members, given)


if __name__ == "__main__":
    main()
