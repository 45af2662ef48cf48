"""Curves: planted ones come back, an independent solver finds the same minimum, and bounds are said to be bounds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.core.screen import DrugScreen
from omics_rx.harmonize import curves as module
from omics_rx.harmonize.logistic import Curves

DOSES = 10 / 2.0 ** np.arange(9)[::-1]


def points(viability: np.ndarray, doses: np.ndarray = DOSES) -> pd.DataFrame:
    """Rows of curves x doses as a table of points."""
    n = len(viability)
    return pd.DataFrame(
        {"cell_id": np.repeat([f"c{i}" for i in range(n)], len(doses)), "drug_id": "d",
         "dose_um": np.tile(doses, n), "viability": np.ravel(viability)}
    )  # fmt: skip


def planted(n: int, seed: int, *, noise: float = 0.0) -> tuple[Curves, np.ndarray]:
    random = np.random.default_rng(seed)
    x = np.log(DOSES)
    true = Curves(
        np.ones(n), random.uniform(0, 0.3, n), np.exp(random.normal(0.2, 0.3, n)), random.uniform(x[1], x[-2], n)
    )
    viability = true.viability(np.tile(x, (n, 1)))
    return true, viability + random.normal(0, noise, viability.shape)


def fit(viability: np.ndarray, **settings) -> pd.DataFrame:
    return orx.harmonize.fit_curves(points(viability), progress=False, **settings)


def test_an_ic50_worked_by_hand():
    """1 / (1 + (dose / 2)^1): half at 2 uM, and the mean over ln dose is the integral of the curve."""
    found = fit(1 / (1 + DOSES[None, :] / 2)).iloc[0]
    assert found["ln_ic50"] == pytest.approx(np.log(2), abs=0.02)
    assert found["slope"] == pytest.approx(1, abs=0.05)
    low, high = np.log(DOSES[[0, -1]])
    area = integrate.quad(lambda x: 1 / (1 + np.exp(x) / 2), low, high)[0] / (high - low)
    assert found["auc"] == pytest.approx(area, abs=0.005)
    assert (found["censored"], found["reason"], found["n_doses"], found["n_replicates"]) == (False, "", 9, 1)
    assert found["r2"] > 0.999
    assert (found["lowest_um"], found["highest_um"]) == pytest.approx((DOSES[0], 10))


def test_planted_curves_come_back_with_honest_errors():
    """5% noise and wild wells: half of ln IC50 within 0.15, and nine in ten within two standard errors."""
    true, viability = planted(2500, 3, noise=0.05)
    random = np.random.default_rng(4)
    wild = random.random(viability.shape) < 0.03
    viability[wild] += random.choice([-0.6, 0.6], wild.sum())
    found = fit(viability)
    x = np.log(DOSES)
    truth, above, below = true.halved(np.full(2500, x[0]), np.full(2500, x[-1]))
    inside = ~above & ~below & (found["reason"] == "").to_numpy()
    error = (found["ln_ic50"] - truth)[inside]
    assert inside.sum() > 2000
    assert error.abs().median() < 0.15
    assert abs(error.mean()) < 0.03
    assert 0.87 < (error.abs() < 2 * found["se"][inside]).mean() < 0.99
    area = np.clip(true.mean_viability(np.full(2500, x[0]), np.full(2500, x[-1])), 0, 1)
    assert np.sqrt(np.mean((found["auc"] - area) ** 2)) < 0.03
    assert np.corrcoef(found["auc"], area)[0, 1] > 0.98


def test_wild_wells_count_little():
    true, viability = planted(300, 5, noise=0.03)
    clean = fit(viability)
    viability[:, 4] += 0.7
    spoilt = fit(viability)
    both = (clean["reason"] == "") & (spoilt["reason"] == "")
    truth = true.halved(np.full(300, np.log(DOSES[0])), np.full(300, np.log(10)))[0]
    assert both.sum() > 200
    assert np.median(np.abs(spoilt["ln_ic50"] - truth)[both]) < 0.35


def loss_of(theta, x, y, noise, middle):
    """Soft-L1 loss with a weak prior, written again from its description."""
    upper, lower, ln_slope, centre = theta
    residual = (lower + (upper - lower) / (1 + np.exp(np.exp(ln_slope) * (x - centre))) - y) / noise
    soft = 2 * 1.5**2 * (np.sqrt(1 + (residual / 1.5) ** 2) - 1)
    prior = ((upper - 1) / 0.15) ** 2 + (lower / 0.5) ** 2 + ln_slope**2 + ((centre - middle) / 6) ** 2
    return soft.sum() + prior


def test_an_independent_solver_finds_no_lower_minimum(monkeypatch):
    """Nelder-Mead from the fit and from four other starts, on the loss of the last pass."""
    from omics_rx.harmonize import logistic

    seen = {}
    descended = logistic._descended

    def noted(theta, x, y, known, centre, noise):
        seen.update(noise=noise, middle=centre[:, 3])
        return descended(theta, x, y, known, centre, noise)

    monkeypatch.setattr(logistic, "_descended", noted)
    _, viability = planted(12, 8, noise=0.06)
    found = fit(viability)
    x = np.log(DOSES)
    for i, row in found.iterrows():
        ours = np.array([row["upper"], row["lower"], np.log(row["slope"]), row["ln_ec50"]])
        args = (x, viability[i], seen["noise"][i], seen["middle"][i])
        starts = [ours, *([1, 0.1, 0.3, centre] for centre in (-2, 0, 1.5, 3))]
        best = min(
            (optimize.minimize(loss_of, start, args, method="Nelder-Mead") for start in starts), key=lambda o: o.fun
        )
        assert loss_of(ours, *args) <= best.fun + 1e-3


def test_a_curve_that_never_falls_is_a_bound():
    found = fit(np.array([np.full(9, 1.0), np.full(9, 0.02), np.linspace(1, 0.7, 9)]))
    assert found["censored"].tolist() == [True, False, True]
    assert found["ln_ic50"].to_numpy() == pytest.approx([np.log(10), np.log(DOSES[0]), np.log(10)])
    assert found["se"].isna().all()
    assert found["reason"].tolist() == [module.ABOVE, module.BELOW, module.ABOVE]
    assert found["auc"].iloc[0] == pytest.approx(1, abs=0.01)
    assert found["auc"].between(0, 1).all()


def test_more_replicates_make_the_error_smaller():
    _, viability = planted(200, 9, noise=0.08)
    once = fit(viability)
    random = np.random.default_rng(1)
    again = [points(planted(200, 9)[1] + random.normal(0, 0.08, viability.shape)) for _ in range(9)]
    often = orx.harmonize.fit_curves(pd.concat([points(viability), *again]), progress=False)
    inside = (once["reason"] == "") & (often["reason"] == "")
    assert often["n_replicates"].eq(10).all()
    assert (often["se"][inside].median() / once["se"][inside].median()) < 0.5


def test_a_curve_does_not_depend_on_the_others_or_on_the_order_of_its_points():
    _, viability = planted(40, 11, noise=0.05)
    together, alone = fit(viability), fit(viability[7:8])
    assert together.loc[7, "ln_ic50"] == pytest.approx(alone.loc[0, "ln_ic50"], abs=1e-5)
    shuffled = orx.harmonize.fit_curves(points(viability).sample(frac=1, random_state=0), progress=False)
    both = together.merge(shuffled, on="cell_id")
    np.testing.assert_allclose(both["ln_ic50_x"], both["ln_ic50_y"], atol=1e-5)


def test_blocks_join_without_a_seam(monkeypatch):
    _, viability = planted(25, 12, noise=0.05)
    whole = fit(viability)
    monkeypatch.setattr(module, "_BLOCK", 7)
    pd.testing.assert_frame_equal(whole, fit(viability), atol=1e-5, rtol=1e-5)


def test_too_few_doses_are_said_and_not_fitted():
    few = points(np.array([[1.0, 0.5, 0.1]]), np.array([0.1, 1, 10]))
    found = orx.harmonize.fit_curves(pd.concat([points(planted(1, 1)[1]), few.assign(drug_id="other")]), progress=False)
    assert found["reason"].tolist() == ["", "fewer than 4 doses"]
    assert found.loc[1, ["ln_ic50", "auc", "se", "slope"]].isna().all()
    assert not found.loc[1, "censored"]


def test_fits_become_a_screen(planted_screen):
    from anndata import AnnData

    _, viability = planted(6, 2, noise=0.02)
    found = fit(viability)
    cells = AnnData(np.zeros((6, 2), dtype=np.float32), obs=pd.DataFrame(index=found["cell_id"].to_numpy()))
    screen = DrugScreen(found.drop(columns="reason"), cells, pd.DataFrame({"name": ["drug"]}, index=["d"]))
    assert screen.n_pairs == 6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="dose_um"), "no column dose_um"),
        (lambda t: t.assign(dose_um=t["dose_um"] * 1000), r"above 1000 uM, up to 10000 .*are they in nM"),
        (lambda t: t.assign(dose_um=t["dose_um"] / 1e6), "are the doses in M"),
        (lambda t: t.assign(dose_um=np.log10(t["dose_um"])), "not above 0"),
        (lambda t: t.assign(viability=t["viability"] * 100), "divide percent by 100"),
        (lambda t: t.assign(viability=-5.0), "not inhibition"),
        (lambda t: t.assign(viability=t["viability"].where(t.index != 3)), r"1 viability are missing .*c0 / d"),
        (lambda t: t.assign(viability="low"), "no numbers"),
        (lambda t: t.assign(cell_id=None), "lack cell_id"),
        (lambda t: t.iloc[:0], "no points"),
    ],
)
def test_points_that_cannot_be_used(change, message):
    with pytest.raises(InputError, match=message):
        orx.harmonize.fit_curves(change(points(planted(4, 1)[1])), progress=False)


def test_doses_above_a_thousand_um_can_be_meant():
    table = points(planted(3, 1)[1])
    table["dose_um"] *= 1000
    found = orx.harmonize.fit_curves(table, highest_um=20_000, progress=False)
    assert found["highest_um"].to_numpy() == pytest.approx(10_000)


def test_too_small_a_number_of_doses():
    with pytest.raises(InputError, match="at least 3"):
        fit(planted(1, 1)[1], min_doses=2)
