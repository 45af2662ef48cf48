"""What a user adds to a ranking, in the layouts people have: read right, or asked."""

from __future__ import annotations

import bz2
import gzip
import json
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


# ------------------------------------------------------------------------------------------------------- libraries
NAMED = ["MK-2206", "CHIR-99021", "SN-38", "Lapatinib", "Olaparib", "AZD7762", "PD0325901", "5-Fluorouracil"]


@pytest.fixture(scope="module")
def screened():
    """Drugs as a screen holds them."""
    return pd.DataFrame({"name": NAMED}, index=[f"D{i}" for i in range(len(NAMED))])


@pytest.fixture(scope="module")
def profiles():
    """Profiles x genes of the drugs above."""
    random = np.random.default_rng(8)
    genes = sorted(g for g in gene_index().current if g.isalnum() and not g.startswith("LINC"))[:400]
    return pd.DataFrame(random.normal(size=(len(NAMED), 400)), index=NAMED, columns=genes)


def _scored(table, drugs):
    from omics_rx.repurposing.inputs import read_library as matched

    library, _, absent, said = matched(table, drugs)
    genes = sorted(library.z.columns)
    signature = pd.Series(np.random.default_rng(1).normal(size=len(genes)), index=genes)
    return library, absent, said, library.score(signature)


def test_full_names_of_drugs_count_before_what_a_collection_appends(profiles, screened):
    library, absent, _, right = _scored(profiles, screened)
    assert not absent
    assert sorted(library.z.index) == sorted(screened.index)
    tailed = profiles.rename(index=lambda name: f"{name}-{1000 + len(name)}")
    pd.testing.assert_frame_equal(_scored(tailed, screened)[3], right)
    upper = profiles.rename(index=str.upper)
    pd.testing.assert_frame_equal(_scored(upper, screened)[3], right)


def test_a_library_file_keeps_names_that_end_in_digits(profiles, tmp_path):
    from omics_rx.repurposing import read_library
    from omics_rx.repurposing.library import without_tails

    profiles.to_csv(tmp_path / "library.csv")
    assert read_library(tmp_path / "library.csv").index.tolist() == NAMED
    assert without_tails(["MK-2206-1234", "SN-38", "verapamil-77"]) == ["MK-2206", "SN-38", "verapamil"]
    own = [f"compound-{i}" for i in range(20)]
    assert without_tails(own) == own


def test_a_missing_value_costs_one_gene_of_one_profile(profiles, screened):
    from omics_rx.repurposing.reversal import consensus

    right = consensus(_scored(profiles, screened)[3])
    random = np.random.default_rng(2)
    for share in (0.002, 0.005):
        _, _, said, found = _scored(profiles.mask(random.random(profiles.shape) < share), screened)
        assert np.corrcoef(consensus(found), right[found.index])[0, 1] > 0.97
        assert any("of its values are missing" in words for words in said)
    short = profiles.copy()
    short.iloc[0, 60:] = np.nan  # one profile of 60 genes: the others are what they were
    found = _scored(short, screened)[3]
    same = [method for method in found if method != "cmap_ks"]  # its scale is the largest score of all drugs
    pd.testing.assert_frame_equal(found.loc[found.index != "D0", same], _scored(profiles, screened)[3].loc[
        lambda t: t.index != "D0", same])  # fmt: skip
    short.iloc[1, 20:] = np.nan
    library, _, said, _ = _scored(short, screened)
    assert "D1" not in library.z.index
    assert any("1 profiles of fewer than 50 genes were left out (CHIR-99021)" in words for words in said)


def test_columns_that_describe_a_profile_are_annotation(profiles, screened, tmp_path):
    from omics_rx.repurposing import read_library

    right = _scored(profiles, screened)[3]
    told = profiles.assign(dose=10.0, pert_time=24, plate=range(8), cell="MCF7", drug=NAMED)
    pd.testing.assert_frame_equal(_scored(told, screened)[3], right)
    pd.testing.assert_frame_equal(_scored(told.reset_index(drop=True), screened)[3], right)
    pd.testing.assert_frame_equal(_scored(profiles.T, screened)[3], right)
    numbered = told.rename(columns={"drug": "pert_iname"}).set_axis([f"LJP005_A375:{i}" for i in range(8)], axis=0)
    numbered.to_csv(tmp_path / "signatures.tsv", sep="\t", index_label="sig_id")
    pd.testing.assert_frame_equal(_scored(read_library(tmp_path / "signatures.tsv"), screened)[3], right)
    profiles.T.to_csv(tmp_path / "genes_first.csv")
    pd.testing.assert_frame_equal(_scored(read_library(tmp_path / "genes_first.csv"), screened)[3], right)
    with pytest.raises(InputError, match=r"numbers for names .*pert_iname"):
        _scored(profiles.reset_index(drop=True), screened)


def test_gctx_of_2020_and_gct_1_3_go_by_their_own_names(profiles, tmp_path):
    import h5py

    from omics_rx.repurposing import read_library

    values, n = profiles.to_numpy(), len(profiles.columns)
    with h5py.File(tmp_path / "x.gctx", "w") as file:
        file["0/DATA/0/matrix"] = np.where(np.arange(n) == 3, -666.0, values)
        file["0/META/COL/id"] = np.array([f"LJP:{i}" for i in range(8)], dtype="S20")
        file["0/META/COL/cmap_name"] = np.array(NAMED, dtype="S20")
        file["0/META/ROW/id"] = np.array([str(i) for i in range(n)], dtype="S10")
        file["0/META/ROW/gene_symbol"] = np.array(profiles.columns.tolist(), dtype="S20")
    found = read_library(tmp_path / "x.gctx")
    assert found.index.tolist() == NAMED
    assert found.iloc[:, 3].isna().all()
    assert np.allclose(found.drop(columns=found.columns[3]), profiles.drop(columns=profiles.columns[3]))
    lines = ["#1.3", f"{n}\t8\t2\t2", "id\tpr_gene_symbol\tis_lm\t" + "\t".join(f"s{i}" for i in range(8))]
    lines += ["pert_dose\tna\tna\t" + "\t".join(["10"] * 8), "pert_iname\tna\tna\t" + "\t".join(NAMED)]
    lines += [f"{i}\t{gene}\t1\t" + "\t".join(map(str, profiles[gene])) for i, gene in enumerate(profiles)]
    (tmp_path / "x.gct").write_text("\n".join(lines) + "\n")
    pd.testing.assert_frame_equal(read_library(tmp_path / "x.gct"), profiles, check_names=False,
                                  check_index_type=False, check_column_type=False)  # fmt: skip
    (tmp_path / "cut.gct").write_text("\n".join(lines[:100]) + "\n")
    with pytest.raises(IntegrityError, match="says 400 x 8"):
        read_library(tmp_path / "cut.gct")


def test_the_order_of_columns_changes_nothing_in_set_libraries():
    from omics_rx.repurposing.reversal import Profiles

    random = np.random.default_rng(6)
    table = pd.DataFrame(random.choice([-1.0, 0, 0, 0, 0, 1], size=(30, 300)), columns=[f"g{i}" for i in range(300)])
    signature = pd.Series(random.choice([-2.0, -1, 0, 1, 2], 300), index=table.columns)  # ties in the query, too
    right = Profiles.of(table).score(signature, n_genes=40)
    for _ in range(3):
        columns, genes = random.permutation(table.columns), random.permutation(table.columns)
        pd.testing.assert_frame_equal(Profiles.of(table[columns]).score(signature[genes], n_genes=40), right)


# --------------------------------------------------------------------------------------------------------- docking
def _docked(tmp_path, text, name="scores.csv", encoding="utf-8", **told):
    from omics_rx.repurposing import read_docking_scores

    (tmp_path / name).write_bytes(text.encode(encoding))
    return read_docking_scores(tmp_path / name, **told)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("drug,affinity\na,7.1\nb,9.3\n", "better='high' or 'low'"),
        ("drug,score\na,55\nb,71\n", "better="),
        ("drug,vina_score\na,-7.5\nb,-88.0\nc,-6\nd,-8\n", "under -30 kcal/mol, which no drug reaches .b -88"),
        ("drug,affinity\na,-999\nb,-7\nc,-8\n", "a -999"),
        ("drug,affinity\na,fine\nb,-7\n", "no number"),
        ("drug,affinity\n,-8\nb,-7\n", "no drug"),
        ("drug,affinity\na,NA\nb,\n", "none of its 2 records has a score"),
        ("drug,affinity\na,0.0\nb,0\n", "better="),
    ],
)
def test_docking_scores_that_can_be_read_in_two_ways_are_asked(tmp_path, text, words):
    with pytest.raises(InputError, match=words):
        _docked(tmp_path, text)


def test_docking_scores_as_people_have_them(tmp_path):
    high = _docked(tmp_path, "drug,cnn_score,affinity\na,.9,7.1\nb,.2,9.3\na,.1,8\n", better="high")
    assert high["docking"].to_dict() == {"a": 8.0, "b": 9.3}
    assert high.attrs["direction"] == {"docking": 1}
    failed = _docked(tmp_path, "drug,affinity\na,-7.1\nb,0.0\nc,-9\nd,NA\n")
    assert failed["docking"].dropna().to_dict() == {"a": -7.1, "c": -9.0}
    two = _docked(tmp_path, "ligand\tpdb\taffinity\na\t3PP0\t-7\na\t2ITY\t-9\nb\t3PP0\t-8\n", "two.tsv")
    assert two.loc["a"].to_dict() == {"docking_2ITY": -9.0, "docking_3PP0": -7.0}
    assert two.attrs["direction"] == {"docking_2ITY": -1, "docking_3PP0": -1}
    assert np.isnan(two.loc["b", "docking_2ITY"])
    other = _docked(tmp_path, "drug;total_score\na;-310.5\nb;-287\nc;-301\n", better="low")
    assert other["docking"]["a"] == -310.5
    for encoding in ("utf-16", "latin-1", "utf-8-sig"):
        found = _docked(tmp_path, "drug,affinity\nétoposide,-7.5\nb,-8\n", encoding=encoding)
        assert found["docking"].to_dict() == {"étoposide": -7.5, "b": -8.0}


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
def test_an_sdf_in_any_encoding(tmp_path, encoding):
    text = "".join(
        f'dröge "{i}\r\n\r\n\r\n  0  0\r\nM  END\r\n> <docking_score>\r\n-{7 + i}.5\r\n\r\n$$$$\r\n' for i in range(2)
    )
    found = _docked(tmp_path, text, "poses.sdf", encoding)
    assert found["docking"].to_dict() == {'dröge "0': -7.5, 'dröge "1': -8.5}


# ---------------------------------------------------------------------------------------------------- own evidence
SUBTYPES = ("LumA", "LumB", "Her2", "Basal", "Normal")


def _own(extra, drugs, **told):
    from omics_rx.repurposing.own import read_extra

    return read_extra(extra, drugs, SUBTYPES, **told)


def test_own_evidence_as_people_hand_it_in(screened):
    values = pd.Series(range(8), index=NAMED, dtype=float)
    for extra in (values, values.rename("x"), values.to_frame(0), values.to_frame("x").reset_index(names="drug"),
                  values.astype(str).to_frame("x"), values.to_dict() and {"TNBC": values}):  # fmt: skip
        found = _own(extra, screened)
        assert found.frames["Basal"].iloc[:, 0].tolist() == list(range(8))
        assert list(found.directions.values()) == [1]
    assert set(_own({"TNBC": values}, screened).frames) == {"Basal"}
    assert set(_own({"luminal A": values, "HER2-enriched": values}, screened).frames) == {"LumA", "Her2"}


@pytest.mark.parametrize(
    ("extra", "told", "words"),
    [
        (lambda v: {"ER+": v}, {}, "LumA or LumB"),
        (lambda v: {"TNBC": v, "Basal": v}, {}, "given twice for Basal"),
        (lambda v: {}, {}, "for no subtype"),
        (lambda v: v.to_frame("rank"), {}, "reserved"),
        (lambda v: v.to_frame("reversal_wtcs"), {}, "reserved"),
        (lambda v: v.to_frame("proximity"), {}, "reserved"),
        (lambda v: v.to_frame("docking"), {}, r"direction=\{'docking': 'low'\}"),
        (lambda v: v.to_frame("IC50"), {}, "may speak for a drug by low values"),
        (lambda v: v.to_frame("x"), {"direction": {"y": "low"}}, "direction is given for y"),
        (lambda v: v.to_frame("x"), {"direction": {"x": "downwards"}}, "say 'high' or 'low'"),
        (lambda v: v.reset_index(drop=True), {}, "numbers for names .*drug_id, drug"),
        (lambda v: pd.concat([v.rename(1), v.rename("1")], axis=1), {}, "stand twice"),
        (lambda v: v.replace(3.0, np.inf), {}, "infinite"),
        (lambda v: v.rename({"MK-2206": "Herceptin"}), {}, "1 rows of the extra evidence are no drug"),
        (lambda v: [1, 2], {}, "not a list"),
        (lambda v: v.to_frame("x").iloc[:0], {}, "0 drugs"),
    ],
)
def test_own_evidence_that_would_be_unused_or_guessed_is_asked(screened, extra, told, words):
    with pytest.raises(InputError, match=words):
        _own(extra(pd.Series(range(8), index=NAMED, dtype=float)), screened, **told)


def test_a_direction_survives_a_join_or_is_asked(tmp_path, screened):
    docked = _docked(tmp_path, "drug,affinity\n" + "".join(f"{name},-{i + 1}\n" for i, name in enumerate(NAMED)))
    assert _own(docked, screened).directions == {"docking": -1}
    joined = pd.DataFrame({"x": range(8)}, index=NAMED).join(docked)
    joined.attrs.clear()
    with pytest.raises(InputError, match="docking"):
        _own(joined, screened)
    found = _own(joined, screened, direction={"docking": "low"})
    assert found.directions == {"x": 1, "docking": -1}
    assert any("docking (low speaks for a drug)" in words for words in found.said)
    with pytest.raises(InputError, match="opposite"):
        _own(docked, screened, direction="high")


# -------------------------------------------------------------------------------------------------------- universe
def test_further_drugs_are_told_apart(screened):
    from omics_rx.repurposing.added import new_drugs

    table = pd.DataFrame(
        {"Name": ["trastuzumab", "Metformin", "lapatinib", "unknownine"],
         "SMILES": [None, "CN(C)C(=N)NC(N)=N", None, ""],
         "target": ["ERBB2", ["PRKAA1", "5563"], "EGFR|HER2", None]}
    )  # fmt: skip
    new, apart = new_drugs(table, screened)
    assert new["name"].tolist() == ["Metformin"]
    assert new["targets"].tolist() == ["PRKAA1;PRKAA2"]
    assert apart["name"].tolist() == ["trastuzumab", "unknownine"]
    assert apart["reason"].str.contains("antibody|no structure").all()
    for targets in ("EGFR|HER2", "EGFR, ERBB2", "1956;2064", ["EGFR", "ERBB2"], "ENSG00000146648|ENSG00000141736",
                    "['EGFR', 'ERBB2']", "1956.0|2064.0"):  # fmt: skip
        row = pd.DataFrame({"name": ["new"], "smiles": ["CN(C)C(=N)NC(N)=N"], "targets": [targets]})
        assert new_drugs(row, screened)[0]["targets"].tolist() == ["EGFR;ERBB2"], targets
    with pytest.raises(InputError, match=r"not told apart .*Lapatinib"):
        new_drugs(pd.DataFrame({"name": ["lapatinib"], "smiles": ["CCO"]}), screened)
    with pytest.raises(InputError, match="no column smiles"):
        new_drugs(pd.DataFrame({"name": ["x"], "formula": ["H2O"]}), screened)


# ----------------------------------------------------------------------------------------------- whom it ranks for
def _samples(names, *, seed=4, **obs):
    from anndata import AnnData

    values = np.random.default_rng(seed).normal(8, 2, size=(len(names), 60)).astype(np.float32)
    told = {"unit": "log2 intensity", "domain": "tumour"}
    genes = sorted(g for g in gene_index().current if g.isalnum())[500:560]
    return AnnData(
        values, obs=pd.DataFrame(obs, index=list(names)), var=pd.DataFrame(index=genes), uns={"omics_rx": told}
    )


@pytest.mark.parametrize(
    ("names", "obs", "n_normal"),
    [
        ([f"TCGA-A1-A0S{i}-{'11A' if i < 3 else '01A'}" for i in range(9)], {}, 3),
        ([f"TCGA.A1.A0S{i}.{'11' if i < 3 else '01'}" for i in range(9)], {}, 3),
        ([f"P{i}" for i in range(9)], {"sample_type": ["Solid Tissue Normal"] * 2 + ["Primary Tumor"] * 7}, 2),
        ([f"P{i}" for i in range(9)], {"tissue": ["normal breast"] * 4 + ["breast tumor"] * 5}, 4),
        ([f"P{i}" for i in range(9)], {"group": ["healthy"] * 2 + ["cancer"] * 7}, 2),
        ([f"P{i}" for i in range(9)], {"histology": ["Adjacent normal"] + ["IDC"] * 8}, 1),
        ([f"P{i}{'_normal' if i < 2 else ''}" for i in range(9)], {}, 2),
        ([f"P{i}" for i in range(9)], {"pam50_subtype": ["Normal"] * 3 + ["LumA"] * 6}, 0),
        ([f"P{i}" for i in range(9)], {"sample_type": ["normal-like tumour"] * 3 + ["tumour"] * 6}, 0),
        ([f"TCGA-A1-A0S{i}-01A" for i in range(9)], {}, 0),
    ],
)
def test_normal_samples_are_left_out(names, obs, n_normal):
    from omics_rx.repurposing.whom import tumours_of

    found = tumours_of(_samples(names, **obs))
    assert len(found.left_out) == n_normal
    assert found.tumours.n_obs == 9 - n_normal
    assert bool(found.said) == bool(n_normal)


def test_metastases_and_treated_samples_are_said():
    from omics_rx.repurposing.whom import tumours_of

    names = ["PB120-LN-Met", "A4-Lung-Met", "BC64-RECUR", "BC57-post-chemo", *(f"P{i}" for i in range(6))]
    said = " ".join(tumours_of(_samples(names)).said)
    assert "3 of 10 samples are metastases or relapses" in said
    assert "1 of 10 samples are taken under or after treatment" in said
    told = _samples([f"P{i}" for i in range(10)], sample_type=["Metastatic"] * 2 + ["Primary"] * 8,
                    timepoint=["post-treatment"] * 3 + ["pre-treatment"] * 7, node=["no metastasis"] * 10)  # fmt: skip
    said = " ".join(tumours_of(told).said)
    assert "2 of 10" in said
    assert "3 of 10" in said


def test_a_flat_sample_gets_no_answer():
    from omics_rx.repurposing.whom import tumours_of

    cohort = _samples([f"P{i}" for i in range(9)])
    cohort.X[2] = 5.0
    found = tumours_of(cohort)
    assert found.left_out.index.tolist() == ["P2"]
    assert "same value for every gene" in found.left_out["P2"]


@pytest.mark.parametrize(
    ("cohort", "words"),
    [
        (lambda: _samples(["MCF7", "BT-474", "T47D", "MDA-MB-231", "SK-BR-3", "HCC1954"]), "cell lines"),
        (
            lambda: _samples([f"P{i}" for i in range(9)], cancer_type=["colorectal adenocarcinoma"] * 9),
            "not of the breast",
        ),
        (lambda: _samples([f"P{i}" for i in range(9)], project=["TCGA-BRCA"] * 5 + ["TCGA-LUAD"] * 4), "4 of 9"),
        (lambda: _samples([f"P{i}_normal" for i in range(9)]), "none of the 9 samples is a tumour"),
    ],
)
def test_lines_and_other_organs_are_refused(cohort, words):
    from omics_rx.repurposing.whom import tumours_of

    made = cohort()
    if "MCF7" in made.obs_names:
        made.uns = {"omics_rx": {"unit": "log2 intensity"}}
    with pytest.raises(InputError, match=words):
        tumours_of(made)


def _exports(edges, folder):
    """The same edges as tools export them: file to what it holds."""
    import networkx as nx

    pairs = list(zip(edges["gene_a"], edges["gene_b"], strict=True))
    nodes = sorted({gene for pair in pairs for gene in pair})
    number = {gene: at for at, gene in enumerate(nodes, 1)}
    up = {gene: f"P{at:05d}" for at, gene in enumerate(nodes, 10000)}
    graph = nx.Graph()
    graph.add_nodes_from((number[gene], {"label": str(gene)}) for gene in nodes)
    graph.add_edges_from((number[a], number[b]) for a, b in pairs)
    names = "\n".join(nx.generate_gml(nx.Graph([(str(a), str(b)) for a, b in pairs])))
    (folder / "names.gml").write_text(names)
    for form, write in (("graphml", nx.generate_graphml), ("gexf", nx.generate_gexf)):
        (folder / f"ids.{form}").write_text("\n".join(write(graph)))
    edges.to_excel(folder / "book.xlsx", index=False)
    square = nx.to_pandas_adjacency(nx.Graph(pairs))
    square.to_csv(folder / "adjacency.csv")
    named = [{"id": number[gene], "v": {"name": gene}} for gene in nodes]
    ends = [{"id": at, "s": number[a], "t": number[b], "v": {"interaction": "pp"}} for at, (a, b) in enumerate(pairs)]
    cyjs = {"nodes": [{"data": {"id": str(number[g]), "name": g}} for g in nodes],
            "edges": [{"data": {"id": f"e{k}", "source": str(number[a]), "target": str(number[b])}}
                      for k, (a, b) in enumerate(pairs)]}  # fmt: skip
    records = [{"stringId_A": f"9606.ENSP{k:011d}", "preferredName_A": a, "preferredName_B": b, "score": 0.5}
               for k, (a, b) in enumerate(pairs)]  # fmt: skip
    texts = {
        "string.json": json.dumps(records),
        "net.cyjs": json.dumps({"elements": cyjs}),
        "net.cx": json.dumps([{"nodes": [{"@id": number[g], "n": g} for g in nodes]},
                              {"edges": [{"@id": 1, "s": number[a], "t": number[b]} for a, b in pairs]}]),
        "net.cx2": json.dumps([{"CXVersion": "2.0"}, {"nodes": named}, {"edges": ends}]),
        "links.json": json.dumps({"nodes": [{"id": g} for g in nodes],
                                  "links": [{"source": a, "target": b} for a, b in pairs]}),
        "pajek.net": f"*Vertices {len(nodes)}\n" + "".join(f'{number[g]} "{g}"\n' for g in nodes)
        + "*Edges\n" + "".join(f"{number[a]} {number[b]} 1\n" for a, b in pairs),
        "omnipath.tsv": "source\ttarget\tsource_genesymbol\ttarget_genesymbol\tis_directed\n"
        + "".join(f"{up[a]}\t{up[b]}\t{a}\t{b}\tTrue\n" for a, b in pairs),
        "intact.mitab": "".join(_mitab(f"uniprotkb:{up[a]}", f"uniprotkb:{up[b]}", f"uniprotkb:{a}(gene name)",
                                       f"uniprotkb:{b}(gene name)") for a, b in pairs),
        "decimals.csv": "gene1;gene2;weight\n" + "".join(f"{a};{b};0,{k + 1}\n" for k, (a, b) in enumerate(pairs)),
        "third_row.csv": "My network\nof 2026\nGene 1,Gene 2,Score\n" + "".join(f"{a},{b},0.5\n" for a, b in pairs),
        "signor.tsv": "ENTITYA\tTYPEA\tIDA\tENTITYB\tTYPEB\tIDB\tEFFECT\tTAX_ID\n"
        + "".join(f"{a}\tprotein\t{up[a]}\t{b}\tprotein\t{up[b]}\tup-regulates\t10090\n" for a, b in pairs),
    }  # fmt: skip
    for name, content in texts.items():
        (folder / name).write_text(content)
    return sorted(folder.iterdir())


def _mitab(a, b, alias_a, alias_b, taxon="9606"):
    rest = ['psi-mi:"MI:0018"(two hybrid)', "X (2010)", "pubmed:1", f"taxid:{taxon}(human)", "taxid:9606", "-", "-",
            "-", "intact-miscore:0.5"]  # fmt: skip
    return "\t".join([a, b, "intact:EBI-1", "intact:EBI-2", alias_a, alias_b, *rest]) + "\n"


@pytest.mark.needs("networkx")
def test_networks_as_tools_export_them_give_their_edges(edges, tmp_path):
    few = edges.head(120)
    files = _exports(few, tmp_path)
    assert len(files) == 16
    found = {file.name: pairs_of(read_network(file)) == wanted(few) for file in files}
    assert all(found.values()), found


def test_interactors_of_other_species_are_left_out_and_told(edges, tmp_path):
    few = edges.head(120)
    taxa = ["9606"] * 100 + ["10090"] * 20
    header = (
        "Official Symbol Interactor A\tOfficial Symbol Interactor B\tOrganism ID Interactor A\tOrganism ID Interactor B"
    )
    rows = [f"{a}\t{b}\t{t}\t9606" for a, b, t in zip(few["gene_a"], few["gene_b"], taxa, strict=True)]
    (tmp_path / "biogrid.txt").write_text("\n".join([header, *rows]))
    network = read_network(tmp_path / "biogrid.txt")
    assert pairs_of(network) == wanted(few.head(100))
    assert "20 rows of other species were left out" in network.said
    mouse = "\n".join([header, *(row.replace("9606", "10090") for row in rows)])
    (tmp_path / "mouse.txt").write_text(mouse)
    with pytest.raises(InputError, match="another species"):
        read_network(tmp_path / "mouse.txt")
    lines = [_mitab("uniprotkb:P1", "uniprotkb:P2", f"uniprotkb:{a}(gene name)", f"uniprotkb:{b}(gene name)", t)
             for a, b, t in zip(few["gene_a"], few["gene_b"], taxa, strict=True)]  # fmt: skip
    (tmp_path / "some.mitab").write_text("".join(lines))
    network = read_network(tmp_path / "some.mitab")
    assert pairs_of(network) == wanted(few.head(100))
    assert "20 rows of other species were left out" in network.said


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("half.json", '[{"a": 1}, {"b"', "no whole JSON"),
        ("list.json", "[1, 2, 3]", "no network that is read"),
        ("half.graphml", "<graphml><node id=", "no whole XML"),
        ("entity.graphml", '<!DOCTYPE x [<!ENTITY a "b">]><graphml/>', "entities"),
        ("empty.graphml", "<graphml><node id='TP53'/></graphml>", "no edge between two nodes"),
        ("strange.net", '*Vertices 2\n1 "qqz1"\n2 "qqz2"\n*Edges\n1 2\n', "no genes that are known"),
    ],
)
def test_a_network_that_is_damaged_or_of_no_genes_is_one_clear_error(name, content, says, tmp_path):
    (tmp_path / name).write_text(content)
    with pytest.raises((InputError, IntegrityError), match=says):
        read_network(tmp_path / name)


def test_correlations_of_all_pairs_are_no_network(edges, tmp_path):
    genes = sorted({*edges["gene_a"]})[:40]
    values = np.random.default_rng(0).uniform(-1, 1, (40, 40))
    pd.DataFrame(values, genes, genes).to_csv(tmp_path / "correlations.csv")
    for source in (tmp_path / "correlations.csv", pd.DataFrame(values, genes, genes)):
        with pytest.raises(InputError, match="as correlations do"):
            read_network(source)
