"""Modalities of the same patients joined."""

import mudata
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from omics_rx import io
from omics_rx.core.errors import InputError, UnknownNameError
from omics_rx.io.modalities import columns_left_below


def cohort(samples, genes=("TP53", "ERBB2"), **obs):
    values = np.arange(len(samples) * len(genes), dtype=float).reshape(len(samples), -1)
    return AnnData(values, obs=pd.DataFrame(obs, index=list(samples)), var=pd.DataFrame(index=list(genes)))


RNA = ["TCGA-A1-A0SB-06A-11R", "TCGA-A1-A0SB-01A-11R", "TCGA-A1-A0SD-01B-11R", "TCGA-A1-A0SD-01A-11R",
       "TCGA-A1-A0SE-11A-11R", "TCGA-A1-A0SF-01A-11R"]  # fmt: skip
MIRNA = ["TCGA-A1-A0SB-01A", "TCGA-A1-A0SE-01A", "tcga-a1-a0sf-01a"]


def test_barcodes_are_cut_to_the_patient_and_what_is_left_out_is_named():
    joined = io.join({"rna": cohort(RNA), "mirna": cohort(MIRNA, ["hsa-miR-21-5p"])})
    assert joined["rna"].obs_names.tolist() == ["TCGA-A1-A0SB", "TCGA-A1-A0SD", "TCGA-A1-A0SF"]
    assert joined["rna"].obs["sample_as_given"].tolist() == [RNA[1], RNA[3], RNA[5]]
    np.testing.assert_array_equal(joined["rna"].X, [[2, 3], [6, 7], [10, 11]])
    assert joined["mirna"].obs_names.tolist() == ["TCGA-A1-A0SB", "TCGA-A1-A0SE", "TCGA-A1-A0SF"]
    assert set(joined.obs_names) == {f"TCGA-A1-A0S{last}" for last in "BDEF"}
    lost = io.left_out(joined).set_index("sample")
    assert set(lost.index) == {RNA[0], RNA[2], RNA[4]}
    assert lost.loc[RNA[4], "reason"] == "normal tissue (sample type 11)"
    assert lost.loc[RNA[0], "reason"] == f"another sample of TCGA-A1-A0SB; {RNA[1]} was kept"
    said = io.notes(joined)
    assert f"rna: 1 normal or control samples were left out ({RNA[4]})" in said
    assert "4 patients in all, 2 with every modality" in said


def test_samples_keep_normal_tissue():
    joined = io.join({"rna": cohort(RNA), "mirna": cohort(MIRNA, ["m"])}, level="sample")
    assert "TCGA-A1-A0SE-11" in joined["rna"].obs_names
    assert "TCGA-A1-A0SB-06" in joined["rna"].obs_names
    assert io.left_out(joined)["sample"].tolist() == [RNA[2]]


def test_other_names_are_taken_as_they_are_and_a_column_may_name_the_patient():
    a, b = cohort(["x", "y"], case=["p1", "p2"]), cohort(["s7", "s8", "s9"], ["m"], case=["p2", "p1", "p2"])
    with pytest.raises(InputError, match="modality 'a' shares no patient with any other"):
        io.join({"a": a, "b": b})
    joined = io.join({"a": a, "b": b}, by="case")
    assert joined["b"].obs["sample_as_given"].tolist() == ["s7", "s8"]
    assert joined["b"].obs_names.tolist() == ["p2", "p1"]
    assert len(io.left_out(io.join({"a": a, "b": a}))) == 0


def test_follow_up_comes_along_and_must_agree():
    a = cohort(["p", "q"], time=[12.0, 24.0], event=[True, False])
    b = cohort(["q", "r"], ["m"], time=[24.0, 3.0], event=[False, True])
    joined = io.join({"a": a, "b": b})
    assert joined.obs.loc[["p", "q", "r"], "time"].tolist() == [12, 24, 3]
    assert joined.obs.loc[["p", "q", "r"], "event"].tolist() == [True, False, True]
    b.obs["time"] = [25.0, 3.0]
    with pytest.raises(InputError, match=r"contradict each other in 'time' of 1 patients \(q\)"):
        io.join({"a": a, "b": b})


@pytest.mark.filterwarnings("ignore:var_names are not unique:UserWarning")  # a gene and its protein
def test_it_survives_a_file(tmp_path):
    joined = io.join({"rna": cohort(RNA), "protein": cohort(MIRNA)})
    with columns_left_below():
        joined.write_h5mu(tmp_path / "x.h5mu")
        again = mudata.read_h5mu(tmp_path / "x.h5mu")
    assert len(io.left_out(again)) == 3
    assert again["rna"].shape == (3, 2)


def test_what_cannot_be_joined_is_refused():
    a = cohort(["p"])
    with pytest.raises(UnknownNameError, match=r"unknown level 'patients'\. Did you mean patient"):
        io.join({"a": a, "b": a}, level="patients")
    with pytest.raises(InputError, match="1 modalities were given"):
        io.join({"a": a})
    with pytest.raises(InputError, match="modality 'a' has no obs column 'case'"):
        io.join({"a": a, "b": a}, by="case")
    with pytest.raises(InputError, match=r"1 samples have no 'case' \(p\)"):
        io.join({"a": cohort(["p"], case=[None]), "b": a}, by="case")
    with pytest.raises(InputError, match="all 1 are normal or controls"):
        io.join({"a": cohort(["TCGA-A1-A0SE-11A"]), "b": a})
    with pytest.raises(InputError, match=r"pass what io\.join returned"):
        io.left_out(a)


def test_real_modalities_of_the_same_patients(shared_data):
    folder = shared_data / "mirna"
    joined = io.join({
        "rna": io.read_bulk(folder / "mixomics_train_mrna.csv.gz"),
        "mirna": io.read_mirna(folder / "mixomics_train_mirna.csv.gz"),
        "protein": io.read_features(folder / "mixomics_train_protein.csv.gz"),
    })  # fmt: skip
    assert joined.shape == (150, 200 + 184 + 142)
    assert "150 patients in all, 150 with every modality" in io.notes(joined)
