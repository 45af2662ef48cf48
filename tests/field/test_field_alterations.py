"""Alterations as laboratories and boards bring them: each is read right, or one sentence says what is wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from typer.testing import CliRunner

import omics_rx as orx
from omics_rx import cli
from omics_rx.core.errors import InputError
from omics_rx.repurposing.alterations import facts, labelled, patient

read = orx.io.read_alterations
DRUGS = pd.DataFrame({"name": ["Alpelisib", "Gefitinib", "Osimertinib"]}, index=["A", "G", "S"])


def maf(*rows, **more):
    columns = ["Tumor_Sample_Barcode", "Hugo_Symbol", "Variant_Classification", "HGVSp_Short"]
    return pd.DataFrame(list(rows), columns=columns).assign(**more)


def told(found, name, **obs):
    return patient.told_of(name, found.variants[found.variants["sample"] == name], found.events.loc[name],
                           pd.Series(obs, dtype=object), effects=None, drugs=DRUGS)  # fmt: skip


def test_a_maf_of_silent_changes_alone_alters_nothing():
    found = read(maf(("P7", "PIK3CA", "Silent", "p.T1025="), ("P7", "TP53", "Intron", "")), panel=["PIK3CA", "TP53"])
    assert (found.events.loc["P7", ["PIK3CA_mut", "TP53_mut"]] == 0).all()
    said = told(found, "P7")
    assert set(said.alterations["is"]) == {"none"}
    assert not said.sentences("resistance", "uncertain")


def test_two_builds_in_one_file_are_said_and_move_no_event():
    rows = [("P7", "PIK3CA", "Missense_Mutation", "p.H1047R"), ("P8", "PIK3CA", "Missense_Mutation", "p.H1047R")]
    mixed, one = read(maf(*rows, NCBI_Build=["GRCh37", "GRCh38"])), read(maf(*rows, NCBI_Build="GRCh38"))
    assert any("mixes genome builds" in sentence for sentence in mixed.said)
    assert not any("genome builds" in sentence for sentence in one.said)
    pd.testing.assert_frame_equal(mixed.events, one.events)


def test_one_variant_on_two_rows_counts_once():
    found = read(maf(*[("P7", "PIK3CA", "Missense_Mutation", change) for change in ("p.H1047R", "p.His1047Arg")]))
    assert len(found.variants) == 1
    assert any("count once" in sentence for sentence in found.said)


def test_a_gene_under_its_old_name_is_the_gene():
    found = read(maf(("P7", "MLL3", "Nonsense_Mutation", "p.R4693*"), ("P7", "HER2", "Missense_Mutation", "p.L755S")))
    assert {"KMT2C_mut", "ERBB2_mut"} <= set(found.events.columns[(found.events.loc["P7"] == 1).to_numpy()])


def test_primary_and_metastasis_of_one_patient_stay_two_until_one_is_asked_for():
    names = ["TCGA-A1-A0SB-01A", "TCGA-A1-A0SB-06A"]
    found = read(maf((names[0], "PIK3CA", "Missense_Mutation", "p.H1047R"),
                     (names[1], "ESR1", "Missense_Mutation", "p.D538G")))  # fmt: skip
    assert told(found, names[0]).alterations["alteration"].tolist() == ["PIK3CA H1047R"]
    by_sample = found.onto(AnnData(np.zeros((2, 1)), obs=pd.DataFrame(index=[name[:15] for name in names])))
    assert by_sample.obsm["events"]["ESR1_mut"].tolist()[1] == 1
    by_patient = found.onto(AnnData(np.zeros((1, 1)), obs=pd.DataFrame(index=["TCGA-A1-A0SB"])))
    assert any("primary tumour is taken" in sentence for sentence in orx.io.said_aloud(by_patient))


def test_two_metastases_of_one_patient_are_asked_about():
    names = ["TCGA-A1-A0SB-06A", "TCGA-A1-A0SB-07A"]
    found = read(maf(*[(name, "PIK3CA", "Missense_Mutation", "p.H1047R") for name in names]))
    with pytest.raises(InputError, match="several sets of alterations"):
        found.onto(AnnData(np.zeros((1, 1)), obs=pd.DataFrame(index=["TCGA-A1-A0SB"])))


def test_one_unknown_gene_among_many_is_left_out_and_named():
    found = read(maf(("P7", "PIK3CA", "Missense_Mutation", "p.H1047R"), ("P7", "TP53", "Missense_Mutation", "p.R175H"),
                     ("P7", "LOC999", "Missense_Mutation", "p.A2T")))  # fmt: skip
    assert any("1 genes are not known (LOC999)" in sentence for sentence in found.said)
    assert "LOC999" not in set(found.variants["gene"])


def test_an_empty_panel_file_is_one_clear_error(tmp_path):
    (tmp_path / "panel.txt").write_text("# genes of the panel\n\n")
    with pytest.raises(InputError, match="names no gene"):
        read(maf(("P7", "PIK3CA", "Missense_Mutation", "p.H1047R")), panel=tmp_path / "panel.txt")


def test_what_labels_ask_for_and_nobody_tested_is_said():
    said = " ".join(told(read(["PIK3CA H1047R"], sample="P7"), "P7", er_status="Positive").sentences("not known"))
    for asked in ("HER2 negative", "ESR1 mutation", "BRCA1 or BRCA2 germline mutation", "RB1 loss"):
        assert asked in said
    tested = told(read(["PIK3CA H1047R", "ESR1 wild type", "RB1 wild type"], sample="P7"), "P7", her2_status="Negative")
    said = " ".join(tested.sentences("not known"))
    assert "ESR1 mutation" not in said
    assert "HER2 negative" not in said


def test_facts_for_and_against_one_drug_stand_side_by_side():
    said = told(read(["EGFR L858R", "EGFR T790M"], sample="P7"), "P7")
    known = said.facts[said.facts["drug"] == "Gefitinib"]
    assert set(known["effect"]) == {"sensitivity", "resistance"}
    assert any("Gefitinib contradict" in sentence for sentence in said.sentences("contradiction"))
    assert said.sentences()[0].startswith("Resistance: ")


def test_a_drug_outside_the_screen_is_told_and_moves_no_score():
    known = facts.facts_for(read(["ESR1 D538G"], sample="P7").variants, facts.drug_ids(DRUGS))
    assert "Elacestrant" in set(known["drug"])
    assert (known.loc[known["drug"] == "Elacestrant", "drug_id"] == "").all()
    assert facts.scores(known).empty


@pytest.mark.parametrize(("told_msi", "asked"), [((), True), (("MSS",), False), (("MSI-high",), False)])
def test_ten_thousand_mutations_ask_for_msi_unless_it_is_told(told_msi, asked):
    many = [("P7", "TTN", "Missense_Mutation", f"p.A{place}T") for place in range(2, 10_002)]
    sources = [maf(*many), *([{"P7": list(told_msi)}] if told_msi else [])]
    found = read(sources)
    said = told(found, "P7").sentences("mutations")
    assert "hypermutated" in said[0]
    assert ("microsatellite-unstable?" in said[0]) is asked


def test_amplified_by_sequencing_stands_for_a_receptor_that_nobody_told():
    found = read(["HER2 amplification"], sample="P7")
    table = labelled.labelled(found.variants, found.events.loc["P7"], {})
    assert labelled.HERS in set(table.loc[table["drug"] == "Neratinib", "standing"])
    told_otherwise = labelled.labelled(found.variants, found.events.loc["P7"], {"HER2": "negative"})
    assert set(told_otherwise.loc[told_otherwise["drug"] == "Neratinib", "standing"]) == {labelled.OTHERS}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--patient", "P7", "--subtype", "Basal"], "--patient and --subtype are both given"),
        (["--panel", "exome"], "--panel is given without its file"),
    ],
)
def test_options_of_a_patient_that_contradict_are_refused(tmp_path, options, said):
    result = CliRunner().invoke(cli.app, ["rank", "--out", str(tmp_path / "out"), *options])
    assert result.exit_code == 2
    assert said in result.output.replace("\n", " ")
