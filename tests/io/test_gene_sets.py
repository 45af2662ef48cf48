"""Gene sets in every format, and the real collections."""

import gzip
import json
import logging

import gseapy
import pytest

from omics_rx.core.errors import DownloadError, MissingFileError, UnknownNameError
from omics_rx.io import read_gene_sets

SETS = {"death": ["TP53", "BAX", "CASP3"], "growth": ["MYC", "EGFR"]}
GMT = "death\tnone\tTP53\tBAX\tCASP3\tBAX\ngrowth\t\tMYC\tEGFR\n"
LONG = "set,gene\ndeath,TP53\ndeath,BAX\ngrowth,MYC\ndeath,CASP3\ngrowth,EGFR\n"


@pytest.mark.parametrize(
    "content",
    [
        GMT.encode(),
        gzip.compress(GMT.encode()),
        json.dumps(SETS).encode(),
        json.dumps({name: {"geneSymbols": genes, "pmid": ""} for name, genes in SETS.items()}).encode(),
        LONG.encode(),
        LONG.replace(",", "\t").encode(),
        ("\ufeff" + LONG).encode(),
        "\n".join(",".join(reversed(line.split(","))) for line in LONG.splitlines()).encode(),
        b"death,growth\nTP53,MYC\nBAX,EGFR\nCASP3,\n",
    ],
)
def test_the_same_sets_in_many_formats(tmp_path, content):
    file = tmp_path / "sets.txt"
    file.write_bytes(content)
    assert read_gene_sets(file) == SETS


def test_names_are_literal_and_columns_can_be_told(tmp_path):
    file = tmp_path / "sets.csv"
    file.write_text("name,why,gene\nT cells (CD8+),marker,CD8A\nT cells (CD8+),x,CD8B\n.*,y,TP53\n")
    assert read_gene_sets(file, columns=("name", "gene")) == {"T cells (CD8+)": ["CD8A", "CD8B"], ".*": ["TP53"]}


def test_sets_without_genes_are_left_out_with_a_warning(tmp_path, caplog):
    file = tmp_path / "sets.gmt"
    file.write_text(GMT + "empty\tnone\t\n")
    with caplog.at_level(logging.WARNING, logger="omics_rx"):
        assert read_gene_sets(file) == SETS
    assert "1 sets without genes are left out (empty)" in caplog.text


@pytest.fixture
def enrichr(tmp_path, monkeypatch):
    """Stand in for Enrichr's server as gseapy asks it; what was asked is kept."""
    monkeypatch.setenv("OMICS_RX_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    asked = []

    def get_library(name, organism, min_size, max_size):
        asked.append(name)
        return {term: genes for term, genes in SETS.items() if min_size <= len(genes) <= max_size}

    monkeypatch.setattr(gseapy, "get_library_name", lambda organism: ["KEGG_2021_Human", "MSigDB_Hallmark_2020"])
    monkeypatch.setattr(gseapy, "get_library", get_library)
    return asked


def test_a_library_of_enrichr_is_brought_once_by_its_name(enrichr):
    assert read_gene_sets("MSigDB_Hallmark_2020") == SETS
    assert read_gene_sets("MSigDB_Hallmark_2020") == SETS
    assert enrichr == ["MSigDB_Hallmark_2020"]


def test_a_name_that_is_no_library_and_no_file_is_refused(enrichr, tmp_path):
    with pytest.raises(UnknownNameError, match=r"file or Enrichr library 'MSigDB_Hallmark'.*MSigDB_Hallmark_2020"):
        read_gene_sets("MSigDB_Hallmark")
    for path in ("absent.gmt", "folder/KEGG_2021_Human", tmp_path / "KEGG_2021_Human"):
        with pytest.raises(MissingFileError, match="no file or folder"):
            read_gene_sets(path)
    assert enrichr == []


def test_a_file_comes_before_a_library_of_its_name(enrichr, tmp_path):
    (tmp_path / "KEGG_2021_Human").write_text(LONG)
    assert read_gene_sets("KEGG_2021_Human") == SETS
    assert enrichr == []


def test_an_enrichr_that_does_not_answer_is_told_with_the_remedy(enrichr, monkeypatch):
    def silent(organism):
        raise ConnectionError("Max retries exceeded")

    monkeypatch.setattr(gseapy, "get_library_name", silent)
    with pytest.raises(DownloadError, match=r"no file KEGG_2021_Human in .*Max retries.*download the library as GMT"):
        read_gene_sets("KEGG_2021_Human")


@pytest.mark.parametrize(
    ("name", "n_sets", "one", "n_genes"),
    [
        ("gene_sets/ReactomePathways_2024-09-18.gmt", 2694, "5-Phosphoribose 1-diphosphate biosynthesis", 3),
        ("gene_sets/h.all.v7.5.1.symbols.gmt", 50, "HALLMARK_APOPTOSIS", 161),
        ("gene_sets/celldeathanalysis_14sets.csv", 14, "ferroptosis", None),
        ("gene_sets/scSubtype_genes.csv", 4, "Basal_SC", None),
        ("immune/MCPcounter_genes.txt", 10, "T cells", 16),
        ("perturbation/Old_CMAP_up.gmt.gz", 6100, "mianserin-1385", None),
    ],
)
def test_real_collections_are_read_whole(shared_data, name, n_sets, one, n_genes):
    sets = read_gene_sets(shared_data / name)
    assert len(sets) == n_sets
    assert n_genes is None or len(sets[one]) == n_genes
    assert all(sets.values())
