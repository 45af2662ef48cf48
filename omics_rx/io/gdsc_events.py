"""Driver events of GDSC's lines from its own tables: genetic features, mutations, GISTIC copy number."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from omics_rx.core import resources
from omics_rx.core.errors import InputError, examples
from omics_rx.core.paths import existing
from omics_rx.harmonize.symbols import current_symbols
from omics_rx.io.files import Line, kind, text_lines
from omics_rx.io.source_table import Source, identifiers, numbers, read_columns
from omics_rx.io.table import parse

_FEATURES = {
    "feature": ("genetic_feature", "Genetic Feature"), "seen": ("is_mutated", "IS Mutated"),
    "cosmic_id": ("cosmic_sample_id", "COSMIC_ID", "COSMIC ID"), "name": ("cell_line_name", "Cell Line Name"),
}  # fmt: skip
_SEGMENTS = {
    "change": ("recurrent_gain_loss", "Recurrent Gain Loss"), "genes": ("genes_in_segment", "Genes in Segment"),
}  # fmt: skip
_MUTATIONS = {"gene": ("gene_symbol",), "sanger_id": ("model_id",)}
_DEEP = 2
Events = tuple[pd.DataFrame, pd.DataFrame]


def read_events(source: Source, said: list[str]) -> Events:
    """Read a table of events: GDSC's genetic features, or mutations or GISTIC scores of the Cell Model Passports.

    Parameters
    ----------
    source
        ``*_Genetic_features_*.csv``, ``mutations_*.csv`` or ``cnv_gistic_*.csv``; which, is told by its first line.
    said
        Takes what was found.

    Returns
    -------
    tuple of pandas.DataFrame
        Lines x events (``TP53_mut``, ``ERBB2_gain``, ``PTEN_loss``), 1 seen and 0 not seen, by the file's key of a
        line; and the names and accessions of these lines.

    Raises
    ------
    InputError
        If it is none of these, or holds copy numbers rather than GISTIC scores.
    """
    start = _first_line(source)
    if start.startswith("model_id"):
        return _gistic(existing(source), said)
    if "genetic" in start and "feature" in start:
        return _features(source, said)
    return _mutations(source, said)


def _first_line(source: Source) -> str:
    if isinstance(source, pd.DataFrame):
        return " ".join(map(str, source.columns)).lower()
    file = existing(source)
    if file.is_dir() or kind(file) != "text":
        return ""
    with text_lines(file) as lines:
        return next(lines)[1].decode("utf-8", errors="replace").lower()


def _features(source: Source, said: list[str]) -> Events:
    table = read_columns(source, _FEATURES, _SEGMENTS, what="GDSC's genetic features", ragged=True)
    table["cosmic_id"] = identifiers(table["cosmic_id"])
    events = table["feature"].map(dict(zip(table["feature"], _feature_names(table), strict=True)))
    values = pd.DataFrame({"line": table["cosmic_id"], "event": events, "seen": numbers(table, "seen")})
    wide = values.pivot_table(index="line", columns="event", values="seen", aggfunc="max")
    names = table.drop_duplicates("cosmic_id").set_index("cosmic_id", drop=False).loc[wide.index, ["cosmic_id", "name"]]
    said.append(f"{wide.shape[1]} events of {len(wide)} lines from GDSC's genetic features")
    return wide, names


def _feature_names(table: pd.DataFrame) -> list[str]:
    """``TP53_mut`` under its current symbol; a segment by its gene where it has one, and by its number where not."""
    feature = table["feature"].astype(str)
    symbols = current_symbols(feature.str.removesuffix("_mut").unique())["symbol"]
    none = pd.Series(None, index=table.index, dtype=object)
    named = []
    for name, change, genes in zip(feature, table.get("change", none), table.get("genes", none), strict=True):
        if name.endswith("_mut"):
            named.append(f"{symbols[name.removesuffix('_mut')]}_mut")
        elif change in ("gain", "loss"):
            gene = str(genes).strip()
            named.append(f"{gene if genes and gene.isalnum() else name}_{change}")
        else:
            named.append(name)
    return named


def _mutations(source: Source, said: list[str]) -> Events:
    optional = {"driver": ("cancer_driver",), "name": ("model_name",)}
    table = read_columns(source, _MUTATIONS, optional, what="mutations of the Cell Model Passports")
    names = table.drop_duplicates("sanger_id").set_index("sanger_id", drop=False)
    names = names[[name for name in ("sanger_id", "name") if name in names]]
    used = table
    if "driver" in table:
        used = table[table["driver"].astype(str).str.lower().isin({"true", "t", "1", "yes"})]
        said.append(f"{len(used)} of {len(table)} mutations are of cancer drivers and make events")
    found = current_symbols(used["gene"])
    seen = pd.crosstab(used["sanger_id"].to_numpy(), (found["symbol"] + "_mut").to_numpy()).clip(upper=1)
    wide = seen.reindex(names.index, fill_value=0).astype(np.float32)
    said.append(f"{wide.shape[1]} mutated genes of {len(wide)} lines")
    return wide, names


def _gistic(file: Path, said: list[str]) -> Events:
    """Genes x models under two rows of names (``model_id``, ``model_name``); +2 and -2 are deep changes."""
    with text_lines(file) as lines:
        table = parse(_one_header(lines, file), file, delimiter=",", n_annotations=1)
    known = table.numbers[np.isfinite(table.numbers)]
    if known.size and (np.abs(known).max() > _DEEP or (known != np.round(known)).any()):
        raise InputError(
            f"{file} holds values up to {known.max():g}, and GISTIC scores are whole numbers from -2 to 2: pass "
            "cnv_gistic_*.csv, not absolute copy numbers"
        )
    drivers = set(resources.table("driver_events.tsv.gz")["genes"].dropna().str.split(";").explode())
    symbols = current_symbols(table.annotations.iloc[:, 0])["symbol"].to_numpy()
    kept = np.array([symbol in drivers for symbol in symbols])
    ids = pd.Index(table.columns, dtype=object)
    scores = pd.DataFrame(table.numbers[kept].T, index=ids, columns=symbols[kept])
    scores = scores.loc[:, ~scores.columns.duplicated()]
    deep = {"gain": scores == _DEEP, "loss": scores == -_DEEP}
    wide = pd.concat(
        [seen.astype(np.float32).where(scores.notna()).add_suffix(f"_{word}") for word, seen in deep.items()], axis=1
    )
    said.append(f"gains and losses of {scores.shape[1]} driver genes in {len(ids)} lines, by GISTIC scores of 2 and -2")
    return wide, pd.DataFrame({"sanger_id": ids}, index=ids)


def _one_header(lines: Iterator[Line], file: Path) -> Iterator[Line]:
    """Leave the row of model ids as the header, with names for its first two fields."""
    number, first = next(lines)
    yield number, b"gene_id,symbol," + b",".join(first.split(b",")[2:])
    for below, line in lines:
        if not line.startswith((b"model_name", b"gene_id", b"symbol")):
            yield below, line
        elif below > 3:
            raise InputError(f"{file}, line {below}: names of models stand among the values ({examples([line[:20]])})")
