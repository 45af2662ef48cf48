"""Single cells as people bring them: which matrix is read, which features are genes, which names are names."""

import anndata
import numpy as np
import pandas as pd
import pytest
import scanpy as sc
from anndata import AnnData
from scipy import sparse

import omics_rx as orx
from omics_rx.core import resources
from omics_rx.core.errors import InputError
from omics_rx.harmonize import matrices
from omics_rx.harmonize.needs import with_reads
from omics_rx.harmonize.row_numbers import row_numbers
from omics_rx.harmonize.symbols import gene_index

# cells beside proteins of one name, and names that were made unique, are the point here
pytestmark = pytest.mark.filterwarnings("ignore:(Variable|Observation) names are not unique:UserWarning")

N, P = 240, 900
NK = ["NKG7", "GNLY", "GZMB", "PRF1", "CST7", "GZMA", "CTSW", "KLRD1"]
SETS = {"NK cells": NK}


@pytest.fixture(scope="module")
def cells():
    """Counts of N cells over P genes, depths from 500 to 4,000, every third cell an NK cell."""
    rng = np.random.default_rng(0)
    genes = resources.table("genes.tsv.gz")
    coding = genes.loc[genes["type"].eq("protein-coding"), "symbol"].tolist()
    names = list(dict.fromkeys([*NK, "CD14", "CD19", "NCAM1", "CD4", "ERBB2", *coding]))[:P]
    share = np.tile(rng.lognormal(0, 1.3, P), (N, 1))
    share[::3, : len(NK)] *= 6
    share /= share.sum(axis=1, keepdims=True)
    counts = rng.poisson(share * rng.integers(500, 4000, N)[:, None])
    obs = pd.DataFrame({"cell_type": ["NK", "B", "T"] * (N // 3)}, index=[f"cell{i}" for i in range(N)])
    return AnnData(sparse.csr_matrix(counts.astype(np.float32)), obs=obs, var=pd.DataFrame(index=names))


def normalised(cells, target=1e4, base=None):
    logs = cells.copy()
    sc.pp.normalize_total(logs, target_sum=target)
    sc.pp.log1p(logs, base=base)
    return logs


def scaled(cells, **more):
    logs = normalised(cells)
    logs.raw = logs.copy()
    sc.pp.scale(logs, **more)
    return logs


def with_layer(cells, name="counts"):
    kept = scaled(cells)
    kept.raw = None
    kept.layers[name] = cells.X.copy()
    return kept


def empty_x(cells):
    kept = AnnData(None, obs=cells.obs.copy(), var=cells.var.copy())
    kept.layers["counts"] = cells.X.copy()
    return kept


WAYS = {
    "counts": lambda c: c.copy(),
    "dense counts": lambda c: AnnData(c.X.toarray(), c.obs, c.var),
    "counts of 16 bits": lambda c: AnnData(c.X.astype(np.uint16), c.obs, c.var),
    "ln(CP10k + 1)": normalised,
    "ln(CPM + 1)": lambda c: normalised(c, 1e6),
    "log2(CP10k + 1)": lambda c: normalised(c, base=2),
    "log10(CP10k + 1)": lambda c: normalised(c, base=10),
    "CP10k": lambda c: sc.pp.normalize_total(c.copy(), target_sum=1e4, copy=True),
    "X scaled, logs in raw": scaled,
    "X scaled and cut at 10": lambda c: scaled(c, max_value=10),
    "X scaled, zero centre kept": lambda c: scaled(c, max_value=3),
    "X scaled, counts in a layer": with_layer,
    "X scaled, counts in a layer of another name": lambda c: with_layer(c, "raw_umis"),
    "no X, counts in a layer": empty_x,
    "ln(counts + 1)": lambda c: sc.pp.log1p(c.copy(), copy=True),
    "frame of counts": lambda c: c.to_df(),
    "frame of logs": lambda c: normalised(c).to_df(),
}


@pytest.mark.parametrize("method", ["mean", "ulm", "zscore", "aucell"])
@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_keep_cells_gets_one_answer(cells, way, method):
    settings = {"top": 0.2} if method == "aucell" else {}
    right = orx.scores.score(cells, SETS, method=method, progress=False, **settings)
    table = orx.scores.score(WAYS[way](cells), SETS, method=method, progress=False, **settings)
    np.testing.assert_allclose(table, right, atol=2e-3)
    assert table.attrs["prepared"]["statement"]


@pytest.mark.parametrize("way", ["X scaled, logs in raw", "X scaled, counts in a layer", "no X, counts in a layer"])
def test_score_signature_and_check_read_the_same_matrix(cells, way, caplog):
    given = WAYS[way](cells)
    place = orx.scores.score(given, SETS, method="mean").attrs["prepared"]["place"]
    assert place != "X"
    assert place in caplog.text
    if given.X is not None:
        checked = orx.check(given)
        assert checked.facts["read from"] == place
    aligned = orx.harmonize.to_training_scale(given, list(cells.var_names[:50]), domain="single_cell")
    plain = orx.harmonize.to_training_scale(cells, list(cells.var_names[:50]), domain="single_cell")
    np.testing.assert_allclose(aligned.z, plain.z, atol=5e-3)
    assert place in aligned.statement


def test_scanpys_own_cells_are_read_from_raw():
    pbmc = sc.datasets.pbmc68k_reduced()
    for method in ("ulm", "mean", "ssgsea"):
        found = orx.scores.score(pbmc, SETS, method=method, min_coverage=0.1, progress=False)
        right = orx.scores.score(pbmc.raw.to_adata(), SETS, method=method, min_coverage=0.1, progress=False)
        np.testing.assert_allclose(found, right)
        assert found.attrs["prepared"]["place"] == "raw"
    logs = pbmc.raw.to_adata().to_df()[[g for g in NK if g in pbmc.raw.var_names]]
    mean = orx.scores.score(pbmc, SETS, method="mean", min_coverage=0.1, progress=False)["NK cells"]
    np.testing.assert_allclose(mean, logs.mean(axis=1) / np.log(2), rtol=1e-4)


def test_scaled_cells_without_anything_else_are_not_scored_by_level_without_a_word(cells, caplog):
    bare = scaled(cells)
    bare.raw = None
    table = orx.scores.score(bare, SETS, method="ssgsea", progress=False)
    assert "lost their levels" in caplog.text
    assert "lost their levels" in table.attrs["prepared"]["statement"]


def test_backed_cells_are_scored_as_in_memory(cells, tmp_path):
    file = tmp_path / "cells.h5ad"
    cells.write_h5ad(file)
    for method in ("mean", "ssgsea", "ulm"):
        right = orx.scores.score(cells, SETS, method=method, progress=False)
        backed = orx.scores.score(anndata.read_h5ad(file, backed="r"), SETS, method=method, progress=False)
        np.testing.assert_allclose(backed, right, atol=1e-6)
    assert orx.check(anndata.read_h5ad(file, backed="r")).facts["unit"] == "counts (detected)"


def beside(cells, names, types=None, first=False):
    rng = np.random.default_rng(1)
    proteins = AnnData(
        sparse.csr_matrix(rng.poisson(300, (N, len(names))).astype(np.float32)), obs=cells.obs.copy(),
        var=pd.DataFrame(index=list(names)),
    )  # fmt: skip
    genes = cells.copy()
    if types is not None:
        proteins.var["feature_types"], genes.var["feature_types"] = types, "Gene Expression"
    parts = [proteins, genes] if first else [genes, proteins]
    both = anndata.concat(parts, axis=1, merge="first")
    both.obs = cells.obs.copy()
    both.var_names_make_unique()
    return both


@pytest.mark.parametrize(
    ("names", "types", "first"),
    [
        (["CD14", "CD19", "CD56", "tag1"], "Antibody Capture", False),
        (["CD14", "CD19", "CD56", "tag1"], "Antibody Capture", True),
        (["CD4", "NKG7"], "Antibody Capture", True),
        (["guide1", "guide2"], "CRISPR Guide Capture", False),
        (["HTO1", "HTO2"], "Multiplexing Capture", False),
        (["CD14:AB", "CD19:AB"], None, False),
        (["adt_CD14", "adt_CD4"], None, True),
        (["CD14_TotalSeqB", "CD4_TotalSeqB"], None, False),
        (["CD14-TotalSeqC", "IgG1-TotalSeqC"], None, False),
        (["CD14_ADT", "CD4_ADT"], None, False),
        (["Hashtag1", "Hashtag_2"], None, False),
        (["__no_feature", "__ambiguous", "N_unmapped", "ERCC-00002"], None, False),
    ],
)
@pytest.mark.parametrize("road", ["score", "signature road", "pseudobulk"])
def test_only_genes_are_genes(cells, names, types, first, road):
    both = beside(cells, names, types, first)
    if road == "pseudobulk":
        right = orx.harmonize.pseudobulk(cells, "cell_type")
        found = orx.harmonize.pseudobulk(both, "cell_type")
        np.testing.assert_allclose(found.obs["n_counts"], right.obs["n_counts"])
        return
    if road == "score":
        right = orx.scores.score(cells, SETS, method="mean", progress=False)
        found = orx.scores.score(both, SETS, method="mean", progress=False)
        np.testing.assert_allclose(found, right, atol=1e-6)
        return
    genes = orx.harmonize.genes(both)
    assert set(genes.var_names) == set(orx.harmonize.genes(cells).var_names)
    np.testing.assert_allclose(genes[:, NK].X.toarray(), cells[:, NK].X.toarray())
    if not names[0].startswith("__"):
        assert len(genes.obsm) == 1


@pytest.mark.parametrize(
    ("human", "mouse"),
    [
        ("GRCh38_", "mm10___"), ("GRCh38___", "mm10___"), ("hg19_", "mm10_"), ("hg38_", "mm39_"),
        ("GRCh38premrna-", "mm10premrna_"), ("GRCh38-2020-A_", "GRCm39_"),
    ],
)  # fmt: skip
def test_of_two_genomes_the_human_one_is_read(cells, human, mouse, caplog):
    rng = np.random.default_rng(2)
    other = rng.poisson(0.02, (N, 300)).astype(np.float32)
    other[:20] = rng.poisson(40, (20, 300))
    own = np.asarray(cells.X.sum(axis=1)).ravel()
    other[30] = 0
    other[30, 0] = own[30]  # half of a cell's reads are of either genome: it is not told to be no human one
    names = [f"{mouse}{name.capitalize()}" for name in cells.var_names[:300]]
    mixed = AnnData(
        sparse.hstack([cells.X, sparse.csr_matrix(other)]).tocsr(), obs=cells.obs.copy(),
        var=pd.DataFrame(index=[*(human + cells.var_names), *names]),
    )  # fmt: skip
    found = orx.harmonize.genes(mixed)
    assert set(NK) <= set(found.var_names)
    share = found.obs[matrices.OTHER_GENOME]
    np.testing.assert_allclose(share, other.sum(axis=1) / (other.sum(axis=1) + own), rtol=1e-5)
    assert "20 of 240 cells are not human" in caplog.text
    table = orx.scores.score(mixed, SETS, method="mean", progress=False)
    np.testing.assert_allclose(table, orx.scores.score(cells, SETS, method="mean", progress=False), atol=1e-6)
    assert matrices.only_human(mixed, most_other=0.5).n_obs == N - 20
    assert matrices.only_human(mixed).n_obs == N - 21


def numbered(kind):
    rng = np.random.default_rng(3)
    made = {
        "from 0": lambda: range(P),
        "from 1": lambda: range(1, P + 1),
        "as text with .0": lambda: [f"{i}.0" for i in range(P)],
        "variable genes of 20,000 rows": lambda: np.sort(rng.choice(20_000, P, replace=False)),
        "variable genes of 33,000 rows": lambda: np.sort(rng.choice(33_000, P, replace=False)),
        "in another order": lambda: rng.permutation(P),
        "of 5,000 rows": lambda: np.sort(rng.choice(5_000, P, replace=False)),
        "with holes": lambda: [i for i in range(P + 40) if i % 25][:P],
        "a third of a small table": lambda: np.sort(rng.choice(2_700, P, replace=False)),
        "from 100000": lambda: range(100_000, 100_000 + P),
    }
    return [str(name) for name in made[kind]()]


@pytest.mark.parametrize(
    "kind",
    [
        "from 0", "from 1", "variable genes of 20,000 rows", "variable genes of 33,000 rows", "in another order",
        "of 5,000 rows", "with holes", "a third of a small table", "from 100000", "as text with .0",
    ],
)  # fmt: skip
def test_row_numbers_are_never_entrez_ids(cells, kind):
    lost = AnnData(cells.X.copy(), obs=cells.obs.copy(), var=pd.DataFrame({"features": cells.var_names}))
    lost.var_names = numbered(kind)
    for call in (
        orx.harmonize.genes, orx.scores.immune, orx.check, lambda c: orx.scores.score(c, SETS),
        lambda c: orx.signatures.load("proliferation").score(c), lambda c: orx.scores.immune(c.to_df()),
    ):  # fmt: skip
        with pytest.raises(InputError, match="row numbers"):
            call(lost)
    with pytest.raises(InputError, match=r"var\['features'\]"):
        orx.harmonize.genes(lost)


def test_a_frame_without_names_is_refused_and_entrez_ids_are_read(cells):
    with pytest.raises(InputError, match="row numbers"):
        orx.scores.immune(pd.DataFrame(cells.X.toarray()).rename(str, axis=0))
    ids = {symbols[0]: number for number, symbols in gene_index().by_entrez.items() if len(symbols) == 1}
    named = cells[:, [name for name in cells.var_names if name in ids]].copy()
    named.var_names = [ids[name] for name in named.var_names]
    assert not row_numbers(named.var_names)
    assert set(NK) <= set(orx.harmonize.genes(named).var_names)


def test_muon_data_give_their_expression(cells):
    import mudata

    proteins = AnnData(np.ones((N, 3)), obs=pd.DataFrame(index=cells.obs_names), var=pd.DataFrame(index=list("abc")))
    both = mudata.MuData({"rna": cells.copy(), "prot": proteins})
    found = orx.scores.score(both, SETS, method="mean", progress=False)
    np.testing.assert_allclose(found, orx.scores.score(cells, SETS, method="mean", progress=False))
    with pytest.raises(InputError, match="modalities"):
        orx.scores.score(mudata.MuData({"a": cells.copy(), "b": proteins}), SETS)


def test_genes_that_were_not_measured_are_missing_and_not_zero(cells):
    marked = cells.copy()
    values = marked.X.toarray()
    values[:, :3] = 0
    marked.X = sparse.csr_matrix(values)
    marked.var["feature_is_filtered"] = [True] * 3 + [False] * (P - 3)
    kept = orx.scores.score(marked, SETS, method="mean", progress=False)
    right = orx.scores.score(marked[:, 3:].copy(), SETS, method="mean", progress=False)
    np.testing.assert_allclose(kept, right)
    with pytest.raises(InputError, match="less than 70%"):
        orx.scores.score(marked, SETS, method="mean", min_coverage=0.7, progress=False)


def test_cells_without_a_read_have_no_answer_in_any_method(cells):
    holes = cells.copy()
    values = holes.X.toarray()
    values[7] = 0
    for given in (sparse.csr_matrix(values), values):
        holes.X = given
        for method in ("ssgsea", "mean", "ulm", "aucell"):
            settings = {"top": 0.2} if method == "aucell" else {}
            table = orx.scores.score(holes, SETS, method=method, progress=False, **settings)
            assert table.isna().sum().tolist() == [1]
            assert "reads" in table.attrs["prepared"]["unanswered"]["cell7"]


def test_names_made_unique_are_joined_again(cells):
    twice = anndata.concat([cells, cells[:, ["CD4", "KLRD1"]]], axis=1, merge="first")
    twice.var_names_make_unique()
    assert "CD4-1" in twice.var_names
    joined = orx.harmonize.genes(twice)
    np.testing.assert_allclose(joined[:, "CD4"].X.toarray(), 2 * cells[:, "CD4"].X.toarray())


def test_columns_that_tell_malignant_cells_differently_are_asked_for(cells, caplog):
    from omics_rx.repurposing.further import cells_expressing

    tumour = cells.copy()
    tumour.obs["cell_type"] = np.where(np.arange(N) < 60, "malignant", "T cell")
    right = cells_expressing({"lapatinib": ["ERBB2"]}, tumour)
    assert "obs['cell_type']" in caplog.text
    tumour.obs.insert(0, "origin", np.where(np.arange(N) < 200, "tumor_primary", "normal"))
    with pytest.raises(InputError, match="origin 200, cell_type 60"):
        cells_expressing({"lapatinib": ["ERBB2"]}, tumour)
    pd.testing.assert_frame_equal(cells_expressing({"lapatinib": ["ERBB2"]}, tumour, column="cell_type"), right)


@pytest.mark.parametrize("word", ["nan", "NA", "None", "", "n/a"])
def test_donors_that_are_words_for_nothing_are_missing(cells, word):
    named = cells.copy()
    named.obs["donor"] = np.where(np.arange(N) < 40, word, "D1")
    profiles = orx.harmonize.pseudobulk(named, "donor")
    assert profiles.obs_names.tolist() == ["D1"]
    assert orx.harmonize.pseudobulk_groups(profiles)["n_cells"].tolist() == [200, 40]


def test_cells_without_x_are_read_from_their_layer_or_asked_for_on_every_road(cells):
    given, bare = empty_x(cells), AnnData(None, obs=cells.obs.copy(), var=cells.var.copy())
    given.obs["donor"] = "D1"
    roads = {
        "genes": orx.harmonize.genes, "check": orx.check, "score": lambda c: orx.scores.score(c, SETS, method="mean"),
        "coverage": lambda c: orx.scores.coverage(c, SETS),
        "markers": lambda c: orx.scores.marker_genes(c, "cell_type", progress=False),
    }  # fmt: skip
    for road in roads.values():
        road(given)
        with pytest.raises(InputError, match="no X"):
            road(bare)
    assert orx.harmonize.pseudobulk(given, "donor").obs["n_counts"].tolist() == [cells.X.sum()]


def test_cells_on_disk_with_scaled_x_are_read_from_raw_too(cells, tmp_path):
    kept = scaled(cells)
    kept.write_h5ad(tmp_path / "scaled.h5ad")
    backed = anndata.read_h5ad(tmp_path / "scaled.h5ad", backed="r")
    found = orx.scores.score(backed, SETS, method="mean", progress=False)
    assert found.attrs["prepared"]["place"] == "raw"
    np.testing.assert_allclose(found, orx.scores.score(kept, SETS, method="mean", progress=False), atol=1e-6)
    assert orx.check(backed).facts["read from"] == "raw"


def test_cells_without_reads_have_no_answer_in_memory_on_disk_and_in_dask(tmp_path):
    genes = [gene for genes in SETS.values() for gene in genes] + [f"ENSG{i:011d}" for i in range(60)]
    values = np.random.default_rng(0).poisson(3, (40, len(genes))).astype(np.float32) + 1
    values[3] = 0
    cells = AnnData(sparse.csr_matrix(values), var=pd.DataFrame(index=list(dict.fromkeys(genes))[: len(genes)]))
    cells.write_h5ad(tmp_path / "cells.h5ad")
    right = orx.scores.score(cells, SETS, method="ulm", progress=False)
    assert right.isna().all(axis=1).to_numpy().nonzero()[0].tolist() == [3]
    on_disk = anndata.read_h5ad(tmp_path / "cells.h5ad", backed="r")
    read = []
    real = type(on_disk.X).__getitem__
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(on_disk.X), "__getitem__", lambda self, rows: read.append(rows) or real(self, rows))
        found = orx.scores.score(on_disk, SETS, method="ulm", progress=False)
    np.testing.assert_allclose(found, right, atol=1e-6)
    assert sum(isinstance(rows, slice) and rows == slice(0, 40) for rows in read) == 3  # unit, known genes, scores
    assert "1 samples have no reads" in found.attrs["prepared"]["statement"]


def test_one_missing_value_leaves_a_sparse_sample_its_reads():
    dense = np.array([[0, 2.0, np.nan], [0, 0, np.nan], [0, 0, 0], [1.0, 0, 0]])
    table = sparse.csr_matrix(dense)
    table.data[-1] = 0  # stored, and nothing all the same
    for values in (dense * [[1], [1], [1], [0]], table, sparse.csc_matrix(table), sparse.csr_array(table)):
        assert with_reads(values).tolist() == [True, False, False, False]
