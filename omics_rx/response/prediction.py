"""What a response model answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError
from omics_rx.core.provenance import Provenance
from omics_rx.core.shown import shown

FIRST = 5  # drugs that people look at first


@dataclass(frozen=True, eq=False)
class Prediction:
    """Predicted responses of cells to drugs.

    Attributes
    ----------
    mean
        Predicted ln IC50 (ln uM), cells x drugs; low is sensitive.
    lower, upper
        Ends of the prediction interval (ln uM), cells x drugs. It holds its share of the pairs of unseen lines and
        drugs, not of each line: of the worst twentieth of GDSC2's lines the 90% interval holds 59 to 62%.
    preference
        ``mean`` less the drug's mean and less the sample's mean distance from the drug means (ln uM), cells x drugs:
        what distinguishes drugs. Below 0 the sample is more sensitive to the drug than to drugs at large. **The number
        to use between drugs**, and beside growth-corrected measures, which a line's general sensitivity runs against.
        Missing for a new drug that no screened drug acts like: ``drugs["preference_known"]``.
    preference_lower, preference_upper
        Ends of the interval of the preference (ln uM), cells x drugs: it holds its share of what measured responses of
        unseen lines say, the line's mean over its measured drugs taken off. Narrower than that of ``mean``, which holds
        the line's level, too. Missing for new drugs, and where the model was saved without its held-out predictions.
    general
        Sensitivity to everything, one value a sample: mean over the training drugs of how many standard deviations
        (over training lines) the sample lies on the sensitive side of the drug's mean.
    applicability
        0 to 1 for each drug: 1 for a drug of the training screen, else the largest Tanimoto similarity to one.
    drugs
        Index ``drug_id``; ``name``, ``known`` (in the training screen), ``nearest`` (training drug most alike),
        ``warning`` (why a new drug is outside the domain of the training compounds; empty where it is inside),
        ``note``, ``relatives`` (screened drugs that act like a new one), ``preference_known`` (whether there are any).
    calibrated_for
        Domain whose errors the interval was learnt from. For samples of another domain it is not covered.
    reference
        How the samples were brought to the training scale, in words.
    coverage
        Share of responses of unseen lines that the interval is made to hold.
    provenance
        Versions, inputs, settings, citations.
    held
        Share of the responses of training lines that the interval of fits that had not seen them held: of all pairs,
        of the first five drugs by preference, in the worst twentieth of the lines; None where it is not known. The
        first two are what the interval is made for, widths being scaled by the place of a training drug among the
        line's preferences. The third is not: which line is predicted badly cannot be told beforehand.
    line_factor
        What half-widths are multiplied by in :meth:`for_lines`.
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
    held: pd.Series | None = None
    line_factor: float = np.nan
    trained_on: pd.Series = field(default_factory=lambda: pd.Series(dtype=bool))
    preference_lower: pd.DataFrame = field(default_factory=pd.DataFrame)
    preference_upper: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __repr__(self) -> str:
        unit = "AUC" if self.target == "auc" else "ln uM"
        return (
            f"Prediction({len(self.mean):,} samples x {self.mean.shape[1]:,} drugs, {unit}; "
            f"{self.coverage:.0%} interval learnt from {self.calibrated_for}{self._worst()}; {self.reference}"
            f"{self._seen()}{self._unrelated()}; between drugs, use .preference)"
        )

    def _repr_html_(self) -> str:
        unit, low = ("AUC", "") if self.target == "auc" else ("ln uM", ": low is sensitive")
        warned = int(self.drugs["warning"].fillna("").astype(str).ne("").sum()) if "warning" in self.drugs else 0
        names = self.drugs["name"].reindex(self.mean.columns) if "name" in self.drugs else pd.Series(dtype=object)
        called = {drug: str(name) for drug, name in names.dropna().items()}
        worst = self._worst() + self._unrelated()
        return shown(
            f"Prediction: {len(self.mean):,} samples x {self.mean.shape[1]:,} drugs, mean in {unit}{low}",
            self.mean.rename(columns=called),
            facts=[f"{self.coverage:.0%} intervals learnt from {self.calibrated_for}{worst}. {self.reference}"],
            doubts=[f"{warned:,} drugs carry a warning: see .drugs" if warned else "", self._seen().lstrip("; ")],
            then=["prediction.preference", "prediction.drugs", "orx.report.write(prediction, 'response.html')"],
        )

    def _worst(self) -> str:
        """What the interval holds in the lines that are predicted worst, in words."""
        return "" if self.held is None else f" ({self.held.iloc[-1]:.0%} in the worst twentieth of lines)"

    def for_lines(self) -> Prediction:
        """Widen the interval so that it holds its share of the responses within each of 95% of unseen lines.

        As it is, it holds its share of all pairs, and less than that in lines that are predicted badly: see ``held``.

        Raises
        ------
        InputError
            If it is not known how much wider: the model was trained on under 40 lines or saved without its held-out
            predictions, or the prediction is one given measurements.
        """
        if not np.isfinite(self.line_factor):
            raise InputError("it is not known by how much to widen: 40 training lines with held-out predictions tell")
        return replace(
            self,
            lower=self.mean - (self.mean - self.lower) * self.line_factor,
            upper=self.mean + (self.upper - self.mean) * self.line_factor,
            held=None,
            line_factor=np.nan,
        )

    def _unrelated(self) -> str:
        """For how many drugs no preference is known, in words."""
        if "preference_known" not in self.drugs:
            return ""
        n = int((~self.drugs["preference_known"].fillna(value=True).astype(bool)).sum())
        return f"; no preference known for {n:,} drugs without a relative among the screened" if n else ""

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
