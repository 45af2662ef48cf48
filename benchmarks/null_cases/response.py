"""Noise and planted truth for predicted responses."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import numpy as np
import pandas as pd
from anndata import AnnData

from null_cases import case
from omics_rx.core.cohort import with_info
from omics_rx.core.screen import DrugScreen
from omics_rx.response import ResponseModel, cells, scaffolds

REASONS = {
    "response.LibraryScreen.best": "reads the intervals of response.ResponseModel.predict",
    "response.ResponseModel.adapt_drug": "makes what response.PilotedDrug.predict tells the intervals of",
    "response.ResponseModel.answer": "what response.ResponseModel.predict answers, for cells on the training scale",
    "response.Prediction.for_lines": "holds a share within lines, not of pairs: tests/response/test_response_held.py",
    "response.evaluate": "counts what the intervals of response.ResponseModel.predict hold, fold by fold",
    "response.library.screen": "writes the intervals of response.ResponseModel.predict",
    "response.library.stream": "hands on the intervals of response.ResponseModel.predict",
    "response.out_of_fold": "joins the intervals of response.ResponseModel.predict over folds",
    "response.scaffolds.activity interval": "has no interval; its smallest is a number of compounds",
    "response.resistance.reliability": "lower and upper are the edges of a bin, not of an interval",
}

_N_LINES, _N_DRUGS, _N_GENES, _N_NEW, _SHOWN = 150, 40, 60, 40, 40
_CHAINS = [("C" * length) + end for length in range(2, 12) for end in ("O", "N", "Cl", "C=O")]


def _world(random: np.random.Generator) -> tuple[ResponseModel, AnnData, pd.DataFrame]:
    """A model trained on 150 lines whose preferences 60 genes know in part, and 40 further lines with the truth."""
    names = pd.Index([f"line {i}" for i in range(_N_LINES + _N_NEW)])
    expression = random.normal(size=(len(names), _N_GENES))
    signal = expression @ random.normal(0, 1, (_N_GENES, 5)) / np.sqrt(_N_GENES)
    own = random.normal(size=(len(names), 5))
    spread = np.exp(random.normal(0, 0.3, _N_DRUGS))
    values = (signal + own) @ random.normal(0, 0.5, (5, _N_DRUGS)) + random.normal(size=(len(names), _N_DRUGS))
    # a few of a hundred data sets would leave what an ln IC50 can be
    values = pd.DataFrame(np.clip(2 + spread * values, -16, 16), names, [f"D{i}" for i in range(_N_DRUGS)])
    lines = AnnData(expression.astype(np.float32), obs=pd.DataFrame({"name": names}, index=names))
    lines.var_names = [f"GENE{i}" for i in range(_N_GENES)]
    lines = with_info(lines, unit="z", domain="cell_line")
    drugs = pd.DataFrame({"name": values.columns, "smiles": _CHAINS[:_N_DRUGS]}, index=values.columns)
    known = values.iloc[:_N_LINES].rename_axis("cell_id").reset_index()
    responses = known.melt("cell_id", var_name="drug_id", value_name="ln_ic50")
    screen = DrugScreen(responses, lines[:_N_LINES].copy(), drugs, "planted")
    logging.getLogger("omics_rx").setLevel(logging.ERROR)
    model = ResponseModel(("kernel",)).fit(screen, progress=False)
    return model, lines[_N_LINES:].copy(), values.iloc[_N_LINES:]


def _some(
    random: np.random.Generator, found: object, truth: pd.DataFrame, inside: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Bounds and truth of forty pairs drawn among those marked: pairs of one model are not independent."""
    at = random.choice(np.flatnonzero(inside), _SHOWN, replace=False)
    return tuple(frame.to_numpy().ravel()[at] for frame in (found.lower, found.upper, truth))


@case("response.ResponseModel.predict", "interval", unit="pairs of unseen lines", level=0.9, full=100, fast=3)
def unseen_lines(random):
    model, lines, truth = _world(random)
    return _some(random, model.predict(lines), truth, np.ones(truth.size, dtype=bool))


@case("response.ResponseModel.predict", "interval", unit="pairs of unseen lines", level=0.9, full=100, fast=3)
def first_five_drugs_by_preference_of_unseen_lines(random):
    model, lines, truth = _world(random)
    found = model.predict(lines)
    return _some(random, found, truth, (found.preference.rank(axis=1) <= 5).to_numpy().ravel())


@case("response.ResponseModel.predict", "interval", unit="preferences of unseen lines", level=0.9, full=100, fast=3)
def preferences_of_unseen_lines(random):
    model, lines, truth = _world(random)
    found = model.predict(lines)
    left = truth - model.screen_.matrix().mean()[truth.columns]
    told = SimpleNamespace(lower=found.preference_lower, upper=found.preference_upper)
    return _some(random, told, left.sub(left.mean(axis=1), axis=0), np.ones(truth.size, dtype=bool))


@case("response.AdaptedModel.predict", "interval", unit="pairs of unseen lines", level=0.9, full=60, fast=3)
def the_others_after_five_measured_drugs(random):
    return _adapted(random, 5)


@case("response.AdaptedModel.predict", "interval", unit="pairs of unseen lines", level=0.9, full=60, fast=3)
def the_others_after_thirty_measured_drugs(random):
    return _adapted(random, 30)


@case("response.PilotedDrug.predict", "interval", unit="pairs of a drug left out", level=0.9, full=60, fast=3)
def a_new_drug_after_five_lines(random):
    """Ten unmeasured training lines of each of four drugs that the model has not seen."""
    model, _, _ = _world(random)
    screen, found = model.screen_, []
    values, new = screen.matrix(), list(random.choice(screen.drugs.index, 4, replace=False))
    kept = screen.subset(drugs=screen.drugs.index.difference(new, sort=False))
    model = ResponseModel(("kernel",)).fit(kept, progress=False)
    for drug in new:
        shown = random.permutation(values.index)[:5]
        told = model.adapt_drug(values.loc[shown, drug], value="ln_ic50", sure_of_unit=True).predict()
        hidden = random.permutation(values.index.difference(shown))[:10]
        found += [told.loc[hidden, "lower"], told.loc[hidden, "upper"], values.loc[hidden, drug]]
    return tuple(np.concatenate(found[part::3]) for part in range(3))


def _adapted(random: np.random.Generator, n_measured: int) -> tuple[np.ndarray, ...]:
    """Four unmeasured pairs of each of ten lines."""
    model, lines, truth = _world(random)
    found = []
    for line in truth.index[:10]:
        shown = random.permutation(truth.columns)[:n_measured]
        answer = model.adapt(line, truth.loc[line, shown], cohort=lines, sure_of_unit=True).predict()
        hidden = random.permutation(truth.columns.difference(shown))[:4]
        found += [frame.loc[line, hidden].to_numpy() for frame in (answer.lower, answer.upper, truth)]
    return tuple(np.concatenate(found[part::3]) for part in range(3))


@case("response.cells.by_cluster", "interval", unit="cells", fast=30, full=300)
def mean_of_a_cluster(random):
    values = pd.DataFrame(random.normal(1.0, 2.0, (60, 6)), columns=[f"D{i}" for i in range(6)])
    told = cells.by_cluster(
        SimpleNamespace(preference=values), pd.Series("a", values.index), seed=int(random.integers(1e6))
    )
    return told["lower"], told["upper"], np.ones(len(told))


@case("response.cells.selectivity", "interval", unit="cells", fast=30, full=300)
def malignant_cells_less_others(random):
    ill = np.arange(100) < 40
    values = pd.DataFrame(random.normal(size=(100, 6)) - ill[:, None], columns=[f"D{i}" for i in range(6)])
    told = cells.selectivity(SimpleNamespace(preference=values), pd.Series(ill), seed=int(random.integers(1e6)))
    return told["lower"], told["upper"], -np.ones(len(told))


def _clusters(random: np.random.Generator) -> pd.DataFrame:
    names = [f"drug {i}" for i in range(120)]
    groups = {f"ring {i}": list(random.choice(names, 3 + i, replace=False)) for i in range(10)}
    return scaffolds.activity(groups, pd.Series(random.normal(size=len(names)), names))


@case("response.scaffolds.activity", "p", unit="compounds", full=300)
def structure_without_activity(random):
    return _clusters(random)["p"]


@case("response.scaffolds.activity", "q", unit="compounds", full=1000)
def clusters_without_activity(random):
    return _clusters(random)["q"].min()
