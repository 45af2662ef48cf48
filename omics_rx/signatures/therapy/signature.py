"""A response signature: features, weights and everything needed to give a new patient a chance."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from omics_rx.core import saving
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.provenance import Provenance
from omics_rx.core.texts import says_nothing
from omics_rx.signatures import sealed
from omics_rx.signatures.therapy import shape
from omics_rx.signatures.therapy.encoding import CLIP, Encoder
from omics_rx.signatures.therapy.reading import CATEGORY, frames, typed

if TYPE_CHECKING:
    from omics_rx.harmonize.drifted import Drifted
    from omics_rx.metrics.by_level import Subgroups

Floats = NDArray[np.float64]
FORMAT, SCHEMA = "omics_rx response signature", 1
_DRIFT, _FEWEST = 1.0, 20  # sds that the mean of a cohort may lie from training; patients needed to tell
_READING = (
    "log odds = intercept + sum of weight * (column - centre) / spread; a number's column is (value - mean) / sd, held "
    "within 4, a category has a column of 0 and 1 a level; a missing column takes the value expected from the known "
    "ones by the correlations; chance = 1 / (1 + exp(-log odds / sqrt(1 + pi * v / 8))), with v the variance that "
    "missing columns leave in the log odds"
)


@dataclass(frozen=True, eq=False)
class ResponseSignature:
    """A chance of response from features of several kinds.

    Attributes
    ----------
    name, outcome
        What it is called, and the outcome whose chance it gives.
    encoder
        Features, their scale and correlations in training.
    weights
        Log odds a unit of each encoded column, ``(q,)``.
    intercept
        Log odds of the average training patient.
    cutoff
        Chance above which a response is called likely: the share of training patients who responded.
    min_coverage
        Smallest share of absolute weight that a patient must have, 0 to 1.
    training
        Cohorts, sizes, honest figures; plain values.
    description, provenance
        In words, and how it came to be.
    """

    name: str
    outcome: str
    encoder: Encoder = field(repr=False)
    weights: Floats = field(repr=False)
    intercept: float
    cutoff: float
    min_coverage: float = 0.3
    training: dict[str, Any] = field(default_factory=dict, repr=False)
    description: str = ""
    provenance: Provenance = field(default_factory=lambda: Provenance("ResponseSignature"), repr=False)

    def __post_init__(self) -> None:
        weights = np.array(self.weights, dtype=np.float64)
        if weights.shape != (len(self.encoder.columns),) or not np.isfinite(weights).all():
            raise InputError(
                f"{weights.size} weights for {len(self.encoder.columns)} columns: give one finite weight each"
            )
        weights.setflags(write=False)
        object.__setattr__(self, "weights", weights)

    @property
    def features(self) -> tuple[str, ...]:
        """Features it is made from."""
        return tuple(feature.name for feature in self.encoder.features)

    @in_words
    def score(
        self, cohort: Any, *, min_coverage: float | None = None, reference: str = "frozen",
        modalities: Mapping[str, Any] | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """Give every patient a chance; alone or among others it is the same.

        Parameters
        ----------
        cohort
            A table (patients x features), tables by modality, a MuData or an AnnData.
        min_coverage
            Smallest share of absolute weight present; None takes the signature's own.
        reference
            ``"frozen"``, the only one: values are measured as in training.
        modalities
            Modality to columns, where a single table is named otherwise than in training.

        Returns
        -------
        pandas.DataFrame
            A row a patient: ``probability``; ``log_odds``; ``call``, likely or unlikely; ``coverage``, the share of
            absolute weight present; ``missing``, modalities wholly missing; ``reason``, why there is no chance, or
            what was passed over.

        Raises
        ------
        InputError
            If no patient can be scored, or the table holds none of the features.
        """
        if reference != "frozen":
            raise InputError(
                f"{self.name} gives chances on the scale of its training (reference='frozen'): it is not scaled within "
                "a cohort, whose share of responders would be lost"
            )
        needed = self.min_coverage if min_coverage is None else min_coverage
        if not 0 <= needed <= 1:
            raise InputError(f"min_coverage is {needed}: give a share from 0 to 1")
        table, notes = self.table(cohort, modalities=modalities)
        z, known = self.encoder.scaled(table)
        filled, left = self.encoder.expected(z, known, self.weights)
        odds = self.intercept + filled @ self.weights
        size = np.abs(self.weights)
        coverage = known @ size / size.sum() if size.any() else np.ones(len(table))
        coverage = np.minimum(coverage, 1.0)
        short = coverage < needed - 1e-9
        if short.all():
            raise InputError(
                f"none of {len(table)} patients can be scored by {self.name}: at most {coverage.max():.0%} of its "
                f"weight is present, {needed:.0%} is needed; lacking {examples(self._lacking(table))}"
            )
        chance = expit(odds / np.sqrt(1 + np.pi * left / 8))
        reasons = [
            f"{share:.0%} of the weight present, {needed:.0%} needed" if low else note
            for share, low, note in zip(coverage, short, self.unseen(table), strict=True)
        ]
        found = pd.DataFrame(
            {
                "probability": np.where(short, np.nan, chance), "log_odds": np.where(short, np.nan, odds),
                "call": pd.Series(np.where(chance > self.cutoff, "likely", "unlikely"), index=table.index,
                                  dtype=object).mask(short),
                "coverage": coverage, "missing": self._absent(known),
                "reason": pd.Series(reasons, table.index, dtype=object),
            },
            index=table.index,
        )  # fmt: skip
        found.attrs["notes"] = [*notes, *self.far_from_training(table)]
        return found

    @in_words
    def contributions(self, cohort: Any) -> pd.DataFrame:
        """What each feature adds to each patient's log odds: Shapley values against the average training patient.

        Returns
        -------
        pandas.DataFrame
            Patients x features; NaN for a feature that a patient lacks: what it would have added is with those that
            speak for it, spread by what they tell of it.

        Raises
        ------
        InputError
            If the table holds none of the features.
        """
        table, _ = self.table(cohort)
        z, known = self.encoder.scaled(table)
        parts = np.where(known, z, 0.0) * self.weights
        for rows, pattern, slope in self.encoder.slopes(known):
            parts[np.ix_(rows, pattern)] += z[np.ix_(rows, pattern)] * (self.weights[~pattern] @ slope)
        starts = np.cumsum([0, *(len(one.columns) for one in self.encoder.features)])[:-1]
        joined = np.add.reduceat(parts, starts, axis=1)
        joined[~np.logical_or.reduceat(known, starts, axis=1)] = np.nan
        return pd.DataFrame(joined, index=table.index, columns=list(self.features))

    @in_words
    def table(self, cohort: Any, *, modalities: Mapping[str, Any] | None = None) -> tuple[pd.DataFrame, list[str]]:
        """Features of a cohort as the signature names them, those it lacks missing; and which those are.

        Raises
        ------
        InputError
            If it holds none.
        """
        parts = frames(cohort, modalities)
        index = next(iter(parts.values())).index if parts else pd.Index([])
        for frame in parts.values():
            index = index.union(frame.index, sort=False)
        found: dict[str, pd.Series] = {}
        for one in self.encoder.features:
            holders = [frame[c] for name, frame in parts.items() for c in (one.name, one.column)
                       if c in frame and (c == one.name or name == one.modality or len(parts) == 1)]  # fmt: skip
            if not holders and self._alone(one.column):
                holders = [frame[one.column] for frame in parts.values() if one.column in frame]
            found[one.name] = (holders[0] if holders else pd.Series(np.nan, index=index)).reindex(index)
        absent = [name for name, values in found.items() if says_nothing(values.astype(object)).all()]
        if len(absent) == len(found):
            raise InputError(
                f"none of the {len(found)} features of {self.name} is there (it needs {examples(found)}): name columns "
                "as in training"
            )
        made = typed(pd.DataFrame(found, index=index))
        for one in self.encoder.features:
            text = made[one.name].dtype.kind not in "fib" and made[one.name].notna().any()
            if one.kind != CATEGORY and text:
                raise InputError(
                    f"{one.name} is text ({examples(made[one.name].dropna().unique(), 3)}); in training it was a number"
                )
            if one.kind == CATEGORY and not text and made[one.name].notna().any():
                raise InputError(f"{one.name} holds numbers; in training it was one of {examples(one.levels)}")
        told = [f"{len(absent)} of {len(found)} features are not there: {examples(absent)}."] if absent else []
        return made, told

    @in_words
    def judge(
        self, cohort: Any, outcome: str | pd.Series, *, by: Sequence[str] | Mapping[str, Any] | None = None,
        positive: object = None,
    ) -> Subgroups:  # fmt: skip
        """Judge the chances on patients of known outcome, whole and at each level of clinical columns.

        Parameters
        ----------
        cohort
            As in :meth:`score`; the columns of ``by`` stand in it, or in its ``obs``.
        outcome
            Name of its column, or the outcome by patient.
        by
            Columns that say for whom, as in :meth:`RiskSignature.judge`; None judges all patients alone.
        positive
            Value of the outcome that means a response, where the texts do not say.

        Returns
        -------
        Subgroups
            Area under the curve with its interval, slope, observed and expected share at each level; one test of
            interaction a column, corrected for their number; first of all the row of all patients. A level with
            under ten patients of the rarer outcome cannot be told.

        Raises
        ------
        InputError
            If the outcome cannot be read, or a column is the outcome or cannot be read as levels.
        """
        from omics_rx.signatures.therapy.subgroups import of_response

        return of_response(self, cohort, outcome, by=by, positive=positive)

    @in_words
    def drift(self, cohort: Any, *, against: Any = None, seed: int = 0, n_draws: int = 400) -> Drifted:
        """Say whether patients are like those of training, what moved if not, and whether the chances may hold.

        Place, scale and correlations of the features, the log odds and the share of likely responses are held against
        what two cohorts of one kind would show.

        Parameters
        ----------
        cohort
            As in :meth:`score`.
        against
            Training patients, where they are at hand: the reference is then a permutation of both.
        seed, n_draws
            Of the references.

        Returns
        -------
        Drifted
            Figures with a ``p_value`` each and of all together; see :func:`omics_rx.drift`.

        Raises
        ------
        InputError
            If the table holds none of the features.
        """
        from omics_rx.signatures.therapy.drifting import of_response

        return of_response(self, cohort, against=against, seed=seed, n_draws=n_draws)

    @in_words
    def far_from_training(self, table: pd.DataFrame) -> list[str]:
        """Numbers whose mean in a cohort lies far from training: another unit, another scale or other patients."""
        found = []
        for one in self.encoder.features:
            values = table[one.name].dropna()
            if one.kind == CATEGORY or len(values) < _FEWEST or not one.sd:
                continue
            off = (float(values.astype(float).mean()) - one.mean) / one.sd
            if abs(off) > _DRIFT:
                found.append((one.name, off))
        if not found:
            return []
        told = [f"{name} by {off:+.1f}" for name, off in sorted(found, key=lambda pair: -abs(pair[1]))]
        words = f"{len(found)} features lie more than {_DRIFT:g} sd from training in their mean ({examples(told)}), "
        return [f"{words}as of another unit, scale or kind of patient, so the chances may not hold."]

    def _alone(self, column: str) -> bool:
        return sum(one.column == column for one in self.encoder.features) == 1

    def _lacking(self, table: pd.DataFrame) -> list[str]:
        return [name for name in self.features if table[name].isna().all()]

    def _absent(self, known: NDArray[np.bool_]) -> list[str]:
        kinds, names = self.encoder.modality, self.encoder.modalities
        return [", ".join(name for name in names if not row[kinds == name].any()) for row in known]

    @in_words
    def unseen(self, table: pd.DataFrame) -> list[str]:
        """What a patient has that no training patient had, and that was taken as missing; empty where nothing."""
        notes = [""] * len(table)
        for one in self.encoder.features:
            for at in np.flatnonzero(one.unseen(table[one.name]).to_numpy()):
                told = f"{one.name} is {table[one.name].iloc[at]}, which no training patient was: taken as missing"
                notes[at] = f"{notes[at]}; {told}" if notes[at] else told
        return notes

    @in_words
    def save(self, path: Path | str) -> Path:
        """Write the signature as a JSON file that a person can read and no hand can change unnoticed."""
        saving.write_text(path, self.to_json())
        return Path(path)

    def to_json(self) -> str:
        """Write the signature as text."""
        content = {
            "format": FORMAT, "schema": SCHEMA, "name": self.name, "description": self.description,
            "how_to_read": _READING, "outcome": self.outcome, "held_within": CLIP, "intercept": float(self.intercept),
            "weights": [float(weight) for weight in self.weights], "cutoff": float(self.cutoff),
            "min_coverage": float(self.min_coverage), **self.encoder.as_dict(), "training": self.training,
            "provenance": self.provenance.as_dict(),
        }  # fmt: skip
        content["sha256"] = sealed.digest(content)
        return json.dumps(content, indent=1, allow_nan=False) + "\n"

    @classmethod
    @in_words
    def from_json(cls, text: str) -> ResponseSignature:
        """Read what :meth:`save` wrote.

        Raises
        ------
        IntegrityError
            If the text is no signature, was changed by hand, or is of a newer schema.
        """
        return sealed.read(text, _signature, form=FORMAT, schema=SCHEMA)


def _signature(content: Mapping[str, Any]) -> ResponseSignature:
    shape.check(content)
    return ResponseSignature(
        content["name"], content["outcome"], Encoder.from_dict(content),
        np.array(content["weights"], dtype=np.float64), float(content["intercept"]), float(content["cutoff"]),
        float(content["min_coverage"]), dict(content["training"]), content["description"],
        Provenance.from_dict(content["provenance"]),
    )  # fmt: skip
