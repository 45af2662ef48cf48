"""Structures out, docking scores in: what is prepared is what is said, and the best pose counts."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest
from rdkit import Chem

from omics_rx.core.errors import InputError, MissingFileError
from omics_rx.repurposing import docking, export_structures, read_docking_scores

IMATINIB = "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1"


@pytest.mark.parametrize(
    ("smiles", "charge"),
    [
        ("CN(C)C(=N)NC(N)=N", 1),  # metformin: two amidines, four bonds apart or less
        (IMATINIB, 1),  # a piperazine takes one proton
        ("CN(Cc1cnc2nc(N)nc(N)c2n1)c1ccc(C(=O)N[C@@H](CCC(=O)O)C(=O)O)cc1", -2),  # methotrexate
        ("O=P(O)(O)C(O)(Cn1ccnc1)P(=O)(O)O", -2),  # zoledronic acid: one proton a phosphorus
        ("N=C(N)NCCC[C@H](N)C(=O)O", 1),  # arginine
        ("O=C(c1cc(Cc2n[nH]c(=O)c3ccccc23)ccc1F)N1CCN(C(=O)C2CC2)CC1", 0),  # olaparib: amides stay
        ("Nc1ccc(S(N)(=O)=O)cc1", 0),  # aniline and sulfonamide stay
        ("CC(=O)Oc1ccccc1C(=O)O", -1),
    ],
)
def test_charges_by_rule(smiles, charge):
    form = docking.protonated(Chem.MolFromSmiles(smiles))
    assert Chem.GetFormalCharge(form) == charge
    assert Chem.MolFromSmiles(Chem.MolToSmiles(form)) is not None


def test_a_prepared_compound_is_whole_and_without_its_salt():
    molecule, told = docking.prepare(f"{IMATINIB}.CS(=O)(=O)O", seed=1)
    assert told["inchikey"] == "KTUFNOKKBVMGRW-UHFFFAOYSA-N"
    assert told["charge"] == 1
    assert told["converged"]
    assert molecule.GetNumConformers() == 1
    assert molecule.GetConformer().Is3D()
    assert molecule.GetNumAtoms() == 37 + 31 + 1
    partial = sum(atom.GetDoubleProp("PartialCharge") for atom in molecule.GetAtoms())
    assert partial == pytest.approx(1, abs=0.01)
    # no two atoms lie on each other
    distances = Chem.Get3DDistanceMatrix(molecule)
    assert distances[distances > 0].min() > 0.9


def test_relaxing_cannot_raise_the_energy_and_the_seed_settles_it():
    first, again, other = (docking.prepare("CCCCC(=O)NC", seed=seed) for seed in (3, 3, 4))
    assert Chem.MolToMolBlock(first[0]) == Chem.MolToMolBlock(again[0])
    assert abs(first[1]["energy_kcal_mol"] - other[1]["energy_kcal_mol"]) < 5
    with pytest.raises(InputError, match="no structure"):
        docking.prepare(None)
    with pytest.raises(InputError, match="no parameters"):
        docking.prepare("CB(O)O")


def _ranking(drugs):
    table = pd.DataFrame({"name": drugs["name"], "rank": range(1, len(drugs) + 1)}, index=drugs.index)
    return SimpleNamespace(table=table, drugs=drugs, subtype="Basal", find=lambda drug: drug)


def test_an_exported_file_reads_back_and_says_what_is_missing(tmp_path):
    drugs = pd.DataFrame(
        {"name": ["aspirin", "borate", "nothing"], "smiles": ["CC(=O)Oc1ccccc1C(=O)O", "CB(O)O", None]},
        index=["A", "B", "C"],
    )
    table = export_structures(_ranking(drugs), tmp_path / "top.sdf")
    assert table["written"].tolist() == [True, False, False]
    assert table["reason"]["C"] == "no structure is known"
    records = list(Chem.SDMolSupplier(str(tmp_path / "top.sdf"), removeHs=False))
    assert len(records) == 1
    assert records[0].GetProp("_Name") == "aspirin"
    assert records[0].GetProp("charge") == "-1"
    assert "pH 7.4" in records[0].GetProp("protonation")
    assert Chem.GetFormalCharge(records[0]) == -1
    assert records[0].GetConformer().Is3D()
    with pytest.raises(InputError, match="none of 2 drugs could be prepared"):
        export_structures(_ranking(drugs), tmp_path / "none.sdf", drugs=["B", "C"])
    assert not (tmp_path / "none.sdf").exists()


def test_scores_from_poses_take_the_best(tmp_path):
    drugs = pd.DataFrame({"name": ["aspirin"], "smiles": ["CC(=O)Oc1ccccc1C(=O)O"]}, index=["A"])
    export_structures(_ranking(drugs), tmp_path / "top.sdf")
    (pose,) = Chem.SDMolSupplier(str(tmp_path / "top.sdf"), removeHs=False)
    with Chem.SDWriter(str(tmp_path / "poses.sdf")) as out:
        for value in (-5.5, -7.25, -6.0):
            pose.SetProp("minimizedAffinity", str(value))
            out.write(pose)
    found = read_docking_scores(tmp_path / "poses.sdf")
    assert found["docking"].to_dict() == {"A": -7.25}
    assert found.attrs["direction"] == {"docking": -1}


def test_scores_from_tables_and_what_is_refused(tmp_path):
    file = tmp_path / "scores.csv"
    file.write_text("ligand,affinity\nlapatinib,-9.5\nLapatinib,-8\nlapatinib,-10.1\n")
    assert read_docking_scores(file)["docking"].to_dict() == {"lapatinib": -10.1, "Lapatinib": -8.0}
    with pytest.raises(InputError, match="no score"):
        read_docking_scores(file, score="gnina")
    with pytest.raises(InputError, match="no 'drug'"):
        read_docking_scores(file, drug="drug")
    file.write_text("ligand,affinity\nlapatinib,fine\n")
    with pytest.raises(InputError, match=r"1 records have no drug or no number .*fine"):
        read_docking_scores(file)
    (tmp_path / "empty.sdf").write_text("\n")
    with pytest.raises(InputError, match="no record"):
        read_docking_scores(tmp_path / "empty.sdf")
    with pytest.raises(MissingFileError):
        read_docking_scores(tmp_path / "absent.sdf")
