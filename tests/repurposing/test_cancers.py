"""Learning from other cancers: what the labels say, what lines tell, and that breast cancer is held out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError
from omics_rx.core.screen import DrugScreen
from omics_rx.repurposing import Ranker, cancers, learner


def test_the_labels_say_what_is_known():
    table = cancers.shipped()
    found = set(zip(table["drug"], table["cancer"], strict=True))
    assert {("Dabrafenib", "melanoma"), ("Imatinib", "cml"), ("Temozolomide", "glioma"), ("Bortezomib", "myeloma"),
            ("Olaparib", "ovary"), ("Osimertinib", "lung_nsclc")} <= found  # fmt: skip
    assert not found & {("Imatinib", "melanoma"), ("Dabrafenib", "cml"), ("Lapatinib", "lung_nsclc")}
    assert set(table["cancer"]) <= set(cancers.LINES)
    assert not table.duplicated(["inchikey", "cancer"]).any()
    assert table["sources"].str.contains("; ").all()


def test_pairs_weigh_one_a_drug():
    table = cancers.shipped().drop_duplicates("inchikey")
    drugs = pd.DataFrame({"name": table["drug"].to_numpy(), "inchikey": table["inchikey"].to_numpy()})
    drugs.index = [f"D{i}" for i in range(len(drugs))]
    pairs = cancers.training_pairs(drugs)
    weights = pairs.groupby(["drug_id", "positive"])["weight"].sum()
    assert np.allclose(weights, 1)
    assert set(pairs["kind"]) == {"positive", "mismatch"}
    assert len(pairs) == len(drugs) * len(cancers.LINES)
    with pytest.raises(InputError, match="holds no drug"):
        cancers.training_pairs(drugs.assign(name="x", inchikey=None).iloc[:1])


def _screen():
    from anndata import AnnData

    random = np.random.default_rng(0)
    details = ["melanoma"] * 6 + ["glioma"] * 6 + ["breast"] * 6
    lines = [f"L{i}" for i in range(18)]
    values = pd.DataFrame(random.normal(size=(18, 12)), index=pd.Index(lines, name="cell_id"),
                          columns=[f"D{i}" for i in range(12)])  # fmt: skip
    values.loc[lines[:6], "D0"] -= 6
    expression = random.normal(size=(18, 3))
    expression[:6, 0] += 4
    cells = AnnData(expression, obs=pd.DataFrame({"name": lines, "tissue_detail": details}, index=lines),
                    var=pd.DataFrame(index=["BRAF", "EGFR", "MYC"]))  # fmt: skip
    drugs = pd.DataFrame({"name": values.columns, "targets": "BRAF"}, index=values.columns)
    long = values.melt(ignore_index=False, var_name="drug_id", value_name="ln_ic50").reset_index()
    return DrugScreen(long, cells, drugs, "x")


def test_lines_tell_selectivity_and_breast_lines_tell_nothing():
    screen = _screen()
    found = cancers.evidence(screen)
    assert set(found.index.get_level_values(1)) == {"melanoma", "glioma"}
    melanoma = found.xs("melanoma", level=1)
    assert melanoma["measured_selectivity"].idxmin() == "D0"
    assert melanoma.loc["D0", "measured_selectivity"] < -1
    assert melanoma.loc["D0", "target_expression"] > 1
    responses = screen.responses.copy()
    breast = responses["cell_id"].isin([f"L{i}" for i in range(12, 18)])
    responses.loc[breast, "ln_ic50"] += 3 * np.arange(breast.sum()) / breast.sum()
    moved = DrugScreen(responses, screen.cells, screen.drugs, "x")
    pd.testing.assert_frame_equal(found, cancers.evidence(moved))
    bare = screen.cells.copy()
    del bare.obs["tissue_detail"]
    assert cancers.evidence(DrugScreen(screen.responses, bare, screen.drugs, "x")).empty


def test_a_screen_without_tissues_falls_back_and_says_so(world, monkeypatch):
    monkeypatch.setattr(learner, "N_MEMBERS", 2)
    pairs = pd.DataFrame({"drug_id": ["D000"], "subtype": ["melanoma"], "positive": [True], "kind": ["positive"],
                          "weight": [1.0]})  # fmt: skip
    monkeypatch.setattr(cancers, "training_pairs", lambda drugs: pairs)
    ranker = Ranker("cancers").fit(world.model, world.cohort)
    assert not ranker.learnt_
    assert "0 drugs of 0 mechanisms" in ranker.rule_


def test_planted_drugs_are_found_by_labels_of_other_cancers(world, monkeypatch):
    """Drugs approved in two planted cancers by measured selectivity: the ranker learns to weigh it, breast unseen."""
    monkeypatch.setattr(learner, "N_MEMBERS", 3)
    random = np.random.default_rng(5)
    drugs = world.screen.drugs.index
    rows, training = {}, []
    for cancer in ("melanoma", "glioma", "kidney", "liver"):
        rows[cancer] = pd.DataFrame({"measured_selectivity": random.normal(size=len(drugs))}, index=drugs)
    evidence = pd.concat(rows, names=["subtype", "drug_id"]).swaplevel()
    for drug in drugs[:48]:
        own = evidence.loc[drug, "measured_selectivity"].sort_values()
        training += [(drug, own.index[0], True, "positive", 1.0)]
        training += [(drug, cancer, False, "mismatch", 1 / 3) for cancer in own.index[1:]]
    pairs = pd.DataFrame(training, columns=["drug_id", "subtype", "positive", "kind", "weight"])
    monkeypatch.setattr(cancers, "evidence", lambda screen, held_out=None: evidence)
    monkeypatch.setattr(cancers, "training_pairs", lambda drugs: pairs)
    ranker = Ranker("cancers", seed=1).fit(world.model, world.cohort)
    assert ranker.learnt_
    assert ranker.n_training_ == len(pairs)
    ranking = ranker.rank("Basal")
    parts = ranking.explanations.set_index("drug_id")[ranking.kinds].abs().mean()
    assert parts.idxmax() == "measured_selectivity"
    assert "other than breast" in ranking.rule
    assert any("other than breast" in said for said in ranking.limits)
    total = ranking.explanations.set_index("drug_id")
    assert (total["base"] + total[ranking.kinds].sum(axis=1) - total["score"]).abs().max() < 1e-9
