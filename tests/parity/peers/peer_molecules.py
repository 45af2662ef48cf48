"""Parents of compounds: ours where standardisers print a structure."""

from __future__ import annotations

from peer_cases import Case

from omics_rx.harmonize.structures import structure

MADE = (
    "CC(=O)Oc1ccccc1C(=O)[O-].[Na+]", "C[NH2+]CCc1ccccc1.[Cl-]", "OC(=O)CCc1ccncc1.Cl.Cl",
    "NCC(=O)O", "[NH3+]CC(=O)[O-]", "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
    "C[C@H](N)C(=O)O.Cl", "F/C=C/Cl", "CN1CCC[C@H]1c1cccnc1.Br", "Nc1ncnc2[nH]cnc12",
    "O=[N+]([O-])c1ccccc1", "C[S+]([O-])c1ccccc1", "CC#N", "OCC1OC(O)C(O)C(O)C1O", "c1ccc2[nH]ccc2c1.Cl",
    "COc1ccc(cc1)C(=O)[O-].[Li+]",
)  # fmt: skip
# all parts are on ChEMBL's list of salts
SALTS = {
    "CCN(CC)CC.Cl": "CCN(CC)CC",
    "C[N+](C)(C)CCO.[Cl-]": "C[N+](C)(C)CCO",
    "O=S(=O)([O-])c1ccccc1.[K+]": "O=S(=O)(O)c1ccccc1",
    "O=C([O-])CCC([O-])=O.[Na+].[Na+]": "O=C(O)CCC(=O)O",
}
# what the standardisers' own tests print, as single facts
RDKIT_TESTS = ("C[NH+](C)(C).[Cl-]", "CN(C)C.Cl.Cl.Br", "[12CH3][13CH3]", "O=C([O-])c1ccccc1")
CHEMBL_TESTS = ("[NH3+]CC[O-]", "[NH3+]CCO", "NCC[O-]", "[Cl-].[NH3+]CCC[O-]", "[NH3+]CC([O-])C[O-]", "C[NH3+].[Cl-]")


def _parents(written: tuple[str, ...]) -> dict[str, str]:
    return {smiles: structure(smiles).smiles for smiles in written}


TEXT = "texts are the same or not: canonical SMILES of one RDKit"
CASES = [
    Case("rdkit made", "RDKit", "MolStandardize: FragmentParent, Uncharger", lambda: _parents(MADE), why=TEXT),
    Case(
        "rdkit salts",
        "RDKit",
        "the same, of compounds that are salts elsewhere",
        lambda: _parents(tuple(SALTS)),
        why=TEXT,
    ),
    Case("rdkit tests", "RDKit", "its own tests of MolStandardize", lambda: _parents(RDKIT_TESTS), why=TEXT),
    Case("chembl made", "ChEMBL", "standardizer.get_parent_mol", lambda: _parents(MADE), why=TEXT),
    Case(
        "chembl salts",
        "ChEMBL",
        "standardizer.get_parent_mol, compounds on its list of salts",
        lambda: _parents(tuple(SALTS)),
        why=TEXT,
        stated="where all parts are on ChEMBL's list of salts they stay together; here the organic part is it",
    ),
    Case(
        "chembl tests", "ChEMBL", "its own tests of the uncharger, salts off", lambda: _parents(CHEMBL_TESTS), why=TEXT
    ),
]
