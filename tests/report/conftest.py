"""Results of every kind, made by hand, for the pages."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.provenance import Provenance
from omics_rx.repurposing.ranking import Ranking
from omics_rx.response.prediction import Prediction

KINDS = ["predicted_sensitivity", "measured_selectivity", "target_expression"]
EVIL = '<script>alert("x")</script> & $y^2$'


def provenance(made_by):
    return Provenance(
        made_by, inputs={"gse1992": "ab" * 32}, settings={"seed": 0, "deep": {"er": EVIL}},
        versions={"python": "3.11"}, created="2026-01-01T00:00:00+00:00",
    )  # fmt: skip


@pytest.fixture(scope="session")
def subtypes():
    random = np.random.default_rng(1)
    names = [f"S{i:02d}" for i in range(60)]
    calls = pd.Series(random.choice(["LumA", "LumB", "Her2", "Basal"], 60), index=names, name="subtype")
    return pd.DataFrame({"subtype": calls, "er_status": np.where(calls.str.startswith("Lum"), "positive", "negative")})


@pytest.fixture(scope="session")
def drugs():
    names = ["Olaparib", "Cisplatin", EVIL, *(f"drug {i}" for i in range(12))]
    smiles = ["O=C(C1CC1)N1CCN(CC1)C(=O)c1cc(Cc2n[nH]c(=O)c3ccccc23)ccc1F", "N.N.Cl[Pt]Cl", "CCO", *[None] * 12]
    return pd.DataFrame(
        {
            "name": names,
            "aliases": None,
            "inchikey": None,
            "smiles": smiles,
            "targets": "PARP1;PARP2",
            "mechanism": EVIL,
        },
        index=pd.Index([f"D{i:02d}" for i in range(15)], name="drug_id"),
    )


@pytest.fixture(scope="session")
def ranking(drugs):
    random = np.random.default_rng(2)
    n = len(drugs)
    evidence = pd.DataFrame(random.normal(size=(n, 3)), index=drugs.index, columns=KINDS)
    evidence.iloc[1, 2] = np.nan
    parts = pd.DataFrame(random.normal(scale=0.3, size=(n, 3)), index=drugs.index, columns=KINDS)
    score = (-1.0 + parts.sum(axis=1)).sort_values(ascending=False)
    rank = np.arange(1, n + 1)
    table = pd.DataFrame(
        {"rank": rank, "name": drugs.loc[score.index, "name"], "score": score, "rank_low": np.maximum(rank - 2, 1),
         "rank_high": np.minimum(rank + 3, n)}
    ).join(evidence)  # fmt: skip
    table["n_evidence"] = table[KINDS].notna().sum(axis=1)
    table["known"] = None
    table["warning"] = ""
    table.iloc[0, table.columns.get_loc("known")] = "approved"
    table.iloc[0, table.columns.get_loc("warning")] = "only 2 breast lines"
    explanations = pd.concat([drugs[["name"]], parts], axis=1).loc[score.index].reset_index()
    explanations.insert(2, "base", -1.0)
    explanations["score"] = score.to_numpy()
    info = pd.DataFrame(
        {"label": "in many words", "unit": ["ln uM", "sd over lines", "sd over tumours"], "direction": [-1, -1, 1],
         "role": "ranked", "source": "here", "coverage": [1.0, 1.0, 14 / 15], "n": [15, 15, 14]},
        index=pd.Index(KINDS, name="column"),
    )  # fmt: skip
    first = str(score.index[0])
    labels = pd.DataFrame({"drug_id": [first], "subtype": ["Basal"], "status": ["approved"], "citation": [EVIL]})
    return Ranking(
        subtype="Basal", table=table,
        unranked=pd.DataFrame({"name": ["X1"], "reason": ["no evidence"]}, index=pd.Index(["D90"], name="drug_id")),
        evidence=evidence, evidence_info=info, explanations=explanations, rule="A small ranker.",
        limits=("Few breast lines.", "Shared limit."), labels=labels, drugs=drugs, provenance=provenance("rank"),
    )  # fmt: skip


@pytest.fixture(scope="session")
def prediction(subtypes, drugs):
    random = np.random.default_rng(3)
    values = pd.DataFrame(random.normal(size=(60, 15)), index=subtypes.index, columns=drugs.index)
    return Prediction(
        mean=values + 1, lower=values, upper=values + 2, preference=values, general=values.mean(axis=1),
        applicability=pd.Series(1.0, index=drugs.index), drugs=drugs, calibrated_for="cell_line",
        reference="genes standardised within the cohort", coverage=0.9, provenance=provenance("predict"),
    )  # fmt: skip


@pytest.fixture(scope="session")
def study(subtypes):
    random = np.random.default_rng(4)
    risk = pd.Series(random.normal(size=60), index=subtypes.index)
    time = random.exponential(60 * np.exp(-risk)).clip(1, 150)
    scores = pd.DataFrame(
        {
            "risk_score": risk,
            "risk_group": np.where(risk > 0, "high", "low"),
            "time": time,
            "event": random.random(60) < 0.5,
        }
    )
    figures = {
        "cohort": ["gse1992", "gse1992", "gse3143", "gse3143"],
        "role": ["cross-validated", "left out", *["external"] * 2],
        "endpoint": ["relapse", "relapse", "death", "death"], "n": [124, 124, 158, 158], "events": [35, 35, 50, 50],
        "concordance": [0.66, 0.6, 0.61, 0.62], "lower": [0.57, 0.5, 0.53, 0.54], "upper": [0.75, 0.7, 0.69, 0.7],
        "uno": [0.6, 0.6, 0.6, 0.6], "method": ["signature", "signature", "signature", "proliferation"],
    }  # fmt: skip
    weights = {"GPX4": 0.4, "ACSL4": -0.3, "CASP8": 0.1}
    signature = SimpleNamespace(
        name="cell_death", genes=tuple(weights), weights=weights, patterns={"GPX4": "ferroptosis"}, min_coverage=0.5,
        endpoint="mixed", cutoffs={"high": 0.0}, provenance=provenance("build"),
    )  # fmt: skip
    return SimpleNamespace(
        name="cell_death", recipe="cell_death", signature=signature, table=pd.DataFrame(figures),
        scores={"gse1992": scores, "gse3143": scores}, null_p={"gse3143": 0.04}, limits=["Shared limit."],
        gains=pd.DataFrame({"cohort": ["gse3143"], "difference": [-0.01], "p_value": [0.8]}), nulls=pd.DataFrame(),
        external_opened={"gse3143": {"sha256": "cd" * 32, "time": "2026-01-01T00:00:00+00:00"}},
        provenance=provenance("build"),
    )  # fmt: skip


@pytest.fixture(scope="session")
def page(study, ranking, prediction, subtypes, drugs):
    from omics_rx import report

    random = np.random.default_rng(5)
    scores = pd.DataFrame(
        random.normal(size=(60, 6)), index=subtypes.index, columns=[f"immune: cell {i}" for i in range(6)]
    )
    scores["cell death: ferroptosis"] = random.normal(size=60)
    description = {
        "unit": "log2 ratio",
        "domain": "tumour",
        "origin": EVIL,
        "detected": (),
        "n_samples": 60,
        "n_genes": 900,
    }
    sections = [
        *report.cohort_sections(description, subtypes, scores),
        *report.study_sections(study),
        *report.response_sections(prediction, subtypes["subtype"], drugs=drugs),
        *report.ranking_sections(ranking, n_top=4, drugs=drugs),
        report.limits_section(["Last limit."]),
    ]
    return report.Page(f"Candidates {EVIL}", f"The answer. {EVIL}", tuple(sections))
