"""Quality and normalisation of single cells, worked by hand and on real cells."""

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from omics_rx.core.cohort import info
from omics_rx.core.errors import InputError, UnknownNameError
from omics_rx.io import cell_quality, dropped_cells, normalise, notes, qc, read_single_cell

GENES = ["TP53", "ERBB2", "MT-CO1", "ENSG00000198888.2"]  # the last is MT-ND1
COUNTS = np.array([[50, 40, 5, 5], [1, 1, 0, 0], [20, 0, 0, 80], [0, 0, 0, 0], [90, 10, 0, 0]])


def cells(counts=COUNTS, genes=GENES, **parts):
    names = pd.DataFrame(index=[f"c{i}" for i in range(len(counts))])
    return ad.AnnData(sparse.csr_matrix(counts.astype(np.float32)), obs=names, var=pd.DataFrame(index=genes), **parts)


def test_each_cell_is_measured():
    found = cell_quality(cells())
    assert found["n_counts"].tolist() == [100, 2, 100, 0, 100]
    assert found["n_genes"].tolist() == [4, 2, 2, 0, 2]
    np.testing.assert_allclose(found["mitochondrial_share"], [0.1, 0, 0.8, np.nan, 0])


def test_cells_are_left_out_at_stated_thresholds_with_the_reason():
    given = cells()
    kept = qc(given, min_counts=50, min_genes=2, max_mitochondrial=0.5)
    assert kept.obs_names.tolist() == ["c0", "c4"]
    assert kept.n_vars == given.n_vars
    assert kept.obs["n_counts"].tolist() == [100, 100]
    lost = dropped_cells(kept).set_index("cell")
    assert lost["reason"].to_dict() == {
        "c1": "fewer than 50 counts", "c2": "over 50% mitochondrial", "c3": "fewer than 50 counts, fewer than 2 genes",
    }  # fmt: skip
    assert dropped_cells(kept).attrs["n_read"] == 5
    assert notes(kept)[-1].startswith("3 of 5 cells were left out (1 for fewer than 50 counts")
    assert "n_counts" not in given.obs


def test_a_threshold_is_met_by_the_value_itself():
    kept = qc(cells(), min_counts=100, min_genes=2, max_mitochondrial=0.1)
    assert kept.obs_names.tolist() == ["c0", "c4"]


def test_an_unknown_mitochondrial_share_is_said_and_drops_nobody():
    given = cells(genes=["TP53", "ERBB2", "MYC", "EGFR"])
    kept = qc(given, min_counts=50, min_genes=2)
    assert kept.obs_names.tolist() == ["c0", "c2", "c4"]
    assert kept.obs["mitochondrial_share"].isna().all()
    assert "no gene is mitochondrial, so their share is unknown" in notes(kept)[-1]
    assert dropped_cells(kept).attrs["mitochondrial_genes_known"] is False


def test_cells_on_disk_are_measured_as_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("omics_rx.harmonize.cell_sums._N_BLOCK", 2)
    made = cells(layers={"raw_counts": sparse.csr_matrix(COUNTS)})
    made.X = made.X.log1p()
    made.write_h5ad(tmp_path / "x.h5ad")
    opened = read_single_cell(tmp_path / "x.h5ad", backed=True)
    with pytest.raises(InputError, match="layer='raw_counts': pass that"):
        cell_quality(opened)
    pd.testing.assert_frame_equal(cell_quality(opened, layer="raw_counts"), cell_quality(cells()))
    kept = qc(opened, min_counts=50, min_genes=2, layer="raw_counts")
    assert not kept.isbacked
    assert kept.obs_names.tolist() == ["c0", "c4"]


def test_the_record_survives_a_file(tmp_path):
    kept = qc(cells(), min_counts=50, min_genes=2)
    kept.write_h5ad(tmp_path / "x.h5ad")
    again = ad.read_h5ad(tmp_path / "x.h5ad")
    pd.testing.assert_frame_equal(dropped_cells(again), dropped_cells(kept), check_dtype=False)


def test_normalising_gives_log2_cpm_and_keeps_the_counts():
    given = cells()[[0, 2, 4]].copy()
    done = normalise(given)
    np.testing.assert_allclose(done.X.toarray(), np.log2(COUNTS[[0, 2, 4]] / 100 * 1e6 + 1), rtol=1e-5)
    np.testing.assert_array_equal(done.layers["counts"].toarray(), COUNTS[[0, 2, 4]])
    assert info(done).unit == "log2(CPM + 1)"
    assert info(normalise(given, target=1e4)).unit == "unknown"
    np.testing.assert_array_equal(given.X.toarray(), COUNTS[[0, 2, 4]])


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: qc(cells(), max_mitochondrial=20), "give a share from 0 to 1, not per cent"),
        (lambda: qc(cells(), min_counts=-1), "are not below 0"),
        (lambda: qc(cells(), min_counts=5000), r"none of 5 cells passes \(median 100 counts"),
        (lambda: qc(cells(COUNTS - 1.0)), r"X holds no counts: \d+ values are negative or no whole numbers"),
        (lambda: qc(cells(COUNTS * 0.5)), r"\(2\.5"),
        (lambda: normalise(cells()), r"1 cells have no counts \(c3\): pass them through io\.qc"),
        (lambda: normalise(cells(), target=0), "target is 0"),
        (lambda: dropped_cells(cells()), r"pass what io\.qc returned"),
    ],
)
def test_what_cannot_be_is_refused(act, words):
    with pytest.raises(InputError, match=words):
        act()
    with pytest.raises(UnknownNameError, match="unknown layer 'count'"):
        qc(cells(layers={"counts": sparse.csr_matrix(COUNTS)}), layer="count")


def test_the_published_cells_pass_the_published_thresholds(shared_data):
    given = read_single_cell(shared_data / "single_cell")
    kept = qc(given)
    assert kept.n_obs == given.n_obs
    gap = kept.obs["mitochondrial_share"] * 100 - kept.obs["percent.mito"]
    assert gap.abs().max() < 0.2
    strict = qc(given, min_genes=500, max_mitochondrial=0.1)
    reasons = dropped_cells(strict)["reason"]
    assert strict.n_obs + len(reasons) == given.n_obs
    assert {"fewer than 500 genes", "over 10% mitochondrial"} <= set(reasons)
