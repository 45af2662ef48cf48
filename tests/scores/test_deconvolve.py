"""Cell fractions: the true minimum, planted mixtures, units, references of one's own cells, and clear refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import minimize

import omics_rx as orx
from omics_rx.core import cohort as cohorts
from omics_rx.core.errors import InputError, UnknownNameError
from omics_rx.scores.kernels.fractions import constrained_fractions, svr_fractions


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.floats(0.3, 3.0))
def test_no_other_point_of_the_simplex_fits_better(seed, size):
    random = np.random.default_rng(seed)
    profiles = random.gamma(1.0, 1.0, size=(12, 4))
    target = profiles @ random.dirichlet(np.ones(4)) * size + random.normal(scale=0.3, size=12)
    weights = random.uniform(0.2, 3, size=12)
    found = constrained_fractions(target[None, :], profiles, weights)[0]

    def error(x):
        return float((weights * (profiles @ x - target) ** 2).sum())

    assert (found >= 0).all()
    assert found.sum() <= 1 + 1e-12
    bounds, total = [(0, 1)] * 4, {"type": "ineq", "fun": lambda x: 1 - x.sum()}
    told = minimize(error, np.full(4, 0.2), bounds=bounds, constraints=total, method="SLSQP", options={"ftol": 1e-14})
    assert error(found) <= told.fun * (1 + 1e-6) + 1e-9  # the search oversteps its bound by 1e-8


def test_regression_finds_planted_shares_and_says_when_nothing_fits():
    random = np.random.default_rng(4)
    profiles = random.gamma(0.5, 10, size=(150, 3))
    shares = random.dirichlet(np.ones(3), size=6)
    found, error, correlation = svr_fractions(shares @ profiles.T, profiles)
    assert np.abs(found - shares).max() < 0.1
    assert (correlation > 0.95).all()
    assert (error < 0.5).all()


@pytest.fixture(scope="module")
def blood() -> tuple[pd.DataFrame, pd.DataFrame]:
    """20 mixtures (TPM) of the TIL10 types and other cells, and the shares of their mRNA."""
    random = np.random.default_rng(5)
    profiles = orx.scores.til10(tumour=False).profiles
    shares = random.dirichlet(np.r_[np.full(10, 0.7), 6.0], size=20)
    immune = shares[:, :10] @ profiles.T.to_numpy() * random.lognormal(0, 0.05, size=(20, len(profiles)))
    others = [gene for gene in orx.core.resources.table("pam50.tsv")["gene"] if gene not in profiles.index]
    rest = random.gamma(2.0, 1.0, size=(20, len(others)))
    rest *= ((1e6 - immune.sum(axis=1)) / rest.sum(axis=1))[:, None]
    names = [f"S{i}" for i in range(20)]
    mixed = pd.DataFrame(np.hstack([immune, rest]), index=names, columns=[*profiles.index, *others])
    return mixed, pd.DataFrame(shares[:, :10], index=names, columns=profiles.columns)


def tpm(frame: pd.DataFrame, unit: str = "TPM") -> AnnData:
    return cohorts.with_info(cohorts.as_cohort(frame), unit=unit)


def test_planted_shares_come_back(blood):
    mixed, shares = blood
    result = orx.scores.deconvolve(tpm(mixed))
    mrna = orx.scores.til10().mrna[shares.columns]
    cells = shares / mrna
    cells = cells.div(cells.sum(axis=1), axis=0).mul(shares.sum(axis=1), axis=0)
    away = [name for name in shares if name not in ("Regulatory T cells", "CD4 T cells")]  # these two are corrected
    assert np.abs(result.fractions[away] - cells[away]).to_numpy().max() < 0.05
    assert result.fractions.sum(axis=1).to_numpy() == pytest.approx(1)
    assert (result.fit["correlation"] > 0.97).all()
    assert "finotello2019" in result.provenance.cites
    assert orx.cite(result).methods


def test_unit_changes_no_fraction(blood):
    mixed, _ = blood
    plain = orx.scores.deconvolve(tpm(mixed)).fractions
    logged = orx.scores.deconvolve(tpm(np.log2(mixed + 1), "log2(TPM + 1)")).fractions
    pd.testing.assert_frame_equal(logged, plain, atol=1e-6)
    pd.testing.assert_frame_equal(orx.scores.deconvolve(tpm(mixed * 3, "CPM")).fractions, plain, atol=1e-9)


def more_than_markers(genes):
    """TIL10 that also knows that the immune cells lack the other genes."""
    own = orx.scores.til10()
    others = [gene for gene in genes if gene not in own.profiles.index]
    rest = pd.DataFrame(0.0, index=others, columns=own.profiles.columns)
    return orx.scores.CellReference(pd.concat([own.profiles, rest]), own.markers, mrna=own.mrna)


def test_sample_alone_is_as_in_the_cohort(blood):
    mixed, _ = blood
    for method in ("quantiseq", "epic", "cibersort"):
        reference = more_than_markers(mixed.columns)
        together = orx.scores.deconvolve(tpm(mixed.iloc[:4]), reference, method=method).fractions
        alone = orx.scores.deconvolve(tpm(mixed.iloc[[2]]), reference, method=method).fractions
        pd.testing.assert_frame_equal(alone, together.iloc[[2]], atol=1e-12)


def test_fit_of_noise_is_not_significant_and_of_blood_is(blood):
    mixed = blood[0].iloc[[0]]
    random = np.random.default_rng(6)
    noise = pd.DataFrame(random.permuted(mixed.to_numpy(), axis=1), index=["noise"], columns=mixed.columns)
    result = orx.scores.deconvolve(tpm(pd.concat([mixed, noise])), method="cibersort", n_permutations=19)
    assert result.fit["p_value"].iloc[0] == pytest.approx(1 / 20)
    assert result.fit["p_value"].iloc[1] > 1 / 20


def test_order_of_genes_changes_no_fraction(blood):
    mixed = blood[0].iloc[:2]
    for method in ("quantiseq", "epic", "cibersort"):
        reference = more_than_markers(mixed.columns)
        before = orx.scores.deconvolve(tpm(mixed), reference, method=method).fractions
        after = orx.scores.deconvolve(tpm(mixed.iloc[:, ::-1]), reference, method=method).fractions
        pd.testing.assert_frame_equal(after, before, atol=1e-10)


@pytest.fixture(scope="module")
def cells() -> AnnData:
    """600 cells of three types and four donors; genes 0-59 of 200 mark the types, tumour cells hold twice the mRNA."""
    random = np.random.default_rng(7)
    kinds = np.repeat(["B", "T", "tumour"], 200)
    rate = random.gamma(1.0, 1.0, size=200) * np.ones((600, 1)) + 0.2
    for place, kind in enumerate(("B", "T", "tumour")):
        rate[np.ix_(kinds == kind, range(20 * place, 20 * place + 20))] += 8
    rate[kinds == "tumour"] *= 2
    donors = np.tile([f"d{i}" for i in range(4)], 150)
    genes = orx.core.resources.table("genes.tsv.gz")["symbol"].iloc[1000:1200]
    counts = AnnData(
        sparse.csr_matrix(random.poisson(rate).astype(np.float32)),
        obs=pd.DataFrame({"kind": kinds, "donor": donors}, index=[f"c{i}" for i in range(600)]),
        var=pd.DataFrame(index=genes.to_numpy()),
    )
    return cohorts.with_info(counts, unit="counts")


class TestReferenceFromCells:
    def test_profiles_markers_and_mrna(self, cells):
        reference = orx.scores.reference_from_cells(cells, "kind", donors="donor", n_markers=20)
        counts = cells.X.toarray()
        cpm = counts / counts.sum(axis=1, keepdims=True) * 1e6
        inside = (cells.obs["kind"] == "T").to_numpy()
        assert reference.profiles["T"].to_numpy() == pytest.approx(cpm[inside].mean(axis=0), rel=1e-4)
        assert set(reference.markers) == set(cells.var_names[:60])
        assert reference.mrna["tumour"] / reference.mrna["T"] == pytest.approx(2, rel=0.05)
        means = pd.DataFrame(cpm[inside]).groupby(cells.obs["donor"][inside].to_numpy()).mean()
        assert reference.variability["T"].to_numpy() == pytest.approx(means.std(ddof=1).to_numpy(), rel=1e-3)

    @pytest.mark.parametrize("method", ["epic", "quantiseq", "cibersort"])
    def test_pseudobulk_of_other_cells_is_taken_apart(self, cells, method):
        train, test = cells[::2], cells[1::2]
        reference = orx.scores.reference_from_cells(train, "kind", n_markers=20)
        random, rows, shares = np.random.default_rng(8), {}, {}
        for name in "abcdef":
            share = random.dirichlet(np.ones(3))
            counts = random.multinomial(300, share)
            picked = [
                random.choice(np.flatnonzero(test.obs["kind"] == kind), size=count)
                for kind, count in zip(("B", "T", "tumour"), counts, strict=True)
            ]
            rows[name] = np.asarray(test.X[np.concatenate(picked)].sum(axis=0)).ravel()
            shares[name] = counts / 300
        bulk = cohorts.with_info(
            cohorts.as_cohort(pd.DataFrame(rows, index=test.var_names).T.astype(float)), unit="counts"
        )
        found = orx.scores.deconvolve(bulk, reference, method=method).fractions[["B", "T", "tumour"]]
        expected = pd.DataFrame(shares, index=["B", "T", "tumour"]).T
        if method == "cibersort":  # shares of mRNA
            expected = expected * reference.mrna
            expected = expected.div(expected.sum(axis=1), axis=0)
        assert np.abs(found - expected).to_numpy().max() < 0.06

    def test_refusals(self, cells):
        logged = cohorts.with_info(cells, unit="log2(CPM + 1)")
        with pytest.raises(InputError, match="built from counts"):
            orx.scores.reference_from_cells(logged, "kind")
        with pytest.raises(InputError, match="2 donors, and 3 are needed"):
            orx.scores.reference_from_cells(cells[cells.obs["donor"] < "d2"], "kind", donors="donor")
        shuffled = cells.copy()
        shuffled.obs["kind"] = np.random.default_rng(0).permutation(cells.obs["kind"])
        with pytest.raises(InputError, match="types have no marker"):
            orx.scores.reference_from_cells(shuffled, "kind")


class TestRefusals:
    def test_unit_without_a_linear_scale(self, blood):
        with pytest.raises(InputError, match="unit is z"):
            orx.scores.deconvolve(tpm(blood[0], "z"))

    def test_too_few_markers(self, blood):
        with pytest.raises(InputError, match="of the 138 genes of cell fractions"):
            orx.scores.deconvolve(tpm(blood[0].iloc[:, 120:]))

    @pytest.mark.parametrize("method", ["quantiseq", "cibersort"])
    def test_samples_that_cannot_be_taken_apart_stop_no_other(self, blood, method):
        gone = blood[0].iloc[:6].copy()
        gone.loc["S3", orx.scores.til10().markers[0]] = np.nan
        gone.loc["S4"] = 0.0
        gone.loc["S5", list(orx.scores.til10(tumour=False).markers)] = 0.0
        found = orx.scores.deconvolve(tpm(gone), method=method)
        assert found.fit["reason"].tolist()[:3] == ["", "", ""]
        assert "marker that others have is missing" in found.fit.loc["S3", "reason"]
        assert "without reads" in found.fit.loc["S4", "reason"]
        assert "no marker is expressed" in found.fit.loc["S5", "reason"]
        assert found.fractions.loc[["S3", "S4", "S5"]].isna().all(axis=None)
        whole = orx.scores.deconvolve(tpm(blood[0].iloc[:3]), method=method)
        pd.testing.assert_frame_equal(found.fractions.iloc[:3], whole.fractions)

    def test_no_sample_with_an_answer(self, blood):
        with pytest.raises(InputError, match="no sample has an answer: no value above zero"):
            orx.scores.deconvolve(tpm(blood[0].iloc[:2] * 0))

    def test_shares_without_support_are_not_given(self, blood):
        mixed = blood[0].iloc[:6]
        random = np.random.default_rng(1)
        markers = [gene for gene in orx.scores.til10().markers if gene in mixed]
        noise = mixed.copy()
        noise.loc["S1", markers] = random.lognormal(3, 2, len(markers)) * 3000
        noise.loc["S2", markers] = 1.0
        noise.loc["S2", "FOXP3"] = 5e6
        found = orx.scores.deconvolve(tpm(noise))
        assert "shuffled markers fit as well" in found.fit.loc["S1", "reason"]
        assert "shuffled markers fit as well" in found.fit.loc["S2", "reason"]
        assert (found.fit["reason"] == "").sum() == 4

    def test_panels_are_refused_unless_their_share_of_the_whole_is_told(self, blood):
        mixed, _ = blood
        whole = orx.scores.deconvolve(tpm(mixed)).fractions
        panel = mixed[[gene for gene in orx.scores.til10(tumour=False).markers if gene in mixed]]
        pd.testing.assert_frame_equal(orx.scores.deconvolve(tpm(panel)).fractions, whole, atol=1e-6)
        for unit in ("FPKM", "counts"):
            with pytest.raises(InputError, match="genes are a panel or a selection"):
                orx.scores.deconvolve(tpm(panel.round(), unit))
        again = panel.div(panel.sum(axis=1), axis=0) * 1e6  # looks like TPM, and nobody said that it is
        with pytest.raises(InputError, match="genes are a panel or a selection"):
            orx.scores.deconvolve(again)

    def test_epic_needs_more_than_markers(self, blood):
        with pytest.raises(InputError, match="a reference of more than markers"):
            orx.scores.deconvolve(tpm(blood[0]), method="epic")

    def test_unknown_method_and_useless_permutations(self, blood):
        with pytest.raises(UnknownNameError, match="Did you mean cibersort"):
            orx.scores.deconvolve(tpm(blood[0]), method="cibersrt")
        with pytest.raises(InputError, match="does nothing for quantiseq"):
            orx.scores.deconvolve(tpm(blood[0]), n_permutations=10)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda p: {"profiles": -p, "markers": tuple(p.index)}, "not negative"),
            (lambda p: {"profiles": p.iloc[:, :1], "markers": tuple(p.index)}, "two or more"),
            (lambda p: {"profiles": p, "markers": ("X1",)}, "1 markers have no profile"),
            (lambda p: {"profiles": pd.concat([p, p]), "markers": tuple(p.index)}, "stand twice"),
            (lambda p: {"profiles": p, "markers": tuple(p.index), "variability": p.iloc[::-1]}, "in order"),
            (lambda p: {"profiles": p, "markers": tuple(p.index), "mrna": pd.Series({"a": 1.0})}, "missing: b"),
        ],
    )
    def test_reference_that_cannot_be_one(self, change, message):
        profiles = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 0.5]}, index=["TP53", "BRCA1"])
        with pytest.raises(InputError, match=message):
            orx.scores.CellReference(**change(profiles))
