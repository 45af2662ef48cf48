"""Parents of compounds against the structures that standardisers print; a case names peer, call, tolerance."""

import pytest
from peer_cases import cases, check, stored
from peer_molecules import SALTS
from rdkit.Chem import CanonSmiles

from omics_rx.harmonize.structures import structure

# releases of RDKit write a canonical SMILES in other orders: both sides are written by the one at hand
THEIRS = {
    key: {name: CanonSmiles(str(value)) for name, value in kept.items()} for key, kept in stored("molecules").items()
}


@pytest.mark.parametrize("case", cases("molecules"), ids=lambda case: case.key)
def test_parent_as_the_peer_prints_it(case):
    check(case, THEIRS[case.key])


@pytest.mark.parametrize(("written", "parent"), SALTS.items())
def test_a_compound_that_is_a_salt_elsewhere_loses_its_own_salt(written, parent):
    assert structure(written).smiles == CanonSmiles(parent)
