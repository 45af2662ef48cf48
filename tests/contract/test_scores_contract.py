"""What every scoring method keeps to, whatever it computes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import threadpoolctl
from anndata import AnnData
from scipy import sparse

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.scores.kernels import TRAITS

METHODS = sorted(TRAITS)
SETTINGS = {"aucell": {"top": 0.5}}  # of the 200 genes here, as 5% are too few to follow a gradual change


@pytest.fixture(scope="module")
def cohort() -> pd.DataFrame:
    """30 samples x 200 genes; genes 0-9 rise along the samples."""
    random = np.random.default_rng(3)
    values = random.normal(loc=6, size=(30, 200))
    values[:, :10] += np.linspace(-3, 3, 30)[:, None]
    return pd.DataFrame(values, index=[f"s{i}" for i in range(30)], columns=[f"G{i}" for i in range(200)])


@pytest.fixture(scope="module")
def sets() -> dict[str, list[str]]:
    return {"rising": [f"G{i}" for i in range(10)], "rest": [f"G{i}" for i in range(50, 75)]}


@pytest.mark.parametrize("method", METHODS)
class TestEveryMethod:
    def test_finds_what_was_planted(self, method, cohort, sets):
        scores = orx.scores.score(cohort, sets, method=method, **SETTINGS.get(method, {}))
        assert list(scores.columns) == ["rising", "rest"]
        assert scores.index.equals(cohort.index)
        along = scores.corrwith(pd.Series(np.arange(30), index=cohort.index), method="spearman")
        assert along["rising"] > 0.9
        assert abs(along["rest"]) < 0.5

    def test_order_of_genes_samples_and_sets_changes_nothing(self, method, cohort, sets):
        cohort = cohort.round(0)
        before = orx.scores.score(cohort, sets, method=method)
        random = np.random.default_rng(4)
        mixed = cohort.iloc[random.permutation(30), random.permutation(200)]
        turned = {name: genes[::-1] for name, genes in reversed(sets.items())}
        after = orx.scores.score(mixed, turned, method=method)
        pd.testing.assert_frame_equal(after.loc[before.index, before.columns], before, rtol=1e-10, atol=1e-10)

    @pytest.mark.parametrize("threads", [1, 2])
    def test_last_digits_and_threads_change_nothing(self, method, cohort, sets, threads):
        tied = (cohort * 2).round(0) / 3  # ties in every sample, of values that no float holds exactly
        before = orx.scores.score(tied, sets, method=method, n_jobs=1)
        noise = 1 + 1e-13 * np.random.default_rng(5).uniform(-1, 1, tied.shape)
        with threadpoolctl.threadpool_limits(threads):
            after = orx.scores.score(tied * noise, sets, method=method, n_jobs=threads)
        pd.testing.assert_frame_equal(after, before, rtol=1e-9, atol=1e-9)

    def test_frame_dense_and_sparse_agree(self, method, cohort, sets):
        values = cohort.where(cohort > 5, 0.0)
        frame = orx.scores.score(values, sets, method=method)
        names = {"obs": pd.DataFrame(index=values.index), "var": pd.DataFrame(index=values.columns)}
        for form in (values.to_numpy(), sparse.csr_matrix(values.to_numpy())):
            pd.testing.assert_frame_equal(orx.scores.score(AnnData(form, **names), sets, method=method), frame)

    def test_missing_gene_is_as_if_never_measured(self, method, cohort, sets):
        gone = cohort.copy()
        gone.loc["s28", ["G2", "G60", "G150"]] = np.nan
        scored = orx.scores.score(gone, sets, method=method)
        assert scored.notna().all(axis=None)
        if TRAITS[method].whole_cohort:
            whole = orx.scores.score(cohort, sets, method=method).loc["s28", "rising"]
            zero = orx.scores.score(gone.fillna(0.0), sets, method=method).loc["s28", "rising"]
            assert abs(scored.loc["s28", "rising"] - whole) < abs(zero - whole) / 2
        else:
            without = gone.loc[["s28"]].dropna(axis=1)
            expected = orx.scores.score(without, sets, method=method)
            pd.testing.assert_frame_equal(scored.loc[["s28"]], expected, rtol=1e-12)

    def test_input_is_left_as_it_was(self, method, cohort, sets):
        given = AnnData(cohort.to_numpy(), obs=pd.DataFrame(index=cohort.index), var=pd.DataFrame(index=cohort.columns))
        before = given.X.copy()
        orx.scores.score(given, sets, method=method)
        assert np.array_equal(given.X, before)
        assert not given.uns

    def test_sets_below_the_coverage_are_refused(self, method, cohort, sets):
        with pytest.raises(InputError, match=r"1 of 3 gene sets have less than 30%.*foreign 0%.*min_coverage"):
            orx.scores.score(cohort, {**sets, "foreign": ["X1", "X2"]}, method=method)


@pytest.mark.parametrize("method", [method for method in METHODS if not TRAITS[method].whole_cohort])
def test_a_sample_alone_is_scored_as_in_the_cohort(method, cohort, sets):
    together = orx.scores.score(cohort, sets, method=method)
    alone = orx.scores.score(cohort.iloc[[7]], sets, method=method)
    pd.testing.assert_frame_equal(alone, together.iloc[[7]], rtol=1e-12)
