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
from omics_rx.harmonize import logistic
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


def test_an_independent_solver_finds_no_lower_minimum():
    """Nelder-Mead from the fit and from four other starts, on the loss of the last pass."""
    _, viability = planted(12, 8, noise=0.06)
    x = np.log(DOSES)
    wide = np.tile(x, (12, 1))
    fit = logistic.solved(wide, viability, np.ones(wide.shape, dtype=bool), np.full(12, x.mean()))
    for i, ours in enumerate(fit.theta):
        args = (x, viability[i], fit.points.noise[i], x.mean())
        assert fit.points.loss(fit.theta)[i] == pytest.approx(loss_of(ours, *args))
        starts = [ours, *([1, 0.1, 0.3, centre] for centre in (-2, 0, 1.5, 3))]
        best = min(
            (optimize.minimize(loss_of, start, args, method="Nelder-Mead") for start in starts), key=lambda o: o.fun
        )
        assert loss_of(ours, *args) <= best.fun + 1e-3


def shapes(n: int, seed: int, doses: np.ndarray) -> np.ndarray:
    """Viabilities ``(n, doses)`` of every kind: flat, steep, partial, stimulated, reversed, noisy, with wild wells."""
    random = np.random.default_rng(seed)
    x = np.log(np.sort(doses))
    upper = np.where(random.random(n) < 0.8, 1, random.normal(1, 0.2, n))
    lower = np.where(random.random(n) < 0.5, random.uniform(0, 0.3, n), random.uniform(0, 1.4, n))
    curves = Curves(upper, lower, np.exp(random.normal(0.5, 1, n)), random.uniform(x[0] - 2, x[-1] + 2, n))
    y = curves.viability(np.tile(x, (n, 1)))
    y += random.normal(0, 1, y.shape) * random.choice([0.01, 0.05, 0.12], n)[:, None]
    wild = random.random(y.shape) < 0.04
    y[wild] += random.choice([-0.6, 0.6], wild.sum())
    reverse = random.random(n) < 0.1
    y[reverse] = y[reverse, ::-1]
    return y


def better_by_restarts(x: np.ndarray, y: np.ndarray, *, rising: bool = False, n_starts: int = 300) -> np.ndarray:
    """By how much the loss of the last pass falls below the fit's with the best of random starts, ``(n,)``."""
    low, high = x.min(axis=1), x.max(axis=1)
    fit = logistic.solved(x, y, np.ones(x.shape, dtype=bool), (low + high) / 2, rising=rising)
    random = np.random.default_rng(1)
    every = np.repeat(np.arange(len(x)), n_starts)
    n = len(every)
    starts = np.column_stack(
        [random.normal(0.9, 0.4, n), random.normal(0.5, 0.5, n), random.uniform(-2, 3.5, n),
         random.uniform(low[every] - 3, high[every] + 3)]
    )  # fmt: skip
    points = fit.points.take(every)
    found = points.loss(logistic.descended(starts, points)).reshape(len(x), n_starts)
    return fit.points.loss(fit.theta) - found.min(axis=1)


@pytest.mark.parametrize("rising", [False, True])
@pytest.mark.parametrize(
    "doses",
    [10 / 10 ** (0.5 * np.arange(7)), 10 / 2.0 ** np.arange(9), 8 / 3.16 ** np.arange(8), 66 / 2.0 ** np.arange(16),
     10 / 10.0 ** np.arange(4)],
    ids=["seven half decades", "nine halvings", "eight of an older screen", "sixteen halvings", "four decades"],
)  # fmt: skip
def test_three_hundred_random_starts_find_nothing_better(doses, rising):
    y = shapes(25, 3, doses)
    x = np.tile(np.log(np.sort(doses)), (len(y), 1))
    assert (better_by_restarts(x, y, rising=rising) < 1e-3).all()


def test_three_hundred_random_starts_find_nothing_better_on_real_plates(shared_data):
    plates = pd.read_csv(shared_data / "drugs" / "pdtc_raw_doses.csv.gz").sample(80, random_state=0)
    x = np.log(plates[[f"D{i}_CONC" for i in range(1, 6)]].to_numpy())
    signal = plates[[f"D{i}_INTENSITY" for i in range(1, 6)]].sub(plates["Blank"], axis=0)
    y = signal.div(plates["Control"] - plates["Blank"], axis=0).to_numpy()
    assert (better_by_restarts(x, y) < 1e-3).all()


FIVE = np.array([0.01, 0.1, 1, 10, 100])


@pytest.mark.parametrize(
    "viability",
    [
        [0.02, 0.10, 0.50, 0.90, 0.98], [0.02, 0.10, 0.50, 0.90, 0.02], [0.02, 0.10, 0.90, 0.90, 0.98],
        [0.98, 0.10, 0.50, 0.90, 0.98], [1.0, 1.1, 1.3, 1.5, 1.6], [0.0, 0.0, 0.0, 1.0, 1.0], [0.2, 0.2, 0.2, 0.9, 0.9],
        [0.6, 0.6, 0.7, 1.1, 1.1], [0.05, 0.3, 0.7, 0.95, 1.0],
    ],
)  # fmt: skip
def test_a_curve_that_rises_has_no_ic50(viability):
    found = orx.harmonize.fit_curves(points(np.array([viability]), FIVE), progress=False).iloc[0]
    assert found["reason"] == module.RISES
    assert np.isnan(found["ln_ic50"])
    assert np.isnan(found["se"])
    assert (found["censored"], found["below_lowest"]) == (False, False)
    assert np.isfinite(found["auc"])


def test_noise_does_not_rise():
    random = np.random.default_rng(5)
    found = fit(1 + random.normal(0, 0.08, (500, 9)))
    assert (found["reason"] == module.RISES).mean() < 0.01
    assert (found["reason"] == module.ABOVE).mean() > 0.99


@pytest.mark.parametrize("odd", [None, 0, 1, 4, 5, 8])
@pytest.mark.parametrize("slope", [3, 8, 40])
def test_a_steep_curve_is_found_in_spite_of_an_odd_well(slope, odd):
    """Between 1.25 and 2.5 uM wells die: ln IC50 lies there, whichever other well is wrong."""
    viability = 1 / (1 + (DOSES / 1.75) ** slope)
    if odd is not None:
        viability[odd] = 1 - viability[odd] if odd in (0, 1, 8) else viability[odd] - 0.4
    found = fit(viability[None, :]).iloc[0]
    assert 1.0 < np.exp(found["ln_ic50"]) < 2.6
    assert found["reason"] == ""


@pytest.mark.parametrize("n_doses", [4, 5, 9])
@pytest.mark.parametrize(
    ("level", "reason", "end"),
    [(0.49, module.BELOW, 0), (0.3, module.BELOW, 0), (0.51, module.ABOVE, -1), (0.8, module.ABOVE, -1)],
)  # fmt: skip
def test_flat_curves_are_bounds_on_either_side_of_one_half(level, reason, end, n_doses):
    doses = 10 / 3.0 ** np.arange(n_doses)[::-1]
    found = orx.harmonize.fit_curves(points(np.full((1, n_doses), level), doses), progress=False).iloc[0]
    assert found["reason"] == reason
    assert found["ln_ic50"] == pytest.approx(np.log(doses[end]))
    assert (found["censored"], found["below_lowest"]) == (reason == module.ABOVE, reason == module.BELOW)
    assert np.isnan(found["se"])


def test_doses_in_other_rounding_are_one_dose():
    true = np.array([0.0370, 0.111, 0.333, 1.0, 3.33, 10.0])
    again = np.array([0.037, 0.1111, 0.33, 1.0, 3.333, 10.0])
    y = 1 / (1 + true / 0.7)
    both = pd.concat([points(y[None], true), points(y[None], again)])
    found = orx.harmonize.fit_curves(both, progress=False).iloc[0]
    assert (found["n_doses"], found["n_replicates"], found["n_points"]) == (6, 2, 12)
    three = pd.concat([points(y[None, 3:], true[3:]), points(y[None, 3:], again[3:])])
    assert orx.harmonize.fit_curves(three, progress=False)["reason"].tolist() == ["fewer than 4 doses"]


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


def inhibition(n: int = 12) -> pd.DataFrame:
    """Points of ``n`` lines under an inactive, a usual and a potent drug, as 1 less viability."""
    x = np.log(DOSES)
    tables = []
    for drug, centre in (("inactive", 9.0), ("usual", 0.5), ("potent", -5.0)):
        curves = Curves(np.ones(n), np.zeros(n), np.full(n, 1.4), np.linspace(centre - 0.5, centre + 0.5, n))
        tables.append(points(1 - curves.viability(np.tile(x, (n, 1)))).assign(drug_id=drug))
    return pd.concat(tables, ignore_index=True)


@pytest.mark.parametrize("drug", [["usual"], ["inactive"], ["usual", "inactive"], ["inactive", "usual", "potent"]])
def test_inhibition_is_asked_about_and_turned_round_when_told(drug):
    table = inhibition()
    table = table[table["drug_id"].isin(drug)]
    with pytest.raises(InputError, match='Say measure="inhibition"'):
        orx.harmonize.fit_curves(table, progress=False)
    told = orx.harmonize.fit_curves(table, measure="inhibition", progress=False)
    right = orx.harmonize.fit_curves(table.assign(viability=1 - table["viability"]), progress=False)
    pd.testing.assert_frame_equal(told, right)
    named = table.rename(columns={"viability": "inhibition"})
    pd.testing.assert_frame_equal(orx.harmonize.fit_curves(named, measure="inhibition", progress=False), right)


def test_doses_in_reverse_are_asked_about_unless_told():
    table = points(planted(30, 6, noise=0.03)[1][:, ::-1])
    with pytest.raises(InputError, match=r"curves rise with dose .* turn doses"):
        orx.harmonize.fit_curves(table, progress=False)
    found = orx.harmonize.fit_curves(table, measure="viability", progress=False)
    assert (found["reason"] == module.RISES).mean() > 0.9
    assert found["ln_ic50"][found["reason"] == module.RISES].isna().all()


@pytest.mark.parametrize(
    "percent",
    [[100.0, 98, 80, 20, 2, 1, 0.5, 0.3, 0.1], [100, 40, 3, 2, 1, 1, 0.5, 0.3, 0.1], [60, 4, 2, 1, 1, 1, 1, 1, 0]],
)  # fmt: skip
def test_percent_in_a_single_drug_is_refused(percent):
    table = points(np.array([percent]))
    others = points(planted(40, 1)[1]).assign(drug_id="other")
    for given in (table, pd.concat([others, table])):
        with pytest.raises(InputError, match=r"curves hold viabilities far above 1.*c0 / d"):
            orx.harmonize.fit_curves(given, progress=False)


def test_one_wild_well_of_many_is_borne():
    viability = planted(40, 1)[1]
    viability[3, 2] = 7.0
    assert (fit(viability)["reason"] == "").mean() > 0.5


@pytest.mark.parametrize(
    ("unit", "turned"),
    [("-log10 M", lambda d: 6 - np.log10(d)), ("log10 nM", lambda d: 3 + np.log10(d)),
     ("log10 M", lambda d: np.log10(d) - 6),
     ("log10 uM", np.log10), ("ln uM", np.log), ("nM", lambda d: 1000 * d), ("M", lambda d: d / 1e6)],
)  # fmt: skip
def test_doses_in_another_unit_are_asked_about_and_read_when_told(unit, turned):
    doses = 10 ** np.arange(-2, 1.6, 0.5)
    y = 1 / (1 + doses[None, :] / 2 * np.array([[0.2], [1], [5]]))
    right = orx.harmonize.fit_curves(points(y, doses), progress=False)
    other = points(y, turned(doses))
    with pytest.raises(InputError, match="dose_unit"):
        orx.harmonize.fit_curves(other, progress=False)
    told = orx.harmonize.fit_curves(other.rename(columns={"dose_um": "dose"}), dose_unit=unit, progress=False)
    np.testing.assert_allclose(told["ln_ic50"], right["ln_ic50"], atol=1e-6)


def test_equal_steps_can_be_um():
    doses = np.arange(1.0, 9)
    found = orx.harmonize.fit_curves(points(1 / (1 + (doses[None] / 4) ** 3), doses), dose_unit="uM", progress=False)
    assert np.exp(found["ln_ic50"].iloc[0]) == pytest.approx(4, rel=0.05)


@pytest.mark.parametrize("given", [None, "points.csv", [], np.zeros((3, 4))])
def test_points_that_are_no_table(given):
    with pytest.raises(InputError, match="give a frame"):
        orx.harmonize.fit_curves(given)


def test_names_of_units_and_measures_are_checked():
    with pytest.raises(InputError, match="dose_unit"):
        orx.harmonize.fit_curves(points(planted(3, 1)[1]), dose_unit="um")
    with pytest.raises(InputError, match="measure"):
        orx.harmonize.fit_curves(points(planted(3, 1)[1]), measure="survival")


def test_doses_above_a_thousand_um_can_be_meant():
    table = points(planted(3, 1)[1])
    table["dose_um"] *= 1000
    found = orx.harmonize.fit_curves(table, highest_um=20_000, progress=False)
    assert found["highest_um"].to_numpy() == pytest.approx(10_000)


def test_too_small_a_number_of_doses():
    with pytest.raises(InputError, match="at least 3"):
        fit(planted(1, 1)[1], min_doses=2)


def test_the_change_of_a_curve_with_its_parameters_is_that_of_differences():
    """Upper, lower, ln slope, centre: what the fit descends by and what the standard error of an ln IC50 rests on."""
    from omics_rx.harmonize.logistic import as_curves

    theta = np.array([[1.0, 0.1, 0.3, -1.0], [0.9, 0.4, -0.5, 2.0]])
    x = np.array([[-4.0, -1.0, 0.5, 3.0], [-1.0, 1.0, 2.5, 4.0]])
    found = as_curves(theta).jacobian(x)
    for place in range(4):
        step = np.zeros(4)
        step[place] = 1e-6
        change = (as_curves(theta + step).viability(x) - as_curves(theta - step).viability(x)) / 2e-6
        np.testing.assert_allclose(found[..., place], change, atol=1e-8)


def test_the_area_under_a_curve_is_that_of_its_points():
    from omics_rx.harmonize.logistic import as_curves

    curves = as_curves(np.array([[1.0, 0.1, 0.3, -1.0], [0.9, 0.4, -25.0, 2.0]]))  # the second is all but flat
    low, high = np.array([-4.0, -3.0]), np.array([3.0, 5.0])
    grid = np.linspace(low, high, 20_001, axis=1)
    expected = np.trapezoid(curves.viability(grid), grid, axis=1) / (high - low)
    np.testing.assert_allclose(curves.mean_viability(low, high), expected, atol=1e-6)


def test_names_as_categories_give_the_curves_of_names_as_text():
    """A category that no well has is no curve, and moves none."""
    table = points(np.linspace(1, 0.1, 27).reshape(3, 9))
    told = table.assign(
        cell_id=pd.Categorical(table["cell_id"], ["unused", "c2", "c1", "c0", "more"]),
        drug_id=pd.Categorical(table["drug_id"], ["a", "d", "z"]),
    )
    pd.testing.assert_frame_equal(
        orx.harmonize.fit_curves(told, progress=False).astype({"cell_id": str, "drug_id": str}),
        orx.harmonize.fit_curves(table, progress=False), check_dtype=False,
    )  # fmt: skip


@pytest.mark.parametrize(("lowest", "refused"), [(-0.9, False), (-1.1, True), (-1.5, True)])
def test_a_viability_below_minus_one_is_no_share(lowest, refused):
    table = points(np.array([[1.0, 0.95, 0.9, 0.8, 0.6, 0.4, 0.2, 0.1, lowest]]))
    if refused:
        with pytest.raises(InputError, match="below -1"):
            orx.harmonize.fit_curves(table, progress=False)
    else:
        assert len(orx.harmonize.fit_curves(table, progress=False)) == 1
