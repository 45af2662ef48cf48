"""From tables under common names to a screen: who is who, what was measured twice, and a record of both."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.cohort import with_info, with_record
from omics_rx.core.errors import InputError, examples, row_names
from omics_rx.core.screen import DrugScreen
from omics_rx.harmonize import identity, screens
from omics_rx.io.line_expression import read_line_expression
from omics_rx.io.source_table import Source, identifiers, read_columns

if TYPE_CHECKING:
    from anndata import AnnData

    from omics_rx.io.line_expression import Expression

SCREENS = ("latest", "all")


@dataclass
class Parts:
    """What a publisher's tables say, under our names.

    Attributes
    ----------
    name
        What the screen is called.
    responses
        ``line``, ``compound``, ``run`` (what was screened together), ``ln_ic50`` (ln uM), ``censored`` and further
        columns that stay as they are.
    lines
        Index the keys in ``responses["line"]``; names and accessions, the most trusted first.
    compounds
        Index the keys in ``responses["compound"]``; ``name``, and ``aliases``, ``smiles`` and facts where known.
    line_facts
        Index as ``lines`` or a part of it: tissue and the like for lines that the package's table lacks.
    events
        Tables of lines x events by keys of their own, each with the names and accessions of its lines; they take the
        place of the package's events of the same kind.
    said
        What was found and decided.
    average
        Whether responses of one line, compound and run are replicates, to be averaged.
    """

    name: str
    responses: pd.DataFrame
    lines: pd.DataFrame
    compounds: pd.DataFrame
    line_facts: pd.DataFrame = field(default_factory=pd.DataFrame)
    events: list[tuple[pd.DataFrame, pd.DataFrame]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    average: bool = False


def assembled(parts: Parts, expression: Expression | None, *, which: str) -> DrugScreen:
    """Build the screen.

    Raises
    ------
    InputError
        If a pair was measured several times in one run with other values, or nothing is left.
    """
    said = parts.said
    lines = identity.identify_lines(parts.lines)
    compounds = identity.identify_compounds(parts.compounds)
    _tell(lines, "lines", said)
    _tell(compounds, "compounds", said)
    rows = parts.responses.copy()
    rows.insert(0, "cell_id", rows["line"].map(lines["cell_id"]))
    rows.insert(1, "drug_id", rows["compound"].map(compounds["drug_id"]))
    rows.insert(2, "screen", screens.numbered_runs(rows["drug_id"], rows["run"], parts.name))
    responses = rows.drop(columns=["line", "compound", "run"])
    if parts.average:
        responses = _averaged(responses, said)
    if which == "latest":
        kept = screens.latest(responses)
        if len(kept) < len(responses):
            fewer = len(responses) - len(kept)
            said.append(f'{fewer} responses of earlier screens of a compound were set aside; screens="all" keeps them')
        responses = kept
    table = identity.compound_table(compounds, parts.compounds)
    lacking = int(table["smiles"].isna().sum())
    if lacking:
        said.append(
            f"{lacking} of {len(table)} compounds have no structure ({examples(table['name'][table['smiles'].isna()])})"
        )
    cells = _cells(parts, lines, responses, expression)
    return DrugScreen(responses, with_record(cells, "reading", "\n".join(said)), table, parts.name.lower())


def _tell(found: pd.DataFrame, kind: str, said: list[str]) -> None:
    """Say what kept its own name, and whose names disagree."""
    own = found[found["status"] == "own name"]
    if len(own):
        told = [f"{key}: {reason}" for key, reason in own["reason"].items()]
        said.append(f"{len(own)} of {len(found)} {kind} keep their own name ({examples(told)})")
    apart = found["reason"].str.contains("other names|though the name")
    if apart.any():
        told = [f"{key}: {reason}" for key, reason in found.loc[apart, "reason"].items()]
        said.append(f"{int(apart.sum())} {kind} carry names of several ({examples(told)})")


def _cells(parts: Parts, lines: pd.DataFrame, responses: pd.DataFrame, expression: Expression | None) -> AnnData:
    """Lines with expression or responses, by ``cell_id``."""
    known = {
        str(name): cell_id
        for column in parts.lines
        for name, cell_id in zip(parts.lines[column], lines["cell_id"], strict=True)
        if isinstance(name, str)
    }
    measured = _measured(parts, known, expression)
    cells = screens.with_all_lines(measured, responses["cell_id"].unique())
    if len(parts.line_facts):
        facts = parts.line_facts.reindex(lines.index).set_axis(lines["cell_id"].to_numpy()).reindex(cells.obs_names)
        for column in facts:
            held = cells.obs.get(column, pd.Series(None, index=cells.obs_names, dtype=object))
            cells.obs[column] = held.where(held.notna(), facts[column])
    for column in measured.obs.columns.difference(cells.obs.columns, sort=False):
        cells.obs[column] = measured.obs[column].astype(object).reindex(cells.obs_names)
    for events, names in parts.events:
        found = identity.identify_lines(names, known=known)
        cells.obsm["events"] = _replaced(cells.obsm["events"], events.set_axis(found["cell_id"].to_numpy()))
    without = int(np.isnan(cells.X).all(axis=1).sum()) if cells.n_vars else cells.n_obs
    if without:
        parts.said.append(f"{without} of {cells.n_obs} lines have no expression")
    return cells


def _replaced(held: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
    """Events with those of the kinds given taken from there: mutations, gains, losses."""
    kinds = {str(name).rsplit("_", 1)[-1] for name in given}
    others = held.loc[:, [str(name).rsplit("_", 1)[-1] not in kinds for name in held]]
    return pd.concat([others, given.reindex(held.index).astype(np.float32)], axis=1)


def _measured(parts: Parts, known: dict[str, str], expression: Expression | None) -> AnnData:
    """Expression under current symbols and the ``cell_id`` of its lines."""
    from anndata import AnnData

    from omics_rx.harmonize import genes as with_current_symbols

    if expression is None:
        empty = AnnData(np.empty((0, 0), dtype=np.float32))
        return with_info(empty, unit="unknown", domain="cell_line", origin=parts.name)
    cells, names, said = read_line_expression(expression)
    found = identity.identify_lines(names, known=known)
    parts.said.extend(f"expression: {one}" for one in said)
    _tell(found, "lines of the expression", parts.said)
    cells = cells.copy()
    cells.obs = cells.obs.set_axis(pd.Index(found["cell_id"].to_numpy(), dtype=object), axis=0)
    if hasattr(cells.X, "toarray"):
        cells.X = cells.X.toarray()
    return with_current_symbols(with_info(cells, domain="cell_line"))


def _averaged(rows: pd.DataFrame, said: list[str]) -> pd.DataFrame:
    """Mean of the replicates of a cell, drug and screen; a mean with a bound in it is a bound."""
    keys = ["cell_id", "drug_id", "screen"]
    rows = rows.assign(n_replicates=rows.groupby(keys, sort=False)["ln_ic50"].transform("size"))
    if not (rows["n_replicates"] > 1).any():
        return rows
    rules = {
        column: "max" if pd.api.types.is_bool_dtype(rows[column]) else
        "mean" if pd.api.types.is_float_dtype(rows[column]) else "first"
        for column in rows if column not in keys
    }  # fmt: skip
    joined = rows.groupby(keys, sort=False, as_index=False).agg(rules)
    said.append(f"{len(rows)} curves were averaged to {len(joined)}, one a line, compound and screen")
    return joined


def without_repeats(rows: pd.DataFrame, keys: list[str], said: list[str], *, source: str) -> pd.DataFrame:
    """Leave out rows that stand twice word for word; refuse two values of one measurement."""
    plain = rows[~rows.duplicated()]
    if len(plain) < len(rows):
        said.append(f"{len(rows) - len(plain)} rows stand twice word for word and count once")
    again = plain.duplicated(keys, keep=False)
    if again.any():
        told = row_names(plain.loc[again, keys].drop_duplicates())
        raise InputError(
            f"{source}: {len(told)} measurements stand several times with other values ({examples(told)}): "
            "keep one of each"
        )
    return plain.reset_index(drop=True)


def checked_choice(which: str) -> None:
    """Refuse a choice of screens that is not known."""
    if which not in SCREENS:
        raise InputError(f'screens={which!r} is not known: use "latest" or "all"')


def joined_names(
    lines: pd.DataFrame, models: pd.DataFrame, facts: pd.DataFrame, said: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Names, accessions and facts of DepMap's models beside those of a screen's lines, found by any name they share.

    Returns
    -------
    tuple of pandas.DataFrame
        ``lines`` with the models' columns before its own, and the facts; both by the index of ``lines``.
    """
    holders: dict[str, set[str]] = {}
    for column in models:
        for name, model in zip(models[column], models.index, strict=True):
            if isinstance(name, str):
                holders.setdefault(name, set()).add(model)
    found = [
        next(
            (next(iter(holders[name])) for name in row if isinstance(name, str) and len(holders.get(name, ())) == 1),
            None,
        )
        for row in lines.to_numpy()
    ]
    lost = [str(key) for key, model in zip(lines.index, found, strict=True) if model is None]
    if lost:
        said.append(f"{len(lost)} of {len(lines)} lines are not in the table of models ({examples(lost)})")
    told = models.reindex(found).set_axis(lines.index)
    own = [name for name in lines if name not in told]
    return pd.concat([told, lines[own]], axis=1), facts.reindex(found).set_axis(lines.index)


_MODEL_FACTS = {
    "tissue": ("OncotreeLineage", "lineage", "primary_tissue"),
    "tissue_detail": ("OncotreePrimaryDisease", "lineage_subtype"),
    "disease": ("OncotreeSubtype", "primary_disease"), "growth": ("GrowthPattern", "culture_type"),
}  # fmt: skip


def read_models(source: Source) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read DepMap's ``Model.csv``, or ``sample_info.csv`` of older releases.

    Returns
    -------
    tuple of pandas.DataFrame
        Index the DepMap id; names and accessions; and facts.
    """
    table = read_columns(
        source,
        {"depmap_id": ("ModelID", "DepMap_ID"), "name": ("CellLineName", "cell_line_name")},
        {
            "stripped": ("StrippedCellLineName", "stripped_cell_line_name"), "ccle": ("CCLEName", "CCLE_Name"),
            "cosmic_id": ("COSMICID",), "sanger_id": ("SangerModelID", "Sanger_Model_ID"), "cellosaurus": ("RRID",),
            **_MODEL_FACTS,
        },
        what="DepMap's table of models",
    )  # fmt: skip
    table = table.dropna(subset="depmap_id").drop_duplicates("depmap_id").set_index("depmap_id", drop=False)
    if "cosmic_id" in table:
        table["cosmic_id"] = identifiers(table["cosmic_id"])
    facts = table[[name for name in _MODEL_FACTS if name in table]].copy()
    if "tissue" in facts:
        facts["tissue"] = facts["tissue"].str.lower().str.replace(r"[^a-z0-9]+", "_", regex=True).str.strip("_")
    order = ("depmap_id", "sanger_id", "cosmic_id", "cellosaurus", "ccle", "stripped", "name")
    return table[[name for name in order if name in table]], facts


def read_structures(source: Source) -> pd.Series:
    """SMILES by name of any table that has both; by its other names too, where ``aliases`` holds them."""
    needed = {"name": ("name", "DRUG_NAME", "drug", "compound"), "smiles": ("smiles", "canonical_smiles")}
    table = read_columns(source, needed, {"aliases": ("aliases",)}, what="structures of compounds")
    table = table.dropna(subset=["name", "smiles"])
    own = table.drop_duplicates("name").set_index("name")["smiles"]
    if "aliases" not in table:
        return own
    other = table.assign(name=table["aliases"].str.split(";")).explode("name").dropna(subset="name")
    # a name that several compounds have as another name gives none of them its structure
    other = other[~other["name"].isin(own.index) & ~other["name"].duplicated(keep=False)]
    return pd.concat([own, other.set_index("name")["smiles"]])
