"""Networks of genes as people have them: which columns are genes is told by header and content, never by place.

Numbers beside symbols are weights, row numbers, taxa or PubMed ids, and no genes; ids that no human gene has never
become nodes; what was read, dropped and left unused is said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from omics_rx import harmonize
from omics_rx.core import resources
from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, UnknownNameError, examples
from omics_rx.core.work import log
from omics_rx.harmonize.row_numbers import row_numbers
from omics_rx.repurposing.edge_formats import formatted, of_mitab
from omics_rx.repurposing.proximity import Network
from omics_rx.repurposing.tables import rows_of

_SAMPLE, _SHARE, _FEW_WORDS, _FULL = 400, 0.5, 0.02, 0.9
_PAIRS = (
    ("source_genesymbol", "target_genesymbol"), ("preferredname_a", "preferredname_b"), ("entitya", "entityb"),
    ("protein1", "protein2"), ("gene_a", "gene_b"), ("genea", "geneb"), ("gene1", "gene2"), ("gene_1", "gene_2"),
    ("symbol_a", "symbol_b"), ("symbol1", "symbol2"), ("source", "target"), ("from", "to"), ("node1", "node2"),
    ("node_1", "node_2"), ("official symbol interactor a", "official symbol interactor b"),
    ("official_symbol_a", "official_symbol_b"), ("interactor_a", "interactor_b"), ("interactor a", "interactor b"),
    ("tf", "target"), ("partner_a", "partner_b"), ("a", "b"),
    ("protein_a", "protein_b"), ("entrez gene interactor a", "entrez gene interactor b"), ("entrez_a", "entrez_b"),
    ("regulator", "target"), ("x", "y"),
)  # fmt: skip
_NO_GENES = re.compile(
    r"score|weight|confidence|pubmed|pmid|taxon|taxid|organism|species|source_?db|database|^p$|value|count|^n$|index|"
    r"^id$|year|rank|number|^row",
    re.IGNORECASE,
)
# the taxon of an interactor; of a whole row it may be that of the cells of an experiment
_TAXON = re.compile(
    r"(organism|tax(on)?).?(id)?.{0,2}(interactor|node|protein|gene)?.?[ab12]$|^ncbitaxonid", re.IGNORECASE
)
_WEIGHT = re.compile(r"score|weight|confidence|combined", re.IGNORECASE)
_ENSP = re.compile(r"^(\d+\.)?ENS[A-Z]*P\d{11}(\.\d+)?$")
_UNIPROT = re.compile(r"^(uniprotkb:)?([OPQ]\d[A-Z\d]{3}\d|[A-NR-Z]\d([A-Z][A-Z\d]{2}\d){1,2})(-\d+)?$")
_NUMBER = re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")


@dataclass(frozen=True)
class _Read:
    """Edges as written, their weights, and what was seen on the way."""

    edges: pd.DataFrame
    weights: pd.Series | None
    said: tuple[str, ...]


@in_words
def read_network(
    source: Path | str | pd.DataFrame | Any, *, columns: Sequence[str] | None = None,
    min_score: float | None = None, names: Mapping[str, str] | None = None,
) -> Network:  # fmt: skip
    """Read a network of genes; ids are brought to current symbols.

    Parameters
    ----------
    source
        A file, packed or not: a table of edges (of STRING, BioGRID, OmniPath, SIGNOR, R, pandas, ...), also in a
        workbook; SIF (gene, kind, one or several genes); PSI-MITAB; JSON of STRING, Cytoscape (cyjs, CX, CX2) or nodes
        and links; GraphML, XGMML, GEXF, GML, Pajek; a frame of edges or a square table of genes x genes; or a networkx
        graph.
    columns
        The two columns that hold the genes, where they cannot be told.
    min_score
        Smallest weight of an edge that is kept; None keeps all. Every edge kept counts the same.
    names
        Id to gene, for ids that are no gene's, such as proteins of Ensembl: STRING's ``protein.info`` file has them.

    Returns
    -------
    Network
        ``said`` tells what was read, dropped and left unused.

    Raises
    ------
    MissingFileError, IntegrityError, InputError
        If the file is not there or damaged; if its genes cannot be told or most are not known.
    """
    if isinstance(source, Network):
        return source
    if isinstance(source, str) and source == "resources":
        return shipped()
    read = _of_graph(source) if hasattr(source, "edges") and hasattr(source, "nodes") else _of_table(source, columns)
    edges, said = read.edges, list(read.said)
    if min_score is not None:
        if read.weights is None:
            raise InputError(f"min_score is {min_score}, and the network has no column of weights: leave it out")
        strong = read.weights >= min_score
        said.append(f"{int((~strong).sum()):,} edges under {min_score:g} in {read.weights.name} were left out")
        edges = edges[strong]
    elif read.weights is not None:
        low, high = read.weights.min(), read.weights.max()
        said.append(f"weights ({read.weights.name}, {low:g} to {high:g}) were not used: min_score= keeps strong edges")
    kept, lost = _as_symbols(edges, names)
    network = Network(kept, said=(*_counted(kept, len(edges)), *lost, *said))
    log.info("network: %s", "; ".join(network.said))
    if lost:
        log.warning("network: %s", "; ".join(lost))
    return network


@cache
def shipped() -> Network:
    """Interactions of human proteins that ship: HuRI, found by systematic assays, and Lit-BM, binary in the literature.

    Luck et al. 2020, doi:10.1038/s41586-020-2188-x.
    """
    table = resources.table("interactions.tsv.gz")
    edges = table.assign(partner=table["partners"].str.split(";")).explode("partner")
    pairs = edges[["gene", "partner"]].drop_duplicates()
    genes = {*pairs["gene"], *pairs["partner"]}
    return Network(
        pairs, said=(f"HuRI and Lit-BM (Luck et al. 2020): {len(pairs):,} edges between {len(genes):,} genes",)
    )


def _counted(kept: pd.DataFrame, n_read: int) -> list[str]:
    pairs = {frozenset(pair) for pair in kept.itertuples(index=False, name=None)}
    loops = sum(len(pair) == 1 for pair in pairs)
    words = f"{len(pairs) - loops:,} edges between {len({gene for pair in pairs for gene in pair}):,} genes"
    extra = n_read - len(pairs) + loops
    return [
        f"{words}, of {n_read:,} edges read ({extra:,} repeated, loops or without a known gene)" if extra else words
    ]


def _of_graph(graph: Any) -> _Read:
    pairs = [(str(edge[0]), str(edge[1])) for edge in graph.edges()]
    if not pairs:
        raise InputError("the graph has no edge")
    alone = len(graph.nodes) - len({gene for pair in pairs for gene in pair})
    said = (f"{alone} nodes without an edge were passed over",) if alone > 0 else ()
    return _Read(pd.DataFrame(pairs, columns=["a", "b"]), None, said)


def _of_table(source: Path | str | pd.DataFrame, columns: Sequence[str] | None) -> _Read:
    if isinstance(source, pd.DataFrame) and _is_square(source):
        return _of_square(source)
    shaped = None if isinstance(source, pd.DataFrame) else formatted(source, _genes_in)
    rows = rows_of(source, "network") if shaped is None else shaped
    square = [len(row) for row in rows] == [len(rows)] * len(rows)
    if columns is None and square and len(rows) > 3 and rows[0][1:] == [row[0] for row in rows[1:]]:
        table = pd.DataFrame([row[1:] for row in rows[1:]], index=rows[0][1:], columns=rows[0][1:])
        return _of_square(table.apply(pd.to_numeric, errors="coerce"))
    if shaped is None and columns is None and (interactors := of_mitab(rows)) is not None:
        read = _of_columns(interactors[0], str(source), None)
        said = (f"{interactors[1]} rows of other species were left out",) if interactors[1] else ()
        return replace(read, said=(*read.said, *said))
    where = "the network" if isinstance(source, pd.DataFrame) else str(source)
    if columns is None and not isinstance(source, pd.DataFrame) and _is_sif(rows, Path(source)):
        return _of_sif(rows, where)
    if columns is None and _has_tails(rows) and _genes_in([row[0] for row in rows]):
        pairs = [(row[0], other) for row in rows for other in row[1:] if other]
        return _Read(pd.DataFrame(pairs, columns=["a", "b"]), None, ("read as a list of neighbours, gene by gene",))
    return _of_columns(rows, where, columns)


def _of_square(table: pd.DataFrame) -> _Read:
    """Edges of a table of genes x genes.

    Raises
    ------
    InputError
        If nearly every pair has a value, as correlations do: which are edges must be said.
    """
    row, column = np.nonzero(table.fillna(0).to_numpy())
    if len(table) > 10 and len(row) > _FULL * table.size:
        raise InputError(f"the square table has a value for {len(row) / table.size:.0%} of all pairs, as correlations "
                         "do: set those that are no edges to 0")  # fmt: skip
    square = {"a": table.index[row].astype(str), "b": table.columns[column].astype(str)}
    return _Read(pd.DataFrame(square), None, ("read as a square table: every value but 0 is an edge",))


def _is_square(frame: pd.DataFrame) -> bool:
    return len(frame) > 2 and frame.shape[0] == frame.shape[1] and set(frame.index) == set(frame.columns)


def _is_sif(rows: list[list[str]], file: Path) -> bool:
    """Gene, kind of edge, one or more genes: by its ending, or by lines of several lengths whose tail is genes."""
    if "sif" in file.name.casefold().split("."):
        # a table that was named so has a weight or a header of three and more columns whose second is genes
        return not _genes_in([row[1] for row in rows if len(row) > 1]) or _has_few_words(rows)
    return _has_tails(rows) and _has_few_words(rows)


def _has_tails(rows: list[list[str]]) -> bool:
    """Whether lines are of several lengths, and what stands behind the second field is genes."""
    longer = [row for row in rows if len(row) > 3]
    if not longer or len({len(row) for row in rows}) == 1:
        return False
    third = [row[2] for row in rows if len(row) > 2]
    return _genes_in([cell for row in longer for cell in row[2:]]) and _genes_in(third)


def _has_few_words(rows: list[list[str]]) -> bool:
    """Whether the second column is words for kinds of edges: few, for many rows."""
    second = [row[1] for row in rows if len(row) > 1]
    return len(set(second)) <= max(3, _FEW_WORDS * len(second)) or not _genes_in(second)


def _of_sif(rows: list[list[str]], where: str) -> _Read:
    pairs = [(row[0], target) for row in rows if len(row) > 2 for target in row[2:] if target]
    two = [row for row in rows if len(row) == 2]
    alone = sum(len([cell for cell in row if cell]) == 1 for row in rows)
    if two and not pairs:
        pairs, two = [(row[0], row[1]) for row in two], []
    if two:
        shown = examples(" ".join(row) for row in two)
        raise InputError(f"{where}: {len(two)} lines have two fields ({shown}): give gene, kind, gene")
    if not pairs:
        raise InputError(f"{where}: lines of 1 fields are no edges: give gene, kind, gene or gene, gene")
    edges = pd.DataFrame(pairs, columns=["a", "b"])
    if not _looks_like_gene(edges["a"].iloc[0]) and not _looks_like_gene(edges["b"].iloc[0]) and len(edges) > 1:
        edges = edges.iloc[1:].reset_index(drop=True)
    kinds = sorted({row[1] for row in rows if len(row) > 2})
    said = [f"kinds of edges are not told apart ({examples(kinds)})"] if len(kinds) > 1 else []
    return _Read(edges, None, (*said, *((f"{alone} nodes without an edge were passed over",) if alone else ())))


def _of_columns(rows: list[list[str]], where: str, columns: Sequence[str] | None) -> _Read:
    width = max(len(row) for row in rows)
    if width < 2:
        raise InputError(f"{where}: a line of {width} fields is no edge: give gene, kind, gene or gene, gene")
    if len(rows) > 1 and len(rows[0]) == width - 1 and all(len(row) == width for row in rows[1:]):
        rows = [["", *rows[0]], *rows[1:]]  # as R writes it, without a name over the row names
    padded = [row + [""] * (width - len(row)) for row in rows]
    body = pd.DataFrame(padded[1:] if len(padded) > 1 else padded, dtype=str)
    first = padded[0]
    chosen = _told(first, columns, where) if columns is not None else _gene_columns(first, body, where)
    headed = len(padded) > 1 and (columns is not None or not any(_looks_like_gene(first[i]) for i in chosen))
    table = body if headed else pd.DataFrame(padded, dtype=str)
    foreign = _of_other_species(table, first) if headed else np.zeros(len(table), dtype=bool)
    if foreign.all():
        raise InputError(f"{where}: its interactors are of another species than human: give a human network")
    table = table[~foreign].reset_index(drop=True)
    edges = table[list(chosen)].set_axis(["a", "b"], axis=1)
    whole = (edges != "").all(axis=1)
    edges = edges[whole]
    said = [f"{int((~whole).sum())} rows without two genes were passed over"] if not whole.all() else []
    said += [f"{int(foreign.sum())} rows of other species were left out"] if foreign.any() else []
    rest = [i for i in range(width) if i not in chosen]
    header = [first[i] if headed else "" for i in range(width)]
    weight = _weight_column(header, table, rest)
    unused = [header[i] or f"column {i + 1}" for i in rest if i != weight]
    said += [f"genes were read from {header[chosen[0]]} and {header[chosen[1]]}"] if headed else []
    said += [f"columns not used: {examples(unused)}"] if unused else []
    weights = None
    if weight is not None:
        weights = pd.to_numeric(table[weight], errors="coerce").rename(header[weight] or f"column {weight + 1}")[whole]
    return _Read(edges, weights, tuple(said))


def _of_other_species(table: pd.DataFrame, header: list[str]) -> np.ndarray:
    """Rows of which an interactor is said to be of another species than human."""
    foreign = np.zeros(len(table), dtype=bool)
    for place, name in enumerate(header):
        if not _TAXON.search(name):
            continue
        taxa = table[place].str.removeprefix("taxid:").str.removesuffix(".0")
        if taxa.isin(["", "-"]).mean() < 1 and taxa.str.fullmatch(r"-?\d*|-").all():
            foreign |= ~taxa.isin(["9606", "", "-"]).to_numpy()
    return foreign


def _told(first: list[str], columns: Sequence[str], where: str) -> tuple[int, int]:
    names = [str(column) for column in columns]
    absent = [name for name in names if name not in first]
    if len(names) != 2 or absent:
        raise InputError(f"{where}: columns={names} must be two of its columns ({examples(first, 12)})")
    return first.index(names[0]), first.index(names[1])


def _gene_columns(first: list[str], body: pd.DataFrame, where: str) -> tuple[int, int]:
    """Positions of the two columns of genes: by header, else by content; asked where that leaves a choice."""
    named = {name.casefold().strip(): i for i, name in enumerate(first)}
    for a, b in _PAIRS:
        if a in named and b in named and _may_be_ids(body[named[a]]) and _may_be_ids(body[named[b]]):
            return named[a], named[b]
    free = [i for i, name in enumerate(first) if not _NO_GENES.search(name)]
    texts = [i for i in free if not _are_numbers(body[i])]
    genes = [i for i in texts if _genes_in(body[i].tolist())]
    if len(genes) > 2:  # a column of few words is a kind of edge, though the words be genes' aliases
        genes = [i for i in genes if body[i].nunique() > max(3, _FEW_WORDS * len(body))] or genes
    if len(genes) < 2:
        proteins = [i for i in texts if _proteins_in(body[i])]
        genes = proteins if len(proteins) == 2 else genes
    if not genes:
        numbers = [i for i in free if _are_numbers(body[i])]
        genes = [i for i in numbers if _may_be_entrez(body[i])]
    if len(genes) == 2:
        return genes[0], genes[1]
    shown = [name or f"column {i + 1}" for i, name in enumerate(first)]
    if len(genes) > 2:
        raise InputError(
            f"{where}: {len(genes)} columns hold genes ({examples(shown[i] for i in genes)}): say which two are the "
            "ends of an edge, as columns=('a', 'b')"
        )
    sample = [cell for i in range(body.shape[1]) for cell in body[i].head(2)]
    raise InputError(
        f"{where}: {len(genes)} of its {len(first)} columns hold genes that are known ({examples(sample)}): give two "
        "columns of symbols, Entrez or Ensembl gene ids, or say names= for ids of proteins"
    )


def _weight_column(header: list[str], table: pd.DataFrame, rest: list[int]) -> int | None:
    numeric = [i for i in rest if _are_numbers(table[i]) and (table[i] != table[i].iloc[0]).any()]
    by_name = [i for i in numeric if _WEIGHT.search(header[i])]
    if by_name:
        combined = [i for i in by_name if "combined" in header[i].casefold()]
        return (combined or by_name)[0]
    nameless = [i for i in numeric if not header[i] and not row_numbers(table[i].tolist())]
    return nameless[0] if len(nameless) == 1 else None


def _are_numbers(column: pd.Series) -> bool:
    known = column[column != ""].head(_SAMPLE)
    return bool(len(known)) and bool(known.map(lambda cell: bool(_NUMBER.match(cell))).mean() > 0.9)


def _may_be_ids(column: pd.Series) -> bool:
    return not _are_numbers(column) or _may_be_entrez(column)


def _may_be_entrez(column: pd.Series) -> bool:
    """Whole numbers that are no row numbers, one number throughout or places on a scale."""
    known = column[column != ""]
    whole = known.head(_SAMPLE).map(lambda cell: bool(re.fullmatch(r"\d+(\.0)?", cell))).all()
    if not whole or known.nunique() < min(2, len(known)):
        return False
    return not (len(known) >= 10 and row_numbers(known.unique().tolist())) and _genes_in(known.tolist())


def _genes_in(cells: list[str]) -> bool:
    known = [cell.removesuffix(".0") for cell in dict.fromkeys(cells[:20_000]) if cell][:_SAMPLE]
    if not known:
        return False
    return float((harmonize.current_symbols(known)["status"] != "unknown").mean()) >= _SHARE


def _looks_like_gene(cell: str) -> bool:
    plain = cell.strip()
    if plain.casefold() in {name for pair in _PAIRS for name in pair} or not plain:
        return False
    if _ENSP.match(plain) or _NUMBER.match(plain):
        return True
    return bool(harmonize.current_symbols([plain])["status"].iloc[0] != "unknown")


def _proteins_in(column: pd.Series) -> bool:
    known = column[column != ""].head(_SAMPLE)
    return bool(known.map(lambda cell: bool(_ENSP.match(cell) or _UNIPROT.match(cell))).mean() > _SHARE)


def _as_symbols(edges: pd.DataFrame, names: Mapping[str, str] | None) -> tuple[pd.DataFrame, list[str]]:
    """Edges between genes by current symbol, and what is said of ids that are none."""
    ids = pd.Index(pd.unique(edges.to_numpy().ravel())).astype(str)
    told = {str(key): str(value) for key, value in (names or {}).items()}
    asked = [told.get(name, name).removesuffix(".0") for name in ids]
    _refuse_proteins(asked)
    found = harmonize.current_symbols(asked)
    # an old name that two genes share is a gene all the same: it stands under that name, apart from both
    known = (found["status"] != "unknown").to_numpy()
    if known.mean() < _SHARE:
        raise InputError(
            f"{1 - known.mean():.0%} of the network's {len(ids)} genes are not known ({examples(ids[~known])}): use "
            "symbols, Entrez or Ensembl gene ids"
        )
    symbols = dict(zip(ids[known], found["symbol"][known], strict=True))
    kept = edges.apply(lambda column: column.map(symbols)).dropna()
    lost = []
    if not known.all():
        n_lost = len(edges) - len(kept)
        lost.append(
            f"{int((~known).sum())} ids are no gene that is known ({examples(ids[~known])}), {n_lost} edges lost"
        )
    if kept.empty:
        raise InputError("the network has no edge between two known genes")
    return kept, lost


def _refuse_proteins(ids: list[str]) -> None:
    proteins = [name for name in ids if _ENSP.match(name)]
    accessions = [name for name in ids if _UNIPROT.match(name)]
    for found, what, table in (
        (proteins, "Ensembl proteins", "STRING's protein.info file"),
        (accessions, "UniProt accessions", "a table from uniprot.org"),
    ):
        if len(found) * 2 > len(ids):
            foreign = [name for name in found if re.match(r"^(?!9606\.)\d+\.|^(\d+\.)?ENS[A-Z]+P\d", name)
                       and not re.match(r"^(9606\.)?ENSP\d", name)]  # fmt: skip
            if foreign:
                raise InputError(f"{len(foreign)} of the network's ids are proteins of another species "
                                 f"({examples(foreign)}): give a human network")  # fmt: skip
            raise UnknownNameError(
                f"{len(found)} of the network's ids are {what} ({examples(found)}), which are no genes: give names=, "
                f"id to gene symbol, from {table}, or a network by gene"
            )
