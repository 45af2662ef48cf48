"""What a response model answers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from omics_rx.core.provenance import Provenance


@dataclass(frozen=True, eq=False)
class Prediction:
    """Predicted responses of cells to drugs.

    Attributes
    ----------
    mean
        Predicted ln IC50 (ln uM), cells x drugs; low is sensitive.
    lower, upper
        Ends of the prediction interval (ln uM), cells x drugs.
    preference
        ``mean`` less the drug's mean and less the sample's mean distance from the drug means (ln uM), cells x drugs:
        what distinguishes drugs. Below 0 the sample is more sensitive to the drug than to drugs at large.
    general
        Sensitivity to everything, one value a sample: mean over the training drugs of how many standard deviations
        (over training lines) the sample lies on the sensitive side of the drug's mean.
    applicability
        0 to 1 for each drug: 1 for a drug of the training screen, else the largest Tanimoto similarity to one.
    drugs
        Index ``drug_id``; ``name``, ``known`` (in the training screen), ``nearest`` (training drug most alike),
        ``warning`` (why a new drug is outside the domain of the training compounds; empty where it is inside).
    calibrated_for
        Domain whose errors the interval was learnt from. For samples of another domain it is not covered.
    reference
        How the samples were brought to the training scale, in words.
    coverage
        Share of responses of unseen lines that the interval is made to hold.
    provenance
        Versions, inputs, settings, citations.
    target
        ``"ln_ic50"``, or ``"auc"``: then all that is said to be in ln uM is an AUC, 0 to 1.
    trained_on
        Whether each sample is a line the model was trained on, one value a sample. What is predicted for such a line
        has seen its own responses: the model's ``held_out_`` has not.
    """

    mean: pd.DataFrame
    lower: pd.DataFrame
    upper: pd.DataFrame
    preference: pd.DataFrame
    general: pd.Series
    applicability: pd.Series
    drugs: pd.DataFrame
    calibrated_for: str
    reference: str
    coverage: float
    provenance: Provenance
    target: str = "ln_ic50"
    trained_on: pd.Series = field(default_factory=lambda: pd.Series(dtype=bool))

    def __repr__(self) -> str:
        unit = "AUC" if self.target == "auc" else "ln uM"
        return (
            f"Prediction({len(self.mean):,} samples x {self.mean.shape[1]:,} drugs, {unit}; "
            f"{self.coverage:.0%} interval learnt from {self.calibrated_for}; {self.reference}{self._seen()})"
        )

    def _seen(self) -> str:
        n = int(self.trained_on.sum())
        return f"; {n:,} of the samples were trained on" if n else ""


def separate(
    mean: np.ndarray, centre: np.ndarray, spread: np.ndarray, *, shift: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tell a sample's general sensitivity from its preference between drugs.

    Parameters
    ----------
    mean
        Predicted ln IC50, ``(n_cells, n_drugs)``.
    centre, spread
        Mean and standard deviation of ln IC50 of each drug over training lines, ``(n_drugs,)``.
    shift
        Mean distance of each sample from the drug means, ``(n_cells,)``; None takes it over these drugs.

    Returns
    -------
    general, shift, preference
        ``-mean((mean - centre) / spread)`` over drugs, ``(n_cells,)``, high is sensitive; ``mean(mean - centre)`` over
        drugs, ``(n_cells,)``, ln uM; ``mean - centre - shift``, ``(n_cells, n_drugs)``, ln uM, low is sensitive.
    """
    left = mean - centre
    if shift is None:
        shift = left.mean(axis=1)
    return -(left / spread).mean(axis=1), shift, left - shift[:, None]
