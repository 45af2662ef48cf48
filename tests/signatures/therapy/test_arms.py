"""Arms of a trial: planted benefit found, permuted arms silent, the worth of a rule worked by hand, what is refused."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from omics_rx import report, signatures
from omics_rx.core.errors import InputError, IntegrityError, UnknownNameError
from omics_rx.signatures import sealed
from omics_rx.signatures.therapy import arm_model, assignment, interactions, regimens, rule
from omics_rx.signatures.therapy.building import pooled
from omics_rx.signatures.therapy.reading import usable

FAST = {"n_permutations": 0, "n_folds": 3, "progress": False}
ONCE = {"n_repeats": 1}


def made_trial(seed=0, n=450, *, benefit=2.2):
    """Receptors, an immune score, a repair score and noise; pembro helps where immune is high, vc where repair is."""
    random = np.random.default_rng(seed)
    hr, her2 = random.integers(0, 2, n), (random.random(n) < 0.3).astype(int)
    immune, repair = random.normal(size=n), random.normal(size=n)
    arm = np.where(
        her2 == 1,
        random.choice(["Ctr", "N"], n),
        random.choice(["Ctr", "Pembro", "VC", "N"], n, p=[0.3, 0.3, 0.25, 0.15]),
    )
    odds = -0.9 - 0.8 * hr + 0.5 * immune + 0.3 * her2
    odds = odds + benefit * (immune * (arm == "Pembro") + repair * (arm == "VC")) + 0.3 * (arm != "Ctr")
    table = pd.DataFrame(
        {
            "arm": arm, "pcr": (random.random(n) < 1 / (1 + np.exp(-odds))).astype(int), "hr": hr, "her2": her2,
            "immune": immune, "repair": repair,
            **{f"noise{k}": random.normal(size=n) for k in range(8)},
            "class": np.where(immune > 0, "immune+", np.where(repair > 0, "repair+", "neither")),
        },
        index=[f"P{seed}-{at:03d}" for at in range(n)],
    )  # fmt: skip
    table.loc[table.index[::3], "noise3"] = np.nan
    return table


SCORES = ["immune", "repair", *(f"noise{k}" for k in range(8))]
MODALITIES = {"receptors": ["hr", "her2"], "arm": ["arm"], "rna": SCORES}


def build(table, **settings):
    therapy = {"modalities": MODALITIES, **ONCE, **settings.pop("therapy", {})}
    asked = {"outcome": "pcr", "treatment": "arm", "control": "Ctr", **FAST, **settings}
    return signatures.build("therapy", {"a": table}, therapy=therapy, **asked)


def trial_of(table, control="Ctr"):
    one, named = assignment.assigned(
        "a", table, outcome="pcr", treatment="arm", control=control, within="receptor groups", arms=None,
        modalities={name: [c for c in own if c != "arm"] for name, own in MODALITIES.items() if own != ["arm"]},
    )  # fmt: skip
    kinds, _ = usable([one.patients])
    return assignment.trial_of([one], pooled([one.patients], kinds), named)


@pytest.fixture(scope="module")
def trial_study():
    expected = {"Pembro": "immune", "VC": ["repair"]}
    return build(made_trial(), external={"b": made_trial(7, 300)}, therapy={"expected": expected})


def test_planted_benefit_is_found_and_told_apart_from_prognosis(trial_study):
    own = trial_study.predictive
    first = own[own["family"] == "expected"].set_index("feature")
    assert list(first.loc[["immune", "repair"], "arm"]) == ["Pembro", "VC"]
    assert (first["verdict"] == interactions.BENEFIT).all()
    assert (first["shrunk_lower"] > 1).all()
    noise = own[own["feature"].str.startswith("noise") | ((own["arm"] == "N") & (own["group"] == "all"))]
    assert not noise["verdict"].isin([interactions.BENEFIT, interactions.LESS]).any()
    assert trial_study.prognostic.set_index("feature").loc["immune", "q_value"] < 0.05
    assert (own.loc[own["q_value"].notna(), "q_value"] >= own.loc[own["q_value"].notna(), "p_value"] - 1e-12).all()


def test_interactions_move_the_chances_of_patients_never_seen(trial_study):
    gains = trial_study.gains.set_index(["role", "against"])["difference"]
    assert gains[("nested", "without interactions")] > 0.03
    assert gains[("external", "without interactions")] > 0.03
    row = trial_study.calibration.query("role == 'external' and method == 'signature'").iloc[0]
    assert row["slope_lower"] < 1.1
    assert row["slope_upper"] > 0.9
    within = trial_study.table.query("method == 'signature'").set_index("role")["within"]
    assert (within > 0.65).all()


def test_a_rule_by_planted_benefit_is_worth_more_than_the_best_arm_by_receptors(trial_study):
    found = trial_study.rule("class")
    gain = found.gains.set_index("against")
    assert gain.loc["best arm by group", "robust_lower"] > 0
    assert gain.loc["class", "robust"] > -0.08
    own = found.table.set_index("policy")
    assert own.loc["rule", "robust"] > own.loc["arms as given", "value"] + 0.1
    assert set(found.arms["named"]) <= {"Ctr", "Pembro", "VC", "N"}
    assert not found.arms.query("group == 'HR-HER2+'")["named"].isin(["Pembro", "VC"]).any()


def test_the_ladder_adds_the_arm_where_its_modality_stands(trial_study):
    assert list(trial_study.ladder["added"]) == ["receptors", "arm", "rna"]
    last = trial_study.table.query("role == 'nested' and method == 'signature'")["auc"].iloc[0]
    assert trial_study.ladder["auc"].iloc[-1] == pytest.approx(last)


def test_permuted_arms_show_no_interaction_and_a_rule_worth_no_more_than_the_best_arm():
    table = made_trial(3)
    random = np.random.default_rng(5)
    table["arm"] = table.groupby(["hr", "her2"])["arm"].transform(lambda own: random.permutation(own.to_numpy()))
    found = build(table)
    assert not found.predictive["verdict"].isin([interactions.BENEFIT, interactions.LESS]).any()
    gain = found.rule().gains.set_index("against").loc["best arm by group"]
    assert gain["robust_lower"] < 0.02
    assert abs(gain["robust"]) < 0.1


def test_the_value_of_a_rule_is_that_worked_by_hand():
    patients = pd.DataFrame(
        {
            "group": ["g"] * 10 + ["h"] * 5,
            "arm": list("aaaaabbbbb") + ["a"] * 5,
            "outcome": [1, 0, 0, 0, 0, 1, 1, 1, 0, 0] + [1] * 5,
        }
    )
    chances = np.zeros((1, 15, 2))
    chances[:, :5, 1] = 0.6  # the first five are told b, which they had not; the second five b, which they had
    chances[:, 5:10, 1] = 0.6
    chances[..., 0] = 0.2
    record = rule.Record(patients, ("a", "b"), ("g", "h"), np.arange(15)[None] % 5, chances)
    found = rule.judge(record)
    row = found.table.set_index("policy").loc["rule"]
    assert (row["n"], row["agree"]) == (10, 5)
    assert row["value"] == pytest.approx(3 / 5)
    assert row["robust"] == pytest.approx(0.6 + (3 - 5 * 0.6) * 2 / 10)
    assert found.table.set_index("policy").loc["arms as given", "value"] == pytest.approx(0.4)
    assert found.arms["named"].iloc[10:].isna().all()
    assert any("no choice of arms" in text for text in found.limits)


def test_the_best_arm_by_group_is_learnt_on_other_patients():
    patients = pd.DataFrame({"group": "g", "arm": ["a", "b"] * 20, "outcome": [0, 1] * 20})
    record = rule.Record(patients, ("a", "b"), ("g",), np.arange(40)[None] % 4, np.full((1, 40, 2), 0.5))
    table = rule.judge(record).table.set_index("policy")
    assert table.loc["best arm by group", "value"] == pytest.approx(1.0)
    assert table.loc["control", "value"] == pytest.approx(0.0)


def test_an_odds_ratio_is_firths_and_its_p_that_of_the_penalised_likelihood():
    # 2 x 2 with an empty cell: Firth's estimate is the log odds ratio of the counts plus a half
    x = np.repeat([1.0, 0.0], 20)
    y = np.r_[np.ones(20), np.ones(8), np.zeros(12)].astype(bool)
    found = interactions.effect(np.column_stack([x, np.ones(40)]), y)
    assert found.log == pytest.approx(np.log((20.5 / 0.5) / (8.5 / 12.5)), abs=1e-4)
    assert found.lower > 0
    assert 1e-6 < found.p_value < 1e-3
    assert np.isfinite(found.upper)


@pytest.mark.parametrize("error", [0.2, 0.5])
def test_shrinkage_finds_the_variance_of_true_effects_and_none_in_noise(error):
    random = np.random.default_rng(0)
    errors = np.full(2000, error)
    assert interactions.spread(random.normal(0, 0.6, 2000) + random.normal(0, errors), errors) == pytest.approx(
        0.36, rel=0.15
    )
    assert interactions.spread(random.normal(0, errors * 0.99), errors) < 0.01


def test_arms_that_do_the_same_to_everybody_leave_no_interaction_in_the_model():
    plain, planted = (arm_model.fit(trial_of(made_trial(2, benefit=b)), seed=0) for b in (0.0, 2.2))
    assert plain.variances[arm_model.ARM_FEATURE] < 0.02 < planted.variances[arm_model.ARM_FEATURE]
    spread = np.abs(plain.slopes - plain.slopes[0]).max()
    assert spread < 0.3 < np.abs(planted.slopes - planted.slopes[0]).max()


def test_a_signature_gives_each_arm_a_chance_or_says_that_nobody_knows(trial_study, tmp_path):
    table = made_trial(9, 30).drop(columns=["pcr"])
    scored = trial_study.signature.score(table)
    her2 = scored["group"].str.endswith("HER2+")
    assert scored.loc[her2, "chance: Pembro"].isna().all()
    assert scored.loc[~her2, "chance: Pembro"].between(0, 1).all()
    assert (scored["lower: Ctr"] < scored["chance: Ctr"]).all()
    assert (scored["chance: Ctr"] < scored["upper: Ctr"]).all()
    own = np.array([row[f"chance: {row['arm']}"] for _, row in scored.iterrows()])
    np.testing.assert_allclose(scored["probability"], own)
    alone = trial_study.signature.score(table.iloc[[4]])
    pd.testing.assert_frame_equal(alone, scored.iloc[[4]])
    again = signatures.load(trial_study.signature.save(tmp_path / "arms.json"))
    pd.testing.assert_frame_equal(again.score(table), scored, rtol=1e-4)
    text = (tmp_path / "arms.json").read_text()
    (tmp_path / "bad.json").write_text(text.replace('"control": "Ctr"', '"control": "N"'))
    with pytest.raises(IntegrityError, match="not as it was saved"):
        signatures.load(tmp_path / "bad.json")


@pytest.mark.parametrize(
    ("field", "value"),
    [("arms", ["Ctr"]), ("arms", "Ctr"), ("control", "N"), ("level", [[0.0]]), ("slopes", [["a"]]), ("counts", None),
     ("prognosis", [[1.0]]), ("benefit", [[[1.0]]]), ("within", 3), ("variances", []), ("groups", []),
     ("called", {"x": "y"}), ("cutoff", 2.0), ("features", []), ("treatment", "")],
)  # fmt: skip
def test_a_signature_that_is_not_whole_is_refused_though_its_hash_fits(trial_study, field, value):
    content = json.loads(trial_study.signature.to_json()) | {field: value}
    content["sha256"] = sealed.digest(content)
    with pytest.raises(IntegrityError, match="not whole"):
        signatures.TreatmentSignature.from_json(json.dumps(content))


def test_what_a_patient_lacks_is_told_and_widens_what_is_known(trial_study):
    table = made_trial(9, 30).drop(columns=["pcr", "arm"])
    whole = trial_study.signature.chances(table)
    bare = trial_study.signature.chances(table.drop(columns=["repair"]))
    assert bare.attrs["notes"][0].endswith("features are not there: repair.")
    vc = whole["arm"] == "VC"
    wide, narrow = (one.loc[vc, "upper"] - one.loc[vc, "lower"] for one in (bare, whole))
    assert wide.mean() > narrow.mean()
    table.loc[table.index[0], "hr"] = np.nan
    assert trial_study.signature.score(table)["reason"].iloc[0] == "her receptor group is not on record"
    with pytest.raises(InputError, match="can be scored"):
        trial_study.signature.score(table[["hr", "her2"]], min_coverage=0.9)


def test_a_new_patient_of_an_arm_or_kind_that_the_trial_had_not(trial_study):
    table = made_trial(9, 6).drop(columns=["pcr"])
    table["arm"] = ["pembro ", "Unheard-of", None, "ctr", "N", "VC"]  # as nobody wrote them in training
    table["her2"] = [0, 0, 0, 0, 1, 1]
    found = trial_study.signature.score(table)
    assert list(found["arm"].isna()) == [False, True, True, False, False, False]
    assert "none of this trial" in found["reason"].iloc[1]
    assert "nobody knows" in found["reason"].iloc[5]
    assert np.isnan(found["probability"].iloc[5])


def test_a_study_and_a_patient_have_a_page_and_a_file(trial_study, tmp_path):
    text = report.write(trial_study, tmp_path / "study.html").read_text(encoding="utf-8")
    for words in ("Who benefits from which arm?", "What is choosing an arm by it worth?", "<svg", "Pembro"):
        assert words in text
    patient = trial_study.signature.patient(made_trial(9, 30), "P9-004")
    page = report.write(patient, tmp_path / "patient.html").read_text(encoding="utf-8")
    assert "Her chance under each arm" in page
    silent = dataclasses.replace(patient, table=patient.table.assign(chance=np.nan, reason="nobody knows"))
    assert "Nobody knows" in report.write(silent, tmp_path / "p.html").read_text(encoding="utf-8")
    again = signatures.load_treatment_study(trial_study.save(tmp_path / "study.orx"))
    pd.testing.assert_frame_equal(again.rule("class").table, trial_study.rule("class").table)
    pd.testing.assert_frame_equal(again.predictive, trial_study.predictive)
    with pytest.raises(UnknownNameError, match="column of classes"):
        trial_study.rule("clas")


def test_the_order_of_patients_and_columns_changes_nothing():
    table = made_trial(4, 200)
    mixed = table.sample(frac=1, random_state=1)[list(reversed(table.columns))]
    one, two = build(table), build(mixed)
    pd.testing.assert_frame_equal(one.table, two.table, check_exact=False, rtol=1e-5)
    pd.testing.assert_frame_equal(one.rule().table, two.rule().table, check_exact=False, rtol=1e-5)


SPELLINGS = [
    ("Paclitaxel + Trebananib", "trebananib and paclitaxel"),
    ("Carboplatin AUC 6 + Paclitaxel 80 mg/m2", "Paclitaxel/carboplatin"),
    ("paclitaxel 80 mg/m\u00b2 weekly x12; MK-2206", "MK2206 + Paclitaxel"),
    ("Veliparib dihydrochloride + Carboplatinum", "carboplatin, veliparib"),
    ("Herceptin + Taxol", "paclitaxel with trastuzumab"),
    ("  Ctr", "CTR"),
    ("Arm-A", "arm a"),
    ("T-DM1 + pertuzumab", "Pertuzumab & TDM1"),
    ("paclitaxel qw for 12 weeks", "Paclitaxel"),
    ("neratinib 240 mg po daily + paclitaxel", "Paclitaxel + neratinib maleate"),
]


@pytest.mark.parametrize(("one", "two"), SPELLINGS)
def test_a_regimen_is_one_arm_however_it_is_written(one, two):
    assert regimens.key(one) == regimens.key(two)


@pytest.mark.parametrize(
    ("one", "two"),
    [("paclitaxel", "docetaxel"), ("paclitaxel + trastuzumab", "paclitaxel"), ("T-DM1", "trastuzumab"),
     ("arm 1", "arm 2"), ("A", "B"), ("carboplatin", "cisplatin"), ("arm A", "arm B"), ("1", "2"),
     ("paclitaxel + placebo", "paclitaxel + pembrolizumab"), ("trastuzumab emtansine", "trastuzumab")],
)  # fmt: skip
def test_other_regimens_are_other_arms(one, two):
    assert regimens.key(one) != regimens.key(two)


@pytest.mark.parametrize("kind", [str, object, "category", "string", int, float])
def test_an_arm_is_one_whatever_type_holds_it(kind):
    arms = pd.Series([0, 1, 2, 1, 0, 1, 2, 0, None][:8] * 5)
    if kind in (int, float):
        given, control = arms.astype(kind), 0
    else:
        given, control = arms.map({0: "Ctr", 1: "A + B", 2: "b and a"}).astype(kind), "ctr"
    arm, named, told = regimens.read(given, name="arm", control=control)
    assert named == ("0" if kind in (int, float) else "Ctr")
    assert arm.nunique() == (3 if kind in (int, float) else 2)
    assert bool(told) == (kind not in (int, float))


def test_free_text_arms_are_joined_and_told():
    table = made_trial(1, 240)
    rows = np.flatnonzero(table["arm"] == "VC")
    table.iloc[rows[::2], 0] = "Veliparib 50 mg bid + carboplatin AUC 6"
    table.iloc[rows[1::2], 0] = "carboplatin and veliparib"
    found = build(table)
    assert len(found.signature.arms) == 4
    assert any("was read as" in text for text in found.limits)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda t: t.assign(arm=t["pcr"].map({1: "works", 0: "fails"})), "outcome under another name"),
        (lambda t: t.assign(arm=t["immune"]), "measurements"),
        (lambda t: t.assign(arm=t.index), "arms are few"),
        (lambda t: t.assign(arm="Ctr"), "two arms are needed"),
        (lambda t: t.assign(arm=np.where(np.arange(len(t)) < 3, "Pembro; VC", t["arm"])), "3 patients have two arms"),
        (lambda t: t.assign(arm=np.where(np.arange(len(t)) < 2, "VC then N", t["arm"])), "2 patients have two arms"),
        (lambda t: t.assign(arm=np.where(np.arange(len(t)) < 2, "VC|Ctr", t["arm"])), "2 patients have two arms"),
        (lambda t: t.assign(arm=np.where(t["arm"] == "N", np.where(t["hr"] == 1, "nerat 240 mg", "nerat 160 mg"),
                                         t["arm"])), "one regimen at 2 doses"),
        (lambda t: pd.concat([t, t.iloc[:2].assign(arm="N")]), "patients come twice"),
        (lambda t: t.drop(columns="her2"), "hormone receptors and HER2"),
        (lambda t: t.assign(her2=np.where(t["her2"] == 1, "equivocal", "0")), "neither positive nor negative"),
        (lambda t: t.assign(her2_status=t["her2"]), "may tell HER2"),
        (lambda t: t.drop(columns="arm"), "column for treatment"),
    ],
)  # fmt: skip
def test_bad_arms_are_refused_in_words(spoil, words):
    with pytest.raises(InputError, match=words):
        build(spoil(made_trial(1, 200)), therapy={"modalities": None})


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"control": None}, "which arm of arm is the control"),
        ({"control": "placebo"}, "unknown control"),
        ({"treatment": "pcr"}, "pcr is the outcome"),
        ({"treatment": "arms"}, "Did you mean arm"),
        ({"within": "immune"}, "kinds of patients are few"),
        ({"within": []}, "within is empty"),
        ({"within": "receptor"}, "column for within"),
        ({"therapy": {"expected": {"Ctr": "immune"}}}, "arm of expected"),
        ({"therapy": {"expected": {"VC": "imune"}}}, "feature of expected"),
        ({"therapy": {"arms": {"Vc": "VC"}}}, "arms names Vc"),
        ({"therapy": {"learners": ("ridge",)}}, "no settings of a therapy study of a trial"),
        ({"therapy": {"n_repeats": 0}}, "fewest"),
        ({"therapy": {"modalities": {"arm": ["arm"]}}}, "hold arm only"),
    ],
)
def test_bad_settings_are_refused_in_words(settings, words):
    with pytest.raises(InputError, match=words):
        build(made_trial(1, 200), **settings)


def test_settings_of_arms_are_refused_where_no_arm_is_named():
    with pytest.raises(InputError, match="name the column of the arm"):
        signatures.build("therapy", {"a": made_trial(1, 200)}, outcome="pcr", control="Ctr")


def test_a_tiny_arm_an_arm_of_one_kind_and_half_missing_proteins_are_borne_and_told():
    table = made_trial(1, 260)
    free = np.flatnonzero((table["her2"] == 0) & (table["arm"] == "N"))
    table["arm"] = table["arm"].astype(object)
    table.iloc[free[:5], 0] = "Tiny"
    table.iloc[free[5:], 0] = "Ctr"
    table["protein"] = np.where(np.arange(len(table)) % 2, np.nan, table["immune"] + 0.2)
    table["regimen"] = table["arm"].map({"Ctr": "T", "Pembro": "T+P", "VC": "T+V+C", "N": "T+N", "Tiny": "T+X"})
    found = build(table, therapy={"modalities": None})
    tiny = found.predictive[found.predictive["arm"] == "Tiny"]
    assert (tiny["verdict"] == interactions.CANNOT).all()
    told = " ".join(found.limits)
    for words in ("Tiny (5)", "N (HR+HER2+, HR-HER2+)", "regimen of a says the arm again", "protein"):
        assert words in told
    chances = found.signature.chances(table.iloc[:20])
    wrong = (chances["arm"] == "N") & chances["group"].str.endswith("HER2-")
    assert chances.loc[wrong, "chance"].isna().all()
    assert chances.loc[wrong, "reason"].str.startswith("nobody knows").all()
    assert "regimen" not in found.signature.features


def test_patients_without_an_arm_or_receptors_are_left_out_and_told():
    table = made_trial(1, 200)
    table["arm"] = table["arm"].astype(object)
    table.iloc[:3, table.columns.get_loc("arm")] = [None, "NA", ""]
    table["hr"] = table["hr"].astype(float)
    table.iloc[3:5, table.columns.get_loc("hr")] = np.nan
    found = build(table)
    assert found.patients["left_out"].iloc[0] == 5
    assert any("3 patients of a have no arm" in text for text in found.limits)


@pytest.mark.parametrize(
    "written", [("Positive", "Negative"), ("+", "-"), (1, -1), (True, False), ("pos", "neg"), ("3+", "0")]
)
def test_receptors_are_read_however_they_are_written(written):
    table = pd.DataFrame({"ER.status": [1, 0, 0], "PR_status": [0, 0, 1], "HER2": [written[0], written[1], written[0]]})
    group, columns = regimens.receptors(table, "receptor groups")
    assert list(group) == ["HR+HER2+", "HR-HER2-", "HR+HER2+"]
    assert columns == ("ER.status", "PR_status", "HER2")


def test_arms_are_built_and_scored_from_the_shell(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from omics_rx.cli import app

    noise = [f"noise{k}" for k in range(2, 8)]  # fewer columns: the shell deals the outcome fifty times
    made_trial(1, 140).drop(columns=noise).rename_axis("patient").to_csv(tmp_path / "trial.csv")
    made_trial(8, 5).drop(columns=["pcr", "arm"]).rename_axis("patient").to_csv(tmp_path / "new.csv")
    monkeypatch.chdir(tmp_path)
    run = CliRunner()
    asked = ["build", "--train", "a=trial.csv", "--recipe", "therapy", "--outcome", "pcr", "--treatment", "arm",
             "--expected", "VC=repair", "--without-signal", "tell", "--out", "arms.json", "--report", "s.html",
    ]  # fmt: skip
    refused = run.invoke(app, asked)
    assert refused.exit_code == 2
    assert "control" in refused.output
    built = run.invoke(app, [*asked, "--control", "Ctr"])
    assert built.exit_code == 0, built.output
    scored = run.invoke(app, ["score", "new.csv", "--signature", "arms.json", "--out", "s.csv"])
    assert scored.exit_code == 0, scored.output
    found = pd.read_csv(tmp_path / "s.csv", index_col=0)
    assert {"best_arm", "chance: VC", "lower: VC", "upper: VC"} <= set(found)
    wrong = run.invoke(app, ["build", "--train", "a=trial.csv", "--treatment", "arm", "--out", "x.json"])
    assert wrong.exit_code == 2
    assert "--treatment" in wrong.output
