"""Gene sets: one collection in many vocabularies and forms, for methods of every kind."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from same_answer import Row

import omics_rx as orx

# current symbol, an older name, Ensembl, Entrez
GENES = {
    "MKI67": ("KIA", "ENSG00000148773", "4288"), "SEPTIN4": ("SEPT4", "ENSG00000108387", "5414"),
    "MARCHF1": ("MARCH1", "ENSG00000145416", "55016"), "ERBB2": ("HER2", "ENSG00000141736", "2064"),
    "CD8A": ("CD8", "ENSG00000153563", "925"), "C1orf43": ("C1ORF43", "ENSG00000143612", "25912"),
    "TP53": ("P53", "ENSG00000141510", "7157"), "GZMB": ("CGL1", "ENSG00000100453", "3002"),
}  # fmt: skip
SETS = {"one": ["MKI67", "SEPTIN4", "MARCHF1", "ERBB2"], "two": ["CD8A", "C1orf43", "TP53", "GZMB"]}
SIGNED = {"S": {"MKI67": 1.0, "MARCHF1": 1.0, "TP53": -1.0, "GZMB": -1.0}}
WEIGHED = {"S": {"MKI67": 1.0, "MARCHF1": 2.5, "TP53": -3.0, "GZMB": -0.5}}
METHODS = ("ssgsea", "singscore", "gsva", "aucell", "zscore", "mean", "ulm")
FOLDER = Path(tempfile.mkdtemp(prefix="same_answer-"))
VOCABULARIES: dict[str, Callable[[str], Any]] = {
    "older names": lambda gene: GENES[gene][0],
    "Ensembl": lambda gene: GENES[gene][1],
    "Ensembl with versions": lambda gene: f"{GENES[gene][1]}.12",
    "Entrez": lambda gene: GENES[gene][2],
    "Entrez as numbers": lambda gene: int(GENES[gene][2]),
    "Entrez after a float": lambda gene: float(GENES[gene][2]),
    "lower case": str.lower,
    "capitals": str.upper,
    "blanks around": lambda gene: f" {gene}\t",
    "symbol|Entrez": lambda gene: f"{gene}|{GENES[gene][2]}",
}


def tumours() -> pd.DataFrame:
    """30 tumours x 300 genes under current symbols, log2 intensity."""
    random = np.random.default_rng(5)
    others = sorted({gene for genes in orx.scores.pathway_sets().values() for gene in genes} - set(GENES))[:292]
    values = random.normal(8, 2, size=(30, 300))
    return pd.DataFrame(values, index=[f"T{i:02d}" for i in range(30)], columns=[*GENES, *others])


def file(name: str, text: str) -> Path:
    """Path of a file that holds the text."""
    path = FOLDER / name
    path.write_text(text, encoding="utf-8")
    return path


def renamed(sets: dict[str, Any], how: Callable[[str], Any]) -> dict[str, Any]:
    """Sets with each gene written another way."""
    return {
        name: {how(gene): weight for gene, weight in genes.items()}
        if isinstance(genes, dict)
        else list(map(how, genes))
        for name, genes in sets.items()
    }


def long(sets: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Pairs of set and gene."""
    return [(name, gene) for name, genes in sets.items() for gene in genes]


def files() -> dict[str, Path]:
    """The collection in the formats of the field."""
    pairs = long(SETS)
    gmt = "".join(f"{name}\tna\t" + "\t".join(genes) + "\n" for name, genes in SETS.items())
    columns = [[name, "na", *genes] for name, genes in SETS.items()]
    msigdbr = "".join(f"C2,,{n},{g},{GENES[g][2]},{GENES[g][1]}\n" for n, g in pairs)
    xml = "".join(
        f'<GENESET STANDARD_NAME="{n}" ORGANISM="Homo sapiens" MEMBERS_SYMBOLIZED="{",".join(g)}"/>'
        for n, g in SETS.items()
    )
    found = {
        "GMT": file("a.gmt", gmt),
        "GMT, Windows": file("b.gmt", gmt.replace("\n", "\r\n")),
        "GMT without descriptions": file("c.gmt", gmt.replace("\tna\t", "\t")),
        "GMT with GENE,1.0": file("d.gmt", "".join(
            f"{n}\t\t" + "\t".join(f"{gene},1.0" for gene in g) + "\n" for n, g in SETS.items())),
        "GMX": file("e.gmx", "\n".join("\t".join(line) for line in zip(*columns, strict=True)) + "\n"),
        "set,gene": file("f.csv", "set,gene\n" + "".join(f"{n},{g}\n" for n, g in pairs)),
        "gene;set": file("g.csv", "gene;set\n" + "".join(f"{g};{n}\n" for n, g in pairs)),
        "source,target": file("h.csv", "source,target\n" + "".join(f"{n},{g}\n" for n, g in pairs)),
        "row numbers": file("i.csv", ",term,gene\n" + "".join(f"{i},{n},{g}\n" for i, (n, g) in enumerate(pairs, 1))),
        "msigdbr": file("j.csv", "gs_cat,gs_subcat,gs_name,gene_symbol,entrez_gene,ensembl_gene\n" + msigdbr),
        "a column a set": file("k.csv", "one,two\n" + "".join(
            f"{a},{b}\n" for a, b in zip(SETS["one"], SETS["two"], strict=True))),
        "packed": file("l.tsv", "pathway\tgenes\n" + "".join(f"{n}\t{'/'.join(g)}\n" for n, g in SETS.items())),
        "JSON": file("m.json", json.dumps(SETS)),
        "MSigDB's JSON": file("n.json", json.dumps({n: {"geneSymbols": g} for n, g in SETS.items()})),
        "MSigDB's XML": file("o.xml", f'<?xml version="1.0"?><MSIGDB>{xml}</MSIGDB>'),
    }  # fmt: skip
    frame = pd.DataFrame(pairs, columns=["set", "gene"])
    frame.to_excel(FOLDER / "p.xlsx", index=False)
    frame.to_parquet(FOLDER / "q.parquet")
    return {**found, "xlsx": FOLDER / "p.xlsx", "parquet": FOLDER / "q.parquet"}


def rows() -> Iterator[Row]:
    """Vocabularies x methods, forms x methods, weights, what must be asked, and lists in over-representation."""
    table = tumours()
    score = orx.scores.score
    for method in METHODS:
        yield Row(f"vocabularies, {method}", partial(score, table, SETS, method=method), {
            **{f"sets: {name}": partial(score, table, renamed(SETS, how), method=method)
               for name, how in VOCABULARIES.items()},
            **{f"table: {name}": partial(score, table.rename(columns=lambda g, how=how: how(g) if g in GENES else g),
                                         SETS, method=method)
               for name, how in VOCABULARIES.items() if name in ("older names", "Ensembl", "capitals")},
        })  # fmt: skip
    paths = files()
    for method in METHODS:
        yield Row(f"files, {method}", partial(score, table, SETS, method=method), {
            name: lambda path=path, method=method: score(table, orx.io.read_gene_sets(path), method=method)
            for name, path in paths.items()
        })  # fmt: skip
    yield from in_python(table)
    yield from weights(table)
    yield from asked()
    background = list(table.columns)
    genes = ["MKI67", "SEPTIN4", "CD8A", "TP53"]
    yield Row("over-representation", lambda: orx.scores.enrich(genes, SETS, background=background, min_overlap=1), {
        name: partial(orx.scores.enrich, list(map(how, genes)), SETS, background=background, min_overlap=1)
        for name, how in VOCABULARIES.items()
    })  # fmt: skip


def in_python(table: pd.DataFrame) -> Iterator[Row]:
    """Python's own containers."""
    frame = pd.DataFrame(long(SETS), columns=["set", "gene"])
    forms: dict[str, Any] = {
        "tuples": {n: tuple(g) for n, g in SETS.items()}, "sets": {n: set(g) for n, g in SETS.items()},
        "arrays": {n: np.array(g) for n, g in SETS.items()}, "series": {n: pd.Series(g) for n, g in SETS.items()},
        "indices": {n: pd.Index(g) for n, g in SETS.items()}, "a series of lists": pd.Series(SETS),
        "weights of one": {n: dict.fromkeys(g, 1.0) for n, g in SETS.items()}, "frame": frame,
        "frame of net": frame.rename(columns={"set": "source", "gene": "target"}).assign(weight=1.0),
        "frame, text type": frame.astype("string"), "frame, categories": frame.astype("category"),
        "missing among genes": {n: [*g, None, float("nan"), "NA", ""] for n, g in SETS.items()}, "path": files()["GMT"],
    }  # fmt: skip
    yield Row("forms in Python", lambda: orx.scores.score(table, SETS),
              {name: partial(orx.scores.score, table, form) for name, form in forms.items()})  # fmt: skip


def weights(table: pd.DataFrame) -> Iterator[Row]:
    """Signs and weights, in files and in Python, for methods that use them; those that cannot must say so."""
    head = "set,gene,{}\n"
    weighed = [(n, g, w) for n, own in WEIGHED.items() for g, w in own.items()]
    signed = [(n, g, "up" if w > 0 else "down") for n, own in SIGNED.items() for g, w in own.items()]
    sides = {side: [g for _, g, s in signed if s == side] for side in ("up", "down")}
    for method in ("mean", "ulm"):
        yield Row(f"weights, {method}", partial(orx.scores.score, table, WEIGHED, method=method), {
            name: lambda path=path, method=method: orx.scores.score(table, orx.io.read_gene_sets(path), method=method)
            for name, path in {
                "weight": file("w.csv", head.format("weight") + "".join(f"{n},{g},{w}\n" for n, g, w in weighed)),
                "mor": file("x.csv", head.format("mor") + "".join(f"{n},{g},{w}\n" for n, g, w in weighed)),
                "GMT": file("w.gmt", "S\tx\t" + "\t".join(f"{g},{w}" for _, g, w in weighed) + "\n"),
            }.items()
        })  # fmt: skip
    halves = (("UP", sides["up"]), ("DN", sides["down"]))
    pair = file("pair.gmt", "".join(f"S_{side}\tx\t" + "\t".join(genes) + "\n" for side, genes in halves))
    told = file("d.csv", head.format("direction") + "".join(f"{n},{g},{s}\n" for n, g, s in signed))
    for method in ("singscore", "zscore", "mean", "ulm"):
        yield Row(f"signs, {method}", partial(orx.scores.score, table, SIGNED, method=method), {
            "direction": lambda method=method: orx.scores.score(table, orx.io.read_gene_sets(told), method=method),
            "up and down": partial(orx.scores.score, table, {"S": sides}, method=method),
            "pairs joined": lambda method=method: orx.scores.score(
                table, orx.io.read_gene_sets(pair, pairs=True), method=method),
        })  # fmt: skip
    yield Row("signs and weights that a method cannot use", None, {
        f"{name}, {method}": partial(orx.scores.score, table, sets, method=method)
        for name, sets, methods in (("signs", SIGNED, ("ssgsea", "gsva", "aucell")),
                                    ("weights", WEIGHED, ("ssgsea", "gsva", "aucell", "singscore", "zscore")))
        for method in methods
    })  # fmt: skip


def asked() -> Iterator[Row]:
    """Tables and lists that can be read two ways."""
    read = orx.io.read_gene_sets
    names = {
        "two columns of genes": "a,b\nMYC,CDK4\nMYC,NCL\nTP53,MDM2\nTP53,BAX\n",
        "no header": "MYC,CDK4\nMYC,NCL\nTP53,MDM2\nTP53,BAX\n",
        "two names of sets": "name,why,gene\nA,x,CD8A\nA,y,CD8B\nB,z,TP53\n",
        "two weights": "set,gene,weight\nA,CD8A,1\nA,CD8A,2\nA,TP53,1\n",
        "numbers of both signs": "set,gene,effect\nA,CD8A,1.5\nA,TP53,-2.0\n",
        "a direction that is none": "set,gene,direction\nA,CD8A,up\nA,TP53,maybe\n",
        "sets of one gene": "term,gene\n" + "".join(f"m{i},{g}\n" for i, g in enumerate(tumours().columns[:40])),
        "no genes": "set,gene\nA,hello\nA,world\n".replace("gene", "thing"),
    }
    ways = {name: partial(read, file(f"ask{i}.csv", text)) for i, (name, text) in enumerate(names.items())}
    yield Row("tables that must be asked about", None, ways)
    table = tumours()
    yield Row("sets that must be asked about", None, {
        "mouse": partial(orx.scores.score, table, {"a": ["Mki67", "Cd8a", "Trp53"]}),
        "a gene by two names, two weights": partial(
            orx.scores.score, table, {"a": {"MARCH1": 1.0, "MARCHF1": 2.0}}, method="mean"),
        "a list without a name": partial(orx.scores.score, table, ["MKI67", "CD8A"]),
        "text": partial(orx.scores.score, table, {"a": "MKI67"}),
    })  # fmt: skip
