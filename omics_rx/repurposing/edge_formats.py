"""Networks in the formats that tools export: JSON, XML, Pajek, GML, workbooks and PSI-MITAB, as rows of two genes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pandas as pd

from omics_rx.core.errors import InputError, IntegrityError, examples
from omics_rx.core.paths import existing
from omics_rx.harmonize.row_numbers import row_numbers
from omics_rx.io.files import kind, text, text_lines

Rows = list[list[str]]
Graph = tuple[dict[str, dict[str, str]], list[tuple[str, str, str]]]  # nodes with what is said of each; edges, weights
_HEADER = ["gene_a", "gene_b", "weight"]
_LEAST_MITAB = 15
_START = 200  # characters that tell the format
_WRITTEN = re.compile(r"[\w ./-]+:(\"[^\"]*\"|[^|(\t]*)(?:\(([^)]*)\))?")
_GML = re.compile(r'(\w+)\s+("[^"]*"|[-+.\w]+)')
_SHAPE = "a list of records, a Cytoscape file (cyjs, CX, CX2) or nodes and links"


def formatted(source: Path | str, genes_in: Callable[[list[str]], bool]) -> Rows | None:
    """Rows of two genes and a weight from a file whose format says what an edge is; None for tables and SIF.

    Parameters
    ----------
    source
        The file.
    genes_in
        Whether texts are genes, by which the name of a node is told from its number.

    Raises
    ------
    MissingFileError, IntegrityError, InputError
        If the file is not there, damaged, or of its format and holds no edges.
    """
    file = existing(source)
    if file.is_dir():
        return None
    form = kind(file)
    if form == "xlsx":
        sheet = pd.read_excel(file, dtype=str, keep_default_na=False)
        return [[str(name) for name in sheet.columns], *sheet.astype(str).to_numpy().tolist()]
    if form != "text":
        return None
    with text_lines(file) as lines:
        read, head, start = (text(line) for _, line in lines), list[str](), ""
        while len(start) < _START and (line := next(read, None)) is not None:
            head.append(line)
            start = f"{start}{line}\n".lstrip("\ufeff \r\n\t")
        written = _written(start[:_START].casefold())
        if not written:  # tables may be large, and are read by what they are left to
            return None
        whole = "\n".join([*head, *read])
    if written == "json":
        return _of_json(whole, file, genes_in)
    graph = _xml(whole, file) if written == "xml" else _pajek(whole) if written == "pajek" else _gml(whole)
    return _of_graph(graph, file, genes_in)


def _written(start: str) -> str:
    """``"json"``, ``"xml"``, ``"pajek"`` or ``"gml"``, by what a text starts with; empty for any other."""
    if start.startswith(("{", "[")):
        return "json"
    if start.startswith("<"):
        return "xml"
    if start.startswith("*vertices"):
        return "pajek"
    return "gml" if re.match(r"(creator|graph\s*\[|#.*\n\s*graph\s*\[)", start) else ""


def _of_graph(graph: Graph, file: Path, genes_in: Callable[[list[str]], bool]) -> Rows:
    """Edges by the one thing said of nodes that is genes: their id, name, label, ..."""
    nodes, edges = graph
    if not edges:
        raise InputError(f"{file} holds no edge between two nodes")
    said = dict.fromkeys(name for about in nodes.values() for name in about)
    texts = {name: [about.get(name, "") for about in nodes.values()] for name in said}
    names = [name for name, own in texts.items() if _may_name(own, name) and genes_in(own)]
    first = sorted(names, key=lambda name: name.casefold() not in {"name", "label", "n", "symbol", "gene_name"})[:1]
    ends = list(dict.fromkeys([*nodes, *(end for edge in edges for end in edge[:2])]))
    if not first and not (_may_name(ends, "entrez") and genes_in(ends)):
        raise InputError(f"{file}: its nodes are no genes that are known ({examples(nodes)}; of each is said: "
                         f"{examples(said) or 'nothing'})")  # fmt: skip
    label = {key: about.get(first[0], "") if first else key for key, about in nodes.items()}
    width = 3 if any(weight for _, _, weight in edges) else 2
    return [_HEADER[:width], *([label.get(a, a), label.get(b, b), weight][:width] for a, b, weight in edges)]


def _may_name(texts: list[str], what: str) -> bool:
    """Whether texts may name nodes: numbers only where they are called Entrez ids and do not count the nodes."""
    known = [one for one in texts if one]
    if not all(re.fullmatch(r"\d+(\.\d+)?", one) for one in known):
        return True
    counts = not known or max(map(float, known)) <= 2 * len(set(known))
    return "entrez" in what.casefold() and not counts and not row_numbers(known)


def _of_json(whole: str, file: Path, genes_in: Callable[[list[str]], bool]) -> Rows:
    try:
        read = json.loads(whole)
    except ValueError as error:
        raise IntegrityError(f"{file} is no whole JSON ({error}): write or download it again") from error
    aspects = _aspects(read)
    nodes, edges = _listed(aspects.get("nodes")), _listed(aspects.get("edges", aspects.get("links")))
    if edges:
        about = {_key(node): _flat(node) for node in nodes}
        return _of_graph((about, [_ends(edge) for edge in edges]), file, genes_in)
    records = [_flat(one) for one in _listed(read)]
    if not records:
        raise InputError(f"{file} is JSON and no network that is read: {_SHAPE}")
    header = list(dict.fromkeys(name for record in records for name in record))
    return [header, *([record.get(name, "") for name in header] for record in records)]


def _aspects(read: Any) -> dict[str, Any]:
    """Parts of a network by name: of CX a list of parts, which may come in several pieces, else one mapping."""
    if isinstance(read, Mapping):
        inner = read.get("elements", read)
        return dict(inner) if isinstance(inner, Mapping) else {}
    found: dict[str, Any] = {}
    for part in _listed(read):
        for name in ("nodes", "edges"):
            if isinstance(part.get(name), list):
                found.setdefault(name, []).extend(part[name])
    return found


def _listed(parts: Any) -> list[dict[str, Any]]:
    return [dict(one) for one in parts if isinstance(one, Mapping)] if isinstance(parts, list) else []


def _flat(record: Mapping[str, Any]) -> dict[str, str]:
    """What is said of a node or an edge, what lies one mapping deeper (``data``, ``v``) beside it."""
    inner = {k: v for value in record.values() if isinstance(value, Mapping) for k, v in value.items()}
    plain = {**{k: v for k, v in record.items() if not isinstance(v, Mapping)}, **inner}
    return {str(k): str(v) for k, v in plain.items() if v is not None and not isinstance(v, (list, dict))}


def _key(node: Mapping[str, Any]) -> str:
    about = _flat(node)
    return next((about[name] for name in ("@id", "id", "key", "name") if name in about), "")


def _ends(edge: Mapping[str, Any]) -> tuple[str, str, str]:
    about = _flat(edge)
    ends = (("source", "target"), ("s", "t"), ("from", "to"))
    a, b = next((pair for pair in ends if pair[0] in about and pair[1] in about), ("source", "target"))
    weight = next((about[name] for name in ("weight", "score", "combined_score") if name in about), "")
    return about.get(a, ""), about.get(b, ""), weight


def _xml(whole: str, file: Path) -> Graph:
    """Nodes and edges of GraphML, XGMML or GEXF."""
    if "<!DOCTYPE" in whole or "<!ENTITY" in whole:
        raise InputError(f"{file} defines entities, which are not read: write it without")
    try:
        root = ET.fromstring(whole.lstrip("\ufeff \r\n\t"))  # noqa: S314 (without entities)
    except ET.ParseError as error:
        raise IntegrityError(f"{file} is no whole XML ({error}): write or download it again") from error
    keys = {one.get("id", ""): one.get("attr.name", "") for one in root.iter() if _tag(one) == "key"}
    nodes, edges = {}, []
    for one in root.iter():
        if _tag(one) not in ("node", "edge"):
            continue
        said = [part for part in one if _tag(part) in ("data", "att")]
        names = [keys.get(part.get("key", ""), part.get("name", "")) for part in said]
        values = [part.get("value", part.text or "") for part in said]
        about = {**one.attrib, **dict(zip(names, values, strict=True))}
        if _tag(one) == "node":
            nodes[one.get("id", "")] = about
        else:
            edges.append((one.get("source", ""), one.get("target", ""), about.get("weight", "")))
    return nodes, edges


def _tag(element: ET.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _pajek(whole: str) -> Graph:
    nodes: dict[str, dict[str, str]] = {}
    edges: list[tuple[str, str, str]] = []
    part = ""
    for line in whole.splitlines():
        cells = [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|(\S+)', line)]
        if line.startswith("*"):
            part = cells[0].casefold()
        elif part == "*vertices" and len(cells) > 1:
            nodes[cells[0]] = {"label": cells[1]}
        elif part in ("*edges", "*arcs") and len(cells) > 1:
            edges.append((cells[0], cells[1], cells[2] if len(cells) > 2 else ""))
    return nodes, edges


def _gml(whole: str) -> Graph:
    nodes, edges = {}, []
    plain = re.sub(r"\b\w+\s*\[\s*[^\[\]]*\]\s*(?=[^\[]*\])", _kept, whole)
    for what, body in re.findall(r"\b(node|edge)\s*\[([^\]]*)\]", plain):
        about = {name: value.strip('"') for name, value in _GML.findall(body)}
        if what == "node":
            nodes[about.get("id", "")] = about
        else:
            edges.append((about.get("source", ""), about.get("target", ""), about.get("weight", "")))
    return nodes, edges


def _kept(found: re.Match[str]) -> str:
    """Nodes and edges of GML stay, what is nested in them (graphics) goes."""
    return found[0] if re.match(r"(node|edge)\b", found[0]) else ""


def of_mitab(rows: Rows) -> tuple[Rows, int] | None:
    """Rows of two genes from PSI-MITAB, whose fields hold ``database:id(what it is)``, and how many are not human's.

    None for other tables.
    """
    body_of = (row for row in rows if not row[0].casefold().startswith(("id(s) interactor", "#id")))
    first = next(body_of, [])
    if len(first) < _LEAST_MITAB:  # most tables, of which the rest is not looked at
        return None
    body = [first, *body_of]
    if min(map(len, body)) < _LEAST_MITAB or not all(":" in cell for row in body[:20] for cell in row[:2]):
        return None
    pairs = [[_gene(row[i::2][:3]) for i in (0, 1)] for row in body]
    taxa = [[_taxon(row[i]) for i in (9, 10)] for row in body]
    human = [pair for pair, own in zip(pairs, taxa, strict=True) if set(own) <= {"9606", ""}]
    return [_HEADER[:2], *human], len(body) - len(human)


def _gene(fields: Iterable[str]) -> str:
    """Gene of an interactor: what is called its name, else an Entrez id, else what stands first."""
    parts = [(field.split(":", 1)[0], found[1].strip('"'), found[2] or "") for text_ in fields
             for field in text_.split("|") if (found := _WRITTEN.match(field))]  # fmt: skip
    entrez = [value for source, value, what in parts if source.casefold().startswith("entrez gene") and not what]
    candidates = [
        *(value for _, value, what in parts if what.casefold() == "gene name"),
        *(value for _, value, what in parts if what.casefold() == "display_short"),
        *(value for value in entrez if not value.isdigit()),
        *(value for value in entrez if value.isdigit()),
        *(value for _, value, _ in parts[:1]),
    ]
    return next(filter(None, candidates), "")


def _taxon(field: str) -> str:
    found = re.match(r"taxid:(-?\d+)", field)
    return found[1] if found else ""
