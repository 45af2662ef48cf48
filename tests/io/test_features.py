"""Tables of features, as PyRadiomics, portals and laboratories write them."""

import csv

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.cohort import info
from omics_rx.core.errors import InputError
from omics_rx.io import notes, read_features

RADIOMICS = [
    ["ID", "Image", "Mask", "Label", "diagnostics_Versions_PyRadiomics", "diagnostics_Configuration_Settings",
     "diagnostics_Image-original_Mean", "diagnostics_Image-original_Size", "original_shape_Elongation",
     "original_firstorder_Energy", "wavelet-LLH_glcm_Contrast", "log-sigma-3-0-mm-3D_glrlm_RunEntropy"],
    ["p1", "/d/p1/image.nrrd", "/d/p1/mask.nrrd", "1", "v3.0.1", "{'minimumROIDimensions': 2, 'binWidth': 25}",
     "103.5", "(256, 256, 60)", "0.71", "1234567.25", "0.5", "4.25"],
    ["p2", "/d/p2/image.nrrd", "/d/p2/mask.nrrd", "2", "v3.0.1", "{'minimumROIDimensions': 2, 'binWidth': 25}",
     "99.25", "(256, 256, 48)", "0.66", "7654321.5", "", "4.5"],
]  # fmt: skip


def radiomics(path, rows=RADIOMICS):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def test_radiomic_features_stand_apart_from_diagnostics(tmp_path):
    cohort = read_features(radiomics(tmp_path / "r.csv"))
    assert cohort.obs_names.tolist() == ["p1", "p2"]
    assert cohort.var_names.tolist() == RADIOMICS[0][8:]
    np.testing.assert_allclose(cohort.X, [[0.71, 1234567.25, 0.5, 4.25], [0.66, 7654321.5, np.nan, 4.5]], rtol=1e-6)
    apart = cohort.obsm["diagnostics"]
    assert apart["diagnostics_Image-original_Size"].tolist() == ["(256, 256, 60)", "(256, 256, 48)"]
    assert apart["diagnostics_Image-original_Mean"].tolist() == ["103.5", "99.25"]
    assert apart["diagnostics_Configuration_Settings"].iloc[0].startswith("{'minimumROIDimensions': 2,")
    assert cohort.obs["Label"].tolist() == [1, 2]
    assert cohort.obs["Image"].tolist() == ["/d/p1/image.nrrd", "/d/p2/image.nrrd"]
    assert info(cohort).unit == "unknown"
    assert any("4 radiomic features; 4 diagnostics are in obsm" in said for said in notes(cohort))
    cohort.write_h5ad(tmp_path / "x.h5ad")


def test_row_numbers_are_no_names(tmp_path):
    rows = [["", "patient_id", *RADIOMICS[0][8:]], ["0", "17", *RADIOMICS[1][8:]], ["1", "23", *RADIOMICS[2][8:]]]
    cohort = read_features(radiomics(tmp_path / "r.csv", rows))
    assert cohort.obs_names.tolist() == ["17", "23"]
    assert cohort.n_vars == 4
    assert "samples are named by the column 'patient_id'" in notes(cohort)
    told = read_features(radiomics(tmp_path / "s.csv"), id_column="Label")
    assert told.obs_names.tolist() == ["1", "2"]


def test_images_name_their_patients(tmp_path):
    paths = ["/data/TCGA-AO-A0J9/MR/i.nrrd", "/data/TCGA-AO-A0JB/MR/i.nrrd"]
    rows = [
        RADIOMICS[0][1:2] + RADIOMICS[0][8:],
        *([path, *row[8:]] for path, row in zip(paths, RADIOMICS[1:], strict=True)),
    ]
    cohort = read_features(radiomics(tmp_path / "r.csv", rows))
    assert cohort.obs_names.tolist() == ["TCGA-AO-A0J9", "TCGA-AO-A0JB"]
    assert cohort.obs["image"].tolist() == paths
    rows[1][0], rows[2][0] = r"C:\scans\patient7.nii.gz", r"C:\scans\patient8.nii.gz"
    assert read_features(radiomics(tmp_path / "s.csv", rows)).obs_names.tolist() == ["patient7", "patient8"]


def test_methylation_probes_lie_in_the_rows(tmp_path):
    frame = pd.DataFrame(
        [[0.1, 0.9], [0.5, np.nan], [0.2, 0.3]], index=["cg00000029", "cg00000108", "ch.1.131529R"],
        columns=["TCGA-A1-A0SB-01", "TCGA-A1-A0SD-01"],
    )  # fmt: skip
    frame.rename_axis("sample").to_csv(tmp_path / "m.tsv", sep="\t", na_rep="NA")
    cohort = read_features(tmp_path / "m.tsv")
    assert cohort.shape == (2, 3)
    np.testing.assert_allclose(cohort.X, frame.to_numpy().T, rtol=1e-6)
    assert any("1 values are missing" in said for said in notes(cohort))


def test_proteins_in_either_orientation(tmp_path):
    frame = pd.DataFrame([[1.5, -0.5, 2], [0.5, 1, -2]], index=["x1", "x2"], columns=["ESR1", "ERBB2", "TP53"])
    frame.assign(Cancer_Type="BRCA").rename_axis("Sample_ID").to_csv(tmp_path / "a.csv")
    frame.T.to_csv(tmp_path / "b.csv")
    for name in ("a.csv", "b.csv"):
        cohort = read_features(tmp_path / name)
        assert cohort.obs_names.tolist() == ["x1", "x2"]
        np.testing.assert_allclose(cohort.X, frame.to_numpy())
    assert read_features(tmp_path / "a.csv").obs["Cancer_Type"].tolist() == ["BRCA", "BRCA"]


def test_unknown_names_keep_samples_in_the_rows_and_say_so(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("who,f1,f2\na,1,2\nb,3,4\nc,5,6\n")
    cohort = read_features(table)
    assert cohort.obs_names.tolist() == ["a", "b", "c"]
    assert any("no name is known in either axis, so rows are samples" in said for said in notes(cohort))
    turned = read_features(table, orientation="features x samples")
    assert turned.obs_names.tolist() == ["f1", "f2"]


def test_clinical_and_replicates(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("who,f1,f2\na,1,2\na,3,4\nb,5,6\n")
    with pytest.raises(InputError, match="1 samples stand twice"):
        read_features(table)
    clinical = pd.DataFrame({"id": ["a", "b"], "OS.time": [365.25, 730.5], "OS": [1, 0]})
    cohort = read_features(table, replicates="average", clinical=clinical)
    np.testing.assert_array_equal(cohort.X, [[2, 3], [5, 6]])
    np.testing.assert_allclose(cohort.obs["time"], [12, 24])


def test_the_real_proteins(shared_data):
    cohort = read_features(shared_data / "mirna" / "mixomics_train_protein.csv.gz")
    assert cohort.shape == (150, 142)
    assert cohort.obs_names[0] == "A0FJ"
