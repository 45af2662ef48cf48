"""Clinical tables as people bring them: paired by names, units and codes told or asked, a doubt said aloud."""

import logging

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.cohort import endpoint
from omics_rx.core.errors import InputError
from omics_rx.io import notes, read_bulk, read_clinical, said_aloud

MONTH = 365.25 / 12
GENES = ["ESR1", "ERBB2", "MKI67", "TP53", "GATA3", "FOXA1", "KRT5", "EGFR", "PGR", "AURKA", "CCNB1", "BAG1"]
RANDOM = np.random.default_rng(3)


def expression(names):
    return pd.DataFrame(RANDOM.uniform(3, 13, (len(names), len(GENES))).round(3), names, GENES)


def put(file, frame, **how):
    frame.to_csv(file, **how)
    return file


PATIENTS = [f"PT{i}" for i in range(100, 112)]
ORDER = RANDOM.permutation(12)


def clinical(names=PATIENTS, key="sample_id"):
    """Ages and months that tell each patient; rows in another order than the expression's."""
    frame = pd.DataFrame(
        {key: names, "age": [40 + i for i in range(len(names))], "OS_months": [10.0 + i for i in range(len(names))],
         "OS_event": [i % 2 for i in range(len(names))]}
    )  # fmt: skip
    return frame.iloc[list(RANDOM.permutation(len(names)))].reset_index(drop=True)


def right(cohort, names=PATIENTS):
    return [float(cohort.obs.loc[name, "time"]) for name in names] == [10.0 + i for i in range(len(names))]


@pytest.mark.parametrize("key", ["sample_id", "ID", "patient", "Sample.Name", "case_id", "code"])
@pytest.mark.parametrize("first", [0, 1])
def test_two_tables_with_row_numbers_are_paired_by_their_names(tmp_path, key, first):
    numbered = expression(PATIENTS).reset_index(names=key)
    numbered.index += first
    table = clinical(key=key)
    table.index += first
    cohort = read_bulk(put(tmp_path / "e.csv", numbered), clinical=put(tmp_path / "c.csv", table))
    assert cohort.obs_names.tolist() == PATIENTS
    assert right(cohort)
    assert any(f"12 of 12 samples were matched by the column {key!r}" in note for note in notes(cohort))


def test_numbered_samples_that_two_columns_name_are_asked(tmp_path):
    names = [str(i) for i in range(1, 41)]
    table = clinical(names, "patient_no")
    table.index += 1
    matrix = put(tmp_path / "e.csv", expression(names).T)
    with pytest.raises(InputError, match="by the column 'patient_no' and by the rows' own numbers"):
        read_bulk(matrix, clinical=put(tmp_path / "c.csv", table))
    with pytest.raises(InputError, match="'patient_no' and by the rows' own numbers"):
        read_bulk(matrix, clinical=table.set_index(pd.Index(list(range(1, 41)))))
    told = read_bulk(matrix, clinical=tmp_path / "c.csv", columns={"sample": "patient_no"})
    assert right(told, names)
    alone = read_bulk(matrix, clinical=put(tmp_path / "d.csv", table, index=False))
    assert right(alone, names)


@pytest.mark.parametrize(
    "measured", ["age", "grade", "size_mm", "nodes", "weight", "Ki67", "patient_age", "number_of_nodes",
                 "sample_weight", "treatment_line", "age_at_biopsy", "Row", "case_volume"]
)  # fmt: skip
def test_a_measurement_names_nobody(tmp_path, measured):
    samples = [str(i) for i in range(41, 53)]
    table = pd.DataFrame({"patient": [f"P{i}" for i in samples], measured: [int(i) for i in samples[::-1]],
                          "OS_months": range(10, 22), "OS_event": [0, 1] * 6})  # fmt: skip
    with pytest.raises(InputError, match=r"row numbers and measurements .* name nobody"):
        read_bulk(put(tmp_path / "e.csv", expression(samples).T), clinical=put(tmp_path / "c.csv", table, index=False))


@pytest.mark.parametrize(
    "key", ["patientid", "PatientID", "MRN", "study_no", "Case No.", "id", "Sample ID", "tumor_id", "PT.ID", "donor"]
)
def test_numbers_under_the_name_of_an_id_name_their_patients(tmp_path, key):
    samples = [str(i) for i in RANDOM.permutation(range(3001, 3013))]
    assert right(read_bulk(put(tmp_path / "e.csv", expression(samples).T), clinical=clinical(samples, key)), samples)


def test_row_numbers_of_a_filtered_table_name_nobody(tmp_path):
    samples = [str(i) for i in range(1, 41)]
    table = clinical([f"P{i}" for i in range(40)]).iloc[5:35:2]
    with pytest.raises(InputError, match="name nobody"):
        read_bulk(put(tmp_path / "e.csv", expression(samples).T), clinical=put(tmp_path / "c.csv", table))


def test_a_table_that_was_read_is_taken_again_as_it_is(tmp_path):
    table = clinical()
    table.index += 1
    read = read_clinical(put(tmp_path / "c.csv", table))
    assert read.index.tolist() == table["sample_id"].tolist()
    cohort = read_bulk(put(tmp_path / "e.csv", expression(PATIENTS)), clinical=read)
    assert right(cohort)
    assert "time_as_given" not in cohort.obs


def test_coded_vital_status_is_asked_and_can_be_told():
    rows = [("a", 1, 300, ""), ("b", 2, "", 600)]
    header = "id,vital_status,days_to_death,days_to_last_followup"
    with pytest.raises(InputError, match="coded 1 and 2"):
        follow(header, *rows)
    told = follow(header, *rows, events={1: True, 2: False})
    assert (told["time"] * MONTH).round().tolist() == [300, 600]


def test_row_numbers_alone_name_nobody(tmp_path):
    samples = [str(i) for i in range(1, 13)]
    table = clinical().drop(columns="sample_id")
    table.index += 1
    with pytest.raises(InputError, match="no column of the clinical table names the samples"):
        read_bulk(put(tmp_path / "e.csv", expression(samples)), clinical=put(tmp_path / "c.csv", table))


def test_under_half_matched_is_refused_and_told_columns_are_not(tmp_path):
    table = clinical([*PATIENTS[:4], *[f"QX{i}" for i in range(8)]])
    matrix, file = put(tmp_path / "e.csv", expression(PATIENTS)), put(tmp_path / "c.csv", table, index=False)
    with pytest.raises(InputError, match=r"only 4 of 12 samples .* by 'sample_id', and under half"):
        read_bulk(matrix, clinical=file)
    assert read_bulk(matrix, clinical=file, columns={"sample": "sample_id"}).obs["time"].notna().sum() == 4


def test_over_half_matched_is_said_aloud_with_the_count(tmp_path, caplog):
    table = clinical([*PATIENTS[:8], *[f"QX{i}" for i in range(4)]])
    with caplog.at_level(logging.WARNING, "omics_rx"):
        cohort = read_bulk(put(tmp_path / "e.csv", expression(PATIENTS)), clinical=table)
    told = "8 of 12 samples were matched by the column 'sample_id'; 4 of 12 samples are not in the clinical table"
    assert any(told in sentence for sentence in said_aloud(cohort))
    assert told in caplog.text


@pytest.mark.parametrize(
    "spell", [str.lower, lambda n: n.replace("-", "."), lambda n: n.replace("-", "_"), lambda n: n.replace("-", " ")]
)
def test_names_in_another_spelling_are_paired_and_said(tmp_path, spell):
    names = [f"BC-{i:03d}-T" for i in range(12)]
    matrix = put(tmp_path / "e.csv", expression([spell(name) for name in names]))
    cohort = read_bulk(matrix, clinical=clinical(names))
    assert cohort.obs["time"].tolist() == [10.0 + i for i in range(12)]
    assert any("taken as one" in note for note in notes(cohort))


def test_tcga_barcodes_that_r_wrote_with_dots(tmp_path):
    names = [f"TCGA-A1-A{i:03d}" for i in range(12)]
    matrix = put(tmp_path / "e.csv", expression([f"{name}-01A".replace("-", ".") for name in names]))
    assert read_bulk(matrix, clinical=clinical(names)).obs["time"].tolist() == [10.0 + i for i in range(12)]


def follow(header, *rows, **how):
    lines = "\n".join(",".join(map(str, row)) for row in rows)
    return read_clinical(_frame(header, lines), **how)


def _frame(header, lines):
    from io import StringIO

    return pd.read_csv(StringIO(f"{header}\n{lines}\n"), dtype=str, keep_default_na=False)


@pytest.mark.parametrize("name", ["RFS_censor", "cens", "OS_censored", "CNSR", "dfs_censoring", "censrec", "os.cens"])
@pytest.mark.parametrize("codes", [(1, 0), ("TRUE", "FALSE"), ("yes", "no"), ("1.0", "0.0")])
def test_a_yes_in_a_column_of_censoring_is_asked(name, codes):
    time = f"{name.split('_')[0].split('.')[0]}_months" if "_" in name or "." in name else "time_months"
    yes, no = codes
    rows = [("P1", 12, yes), ("P2", 24, no), ("P3", 36, yes)]
    with pytest.raises(InputError, match="does not say whether"):
        follow(f"patient,{time},{name}", *rows)
    told = follow(f"patient,{time},{name}", *rows, events={yes: False, no: True})
    assert told["event"].tolist() == [False, True, False]
    words = follow(f"patient,{time},{name}", ("P1", 12, "censored"), ("P2", 24, "event"), ("P3", 1, "censored"))
    assert words["event"].tolist() == [False, True, False]


@pytest.mark.parametrize("name", ["alive", "censored", "CNSR", "living", "is_alive", "survived", "vital_status"])
def test_a_told_event_column_that_speaks_of_its_absence_is_asked(name):
    frame = _frame(f"id,fu_months,{name}", "a,12,1\nb,24,0")
    with pytest.raises(InputError, match="pass events="):
        read_clinical(frame, columns={"time": "fu_months", "event": name})


@pytest.mark.parametrize("name", ["overall_survival", "Overall Survival", "disease_free_survival", "survival"])
def test_survival_of_0_and_1_is_asked_and_its_status_is_not(name):
    rows = [("a", 12, 1), ("b", 24, 0)]
    with pytest.raises(InputError, match="speaks of censoring or of survival"):
        follow(f"id,{name}_months,{name}", *rows)
    words = follow(f"id,{name}_months,{name}", ("a", 12, "DECEASED"), ("b", 24, "LIVING"))
    assert words["event"].tolist() == [True, False]
    for event in ("status", "event"):
        assert follow(f"id,{name}_months,{name}_{event}", *rows)["event"].tolist() == [True, False]
    assert follow("id,os_months,os_death", *rows)["endpoint"].tolist() == ["death", "death"]


@pytest.mark.parametrize("codes", [(1, 2), (2, 2)])
def test_codes_1_and_2_are_asked(codes):
    with pytest.raises(InputError, match="coded"):
        follow("id,time_months,status", ("a", 12, codes[0]), ("b", 24, codes[1]))


@pytest.mark.parametrize(
    ("name", "seen"),
    [("OS_event (0=alive, 1=dead)", [True, False]), ("os status (1=censored; 0=death)", [False, True]),
     ("OS_event [0: no, 1: yes]", [True, False]), ("OS_censor (1=event, 0=censored)", [True, False])],
)  # fmt: skip
def test_a_legend_in_the_name_is_read(name, seen):
    frame = pd.DataFrame({"id": ["a", "b"], "OS_months": ["12", "24"], name: ["1", "0"]})
    assert read_clinical(frame)["event"].tolist() == seen


@pytest.mark.parametrize(
    ("times", "days"),
    [([97, 13, 23, 120], False), ([1.5, 3.2, 8, 11], False), ([250.5, 450.25, 100, 30], False), ([3, 5, 8, 10], False),
     ([20, 30, 399, 41], False), ([700, 13, 23, 401], True),
     ([200, 190, 181, 250], True), ([1299, 720, 1836, 0], True)],
)  # fmt: skip
@pytest.mark.parametrize("prefix", ["T", "TCGA-A1-A00"])
def test_os_time_is_days_only_where_the_values_can_be(times, days, prefix):
    rows = [(f"{prefix}{i}", time, i % 2) for i, time in enumerate(times)]
    if days:
        assert follow("ID,OS.time,OS", *rows)["time"].max() == pytest.approx(max(times) / MONTH)
        return
    with pytest.raises(InputError, match=r"'OS.time' does not say its unit; .* can be months or years"):
        follow("ID,OS.time,OS", *rows)
    assert follow("ID,OS.time,OS", *rows, time_unit="months")["time"].max() == max(times)


GDC_ROWS = [("P1", "Dead", 300, ""), ("P2", "Alive", "", 600), ("P3", "Dead", "", 200), ("P4", "Alive", 250, 700),
            ("P5", "Not Reported", "", 40), ("P6", "Dead", 410, 400)]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "death", "last"),
    [("vital_status", "days_to_death", "days_to_last_follow_up"),
     ("vital_status", "days_to_death", "days_to_last_followup"),
     ("vital_status.demographic", "days_to_death.demographic", "days_to_last_follow_up.diagnoses"),
     ("demographic.vital_status", "demographic.days_to_death", "diagnoses.days_to_last_follow_up"),
     ("patient.vital_status", "patient.days_to_death", "patient.days_to_last_followup"),
     ("vital_status", "death_days_to", "last_contact_days_to")],
)  # fmt: skip
def test_vital_status_and_two_dates_by_any_of_their_names(status, death, last):
    found = follow(f"id,{status},{death},{last}", *GDC_ROWS)
    assert found["endpoint"].iloc[0] == "death"
    np.testing.assert_allclose(
        found["time"].astype(float), [300 / MONTH, 600 / MONTH, np.nan, np.nan, np.nan, 410 / MONTH]
    )
    assert found["event"].tolist()[:2] == [True, False]
    assert found["event"].isna().tolist() == [False, False, True, True, True, False]
    said = " ".join(found.attrs["notes"])
    assert "1 patients are dead without a date of death and have no follow-up (P3)" in said
    assert "1 patients are alive with a date of death and have no follow-up (P4)" in said


def test_follow_up_of_the_gdc_since_2025_needs_its_second_table(tmp_path):
    names = [f"TCGA-AA-{i:04d}" for i in range(10)]
    table = pd.DataFrame({
        "cases.submitter_id": names, "demographic.vital_status": ["Dead" if i % 5 == 0 else "Alive" for i in range(10)],
        "demographic.days_to_death": [str(300 + i) if i % 5 == 0 else "'--" for i in range(10)],
        "diagnoses.days_to_last_follow_up": "'--"})  # fmt: skip
    visits = pd.DataFrame(
        [(name, days + i) for i, name in enumerate(names) for days in (900, 500)],
        columns=["cases.submitter_id", "follow_ups.days_to_follow_up"],
    )
    one = put(tmp_path / "clinical.tsv", table, sep="\t", index=False)
    other = put(tmp_path / "follow_up.tsv", visits, sep="\t", index=False)
    with pytest.raises(InputError, match=r"only the dead have a follow-up .* pass both tables"):
        read_clinical(one)
    for order in ([one, other], [other, one]):
        found = read_clinical(order, samples=names)
        assert found["event"].sum() == 2
        np.testing.assert_allclose(found["time"] * MONTH, [300 + i if i % 5 == 0 else 900 + i for i in range(10)])


def test_a_negative_time_costs_its_patient_and_names_the_users_column(caplog):
    with caplog.at_level(logging.WARNING, "omics_rx"):
        found = follow("id,OS_days,OS_event", ("a", -5, 1), ("b", 300, 0), ("c", 400, 1))
    assert found["time"].isna().tolist() == [True, False, False]
    assert found["event"].isna().tolist() == [True, False, False]
    assert (
        "1 follow-up times in 'OS_days' are negative and were taken as missing: correct their dates (a)" in caplog.text
    )
    gdc = follow("id,vital_status,days_to_death,days_to_last_followup", ("a", "Dead", -5, ""), ("b", "Alive", "", 9))
    assert any("in days_to_death, days_to_last_followup are negative" in note for note in gdc.attrs["notes"])
    with pytest.raises(InputError, match="all 2 follow-up times"):
        follow("id,OS_days,OS_event", ("a", -5, 1), ("b", -3, 0))


@pytest.mark.parametrize("rows", [[("a", "", 1)], [("a", 300, "")], [("a", "NA", 1), ("d", 20, "NA")]])
def test_a_time_or_an_event_alone_is_missing_with_the_reason(rows):
    found = follow("id,OS_days,OS_event", *rows, ("b", 300, 0), ("c", 400, 1))
    assert found["time"].isna().tolist() == found["event"].isna().tolist() == [True] * len(rows) + [False, False]
    assert any(f"{len(rows)} samples have a time or an event without the other" in n for n in found.attrs["notes"])


@pytest.mark.parametrize(
    ("header", "name"),
    [("id,survival_months,dead", "death"), ("id,time_months,death", "death"), ("id,FU_months,died", "death"),
     ("id,followup_months,relapse", "relapse"), ("id,follow-up months,recurrence_status", "relapse"),
     ("id,overall_survival_months,vital_status", "death"), ("id,Follow.up.months,deceased", "death"),
     ("id,RFS_months,recurrence", "relapse"), ("id,PFS_months,progression", "progression")],
)  # fmt: skip
def test_one_time_and_one_event_that_record_the_same_pair_up(header, name):
    yes, no = ("Dead", "Alive") if "vital" in header else ("yes", "no")
    found = follow(header, ("a", 12, yes), ("b", 24, no))
    assert (found["event"].tolist(), found["endpoint"].iloc[0]) == ([True, False], name)


@pytest.mark.parametrize(
    "header", ["id,treatment_months,relapse", "id,OS_months,relapse", "id,time_to_surgery_days,vital_status"]
)
def test_columns_that_look_like_follow_up_and_do_not_pair_are_said_aloud(header, caplog):
    with caplog.at_level(logging.WARNING, "omics_rx"):
        found = follow(header, ("a", 12, "yes"), ("b", 24, "no"))
    assert "time" not in found
    assert "no follow-up was found" in caplog.text
    assert header.split(",")[1] in caplog.text


@pytest.mark.parametrize("mark", [";", "\t"])
def test_decimal_commas_are_numbers(tmp_path, mark):
    file = tmp_path / "c.csv"
    rows = ["id;size;age;OS_months;OS_event", "a;2,0;51,5;12,25;1", "b;;60;30;0", "c;3,5;48,5;7;1"]
    file.write_text("\n".join(rows).replace(";", mark) + "\n")
    found = read_clinical(file)
    assert found["size"].tolist()[::2] == [2.0, 3.5]
    assert found["age"].tolist() == [51.5, 60, 48.5]
    assert found["time"].tolist() == [12.25, 30, 7]
    assert any("decimal commas" in note for note in found.attrs["notes"])


@pytest.mark.parametrize(
    ("fields", "words"),
    [(("1,234", "2,345"), "thousands separator"), (("1,5", "2.5"), "with a comma .* and with a point")],
)
def test_doubtful_decimal_commas_are_asked(fields, words):
    frame = pd.DataFrame({"id": ["a", "b"], "size": fields, "OS_months": ["1", "2"], "OS_event": ["1", "0"]})
    with pytest.raises(InputError, match=words):
        read_clinical(frame)


def test_primary_and_metastasis_of_a_patient_count_once(tmp_path, caplog):
    patients = [f"TCGA-A1-A{i:03d}" for i in range(12)]
    samples = [f"{patients[0]}-06A", f"{patients[0]}-01A", f"{patients[0]}-11A", *[f"{p}-01A" for p in patients[1:]]]
    table = pd.DataFrame({"bcr_patient_barcode": patients, "OS": [0, 1] * 6, "OS.time": range(500, 512)})
    with caplog.at_level(logging.WARNING, "omics_rx"):
        cohort = read_bulk(put(tmp_path / "e.csv", expression(samples).T), clinical=table)
    follow_up = endpoint(cohort)
    assert follow_up.samples.tolist() == [f"{p}-01A" for p in patients]
    assert "1 further samples of patients that stand twice carry no follow-up" in caplog.text
    assert f"({patients[0]}-06A)" in caplog.text


def test_two_biopsies_of_a_patient_by_the_column_of_patients(tmp_path):
    table = pd.DataFrame(
        {
            "SAMPLE_ID": ["S1", "S2", "S3", "S4"],
            "PATIENT_ID": ["A", "A", "B", "C"],
            "SAMPLE_TYPE": ["Metastasis", "Primary", "Primary", "Primary"],
            "OS_MONTHS": [10, 10, 20, 30],
            "OS_STATUS": ["1:DECEASED", "1:DECEASED", "0:LIVING", "0:LIVING"],
        }
    )
    cohort = read_bulk(put(tmp_path / "e.csv", expression(["S1", "S2", "S3", "S4"])), clinical=table)
    assert endpoint(cohort).samples.tolist() == ["S2", "S3", "S4"]
    assert endpoint(cohort).n_events == 1


def test_days_set_as_months_in_obs_are_refused(tmp_path):
    cohort = read_bulk(put(tmp_path / "e.csv", expression(PATIENTS)))
    cohort.obs["time"], cohort.obs["event"] = np.linspace(300, 2800, 12), [True, False] * 6
    with pytest.raises(InputError, match=r"median .* months"):
        endpoint(cohort)
