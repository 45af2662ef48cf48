"""The copy in the cache: the same cohort, never changed, and never that of another file."""

import os

import numpy as np
import pandas as pd
import pytest

from omics_rx.core import cache
from omics_rx.core.cohort import info
from omics_rx.io import bulk, notes, read_bulk

MATRIX = "id\tnote\ts1\ts2\nTP53\tx\t1.5\t2\nERBB2\t\tNA\t4\nMYC\tz\t1\t2\n"


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("OMICS_RX_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def reads(monkeypatch):
    calls = []
    real = bulk._read
    monkeypatch.setattr(bulk, "_read", lambda *args, **options: calls.append(1) or real(*args, **options))
    return calls


def same(one, other):
    np.testing.assert_array_equal(one.X, other.X)
    assert one.X.dtype == other.X.dtype
    pd.testing.assert_frame_equal(one.obs, other.obs, check_column_type=False)
    pd.testing.assert_frame_equal(one.var, other.var, check_column_type=False)
    assert notes(one) == notes(other)
    assert info(one) == info(other)


def test_the_second_time_is_the_same_without_reading(tmp_path, reads):
    file = tmp_path / "a.tsv"
    file.write_text(MATRIX)
    plain, first, second = read_bulk(file), read_bulk(file, cache=True), read_bulk(file, cache=True)
    same(plain, first)
    same(first, second)
    assert len(reads) == 2
    assert second.obs_names.tolist() == ["s1", "s2"]


def test_a_copy_that_is_written_to_leaves_the_cache_as_it_was(tmp_path):
    file = tmp_path / "a.tsv"
    file.write_text(MATRIX)
    read_bulk(file, cache=True).X[:] = 99
    changed = read_bulk(file, cache=True)
    assert np.nanmax(changed.X) == 4


def test_changed_files_and_other_settings_are_read_anew(tmp_path, reads):
    file, mapping = tmp_path / "a.tsv", tmp_path / "p.tsv"
    file.write_text(MATRIX)
    mapping.write_text("ID\tgene\nTP53\tTP53\nERBB2\tERBB2\nMYC\tMYC\n")
    read_bulk(file, cache=True)
    before = file.stat()
    file.write_text(MATRIX.replace("1.5", "2.5"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # the same size and time, other content
    assert read_bulk(file, cache=True).X[0, 0] == 2.5
    read_bulk(file, orientation="genes x samples", cache=True)
    read_bulk(file, platform=mapping, cache=True)
    mapping.write_text("ID\tgene\nTP53\tEGFR\nERBB2\tERBB2\nMYC\tMYC\n")
    assert read_bulk(file, platform=mapping, cache=True).var_names[0] == "EGFR"
    assert len(reads) == 5
    cache.clear("cohorts")
    read_bulk(file, cache=True)
    assert len(reads) == 6


def test_what_is_told_is_not_part_of_the_copy(tmp_path, reads):
    file = tmp_path / "a.tsv"
    file.write_text(MATRIX)
    assert info(read_bulk(file, unit="TPM", cache=True)).unit == "TPM"
    assert info(read_bulk(file, unit="log2 ratio", cache=True)).unit == "log2 ratio"
    clinical = pd.DataFrame({"sample": ["s1", "s2"], "time_months": [3, 4], "event": [1, 0]})
    assert read_bulk(file, clinical=clinical, cache=True).obs["time"].tolist() == [3, 4]
    assert len(reads) == 1


def test_layers_and_the_files_of_a_folder_are_kept_too(tmp_path, reads):
    file = tmp_path / "run" / "s1" / "quant.sf"
    file.parent.mkdir(parents=True)
    file.write_text("Name\tLength\tEffectiveLength\tTPM\tNumReads\nT1\t9\t9\t1000000.0\t8\n")
    table = pd.DataFrame({"tx": ["T1"], "gene": ["TP53"]})
    first = read_bulk(tmp_path / "run", tx2gene=table, cache=True)
    second = read_bulk(tmp_path / "run", tx2gene=table, cache=True)
    same(first, second)
    assert second.layers["counts"].tolist() == [[8.0]]
    assert read_bulk(tmp_path / "run", tx2gene=table.assign(gene="MYC"), cache=True).var_names.tolist() == ["MYC"]
    file.write_text(file.read_text().replace("\t8", "\t9"))
    assert read_bulk(tmp_path / "run", tx2gene=table, cache=True).layers["counts"].tolist() == [[9.0]]
    assert len(reads) == 3


def test_the_sample_sheet_beside_the_files_names_the_copy_too(tmp_path):
    folder = tmp_path / "runs"
    folder.mkdir()
    for name in "ab":
        (folder / f"{name}.counts").write_text("TP53\t5\nERBB2\t7\nMYC\t1\n")
    files = [folder / "a.counts", folder / "b.counts"]
    ways = [folder, files, str(folder / "*.counts")]

    def names():
        return [read_bulk(source, cache=True).obs_names.tolist() for source in ways]

    def write(place, first):
        sheet = f"File Name\tSample ID\na.counts\t{first}\nb.counts\tB\n"
        (place / "gdc_sample_sheet.2026.tsv").write_text(sheet)

    assert names() == [["a", "b"]] * 3
    write(tmp_path, "A1")
    assert names() == [["A1", "B"]] * 3
    write(tmp_path, "A2")
    assert names() == [["A2", "B"]] * 3
    write(folder, "A3")  # nearer than the one beside the folder
    assert names() == [["A3", "B"]] * 3
    assert read_bulk(files[::-1], cache=True).obs_names.tolist() == ["B", "A3"]


def test_a_sheet_of_the_gdc_names_the_copy_of_its_folder(tmp_path):
    star = "gene_id\tgene_name\tgene_type\tunstranded\ttpm_unstranded\nENSG00000141510\tTP53\tx\t5\t1000000\n"
    folder = tmp_path / "gdc"
    folder.mkdir()
    (folder / "f.rna_seq.augmented_star_gene_counts.tsv").write_text(star)
    sheet = folder / "gdc_sample_sheet.tsv"
    for name in ("T1", "T2"):
        sheet.write_text(f"File Name\tSample ID\nf.rna_seq.augmented_star_gene_counts.tsv\t{name}\n")
        assert read_bulk(folder, cache=True).obs_names.tolist() == [name]


def test_a_list_of_one_file_is_another_thing_than_the_file(tmp_path):
    file = tmp_path / "s1.counts"
    file.write_text("TP53\t5\nERBB2\t7\nMYC\t1\n")
    for source in (file, [file], tmp_path, file):
        same(read_bulk(source), read_bulk(source, cache=True))
