"""Subtypes of triple-negative tumours: planted truth, one patient, and input that cannot be called."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.scores.tnbc import SUBTYPES

SIGNS = orx.scores.tnbc_centroids()


@pytest.fixture(scope="module")
def planted() -> tuple[pd.DataFrame, pd.Series]:
    """40 tumours, ten of each subtype: its genes one unit up or down, noise of sd 1."""
    random = np.random.default_rng(8)
    truth = pd.Series(np.repeat(SUBTYPES, 10), index=[f"P{i}" for i in range(40)])
    values = random.normal(8, 1, size=(40, len(SIGNS))) + SIGNS[truth].T.to_numpy()
    return pd.DataFrame(values, index=truth.index, columns=SIGNS.index), truth


def test_signs_are_those_of_the_paper():
    assert SIGNS.shape == (1686, 4)
    assert set(np.unique(SIGNS)) == {-1.0, 0.0, 1.0}
    assert SIGNS.loc["AR"].to_dict() == {"BL1": -1, "BL2": 0, "LAR": 1, "M": 0}
    assert SIGNS.loc["KRT5", "LAR"] == -1
    assert SIGNS.loc["CD8A", "M"] == -1


def test_planted_subtype_is_called(planted):
    cohort, truth = planted
    table = orx.scores.tnbc_subtype(cohort)
    assert (table["subtype"] == truth).all()
    assert (table["reference"] == "cohort").all()
    best = table[list(SUBTYPES)].max(axis=1)
    assert np.allclose(table["margin"], best - table[list(SUBTYPES)].apply(lambda row: row.nlargest(2).iloc[1], axis=1))


def test_correlation_is_that_of_numpy(planted):
    cohort, _ = planted
    cohort = cohort.copy()
    cohort.loc["P3", ["AR", "KRT5", "CD8A"]] = np.nan
    table = orx.scores.tnbc_subtype(cohort)
    z = ((cohort - cohort.mean()) / cohort.std()).loc["P3"]
    pattern = SIGNS.sub(SIGNS.mean(axis=1), axis=0)
    known = z.notna().to_numpy()
    for name in SUBTYPES:
        assert table.loc["P3", name] == pytest.approx(np.corrcoef(z[known], pattern.loc[known, name])[0, 1])


def test_order_of_genes_and_samples_changes_nothing(planted):
    cohort, _ = planted
    turned = orx.scores.tnbc_subtype(cohort.iloc[::-1, ::-1])
    pd.testing.assert_frame_equal(turned.loc[cohort.index], orx.scores.tnbc_subtype(cohort))


def test_a_patient_alone_is_called_by_another_cohort(planted):
    cohort, truth = planted
    alone = orx.scores.tnbc_subtype(cohort.loc[["P15"]], reference=cohort)
    together = orx.scores.tnbc_subtype(cohort)
    assert alone.loc["P15", "subtype"] == truth["P15"]
    assert alone["reference"].tolist() == ["another cohort"]
    pd.testing.assert_frame_equal(alone[list(SUBTYPES)], together.loc[["P15"], list(SUBTYPES)])


def test_sample_with_too_few_genes_is_missing(planted):
    cohort = planted[0].copy()
    cohort.iloc[0, :1000] = np.nan
    table = orx.scores.tnbc_subtype(cohort)
    assert table.iloc[0][["subtype", *SUBTYPES, "margin"]].isna().all()
    assert table["subtype"].iloc[1:].notna().all()


@pytest.mark.parametrize(
    ("rows", "columns", "reference", "message"),
    [
        (19, 1686, "cohort", "19 samples and 20 are needed"),
        (40, 600, "cohort", "600 of the 1686 genes.*missing"),
        (40, 1686, "frozen", "'frozen' is not known"),
    ],
)
def test_what_cannot_be_called_is_refused(planted, rows, columns, reference, message):
    with pytest.raises(InputError, match=message):
        orx.scores.tnbc_subtype(planted[0].iloc[:rows, :columns], reference=reference)


@pytest.fixture
def mixed(planted):
    """The planted tumours and 20 that are high in ESR1, GATA3, FOXA1 and XBP1."""
    cohort, _ = planted
    random = np.random.default_rng(9)
    genes = [*cohort.columns, *(g for g in ("ESR1", "GATA3", "FOXA1", "XBP1") if g not in cohort)]
    others = pd.DataFrame(random.normal(8, 1, (20, len(genes))), index=[f"L{i}" for i in range(20)], columns=genes)
    others[["ESR1", "GATA3", "FOXA1", "XBP1"]] += 6
    own = pd.DataFrame(random.normal(8, 1, (40, len(genes))), index=cohort.index, columns=genes)
    own[cohort.columns] = cohort
    return pd.concat([own, others])


def test_a_mixed_cohort_is_refused_unless_receptors_are_on_record(planted, mixed):
    _, truth = planted
    with pytest.raises(InputError, match=r"ESR1 and what goes with it are high in 33% of these.*er_status"):
        orx.scores.tnbc_subtype(mixed)
    data = orx.core.cohort.as_cohort(mixed)
    data.obs["er_status"] = ["negative"] * 40 + ["positive"] * 20
    data.obs["her2_status"] = ["positive"] * 2 + ["negative"] * 58
    table = orx.scores.tnbc_subtype(data)
    assert table["subtype"].iloc[[0, 1, *range(40, 60)]].isna().all()
    assert table["reference"].iloc[40].startswith("not called: 22 of 60 tumours have a receptor on record")
    assert (table["subtype"].iloc[2:40] == truth.iloc[2:]).all()
    alone = orx.scores.tnbc_subtype(mixed.iloc[2:40])
    pd.testing.assert_frame_equal(table.iloc[2:40][list(SUBTYPES)], alone[list(SUBTYPES)])


def test_androgen_receptor_tumours_are_no_mixed_cohort(planted):
    cohort, _ = planted
    for gene in ("GATA3", "FOXA1", "XBP1"):
        cohort = cohort.assign(**{gene: np.r_[np.full(20, 7.0), np.full(10, 13.0), np.full(10, 7.0)]})
    cohort = cohort + np.random.default_rng(2).normal(0, 0.3, cohort.shape)
    assert orx.scores.tnbc_subtype(cohort.assign(ESR1=np.random.default_rng(3).normal(6, 0.5, 40))).shape[0] == 40
