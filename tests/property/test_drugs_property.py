"""What must hold for any way of writing a molecule."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from omics_rx.core import resources
from omics_rx.harmonize import cell_lines, drugs

MOLECULES = [
    "CC(=O)Oc1ccccc1C(=O)O", "C[C@H](N)C(=O)O", "CN1CCC[C@H]1c1cccnc1", "CC1=C(C(=O)N(C2=NC(=NC=C12)N)C)C(=O)C",
    "C/C=C/C(=O)NCCO", "OC[C@H]1OC(O)[C@H](O)[C@@H](O)[C@@H]1O", "NCCc1ccc(O)c(O)c1", "CC(C)NCC(O)c1ccc(O)c(O)c1",
]  # fmt: skip
SALTS = ["Cl", "Br", "[Na+].[Cl-]", "CS(=O)(=O)O", "O", "OC(=O)/C=C/C(=O)O", "OS(=O)(=O)O", "[K+].[Br-]"]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(MOLECULES), st.integers(0, 10_000), st.lists(st.sampled_from(SALTS), max_size=2))
def test_order_of_atoms_and_salts_change_nothing(smiles, seed, salts):
    from rdkit import Chem

    shuffled = Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(smiles), 1, randomSeed=seed + 1)[0]
    assert drugs.structure(".".join([*salts[:1], shuffled, *salts[1:]])) == drugs.structure(smiles)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(MOLECULES), st.sampled_from(SALTS))
def test_a_stripped_structure_is_stripped(smiles, salt):
    once = drugs.structure(f"{smiles}.{salt}")
    assert drugs.structure(once.smiles) == once


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30))
def test_any_text_is_identified_or_said_to_be_unknown(text):
    for found in (drugs.identify([text]), cell_lines.identify([text])):
        assert found["status"].item() in {"known", "structure", "ambiguous", "unknown"}
        assert found["reason"].item()


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(resources.table("cell_lines.tsv")["cell_id"].tolist()), st.booleans(), st.sampled_from(" -_./"))
def test_spelling_never_moves_a_name_to_another_line(name, lower, mark):
    spelled = mark.join(name.lower() if lower else name)
    assert cell_lines.identify([spelled])["cell_id"].item() in (name, None)
