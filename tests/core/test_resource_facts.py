"""Every fact in the tables of facts says where it was read and when, and its figures agree with each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omics_rx.core import resources


def test_an_arm_of_a_trial_has_a_source_a_day_and_rates_that_agree_with_its_counts():
    table = resources.table("trial_arms.tsv")
    assert table[["trial", "arm", "drug", "group", "pcr", "control_pcr", "source", "checked"]].notna().all(axis=None)
    assert not table.duplicated(["trial", "arm", "group"]).any()
    assert set(table["group"]) <= {"HER2-", "HER2+", "TN", "HR+HER2-", "HR+HER2+", "HR-HER2+"}
    number = table.filter(regex="pcr|low|high|events|^n$|_n$").astype(float)
    for arm in ("", "control_"):
        rate = number[f"{arm}pcr"]
        low, high = number["pcr_low" if not arm else "control_low"], number["pcr_high" if not arm else "control_high"]
        assert rate.between(0, 1).all()
        assert ((low < rate) & (rate < high) | low.isna()).all()
        counted = number[f"{arm}events"] / number[f"{arm}n"]
        np.testing.assert_allclose(rate[counted.notna()], counted.dropna(), atol=0.006)


@pytest.mark.parametrize(
    ("arm", "group", "gain"),
    [("N", "HR-HER2+", 0.23), ("Pembro", "TN", 0.38), ("Pembro", "HR+HER2-", 0.17), ("Ganitumab", "TN", 0.11)],
)
def test_gains_are_those_published(arm, group, gain):
    table = resources.table("trial_arms.tsv").query("trial == 'I-SPY2' and arm == @arm and group == @group")
    row = table.iloc[0]
    assert float(row["pcr"]) - float(row["control_pcr"]) == pytest.approx(gain)


def test_a_regimen_names_the_structure_of_each_drug_in_its_order():
    for _, row in resources.table("trial_arms.tsv").dropna(subset="inchikey").iterrows():
        assert len(row["inchikey"].split(";")) == len(row["drug"].split(";"))


def test_a_peak_in_plasma_has_a_source_a_day_and_one_row_a_structure():
    table = resources.table("cmax.tsv")
    assert table[["name", "inchikey", "citation", "checked", "regimen"]].notna().all(axis=None)
    assert table["inchikey"].is_unique
    mass, molar, mol = (table[column].astype(float) for column in ("cmax_ng_per_ml", "cmax_um", "molar_mass"))
    np.testing.assert_allclose(molar, mass / mol, rtol=2e-3)
    assert molar.between(1e-5, 1e3).all()
    assert (table["second_source"].dropna() != table["citation"][table["second_source"].notna()]).all()


def test_a_peak_is_that_of_the_label():
    """Trametinib 22.2 ng/mL over 615.4 g/mol, 36.1 nM in the summary of product characteristics."""
    row = resources.table("cmax.tsv").set_index("name").loc["Trametinib"]
    assert float(row["cmax_um"]) == pytest.approx(0.0361, rel=2e-3)


def test_years_of_first_approval_have_a_source_a_day_and_reach_the_table_of_standing():
    path = Path(__file__).parents[2] / "benchmarks" / "first_approvals.tsv"
    years = pd.read_csv(path, sep="\t", dtype=str)
    assert years[["drug", "year", "source", "checked"]].notna().all(axis=None)
    assert years["drug"].is_unique
    assert years["year"].astype(int).between(1900, 2026).all()
    standing = resources.table("standing.tsv").set_index("name")
    standing.index = standing.index.str.casefold()
    row = standing.loc[years["drug"].str.casefold()]
    assert list(row["year"]) == list(years["year"])
    assert row["citation"].str.contains("; year: ").all()
