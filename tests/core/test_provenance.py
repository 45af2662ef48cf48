import numpy as np
import pandas as pd
import pytest

from omics_rx.core import provenance
from omics_rx.core.errors import InputError


def test_a_frame_hash_follows_values_names_and_missing():
    frame = pd.DataFrame({"a": [1.0, np.nan], "b": ["x", None]}, index=["r", "s"])
    first = provenance.frame_sha256(frame)
    assert provenance.frame_sha256(frame.copy()) == first
    assert provenance.frame_sha256(frame.rename(columns={"a": "c"})) != first
    assert provenance.frame_sha256(frame.fillna({"a": 0.0})) != first
    assert provenance.frame_sha256(frame.iloc[::-1]) != first


def test_float32_and_float64_of_the_same_numbers_agree():
    frame = pd.DataFrame({"a": [1.5, 2.25]})
    assert provenance.frame_sha256(frame) == provenance.frame_sha256(frame.astype(np.float32))


def test_file_sha256_is_that_of_the_standard(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    # FIPS 180-2, appendix B.1
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert provenance.file_sha256(tmp_path / "f") == known


def test_cite_writes_bibtex_and_methods():
    class Result:
        provenance = provenance.Provenance("test")

    citation = provenance.cite(Result())
    assert citation.bibtex.startswith("@software{omics_rx,")
    assert "omics_rx" in citation.methods
    assert "numpy" in citation.methods


def test_cite_refuses_what_has_no_provenance():
    with pytest.raises(InputError, match="carries no provenance"):
        provenance.cite(3)
