"""Is a structure of the kind a model was trained on? Nearest training compounds, and a warning outside the domain.

References
----------
Sheridan et al., Similarity to molecules in the training set is a good discriminator for prediction accuracy in QSAR,
J Chem Inf Comput Sci 44 (2004), 1912-1928.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.response.similarity import DrugFeatures, tanimoto

_OUTSIDE = 0.1


@dataclass(frozen=True)
class Domain:
    """What training compounds are like.

    Attributes
    ----------
    least
        Similarity below which a structure is outside: one training compound in ten is further than this from its
        nearest other one.
    elements
        Element symbols among the training compounds.
    smallest, largest
        Fewest and most heavy atoms of a training compound.
    """

    least: float
    elements: frozenset[str]
    smallest: int
    largest: int


# described once for the drugs of a fitted model and dropped with them
_KNOWN: WeakKeyDictionary[DrugFeatures, Domain] = WeakKeyDictionary()


def domain(known: DrugFeatures) -> Domain:
    """Describe the training compounds; without any structure among them every structure is outside."""
    if known not in _KNOWN:
        _KNOWN[known] = _described(known)
    return _KNOWN[known]


def _described(known: DrugFeatures) -> Domain:
    made = [atoms(smiles) for smiles in known.smiles if smiles is not None]
    drawn = known.bits[known.bits.any(axis=1)]
    if not made or len(drawn) < 2:
        return Domain(1.0, frozenset(), 0, 0)
    alike = tanimoto(drawn, drawn)
    np.fill_diagonal(alike, 0.0)
    sizes = [len(own) for own in made]
    return Domain(float(np.quantile(alike.max(axis=1), _OUTSIDE)), frozenset().union(*made), min(sizes), max(sizes))


@lru_cache(maxsize=65_536)
def atoms(smiles: str) -> tuple[str, ...]:
    """Symbol of each heavy atom of a structure.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    if molecule is None:
        raise InputError(f"{smiles!r} is not the SMILES of a molecule: correct it or leave it out")
    return tuple(atom.GetSymbol() for atom in molecule.GetAtoms())


def is_mixture(smiles: str) -> bool:
    """Whether a structure without its salt still has several parts that no metal holds together.

    Examples
    --------
    >>> is_mixture("CC(=O)Nc1ccc(O)cc1.Cn1c(=O)c2c(ncn2C)n(C)c1=O"), is_mixture("N.N.[Cl][Pt][Cl]")
    (True, False)
    """
    return "." in smiles and not set(atoms(smiles)) & _metals()


@lru_cache(maxsize=1)
def _metals() -> frozenset[str]:
    """Metals that bind ligands; the alkali and alkaline earth metals and zinc only go along as ions."""
    from rdkit import Chem

    table = Chem.GetPeriodicTable()
    numbers = (13, *range(21, 30), 31, *range(39, 51), *range(57, 84))
    return frozenset(table.GetElementSymbol(number) for number in numbers)


def warning(smiles: str | None, similarity: float, limits: Domain, *, judged_by: Sequence[str] = ()) -> str:
    """Say why a new drug is outside the domain; empty where it is inside.

    Parameters
    ----------
    smiles
        Its structure without salt, None where it is not known.
    similarity
        Tanimoto similarity to the nearest training compound.
    limits
        What training compounds are like.
    judged_by
        What else is known of it and was used: ``"targets"``, ``"pathway"``.
    """
    if smiles is None:
        return f"no structure is known: judged by {' and '.join(judged_by) or 'nothing'} alone"
    own = atoms(smiles)
    said = []
    if "C" not in own:
        said.append("inorganic: it has no carbon")
    if len(own) < limits.smallest:
        said.append(f"{len(own)} heavy atoms, training compounds have {limits.smallest} and more")
    if len(own) > limits.largest:
        said.append(f"{len(own)} heavy atoms, training compounds have at most {limits.largest}")
    strange = sorted(set(own) - limits.elements)
    if strange:
        said.append(f"no training compound holds {', '.join(strange)}")
    if similarity < limits.least:
        said.append(f"similarity {similarity:.2f} to the nearest training compound, under {limits.least:.2f}")
    return "; ".join(said)


def refuse_mixtures(drugs: pd.DataFrame) -> None:
    """Refuse drugs that are several compounds at once, with the remedy.

    Parameters
    ----------
    drugs
        ``smiles`` without salts, missing where not known; the index names them.

    Raises
    ------
    InputError
        If one is a mixture.
    """
    mixed = [name for name, smiles in drugs["smiles"].items() if isinstance(smiles, str) and is_mixture(smiles)]
    if mixed:
        raise InputError(
            f"{len(mixed)} structures are mixtures of several compounds ({examples(mixed)}): ask for each compound by "
            "itself"
        )


def nearest(asked: DrugFeatures, known: DrugFeatures, names: pd.Series, *, n: int = 3) -> pd.DataFrame:
    """Training compounds most alike to each structure.

    Parameters
    ----------
    asked, known
        Drugs asked for, and those trained on.
    names
        Name of each training drug, by ``drug_id``.
    n
        How many.

    Returns
    -------
    pandas.DataFrame
        ``drug_id`` of the structure, ``rank`` (from 1), ``nearest`` (training ``drug_id``), ``name``, ``similarity``.
    """
    alike = tanimoto(asked.bits, known.bits)
    order = np.argsort(-alike, axis=1, kind="stable")[:, :n]
    k = order.shape[1]
    found = known.names[order.ravel()]
    return pd.DataFrame(
        {
            "drug_id": np.repeat(asked.names.to_numpy(), k),
            "rank": np.tile(np.arange(1, k + 1), len(asked)),
            "nearest": found,
            "name": names.reindex(found).to_numpy(),
            "similarity": np.take_along_axis(alike, order, axis=1).ravel(),
        }
    )
