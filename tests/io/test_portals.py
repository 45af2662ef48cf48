"""UCSC Xena, cBioPortal and TCGA-CDR: matrix and clinical tables as they are downloaded, read together."""

import gzip

import numpy as np
import openpyxl
import pytest

from omics_rx import harmonize
from omics_rx.core.cohort import endpoint, info
from omics_rx.core.errors import InputError
from omics_rx.io import notes, read_bulk, read_clinical

MONTH = 365.25 / 12
XENA = (
    "sample\tTCGA-AR-A5QQ-01\tTCGA-D8-A1JA-01\tTCGA-BH-A0BQ-11\n"
    "ARHGEF10L\t9.5074\t7.4346\t9.3216\nERBB2\t12.1\t17.25\t11.4\nTP53\t0.0000\t10.0\t9.8\nMYC\t8.6\t9.9\t10.1\n"
)
XENA_SURVIVAL = (
    "sample\t_PATIENT\tOS\tOS.time\tDSS\tDSS.time\tDFI\tDFI.time\tPFI\tPFI.time\tRedaction\n"
    "TCGA-AR-A5QQ-01\tTCGA-AR-A5QQ\t1\t322\t1\t322\t\t\t1\t322\t\n"
    "TCGA-D8-A1JA-01\tTCGA-D8-A1JA\t0\t502\t0\t502\t0\t502\t0\t502\t\n"
    "TCGA-BH-A0BQ-11\tTCGA-BH-A0BQ\t0\t2255\t0\t2255\t0\t2255\t0\t2255\t\n"
    "TCGA-XX-XXXX-01\tTCGA-XX-XXXX\t1\t99\t1\t99\t\t\t1\t99\t\n"
)


def put(file, content):
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def test_xena_matrix_and_survival(tmp_path):
    matrix = put(tmp_path / "HiSeqV2.gz", gzip.compress(XENA.encode()))
    cohort = read_bulk(matrix, clinical=put(tmp_path / "survival_BRCA_survival.txt", XENA_SURVIVAL), endpoint="OS")
    assert cohort.obs_names.tolist() == ["TCGA-AR-A5QQ-01", "TCGA-D8-A1JA-01", "TCGA-BH-A0BQ-11"]
    assert cohort.var_names.tolist() == ["ARHGEF10L", "ERBB2", "TP53", "MYC"]
    assert cohort.X[1, 1] == np.float32(17.25)
    follow = endpoint(cohort)
    assert follow.samples.tolist() == ["TCGA-AR-A5QQ-01", "TCGA-D8-A1JA-01"]
    np.testing.assert_allclose(follow.time, [322 / MONTH, 502 / MONTH])
    assert (follow.event.tolist(), follow.name) == ([True, False], "death")
    assert any("1 normal tissue samples carry no follow-up" in note for note in notes(cohort))
    with pytest.raises(InputError, match=r"has 4 follow-ups: os \(OS.time, OS\)"):
        read_bulk(matrix, clinical=tmp_path / "survival_BRCA_survival.txt")


def test_xena_gdc_hub_by_ensembl_ids(tmp_path):
    content = XENA.replace("sample", "Ensembl_ID").replace("ERBB2", "ENSG00000141736.14").replace("-01", "-01A")
    cohort = read_bulk(put(tmp_path / "TCGA-BRCA.star_fpkm.tsv", content))
    assert cohort.obs_names.tolist()[0] == "TCGA-AR-A5QQ-01A"
    assert "ERBB2" in harmonize.genes(cohort).var_names


CBIO = (
    "Hugo_Symbol\tEntrez_Gene_Id\tP-0001-T01\tP-0002-T01\tP-0003-T02\n"
    "\t2064\t300.5\t7000\t12\nTP53\t7157\t1\t800\t900\nMYC\t4609\t55\t60\tNA\nEGFR\t1956\t9.5\t0\t4\n"
)
PATIENTS = (
    "#Patient Identifier\tSex\tOverall Survival Status\tOverall Survival (Months)\tDisease Free Status\t"
    "Disease Free (Months)\n"
    "#Patient Identifier\tSex\tStatus\tMonths\tStatus\tMonths\n#STRING\tSTRING\tSTRING\tNUMBER\tSTRING\tNUMBER\n"
    "#1\t1\t1\t1\t1\t1\nPATIENT_ID\tSEX\tOS_STATUS\tOS_MONTHS\tDFS_STATUS\tDFS_MONTHS\n"
    "P-0001\tFemale\t1:DECEASED\t40.5\t1:Recurred/Progressed\t12.1\n"
    "P-0002\tFemale\t0:LIVING\t60\t0:DiseaseFree\t60\nP-0003\tMale\t0:LIVING\t[Not Available]\t\t\n"
)
SAMPLES = (
    "#Sample Identifier\tPatient Identifier\tER Status\n#id\tid\tER\n#STRING\tSTRING\tSTRING\n#1\t1\t1\n"
    "SAMPLE_ID\tPATIENT_ID\tER_STATUS\nP-0001-T01\tP-0001\tPositive\nP-0002-T01\tP-0002\tNegative\n"
    "P-0003-T01\tP-0003\tPositive\nP-0003-T02\tP-0003\tPositive\n"
)


@pytest.fixture
def study(tmp_path):
    put(tmp_path / "data_mrna_seq_v2_rsem.txt", CBIO)
    put(tmp_path / "data_clinical_patient.txt", PATIENTS)
    put(tmp_path / "data_clinical_sample.txt", SAMPLES)
    return tmp_path


@pytest.mark.parametrize("order", [1, -1])
def test_cbioportal_joins_patients_to_samples(study, order):
    tables = [study / "data_clinical_patient.txt", study / "data_clinical_sample.txt"][::order]
    cohort = read_bulk(study / "data_mrna_seq_v2_rsem.txt", clinical=tables, endpoint="OS")
    assert cohort.obs_names.tolist() == ["P-0001-T01", "P-0002-T01", "P-0003-T02"]
    assert cohort.obs["SEX"].tolist() == ["Female", "Female", "Male"]
    assert cohort.obs["ER_STATUS"].tolist() == ["Positive", "Negative", "Positive"]
    follow = endpoint(cohort)
    assert (follow.time.tolist(), follow.event.tolist()) == ([40.5, 60.0], [True, False])
    assert any("clinical tables were joined by 'PATIENT_ID'" in note for note in notes(cohort))
    assert np.isnan(cohort[:, "MYC"].X[2, 0])


def test_cbioportal_rows_without_a_symbol_go_by_their_entrez_id(study):
    cohort = read_bulk(study / "data_mrna_seq_v2_rsem.txt")
    assert "1 rows without a name are named by their Entrez id" in notes(cohort)
    assert harmonize.genes(cohort).var_names.tolist() == ["ERBB2", "TP53", "MYC", "EGFR"]
    nameless = CBIO.replace("\t2064\t", "\tNA\t")
    with pytest.raises(InputError, match="1 of 4 rows have no name"):
        read_bulk(put(study / "b.txt", nameless))


def test_clinical_tables_that_do_not_fit_together_are_refused(study):
    other = put(study / "other.txt", "SUBJECT\tAGE\nx1\t50\n")
    with pytest.raises(InputError, match="share no column with the same values"):
        read_clinical([study / "data_clinical_sample.txt", other])
    twice = put(study / "twice.txt", "PATIENT_ID\tAGE\nP-0003\t50\nP-0003\t51\n")
    with pytest.raises(InputError, match="both have several rows for one PATIENT_ID"):
        read_clinical([study / "data_clinical_sample.txt", twice])
    with pytest.raises(InputError, match="no clinical table is given"):
        read_clinical([])


CDR = [
    ["", "bcr_patient_barcode", "type", "age_at_initial_pathologic_diagnosis", "ajcc_pathologic_tumor_stage",
     "vital_status", "last_contact_days_to", "death_days_to", "OS", "OS.time", "DSS", "DSS.time", "DFI", "DFI.time",
     "PFI", "PFI.time", "Redaction"],
    [1, "TCGA-AR-A5QQ", "BRCA", 68, "Stage IIIB", "Dead", "#N/A", 322, 1, 322, 1, 322, "#N/A", "#N/A", 1, 322, None],
    [2, "TCGA-D8-A1JA", "BRCA", 60, "[Not Available]", "Alive", 502, "#N/A", 0, 502, 0, 502, 0, 502, 0, 502, None],
    [3, "TCGA-OR-A5J1", "ACC", 58, "Stage II", "Dead", "#N/A", 1355, 1, 1355, 1, 1355, 1, 754, 1, 754, None],
]  # fmt: skip


@pytest.fixture(params=["xlsx", "tsv"])
def cdr(request, tmp_path):
    file = tmp_path / f"TCGA-CDR-SupplementalTableS1.{request.param}"
    if request.param == "tsv":
        lines = ["\t".join("" if cell is None else str(cell) for cell in row) for row in CDR]
        return put(file, "\n".join(lines) + "\n")
    made = openpyxl.Workbook()
    made.active.title = "TCGA-CDR"
    for row in CDR:
        made.active.append(row)
    made.create_sheet("ExtraEndpoints")
    made.save(file)
    return file


def test_tcga_cdr(tmp_path, cdr):
    matrix = put(tmp_path / "HiSeqV2", XENA)
    cohort = read_bulk(matrix, clinical=cdr, endpoint="PFI")
    follow = endpoint(cohort)
    assert follow.samples.tolist() == ["TCGA-AR-A5QQ-01", "TCGA-D8-A1JA-01"]
    np.testing.assert_allclose(follow.time, [322 / MONTH, 502 / MONTH])
    assert follow.name == "progression"
    assert cohort.obs["age_at_initial_pathologic_diagnosis"].tolist()[:2] == [68, 60]
    assert cohort.obs["ajcc_pathologic_tumor_stage"].isna().tolist() == [False, True, True]
    assert any("cut to 12 characters" in note for note in notes(cohort))
    assert info(cohort).domain == "tumour"
