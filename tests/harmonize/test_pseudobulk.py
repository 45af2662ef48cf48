"""Cells added up by patient and cell type."""

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from omics_rx import harmonize
from omics_rx.core.cohort import info
from omics_rx.core.errors import InputError, UnknownNameError

TYPES = ["T", "T", "B", "T", "T", "B", None]
PATIENTS = ["p1", "p1", "p1", "p2", "p2", "p2", "p2"]


def cells(x=None, **parts):
    counts = np.arange(21).reshape(7, 3) if x is None else x
    obs = pd.DataFrame(
        {"patient": PATIENTS, "type": TYPES, "subtype": ["Basal"] * 3 + ["LumA"] * 4, "batch": list("aabcccc")},
        index=[f"c{i}" for i in range(7)],
    )
    return ad.AnnData(
        counts.astype(np.float32), obs=obs, var=pd.DataFrame({"id": [1, 2, 3]}, index=list("XYZ")), **parts
    )


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
def test_counts_are_added_by_hand(form):
    given = cells()
    given.X = form(given.X)
    found = harmonize.pseudobulk(given, "patient", "type", min_cells=1)
    assert found.obs_names.tolist() == ["p1:B", "p1:T", "p2:B", "p2:T"]
    np.testing.assert_array_equal(found.X, [[6, 7, 8], [3, 5, 7], [15, 16, 17], [21, 23, 25]])
    assert found.obs["n_cells"].tolist() == [1, 2, 1, 2]
    assert found.obs["n_counts"].tolist() == [21, 15, 48, 69]
    assert found.obs["subtype"].tolist() == ["Basal", "Basal", "LumA", "LumA"]
    assert "batch" in found.obs
    assert found.var["id"].tolist() == [1, 2, 3]
    assert (info(found).unit, info(found).domain) == ("counts", "tumour")


def test_small_groups_and_nameless_cells_are_left_out_and_listed():
    found = harmonize.pseudobulk(cells(), "patient", "type", min_cells=2)
    assert found.obs_names.tolist() == ["p1:T", "p2:T"]
    groups = harmonize.pseudobulk_groups(found)
    assert groups["n_cells"].tolist() == [1, 2, 1, 2, 1]
    assert groups["kept"].tolist() == [False, True, False, True, False]
    assert groups.iloc[-1][["patient", "type"]].isna().all()
    assert groups["n_cells"].sum() == 7


def test_whole_patients_and_varying_columns():
    found = harmonize.pseudobulk(cells(), "patient", min_cells=3)
    np.testing.assert_array_equal(found.X, [[9, 12, 15], [54, 58, 62]])
    assert "batch" not in found.obs
    assert harmonize.pseudobulk_groups(found)["kept"].all()


def test_blocks_and_disk_change_nothing(tmp_path, monkeypatch):
    whole = harmonize.pseudobulk(cells(), "patient", "type", min_cells=1)
    monkeypatch.setattr("omics_rx.harmonize.cell_sums._N_BLOCK", 2)
    given = cells(layers={"counts": sparse.csr_matrix(cells().X)})
    given.X = np.log1p(given.X)
    given.write_h5ad(tmp_path / "x.h5ad")
    opened = ad.read_h5ad(tmp_path / "x.h5ad", backed="r")
    for one in (given, opened):
        found = harmonize.pseudobulk(one, "patient", "type", min_cells=1, layer="counts")
        np.testing.assert_array_equal(found.X, whole.X)


def test_the_record_survives_a_file(tmp_path):
    found = harmonize.pseudobulk(cells(), "patient", "type", min_cells=2)
    found.write_h5ad(tmp_path / "x.h5ad")
    again = harmonize.pseudobulk_groups(ad.read_h5ad(tmp_path / "x.h5ad"))
    pd.testing.assert_frame_equal(again, harmonize.pseudobulk_groups(found), check_dtype=False)


@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        (lambda: harmonize.pseudobulk(cells(), "patients"), UnknownNameError, "unknown obs column 'patients'.*patient"),
        (lambda: harmonize.pseudobulk(cells(), "patient", min_cells=9), InputError, "none of 2 groups has 9 cells"),
        (lambda: harmonize.pseudobulk(cells(), "patient", min_cells=0), InputError, "at least 1 cell"),
        (lambda: harmonize.pseudobulk(cells(np.ones((7, 3)) / 3), "patient"), InputError, "none of 2 groups"),
        (
            lambda: harmonize.pseudobulk(cells(np.ones((7, 3)) / 3), "patient", min_cells=1),
            InputError,
            "holds no counts",
        ),
        (lambda: harmonize.pseudobulk_groups(cells()), InputError, r"pass what harmonize\.pseudobulk returned"),
    ],
)
def test_what_cannot_be_added_is_refused(act, error, words):
    with pytest.raises(error, match=words):
        act()


def test_real_cells_make_profiles_of_one_patient(shared_data):
    from omics_rx import io, scores

    given = io.read_single_cell(shared_data / "single_cell")
    found = harmonize.pseudobulk(given, "orig.ident", "celltype_major")
    assert found.obs["n_cells"].sum() == 1564
    assert found.X.sum() == given.X.sum()
    immune = scores.immune(io.normalise(found)).rename(index=lambda name: name.split(":")[1])
    assert immune["T cells"].idxmax() == "T-cells"
    assert immune["Fibroblasts"].idxmax() in {"CAFs", "PVL"}
