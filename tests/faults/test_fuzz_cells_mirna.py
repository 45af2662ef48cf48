"""Damaged files of microRNAs, features and single cells: refused by one of our errors that names the folder, or read.

400 files by default; OMICS_RX_FUZZ names another number.
"""

import os
import re

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from omics_rx import harmonize
from omics_rx.core.errors import OmicsRxError
from omics_rx.core.work import rng
from omics_rx.io import read_features, read_mirna, read_single_cell

N = int(os.environ.get("OMICS_RX_FUZZ", "400"))
GDC = "miRNA_ID\tread_count\treads_per_million_miRNA_mapped\tcross-mapped\n" + "".join(
    f"hsa-mir-{name}\t{count}\t{count * 1000 + 0.5}\t{'NY'[count % 2]}\n"
    for name, count in (("21", 5), ("155", 12), ("100", 7))
)
ISOFORMS = (
    "miRNA_ID\tisoform_coords\tread_count\treads_per_million_miRNA_mapped\tcross-mapped\tmiRNA_region\n"
    + "".join(
        f"hsa-mir-21\thg38:chr17:1-22:+\t{count}\t{count * 1000 + 0.5}\tN\t{region}\n"
        for count, region in (
            (5, "mature,MIMAT0000076"),
            (2, "stemloop"),
            (9, "mature,MIMAT0004494"),
            (4, "mature,MIMAT0000076"),
        )
    )
)
MIRDEEP2 = "#miRNA\tread_count\tprecursor\ttotal\tS1\tS2\tS1(norm)\tS2(norm)\n" + "".join(
    f"hsa-let-7{x}-5p\t{n}.00\thsa-let-7{x}\t{n}.00\t{n}\t{n + 1}\t{n}9.00\t{n}8.00\n"
    for x, n in zip("bcde", (3, 4, 5, 6), strict=True)
)
MIRGE = "miRNA,S1,S2\nmiRNAtotal,610,420\nhsa-let-7a-5p/7c-5p,100,20\nhsa-miR-21-5p,510,400\nhsa-miR-155-5p,3,4\n"
RADIOMICS = "ID,Image,diagnostics_Settings,original_shape_Elongation,wavelet-LLH_glcm_Contrast\n" + "".join(
    f"p{i},/d/p{i}/i.nrrd,\"{{'a': {i}, 'b': 2}}\",0.{i}25,{i}.5\n" for i in range(1, 6)
)
MARKET = "%%MatrixMarket matrix coordinate integer general\n%\n3 2 3\n1 1 5\n2 2 1\n3 2 7\n"
TEXTS = {
    "gdc": (GDC, read_mirna), "isoforms": (ISOFORMS, read_mirna), "mirdeep2": (MIRDEEP2, read_mirna),
    "mirge": (MIRGE, read_mirna), "radiomics": (RADIOMICS, read_features),
}  # fmt: skip
TENX = {"matrix.mtx": MARKET, "genes.tsv": "E1\tTP53\nE2\tERBB2\nE3\tMYC\n", "barcodes.tsv": "AAAC-1\nAAAG-1\n"}


def attempt(read, path, data):
    """What was read, or the message of the error; any other error fails."""
    try:
        return read(path), None
    except OmicsRxError as error:
        return None, str(error)
    except Exception as error:
        raise AssertionError(f"{type(error).__name__} of {data!r}") from error


def is_joined(cohort):
    return (harmonize.changes(cohort)["status"] == "merged").any()


def held(text):
    found = set()
    for token in re.split(r"[\t\n\r,;| \"]", text):
        try:
            found.add(float(np.float32(float(token.strip()))))
        except ValueError:
            continue
    return found


@pytest.mark.parametrize("form", TEXTS)
def test_damaged_text_is_refused_by_name_or_read_as_it_is(tmp_path, damaged, form, recwarn):
    content, read = TEXTS[form]
    file, refused = tmp_path / "damaged.txt", []
    for turn in range(N // len(TEXTS)):
        data = damaged(content.encode(), rng(0, "fuzz", form, turn))
        file.write_bytes(data)
        cohort, error = attempt(read, file, data)
        if error:
            refused.append(error)
        elif form == "radiomics" or (form in {"gdc", "mirge"} and not is_joined(cohort)):
            shown = set(cohort.X[~np.isnan(cohort.X)].astype(np.float32).tolist())
            text = data.decode("latin-1")
            assert shown <= held(text) | held(text.replace(",", ".")), data
    assert refused
    assert not [message for message in refused if str(file) not in message]
    assert not [str(warning.message) for warning in recwarn if "/omics_rx/" in warning.filename.replace("\\", "/")]


@pytest.mark.parametrize("name", TENX)
def test_a_damaged_10x_folder_is_refused_by_name_or_read(tmp_path, damaged, name, recwarn):
    refused = []
    for other, content in TENX.items():
        (tmp_path / other).write_text(content)
    for turn in range(N // (2 * len(TENX))):
        data = damaged(TENX[name].encode(), rng(0, "fuzz", name, turn))
        (tmp_path / name).write_bytes(data)
        cells, error = attempt(read_single_cell, tmp_path, data)
        if error:
            refused.append(error)
        else:
            assert cells.shape[0] * cells.shape[1] == 6
            assert name != "matrix.mtx" or set(cells.X.data.tolist()) <= held(data.decode("latin-1"))
    assert refused
    assert not [message for message in refused if str(tmp_path) not in message]
    assert not [str(warning.message) for warning in recwarn if "/omics_rx/" in warning.filename.replace("\\", "/")]


def h5ad(path):
    made = ad.AnnData(sparse.random(30, 8, 0.4, format="csr", random_state=0, dtype=np.float32))
    made.obs["type"] = pd.Categorical(["a", "b"] * 15)
    made.write_h5ad(path)


def tenx(path):
    with h5py.File(path, "w") as file:
        values = sparse.random(8, 30, 0.4, format="csc", random_state=0)
        for name in ("data", "indices", "indptr"):
            file[f"matrix/{name}"] = getattr(values, name)
        file["matrix/shape"] = [8, 30]
        file["matrix/barcodes"] = np.array([f"A{i}" for i in range(30)], "S3")
        for name in ("id", "name"):
            file[f"matrix/features/{name}"] = np.array([f"G{i}" for i in range(8)], "S3")


def loom(path):
    with h5py.File(path, "w") as file:
        file["matrix"] = np.ones((8, 30))
        file["col_attrs/CellID"] = np.array([f"A{i}" for i in range(30)], "S3")
        file["row_attrs/Gene"] = np.array([f"G{i}" for i in range(8)], "S3")


@pytest.mark.filterwarnings("ignore::UserWarning")  # of scipy, on the numbers it is given
@pytest.mark.parametrize("write", [h5ad, tenx, loom])
def test_a_damaged_hdf5_file_is_refused_by_name_or_read(tmp_path, write):
    write(tmp_path / "whole.h5")
    whole = (tmp_path / "whole.h5").read_bytes()
    refused = []
    for turn in range(N // 6):
        random = rng(0, "fuzz", write.__name__, turn)
        data = bytearray(whole)
        for place in random.integers(len(whole), size=random.integers(1, 40)):
            data[place] = random.integers(256)
        data = bytes(data[: random.integers(1, len(whole))]) if turn % 3 == 0 else bytes(data)
        file = tmp_path / f"{turn}.h5"
        file.write_bytes(data)
        _, error = attempt(read_single_cell, file, turn)
        if error:
            refused.append((error, str(file)))
    assert refused
    assert not [message for message, file in refused if file not in message]
