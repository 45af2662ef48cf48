"""Which column of a table names the set, the gene, its weight: headers first, content where they do not say."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import log
from omics_rx.harmonize.symbols import current_symbols, recognised

Members = list[str] | dict[str, float]

_SETS = (
    ("gs_name", "set", "gene_set", "geneset", "set_name", "gene_set_name", "geneset_name", "term", "term_name",
     "pathway", "pathway_name", "signature", "signature_name", "ont", "standard_name"),
    ("source", "tf", "regulator", "regulon", "source_genesymbol", "transcription_factor"),
    ("cell_type", "celltype", "cell_population", "population", "pattern", "cluster", "group", "module", "subtype"),
)  # fmt: skip
_GENES = (
    ("gene_symbol", "genesymbol", "symbol", "symbols", "hgnc_symbol", "hugo_symbol", "hugo_symbols", "approved_symbol",
     "official_gene_symbol", "gene", "genes", "gene_name", "genename", "gene_names", "target", "target_genesymbol",
     "human_gene_symbol", "marker", "markers", "member", "members", "feature", "names", "geneid", "core_enrichment",
     "leading_edge", "leadingedge", "lead_genes"),
    ("ensembl_gene", "ensembl_gene_id", "ensembl_id", "ensembl", "human_ensembl_gene", "ensg"),
    ("entrez_gene", "entrez_gene_id", "entrez_id", "entrez", "entrezid", "entrezgene", "entrezgene_id", "ncbi_gene",
     "ncbi_gene_id", "gene_id", "human_entrez_gene"),
)  # fmt: skip
_WEIGHTS = frozenset({"weight", "weights", "mor", "coefficient", "coef", "loading"})
_DIRECTIONS = frozenset({"direction", "regulation", "sign", "up_down", "updown", "up_or_down"})
_SAYS = re.compile(
    r"^(gs_(cat|subcat|collection|collection_name|subcollection|id|pmid|geoid|exact_source|url|description|sub_?cat.*)|"
    r"collection|confidence|likelihood|description|desc|url|link|species.*|organism|taxon.*|ortholog.*|num_ortholog.*|"
    r"p|pval.*|p_val.*|padj|p_adj.*|q_?val.*|fdr|adj_p.*|avg_log.*|log_?f.*|pct.*|auc|auroc|n|size|count|rank|scores?|"
    r"evidence|references?|pmid|pubmed.*|database|db.*|resource|curation.*|hgnc_?id|uniprot.*|chromosome|chr|index|"
    r"row_?names?|unnamed.*|x|id|)$"
)
_BLANK = frozenset({"", "na", "nan", "n/a", "none", "null", "<na>", "-", "--", "---", ".", "#n/a"})
_UP = frozenset({
    "up", "u", "+", "+1", "1", "1.0", "positive", "pos", "upregulated", "up-regulated", "up_regulated", "activation",
    "activates", "activator", "stimulation", "induced", "increased", "high",
})  # fmt: skip
_DOWN = frozenset({
    "down", "dn", "d", "-", "-1", "-1.0", "negative", "neg", "downregulated", "down-regulated", "down_regulated",
    "repression", "represses", "repressor", "inhibition", "repressed", "decreased", "low",
})  # fmt: skip
_SHARE = 0.5
_ALIKE = 0.9
_SHOWN = 500
_MANY_SETS = 20
_MARKS = (";", "|", "/", ",", " ")


@dataclass(frozen=True)
class Columns:
    """Places of the columns; ``wide`` where each column is a set of its own.

    Attributes
    ----------
    group, gene, weight, direction
        Place of each, None where there is none; without ``group`` the table is one set.
    wide
        Places of the columns that are a set each.
    """

    group: int | None = None
    gene: int | None = None
    weight: int | None = None
    direction: int | None = None
    wide: tuple[int, ...] = ()


def is_blank(field: str) -> bool:
    """Whether a field says that there is nothing: NA, None, a dash."""
    return field.strip().lower() in _BLANK


def plain_header(name: str) -> str:
    """Header in lower case, with one underscore for anything that is no letter or digit."""
    return re.sub(r"[^a-z0-9]+", "_", str(name).lower()).strip("_")


def has_roles(header: Sequence[str]) -> bool:
    """Whether a line is the header of a long table: it names a gene column, and a set or a weight."""
    names = {plain_header(name) for name in header}
    gene = any(names & set(tier) for tier in _GENES)
    other = names & (_WEIGHTS | _DIRECTIONS) or any(names & set(tier) for tier in _SETS)
    return gene and bool(other)


def sets_of_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], where: str, *, single: str | None,
    columns: Sequence[str] | None = None,
) -> dict[str, Members]:  # fmt: skip
    """Gene sets of a table.

    Parameters
    ----------
    header, rows
        Fields as text, rows as long as the header.
    where
        What the table is, for messages.
    single
        Name of the set where the table is one set; None asks.
    columns
        Names of the set column, the gene column and perhaps the weight column; None tells them.

    Returns
    -------
    dict
        Set name to its genes, or to gene and weight where the table weighs them.

    Raises
    ------
    InputError
        If the columns cannot be told apart, a weight cannot be read, or a gene has two weights in one set.
    """
    found = _told(header, where, columns) if columns is not None else _roles(header, rows, where)
    if found.wide:
        return {header[i]: [row[i] for row in rows if not is_blank(row[i])] for i in found.wide}
    if found.group is None and single is None:
        raise InputError(
            f"{where} has columns {examples(header, 10)}, and none names the set: add a column 'set', or pass "
            '{"name": genes}'
        )
    rows = _filled_down(found, rows, where)
    sets = _grouped(found, rows, where, single or "")
    single_gene = sum(len(genes) == 1 for genes in sets.values())
    if columns is None and len(sets) >= _MANY_SETS and single_gene > _SHARE * len(sets) and found.group is not None:
        raise InputError(
            f"{where}: {single_gene} of {len(sets)} sets would hold one gene, with sets by {header[found.group]!r} and "
            f"genes by {header[found.gene or 0]!r}: name the columns, columns=(set column, gene column)"
        )
    return sets


def _told(header: Sequence[str], where: str, columns: Sequence[str]) -> Columns:
    absent = [name for name in columns if name not in header]
    if absent or len(columns) not in (2, 3):
        raise InputError(
            f"{where} has columns {examples(header, 10)}: name its set column and its gene column, and perhaps the "
            "column of weights"
        )
    places = [list(header).index(name) for name in columns]
    return Columns(places[0], places[1], places[2] if len(places) == 3 else None)


def _roles(header: Sequence[str], rows: Sequence[Sequence[str]], where: str) -> Columns:
    names = [plain_header(name) for name in header]
    shown = [[row[i] for row in rows if not is_blank(row[i])] for i in range(len(header))]
    weight = _one(names, shown, _WEIGHTS, header, where, "weight")
    direction = _one(names, shown, _DIRECTIONS, header, where, "direction")
    gene = _by_header(names, shown, _GENES, header, where, "gene")
    group = _set_by_header(names, shown, gene, header, where)
    used = {weight, direction, gene, group}
    rest = [i for i in range(len(header)) if i not in used and not _is_said(names[i], shown[i])]
    if gene is None:
        if group is None and weight is None and direction is None and (wide := _wide(rest, shown, header, where)):
            return Columns(wide=wide)
        gene = _gene_by_content([i for i in rest if not _same(shown[i])], shown, header, where)
        rest.remove(gene)
        if recognised([header[gene]]) == 1 and group is None:
            raise InputError(
                f"{where}: the first line, {examples(header, 10)}, holds a gene: is it a header? Add one with set and "
                "gene, or write GMT"
            )
    if group is None:
        group = _set_by_content(rest, shown, header, where, header[gene])
    _refuse_unsaid_weights(rest, group, shown, header, where, weight, direction)
    return Columns(group, gene, weight, direction)


def _one(
    names: Sequence[str], shown: list[list[str]], known: frozenset[str], header: Sequence[str], where: str, what: str
) -> int | None:
    found = [i for i, name in enumerate(names) if name in known and shown[i]]
    if len(found) > 1 and any(shown[i] != shown[found[0]] for i in found[1:]):
        raise InputError(
            f"{where}: {examples([header[i] for i in found])} could each be the {what} of a gene: keep one of them"
        )
    return found[0] if found else None


def _by_header(
    names: Sequence[str], shown: list[list[str]], tiers: Sequence[Sequence[str]], header: Sequence[str], where: str,
    what: str,
) -> int | None:  # fmt: skip
    """Gene column by its header: symbols before Ensembl before Entrez, those with known human genes first."""
    named = [[i for i, name in enumerate(names) if name in tier and shown[i]] for tier in tiers]
    for found in named:
        good = [i for i in found if _share(shown[i]) >= _SHARE] or (found if not any(named[1:]) else [])
        if len(good) == 1:
            return good[0]
        if good:
            symbols = [current_symbols(shown[i][:_SHOWN])["symbol"].tolist() for i in good]
            if all(_agree(symbols[0], other) for other in symbols[1:]):
                return good[0]
            raise InputError(
                f"{where}: {examples([header[i] for i in good])} could each be the {what} column: pass "
                "columns=(set column, gene column)"
            )
    return next((found[0] for found in named if found), None)


def _agree(left: list[str], right: list[str]) -> bool:
    return len(left) == len(right) and sum(a == b for a, b in zip(left, right, strict=True)) >= _ALIKE * len(left)


def _set_by_header(
    names: Sequence[str], shown: list[list[str]], gene: int | None, header: Sequence[str], where: str
) -> int | None:
    for tier, known in enumerate(_SETS):
        found = [i for i, name in enumerate(names) if name in known and i != gene and shown[i]]
        if tier == 1 and gene is None:
            continue  # a source without a target may be a database
        if len(found) > 1 and any(len(set(zip(shown[found[0]], shown[i], strict=False)))
                                  > max(len(set(shown[found[0]])), len(set(shown[i]))) for i in found[1:]):  # fmt: skip
            raise InputError(
                f"{where}: which of {examples([header[i] for i in found], 10)} names the set? Pass "
                "columns=(set column, gene column)"
            )
        if found:
            return found[0]
    return None


def _share(values: list[str]) -> float:
    """Share of known genes among the first entries; of the parts of packed ones."""
    plain = recognised(values[:_SHOWN])
    mark = _mark(values[:_SHOWN])
    return plain if mark is None else max(plain, recognised(_parts(values[:50], mark)))


def _is_said(name: str, values: list[str]) -> bool:
    """Whether a column describes: by its header, for being empty, numbers or row numbers."""
    return bool(_SAYS.match(name)) or not values or all(_number(value) is not None for value in values)


def _same(values: list[str]) -> bool:
    return len(values) > 1 and len(set(values)) == 1


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _wide(rest: list[int], shown: list[list[str]], header: Sequence[str], where: str) -> tuple[int, ...]:
    """Columns that are a set each: all of them hold genes, none twice; two of one length are asked."""
    if len(rest) < 2 or any(recognised(shown[i][:_SHOWN]) < _SHARE for i in rest):
        return ()
    lengths = {len(shown[i]) for i in rest}
    repeats = any(len(set(shown[i])) < len(shown[i]) for i in rest)
    if repeats or (len(rest) == 2 and len(lengths) == 1):
        raise InputError(
            f"{where}: {examples([header[i] for i in rest], 10)} hold genes each. Which is the set? Pass columns=(set "
            "column, gene column), name them set and gene, or, where each column is a set, write it as GMT"
        )
    if all(share == 1 for share in (recognised([header[i]]) for i in rest)):
        raise InputError(
            f"{where}: the first line holds genes ({examples([header[i] for i in rest])}): is it a header? Name the "
            "columns set and gene, or write GMT"
        )
    return tuple(rest)


def _gene_by_content(rest: list[int], shown: list[list[str]], header: Sequence[str], where: str) -> int:
    good = [i for i in rest if _share(shown[i]) >= _SHARE]
    if not good:
        raise InputError(
            f"{where}: no column of {examples(header, 10)} holds human genes: pass columns=(set column, gene column)"
        )
    symbols = [current_symbols(shown[i][:_SHOWN])["symbol"].tolist() for i in good]
    if not all(_agree(symbols[0], other) for other in symbols[1:]):
        raise InputError(
            f"{where}: {examples([header[i] for i in good], 10)} could each be the gene column: pass columns=(set "
            "column, gene column)"
        )
    return good[0]


def _set_by_content(
    rest: list[int], shown: list[list[str]], header: Sequence[str], where: str, gene: str
) -> int | None:
    """The one column of text that is left; of several the one that is not the same in every row."""
    others = [i for i in rest if not _same(shown[i])] or rest
    texts = [i for i in others if recognised(shown[i][:_SHOWN]) < _SHARE or len(others) == 1]
    if len(texts) > 1:
        raise InputError(
            f"{where}: which of {examples([header[i] for i in texts], 10)} names the set? "
            f"Pass columns=(set column, {gene!r})"
        )
    return texts[0] if texts else None


def _refuse_unsaid_weights(
    rest: list[int], group: int | None, shown: list[list[str]], header: Sequence[str], where: str,
    weight: int | None, direction: int | None,
) -> None:  # fmt: skip
    """Ask of a column of numbers of both signs that no header calls weight: dropping it would lose directions."""
    if weight is not None or direction is not None:
        return
    for i, values in enumerate(shown):
        if i == group or i in rest or _SAYS.match(plain_header(header[i])) or not values:
            continue
        numbers = [_number(value) for value in values]
        told = [value for value in numbers if value is not None]
        if len(told) == len(numbers) and min(told) < 0 < max(told):
            raise InputError(
                f"{where}: the column {header[i]!r} holds numbers of both signs: if it weighs genes, name it weight, "
                "else leave it out"
            )


def _filled_down(found: Columns, rows: Sequence[Sequence[str]], where: str) -> Sequence[Sequence[str]]:
    """Rows with their set, where merged cells leave its name to the first row of each block."""
    place = found.group
    if place is None or found.gene is None:
        return rows
    named = [row[place] for row in rows if not is_blank(row[place])]
    bare = sum(is_blank(row[place]) and not is_blank(row[found.gene]) for row in rows)
    if not named or bare < len(named) or len(set(named)) < len(named) or is_blank(rows[0][place]):
        return rows
    log.warning("%s: %d genes stand below the name of their set (merged cells) and count to it", where, bare)
    last, told = "", []
    for row in rows:
        last = last if is_blank(row[place]) else row[place]
        told.append([last if i == place else field for i, field in enumerate(row)])
    return told


def _grouped(found: Columns, rows: Sequence[Sequence[str]], where: str, single: str) -> dict[str, Members]:
    sets: dict[str, dict[str, float]] = {}
    place = found.gene
    assert place is not None  # noqa: S101 (for the type checker: only a wide table has none)
    mark = _mark([row[place] for row in rows if not is_blank(row[place])][:_SHOWN])
    weighed = False
    twice: list[str] = []
    for row in rows:
        name = single if found.group is None else row[found.group]
        if is_blank(name) or is_blank(row[place]):
            continue
        weight = _weight(found, row, where)
        weighed = weighed or weight != 1
        genes = [row[place]] if mark is None else _parts([row[place]], mark)
        own = sets.setdefault(name, {})
        twice += [f"{gene} in {name}" for gene in genes if own.setdefault(gene, weight) != weight]
    if twice:
        raise InputError(f"{where}: {len(twice)} genes have two weights in one set ({examples(twice)}): keep one")
    return {name: dict(own) if weighed else list(own) for name, own in sets.items()}


def _weight(found: Columns, row: Sequence[str], where: str) -> float:
    weight = 1.0
    if found.weight is not None:
        told = _number(row[found.weight])
        if told is None:
            raise InputError(f"{where}: the weight {row[found.weight]!r} of {row[found.gene or 0]!r} is no number")
        weight = told
    if found.direction is None:
        return weight
    side = row[found.direction].strip().lower()
    if side not in _UP and side not in _DOWN:
        raise InputError(
            f"{where}: the direction {row[found.direction]!r} of {row[found.gene or 0]!r} is neither up nor down: "
            "write up or down, or leave the column out"
        )
    sign = 1.0 if side in _UP else -1.0
    if weight < 0 < sign:
        raise InputError(f"{where}: {row[found.gene or 0]!r} is said to rise and has weight {weight:g}: keep one")
    return sign * abs(weight)


def _mark(values: list[str]) -> str | None:
    """What parts the genes of a packed field, ``A/B/C``; None where each field is one gene."""
    if not values or recognised(values) >= _SHARE:
        return None
    for mark in _MARKS:
        if sum(mark in value for value in values) * 2 >= len(values):
            parts = _parts(values[:50], mark)
            if parts and recognised(parts[:_SHOWN]) >= _SHARE:
                return mark
    return None


def _parts(values: Sequence[str], mark: str) -> list[str]:
    return [part.strip() for value in values for part in value.split(mark) if not is_blank(part)]


def signed(sides: Mapping[str, Sequence[str]], where: str) -> tuple[dict[str, float], list[str]]:
    """One set of genes that rise and genes that fall, and the genes named on both sides, which are in neither.

    Parameters
    ----------
    sides
        ``"up"`` and ``"down"`` to genes.
    where
        For messages.
    """
    both = [gene for gene in sides["up"] if gene in set(sides["down"])]
    found = dict.fromkeys(sides["up"], 1.0) | dict.fromkeys(sides["down"], -1.0)
    kept = {gene: weight for gene, weight in found.items() if gene not in both}
    if not kept:
        raise InputError(f"{where}: every gene is on both sides ({examples(both)})")
    return kept, both
