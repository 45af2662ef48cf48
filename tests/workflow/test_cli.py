"""The verbs: each mistake is one clear message and exit code 2, and nothing is left half-written."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from omics_rx import cli

run = CliRunner().invoke


@pytest.fixture
def expression(tmp_path):
    rng = np.random.default_rng(0)
    genes = ["ESR1", "PGR", "ERBB2", "MKI67", "TP53", "BRCA1", "CD8A", "GAPDH", "NOT_A_GENE"]
    frame = pd.DataFrame(rng.normal(8, 2, size=(30, 9)), index=[f"P{i}" for i in range(30)], columns=genes)
    file = tmp_path / "cohort.csv"
    frame.to_csv(file)
    return file


def test_check_says_what_a_file_is_and_what_can_run(expression):
    result = run(cli.app, ["check", str(expression)])
    assert result.exit_code == 0, result.output
    for word in ("30 samples x 9 genes", "log2 intensity", "tumour", "endpoint", "PAM50 subtype", "50% are needed"):
        assert word in result.output


def test_score_writes_a_table_by_its_suffix(expression, tmp_path):
    sets = tmp_path / "sets.gmt"
    sets.write_text("luminal\tna\tESR1\tPGR\tGATA3\n")
    for suffix, read in ((".csv", pd.read_csv), (".parquet", pd.read_parquet)):
        out = tmp_path / f"scores{suffix}"
        result = run(cli.app, ["score", str(expression), "--sets", str(sets), "--out", str(out)])
        assert result.exit_code == 0, result.output
        assert len(read(out)) == 30


def _study_files(folder, name, seed):
    """A cohort whose ferroptosis genes carry the risk, as two files; days, and the event named."""
    from omics_rx import scores

    random, sets = np.random.default_rng(seed), scores.cell_death_sets()
    genes = list(dict.fromkeys(gene for found in sets.values() for gene in found[:12]))
    hidden = random.normal(size=90)
    values = pd.DataFrame(random.normal(size=(90, len(genes))), columns=genes)
    values[sets["ferroptosis"][:6]] += 1.5 * hidden[:, None]
    values.index = [f"{name}-{at}" for at in range(90)]
    time, lost = random.exponential(900 * np.exp(-1.2 * hidden)) + 5, random.exponential(1500, 90) + 5
    clinical = pd.DataFrame({"time": np.minimum(time, lost), "event": (time <= lost).astype(int), "endpoint": "death"})
    (values + 8).T.to_csv(folder / f"{name}.tsv", sep="\t", index_label="gene")
    clinical.set_axis(values.index).to_csv(folder / f"{name}_clinical.tsv", sep="\t", index_label="sample")
    return f"{name}={folder / name}.tsv,{folder / name}_clinical.tsv"


def test_a_signature_is_built_from_files_and_scores_a_file(tmp_path, monkeypatch):
    monkeypatch.setenv("OMICS_RX_OPENINGS", str(tmp_path / "openings.jsonl"))
    cohorts = [_study_files(tmp_path, name, seed) for seed, name in enumerate("abn")]
    signature, out = tmp_path / "cdi.json", tmp_path / "scores.tsv"
    made = ["build", "--train", cohorts[0], "--train", cohorts[1], "--external", cohorts[2], "--out", str(signature)]
    unsaid = run(cli.app, made)
    assert unsaid.exit_code == 2
    assert "does not say its unit" in unsaid.output
    found = run(cli.app, [*made, "--time-unit", "days", "--n-genes", "8"])
    assert found.exit_code == 0, found.output
    assert "external    death" in found.output
    scored = run(cli.app, ["score", str(tmp_path / "n.tsv"), "--signature", str(signature), "--out", str(out)])
    assert scored.exit_code == 0, scored.output
    table = pd.read_csv(out, sep="\t", index_col=0)
    follow_up = pd.read_csv(tmp_path / "n_clinical.tsv", sep="\t", index_col=0)
    assert follow_up.loc[table.index, "event"].corr(table["risk_score"]) > 0.2
    one = pd.read_csv(tmp_path / "n.tsv", sep="\t", index_col=0).iloc[:, :1]
    one.to_csv(tmp_path / "one.tsv", sep="\t")
    alone = ["score", str(tmp_path / "one.tsv"), "--signature", str(signature), "--out", str(tmp_path / "one.csv")]
    assert "too few to be scaled by themselves" in run(cli.app, alone).output
    assert run(cli.app, [*alone, "--reference", "frozen"]).exit_code == 0
    assert len(pd.read_csv(tmp_path / "one.csv")) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["score", "{file}", "--signature", "cell_death", "--reference", "own", "--out", "{dir}/s.csv"],
            "cohort, frozen",
        ),
        (["check", "no_such_file.csv"], "no_such_file.csv"),
        (["score", "{file}", "--out", "s.csv"], "either --signature or --sets"),
        (["score", "{file}", "--sets", "immune", "--out", "{dir}/s.docx"], "end it in .csv"),
        (["score", "{file}", "--signature", "no_such", "--out", "s.csv"], "no_such"),
        (["data", "gdsc9"], "gdsc"),
        (["quickstart", "--subtype", "LumC", "--out", "{dir}/out"], "LumC"),
        (["quickstart", "--out", "{file}"], "cannot be written"),
        (["build", "--train", "a", "--out", "x.json"], "NAME=FILE"),
        (["predict", "{file}", "--what", "median", "--out", "p.csv"], "choose mean"),
        (["predict", "{file}", "--model", "{file}", "--out", "{dir}/p.csv"], "damaged"),
        (["report", "{dir}/nothing", "--out", "{dir}/r.html"], "nothing"),
    ],
)
def test_mistakes_end_with_one_message_and_exit_code_2(arguments, message, expression, tmp_path):
    before = sorted(file.name for file in tmp_path.iterdir())
    filled = [text.format(file=expression, dir=tmp_path) for text in arguments]
    result = run(cli.app, filled)
    assert result.exit_code == 2, result.output
    assert message in result.output
    assert "Traceback" not in result.output
    left = sorted(file.name for file in tmp_path.iterdir() if not (file.is_dir() and not any(file.iterdir())))
    assert left == before


def test_an_interrupt_says_that_finished_steps_are_kept(expression, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("omics_rx.workflow.check.check", interrupted)
    result = run(cli.app, ["check", str(expression)])
    assert result.exit_code == 130
    assert "Finished steps are kept" in result.output


def test_help_is_light():
    code = (
        "import sys\nfrom omics_rx import cli\n"
        "print([m for m in ('pandas', 'torch', 'scanpy', 'sklearn', 'rdkit') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_python_dash_m_starts_the_command_line():
    done = subprocess.run([sys.executable, "-m", "omics_rx", "--help"], capture_output=True, text=True, check=True)
    assert "quickstart" in done.stdout
