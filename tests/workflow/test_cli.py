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


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--sets", "subtype", "--method", "gsva"], "--method says nothing for subtype"),
        (["--sets", "immune", "--method", "gsva"], "--method says nothing for immune"),
        (["--signature", "cell_death", "--method", "gsva"], "--method says nothing for cell_death"),
        (["--sets", "immune", "--reference", "frozen"], "--reference says nothing for --sets immune"),
        (["--sets", "cell_death", "--reference", "cohort"], "--reference says nothing for --sets cell_death"),
        (["--sets", "x.gmt", "--reference", "frozen"], "--reference says nothing for --sets x.gmt"),
        (["--sets", "subtype", "--reference", "nonsense"], "unknown reference 'nonsense'"),
        (["--sets", "cell_death", "--method", "nonsense"], "unknown score 'nonsense'"),
    ],
)
def test_no_option_is_accepted_and_ignored(expression, tmp_path, options, said):
    result = run(cli.app, ["score", str(expression), *options, "--out", str(tmp_path / "out.csv")])
    assert result.exit_code == 2
    assert said in result.output.replace("\n", " ")


def test_the_reference_of_subtypes_and_the_method_of_patterns_are_used(tmp_path):
    from omics_rx import scores

    random = np.random.default_rng(1)
    genes = list(dict.fromkeys([*scores.centroids().index, *scores.cell_death_sets()["ferroptosis"]]))
    medians = scores.centroids().mean(axis=1).reindex(genes).fillna(0).to_numpy()
    frame = pd.DataFrame(random.normal(8, 1, (24, len(genes))) + medians, columns=genes)
    frame.index = [f"P{i}" for i in range(24)]
    frame.to_csv(tmp_path / "cohort.csv")
    told = {}
    for options in (
        ["subtype"],
        ["subtype", "--reference", "frozen"],
        ["cell_death"],
        ["cell_death", "--method", "mean"],
    ):
        out = tmp_path / "out.csv"
        result = run(cli.app, ["score", str(tmp_path / "cohort.csv"), "--sets", *options, "--out", str(out),
                                "--force"])  # fmt: skip
        if options[-1] == "frozen" and result.exit_code == 2:
            assert "lost their levels" in result.output.replace("\n", " ")
            continue
        assert result.exit_code == 0, result.output
        told[" ".join(options)] = pd.read_csv(out, index_col=0)
    expected = scores.cell_death(frame, "mean")["ferroptosis"]
    np.testing.assert_allclose(told["cell_death --method mean"]["ferroptosis"], expected, rtol=1e-5)
    assert not np.allclose(told["cell_death"]["ferroptosis"], expected)


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
