"""Raw plates: viability by hand, what a plate says of itself, and what it must be told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError


def plate(
    rows: int = 8, columns: int = 12, *, edge: float = 1.0, noise: float = 0.03, name: str = "p1"
) -> pd.DataFrame:
    """Column 1 and 7 untreated, 6 and the last without cells, a line a row under falling doses in between."""
    random = np.random.default_rng(rows)
    last, found = columns - 1, []
    for row in range(rows):
        place = 0
        for column in range(columns):
            role = "DMSO" if column in (0, 6) else "Blank" if column in (5, last) else "sample"
            dose = 10 / 2.0**place if role == "sample" else np.nan
            place += role == "sample"
            share = {"DMSO": 1.0, "Blank": 0.0}.get(role, 1 / (1 + dose / 1.0))
            outer = row in (0, rows - 1) or column in (0, last)
            letters = chr(65 + row) if row < 26 else "A" + chr(65 + row - 26)
            signal = (200 + 5000 * share) * (edge if outer else 1) * (1 + random.normal(0, noise))
            found.append((name, f"{letters}{column + 1:02d}", role, f"line {row}", "drug", dose, signal))
    return pd.DataFrame(found, columns=["plate", "well", "role", "cell_id", "drug_id", "dose_um", "signal"])


def test_viability_by_hand():
    table = pd.DataFrame(
        {"plate": 1, "role": ["control", "control", "blank", "sample", "sample"], "signal": [900, 1100, 100, 550, 100],
         "cell_id": "c", "drug_id": "d", "dose_um": [np.nan, np.nan, np.nan, 1.0, 10.0]}
    )  # fmt: skip
    found = orx.harmonize.plates(table)
    np.testing.assert_allclose(found.points["viability"], [0.5, 0.0])
    assert found.points.columns.tolist() == ["cell_id", "drug_id", "dose_um", "plate", "viability"]
    told = found.quality.loc[1]
    assert (told["control"], told["blank"], told["n_controls"], told["n_blanks"]) == (1000, 100, 2, 1)
    assert np.isnan(told["z_prime"])


def test_z_prime_by_hand():
    table = plate(noise=0.0)
    dark, control = table["role"].eq("Blank"), table["role"].eq("DMSO")
    table.loc[control, "signal"] = np.tile([900.0, 1100.0], 8)
    table.loc[dark, "signal"] = np.tile([90.0, 110.0], 8)
    spread = np.std([900, 1100] * 8, ddof=1) * 1.1
    assert orx.harmonize.plates(table).quality["z_prime"].iloc[0] == pytest.approx(1 - 3 * spread / 900)


@pytest.mark.parametrize(("shape", "wells"), [((8, 12), 96), ((16, 24), 384), ((32, 48), 1536)])
def test_a_clean_plate_gives_curves_and_no_problem(shape, wells):
    found = orx.harmonize.plates(plate(*shape))
    told = found.quality.iloc[0]
    assert told["format"] == wells
    assert told["problem"] == ""
    assert told["z_prime"] > 0.7
    assert told["edge"] == pytest.approx(1, abs=0.05)
    curves = orx.harmonize.fit_curves(found.points, progress=False)
    assert len(curves) == shape[0]
    assert curves["ln_ic50"].abs().median() < 0.2


def test_edge_effects_and_poor_plates_are_said():
    both = pd.concat([plate(edge=0.7, noise=0.02), plate(name="p2"), plate(noise=0.25, name="p3")])
    found = orx.harmonize.plates(both)
    assert "edge wells at 0.7" in found.quality.loc["p1", "problem"]
    assert found.quality.loc["p2", "problem"] == ""
    assert "Z'" in found.quality.loc["p3", "problem"]
    assert "2 plates with a problem" in repr(found)


def test_grids_become_wells():
    grid = pd.DataFrame(np.arange(384.0).reshape(16, 24))
    found = orx.harmonize.plate_grid(grid, plate="x")
    assert found.set_index("well")["signal"][["A1", "A24", "B1", "P24"]].tolist() == [0, 23, 24, 383]
    large = orx.harmonize.plate_grid(pd.DataFrame(np.arange(1536.0).reshape(32, 48)))
    assert large["well"].iloc[-1] == "AF48"
    with pytest.raises(InputError, match="8 x 12"):
        orx.harmonize.plate_grid(grid.iloc[:5])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: None, "give a frame"),
        (lambda t: t.drop(columns="role"), "no column role"),
        (lambda t: t.iloc[:0], "no wells"),
        (lambda t: t.assign(signal="high"), "no numbers"),
        (lambda t: t.assign(role=t["role"].replace("DMSO", "sham")), "role that is not known .sham"),
        (lambda t: t[t["role"] != "DMSO"], "no control"),
        (lambda t: t[t["role"] != "Blank"], "say blank=0"),
        (lambda t: t.assign(role=t["role"].replace({"DMSO": "Blank", "Blank": "DMSO"})), "are the roles right"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "stand twice .p1 A01"),
        (lambda t: t.assign(well=t["well"].replace("A01", "1A")), "no places on a plate"),
        (lambda t: t.assign(drug_id=None), "treated wells lack"),
        (lambda t: t.assign(plate=None), "have no plate"),
    ],
)
def test_wells_that_cannot_be_used(change, message):
    with pytest.raises(InputError, match=message):
        orx.harmonize.plates(change(plate()))


def test_a_background_that_was_taken_off():
    table = plate(noise=0)
    table["signal"] -= 200
    found = orx.harmonize.plates(table[table["role"] != "Blank"], blank=0)
    assert found.points["viability"].between(0, 1).all()
    assert np.isnan(found.quality["z_prime"].iloc[0])
