"""A table that the command line writes runs nothing in a spreadsheet, whatever a sample or a set is called."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd
from typer.testing import CliRunner

from omics_rx.cli import app
from omics_rx.core.texts import for_spreadsheets, from_spreadsheets

GENES = ["CD8A", "CD8B", "GZMA", "PRF1", "ESR1", "FOXP3", "CTLA4", "CD274", "TP53", "BRCA1", "BRCA2", "ERBB2"]


def test_names_that_look_like_formulas_are_texts(tmp_path):
    samples = ["=1+1", "@SUM(A1)", "+cmd", "-2+3", "plain"]
    values = np.random.default_rng(0).normal(8, 1, (5, 12))
    pd.DataFrame(values, index=samples, columns=GENES).to_csv(tmp_path / "e.csv")
    (tmp_path / "s.gmt").write_text("=HYPERLINK(1)\td\tCD8A\tGZMA\tPRF1\nplain\td\tESR1\tTP53\n")
    out = tmp_path / "o.csv"
    done = CliRunner().invoke(
        app, ["score", str(tmp_path / "e.csv"), "--sets", str(tmp_path / "s.gmt"), "--out", str(out)]
    )
    assert done.exit_code == 0, done.output
    rows = list(csv.reader(out.read_text(encoding="utf-8").splitlines()))
    assert rows[0][1:] == ["'=HYPERLINK(1)", "plain"]
    assert [row[0] for row in rows[1:]] == ["'=1+1", "'@SUM(A1)", "'+cmd", "'-2+3", "plain"]


def test_names_of_columns_come_back():
    table = pd.DataFrame({"=a": [1.0], "b": ["@x"]}, index=pd.Index(["+s"], name="sample"))
    found = from_spreadsheets(for_spreadsheets(table))
    pd.testing.assert_frame_equal(found, table)
