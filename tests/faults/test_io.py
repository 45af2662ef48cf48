"""The fault table of the readers: one error each, naming file, place, count and remedy."""

import gzip
import re
import zipfile

import h5py
import numpy as np
import pandas as pd
import pytest

from omics_rx import harmonize
from omics_rx.core.errors import InputError, IntegrityError, MissingFileError, OmicsRxError
from omics_rx.harmonize.symbols import gene_index
from omics_rx.io import notes, read_bulk, read_clinical, read_gene_sets, read_table

GOOD = "id\ts1\ts2\ts3\nTP53\t1.5\t2\t3\nERBB2\t3\t4\t5\nBRCA1\t1\t2\t3\n"


def file(tmp_path, content):
    made = tmp_path / "bad.tsv"
    made.write_bytes(content if isinstance(content, bytes) else content.encode())
    return made


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"", InputError, "is empty (0 bytes)"),
        (gzip.compress(b""), InputError, "0 bytes when unpacked"),
        (gzip.compress(GOOD.encode() * 500)[:-20], IntegrityError, "truncated or damaged"),
        (gzip.compress(GOOD.encode())[:20] + b"\xff" * 40, IntegrityError, "truncated or damaged"),
        (b"\x7fELF\x00\x01\x02" * 30, InputError, "binary file"),
        ("# only\n# comments\n", InputError, "empty or all comments"),
        ("id\ts1\ts2\n", InputError, "one line only"),
        ("just words\nand more of them here\n", InputError, "not cut alike"),
        (GOOD.replace("3\t4\t5", "3\t4"), InputError, "line 3: 3 fields where the header has 4 (row 'ERBB2')"),
        (
            GOOD + GOOD.split("\n", 1)[1] * 5 + "X\t1\t2\n" * 9,
            InputError,
            "line 20: 3 fields where the header has 4 (row 'X')",
        ),
        (
            GOOD.replace("\t4\t", "\tfour\t"),
            InputError,
            "line 3, column 's2': 'four' is no number (row 'ERBB2'): correct it, or write NA",
        ),
        (
            GOOD.replace("id\t", "\tA\tA\tB\nid\t"),
            InputError,
            "line 2, column 'A': 's1' is no number (row 'id'): two header rows? Keep one",
        ),
        (
            "id;s1;s2\nTP53;1.234,5;2\nERBB2;3;4\n",
            InputError,
            "line 2, column 's1': '1.234,5' is no number (row 'TP53')",
        ),
        (GOOD.replace("\t4\t", "\tinf\t"), InputError, "1 values are infinite, in 1 genes (ERBB2 in s2): a logarithm"),
        (
            GOOD.replace("\t", ",").replace("1.5", "1,5"),
            InputError,
            "line 2: 5 fields where the header has 4 (row 'TP53'): a broken line, a delimiter inside a field",
        ),
        (
            GOOD.replace("1.5", "1.5").replace("3\t4\t5", "3,5\t4\t5"),
            InputError,
            "with a comma (line 3) and with a poi",
        ),
        (GOOD.replace("1.5\t2\t3", "1,234\t2\t3"), InputError, "decimal comma or a thousands separator"),
        ("1.5\t2.5\n1.1\t2.2\n", InputError, "the first line holds values (2.5)"),
        ("a\tb\n1.5\t2.5\n1.1\t2.2\n", InputError, "the first column holds values (1.5, 1.1)"),
        ("id\ts1\n\t1\nTP53\t2\n", InputError, "1 of 2 rows have no name"),
        ("id\tname\nx\tyes\nz\tno\n", InputError, "no column of numbers (columns: name): keep one header row"),
        ('id\ts1\nTP53\t1\n"ERBB2\t2\nBRCA1\t3\n', InputError, "line 3: a quoted field"),
        ("id\ts1\ts1\nTP53\t1\t2\nERBB2\t2\t3\n", InputError, "1 samples stand twice (s1)"),
    ],
)
def test_a_bad_matrix_gives_one_error_with_place_and_remedy(tmp_path, content, error, words):
    bad = file(tmp_path, content)
    with pytest.raises(error, match=re.escape(words)) as caught:
        read_bulk(bad)
    assert str(bad) in str(caught.value)
    assert ":" in str(caught.value)


COUNTS = "id\ts1\ts2\nTP53\t120\t7000\nERBB2\t3\t90\nMYC\t55\t-4\n"


@pytest.mark.parametrize(
    ("content", "unit", "words"),
    [
        (COUNTS, "counts", "1 values are below zero in 1 samples (MYC in s2), which counts cannot have: correct them"),
        (COUNTS, None, "1 values are below zero (MYC in s2) among whole numbers as counts are: correct them"),
        (COUNTS.replace("-4", "4"), "log2(TPM + 1)", "the largest value is 7000, too large for log2(TPM + 1)"),
        (
            "id\t" + "\t".join(f"s{i}" for i in range(300)) + "\n" + "".join(
                f"{gene}\t" + "\t".join(f"{(i * 7 + j) % 15}.5" for i in range(300)) + "\n"
                for j, gene in enumerate(["TP53", "ERBB2", "MYC", "EGFR"])
            ),
            "TPM",
            "too small for TPM: the logarithm seems to be taken already, so tell the unit as log2(TPM + 1)",
        ),
    ],
    ids=["negative counts", "negative counts, not told", "logged in name only", "said to be linear"],
)  # fmt: skip
def test_values_that_cannot_have_the_unit_told_are_refused_when_read(tmp_path, content, unit, words):
    bad = file(tmp_path, content)
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        read_bulk(bad, unit=unit)
    assert str(bad) in str(caught.value)


def test_a_logarithm_of_a_logarithm_is_refused_and_one_of_few_genes_is_not(tmp_path):
    values = np.log2(np.random.default_rng(0).gamma(0.5, 2000, size=(1200, 4)) + 1)
    genes = list(gene_index().current)[:1200]
    for times, frame in ((1, values), (2, np.log2(values + 1))):
        pd.DataFrame(frame, genes, list("abcd")).to_csv(tmp_path / f"{times}.csv")
    assert read_bulk(tmp_path / "1.csv", unit="log2(TPM + 1)").shape == (4, 1200)
    with pytest.raises(
        InputError, match=r"2\.csv: the largest value is 3\.\d+, too small for .* 1,200 genes: .*taken twice"
    ):
        read_bulk(tmp_path / "2.csv", unit="log2(TPM + 1)")
    few = pd.DataFrame(np.log2(values[:20] + 1), genes[:20], list("abcd"))
    few.to_csv(tmp_path / "few.csv")
    assert read_bulk(tmp_path / "few.csv", unit="log2(TPM + 1)").shape == (4, 20)


def test_differences_in_whole_numbers_are_no_counts(tmp_path):
    content = COUNTS.replace("120", "-120").replace("90", "-90")
    assert read_bulk(file(tmp_path, content)).shape == (2, 3)
    assert read_bulk(file(tmp_path, COUNTS), unit="unknown").shape == (2, 3)


def test_counts_below_zero_in_a_format_of_counts_are_refused(tmp_path):
    rows = "TP53\tchr17\t1\t2\t+\t50\t-12\t7\nERBB2\tchr17\t1\t2\t+\t50\t12\t7\n"
    bad = file(
        tmp_path, f"# Program:featureCounts v2.0.1\nGeneid\tChr\tStart\tEnd\tStrand\tLength\ta.bam\tb.bam\n{rows}"
    )
    with pytest.raises(InputError, match=r"1 values are below zero in 1 samples \(TP53 in a\)") as caught:
        read_bulk(bad)
    assert str(bad) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html>\n<html><body>Please log in</body></html>\n", "is a web page: the download gave a page"),
        (b"%PDF-1.7\n1 0 obj\n", "is a PDF: save its table as text"),
        (gzip.compress(b"RDX3\nX\n\x00\x00\x00\x03"), "is saved by R: load it there and write it as text"),
        (gzip.compress(b"X\n\x00\x00\x00\x03"), "is saved by R"),
        (gzip.compress(b"data.tsv".ljust(257, b"\0") + b"ustar" + bytes(250)), "is a tar archive: unpack it"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "is a xls, which is not read as bulk expression: save it as xlsx, or pass"),
    ],
)
def test_files_that_people_take_for_data_are_named_for_what_they_are(tmp_path, content, words):
    bad = file(tmp_path, content)
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        read_bulk(bad)
    assert str(bad) in str(caught.value)


@pytest.mark.parametrize("reader", [read_bulk, read_table, read_clinical, read_gene_sets])
@pytest.mark.parametrize("thing", [5, None])
def test_what_is_no_path_is_refused_by_its_type(reader, thing):
    with pytest.raises(InputError, match=f"the path of a file or folder is wanted, not a {type(thing).__name__}"):
        reader(thing)


def test_a_frame_needs_no_reading():
    with pytest.raises(InputError, match=r"not a DataFrame: .*a frame of samples x genes needs no reading"):
        read_bulk(pd.DataFrame({"TP53": [1.0]}))


def test_a_workbook_is_no_delimited_text(tmp_path):
    pd.DataFrame({"a": [1]}).to_excel(tmp_path / "a.xlsx")
    with pytest.raises(InputError, match="is a xlsx, which is not read as delimited text: pass a text file, or read"):
        read_table(tmp_path / "a.xlsx")


@pytest.mark.parametrize("name", ["p2/quant.sf", "u2/f2.rna_seq.augmented_star_gene_counts.tsv", "p2/abundance.tsv"])
def test_a_member_of_0_bytes_is_named(tmp_path, name):
    empty = tmp_path / name
    empty.parent.mkdir()
    empty.touch()
    with pytest.raises(InputError, match=re.escape(f"{empty} is empty (0 bytes)")):
        read_bulk(tmp_path)


def test_a_delimiter_that_the_file_does_not_use_is_refused(tmp_path):
    with pytest.raises(InputError, match="line 1: only one field was found: pass the delimiter the file uses"):
        read_table(file(tmp_path, GOOD), delimiter=",")


def test_an_archive_is_no_matrix(tmp_path):
    bad = tmp_path / "a.zip"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("a.tsv", GOOD)
    with pytest.raises(InputError, match="is a zip, which is not read as bulk expression"):
        read_bulk(bad)


# repairs, each of which is told


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (GOOD.replace("3\t4\t5", "NA\tNA\tNA"), "1 genes have no value in any sample (ERBB2)"),
        (GOOD.replace("BRCA1", "TP53"), "1 genes stand in several columns (TP53)"),
        (GOOD.replace(".", ",").replace("\t3\t4", "\t3,25\t4"), "decimal commas were read as decimal points"),
        ("# by us\n" + GOOD, "1 comment lines above the header were passed over"),
        (GOOD.replace("\t3\t4", "\tNA\t4"), "1 values are missing, 11.11% of all"),
    ],
)
def test_a_repair_is_told(tmp_path, content, said):
    assert said in notes(read_bulk(file(tmp_path, content)))


def test_byte_order_marks_line_ends_and_broken_fields_change_nothing(tmp_path):
    plain = read_bulk(file(tmp_path, GOOD)).to_df()
    for content in (
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode(),
        ("\ufeff" + GOOD).encode("utf-16-le"),
        GOOD.replace("TP53", '"TP53"').encode(),
    ):
        pd.testing.assert_frame_equal(read_bulk(file(tmp_path, content)).to_df(), plain)
    rows = GOOD.splitlines()
    broken = "\n".join([rows[0].replace("id", "id\tnote"), *(row.replace("\t", '\t"a\nb"\t', 1) for row in rows[1:])])
    cohort = read_bulk(file(tmp_path, broken + "\n"))
    pd.testing.assert_frame_equal(cohort.to_df(), plain)
    assert cohort.var["note"].tolist() == ["a b"] * 3


def test_identifiers_of_several_kinds_and_axes_told_wrong(tmp_path):
    mixed = GOOD.replace("ERBB2", "ENSG00000141736.14").replace("BRCA1", "RNF53").replace("TP53", "TP53|7157")
    named = harmonize.genes(read_bulk(file(tmp_path, mixed)))
    assert named.var_names.tolist() == ["TP53", "ERBB2", "BRCA1"]
    assert set(harmonize.changes(named)["status"]) == {"renamed"}
    swapped = read_bulk(file(tmp_path, GOOD), orientation="samples x genes")
    with pytest.raises(InputError, match="the axes are swapped: transpose the data"):
        harmonize.genes(swapped)
    mouse = GOOD.replace("TP53", "Trp53").replace("ERBB2", "Erbb2").replace("BRCA1", "Brca1")
    with pytest.raises(InputError, match="spelled as mouse genes"):
        harmonize.genes(read_bulk(file(tmp_path, mouse), orientation="genes x samples"))


def test_a_missing_file_says_where_it_was_looked_for(tmp_path):
    for reader in (read_bulk, read_table, read_clinical, read_gene_sets):
        with pytest.raises(MissingFileError, match="no file or folder"):
            reader(tmp_path / "absent.tsv")


def test_an_hdf5_file_that_is_no_h5ad_is_named(tmp_path):
    bad = file(tmp_path, b"\x89HDF\r\n\x1a\n" + b"\x00" * 200)
    with pytest.raises(IntegrityError, match=r"bad\.tsv is truncated or damaged .*: copy or download it again"):
        read_bulk(bad)
    with h5py.File(tmp_path / "table.h5", "w") as handle:
        handle["assay"] = [1.0]
    with pytest.raises(InputError, match=r"table\.h5 is a HDF5 file with assay and no h5ad: write the matrix as text"):
        read_bulk(tmp_path / "table.h5")


def test_a_wrong_option_is_refused_before_the_file_is_read(tmp_path):
    good = file(tmp_path, GOOD)
    for options in ({"orientation": "sideways"}, {"replicates": "drop"}):
        with pytest.raises(InputError, match=r"unknown (orientation|choice for replicates)"):
            read_bulk(good, **options)
    for options in ({"unit": "furlongs"}, {"domain": "mouse"}):
        with pytest.raises(InputError, match=r"unknown unit 'furlongs'|is not known"):
            read_bulk(good, **options)


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ("id\tOS.time\tOS\np\t10\t1\n", {"columns": {"time": "months"}}, "no column time='months'"),
        ("id\ttime\tevent\np\t10\t1\n", {}, "does not say its unit: pass time_unit"),
        (
            "id\ttime_months\tevent\np\t3650\t1\nq\t20\t1\n",
            {},
            "taken as months, is too long (the longest of 2 is 304 years and half are above 153): if it is in another",
        ),
        (
            "id\ttime_months\tevent\np\t900\t1\nq\t400\t1\nr\t40\t1\n",
            {},
            "half are above 33): if it is in another unit, rename the column so that its name says which",
        ),
        (
            "id\ttime_days\tevent\nq\t-8\t0\np\t-3\t1\n",
            {},
            "all 2 follow-up times in 'time_days' are negative: they count from another day",
        ),
        ("time_days\tevent\n9\t1\n8\t0\n", {}, "the first column, 'time_days', is follow-up and no name of a sample"),
        ("id\ttime_days\tevent\np\tsoon\t1\n", {}, "are no numbers (soon)"),
        ("id\ttime_days\tevent\np\t9\t1\nq\t8\t2\n", {}, "coded 1 and 2"),
        (
            "id\ttime_days\tevent\np\t9\tmaybe\n",
            {},
            "1 values of 'event' do not say whether the event was seen (maybe)",
        ),
        ("id\tOS_MONTHS\tOS_STATUS\np\t9\t1:LIVING\n", {}, "do not say whether the event was seen (1:living)"),
        (
            "id\tOS.time\tOS\tPFI.time\tPFI\np\t9\t1\t9\t1\n",
            {},
            "has 2 follow-ups: os (OS.time, OS), pfi (PFI.time, PFI)",
        ),
        ("id\tOS.time\tOS\np\t9\t1\n", {"endpoint": "relapse"}, "no follow-up 'relapse'"),
        ("id\ttime_days\tevent\np\t9\t1\n", {"time_unit": "years"}, "is in days by its name, and time_unit says years"),
        ("id\ttime_days\tevent\np\t9\t1\n", {"samples": ["x", "y"]}, "names the samples (x, y)"),
        ("id\ttime_days\tevent\np\t9\t1\np\t10\t1\n", {}, "1 samples have several follow-ups that contradict"),
        ("id\ttime_days\tevent\np\t9\n", {}, "1 rows have not the header's 3 fields (rows 2)"),
        ("id\ta\ta\np\t9\t1\n", {}, "1 columns stand twice (a)"),
        ("id\ta\n", {}, "holds no clinical table"),
    ],
)
def test_ambiguous_follow_up_is_refused_not_guessed(tmp_path, content, options, words):
    bad = file(tmp_path, content)
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        read_clinical(bad, **options)
    assert str(bad) in str(caught.value)


def test_a_long_follow_up_is_taken_where_its_unit_is_told(tmp_path):
    long = file(tmp_path, "id\ttime_months\tevent\np\t900\t1\nq\t400\t1\nr\t40\t1\n")
    assert read_clinical(long, time_unit="months")["time"].tolist() == [900, 400, 40]


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ("{not json", {}, "no whole JSON file"),
        ("[1, 2]", {}, "holds a JSON list"),
        ('{"a": "TP53"}', {}, "1 sets are no lists of genes (a)"),
        ('{"a": []}', {}, "holds no gene"),
        ("set1\tx\tTP53\tERBB2\nset1\tx\tBRCA1\tKRAS\n", {}, "line 2: the set 'set1' stands twice"),
        ("set1\tx\tTP53\tERBB2\nset2\tx\tBRCA1\tKRAS\tEGFR\nset3\n", {}, "line 3: 1 fields"),
        ("term,what\na,b\n", {}, "holds human genes: pass columns"),
        ("k,y,gene\none,first,TP53\nother,second,KRAS\n", {}, "which of k, y names the set?"),
        ("term,gene\na,TP53\n", {"columns": ("set", "gene")}, "has columns term, gene"),
    ],
)
def test_gene_sets_that_cannot_be_told_are_refused(tmp_path, content, options, words):
    bad = file(tmp_path, content)
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        read_gene_sets(bad, **options)
    assert str(bad) in str(caught.value)


def test_every_error_is_one_of_ours():
    assert issubclass(InputError, OmicsRxError)
    assert issubclass(IntegrityError, OmicsRxError)
