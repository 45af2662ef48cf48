"""Compounds: structures, salts, stereo, names."""

from __future__ import annotations

import pandas as pd
import pytest

from omics_rx.core import resources
from omics_rx.core.errors import InputError
from omics_rx.harmonize import drugs

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"


@pytest.mark.parametrize(
    ("smiles", "inchikey"),
    [  # InChIKeys as PubChem gives them
        (ASPIRIN, "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"),
        ("CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "RYYVLZVUVIJVGH-UHFFFAOYSA-N"),
        ("CC(C)Cc1ccc(cc1)C(C)C(=O)O", "HEFNNWSXXWATRW-UHFFFAOYSA-N"),
        ("N.N.Cl[Pt]Cl", "LXZZYRPGZAFOLE-UHFFFAOYSA-L"),
    ],
)
def test_known_inchikeys(smiles, inchikey):
    assert drugs.structure(smiles).inchikey == inchikey


@pytest.mark.parametrize(
    "salt",
    [
        "CC(=O)Oc1ccccc1C(=O)[O-].[Na+]", "[K+].CC(=O)Oc1ccccc1C(=O)[O-]", "CC(=O)Oc1ccccc1C(=O)O.O",
        "CC(=O)Oc1ccccc1C(=O)[O-].[Ca+2].CC(=O)Oc1ccccc1C(=O)[O-]", "CC(=O)Oc1ccccc1C(=O)O.CS(=O)(=O)O",
        "CC(=O)Oc1ccccc1C(=O)O.OC(=O)/C=C/C(=O)O",
        "CC(=O)Oc1ccccc1C(=O)O.OC(=O)CC(O)(CC(=O)O)C(=O)O",
    ],
)  # fmt: skip
def test_salts_hydrates_and_solvates_are_the_compound(salt):
    assert drugs.structure(salt) == drugs.structure(ASPIRIN)


def test_a_hydrochloride_is_its_base():
    base = "CN1C(=C(C=N1)Cl)C2=C(SC(=C2)C(=O)N[C@@H](CC3=CC(=CC=C3)F)CN)Cl"
    assert drugs.structure(f"{base}.Cl") == drugs.structure(base)
    assert drugs.salt_stripped(f"{base}.Cl.Cl") == drugs.salt_stripped(base)


def test_complexes_mixtures_and_lone_ions_stay_whole():
    assert "Pt" in drugs.salt_stripped("N.N.Cl[Pt]Cl")
    assert drugs.salt_stripped("[NH-][C@@H]1CCCC[C@H]1[NH-].O=C(O)C(=O)O.[Pt+2]").count(".") == 2
    assert drugs.salt_stripped("CCCCCO.CCN(CC)CCC.c1ccccc1Cl").count(".") == 2
    assert drugs.salt_stripped("[Na+].[Cl-]").count(".") == 1


def test_a_drug_that_is_itself_a_counter_ion_stays():
    assert drugs.salt_stripped("CC(=O)O") == "CC(=O)O"
    assert drugs.structure("OC(=O)CC(O)(CC(=O)O)C(=O)O").inchikey == "KRKNYBCHXYNGOX-UHFFFAOYSA-N"


def test_stereo_is_kept():
    l_form, d_form = drugs.structure("C[C@H](N)C(=O)O"), drugs.structure("C[C@@H](N)C(=O)O")
    flat = drugs.structure("CC(N)C(=O)O")
    assert len({l_form.inchikey, d_form.inchikey, flat.inchikey}) == 3
    assert len({one.inchikey[:14] for one in (l_form, d_form, flat)}) == 1


def test_a_charge_without_salt_is_kept():
    assert "+" in drugs.salt_stripped("C[N+](C)(C)CCO")


@pytest.mark.parametrize("wrong", ["", "not-a-molecule", "C1CC", "CC(C)(C)(C)C", "nan"])
def test_what_is_no_molecule_is_named(wrong):
    with pytest.raises(InputError, match="is not the SMILES of a molecule"):
        drugs.structure(wrong)


def test_a_table_keeps_its_order_and_what_is_missing():
    frame = pd.DataFrame({"smiles": [ASPIRIN, None, "CCO"], "dose": [1, 2, 3]}, index=["a", "b", "c"])
    before = frame.copy()
    found = drugs.structures(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert found.index.tolist() == ["a", "b", "c"]
    assert found["dose"].tolist() == [1, 2, 3]
    assert found["inchikey"].isna().tolist() == [False, True, False]


def test_every_wrong_smiles_of_a_table_is_named():
    frame = pd.DataFrame({"smiles": ["C1CC", "CCO", "xyz"]}, index=["first", "second", "third"])
    with pytest.raises(InputError, match=r"2 of 3 SMILES.*first: C1CC, third: xyz"):
        drugs.structures(frame)
    with pytest.raises(InputError, match="no column smiles"):
        drugs.structures(frame.rename(columns={"smiles": "SMILES"}))


def test_nothing_is_said_on_stderr(capfd):
    with pytest.raises(InputError):
        drugs.structure("C1CC")
    assert capfd.readouterr() == ("", "")


def test_names_aliases_keys_and_structures_find_the_same_drug():
    key = "AHJRHEGDXFFMBM-UHFFFAOYSA-N"
    smiles = "CC1=C(C(=O)N(C2=NC(=NC=C12)NC3=NC=C(C=C3)N4CCNCC4)C5CCCC5)C(=O)C.Cl"
    found = drugs.identify(["Palbociclib", "PD-0332991", "pd 0332991", key, smiles])
    assert found["drug_id"].tolist() == [key] * 5
    assert set(found["name"]) == {"Palbociclib"}
    assert set(found["status"]) == {"known"}


def test_unknown_names_and_new_structures_are_told_apart():
    found = drugs.identify(["panacea", "CCCCC(=O)CCCCCC", "RYYVLZVUVIJVGH-UHFFFAOYSA-N", ""])
    assert found["status"].tolist() == ["unknown", "structure", "structure", "unknown"]
    assert found["drug_id"].isna().tolist() == [True, False, False, True]


def test_a_name_of_two_compounds_is_given_to_neither(monkeypatch):
    known = resources.table("drugs.tsv").head(2)
    both = tuple(known["drug_id"])
    monkeypatch.setattr(drugs, "_by_name", lambda: ({"Twin": both}, {"TWIN": both}))
    found = drugs.identify(["Twin"]).iloc[0]
    assert found["status"] == "ambiguous"
    assert pd.isna(found["drug_id"])
    assert all(name in found["reason"] for name in known["name"])


def test_the_table_of_compounds_is_sound():
    table = resources.table("drugs.tsv")
    assert table["drug_id"].is_unique
    assert table["name"].is_unique
    _, loose = drugs._by_name()
    assert not {name: ids for name, ids in loose.items() if len(ids) > 1}
    own = table.dropna(subset="smiles").set_index("drug_id")
    assert drugs.structures(own)["inchikey"].tolist() == own.index.tolist()
    assert drugs.identify(["Doxorubicin", "Epirubicin"])["drug_id"].nunique() == 2
    assert drugs.identify(["Nutlin-3", "Nutlin-3a"])["drug_id"].nunique() == 2


def test_keys_agree_with_drugbank(shared_data):
    """Independent structures: 58 of 61 names have the same bonds, the others are named and understood."""
    theirs = pd.read_csv(shared_data / "knowledge" / "drugbank_slim.tsv", sep="\t", dtype=str).dropna(subset="inchikey")
    keys = dict(zip(theirs["name"].map(drugs.squeezed), theirs["inchikey"].str.removeprefix("InChIKey="), strict=True))
    table = resources.table("drugs.tsv")
    table = table[~table["drug_id"].str.startswith("name:")]
    both = {name: (key, keys[drugs.squeezed(name)])
            for name, key in zip(table["name"], table["drug_id"], strict=True)
            if drugs.squeezed(name) in keys}  # fmt: skip
    assert len(both) > 50
    other = {name for name, (ours, theirs) in both.items() if ours[:14] != theirs[:14]}
    # fludarabine is DrugBank's phosphate; the platinum complexes are written with other charges
    assert other == {"Cisplatin", "Fludarabine", "Oxaliplatin"}


def test_a_key_without_stereo_is_the_one_drug_of_its_bonds_and_another_mirror_image_is_none():
    smiles = ["O=C1CCC(N2C(=O)c3ccccc3C2=O)C(=O)N1", "C[C@H](N)C(=O)O"]
    screen = pd.DataFrame({"name": ["thalidomide", "L-alanine"], "smiles": smiles}, index=["A", "B"])
    bonds = "QNAYBMKLOCPYGJ"
    found = drugs.find([f"{bonds}-UHFFFAOYSA-N", f"{bonds}-REOHCLBHSA-N", f"{bonds}-UWTATZPHSA-N"], screen)
    assert found["drug_id"].tolist()[:2] == ["B", "B"]
    assert found["how"].tolist()[:2] == ["InChIKey of the bonds", "InChIKey"]
    assert "L-alanine was taken" in found["note"].iloc[0]
    assert found["drug_id"].isna().iloc[2]
    assert "no compound of this screen" in found["problem"].iloc[2]
