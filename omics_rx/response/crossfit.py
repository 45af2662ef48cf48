"""Fitting and judging a model on cells and drugs it has not seen: split, clone, fit, predict, measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.base import clone

from omics_rx.core.arguments import in_words
from omics_rx.core.parallel import in_order
from omics_rx.core.provenance import Provenance, frame_sha256
from omics_rx.core.screen import DrugScreen
from omics_rx.core.work import one_thread
from omics_rx.harmonize.domain import to_training_scale
from omics_rx.metrics import response as metrics
from omics_rx.response import asked, similarity
from omics_rx.response.parts.base import Part
from omics_rx.response.prediction import Prediction
from omics_rx.response.prepare import cells_of, training_of, with_current_genes
from omics_rx.response.splits import Fold, check, folds

if TYPE_CHECKING:
    from omics_rx.response.model import ResponseModel

METRICS = (
    "pearson", "rmse", "normalised_r", "per_drug_r", "preference_r", "breast_normalised_r", "interval_coverage",
    "interval_width", "n_pairs",
)  # fmt: skip
_DRUG_COLUMNS = ("name", "smiles", "inchikey", "targets", "pathway", "mechanism")


@in_words
def out_of_fold(
    model: ResponseModel,
    screen: DrugScreen,
    split: str = "cell",
    *,
    n_folds: int = 5,
    seed: int = 0,
    n_jobs: int | None = None,
    progress: bool | None = None,
) -> Prediction:
    """Predict every measured pair by a clone of the model that has not seen it.

    Parameters
    ----------
    model
        Its settings are used, not what it has learnt.
    screen
        Screen to divide.
    split, n_folds, seed
        See :func:`omics_rx.response.splits.folds`.
    n_jobs
        Workers, each with a fold at a time; None leaves it to ``joblib.parallel_config``. The values are the same.
    progress
        Whether to show a bar; None decides by the terminal.

    Returns
    -------
    Prediction
        Cells x drugs of the whole screen. With ``"cell"`` and ``"tissue"`` every drug is predicted for every line;
        with ``"drug"``, ``"scaffold"`` and ``"mechanism"`` every line for every drug; with ``"pair"`` and
        ``"both"`` only test pairs are filled and the rest is NaN.
    """
    asked.model(model)
    jobs = [(model, screen, fold, split) for fold in folds(screen, split, n_folds, seed=seed)]
    told = in_order(_answer, jobs, "Predicting held-out folds", n_jobs=n_jobs, progress=progress)
    made = [(job[2], answer) for job, (_, answer) in zip(jobs, told, strict=True)]
    first = made[0][0].test
    frames = {
        name: _assembled(made, name, first, only_test=split in ("pair", "both"))
        for name in ("mean", "lower", "upper", "preference", "preference_lower", "preference_upper")
    }
    general = pd.concat([answer.general for _, answer in made])
    applicability = pd.concat([answer.applicability for _, answer in made])
    drugs = pd.concat([answer.drugs for _, answer in made])
    return Prediction(
        mean=frames["mean"],
        lower=frames["lower"],
        upper=frames["upper"],
        preference=frames["preference"],
        preference_lower=frames["preference_lower"],
        preference_upper=frames["preference_upper"],
        general=general.groupby(level=0).mean().reindex(first.index),
        applicability=applicability.groupby(level=0).mean().reindex(first.columns),
        drugs=drugs[~drugs.index.duplicated()].reindex(first.columns),
        calibrated_for="cell_line",
        reference=f"out of fold: {n_folds} folds by {split}; {made[0][1].reference}",
        coverage=model.coverage,
        target=model.target,
        provenance=Provenance(
            "response.out_of_fold",
            inputs={"screen": screen.fingerprint, "prediction": frame_sha256(frames["mean"])},
            settings={**model.get_params(), "split": split, "n_folds": n_folds, "fold_seed": seed},
            cites=made[0][1].provenance.cites,
        ),
    )


def _assembled(made: list[tuple[Fold, Prediction]], name: str, like: pd.DataFrame, *, only_test: bool) -> pd.DataFrame:
    values = pd.DataFrame(np.nan, index=like.index, columns=like.columns)
    for fold, answer in made:
        part: pd.DataFrame = getattr(answer, name)
        if only_test:
            mask = fold.test.loc[part.index, part.columns]
            values.loc[part.index, part.columns] = values.loc[part.index, part.columns].where(~mask, part)
        else:
            values.loc[part.index, part.columns] = part
    return values


@in_words
def evaluate(
    model: ResponseModel,
    screen: DrugScreen,
    split: str = "cell",
    *,
    n_folds: int = 5,
    seed: int = 0,
    n_jobs: int | None = None,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Judge clones of a model on what they have not seen.

    Parameters
    ----------
    model, screen, split, n_folds, seed, n_jobs, progress
        See :func:`out_of_fold`.

    Returns
    -------
    pandas.DataFrame
        ``fold``, ``metric``, ``value``. Metrics: ``pearson``; ``rmse`` (ln uM); ``normalised_r`` (training drug
        means off both sides; only where the drugs were trained on); ``per_drug_r`` (median over drugs);
        ``preference_r`` (drug and line means off both); ``breast_normalised_r`` (lines with ``tissue`` breast);
        ``interval_coverage`` and ``interval_width`` (ln uM, mean) of the prediction interval; ``n_pairs``.
    """
    asked.model(model)
    rows = []
    jobs = [(model, screen, fold, split) for fold in folds(screen, split, n_folds, seed=seed)]
    told = in_order(_answer, jobs, "Judging held-out folds", n_jobs=n_jobs, progress=progress)
    for (_, _, fold, _), (means, answer) in zip(jobs, told, strict=True):
        found = judge(screen, fold, answer, means)
        rows += [(fold.number, metric, value) for metric, value in found.items()]
    return pd.DataFrame(rows, columns=["fold", "metric", "value"])


def _answer(model: ResponseModel, screen: DrugScreen, fold: Fold, split: str) -> tuple[pd.Series, Prediction]:
    """Training drug means and the predictions of a clone fitted on the training side of a fold."""
    check(screen, fold, split)
    training = fold.training_screen(screen)
    fitted = clone(model).fit(training, progress=False)
    # cells held out are asked about every drug, drugs held out in every cell; judged is what was measured
    cells = screen.cells[fold.test_cells if split in ("cell", "tissue", "pair", "both") else fold.test.index]
    every = fold.test.columns if split in ("cell", "tissue") else fold.test_drugs
    drugs = screen.drugs.loc[every]
    asked = drugs[[name for name in _DRUG_COLUMNS if name in drugs]]
    with one_thread():
        return training.matrix(model.target).mean(axis=0), fitted.predict(cells, asked, "cell_line")


def judge(screen: DrugScreen, fold: Fold, answer: Prediction, drug_means: pd.Series) -> dict[str, float]:
    """Metrics of one fold, by name.

    Parameters
    ----------
    screen, fold
        What was measured, and which of it is test.
    answer
        Predictions for the test cells and drugs.
    drug_means
        Mean ln IC50 (ln uM) of each drug over the training cells.
    """
    measured = measured_in(screen, fold, answer.target)
    known = measured.notna()
    lower = answer.lower.loc[measured.index, measured.columns]
    upper = answer.upper.loc[measured.index, measured.columns]
    inside = ((measured >= lower) & (measured <= upper)).where(known).to_numpy(dtype=np.float64)
    found = {
        **figures(screen, measured, answer.mean, drug_means),
        "interval_coverage": float(np.nanmean(inside)),
        "interval_width": float(np.nanmean((upper - lower).where(known).to_numpy())),
        "n_pairs": float(known.to_numpy().sum()),
    }
    return {name: found[name] for name in METRICS if name in found}


def measured_in(screen: DrugScreen, fold: Fold, target: str = "ln_ic50") -> pd.DataFrame:
    """Measured ln IC50 (ln uM), or AUC, of the test pairs of a fold, test cells x test drugs; NaN elsewhere."""
    measured = screen.matrix(target).reindex(index=fold.test_cells, columns=fold.test_drugs)
    return measured.where(fold.test.loc[fold.test_cells, fold.test_drugs])


def figures(
    screen: DrugScreen, measured: pd.DataFrame, predicted: pd.DataFrame, drug_means: pd.Series
) -> dict[str, float]:
    """Correlations and error of predictions; those that need training drug means only where all drugs have one."""
    found = {
        "pearson": metrics.pearson(measured, predicted),
        "rmse": metrics.rmse(measured, predicted),
        "per_drug_r": float(metrics.per_drug_r(measured, predicted).median()),
        "preference_r": metrics.preference_r(measured, predicted),
    }
    if measured.columns.isin(drug_means.index).all():
        found["normalised_r"] = metrics.normalised_r(measured, predicted, drug_means)
        breast = _breast(screen, measured.index)
        if measured[breast].notna().to_numpy().sum() >= 2:
            found["breast_normalised_r"] = metrics.normalised_r(measured[breast], predicted, drug_means)
    return found


def predict_alone(part: Part, screen: DrugScreen, fold: Fold, *, seed: int = 0) -> pd.DataFrame:
    """Predict a fold's test pairs by one part by itself, without stacking and without intervals.

    Parameters
    ----------
    part
        An unfitted part that predicts responses.
    screen, fold
        What to learn from and to predict.
    seed
        Seed of the part.

    Returns
    -------
    pandas.DataFrame
        ln IC50 (ln uM), test cells x test drugs.
    """
    training, reference = training_of(fold.training_screen(screen))
    lines = with_current_genes(screen.cells[fold.test_cells])
    z = to_training_scale(lines, list(reference.genes), domain="cell_line", reference=reference).z
    asked = similarity.features(screen.drugs.loc[fold.test_drugs])
    values = clone(part).fit(training, seed=seed).predict(cells_of(lines, z), asked)
    return pd.DataFrame(values, index=fold.test_cells, columns=fold.test_drugs)


def _breast(screen: DrugScreen, cells: pd.Index) -> np.ndarray:
    if "tissue" not in screen.cells.obs:
        return np.zeros(len(cells), dtype=bool)
    tissue = screen.cells.obs.loc[cells, "tissue"].astype(str).str.casefold()
    breast: np.ndarray = tissue.eq("breast").to_numpy()
    return breast
