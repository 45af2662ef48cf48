"""Structures of candidates for docking; :mod:`omics_rx.repurposing.docking_scores` reads what comes back.

What is written is one low-energy conformer of each drug in the form that rules expect at pH 7.4; it is a start for a
docking program, which samples torsions itself, and not a pose.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, examples
from omics_rx.core.saving import writing
from omics_rx.core.work import subseed

if TYPE_CHECKING:
    from omics_rx.repurposing.ranking import Ranking

N_CONFORMERS, MAX_STEPS, APART = 10, 5000, 4
PROTONATION = "rules for pH 7.4: strong acids as anions, aliphatic amines, amidines and guanidines as cations"
# name: pattern, atom of the pattern that is charged, charge
_ACIDS = ("[CX3](=O)[OX2;H1:1]", "[SX4](=O)(=O)[OX2;H1:1]", "[PX4](=O)[OX2;H1:1]", "c1nnn[nH:1]1", "c1n[nH:1]nn1")
# an amine beside a double bond or an aromatic ring shares its lone pair; so does one bound to O, N or S
_BASES = (
    "[NX2;H0,H1;+0:1]=[CX3]([NX3;H1,H2,H0;!$(N[C,S]=[O,S])])[#6,NX3]",
    "[NX3;H0,H1,H2;+0;!$(N[C,S,P]=[O,S,N]);!$(N[c,O,N,S,P]);!$(NC=[C,N]);!$(NC#N):1][CX4]",
)


@in_words
def export_structures(
    ranking: Ranking, path: Path | str, *, n: int = 10, drugs: Iterable[str] | None = None, seed: int = 0
) -> pd.DataFrame:
    """Write the first drugs of a ranking as prepared 3-D structures, one SDF record each.

    Counter-ions are taken off, hydrogens added, ten conformers embedded by ETKDG version 3 (Riniker and Landrum 2015,
    doi:10.1021/acs.jcim.5b00654), relaxed by MMFF94 (Halgren 1996), and the one of lowest energy kept. Each record
    states its charge, protonation, energy (kcal/mol), and MMFF94 partial charges (``atom.dprop.PartialCharge``).

    Parameters
    ----------
    ranking
        Its ``drugs`` must hold ``smiles``.
    path
        File to write.
    n
        Drugs taken from the top.
    drugs
        Names or ids of the drugs to take instead.
    seed
        Seed of the embedding; the same seed writes the same file.

    Returns
    -------
    DataFrame
        Index ``drug_id``; ``name``, ``rank``, ``charge``, ``energy`` (kcal/mol), ``open_stereo`` (centres whose
        configuration is not known; one was drawn), ``written`` and ``reason``, why a drug could not be prepared.

    Raises
    ------
    InputError
        If no drug could be prepared, with the reasons.
    OutputError
        If the file cannot be written.
    """
    from rdkit import Chem

    chosen = [ranking.find(drug) for drug in drugs] if drugs is not None else list(ranking.table.index[:n])
    rows, ready = [], []
    for drug in chosen:
        name, rank = str(ranking.table["name"][drug]), int(ranking.table["rank"][drug])
        smiles = ranking.drugs["smiles"].get(drug) if "smiles" in ranking.drugs else None
        try:
            molecule, told = prepare(smiles, seed=subseed(seed, "conformers", drug))
        except InputError as error:
            rows.append((drug, name, rank, pd.NA, float("nan"), pd.NA, False, str(error)))
            continue
        molecule.SetProp("_Name", name)
        for key, value in (("drug_id", drug), ("rank", rank), ("ranked_for", ranking.subtype), *told.items()):
            molecule.SetProp(key, str(value))
        ready.append(molecule)
        rows.append((drug, name, rank, told["charge"], told["energy_kcal_mol"], told["open_stereo"], True, ""))
    columns = ["drug_id", "name", "rank", "charge", "energy", "open_stereo", "written", "reason"]
    table = pd.DataFrame(rows, columns=columns).set_index("drug_id")
    if not ready:
        raise InputError(f"none of {len(table)} drugs could be prepared ({examples(table['reason'].unique())})")
    with writing(path) as draft, Chem.SDWriter(str(draft)) as out:
        for molecule in ready:
            out.write(molecule)
    return table


def prepare(smiles: Any, *, seed: int = 0) -> tuple[Any, dict[str, Any]]:
    """One relaxed conformer of a compound with hydrogens, and what was done.

    Parameters
    ----------
    smiles
        The compound; counter-ions are taken off.
    seed
        Seed of the embedding.

    Returns
    -------
    rdkit molecule, dict
        ``inchikey`` of the parent, ``smiles`` of the form written, ``charge``, ``protonation``, ``open_stereo``,
        ``force_field``, ``energy_kcal_mol``, ``converged``.

    Raises
    ------
    InputError
        If there is no structure, it cannot be embedded, or MMFF94 has no parameters for it (as for metals).
    """
    from rdkit import Chem
    from rdkit.Chem import rdDistGeom, rdForceFieldHelpers
    from rdkit.ForceField import rdForceField  # noqa: F401 - older releases know the force field's types only then

    from omics_rx.harmonize.drugs import structure

    if not isinstance(smiles, str) or not smiles:
        raise InputError("no structure is known")
    parent = structure(smiles)
    form = protonated(Chem.MolFromSmiles(parent.smiles))
    full = Chem.AddHs(form)
    if not rdForceFieldHelpers.MMFFHasAllMoleculeParams(full):
        raise InputError("MMFF94 has no parameters for it")
    settings = rdDistGeom.ETKDGv3()
    settings.randomSeed = seed % 2**31  # type: ignore[assignment]
    if not len(rdDistGeom.EmbedMultipleConfs(full, N_CONFORMERS, settings)):
        settings.useRandomCoords = True  # type: ignore[assignment]  # large rings need it
        if not len(rdDistGeom.EmbedMultipleConfs(full, N_CONFORMERS, settings)):
            raise InputError("no conformer could be embedded")
    relaxed = rdForceFieldHelpers.MMFFOptimizeMoleculeConfs(full, maxIters=MAX_STEPS)
    best = min(range(len(relaxed)), key=lambda i: relaxed[i][1])
    kept = Chem.Mol(full, confId=full.GetConformers()[best].GetId())
    charges = rdForceFieldHelpers.MMFFGetMoleculeProperties(kept)
    for atom in kept.GetAtoms():
        atom.SetDoubleProp("PartialCharge", round(charges.GetMMFFPartialCharge(atom.GetIdx()), 4))
    Chem.CreateAtomDoublePropertyList(kept, "PartialCharge")
    centres = Chem.FindMolChiralCenters(form, includeUnassigned=True)  # type: ignore[no-untyped-call]
    open_stereo = sum(mark == "?" for _, mark in centres)
    return kept, {
        "inchikey": parent.inchikey, "smiles": Chem.MolToSmiles(form), "charge": Chem.GetFormalCharge(form),
        "protonation": PROTONATION, "open_stereo": open_stereo, "force_field": "MMFF94, partial charges too",
        "energy_kcal_mol": round(float(relaxed[best][1]), 3), "converged": relaxed[best][0] == 0,
    }  # fmt: skip


def protonated(molecule: Any) -> Any:
    """The form that rules expect at pH 7.4, from a neutral molecule.

    Carboxylic and sulfonic acids, tetrazoles and each phosphorus with acid protons lose one; of aliphatic amines,
    amidines and guanidines those gain one that are more than four bonds from another cation. No pKa is computed:
    anilines, pyridines, imidazoles, phenols and sulfonamides stay neutral.

    Examples
    --------
    >>> from rdkit import Chem
    >>> Chem.MolToSmiles(protonated(Chem.MolFromSmiles("NCCC(=O)O")))
    '[NH3+]CCC(=O)[O-]'
    """
    from rdkit import Chem

    form = Chem.RWMol(molecule)
    for pattern in _ACIDS:
        for at in _marked(form, pattern):
            if not _beside_anion(form.GetAtomWithIdx(at)):
                _charge(form.GetAtomWithIdx(at), -1)
    steps = Chem.GetDistanceMatrix(form)
    cations = [atom.GetIdx() for atom in form.GetAtoms() if atom.GetFormalCharge() > 0]
    for pattern in _BASES:
        for at in _marked(form, pattern):
            if all(steps[at][other] > APART for other in cations):
                _charge(form.GetAtomWithIdx(at), 1)
                cations.append(at)
    done = form.GetMol()
    Chem.SanitizeMol(done)
    return done


def _marked(molecule: Any, pattern: str) -> list[int]:
    """Indices of the atoms that the pattern marks with ``:1``."""
    from rdkit import Chem

    query = Chem.MolFromSmarts(pattern)
    (place,) = [atom.GetIdx() for atom in query.GetAtoms() if atom.GetAtomMapNum() == 1]
    return sorted({match[place] for match in molecule.GetSubstructMatches(query)})


def _beside_anion(atom: Any) -> bool:
    """Whether another acid proton of the same centre is gone already; the second needs a higher pH."""
    return any(other.GetFormalCharge() < 0 for centre in atom.GetNeighbors() for other in centre.GetNeighbors())


def _charge(atom: Any, sign: int) -> None:
    if atom.GetFormalCharge():
        return
    hydrogens = atom.GetTotalNumHs() + sign
    atom.SetFormalCharge(sign)
    atom.SetNumExplicitHs(hydrogens)
    atom.SetNoImplicit(True)  # noqa: FBT003
