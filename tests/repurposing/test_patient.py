"""One patient: her own evidence, the same models, and no other result changed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError, UnknownNameError
from omics_rx.repurposing import Ranker, learner


@pytest.fixture(scope="module")
def plain(world):
    from omics_rx import harmonize

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(harmonize, "genes", lambda cohort, **_: cohort, raising=False)
        return Ranker(None, rule="average").fit(world.model, world.cohort)


def test_her_evidence_is_her_own(plain, world):
    ranking = plain.rank("T65", by="patient")
    own = world.model.predict(None).preference
    table = ranking.table
    assert table["predicted_sensitivity"].to_numpy() == pytest.approx(own.loc["T65", table.index].to_numpy())
    gene = pd.Series(world.cohort[:, "GENE3"].X.ravel(), index=world.cohort.obs_names)
    assert table.loc["D012", "target_expression"] == pytest.approx((gene["T65"] - gene.mean()) / gene.std(), abs=1e-5)
    basal = plain.rank("Basal").table
    assert np.allclose(table["measured_selectivity"], basal.loc[table.index, "measured_selectivity"])
    assert ranking.subtype == "patient T65"
    assert ranking.explain("drug 3").sentence.startswith("drug 3 ranks ")
    works = (world.works[table.index] == "Basal").to_numpy()
    assert table["rank"][works].mean() < table["rank"][~works].mean()


def test_the_models_are_those_of_the_subtypes(world, labels, monkeypatch):
    monkeypatch.setattr(learner, "N_MEMBERS", 2)
    ranker = Ranker(labels, seed=1).fit(world.model, world.cohort)
    before = ranker.rank("Basal").table
    ranking = ranker.rank("T65", by="patient")
    parts = ranking.explanations.set_index("drug_id")
    assert (parts["base"] + parts[ranking.kinds].sum(axis=1) - parts["score"]).abs().max() < 1e-9
    base = ranker.rank("Basal").explanations.set_index("drug_id")["base"]
    assert np.allclose(parts["base"], base[parts.index])
    pd.testing.assert_frame_equal(ranker.rank("Basal").table, before)


def test_faults(plain):
    with pytest.raises(UnknownNameError, match="unknown tumour 'T99'"):
        plain.rank("T99", by="patient")
    with pytest.raises(InputError, match="by is 'tumour'"):
        plain.rank("T65", by="tumour")
