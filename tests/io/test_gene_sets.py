"""Gene sets in every format, and the real collections."""

import gzip
import json
import logging

import pytest

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
