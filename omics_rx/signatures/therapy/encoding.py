"""Features as columns of numbers: z by training, a column a level, and what a patient lacks expected from the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omics_rx.signatures.classifiers import Strongest
from omics_rx.signatures.therapy.reading import CATEGORY, NUMBER

Floats = NDArray[np.float64]
CLIP = 4.0  # sds beyond which a value says no more
MOST_COLUMNS = 50  # of one modality; of more, the strongest are kept
_SHRINK = 0.1  # of correlations towards none


@dataclass(frozen=True)
class Feature:
    """One feature and how it becomes columns.

    Attributes
    ----------
    name, modality, column
        As the study calls it; the kind of measurement it belongs to, and its name there.
    kind
        ``number`` or ``category``.
    mean, sd
        Of a number, in training.
    levels
        Of a category, in training; two levels make one column, that of the second.
    """

    name: str
    modality: str
    column: str
    kind: str
    mean: float = 0.0
    sd: float = 1.0
    levels: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[str, ...]:
        """Levels that have a column of their own."""
        return self.levels[1:] if len(self.levels) == 2 else self.levels

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its columns."""
        return (self.name,) if self.kind == NUMBER else tuple(f"{self.name}={level}" for level in self.shown)

    @classmethod
    def learn(cls, values: pd.Series, *, name: str, modality: str, column: str, kind: str) -> Feature:
        """Learn from training patients."""
        if kind == CATEGORY:
            return cls(name, modality, column, kind, levels=tuple(sorted(map(str, values.dropna().unique()))))
        known = values.to_numpy(dtype=np.float64)
        known = known[np.isfinite(known)]
        sd = float(known.std(ddof=1)) if known.size > 1 else 0.0
        mean = float(known.mean()) if known.size else 0.0
        return cls(name, modality, column, kind, mean=mean, sd=sd if sd > 1e-9 * max(1.0, abs(mean)) else 0.0)

    def apply(self, values: pd.Series) -> Floats:
        """Columns of patients, ``(n, k)``; NaN where missing or of a level not seen in training."""
        if self.kind == NUMBER:
            z = (values.to_numpy(dtype=np.float64) - self.mean) / self.sd if self.sd else np.zeros(len(values))
            return np.asarray(np.clip(z, -CLIP, CLIP), dtype=np.float64).reshape(-1, 1)
        texts = values.to_numpy(dtype=object)
        known = np.array([text in self.levels for text in texts], dtype=bool)
        made = np.array([[float(text == level) for level in self.shown] for text in texts]).reshape(len(texts), -1)
        made[~known] = np.nan
        return made

    def unseen(self, values: pd.Series) -> pd.Series:
        """Which patients have a level that no training patient had."""
        if self.kind == NUMBER:
            return pd.Series(data=False, index=values.index)
        return values.notna() & ~values.isin(self.levels)


@dataclass(frozen=True, eq=False)
class Encoder:
    """Features of training patients: their scale, and how the columns move together.

    Attributes
    ----------
    features
        In the order of the study.
    centre, spread
        Mean and sd of each column in training, ``(q,)``; numbers have 0 and about 1.
    correlation
        Of the columns in training, shrunk by a tenth, ``(q, q)``.
    """

    features: tuple[Feature, ...]
    centre: Floats = field(repr=False)
    spread: Floats = field(repr=False)
    correlation: Floats = field(repr=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns."""
        return tuple(column for feature in self.features for column in feature.columns)

    @property
    def modality(self) -> NDArray[np.str_]:
        """Kind of measurement of each column, ``(q,)``."""
        return np.array([feature.modality for feature in self.features for _ in feature.columns])

    @property
    def modalities(self) -> list[str]:
        """Kinds of measurement that have a column, in the order of the study."""
        return list(dict.fromkeys(self.modality.tolist()))

    @classmethod
    def learn(
        cls, table: pd.DataFrame, outcome: NDArray[np.bool_], *, kinds: Mapping[str, str], modality: Mapping[str, str],
        column: Mapping[str, str],
    ) -> Encoder:  # fmt: skip
        """Learn from training patients; a modality of many features keeps those that tell the classes apart most."""
        features = [
            Feature.learn(table[name], name=name, modality=modality[name], column=column[name], kind=kind)
            for name, kind in _strongest(table, outcome, kinds, modality).items()
        ]
        features = [one for one in features if one.columns and (one.kind == CATEGORY or one.sd > 0)]
        values = _stacked(features, table)
        centre = _mean(values)
        spread = np.sqrt(_mean((values - centre) ** 2))
        spread = np.where(spread > 1e-9, spread, 1.0)
        z = np.nan_to_num((values - centre) / spread)
        known = np.isfinite(values).astype(np.float64)
        correlation = (z.T @ z) / np.maximum(known.T @ known, 1.0)
        correlation = (1 - _SHRINK) * _positive(correlation) + _SHRINK * np.eye(len(centre))
        return cls(tuple(features), centre, spread, correlation)

    def apply(self, table: pd.DataFrame) -> tuple[Floats, NDArray[np.bool_]]:
        """Columns of patients on the training scale, filled, ``(n, q)``, and which of them were known."""
        z, known = self.scaled(table)
        filled, _ = self.expected(z, known)
        return filled, known

    def scaled(self, table: pd.DataFrame) -> tuple[Floats, NDArray[np.bool_]]:
        """Columns of patients on the training scale, NaN where missing, ``(n, q)``, and which of them are known."""
        z = (_stacked(self.features, table) - self.centre) / self.spread
        return z, np.isfinite(z)

    def slopes(self, known: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_], Floats]]:
        """For each set of known columns that is not all: its patients, the columns, and what they tell of the rest.

        The last is the regression of the ``m`` missing columns on the ``k`` known ones, ``(m, k)``.
        """
        for pattern in {row.tobytes(): row for row in known if not row.all()}.values():
            across = self.correlation[np.ix_(~pattern, pattern)]
            inside = self.correlation[np.ix_(pattern, pattern)]
            slope = np.asarray(np.linalg.solve(inside, across.T).T if pattern.any() else across, dtype=np.float64)
            yield (known == pattern).all(axis=1), pattern, slope

    def expected(self, z: Floats, known: NDArray[np.bool_], weights: Floats | None = None) -> tuple[Floats, Floats]:
        """Fill what is missing by what is known, ``(n, q)``; and the variance that is left in a weighted sum, ``(n,)``.

        The expectation of a normal with the training correlations.
        """
        filled, left = np.where(known, z, 0.0), np.zeros(len(z))
        for rows, pattern, slope in self.slopes(known):
            filled[np.ix_(rows, ~pattern)] = z[np.ix_(rows, pattern)] @ slope.T
            if weights is not None:
                own = weights[~pattern]
                across = self.correlation[np.ix_(pattern, ~pattern)]
                cover = self.correlation[np.ix_(~pattern, ~pattern)] - slope @ across
                left[rows] = max(float(own @ cover @ own), 0.0)
        return filled, left

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a file, rounded to eight digits."""
        return {
            "features": [
                {
                    "name": one.name, "modality": one.modality, "column": one.column, "kind": one.kind,
                    **({"mean": one.mean, "sd": one.sd} if one.kind == NUMBER else {"levels": list(one.levels)}),
                }
                for one in self.features
            ],
            "columns": list(self.columns), "centre": self.centre.tolist(), "spread": self.spread.tolist(),
            "correlation": np.round(self.correlation, 8).tolist(),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Encoder:
        """Read what :meth:`as_dict` wrote."""
        features = tuple(
            Feature(
                row["name"], row["modality"], row["column"], row["kind"], float(row.get("mean", 0.0)),
                float(row.get("sd", 1.0)), tuple(row.get("levels", ())),
            )
            for row in content["features"]
        )  # fmt: skip
        return cls(
            features, np.array(content["centre"], dtype=np.float64), np.array(content["spread"], dtype=np.float64),
            np.array(content["correlation"], dtype=np.float64).reshape(len(content["centre"]), -1),
        )  # fmt: skip


def _strongest(
    table: pd.DataFrame, outcome: NDArray[np.bool_], kinds: Mapping[str, str], modality: Mapping[str, str]
) -> dict[str, str]:
    """Features to encode: all of a small modality, the numbers that tell most of a large one."""
    kept: list[str] = []
    for kind in dict.fromkeys(modality[name] for name in kinds):
        own = [name for name in kinds if modality[name] == kind]
        numbers = [name for name in own if kinds[name] == NUMBER]
        if len(numbers) > MOST_COLUMNS:
            values = table[numbers].to_numpy(dtype=np.float64)
            best = {numbers[at] for at in Strongest(MOST_COLUMNS).fit(values, outcome).kept_}
            own = [name for name in own if kinds[name] == CATEGORY or name in best]
        kept += own
    return {name: kinds[name] for name in kept}


def _stacked(features: Sequence[Feature], table: pd.DataFrame) -> Floats:
    return np.hstack([one.apply(table[one.name]) for one in features]) if features else np.empty((len(table), 0))


def _mean(values: Floats) -> Floats:
    known = np.isfinite(values)
    return np.asarray(np.where(known, values, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1))


def _positive(matrix: Floats) -> Floats:
    """Nearest correlation matrix of those with no negative eigenvalue, by clipping; pairs known together may differ."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    made = (vectors * np.clip(values, 0.0, None)) @ vectors.T
    scale = np.sqrt(np.clip(np.diag(made), 1e-12, None))
    return np.asarray(made / np.outer(scale, scale))
