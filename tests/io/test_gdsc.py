"""GDSC's files as its site gives them: lines, compounds and screens by identity, bounds and units stated."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core import cohort as cohorts
from omics_rx.core.errors import InputError, IntegrityError, MissingFileError

HEADER = (
    "DATASET,NLME_RESULT_ID,NLME_CURVE_ID,COSMIC_ID,CELL_LINE_NAME,SANGER_MODEL_ID,TCGA_DESC,DRUG_ID,DRUG_NAME,"
    "PUTATIVE_TARGET,PATHWAY_NAME,COMPANY_ID,WEBRELEASE,MIN_CONC,MAX_CONC,LN_IC50,AUC,RMSE,Z_SCORE"
)
# MCF7 and MDA-MB-231 are known, TT and T-T differ by a hyphen, XY-1 is no line that is known
LINES = {
    "MCF7": ("905946", "SIDM00148", "BRCA"), "MDA-MB-231": ("905960", "SIDM00146", "BRCA"),
    "TT": ("930299", "", "THCA"), "T-T": ("1299064", "", "ESCA"), "XY-1": ("9999999", "SIDM99999", "UNCLASSIFIED"),
}  # fmt: skip
DRUGS = {"1003": "Camptothecin", "1007": "Docetaxel", "1819": "Docetaxel", "1054": "Palbociclib", "4444": "NoSuchDrug"}


def rows(dataset: str = "GDSC2") -> list[str]:
    """One row a line and DRUG_ID; ln IC50 of line i and drug j is i + j / 10."""
    found = []
    for j, (drug_id, drug) in enumerate(DRUGS.items()):
        for i, (name, (cosmic, sanger, tcga)) in enumerate(LINES.items()):
            found.append(
                f'{dataset},343,1596,{cosmic},{name},{sanger},{tcga},{drug_id},{drug},"TOP1, TOP2","DNA replication",'
                f"1046,Y,0.01,10,{i + j / 10},0.{i}5,0.089,0.43"
            )
    return found


def write(folder, lines: list[str], name: str = "GDSC2_fitted_dose_response_27Oct23.csv"):
    file = folder / name
    file.write_text("\n".join([HEADER, *lines]) + "\n")
    return file


@pytest.fixture
def responses(tmp_path):
    return write(tmp_path, rows())


@pytest.fixture
def rma(tmp_path):
    """Genes x arrays; one array again, a probe set without a gene."""
    file = tmp_path / "Cell_line_RMA_proc_basalExp.txt"
    columns = ["DATA.905946", "DATA.905960", "DATA.930299", "DATA.9999999", "DATA.905946.1", "DATA.749712"]
    genes = ["TP53", "ERBB2", "ESR1", "", "MARCH1", "BRCA1"]
    lines = ["\t".join(["GENE_SYMBOLS", "GENE_title", *columns])]
    for i, gene in enumerate(genes):
        title = f"title of {gene} [Source:HGNC Symbol;Acc:{i}]" if gene else ""
        lines.append("\t".join([gene, title, *[f"{3 + i + j / 10:.6f}" for j in range(len(columns))]]))
    file.write_text("\n".join(lines) + "\n")
    return file


def named(screen, name: str) -> str:
    return screen.drugs.index[screen.drugs["name"] == name].item()


def said(screen) -> str:
    return "\n".join(orx.io.notes(screen.cells))


def test_the_fitted_responses_alone(responses):
    screen = orx.io.read_gdsc(responses)
    assert screen.name == "gdsc2"
    assert (screen.n_pairs, len(screen.drugs), screen.cells.shape) == (20, 4, (5, 0))
    values = screen.matrix()
    assert values.loc["MCF7", named(screen, "Camptothecin")] == 0
    assert values.loc["T-T", named(screen, "Palbociclib")] == pytest.approx(3.3)
    assert screen.responses.loc[screen.responses["cell_id"] == "MCF7", "auc"].tolist() == [0.05] * 4


def test_each_drug_id_is_a_screen_and_the_latest_is_kept(responses):
    every, latest = orx.io.read_gdsc(responses, screens="all"), orx.io.read_gdsc(responses)
    docetaxel = every.responses[every.responses["drug_id"] == named(every, "Docetaxel")]
    assert docetaxel.groupby("screen")["ln_ic50"].first().to_dict() == {"GDSC2/1": 0.1, "GDSC2/2": 0.2}
    kept = latest.responses[latest.responses["drug_id"] == named(latest, "Docetaxel")]
    assert kept["screen"].unique().tolist() == ["GDSC2/2"]
    assert "5 responses of earlier screens of a compound were set aside" in said(latest)


def test_a_fit_above_the_highest_dose_is_censored_and_keeps_its_value(responses):
    found = orx.io.read_gdsc(responses).responses
    assert (found["censored"] == (found["ln_ic50"] > np.log(10))).all()
    assert found["censored"].sum() == 9
    assert found["ln_ic50"].max() == pytest.approx(4.4)


def test_lines_are_told_by_accession_and_the_unknown_keep_their_name(responses):
    screen = orx.io.read_gdsc(responses)
    assert set(screen.cells.obs_names) == {"MCF7", "MDA-MB-231", "TT", "T-T", "XY-1"}
    assert screen.cells.obs.loc["MCF7", "breast_subtype"] == "Luminal"
    assert screen.cells.obs.loc["XY-1", "tcga"] == "UNCLASSIFIED"
    assert screen.cells.obsm["events"].loc["XY-1"].isna().all()
    assert screen.cells.obsm["events"].loc["MDA-MB-231", "TP53_mut"] == 1
    assert "1 of 5 lines keep their own name (9999999" in said(screen)


def test_compounds_are_told_by_name_and_the_unknown_keep_theirs(responses):
    screen = orx.io.read_gdsc(responses)
    assert "name:nosuchdrug" in screen.drugs.index
    assert screen.drugs.loc["name:nosuchdrug", "target_text"] == "TOP1, TOP2"
    assert screen.drugs.loc[named(screen, "Palbociclib"), "targets"] == "CDK4;CDK6"
    assert "PD-0332991" in screen.drugs.loc[named(screen, "Palbociclib"), "aliases"]
    assert screen.drugs.loc[named(screen, "Palbociclib"), "inchikey"] == named(screen, "Palbociclib")
    assert "1 of 5 compounds keep their own name (4444" in said(screen)


def test_a_list_of_compounds_gives_synonyms_by_which_one_is_known(tmp_path, responses):
    table = tmp_path / "screened_compounds_rel_8.5.csv"
    table.write_text(
        "DRUG_ID,SCREENING_SITE,DRUG_NAME,SYNONYMS,TARGET,TARGET_PATHWAY\n"
        '1003,MGH,Camptothecin,"7-Ethyl-10-Hydroxy-Camptothecin, SN-38","TOP1","DNA replication"\n'
        '4444,SANGER,NoSuchDrug,"Lapatinib, GW-572016",EGFR,RTK signaling\n'
    )
    screen = orx.io.read_gdsc(responses, compounds=table)
    assert named(screen, "Lapatinib") in screen.drugs.index
    assert "NoSuchDrug" in screen.drugs.loc[named(screen, "Lapatinib"), "aliases"].split(";")
    assert "3 of 5 compounds are not in" in said(screen)


def test_structures_decide_over_names(tmp_path, responses):
    table = tmp_path / "structures.csv"
    table.write_text("drug_name,smiles\nNoSuchDrug,CC(=O)Oc1ccccc1C(=O)O.[Na]\nPalbociclib,not a smiles\n")
    screen = orx.io.read_gdsc(responses, structures=table)
    assert screen.drugs.loc["BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "name"] == "NoSuchDrug"
    assert screen.drugs.loc["BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "smiles"] == "CC(=O)Oc1ccccc1C(=O)O"


def test_structures_are_found_by_other_names_that_are_one_compounds(responses):
    table = pd.DataFrame(
        {"name": ["mine", "yours", "theirs"], "aliases": ["NoSuchDrug;x", "Camptothecin", "Camptothecin"],
         "smiles": ["CC(=O)Oc1ccccc1C(=O)O", "CCO", "CCN"]}
    )  # fmt: skip
    screen = orx.io.read_gdsc(responses, structures=table)
    assert screen.drugs.loc["BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "name"] == "NoSuchDrug"
    assert pd.isna(screen.drugs.loc[named(screen, "Camptothecin"), "smiles"])


def test_expression_of_gdscs_arrays(responses, rma):
    screen = orx.io.read_gdsc(responses, expression=rma)
    values = screen.cells.to_df()
    assert values.shape == (6, 5)
    assert values.loc["MCF7", "TP53"] == pytest.approx(3)
    assert values.loc["XY-1", "ERBB2"] == pytest.approx(4.3)
    assert values.loc["HCC1395", "MARCHF1"] == pytest.approx(7.5)
    assert values.loc["T-T"].isna().all()
    assert values.loc["TT"].notna().all()
    info = cohorts.info(screen.cells)
    assert (info.unit, info.domain, info.detected) == ("log2 intensity", "cell_line", ())
    for sentence in ("1 rows without a gene symbol", "1 second arrays of a line", "1 of 6 lines have no expression"):
        assert sentence in said(screen)
    assert orx.harmonize.changes(screen.cells).set_index("source_id").loc["MARCH1", "id"] == "MARCHF1"


def test_facts_of_lines_that_the_package_lacks(tmp_path, responses):
    table = pd.DataFrame(
        {"Sample Name": ["MCF7", "XY-1"], "COSMIC identifier": [905946.0, 9999999.0], "Drug\nResponse": ["Y", "Y"],
         "GDSC\nTissue descriptor 1": ["other", "soft_tissue"],
         "Microsatellite \ninstability Status (MSI)": ["x", "MSS"],
         "Cancer Type\n(matching TCGA label)": ["BRCA", "SARC"]}
    )  # fmt: skip
    screen = orx.io.read_gdsc(responses, cell_lines=table)
    assert screen.cells.obs.loc["XY-1", ["tissue", "msi", "tcga"]].tolist() == ["soft_tissue", "MSS", "SARC"]
    assert screen.cells.obs.loc["MCF7", "tissue"] == "breast"
    assert "3 of 5 lines are not in" in said(screen)


def test_the_workbook_of_cell_lines_details(tmp_path, responses):
    """Breaks within column names, several sheets, and a row of totals below the lines."""
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "Cell line details"
    for row in (
        ["Sample Name", "COSMIC identifier", "Whole Exome Sequencing (WES)", "Copy Number Alterations (CNA)",
         "Gene Expression", "Methylation", "Drug\nResponse", "GDSC\nTissue descriptor 1",
         "GDSC\nTissue\ndescriptor 2", "Cancer Type\n(matching TCGA label)",
         "Microsatellite \ninstability Status (MSI)", "Screen Medium", "Growth Properties"],
        ["MCF7", 905946, "Y", "Y", "Y", "Y", "Y", "breast", "breast", "BRCA", "MSS/MSI-L", "D/F12", "Adherent"],
        ["XY-1", 9999999, "Y", "Y", "N", "Y", "Y", "soft_tissue", "sarcoma", "SARC", "MSI-H", "R", "Suspension"],
        ["TOTAL:", None, 2, 2, 1, 2, 2, None, None, None, None, None, None],
    ):  # fmt: skip
        book.active.append(row)
    book.create_sheet("COSMIC tissue classification").append(["Line", "COSMIC_ID", "Site", "Histology"])
    book.save(tmp_path / "Cell_Lines_Details.xlsx")
    screen = orx.io.read_gdsc(responses, cell_lines=tmp_path / "Cell_Lines_Details.xlsx")
    facts = screen.cells.obs.loc["XY-1", ["tissue", "tissue_detail", "tcga", "msi", "growth"]]
    assert facts.tolist() == ["soft_tissue", "sarcoma", "SARC", "MSI-H", "Suspension"]
    assert "TOTAL:" not in screen.cells.obs_names
    assert "3 of 5 lines are not in" in said(screen)


def test_genetic_features_with_unquoted_lists_of_genes(tmp_path, responses):
    file = tmp_path / "PANCANCER_Genetic_features_Tue Jun 20 06_41_49 2023.csv"
    file.write_text(
        "Cell Line Name,COSMIC ID,GDSC Desc1,GDSC Desc2,TCGA Desc,Genetic Feature,IS Mutated,"
        "Recurrent Gain Loss,Genes in Segment\n"
        "MCF7,905946,breast,breast,BRCA,TP53_mut,0,,\n"
        "MCF7,905946,breast,breast,BRCA,cnaPANCAN1,1,gain,ABCD,EFGH,IJKL\n"
        "XY-1,9999999,x,x,SARC,TP53_mut,1,,\n"
        "XY-1,9999999,x,x,SARC,cnaPANCAN301,1,loss,PTEN\n"
    )
    events = orx.io.read_gdsc(responses, mutations=file).cells.obsm["events"]
    assert events.loc[["MCF7", "XY-1"], "TP53_mut"].tolist() == [0, 1]
    assert events.loc["MCF7", "cnaPANCAN1_gain"] == 1
    assert np.isnan(events.loc["XY-1", "cnaPANCAN1_gain"])
    assert events.loc["XY-1", "PTEN_loss"] == 1
    assert np.isnan(events.loc["TT", "TP53_mut"])
    assert "BRAF_mut" not in events
    assert "MSI" in events


def test_mutations_and_gistic_scores_of_the_cell_model_passports(tmp_path, responses):
    mutations = tmp_path / "mutations_all_20250318.csv"
    mutations.write_text(
        "gene_id,gene_symbol,model_id,protein_mutation,cdna_mutation,effect,cancer_driver,vaf\n"
        "SIDG1,PIK3CA,SIDM00148,p.E545K,c.1633G>A,missense,True,0.4\nSIDG2,TTN,SIDM00146,p.A1B,c.1G>A,missense,False,0.2\n"
        "SIDG1,PIK3CA,SIDM99999,p.H1047R,c.3140A>G,missense,True,0.4\n"
    )
    gistic = tmp_path / "cnv_gistic_20191101.csv"
    gistic.write_text(
        "model_id,,SIDM00148,SIDM99999\nmodel_name,,MCF7,XY-1\ngene_id,symbol,,\n"
        "SIDG3,ERBB2,2,-1\nSIDG4,CDKN2A,-2,\nSIDG5,OR4F5,2,2\n"
    )
    screen = orx.io.read_gdsc(responses, mutations=mutations, copy_number=gistic)
    events = screen.cells.obsm["events"]
    assert events.loc[["MCF7", "MDA-MB-231", "XY-1"], "PIK3CA_mut"].tolist() == [1, 0, 1]
    assert events.loc[["MCF7", "XY-1"], "ERBB2_gain"].tolist() == [1, 0]
    assert events.loc["MCF7", "CDKN2A_loss"] == 1
    assert np.isnan(events.loc["XY-1", "CDKN2A_loss"])
    assert not any(name.startswith(("OR4F5", "TTN")) for name in events)
    assert "2 of 3 mutations are of cancer drivers" in said(screen)
    gistic.write_text(gistic.read_text().replace("2,-1", "7,3"))
    with pytest.raises(InputError, match="up to 7, and GISTIC scores"):
        orx.io.read_gdsc(responses, copy_number=gistic)


def test_a_gzipped_file_and_a_frame_read_alike(tmp_path, responses):
    packed = tmp_path / "packed.csv.gz"
    packed.write_bytes(gzip.compress(responses.read_bytes()))
    one, other, third = (orx.io.read_gdsc(s) for s in (responses, packed, pd.read_csv(responses)))
    assert one.fingerprint == other.fingerprint == third.fingerprint


def test_a_spreadsheet_and_one_with_two_header_rows(tmp_path, responses):
    table = pd.read_csv(responses)
    plain, titled = tmp_path / "GDSC2_fitted_dose_response_27Oct23.xlsx", tmp_path / "titled.xlsx"
    table.to_excel(plain, index=False)
    assert orx.io.read_gdsc(plain).fingerprint == orx.io.read_gdsc(responses).fingerprint
    table.to_excel(titled, index=False, startrow=2)
    with pytest.raises(InputError, match="its column names stand in row"):
        orx.io.read_gdsc(titled)


def test_the_shared_steps_give_what_the_named_dataset_has(gdsc2):
    """The public GDSC2 in the publisher's layout comes out as the named dataset, pair by pair."""
    kept = gdsc2.responses["drug_id"].isin(gdsc2.drugs.index[:12])
    table = gdsc2.responses[kept]
    file = pd.DataFrame(
        {"CELL_LINE_NAME": table["cell_id"], "DRUG_NAME": table["source_name"], "LN_IC50": table["ln_ic50"],
         "DATASET": "GDSC2", "AUC": table["auc"]}
    )  # fmt: skip
    screen = orx.io.read_gdsc(file)
    both = table.merge(screen.responses, on=["cell_id", "drug_id"], validate="1:1")
    assert len(both) == len(table) > 5000
    np.testing.assert_array_equal(both["ln_ic50_x"], both["ln_ic50_y"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda h, r: (h.replace("LN_IC50", "VALUE"), r), r"has no column LN_IC50 \(it has DATASET"),
        (lambda h, r: (h, []), "a header and no rows"),
        (lambda h, r: ("", []), "is empty"),
        (
            lambda h, r: ("GDSC2 responses,,,", [h, *r]),
            "rows have 19 fields where the header has 4; row 2 begins with DATASET",
        ),
        (lambda h, r: (h, [h, *r]), "values of LN_IC50 are no numbers .*row 2.*two header rows"),
        (lambda h, r: (h, [*r, r[0].replace(",0.0,", ",1.5,")]), r"1 measurements .* other values \(905946 / 1003\)"),
        (lambda h, r: (h, [*r, r[3][:60]]), "no whole table"),
        (lambda h, r: (h, [*r, r[0].replace("GDSC2", "GDSC1")]), r"several datasets \(GDSC2, GDSC1\)"),
        (lambda h, r: (h, [line.replace(",0.01,10,", ",10,10000,") for line in r]), "MAX_CONC has median 10000"),
        (lambda h, r: (h, [line.replace(",0.01,10,", ",0.00001,0.01,") for line in r]), "are they in ln nM"),
    ],
)
def test_responses_that_cannot_be_read(tmp_path, change, message):
    header, lines = change(HEADER, rows())
    file = tmp_path / "GDSC2_fitted_dose_response.csv"
    file.write_text("\n".join([header, *lines]) + ("\n" if header else ""))
    with pytest.raises(InputError, match=message):
        orx.io.read_gdsc(file)


def test_rows_that_stand_twice_word_for_word_count_once(tmp_path):
    screen = orx.io.read_gdsc(write(tmp_path, [*rows(), rows()[0], rows()[7]]))
    assert screen.n_pairs == 20
    assert "2 rows stand twice word for word" in said(screen)


def test_another_file_is_told_by_its_columns(tmp_path):
    file = tmp_path / "compounds.csv"
    file.write_text("DRUG_ID,SCREENING_SITE,DRUG_NAME,SYNONYMS,TARGET,TARGET_PATHWAY\n1,MGH,A,,B,C\n")
    with pytest.raises(InputError, match="it is a GDSC list of screened compounds"):
        orx.io.read_gdsc(file)


def test_two_rows_are_never_one_line(tmp_path):
    """CAL120 under its COSMIC id and loosely spelled under none: the accession has it, the other keeps its name."""
    lines = [
        rows()[0].replace("905946,MCF7,SIDM00148", "906826,CAL-120,"),
        rows()[0].replace("905946,MCF7,SIDM00148", ",Cal 120,"),
    ]
    screen = orx.io.read_gdsc(write(tmp_path, lines))
    assert set(screen.cells.obs_names) == {"CAL-120", "Cal 120"}
    assert "several rows are CAL-120" in said(screen)


def test_files_that_are_not_whole(tmp_path, responses, rma):
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(responses.read_bytes())[:-40])
    with pytest.raises(IntegrityError, match="truncated or damaged"):
        orx.io.read_gdsc(cut)
    with pytest.raises(MissingFileError, match="no file or folder"):
        orx.io.read_gdsc(tmp_path / "absent.csv")
    packed = tmp_path / "rma.txt.gz"
    packed.write_bytes(gzip.compress(rma.read_bytes())[:-40])
    with pytest.raises(IntegrityError, match="truncated or damaged"):
        orx.io.read_gdsc(responses, expression=packed)
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\x00\x01\x02" * 50)
    with pytest.raises(InputError, match="binary file"):
        orx.io.read_gdsc(binary)
    with pytest.raises(InputError, match="is a folder"):
        orx.io.read_gdsc(tmp_path)


def test_an_unknown_choice_of_screens(responses):
    with pytest.raises(InputError, match='use "latest" or "all"'):
        orx.io.read_gdsc(responses, screens="newest")
