"""Batches: as scanpy removes them, frozen for new cohorts, biology kept."""

import json

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from omics_rx.core.cohort import as_cohort, with_info
from omics_rx.core.errors import InputError
from omics_rx.harmonize.batch import ComBat

P = 400
GENES = [f"G{i}" for i in range(P)]


def planted(seed=0, sizes=(40, 30, 25), shares=(0.5, 0.5, 0.5)):
    """Cohorts with shifted and stretched genes; 60 genes differ by 2 between ER-positive and ER-negative tumours."""
    random = np.random.default_rng(seed)
    level = np.random.default_rng(1).normal(8, 2, P)
    cohorts, er, truth = {}, {}, {}
    for i, (n, share) in enumerate(zip(sizes, shares, strict=True)):
        positive = np.arange(n) < share * n
        clean = level + random.normal(size=(n, P)) + 2.0 * np.outer(positive, np.arange(P) < 60)
        names = [f"c{seed}_{i}_{j}" for j in range(n)]
        batch = np.random.default_rng(100 * seed + i)
        shifted = clean * np.sqrt(batch.gamma(20, 1 / 20, P)) + batch.normal(i, 1, P)
        cohorts[f"cohort {i}"] = pd.DataFrame(shifted, index=names, columns=GENES)
        truth[f"cohort {i}"] = pd.DataFrame(clean, index=names, columns=GENES)
        er.update(dict(zip(names, positive, strict=True)))
    return cohorts, pd.DataFrame({"er": pd.Series(er)}), truth


@pytest.mark.parametrize("protected", [False, True])
def test_training_cohorts_come_out_as_scanpy_has_them(protected):
    import scanpy as sc

    cohorts, er, _ = planted()
    whole = pd.concat(cohorts.values())
    batch = np.repeat(list(cohorts), [len(frame) for frame in cohorts.values()])
    # as a number, since scanpy's design of a group beside the batches is singular
    adata = AnnData(whole, obs=pd.DataFrame({"batch": batch, "er": er.loc[whole.index, "er"] * 1.0}, whole.index))
    theirs = sc.pp.combat(adata, key="batch", covariates=["er"] if protected else None, inplace=False)
    facts = er if protected else None
    model = ComBat.learn(cohorts, biology=facts)
    ours = pd.concat([model.apply(frame, batch=name, biology=facts) for name, frame in cohorts.items()])
    # scanpy stops its iteration at 1e-4 and divides the variance of the shifts by p
    np.testing.assert_allclose(ours, theirs, atol=2e-3)
    assert np.abs(whole.to_numpy() - theirs).mean() > 0.5


def test_batches_are_gone_and_the_difference_between_groups_stays():
    cohorts, er, truth = planted(shares=(0.8, 0.2, 0.5))
    model = ComBat.learn(cohorts, biology=er)
    bare = ComBat.learn(cohorts)

    def difference(frames):
        whole = pd.concat(frames)
        positive = er.loc[whole.index, "er"].to_numpy()
        return (whole[positive].mean() - whole[~positive].mean()).iloc[:60].mean()

    done = [model.apply(frame, batch=name, biology=er) for name, frame in cohorts.items()]
    assert abs(difference(done) - difference(truth.values())) < 0.15
    unprotected = [bare.apply(frame, batch=name) for name, frame in cohorts.items()]
    assert difference(unprotected) < 1.6
    silent = slice(60, None)
    means = pd.DataFrame({name: frame.iloc[:, silent].mean() for name, frame in zip(cohorts, done, strict=True)})
    assert means.std(axis=1).mean() < 0.15
    before = pd.DataFrame({name: frame.iloc[:, silent].mean() for name, frame in cohorts.items()})
    assert before.std(axis=1).mean() > 1


def test_a_new_cohort_comes_to_training_and_changes_nothing_in_it():
    cohorts, er, _ = planted()
    new, er_new, _ = planted(seed=5, sizes=(60,), shares=(0.3,))
    frame = next(iter(new.values()))
    model = ComBat.learn(cohorts, biology=er)
    before = json.dumps(model.as_dict())
    done = model.apply(frame, biology=er_new)
    assert json.dumps(model.as_dict()) == before
    training = pd.concat([model.apply(one, batch=name, biology=er) for name, one in cohorts.items()])
    for group in (True, False):
        at_home = training[er.loc[training.index, "er"] == group].mean()
        there = done[er_new.loc[done.index, "er"] == group].mean()
        raw = frame[er_new.loc[done.index, "er"] == group].mean()
        assert (there - at_home).abs().mean() < 0.4 * (raw - at_home).abs().mean()


def test_a_further_sample_of_a_training_batch_stands_alone():
    cohorts, er, _ = planted()
    model = ComBat.learn(cohorts, biology=er)
    frame = cohorts["cohort 1"]
    together = model.apply(frame, batch="cohort 1", biology=er)
    alone = model.apply(frame.iloc[[4]], batch="cohort 1", biology=er)
    pd.testing.assert_frame_equal(alone, together.iloc[[4]])


def test_shrinkage_by_hand():
    """Where all genes have one shift they come closer to it; where their shifts differ widely none moves."""
    random = np.random.default_rng(0)
    base = random.normal(size=(30, P))
    other = random.normal(size=(30, P))
    names = [[f"{c}{i}" for i in range(30)] for c in "ab"]

    def shift(by):
        frames = {"a": pd.DataFrame(base, names[0], GENES), "b": pd.DataFrame(other + by, names[1], GENES)}
        told = {name: with_info(as_cohort(frame), unit="log2 ratio") for name, frame in frames.items()}
        model = ComBat.learn(told)
        difference = model.shifts["b"] - model.shifts["a"]
        return difference * model.sd

    even = shift(3.0)
    raw = other.mean(axis=0) - base.mean(axis=0) + 3.0
    assert even.std() < 0.8 * raw.std()
    assert abs(even.mean() - 3.0) < 0.05
    apart = random.normal(0, 50, P)
    np.testing.assert_allclose(shift(apart), other.mean(axis=0) - base.mean(axis=0) + apart, rtol=1e-2, atol=1e-2)


def test_genes_that_are_missing_stay_missing():
    cohorts, _, _ = planted()
    gaps = {name: frame.copy() for name, frame in cohorts.items()}
    gaps["cohort 0"].iloc[3, 7] = np.nan
    model = ComBat.learn(gaps)
    assert "G7" not in model.genes
    new = cohorts["cohort 2"].drop(columns="G9").copy()
    new.iloc[5, 20] = np.nan
    done = model.apply(new)
    assert done["G9"].isna().all()
    assert done.drop(columns="G9").isna().to_numpy().sum() == 1


def test_it_survives_json():
    cohorts, er, _ = planted()
    model = ComBat.learn(cohorts, biology=er)
    again = ComBat.from_dict(json.loads(json.dumps(model.as_dict())))
    frame = cohorts["cohort 0"]
    pd.testing.assert_frame_equal(again.apply(frame, biology=er), model.apply(frame, biology=er))
    plain = ComBat.from_dict(json.loads(json.dumps(ComBat.learn(cohorts).as_dict())))
    assert plain.effects.shape == (0, len(plain.genes))
    with pytest.raises(InputError, match="has no sd"):
        ComBat.from_dict({name: value for name, value in model.as_dict().items() if name != "sd"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c, er: ({"cohort 0": c["cohort 0"]}, None), "1 cohorts have no batch to tell"),
        (lambda c, er: ({**c, "few": c["cohort 0"].iloc[:2].add_prefix("x", axis=0)}, None), "fewer than 3 samples"),
        (lambda c, er: ({**c, "again": c["cohort 0"]}, None), "40 samples are in several cohorts"),
        (
            lambda c, er: ({**c, "other": c["cohort 0"].add_prefix("x", axis=0).add_prefix("x", axis=1)}, None),
            "no gene",
        ),
        (lambda c, er: (c, er.iloc[1:]), r"no row for 1 samples \(c0_0_0\)"),
        (
            lambda c, er: (c, er.assign(er=er["er"].astype(object).where(er.index != "c0_0_0"))),
            "1 samples have no 'er'",
        ),
        (
            lambda c, er: (c, er.assign(site=["b" if name.startswith("c0_2") else "a" for name in er.index])),
            "cannot be told apart",
        ),
    ],
)
def test_what_cannot_be_learnt_is_refused(change, words):
    cohorts, biology = change(*planted()[:2])
    with pytest.raises(InputError, match=words):
        ComBat.learn(cohorts, biology=biology)


def test_what_cannot_be_applied_is_refused():
    cohorts, er, _ = planted()
    model = ComBat.learn(cohorts, biology=er)
    frame = cohorts["cohort 0"]
    with pytest.raises(InputError, match="2 samples cannot show what their batch does"):
        model.apply(frame.iloc[:2], biology=er)
    with pytest.raises(InputError, match="'elsewhere' was not in training: it had cohort 0"):
        model.apply(frame, batch="elsewhere", biology=er)
    with pytest.raises(InputError, match="lacks the columns er"):
        model.apply(frame)
    with pytest.raises(InputError, match="'er' was False, True in training, and is maybe here"):
        model.apply(frame, biology=er.assign(er="maybe"))


def test_genes_that_do_not_vary_in_a_batch_are_left_out_and_named(caplog):
    cohorts, _, _ = planted()
    cohorts["cohort 1"]["G5"] = 0.0
    cohorts["cohort 2"]["G7"] = 3.01
    with caplog.at_level("WARNING", logger="omics_rx"):
        model = ComBat.learn(cohorts)
    assert dict(model.left_out) == {"G5": "cohort 1", "G7": "cohort 2"}
    assert "2 genes do not vary in a batch" in caplog.text
    assert not {"G5", "G7"} & set(model.genes)
    done = model.apply(cohorts["cohort 0"], batch="cohort 0")
    whole = ComBat.learn({name: frame.drop(columns=["G5", "G7"]) for name, frame in cohorts.items()})
    pd.testing.assert_frame_equal(done, whole.apply(cohorts["cohort 0"], batch="cohort 0"))
    again = ComBat.from_dict(json.loads(json.dumps(model.as_dict())))
    assert again.left_out == model.left_out
    assert again.unit == model.unit


def test_a_gene_that_a_new_batch_does_not_express_gets_no_level_of_another(caplog):
    cohorts, _, _ = planted()
    model = ComBat.learn(cohorts)
    new = next(iter(planted(seed=5, sizes=(30,), shares=(0.5,))[0].values()))
    new["G9"] = 0.0
    with caplog.at_level("WARNING", logger="omics_rx"):
        done = model.apply(new)
    assert done["G9"].isna().all()
    assert done.drop(columns="G9").notna().all(axis=None)
    assert "G9 in the new batch" in caplog.text


def test_batches_may_be_anndata_and_stay_as_they_were():
    cohorts, _, _ = planted()
    objects = {name: as_cohort(frame) for name, frame in cohorts.items()}
    before = {name: data.X.copy() for name, data in objects.items()}
    model, told = ComBat.learn(objects), ComBat.learn(cohorts)
    assert model.as_dict() == told.as_dict()
    pd.testing.assert_frame_equal(model.apply(objects["cohort 1"], batch="cohort 1"),
                                  told.apply(cohorts["cohort 1"], batch="cohort 1"))  # fmt: skip
    assert all(np.array_equal(data.X, before[name]) for name, data in objects.items())


def _counts(frame):
    return (2**frame).round()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cohort 0": _counts, "cohort 1": _counts, "cohort 2": _counts}, "holds counts"),
        ({"cohort 1": _counts}, "holds counts"),
        ({"cohort 1": lambda frame: (frame - frame.mean()) / frame.std()}, "several units.*cohort 1: z"),
        ({"cohort 1": lambda frame: with_info(as_cohort(frame), unit="ln(TPM + 1)")}, r"several units.*ln\(TPM"),
        ({"cohort 1": lambda frame: pd.concat([frame.iloc[:15], _counts(frame.iloc[15:])])}, "two units|several units"),
        ({"cohort 0": lambda frame: frame.assign(name="x")}, "hold text"),
    ],
)
def test_values_that_are_no_logarithms_of_one_unit_are_refused(change, said):
    cohorts, _, _ = planted()
    with pytest.raises(InputError, match=said):
        ComBat.learn({name: change.get(name, lambda frame: frame)(frame) for name, frame in cohorts.items()})


def test_a_model_of_logarithms_refuses_counts():
    cohorts, _, _ = planted()
    model = ComBat.learn(cohorts)
    with pytest.raises(InputError, match="holds counts"):
        model.apply(_counts(cohorts["cohort 1"]), batch="cohort 1")
    with pytest.raises(InputError, match="mapping of batch to cohort, not a DataFrame"):
        ComBat.learn(cohorts["cohort 1"])
