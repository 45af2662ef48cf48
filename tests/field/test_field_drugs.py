"""Drugs, lines, subtypes and targets as people write them: the right one, or asked, in every room."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

import omics_rx as orx
from omics_rx.core.cohort import with_info
from omics_rx.core.errors import InputError, UnknownNameError
from omics_rx.harmonize import cell_lines, drug_names, drugs, subtypes, target_genes
from omics_rx.harmonize.structures import structure

AFATINIB = "CN(C)C/C=C/C(=O)NC1=C(C=C2C(=C1)C(=NC=N2)NC3=CC(=C(C=C3)F)Cl)O[C@H]4CCOC4"
LAPATINIB = "CS(=O)(=O)CCNCc1ccc(-c2ccc3ncnc(Nc4ccc(OCc5cccc(F)c5)c(Cl)c4)c3c2)o1"
DOXORUBICIN = "COc1cccc2c1C(=O)c1c(O)c3c(c(O)c1C2=O)C[C@@](O)(C(=O)CO)C[C@@H]3O[C@H]1C[C@H](N)[C@H](O)[C@H](C)O1"
EPIRUBICIN = "COc1cccc2c1C(=O)c1c(O)c3c(c(O)c1C2=O)C[C@@](O)(C(=O)CO)C[C@@H]3O[C@H]1C[C@H](N)[C@@H](O)[C@H](C)O1"
CELLS = ["BT-474", "MCF7", "T47D", "MDA-MB-231"]
NAMED = {
    "Lapatinib": LAPATINIB, "Afatinib": AFATINIB, "Cisplatin": "N.N.Cl[Pt]Cl", "Doxorubicin": DOXORUBICIN,
    "Epirubicin": EPIRUBICIN, "Palbociclib": "CC1=C(C(=O)N(C2=NC(=NC=C12)NC3=NC=C(C=C3)N4CCNCC4)C5CCCC5)C(=O)C",
    "Paclitaxel": None, "AZD6738": None, "AZD2014": None, "MK-1775": None, "5-Fluorouracil": "O=c1[nH]cc(F)c(=O)[nH]1",
    "Olaparib": "O=C(c1cc(Cc2n[nH]c(=O)c3ccccc23)ccc1F)N1CCN(C(=O)C2CC2)CC1", "Fulvestrant": None, "Trametinib": None,
}  # fmt: skip


def compounds() -> pd.DataFrame:
    """Drugs of a screen whose ids are its own."""
    smiles = list(NAMED.values())
    return pd.DataFrame(
        {
            "name": list(NAMED),
            "smiles": smiles,
            "inchikey": [structure(text).inchikey if text else None for text in smiles],
            "targets": [
                "ERBB2;EGFR", "EGFR", None, "TOP2A", "TOP2A", "CDK4;CDK6", "TUBB", "ATR", "MTOR", "WEE1", "TYMS",
                "PARP1;PARP2", "ESR1", "MAP2K1;MAP2K2",
            ],
        },
        index=[f"D{i:02d}" for i in range(len(smiles))],
    )  # fmt: skip


@pytest.fixture(scope="module")
def model():
    """A kernel model on forty lines, four of them breast lines, and drugs people know."""
    random = np.random.default_rng(0)
    table = compounds()
    lines = [*CELLS, *(f"line{i}" for i in range(36))]
    cells = AnnData(random.normal(size=(40, 30)).astype(np.float32), obs=pd.DataFrame({"name": lines}, index=lines))
    cells.var_names = [f"LINC{i:05d}" for i in range(30)]
    values = random.normal(1, 1, len(table)) - cells.X[:, : len(table)] + random.normal(0, 0.3, (40, len(table)))
    rows = pd.DataFrame(values, index=pd.Index(lines, name="cell_id"), columns=table.index.rename("drug_id"))
    long = rows.melt(ignore_index=False, value_name="ln_ic50").reset_index()
    screen = orx.DrugScreen(long, with_info(cells, unit="z", domain="cell_line"), table, sure_of_unit=True)
    return orx.response.ResponseModel(("kernel",)).fit(screen, progress=False)


def predicted(model, asked):
    return model.predict(model.screen_.cells[4:6], asked, domain="cell_line")


def id_of(name):
    return next(drug for drug, own in compounds()["name"].items() if own == name)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Taxol", "Paclitaxel"), ("taxol", "Paclitaxel"), ("Ibrance", "Palbociclib"), ("PD-0332991", "Palbociclib"),
        ("palbociclib isethionate", "Palbociclib"), ("Lynparza", "Olaparib"), ("AZD 2281", "Olaparib"),
        ("Tykerb", "Lapatinib"), ("lapatinib ditosylate monohydrate", "Lapatinib"), ("5-FU", "5-Fluorouracil"),
        ("5 FU", "5-Fluorouracil"), ("ceralasertib", "AZD6738"), ("vistusertib", "AZD2014"),
        ("adavosertib", "MK-1775"), ("MK1775", "MK-1775"), ("ICI 182780", "Fulvestrant"), ("Faslodex", "Fulvestrant"),
        ("Adriamycin", "Doxorubicin"), ("Olaparib (AZD2281)", "Olaparib"), ("cisplatinum", "Cisplatin"),
    ],
)  # fmt: skip
def test_a_drug_is_found_by_whatever_it_is_called_in_every_room(model, said, name):
    drug = id_of(name)
    plain = predicted(model, None).mean[drug]
    np.testing.assert_array_equal(predicted(model, [said]).mean.iloc[:, 0], plain)
    np.testing.assert_array_equal(predicted(model, pd.DataFrame({"name": [said]})).mean.iloc[:, 0], plain)
    assert model.explain("BT-474", said).drug_id == drug
    assert model.adapt("bt474", {said: 1.0}).measured.index.tolist() == [drug]
    assert orx.response.measure_first(model, 1, among=[said]).index.tolist() == [drug]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Herceptin", "antibody trastuzumab: antibodies are out of scope"),
        ("trastuzumab-dkst", "antibodies are out of scope"), ("Keytruda", "antibody pembrolizumab"),
        ("metformin", "is not in the screen"), ("lapatinb", "did you mean Lapatinib"),
        ("AZD6739", "is not in the screen the model was trained on$"), ("FCCP", "is not in the screen"),
        ("BSO", "is not in the screen"), ("CO 1686", "is not in the screen"), ("ICI 118551", "is not in the screen"),
        ("", "is not in the screen"), ("nan", "is not in the screen"),
    ],
)  # fmt: skip
def test_a_name_that_is_not_known_gets_no_look_alike(model, said, words):
    (problem,) = drugs.find([said], compounds(), what="the screen the model was trained on")["problem"]
    assert words.rstrip("$") in problem
    assert "did you mean" in words or "did you mean" not in problem
    drawn = drugs.known_structure(said) is not None  # a compound that other tables know is predicted as a new one
    for ask in (lambda: predicted(model, [said]), lambda: model.explain("MCF7", said))[drawn:]:
        with pytest.raises(InputError):
            ask()


@pytest.mark.parametrize("name", ["ICI 182780", "ICI 118551", "CO 1686", "FCCP", "BSO", "CCO", "N", "C-1", "CC-5013"])
def test_names_are_never_structures(name):
    assert drugs.identify([name])["reason"].item() != "SMILES"


@pytest.mark.parametrize(
    "smiles",
    [
        "CN(C)CC=CC(=O)NC1=C(C=C2C(=C1)C(=NC=N2)NC3=CC(=C(C=C3)F)Cl)OC4CCOC4",
        f"{AFATINIB}.OC(=O)C=CC(=O)O.OC(=O)C=CC(=O)O", f"{AFATINIB}.CCS(=O)(=O)O", f"{AFATINIB}.CCN(CC)CC",
        AFATINIB.replace("CN(C)C", "C[NH+](C)C"), AFATINIB.replace("CN(C)C", "[13CH3]N(C)C"),
        AFATINIB.replace("CN(C)C", "[2H]C([2H])([2H])N(C)C"),
        AFATINIB.replace("C(=O)NC1", "C(O)=NC1"),
    ],
)  # fmt: skip
def test_a_training_drug_is_recognised_however_it_is_drawn(model, smiles):
    found = predicted(model, pd.DataFrame({"name": ["x"], "smiles": [smiles]}))
    np.testing.assert_array_equal(found.mean.iloc[:, 0], predicted(model, None).mean[id_of("Afatinib")])
    assert found.drugs["known"].all()


def test_what_was_decided_is_noted(model, caplog):
    flat = "CN(C)CC=CC(=O)NC1=C(C=C2C(=C1)C(=NC=N2)NC3=CC(=C(C=C3)F)Cl)OC4CCOC4"
    with caplog.at_level(logging.WARNING, logger="omics_rx"):
        found = predicted(model, pd.DataFrame({"name": ["x"], "smiles": [flat]}))
    assert "stereo is not given in full: Afatinib was taken" in found.drugs["note"].item()
    assert "Afatinib was taken" in caplog.text
    mirrored = AFATINIB.replace("@H", "@@H")
    other = predicted(model, pd.DataFrame({"name": ["x"], "smiles": [mirrored]})).drugs.iloc[0]
    assert not other["known"]
    assert "another stereoisomer of Afatinib" in other["note"]


def test_bonds_of_two_drugs_are_asked_and_a_name_settles_it(model):
    flat = orx.harmonize.drugs.salt_stripped("COc1cccc2c1C(=O)c1c(O)c3c(c(O)c1C2=O)CC(O)(C(=O)CO)CC3OC1CC(N)C(O)C(C)O1")
    with pytest.raises(InputError, match=r"fits Doxorubicin, Epirubicin: write its stereo, or give the name"):
        predicted(model, pd.DataFrame({"name": ["x"], "smiles": [flat]}))
    found = predicted(model, pd.DataFrame({"name": ["Adriamycin"], "smiles": [flat]}))
    np.testing.assert_array_equal(found.mean.iloc[:, 0], predicted(model, None).mean[id_of("Doxorubicin")])
    assert "Adriamycin was taken" in found.drugs["note"].item()
    for smiles, name in ((DOXORUBICIN, "Doxorubicin"), (EPIRUBICIN, "Epirubicin")):
        told = predicted(model, pd.DataFrame({"name": ["x"], "smiles": [smiles]}))
        np.testing.assert_array_equal(told.mean.iloc[:, 0], predicted(model, None).mean[id_of(name)])


def test_name_and_structure_that_disagree_are_said(model):
    found = predicted(model, pd.DataFrame({"name": ["Tykerb"], "smiles": [AFATINIB]}))
    np.testing.assert_array_equal(found.mean.iloc[:, 0], predicted(model, None).mean[id_of("Afatinib")])
    assert "the name is that of Lapatinib, the structure is not" in found.drugs["note"].item()


@pytest.mark.parametrize(
    "smiles",
    ["N.N.Cl[Pt]Cl", "N.N.[Cl-].[Cl-].[Pt+2]", "[NH3+][Pt-2]([NH3+])(Cl)Cl", "[NH3]->[Pt](<-[NH3])(Cl)Cl",
     "N[Pt](N)(Cl)Cl", "[NH3]->[Pt](N)(Cl)Cl", "Cl[Pt-2](Cl)([NH3+])[NH3+].O"],
)  # fmt: skip
def test_cisplatin_is_one_drug(model, smiles):
    if not smiles.endswith(".O"):  # water may be a ligand
        found = predicted(model, pd.DataFrame({"name": ["x"], "smiles": [smiles]}))
        np.testing.assert_array_equal(found.mean.iloc[:, 0], predicted(model, None).mean[id_of("Cisplatin")])


def test_other_complexes_are_one_compound_each_however_they_are_bound():
    ways = ["O=C1O[Pt]2(NC3CCCCC3N2)OC1=O", "[NH2]1[Pt]2([NH2]C3CCCCC13)OC(=O)C(=O)O2",
            "C1CCC(C(C1)[NH-])[NH-].C(=O)(C(=O)O)O.[Pt+2]", "NC1CCCCC1N.[O-]C(=O)C(=O)[O-].[Pt+2]"]  # fmt: skip
    assert len({structure(smiles).inchikey for smiles in ways}) == 1
    assert structure("[Na]OC(=O)c1ccccc1O") == structure("O=C(O)c1ccccc1O")
    assert structure("[Na]O").smiles == "[Na+].[OH-]"


@pytest.mark.parametrize("at", range(5, 65, 10))
@pytest.mark.parametrize("gap", [" ", "\n", "\t", " |$;;$| "])
def test_a_broken_smiles_is_refused(model, at, gap):
    with pytest.raises(InputError, match="space or a line break"):
        structure(LAPATINIB[:at] + gap + LAPATINIB[at:])
    with pytest.raises(InputError):
        predicted(model, pd.DataFrame({"name": ["x"], "smiles": [LAPATINIB[:at] + gap + LAPATINIB[at:]]}))


def test_a_library_asks_row_by_row(model):
    flat = "COc1cccc2c1C(=O)c1c(O)c3c(c(O)c1C2=O)CC(O)(C(=O)CO)CC3OC1CC(N)C(O)C(C)O1"
    rows = pd.DataFrame(
        {"name": ["a", "b", "c", "d"], "smiles": [flat, "CCO C", AFATINIB.replace("@H", "H"), "N[Pt](N)(Cl)Cl"]}
    )
    (found,) = orx.response.library.stream(model, model.screen_.cells[4:6], rows, domain="cell_line")
    assert found["status"].tolist() == ["ambiguous", "unreadable", "known", "known"]
    assert "fits Doxorubicin, Epirubicin" in found["warning"][0]
    assert "Afatinib was taken" in found["warning"][2]


def test_targets_in_every_separator_and_by_protein_names(model):
    def judged(targets):
        return predicted(model, pd.DataFrame({"name": ["q"], "targets": [targets]}, index=["q"]))

    plain = judged("EGFR;ERBB2")
    for other in ("EGFR, ERBB2", "EGFR/ERBB2", "EGFR|ERBB2", "EGFR and HER2", "her2, egfr", "ERBB1 + NEU"):
        np.testing.assert_allclose(judged(other).mean, plain.mean)
    assert plain.drugs["warning"].item() == "no structure is known: judged by targets alone"
    assert target_genes("p53, MEK1, CDK4/6").genes == ("TP53", "MAP2K1", "CDK4", "CDK6")
    with_strange = judged("EGFR; DNA")
    assert "no gene, and not used as a target: DNA" in with_strange.drugs["note"].item()
    with pytest.raises(InputError, match="no structure, target or pathway that is known"):
        judged("DNA")


@pytest.mark.parametrize(
    ("said", "cell"),
    [("BT474", "BT-474"), ("bt-474", "BT-474"), ("Bt 474", "BT-474"), ("ACH-000927", "BT-474"), ("946359", "BT-474"),
     (946359.0, "BT-474"), ("SIDM00963", "BT-474"), ("CVCL_0179", "BT-474"), ("BT474_BREAST", "BT-474"),
     ("MCF-7", "MCF7"), ("ACH-000019", "MCF7"), ("T-47D", "T47D"), ("MDAMB231", "MDA-MB-231")],
)  # fmt: skip
def test_a_line_is_found_by_whatever_it_is_called_in_every_room(model, said, cell):
    assert cell_lines.find_one(said, model.screen_.cells.obs) == cell
    assert model.explain(str(said), "D00").cell_id == cell
    assert model.adapt(str(said), {"D00": 1.0}).sample == cell


def test_lines_that_collapse_when_squeezed_stay_apart():
    among = pd.Index(["TT", "T-T", "KM-H2", "KMH-2"])
    assert cell_lines.find(among, among)["cell_id"].tolist() == among.tolist()
    asked = cell_lines.find(["T.T", "tt", "KMH2"], among)
    assert asked["cell_id"].isna().all()
    assert asked["problem"].str.contains("fits").all()
    alone = cell_lines.find(["T-T"], pd.Index(["TT"]))
    assert alone["cell_id"].isna().all()


@pytest.mark.parametrize("said", ["MCF10A", "MCF-10A", "MCF 10A", "CVCL_0598", "184A1", "HME1", "MCF12A",
                                  "MDA-MB-134VI", "SUM149PT", "SUM-159PT", "SUM52", "ACH-001391"])  # fmt: skip
def test_breast_lines_of_other_panels_are_known(said):
    row = cell_lines.identify([said]).iloc[0]
    assert row["status"] == "known"
    assert cell_lines.facts().loc[row["cell_id"], "tissue"] == "breast"


@pytest.mark.parametrize(
    ("said", "name"),
    [("TNBC", "Basal"), ("basal-like", "Basal"), ("triple negative", "Basal"), ("HER2+", "Her2"),
     ("HER2-enriched", "Her2"), ("her2 positive", "Her2"), ("luminal A", "LumA"), ("LUMB", "LumB"),
     ("normal-like", "Normal"), ("ER-/PR-/HER2-", "Basal")],
)  # fmt: skip
def test_a_subtype_is_understood(said, name):
    assert orx.harmonize.subtype(said) == name


@pytest.mark.parametrize(
    "said", ["ER+", "luminal", "HR+/HER2-", "HER2-", "ER-negative", "claudin-low", "cake", "", None]
)
def test_a_word_for_several_subtypes_is_asked(said):
    with pytest.raises(UnknownNameError, match="name one of"):
        orx.harmonize.subtype(said)


def test_receptor_classes_are_read_with_a_word():
    assert "class by receptors" in subtypes.read("TNBC").note
    assert subtypes.read("basal-like").note == ""


def test_a_data_set_is_found_in_any_case():
    from omics_rx.datasets import registry

    assert registry.dataset("GDSC2").name == "gdsc2"
    with pytest.raises(UnknownNameError, match="Did you mean gdsc"):
        registry.dataset("GDSC3")


def test_names_of_salts_and_esters():
    assert drug_names.without_salt_words("imatinib mesylate") == "imatinib"
    assert drug_names.without_salt_words("abiraterone acetate") == "abiraterone acetate"
    table = pd.DataFrame({"name": ["Abiraterone"]}, index=["A"])
    found = drugs.find(["abiraterone acetate"], table).iloc[0]
    assert found["drug_id"] == "A"
    assert "an ester would be another compound" in found["note"]
    hands = pd.DataFrame({"name": ["JQ1"]}, index=["J"])
    assert drugs.find(["(-)-JQ1"], hands)["drug_id"].isna().all()


@pytest.mark.parametrize("said", ["metformin", "Glucophage", "metformin hydrochloride", "XZWYZXLIPXDOLR-UHFFFAOYSA-N"])
def test_a_launched_drug_outside_the_screen_is_drawn_by_its_name(model, said):
    found = predicted(model, [said])
    drawn = predicted(model, pd.DataFrame({"name": ["mine"], "smiles": [drugs.known_structure("metformin")]}))
    assert "found by name" in found.drugs["note"].iloc[0]
    assert not found.drugs["known"].iloc[0]
    np.testing.assert_allclose(found.mean.to_numpy(), drawn.mean.to_numpy(), atol=1e-9)


def test_a_name_that_no_table_holds_is_still_asked(model):
    with pytest.raises(InputError, match="no such drug"):
        predicted(model, ["no such drug"])
    with pytest.raises(InputError, match="antibod"):
        predicted(model, ["trastuzumab"])


def test_an_own_screen_of_names_gets_its_structures():
    lines = ["BT-474", "MCF7", "T-47D", "SK-BR-3"]
    table = pd.DataFrame([(line, drug, 0.5) for line in lines for drug in ("Tykerb", "metformin", "own-17")],
                         columns=["line", "drug", "ic50_um"])  # fmt: skip
    screen = orx.io.read_screen(table)
    drawn = screen.drugs["smiles"].notna()
    assert drawn[screen.drugs["name"].isin(["Lapatinib", "Tykerb", "metformin"])].all()
    assert drawn.sum() == 2
    assert any("structures found by name" in said for said in orx.io.notes(screen.cells))


def test_a_new_compound_drawn_as_another_tautomer_is_told(caplog):
    """A new compound keeps the form it is drawn in, and the form of RDKit's choice is named beside it."""
    from omics_rx.harmonize.forms import standard_tautomer

    assert standard_tautomer("Oc1ccccn1") == "O=c1cccc[nH]1"
    assert standard_tautomer("O=c1cccc[nH]1") is None
    assert standard_tautomer("N[Pt](N)(Cl)Cl") is None
