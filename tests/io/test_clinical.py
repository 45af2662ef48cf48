"""Clinical tables as their publishers write them, and one follow-up in months."""

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError
from omics_rx.io import read_clinical

MONTH = 365.25 / 12


def table(tmp_path, content):
    file = tmp_path / "clinical.tsv"
    file.write_text(content)
    return file


def test_cbioportal_patients(tmp_path):
    found = read_clinical(
        table(
            tmp_path,
            "#Patient Identifier\tOverall Survival Status\tOverall Survival (Months)\tSex\n"
            "#id\tstatus\tmonths\tsex\n#STRING\tSTRING\tNUMBER\tSTRING\n#1\t1\t1\t1\n"
            "PATIENT_ID\tOS_STATUS\tOS_MONTHS\tSEX\n"
            "P1\t1:DECEASED\t47.5\tFemale\nP2\t0:LIVING\t60\tFemale\nP3\t\t\tMale\n",
        )
    )
    assert found["time"].tolist()[:2] == [47.5, 60.0]
    assert found["event"].tolist() == [True, False, pd.NA]
    assert found["endpoint"].unique().tolist() == ["death"]
    assert found["SEX"].tolist() == ["Female", "Female", "Male"]


def test_xena_survival_with_several_endpoints(tmp_path):
    content = (
        "sample\t_PATIENT\tOS\tOS.time\tPFI\tPFI.time\n"
        "TCGA-A1-A0SB-01\tTCGA-A1-A0SB\t0\t259\t0\t259\nTCGA-A1-A0SD-01\tTCGA-A1-A0SD\t1\t437\t1\t200\n"
    )
    found = read_clinical(table(tmp_path, content), endpoint="PFI")
    np.testing.assert_allclose(found["time"], [259 / MONTH, 200 / MONTH])
    assert found["event"].tolist() == [False, True]
    assert found["endpoint"].iloc[0] == "progression"
    by_meaning = read_clinical(table(tmp_path, content), endpoint="death")
    np.testing.assert_allclose(by_meaning["time"], [259 / MONTH, 437 / MONTH])


def test_gdc_clinical_joins_death_and_last_contact(tmp_path):
    found = read_clinical(
        table(
            tmp_path,
            "case_submitter_id\tvital_status\tdays_to_death\tdays_to_last_follow_up\n"
            "TCGA-1\tDead\t300\t'--\nTCGA-2\tAlive\t'--\t600\nTCGA-3\tNot Reported\t'--\t'--\n",
        )
    )
    np.testing.assert_allclose(found["time"], [300 / MONTH, 600 / MONTH, np.nan])
    assert found["event"].tolist() == [True, False, pd.NA]


@pytest.mark.parametrize(
    ("header", "row", "months"),
    [
        ("id,t.rfs,e.rfs", "a,730.5,1", {"days": 24.0}),
        ("id,time_years,event", "a,2,yes", {None: 24.0}),
        ("id,overall_survival_days,overall_survival_event", "a,730.5,TRUE", {None: 24.0}),
        ("id,Followup Months,Status", "a,24,dead", {None: 24.0}),
        ("id,RelapseFreeSurvivalMonths,RelapseFreeSurvivalEvent", "a,24,Recurred/Progressed", {None: 24.0}),
    ],
)
def test_units_are_read_from_names_or_told(tmp_path, header, row, months):
    unit, value = next(iter(months.items()))
    found = read_clinical(table(tmp_path, f"{header}\n{row}\n"), time_unit=unit)
    assert found["time"].iloc[0] == pytest.approx(value)
    assert found["event"].tolist() == [True]


def test_codes_and_columns_can_be_told(tmp_path):
    found = read_clinical(
        table(tmp_path, "patient,weeks on study,outcome\na,12,2\nb,30,1\n"),
        columns={"sample": "patient", "time": "weeks on study", "event": "outcome"},
        time_unit="months",
        events={1: False, 2: True},
        endpoint="death",
    )
    assert found["event"].tolist() == [True, False]
    assert found["endpoint"].tolist() == ["death", "death"]
    assert found.index.tolist() == ["a", "b"]


def test_the_endpoint_can_be_named_where_the_table_does_not(tmp_path):
    found = read_clinical(table(tmp_path, "id,time_months,event\na,12,1\nb,3,0\n"), endpoint="relapse")
    assert found["endpoint"].tolist() == ["relapse", "relapse"]


def test_zero_follow_up_is_missing_and_said(tmp_path):
    found = read_clinical(table(tmp_path, "id,time_months,event\na,0,1\nb,3,0\n"))
    assert found["time"].isna().tolist() == [True, False]
    assert found["event"].isna().tolist() == [True, False]
    assert "1 samples have a follow-up of zero" in found.attrs["notes"][0]


def test_the_column_that_names_the_samples_is_found(tmp_path):
    content = "gsm,title,time_months,event\nGSM1,F1,5,1\nGSM2,F2,6,0\n"
    found = read_clinical(table(tmp_path, content), samples=["F2", "F1", "F9"])
    assert found.index.tolist() == ["F2", "F1"]
    assert found["time"].tolist() == [6.0, 5.0]
    assert any("1 of 3 samples are not in the clinical table (F9)" in note for note in found.attrs["notes"])


def test_barcodes_are_cut_to_the_level_both_sides_have(tmp_path):
    content = "bcr,OS.time,OS\nTCGA-A1-A0SB,100,1\nTCGA-A1-A0SD,500,0\n"
    samples = ["TCGA-A1-A0SD-01A-11R-A115-07", "TCGA-A1-A0SB-01A-11R-A115-07"]
    found = read_clinical(table(tmp_path, content), samples=samples)
    assert found.index.tolist() == samples
    assert found["event"].tolist() == [False, True]
    assert any("cut to 12 characters" in note for note in found.attrs["notes"])


def test_several_rows_of_a_patient_must_agree_where_they_are_known(tmp_path):
    content = "sample,patient,OS.time,OS\nP1-11,P1,NA,NA\nP1-01,P1,90,1\nP2-01,P2,50,0\n"
    found = read_clinical(table(tmp_path, content), samples=["P1", "P2"], time_unit="days")
    assert found["time"].round(2).tolist() == [round(90 / MONTH, 2), round(50 / MONTH, 2)]
    contradiction = content.replace("P1-11,P1,NA,NA", "P1-11,P1,95,1")
    with pytest.raises(InputError, match=r"contradict each other by 'patient' \(P1\)"):
        read_clinical(table(tmp_path, contradiction), samples=["P1", "P2"], time_unit="days")


def test_a_frame_is_taken_as_a_file_is():
    frame = pd.DataFrame({"time_days": [365.25, 730.5], "event": [True, False], "age": [50, 61]}, index=["a", "b"])
    found = read_clinical(frame)
    assert found["time"].tolist() == [12.0, 24.0]
    assert found["event"].tolist() == [True, False]
    assert found["age"].tolist() == [50, 61]
    assert frame.columns.tolist() == ["time_days", "event", "age"]


def test_a_table_without_follow_up_is_read_and_says_so(tmp_path):
    found = read_clinical(table(tmp_path, "id\tage\tER\na\t50\tpositive\nb\tNA\tnegative\n"))
    assert found.columns.tolist() == ["age", "ER"]
    assert found["age"].isna().tolist() == [False, True]
    assert "no follow-up" in found.attrs["notes"][0]
