"""The fault table of single cells, microRNAs and features: one error each, naming file, place, count and remedy."""

import gzip
import re

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError, IntegrityError, MissingFileError, OmicsRxError, UnknownNameError
from omics_rx.io import join, read_bulk, read_features, read_mirna, read_single_cell

MARKET = b"%%MatrixMarket matrix coordinate integer general\n%\n3 2 3\n1 1 5\n2 2 1\n3 2 7\n"
GENES = b"ENSG00000141510\tTP53\nENSG00000141736\tERBB2\nENSG00000136997\tMYC\n"
CELLS = b"AAACCTGAGAAACCAT-1\nAAACCTGAGAAACCGC-1\n"
FOLDER = {"matrix.mtx": MARKET, "genes.tsv": GENES, "barcodes.tsv": CELLS}


def folder(tmp_path, **changes):
    named = {name.replace(".", "_"): name for name in FOLDER}
    files = {name: changes.get(key, FOLDER[name]) for key, name in named.items()}
    made = tmp_path / "tenx"
    made.mkdir()
    for name, content in files.items():
        if content is not None:
            (made / name).write_bytes(content)
    return made


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"genes_tsv": None}, MissingFileError, "matrix.mtx and lacks features.tsv or genes.tsv (the genes)"),
        ({"barcodes_tsv": None}, MissingFileError, "holds matrix.mtx and lacks barcodes.tsv (the cells)"),
        (
            {"genes_tsv": None, "barcodes_tsv": None},
            MissingFileError,
            "features.tsv or genes.tsv (the genes) and barcodes.tsv",
        ),
        ({"matrix_mtx": None}, MissingFileError, "holds features and barcodes and lacks matrix.mtx"),
        ({"matrix_mtx": MARKET[:-6]}, IntegrityError, "matrix.mtx is no whole Matrix Market file"),
        ({"matrix_mtx": MARKET.replace(b"3 2 7", b"3 9 7")}, IntegrityError, "no whole Matrix Market file"),
        ({"matrix_mtx": MARKET.replace(b"3 2 7", b"3 2 x")}, IntegrityError, "no whole Matrix Market file"),
        ({"matrix_mtx": b"1 2 3\n"}, IntegrityError, "no whole Matrix Market file"),
        ({"matrix_mtx": gzip.compress(MARKET * 99)[:-9]}, IntegrityError, "truncated or damaged"),
        (
            {"genes_tsv": GENES.splitlines()[0]},
            InputError,
            "has 3 rows and 2 columns, and there are 1 genes in genes.tsv and 2 ce",
        ),
        ({"barcodes_tsv": CELLS * 2}, InputError, "and 4 cells in barcodes.tsv"),
        ({"barcodes_tsv": CELLS[:19] * 2}, InputError, "1 cells stand twice (AAACCTGAGAAACCAT-1)"),
        ({"genes_tsv": b""}, InputError, "holds no name"),
        (
            {"genes_tsv": b"".join(line + b"\tPeaks\n" for line in GENES.splitlines())},
            InputError,
            "no gene expression, only Peaks",
        ),
    ],
)
def test_a_bad_10x_folder_names_the_file_and_the_remedy(tmp_path, changes, error, words):
    with pytest.raises(error, match=re.escape(words)) as caught:
        read_single_cell(folder(tmp_path, **changes))
    assert str(tmp_path) in str(caught.value)


def test_a_good_folder_reads(tmp_path):
    assert read_single_cell(folder(tmp_path)).shape == (2, 3)


def test_one_sample_lacks_a_file_of_its_own(tmp_path):
    made = folder(tmp_path)
    for name, content in FOLDER.items():
        if name != "barcodes.tsv":
            (made / f"GSM2_B_{name}").write_bytes(content)
    with pytest.raises(MissingFileError, match=re.escape("GSM2_B_matrix.mtx and lacks GSM2_B_barcodes.tsv")):
        read_single_cell(made)


def h5(path, change):
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        parts = {
            "data": [5, 1, 7], "indices": [0, 1, 2], "indptr": [0, 1, 3], "shape": [3, 2],
            "barcodes": np.array(CELLS.decode().split(), "S20"),
        }  # fmt: skip
        for name, values in change({**parts}).items():
            group[name] = values
        features = group.create_group("features")
        features["id"] = features["name"] = np.array(["TP53", "ERBB2", "MYC"], "S9")
    return path


def without(name):
    return lambda parts: {key: value for key, value in parts.items() if key != name}


def with_part(**changed):
    return lambda parts: {**parts, **changed}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("indptr"), "is no whole 10x file"),
        (with_part(indices=[0, 1, 9]), "is no whole 10x file"),
        (with_part(indptr=[0, 1, 9]), "is no whole 10x file"),
        (with_part(barcodes=np.array(["A"], "S1")), "says 3 genes x 2 cells and names 3 x 1"),
    ],
)
def test_a_bad_10x_h5_is_named(tmp_path, change, words):
    with pytest.raises(IntegrityError, match=re.escape(words)) as caught:
        read_single_cell(h5(tmp_path / "x.h5", change))
    assert "x.h5" in str(caught.value)


def test_several_genomes_and_other_hdf5_are_refused(tmp_path):
    with h5py.File(tmp_path / "two.h5", "w") as file:
        for genome in ("GRCh38", "mm10"):
            file[f"{genome}/barcodes"] = np.array(["A"], "S1")
    with pytest.raises(InputError, match="holds 2 genomes"):
        read_single_cell(tmp_path / "two.h5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["table"] = [1, 2]
    with pytest.raises(InputError, match="HDF5 file with table: no h5ad, 10x or loom"):
        read_single_cell(tmp_path / "other.h5")
    whole = (tmp_path / "two.h5").read_bytes()
    (tmp_path / "cut.h5").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(IntegrityError, match="truncated or damaged"):
        read_single_cell(tmp_path / "cut.h5")


def saved(path, names, genes, values=None):
    made = np.ones((len(names), len(genes)), dtype=np.float32) if values is None else values
    ad.AnnData(made, obs=pd.DataFrame(index=names), var=pd.DataFrame(index=genes)).write_h5ad(path)
    return path


@pytest.mark.filterwarnings("ignore:Observation names are not unique:UserWarning")
def test_swapped_axes_and_repeated_cells_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"turned\.h5ad: the axes are swapped.*TP53.*write it transposed"):
        read_single_cell(saved(tmp_path / "turned.h5ad", ["TP53", "ERBB2"], ["c1", "c2", "c3"]))
    with pytest.raises(InputError, match=r"1 names stand for several cells \(c1\): pass the samples apart"):
        read_single_cell(saved(tmp_path / "twice.h5ad", ["c1", "c1"], ["TP53"]))
    with pytest.raises(InputError, match="holds 0 cells and 1 genes"):
        read_single_cell(saved(tmp_path / "none.h5ad", [], ["TP53"]))


@pytest.mark.parametrize("reader", [read_single_cell, read_bulk])
@pytest.mark.parametrize("shift", [(8, 1 << 40), (24, 1 << 20)], ids=["of the heap", "of an object in it"])
def test_an_overwritten_size_in_a_table_of_strings_ends_and_is_named(tmp_path, reader, shift):
    """In such a heap the HDF5 library looked for a string without end."""
    file = saved(tmp_path / "x.h5ad", ["c1", "c2"], ["TP53"])
    content = bytearray(file.read_bytes())
    place = content.index(b"GCOL") + shift[0]
    content[place : place + 8] = shift[1].to_bytes(8, "little")
    file.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"x\.h5ad is damaged \(a heap at byte \d+\): copy or download it again"):
        reader(file)


def test_an_h5ad_cut_short_is_named(tmp_path):
    file = saved(tmp_path / "x.h5ad", ["c1", "c2"], ["TP53"])
    with h5py.File(file, "a") as handle:
        del handle["obs"]["_index"]
    for backed in (False, True):
        with pytest.raises(IntegrityError, match=r"x\.h5ad is no whole h5ad"):
            read_single_cell(file, backed=backed)


def test_settings_that_do_not_fit_are_refused(tmp_path):
    made = folder(tmp_path)
    with pytest.raises(InputError, match="only h5ad can stay on disk"):
        read_single_cell(made, backed=True)
    with pytest.raises(InputError, match="opens one h5ad"):
        read_single_cell({"a": made}, backed=True)
    with pytest.raises(InputError, match="no sample was given"):
        read_single_cell({})
    other = saved(tmp_path / "x.h5ad", ["c1", "c2"], ["OTHER1", "OTHER2"])
    with pytest.raises(InputError, match=r"the samples share no gene \(a: .*; b: OTHER1"):
        read_single_cell({"a": made, "b": other})
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(MissingFileError, match=r"holds no matrix\.mtx: a 10x folder has"):
        read_single_cell(empty)


GDC = "miRNA_ID\tread_count\treads_per_million_miRNA_mapped\tcross-mapped\nhsa-mir-21\t5\t1000000\tN\n"
ISOFORMS = (
    "miRNA_ID\tisoform_coords\tread_count\treads_per_million_miRNA_mapped\tcross-mapped\tmiRNA_region\n"
    "hsa-mir-21\thg38:chr17:1-22:+\t5\t1000000\tN\tmature,MIMAT0000076\n"
)
MATRIX = "id\ts1\ts2\nhsa-miR-21-5p\t1.5\t2\nhsa-miR-155-5p\t1\t3\nhsa-miR-10b-5p\t4\t4\n"


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ("", {}, "is empty (0 bytes)"),
        (GDC + "hsa-mir-22\t5\n", {}, "1 lines are not whole (lines 3)"),
        (GDC.replace("\t5\t", "\tmany\t"), {}, "line 2, column 'read_count': 'many' is no number of reads"),
        (GDC.replace("\t5\t", "\t-5\t"), {}, "'-5' is no number of reads"),
        (GDC + GDC.splitlines()[1] + "\n", {}, "1 precursors stand twice (hsa-mir-21)"),
        (GDC.replace("\tcross-mapped", "").replace("\tN", ""), {}, "has no column cross-mapped"),
        (ISOFORMS.replace("mature,MIMAT0000076", "stemloop"), {}, "no isoform lies in a mature strand (stemloop)"),
        (GDC, {"kind": "mature"}, "no identifier is of kind 'mature': all 1 known ones are of kind 'precursor'"),
        (MATRIX.replace("1.5", "x1"), {}, "'x1' is no number"),
        (MATRIX.replace("s2", "s1"), {}, "1 samples stand twice (s1)"),
        (
            MATRIX.replace("1.5", "-1.5"),
            {"unit": "counts"},
            "1 values are below zero in 1 samples (hsa-miR-21-5p in s1)",
        ),
        (MATRIX, {"unit": "furlongs"}, "unknown unit 'furlongs'"),
        (MATRIX, {"kind": "strand"}, "unknown kind of microRNA 'strand'"),
        (MATRIX, {"orientation": "sideways"}, "unknown orientation 'sideways'"),
        (MATRIX, {"replicates": "drop"}, "unknown choice for replicates 'drop'"),
        (MATRIX.replace("hsa-miR-155-5p", ""), {}, "1 of 3 rows have no name"),
    ],
)
def test_bad_micrornas_give_one_error(tmp_path, content, options, words):
    file = tmp_path / "m.txt"
    file.write_text(content)
    with pytest.raises(InputError, match=re.escape(words)):
        read_mirna(file, **options)


def test_a_micrornas_sheet_that_lacks_a_file_is_named(tmp_path):
    (tmp_path / "a.mirnas.quantification.txt").write_text(GDC)
    sheet = tmp_path / "gdc_sample_sheet.tsv"
    sheet.write_text("File ID\tFile Name\tSample ID\nu\tb.mirnas.quantification.txt\tTCGA-A1-A0SB-01A\n")
    with pytest.raises(InputError, match="lacks 1 of 1 files"):
        read_mirna(tmp_path)
    sheet.unlink()
    with pytest.raises(MissingFileError, match="of mature microRNAs"):
        read_mirna(tmp_path, kind="mature")
    (tmp_path / "a.mirnas.quantification.txt").write_bytes(gzip.compress(GDC.encode() * 99)[:-12])
    with pytest.raises(IntegrityError, match="truncated or damaged"):
        read_mirna(tmp_path)


@pytest.mark.parametrize(
    ("content", "options", "error", "words"),
    [
        ("who,f1\na,1\nb,x\nc,2\nd,3\n", {}, InputError, "line 3, column 'f1': 'x' is no number"),
        ("who,f1\na,1\nb\nc,3\nd,4\n", {}, InputError, "line 3: 1 fields where the header has 2"),
        ("who,f1\na,1\nb,2\n", {"id_column": "patient"}, UnknownNameError, "unknown column 'patient'"),
        ("who,id2,f1\na,7,1\nb,NA,2\n", {"id_column": "id2"}, InputError, "1 samples have no 'id2'"),
        ("who,f1\na,1\nb,2\n", {"orientation": "rows"}, UnknownNameError, "unknown orientation 'rows'"),
        ("who,f1\na,1\nb,2\n", {"unit": "beta"}, InputError, "unknown unit 'beta'"),
        ("id,diagnostics_Mean\na,1\nb,2\n", {}, InputError, "holds diagnostics and no radiomic feature"),
        (
            "who,f1\na,1\nb,2\n",
            {"orientation": "features x samples", "id_column": "f1"},
            InputError,
            "named by the header: no id_column",
        ),
    ],
)
def test_bad_features_give_one_error(tmp_path, content, options, error, words):
    file = tmp_path / "f.csv"
    file.write_text(content)
    with pytest.raises(error, match=re.escape(words)):
        read_features(file, **options)


def test_every_error_is_one_of_ours(tmp_path):
    for reader in (read_single_cell, read_mirna, read_features):
        with pytest.raises(MissingFileError, match="no file or folder"):
            reader(tmp_path / "absent")
        binary = tmp_path / "b.bin"
        binary.write_bytes(b"\x7fELF\x00\x01" * 40)
        with pytest.raises(OmicsRxError, match="binary file"):
            reader(binary)
    with pytest.raises(OmicsRxError):
        join({"a": pd.DataFrame({"f": ["text"]}), "b": pd.DataFrame({"f": [1]})})
