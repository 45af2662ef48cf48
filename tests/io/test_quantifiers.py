"""featureCounts, salmon and kallisto, written as the tools write them."""

import gzip

import numpy as np
import pandas as pd
import pytest

from omics_rx import harmonize
from omics_rx.core.cohort import info
from omics_rx.core.errors import InputError
from omics_rx.io import notes, read_bulk

FEATURE_COUNTS = (
    '# Program:featureCounts v2.0.1; Command:"featureCounts" "-T" "4" "-a" "gencode.gtf" "a.bam" "b.bam" \n'
    "Geneid\tChr\tStart\tEnd\tStrand\tLength\t/data/aAligned.sortedByCoord.out.bam\t/data/b.bam\n"
    "ENSG00000141510.18\tchr17;chr17\t7661779;7668402\t7662014;7668690\t-;-\t4591\t120\t7\n"
    "ENSG00000141736.14\tchr17\t39687914\t39730426\t+\t4473\t70000\t0\n"
    "ENSG00000136997.22\t8\t127735434\t127742951\t+\t5234\t3\t91\n"
)


def test_feature_counts(tmp_path):
    (tmp_path / "counts.txt").write_text(FEATURE_COUNTS)
    cohort = read_bulk(tmp_path / "counts.txt")
    assert cohort.obs_names.tolist() == ["a", "b"]
    assert cohort.obs["file"].tolist() == ["/data/aAligned.sortedByCoord.out.bam", "/data/b.bam"]
    np.testing.assert_array_equal(cohort.X, [[120, 70000, 3], [7, 0, 91]])
    assert cohort.var["Length"].tolist() == ["4591", "4473", "5234"]
    assert cohort.var["Chr"].tolist() == ["chr17;chr17", "chr17", "8"]
    assert info(cohort).unit == "counts"
    assert "unit" not in info(cohort).detected
    assert harmonize.genes(cohort).var_names.tolist() == ["TP53", "ERBB2", "MYC"]


def test_feature_counts_keep_paths_where_file_names_repeat(tmp_path):
    (tmp_path / "c.txt").write_text(FEATURE_COUNTS.replace("/data/b.bam", "/other/a.bam"))
    assert read_bulk(tmp_path / "c.txt").obs_names.tolist() == ["/data/aAligned.sortedByCoord.out.bam", "/other/a.bam"]


GENCODE = (
    "ENST00000269305.9|ENSG00000141510.18|OTTHUMG1|OTTHUMT1|TP53-201|TP53|2512|protein_coding|",
    "ENST00000413465.6|ENSG00000141510.18|OTTHUMG1|OTTHUMT2|TP53-202|TP53|1018|protein_coding|",
    "ENST00000584450.5|ENSG00000141736.14|OTTHUMG2|OTTHUMT3|ERBB2-216|ERBB2|4556|protein_coding|",
)
SALMON = ([10.5, 4.5, 999_985.0], [100.25, 30.0, 5e6])
KALLISTO = ([1.0, 2.0, 999_997.0], [8.0, 4.5, 2e7])


def salmon(ids, tpm, counts):
    rows = [f"{name}\t2512\t2313.000\t{t:.6f}\t{n:.3f}\n" for name, t, n in zip(ids, tpm, counts, strict=True)]
    return "Name\tLength\tEffectiveLength\tTPM\tNumReads\n" + "".join(rows)


def kallisto(ids, tpm, counts):
    rows = [f"{name}\t2512\t2313\t{n:g}\t{t:g}\n" for name, t, n in zip(ids, tpm, counts, strict=True)]
    return "target_id\tlength\teff_length\test_counts\ttpm\n" + "".join(rows)


def put(file, content):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())


def test_salmon_by_gencode_names(tmp_path):
    put(tmp_path / "run" / "p1" / "quant.sf", salmon(GENCODE, *SALMON))
    put(tmp_path / "run" / "p2" / "quant.sf.gz", gzip.compress(salmon(GENCODE, [0, 0, 1e6], [0, 0, 50]).encode()))
    put(tmp_path / "run" / "p1" / "logs" / "salmon_quant.log", "text")
    cohort = read_bulk(tmp_path)
    assert cohort.obs_names.tolist() == ["p1", "p2"]
    assert cohort.var_names.tolist() == ["ENSG00000141510.18", "ENSG00000141736.14"]
    np.testing.assert_allclose(cohort.X, [[15, 999_985], [0, 1e6]])
    np.testing.assert_allclose(cohort.layers["counts"], [[130.25, 5e6], [0, 50]])
    assert (info(cohort).unit, "unit" in info(cohort).detected) == ("TPM", False)
    assert notes(cohort)[:2] == [
        "2 salmon files, 3 transcripts added up to 2 genes, in TPM",
        "genes from GENCODE's transcript names",
    ]
    named = harmonize.genes(cohort)
    assert named.var_names.tolist() == ["TP53", "ERBB2"]
    np.testing.assert_allclose(named.layers["counts"], cohort.layers["counts"])


PLAIN = ["ENST00000269305.9", "ENST00000413465.6", "ENST00000584450.5"]


@pytest.mark.parametrize(
    "mapping",
    [
        (
            "TXNAME\tGENEID\nENST00000269305.9\tENSG00000141510\nENST00000413465.6\tENSG00000141510\n"
            "ENST00000584450.5\tENSG00000141736\n"
        ),
        "ENST00000269305,ENSG00000141510\nENST00000413465,ENSG00000141510\nENST00000584450,ENSG00000141736\n",
        (
            "gene\ttranscript\nENSG00000141510\tENST00000269305.1\nENSG00000141510\tENST00000413465.1\n"
            "ENSG00000141736\tENST00000584450.2\n"
        ),
    ],
)
def test_kallisto_by_a_table_in_any_order_with_or_without_versions(tmp_path, mapping):
    put(tmp_path / "k" / "s1" / "abundance.tsv", kallisto(PLAIN, *KALLISTO))
    put(tmp_path / "k" / "s2" / "abundance.tsv", kallisto(PLAIN, *KALLISTO))
    put(tmp_path / "t2g.txt", mapping)
    cohort = read_bulk(tmp_path / "k", tx2gene=tmp_path / "t2g.txt")
    assert cohort.obs_names.tolist() == ["s1", "s2"]
    assert cohort.var_names.tolist() == ["ENSG00000141510", "ENSG00000141736"]
    np.testing.assert_allclose(cohort.X[0], [3, 999_997])
    np.testing.assert_allclose(cohort.layers["counts"][0], [12.5, 2e7])


def test_a_table_may_be_a_frame_and_a_transcript_it_lacks_keeps_its_name(tmp_path):
    put(tmp_path / "s1" / "quant.sf", salmon([*PLAIN, "ENST00000000001.1"], [*SALMON[0], 7], [*SALMON[1], 9]))
    table = pd.DataFrame({"tx": PLAIN, "symbol": ["TP53", "TP53", "ERBB2"]})
    cohort = read_bulk(tmp_path, tx2gene=table)
    assert cohort.obs_names.tolist() == ["s1"]
    assert cohort.var_names.tolist() == ["TP53", "ERBB2", "ENST00000000001.1"]
    assert cohort.X[0, 2] == 7
    assert any("1 transcripts have no gene in tx2gene and keep their own name" in note for note in notes(cohort))


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (lambda s: s, {}, "do not name their genes: pass tx2gene"),
        (lambda s: s, {"tx2gene": pd.DataFrame({"a": ["x"], "b": ["TP53"]})}, "tx2gene names 0% of the transcripts"),
        (lambda s: s.replace("TPM", "RPM"), {"tx2gene": "t"}, "has no column TPM: it is no file of salmon"),
        (lambda s: s[:-12], {"tx2gene": "t"}, "is no whole file of salmon"),
        (lambda s: s.replace("10.5", "-10.5"), {"tx2gene": "t"}, "1 of 3 transcripts have no finite value from 0"),
        (lambda s: s.replace("\t10.5", "\tten"), {"tx2gene": "t"}, "is no whole file of salmon"),
    ],
)
def test_a_salmon_folder_that_cannot_be_summed_is_refused(tmp_path, change, options, words):
    put(tmp_path / "s1" / "quant.sf", change(salmon(PLAIN, *SALMON)))
    with pytest.raises(InputError, match=words):
        read_bulk(tmp_path, **options)


def test_samples_of_different_indices_are_refused(tmp_path):
    put(tmp_path / "s1" / "quant.sf", salmon(GENCODE, *SALMON))
    put(tmp_path / "s2" / "quant.sf", salmon(GENCODE[::-1], *SALMON))
    with pytest.raises(InputError, match="has other transcripts than"):
        read_bulk(tmp_path)


def test_tx2gene_where_there_are_no_transcripts_is_refused(tmp_path):
    (tmp_path / "c.txt").write_text(FEATURE_COUNTS)
    with pytest.raises(InputError, match="tx2gene is for salmon folder and kallisto folder"):
        read_bulk(tmp_path / "c.txt", tx2gene="t")
