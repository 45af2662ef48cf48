"""Long tables: columns by name in any order and spelling, faults told with their place."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omics_rx.core.errors import InputError
from omics_rx.io.source_table import identifiers, numbers, read_columns

NEEDED = {"dose": ("Dose (uM)",), "line": ("Cell Line",)}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.permutations(["Dose (uM)", "Cell Line", "Other"]),
    delimiter=st.sampled_from(["\t", ",", ";"]),
    mark=st.sampled_from(["", "\ufeff"]),
    end=st.sampled_from(["\n", "\r\n"]),
    case=st.sampled_from([str, str.upper, str.lower, lambda name: name.replace(" ", ".")]),
)
def test_columns_are_found_however_they_stand(tmp_path, order, delimiter, mark, end, case):
    value = {"Dose (uM)": "1.5", "Cell Line": '"Größe-1"', "Other": '"a, b; c"'}
    lines = [delimiter.join(case(name) for name in order), delimiter.join(value[name] for name in order)]
    file = tmp_path / "table.txt"
    file.write_bytes((mark + end.join(lines) + end).encode())
    found = read_columns(file, NEEDED, {"other": ("Other",), "absent": ("Absent",)}, what="a table")
    assert found.iloc[0].to_dict() == {"dose": "1.5", "line": "Größe-1", "other": "a, b; c"}
    assert numbers(found, "dose").tolist() == [1.5]


def test_latin_1_is_read(tmp_path):
    file = tmp_path / "table.csv"
    file.write_bytes("Cell Line,Dose (uM)\nGröße,1\n".encode("latin-1"))
    assert read_columns(file, NEEDED, {}, what="a table")["line"].tolist() == ["Größe"]


def test_missing_values_and_names_that_look_missing(tmp_path):
    file = tmp_path / "table.csv"
    file.write_text("Cell Line,Dose (uM)\n-,NA\nNone,\nTRUE,nan\n")
    found = read_columns(file, NEEDED, {}, what="a table")
    assert found["line"].tolist() == ["-", None, "TRUE"]
    assert numbers(found, "dose").isna().all()


def test_a_value_that_is_no_number_is_told_with_its_row_and_column(tmp_path):
    file = tmp_path / "table.csv"
    file.write_text('Cell Line,Dose (uM)\na,1\nb,"1,5"\nc,>10\n')
    found = read_columns(file, NEEDED, {}, what="a table")
    with pytest.raises(InputError, match=r"2 values of Dose \(uM\) are no numbers \(row 3: '1,5', row 4: '>10'\)"):
        numbers(found, "dose")


def test_rows_longer_than_the_header_are_not_shifted(tmp_path):
    file = tmp_path / "table.csv"
    file.write_text("Cell Line,Dose (uM)\na,1,\nb,2,\n")
    with pytest.raises(InputError, match="rows have 3 fields where the header has 2"):
        read_columns(file, NEEDED, {}, what="a table")
    file.write_text("Cell Line,Dose (uM)\na,1\nb,2,3\n")
    with pytest.raises(InputError, match=r"no whole table.*line 3"):
        read_columns(file, NEEDED, {}, what="a table")


def test_column_names_below_another_header_row():
    table = pd.DataFrame([["Cell Line", "Dose (uM)"], ["a", "1"]], columns=["Table S1", "x"])
    with pytest.raises(InputError, match="its column names stand in row 2, below another header row"):
        read_columns(table, NEEDED, {}, what="a table")


def test_ids_that_a_spreadsheet_made_decimals():
    assert identifiers(pd.Series(["924100.0", " 905946", None, "CL-40", "1.50"])).fillna("none").tolist() == [
        "924100", "905946", "none", "CL-40", "1.50",
    ]  # fmt: skip
