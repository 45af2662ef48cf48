"""A signature of a trial: the chance of a patient under each arm, or that nobody of her kind had it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from omics_rx.core import saving
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples, unknown_name
from omics_rx.core.provenance import Provenance
from omics_rx.core.texts import says_nothing
from omics_rx.metrics.small import Z95
from omics_rx.signatures import sealed
from omics_rx.signatures.therapy import arm_shape, regimens
from omics_rx.signatures.therapy.arm_model import ArmModel
from omics_rx.signatures.therapy.encoding import CLIP, Encoder
from omics_rx.signatures.therapy.reading import frames
from omics_rx.signatures.therapy.rule import MIN_CELL
from omics_rx.signatures.therapy.signature import ResponseSignature

Floats = NDArray[np.float64]
FORMAT, SCHEMA = "omics_rx treatment signature", 1
CHANCES = ["patient", "group", "arm", "chance", "lower", "upper", "had_it", "reason"]
_READING = (
    "log odds under an arm = level of arm and group + sum of slope of the arm * (column - centre) / spread; columns as "
    "in a response signature; standard error from two covariances over (1, groups, columns), of the prognosis and of "
    "what the arm adds; nothing is said of an arm that no training patient of the group had"
)


@dataclass(frozen=True, eq=False)
class PatientChances:
    """Chances of one patient under each arm.

    Attributes
    ----------
    patient, group, outcome
        Her name, her kind, and what the chance is of.
    table
        A row an arm, the best chance first: ``arm``, ``chance``, ``lower``, ``upper`` (95%), ``had_it`` (training
        patients of her kind who had it), ``reason`` why there is no chance.
    best_arm
        The arm of the best chance among those that enough patients of her kind had; empty where there is none.
    limits
        What a reader must know.
    """

    patient: str
    group: str
    outcome: str
    table: pd.DataFrame = field(repr=False)
    best_arm: str
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class TreatmentSignature:
    """A chance of response under each arm of a trial, from features of several kinds.

    Attributes
    ----------
    name, outcome
        What it is called, and the outcome whose chance it gives.
    treatment, control
        Column of the arm, and the arm that the others are held against.
    within
        How the kind of a patient is told: ``"receptor groups"``, columns, or None.
    model
        Levels, slopes and covariances.
    counts
        Training patients, arms x groups.
    called
        Texts of training to the arm that each is; other spellings of a regimen are found, too.
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
    treatment: str
    control: str
    within: str | tuple[str, ...] | None
    model: ArmModel = field(repr=False)
    counts: pd.DataFrame = field(repr=False)
    called: dict[str, str] = field(repr=False)
    cutoff: float
    min_coverage: float = 0.3
    training: dict[str, Any] = field(default_factory=dict, repr=False)
    description: str = ""
    provenance: Provenance = field(default_factory=lambda: Provenance("TreatmentSignature"), repr=False)

    @property
    def arms(self) -> tuple[str, ...]:
        """Arms it knows, the control first."""
        return self.model.arms

    @property
    def encoder(self) -> Encoder:
        """Scale of its features."""
        return self.model.encoder

    @property
    def features(self) -> tuple[str, ...]:
        """Features it is made from."""
        return tuple(feature.name for feature in self.encoder.features)

    @in_words
    def score(self, cohort: Any, *, min_coverage: float | None = None, reference: str = "frozen") -> pd.DataFrame:
        """Give every patient a chance under her own arm, and under each arm that patients of her kind had.

        Parameters
        ----------
        cohort
            A table (patients x features), tables by modality, a MuData or an AnnData; the column of the arm may be
            missing.
        min_coverage
            Smallest share of absolute weight present; None takes the signature's own.
        reference
            ``"frozen"``, the only one: values are measured as in training.

        Returns
        -------
        pandas.DataFrame
            A row a patient: ``probability`` and ``log_odds`` under her own arm, ``call``; ``arm``, ``group``;
            ``best_arm`` among those that enough patients of her kind had; ``chance``, ``lower`` and ``upper`` (95%) of
            each arm, in columns such as ``chance: Ctr``, missing where nobody of her kind had it; ``coverage``;
            ``reason``, why there is no chance or what was passed over.

        Raises
        ------
        InputError
            If no patient can be scored, or her kind cannot be told.
        """
        if reference != "frozen":
            raise InputError(f"{self.name} gives chances on the scale of its training: say reference='frozen'")
        ready = self._ready(cohort, min_coverage)
        chance, lower, upper = self._chances(ready)
        own = np.array([self.arms.index(arm) if arm in self.arms else -1 for arm in ready.arm], dtype=np.intp)
        at = np.arange(len(own))
        probability = np.where(own >= 0, chance[at, own], np.nan)
        odds = np.where(np.isnan(probability), np.nan, np.log(probability / (1 - probability)))
        allowed = self._had(ready.group) >= MIN_CELL
        best = [self._best(row, may) for row, may in zip(chance, allowed, strict=True)]
        found = pd.DataFrame(
            {
                "probability": probability, "log_odds": odds,
                "call": pd.Series(np.where(probability > self.cutoff, "likely", "unlikely"), index=ready.table.index,
                                  dtype=object).mask(np.isnan(probability)),
                "arm": ready.arm, "group": ready.group, "best_arm": best, "coverage": ready.coverage,
                "reason": ready.reason,
            },
            index=ready.table.index,
        )  # fmt: skip
        for number, arm in enumerate(self.arms):
            found[f"chance: {arm}"] = chance[:, number]
            found[f"lower: {arm}"], found[f"upper: {arm}"] = lower[:, number], upper[:, number]
        found.attrs["notes"] = list(ready.told)
        return found

    @in_words
    def chances(self, cohort: Any, *, min_coverage: float | None = None) -> pd.DataFrame:
        """Chance of every patient under every arm, a row a pair; or why nothing is said.

        Parameters
        ----------
        cohort, min_coverage
            As for :meth:`score`.

        Returns
        -------
        pandas.DataFrame
            ``patient``, ``group``, ``arm``, ``chance``, ``lower``, ``upper`` (they hold the true chance of 95%
            of patients or more, on average), ``had_it`` (training patients of her kind who had the arm), ``reason``.
        """
        ready = self._ready(cohort, min_coverage)
        chance, lower, upper = self._chances(ready)
        had = self._had(ready.group)
        rows = [
            (patient, ready.group[i], arm, chance[i, a], lower[i, a], upper[i, a], int(had[i, a]),
             self._silent(ready, i, a, had))
            for i, patient in enumerate(ready.table.index) for a, arm in enumerate(self.arms)
        ]  # fmt: skip
        table = pd.DataFrame(rows, columns=CHANCES)
        table.attrs["notes"] = list(ready.told)
        return table

    @in_words
    def patient(self, cohort: Any, patient: object) -> PatientChances:
        """Chances of one patient, for a page of her own.

        Raises
        ------
        UnknownNameError
            If she is not in the cohort.
        """
        table = self.chances(cohort)
        own = table[table["patient"].astype(str) == str(patient)]
        if own.empty:
            raise unknown_name("patient", patient, list(map(str, table["patient"].unique())))
        own = own.sort_values("chance", ascending=False, kind="stable", ignore_index=True)
        sure = own[(own["had_it"] >= MIN_CELL) & own["chance"].notna()]
        group = own["group"].iloc[0]
        return PatientChances(
            str(patient), str(group) if isinstance(group, str) else "not told", self.outcome,
            own[["arm", "chance", "lower", "upper", "had_it", "reason"]],
            str(sure["arm"].iloc[0]) if len(sure) > 1 else "", (*table.attrs["notes"], *self._cautions()),
        )  # fmt: skip

    def _cautions(self) -> tuple[str, ...]:
        names = ", ".join(str(one["name"]) for one in self.training.get("cohorts", ()))
        return (
            f"Chances are those of patients of {names or 'the training cohorts'}, under arms as they were given there.",
            "Intervals tell how well the model knows a chance, not what becomes of one patient.",
            "The arm of the best chance is no advice to treat: what an arm costs a patient is not weighed.",
        )

    def _best(self, chance: Floats, may: NDArray[np.bool_]) -> str | None:
        open_to = np.where(may, chance, np.nan)
        return None if np.isfinite(open_to).sum() < 2 else self.arms[int(np.nanargmax(open_to))]

    def _had(self, group: Sequence[object]) -> NDArray[np.intp]:
        """Training patients of each patient's kind who had each arm, ``(n, n_arms)``."""
        counts = {name: self.counts[name].to_numpy() for name in self.counts}
        nobody = np.zeros(len(self.arms), dtype=int)
        return np.array([counts.get(one, nobody) for one in group], dtype=np.intp).reshape(-1, len(self.arms))

    def _silent(self, ready: _Ready, row: int, arm: int, had: NDArray[np.intp]) -> str:
        if ready.dumb[row]:
            return str(ready.reason.iloc[row])
        if not had[row, arm]:
            return f"nobody knows: no {ready.group[row]} patient had {self.arms[arm]}"
        return str(ready.reason.iloc[row])

    def _chances(self, ready: _Ready) -> tuple[Floats, Floats, Floats]:
        """Chances with 95% intervals under each arm, ``(n, n_arms)``, missing where nobody of her kind had it."""
        n, k = len(ready.table), len(self.arms)
        chance, lower, upper = (np.full((n, k), np.nan) for _ in range(3))
        speaks = np.flatnonzero(~ready.dumb)
        group = np.array([ready.group[i] for i in speaks], dtype=str)
        z, known = ready.z[speaks], ready.known[speaks]
        filled = self.encoder.expected(z, known)[0]
        odds = self.model.of(filled, group) if speaks.size else np.empty((0, k))
        error = self.model.error(filled, group) if speaks.size else np.empty((0, k))
        had = self._had(list(group)) > 0
        for arm in range(k):
            left = self.encoder.expected(z, known, self.model.slopes[arm])[1]
            half = Z95 * np.sqrt(error[:, arm] ** 2 + left)
            own = np.column_stack([
                expit(odds[:, arm] / np.sqrt(1 + np.pi * left / 8)), expit(odds[:, arm] - half),
                expit(odds[:, arm] + half),
            ])  # fmt: skip
            own[~had[:, arm]] = np.nan
            chance[speaks, arm], lower[speaks, arm], upper[speaks, arm] = own.T
        return chance, lower, upper

    def _ready(self, cohort: Any, min_coverage: float | None) -> _Ready:
        needed = self.min_coverage if min_coverage is None else min_coverage
        if not 0 <= needed <= 1:
            raise InputError(f"min_coverage is {needed}: give a share from 0 to 1")
        reader = self._reader()
        table, notes = reader.table(cohort)
        whole = pd.concat(list(frames(cohort).values()), axis=1).reindex(table.index)
        whole = whole.loc[:, ~whole.columns.duplicated()]
        group = regimens.receptors(whole, self.within if self.within is None or isinstance(self.within, str)
                                   else list(self.within))[0]  # fmt: skip
        arm, odd = self._arm(whole)
        z, known = self.encoder.scaled(table)
        size = np.abs(self.model.slopes).mean(axis=0)
        coverage = np.minimum(known @ size / size.sum(), 1.0) if size.any() else np.ones(len(table))
        short = coverage < needed - 1e-9
        if short.all():
            lacking = [name for name in self.features if table[name].isna().all()]
            raise InputError(
                f"none of {len(table)} patients can be scored by {self.name}: at most {coverage.max():.0%} of its "
                f"weight is present, {needed:.0%} is needed; lacking {examples(lacking)}"
            )
        reasons, dumb = [], np.zeros(len(table), dtype=bool)
        unseen = reader.unseen(table)
        for i, kind in enumerate(group):
            told = [unseen[i]] if unseen[i] else []
            if short[i]:
                dumb[i], told = True, [f"{coverage[i]:.0%} of the weight present, {needed:.0%} needed"]
            elif not isinstance(kind, str):
                dumb[i], told = True, ["her receptor group is not on record"]
            elif kind not in self.model.groups:
                dumb[i], told = True, [f"nobody knows: no training patient was {kind}"]
            elif odd[i]:
                told.append(f"her arm {odd[i]} is none of this trial")
            elif arm[i] and not self.counts.loc[str(arm[i]), kind]:
                told.append(f"nobody knows: no {kind} patient had {arm[i]}")
            reasons.append("; ".join(told))
        return _Ready(
            table, z, known, [kind if isinstance(kind, str) else None for kind in group], arm, coverage, dumb,
            pd.Series(reasons, table.index, dtype=object), (*notes, *reader.far_from_training(table)),
        )  # fmt: skip

    def _reader(self) -> ResponseSignature:
        """The signature that reads the features, without arms."""
        return ResponseSignature(
            self.name, self.outcome, self.encoder, self.model.slopes[0], float(self.model.level[0].mean()), self.cutoff
        )

    def _arm(self, whole: pd.DataFrame) -> tuple[list[str | None], list[str]]:
        """Arm of each patient by whatever it is called, and texts that are none."""
        if self.treatment not in whole:
            return [None] * len(whole), [""] * len(whole)
        given = whole[self.treatment]
        missing = says_nothing(given)
        known = {**self.called, **{arm: arm for arm in self.arms}}
        by_key = {regimens.key(text): arm for text, arm in known.items()}
        found: list[str | None] = []
        odd = []
        for value, none in zip(given, missing, strict=True):
            text = regimens.text_of(value)
            own = None if none else known.get(text) or by_key.get(regimens.key(text))
            found.append(own)
            odd.append("" if none or own else text)
        return found, odd

    @in_words
    def save(self, path: Path | str) -> Path:
        """Write the signature as a JSON file that a person can read and no hand can change unnoticed."""
        saving.write_text(path, self.to_json())
        return Path(path)

    def to_json(self) -> str:
        """Write the signature as text."""
        model = self.model
        content = {
            "format": FORMAT, "schema": SCHEMA, "name": self.name, "description": self.description,
            "how_to_read": _READING, "outcome": self.outcome, "treatment": self.treatment, "control": self.control,
            "within": self.within if isinstance(self.within, str | None) else list(self.within),
            "arms": list(model.arms), "groups": list(model.groups), "counts": self.counts.to_numpy().tolist(),
            "called": dict(self.called),
            "level": model.level.tolist(), "slopes": model.slopes.tolist(), "variances": model.variances,
            "prognosis": _rounded(model.prognosis), "benefit": [_rounded(own) for own in model.benefit],
            "held_within": CLIP, "cutoff": float(self.cutoff), "min_coverage": float(self.min_coverage),
            **model.encoder.as_dict(), "training": self.training, "provenance": self.provenance.as_dict(),
        }  # fmt: skip
        content["sha256"] = sealed.digest(content)
        return json.dumps(content, indent=1, allow_nan=False) + "\n"

    @classmethod
    @in_words
    def from_json(cls, text: str) -> TreatmentSignature:
        """Read what :meth:`save` wrote.

        Raises
        ------
        IntegrityError
            If the text is no signature, was changed by hand, or is of a newer schema.
        """
        return sealed.read(text, _signature, form=FORMAT, schema=SCHEMA)


@dataclass(frozen=True, eq=False)
class _Ready:
    """Patients ready to be scored; ``dumb``: of whom nothing can be said."""

    table: pd.DataFrame
    z: Floats
    known: NDArray[np.bool_]
    group: list[str | None]
    arm: list[str | None]
    coverage: Floats
    dumb: NDArray[np.bool_]
    reason: pd.Series
    told: tuple[str, ...]


def _rounded(cover: Floats) -> list[list[float]]:
    """Lower triangle of a covariance, to six digits."""
    return [[float(f"{value:.6g}") for value in row[: number + 1]] for number, row in enumerate(cover)]


def _square(rows: Sequence[Sequence[float]]) -> Floats:
    made = np.zeros((len(rows), len(rows)))
    for number, row in enumerate(rows):
        made[number, : number + 1] = row
    return np.asarray(made + np.tril(made, -1).T)


def _signature(content: Mapping[str, Any]) -> TreatmentSignature:
    arm_shape.check(content)
    arms, groups = tuple(map(str, content["arms"])), tuple(map(str, content["groups"]))
    encoder = Encoder.from_dict(content)
    level, slopes = (np.array(content[name], dtype=np.float64) for name in ("level", "slopes"))
    prognosis, benefit = _square(content["prognosis"]), np.array([_square(own) for own in content["benefit"]])
    model = ArmModel(encoder, arms, groups, level, slopes, prognosis, benefit, dict(content["variances"]))
    within = content["within"]
    counts = pd.DataFrame(np.array(content["counts"], dtype=np.intp), index=list(arms), columns=list(groups))
    return TreatmentSignature(
        content["name"], content["outcome"], content["treatment"], content["control"],
        tuple(within) if isinstance(within, list) else within, model, counts, dict(content["called"]),
        float(content["cutoff"]),
        float(content["min_coverage"]), dict(content["training"]), content["description"],
        Provenance.from_dict(content["provenance"]),
    )  # fmt: skip
