import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from omics_rx.core import cohort as co
from omics_rx.core.errors import InputError


def adata(values, **obs):
    names = [f"s{i}" for i in range(len(values))]
    found = AnnData(np.asarray(values, dtype=np.float32), obs=pd.DataFrame(obs, index=names))
    found.var_names = [f"G{i}" for i in range(found.n_vars)]
    return found


def test_a_frame_and_its_anndata_hold_the_same_expression():
    frame = pd.DataFrame([[1.0, np.nan], [3.0, 4.0]], index=["a", "b"], columns=["G0", "G1"])
    pd.testing.assert_frame_equal(co.expression(co.as_cohort(frame)), frame)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pd.DataFrame({"G": [1.0], "stage": ["II"]}), "1 of 2 columns hold text"),
        (pd.DataFrame({"G": [1.0, 2.0]}, index=["a", "a"]), "1 sample names stand for several samples"),
        (pd.DataFrame(index=["a"]), "nothing to work on"),
        ([[1.0]], "not a list"),
    ],
)
def test_what_is_no_cohort_is_refused(data, message):
    with pytest.raises(InputError, match=message):
        co.as_cohort(data)


def test_infinite_values_are_refused_with_the_gene():
    with pytest.raises(InputError, match="G1"):
        co.expression(adata([[0.0, -np.inf]]))


def test_info_is_told_or_detected_and_says_which():
    bare = adata(np.random.default_rng(0).normal(8, 2, size=(5, 30)).clip(0.1))
    assert co.info(bare).detected == ("unit", "domain")
    told = co.with_info(bare, unit="log2 intensity", domain="cell_line", origin="test")
    assert co.info(told) == co.CohortInfo("log2 intensity", "cell_line", "test")
    assert "omics_rx" not in bare.uns
    with pytest.raises(InputError, match="unknown unit 'furlongs'"):
        co.with_info(bare, unit="furlongs")


def test_a_cohort_that_says_more_shares_its_values_and_nothing_else():
    first = adata(np.ones((3, 2)), grade=["1", "2", "3"])
    first.layers["raw"] = first.X + 1
    first.obsm["events"] = pd.DataFrame({"TP53": [0.0, 1.0, np.nan]}, index=first.obs_names)
    first.raw = first.copy()
    for changed in (co.with_info(first, unit="z"), co.with_record(first, "note", "a")):
        assert changed.X is first.X
        assert changed.layers["raw"] is first.layers["raw"]
        assert changed.raw.var_names.tolist() == ["G0", "G1"]
        changed.obs["grade"] = "9"
        changed.var["long"] = 1
        changed.obsm["events"].iloc[0, 0] = 7.0
        changed.uns["more"] = 1
        changed.X = changed.X * 5
    assert first.obs["grade"].tolist() == ["1", "2", "3"]
    assert "long" not in first.var
    assert first.obsm["events"].iloc[0, 0] == 0.0
    assert dict(first.uns) == {}
    assert first.X[0, 0] == 1


def test_a_part_of_a_cohort_that_says_more_stands_on_its_own():
    whole = adata(np.ones((3, 2)))
    part = co.with_info(whole[:2], unit="z")
    part.X[0, 0] = 5
    assert not part.is_view
    assert whole.X[0, 0] == 1


def test_a_cohort_on_disk_stays_there_when_it_says_more(tmp_path):
    import anndata

    adata(np.ones((4, 2)), grade=["1", "2", "3", "4"]).write_h5ad(tmp_path / "a.h5ad")
    backed = anndata.read_h5ad(tmp_path / "a.h5ad", backed="r")
    backed.obs["more"] = 1
    changed = co.with_record(co.with_info(backed, unit="z"), "note", "a")
    assert changed.isbacked
    assert (co.info(changed).unit, co.record(changed, "note")) == ("z", "a")
    assert changed.obs.columns.tolist() == ["grade", "more"]
    assert "omics_rx" not in backed.uns
    part = co.with_info(backed[:2], unit="z")
    assert (part.shape, part.isbacked, co.info(part).unit) == ((2, 2), False, "z")


def test_an_endpoint_keeps_the_samples_with_both_values():
    follow_up = co.endpoint(
        adata(np.ones((4, 1)), time=[5.0, np.nan, 7.0, 1.0], event=[1, 0, 0, 1], endpoint=["death"] * 4)
    )
    assert list(follow_up.samples) == ["s0", "s2", "s3"]
    assert follow_up.n_events == 2
    assert follow_up.name == "death"
    assert follow_up.event.dtype == bool


@pytest.mark.parametrize(
    ("obs", "message"),
    [
        ({"time": [1.0, 2.0]}, "no obs column event"),
        ({"time": [1.0, -2.0], "event": [1, 0]}, "1 follow-up times are zero or negative"),
        ({"time": [1.0, 0.0], "event": [1, 0]}, "zero or negative"),
        ({"time": [1.0, 2.0], "event": [0, 0]}, "no event was seen in 2 samples"),
        ({"time": [1.0, 2.0], "event": [1, 2]}, "neither 0 nor 1"),
        ({"time": [1.0, 2.0], "event": ["Alive", "Dead"]}, "neither 0 nor 1"),
        ({"time": [1.0, 2.0], "event": [1, 1], "endpoint": ["death", "relapse"]}, "mixes endpoints"),
    ],
)
def test_bad_endpoints_are_refused(obs, message):
    with pytest.raises(InputError, match=message):
        co.endpoint(adata(np.ones((2, 1)), **obs))


def test_no_follow_up_at_all_is_none_where_it_is_not_required():
    assert co.endpoint(adata(np.ones((2, 1))), required=False) is None


def test_records_survive_saving(tmp_path):
    kept = co.with_record(co.with_info(adata(np.ones((2, 2))), unit="z"), "note", pd.DataFrame({"a": ["b"]}))
    kept.write_h5ad(tmp_path / "c.h5ad")
    import anndata

    back = anndata.read_h5ad(tmp_path / "c.h5ad")
    assert co.info(back).unit == "z"
    assert co.record(back, "note")["a"].tolist() == ["b"]
