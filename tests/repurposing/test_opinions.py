"""LIME beside SHAP: equal where the score is linear, near it where it is not, and both say how steady they are."""

from __future__ import annotations

import numpy as np
import pytest

from omics_rx.repurposing import Ranker, learner, opinions


def test_a_linear_score_is_told_exactly():
    random = np.random.default_rng(0)
    samples = random.random((400, 3)) - 0.5
    slopes, at = np.array([2.0, -1.0, 0.0]), np.array([0.4, 0.3, -0.2])
    told, r2 = opinions.surrogate(5 + samples @ slopes, samples, at)
    assert told == pytest.approx(slopes * at)
    assert r2 == pytest.approx(1)


def test_the_surrogate_is_local():
    """A kink at 0: the slope found is that of the side where the drug stands."""
    samples = np.random.default_rng(1).random((5000, 1)) - 0.5
    score = np.maximum(samples[:, 0], 0.0)
    high, low = (opinions.surrogate(score, samples, np.array([at]))[0][0] / at for at in (0.45, -0.45))
    assert high > 0.6 > 0.4 > low > 0


def test_rank_correlation_is_spearmans():
    from scipy.stats import spearmanr

    random = np.random.default_rng(2)
    rows, one = random.integers(0, 5, (6, 8)).astype(float), random.normal(size=8)
    found = opinions._rank_correlations(rows, one)
    assert found == pytest.approx([spearmanr(row, one).statistic for row in rows])
    assert np.isnan(opinions._rank_correlations(rows[:, :2], one[:2])).all()
    assert np.isnan(opinions._rank_correlations(np.ones((1, 8)), one)).all()


def test_lime_is_shap_for_the_average_of_ranks(world):
    ranking = Ranker(rule="average").fit(world.model, world.cohort).rank("Basal")
    parts = ranking.explanations.set_index("drug_id")[ranking.kinds]
    found = ranking.opinions[ranking.kinds]
    known = found.notna()
    assert (found - parts).abs().max().max() < 1e-9
    assert (parts[~known].fillna(0.0) == 0).all().all()
    told = ranking.opinions["agreement"].dropna()
    assert told.min() > 0.99
    assert ranking.opinions["stability"].isna().all()


def test_learnt_curves_are_the_models_own_output(fitted):
    """Contribution by SHAP less the curve is the same constant for every drug of a group, kind by kind."""
    fit = fitted._fit
    kinds = [kind.name for kind in fitted.kinds_]
    places = learner.oriented_ranks(fitted._pairs[kinds], [kind.direction for kind in fitted.kinds_])
    told = np.isfinite(places)
    said = told.any(axis=0).sum()  # planted genes have no pathway, and no level in healthy tissue
    rows = np.flatnonzero((fit.group == fit.group[0]) & (told.sum(axis=1) == said))
    learnt = fit.contributions[:, rows].mean(axis=0) - learner.PRIOR * learner.averaged(places[rows])
    heights = fit.curves_at(places[rows])[fit.group[0]]
    known = told[rows].all(axis=0)
    assert known.sum() >= 5
    spread = (learnt - heights)[:, known].std(axis=0)
    assert len(rows) > 5
    assert spread.max() < 0.05 < np.ptp(heights[:, known], axis=0).max()


def test_agreement_and_stability_are_told(fitted):
    ranking = fitted.rank("Her2")
    assert set(ranking.opinions.index) == set(ranking.table.index)
    assert ranking.opinions["agreement"].median() > 0.8
    assert ranking.opinions["stability"].between(-1, 1).all()
    assert ranking.opinions["r2"].between(0.5, 1).all()
    told = ranking.explain(ranking.table.index[0])
    assert told.agreement == ranking.opinions["agreement"][told.drug_id]
    assert "LIME" in told.sentence
    expected = ranking.opinions.loc[told.drug_id, told.table.index]
    assert told.table["lime"].dropna().to_dict() == expected.dropna().to_dict()
