"""Lines and compounds of a source to the ones they are; what is not certain keeps its own name, and is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.core.errors import InputError
from omics_rx.harmonize import cell_lines, drugs
from omics_rx.harmonize.screens import COMPOUND_FACTS

_TRUST = {"COSMIC": 0, "DepMap": 0, "Sanger": 0, "Cellosaurus": 0, "name": 1, "CCLE name": 1}
_LOOSE, _OWN = 2, 3


def identify_lines(sources: pd.DataFrame, *, known: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Tell which line each row of a source's own table is.

    The first column that is certain decides. Two rows are never one line: the one told by the surer means (accession,
    then name, then name loosely spelled) takes it, and the other, or both where they are equal, keep their own name.

    Parameters
    ----------
    sources
        Index the source's key of a line; columns are names or accessions, the most trusted first, the last for its
        own name where it is unknown.
    known
        Further names and accessions and the ``cell_id`` they were found to be, for lines that the table lacks.

    Returns
    -------
    DataFrame
        Index as given; ``cell_id``; ``status`` (``"known"``, or ``"own name"``) and ``reason``.
    """
    sources = sources.rename_axis(index=None)  # whatever a user calls the index, the columns here keep their names
    found = [cell_lines.identify(sources[column].fillna("").astype(str)) for column in sources]
    ids = np.column_stack([one["cell_id"].to_numpy(dtype=object) for one in found])
    why = np.column_stack([one["reason"].to_numpy(dtype=object) for one in found])
    rows = [_certain(row_ids, row_why) for row_ids, row_why in zip(ids, why, strict=True)]
    table = pd.DataFrame(rows, columns=["cell_id", "trust", "reason"], index=sources.index)
    own = _own_names(sources)
    if known:
        told = [next((known[t] for t in row if t in known), None) for row in sources.fillna("").astype(str).to_numpy()]
        earlier = table["cell_id"].isna().to_numpy() & np.array([one is not None for one in told])
        table.loc[earlier, "cell_id"] = np.array(told, dtype=object)[earlier]
        table.loc[earlier, "trust"] = 0
        table.loc[earlier, "reason"] = "as in the responses"
    _one_each(table)
    lost = table["cell_id"].isna()
    table.loc[lost, "cell_id"] = own[lost]
    table["status"] = np.where(lost, "own name", "known")
    return table[["cell_id", "status", "reason"]]


def _certain(ids: np.ndarray, why: np.ndarray) -> tuple[str | None, int, str]:
    """Line of the first certain column, how sure it is, and where later columns speak for another line."""
    certain = [place for place, cell_id in enumerate(ids) if isinstance(cell_id, str)]
    if not certain:
        told = next((reason for reason in why if "fits" in reason), why[-1] if len(why) else "")
        return None, _OWN, told
    first = certain[0]
    others = sorted({str(ids[place]) for place in certain[1:]} - {str(ids[first])})
    reason = f"{why[first]}; its other names are those of {', '.join(others)}" if others else str(why[first])
    return str(ids[first]), _TRUST.get(why[first], _LOOSE), reason


def _one_each(table: pd.DataFrame) -> None:
    """Take a line from all rows but the surest that claims it; from all, where none is surest."""
    claimed = table["cell_id"].notna() & table["cell_id"].duplicated(keep=False)
    for cell_id, rows in table[claimed].groupby("cell_id"):
        surest = rows.index[rows["trust"] == rows["trust"].min()]
        for key in rows.index.difference(surest if len(surest) == 1 else pd.Index([]), sort=False):
            table.loc[key, "reason"] = f"several rows are {cell_id} ({', '.join(map(str, rows.index[:5]))})"
            table.loc[key, "cell_id"] = None


def _own_names(sources: pd.DataFrame) -> pd.Series:
    """Name of each row for itself: its last column, or its key where that is missing, repeated or a known line's."""
    own = sources.iloc[:, -1].where(sources.iloc[:, -1].notna(), pd.Series(sources.index, index=sources.index))
    own = own.astype(str)
    taken = own.duplicated(keep=False) | own.isin(cell_lines.facts().index)
    key = pd.Series(sources.index.astype(str), index=sources.index)
    free = ~key.isin(cell_lines.facts().index)
    return own.where(~taken, key.where(free, "source:" + key))


def identify_compounds(sources: pd.DataFrame) -> pd.DataFrame:
    """Tell which compound each row of a source's own table is, by structure, then by name, then by alias.

    Where the name is that of a compound whose bonds are those of the structure, stereo or charge written otherwise,
    it is that compound. Without a known name or a structure, the compound is named by its name.

    Parameters
    ----------
    sources
        Index the source's key of a compound; ``name`` and, where known, ``aliases`` (``;``) and ``smiles``.

    Returns
    -------
    DataFrame
        Index as given; ``drug_id``; ``smiles`` and ``inchikey`` without salt, missing where there is none; ``status``
        (``"known"``, ``"structure"`` where no table holds it, ``"own name"``) and ``reason``.
    """
    sources = sources.rename_axis(index=None)
    structures = [_read(smiles) for smiles in sources.get("smiles", pd.Series(index=sources.index, dtype=object))]
    names = [_named(row) for row in sources.reindex(columns=["name", "aliases"]).itertuples(index=False)]
    table = resources.table("drugs.tsv")["drug_id"]
    held = set(table)
    rows = []
    for key, name, found, by_name in zip(sources.index, sources["name"], structures, names, strict=True):
        rows.append(_compound(str(key), str(name), found, by_name, held))
    told = pd.DataFrame(rows, columns=["drug_id", "status", "reason"], index=sources.index)
    told["smiles"] = [one.smiles if one else None for one in structures]
    told["inchikey"] = [one.inchikey if one else None for one in structures]
    _tell_apart(told, sources)
    return told


@lru_cache(maxsize=20_000)
def _read(smiles: object) -> drugs.Structure | None:
    """Structure of a SMILES; of the first where a source lists several of one compound."""
    if not isinstance(smiles, str):
        return None
    for one in [smiles, *re.split(r"[,;]\s+", smiles)]:
        try:
            return drugs.structure(one)
        except InputError:
            continue
    return None


def _named(row: tuple[object, ...]) -> str | None:
    """Compound that the name or, where it says nothing, exactly one of the aliases stands for."""
    name, aliases = (str(part) if isinstance(part, str) else "" for part in row)
    for candidates in ([name], aliases.split(";")):
        told = drugs.identify([one for one in candidates if one.strip()])
        certain = told[(told["status"] == "known") & (told["reason"] != "SMILES")]["drug_id"].unique()
        if len(certain) == 1:
            return str(certain[0])
    return None


def _compound(
    key: str, name: str, found: drugs.Structure | None, by_name: str | None, held: set[str]
) -> tuple[str, str, str]:
    if found is None:
        if by_name:
            return by_name, "known", "name"
        return f"name:{_slug(name) or _slug(key)}", "own name", "no structure, and no name that is known"
    if found.inchikey in held:
        other = by_name is not None and by_name[:14] != found.inchikey[:14]
        return found.inchikey, "known", f"structure, though the name is that of {by_name}" if other else "structure"
    if by_name and (by_name[:14] == found.inchikey[:14] or by_name.startswith("name:")):
        return by_name, "known", "name, and bonds of the structure" if by_name[:5] != "name:" else "name"
    bonds = [one for one in held if one[:14] == found.inchikey[:14]] if drugs.is_flat(found.inchikey) else []
    if len(bonds) == 1:
        return bonds[0], "known", "bonds of the structure, which gives no stereo"
    if bonds:
        return found.inchikey, "structure", f"bonds of {', '.join(sorted(bonds))}, without the stereo that parts them"
    return found.inchikey, "structure", "a structure that no table holds"


def _tell_apart(told: pd.DataFrame, sources: pd.DataFrame) -> None:
    """Give rows of different names that came to one made-up id their keys."""
    own = told[told["status"] == "own name"]
    for drug_id, rows in own.groupby("drug_id"):
        if len(set(sources.loc[rows.index, "name"])) > 1:
            told.loc[rows.index, "drug_id"] = [f"{drug_id}-{_slug(str(key))}" for key in rows.index]


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def compound_table(told: pd.DataFrame, sources: pd.DataFrame) -> pd.DataFrame:
    """One row a compound: the table's facts, filled with what the source says where they are missing.

    Parameters
    ----------
    told
        What :func:`identify_compounds` found.
    sources
        The same table, with any of the facts of :data:`omics_rx.harmonize.screens.COMPOUND_FACTS`.

    Returns
    -------
    DataFrame
        Index ``drug_id``; ``name``, ``aliases``, ``smiles``, ``inchikey`` and the facts.
    """
    ids = pd.Index(told["drug_id"].unique(), name="drug_id")
    table = resources.table("drugs.tsv").set_index("drug_id").reindex(ids)
    first = sources.groupby(told["drug_id"]).first().reindex(ids)
    facts = table[list(COMPOUND_FACTS)].combine_first(first.reindex(columns=list(COMPOUND_FACTS)))[list(COMPOUND_FACTS)]
    structures = drugs.structures(table[["smiles"]])
    given = told.dropna(subset="inchikey").drop_duplicates("drug_id").set_index("drug_id").reindex(ids)
    found = given[["smiles", "inchikey"]].combine_first(structures)[["smiles", "inchikey"]]
    # most compounds are keyed by their InChIKey, which is known also where no source gives the SMILES
    keys = pd.Series([drug_id if drugs.is_inchikey(drug_id) else None for drug_id in ids], index=ids, dtype=object)
    found["inchikey"] = found["inchikey"].where(found["inchikey"].notna(), keys)
    name = table["name"].where(table["name"].notna(), first["name"])
    return pd.concat([name, _aliases(ids, table, told, sources, name), found, facts], axis=1).rename_axis("drug_id")


def _aliases(
    ids: pd.Index, table: pd.DataFrame, told: pd.DataFrame, sources: pd.DataFrame, name: pd.Series
) -> pd.Series:
    """Other names of each compound, the table's first."""
    held = table["aliases"].dropna()
    listed = {str(drug_id): text.split(";") for drug_id, text in zip(held.index, held, strict=True)}
    for drug_id, row in zip(told["drug_id"], sources.reindex(columns=["name", "aliases"]).to_numpy(), strict=True):
        parts = [str(row[0]), *(row[1].split(";") if isinstance(row[1], str) else [])]
        listed.setdefault(drug_id, []).extend(part.strip() for part in parts if part.strip())
    joined = {drug_id: ";".join(n for n in dict.fromkeys(listed[drug_id]) if n != name[drug_id]) for drug_id in ids}
    return pd.Series([joined[drug_id] or None for drug_id in ids], index=ids, name="aliases", dtype=object)
