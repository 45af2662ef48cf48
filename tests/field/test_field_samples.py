"""One patient in counts, files of one sample each, cells on disk, and batches beside the genes."""

import gzip
import sys

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse
from typer.testing import CliRunner

import omics_rx as orx
from omics_rx.cli import app
from omics_rx.core.cohort import expression, info, with_info
from omics_rx.core.errors import InputError, MissingDependencyError, MissingFileError
from omics_rx.harmonize.batch import ComBat
from omics_rx.harmonize.symbols import gene_index
from omics_rx.signatures.scale import gene_lengths

GENES = [gene for gene in sorted(gene_index().current) if gene in gene_lengths().index and not gene.startswith("MT-")]
OWN = list(dict.fromkeys(["TP53", "ESR1", "ERBB2", "MKI67", "GAPDH", "ACTB", *GENES[:600]]))


@pytest.fixture(scope="module")
def tpm():
    """TPM of six tumours over genes of known length."""
    genes = list(dict.fromkeys([*orx.signatures.load("cell_death").genes, *GENES[::9]]))
    random = np.random.default_rng(0)
    level = random.gamma(0.4, 60, len(genes)) * random.gamma(4, 0.25, (6, len(genes)))
    frame = pd.DataFrame(level, [f"P{i}" for i in range(6)], genes)
    return frame.div(frame.sum(axis=1), axis=0) * 1e6


def test_one_patient_in_counts_scores_as_her_tpm_do_on_the_frozen_reference(tpm, tmp_path):
    signature = orx.signatures.load("cell_death")
    lengths = gene_lengths()[tpm.columns]
    counts = (tpm * lengths / 10).round()
    right = signature.score(with_info(AnnData(tpm), unit="TPM"), reference="frozen")["risk_score"]
    of_counts = signature.score(counts, reference="frozen")
    np.testing.assert_allclose(of_counts["risk_score"], right, atol=0.02)
    assert of_counts["reference"].str.contains("by the lengths of genes").all()
    alone = signature.score(counts.iloc[[2]], reference="frozen")["risk_score"]
    np.testing.assert_allclose(alone, of_counts["risk_score"].iloc[[2]], atol=1e-9)
    cpm = counts.div(counts.sum(axis=1), axis=0) * 1e6
    of_cpm = signature.score(with_info(AnnData(cpm), unit="CPM"), reference="frozen")["risk_score"]
    np.testing.assert_allclose(of_cpm, of_counts["risk_score"], atol=1e-6)
    counts.iloc[[2]].T.to_csv(tmp_path / "one.tsv", sep="\t")
    read = signature.score(orx.io.read_bulk(tmp_path / "one.tsv"), reference="frozen")["risk_score"]
    np.testing.assert_allclose(read, alone, atol=1e-6)
    assert signature.assess(counts.iloc[[2]]).runs


def test_counts_of_a_panel_are_refused_on_the_frozen_reference(tpm):
    signature = orx.signatures.load("cell_death")
    with pytest.raises(InputError, match="genes or more"):
        signature.score((tpm * 10).round().iloc[[0], :700], reference="frozen")


def test_counts_of_cells_know_no_length_and_are_refused_on_the_frozen_reference(tpm):
    cells = with_info(AnnData(tpm.round().astype(np.float32)), unit="counts", domain="single_cell")
    with pytest.raises(InputError, match="frozen references"):
        orx.signatures.load("cell_death").score(cells, reference="frozen")


def _counts(seed):
    return np.random.default_rng(seed).poisson(60, len(OWN))


def _htseq(file, seed):
    rows = [*zip(OWN, _counts(seed), strict=True), ("__no_feature", 900), ("__ambiguous", 7)]
    file.write_text("".join(f"{gene}\t{count}\n" for gene, count in rows))


def _rsem(file, seed):
    counts = _counts(seed)
    table = pd.DataFrame({"gene_id": OWN, "transcript_id(s)": "x", "length": 1500.0, "effective_length": 1300.0})
    table = table.assign(expected_count=counts, TPM=counts / counts.sum() * 1e6, FPKM=counts * 0.5)
    table.to_csv(file, sep="\t", index=False)


def _stringtie(file, seed):
    counts = _counts(seed)
    table = pd.DataFrame({"Gene ID": [f"G{i}" for i in range(len(OWN))], "Gene Name": OWN, "Reference": "chr1",
                          "Strand": "+", "Start": 10, "End": 900, "Coverage": 2.5, "FPKM": counts * 0.5,
                          "TPM": counts / counts.sum() * 1e6})  # fmt: skip
    table.to_csv(file, sep="\t", index=False)


def _cufflinks(file, seed):
    counts = _counts(seed)
    table = pd.DataFrame({"tracking_id": OWN, "class_code": "-", "nearest_ref_id": "-", "gene_id": OWN,
                          "gene_short_name": OWN, "tss_id": "-", "locus": "chr1:1-9", "length": "-", "coverage": "-",
                          "FPKM": counts * 0.5, "FPKM_conf_lo": counts * 0.4, "FPKM_conf_hi": counts * 0.6,
                          "FPKM_status": "OK"})  # fmt: skip
    table.to_csv(file, sep="\t", index=False)


def _star(file, seed):
    counts = _counts(seed)
    rows = [("N_unmapped", 9, 9, 9), ("N_multimapping", 5, 5, 5), ("N_noFeature", 4, 4, 4), ("N_ambiguous", 3, 3, 3)]
    rows += [(gene, count, count // 2, count - count // 2) for gene, count in zip(OWN, counts, strict=True)]
    file.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))


WRITERS = {
    "{}.counts": (_htseq, "counts"), "{}_htseq.txt": (_htseq, "counts"), "{}.htseq.counts": (_htseq, "counts"),
    "{}.genes.results": (_rsem, "TPM"), "{}_ReadsPerGene.out.tab": (_star, "counts"),
    "{}_gene_abund.tab": (_stringtie, "TPM"), "{}/genes.fpkm_tracking": (_cufflinks, "FPKM"),
    "{}/{}.genes.results": (_rsem, "TPM"), "{}/gene_counts.txt": (_htseq, "counts"),
}  # fmt: skip


@pytest.mark.parametrize("layout", WRITERS)
def test_a_folder_of_files_of_one_sample_each_is_one_cohort(layout, tmp_path):
    write, unit = WRITERS[layout]
    files = []
    for seed, name in enumerate(("A1", "B2", "C3")):
        file = tmp_path / layout.format(name, name)
        file.parent.mkdir(exist_ok=True)
        write(file, seed)
        files.append(file)
    (tmp_path / "multiqc.log").write_text("done\n")
    cohort = orx.io.read_bulk(tmp_path)
    assert list(cohort.obs_names) == ["A1", "B2", "C3"]
    assert info(cohort).unit == unit
    assert not cohort.var_names.str.startswith(("__", "N_")).any()
    named = expression(orx.harmonize.genes(cohort))
    values = named[OWN].to_numpy()
    counts = np.array([_counts(seed) for seed in range(3)])
    right = {"counts": counts, "TPM": counts / counts.sum(axis=1, keepdims=True) * 1e6, "FPKM": counts * 0.5}[unit]
    np.testing.assert_allclose(values, right, rtol=1e-5)
    listed = expression(orx.io.read_bulk(files))
    np.testing.assert_array_equal(listed.to_numpy(), expression(cohort).to_numpy())
    pattern = tmp_path / layout.format("*", "*")
    np.testing.assert_array_equal(expression(orx.io.read_cohort(str(pattern))), listed)


def test_two_kinds_of_files_and_other_genes_are_refused(tmp_path):
    _htseq(tmp_path / "A.counts", 0)
    _rsem(tmp_path / "B.genes.results", 1)
    with pytest.raises(InputError, match="2 kinds"):
        orx.io.read_bulk(tmp_path)
    with pytest.raises(InputError, match="2 kinds"):
        orx.io.read_bulk([tmp_path / "A.counts", tmp_path / "B.genes.results"])
    (tmp_path / "C.counts").write_text("".join(f"{gene}\t{n}\n" for n, gene in enumerate(OWN[50:], 3)))
    with pytest.raises(InputError, match="differ in 52 genes"):
        orx.io.read_bulk([tmp_path / "A.counts", tmp_path / "C.counts"])
    with pytest.raises(MissingFileError, match="fits"):
        orx.io.read_bulk(str(tmp_path / "*.nothing"))
    with pytest.raises(MissingFileError):
        orx.io.read_bulk([tmp_path / "A.counts", tmp_path / "gone.counts"])
    with pytest.raises(InputError, match="empty"):
        orx.io.read_bulk([])


def test_packed_files_are_named_without_their_endings(tmp_path):
    for seed, name in enumerate(("S-1", "S.2")):
        _htseq(tmp_path / "plain", seed)
        (tmp_path / f"{name}.htseq.counts.gz").write_bytes(gzip.compress((tmp_path / "plain").read_bytes()))
    (tmp_path / "plain").unlink()
    assert list(orx.io.read_bulk(tmp_path).obs_names) == ["S-1", "S.2"]


@pytest.fixture(scope="module")
def flagged():
    """Cells with genes that are flagged as not measured, stored as zeros, and a cell without a read."""
    sets = {"a": OWN[:20]}
    random = np.random.default_rng(3)
    counts = random.poisson(1.5, (80, len(OWN))).astype(np.float32)
    counts[:, 3:9] = 0
    counts[7] = 0
    var = pd.DataFrame({"feature_is_filtered": [3 <= i < 9 for i in range(len(OWN))]}, index=OWN)
    cells = AnnData(sparse.csr_matrix(counts), obs=pd.DataFrame(index=[f"c{i}" for i in range(80)]), var=var)
    return with_info(cells, unit="counts", domain="single_cell"), sets


@pytest.mark.parametrize("method", ["mean", "ulm", "ssgsea", "aucell"])
@pytest.mark.parametrize("dense", [False, True])
def test_flagged_genes_and_empty_cells_are_missing_on_disk_as_in_memory(method, dense, flagged, tmp_path):
    cells, sets = flagged
    if dense:
        cells = cells.copy()
        cells.X = cells.X.toarray()
    cells.write_h5ad(tmp_path / "cells.h5ad")
    here = orx.scores.score(cells, sets, method=method)
    opened = orx.io.read_single_cell(tmp_path / "cells.h5ad", backed=True)
    there = orx.scores.score(opened, sets, method=method)
    pd.testing.assert_frame_equal(there, here, check_names=False)
    kept = [gene for gene in OWN if gene not in OWN[3:9]]
    right = orx.scores.score(cells[:, kept].copy(), {"a": [g for g in sets["a"] if g in kept]}, method=method)
    pd.testing.assert_frame_equal(here, right, check_names=False)
    assert here.loc["c7"].isna().all()


@pytest.mark.parametrize("flag", [[1, 0], ["True", "False"], [True, False], ["yes", "no"]])
def test_a_flag_is_read_however_it_is_written(flag, flagged):
    cells, sets = flagged
    other = cells.copy()
    other.var["feature_is_filtered"] = [flag[0] if one else flag[1] for one in cells.var["feature_is_filtered"]]
    right = orx.scores.score(cells, sets, method="mean")
    pd.testing.assert_frame_equal(orx.scores.score(other, sets, method="mean"), right)


@pytest.mark.parametrize("column", ["batch", "Batch", "batches", "batch_id", "Batch.No"])
def test_batches_beside_the_genes_are_no_gene(column, tmp_path):
    random = np.random.default_rng(0)
    table = pd.DataFrame(random.normal(8, 2, (40, 300)), [f"S{i}" for i in range(40)], OWN[:300])
    table.insert(0, column, np.repeat([1, 2], 20))
    table.to_csv(tmp_path / "table.csv")
    cohort = orx.io.read_bulk(tmp_path / "table.csv")
    assert column in cohort.obs
    assert column not in cohort.var_names


def _two_batches():
    random = np.random.default_rng(1)
    values = pd.DataFrame(random.normal(8, 1, (30, 50)), [f"S{i}" for i in range(30)], OWN[:50])
    values.iloc[15:] += 2
    return values, pd.Series(["one"] * 15 + ["two"] * 15, index=values.index)


def test_a_column_of_batches_and_a_mapping_of_them_are_the_same_to_combat():
    values, batch = _two_batches()
    cohort = AnnData(values, obs=pd.DataFrame({"batch": batch}))
    by_name = ComBat.learn({name: values[batch == name] for name in ("one", "two")})
    learnt_of = ((cohort, "batch"), (values, batch), (cohort, batch))
    for learnt in (ComBat.learn(given, batch=told) for given, told in learnt_of):
        for name in ("one", "two"):
            np.testing.assert_allclose(learnt.shifts[name], by_name.shifts[name])
    with pytest.raises(InputError, match="batch='batch' is one of its columns"):
        ComBat.learn(cohort)
    with pytest.raises(InputError, match="has no column"):
        ComBat.learn(cohort, batch="plate")
    with pytest.raises(InputError, match="told twice"):
        ComBat.learn({"a": values}, batch="batch")
    batch.iloc[0], batch.iloc[20] = "NA", None
    with pytest.raises(InputError, match="2 samples have no batch"):
        ComBat.learn(values, batch=batch)


def _embedded(n=200, domain="single_cell"):
    cells = AnnData(np.random.default_rng(0).poisson(3, (n, 20)).astype(np.float32), var=pd.DataFrame(index=OWN[:20]))
    cells.obsm["X_pca"] = np.random.default_rng(1).normal(size=(n, 5))
    cells.obs["sample"] = ["a", "b"] * (n // 2)
    return with_info(cells, unit="counts", domain=domain)


def test_harmony_is_for_cells_with_an_embedding():
    with pytest.raises(InputError, match="ComBat"):
        orx.io.harmony(_embedded(domain="tumour"), "sample")
    with pytest.raises(InputError, match="ComBat"):
        orx.io.harmony(_embedded(40), "sample")
    with pytest.raises(InputError, match="no embedding"):
        orx.io.harmony(_embedded(), "sample", basis="X_other")
    with pytest.raises(InputError, match="has no column"):
        orx.io.harmony(_embedded(), "plate")
    one = _embedded()
    one.obs["sample"] = "a"
    with pytest.raises(InputError, match="one batch only"):
        orx.io.harmony(one, "sample")


def test_harmony_without_its_package_names_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "harmonypy", None)
    with pytest.raises(MissingDependencyError, match=r"omics-rx\[cells\]"):
        orx.io.harmony(_embedded(), "sample")


@pytest.mark.needs("harmonypy")
def test_harmony_brings_the_same_cells_of_two_batches_together():
    """Two kinds of cells in two batches, which lie 4 apart: the batches meet, the kinds stay apart."""
    random = np.random.default_rng(0)
    cells = _embedded(300)
    batch, kind = np.arange(300) % 2, np.arange(300) // 2 % 2
    cells.obs["sample"] = np.where(batch, "b", "a")
    place = random.normal(0, 0.5, cells.obsm["X_pca"].shape)
    place[:, 0] += 10 * kind
    place[:, 1] += 4 * batch
    cells.obsm["X_pca"] = place
    moved = orx.io.harmony(cells, "sample")
    assert "X_pca_harmony" not in cells.obsm
    pd.testing.assert_frame_equal(moved.obs, cells.obs)
    after = moved.obsm["X_pca_harmony"]

    def apart(values, groups):
        return np.linalg.norm(values[groups == 1].mean(axis=0) - values[groups == 0].mean(axis=0))

    assert apart(after, batch) < 1.5 < 3.5 < apart(place, batch)
    assert apart(after, kind) > 7
    np.testing.assert_array_equal(orx.io.harmony(cells, "sample").obsm["X_pca_harmony"], after)


@pytest.mark.parametrize("told", ["FPKM", "RPKM", "fpkm-uq"])
def test_a_shell_user_tells_the_unit_of_a_single_patient(told, tpm, tmp_path):
    (tpm * 0.37).iloc[[1]].T.to_csv(tmp_path / "one.tsv", sep="\t")
    run = CliRunner().invoke
    asked = [str(tmp_path / "one.tsv"), "--signature", "cell_death", "--reference", "frozen", "--out"]
    refused = run(app, ["score", *asked, str(tmp_path / "no.csv")])
    assert refused.exit_code == 2
    assert "say unit=" in refused.output
    assert not (tmp_path / "no.csv").exists()
    done = run(app, ["score", *asked, str(tmp_path / "risk.csv"), "--unit", told])
    assert done.exit_code == 0, done.output
    right = orx.signatures.load("cell_death").score(
        with_info(AnnData((tpm * 0.37).iloc[[1]]), unit="FPKM"), reference="frozen"
    )
    np.testing.assert_allclose(
        pd.read_csv(tmp_path / "risk.csv", index_col=0)["risk_score"], right["risk_score"], atol=1e-5
    )
    wrong = run(app, ["score", *asked, str(tmp_path / "no.csv"), "--unit", "furlongs"])
    assert "unknown unit 'furlongs'" in wrong.output


@pytest.mark.parametrize("tool", ["quant.sf", "abundance.tsv"])
def test_a_file_and_its_packed_copy_are_no_two_samples(tool, tmp_path):
    columns = {"quant.sf": "Name\tLength\tEffectiveLength\tTPM\tNumReads", "abundance.tsv":
               "target_id\tlength\teff_length\test_counts\ttpm"}[tool]  # fmt: skip
    written = f"{columns}\nENST1|ENSG00000141510|x\t9\t9\t1000000\t8\n"
    (tmp_path / "s1").mkdir()
    (tmp_path / "s1" / tool).write_text(written)
    (tmp_path / "s1" / f"{tool}.gz").write_bytes(gzip.compress(written.encode()))
    with pytest.raises(InputError, match=r"more than once.*plain or packed"):
        orx.io.read_bulk(tmp_path)
    with pytest.raises(InputError, match="more than once"):
        orx.io.read_bulk(tmp_path / "s1")
