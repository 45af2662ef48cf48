"""Libraries of sets: roles change, signs stay."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError
from omics_rx.repurposing import reversal, reversal_sets

GENES = [f"G{i}" for i in range(400)]


def _sets(up, down):
    values = pd.Series(0.0, GENES)
    values[up], values[down] = 1.0, -1.0
    return values


@pytest.fixture(scope="module")
def disease():
    return pd.Series(np.linspace(3, -3, 400), GENES)


@pytest.fixture(scope="module")
def library():
    random = np.random.default_rng(0)
    mixed = random.permutation(GENES)
    return pd.DataFrame({
        "reverses": _sets(GENES[-60:], GENES[:60]), "mimics": _sets(GENES[:60], GENES[-60:]),
        "neither": _sets(list(mixed[:60]), list(mixed[60:120])), "one side": _sets(GENES[:60], []),
    }).T  # fmt: skip


def test_a_drug_that_lowers_what_the_disease_raises_is_below_0_and_its_mirror_above(library, disease):
    found = reversal_sets.score(library, disease)
    assert (found.loc["reverses"] < 0).all()
    assert found.loc["mimics"].to_numpy() == pytest.approx(-found.loc["reverses"].to_numpy())
    assert (found.loc["neither"].abs() < found.loc["mimics"].abs()).all()
    assert found.loc["one side"].isna().all()


def test_it_is_the_statistic_of_the_drugs_sets_in_the_profile_of_the_disease(library, disease):
    at = np.argsort(np.argsort(-disease.to_numpy())) + 1
    up, down = (at[(library.loc["neither"] == sign).to_numpy()][None, :] for sign in (1, -1))
    by_hand = reversal.ks(up, 400)[0] - reversal.ks(down, 400)[0]
    assert reversal_sets.score(library, disease).loc["neither", "rges"] == pytest.approx(by_hand)


def test_sets_are_told_from_profiles(library):
    assert reversal_sets.holds_sets(library)
    assert not reversal_sets.holds_sets(library + 0.1)
    assert not reversal_sets.holds_sets(pd.DataFrame(np.random.default_rng(1).normal(size=(3, 100))))


def test_sets_of_other_genes_are_refused(library, disease):
    with pytest.raises(InputError, match="gene symbols"):
        reversal_sets.score(library.rename(columns=lambda name: f"X{name}"), disease)
