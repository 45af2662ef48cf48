"""What stands where a path belongs: pipes, odd names, pasted content. Each is read whole or is one own error."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError, OmicsRxError

PASTED = '{"a": ["TP53", "ESR1"]}' * 40
ODD = {
    "a name too long": "x" * 300 + ".tsv",
    "no such user": "~nosuchuser/x.tsv",
    "genes": "TP53\nESR1\nERBB2",
    "content": PASTED,
    "null byte": "a\0b",
    "nothing": "",
    "blank": "   ",
    "a device without bytes": "/dev/null",
    "a number": 3,
    "None": None,
    "bytes": b"x.tsv",
    "an address": "https://example.org/x.tsv",
    "a missing folder": "there/is/none.tsv",
    "a file as a folder": f"{__file__}/x.tsv",
    "not there": "nothere.tsv",
}
LOADERS = {
    **{name: getattr(orx.io, name) for name in dir(orx.io) if name.startswith("read_")},
    "signature": orx.signatures.load,
    "model": orx.response.load,
    "study": orx.signatures.load_study,
    "ranking": orx.repurposing.load_ranking,
}
TABLE = "gene\tS1\tS2\nTP53\t5.5\t6.5\nESR1\t7.5\t8.5\nERBB2\t9.5\t2.5\n"


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", LOADERS)
def test_what_is_no_path_is_one_error_that_can_be_read(name: str, odd: str) -> None:
    with pytest.raises(OmicsRxError) as caught:
        LOADERS[name](ODD[odd])
    assert len(str(caught.value)) < 1000
    assert PASTED not in str(caught.value)


@pytest.mark.parametrize("name", ["read_table", "read_clinical", "read_features", "read_gene_sets", "model"])
def test_a_folder_is_no_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(OmicsRxError, match="folder"):
        LOADERS[name](tmp_path)


@pytest.mark.needs("posix")
def test_what_may_not_be_read_is_not_called_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "private.tsv"
    file.write_text(TABLE)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != file)  # as for a user other than root
    for name in ("read_bulk", "read_clinical", "read_gene_sets", "model", "signature"):
        with pytest.raises(InputError, match="may not be read") as caught:
            LOADERS[name](file)
        assert "damaged" not in str(caught.value)


@pytest.mark.needs("posix")
def test_a_named_pipe_is_read_once_and_whole(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.tsv"
    os.mkfifo(pipe)

    def feed() -> None:
        pipe.write_text(TABLE)

    writer = threading.Thread(target=feed)
    writer.start()
    cohort = orx.io.read_bulk(pipe, unit="log2 intensity")
    writer.join(timeout=10)
    assert not writer.is_alive()
    assert cohort.shape == (2, 3)
    assert cohort.to_df().loc["S2", "ERBB2"] == 2.5


@pytest.mark.needs("bash")
def test_every_set_of_a_library_arrives_through_the_shells_pipe(tmp_path: Path) -> None:
    genes = ["TP53", "ESR1", "ERBB2", "MKI67", "GAPDH", "CD8A"]
    draws = np.random.default_rng(0)
    frame = pd.DataFrame(draws.normal(8, 1, (len(genes), 20)), index=genes, columns=[f"S{i}" for i in range(20)])
    frame.rename_axis("gene").to_csv(tmp_path / "log2.tsv", sep="\t")
    library = "".join(f"SET_{i}\tof tests\t" + "\t".join(genes[:5]) + "\n" for i in range(2000))
    (tmp_path / "library.gmt.gz").write_bytes(gzip.compress(library.encode()))
    command = (
        f"{sys.executable} -m omics_rx score log2.tsv --sets <(zcat library.gmt.gz) --method mean --out scores.csv"
    )
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(tmp_path / "scores.csv", index_col=0).shape[1] == 2000


@pytest.mark.needs("posix")
def test_standard_input_is_a_file_like_any_other(tmp_path: Path) -> None:
    code = "import omics_rx as orx; print(orx.io.read_bulk('/dev/stdin', unit='log2 intensity').shape)"
    done = subprocess.run(
        [sys.executable, "-c", code], input=TABLE, capture_output=True, text=True, timeout=120, cwd=tmp_path
    )
    assert done.stdout.strip() == "(2, 3)", done.stderr
