"""Reversal scores: by hand, against brute force and gseapy, and what must hold of any signature."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omics_rx.core.errors import InputError
from omics_rx.repurposing import reversal


def test_ks_by_hand():
    # 10 genes, at positions 1, 2 and 5: a = max(1/3 - .1, 2/3 - .2, 1 - .5) = .5, b = max(.1, .2 - 1/3, .5 - 2/3) = .1
    assert reversal.ks(np.array([[5, 1, 2]]), 10)[0] == pytest.approx(0.5)
    # at 6, 9 and 10: a = max(1/3 - .6, 2/3 - .9, 0) = 0, b = max(.6, .9 - 1/3, 1 - 2/3) = .6
    assert reversal.ks(np.array([[10, 6, 9]]), 10)[0] == pytest.approx(-0.6)


def test_weighted_enrichment_by_hand():
    # hits at 1 (weight 3) and 4 (weight 1) of 5: running sum .75, .4167, .0833, .3333, 0
    found = reversal.weighted_enrichment(np.array([[4, 1]]), np.array([[1.0, 3.0]]), 5)
    assert found[0] == pytest.approx(0.75)


def test_deviations_that_are_alike_are_no_enrichment_and_a_profile_turned_round_turns_the_score():
    # 1 and -1 of a set in the very middle of 21 steps: as far up as down
    z = np.arange(10.0, -11.0, -1)[None, :]
    middle = np.arange(9, 12)
    assert reversal.weighted_enrichment(reversal.positions(z)[:, middle], np.abs(z[:, middle]), 21)[0] == 0
    random = np.random.default_rng(5)
    for _ in range(50):
        z = np.round(random.normal(size=(1, 30)), 1)
        own = random.choice(30, size=5, replace=False)
        last, first = reversal._ends(z)
        turned_last, turned_first = reversal._ends(-z)
        one, two = (
            reversal.weighted_enrichment(a[:, own], np.abs(z[:, own]), 30, first=b[:, own])[0]
            for a, b in ((last, first), (turned_last, turned_first))
        )
        assert one == pytest.approx(-two, abs=1e-12)


def _running_sum(z, members):
    order = np.argsort(-z)
    hit = np.isin(order, members)
    steps = np.where(hit, np.abs(z[order]) / np.abs(z[members]).sum(), -1 / (len(z) - len(members)))
    walk = np.cumsum(steps)
    return walk[np.argmax(np.abs(walk))]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_enrichment_is_the_largest_deviation_of_the_running_sum(seed):
    random = np.random.default_rng(seed)
    z = random.normal(size=(3, 40))
    members = random.choice(40, size=random.integers(2, 12), replace=False)
    at = reversal.positions(z)[:, members]
    found = reversal.weighted_enrichment(at, np.abs(z[:, members]), 40)
    expected = np.array([_running_sum(row, members) for row in z])
    mirrored = np.array([_running_sum(-row, members) for row in z])
    decided = np.abs(np.abs(expected) - np.abs(mirrored)) > 1e-9  # else both sides are as far, and the score is 0
    assert np.abs(found)[decided] == pytest.approx(np.abs(expected)[decided])
    assert (np.sign(found) == np.sign(expected))[decided].all()


def test_enrichment_agrees_with_gseapy():
    import gseapy

    random = np.random.default_rng(5)
    genes = [f"g{i}" for i in range(300)]
    z = pd.Series(random.normal(size=300), index=genes)
    sets = {f"s{i}": list(random.choice(genes, 20 + i, replace=False)) for i in range(4)}
    table = gseapy.prerank(
        z, sets, weight=1.0, permutation_num=10, outdir=None, min_size=5, seed=1, threads=1, verbose=False
    ).res2d.set_index("Term")
    place = reversal.positions(z.to_numpy()[None, :])
    for name, members in sets.items():
        at = z.index.get_indexer(members)
        found = reversal.weighted_enrichment(place[:, at], np.abs(z.to_numpy()[None, at]), 300)[0]
        assert found == pytest.approx(float(table.loc[name, "ES"]), abs=1e-6)


def _profiles(seed, n_drugs=6, n_genes=120):
    random = np.random.default_rng(seed)
    genes = [f"g{i}" for i in range(n_genes)]
    return pd.DataFrame(random.normal(size=(n_drugs, n_genes)), columns=genes), pd.Series(
        random.normal(size=n_genes), index=genes
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_turning_the_disease_around_turns_every_score_around(seed):
    z, signature = _profiles(seed)
    profiles = reversal.Profiles.of(z, n_extreme=30)
    there, back = profiles.score(signature, n_genes=20), profiles.score(-signature, n_genes=20)
    for method in ("wtcs", "xsum", "cosine", "zhang", "rges"):
        assert np.allclose(there[method], -back[method])
    assert (np.sign(there["cmap_ks"]) == -np.sign(back["cmap_ks"])).all()


def test_a_drug_that_mirrors_the_disease_scores_lowest_and_one_that_copies_it_highest():
    z, signature = _profiles(0)
    z.loc["mirror"], z.loc["copy"] = -signature, signature
    scores = reversal.Profiles.of(z, n_extreme=40).score(signature, n_genes=30)
    assert (scores.idxmin() == "mirror").all()
    assert (scores.idxmax() == "copy").all()
    assert scores.loc["mirror", "cmap_ks"] == -1
    assert scores.loc["mirror", "cosine"] == pytest.approx(-1)
    assert reversal.consensus(scores).idxmin() == "mirror"


def test_zhang_reaches_one_only_in_the_same_order():
    signed = np.array([[5.0, -4.0, 3.0], [5.0, 4.0, 3.0], [-5.0, 4.0, -3.0]])
    query = np.array([3.0, -2.0, 1.0])
    largest = 5 * 3 + 4 * 2 + 3 * 1
    assert reversal.zhang(signed, query, 5).tolist() == pytest.approx([1.0, (15 - 8 + 3) / largest, -1.0])


def test_xsum_by_hand():
    genes = [f"g{i}" for i in range(60)]
    z = pd.DataFrame([np.arange(60, 0, -1.0) - 30.5], columns=genes)
    signature = pd.Series(-1e-9, index=genes).where(lambda s: s.index != "g0", 2.0)
    signature["g59"] = -3.0
    # the two most extreme on either side are kept: g0 (29.5), g1, g58, g59 (-29.5)
    assert reversal.Profiles.of(z, n_extreme=2).score(signature, n_genes=1)["xsum"].item() == pytest.approx(59.0)


def test_gene_order_does_not_matter():
    z, signature = _profiles(3)
    shuffled = z.columns[np.random.default_rng(0).permutation(z.shape[1])]
    here = reversal.Profiles.of(z).score(signature)
    there = reversal.Profiles.of(z[shuffled]).score(signature)
    pd.testing.assert_frame_equal(here, there)


def test_faults():
    z, signature = _profiles(0)
    with pytest.raises(InputError, match="share 0 genes"):
        reversal.Profiles.of(z).score(signature.rename(lambda g: f"x{g}"))
    with pytest.raises(InputError, match="0 down"):
        reversal.Profiles.of(z).score(signature.abs())
    with pytest.raises(InputError, match="1 perturbation profiles have missing"):
        reversal.Profiles.of(z.mask(z == z.iloc[2, 3]))
    with pytest.raises(InputError, match="share 3 genes"):
        reversal.Profiles.of(z.iloc[:, :3])


def test_lincs_sample_of_signature_search(shared_data):
    """Real signatures: a profile is connected to itself and reversed by its mirror in every score."""
    import h5py

    with h5py.File(shared_data / "perturbation" / "signatureSearch_sample_db.h5") as file:
        z = pd.DataFrame(file["assay"][()].astype(float))
    z = z if z.shape[0] < z.shape[1] else z.T
    z.columns = [f"g{i}" for i in z.columns]
    z = z.iloc[:30]
    own = z.iloc[4].rename(None)
    scores = reversal.Profiles.of(pd.concat([z, -z.iloc[[4]].rename(index={4: "mirror"})])).score(own)
    assert (scores.idxmax() == 4).all()
    assert (scores.idxmin() == "mirror").all()
