"""Formats of GCT, GEO and GDC, written as their publishers write them."""

import gzip

import numpy as np
import pytest

from omics_rx import harmonize
from omics_rx.core.cohort import info
from omics_rx.core.errors import InputError
from omics_rx.io import notes, read_bulk

GENES = ["TP53", "ERBB2", "MYC"]
VALUES = [[5.1, 6.2], [7.0, 12.5], [3.3, 4.4]]


def put(folder, name, content):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def check(cohort, samples=("a", "b")):
    assert cohort.obs_names.tolist() == list(samples)
    assert cohort.var_names.tolist() == GENES
    np.testing.assert_allclose(cohort.X, np.transpose(VALUES), rtol=1e-6)


GCT2 = "#1.2\n3\t2\nName\tDescription\ta\tb\n" + "".join(
    f"{gene}\t{i}\t{row[0]}\t{row[1]}\n" for i, (gene, row) in enumerate(zip(GENES, VALUES, strict=True))
)
GCT3 = "#1.3\n3\t2\t2\t1\nid\tchromosome\tlength\ta\tb\ncell line\tna\tna\tMCF7\tT-47D\n" + "".join(
    f"{gene}\t{i}\t{100 + i}\t{row[0]}\t{row[1]}\n" for i, (gene, row) in enumerate(zip(GENES, VALUES, strict=True))
)


def test_gct_keeps_a_numeric_description_out_of_the_matrix(tmp_path):
    cohort = read_bulk(put(tmp_path, "x.gct", GCT2))
    check(cohort)
    assert cohort.var["Description"].tolist() == ["0", "1", "2"]
    check(read_bulk(put(tmp_path, "x.gct.gz", gzip.compress(GCT2.encode()))))


def test_gct_1_3_keeps_metadata_of_both_axes(tmp_path):
    cohort = read_bulk(put(tmp_path, "x.gct", GCT3))
    check(cohort)
    assert cohort.obs["cell line"].tolist() == ["MCF7", "T-47D"]
    assert cohort.var["length"].tolist() == ["100", "101", "102"]


def test_a_gct_that_is_not_whole_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds 2 rows and 2 samples, and its second line says 3 and 2"):
        read_bulk(put(tmp_path, "x.gct", "\n".join(GCT2.splitlines()[:-1])))
    with pytest.raises(InputError, match="line 2: a GCT file says its sizes"):
        read_bulk(put(tmp_path, "y.gct", GCT2.replace("3\t2\n", "many\n", 1)))


SERIES = (
    '!Series_title\t"A breast cohort"\n!Series_platform_id\t"GPL570"\n\n!Sample_title\t"patient 1"\t"patient 2"\n'
    '!Sample_geo_accession\t"GSM1"\t"GSM2"\n!Sample_platform_id\t"GPL570"\t"GPL570"\n'
    '!Sample_characteristics_ch1\t"er: 1"\t"er: 0"\n!Sample_characteristics_ch1\t"grade: 3"\t"tissue: tumour"\n'
    '!series_matrix_table_begin\n"ID_REF"\t"GSM1"\t"GSM2"\n'
    '"p1_at"\t5.0\t6.0\n"p2_at"\t7.0\t8.0\n"p3_at"\t1\t3\n"p4_at"\t4\t4\n"p5_at"\t2\t2\n!series_matrix_table_end\n'
)
PLATFORM = (
    "^PLATFORM = GPL570\n#ID = probe\n#Gene Symbol = genes\nID\tGB_ACC\tGene Symbol\tENTREZ_GENE_ID\n"
    "p1_at\tX1\tTP53\t7157\np2_at\tX2\tERBB2\t2064\np3_at\tX3\tERBB2\t2064\np4_at\tX4\tMYC /// EGFR\t4609 /// 1956\n"
    "p5_at\tX5\t\t\n"
)


def test_a_series_matrix_brings_its_characteristics(tmp_path):
    cohort = read_bulk(put(tmp_path, "GSE1_series_matrix.txt.gz", gzip.compress(SERIES.encode())))
    assert cohort.obs_names.tolist() == ["GSM1", "GSM2"]
    assert cohort.obs["er"].tolist() == ["1", "0"]
    assert cohort.obs["grade"].fillna("none").tolist() == ["3", "none"]
    assert cohort.obs["tissue"].fillna("none").tolist() == ["none", "tumour"]
    assert cohort.var_names.tolist() == ["p1_at", "p2_at", "p3_at", "p4_at", "p5_at"]
    assert any("platform GPL570" in note for note in notes(cohort))


def test_probes_become_genes_by_the_platform_and_several_are_averaged(tmp_path):
    matrix = put(tmp_path, "GSE1_series_matrix.txt", SERIES)
    cohort = read_bulk(matrix, platform=put(tmp_path, "GPL570.txt", PLATFORM), unit="log2 intensity")
    assert cohort.var_names.tolist() == ["TP53", "ERBB2", "ERBB2#2", "p4_at", "p5_at"]
    assert "1 stand for several genes and 1 for none" in "\n".join(notes(cohort))
    genes = harmonize.genes(cohort)
    np.testing.assert_allclose(genes[:, "ERBB2"].X[:, 0], [4.0, 5.5])
    assert harmonize.changes(genes)["status"].tolist() == ["kept", "merged", "merged", "unknown", "unknown"]


def test_a_truncated_series_matrix_and_another_platform_are_refused(tmp_path):
    with pytest.raises(InputError, match="has no !series_matrix_table_end: it is truncated"):
        read_bulk(put(tmp_path, "a.txt", SERIES.replace("!series_matrix_table_end\n", "")))
    with pytest.raises(InputError, match="describes 1 samples, the table has 2"):
        read_bulk(put(tmp_path, "b.txt", SERIES.replace('"er: 1"\t"er: 0"', '"er: 1"')))
    other = put(tmp_path, "GPL96.txt", PLATFORM.replace("_at", "_xx"))
    with pytest.raises(InputError, match="of another platform"):
        read_bulk(put(tmp_path, "c.txt", SERIES), platform=other)


def star(numbers):
    head = (
        "# gene-model: GENCODE v36\n"
        "gene_id\tgene_name\tgene_type\tunstranded\tstranded_first\tstranded_second\ttpm_unstranded\tfpkm_unstranded\t"
        "fpkm_uq_unstranded\nN_unmapped\t\t\t2000\t2000\t2000\t\t\t\nN_noFeature\t\t\t1\t1\t1\t\t\t\n"
    )
    ids = [("ENSG00000141510.18", "TP53"), ("ENSG00000141736.14", "ERBB2"), ("ENSG00000182378.15_PAR_Y", "PLCXD1")]
    rows = [
        f"{gene}\t{name}\tprotein_coding\t{n}\t{n}\t{n}\t{n / 2}\t{n / 4}\t{n / 3}\n"
        for (gene, name), n in zip(ids, numbers, strict=True)
    ]
    return head + "".join(rows)


SHEET = (
    "File ID\tFile Name\tData Category\tData Type\tProject ID\tCase ID\tSample ID\tSample Type\n"
    "u1\tf1.rna_seq.augmented_star_gene_counts.tsv\tT\tG\tTCGA-BRCA\tTCGA-A1-A0SB\tTCGA-A1-A0SB-01A\tPrimary Tumor\n"
    "u2\tf2.rna_seq.augmented_star_gene_counts.tsv\tT\tG\tTCGA-BRCA\tTCGA-A1-A0SD\tTCGA-A1-A0SD-01A\tPrimary Tumor\n"
)


@pytest.fixture
def gdc(tmp_path):
    put(tmp_path, "u1/f1.rna_seq.augmented_star_gene_counts.tsv", star([400_000, 2, 1_599_998]))
    put(tmp_path, "u2/f2.rna_seq.augmented_star_gene_counts.tsv", star([10, 90, 1_999_900]))
    put(tmp_path, "gdc_sample_sheet.2024-01-01.tsv", SHEET)
    return tmp_path


def test_a_gdc_folder_is_named_by_its_sample_sheet_and_in_tpm(gdc):
    cohort = read_bulk(gdc)
    assert cohort.obs_names.tolist() == ["TCGA-A1-A0SB-01A", "TCGA-A1-A0SD-01A"]
    assert cohort.var_names[0] == "ENSG00000141510.18"
    np.testing.assert_allclose(cohort.X[:, 0], [200_000, 5])
    assert (info(cohort).unit, "unit" in info(cohort).detected) == ("TPM", False)
    assert cohort.obs["Sample Type"].tolist() == ["Primary Tumor"] * 2
    assert harmonize.genes(cohort).var_names.tolist() == ["TP53", "ERBB2", "PLCXD1"]


def test_a_gdc_folder_without_a_sheet_or_with_another_is_told(gdc):
    sheet = gdc / "gdc_sample_sheet.2024-01-01.tsv"
    sheet.write_text("\n".join(SHEET.splitlines()[:2]) + "\n")
    with pytest.raises(InputError, match="lacks 1 of 2 files"):
        read_bulk(gdc)
    sheet.unlink()
    assert read_bulk(gdc).obs_names.tolist() == ["f1", "f2"]
    put(gdc, "u2/f2.rna_seq.augmented_star_gene_counts.tsv", star([1, 2, 3]).replace("ENSG00000141736.14", "ENSG1"))
    with pytest.raises(InputError, match=r"other genes than f1\.rna_seq"):
        read_bulk(gdc)


def test_a_folder_of_something_else_is_refused(tmp_path):
    put(tmp_path, "readme.txt", "hello")
    with pytest.raises(InputError, match="folder without files of GDC STAR, salmon"):
        read_bulk(tmp_path)


def test_a_header_behind_a_hash_is_a_header(tmp_path):
    cohort = read_bulk(put(tmp_path, "a.tsv", "# made by a tool\n#gene\ta\tb\nTP53\t1.5\t2\nERBB2\t3\t4\n"))
    assert cohort.obs_names.tolist() == ["a", "b"]
    assert cohort.var_names.tolist() == ["TP53", "ERBB2"]
    assert notes(cohort)[0] == "1 comment lines above the header were passed over"
