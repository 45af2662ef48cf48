"""Gene sets, panels and batches as people have them."""

from __future__ import annotations

import json
import logging

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.io import read_gene_sets

SETS = {"growth": ["MKI67", "TOP2A", "CCNB1"], "killing": ["CD8A", "GZMB", "PRF1", "NKG7"]}
SIGNED = {"P53": {"MDM2": 1.0, "CDKN1A": 2.5, "MKI67": -3.0}, "IFN": {"IRF1": 1.0, "GBP1": 1.0, "MYC": -1.0}}


def written(tmp_path, text: str, name: str = "sets.csv"):
    file = tmp_path / name
    file.write_text(text)
    return file


def rows(sets=SETS):
    return [(name, gene) for name, genes in sets.items() for gene in genes]


# ------------------------------------------------------------------------------------------- which column is which


@pytest.mark.parametrize(
    ("header", "order"),
    [
        ("set,gene", (0, 1)), ("gene,set", (1, 0)), ("source,target", (0, 1)), ("tf,target", (0, 1)),
        ("target,tf", (1, 0)), ("term,gene", (0, 1)), ("gs_name,gene_symbol", (0, 1)), ("Gene Set,Gene Symbol", (0, 1)),
        ("cluster,gene", (0, 1)), ("group,names", (0, 1)), ("regulon,genes", (0, 1)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("named", ["MYC", "CD4", "TP53"])
def test_headers_decide_where_both_columns_could_be_genes(tmp_path, header, order, named):
    regulon = {named: ["CDK4", "NCL", "ODC1"], "STAT1": ["IRF1", "GBP1", "TAP1"]}
    body = "\n".join(",".join((line[order[0]], line[order[1]])) for line in rows(regulon))
    file = written(tmp_path, f"{header}\n{body}\n")
    assert read_gene_sets(file) == regulon
    assert orx.scores.as_sets(pd.read_csv(file)).names == list(regulon)


@pytest.mark.parametrize("header", ["a,b", "from,to", "x1,x2", "name,partner"])
def test_two_columns_of_genes_without_a_header_that_says_are_asked(tmp_path, header):
    file = written(tmp_path, header + "\nMYC,CDK4\nMYC,NCL\nTP53,MDM2\nTP53,BAX\n")
    with pytest.raises(InputError, match=r"columns=\(set column, gene column\)"):
        read_gene_sets(file)
    first, second = header.split(",")
    assert read_gene_sets(file, columns=(first, second)) == {"MYC": ["CDK4", "NCL"], "TP53": ["MDM2", "BAX"]}


@pytest.mark.parametrize("extra", [(), ("", "1"), ("gs_id", "M1"), ("gs_description", "Genes of the cycle")])
@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_msigdbr_tables(tmp_path, extra, mark):
    lines = [["gs_cat", "gs_subcat", "gs_name", "gene_symbol", "entrez_gene", "ensembl_gene"]]
    ids = {"MKI67": (4288, "ENSG00000148773"), "TOP2A": (7153, "ENSG00000131747"), "CD8A": (925, "ENSG00000153563"),
           "GZMB": (3002, "ENSG00000100453"), "CCNB1": (891, "ENSG00000134057"), "PRF1": (5551, "ENSG00000180644"),
           "NKG7": (4818, "ENSG00000105374")}  # fmt: skip
    lines += [["C2", "", name, gene, str(ids[gene][0]), ids[gene][1]] for name, gene in rows()]
    if extra:
        lines = [[extra[0], *lines[0]]] + [
            [extra[1] if extra[0] else str(i), *line] for i, line in enumerate(lines[1:])
        ]
    file = written(tmp_path, "\n".join(mark.join(line) for line in lines) + "\n")
    assert read_gene_sets(file) == SETS


@pytest.mark.parametrize("column", ["gs_cat", "collection", "note"])
@pytest.mark.parametrize("code", ["C2", "H", "C5"])
def test_collection_codes_are_no_genes(tmp_path, column, code):
    text = f"{column},gs_name,symbol\n" + "".join(f"{code},{name},{gene}\n" for name, gene in rows())
    assert read_gene_sets(written(tmp_path, text)) == SETS


@pytest.mark.parametrize("blank", ["NA", "", "nan", "None", " ", "---", "#N/A"])
def test_blanks_are_no_genes(tmp_path, blank):
    text = "set,gene\n" + "".join(f"{name},{gene}\n" for name, gene in rows()) + f"growth,{blank}\n"
    assert read_gene_sets(written(tmp_path, text)) == SETS
    gmt = "".join(f"{name}\t{blank}\t" + "\t".join([*genes, blank, ""]) + "\n" for name, genes in SETS.items())
    assert read_gene_sets(written(tmp_path, gmt, "sets.gmt")) == SETS


def test_a_marker_table_that_makes_many_sets_of_one_gene_is_asked(tmp_path):
    genes = list(orx.scores.pathway_sets()["Intrinsic Pathway for Apoptosis"])[:30]
    text = "gene,score,cluster\n" + "".join(f"{gene},{i},{'AB'[i % 2]}\n" for i, gene in enumerate(genes))
    assert [len(found) for found in read_gene_sets(written(tmp_path, text)).values()] == [15, 15]
    text = "term,gene\n" + "".join(f"marker {i},{gene}\n" for i, gene in enumerate(genes))
    with pytest.raises(InputError, match="30 of 30 sets would hold one gene"):
        read_gene_sets(written(tmp_path, text))


@pytest.mark.parametrize("name", ["MYC", "CD4", "CAF"])
def test_a_table_without_a_header_is_asked(tmp_path, name):
    with pytest.raises(InputError, match=r"header|Which is the set|could each be"):
        read_gene_sets(written(tmp_path, f"{name},MKI67\n{name},TOP2A\nother,CCNB1\nother,CD8A\n"))


# ------------------------------------------------------------------------------------------------ weights and signs


@pytest.mark.parametrize(
    ("header", "weight"),
    [
        ("source,target,weight", str), ("set,gene,weight", str), ("tf,target,mor", str),
        ("pathway,gene,weight,p_value", lambda w: f"{w},0.01"), ("tf,confidence,target,mor", None),
    ],
)  # fmt: skip
def test_weights_of_a_table_are_kept(tmp_path, header, weight):
    lines = [(name, gene, value) for name, genes in SIGNED.items() for gene, value in genes.items()]
    if weight is None:
        body = "".join(f"{name},A,{gene},{value}\n" for name, gene, value in lines)
    else:
        body = "".join(f"{name},{gene},{weight(value)}\n" for name, gene, value in lines)
    file = written(tmp_path, f"{header}\n{body}")
    assert read_gene_sets(file) == SIGNED
    sets = orx.scores.as_sets(pd.read_csv(file))
    assert {name: found.to_dict() for name, found in sets.weights.items()} == SIGNED


def test_weights_of_a_gmt_are_kept(tmp_path):
    text = "".join(
        f"{name}\tx\t" + "\t".join(f"{g},{w}" for g, w in genes.items()) + "\n" for name, genes in SIGNED.items()
    )
    assert read_gene_sets(written(tmp_path, text, "sets.gmt")) == SIGNED
    ones = "".join(f"{name}\tx\t" + "\t".join(f"{g},1.0" for g in genes) + "\n" for name, genes in SETS.items())
    assert read_gene_sets(written(tmp_path, ones, "sets.gmt")) == SETS


@pytest.mark.parametrize(
    ("up", "down"), [("up", "down"), ("UP", "DN"), ("+", "-"), ("1", "-1"), ("activation", "repression")]
)
def test_directions_are_kept(tmp_path, up, down):
    text = f"set,gene,direction\nS,MDM2,{up}\nS,MKI67,{down}\n"
    assert read_gene_sets(written(tmp_path, text)) == {"S": {"MDM2": 1.0, "MKI67": -1.0}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("set,gene,direction\nS,MDM2,up\nS,MKI67,sideways\n", "neither up nor down"),
        ("set,gene,weight\nS,MDM2,1\nS,MKI67,heavy\n", "is no number"),
        ("set,gene,weight\nS,MDM2,1\nS,MDM2,2\nS,BAX,1\n", "two weights in one set"),
        ("set,gene,weight,mor\nS,MDM2,1,2\nS,MKI67,2,1\n", "could each be the weight"),
        ("set,gene,effect_size\nS,MDM2,1.5\nS,MKI67,-0.3\n", "numbers of both signs"),
        ("set,gene,weight,direction\nS,MDM2,-2,up\nS,BAX,1,up\n", "said to rise and has weight -2"),
    ],
)
def test_weights_in_doubt_are_asked(tmp_path, text, said):
    with pytest.raises(InputError, match=said):
        read_gene_sets(written(tmp_path, text))


@pytest.mark.parametrize(("up", "down"), [("_UP", "_DN"), ("_up", "_down"), (".UP", ".DOWN")])
def test_pairs_are_joined_on_request_and_a_gene_on_both_sides_is_named(tmp_path, caplog, up, down):
    text = f"SIG{up}\tx\tMDM2\tBAX\tMYC\nSIG{down}\tx\tMKI67\tMYC\nplain\tx\tCD8A\tGZMB\n"
    file = written(tmp_path, text, "sets.gmt")
    assert list(read_gene_sets(file)) == [f"SIG{up}", f"SIG{down}", "plain"]
    with caplog.at_level(logging.WARNING, logger="omics_rx"):
        joined = read_gene_sets(file, pairs=True)
    assert joined == {"SIG": {"MDM2": 1.0, "BAX": 1.0, "MKI67": -1.0}, "plain": {"CD8A": 1.0, "GZMB": 1.0}}
    assert "1 genes of SIG are in both sides and are left out (MYC)" in caplog.text
    with pytest.raises(InputError, match="no two sets are a pair"):
        read_gene_sets(written(tmp_path, "A\tx\tMDM2\tBAX\tMYC\n", "a.gmt"), pairs=True)


# ------------------------------------------------------------------------------------------------------------ forms


def gmx(sets):
    longest = max(map(len, sets.values()))
    columns = [[name, "na", *genes, *[""] * (longest - len(genes))] for name, genes in sets.items()]
    return "\n".join("\t".join(line) for line in zip(*columns, strict=True)) + "\n"


XML = '<?xml version="1.0"?>\n<MSIGDB NAME="x">\n' + "".join(
    f'<GENESET STANDARD_NAME="{name}" ORGANISM="Homo sapiens" MEMBERS="x_at" MEMBERS_SYMBOLIZED="{",".join(genes)}"/>\n'
    for name, genes in SETS.items()
) + "</MSIGDB>\n"  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.gmx", gmx(SETS)),
        ("gmx_by_content.txt", gmx({"growth": [*SETS["growth"], "AURKA"], "killing": SETS["killing"]})),
        ("msigdb.xml", XML),
        ("a.json", json.dumps({name: {"systematicName": "M1", "geneSymbols": genes} for name, genes in SETS.items()})),
        ("b.json", json.dumps([{"set": name, "gene": gene} for name, gene in rows()])),
        ("c.json", json.dumps([{"name": name, "genes": genes} for name, genes in SETS.items()])),
        ("packed.csv", "pathway,genes\n" + "".join(f"{name},{'/'.join(genes)}\n" for name, genes in SETS.items())),
        ("packed.tsv", "term\tgenes\n" + "".join(f"{name}\t{';'.join(genes)}\n" for name, genes in SETS.items())),
        ("bare.gmt", "".join(name + "\t" + "\t".join(genes) + "\n" for name, genes in SETS.items())),
        ("windows.gmt", "".join(f"{name}\tx\t" + "\t".join(genes) + "\r\n" for name, genes in SETS.items())),
        ("rnames.txt", "set\tgene\n" + "".join(f"{i}\t{n}\t{g}\n" for i, (n, g) in enumerate(rows(), 1))),
    ],
)  # fmt: skip
def test_forms_of_collections(tmp_path, name, text):
    expected = SETS if "by_content" not in name else {"growth": [*SETS["growth"], "AURKA"], "killing": SETS["killing"]}
    assert read_gene_sets(written(tmp_path, text, name)) == expected


def test_workbooks_and_parquet(tmp_path):
    frame = pd.DataFrame(rows(), columns=["gs_name", "gene_symbol"])
    frame.to_excel(tmp_path / "sets.xlsx", index=False)
    frame.to_parquet(tmp_path / "sets.parquet")
    assert read_gene_sets(tmp_path / "sets.xlsx") == read_gene_sets(tmp_path / "sets.parquet") == SETS


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("MKI67\nTOP2A\nCCNB1\n", "mine"),
        ("gene\nMKI67\nTOP2A\nCCNB1\n", "mine"),
        ("# GROWTH\nMKI67\nTOP2A\nCCNB1\n", "GROWTH"),
        ("GROWTH_SET\n# from somewhere\nMKI67\nTOP2A\nCCNB1\n", "GROWTH_SET"),
        ("ENSG00000148773\nENSG00000131747\nENSG00000134057\n", "mine"),
    ],
)
def test_lists_of_a_gene_a_line(tmp_path, text, name):
    found = read_gene_sets(written(tmp_path, text, "mine.grp"))
    assert list(found) == [name]
    assert len(found[name]) == 3


def test_a_list_that_is_no_list_of_genes_is_refused(tmp_path):
    with pytest.raises(InputError, match="neither GMT nor a table nor a list of human genes"):
        read_gene_sets(written(tmp_path, "hello\nworld\nagain\n", "x.txt"))


def test_entities_in_xml_are_refused(tmp_path):
    bomb = '<!DOCTYPE x [<!ENTITY a "b">]>' + XML.split("\n", 1)[1]
    with pytest.raises(InputError, match="declares entities"):
        read_gene_sets(written(tmp_path, bomb, "x.xml"))


@pytest.mark.parametrize("extension", ["txt", "gmt", "tsv", "csv"])
def test_the_name_of_a_file_says_nothing(tmp_path, extension):
    text = "".join(f"{name}\tx\t" + "\t".join(genes) + "\n" for name, genes in SETS.items())
    assert read_gene_sets(written(tmp_path, text, f"sets.{extension}")) == SETS


# ------------------------------------------------------------------------------------------------- sets from Python


@pytest.mark.parametrize(
    "form",
    [
        lambda sets: {name: tuple(genes) for name, genes in sets.items()},
        lambda sets: {name: set(genes) for name, genes in sets.items()},
        lambda sets: {name: np.array(genes) for name, genes in sets.items()},
        lambda sets: {name: pd.Index(genes) for name, genes in sets.items()},
        lambda sets: {name: pd.Series(genes) for name, genes in sets.items()},
        lambda sets: {name: pd.Series(genes, index=[f"r{i}" for i in genes]) for name, genes in sets.items()},
        lambda sets: {name: pd.Series(genes, dtype="string") for name, genes in sets.items()},
        lambda sets: {name: pd.Series(genes, dtype="category") for name, genes in sets.items()},
        lambda sets: {name: pd.array(genes, dtype="string") for name, genes in sets.items()},
        lambda sets: {name: (gene for gene in genes) for name, genes in sets.items()},
        lambda sets: {name: dict.fromkeys(genes, 1) for name, genes in sets.items()},
        lambda sets: {name: dict.fromkeys(genes, 1.0).keys() for name, genes in sets.items()},
        lambda sets: {name: pd.Series(1.0, index=genes) for name, genes in sets.items()},
        lambda sets: {name: pd.Series(1, index=genes, dtype="Int64") for name, genes in sets.items()},
        lambda sets: {name: [*genes, None, float("nan"), pd.NA, "", "NA", genes[0]] for name, genes in sets.items()},
        lambda sets: {name: [f" {gene}", *genes[1:]] for name, gene, genes in ((n, g[0], g) for n, g in sets.items())},
        pd.Series,
        lambda sets: pd.DataFrame(rows(sets), columns=["set", "gene"]),
        lambda sets: pd.DataFrame(rows(sets), columns=["source", "target"], dtype="string"),
        lambda sets: pd.DataFrame(rows(sets), columns=["gs_name", "gene_symbol"]).assign(gs_cat="H", weight=1),
        lambda sets: pd.DataFrame(rows(sets), columns=["term", "gene"]).set_index("term"),
        lambda sets: pd.DataFrame({name: pd.Series(genes) for name, genes in sets.items()}),
    ],
)  # fmt: skip
def test_forms_of_sets_in_python(form):
    found = orx.scores.as_sets(form(SETS))
    assert {name: sorted(weights.index) for name, weights in found.weights.items()} == {
        name: sorted(genes) for name, genes in SETS.items()
    }
    assert found.kind() == "member"


@pytest.mark.parametrize(
    "form",
    [
        lambda up, down: {"S": {"up": up, "down": down}},
        lambda up, down: {"S": {"UP": tuple(up), "DN": pd.Series(down)}},
        lambda up, down: {"S": dict.fromkeys(up, 1) | dict.fromkeys(down, -1)},
        lambda up, down: pd.DataFrame({"set": "S", "gene": [*up, *down], "direction": ["up"] * 2 + ["down"]}),
        lambda up, down: {"S": pd.Series([1, 1, -1], index=[*up, *down], dtype="Int64")},
    ],
)
def test_rising_and_falling_genes_make_one_set(form):
    found = orx.scores.as_sets(form(["MDM2", "BAX"], ["MKI67"]))
    assert found.weights["S"].to_dict() == {"MDM2": 1.0, "BAX": 1.0, "MKI67": -1.0}


def test_up_and_down_by_themselves_are_one_set_and_it_is_said(caplog):
    with caplog.at_level(logging.WARNING, logger="omics_rx"):
        found = orx.scores.as_sets({"up": ["MDM2", "BAX", "MYC"], "down": ["MKI67", "MYC"]})
    assert found.weights["signature"].to_dict() == {"MDM2": 1.0, "BAX": 1.0, "MKI67": -1.0}
    assert "one set of rising and falling genes" in caplog.text
    assert "1 genes both rise and fall and are left out of the set (MYC)" in caplog.text


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (pd.Series(["MDM2", "BAX"]), "which set"),
        (["MDM2", "BAX"], "mapping of name to genes"),
        ({"a": pd.DataFrame({"gene": ["MDM2"]})}, "is a frame"),
        ({"a": {"MDM2": "heavy"}}, "zero or missing"),
        ({"a": [None, "NA"]}, "has no genes"),
        ({"a": pd.Series([1.0, None], index=["MDM2", "BAX"], dtype="Float64")}, "zero or missing"),
        (pd.DataFrame({"gene": ["MDM2", "BAX"], "weight": [1, -1]}), "none names the set"),
    ],
)
def test_sets_in_doubt_are_asked(sets, said):
    with pytest.raises(InputError, match=said):
        orx.scores.as_sets(sets)


# ----------------------------------------------------------------------------------------------------- vocabularies

# current symbol, an older one, Ensembl, Entrez
GENES = [
    ("MARCHF1", "MARCH1", "ENSG00000145416", "55016"),
    ("SEPTIN4", "SEPT4", "ENSG00000108387", "5414"),
    ("ERBB2", "HER2", "ENSG00000141736", "2064"),
    ("MKI67", "KIA", "ENSG00000148773", "4288"),
    ("C1orf43", "C1ORF43", "ENSG00000143612", "25912"),
    ("TP53", "P53", "ENSG00000141510", "7157"),
]
CURRENT = [line[0] for line in GENES]
VOCABULARIES = {
    "current": CURRENT,
    "old": [line[1] for line in GENES],
    "ensembl": [line[2] for line in GENES],
    "versions": [f"{line[2]}.7" for line in GENES],
    "entrez": [line[3] for line in GENES],
    "entrez as numbers": [int(line[3]) for line in GENES],
    "entrez after a float": [float(line[3]) for line in GENES],
    "padded": [f" {gene} " for gene in CURRENT],
    "lower": [gene.lower() for gene in CURRENT],
    "capitals": [gene.upper() for gene in CURRENT],
    "dates": ["MARCHF1", "4-Sep", "ERBB2", "MKI67", "C1orf43", "TP53"],
    "long dates": ["MARCHF1", "2001-09-04", "ERBB2", "MKI67", "C1orf43", "TP53"],
    "symbol|entrez": [f"{line[1]}|{line[3]}" for line in GENES],
}


@pytest.fixture(scope="module")
def tumours() -> pd.DataFrame:
    """12 tumours x 200 genes, log2 intensity."""
    random = np.random.default_rng(12)
    others = sorted({gene for genes in orx.scores.pathway_sets().values() for gene in genes} - {*CURRENT, "CD8A"})
    genes = [*CURRENT, *others[:194]]
    return pd.DataFrame(random.normal(8, 2, (12, 200)), index=[f"T{i}" for i in range(12)], columns=genes)


@pytest.mark.parametrize("method", ["ssgsea", "singscore", "mean", "ulm", "gsva"])
@pytest.mark.parametrize("vocabulary", list(VOCABULARIES))
def test_sets_are_resolved_as_cohorts_are(tumours, vocabulary, method):
    told = orx.scores.score(tumours, {"set": CURRENT}, method=method)
    found = orx.scores.score(tumours, {"set": VOCABULARIES[vocabulary]}, method=method)
    pd.testing.assert_frame_equal(found, told)
    assert not found.attrs["sets"]


@pytest.mark.parametrize("of_table", ["old", "ensembl", "versions", "capitals"])
@pytest.mark.parametrize("of_sets", ["current", "old", "ensembl", "entrez", "lower"])
def test_table_and_sets_need_not_speak_one_vocabulary(tumours, of_table, of_sets):
    told = orx.scores.score(tumours, {"set": CURRENT})
    table = tumours.rename(columns=dict(zip(CURRENT, VOCABULARIES[of_table], strict=True)))
    pd.testing.assert_frame_equal(orx.scores.score(table, {"set": VOCABULARIES[of_sets]}), told)
    assert orx.scores.coverage(table, {"set": VOCABULARIES[of_sets]})["coverage"].tolist() == [1.0]


def test_a_gene_under_two_names_counts_once(tumours):
    told = orx.scores.score(tumours, {"set": ["MARCHF1", "TP53", "MKI67"]}, method="mean")
    found = orx.scores.score(tumours, {"set": ["MARCH1", "MARCHF1", "TP53", "MKI67"]}, method="mean")
    pd.testing.assert_frame_equal(found, told)
    with pytest.raises(InputError, match=r"names 1 genes twice with different weights.*MARCHF1"):
        orx.scores.score(tumours, {"set": {"MARCH1": 1.0, "MARCHF1": 2.0, "TP53": 1.0}}, method="mean")


def test_what_is_lost_is_named_with_its_share(tumours, caplog):
    with caplog.at_level(logging.WARNING, logger="omics_rx"):
        found = orx.scores.score(tumours, {"set": ["MARCH1", "TP53", "CD8A", "nonsense"], "whole": CURRENT[:3]})
    assert found.attrs["sets"] == "1 of 2 gene sets lack genes: set has 2 of 4, 50% (without CD8A, nonsense)"
    assert found.attrs["sets"] in caplog.text
    lost = orx.scores.coverage(tumours, {"set": ["MARCH1", "ENSG00000153563"]}).loc["set"]
    assert (lost["n_found"], lost["missing"]) == (1, "ENSG00000153563")


@pytest.mark.parametrize(
    "genes", [["Marchf1", "Trp53", "Mki67", "Erbb2"], ["ENSMUSG00000059552", "ENSMUSG00000031004"]]
)
def test_sets_of_mouse_genes_are_refused(tumours, genes):
    with pytest.raises(InputError, match=r"of another species.*orthologues"):
        orx.scores.score(tumours, {"set": genes})


def test_names_in_lower_case_are_said_to_be_read_as_human(tumours, caplog):
    with caplog.at_level(logging.WARNING, logger="omics_rx"):
        orx.scores.score(tumours, {"set": ["erbb2", "mki67", "TP53"]})
    assert "2 names of the sets are in lower case and are read as human genes (erbb2, mki67)" in caplog.text


def test_the_shell_resolves_sets_as_python_does(tumours, tmp_path):
    from typer.testing import CliRunner

    from omics_rx.cli import app

    tumours.rename(columns={"MARCHF1": "MARCH1"}).to_csv(tmp_path / "table.csv")
    told = orx.scores.score(tumours, {"set": CURRENT})
    for name, words in VOCABULARIES.items():
        if "|" in name or "entrez" in name:
            continue
        file = tmp_path / "sets.gmt"
        file.write_text("set\tx\t" + "\t".join(map(str, words)) + "\n")
        done = CliRunner().invoke(
            app,
            ["score", str(tmp_path / "table.csv"), "--sets", str(file), "--out", str(tmp_path / "out.csv"), "--force"],
        )
        assert done.exit_code == 0, done.output
        found = pd.read_csv(tmp_path / "out.csv", index_col=0)
        np.testing.assert_allclose(found["set"].to_numpy(), told["set"].to_numpy(), rtol=1e-5)


# ---------------------------------------------------------------------------------------------- numbers of any kind


@pytest.mark.parametrize(
    "kind",
    ["Float64", "Float32", "float32", "double[pyarrow]", "float[pyarrow]", pd.SparseDtype("float64", 0.0), "some"],
    ids=str,
)
def test_frames_of_nullable_and_arrow_numbers(tumours, kind):
    plain = tumours.round(3).astype(np.float32 if "32" in str(kind) or "float[" in str(kind) else np.float64)
    told = orx.scores.score(plain, {"set": CURRENT})
    table = plain.astype({"TP53": "Float64", "MKI67": "double[pyarrow]"}) if kind == "some" else plain.astype(kind)
    pd.testing.assert_frame_equal(orx.scores.score(table, {"set": CURRENT}), told)
    pd.testing.assert_frame_equal(
        orx.scores.coverage(table, {"set": CURRENT}), orx.scores.coverage(plain, {"set": CURRENT})
    )
    assert orx.harmonize.genes(table).shape == tumours.shape
    assert str(orx.check(table)) == str(orx.check(plain))


@pytest.mark.parametrize("kind", ["Int64", "int64[pyarrow]", "UInt16", "int32", "uint8"])
def test_frames_of_nullable_counts(kind):
    random = np.random.default_rng(3)
    genes = sorted({gene for members in orx.scores.pathway_sets().values() for gene in members})[:300]
    counts = pd.DataFrame(random.poisson(20, (6, 300)), index=list("abcdef"), columns=genes)
    told = orx.scores.score(counts, {"set": genes[:20]}, method="mean")
    pd.testing.assert_frame_equal(orx.scores.score(counts.astype(kind), {"set": genes[:20]}, method="mean"), told)


def test_a_missing_value_of_a_nullable_frame_is_a_missing_gene(tumours):
    plain = tumours.copy()
    plain.loc["T3", "TP53"] = np.nan
    told = orx.scores.score(plain, {"set": CURRENT})
    for kind in ("Float64", "double[pyarrow]"):
        pd.testing.assert_frame_equal(orx.scores.score(plain.astype(kind), {"set": CURRENT}), told)


# ------------------------------------------------------------------------------------------- formulas by the reference


def test_falling_genes_of_singscore_are_ranked_as_rising_ones():
    """The reference takes one less the place of the same ranks: with ties it is not the place from the top."""
    genes = sorted({gene for members in orx.scores.pathway_sets().values() for gene in members})[:400]
    random = np.random.default_rng(8)
    counts = pd.DataFrame(random.poisson(0.05, (40, 400)), index=[f"c{i}" for i in range(40)], columns=genes)
    counts[genes[399]] = 60  # whole numbers of cells
    up, down = genes[:12], genes[50:70]
    found = orx.scores.score(counts, {"signed": {"up": up, "down": down}, "up": up}, method="singscore")
    n = len(genes)
    ranks = counts.rank(axis=1, method="min")

    def place(members):
        k = len(members)
        low, high = (k + 1) / 2, (2 * n - k + 1) / 2
        return (ranks[members].mean(axis=1) - low) / (high - low)

    np.testing.assert_allclose(found["up"], place(up) - 0.5, atol=1e-12)
    np.testing.assert_allclose(found["signed"], (place(up) - 0.5) + (1 - place(down) - 0.5), atol=1e-12)


@pytest.mark.parametrize("offset", [1.0, 0.1, 0.01])
@pytest.mark.parametrize("silent", [True, False])
def test_columns_of_one_gene_in_logs_of_sequencing_are_added_as_counts_are(offset, silent):
    """In Xena's layout the second column of IL3RA (_PAR_Y) is zero, and the mean of logarithms halves the gene."""
    random = np.random.default_rng(4)
    genes = sorted({gene for members in orx.scores.pathway_sets().values() for gene in members} - {"IL3RA"})[:300]
    amounts = pd.DataFrame(random.gamma(0.4, 30, (8, 302)), index=list("abcdefgh"),
                           columns=[*genes, "ENSG00000185291.10", "ENSG00000185291.10_PAR_Y"])  # fmt: skip
    amounts[amounts < 4] = 0.0
    if silent:
        amounts["ENSG00000185291.10_PAR_Y"] = 0.0
    table = np.log2(amounts + offset)
    whole = np.log2(amounts.iloc[:, -2:].sum(axis=1) + offset)
    found = orx.core.cohort.expression(orx.harmonize.genes(table))["IL3RA"]
    np.testing.assert_allclose(found, whole, rtol=1e-5)
    alone = orx.core.cohort.expression(orx.harmonize.genes(table.iloc[[2]]))["IL3RA"]
    np.testing.assert_allclose(alone, whole.iloc[[2]], rtol=1e-5)


def test_columns_of_one_gene_are_asked_about_where_the_offset_is_not_told():
    random = np.random.default_rng(4)
    genes = sorted({gene for members in orx.scores.pathway_sets().values() for gene in members} - {"IL3RA"})[:300]
    table = pd.DataFrame(random.normal(5, 2, (8, 302)), index=list("abcdefgh"),
                         columns=[*genes, "ENSG00000185291.10", "ENSG00000185291.10_PAR_Y"])  # fmt: skip
    told = orx.core.cohort.with_info(orx.core.cohort.as_cohort(table), unit="log2 expression")
    with pytest.raises(InputError, match=r"1 genes stand in several columns \(IL3RA\).*say the unit"):
        orx.harmonize.genes(told)
    array = orx.core.cohort.with_info(orx.core.cohort.as_cohort(table), unit="log2 intensity")
    found = orx.core.cohort.expression(orx.harmonize.genes(array))["IL3RA"]
    np.testing.assert_allclose(found, table.iloc[:, -2:].mean(axis=1))


# ------------------------------------------------------------------------------------------------------------- needs


@pytest.mark.parametrize("method", ["ssgsea", "singscore", "gsva", "aucell", "ulm"])
def test_scores_relative_to_a_panel_say_so(tumours, method):
    found = orx.scores.score(tumours, {"set": CURRENT}, method=method)
    assert "200 genes are a panel or a selection" in found.attrs["prepared"]["statement"]


@pytest.mark.parametrize("method", ["mean", "zscore"])
def test_scores_of_the_set_alone_do_not(tumours, method):
    assert "panel" not in orx.scores.score(tumours, {"set": CURRENT}, method=method).attrs["prepared"]["statement"]


@pytest.mark.parametrize("change", ["z", "centred"])
def test_scores_of_tables_that_lost_their_levels_say_so(change):
    random = np.random.default_rng(13)
    genes = sorted({gene for members in orx.scores.pathway_sets().values() for gene in members})[:300]
    logs = pd.DataFrame(random.normal(random.normal(8, 2, 300), 1.5, (40, 300)), columns=genes)
    table = (logs - logs.mean()) / (logs.std() if change == "z" else 1)
    found = orx.scores.score(table, {"set": genes[:20]})
    assert "have lost their levels" in found.attrs["prepared"]["statement"]


def test_genes_that_tell_women_from_men_are_named(tumours, caplog):
    random = np.random.default_rng(14)
    genes = ["DDX3Y", *tumours.columns[:60]]
    table = pd.DataFrame(random.normal(8, 1, (60, 61)), columns=genes, index=[f"P{i}" for i in range(60)])
    sets = {"with": ["DDX3Y", *genes[5:12]], "without": genes[12:20]}
    with caplog.at_level(logging.WARNING, logger="omics_rx"):
        assert "women" not in orx.scores.score(table, sets).attrs["prepared"]["statement"]
        table["DDX3Y"] = np.r_[random.normal(3, 0.5, 30), random.normal(9, 0.5, 30)]
        found = orx.scores.score(table, sets)
    assert "DDX3Y of the sets tell women from men, and the cohort holds both" in found.attrs["prepared"]["statement"]
    assert "tell women from men" in caplog.text
    assert "women" not in orx.scores.score(table, {"without": sets["without"]}).attrs["prepared"]["statement"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (["esr1", "erbb2", "MKI67"], {"ESR1", "ERBB2", "MKI67"}),
        ([2099, "2064", "4288.0"], {"ESR1", "ERBB2", "MKI67"}),
        (["ENSG00000091831.24", " ERBB2 "], {"ESR1", "ERBB2"}),
    ],
)
def test_genes_that_a_signature_is_built_from_go_through_the_door_of_sets(asked, found):
    from omics_rx.signatures.assemble import _current

    assert _current(asked) == found


def test_genes_of_the_mouse_build_no_signature():
    from omics_rx.signatures.assemble import _current

    with pytest.raises(InputError, match="another species"):
        _current(["Esr1", "Erbb2", "Mki67"])
    with pytest.raises(InputError, match="give a list of genes"):
        _current("ESR1")


@pytest.mark.parametrize("form", [
    {"gene_sets": [{"gs_name": "A", "gene_symbols": ["TP53", "MYC"]}, {"gs_name": "B", "gene_symbols": ["RB1"]}]},
    {"data": {"A": ["TP53", "MYC"], "B": ["RB1"]}},
    {"gene_sets": {"A": {"geneSymbols": ["TP53", "MYC"]}, "B": ["RB1"]}},
    [{"set": "A", "gene": "TP53"}, {"set": "A", "gene": "MYC"}, {"set": "B", "gene": "RB1"}],
])  # fmt: skip
def test_json_with_something_around_the_sets(form, tmp_path):
    (tmp_path / "sets.json").write_text(json.dumps(form))
    found = orx.io.read_gene_sets(tmp_path / "sets.json")
    assert {name: sorted(genes) for name, genes in found.items()} == {"A": ["MYC", "TP53"], "B": ["RB1"]}


def test_json_of_something_else_is_refused(tmp_path):
    (tmp_path / "sets.json").write_text(json.dumps({"A": [["TP53"], ["MYC"]], "B": ["RB1"]}))
    with pytest.raises(InputError, match="no lists of genes"):
        orx.io.read_gene_sets(tmp_path / "sets.json")


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_merged_cells_name_their_set_once(ending, tmp_path, caplog):
    rows = [("A", "TP53"), (None, "MYC"), (None, "CDK4"), ("B", "RB1"), (None, "EGFR"), (None, "PTEN")]
    table = pd.DataFrame(rows, columns=["set", "gene"])
    file = tmp_path / f"sets.{ending}"
    table.to_excel(file, index=False) if ending == "xlsx" else table.to_csv(file, index=False)
    found = {name: sorted(genes) for name, genes in orx.io.read_gene_sets(file).items()}
    assert found == {"A": ["CDK4", "MYC", "TP53"], "B": ["EGFR", "PTEN", "RB1"]}
    assert "merged cells" in caplog.text
