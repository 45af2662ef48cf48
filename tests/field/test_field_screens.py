"""Screens as laboratories keep them: units, bounds, signs, names of lines, and what was trained on."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

import omics_rx as orx
from omics_rx.core import resources
from omics_rx.core.cohort import with_info
from omics_rx.core.errors import InputError
from omics_rx.harmonize import response_units

LINES = ["BT-474", "MCF7", "T47D", "MDA-MB-231", "HCC1954", "BT-549", "HCC70", "CAL-51", "AU565", "HCC38"]


def ranges() -> pd.DataFrame:
    table = resources.table("response_ranges.tsv").set_index("drug_id")
    return table.assign(mean=table["mean"].astype(float), sd=table["sd"].astype(float))


def laboratory(n_drugs: int = 12, n_lines: int = 3, *, level: float = -0.8, seed: int = 0) -> pd.DataFrame:
    """ln uM of drugs that are known, measured by another laboratory: other level, other means a compound."""
    random = np.random.default_rng(seed)
    chosen = ranges().sample(n_drugs, random_state=seed)
    rows = [
        (line, name, mean + level + shift + random.normal(0, sd))
        for name, mean, sd, shift in zip(
            chosen["name"], chosen["mean"], chosen["sd"], random.normal(0, 0.8, n_drugs), strict=True
        )
        for line in LINES[:n_lines]
    ]
    return pd.DataFrame(rows, columns=["line", "drug", "ln_ic50"])


OTHERWISE = {
    "log10 uM": lambda v: v / np.log(10),
    "log10 nM": lambda v: v / np.log(10) + 3,
    "log10 M": lambda v: v / np.log(10) - 6,
    "ln nM": lambda v: v + np.log(1000),
    "ln M": lambda v: v - np.log(1e6),
    "pIC50": lambda v: 6 - v / np.log(10),
    "-ln uM": lambda v: -v,
    "uM": np.exp,
}


@pytest.mark.parametrize("seed", range(5))
def test_a_laboratory_in_ln_um_is_never_asked(seed):
    table = laboratory(seed=seed)
    screen = orx.io.read_screen(table)
    assert len(screen.responses) == len(table)
    assert screen.cells.obs_names.tolist() == sorted(LINES[:3])


@pytest.mark.parametrize("unit", list(OTHERWISE))
def test_another_unit_is_asked_and_with_its_name_read(unit):
    asked = 0
    for seed in range(3):
        table = laboratory(20, 6, seed=seed)
        other = table.assign(ln_ic50=OTHERWISE[unit](table["ln_ic50"]))
        try:
            orx.io.read_screen(other)
        except InputError as error:
            asked += "look like" in str(error) or "lie outside" in str(error)
        told = orx.io.read_screen(other.rename(columns={"ln_ic50": "ic50"}), unit=unit)
        plain = orx.io.read_screen(table)
        pd.testing.assert_frame_equal(told.matrix(), plain.matrix(), atol=1e-9)
    assert asked == 3


def test_a_unit_nobody_told_is_asked():
    table = laboratory().rename(columns={"ln_ic50": "IC50"})
    with pytest.raises(InputError, match="in what unit is 'IC50'"):
        orx.io.read_screen(table)
    with pytest.raises(InputError, match="unknown unit"):
        orx.io.read_screen(table, unit="furlongs")
    named = laboratory().assign(ic50_nm=lambda t: np.exp(t["ln_ic50"]) * 1000).drop(columns="ln_ic50")
    assert np.isfinite(orx.io.read_screen(named).responses["ln_ic50"]).all()
    with pytest.raises(InputError, match="says nM, unit= says uM"):
        orx.io.read_screen(named, unit="uM")


def test_sure_is_sure():
    table = laboratory(20, 6).assign(ln_ic50=lambda t: t["ln_ic50"] / np.log(10))
    with pytest.raises(InputError, match="look like log10 uM"):
        orx.io.read_screen(table)
    screen = orx.io.read_screen(table, sure_of_unit=True)
    assert screen.sure_of_unit
    assert screen.subset(drugs=screen.drugs.index[:3]).sure_of_unit


def test_bounds_have_a_way_in():
    table = pd.DataFrame(
        {"line": ["BT474", "mcf-7", "ACH-000147"], "compound": "Taxol", "ic50_nM": [">1000", "<0.1", "12"]}
    )
    rows = orx.io.read_screen(table).responses.set_index("cell_id")
    assert rows["censored"].to_dict() == {"BT-474": True, "MCF7": False, "T47D": False}
    assert rows["below_lowest"].to_dict() == {"BT-474": False, "MCF7": True, "T47D": False}
    assert rows.loc["BT-474", "ln_ic50"] == pytest.approx(0.0)
    infinite = table.assign(ic50_nM=["inf", "0", "12"], max_conc_um=10.0, min_conc_um=0.01)
    rows = orx.io.read_screen(infinite).responses.set_index("cell_id")
    assert rows.loc[["BT-474", "MCF7"], "ln_ic50"].round(6).tolist() == [2.302585, -4.60517]
    assert rows["censored"].tolist() == [True, False, False]
    with pytest.raises(InputError, match=r"not finite .*below_lowest with lowest_um"):
        orx.io.read_screen(infinite.drop(columns=["max_conc_um", "min_conc_um"]))


def test_an_infinite_response_names_its_way_in(planted_screen):
    rows = planted_screen.responses.copy()
    rows.loc[0, "ln_ic50"] = -np.inf
    with pytest.raises(InputError, match=r"not finite .*below_lowest with lowest_um"):
        orx.DrugScreen(rows, planted_screen.cells, planted_screen.drugs)
    rows["below_lowest"], rows["lowest_um"] = [True, *[False] * (len(rows) - 1)], 0.001
    told = orx.DrugScreen(rows, planted_screen.cells, planted_screen.drugs)
    assert told.responses.loc[0, "ln_ic50"] == pytest.approx(np.log(0.001))
    rows.loc[0, "ln_ic50"] = np.log(1e15)
    with pytest.raises(InputError, match="censored with highest_um"):
        orx.DrugScreen(rows.drop(columns="lowest_um"), planted_screen.cells, planted_screen.drugs)


def test_an_area_that_is_turned_round_is_asked(planted_screen):
    rows = planted_screen.responses
    auc = 1 / (1 + np.exp(-rows["ln_ic50"]))
    orx.DrugScreen(rows.assign(auc=auc), planted_screen.cells, planted_screen.drugs)
    with pytest.raises(InputError, match="activity area or 1 - AUC"):
        orx.DrugScreen(rows.assign(auc=1 - auc), planted_screen.cells, planted_screen.drugs)


def test_wells_are_fitted_and_inhibition_is_asked():
    doses = np.array([0.01, 0.1, 1.0, 10.0, 100.0])
    at = {"BT474": 1.0, "MCF-7": 10.0}
    rows = [(line, "Lapatinib", dose, 1 / (1 + dose / half)) for line, half in at.items() for dose in doses]
    table = pd.DataFrame(rows, columns=["Cell line", "Compound", "Dose (uM)", "Viability"])
    found = orx.io.read_screen(table).matrix().iloc[:, 0]
    assert found["BT-474"] == pytest.approx(0.0, abs=0.15)
    assert found["MCF7"] == pytest.approx(np.log(10), abs=0.25)
    nano = table.assign(**{"Dose (uM)": table["Dose (uM)"] * 1000}).rename(columns={"Dose (uM)": "dose_nM"})
    pd.testing.assert_series_equal(orx.io.read_screen(nano).matrix().iloc[:, 0], found, atol=1e-6)


def test_lines_meet_their_expression_whatever_they_are_called(tmp_path):
    table = laboratory(20, 10).replace({"line": {"BT-474": "bt474", "MCF7": "ACH-000019", "T47D": "T-47D"}})
    random = np.random.default_rng(0)
    genes = ["TP53", "ESR1", "ERBB2", "EGFR", "MYC", "PTEN"]
    values = pd.DataFrame(random.normal(6, 2, (10, 6)), index=LINES, columns=genes)
    screen = orx.io.read_screen(table, expression=values, name="ours")
    assert screen.name == "ours"
    assert not np.isnan(screen.cells[LINES].X).any()
    strangers = values.set_axis([f"P{i}" for i in range(10)], axis=0)
    with pytest.raises(InputError, match="none of the 10 lines measured"):
        orx.io.read_screen(table, expression=strangers)
    file = tmp_path / "screen.csv"
    table.to_csv(file, index=False)
    pd.testing.assert_frame_equal(orx.io.read_screen(file, expression=values).matrix(), screen.matrix())


def test_two_names_of_one_drug_are_replicates():
    table = pd.DataFrame({"line": "MCF7", "drug": ["Taxol", "paclitaxel"], "ln_ic50": [-4.0, -5.0]})
    screen = orx.io.read_screen(table)
    assert screen.responses["ln_ic50"].tolist() == [-4.5]
    assert "2 curves were averaged to 1" in " ".join(orx.io.notes(screen.cells))


@pytest.fixture(scope="module")
def model():
    """Fitted on 30 breast lines of made-up expression under their own names."""
    random = np.random.default_rng(3)
    names = orx.harmonize.cell_lines.facts().query("tissue == 'breast'").index[:30]
    genes = [f"LINC{i:05d}" for i in range(30)]
    cells = AnnData(random.normal(size=(30, 30)).astype(np.float32), obs=pd.DataFrame({"name": names}, index=names))
    cells.var_names = genes
    chosen = ranges().sample(10, random_state=1)
    drugs = pd.DataFrame({"name": chosen["name"], "inchikey": None}, index=chosen.index)
    values = chosen["mean"].to_numpy() - cells.X[:, :10] + random.normal(0, 0.3, (30, 10))
    rows = pd.DataFrame(values, index=names.rename("cell_id"), columns=drugs.index.rename("drug_id"))
    long = rows.melt(ignore_index=False, value_name="ln_ic50").reset_index()
    screen = orx.DrugScreen(long, with_info(cells, unit="z", domain="cell_line"), drugs)
    return orx.response.ResponseModel(("kernel",)).fit(screen, progress=False)


def test_lines_that_were_trained_on_are_told(model, caplog):
    own = model.screen_.cells
    called = own[:4].copy()
    called.obs_names = [name.lower().replace("-", "") for name in own.obs_names[:3]] + ["patient"]
    with caplog.at_level(logging.WARNING, logger="omics_rx"):
        found = model.predict(called, domain="cell_line")
    assert found.trained_on.tolist() == [True, True, True, False]
    assert "3 of 4 lines were trained on" in caplog.text
    assert "held_out_" in caplog.text
    assert "3 of the samples were trained on" in repr(found)
    assert not model.predict(called[3:], domain="cell_line").trained_on.any()


def test_a_screen_in_another_unit_is_not_learnt_from(model):
    screen = model.screen_
    rows = screen.responses.assign(ln_ic50=screen.responses["ln_ic50"] / np.log(10) + 3)
    with pytest.raises(InputError, match="look like log10 nM"):
        orx.response.ResponseModel(("kernel",)).fit(orx.DrugScreen(rows, screen.cells, screen.drugs), progress=False)


def test_values_in_another_unit_are_not_adapted_to(model):
    line = model.screen_.cells.obs_names[0]
    ln_um = model.held_out_.loc[line]
    model.adapt(line, ln_um)
    with pytest.raises(InputError, match="the measured responses look like"):
        model.adapt(line, ln_um + np.log(1000) + 6)
    model.adapt(line, ln_um + np.log(1000) + 6, sure_of_unit=True)


def test_units_are_what_people_write():
    for name, unit in {"ln(uM)": "ln uM", "LN_uM": "ln uM", "log10_nM": "log10 nM", "pic50": "pIC50", "µM": "uM",
                       "nm": "nM", "M": "M", "-log10(M)": "pIC50"}.items():  # fmt: skip
        assert response_units.unit_named(name) == unit
    assert response_units.to_ln_um(np.array([6.0, 9.0]), "pIC50").round(6).tolist() == [0.0, -6.907755]
    assert response_units.to_ln_um(np.array([1e-6]), "M").round(6).tolist() == [0.0]


def test_a_laboratory_trains_on_its_own_screen_from_the_shell(tmp_path):
    """Long table and expression in, model out, one drug by its brand name predicted; lines trained on are marked."""
    from typer.testing import CliRunner

    from omics_rx.cli import app

    random = np.random.default_rng(5)
    lines = orx.harmonize.cell_lines.facts().query("tissue == 'breast'").index[:24]
    genes = list(orx.harmonize.current_symbols(resources.table("pam50.tsv")["gene"])["symbol"])[:40]
    expression = pd.DataFrame(random.normal(6, 2, (24, len(genes))), index=lines, columns=genes).round(4)
    names = ["Lapatinib", "Palbociclib", "Olaparib", "Gefitinib", "Afatinib", "Docetaxel", "Trametinib", "Erlotinib",
             "Gemcitabine", "Alpelisib", "Ribociclib", "Navitoclax"]  # fmt: skip
    mean = ranges().set_index("name")["mean"]
    rows = [(line.lower().replace("-", ""), name, np.exp(mean[name] - 0.5 * expression.loc[line].iloc[i] + 3) * 1000)
            for line in lines for i, name in enumerate(names)]  # fmt: skip
    pd.DataFrame(rows, columns=["Cell line", "Drug", "IC50 (nM)"]).to_csv(tmp_path / "screen.csv", index=False)
    expression.to_csv(tmp_path / "expression.csv")
    run = CliRunner().invoke
    alone = run(app, ["train", "-o", str(tmp_path / "m.orx"), "--screen", str(tmp_path / "screen.csv")])
    assert alone.exit_code == 2
    assert "--expression" in alone.output
    told = ["--screen", str(tmp_path / "screen.csv"), "--expression", str(tmp_path / "expression.csv")]
    trained = run(app, ["train", "-o", str(tmp_path / "m.orx"), *told])
    assert trained.exit_code == 0, trained.output
    out = tmp_path / "out.csv"
    asked = ["predict", str(tmp_path / "expression.csv"), "-o", str(out), "--model", str(tmp_path / "m.orx"),
             "--force"]  # fmt: skip
    found = run(app, [*asked, "--drug", "Tykerb", "--drug", "Ibrance"])
    assert found.exit_code == 0, found.output
    table = pd.read_csv(out, index_col=0)
    assert table.columns.tolist()[:2] == ["Tykerb", "Ibrance"]
    missing = run(app, [*asked, "--drug", "Herceptin"])
    assert missing.exit_code == 2
    assert "antibodies are out of scope" in missing.output
