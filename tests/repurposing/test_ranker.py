"""The ranker: finds what was planted, sees no label of a drug or its relatives, and its explanations add up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from omics_rx.core.errors import InputError, NotFittedError, UnknownNameError
from omics_rx.metrics import ranking as figures
from omics_rx.repurposing import Ranker, learner
from omics_rx.repurposing.labels import SUBTYPES


@pytest.fixture
def quick(monkeypatch):
    """Fewer members: what is tested does not depend on their number."""
    monkeypatch.setattr(learner, "N_MEMBERS", 3)


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_planted_drugs_come_first_also_those_of_unlabelled_mechanisms(fitted, world, subtype):
    table = fitted.rank(subtype).table
    works = (world.works[table.index] == subtype).to_numpy()
    assert figures.auroc(works, table["score"]) > 0.95
    unlabelled = ~table.index.isin(fitted.labels_["drug_id"])
    assert figures.auroc(works[unlabelled], table["score"].to_numpy()[unlabelled]) > 0.95


def test_the_table_is_ordered_and_complete(fitted, world):
    ranking = fitted.rank("Her2")
    table = ranking.table
    assert table["rank"].tolist() == list(range(1, len(table) + 1))
    assert table["score"].is_monotonic_decreasing
    assert (table["rank_low"] <= table["rank"]).all()
    assert (table["rank"] <= table["rank_high"]).all()
    assert len(table) + len(ranking.unranked) == len(world.screen.drugs)
    assert table["rank_high"].max() <= len(table)
    assert set(table["known"].dropna()) == {"approved", "other_cancer"}
    assert fitted.learnt_
    assert any("20 tumours of 80 are Her2" in limit for limit in ranking.limits)
    assert any("of the breast is checked by columns" in limit for limit in ranking.limits)


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_explanations_add_up(fitted, subtype):
    ranking = fitted.rank(subtype)
    parts = ranking.explanations.set_index("drug_id")
    total = parts["base"] + parts[ranking.kinds].sum(axis=1)
    assert (total - parts["score"]).abs().max() < 1e-9
    assert (parts["score"] - ranking.table["score"]).abs().max() < 1e-9
    assert parts[ranking.kinds].abs().max().max() > 0.1


def test_the_score_is_the_mean_raw_output_of_the_boosters_that_saw_no_relative(fitted, monkeypatch):
    """The explanation is of LightGBM's own output, taken here from predict(raw_score=True) and not from shap."""
    raw: list[np.ndarray] = []
    values = learner.shap_values

    def spy(booster, places):
        start = learner.PRIOR * places.mean(axis=1)  # no evidence is missing here
        parts, level = values(booster, places)  # the level is the model's own and no part of a score
        raw.append(start + np.asarray(booster.predict(places, raw_score=True)) - level)
        return parts, level

    monkeypatch.setattr(learner, "shap_values", spy)
    monkeypatch.setattr(learner, "N_MEMBERS", 2)
    again = clone(fitted).fit(_model(fitted), _cohort(fitted))
    told = again._pairs.dropna(axis=1, how="all")  # kinds that say nothing of any planted drug are left out
    assert np.isfinite(told.to_numpy()).all()
    assert {"predicted_sensitivity", "measured_selectivity", "target_expression", "potency"} <= set(told)
    scores = again._fit.scores()
    assert sorted(np.concatenate(raw)) == pytest.approx(sorted(scores.ravel()), abs=1e-6)


def _model(fitted):
    return fitted._test_world.model


def _cohort(fitted):
    return fitted._test_world.cohort


@pytest.fixture(autouse=True)
def _attach(fitted, world):
    fitted._test_world = world


def _score(world, labels, drug, seed=1):
    ranker = Ranker(labels, seed=seed).fit(world.model, world.cohort)
    assert ranker.learnt_
    return {subtype: ranker.rank(subtype).table.loc[drug, "score"] for subtype in SUBTYPES}


def test_its_own_label_does_not_touch_a_drug(quick, world, labels):
    drug = "D000"
    before = _score(world, labels, drug)
    turned = labels.copy()
    mine = turned["drug"] == drug
    turned.loc[mine, "status"] = "failed"
    turned.loc[mine, "subtype"] = "Basal"
    gone = labels[~mine].reset_index(drop=True)
    for changed in (turned, gone):
        after = _score(world, changed, drug)
        assert max(abs(before[s] - after[s]) for s in SUBTYPES) < 1e-9


def test_a_relatives_label_does_not_touch_a_drug_but_a_strangers_does(quick, world, labels):
    # D001 is of the same mechanism as D000, D002 too and has no label; D004 is of another mechanism
    before = {drug: _score(world, labels, drug) for drug in ("D000", "D002")}
    for other, moves in (("D001", False), ("D004", True)):
        changed = labels.copy()
        changed.loc[changed["drug"] == other, "status"] = "failed"
        for drug, old in before.items():
            new = _score(world, changed, drug)
            moved = max(abs(old[s] - new[s]) for s in SUBTYPES)
            assert (moved > 1e-6) if moves else (moved < 1e-9)


def test_a_fit_is_deterministic_and_a_seed_matters(quick, world, labels):
    first, again = (Ranker(labels, seed=4).fit(world.model, world.cohort).rank("LumA") for _ in range(2))
    pd.testing.assert_frame_equal(first.table, again.table)
    other = Ranker(labels, seed=5).fit(world.model, world.cohort).rank("LumA")
    assert (first.table["score"] - other.table["score"]).abs().max() > 1e-6


def test_shuffled_labels_teach_nothing(quick, world, labels):
    """Cross-fitted scores against labels dealt to other mechanisms: chance, neither above nor far below."""
    found = []
    for seed in range(6):
        random = np.random.default_rng(seed)
        shuffled = labels.copy()
        classes = labels["mechanism"].unique()
        subtype = dict(zip(classes, random.permutation(labels.groupby("mechanism", sort=False)["subtype"].first()),
                           strict=True))  # fmt: skip
        shuffled["subtype"] = shuffled["mechanism"].map(subtype)
        shuffled = shuffled.drop_duplicates(["drug", "subtype"])
        ranker = Ranker(shuffled, seed=seed).fit(world.model, world.cohort)
        table = ranker.rank("Basal").table
        known = table[table["known"].eq("approved")].index
        rest = table.index[table.index.isin(ranker.labels_["drug_id"])]
        found.append(figures.auroc(rest.isin(known), table.loc[rest, "score"]))
    assert abs(np.mean(found) - 0.5) < 0.2


def test_missing_evidence_contributes_exactly_nothing(quick, world, labels):
    screen = world.screen
    drugs = screen.drugs.copy()
    drugs.loc["D090", ["targets", "mechanism"]] = None
    responses = screen.responses[~screen.responses["drug_id"].isin(["D090", "D091"])]
    prediction = world.model.predict(None)
    blind = prediction.preference.copy()
    blind["D091"] = np.nan
    model = _with(world, type(screen)(responses, screen.cells, drugs, "gaps"), blind)
    ranking = Ranker(labels).fit(model, world.cohort).rank("Basal")
    parts = ranking.explanations.set_index("drug_id")
    assert (parts.loc["D090", ["measured_sensitivity", "measured_selectivity", "target_expression"]] == 0).all()
    assert (parts.loc["D091", ["predicted_sensitivity", "predicted_selectivity"]] == 0).all()
    assert ranking.table.loc["D090", "target_expression"] != ranking.table.loc["D090", "target_expression"]
    assert "0 lines" in ranking.table.loc["D090", "warning"]
    assert "nothing known of" in ranking.explain("D090").sentence


def _with(world, screen, preference):
    from types import SimpleNamespace

    prediction = SimpleNamespace(preference=preference, reference="planted")
    return SimpleNamespace(screen_=screen, predict=lambda cohort: prediction)


def test_a_drug_without_any_evidence_is_listed_apart(quick, world, labels):
    screen = world.screen
    drugs = screen.drugs.copy()
    drugs.loc["D095", ["targets", "mechanism"]] = None
    responses = screen.responses[screen.responses["drug_id"] != "D095"]
    blind = world.model.predict(None).preference.copy()
    blind["D095"] = np.nan
    model = _with(world, type(screen)(responses, screen.cells, drugs, "gaps"), blind)
    ranking = Ranker(labels).fit(model, world.cohort).rank("Basal")
    assert ranking.unranked.index.tolist() == ["D095"]
    assert "no evidence" in ranking.unranked.loc["D095", "reason"]
    assert "D095" not in ranking.table.index
    with pytest.raises(InputError, match="drug 95 is not ranked: no evidence"):
        ranking.explain("drug 95")


def test_without_labels_the_rule_is_the_average_of_oriented_ranks(world):
    ranker = Ranker(labels=None, rule="average").fit(world.model, world.cohort)
    ranking = ranker.rank("LumB")
    assert not ranker.learnt_
    assert ranking.rule.startswith("Average of oriented ranks")
    table = ranking.table
    signs = ranking.evidence_info.loc[ranking.kinds, "direction"]
    places = (table[ranking.kinds] * signs).rank()
    expected = ((places - 1) / (places.count() - 1) - 0.5).mean(axis=1)
    assert (table["score"] - expected).abs().max() < 1e-12
    parts = ranking.explanations.set_index("drug_id")
    assert (parts["base"] + parts[ranking.kinds].sum(axis=1) - parts["score"]).abs().max() < 1e-12
    assert ranking.labels.empty
    assert any("No labels" in limit for limit in ranking.limits)


def test_too_few_labels_fall_back_and_say_so(world, labels):
    ranker = Ranker(labels.iloc[:6]).fit(world.model, world.cohort)
    assert not ranker.learnt_
    ranking = ranker.rank("Basal")
    assert "6 drugs of 3 mechanisms" in ranking.rule
    none = Ranker(labels=None, rule="average").fit(world.model, world.cohort).rank("Basal")
    pd.testing.assert_series_equal(ranking.table["score"], none.table["score"])


def test_extra_evidence_counts_in_its_direction(quick, world, labels):
    works = world.works.eq("Basal").astype(float) + world.random.normal(scale=0.1, size=len(world.works))
    extra = pd.DataFrame({"docking": -works.to_numpy()}, index=world.screen.drugs["name"])
    extra.attrs["direction"] = {"docking": -1}
    ranker = Ranker(labels=None).fit(world.model, world.cohort, extra={"Basal": extra})
    ranking = ranker.rank("Basal")
    assert ranking.evidence_info.loc["docking", "direction"] == -1
    parts = ranking.explanations.set_index("drug_id")["docking"]
    assert parts[world.works[parts.index] == "Basal"].min() > parts[world.works[parts.index] != "Basal"].max()
    assert ranker.rank("LumA").table["docking"].isna().all()
    assert any("given by the user" in limit for limit in ranking.limits)


def test_a_library_adds_reversal(quick, world):
    random = np.random.default_rng(0)
    genes = world.cohort.var_names
    rows = ["drug 1", "alias-2", "D003", "drug 1", "unknown"]
    library = pd.DataFrame(random.normal(size=(5, len(genes))), index=rows, columns=genes)
    up = [f"GENE{m}" for m in range(24) if m % 4 == 3]
    library.loc["D003", up] = -5.0
    library.loc["alias-2", up] = 5.0
    with pytest.MonkeyPatch.context() as patch:
        from omics_rx import harmonize

        symbols = pd.DataFrame({"symbol": genes}, index=genes)
        patch.setattr(harmonize, "current_symbols", lambda names: symbols.loc[names], raising=False)
        ranker = Ranker(labels=None).fit(world.model, world.cohort, library)
    ranking = ranker.rank("Basal")
    assert ranking.table["reversal"].notna().sum() == 3
    assert ranking.table.loc["D003", "reversal"] < 0 < ranking.table.loc["D002", "reversal"]
    assert ranking.evidence_info.loc["reversal", "coverage"] == pytest.approx(3 / 96)
    assert ranking.provenance.settings["library_rows_not_in_screen"] == ["unknown"]
    assert any("reversal of the subtype's expression (3% of" in limit for limit in ranking.limits)
    assert {"reversal_wtcs", "reversal_zhang"} <= set(ranking.evidence)


def test_a_fitted_ranker_changes_no_argument_and_clones(world, labels, quick):
    before = labels.copy()
    ranker = Ranker(labels, seed=7)
    assert ranker.fit(world.model, world.cohort) is ranker
    pd.testing.assert_frame_equal(labels, before)
    assert clone(ranker).get_params()["seed"] == 7
    with pytest.raises(NotFittedError, match="call fit"):
        clone(ranker).rank("Basal")
    with pytest.raises(NotFittedError, match="call fit"):
        clone(ranker).taught(None)


def test_a_tumour_without_a_call_is_on_neither_side(world):
    cohort = world.cohort.copy()
    others = np.flatnonzero(cohort.obs["subtype"] != "Basal")
    cohort.obs["subtype"] = cohort.obs["subtype"].astype(object)
    cohort.obs.iloc[others[:20], cohort.obs.columns.get_loc("subtype")] = None
    dropped = world.cohort[np.setdiff1d(np.arange(80), others[:20])].copy()
    column = "predicted_selectivity"
    here, there = (Ranker(None).fit(world.model, data).rank("Basal").evidence[column] for data in (cohort, dropped))
    assert np.allclose(here, there)


def test_teaching_anew_is_fitting_anew(quick, world, labels):
    first = Ranker(labels, seed=2).fit(world.model, world.cohort)
    taught = Ranker(None, seed=2).fit(world.model, world.cohort).taught(labels)
    pd.testing.assert_frame_equal(first.rank("Her2").table, taught.rank("Her2").table)
    assert first.rank("Her2").limits == taught.rank("Her2").limits


def test_faults(fitted, world, labels):
    with pytest.raises(UnknownNameError, match=r"'ER.' may be LumA or LumB"):
        fitted.rank("ER+")
    assert fitted.rank("basal-like").subtype == "Basal"
    with pytest.raises(UnknownNameError, match="is no subtype that is known"):
        fitted.rank("best")
    with pytest.raises(InputError, match=r"0 tumours are Normal and 80 are not .*LumA 20"):
        fitted.rank("Normal")
    with pytest.raises(InputError, match="labels is 'mine'"):
        Ranker("mine").fit(world.model, world.cohort)
    few = world.cohort[world.cohort.obs["subtype"].isin(["LumA", "LumB"]) | (np.arange(80) < 62)].copy()
    few = few[(few.obs["subtype"] != "Her2") | (np.arange(few.n_obs) < 42)].copy()
    assert (few.obs["subtype"] == "Her2").sum() == 2
    with pytest.raises(InputError, match="2 tumours are Her2"):
        Ranker(None).fit(world.model, few).rank("Her2")
    odd = world.cohort.copy()
    odd.obs["subtype"] = "ER+"
    with pytest.raises(InputError, match=r"80 obs.*may be LumA or LumB"):
        Ranker(None).fit(world.model, odd)


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (pd.DataFrame({"x": [1.0]}, index=["aspirin"]), "1 rows .* no drug .*aspirin"),
        (pd.DataFrame({"x": ["high"]}, index=["D000"]), "1 extra columns are text"),
        (pd.DataFrame({"reversal": [1.0]}, index=["D000"]), "named as a shipped kind"),
        (pd.DataFrame({"x": [1.0, 2.0]}, index=["D000", "drug 0"]), "1 drugs have several rows"),
    ],
)
def test_extra_evidence_that_cannot_be_used(world, extra, words):
    with pytest.raises(InputError, match=words):
        Ranker(None).fit(world.model, world.cohort, extra=extra)


def test_a_library_of_strangers_is_refused(world):
    library = pd.DataFrame(np.zeros((2, 60)), index=["aspirin", "water"], columns=[f"g{i}" for i in range(60)])
    with pytest.raises(InputError, match=r"none of the 2 rows .*aspirin"):
        Ranker(None).fit(world.model, world.cohort, library)


def test_coverage_tells_what_each_subtype_rests_on(fitted, labels):
    table = fitted.coverage()
    assert table["n_tumours"].to_dict() == dict.fromkeys(SUBTYPES, 20)
    assert table["n_lines"].to_dict() == {"LumA": 16, "LumB": 16, "Her2": 16, "Basal": 16}
    approved = labels[labels["status"] == "approved"]["subtype"].value_counts()
    assert table["n_working"].to_dict() == approved.reindex(SUBTYPES).to_dict()
    assert table.loc["Basal", "measured_selectivity"] == 1
    assert table["pathway_activity"].eq(0).all()


def test_lines_are_told_by_tissue_and_ancestry():
    from omics_rx.repurposing.limits import training_lines

    lines = pd.DataFrame({"tissue": ["lung"] * 5 + ["blood"] * 3 + ["skin"] * 2 + ["kidney"] * 2 + ["breast"] * 1
                          + [None] * 7})  # fmt: skip
    told = training_lines(lines)
    assert told == (
        "The response model learnt from 20 lines: tissue lung 25%, blood 15%, skin 10%, breast 5%, not known 35%; "
        "the ancestry of the donors is not known."
    )
    assert "ancestry of the donors European 50%, East Asian 50%" in training_lines(
        pd.DataFrame({"ancestry": ["European", "East Asian"]})
    )


def test_limits_name_the_lines(fitted):
    assert any("The response model learnt from 88 lines" in said for said in fitted.rank("Basal").limits)


def test_a_library_whose_genes_do_not_match_is_refused(world, monkeypatch):
    from omics_rx import harmonize

    def symbols(names):
        return pd.DataFrame({"symbol": [name if str(name).startswith("TP") else None for name in names]}, index=names)

    monkeypatch.setattr(harmonize, "current_symbols", symbols, raising=False)
    random = np.random.default_rng(0)
    strange = pd.DataFrame(random.normal(size=(2, 80)), index=["drug 1", "drug 2"],
                           columns=[f"probe_{i}" for i in range(80)])  # fmt: skip
    with pytest.raises(InputError, match="share 0 genes"):
        Ranker(labels=None).fit(world.model, world.cohort, strange)
    elsewhere = strange.set_axis([f"TP{i}" for i in range(80)], axis=1)  # known genes that the cohort lacks
    with pytest.raises(InputError, match=r"share 0 genes .*both gene symbols"):
        Ranker(labels=None).fit(world.model, world.cohort, elsewhere)


def test_a_drug_under_two_names_is_one_drug(world, labels):
    both = pd.DataFrame({"docking": [1.0, 2.0]}, index=["drug 1", "alias-1"])
    with pytest.raises(InputError, match=r"1 drugs have several rows .*D001"):
        Ranker(labels=None).fit(world.model, world.cohort, extra=both)
    row = {"subtype": "Basal", "mechanism": "x"}
    told = pd.DataFrame([{"drug": "drug 50", "status": "approved", **row}, {"drug": "alias-50", "status": "failed",
                                                                           **row}])  # fmt: skip
    with pytest.raises(InputError, match="contradict"):
        Ranker(pd.concat([labels, told], ignore_index=True)).fit(world.model, world.cohort)


def test_a_subtype_with_too_few_lines_has_no_measured_evidence_and_says_so(world):
    screen = world.screen
    her2 = screen.cells.obs_names[screen.cells.obs["breast_subtype"] == "Her2"]
    cells = screen.cells.copy()
    cells.obs.loc[her2[2:], "breast_subtype"] = None
    few = type(screen)(screen.responses, cells, screen.drugs, "few")
    ranking = (
        Ranker(labels=None, rule="average")
        .fit(_with(world, few, world.model.predict(None).preference), world.cohort)
        .rank("Her2")
    )
    assert ranking.table[["measured_sensitivity", "measured_selectivity"]].isna().all().all()
    assert ranking.table["warning"].str.contains("measured in 2 lines of the subtype").all()
    assert any("2 Her2 breast lines" in said for said in ranking.limits)
    assert any("measured selectivity for the subtype's lines (0% of" in said for said in ranking.limits)


def test_what_is_expected_of_lines_by_fits_that_had_not_seen_them_is_evidence(world):
    """Hand-worked: two drugs told apart by 3 sd of the whole between Her2 and the other breast lines, others level."""
    lines = world.screen.cells.obs["breast_subtype"]
    values = np.zeros((len(lines), 12)) + np.tile([0.0, 1.0], len(lines) // 2)[:, None]
    expected = pd.DataFrame(values, index=lines.index, columns=world.screen.drugs.index[:12])
    expected.loc[lines == "Her2", "D000"] -= 2.0
    model = _with(world, world.screen, world.model.predict(None).preference)
    assert "held_out_selectivity" not in Ranker(None).fit(model, world.cohort).rank("Her2").evidence
    model.held_out_ = expected
    ranking = Ranker(None, rule="average").fit(model, world.cohort).rank("Her2")
    z = (expected - expected.mean()) / expected.std()
    z = z.sub(z.mean(axis=1), axis=0)
    breast = lines.notna()
    wanted = z[breast & (lines == "Her2")].mean() - z[breast & (lines != "Her2")].mean()
    found = ranking.evidence["held_out_selectivity"]
    pd.testing.assert_series_equal(found[expected.columns], wanted, check_names=False)
    assert found.drop(expected.columns).isna().all()
    assert found.idxmin() == "D000"
    assert ranking.evidence_info.loc["held_out_selectivity", "role"] == "ranked"
