"""CCLE, CTRP and PRISM as their publishers give them: what is converted, what is a bound, what is averaged."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize

import omics_rx as orx
from omics_rx.core import cohort as cohorts
from omics_rx.core.errors import InputError, MissingFileError

DOSES = "0.0025,0.0080,0.025,0.080,0.25,0.80,2.53,8"
CCLE_HEADER = (
    "CCLE Cell Line Name,Primary Cell Line Name,Compound,Target,Doses (uM),Activity Data (median),Activity SD,Num Data,"
    "FitType,EC50 (uM),IC50 (uM),Amax,ActArea"
)
ASPIRIN, CAFFEINE = "CC(=O)Oc1ccccc1C(=O)O", "Cn1c(=O)c2c(ncn2C)n(C)c1=O"


def said(screen) -> str:
    return "\n".join(orx.io.notes(screen.cells))


def named(screen, name: str) -> str:
    return screen.drugs.index[screen.drugs["name"] == name].item()


def ccle_row(line: str, name: str, drug: str, ic50: str, activity: str = "-1,-2,-5,-20,-50,-80,-90,-95") -> str:
    spread = "1,1,1,1,1,1,1,1"
    return f'{line},{name},{drug},TOP1,"{DOSES}","{activity}","{spread}",8,Sigmoid,0.2,{ic50},-95,3.5'


@pytest.fixture
def ccle(tmp_path):
    file = tmp_path / "CCLE_NP24.2009_Drug_data_2015.02.24.csv"
    rows = [
        ccle_row("MCF7_BREAST", "MCF7", "Topotecan", "0.25"),
        ccle_row("TT_OESOPHAGUS", "T.T", "Topotecan", "8"),
        ccle_row("TT_THYROID", "TT", "Topotecan", "1"),
        ccle_row("NOSUCH_LUNG", "NoSuch", "PD-0332991", "NA"),
        ccle_row("NOSUCH_LUNG", "NoSuch", "Topotecan", "2.5"),
    ]
    file.write_text("\n".join([CCLE_HEADER, *rows]) + "\n")
    return file


def test_ccle(ccle):
    screen = orx.io.read_ccle(ccle)
    values = screen.matrix()[named(screen, "Topotecan")]
    assert values.to_dict() == pytest.approx({"MCF7": np.log(0.25), "T-T": np.log(8), "TT": 0, "NoSuch": np.log(2.5)})
    found = screen.responses.set_index("cell_id")
    assert found["censored"].to_dict() == {"MCF7": False, "T-T": True, "TT": False, "NoSuch": False}
    assert found["act_area"].eq(3.5).all()
    assert "auc" not in found
    assert named(screen, "Palbociclib") in screen.drugs.index
    assert "1 rows have no IC50 and were left out (NOSUCH_LUNG / PD-0332991)" in said(screen)
    assert "1 of 4 lines keep their own name (NOSUCH_LUNG" in said(screen)


def test_ccle_gives_what_the_named_dataset_has():
    """The public CCLE in the publisher's layout comes out as the named dataset, pair by pair."""
    table = orx.datasets.load("ccle", progress=False).responses
    file = pd.DataFrame(
        {"CCLE Cell Line Name": table["cell_id"], "Compound": table["source_name"], "Doses (uM)": DOSES,
         "IC50 (uM)": np.exp(table["ln_ic50"]), "ActArea": table["act_area"]}
    )  # fmt: skip
    both = table.merge(orx.io.read_ccle(file).responses, on=["cell_id", "drug_id", "screen"], validate="1:1")
    assert len(both) == len(table) == 11_670
    np.testing.assert_allclose(both["ln_ic50_x"], both["ln_ic50_y"], atol=1e-12)
    assert (both["censored_x"] == both["censored_y"]).all()
    assert (both["act_area_x"] == both["act_area_y"]).all()


def test_the_points_of_ccle_fit_to_its_doses(ccle):
    points = orx.io.read_ccle_points(ccle)
    assert len(points) == 40
    assert points["viability"].iloc[:3].tolist() == pytest.approx([0.99, 0.98, 0.95])
    found = orx.harmonize.fit_curves(points, progress=False).set_index(["cell_id", "drug_id"])
    assert np.exp(found.loc[("MCF7_BREAST", "Topotecan"), "ln_ic50"]) == pytest.approx(0.25, rel=0.15)


@pytest.fixture
def gct(tmp_path):
    file = tmp_path / "CCLE_RNAseq_genes_rpkm_20180929.gct"
    file.write_text(
        "#1.2\n3\t3\nName\tDescription\tMCF7_BREAST\tTT_OESOPHAGUS\tNOSUCH_LUNG\n"
        "ENSG00000141510.11\tTP53\t1.5\t2.5\t3.5\nENSG00000141736.9\tERBB2\t10\t20\t30\nENSG00000091831.17\tESR1\t0\t1\t2\n"
    )
    return file


def test_expression_from_a_gct(ccle, gct):
    cells = orx.io.read_ccle(ccle, expression=gct).cells
    assert cells.to_df().loc[["MCF7", "T-T", "NoSuch"], "ERBB2"].tolist() == [10, 20, 30]
    assert np.isnan(cells.to_df().loc["TT", "ERBB2"])
    assert cohorts.info(cells).unit == "FPKM"


DEPMAP_GENES = "TP53 (7157),ERBB2 (2064),MARCH1 (55016)"


@pytest.mark.parametrize("released", ["old", "new"])
def test_expression_from_depmap(tmp_path, ccle, released):
    old = f",{DEPMAP_GENES}\nACH-000019,1.5,2.5,3\nACH-999999,4.5,5.5,6\n"
    new = (
        f",SequencingID,ModelID,IsDefaultEntryForModel,ModelConditionID,IsDefaultEntryForMC,{DEPMAP_GENES}\n"
        "0,CDS-1,ACH-000019,Yes,MC-1,Yes,1.5,2.5,3\n1,CDS-2,ACH-000019,No,MC-2,Yes,9,9,9\n2,CDS-3,ACH-999999,Yes,MC-3,Yes,4.5,5.5,6\n"
    )
    file = tmp_path / "OmicsExpressionProteinCodingGenesTPMLogp1.csv"
    file.write_text(old if released == "old" else new)
    models = tmp_path / "Model.csv"
    models.write_text(
        "ModelID,PatientID,CellLineName,StrippedCellLineName,OncotreeLineage,OncotreePrimaryDisease,OncotreeSubtype,CCLEName,"
        "SangerModelID,COSMICID,GrowthPattern,RRID\n"
        "ACH-000019,PT-1,MCF7,MCF7,Breast,Invasive Breast Carcinoma,IDC,MCF7_BREAST,"
        "SIDM00148,905946.0,Adherent,CVCL_0031\n"
        "ACH-999999,PT-2,NoSuch,NOSUCH,Soft Tissue,Sarcoma,SARC,NOSUCH_LUNG,,,Suspension,\n"
    )
    screen = orx.io.read_ccle(ccle, expression=file, cell_lines=models)
    values = screen.cells.to_df()
    assert values.loc["MCF7"].to_dict() == {"TP53": 1.5, "ERBB2": 2.5, "MARCHF1": 3}
    assert values.loc["NoSuch", "TP53"] == 4.5, "known by its DepMap id through the table of models"
    assert screen.cells.obs.loc["NoSuch", ["tissue", "growth"]].tolist() == ["soft_tissue", "Suspension"]
    assert screen.cells.obs.loc["MCF7", "tissue"] == "breast"
    assert cohorts.info(screen.cells).unit == "log2(TPM + 1)"
    assert ("1 further sequencings of a model were set aside" in said(screen)) == (released == "new")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.replace("IC50 (uM)", "Value"), r"no column IC50 \(uM\)"),
        (lambda t: t.replace("Sigmoid,0.2,", "Sigmoid,200,1"), "nM"),
        (lambda t: t.replace(",0.25,-95", ",-0.25,-95"), "1 IC50 are not above 0"),
        (lambda t: t.replace(",0.25,-95", ",high,-95"), r"IC50 \(uM\) are no numbers \(row 2: 'high'\)"),
        (lambda t: t.replace(DOSES, "a,b"), "row 2: doses is 'a,b'"),
        (
            lambda t: t + ccle_row("MCF7_BREAST", "MCF7", "Topotecan", "3") + "\n",
            "1 measurements .*MCF7_BREAST / Topotecan",
        ),
    ],
)
def test_ccle_that_cannot_be_read(ccle, change, message):
    text = ccle.read_text()
    changed = change(text)
    if message == "nM":
        changed = "\n".join(
            [CCLE_HEADER, *(ccle_row("MCF7_BREAST", "MCF7", f"drug {i}", f"{900 + i}") for i in range(5))]
        )
    ccle.write_text(changed)
    with pytest.raises(InputError, match=message):
        orx.io.read_ccle(ccle)


CURVES = (
    "experiment_id\tconc_pts_fit\tfit_num_param\tp1_conf_int_high\tp1_conf_int_low\tp2_conf_int_high\tp2_conf_int_low\t"
    "p4_conf_int_high\tp4_conf_int_low\tp1_center\tp2_slope\tp3_total_decline\tp4_baseline\tapparent_ec50_umol\t"
    "pred_pv_high_conc\tarea_under_curve\tmaster_cpd_id"
)
TOP = 64.0


def ctrp_viability(dose, centre, slope, decline, baseline):
    return baseline + decline / (1 + np.exp(-(np.log2(dose) - centre) / slope))


def ctrp_row(experiment: int, compound: int, centre: float, slope: float, decline: float, baseline: float) -> str:
    high = ctrp_viability(TOP, centre, slope, decline, baseline)
    parameters = (centre, slope, decline, baseline)
    return "\t".join(map(str, (experiment, 16, 3, 1, 1, 1, 1, 1, 1, *parameters, 2**centre, high, 13.4, compound)))


@pytest.fixture
def ctrp(tmp_path):
    folder = tmp_path / "CTRPv2.0_2015_ctd2_ExpandedDataset"
    folder.mkdir()
    curves = [
        ctrp_row(1, 10, 1.0, -0.5, 0.8, 0.2),
        ctrp_row(2, 10, 3.0, -0.5, 0.8, 0.2),
        ctrp_row(3, 10, 2.0, -1.0, 0.3, 0.7),
        ctrp_row(3, 20, -14.0, -0.4, 1.0, 0.0),
        ctrp_row(4, 20, 1.0, -0.7, 0.9, 0.1),
        ctrp_row(1, 20, float("-inf"), -0.7, 0.9, 0.1),
    ]
    (folder / "v20.data.curves_post_qc.txt").write_text("\n".join([CURVES, *curves]) + "\n")
    (folder / "v20.meta.per_cell_line.txt").write_text(
        "master_ccl_id\tccl_name\tccl_availability\tccle_primary_site\tccle_primary_hist\tccle_hist_subtype_1\n"
        "101\tMCF7\tCCLE\tbreast\tcarcinoma\tductal\n102\tTT\tCCLE\toesophagus\tcarcinoma\t\n103\tTT\tCCLE\tthyroid\tcarcinoma\t\n"
    )
    (folder / "v20.meta.per_compound.txt").write_text(
        "master_cpd_id\tcpd_name\tbroad_cpd_id\ttop_test_conc_umol\tcpd_status\tinclusion_rationale\t"
        "gene_symbol_of_protein_target\ttarget_or_activity_of_compound\tsource_name\tsource_catalog_id\tcpd_smiles\n"
        f"10\tnew-drug\tBRD-K00000001\t{TOP}\tprobe\tpilot\tTP53;MDM2\tinhibitor of something\tx\ty\t{ASPIRIN}\n"
        f"20\tPD-0332991\tBRD-K51313569\t{TOP}\tclinical\tpilot\tCDK4;CDK6\tinhibitor of CDK4/6\tx\ty\t\n"
    )
    (folder / "v20.meta.per_experiment.txt").write_text(
        "experiment_id\trun_id\texperiment_date\tculture_media\tbaseline_signal\tcells_per_well\tgrowth_mode\tsnp_fp_status\tmaster_ccl_id\n"
        "1\tR1\t20120501\tRPMI\t1\t500\tadherent\tmatch\t101\n2\tR2\t20120601\tRPMI\t1\t500\tadherent\tmatch\t101\n"
        "3\tR3\t20120701\tRPMI\t1\t500\tadherent\tmatch\t102\n3\tR4\t20120702\tRPMI\t1\t500\tadherent\tmatch\t102\n"
        "4\tR5\t20120801\tRPMI\t1\t500\tadherent\tmatch\t103\n"
    )
    return folder


def test_ctrp_by_an_independent_root_and_integral(ctrp):
    screen = orx.io.read_ctrp(ctrp)
    aspirin = "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"
    found = screen.responses.set_index(["cell_id", "drug_id"])

    def half(*parameters):
        return np.log(optimize.brentq(lambda dose: ctrp_viability(dose, *parameters) - 0.5, 1e-3, TOP))

    def area(*parameters):
        low, high = np.log2(TOP) - 15, np.log2(TOP)
        return integrate.quad(lambda x: ctrp_viability(2.0**x, *parameters), low, high, limit=200)[0] / 15

    one, other = (1.0, -0.5, 0.8, 0.2), (3.0, -0.5, 0.8, 0.2)
    row = found.loc[("MCF7", aspirin)]
    assert row["ln_ic50"] == pytest.approx((half(*one) + half(*other)) / 2)
    assert row["auc"] == pytest.approx((area(*one) + area(*other)) / 2)
    assert (row["n_replicates"], row["censored"], row["ctrp_auc"]) == (2, False, 13.4)
    tt = found.loc[("TT", named(screen, "Palbociclib"))]
    assert tt["ln_ic50"] == pytest.approx(half(1.0, -0.7, 0.9, 0.1))


def test_ctrp_bounds_identity_and_facts(ctrp):
    screen = orx.io.read_ctrp(ctrp)
    found = screen.responses.set_index(["cell_id", "drug_id"])
    never, at_once = found.loc[("T-T", named(screen, "new-drug"))], found.loc[("T-T", named(screen, "Palbociclib"))]
    assert (never["ln_ic50"], never["censored"], never["below_lowest"]) == (pytest.approx(np.log(TOP)), True, False)
    assert (at_once["ln_ic50"], at_once["below_lowest"]) == (pytest.approx(np.log(TOP / 2**15)), True)
    assert screen.drugs.loc[named(screen, "new-drug"), "targets"] == "TP53;MDM2"
    assert set(found.index.get_level_values(0)) == {"MCF7", "T-T", "TT"}
    assert "1 curves without finite parameters were left out (1 / 20)" in said(screen)
    assert "2 curves" not in said(screen).split("\n")[0]


def test_ctrp_files_of_other_releases_and_missing_ones(ctrp, tmp_path):
    with pytest.raises(InputError, match="pass the folder"):
        orx.io.read_ctrp(ctrp / "v20.data.curves_post_qc.txt")
    whole = tmp_path / "copy"
    shutil.copytree(ctrp, whole)
    (whole / "v20.meta.per_compound.txt").unlink()
    with pytest.raises(MissingFileError, match=r"meta\.per_compound"):
        orx.io.read_ctrp(whole)
    table = ctrp / "v20.meta.per_compound.txt"
    text = table.read_text()
    table.write_text("\n".join(text.split("\n")[:2]) + "\n")
    with pytest.raises(
        InputError, match=r"3 curves are of a compound that v20.meta.per_compound.txt does not hold \(20\)"
    ):
        orx.io.read_ctrp(ctrp)
    table.write_text(text.replace("master_cpd_id", "cpd"))
    with pytest.raises(InputError, match="no column master_cpd_id"):
        orx.io.read_ctrp(ctrp)
    table.write_text(text.replace(f"\t{TOP}\t", "\t64000\t"))
    with pytest.raises(InputError, match=r"median 64000 .*uM are expected"):
        orx.io.read_ctrp(ctrp)


def test_ctrp_v21_has_areas_alone_and_lies_beside_v20_without_harm(ctrp, tmp_path):
    later = tmp_path / "CTRPv2.1_2016_pub_NatChemBiol_12_109"
    later.mkdir()
    (later / "v21.data.auc_sensitivities.txt").write_text(
        "area_under_curve\tmaster_cpd_id\tmaster_ccl_id\n13.4\t10\t101\n"
    )
    for name in ("per_cell_line", "per_compound"):
        shutil.copy(ctrp / f"v20.meta.{name}.txt", later / f"v21.meta.{name}.txt")
    with pytest.raises(
        MissingFileError, match=r"v21\.data\.auc_sensitivities\.txt\) and no curves.*pass the folder of CTRP v2\.0"
    ):
        orx.io.read_ctrp(later)
    assert orx.io.read_ctrp(tmp_path).fingerprint == orx.io.read_ctrp(ctrp).fingerprint


def test_ctrp_parameters_that_mean_something_else(ctrp):
    """Slopes of the other sign give rising curves, which the published viabilities deny."""
    rows = [ctrp_row(1 + i % 4, 10, 1.0 + i / 10, -0.5, 0.8, 0.2).split("\t") for i in range(24)]
    for row in rows:
        row[10] = "0.5"
    (ctrp / "v20.data.curves_post_qc.txt").write_text("\n".join([CURVES, *("\t".join(row) for row in rows)]) + "\n")
    with pytest.raises(InputError, match="from those published beside them"):
        orx.io.read_ctrp(ctrp)


PRISM_HEADER = (
    "broad_id,depmap_id,ccle_name,screen_id,upper_limit,lower_limit,slope,r2,auc,ec50,ic50,name,moa,target,disease.area,"
    "indication,smiles,phase,passed_str_profiling,row_name"
)


def prism_row(broad: str, line: str, screen: str, auc: str, ic50: str, **more: str) -> str:
    name, smiles = more.get("name", "palbociclib"), more.get("smiles", "")
    ccle = {"ACH-000019": "MCF7_BREAST", "ACH-000768": "MDAMB231_BREAST"}.get(line, "")
    return (
        f'{broad},{line},{ccle},{screen},1,0.2,1.1,0.9,{auc},0.5,{ic50},{name},CDK inhibitor,"CDK4, CDK6",oncology,'
        f'breast cancer,"{smiles}",Launched,{more.get("passed", "TRUE")},PR500_{line}'
    )


@pytest.fixture
def prism(tmp_path):
    file = tmp_path / "secondary-screen-dose-response-curve-parameters.csv"
    two = f"{CAFFEINE}, {CAFFEINE}.Cl"
    rows = [
        prism_row("BRD-K51313569-003-03-3", "ACH-000019", "MTS010", "0.6", "0.5"),
        prism_row("BRD-K51313569-003-03-3", "ACH-000019", "HTS002", "0.7", "3"),
        prism_row("BRD-K51313569-001-01-1", "ACH-000019", "MTS010", "0.8", "2"),
        prism_row("BRD-K51313569-003-03-3", "ACH-000768", "MTS010", "1.3", ""),
        prism_row("BRD-K02404261-001-07-5", "ACH-000768", "HTS002", "0.9", "1e9", name="caffeine", smiles=two),
        prism_row("BRD-K02404261-001-07-5", "ACH-000019", "HTS002", "0.01", "1e-7", name="caffeine", smiles=two),
        prism_row("BRD-K02404261-001-07-5", "ACH-000001", "HTS002", "0.5", "1", name="caffeine", passed="FALSE"),
        prism_row("BRD-K02404261-001-07-5", "", "HTS002", "0.5", "1", name="caffeine"),
    ]
    file.write_text("\n".join([PRISM_HEADER, *rows]) + "\n")
    return file


def test_prism(prism):
    screen = orx.io.read_prism(prism)
    palbociclib = named(screen, "Palbociclib")
    found = screen.responses.set_index(["cell_id", "drug_id"])
    row = found.loc[("MCF7", palbociclib)]
    assert row["ln_ic50"] == pytest.approx(0), "the mean of ln 0.5 and ln 2, two batches of one screen"
    assert (row["auc"], row["n_replicates"], row["screen"]) == (pytest.approx(0.7), 2, "PRISM/2")
    never = found.loc[("MDA-MB-231", palbociclib)]
    assert (never["ln_ic50"], never["censored"], never["auc"]) == (pytest.approx(np.log(10)), True, 1)
    assert screen.drugs.loc[palbociclib, "status"] == "Launched"


def test_prism_bounds_structures_and_rows_left_out(prism):
    screen = orx.io.read_prism(prism)
    caffeine = "RYYVLZVUVIJVGH-UHFFFAOYSA-N"
    assert screen.drugs.loc[caffeine, ["name", "smiles", "targets"]].tolist() == ["caffeine", CAFFEINE, "CDK4;CDK6"]
    found = screen.responses[screen.responses["drug_id"] == caffeine].set_index("cell_id")
    assert found["ln_ic50"].to_dict() == pytest.approx({"MDA-MB-231": np.log(10), "MCF7": np.log(10 / 4**7)})
    assert (found["censored"]["MDA-MB-231"], found["below_lowest"]["MCF7"]) == (True, True)
    for sentence in (
        "1 rows name no line or no compound", "1 rows of lines that failed STR profiling were left out (ACH-000001)",
        "1 AUC beyond 0 to 1", "2 of 6 curves are not halved at 10 uM (1 of them without an IC50), 1 are at 0.00061 uM",
    ):  # fmt: skip
        assert sentence in said(screen)


def test_prism_screens_are_told_apart_in_their_order(prism):
    found = orx.io.read_prism(prism, screens="all").responses
    mcf7 = found[(found["cell_id"] == "MCF7") & (found["auc"] > 0.5)].set_index("screen")["ln_ic50"]
    assert mcf7.to_dict() == pytest.approx({"PRISM/1": np.log(3), "PRISM/2": 0})


def test_prism_in_nm_and_other_faults(prism, tmp_path):
    rows = [prism_row("BRD-K51313569-003-03-3", f"ACH-{i:06d}", "MTS010", "0.3", f"{i * 100}") for i in range(5, 15)]
    file = tmp_path / "nm.csv"
    file.write_text("\n".join([PRISM_HEADER, *rows]) + "\n")
    with pytest.raises(InputError, match="are they in nM"):
        orx.io.read_prism(file)
    assert orx.io.read_prism(file, highest_um=2000).n_pairs == 10
    file.write_text(prism.read_text().replace("depmap_id", "line"))
    with pytest.raises(InputError, match="no column depmap_id"):
        orx.io.read_prism(file)
    with pytest.raises(InputError, match="a dose is above 0"):
        orx.io.read_prism(prism, highest_um=0)
    with pytest.raises(InputError, match="it is a PRISM dose-response parameters"):
        orx.io.read_gdsc(prism)
    with pytest.raises(InputError, match="it is a CCLE drug data"):
        orx.io.read_prism(pd.DataFrame({"CCLE Cell Line Name": ["a"], "Compound": ["b"], "IC50 (uM)": ["1"]}))
