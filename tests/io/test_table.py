"""Wide text tables: every way of writing the same numbers reads the same, and pandas agrees."""

import bz2
import gzip
import lzma

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omics_rx.core.errors import InputError, IntegrityError
from omics_rx.io.numbers import MISSING, parse_numbers
from omics_rx.io.table import read_table

PLAIN = "id\ts1\ts2\nTP53\t1.5\t-2\nERBB2\t3e2\tNA\n"
VALUES = [[1.5, -2.0], [300.0, np.nan]]


def written(tmp_path, content, name="table.txt"):
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def same(table):
    assert table.rows == ["TP53", "ERBB2"]
    assert table.columns == ["s1", "s2"]
    np.testing.assert_array_equal(table.numbers, VALUES)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_packing_is_told_from_the_content_and_not_from_the_name(tmp_path, pack):
    same(read_table(written(tmp_path, pack(PLAIN.encode()), "table.csv")))


def test_zstd_is_read(tmp_path):
    file = tmp_path / "table.tsv"
    with pa.OSFile(str(file), "wb") as sink, pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(PLAIN.encode())
    same(read_table(file))


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.replace("\t", ","),
        PLAIN.replace("\t", ";"),
        PLAIN.replace("\t", "|"),
        PLAIN.replace("\t", "  "),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        PLAIN.removesuffix("\n"),
        "\ufeff" + PLAIN,
        PLAIN.encode("utf-16"),
        "# made by hand\n#version 2\n" + PLAIN,
        PLAIN + "\n\n",
        PLAIN.replace("id\t", "\t"),
        PLAIN.replace("id\t", ""),  # as R's write.table leaves it
        PLAIN.replace("NA", ""),
        PLAIN.replace("NA", "nan"),
        PLAIN.replace("-2", " -2 "),
        '"","s1","s2"\n"TP53",1.5,-2\n"ERBB2",3e2,NA\n',
        '"id","s1","s2"\n"TP53","1.5","-2"\n"ERBB2","300","NA"\n',
        PLAIN.replace("\t", ";").replace("1.5", "1,5"),
        PLAIN.replace("1.5", "1,5"),
    ],
)
def test_one_table_in_many_hands(tmp_path, content):
    same(read_table(written(tmp_path, content)))


def test_columns_of_text_and_known_ids_become_annotations(tmp_path):
    table = read_table(
        written(tmp_path, "Hugo_Symbol\tEntrez_Gene_Id\tclass\tA\tB\nTP53\t7157\ttsg\t1\t2\nERBB2\t2064\tonc\t3\t4\n")
    )
    assert table.columns == ["A", "B"]
    assert table.annotations.to_dict("list") == {"Entrez_Gene_Id": ["7157", "2064"], "class": ["tsg", "onc"]}
    after = read_table(written(tmp_path, "id,A,B,status\np1,1,2,yes\np2,3,4,no\n"))
    assert after.numbers.tolist() == [[1, 2], [3, 4]]
    assert after.annotations["status"].tolist() == ["yes", "no"]


def test_a_quoted_name_may_hold_the_delimiter_or_a_line_break(tmp_path):
    table = read_table(written(tmp_path, 'id,A,B\n"x, y",1,2\n"two\nlines",3,4\n'))
    assert table.rows == ["x, y", "two lines"]
    assert table.numbers.tolist() == [[1, 2], [3, 4]]


def test_whole_numbers_beyond_float32_keep_their_digits(tmp_path):
    table = read_table(written(tmp_path, "id\tA\tB\nx\t1\t2\ny\t16777217\t467540867\n"))
    assert table.numbers.dtype == np.float64
    assert table.numbers.tolist() == [[1, 2], [16777217, 467540867]]
    assert read_table(written(tmp_path, PLAIN)).numbers.dtype == np.float32


@pytest.mark.parametrize("value", ["1e300", "-1e300", "3e-60", "16777217"])
def test_values_that_32_bits_cannot_hold_are_kept(tmp_path, value):
    table = read_table(written(tmp_path, f"id\ta\tb\nTP53\t{value}\t1.5\nMYC\t2\t3\n".encode()))
    assert table.numbers[0, 0] == float(value)
    assert table.numbers.dtype == np.float64


def test_many_rows_outgrow_the_first_allocation(tmp_path):
    rows = "".join(f"g{i},{i},{i / 2}\n" for i in range(2000))
    table = read_table(written(tmp_path, "id,A,B\n" + rows))
    assert table.numbers.shape == (2000, 2)
    np.testing.assert_array_equal(table.numbers[:, 1], np.arange(2000) / 2)


def test_pandas_reads_the_same_numbers_of_a_real_file(shared_data):
    file = shared_data / "cohorts" / "gse42568_expr.csv.gz"
    ours = read_table(file)
    theirs = pd.read_csv(file, index_col=0)
    assert ours.rows == theirs.index.tolist()
    assert ours.columns == theirs.columns.tolist()
    np.testing.assert_array_equal(ours.numbers, theirs.to_numpy(dtype=np.float32))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.one_of(st.floats(allow_subnormal=False), st.integers(-(10**12), 10**12)), min_size=1, max_size=30),
    st.sampled_from(["repr", "exponent", "short"]),
)
def test_numbers_parse_as_python_parses_them(values, style):
    form = {"repr": repr, "exponent": lambda v: f"{v:e}", "short": lambda v: f"{v:.6g}"}[style]
    fields = [form(value) for value in values]
    found = parse_numbers(",".join(fields).encode(), b",")
    np.testing.assert_array_equal(found, [float(field) for field in fields])


@settings(max_examples=500, deadline=None)
@given(st.lists(st.text("0123456789.,eE+-xNanIif_ \t", max_size=6), min_size=1, max_size=6))
def test_a_field_is_a_number_or_missing_or_refused_never_something_else(fields):
    fields = [field.replace(",", "") for field in fields]
    found = parse_numbers(",".join(fields).encode(), b",")
    if found is None:
        return
    assert len(found) == len(fields)
    for field, value in zip(fields, found, strict=True):
        if field in MISSING:
            assert np.isnan(value)
        else:
            assert value == float(field) or (np.isnan(value) and "nan" in field.lower())


_BASE = PLAIN.replace("NA", "7.25").encode()


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(_BASE) - 1), st.integers(0, 255)), min_size=1, max_size=3), st.booleans())
def test_a_damaged_file_is_read_as_python_would_or_refused(tmp_path_factory, edits, truncate):
    data = bytearray(_BASE)
    for place, byte in edits:
        data[place] = byte
    if truncate:
        data = data[: edits[0][0] + 1]
    file = written(tmp_path_factory.mktemp("fuzz"), bytes(data))
    try:
        table = read_table(file)
    except (InputError, IntegrityError):
        return
    assert table.numbers.shape == (len(table.rows), len(table.columns))
    tokens = set(bytes(data).decode("latin-1").replace('"', "").replace(",", ".").split()) | MISSING
    for value in table.numbers.ravel():
        assert np.isnan(value) or any(_is_value(token, value) for token in _pieces(tokens))


def _pieces(tokens):
    for token in tokens:
        yield token
        yield from token.replace(";", "|").split("|")
        yield from token.split(".")


def _is_value(token, value):
    try:
        return np.float32(float(token)) == np.float32(value)
    except ValueError:
        return False
