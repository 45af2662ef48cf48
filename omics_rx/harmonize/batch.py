"""Batches: what is technical in each cohort, learnt on training cohorts and taken off new ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import log
from omics_rx.harmonize.batch_cohorts import FEWEST, by_batch, check_batches, in_one_unit, logarithms, refuse_other_unit

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike

_STEPS = 500
_CLOSE = 1e-10
_STILL = 1e-9


@dataclass(frozen=True)
class Biology:
    """What is biology and stays: columns of sample facts turned into numbers, as learnt on the training cohorts.

    Attributes
    ----------
    levels
        Column to its levels, the first of which is the one compared with; empty for a column of numbers.
    """

    levels: Mapping[str, tuple[str, ...]]

    @classmethod
    @in_words
    def learn(cls, facts: pd.DataFrame) -> Biology:
        """Take the levels of each column of text, category or yes and no; other columns are numbers."""
        levels = {}
        for name in facts:
            column = facts[name]
            numbers = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
            levels[str(name)] = () if numbers else tuple(sorted(set(column.dropna().astype(str))))
        return cls(levels)

    @in_words
    def design(self, facts: pd.DataFrame | None, samples: pd.Index) -> np.ndarray:
        """Samples x effects, shape ``(n, k)``.

        Raises
        ------
        InputError
            If a column or a sample is missing, a fact of a sample is, or a level was not seen in training.
        """
        if not self.levels:
            return np.zeros((len(samples), 0))
        absent = [name for name in self.levels if facts is None or name not in facts]
        if facts is None or absent:
            raise InputError(f"biology must be given as in training: it lacks the columns {examples(absent)}")
        lost = samples[~samples.isin(facts.index)]
        if len(lost):
            raise InputError(f"biology has no row for {len(lost)} samples ({examples(lost)}): add them")
        rows = facts.loc[samples]
        columns = []
        for name, levels in self.levels.items():
            known = rows[name].notna()
            if not known.all():
                raise InputError(
                    f"{int((~known).sum())} samples have no {name!r} ({examples(samples[~known])}): leave these "
                    "samples or this column out"
                )
            if not levels:
                columns.append(rows[name].to_numpy(dtype=np.float64))
                continue
            texts = rows[name].astype(str)
            strange = texts[~texts.isin(levels)].unique()
            if len(strange):
                raise InputError(f"{name!r} was {examples(levels)} in training, and is {examples(strange)} here")
            columns += [(texts == level).to_numpy(dtype=np.float64) for level in levels[1:]]
        return np.column_stack(columns) if columns else np.zeros((len(samples), 0))


@dataclass(frozen=True, eq=False)
class ComBat:
    """Location and scale of each batch, shrunk over genes by empirical Bayes; learnt once, then frozen.

    For bulk samples. Batches of single cells are taken off their embedding instead, by ``io.harmony``.

    A new cohort is one batch more: its location and scale are estimated against the frozen training mean, biology and
    spread, so that training data and models on them stay as they are.

    Attributes
    ----------
    genes
        ``p`` genes, measured in every training sample and varying.
    mean, sd
        Mean over training cohorts at the first levels of biology, and pooled deviation within batches, shape ``(p,)``.
    effects
        Of biology, shape ``(k, p)``.
    biology
        What is protected.
    shifts, scales
        Batch to its location, in ``sd``, and its variance, relative to ``sd`` squared, shape ``(p,)`` each.
    unit
        Logarithmic unit of the training cohorts.
    left_out
        Gene that does not vary in a batch to the batch: nothing is known there of its spread, and a gene that a
        batch does not express must not be given the level of another.

    References
    ----------
    Johnson, Li and Rabinovic 2007, Biostatistics 8:118, doi:10.1093/biostatistics/kxj037, equations 2.1 to 3.1.
    """

    genes: tuple[str, ...]
    mean: np.ndarray
    sd: np.ndarray
    effects: np.ndarray
    biology: Biology
    shifts: Mapping[str, np.ndarray]
    scales: Mapping[str, np.ndarray]
    unit: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    @in_words
    def learn(
        cls,
        cohorts: Mapping[str, CohortLike] | CohortLike,
        *,
        batch: str | pd.Series | None = None,
        biology: pd.DataFrame | None = None,
    ) -> ComBat:
        """Learn the batches of training cohorts.

        Parameters
        ----------
        cohorts
            Batch to its samples x genes, a frame or an AnnData, in one unit on a logarithmic scale. Genes that are not
            measured in every sample, or do not vary in a batch, are left out; the latter are named. Or one cohort of
            all batches, with ``batch``.
        batch
            Batch of each sample of one cohort: a column of its ``obs``, or a Series by sample.
        biology
            Facts to protect, one row a sample: text or yes and no for groups, numbers as they are. Without it,
            cohorts that differ in composition lose that difference.

        Raises
        ------
        InputError
            If there are fewer than two batches or three samples in one, samples repeat, values are no logarithms or
            stand in two units, no gene is shared, or biology is missing for a sample or cannot be told from the
            batches.
        """
        frames, unit = in_one_unit(by_batch(cohorts, batch))
        check_batches(frames)
        whole = pd.concat(list(frames.values()), join="inner")
        values = whole.to_numpy(dtype=np.float64)
        used = np.isfinite(values).all(axis=0)
        if not used.any():
            raise InputError("no gene is measured in every sample of every cohort: bring them to current symbols")
        member = np.repeat(np.arange(len(frames)), [len(frame) for frame in frames.values()])
        left_out = _constant(values, member, whole.columns, list(frames), used)
        used &= ~whole.columns.astype(str).isin(list(left_out))
        if not used.any():
            raise InputError(f"every gene is constant in a batch ({examples(left_out)}): there is nothing to learn")
        told = Biology({}) if biology is None else Biology.learn(biology.loc[biology.index.isin(whole.index)])
        facts = told.design(biology, whole.index)
        design = np.hstack([np.eye(len(frames))[member], facts])
        if np.linalg.matrix_rank(design) < design.shape[1]:
            raise InputError(
                f"the batches and {examples(told.levels)} cannot be told apart: a group that is in one cohort only, or "
                "columns that say the same, cannot be protected"
            )
        fitted, *_ = np.linalg.lstsq(design, values[:, used], rcond=None)
        spread = np.sqrt(((values[:, used] - design @ fitted) ** 2).mean(axis=0))
        varies = spread > _STILL * np.maximum(1.0, np.abs(values[:, used]).max(axis=0))
        weights = np.bincount(member) / len(member)
        mean, effects, sd = (weights @ fitted[: len(frames)])[varies], fitted[len(frames) :, varies], spread[varies]
        z = (values[:, used][:, varies] - mean - facts @ effects) / sd
        found = {name: _posterior(z[member == i]) for i, name in enumerate(frames)}
        return cls(
            tuple(whole.columns[used][varies].astype(str)), mean, sd, effects, told,
            {name: shift for name, (shift, _) in found.items()},
            {name: scale for name, (_, scale) in found.items()},
            unit, left_out,
        )  # fmt: skip

    @in_words
    def apply(
        self, cohort: CohortLike, *, batch: str | None = None, biology: pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """Take the batch off samples.

        Parameters
        ----------
        cohort
            Samples x genes in the unit of training, a frame or an AnnData.
        batch
            Training batch that the samples belong to, for a single further sample of it, say; None takes them for one
            new batch, of at least three samples, whose location and scale are learnt from them.
        biology
            The facts protected in training, for these samples.

        Returns
        -------
        pandas.DataFrame
            Samples x the genes of training, NaN where a sample lacks one, and for genes that do not vary in a new
            batch, which the log names.

        Raises
        ------
        InputError
            If the batch is unknown, the samples too few to be a batch, the values no logarithms, or biology does not
            fit.
        """
        frame, unit = logarithms(cohort, "the cohort")
        refuse_other_unit({"training": self.unit, "the cohort": unit})
        values = frame.reindex(columns=list(self.genes)).to_numpy(dtype=np.float64)
        expected = self.mean + self.biology.design(biology, frame.index) @ self.effects
        z = (values - expected) / self.sd
        if batch is None:
            if len(frame) < FEWEST:
                raise InputError(
                    f"{len(frame)} samples cannot show what their batch does (at least {FEWEST}): name the training "
                    f"batch they belong to ({examples(self.shifts)})"
                )
            still = _constant(values, np.zeros(len(values), dtype=int), pd.Index(self.genes), ["the new batch"])
            z[:, [self.genes.index(gene) for gene in still]] = np.nan
            shift, scale = _posterior(z)
        elif batch in self.shifts:
            shift, scale = self.shifts[batch], self.scales[batch]
        else:
            raise InputError(f"batch {batch!r} was not in training: it had {examples(self.shifts)}")
        return pd.DataFrame(
            (z - shift) / np.sqrt(scale) * self.sd + expected, index=frame.index, columns=list(self.genes)
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the same as values that JSON can hold."""
        return {
            "genes": list(self.genes),
            "mean": self.mean.tolist(),
            "sd": self.sd.tolist(),
            "effects": self.effects.tolist(),
            "biology": {name: list(levels) for name, levels in self.biology.levels.items()},
            "shifts": {name: shift.tolist() for name, shift in self.shifts.items()},
            "scales": {name: scale.tolist() for name, scale in self.scales.items()},
            "unit": self.unit,
            "left_out": dict(self.left_out),
        }

    @classmethod
    @in_words
    def from_dict(cls, values: Mapping[str, Any]) -> ComBat:
        """Read what :meth:`as_dict` gave.

        Raises
        ------
        InputError
            If a field is missing.
        """
        fields = ("genes", "mean", "sd", "effects", "biology", "shifts", "scales")
        missing = [name for name in fields if name not in values]
        if missing:
            raise InputError(f"a ComBat record has no {', '.join(missing)}: the file is not whole")
        return cls(
            tuple(values["genes"]), np.array(values["mean"]), np.array(values["sd"]),
            np.array(values["effects"], dtype=np.float64).reshape(-1, len(values["genes"])),
            Biology({name: tuple(levels) for name, levels in values["biology"].items()}),
            {name: np.array(shift) for name, shift in values["shifts"].items()},
            {name: np.array(scale) for name, scale in values["scales"].items()},
            str(values.get("unit", "")), dict(values.get("left_out", {})),
        )  # fmt: skip


def _constant(
    values: np.ndarray, batch: np.ndarray, genes: pd.Index, names: list[str], used: np.ndarray | None = None
) -> dict[str, str]:
    """Genes that do not vary in a batch, each with the first such batch; they are named in the log."""
    found: dict[str, str] = {}
    for i, name in enumerate(names):
        rows = values[batch == i]
        known = np.isfinite(rows)
        low = np.where(known, rows, np.inf).min(axis=0)
        high = np.where(known, rows, -np.inf).max(axis=0)
        enough = known.sum(axis=0) >= FEWEST
        with np.errstate(invalid="ignore"):
            still = enough & (high - low <= _STILL * np.maximum(1.0, np.abs(high)))
        for gene in genes[still if used is None else still & used]:
            found.setdefault(str(gene), str(name))
    if found:
        log.warning("%d genes do not vary in a batch and are left out of its correction (%s)", len(found),
                    examples(f"{gene} in {name}" for gene, name in found.items()))  # fmt: skip
    return found


def _posterior(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Location and variance of one batch for each gene, shrunk towards those of all genes.

    Parameters
    ----------
    z
        Samples x genes of one batch, shape ``(n, p)``, free of training mean, biology and spread; NaN is missing.

    Returns
    -------
    tuple of numpy.ndarray
        Posterior means of gamma and delta squared, shape ``(p,)`` each: a normal prior on the first, an inverse gamma
        on the second, both fitted to the genes by moments. A gene known in fewer than three samples takes the
        priors' means.
    """
    known = np.isfinite(z)
    n = known.sum(axis=0)
    enough = n >= FEWEST
    if enough.sum() < 2:
        raise InputError(f"{int(enough.sum())} genes are known in {FEWEST} samples of the batch: at least 2 are needed")
    filled = np.where(known, z, 0.0)
    mean = filled.sum(axis=0) / np.maximum(n, 1)
    variance = (np.where(known, z - mean, 0.0) ** 2).sum(axis=0) / np.maximum(n - 1, 1)
    centre, spread = mean[enough].mean(), mean[enough].var(ddof=1)
    level, width = variance[enough].mean(), variance[enough].var(ddof=1)
    shape = (2 * width + level**2) / width
    rate = (level * width + level**3) / width
    shift, scale = np.where(enough, mean, centre), np.where(enough, variance, level)
    for _ in range(_STEPS):
        last = shift, scale
        shift = (spread * n * mean + scale * centre) / (spread * n + scale)
        squares = np.where(known, (z - shift) ** 2, 0.0).sum(axis=0)
        scale = (0.5 * squares + rate) / (0.5 * n + shape - 1)
        if max(np.abs(shift - last[0]).max(), np.abs(scale - last[1]).max()) < _CLOSE:
            break
    return np.where(enough, shift, centre), np.where(enough, scale, level)
