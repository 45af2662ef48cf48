"""Bulk expression: either orientation, every container, real cohorts by the public calls alone."""

import anndata
import numpy as np
import pandas as pd
import pytest

from omics_rx import harmonize
from omics_rx.core.cohort import endpoint, info
from omics_rx.core.errors import InputError
from omics_rx.harmonize.symbols import gene_index
from omics_rx.io import notes, read_bulk

GENES = ["TP53", "ERBB2", "BRCA1", "MYC", "EGFR"]


@pytest.fixture
def matrix():
    values = np.random.default_rng(0).uniform(2, 14, size=(3, 5)).round(3)
    return pd.DataFrame(values, index=["p1", "p2", "p3"], columns=GENES)


def check(cohort, matrix):
    assert cohort.obs_names.tolist() == matrix.index.tolist()
    assert cohort.var_names.tolist() == matrix.columns.tolist()
    np.testing.assert_allclose(cohort.X, matrix, rtol=1e-6)


def test_orientation_is_told_from_the_identifiers(tmp_path, matrix):
    matrix.to_csv(tmp_path / "a.csv")
    matrix.T.to_csv(tmp_path / "b.tsv", sep="\t")
    across, down = read_bulk(tmp_path / "a.csv"), read_bulk(tmp_path / "b.tsv")
    check(across, matrix)
    check(down, matrix)
    assert notes(across)[0] == "samples x genes: 100% of the column names are human genes"
    assert notes(down)[0] == "genes x samples: 100% of the row names are human genes"
    assert info(across).origin == "a.csv"


def test_orientation_without_known_identifiers_is_by_length_and_said(tmp_path):
    frame = pd.DataFrame(np.ones((7, 2)), index=[f"probe_{i}" for i in range(7)], columns=["s1", "s2"])
    frame.to_csv(tmp_path / "a.csv")
    cohort = read_bulk(tmp_path / "a.csv")
    assert cohort.shape == (2, 7)
    assert "the longer is taken for genes" in notes(cohort)[0]
    assert read_bulk(tmp_path / "a.csv", orientation="samples x genes").shape == (7, 2)


def test_numbered_samples_are_no_entrez_ids(tmp_path, matrix):
    many = pd.concat([matrix] * 40).reset_index(drop=True).set_axis(range(1, 121), axis=0)
    many.to_csv(tmp_path / "a.csv")
    assert read_bulk(tmp_path / "a.csv").shape == (120, 5)
    entrez = matrix.set_axis(["7157", "2064", "672", "4609", "1956"], axis=1).T
    entrez.to_csv(tmp_path / "b.csv")
    cohort = read_bulk(tmp_path / "b.csv")
    assert harmonize.genes(cohort).var_names.tolist() == GENES


def test_cbioportal_goes_by_its_best_identifiers(tmp_path, matrix):
    frame = matrix.T.reset_index(names="Hugo_Symbol")
    frame.insert(1, "Entrez_Gene_Id", ["7157", "2064", "672", "4609", "1956"])
    frame.to_csv(tmp_path / "data_mrna_seq_v2_rsem.txt", sep="\t", index=False)
    cohort = read_bulk(tmp_path / "data_mrna_seq_v2_rsem.txt")
    check(cohort, matrix)
    assert cohort.var["Entrez_Gene_Id"].tolist()[0] == "7157"


def test_probes_are_named_by_the_column_of_symbols(tmp_path, matrix):
    frame = matrix.T.set_axis([f"{i}_at" for i in range(5)], axis=0)
    frame.insert(0, "SYMBOL", GENES)
    frame.to_csv(tmp_path / "a.tsv", sep="\t")
    cohort = read_bulk(tmp_path / "a.tsv")
    check(cohort, matrix)
    assert "column 'SYMBOL'" in notes(cohort)[0]


def test_parquet_and_h5ad(tmp_path, matrix):
    matrix.to_parquet(tmp_path / "a.bin")
    check(read_bulk(tmp_path / "a.bin"), matrix)
    matrix.T.reset_index(names="gene").to_parquet(tmp_path / "b.parquet")
    check(read_bulk(tmp_path / "b.parquet"), matrix)
    anndata.AnnData(matrix).write_h5ad(tmp_path / "c.h5")
    check(read_bulk(tmp_path / "c.h5"), matrix)


def test_what_is_told_is_kept_through_h5ad(tmp_path, matrix):
    matrix.to_csv(tmp_path / "a.csv")
    cohort = read_bulk(tmp_path / "a.csv", unit="log2(TPM + 1)", domain="tumour")
    cohort.write_h5ad(tmp_path / "a.h5ad")
    again = read_bulk(tmp_path / "a.h5ad")
    assert (info(again).unit, info(again).domain, info(again).origin) == ("log2(TPM + 1)", "tumour", "a.csv")
    assert info(again).detected == ()


def test_a_gene_that_stands_twice_is_numbered_and_joined_later(tmp_path, matrix):
    twice = pd.concat([matrix, matrix[["MYC"]] + 1], axis=1)
    twice.to_csv(tmp_path / "a.csv")
    cohort = read_bulk(tmp_path / "a.csv", unit="log2 intensity")
    assert cohort.var_names.tolist()[-1] == "MYC#2"
    assert "1 genes stand in several columns (MYC)" in notes(cohort)
    np.testing.assert_allclose(harmonize.genes(cohort)[:, "MYC"].X[:, 0], matrix["MYC"] + 0.5, rtol=1e-6)


def test_replicates_are_refused_or_averaged_by_name(tmp_path, matrix):
    twice = pd.concat([matrix, matrix.iloc[[0]] + 2])
    twice.to_csv(tmp_path / "a.csv")
    with pytest.raises(InputError, match=r"1 samples stand twice \(p1\)"):
        read_bulk(tmp_path / "a.csv")
    cohort = read_bulk(tmp_path / "a.csv", replicates="average")
    np.testing.assert_allclose(cohort["p1"].X[0], matrix.loc["p1"] + 1, rtol=1e-6)
    assert "1 samples stand twice and were averaged (p1)" in notes(cohort)
    counts = (matrix * 100).round().astype(int)
    pd.concat([counts, counts.iloc[[0]]]).to_csv(tmp_path / "b.csv")
    added = read_bulk(tmp_path / "b.csv", replicates="average")
    np.testing.assert_allclose(added["p1"].X[0], 2 * counts.loc["p1"])


def test_a_clinical_table_is_joined_and_samples_without_it_stay(tmp_path, matrix):
    matrix.to_csv(tmp_path / "a.csv")
    (tmp_path / "c.csv").write_text("patient,time_months,event,grade\np3,10,1,G3\np1,20,0,G1\nq,5,1,G2\n")
    cohort = read_bulk(tmp_path / "a.csv", clinical=tmp_path / "c.csv", endpoint="relapse")
    assert cohort.obs["time"].tolist()[::2] == [20.0, 10.0]
    assert np.isnan(cohort.obs["time"].iloc[1])
    follow = endpoint(cohort)
    assert (follow.samples.tolist(), follow.event.tolist(), follow.name) == (["p1", "p3"], [False, True], "relapse")
    cohort.write_h5ad(tmp_path / "a.h5ad")


def test_normal_tissue_carries_no_follow_up(tmp_path, matrix):
    names = ["TCGA-A1-A0SB-01", "TCGA-A1-A0SB-11", "TCGA-A1-A0SD-01"]
    matrix.set_axis(names, axis=0).to_csv(tmp_path / "a.csv")
    (tmp_path / "c.csv").write_text("bcr,OS.time,OS\nTCGA-A1-A0SB,300,1\nTCGA-A1-A0SD,200,0\n")
    cohort = read_bulk(tmp_path / "a.csv", clinical=tmp_path / "c.csv")
    assert endpoint(cohort).samples.tolist() == [names[0], names[2]]
    assert any("1 normal tissue samples carry no follow-up (TCGA-A1-A0SB-11)" in note for note in notes(cohort))


@pytest.mark.parametrize(
    ("expression", "clinical", "options", "shape", "n", "events", "unit"),
    [
        ("scanb400_expr", "scanb400_clin", {}, (400, 10_000), 400, 48, "log2 expression"),
        ("gse42568_expr", "gse42568_clin", {"endpoint": "relapse"}, (121, 4_165), 104, 48, "log2 intensity"),
        (
            "tcga_agilent533_expr",
            "tcga_brca_clin_surv",
            {"endpoint": "OS", "replicates": "average"},
            (530, 1_492),
            513,
            83,
            "log2 ratio",
        ),
    ],
)
def test_real_cohorts_by_the_public_calls_alone(shared_data, expression, clinical, options, shape, n, events, unit):
    folder = shared_data / "cohorts"
    cohort = read_bulk(folder / f"{expression}.csv.gz", clinical=folder / f"{clinical}.csv.gz", **options)
    assert cohort.shape == shape
    assert info(cohort).unit == unit
    follow = endpoint(cohort)
    assert (len(follow.time), follow.n_events) == (n, events)
    assert 12 < np.median(follow.time) < 120
    genes = harmonize.genes(cohort).var_names
    assert np.mean(genes.isin(gene_index().current)) > 0.99


def test_the_breast_cohorts_share_their_genes(shared_data, gse1992, gse3143, gse4335):
    scanb = harmonize.genes(read_bulk(shared_data / "cohorts" / "scanb400_expr.csv.gz"))
    shared = set(scanb.var_names).intersection(gse1992.var_names, gse3143.var_names, gse4335.var_names)
    assert len(shared) >= 4_664


def test_counts_by_versioned_ensembl_ids_come_to_symbols(shared_data):
    cohort = read_bulk(shared_data / "subtypes" / "bsr_tcga100_counts5000.csv.gz")
    assert info(cohort).unit == "counts"
    assert cohort.X.max() == 467_540_867 or cohort.X.max() > 2**24
    done = harmonize.genes(cohort)
    symbols = pd.read_csv(shared_data / "subtypes" / "bsr_tcga100_rowdata.csv.gz", index_col=0)["SYMBOL"]
    report = harmonize.changes(done)
    known = report[report["status"].isin(["renamed", "merged"])]
    theirs = harmonize.current_symbols(symbols.loc[known["source_id"]])["symbol"].to_numpy()
    assert np.mean(known["id"].to_numpy() == theirs) > 0.97


def test_columns_that_are_no_genes_are_named(tmp_path):
    (tmp_path / "mixed.csv").write_text("id,TP53,ERBB2,MYC,t.rfs\np1,1.5,2,3,300\np2,2.5,2,4,200\n")
    assert "samples x genes: 75% of the column names are human genes, not t.rfs" in notes(
        read_bulk(tmp_path / "mixed.csv")
    )


def test_lines_of_ccle_are_told_to_be_cell_lines(shared_data):
    cohort = read_bulk(shared_data / "drugs" / "ccle_small_1000x500.csv.gz")
    assert (cohort.shape, info(cohort).domain, info(cohort).unit) == ((500, 1000), "cell_line", "log2 intensity")


def test_a_matrix_of_depmap_is_named_by_its_models(tmp_path):
    head = ",SequencingID,ModelID,IsDefaultEntryForModel,ModelConditionID,TP53 (7157),ERBB2 (2064),MYC (4609)\n"
    rows = "0,CDS-1,ACH-000019,Yes,MC-1,1.5,2.5,3\n1,CDS-2,ACH-000020,Yes,MC-2,4.5,5.5,6\n"
    (tmp_path / "OmicsExpressionTPMLogp1HumanProteinCodingGenes.csv").write_text(head + rows)
    cohort = read_bulk(tmp_path / "OmicsExpressionTPMLogp1HumanProteinCodingGenes.csv")
    assert cohort.obs_names.tolist() == ["ACH-000019", "ACH-000020"]
    assert info(cohort).domain == "cell_line"
    assert cohort.obs["SequencingID"].tolist() == ["CDS-1", "CDS-2"]
    assert "samples are named by the column 'ModelID', for the rows are only numbered" in notes(cohort)
    assert any(
        said.startswith("4 columns beside the values are in obs (SequencingID, ModelID") for said in notes(cohort)
    )
    assert harmonize.genes(cohort).var_names.tolist() == ["TP53", "ERBB2", "MYC"]
