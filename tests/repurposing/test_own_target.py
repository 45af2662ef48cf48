"""Drugs that hit the altered gene itself are told by pairs of that kind."""

import numpy as np
import pandas as pd
import pytest

from omics_rx.repurposing import event_effects
from omics_rx.repurposing.alterations import own_target
from omics_rx.repurposing.alterations.joint import VARIANCE, joint_effects


def test_a_pair_is_a_drug_and_an_event_of_its_target():
    events = pd.Index(["ERBB2_gain", "BCR-ABL1_fusion", "HLA-A_mut", "MSI"])
    drugs = pd.Index(["L", "I", "H", "none"])
    inside = own_target.hits(events, drugs, {"L": ["EGFR", "ERBB2"], "I": ["ABL1", "KIT"], "H": ["HLA-A"]})
    assert np.argwhere(inside).tolist() == [[0, 0], [1, 1], [2, 2]]
    assert own_target.hits(events[:0], drugs, {}).shape == (0, 4)


def planted(n: int, kind: str) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    names = [f"G{i}_{kind}" for i in range(n)]
    error = random.uniform(0.05, 0.3, size=(n, n))
    true = np.where(np.eye(n, dtype=bool), -0.4 + 0.2 * random.normal(size=(n, n)), 0.0)
    return pd.DataFrame(true + error * random.normal(size=(n, n)), names), error**2, np.eye(n, dtype=bool)


def test_mean_and_variance_of_such_pairs_are_found():
    mean, variance = own_target.priors(*planted(400, "mut"))
    own = np.eye(400, dtype=bool)
    assert mean[own] == pytest.approx(-0.4, abs=0.03)
    assert variance[own] == pytest.approx(0.04, abs=0.01)
    assert not mean[~own].any()
    assert not variance[~own].any()


@pytest.mark.parametrize(("n", "kind"), [(own_target.FEWEST - 1, "mut"), (60, "loss"), (60, "germline")])
def test_few_pairs_and_other_kinds_tell_nothing(n, kind):
    mean, variance = own_target.priors(*planted(n, kind))
    assert not mean.any()
    assert not variance.any()


def test_joint_effects_with_a_prior_are_those_solved_directly():
    random = np.random.default_rng(1)
    events = (random.random((80, 3)) < 0.4).astype(float)
    values = random.normal(size=(80, 2))
    values[random.random(values.shape) < 0.2] = np.nan
    mean, wider = np.array([[-0.3, 0.0], [0.0, 0.0], [0.0, 0.2]]), np.array([[0.1, 0.0], [0.0, 0.0], [0.0, 0.05]])
    found = joint_effects(values, events, np.eye(2), mean=mean, wider=wider)
    carried = events - events.mean(axis=0)
    for drug in range(2):
        seen = np.isfinite(values[:, drug])
        own, prior = carried[seen], np.diag(VARIANCE + wider[:, drug])
        left = values[seen, drug] - own @ mean[:, drug]
        direct = mean[:, drug] + prior @ own.T @ np.linalg.solve(own @ prior @ own.T + np.eye(seen.sum()), left)
        np.testing.assert_allclose(found[:, drug], direct, rtol=1e-3, atol=1e-4)


def world(seed: int = 2) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series, pd.DataFrame]:
    """Thirty genes, each mutated in a tenth of the lines and hit by one drug, which then works."""
    random = np.random.default_rng(seed)
    lines, genes = [f"L{i}" for i in range(300)], [f"GENE{i}" for i in range(30)]
    events = pd.DataFrame((random.random((300, 30)) < 0.1).astype(float), lines, [f"{gene}_mut" for gene in genes])
    events["GENE0_mut"] = 0.0
    events.iloc[:6, 0] = 1.0
    drugs = pd.DataFrame({"name": genes, "targets": genes}, index=[f"D{i}" for i in range(30)])
    values = pd.DataFrame(random.normal(size=(300, 30)) - 1.0 * events.to_numpy(), lines, drugs.index)
    return values, events, pd.Series("breast", index=lines, dtype=object), drugs


def test_few_altered_lines_are_drawn_towards_what_such_alterations_do():
    values, events, tissue, drugs = world()
    told = event_effects(values, events, tissue=tissue, drugs=drugs)
    alone = event_effects(values, events, tissue=tissue, drugs=drugs.drop(columns="targets"))
    assert told.expected[0, 0] < -0.5
    own = told.of("GENE0_mut")
    assert own["effect"].idxmin() == "D0"
    assert own.loc["D0", "effect"] < alone.of("GENE0_mut").loc["D0", "effect"]
    assert own.loc["D0", "lower"] < own.loc["D0", "effect"] < own.loc["D0", "upper"]
    pd.testing.assert_series_equal(own["difference"], alone.of("GENE0_mut")["difference"])


def test_a_few_very_sensitive_lines_do_not_lift_the_mean():
    found = []
    for seed in range(8):
        _, events, tissue, drugs = world(seed)
        skewed = -(np.random.default_rng(seed).exponential(size=(300, 30)) ** 2)
        values = pd.DataFrame(skewed, events.index, drugs.index)
        found.append(event_effects(values, events, tissue=tissue, drugs=drugs).expected[1, 1])
    assert abs(np.mean(found)) < 0.06


def test_events_dealt_to_other_lines_expect_nothing():
    found = []
    for seed in range(8):
        values, events, tissue, drugs = world(seed)
        dealt = events.set_axis(np.random.default_rng(seed).permutation(events.index)).reindex(events.index)
        found.append(event_effects(values, dealt, tissue=tissue, drugs=drugs).expected[1, 1])
    assert abs(np.mean(found)) < 0.06
