"""What random genes of the same number do: python benchmarks/random_gene_null.py [WHOLE].

1,000 sets of twelve genes through the recipe's final learner (ridge Cox), trained on gse1992 and gse4335, applied to
three cohorts: gse3143, scanb400 and gse42568. WHOLE (10) times the whole cell-death recipe over as many random genes:
the names of the genes are dealt anew, so pools, patterns and sizes stay as they are. Every cohort here has been opened
before; nothing is chosen by these figures.
"""

import sys
import time as clock

import pandas as pd
from external_cohorts import folder, gse42568, scanb400

import omics_rx as orx
from omics_rx.metrics import survival
from omics_rx.signatures import nulls
from omics_rx.signatures.assemble import prepare, training_set
from omics_rx.signatures.recipes import resolve

SETS, SIZE = 1000, 12


def main() -> None:
    whole = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    training = prepare({name: orx.datasets.load(name) for name in ("gse1992", "gse4335")}, role="training")
    targets = {"gse3143": orx.datasets.load("gse3143"), "scanb400": scanb400(folder()), "gse42568": gse42568(folder())}
    outside = prepare(targets, role="external")
    shared = set.intersection(*(set(member.frame.columns) for member in outside.values()))
    train = training_set(training, shared)
    start = clock.perf_counter()
    drawn = nulls.random_genes(train, outside, size=SIZE, n_sets=SETS, seed=0)
    took = clock.perf_counter() - start
    print(f"{SETS} sets x {len(outside)} cohorts in {took:.1f} s ({len(train.genes)} genes all cohorts measure)")
    recipe = resolve("cell_death", n_genes=SIZE)
    fitted = recipe.fit(train, seed=0)
    start = clock.perf_counter()
    searched = nulls.random_pools(train, outside, recipe=recipe, n_sets=whole, seed=0)
    print(f"{whole} times the whole recipe in {clock.perf_counter() - start:.0f} s")
    rows = []
    for name, member in outside.items():
        risk = nulls.applied(fitted, member)
        own = survival.concordance(member.endpoint.time, member.endpoint.event, risk).value
        row = {"cohort": name, "events": member.endpoint.n_events, "recipe": own}
        for kind, found in (("random sets", drawn[name]), ("random pools", searched[name])):
            row |= {
                f"{kind}: mean": found.mean(), f"{kind}: 95%": found.quantile(0.95),
                f"{kind}: p": (1 + (found >= own).sum()) / (1 + len(found)),
            }  # fmt: skip
        rows.append(row)
    print(pd.DataFrame(rows).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
