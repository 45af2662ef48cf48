"""Readers of single cells, on files laid out as their makers lay them out, and against scanpy."""

import gzip

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest
import scanpy as sc
from scipy import sparse
from scipy.io import mmwrite

from omics_rx.core.cohort import info
from omics_rx.core.errors import InputError
from omics_rx.io import notes, read_single_cell

GENES = [("ENSG00000141510", "TP53"), ("ENSG00000141736", "ERBB2"), ("ENSG00000280987", "MATR3"),
         ("ENSG00000015479", "MATR3")]  # fmt: skip
CELLS = ["AAACCTGAGAAACCAT-1", "AAACCTGAGAAACCGC-1", "AAACCTGAGAAACCTA-1"]
COUNTS = np.array([[1, 0, 2, 3], [0, 5, 0, 0], [7, 0, 0, 1]])  # cells x genes


def market(folder, name, values):
    folder.mkdir(parents=True, exist_ok=True)
    mmwrite(folder / "tmp.mtx", sparse.coo_matrix(values))
    content = (folder / "tmp.mtx").read_bytes()
    (folder / "tmp.mtx").unlink()
    (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)


def version_2(folder, prefix="", cells=CELLS, counts=COUNTS, genes=GENES):
    market(folder, f"{prefix}matrix.mtx", counts.T)
    (folder / f"{prefix}genes.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in genes))
    (folder / f"{prefix}barcodes.tsv").write_text("".join(f"{cell}\n" for cell in cells))
    return folder


def version_3(folder, prefix="", extra=()):
    values = np.vstack([COUNTS.T, *[row for _, _, row in extra]])
    market(folder, f"{prefix}matrix.mtx.gz", values)
    rows = [f"{a}\t{b}\tGene Expression\n" for a, b in GENES] + [f"{a}\t{a}\t{kind}\n" for a, kind, _ in extra]
    (folder / f"{prefix}features.tsv.gz").write_bytes(gzip.compress("".join(rows).encode()))
    (folder / f"{prefix}barcodes.tsv.gz").write_bytes(gzip.compress("".join(f"{c}\n" for c in CELLS).encode()))
    return folder


def check(cells):
    assert cells.obs_names.tolist() == CELLS
    assert cells.var_names.tolist() == ["TP53", "ERBB2", "MATR3", "MATR3#2"]
    assert cells.var["gene_ids"].tolist() == [stable for stable, _ in GENES]
    assert sparse.issparse(cells.X)
    np.testing.assert_array_equal(cells.X.toarray(), COUNTS)
    assert (info(cells).unit, info(cells).domain, info(cells).detected) == ("counts", "single_cell", ())


def test_10x_folders_of_both_versions_with_and_without_a_prefix(tmp_path):
    check(read_single_cell(version_2(tmp_path / "two")))
    check(read_single_cell(version_3(tmp_path / "three")))
    check(read_single_cell(version_3(tmp_path / "geo", prefix="GSM1_tumour_")))
    check(read_single_cell(tmp_path / "two" / "matrix.mtx"))


def test_10x_folders_as_scanpy_reads_them(tmp_path):
    for folder in (version_2(tmp_path / "two"), version_3(tmp_path / "three")):
        theirs = sc.read_10x_mtx(folder, var_names="gene_ids")
        ours = read_single_cell(folder)
        np.testing.assert_array_equal(ours.X.toarray(), theirs.X.toarray())
        assert ours.obs_names.tolist() == theirs.obs_names.tolist()
        assert ours.var["gene_ids"].tolist() == theirs.var_names.tolist()


def test_antibodies_stand_beside_the_genes(tmp_path):
    extra = [
        ("CD3_TotalSeq", "Antibody Capture", np.array([4, 5, 6])),
        ("guide1", "CRISPR Guide Capture", np.ones(3, int)),
    ]
    cells = read_single_cell(version_3(tmp_path, extra=extra))
    check(cells)
    assert cells.obsm["antibody_capture"]["CD3_TotalSeq"].tolist() == [4, 5, 6]
    assert any("1 features of type 'CRISPR Guide Capture' are in obsm" in said for said in notes(cells))


def test_a_matrix_that_lies_the_other_way_is_turned_and_said_to_be(tmp_path):
    folder = version_2(tmp_path)
    market(folder, "matrix.mtx", COUNTS)
    cells = read_single_cell(folder)
    check(cells)
    assert any("cells x genes, told by the number of names" in said for said in notes(cells))


def test_a_cell_ranger_run_gives_its_filtered_matrix(tmp_path):
    version_3(tmp_path / "outs" / "filtered_feature_bc_matrix")
    version_2(tmp_path / "outs" / "raw_feature_bc_matrix")
    cells = read_single_cell(tmp_path)
    check(cells)
    assert any("1 raw matrices were passed over" in said for said in notes(cells))


def tenx_h5(file, version):
    values = sparse.csc_matrix(COUNTS.T)
    with h5py.File(file, "w") as handle:
        group = handle.create_group("matrix" if version == 3 else "GRCh38")
        for name, data in (("data", values.data), ("indices", values.indices), ("indptr", values.indptr)):
            group[name] = data
        group["shape"] = np.array(values.shape)
        group["barcodes"] = np.array(CELLS, dtype="S18")
        ids, names = (np.array([gene[i] for gene in GENES], dtype="S18") for i in (0, 1))
        if version == 2:
            group["genes"], group["gene_names"] = ids, names
        else:
            features = group.create_group("features")
            features["id"], features["name"] = ids, names
            features["feature_type"] = np.array(["Gene Expression"] * 4, dtype="S18")
            features["genome"] = np.array(["GRCh38"] * 4, dtype="S18")
    return file


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.filterwarnings("ignore:Variable names are not unique:UserWarning")
def test_10x_h5_as_scanpy_reads_it(tmp_path, version):
    file = tenx_h5(tmp_path / "x.h5", version)
    ours = read_single_cell(file)
    check(ours)
    theirs = sc.read_10x_h5(file)
    np.testing.assert_array_equal(ours.X.toarray(), theirs.X.toarray())
    assert theirs.obs_names.tolist() == ours.obs_names.tolist()


def whole(**parts):
    obs, var = pd.DataFrame(index=CELLS), pd.DataFrame(index=["TP53", "ERBB2", "MYC", "EGFR"])
    return ad.AnnData(sparse.csr_matrix(COUNTS.astype(np.float32)), obs=obs, var=var, **parts)


def test_h5ad_in_memory_and_on_disk(tmp_path):
    made = whole(layers={"counts": sparse.csr_matrix(COUNTS)}, obsm={"X_pca": np.arange(6).reshape(3, 2)})
    made.raw = made
    made.write_h5ad(tmp_path / "x.h5ad")
    cells, opened = read_single_cell(tmp_path / "x.h5ad"), read_single_cell(tmp_path / "x.h5ad", backed=True)
    np.testing.assert_array_equal(cells.X.toarray(), COUNTS)
    assert not cells.isbacked
    assert opened.isbacked
    for on_disk in (opened.X, opened.layers["counts"], opened.raw.X):
        assert not sparse.issparse(on_disk)
        np.testing.assert_array_equal(on_disk[:].toarray(), COUNTS)
    np.testing.assert_array_equal(opened[1:].to_memory().layers["counts"].toarray(), COUNTS[1:])
    assert info(opened).unit == "counts"
    assert "h5ad, its matrices left on disk" in notes(opened)


def test_what_is_no_counts_is_said_and_where_they_are(tmp_path):
    made = whole(layers={"counts": sparse.csr_matrix(COUNTS)})
    made.X = made.X.log1p()
    made.write_h5ad(tmp_path / "x.h5ad")
    cells = read_single_cell(tmp_path / "x.h5ad")
    assert info(cells).unit == "unknown"
    assert any("normalised, up to 2.079; whole numbers are in layer='counts'" in said for said in notes(cells))
    made.X = np.asarray(made.X.todense()) - 1
    made.write_h5ad(tmp_path / "y.h5ad")
    assert any("values are scaled" in said for said in notes(read_single_cell(tmp_path / "y.h5ad")))


def loom(file, **names):
    with h5py.File(file, "w") as handle:
        handle["matrix"] = COUNTS.T.astype(np.float32)
        handle["layers/spliced"] = COUNTS.T
        text = h5py.string_dtype()
        handle.create_dataset(f"col_attrs/{names.get('cells', 'CellID')}", data=CELLS, dtype=text)
        handle["col_attrs/n"] = np.arange(3)
        handle["col_attrs/umap"] = np.zeros((3, 2))
        handle.create_dataset("row_attrs/Gene", data=["TP53", "ERBB2", "MYC", "EGFR"], dtype=text)
    return file


def test_loom_is_turned_to_cells_x_genes(tmp_path):
    cells = read_single_cell(loom(tmp_path / "x.loom"))
    assert cells.obs_names.tolist() == CELLS
    assert cells.var_names.tolist() == ["TP53", "ERBB2", "MYC", "EGFR"]
    np.testing.assert_array_equal(cells.X.toarray(), COUNTS)
    np.testing.assert_array_equal(cells.layers["spliced"].toarray(), COUNTS)
    assert cells.obs["n"].tolist() == [0, 1, 2]
    with pytest.raises(InputError, match="does not name its cells"):
        read_single_cell(loom(tmp_path / "y.loom", cells="who"))


def test_dense_text_in_either_orientation(tmp_path):
    frame = pd.DataFrame(COUNTS, index=CELLS, columns=["TP53", "ERBB2", "MYC", "EGFR"])
    frame.T.to_csv(tmp_path / "genes.csv.gz")
    frame.to_csv(tmp_path / "cells.tsv", sep="\t")
    for name in ("genes.csv.gz", "cells.tsv"):
        cells = read_single_cell(tmp_path / name)
        np.testing.assert_array_equal(cells.X.toarray(), COUNTS)
        assert cells.obs_names.tolist() == CELLS
        assert info(cells).unit == "counts"


def test_samples_are_joined_over_shared_genes_and_labelled(tmp_path):
    version_2(tmp_path / "a")
    version_2(tmp_path / "b", genes=[GENES[1], GENES[0], ("ENSG00000136997", "MYC"), GENES[3]])
    cells = read_single_cell({"a": tmp_path / "a", "b": tmp_path / "b"})
    assert cells.obs["sample"].tolist() == ["a"] * 3 + ["b"] * 3
    assert cells.obs_names.tolist() == [f"{s}_{c}" for s in "ab" for c in CELLS]
    assert cells.var["gene_ids"].tolist() == ["ENSG00000141510", "ENSG00000141736", "ENSG00000015479"]
    np.testing.assert_array_equal(cells.X.toarray(), np.vstack([COUNTS[:, [0, 1, 3]], COUNTS[:, [1, 0, 3]]]))
    said = notes(cells)
    assert "2 samples joined over 3 genes (cells: a 3, b 3)" in said
    assert any(line.startswith("a: 1 genes that not all samples have") for line in said)


def test_a_folder_of_several_samples_is_several_samples(tmp_path):
    version_2(tmp_path, prefix="GSM1_A_")
    version_3(tmp_path, prefix="GSM2_B_")
    cells = read_single_cell(tmp_path)
    assert cells.obs["sample"].value_counts().to_dict() == {"GSM1_A": 3, "GSM2_B": 3}
    assert cells.n_vars == 4


def test_a_table_of_cells_joins_them(tmp_path):
    version_2(tmp_path)
    pd.DataFrame({"type": ["T", "B"]}, index=CELLS[:2]).to_csv(tmp_path / "metadata.csv")
    cells = read_single_cell(tmp_path)
    assert cells.obs["type"].tolist()[:2] == ["T", "B"]
    assert any("1 of 3 cells are not in metadata.csv" in said for said in notes(cells))


def test_real_cells_read_by_one_call(shared_data):
    cells = read_single_cell(shared_data / "single_cell")
    assert cells.shape == (1564, 13744)
    assert cells.X.nnz == 850_637
    assert info(cells).unit == "counts"
    assert cells.obs["celltype_major"].nunique() == 9
    assert cells.obs["celltype_minor"].notna().all()
    assert cells[0, cells.var_names[27]].X.toarray().item() == 1
    short = cells.X.sum(axis=1).A1 - cells.obs["nCount_RNA"]
    assert short.between(-100, 0).all()
