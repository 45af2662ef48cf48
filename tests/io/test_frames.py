"""Workbooks and parquet: a collaborator's spreadsheet as it comes, and what is refused in it."""

import datetime as dt

import numpy as np
import openpyxl
import pandas as pd
import pytest

from omics_rx import harmonize
from omics_rx.core.errors import InputError, IntegrityError
from omics_rx.io import notes, read_bulk, read_clinical

ROWS = [["gene", "p1", "p2", "p3"], ["TP53", 1.5, 2, 3.25], ["ERBB2", 7, None, 9.5], ["MYC", 4, 5, 6]]


def book(file, sheets):
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(file)
    return file


def test_a_sheet_is_a_matrix_and_the_sheet_is_said(tmp_path):
    cohort = read_bulk(book(tmp_path / "a.xlsx", {"expression": ROWS, "notes": [["made by us"]]}))
    assert cohort.obs_names.tolist() == ["p1", "p2", "p3"]
    assert cohort.var_names.tolist() == ["TP53", "ERBB2", "MYC"]
    np.testing.assert_array_equal(cohort.X, [[1.5, 7, 4], [2, np.nan, 5], [3.25, 9.5, 6]])
    assert notes(cohort)[0] == "sheet 'expression' was read, and not notes"


def test_another_sheet_can_be_named(tmp_path):
    file = book(tmp_path / "a.bin", {"readme": [["x", "y"], ["a", "b"]], "log2": ROWS})
    assert read_bulk(file, sheet="log2").shape == (3, 3)
    with pytest.raises(InputError, match=r"has no sheet 'raw': it has readme, log2"):
        read_bulk(file, sheet="raw")
    (tmp_path / "a.tsv").write_text("id\ts1\nTP53\t1\n")
    with pytest.raises(InputError, match="sheet is for xlsx"):
        read_bulk(tmp_path / "a.tsv", sheet="log2")


def test_a_title_empty_rows_and_empty_columns_are_passed_over(tmp_path):
    rows = [["Supplementary table 3"], [], *[[*row, None, None] for row in ROWS], [], []]
    cohort = read_bulk(book(tmp_path / "a.xlsx", {"s": rows}))
    assert cohort.shape == (3, 3)
    assert "1 rows above the header were passed over" in notes(cohort)


def test_genes_turned_into_dates_and_numbers_kept_as_text(tmp_path):
    rows = [*ROWS, [dt.datetime(2024, 9, 2), "1.5", "NA", 3], [7157, 1, 1, 1]]  # noqa: DTZ001 - a cell's date
    cohort = read_bulk(book(tmp_path / "a.xlsx", {"s": rows}))
    assert harmonize.genes(cohort).var_names.tolist()[3] == "SEPTIN2"
    np.testing.assert_array_equal(cohort.X[:, 3], [1.5, np.nan, 3])
    assert cohort.var_names.tolist()[4] == "7157"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            [ROWS[0], [None, "tumour", "tumour", "normal"], *ROWS[1:]],
            r"row 2: 3 columns of numbers begin with text \(tum",
        ),
        ([*ROWS, ["EGFR", 1, "n.d.", 2]], r"row 5, column 'p2': 'n.d.' is no number \(1 such cells"),
        ([*ROWS, [None, 1, 2, 2]], "1 of 4 rows have no name"),
        ([ROWS[0]], "holds no table"),
        ([["gene", "a"], ["TP53", "yes"], ["MYC", "no"]], r"no column of numbers \(columns: a\)"),
    ],
)
def test_a_sheet_that_is_no_matrix_is_refused_by_its_cell(tmp_path, rows, words):
    file = book(tmp_path / "a.xlsx", {"s": rows})
    with pytest.raises(InputError, match=words) as caught:
        read_bulk(file)
    assert str(file) in str(caught.value)


def test_a_damaged_workbook_or_parquet_is_refused(tmp_path):
    file = book(tmp_path / "a.xlsx", {"s": ROWS})
    data = bytearray(file.read_bytes())
    data[len(data) // 2 :] = b"\0" * (len(data) - len(data) // 2)
    file.write_bytes(data)
    with pytest.raises(IntegrityError, match=r"a\.xlsx is damaged, .*copy or download it again"):  # before it is opened
        read_bulk(file)
    parquet = tmp_path / "b.parquet"
    pd.DataFrame({"g": ["TP53"], "a": [1.0]}).to_parquet(parquet)
    parquet.write_bytes(parquet.read_bytes()[:-30])
    with pytest.raises(IntegrityError, match=r"b\.parquet is damaged, .*copy or download it again"):
        read_bulk(parquet)


def test_text_among_the_numbers_of_parquet_is_refused_and_not_made_an_annotation(tmp_path):
    pd.DataFrame({"g": ["TP53", "MYC", "EGFR"], "a": ["1", "x", "2"], "b": [1.0, 2, 3]}).to_parquet(tmp_path / "a")
    with pytest.raises(InputError, match=r"row 'MYC', column 'a': 'x' is no number"):
        read_bulk(tmp_path / "a")


def test_a_clinical_sheet_is_read_as_text_is(tmp_path):
    rows = [["patient", "OS.time", "OS", "stage"], ["p1", 300, 1, "II"], ["p2", 250.0, 0, None]]
    found = read_clinical(book(tmp_path / "c.xlsx", {"clinical": rows}))
    assert found.index.tolist() == ["p1", "p2"]
    assert found["event"].tolist() == [True, False]
    assert found["stage"].tolist()[0] == "II"
    assert found["stage"].isna().tolist() == [False, True]
