"""A compound library by scaffold, and how active each cluster is.

References
----------
Bemis and Murcko, The properties of known drugs 1: molecular frameworks, J Med Chem 39 (1996), 2887-2893.
Butina, Unsupervised data base clustering based on Daylight's fingerprint and Tanimoto similarity, J Chem Inf Comput
Sci 39 (1999), 747-750.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, unknown_name
from omics_rx.response import similarity
from omics_rx.response.applicability import atoms
from omics_rx.response.compounds import scaffolds

LEVELS = ("scaffold", "ring", "similarity")
_MOST = 5_000


@in_words
def clusters(drugs: pd.DataFrame, level: str = "ring", *, least: float = 0.4) -> dict[str, list[str]]:
    """Group compounds by what their structures share.

    Parameters
    ----------
    drugs
        Index ``drug_id``; ``smiles``, missing where not known (such compounds are in no cluster).
    level
        ``"scaffold"``: one Bemis-Murcko scaffold. ``"ring"``: one fused ring system, such as quinazoline; a compound
        stands under each of its systems of two and more rings, or its single rings where it has no other.
        ``"similarity"``: Butina clusters, named after the compound in their middle.
    least
        Tanimoto similarity to the middle, for ``"similarity"``.

    Returns
    -------
    dict of str to list of str
        Compounds by cluster, the largest first. Scaffolds and ring systems are named by their SMILES.

    Raises
    ------
    InputError
        If the level is not known, there are no structures, or one cannot be read.
    """
    if level not in LEVELS:
        raise unknown_name("level", level, LEVELS)
    if "smiles" not in drugs or drugs["smiles"].isna().all():
        raise InputError("no compound has a structure: give a column smiles")
    drawn = drugs.loc[drugs["smiles"].notna()]
    for smiles in drawn["smiles"]:
        atoms(str(smiles))
    if level == "similarity":
        found = _butina(drawn, least)
    else:
        names = [[text] if text else [] for text in scaffolds(drawn)] if level == "scaffold" else [
            list(ring_systems(str(smiles))) for smiles in drawn["smiles"]
        ]  # fmt: skip
        found = {}
        for drug, own in zip(drawn.index, names, strict=True):
            for name in own:
                found.setdefault(name, []).append(str(drug))
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


@lru_cache(maxsize=65_536)
def ring_systems(smiles: str) -> tuple[str, ...]:
    """Fused ring systems of a structure as SMILES without substituents; single rings only where there is no other.

    Examples
    --------
    >>> ring_systems("C#Cc1cccc(Nc2ncnc3cc(OC)c(OC)cc23)c1")
    ('c1ccc2ncncc2c1',)
    """
    from rdkit import Chem

    molecule = Chem.MolFromSmiles(smiles)
    systems: list[tuple[set[int], int]] = []
    for ring in molecule.GetRingInfo().AtomRings():
        # rings that share a bond are one system; those that share one atom are spiro and stay apart
        own, count = set(ring), 1
        apart = []
        for members, n in systems:
            if len(own & members) > 1:
                own, count = own | members, count + n
            else:
                apart.append((members, n))
        systems = [*apart, (own, count)]
    most = max((count for _, count in systems), default=0)
    named = {
        Chem.MolFragmentToSmiles(molecule, atomsToUse=sorted(own), isomericSmiles=False)
        for own, count in systems
        if count > 1 or most == 1
    }
    return tuple(sorted(_tidy(text) for text in named))


def _tidy(fragment: str) -> str:
    """Canonical form of a fragment where it is a molecule by itself, else as it is."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(fragment)
        return fragment if molecule is None else str(Chem.MolToSmiles(molecule))


def _butina(drugs: pd.DataFrame, least: float) -> dict[str, list[str]]:
    if not 0 < least <= 1:
        raise InputError(f"least is {least}: choose a similarity above 0 and up to 1")
    if len(drugs) > _MOST:
        raise InputError(f"{len(drugs):,} compounds are too many for all similarities: use level 'ring' or 'scaffold'")
    bits = similarity.morgan_bits([str(text) for text in drugs["smiles"]])
    near = similarity.tanimoto(bits, bits) >= least
    left, found = np.ones(len(drugs), dtype=bool), {}
    order = np.argsort(-near.sum(axis=1), kind="stable")
    for middle in order:
        if left[middle]:
            members = np.flatnonzero(near[middle] & left)
            left[members] = False
            found[str(drugs.index[middle])] = [str(name) for name in drugs.index[members]]
    return found


@in_words
def activity(groups: Mapping[str, Sequence[str]], values: pd.Series, *, smallest: int = 3) -> pd.DataFrame:
    """Activity of each cluster beside all other compounds.

    Parameters
    ----------
    groups
        Compounds by cluster, as :func:`clusters` gives them.
    values
        One value a compound, such as mean ln IC50 (ln uM) in the lines of interest; low is active.
    smallest
        Clusters with fewer measured compounds are left out.

    Returns
    -------
    pandas.DataFrame
        Index cluster, most active first: ``n``, ``mean``, ``others`` (mean of all other compounds), ``difference``,
        ``p`` (Mann-Whitney, two-sided) and ``q`` (Benjamini-Hochberg over the clusters), ``drugs`` (";"). Clusters
        overlap where a compound has several ring systems; ``p`` is of structure and activity going together, not of
        cause.

    Raises
    ------
    InputError
        If no cluster is large enough.
    """
    known = values.dropna()
    rows = {}
    for name, members in groups.items():
        own = known.reindex([drug for drug in members if drug in known.index])
        rest = known.drop(own.index)
        if len(own) >= smallest and len(rest):
            p = float(mannwhitneyu(own, rest).pvalue)
            rows[name] = (len(own), own.mean(), rest.mean(), own.mean() - rest.mean(), p, ";".join(own.index))
    if not rows:
        raise InputError(
            f"no cluster holds {smallest} compounds with a value: lower smallest, or use another level than this one"
        )
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["n", "mean", "others", "difference", "p", "drugs"])
    ranked = table["p"].rank(method="first")
    adjusted = (table["p"] * len(table) / ranked).iloc[np.argsort(-ranked.to_numpy())].cummin()
    table.insert(5, "q", adjusted.clip(upper=1.0).reindex(table.index))
    return table.sort_values("difference", kind="stable").rename_axis("cluster")
