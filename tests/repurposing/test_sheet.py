"""The sheet of a candidate, the pathways of the first ones, and the failures that are shown as such."""

from __future__ import annotations

import pandas as pd
import pytest

from omics_rx.core.errors import UnknownNameError
from omics_rx.repurposing import sheet, universe


def test_a_sheet_says_what_would_refute_it(fitted, world):
    ranking = fitted.rank("Basal")
    first = ranking.table.index[0]
    made = ranking.sheet(first)
    assert made.name == ranking.table.loc[first, "name"]
    assert made.facts["rank"].startswith("1 of 96")
    assert made.facts["targets"] == world.screen.drugs.loc[first, "targets"]
    assert len(made.refuted_by) >= 2
    assert all("{" not in text for text in made.refuted_by)
    assert "at concentrations that patients reach" in made.refuted_by[-1]
    weighty = made.evidence["contribution"].idxmax()
    expected = sheet._REFUTES[str(weighty)].format(drug=made.name, subtype="Basal", targets=made.facts["targets"])
    assert made.refuted_by[0] == expected
    text = str(made)
    assert text.startswith(f"# {made.name}\n")
    assert f"## Trials in which it failed\n- {made.silence}" in text
    assert made.silence.startswith("nobody looked whether it failed")
    with pytest.raises(UnknownNameError):
        ranking.sheet("nothing of the kind")


def test_labels_of_every_subtype_are_on_it(fitted):
    labelled = fitted.labels_["drug_id"].iloc[0]
    found = fitted.rank("Her2").sheet(labelled).known
    assert found["subtype"].tolist() == fitted.labels_.loc[fitted.labels_["drug_id"] == labelled, "subtype"].tolist()


def test_known_failures_belong_to_drugs_by_structure():
    failed = sheet.failed_trials()
    drugs = universe()
    named = failed[failed["inchikey"].isin(drugs.index)]
    assert {"Metformin", "Acetylsalicylic acid", "Pravastatin", "Simvastatin"} <= set(named["name"])
    for name, key in zip(named["name"], named["inchikey"], strict=True):
        assert drugs.loc[key, "name"] == name
    assert failed["year"].astype(int).between(2000, 2026).all()
    assert failed[["setting", "result", "citation"]].notna().all().all()


def test_metformin_is_shown_as_failed(fitted):
    ranking = fitted.rank("Basal")
    drugs = ranking.drugs.assign(inchikey=None)
    first = ranking.table.index[0]
    drugs.loc[first, "inchikey"] = "XZWYZXLIPXDOLR-UHFFFAOYSA-N"
    from dataclasses import replace

    made = replace(ranking, drugs=drugs).sheet(first)
    found = made.failures
    assert made.silence == ""
    assert found["setting"].str.contains("early breast cancer").sum() == 2
    assert "MA.32" in str(replace(ranking, drugs=drugs).sheet(first))


def test_pathways_of_the_first_drugs(fitted):
    from dataclasses import replace

    ranking = fitted.rank("Basal")
    genes = ["CDK1", "CCNB1", "PLK1", "AURKA", "WEE1"]
    rest = ["EGFR", "ERBB2", "ESR1", "AR", "MTOR", "JAK1", "BTK", "SMO", "KIT", "MET", "RET", "ALK", "FLT3", "SYK"]
    ids = ranking.table.index
    own = pd.Series([genes[i % 5] if i < 10 else rest[i % 14] for i in range(len(ids))], index=ids)
    found = replace(ranking, drugs=ranking.drugs.assign(targets=own)).pathways(10)
    assert found["p_value"].iloc[0] < 0.01
    assert set(found["genes"].iloc[0].split(";")) <= set(genes)
    assert found["set_size"].max() <= len(genes) + len(rest)
