"""Readers of microRNA expression, on files written as their publishers write them."""

import gzip

import numpy as np
import pandas as pd
import pytest

from omics_rx import harmonize
from omics_rx.core.cohort import info
from omics_rx.core.errors import InputError, MissingFileError
from omics_rx.io import notes, read_mirna

PRECURSORS = (
    "miRNA_ID\tread_count\treads_per_million_miRNA_mapped\tcross-mapped\n"
    "hsa-let-7a-1\t{a}\t{a}00.500000\tN\nhsa-let-7b\t20\t2000.000000\tN\nhsa-mir-21\t{b}\t{b}000.000000\tY\n"
)
ISOFORMS = (
    "miRNA_ID\tisoform_coords\tread_count\treads_per_million_miRNA_mapped\tcross-mapped\tmiRNA_region\n"
    "hsa-let-7a-1\thg38:chr9:94175961-94175982:+\t4\t40.000000\tN\tmature,MIMAT0000062\n"
    "hsa-let-7a-1\thg38:chr9:94175962-94175984:+\t{a}\t{a}0.000000\tN\tmature,MIMAT0000062\n"
    "hsa-let-7a-2\thg38:chr11:122146522-122146543:-\t1\t10.000000\tN\tmature,MIMAT0000062\n"
    "hsa-mir-21\thg38:chr17:59841272-59841294:+\t{b}\t{b}0.000000\tY\tmature,MIMAT0004494\n"
    "hsa-mir-21\thg38:chr17:59841280-59841300:+\t2\t20.000000\tN\tstemloop\n"
    "hsa-mir-21\thg38:chr17:59841200-59841222:+\t3\t30.000000\tN\tprecursor\n"
)
SHEET = (
    "File ID\tFile Name\tData Category\tData Type\tProject ID\tCase ID\tSample ID\tSample Type\n"
    "u1\t{one}\tTranscriptome Profiling\t{what}\tTCGA-BRCA\tTCGA-A1-A0SB\tTCGA-A1-A0SB-01A\tPrimary Tumor\n"
    "u2\t{two}\tTranscriptome Profiling\t{what}\tTCGA-BRCA\tTCGA-A1-A0SD\tTCGA-A1-A0SD-11A\tSolid Tissue Normal\n"
)


def put(folder, name, content):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def gdc(folder, kind, template, *, sheet=True):
    names = [f"f{i}.mirbase21.{kind}.quantification.txt" for i in (1, 2)]
    put(folder, f"u1/{names[0]}", template.format(a=1, b=7))
    put(folder, f"u2/{names[1]}", template.format(a=5, b=9))
    put(folder, "u1/annotations.txt", "id\tsubmitter_id\nx\ty\n")
    if sheet:
        put(folder, "gdc_sample_sheet.2026-01-01.tsv", SHEET.format(one=names[0], two=names[1], what="miRNA"))
    return folder


def test_gdc_precursors_of_a_folder(tmp_path):
    cohort = read_mirna(gdc(tmp_path, "mirnas", PRECURSORS))
    assert cohort.obs_names.tolist() == ["TCGA-A1-A0SB-01A", "TCGA-A1-A0SD-11A"]
    assert cohort.var_names.tolist() == ["hsa-let-7a-1", "hsa-let-7b", "hsa-mir-21"]
    assert cohort.var["kind"].eq("precursor").all()
    np.testing.assert_allclose(cohort.X, [[100.5, 2000, 7000], [500.5, 2000, 9000]])
    np.testing.assert_array_equal(cohort.layers["counts"], [[1, 20, 7], [5, 20, 9]])
    assert info(cohort).unit == "CPM"
    assert cohort.obs["Sample Type"].tolist() == ["Primary Tumor", "Solid Tissue Normal"]
    assert any("25.8% of the reads also map to other microRNAs" in said for said in notes(cohort))


def test_gdc_isoforms_are_added_to_mature_strands(tmp_path):
    cohort = read_mirna(gdc(tmp_path, "isoforms", ISOFORMS))
    assert cohort.var_names.tolist() == ["hsa-let-7a-5p", "hsa-miR-21-3p"]
    np.testing.assert_array_equal(cohort.layers["counts"], [[6, 7], [10, 9]])
    np.testing.assert_allclose(cohort.X, [[60, 70], [100, 90]])
    assert any("23.8% of the reads lie outside mature strands" in said for said in notes(cohort))


def test_a_strand_without_a_read_is_zero_and_said_to_be(tmp_path):
    folder = gdc(tmp_path, "isoforms", ISOFORMS)
    file = next(tmp_path.rglob("f2*"))
    file.write_text("\n".join(line for line in file.read_text().splitlines() if "MIMAT0004494" not in line))
    cohort = read_mirna(folder)
    assert cohort[:, "hsa-miR-21-3p"].X.ravel().tolist() == [70, 0]
    assert any("had no read there: 0" in said for said in notes(cohort))


def test_one_file_of_the_gdc_is_named_by_its_sheet_or_itself(tmp_path):
    folder = gdc(tmp_path / "a", "mirnas", PRECURSORS, sheet=False)
    assert read_mirna(next(folder.rglob("f1*"))).obs_names.tolist() == ["f1"]
    packed = put(tmp_path / "b", "f1.mirnas.quantification.txt.gz", gzip.compress(PRECURSORS.format(a=1, b=2).encode()))
    assert read_mirna(packed).n_vars == 3


def test_a_folder_of_both_kinds_wants_one_named(tmp_path):
    folder = gdc(gdc(tmp_path, "mirnas", PRECURSORS, sheet=False), "isoforms", ISOFORMS, sheet=False)
    with pytest.raises(InputError, match=r"2 isoform files .* and 2 files of precursors: pass kind="):
        read_mirna(folder)
    assert read_mirna(folder, kind="mature").var["kind"].eq("mature").all()
    assert read_mirna(folder, kind="precursor").var["kind"].eq("precursor").all()


def test_gdc_files_of_two_releases_are_refused(tmp_path):
    folder = gdc(tmp_path, "mirnas", PRECURSORS)
    file = next(tmp_path.rglob("f2*"))
    file.write_text(file.read_text().replace("hsa-let-7b", "hsa-mir-999"))
    with pytest.raises(InputError, match="1 files list other microRNAs than f1"):
        read_mirna(folder)


def test_ccle_gct_goes_by_its_descriptions(tmp_path):
    content = (
        "#1.2\n4\t3\nName\tDescription\tDMS53_LUNG\tMCF7_BREAST\tSW1116_LARGE_INTESTINE\n"
        "nmiR00001.1\thsa-let-7a\t9586.43\t8519.36\t4904.61\nnmiR00002.1\thsa-let-7b\t3562.97\t2318.3\t871.1\n"
        "nmiR00100.1\thsa-miR-106a+hsa-miR-17\t12.1\t13.2\t14.3\nnmiR00300.1\thsa-miR-378\t5.5\t6.5\t7.5\n"
    )
    cohort = read_mirna(put(tmp_path, "CCLE_miRNA_20181103.gct", content))
    assert cohort.obs_names.tolist() == ["DMS53_LUNG", "MCF7_BREAST", "SW1116_LARGE_INTESTINE"]
    assert cohort.var_names.tolist() == ["hsa-let-7a-5p", "hsa-let-7b-5p", "hsa-miR-106a+hsa-miR-17", "hsa-miR-378"]
    assert cohort.var["row_name"].tolist() == ["nmiR00001.1", "nmiR00002.1", "nmiR00100.1", "nmiR00300.1"]
    assert harmonize.changes(cohort)["status"].tolist() == ["renamed", "renamed", "ambiguous", "ambiguous"]
    np.testing.assert_allclose(cohort.X[0], [9586.43, 3562.97, 12.1, 5.5], rtol=1e-6)
    assert info(cohort).domain == "cell_line"


MIRDEEP2 = (
    "#miRNA\tread_count\tprecursor\ttotal\tS01\tS02\tS01(norm)\tS02(norm)\n"
    "hsa-let-7a-5p\t30.00\thsa-let-7a-1\t30.00\t10.00\t20.00\t1000.00\t900.00\n"
    "hsa-let-7a-5p\t31.00\thsa-let-7a-2\t31.00\t11.00\t20.00\t1100.00\t900.00\n"
    "hsa-miR-21-5p\t900.00\thsa-mir-21\t900.00\t500.00\t400.00\t50000.00\t18000.00\n"
)


def test_mirdeep2_lines_of_one_strand_are_not_counted_twice(tmp_path):
    cohort = read_mirna(put(tmp_path, "miRNAs_expressed_all_samples_now.csv", MIRDEEP2))
    assert cohort.obs_names.tolist() == ["S01", "S02"]
    assert cohort.var_names.tolist() == ["hsa-let-7a-5p", "hsa-miR-21-5p"]
    np.testing.assert_array_equal(cohort.X, [[11, 500], [20, 400]])
    assert info(cohort).unit == "counts"
    assert any("1 further lines" in said and "not added" in said for said in notes(cohort))


def test_mirdeep2_weighed_reads_are_added(tmp_path):
    weighed = MIRDEEP2.replace("10.00\t20.00", "5.50\t20.00")
    cohort = read_mirna(put(tmp_path, "x.csv", weighed))
    np.testing.assert_array_equal(cohort.X[:, 0], [16.5, 40])
    single = "#miRNA\tread_count\tprecursor\ttotal\tseq\tseq(norm)\nhsa-let-7a-3p\t3.00\thsa-let-7a-1\t3.00\t3\t9\n"
    assert read_mirna(put(tmp_path, "one.csv", single * 1)).obs_names.tolist() == ["one"]


def test_mirge_counts_leave_their_total_out(tmp_path):
    content = "miRNA,SRR1,SRR2\nmiRNAtotal,610,420\nhsa-let-7a-5p/7c-5p,100,20\nhsa-miR-21-5p,510,400\n"
    cohort = read_mirna(put(tmp_path, "miR.Counts.csv", content))
    assert cohort.obs_names.tolist() == ["SRR1", "SRR2"]
    assert cohort.var_names.tolist() == ["hsa-let-7a-5p/7c-5p", "hsa-miR-21-5p"]
    assert info(cohort).unit == "counts"
    assert harmonize.changes(cohort)["status"].tolist() == ["ambiguous", "kept"]
    rpm = "miRNA,SRR1,SRR2\nhsa-let-7a-5p,163934.4,47619\nhsa-miR-21-5p,836065.6,952381\n"
    assert info(read_mirna(put(tmp_path, "miR.RPM.csv", rpm))).unit == "CPM"


@pytest.mark.parametrize("ids", [
    ["hsa-miR-21-5p", "hsa-miR-155-5p", "hsa-let-7b-5p"],
    ["hsa-mir-21", "hsa-mir-155", "hsa-let-7b"],
    ["MIMAT0000076", "MIMAT0000646", "MIMAT0000063"],
    ["MI0000077", "MI0000681", "MI0000063"],
])  # fmt: skip
def test_a_matrix_in_either_orientation_and_any_identifier(tmp_path, ids):
    frame = pd.DataFrame([[1.5, 2, 3], [4, 5, 6.5]], index=["p1", "p2"], columns=ids)
    frame.to_csv(tmp_path / "a.csv")
    frame.T.to_csv(tmp_path / "b.tsv.gz", sep="\t")
    frame.to_parquet(tmp_path / "c.parquet")
    read = [read_mirna(tmp_path / name) for name in ("a.csv", "b.tsv.gz", "c.parquet")]
    for cohort in read:
        assert cohort.obs_names.tolist() == ["p1", "p2"]
        assert len(cohort.var["kind"].unique()) == 1
        np.testing.assert_allclose(cohort.X, frame.to_numpy())
    assert read[0].var_names.equals(read[1].var_names)


def test_replicates_and_clinical_tables(tmp_path):
    matrix = put(tmp_path, "m.csv", "id,s1,s1,s2\nhsa-miR-21-5p,60,20,30\nhsa-miR-155-5p,1,2,3\n")
    with pytest.raises(InputError, match="1 samples stand twice"):
        read_mirna(matrix)
    clinical = put(tmp_path, "c.tsv", "id\tOS.time\tOS\ns1\t365.25\t1\ns2\t730.5\t0\n")
    cohort = read_mirna(matrix, replicates="average", clinical=clinical)
    np.testing.assert_array_equal(cohort.X, [[80, 3], [30, 3]])
    np.testing.assert_allclose(cohort.obs["time"], [12, 24])


def test_unknown_names_are_stated_and_kept(tmp_path):
    lines = "id,s1,s2\nhsa-miR-21-5p,1.5,2\nhsa-miR-155-5p,1,2\nhsa-miR-99999-5p,1,2\n"
    cohort = read_mirna(put(tmp_path, "m.csv", lines))
    assert cohort.shape == (2, 3)
    assert any("1 unknown; in the cohort 2 mature" in said for said in notes(cohort))
    odd = put(tmp_path, "odd.csv", "id,s1,s2\nprobe_1,1.5,2\nprobe_2,1,2\nprobe_3,1,2\n")
    with pytest.raises(InputError, match=r"3 of 3 identifiers are no human microRNAs \(probe_1, probe_2, probe_3\)"):
        read_mirna(odd)


def test_genes_and_mixtures_are_refused(tmp_path):
    genes = put(tmp_path, "g.csv", "id,s1,s2\nTP53,1.5,2\nERBB2,1,2\nMYC,1,2\n")
    with pytest.raises(InputError, match=r"g\.csv: the row names are genes \(TP53.*read_bulk"):
        read_mirna(genes)
    both = put(tmp_path, "b.csv", "id,s1,s2\nhsa-miR-21-5p,1.5,2\nhsa-mir-21,1,2\n")
    with pytest.raises(InputError, match=r"b\.csv: 1 identifiers are mature.*1 are precursors"):
        read_mirna(both)
    assert read_mirna(both, kind="mature").var_names.tolist() == ["hsa-miR-21-5p"]
    with pytest.raises(MissingFileError, match=r"no \*quantification\.txt"):
        read_mirna(tmp_path)


def test_real_precursors_read_by_one_call(shared_data):
    cohort = read_mirna(shared_data / "mirna" / "mixomics_train_mirna.csv.gz")
    assert cohort.shape == (150, 184)
    assert cohort.var["kind"].eq("precursor").all()
    assert cohort.obs_names[0] == "A0FJ"
    np.testing.assert_allclose(cohort[:1, "hsa-let-7a-1"].X.item(), 11.83582, rtol=1e-6)
