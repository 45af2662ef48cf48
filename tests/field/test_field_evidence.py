"""What a user adds to a ranking, in the layouts people have: read right, or asked."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError, IntegrityError, MissingFileError
from omics_rx.harmonize.symbols import gene_index
from omics_rx.repurposing import read_network

# -------------------------------------------------------------------------------------------------------- networks
N_EDGES = 600


@pytest.fixture(scope="module")
def edges():
    """Edges between 200 genes with scores from 150 to 999, as STRING has them."""
    random = np.random.default_rng(3)
    genes = random.choice(sorted(g for g in gene_index().current if g.isalnum() and not g.startswith("LINC")), 200)
    pairs = {tuple(sorted(random.choice(genes, 2, replace=False))) for _ in range(N_EDGES)}
    table = pd.DataFrame(sorted(pairs), columns=["gene_a", "gene_b"])
    return table.assign(score=random.integers(150, 999, len(table)))


def pairs_of(network):
    table = network.table.tocoo()
    return {frozenset((network.genes[i], network.genes[j])) for i, j in zip(table.row, table.col, strict=True)}


def wanted(edges):
    return {frozenset(pair) for pair in zip(edges["gene_a"], edges["gene_b"], strict=True)}


def _csv(table, **told):
    return table.to_csv(index=False, **told)


def _r(table, mark='"', sep=",", *, over=True):
    head = sep.join(f"{mark}{name}{mark}" for name in (["", "gene_a", "gene_b"] if over else ["gene_a", "gene_b"]))
    rows = enumerate(zip(table["gene_a"], table["gene_b"], strict=True), 1)
    return head + "\n" + "".join(sep.join(f"{mark}{cell}{mark}" for cell in (i, a, b)) + "\n" for i, (a, b) in rows)


def _sif(table, words=("interacts with",), sep="\t"):
    grouped = table.groupby("gene_a", sort=False)["gene_b"].agg(list)
    return "".join(sep.join((gene, words[i % len(words)], *others)) + "\n" for i, (gene, others) in
                   enumerate(grouped.items()))  # fmt: skip


def _string_export(table):
    made = table.set_axis(["#node1", "node2", "combined_score"], axis=1)
    made.insert(2, "node1_string_id", [f"9606.ENSP{i:011d}" for i in range(len(made))])
    made.insert(3, "node2_string_id", [f"9606.ENSP{i + 1:011d}" for i in range(len(made))])
    return _csv(made, sep="\t")


LAYOUTS = {
    "string.txt": lambda t: _csv(t.set_axis(["protein1", "protein2", "combined_score"], axis=1), sep=" "),
    "string_export.tsv": _string_export,
    "weights.tsv": lambda t: _csv(t.assign(score=t["score"] / 1000), sep="\t"),
    "no_header.tsv": lambda t: _csv(t.assign(score=t["score"] / 1000), sep="\t", header=False),
    "whole_weights_no_header.tsv": lambda t: _csv(t, sep="\t", header=False),
    "pandas.csv": lambda t: t.to_csv(),
    "pandas_no_score.csv": lambda t: t[["gene_a", "gene_b"]].to_csv(),
    "r_quoted.csv": _r,
    "r_plain.csv": lambda t: _r(t, mark=""),
    "r_write_table.txt": lambda t: _r(t, sep=" ", over=False),
    "semicolon.csv": lambda t: _csv(t, sep=";"),
    "source_first.tsv": lambda t: _csv(t.assign(pubmed=20_000_000 + t.index, taxon=9606)[
        ["taxon", "gene_a", "pubmed", "gene_b"]].assign(database="BioGRID"), sep="\t"),
    "source_no_header.tsv": lambda t: _csv(t.assign(db="HI-union", pmid=7157 + t.index)[
        ["gene_a", "gene_b", "db", "pmid"]], sep="\t", header=False),
    "windows.csv": lambda t: "\ufeff" + _csv(t).replace("\n", "\r\n"),
    "comments.tsv": lambda t: "# made by hand\n# twice\n" + _csv(t, sep="\t"),
    "cytoscape.sif": lambda t: _csv(t.assign(k="interacts with")[["gene_a", "k", "gene_b"]], sep="\t", header=False),
    "several.sif": _sif,
    "mixed.sif": lambda t: _sif(t, ("pp", "pd", "ACT", "physical association")) + "TP53\nBRCA1\n",
    "spaces.sif": lambda t: _sif(t, ("pp",), " "),
    "sif_by_another_name.txt": _sif,
    "headed_sif.sif": lambda t: "source\tinteraction\ttarget\n" + _csv(t.assign(kind="pp")[
        ["gene_a", "kind", "gene_b"]], sep="\t", header=False),
    "neighbours.adjlist": lambda t: "#made\n" + "".join(f"{a} {' '.join(b)}\n" for a, b in
                                                        t.groupby("gene_a")["gene_b"].agg(list).items()),
    "networkx.edgelist": lambda t: "".join(f"{a} {b} {{'weight': {s}}}\n" for a, b, s in t.itertuples(index=False)),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_network_is_the_same_in_every_layout(edges, tmp_path, name):
    file = tmp_path / name
    file.write_text(LAYOUTS[name](edges), encoding="utf-8", newline="")
    network = read_network(file)
    assert pairs_of(network) == wanted(edges)
    assert f"{len(edges):,} edges" in network.said[0]


def test_a_network_is_the_same_however_it_is_packed(edges, tmp_path):
    raw = _csv(edges).encode()
    for ending, pack in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
        (tmp_path / f"n.csv.{ending}").write_bytes(pack(raw))
    with zipfile.ZipFile(tmp_path / "n.zip", "w") as out:
        out.writestr("n.csv", raw)
    (tmp_path / "n16.csv").write_text(_csv(edges), encoding="utf-16")
    edges.to_parquet(tmp_path / "n.parquet")
    for file in tmp_path.iterdir():
        assert pairs_of(read_network(file)) == wanted(edges), file.name
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(raw)[:200])
    with pytest.raises(IntegrityError, match="truncated"):
        read_network(tmp_path / "cut.csv.gz")
    with zipfile.ZipFile(tmp_path / "n.zip", "a") as out:
        out.writestr("m.csv", raw)
    with pytest.raises(InputError, match="holds 2 files"):
        read_network(tmp_path / "n.zip")


class Graph:
    """What networkx gives of a graph."""

    def __init__(self, table):
        self._pairs = list(zip(table["gene_a"], table["gene_b"], strict=True))
        self.nodes = sorted({gene for pair in self._pairs for gene in pair} | {"TP53"})

    def edges(self):
        return self._pairs


def test_a_network_given_as_a_value(edges):
    square = pd.crosstab(edges["gene_a"], edges["gene_b"])
    genes = sorted(set(square.index) | set(square.columns))
    square = square.reindex(index=genes, columns=genes, fill_value=0)
    for value in (edges, edges[["score", "gene_b", "gene_a"]], edges.set_index("gene_a"), edges.sample(frac=1),
                  Graph(edges), square, read_network(edges)):  # fmt: skip
        assert pairs_of(read_network(value)) == wanted(edges)
    assert any("nodes without an edge" in words for words in read_network(Graph(edges)).said)


def test_ids_of_genes_are_mapped_and_numbers_beside_symbols_are_none(edges, tmp_path):
    entrez = {symbols[0]: number for number, symbols in gene_index().by_entrez.items() if len(symbols) == 1}
    ensembl = {symbols[0]: number for number, symbols in gene_index().by_ensembl.items() if len(symbols) == 1}
    numbers = edges.assign(gene_a=edges["gene_a"].map(entrez), gene_b=edges["gene_b"].map(entrez)).dropna()
    stable = edges.assign(gene_a=edges["gene_a"].map(ensembl), gene_b=edges["gene_b"].map(ensembl)).dropna()
    assert len(numbers) > 100
    right = wanted(edges.loc[numbers.index])
    for name, table in {
        "a": numbers,
        "b": numbers.reset_index(),
        "c": numbers[["gene_a", "gene_b"]].astype(float),
    }.items():
        assert pairs_of(read_network(table)) == right, name
    assert pairs_of(read_network(stable)) == wanted(edges.loc[stable.index])
    (tmp_path / "n.sif").write_text(
        "".join(f"{a} 1 {b}\n" for a, b in zip(numbers["gene_a"], numbers["gene_b"], strict=True))
    )
    assert pairs_of(read_network(tmp_path / "n.sif")) == right
    with pytest.raises(InputError, match="0 of its 3 columns hold genes"):
        read_network(pd.DataFrame({"row": range(100), "a": range(100, 200), "b": range(300, 400)}))


def test_weights_are_said_and_kept_by_a_floor(edges):
    network = read_network(edges)
    assert any("weights (score, " in words and "min_score=" in words for words in network.said)
    strong = read_network(edges, min_score=700)
    assert pairs_of(strong) == wanted(edges[edges["score"] >= 700])
    with pytest.raises(InputError, match="no column of weights"):
        read_network(edges[["gene_a", "gene_b"]], min_score=700)


def test_unknown_ids_never_become_nodes(edges):
    table = edges.copy()
    table.loc[:9, "gene_a"] = "no gene at all"
    network = read_network(table)
    assert pairs_of(network) == wanted(edges.iloc[10:])
    assert any("1 ids are no gene that is known (no gene at all), 10 edges lost" in words for words in network.said)


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (lambda i: f"9606.ENSP{i:011d}", "Ensembl proteins .*give names="),
        (lambda i: f"ENSP{i:011d}", "Ensembl proteins"),
        (lambda i: f"10090.ENSMUSP{i:011d}", "another species"),
        (lambda i: f"uniprotkb:P{i:05d}", "UniProt accessions"),
        (lambda i: f"Gene{i}", "100% of the network's 150 genes are not known"),
    ],
)
def test_ids_that_are_no_genes_are_refused(ids, words):
    with pytest.raises(InputError, match=words):
        read_network(
            pd.DataFrame({"protein1": map(ids, range(10_000, 10_100)), "protein2": map(ids, range(10_050, 10_150))})
        )


def test_proteins_are_mapped_by_a_table(edges):
    genes = sorted(set(edges["gene_a"]) | set(edges["gene_b"]))
    ids = {gene: f"9606.ENSP{i:011d}" for i, gene in enumerate(genes)}
    table = edges.assign(gene_a=edges["gene_a"].map(ids), gene_b=edges["gene_b"].map(ids))
    assert pairs_of(read_network(table, names={key: gene for gene, key in ids.items()})) == wanted(edges)


def test_a_choice_of_columns_is_asked(edges, tmp_path):
    table = edges.assign(third=edges["gene_b"].to_numpy()[::-1]).drop(columns="score")
    table.columns = ["one", "two", "three"]
    with pytest.raises(InputError, match=r"3 columns hold genes .*columns="):
        read_network(table)
    assert pairs_of(read_network(table, columns=("one", "two"))) == wanted(edges)
    with pytest.raises(InputError, match="must be two of its columns"):
        read_network(table, columns=("one", "z"))
    for text, words in (
        ("", "empty"),
        ("# nothing\n", "no rows"),
        ("TP53\n", "1 fields"),
        ("TP53\tpp\n", "two columns|1 of its"),
    ):
        (tmp_path / "bad.tsv").write_text(text)
        with pytest.raises(InputError, match=words):
            read_network(tmp_path / "bad.tsv")
    with pytest.raises(MissingFileError):
        read_network(tmp_path / "absent.tsv")
    with pytest.raises(InputError, match="folder"):
        read_network(tmp_path)
    with pytest.raises(InputError, match="path"):
        read_network(7)


def test_genes_may_be_written_by_old_names_and_read_as_text():
    table = pd.DataFrame({"a": ["HER2", "p53", "MARCH3", "FAM46C"], "b": ["TP53", "MDM2", "TP53", "ERBB2"], "w": "0.5"})
    table = table.replace({"p53": "TP53"})
    right = {
        frozenset(pair) for pair in (("ERBB2", "TP53"), ("TP53", "MDM2"), ("MARCHF3", "TP53"), ("TENT5C", "ERBB2"))
    }
    assert pairs_of(read_network(table)) == right
