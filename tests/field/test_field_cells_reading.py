"""Single-cell files as pipelines leave them: called cells, each sample once, genes alone."""

import gzip

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import io as scipy_io
from scipy import sparse

from omics_rx.core.errors import InputError
from omics_rx.harmonize.symbols import gene_index
from omics_rx.io import notes, read_single_cell, said_aloud
from omics_rx.io.modalities import columns_left_below

GENES = sorted(name for name in gene_index().current if name.isalnum() and len(name) < 8)[:4000:80]
IDS = list(gene_index().by_ensembl)[:50]
RANDOM = np.random.default_rng(2)


def run(folder, n_cells, *, quoted=False, genes=GENES, ids=IDS, prefix=""):
    """A folder of three files with ``n_cells`` cells."""
    folder.mkdir(parents=True, exist_ok=True)
    values = sparse.csc_matrix(RANDOM.poisson(2, (len(genes), n_cells)))
    with gzip.open(folder / f"{prefix}matrix.mtx.gz", "wb") as handle:
        scipy_io.mmwrite(handle, values)
    rows = [f"{one}\t{name}\tGene Expression" for one, name in zip(ids, genes, strict=True)]
    text = "\n".join(f'"{row}"' if quoted else row for row in rows) + "\n"
    (folder / f"{prefix}features.tsv.gz").write_bytes(gzip.compress(text.encode()))
    cells = "".join(f"{''.join(RANDOM.choice(list('ACGT'), 16))}-1\n" for _ in range(n_cells))
    (folder / f"{prefix}barcodes.tsv.gz").write_bytes(gzip.compress(cells.encode()))


def sizes(cells):
    return cells.obs["sample"].value_counts().to_dict() if "sample" in cells.obs else {"": cells.n_obs}


LAYOUTS = {
    "cellranger count": ({"outs/filtered_feature_bc_matrix": 7, "outs/raw_feature_bc_matrix": 30}, {"": 7}),
    "cellranger 2": ({"outs/filtered_gene_bc_matrices/GRCh38": 7, "outs/raw_gene_bc_matrices/GRCh38": 30}, {"": 7}),
    "cellranger multi": (
        {"outs/per_sample_outs/S1/count/sample_filtered_feature_bc_matrix": 7,
         "outs/per_sample_outs/S2/count/sample_filtered_feature_bc_matrix": 8,
         "outs/multi/count/raw_feature_bc_matrix": 30},
        {"S1": 7, "S2": 8},
    ),
    "cellranger multi, one sample": (
        {"outs/per_sample_outs/S1/count/sample_filtered_feature_bc_matrix": 7,
         "outs/multi/count/raw_feature_bc_matrix": 30},
        {"": 7},
    ),
    "cellranger multi with raw samples": (
        {"outs/per_sample_outs/S1/count/sample_filtered_feature_bc_matrix": 7,
         "outs/per_sample_outs/S1/count/sample_raw_feature_bc_matrix": 25},
        {"": 7},
    ),
    "cellranger 10 multi": (
        {"outs/filtered_feature_bc_matrix": 15, "outs/raw_feature_bc_matrix": 40,
         "outs/per_sample_outs/S1/sample_filtered_feature_bc_matrix": 7,
         "outs/per_sample_outs/S2/sample_filtered_feature_bc_matrix": 8},
        {"S1": 7, "S2": 8},
    ),
    "STARsolo": ({"Solo.out/Gene/filtered": 7, "Solo.out/Gene/raw": 30}, {"": 7}),
    "STARsolo of two samples": (
        {"A_Solo.out/Gene/filtered": 7, "A_Solo.out/Gene/raw": 30, "B_Solo.out/Gene/filtered": 9,
         "B_Solo.out/Gene/raw": 30},
        {"A": 7, "B": 9},
    ),
    "STARsolo, two ways to count": (
        {"Solo.out/Gene/filtered": 7, "Solo.out/GeneFull/filtered": 8, "Solo.out/GeneFull/raw": 30}, {"": 7}
    ),
    "kallisto bustools": ({"counts_filtered": 7, "counts_unfiltered": 30}, {"": 7}),
    "two runs": ({"S1/filtered_feature_bc_matrix": 7, "S2/filtered_feature_bc_matrix": 8}, {"S1": 7, "S2": 8}),
    "two runs with outs": (
        {"S1/outs/filtered_feature_bc_matrix": 7, "S1/outs/raw_feature_bc_matrix": 30,
         "S2/outs/filtered_feature_bc_matrix": 8, "S2/outs/raw_feature_bc_matrix": 30},
        {"S1": 7, "S2": 8},
    ),
    "a sample of raw cells alone": (
        {"S1/filtered_feature_bc_matrix": 7, "S1/raw_feature_bc_matrix": 30, "S2/raw_feature_bc_matrix": 9},
        {"S1": 7, "S2": 9},
    ),
    "plain folders": ({"S1": 7, "S2": 8}, {"S1": 7, "S2": 8}),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_called_cells_of_each_sample_are_read_once(tmp_path, name):
    folders, expected = LAYOUTS[name]
    for place, n_cells in folders.items():
        run(tmp_path / "run1" / place, n_cells)
    cells = read_single_cell(tmp_path / "run1")
    assert sizes(cells) == expected
    if name == "a sample of raw cells alone":
        assert any("S2: only raw matrices" in said for said in said_aloud(cells))


def test_the_folder_of_raw_cells_can_be_asked_for(tmp_path):
    run(tmp_path / "raw_feature_bc_matrix", 30)
    cells = read_single_cell(tmp_path / "raw_feature_bc_matrix")
    assert cells.n_obs == 30
    assert any("only raw matrices" in said for said in said_aloud(cells))


def test_matrices_with_prefixes_are_samples(tmp_path):
    for name, n in (("GSM1_a_", 5), ("GSM2_b_", 6)):
        run(tmp_path / "GSE1", n, prefix=name)
    assert sizes(read_single_cell(tmp_path / "GSE1")) == {"GSM1_a": 5, "GSM2_b": 6}


def test_starsolo_velocities_are_passed_over(tmp_path):
    run(tmp_path / "Solo.out" / "Gene" / "filtered", 7)
    run(tmp_path / "Solo.out" / "Velocyto" / "filtered", 7)
    velocity = tmp_path / "Solo.out" / "Velocyto" / "filtered" / "matrix.mtx.gz"
    velocity.rename(velocity.with_name("spliced.mtx.gz"))
    assert read_single_cell(tmp_path / "Solo.out").n_obs == 7


def test_multimapping_matrices_beside_the_usual_one(tmp_path):
    folder = tmp_path / "Solo.out" / "Gene" / "raw"
    run(folder, 7)
    (folder / "UniqueAndMult-EM.mtx.gz").write_bytes((folder / "matrix.mtx.gz").read_bytes())
    assert read_single_cell(tmp_path / "Solo.out").n_obs == 7


def test_features_with_each_row_in_quotes(tmp_path):
    run(tmp_path / "a", 6, quoted=True)
    cells = read_single_cell(tmp_path / "a")
    assert (cells.var_names.tolist(), cells.var["gene_ids"].tolist()) == (GENES, IDS)


def h5(file, n_cells):
    values = sparse.csc_matrix(RANDOM.poisson(2, (len(GENES), n_cells)))
    file.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(file, "w") as handle:
        group = handle.create_group("matrix")
        group["barcodes"] = np.array([f"AAAC{i:012d}-1" for i in range(n_cells)], dtype="S")
        for name, part in (("data", values.data), ("indices", values.indices), ("indptr", values.indptr)):
            group[name] = part
        group["shape"] = np.array(values.shape)
        features = group.create_group("features")
        features["id"], features["name"] = np.array(IDS, dtype="S"), np.array(GENES, dtype="S")
        features["feature_type"] = np.array(["Gene Expression"] * len(GENES), dtype="S")


def test_folders_of_h5_files(tmp_path):
    for sample, n in (("S1", 5), ("S2", 6)):
        h5(tmp_path / sample / "outs" / "filtered_feature_bc_matrix.h5", n)
        h5(tmp_path / sample / "outs" / "raw_feature_bc_matrix.h5", 20)
    assert sizes(read_single_cell(tmp_path)) == {"S1": 5, "S2": 6}
    h5(tmp_path / "geo" / "GSM9_x_filtered_feature_bc_matrix.h5", 4)
    assert read_single_cell(tmp_path / "geo").n_obs == 4


def made(n=12, **columns):
    return anndata.AnnData(
        sparse.csr_matrix(RANDOM.poisson(3, (n, len(GENES))).astype(np.float32)),
        obs=pd.DataFrame(columns, index=[f"c{i}" for i in range(n)]),
        var=pd.DataFrame(index=GENES),
    )


@pytest.mark.parametrize(
    "rows", [["__no_feature", "__ambiguous"], ["N_unmapped"], ["ERCC-00002", "ERCC-00171"], ["__alignment_not_unique"]]
)
@pytest.mark.parametrize("form", ["h5ad", "csv", "mtx"])
def test_summaries_and_spike_ins_are_no_genes_of_cells(tmp_path, rows, form):
    names = [*GENES, *rows]
    values = RANDOM.poisson(3, (12, len(names))).astype(np.float32)
    cells = anndata.AnnData(values, pd.DataFrame(index=[f"c{i}" for i in range(12)]), pd.DataFrame(index=names))
    if form == "h5ad":
        cells.write_h5ad(file := tmp_path / "a.h5ad")
    elif form == "csv":
        cells.to_df().T.to_csv(file := tmp_path / "a.csv")
    else:
        run(file := tmp_path / "a", 12, genes=names, ids=[*IDS, *rows])
    found = read_single_cell(file)
    assert found.var_names.tolist() == GENES
    assert any("are no genes and were left out" in said for said in said_aloud(found))


def test_genes_that_were_taken_out_are_missing(tmp_path):
    cells = made()
    cells.var["feature_is_filtered"] = [i < 5 for i in range(len(GENES))]
    values = cells.X.toarray()
    values[:, :5] = 0
    cells.X = sparse.csr_matrix(values)
    cells.write_h5ad(tmp_path / "a.h5ad")
    found = read_single_cell(tmp_path / "a.h5ad")
    assert found.var_names.tolist() == GENES[5:]
    assert any("are missing, not zero" in said for said in said_aloud(found))


@pytest.mark.parametrize("nothing", ["nan", "NA", "None", "", "<NA>", "N/A", "NaN"])
@pytest.mark.parametrize("column", ["donor", "donor_id", "patient", "sample_name", "batch"])
def test_donors_called_nan_are_missing(tmp_path, nothing, column):
    cells = made(**{column: ["d1"] * 6 + [nothing] * 2 + ["d2"] * 4})
    cells.write_h5ad(tmp_path / "a.h5ad")
    found = read_single_cell(tmp_path / "a.h5ad")
    assert found.obs[column].isna().sum() == 2
    assert set(found.obs[column].dropna()) == {"d1", "d2"}


def test_a_treatment_called_none_stays(tmp_path):
    cells = made(treatment=["None"] * 6 + ["drug"] * 6)
    cells.write_h5ad(tmp_path / "a.h5ad")
    assert read_single_cell(tmp_path / "a.h5ad").obs["treatment"].tolist()[:1] == ["None"]


def test_counts_and_logs_are_not_joined(tmp_path):
    one, other = made(), made()
    other.X = sparse.csr_matrix(np.log1p(other.X.toarray()))
    one.write_h5ad(tmp_path / "a.h5ad")
    other.write_h5ad(tmp_path / "b.h5ad")
    with pytest.raises(InputError, match="two units: A hold counts and B do not"):
        read_single_cell({"A": tmp_path / "a.h5ad", "B": tmp_path / "b.h5ad"})


@pytest.mark.parametrize("name", ["rna", "gex"])
def test_expression_of_a_mudata_file(tmp_path, name):
    import mudata

    cells = made()
    protein = anndata.AnnData(
        RANDOM.poisson(9, (12, 2)).astype(np.float32), cells.obs.copy(), pd.DataFrame(index=["CD4", "CD8"])
    )
    with columns_left_below():
        mudata.MuData({name: cells, "prot": protein}).write(tmp_path / "a.h5mu")
    found = read_single_cell(tmp_path / "a.h5mu")
    assert found.var_names.tolist() == GENES
    assert found.obsm["prot"].columns.tolist() == ["CD4", "CD8"]
    assert any("holds the genes" in said for said in notes(found))


def shell(*arguments):
    from typer.testing import CliRunner

    from omics_rx.cli import app

    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_shell_has_a_door_for_10x_folders(tmp_path):
    run(tmp_path / "filtered_feature_bc_matrix", 12)
    told = shell("check", tmp_path / "filtered_feature_bc_matrix")
    assert told.exit_code == 0, told.output
    assert "12 samples x 50" in told.output
    assert "single cell" in told.output
    refused = shell("check", tmp_path / "filtered_feature_bc_matrix", "--clinical", tmp_path / "c.csv")
    assert "take no clinical table" in refused.output
