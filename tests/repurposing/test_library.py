"""Perturbation libraries: GMT pairs, one GMT, GCT, GCTX and tables give profiles x genes."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError, IntegrityError, MissingFileError
from omics_rx.repurposing import read_library

GENES = ["TP53", "EGFR", "MYC", "ESR1", "KRAS", "BRCA1"]


def _gmt(path, sets):
    text = "".join(f"{name}\t\t" + "\t".join(genes) + "\n" for name, genes in sets.items())
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def test_two_files_and_the_numbers_of_collections(tmp_path):
    up = _gmt(tmp_path / "up.gmt.gz", {"drug x-12": GENES[:2], "drug x-13": GENES[:1] + GENES[3:4],
                                       "tretinoin DB00755 mouse GSE31280 sample 2829": GENES[4:]})  # fmt: skip
    down = _gmt(tmp_path / "down.gmt", {"drug x-12": GENES[2:4], "drug x-13": GENES[1:3],
                                        "tretinoin DB00755 mouse GSE31280 sample 2829": GENES[:1]})  # fmt: skip
    table = read_library(up, down=down)
    assert table.index.tolist() == ["drug x", "tretinoin"]
    row = table.loc["drug x"]
    assert row[["TP53", "EGFR", "MYC", "ESR1", "KRAS"]].tolist() == [1, 0, -1, 0, 0]
    assert table.loc["tretinoin", ["TP53", "BRCA1"]].tolist() == [-1, 1]


def test_one_file_with_sides(tmp_path):
    path = _gmt(tmp_path / "both.gmt", {"a_UP": GENES[:3], "a_DN": GENES[3:], "b_up": GENES[3:], "b_down": GENES[:3]})
    table = read_library(path, names={"a": "aspirin", "b": "bosutinib"})
    assert (table.loc["aspirin"] == -table.loc["bosutinib"]).all()
    assert read_library(path, names={"a": "aspirin"}).index.tolist() == ["aspirin"]
    with pytest.raises(InputError, match="none of its profiles"):
        read_library(path, names={"c": "x"})


def test_faults(tmp_path):
    with pytest.raises(InputError, match="1 signatures have one side only"):
        read_library(_gmt(tmp_path / "one.gmt", {"a_UP": GENES[:3], "a_DN": GENES[3:], "b_UP": GENES[3:]}))
    with pytest.raises(InputError, match="does not say its side"):
        read_library(_gmt(tmp_path / "none.gmt", {"a": GENES[:3], "b": GENES[3:]}))
    with pytest.raises(MissingFileError):
        read_library(tmp_path / "absent.gmt")
    (tmp_path / "broken.gctx").write_bytes(b"\x89HDF\r\n\x1a\n" + b"0" * 100)
    with pytest.raises(IntegrityError, match="no GCTX"):
        read_library(tmp_path / "broken.gctx")


def _values():
    return pd.DataFrame(np.arange(12.0).reshape(2, 6) - 5.25, index=["aspirin", "bosutinib"], columns=GENES)


def test_gctx(tmp_path):
    import h5py

    values = _values()
    with h5py.File(tmp_path / "x.gctx", "w") as file:
        file["0/DATA/0/matrix"] = values.to_numpy()
        file["0/META/COL/id"] = np.array(["s1", "s2"], dtype="S4")
        file["0/META/COL/pert_iname"] = np.array(values.index.tolist(), dtype="S20")
        file["0/META/ROW/id"] = np.array(GENES, dtype="S10")
    pd.testing.assert_frame_equal(read_library(tmp_path / "x.gctx"), values, check_names=False, check_index_type=False,
                                  check_column_type=False)  # fmt: skip


def test_gct_and_table(tmp_path):
    values = _values()
    lines = ["#1.2", "6\t2", "Name\tDescription\taspirin\tbosutinib"]
    lines += [f"{gene}\tx\t" + "\t".join(f"{v}" for v in values[gene]) for gene in GENES]
    (tmp_path / "x.gct").write_text("\n".join(lines) + "\n")
    values.to_csv(tmp_path / "x.tsv", sep="\t", index_label="perturbagen")
    for name in ("x.gct", "x.tsv"):
        found = read_library(tmp_path / name)
        assert np.allclose(found.loc[values.index, GENES], values)


def test_lincs_and_cmap_collections(shared_data):
    folder = shared_data / "perturbation"
    keys = pd.read_csv(shared_data / "knowledge" / "drugbank_slim.tsv", sep="\t").set_index("drugbank_id")["inchikey"]
    names = keys.dropna().str.removeprefix("InChIKey=").to_dict()
    lincs = read_library(folder / "lincs_consensi_drugbank.tsv.gz", names=names)
    assert lincs.shape[0] > 800
    assert lincs.shape[1] == 978
    cmap = read_library(folder / "Old_CMAP_up.gmt.gz", down=folder / "Old_CMAP_down.gmt.gz")
    assert "ascorbic acid" in cmap.index
    assert cmap.index.is_unique
    assert 1000 < len(cmap) < 1400


def test_conditions_are_kept_on_request(tmp_path):
    table = pd.DataFrame({"pert_iname": ["aspirin", "aspirin"], "pert_dose": [10, 1], "pert_time": [24, 6],
                          "cell_id": ["MCF7", "PC3"], "TP53": [1.0, 2.0], "ESR1": [3.0, 4.0], "EGFR": [0.5, -1.0],
                          "MYC": [0.1, 0.2]})  # fmt: skip
    file = tmp_path / "profiles.tsv"
    table.to_csv(file, sep="\t", index=False)
    kept = read_library(file, conditions=True)
    assert kept[["dose", "time", "line"]].to_numpy().tolist() == [[10.0, 24.0, "MCF7"], [1.0, 6.0, "PC3"]]
    assert not {"dose", "time", "line"} & set(read_library(file))
