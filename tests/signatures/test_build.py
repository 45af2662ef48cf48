"""Whole studies: planted truth, the locked cohort, what is refused, and the real cohorts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError, IntegrityError, UnknownNameError
from omics_rx.metrics import survival
from omics_rx.report import study as report
from omics_rx.signatures import assemble, nulls
from omics_rx.signatures.distill import NoSignalError
from omics_rx.signatures.recipes import StackedPatterns


def _row(study, cohort, role, method="signature"):
    table = study.table
    found = table[(table["cohort"] == cohort) & (table["role"] == role) & (table["method"] == method)]
    assert len(found) == 1
    return found.iloc[0]


def test_the_planted_genes_are_found_and_hold_outside(planted_study):
    signature = planted_study.signature
    assert set(signature.genes) == {f"XQ{i:03d}" for i in range(6)}
    assert all((signature.weights[f"XQ{i:03d}"] > 0) == (i < 3) for i in range(6))
    assert set(signature.patterns.values()) == {"pattern 0"}
    assert _row(planted_study, "c", "external")["lower"] > 0.6
    assert planted_study.null_p["c"] < 0.1
    assert signature.endpoint == "death"


def test_the_external_figure_is_that_of_the_signature_without_refit(planted_study, make_cohort):
    target = make_cohort(3)
    scored = planted_study.signature.score(target)
    by_hand = survival.concordance(target.obs["time"], target.obs["event"], scored["risk_score"])
    row = _row(planted_study, "c", "external")
    assert (row["concordance"], row["lower"], row["upper"]) == (by_hand.value, by_hand.lower, by_hand.upper)
    np.testing.assert_allclose(planted_study.scores["c"]["risk_score"], scored["risk_score"], atol=1e-9)


def test_the_external_outcome_shapes_nothing(planted_study, make_cohort, patterns):
    turned = make_cohort(3)
    turned.obs["time"] = turned.obs["time"].max() + 1 - turned.obs["time"]
    other = orx.signatures.build(
        patterns, {"a": make_cohort(1), "b": make_cohort(2, shift=3)}, external={"c": turned}, n_genes=6, n_null=0
    )
    assert other.signature.weights == planted_study.signature.weights
    assert other.signature.cutoffs == planted_study.signature.cutoffs
    assert _row(other, "c", "external")["concordance"] < 0.5  # no sign is flipped
    assert other.external_opened["c"]["sha256"] != planted_study.external_opened["c"]["sha256"]
    inside = planted_study.table["role"] != "external"
    same = other.table["role"] != "external"
    pd.testing.assert_frame_equal(
        other.table[same].reset_index(drop=True), planted_study.table[inside].reset_index(drop=True)
    )


def test_what_was_opened_is_written_down(planted_study):
    opened = planted_study.external_opened
    assert set(opened) == {"c"}
    assert len(opened["c"]["sha256"]) == 64
    assert opened["c"]["time"].startswith("20")
    assert planted_study.provenance.inputs["c"] == opened["c"]["sha256"]
    assert "Cox" in orx.cite(planted_study).methods


def test_discrimination_at_a_time_is_that_of_the_scores_kept(planted_study):
    scored = planted_study.scores["c"]
    row = _row(planted_study, "c", "external")
    for month in (36, 60):
        early = scored[(scored["time"] <= month) & scored["event"]]
        late = scored[scored["time"] > month]
        # Hung and Chiang's weights are one over the chance of not being censored by the time of the event
        followed = orx.metrics.curves.kaplan_meier(scored["time"], ~scored["event"]).set_index("time")["survival"]
        chance = [followed[followed.index < time].iloc[-1] if (followed.index < time).any() else 1.0
                  for time in early["time"]]  # fmt: skip
        ahead = np.sign(early["risk_score"].to_numpy()[:, None] - late["risk_score"].to_numpy()[None]).mean(axis=1)
        expected = np.average((ahead + 1) / 2, weights=1 / np.array(chance))
        assert row[f"auc_{month}"] == pytest.approx(expected, abs=1e-9)


def test_the_table_and_scores_are_whole(planted_study):
    roles = planted_study.table.groupby("role")["cohort"].agg(set).to_dict()
    assert roles == {"external": {"c"}, "cross-validated": {"a", "b"}, "left out": {"a", "b"}}
    assert set(planted_study.scores) == {"a", "b", "c"}
    for frame in planted_study.scores.values():
        assert list(frame.columns) == ["risk_score", "risk_group", "time", "event"]
        assert frame.notna().all().all()
    assert any("Events are few" in sentence for sentence in planted_study.limits)


def test_a_study_is_saved_whole(planted_study, tmp_path):
    planted_study.save(tmp_path)
    again = orx.signatures.load_study(tmp_path)
    pd.testing.assert_frame_equal(again.table, planted_study.table)
    pd.testing.assert_frame_equal(again.nulls, planted_study.nulls)
    for name, frame in planted_study.scores.items():
        pd.testing.assert_frame_equal(
            again.scores[name],
            frame,
            check_names=False,
            check_dtype=False,
            check_index_type=False,
            check_column_type=False,
        )
    assert again.signature.weights == planted_study.signature.weights
    assert again.limits == planted_study.limits
    assert again.provenance.as_dict() == planted_study.provenance.as_dict()
    data = bytearray((tmp_path / "study.orx").read_bytes())
    data[len(data) // 2] ^= 255
    (tmp_path / "study.orx").write_bytes(bytes(data))
    with pytest.raises(IntegrityError):
        orx.signatures.load_study(tmp_path)


def test_building_twice_gives_the_same(planted_study, make_cohort, patterns):
    again = orx.signatures.build(
        patterns, {"a": make_cohort(1), "b": make_cohort(2, shift=3)}, external={"c": make_cohort(3)}, n_genes=6,
        n_null=50, n_jobs=2,
    )  # fmt: skip
    pd.testing.assert_frame_equal(again.table, planted_study.table)
    pd.testing.assert_frame_equal(again.nulls, planted_study.nulls)


def test_genes_restrict_the_pool(make_cohort, patterns):
    allowed = ["XQ000", "XQ003", *[f"XQ{i:03d}" for i in range(10, 120)]]
    study = orx.signatures.build(patterns, {"a": make_cohort(1)}, genes=allowed, n_genes=3, n_null=0)
    assert {"XQ000", "XQ003"} <= set(study.signature.genes) <= set(allowed)
    assert "left out" not in set(study.table["role"])


def test_noise_is_no_signature_unless_it_is_to_be_told(make_cohort, patterns):
    cohorts = {name: make_cohort(at + 90, effect=0.0) for at, name in enumerate("ab")}
    outside = {"c": make_cohort(99, effect=0.0)}
    with pytest.raises(NoSignalError, match=r'no signature in these data.*without_signal="tell"'):
        orx.signatures.build(patterns, cohorts, external=outside, n_null=0)
    study = orx.signatures.build(patterns, cohorts, external=outside, n_null=0, without_signal="tell")
    told = study.signature.training["dealt_outcomes"]
    assert told["p_value"] > 0.05
    assert told["deals"] == 999
    assert study.limits[0].startswith("Noise would have done as well")
    assert _row(study, "c", "external")["lower"] < 0.5
    page = report.study_page(study)
    assert page.sections[0].blocks[0].text == study.limits[0]
    assert orx.signatures.build(patterns, cohorts, n_null=0, n_permutations=0).limits[0].endswith("was not tested.")
    with pytest.raises(UnknownNameError, match="refuse"):
        orx.signatures.build(patterns, cohorts, without_signal="no")


def test_a_signal_is_told_first(planted_study):
    assert planted_study.signature.training["dealt_outcomes"] == {"p_value": 0.001, "deals": 999}
    assert planted_study.limits[0].startswith("0.1% of 999 deals")


def _build(patterns, training, **more):
    return orx.signatures.build(patterns, training, n_null=0, **more)


def test_the_whole_recipe_over_random_genes_knows_less(make_cohort, patterns):
    settings = {"external": {"c": make_cohort(3)}, "n_genes": 6, "n_null": 0}
    pool = {"pattern 0": patterns["pattern 0"]}  # 20 of 120 genes: at random about one of the six that tell
    study = orx.signatures.build(pool, {"a": make_cohort(1)}, n_null_whole=4, **settings)
    row = _row(study, "c", "external", "random genes (4 whole recipes)")
    assert row["concordance"] < _row(study, "c", "external")["concordance"] - 0.02
    assert any("of 4 runs of the whole recipe over random genes" in text for text in study.limits)


def test_random_pools_keep_the_sizes_of_the_patterns(make_cohort, patterns, monkeypatch):
    seen = []

    class Watching(StackedPatterns):
        def fit(self, train, *, seed):
            seen.append({name: [train.positions[g] for g in genes] for name, genes in self.patterns.items()})
            return super().fit(train, seed=seed)

    members = assemble.prepare({"a": make_cohort(1)}, role="training")
    outside = assemble.prepare({"c": make_cohort(3)}, role="external")
    drawn = nulls.random_pools(assemble.training_set(members), outside, recipe=Watching(patterns), n_sets=2, seed=0)
    assert drawn.shape == (2, 1)
    assert [[len(at) for at in pools.values()] for pools in seen] == [[20] * 5] * 2
    assert sorted(seen[0]["pattern 0"]) != sorted(seen[1]["pattern 0"]) != list(range(20))


def test_endpoints_that_differ_are_refused_unless_said(make_cohort, patterns):
    training = {"a": make_cohort(1), "b": make_cohort(2, endpoint="relapse")}
    with pytest.raises(InputError, match=r'different endpoints \(a death, b relapse\).*endpoint="mixed"'):
        _build(patterns, training)
    with pytest.raises(InputError, match="different endpoints"):
        _build(patterns, {"a": make_cohort(1)}, external={"b": make_cohort(2, endpoint="relapse")})
    with pytest.raises(InputError, match="'death' was asked for"):
        _build(patterns, training, endpoint="death")
    study = _build(patterns, training, endpoint="mixed")
    assert study.signature.endpoint == "mixed"
    assert "different endpoints (a death, b relapse)" in " ".join(study.limits)


def test_patients_in_two_cohorts_are_refused(make_cohort, patterns):
    shared = make_cohort(1)
    other = make_cohort(2)
    mixed = other.copy()
    profiles = (shared.X[:7] - shared.X.mean(axis=0)) / shared.X.std(axis=0)
    mixed.X[:7] = profiles * other.X.std(axis=0) + other.X.mean(axis=0)  # the same tumours on the other platform
    with pytest.raises(InputError, match=r"7 tumours are in both a and b \(s1-0 = s2-0"):
        _build(patterns, {"a": shared, "b": mixed})
    with pytest.raises(InputError, match="tumours are in both a and c"):
        _build(patterns, {"a": shared, "b": other}, external={"c": mixed})
    renamed = make_cohort(1)
    renamed.var_names = [f"YQ{i:03d}" for i in range(120)]
    with pytest.raises(InputError, match="the same follow-up"):
        _build(patterns, {"a": shared, "b": renamed})


def test_the_copy_of_a_real_cohort_is_refused(gse4335, gse1992):
    copied = gse4335.copy()
    copied.obs_names = [f"other-{i}" for i in range(copied.n_obs)]
    with pytest.raises(InputError, match="gse4335 and copy have the same follow-up"):
        orx.signatures.build("cell_death", {"gse1992": gse1992, "gse4335": gse4335, "copy": copied}, endpoint="mixed")


def test_other_faults_are_refused(make_cohort, patterns):
    good = make_cohort(1)
    with pytest.raises(InputError, match="by name"):
        _build(patterns, {})
    with pytest.raises(UnknownNameError, match="cell_death"):
        _build("cell_deth", {"a": good})
    with pytest.raises(InputError, match="b: the cohort has no obs column time and event"):
        _build(patterns, {"a": good, "b": good.to_df()})
    silent = make_cohort(5)
    silent.obs["event"] = False
    with pytest.raises(InputError, match="b: no event was seen"):
        _build(patterns, {"a": good, "b": silent})
    backwards = make_cohort(5)
    backwards.obs.iloc[:3, 0] = -1.0
    with pytest.raises(InputError, match="b: 3 follow-up times are zero or negative"):
        _build(patterns, {"a": good, "b": backwards})
    foreign = make_cohort(5)
    foreign.var_names = [f"YQ{i:03d}" for i in range(120)]
    with pytest.raises(InputError, match="the cohorts share 0 genes"):
        _build(patterns, {"a": good, "b": foreign})
    with pytest.raises(InputError, match="both a training and an external cohort"):
        _build(patterns, {"a": good}, external={"a": make_cohort(2)})
    with pytest.raises(InputError, match="none of the 1 genes asked for"):
        _build(patterns, {"a": good}, genes=["ZZZ"])
    with pytest.raises(InputError, match="b has 8 samples"):
        _build(patterns, {"a": good, "b": make_cohort(4, 8)})


def test_follow_up_that_teaches_nothing_is_refused(make_cohort, patterns):
    single = make_cohort(5)
    single.obs["event"] = np.arange(120) == 7
    with pytest.raises(InputError, match="1 events in 120"):
        _build(patterns, {"a": single})
    early = make_cohort(5)  # everybody is lost before the first event, so no two patients can be compared
    early.obs["event"] = np.arange(120) < 30
    early.obs["time"] = np.where(np.arange(120) < 30, 50.0, 10.0 + np.arange(120) / 100)
    with pytest.raises(InputError, match=r"no two of \d+ samples can be compared|there is no signature"):
        _build(patterns, {"a": early})
    zero = make_cohort(5)
    zero.obs.iloc[:2, 0] = 0.0
    with pytest.raises(InputError, match="a: 2 follow-up times are zero or negative"):
        _build(patterns, {"a": zero})


def test_a_gene_that_does_not_vary_in_a_cohort_leaves_the_pool(make_cohort, patterns):
    flat = make_cohort(2)
    flat.X[:, 0] = 7.5
    study = _build(patterns, {"a": make_cohort(1), "b": flat}, n_genes=6)
    assert "XQ000" not in study.signature.genes
    assert "XQ001" in study.signature.genes


def test_samples_without_follow_up_are_left_out_and_counted(make_cohort, patterns):
    partial = make_cohort(2)
    partial.obs.iloc[:4, 0] = np.nan
    study = _build(patterns, {"a": make_cohort(1), "b": partial})
    assert len(study.scores["b"]) == 116
    assert "Samples without follow-up were left out: 4 of b." in study.limits


def test_missing_values_are_counted_and_a_gene_mostly_missing_leaves_the_pool(make_cohort, patterns):
    holed = make_cohort(2)
    holed.X[:30, 5] = np.nan
    holed.X[:5, 0] = np.nan
    study = _build(patterns, {"a": make_cohort(1), "b": holed}, n_genes=6)
    assert "XQ005" not in study.signature.genes
    assert any(sentence.startswith("5 training values") for sentence in study.limits)


@pytest.fixture(scope="module")
def real_study(gse1992, gse4335, gse3143):
    return orx.signatures.build(
        "cell_death", {"gse1992": gse1992, "gse4335": gse4335}, external={"gse3143": gse3143}, endpoint="mixed",
        n_null=100,
    )  # fmt: skip


def test_the_cell_death_index_on_real_cohorts(real_study):
    signature = real_study.signature
    assert len(signature.genes) == 12
    assert set(signature.patterns.values()) <= set(orx.scores.cell_death_sets())
    assert signature.weights["BCL2"] < 0  # a luminal gene of good prognosis
    assert 0.75 < signature.training["fidelity_to_full_model"] <= 1
    for cohort in ("gse1992", "gse4335"):
        assert 0.6 < _row(real_study, cohort, "cross-validated")["concordance"] < 0.8  # above would be a leak
    assert _row(real_study, "gse3143", "external")["concordance"] > 0.55
    assert real_study.external_opened.keys() == {"gse3143"}
    assert "relapse" in " ".join(real_study.limits)


def test_the_index_runs_on_a_cohort_of_another_platform(real_study, gse3143, shared_data):
    clinical = pd.read_csv(shared_data / "cohorts" / "scanb400_clin.csv.gz").set_index("title")
    expression = pd.read_csv(shared_data / "cohorts" / "scanb400_expr.csv.gz", index_col=0)
    scored = real_study.signature.score(expression)
    matched = clinical.loc[scored.index]
    found = survival.concordance(matched["overall_survival_days"].clip(lower=1), matched["overall_survival_event"],
                                 scored["risk_score"])  # fmt: skip
    assert found.value > 0.55
    basal = scored["risk_score"].groupby(matched["pam50_subtype"]).mean()
    assert basal["Basal"] > basal["LumA"]
