"""Gene sets in the formats of their collections: GMT, GMX, GRP, and MSigDB's JSON and XML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.parsers import expat

from omics_rx.core.errors import InputError, examples
from omics_rx.core.work import log
from omics_rx.harmonize.symbols import recognised
from omics_rx.io.files import opened
from omics_rx.io.set_columns import Members, is_blank, plain_header, sets_of_table, signed

_SHARE = 0.5
_WEIGHED = re.compile(r"^(?P<gene>[^,]+),(?P<weight>[-+]?\d+(\.\d*)?([eE][-+]?\d+)?)$")
_COLLECTION = re.compile(r"^(H|C\d)(:\S+)?$")
_NAMES = ("name", "set", "term", "gs_name", "pathway", "geneset", "gene_set", "standard_name", "id")
_SIDES = {"up": "up", "upset": "up", "up_genes": "up", "down": "down", "dn": "down", "downset": "down",
          "down_genes": "down"}  # fmt: skip


def from_gmt(lines: Sequence[list[str]], file: Path) -> dict[str, Members]:
    """Sets of GMT lines (name, description, genes); a line whose description is a gene has none."""
    described = _described(lines, file)
    sets: dict[str, dict[str, float]] = {}
    weighed = False
    for number, fields in enumerate(lines, 1):
        if len(fields) < 3 and described:
            raise InputError(f"{file}, line {number}: {len(fields)} fields, a GMT line has name, description, genes")
        if fields[0] in sets:
            raise InputError(f"{file}, line {number}: the set {fields[0]!r} stands twice: rename or join them")
        own = sets.setdefault(fields[0], {})
        for field in fields[2 if described else 1 :]:
            if is_blank(field):
                continue
            found = _WEIGHED.match(field)
            gene, weight = (found["gene"].strip(), float(found["weight"])) if found else (field, 1.0)
            weighed = weighed or weight != 1
            if own.setdefault(gene, weight) != weight:
                raise InputError(f"{file}, line {number}: {gene!r} has two weights in {fields[0]!r}: keep one")
    return {name: dict(own) if weighed else list(own) for name, own in sets.items()}


def _described(lines: Sequence[list[str]], file: Path) -> bool:
    """Whether the second fields describe; where all are genes, the file was written without descriptions."""
    second = [fields[1] if len(fields) > 1 else "" for fields in lines]
    told = [field for field in second if not is_blank(field) and not _COLLECTION.match(field)]
    if len(told) < len(second) or (len(told) > 1 and len(set(told)) == 1):
        return True
    share = recognised(told)
    if share == 1:
        log.warning("%s has no descriptions: the second field of each line is a gene and is read as one (%s)", file,
                    examples(told))  # fmt: skip
        return False
    if share > _SHARE:
        raise InputError(
            f"{file}: {share:.0%} of the second fields are genes ({examples(told)}), so it cannot be told whether they "
            "describe: write a description, or NA, in each line"
        )
    return True


def from_gmx(lines: Sequence[list[str]]) -> dict[str, Members]:
    """Sets of GMX lines: a column a set, its name and its description on top."""
    names = lines[0]
    body = [[*fields, *[""] * (len(names) - len(fields))] for fields in lines[2:]]
    return {
        name: list(dict.fromkeys(row[i] for row in body if not is_blank(row[i])))
        for i, name in enumerate(names) if not is_blank(name)
    }  # fmt: skip


def from_list(lines: Sequence[str], file: Path) -> dict[str, Members]:
    """One set of a file with a gene a line, GRP among them; named by its first line, or by the file."""
    said = [line.lstrip("#> ").strip() for line in lines if line.startswith(("#", ">"))]
    plain = [line for line in lines if not line.startswith(("#", ">")) and not is_blank(line)]
    name = file.name.split(".")[0]
    if plain and not lines[0].startswith("#") and recognised([plain[0]]) == 0 and recognised(plain[1:]) >= _SHARE:
        header = plain.pop(0)
        name = name if plain_header(header) in ("gene", "genes", "symbol", "gene_symbol", "gene_name") else header
    elif said and lines[0].startswith("#") and file.suffix.lower() == ".grp" and " " not in said[0]:
        name = said[0]
    if not plain or recognised(plain) < _SHARE:
        raise InputError(
            f"{file} is neither GMT nor a table nor a list of human genes ({examples(plain)}): give each line a set "
            "and a gene, or write GMT (name, description, genes, cut by tabs)"
        )
    return {name: list(dict.fromkeys(plain))}


def from_json(file: Path) -> dict[str, Members]:
    """Sets of a JSON object, or of a list of records."""
    with opened(file) as stream:
        try:
            found = json.loads(stream.read().decode("utf-8-sig"))
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise InputError(f"{file} is no whole JSON file ({error}): copy it again") from error
    found = _inside(found)
    if _are_records(found):
        return _from_records(found, file)
    if not isinstance(found, dict):
        raise InputError(f"{file} holds a JSON {type(found).__name__}, not an object of set names to lists of genes")
    return from_mapping(found, str(file))


def _inside(found: Any) -> Any:
    """What lies in an object of one entry that only stands around the sets: ``{"gene_sets": [...]}``."""
    while isinstance(found, dict) and len(found) == 1:
        inner = next(iter(found.values()))
        if isinstance(inner, dict):
            around = all(isinstance(value, list | dict) for value in inner.values())
            around = around and "geneSymbols" not in inner and _sides(inner) is None
        else:
            around = _are_records(inner)
        if not around:
            break
        found = inner
    return found


def _are_records(found: Any) -> bool:
    return isinstance(found, list) and bool(found) and all(isinstance(row, dict) for row in found)


def _from_records(found: list[dict[str, Any]], file: Path) -> dict[str, Members]:
    header = list(dict.fromkeys(str(key) for row in found for key in row))
    lists = [key for key in header if isinstance(found[0].get(key), list)]
    if len(lists) == 1 and len(named := [key for key in header if plain_header(key) in _NAMES]) == 1:
        return from_mapping({str(row[named[0]]): row[lists[0]] for row in found}, str(file))
    rows = [["" if row.get(key) is None else str(row[key]) for key in header] for row in found]
    return sets_of_table(header, rows, str(file), single=file.name.split(".")[0])


def from_mapping(found: Mapping[str, Any], where: str) -> dict[str, Members]:
    """Sets of nested values: lists, gene to weight, up and down, or MSigDB's objects with ``geneSymbols``."""
    if (sides := _sides(found)) is not None:
        return {"signature": _joined(sides, "signature", where)}
    sets: dict[str, Members] = {}
    wrong = []
    for name, value in found.items():
        inner = value.get("geneSymbols", value) if isinstance(value, Mapping) else value
        if isinstance(inner, Mapping) and (sides := _sides(inner)) is not None:
            sets[str(name)] = _joined(sides, str(name), where)
        elif isinstance(inner, Mapping) and inner and all(_is_weight(weight) for weight in inner.values()):
            sets[str(name)] = {str(gene).strip(): float(weight) for gene, weight in inner.items()}
        elif isinstance(inner, list) and not any(isinstance(one, Mapping | list) for one in inner):
            sets[str(name)] = [str(gene).strip() for gene in inner if gene is not None and not is_blank(str(gene))]
        else:
            wrong.append(name)
    if wrong:
        raise InputError(f"{where}: {len(wrong)} sets are no lists of genes ({examples(wrong)}): write name: [genes]")
    return sets


def _is_weight(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _sides(value: Mapping[str, Any]) -> dict[str, list[str]] | None:
    """The two lists of ``{"up": [...], "down": [...]}``, by any of their names."""
    named = {_SIDES.get(plain_header(str(key))): genes for key, genes in value.items()}
    if len(value) != 2 or set(named) != {"up", "down"} or not all(isinstance(genes, list) for genes in named.values()):
        return None
    return {str(side): [str(gene).strip() for gene in genes if gene is not None] for side, genes in named.items()}


def _joined(sides: dict[str, list[str]], name: str, where: str) -> Members:
    kept, both = signed(sides, f"{where}, {name}")
    if both:
        log.warning("%s: %d genes of %s both rise and fall and are left out (%s)", where, len(both), name,
                    examples(both))  # fmt: skip
    return kept


def from_xml(file: Path) -> dict[str, Members]:
    """Sets of MSigDB's XML: each GENESET element's name and its symbols."""
    sets: dict[str, Members] = {}
    foreign: list[str] = []

    def begin(tag: str, told: dict[str, str]) -> None:
        if tag.upper() != "GENESET":
            return
        name = told.get("STANDARD_NAME", "")
        genes = told.get("MEMBERS_SYMBOLIZED") or told.get("MEMBERS") or ""
        sets[name] = [gene.strip() for gene in genes.split(",") if not is_blank(gene)]
        if told.get("ORGANISM", "Homo sapiens") != "Homo sapiens" and "MEMBERS_SYMBOLIZED" not in told:
            foreign.append(name)

    def refused(*_: object) -> None:
        raise InputError(f"{file} declares entities, which no collection of gene sets needs: it is not read")

    parser = expat.ParserCreate()
    parser.StartElementHandler = begin
    parser.EntityDeclHandler = refused
    with opened(file) as stream:
        try:
            parser.Parse(stream.read(), True)  # noqa: FBT003 - expat takes it by position
        except expat.ExpatError as error:
            raise InputError(f"{file} is no whole XML file ({error}): copy it again") from error
    if foreign:
        raise InputError(f"{file}: {len(foreign)} sets are of another species ({examples(foreign)}): leave them out")
    if not sets:
        raise InputError(f"{file} is XML without GENESET elements: pass MSigDB's XML, or write GMT")
    return sets
