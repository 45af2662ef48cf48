"""Signatures trained on the three SurvSet cohorts, applied once to cohorts never seen.

python benchmarks/signature_external.py

For each external cohort: the cell-death index (by the recipe, and restricted by genes= to what the cohort measures),
an untuned ridge-like Cox over all shared genes (scikit-survival's Coxnet, l1_ratio 0.05, middle of its path), and
proliferation. Harrell's concordance with its 95% bootstrap interval; nothing is refitted.
"""

import warnings

import numpy as np
import pandas as pd
from external_cohorts import folder, gse42568, scanb400

import omics_rx as orx
from omics_rx.core import resources
from omics_rx.core.errors import InputError
from omics_rx.metrics import compare, survival
from omics_rx.signatures.assemble import prepare, training_set
from omics_rx.signatures.training import CohortScale, moments

COHORTS = ("gse1992", "gse4335", "gse3143")


def untuned_cox(members, target) -> tuple[pd.Series, int]:
    from sksurv.linear_model import CoxnetSurvivalAnalysis
    from sksurv.util import Surv

    train = training_set(members, target.frame.columns)
    z = CohortScale.learn(train).apply(train)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = CoxnetSurvivalAnalysis(l1_ratio=0.05).fit(z, Surv.from_arrays(train.event, train.time))
    coefficients = model.coef_[:, model.coef_.shape[1] // 2]
    values = target.frame[list(train.genes)].to_numpy()
    mean, sd = moments(values)
    return pd.Series(np.nan_to_num((values - mean) / sd) @ coefficients, index=target.frame.index), len(train.genes)


def mean_proliferation(target) -> tuple[pd.Series, int]:
    table = resources.table("pam50.tsv")
    genes = [gene for gene in table.loc[table["proliferation"] == "yes", "gene"] if gene in target.frame]
    return target.frame[genes].mean(axis=1), len(genes)


def main() -> None:
    training = {name: orx.datasets.load(name) for name in COHORTS}
    outside = {"scanb400": scanb400(folder()), "gse42568": gse42568(folder())}
    members, targets = prepare(training, role="training"), prepare(outside, role="external")
    index = orx.signatures.build("cell_death", training, endpoint="mixed", n_null=0).signature
    rows, gains = [], []
    for name, target in targets.items():
        time, event = target.endpoint.time, target.endpoint.event
        risks, genes = {}, {}
        try:
            scored = index.score(target.cohort)
            risks["cell-death index"] = scored["risk_score"]
            genes["cell-death index"] = f"{scored['gene_coverage'].median():.0%} of weight"
        except InputError as error:
            print(f"{name}: {error}")
        own = orx.signatures.build(
            "cell_death",
            training,
            external={name: outside[name]},
            genes=target.cohort.var_names,
            endpoint="mixed",
            reopen=[name],
        )
        risks["index restricted to its genes"] = own.scores[name]["risk_score"]
        genes["index restricted to its genes"] = f"{len(own.signature.genes)} genes"
        risks["untuned Cox"], count = untuned_cox(members, target)
        genes["untuned Cox"] = f"{count} genes"
        proliferation, count = mean_proliferation(target)
        genes["proliferation"] = f"{count} of 11 genes"
        for method, risk in {**risks, "proliferation": proliferation}.items():
            found = survival.concordance(time, event, risk)
            rows.append((name, method, genes.get(method, ""), found.n, found.n_events, str(found)))
        for method, risk in risks.items():
            gap = survival.concordance_difference(time, event, (risk, proliferation), n_boot=4000)
            gains.append((name, method, gap.value, (gap.upper - gap.lower) / 3.92))
    print(
        pd.DataFrame(rows, columns=["cohort", "method", "genes", "n", "events", "concordance"]).to_string(index=False)
    )
    table = pd.DataFrame(gains, columns=["cohort", "method", "gain", "se"])
    print("\nGain over proliferation, pooled by random effects:")
    for method, part in table.groupby("method"):
        pooled = compare.pool(part["gain"], part["se"])
        print(
            f"  {method}: {pooled.value:+.3f} ({pooled.lower:+.3f} to {pooled.upper:+.3f}), {pooled.n_studies} cohorts"
        )


if __name__ == "__main__":
    main()
