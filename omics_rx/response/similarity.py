"""How alike two drugs are: structure (Tanimoto on Morgan bits), properties, targets, pathway and mechanism, Reactome.

Targets and pathway say little of a drug whose mechanism no training drug has. The Reactome pathways that its targets
take part in reach further: they tell that an inhibitor of MEK stands near one of EGFR.

References
----------
Rogers and Hahn, Extended-connectivity fingerprints, J Chem Inf Model 50 (2010), 742-754.
Milacic et al., The Reactome Pathway Knowledgebase 2024, Nucleic Acids Res 52 (2024), D672-D678.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.core.errors import InputError, examples
from omics_rx.harmonize import targets as drug_targets

N_BITS = 2048
RADIUS = 2
VIEWS = ("structure", "targets", "pathway", "reactome")
MEAN_VIEWS = ("structure", "reactome", "properties")
_REACTOME = "reactome_pathways.tsv.gz"
# standard deviations over the drugs of GDSC2 of the logarithms that `properties` gives, rounded
_PROPERTY_SCALES = np.array([0.35, 0.45, 0.7, 0.5, 0.4, 0.4, 0.45, 0.15, 0.55, 0.5, 0.7])


@dataclass(frozen=True, eq=False)
class DrugFeatures:
    """Drugs as the parts see them.

    Attributes
    ----------
    names
        The ``drug_id`` of each, ``(n_drugs,)``.
    bits
        Morgan bits, ``(n_drugs, 2048)``, uint8; a row of zeros where the structure is not known.
    targets
        Target gene symbols of each drug, empty where none is known.
    pathway
        Terms of pathway and mechanism of each drug, empty where none is known.
    smiles
        Structure of each drug as it was given, None where it is not known; all None where left out.
    """

    names: pd.Index
    bits: np.ndarray
    targets: tuple[frozenset[str], ...]
    pathway: tuple[frozenset[str], ...]
    smiles: tuple[str | None, ...] = ()

    def __post_init__(self) -> None:
        if not self.smiles:
            object.__setattr__(self, "smiles", (None,) * len(self.names))

    def __len__(self) -> int:
        return len(self.names)

    def take(self, rows: np.ndarray) -> DrugFeatures:
        """Drugs at the given positions."""
        return DrugFeatures(
            self.names[rows],
            self.bits[rows],
            tuple(self.targets[i] for i in rows),
            tuple(self.pathway[i] for i in rows),
            tuple(self.smiles[i] for i in rows),
        )


def features(drugs: pd.DataFrame) -> DrugFeatures:
    """Describe drugs by structure, targets and pathway.

    Parameters
    ----------
    drugs
        Index ``drug_id``; columns ``smiles``, ``targets`` (see :mod:`omics_rx.harmonize.targets`), ``pathway`` and
        ``mechanism`` are read where they stand.

    Raises
    ------
    InputError
        If a structure cannot be read.
    """
    smiles = texts(drugs, "smiles")
    return DrugFeatures(
        pd.Index(drugs.index.astype(str)),
        morgan_bits(smiles),
        tuple(_targets(text) for text in texts(drugs, "targets")),
        tuple(
            _terms(text, "pathway ") | _terms(other, "mechanism ")
            for text, other in zip(texts(drugs, "pathway"), texts(drugs, "mechanism"), strict=True)
        ),
        tuple(smiles),
    )


def morgan_bits(smiles: Sequence[str | None]) -> np.ndarray:
    """Morgan fingerprints of radius 2 with chirality, ``(n, 2048)`` uint8; zeros where there is no structure.

    Raises
    ------
    InputError
        If a structure cannot be read.
    """
    rows = np.zeros((len(smiles), N_BITS), dtype=np.uint8)
    unread = []
    for position, text in enumerate(smiles):
        if text is None:
            continue
        found = _bits_of(text)
        if found is None:
            unread.append(text)
        else:
            rows[position, list(found)] = 1
    if unread:
        raise InputError(
            f"{len(unread)} structures cannot be read ({examples(unread)}): correct the SMILES, or leave it missing"
        )
    return rows


@lru_cache(maxsize=65_536)
def _bits_of(smiles: str) -> tuple[int, ...] | None:
    from rdkit import Chem, rdBase
    from rdkit.Chem import rdFingerprintGenerator

    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    if molecule is None or molecule.GetNumAtoms() == 0:
        return None
    maker = rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=N_BITS, includeChirality=True)
    return tuple(maker.GetFingerprint(molecule).GetOnBits())


@lru_cache(maxsize=65_536)
def properties(smiles: str) -> tuple[float, ...]:
    """Size, polarity and shape of a molecule, each as ``sign(x) log(1 + |x|)``.

    Mass (Da), polar surface (A^2), logP (Crippen), hydrogen-bond donors and acceptors, rings, aromatic
    rings, share of sp3 carbons, rotatable bonds, aliphatic rings, stereocentres.
    """
    from rdkit import Chem
    from rdkit.Chem import rdMolDescriptors

    molecule, found = Chem.MolFromSmiles(smiles), rdMolDescriptors
    values = np.array(
        [
            found.CalcExactMolWt(molecule), found.CalcTPSA(molecule), found.CalcCrippenDescriptors(molecule)[0],
            found.CalcNumHBD(molecule), found.CalcNumHBA(molecule), found.CalcNumRings(molecule),
            found.CalcNumAromaticRings(molecule), found.CalcFractionCSP3(molecule),
            found.CalcNumRotatableBonds(molecule), found.CalcNumAliphaticRings(molecule),
            found.CalcNumAtomStereoCenters(molecule),
        ]
    )  # fmt: skip
    return tuple(np.sign(values) * np.log1p(np.abs(values)))


def _alike_in_properties(a: DrugFeatures, b: DrugFeatures) -> np.ndarray:
    """``exp(-d / 2)`` with the mean squared difference ``d`` of scaled properties; 0 where a structure is missing."""
    result = np.zeros((len(a), len(b)))
    rows, columns = (np.flatnonzero(_has_smiles(side)) for side in (a, b))
    if rows.size and columns.size:
        left, right = (
            np.array([properties(str(side.smiles[i])) for i in at]) / _PROPERTY_SCALES
            for side, at in ((a, rows), (b, columns))
        )
        squares = ((left[:, None] - right[None]) ** 2).mean(axis=2)
        result[np.ix_(rows, columns)] = np.exp(-0.5 * squares)
    return result


def _has_smiles(drugs: DrugFeatures) -> np.ndarray:
    return np.array([smiles is not None for smiles in drugs.smiles], dtype=bool)


def tanimoto(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Shared bits over all bits, ``(n_a, n_b)``; 0 where a fingerprint is empty."""
    left, right = a.astype(np.float32), b.astype(np.float32)
    shared = left @ right.T
    union = left.sum(axis=1)[:, None] + right.sum(axis=1)[None, :] - shared
    ratio: np.ndarray = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return ratio.astype(np.float64)


def overlap(a: Sequence[frozenset[str]], b: Sequence[frozenset[str]]) -> np.ndarray:
    """Cosine of two families of sets, shared over the root of the sizes' product, ``(n_a, n_b)``; 0 where empty."""
    position = {term: i for i, term in enumerate(sorted(frozenset().union(*a, *b)))}
    left, right = _indicator(a, position), _indicator(b, position)
    size = np.sqrt(left.sum(axis=1)[:, None] * right.sum(axis=1)[None, :])
    shared = left @ right.T
    ratio: np.ndarray = np.divide(shared, size, out=np.zeros_like(shared), where=size > 0)
    return ratio


def _indicator(sets: Sequence[frozenset[str]], position: dict[str, int]) -> np.ndarray:
    table = np.zeros((len(sets), len(position)))
    for row, members in enumerate(sets):
        table[row, [position[term] for term in members]] = 1.0
    return table


def reactome(targets: Sequence[frozenset[str]]) -> np.ndarray:
    """Reactome pathways that targets take part in, ``(n_drugs, n_pathways)``; zeros where none is known.

    An entry is the share of the drug's targets in the pathway over the root of the pathway's size, so that a small
    pathway tells more than a large one.
    """
    members, weight = _reactome()
    table = np.zeros((len(targets), len(weight)))
    for row, own in enumerate(targets):
        for gene in own:
            table[row, members.get(gene, [])] += 1.0 / len(own)
    weighted: np.ndarray = table * weight
    return weighted


@cache
def _reactome() -> tuple[dict[str, list[int]], np.ndarray]:
    """Pathways of each gene by position, and one over the root of each pathway's size."""
    genes = [set(str(text).split(";")) for text in resources.table(_REACTOME)["genes"]]
    members: dict[str, list[int]] = {}
    for position, own in enumerate(genes):
        for gene in own:
            members.setdefault(gene, []).append(position)
    return members, 1 / np.sqrt([len(own) for own in genes])


def _cosine(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    size = np.outer(np.linalg.norm(left, axis=1), np.linalg.norm(right, axis=1))
    ratio: np.ndarray = np.divide(left @ right.T, size, out=np.zeros_like(size), where=size > 0)
    return ratio


def view(name: str, a: DrugFeatures, b: DrugFeatures) -> np.ndarray:
    """One of ``VIEWS`` or ``MEAN_VIEWS`` as a kernel, ``(n_a, n_b)``: 1 on equal drugs, 0 where one is undescribed."""
    if name == "structure":
        return tanimoto(a.bits, b.bits)
    if name == "reactome":
        return _cosine(reactome(a.targets), reactome(b.targets))
    if name == "properties":
        return _alike_in_properties(a, b)
    return overlap(getattr(a, name), getattr(b, name))


def drug_kernel(a: DrugFeatures, b: DrugFeatures, *, views: Sequence[str] = VIEWS) -> np.ndarray:
    """Mean of the views both drugs are described by, as a positive semi-definite kernel with unit diagonal.

    The views are summed and divided by the root of the numbers of views each drug has, so that a drug described by
    structure alone is compared by structure, and a view that is missing counts neither for nor against.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_a, n_b)``; a drug described by nothing has zeros.
    """
    total = np.zeros((len(a), len(b)))
    for name in views:
        total += view(name, a, b)
    size = np.sqrt(np.outer(n_views(a, views), n_views(b, views)))
    return np.divide(total, size, out=np.zeros_like(total), where=size > 0)


def n_views(drugs: DrugFeatures, views: Sequence[str]) -> np.ndarray:
    """Number of views each drug is described by, ``(n_drugs,)``."""
    placed = _reactome()[0] if "reactome" in views else {}
    known = {
        "structure": drugs.bits.any(axis=1),
        "reactome": np.array([any(gene in placed for gene in terms) for terms in drugs.targets], dtype=bool),
        "properties": _has_smiles(drugs),
        "targets": np.array([bool(terms) for terms in drugs.targets], dtype=bool),
        "pathway": np.array([bool(terms) for terms in drugs.pathway], dtype=bool),
    }
    counts: np.ndarray = np.column_stack([known[name] for name in views]).sum(axis=1)
    return counts.astype(np.float64)


def texts(drugs: pd.DataFrame, column: str) -> list[str | None]:
    """Entries of a column, stripped; None where empty, missing, or where there is no such column."""
    if column not in drugs:
        return [None] * len(drugs)
    return [str(value).strip() or None if pd.notna(value) else None for value in drugs[column]]


def _targets(text: str | None) -> frozenset[str]:
    """Target genes; what is no gene stays as it is written, so that a screen's own words still tell its drugs apart."""
    found = drug_targets.read(text or "")
    return frozenset((*found.genes, *found.unknown))


def _terms(text: str | None, prefix: str = "") -> frozenset[str]:
    return frozenset(prefix + term.strip() for term in (text or "").split(";") if term.strip())
