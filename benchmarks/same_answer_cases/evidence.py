"""What a user adds to a ranking: networks, libraries, docking scores, own evidence, outcomes, further drugs."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from same_answer import Row

from omics_rx.harmonize.symbols import gene_index
from omics_rx.repurposing import outcomes, read_docking_scores, read_library, read_network
from omics_rx.repurposing.added import new_drugs
from omics_rx.repurposing.inputs import read_library as matched
from omics_rx.repurposing.own import read_extra
from omics_rx.repurposing.reversal import consensus

FOLDER = Path(tempfile.mkdtemp(prefix="same-answer-"))
DRUGS = ["MK-2206", "CHIR-99021", "SN-38", "Lapatinib", "Olaparib", "AZD7762", "Docetaxel", "Gemcitabine"]
SUBTYPES = ("LumA", "LumB", "Her2", "Basal", "Normal")


def _written(name: str, content: str | bytes) -> Path:
    file = FOLDER / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def _genes(n: int) -> list[str]:
    known = sorted(gene for gene in gene_index().current if gene.isalnum() and not gene.startswith("LINC"))
    return list(np.random.default_rng(3).choice(known, n, replace=False))


def _edges() -> pd.DataFrame:
    random, genes = np.random.default_rng(3), _genes(200)
    pairs = sorted({tuple(sorted(random.choice(genes, 2, replace=False))) for _ in range(600)})
    return pd.DataFrame(pairs, columns=["gene_a", "gene_b"]).assign(score=random.integers(150, 999, len(pairs)))


def _pairs(source: Any, **told: Any) -> str:
    network = read_network(source, **told)
    table = network.table.tocoo()
    ends = zip(network.genes[table.row], network.genes[table.col], strict=True)
    return " ".join(sorted({"-".join(sorted(pair)) for pair in ends}))


def _networks() -> Iterator[Row]:
    edges = _edges()
    plain = edges[["gene_a", "gene_b"]]
    grouped = edges.groupby("gene_a", sort=False)["gene_b"].agg(list)
    sif = "".join(f"{gene}\tinteracts with\t" + "\t".join(others) + "\n" for gene, others in grouped.items())
    ready: dict[str, Any] = {
        "frame": edges,
        "columns in another order": edges[["score", "gene_b", "gene_a"]],
        "STRING": _written("s.txt", edges.set_axis(["protein1", "protein2", "combined_score"], axis=1).to_csv(
            sep=" ", index=False)),
        "weights, no header": _written("w.tsv", edges.to_csv(sep="\t", index=False, header=False)),
        "weights of 0 to 1": _written("w1.csv", edges.assign(score=edges["score"] / 1000).to_csv(index=False)),
        "row numbers of pandas": _written("p.csv", edges.to_csv()),
        "row names of R": _written("r.csv", plain.set_axis(plain.index + 1).to_csv(quoting=1)),
        "write.table of R": _written("t.txt", "gene_a gene_b\n" + plain.to_csv(sep=" ", header=False)),
        "PubMed and taxon": _written("m.tsv", edges.assign(taxon=9606, pubmed=10**7 + edges.index)[
            ["taxon", "gene_a", "pubmed", "gene_b"]].to_csv(sep="\t", index=False)),
        "several targets a line": _written("a.sif", sif),
        "nodes without edges": _written("n.sif", sif + "TP53\nMYC\n"),
        "gz": _written("g.csv.gz", gzip.compress(edges.to_csv(index=False).encode())),
        "semicolons": _written("c.csv", edges.to_csv(sep=";", index=False)),
    }  # fmt: skip
    yield Row("network layouts", lambda: _pairs(plain), {name: lambda s=s: _pairs(s) for name, s in ready.items()})
    odd = {
        "proteins of Ensembl": pd.DataFrame({"a": [f"9606.ENSP{i:011d}" for i in range(99)]}).assign(
            b=lambda t: t["a"][::-1]
        ),
        "UniProt": pd.DataFrame({"a": [f"P{i:05d}" for i in range(99)], "b": [f"Q{i:05d}" for i in range(99)]}),
        "row numbers alone": pd.DataFrame({"a": range(99), "b": range(99, 198)}),
        "three columns of genes": plain.assign(gene_c=plain["gene_b"][::-1].to_numpy()).set_axis(
            ["u", "v", "w"], axis=1
        ),
    }
    yield Row("networks that cannot be told", None, {name: lambda s=s: _pairs(s) for name, s in odd.items()})


def _libraries() -> Iterator[Row]:
    random, genes = np.random.default_rng(8), _genes(300)
    table = pd.DataFrame(random.normal(size=(len(DRUGS), 300)), index=DRUGS, columns=genes)
    screened = pd.DataFrame({"name": DRUGS}, index=[f"D{i}" for i in range(len(DRUGS))])
    query = pd.Series(random.normal(size=300), index=genes)

    def reversal(library: pd.DataFrame) -> pd.Series:
        return consensus(matched(library, screened)[0].score(query)).sort_index()

    def of_file(name: str, text: str) -> Callable[[], pd.Series]:
        file = _written(name, text)
        return lambda: reversal(read_library(file))

    told = table.assign(dose=10.0, pert_time=24, plate=range(len(table)), cell="MCF7")
    ways = {
        "numbers appended": lambda: reversal(table.rename(index=lambda name: f"{name}-{1000 + len(name)}")),
        "capitals": lambda: reversal(table.rename(index=str.upper)),
        "genes shuffled": lambda: reversal(table[random.permutation(genes)]),
        "dose, time, plate": lambda: reversal(told),
        "genes along the rows": lambda: reversal(table.T),
        "a column of names": lambda: reversal(told.rename_axis("pert_iname").reset_index()),
        "file": of_file("l.tsv", table.to_csv(sep="\t", index_label="drug")),
        "file with annotation": of_file("l2.csv", told.to_csv(index_label="drug")),
    }
    yield Row("perturbation libraries", lambda: reversal(table), ways)
    numbered = table.reset_index(drop=True)
    yield Row("libraries that cannot be told", None, {"rows are numbers": lambda: reversal(numbered)})


def _docking() -> Iterator[Row]:
    plain = "drug,affinity\na,-7.1\nb,-9\n"
    ways = {
        "semicolons": "drug;affinity\na;-7.1\nb;-9\n", "several poses": plain + "a,-5\nb,-2\n",
        "a failed docking": plain + "c,0.0\n", "missing": plain + "c,NA\n",
        "quotes": '"drug","affinity"\n"a",-7.1\n"b",-9\n',
    }  # fmt: skip
    files = {name: _written(f"d{i}.csv", text) for i, (name, text) in enumerate(ways.items())}
    right = _written("d.csv", plain)

    def read(file: Path) -> pd.DataFrame:
        return read_docking_scores(file).dropna()

    yield Row("docking scores", lambda: read(right), {name: lambda f=f: read(f) for name, f in files.items()})
    odd = {"all above 0": "drug,affinity\na,7\nb,9\n", "impossible": "drug,affinity\na,-7\nb,-99\nc,-8\n", "fitness":
           "drug,score\na,55\nb,70\n", "text": "drug,affinity\na,good\nb,-8\n"}  # fmt: skip
    asked = {name: _written(f"o{i}.csv", text) for i, (name, text) in enumerate(odd.items())}
    yield Row("docking scores in doubt", None, {name: lambda f=f: read(f) for name, f in asked.items()})


def _own() -> Iterator[Row]:
    screened = pd.DataFrame({"name": DRUGS}, index=[f"D{i}" for i in range(len(DRUGS))])
    values = pd.Series(np.arange(8.0), index=DRUGS, name="x")

    def basal(extra: Any, **told: Any) -> list[float]:
        return list(read_extra(extra, screened, SUBTYPES, **told).frames["Basal"].iloc[:, 0])

    ways: dict[str, Any] = {
        "frame": values.to_frame(), "a number for a name": values.to_frame(0), "text": values.astype(str).to_frame(),
        "TNBC": {"TNBC": values}, "basal-like": {"basal-like": values.to_frame()},
        "a column of names": values.rename_axis("drug").reset_index(), "other order": values[::-1],
        "ids": values.set_axis(screened.index), "capitals": values.rename(index=str.upper),
    }  # fmt: skip
    yield Row("own evidence", lambda: basal(values), {name: lambda v=v: basal(v) for name, v in ways.items()})
    odd: dict[str, Any] = {
        "ER+": {"ER+": values}, "twice": {"TNBC": values, "Basal": values}, "reserved": values.rename("score"),
        "direction lost": values.rename("docking"), "no names": values.reset_index(drop=True), "text": values.to_frame(
        ).assign(x="high"), "endless": values.replace(3.0, np.inf), "stranger": values.rename({"SN-38": "Herceptin"}),
    }  # fmt: skip
    yield Row("own evidence in doubt", None, {name: lambda v=v: basal(v) for name, v in odd.items()})


def _outcomes() -> Iterator[Row]:
    told = {
        "0 and 1": ([1, 0], 1), "True and False": ([True, False], True), "yes and no": (["yes", "no"], "yes"),
        "text of numbers": (["1", "-1"], None), "1 is a failure": ([0, 1], 0),
    }  # fmt: skip

    def read(values: list[Any], success: object = None) -> list[float]:
        return list(outcomes.directions(pd.Series(values, dtype=object), success=success).astype(float))

    ways = {name: lambda v=v, s=s: read(v, s) for name, (v, s) in told.items()}
    yield Row("outcomes", lambda: [1.0, -1.0], ways)
    odd = {"0 and 1": [1, 0], "True and False": [True, False], "yes and no": ["yes", "no"], "fractions": [0.8, 0.1]}
    yield Row("outcomes in doubt", None, {name: lambda v=v: read(v) for name, v in odd.items()})


def _further() -> Iterator[Row]:
    screened = pd.DataFrame({"name": DRUGS}, index=[f"D{i}" for i in range(len(DRUGS))])

    def targets(value: Any, **more: Any) -> str:
        row = pd.DataFrame({"name": ["metformin"], "smiles": ["CN(C)C(=N)NC(N)=N"], "targets": [value], **more})
        return str(new_drugs(row, screened)[0]["targets"].iloc[0])

    ways = {"pipes": "EGFR|HER2", "a list": ["EGFR", "ERBB2"], "Entrez": "1956;2064",
            "written list": "['EGFR', 'ERBB2']",
            "Ensembl": "ENSG00000146648,ENSG00000141736", "slash": "EGFR/ERBB2"}  # fmt: skip
    yield Row(
        "targets of further drugs", lambda: targets("EGFR;ERBB2"), {n: lambda v=v: targets(v) for n, v in ways.items()}
    )
    other = pd.DataFrame({"name": ["lapatinib"], "smiles": ["CCO"]})
    yield Row(
        "further drugs in doubt", None, {"a known name with another structure": lambda: new_drugs(other, screened)}
    )


def rows() -> Iterator[Row]:
    """Everything that is added to a ranking."""
    for part in (_networks, _libraries, _docking, _own, _outcomes, _further):
        yield from part()
