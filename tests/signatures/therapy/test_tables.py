"""Tables of patients from files, and the two commands that use them."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from omics_rx import signatures
from omics_rx.core.errors import InputError, MissingFileError


def test_a_study_is_built_and_a_patient_scored_from_the_shell(patients, tmp_path, monkeypatch):
    from omics_rx.cli import app

    for name, frame in patients(1).items():
        frame.rename_axis("patient").to_csv(tmp_path / f"{name}.csv")
    for name, frame in patients(9, 1).items():
        frame.drop(columns=["pcr", "rcb"], errors="ignore").rename_axis("patient").to_csv(tmp_path / f"new_{name}.csv")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    run = CliRunner()
    built = run.invoke(
        app, ["build", "--train", "a=clinical.csv,dna.csv,rna.csv", "--recipe", "therapy", "--outcome", "pcr",
              "--ordered", "rcb", "--out", "therapy.json"],
    )  # fmt: skip
    assert built.exit_code == 0, built.output
    assert "deals of the outcome" in built.output
    scored = run.invoke(
        app, ["score", "new_clinical.csv", "--also", "new_dna.csv", "--signature", "therapy.json", "--out", "s.csv"]
    )
    assert scored.exit_code == 0, scored.output
    found = pd.read_csv(tmp_path / "s.csv", index_col=0)
    assert found["missing"].iloc[0] == "rna"
    assert 0 < found["probability"].iloc[0] < 1


def test_patients_are_named_by_the_column_that_says_so(tmp_path):
    table = pd.DataFrame({"age": [50, 60], "Patient ID": ["x", "y"], "er": [0, 1]})
    table.to_csv(tmp_path / "a.tsv", sep="\t", index=False)
    assert list(signatures.read_tables([tmp_path / "a.tsv"]).index) == ["x", "y"]
    table.to_csv(tmp_path / "b.csv")
    assert list(signatures.read_tables([tmp_path / "b.csv"]).index) == ["x", "y"]
    table.drop(columns="Patient ID").to_csv(tmp_path / "c.csv")
    with pytest.raises(InputError, match="does not name patients"):
        signatures.read_tables([tmp_path / "c.csv"])
    table.assign(sample="s").to_csv(tmp_path / "d.csv", index=False)
    with pytest.raises(InputError, match="2 columns that may name"):
        signatures.read_tables([tmp_path / "d.csv"])
    with pytest.raises(MissingFileError, match="no file"):
        signatures.read_tables([tmp_path / "e.csv"])


def test_modalities_are_read_in_their_order(tmp_path):
    (tmp_path / "m.csv").write_text("column,modality\ntmb,dna\nage,clinical\nhrd,dna\n")
    assert signatures.read_modalities(tmp_path / "m.csv") == {"dna": ["tmb", "hrd"], "clinical": ["age"]}
    (tmp_path / "n.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="needs column and modality"):
        signatures.read_modalities(tmp_path / "n.csv")
