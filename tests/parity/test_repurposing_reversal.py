"""Reversal scores on real LINCS signatures against brute force, written from the papers and R signatureSearch's help.

Nothing here is shared with the package: each score walks down the list of one drug, gene by gene.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from omics_rx.repurposing import reversal

N_GENES, N_EXTREME = 60, 100


@pytest.fixture(scope="module")
def signatures(shared_data):
    """24 of the 100 drugs x 5,000 genes; values of two decimals tie, and ties have tests of their own."""
    import h5py

    with h5py.File(shared_data / "perturbation" / "signatureSearch_sample_db.h5") as file:
        values = file["assay"][()].astype(float)
        genes = [name.decode() for name in file["rownames"][0]]
    assert values.shape == (100, 5000)
    values += 1e-4 * np.random.default_rng(0).random(values.shape)
    return pd.DataFrame(values[:24], columns=genes, index=[f"d{i}" for i in range(24)])


@pytest.fixture(scope="module")
def query(signatures):
    random = np.random.default_rng(2)
    own = random.normal(size=5000) + 0.4 * signatures.iloc[3].to_numpy() - 0.3 * signatures.iloc[8].to_numpy()
    return pd.Series(own, index=signatures.columns)


@pytest.fixture(scope="module")
def scores(signatures, query):
    return reversal.Profiles.of(signatures, n_extreme=N_EXTREME).score(query, n_genes=N_GENES)


@pytest.fixture(scope="module")
def sides(query):
    ordered = query.sort_values(ascending=False)
    return list(ordered.index[:N_GENES]), list(ordered.index[-N_GENES:])


def _walked(profile: pd.Series, genes: list[str]) -> tuple[float, float]:
    """KS of Lamb et al. and weighted enrichment of Subramanian et al., gene by gene down the list."""
    listed = list(profile.sort_values(ascending=False, kind="stable").index)
    places = [i + 1 for i, gene in enumerate(listed) if gene in set(genes)]
    n, t = len(listed), len(places)
    a = max(j / t - v / n for j, v in enumerate(places, 1))
    b = max(v / n - (j - 1) / t for j, v in enumerate(places, 1))
    total = sum(abs(profile[gene]) for gene in genes)
    running, best = 0.0, 0.0
    members = set(genes)
    for gene in listed:
        running += abs(profile[gene]) / total if gene in members else -1 / (n - t)
        best = running if abs(running) > abs(best) else best
    return (a if a > b else -b), best


def test_the_walks(signatures, scores, sides):
    raw = {}
    for drug in signatures.index:
        (ks_up, es_up), (ks_down, es_down) = (_walked(signatures.loc[drug], side) for side in sides)
        raw[drug] = 0.0 if (ks_up > 0) == (ks_down > 0) else ks_up - ks_down
        expected = 0.0 if (es_up > 0) == (es_down > 0) else (es_up - es_down) / 2
        assert scores.loc[drug, "wtcs"] == pytest.approx(expected, abs=1e-9)
        assert scores.loc[drug, "rges"] == pytest.approx(ks_up - ks_down, abs=1e-9)
    high, low = max(raw.values()), min(raw.values())
    for drug, value in raw.items():
        assert scores.loc[drug, "cmap_ks"] == pytest.approx(value / high if value > 0 else -value / low, abs=1e-9)
    assert {np.sign(v) for v in raw.values()} == {-1, 0, 1}


def test_the_sums(signatures, scores, sides, query):
    up, down = sides
    order = [*up, *down]
    for drug in signatures.index:
        profile = signatures.loc[drug]
        ranked = profile.sort_values(ascending=False, kind="stable")  # rounded values tie
        kept = {*ranked.index[:N_EXTREME], *ranked.index[-N_EXTREME:]}
        xsum = sum(profile[g] for g in up if g in kept) - sum(profile[g] for g in down if g in kept)
        assert scores.loc[drug, "xsum"] == pytest.approx(xsum, abs=1e-9)
        x, y = profile[order], query[order]
        assert scores.loc[drug, "cosine"] == pytest.approx(float((x * y).sum() / np.sqrt((x**2).sum() * (y**2).sum())))
        strength = profile.abs().rank() * np.sign(profile)  # n for the largest change
        asked = y.abs().rank() * np.sign(y)
        n, m = len(profile), len(order)
        largest = sum((n - i) * (m - i) for i in range(m))
        assert scores.loc[drug, "zhang"] == pytest.approx(float((strength[order] * asked).sum()) / largest)


def test_what_was_mixed_in_is_found(scores):
    assert (scores.drop(columns="cmap_ks").idxmax() == "d3").all()
    assert (scores.drop(columns="cmap_ks").idxmin() == "d8").all()


def test_many_at_once_are_each_alone(signatures):
    random = np.random.default_rng(0)
    many = pd.DataFrame(random.normal(size=(7, 5000)), columns=signatures.columns, index=[f"p{i}" for i in range(7)])
    many.iloc[2, :4000] = np.nan
    profiles = reversal.Profiles.of(signatures)
    together = profiles.score_many(many, n_genes=80)
    for patient in many.index:
        alone = profiles.score(many.loc[patient].dropna(), n_genes=80)
        for method in reversal.METHODS:
            assert np.allclose(together[method][patient], alone[method], atol=1e-12)
