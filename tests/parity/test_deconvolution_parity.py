"""Cell fractions against an independent implementation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core import cohort as cohorts
from omics_rx.core.exact import EXACT
from omics_rx.scores.kernels.fractions import constrained_fractions, svr_fractions, variability_weights

FOLDER = Path(__file__).parent / "data_deconvolution"
BOUND = "P6"  # the mixture without other cells


@pytest.fixture(scope="module")
def mixtures():
    frame = pd.read_csv(FOLDER / "mixtures.csv.gz", index_col="gene", **EXACT).T
    return cohorts.with_info(cohorts.as_cohort(frame), unit="TPM")


@pytest.fixture(scope="module")
def reference():
    both = pd.read_csv(FOLDER / "reference.csv.gz", index_col=0, header=[0, 1], **EXACT)
    profiles = both["profile"]
    mrna = pd.Series({name: 0.2 + 0.1 * place for place, name in enumerate(profiles.columns)} | {"other": 0.5})
    return orx.scores.CellReference(profiles, tuple(profiles.index[:170]), variability=both["sd"], mrna=mrna)


def told(method: str) -> pd.DataFrame:
    table = pd.read_csv(FOLDER / "iobrpy.csv", index_col="sample")
    return table[table["method"] == method].drop(columns="method").dropna(axis=1)


def test_quantiseq(mixtures):
    ours, theirs = orx.scores.deconvolve(mixtures).fractions, told("quantiseq")
    difference = np.abs(ours.to_numpy() - theirs.loc[ours.index].to_numpy()).max(axis=1)
    assert difference[ours.index != BOUND].max() < 1e-6


def test_epic(mixtures, reference):
    ours, theirs = orx.scores.deconvolve(mixtures, reference, method="epic").fractions, told("epic")
    assert list(ours.columns[:-1]) == list(theirs.columns[:-1])
    difference = np.abs(ours.to_numpy() - theirs.loc[ours.index].to_numpy()).max(axis=1)
    assert difference[ours.index != BOUND].max() < 1e-6


def test_cibersort(reference):
    """The solver stops at a tolerance of 1e-3: a change in the last bit of one value moves fractions by 1e-4."""
    markers = sorted(reference.markers)
    values = pd.read_csv(FOLDER / "mixtures.csv.gz", index_col="gene", **EXACT).loc[markers]
    found, _, _ = svr_fractions(values.T.to_numpy(), reference.profiles.loc[markers].to_numpy())
    expected = told("cibersort").loc[values.columns, reference.profiles.columns].to_numpy()
    assert np.abs(found - expected).max() < 1e-6


def test_where_the_bound_is_active_our_fit_is_the_better_one(mixtures, reference):
    """The projected solution obeys the bound too, so the true minimum cannot have the larger error."""
    frame = cohorts.expression(mixtures).loc[[BOUND]]
    common = [gene for gene in reference.profiles.index if gene in frame.columns]
    totals = reference.profiles.loc[common].sum()
    markers = list(reference.markers)
    profiles = (reference.profiles / totals * 1e6).loc[markers].to_numpy()
    weights = variability_weights(profiles, (reference.variability / totals * 1e6).loc[markers].to_numpy())
    target = (frame[markers].T / frame[common].sum(axis=1) * 1e6).T.to_numpy()
    ours = constrained_fractions(target, profiles, weights)[0]
    cells = told("epic").loc[BOUND]
    mrna = reference.mrna.to_numpy() * cells.to_numpy()
    theirs = (mrna / mrna.sum())[:-1]

    def error(fractions):
        return float((weights * (profiles @ fractions - target[0]) ** 2).sum())

    assert ours.sum() == pytest.approx(1.0)
    assert error(ours) < error(theirs)
