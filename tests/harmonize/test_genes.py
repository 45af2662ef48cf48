"""Gene symbols: by hand, on the real cohorts, and the rules that keep a sample independent of its neighbours."""

import hashlib
import subprocess
import sys

import anndata
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from omics_rx import harmonize
from omics_rx.core import resources
from omics_rx.core.cohort import with_info
from omics_rx.core.errors import InputError
from omics_rx.harmonize.symbols import current_symbols, gene_index


@pytest.mark.parametrize(
    ("given_id", "symbol"),
    [
        ("TP53", "TP53"),
        ("HER2", "ERBB2"),  # alias
        ("CDC2", "CDK1"),  # previous symbol, and an alias of POLD1
        ("MLL2", "KMT2D"),  # previous symbol, and an alias of KMT2B
        ("SEPT2", "SEPTIN2"),  # previous symbol, and an alias of SEPTIN6
        ("ENSG00000141510", "TP53"),
        ("ENSG00000141510.18", "TP53"),
        ("ENSG00000182378.15_PAR_Y", "PLCXD1"),
        ("ENSG00000143384", "MCL1"),  # shared with an antisense RNA
        ("TP53|7157", "TP53"),
        ("?|7157", "TP53"),
        ("P53 (7157)", "TP53"),
        ("ENSG00000141510.18|TP53", "TP53"),
        ("C1ORF43", "C1orf43"),
        ("HLA_A", "HLA-A"),
        ("HLA.DRB1", "HLA-DRB1"),
        ("1-Sep", "SEPTIN1"),
        ("Sep-09", "SEPTIN9"),
        ("15-Sep", "SELENOF"),
        ("3-Mar", "MARCHF3"),
        ("1-Dec", "DELEC1"),
        ("2006-09-07", "SEPTIN7"),
        ("2006-09-07 00:00:00", "SEPTIN7"),
        ("MTCO1", "MT-CO1"),
        ("ND4L", "MT-ND4L"),
    ],
)
def test_an_identifier_comes_to_its_current_symbol(given_id, symbol):
    found = current_symbols([given_id]).iloc[0]
    assert found["symbol"] == symbol
    assert found["status"] == ("kept" if given_id == symbol else "renamed")


@pytest.mark.parametrize("given_id", ["1-Mar", "2-Mar", "COX2", "OCT1", "4-Oct"])
def test_what_can_mean_two_genes_keeps_its_name(given_id):
    found = current_symbols([given_id]).iloc[0]
    assert (found["symbol"], found["status"]) == (given_id, "ambiguous")
    assert "genes" in found["reason"] or " or " in found["reason"] or "OCT4" in found["reason"]


@pytest.mark.parametrize("given_id", ["Tp53", "ENSMUSG00000059552", "1007_s_at", "1-Jan", "NOT A GENE", "12.5"])
def test_what_is_no_human_gene_is_unknown(given_id):
    found = current_symbols([given_id]).iloc[0]
    assert (found["symbol"], found["status"]) == (given_id, "unknown")


def test_a_current_symbol_wins_over_the_alias_of_another_gene():
    index = gene_index()
    both = sorted(index.current & set(index.by_alias))
    assert len(both) > 1000
    assert current_symbols(both)["symbol"].tolist() == both


def test_numbers_are_entrez_ids_only_among_numbers():
    assert current_symbols(["7157", "2064", "672"])["symbol"].tolist() == ["TP53", "ERBB2", "BRCA1"]
    assert current_symbols(["TP53", "ERBB2", "672"])["status"].tolist() == ["kept", "kept", "unknown"]


def test_every_symbol_is_its_own_and_every_stable_id_leads_home():
    table = resources.table("genes.tsv.gz").fillna("")
    assert table["symbol"].is_unique
    sampled = table.sample(400, random_state=0)
    assert (current_symbols(sampled["symbol"])["status"] == "kept").all()
    by_id = current_symbols(sampled["entrez"].str.split("|").str[0])
    assert by_id["symbol"].tolist() == sampled["symbol"].tolist()


def test_the_table_is_the_one_recorded_and_small():
    file = resources.path("genes.tsv.gz")
    assert hashlib.sha256(file.read_bytes()).hexdigest() == resources.sources()["genes.tsv.gz"]["sha256"]
    assert file.stat().st_size < 3_000_000


@pytest.mark.parametrize(("name", "n_genes"), [("gse1992", 15_514), ("gse3143", 8_653), ("gse4335", 12_777)])
def test_the_shipped_cohorts_have_current_symbols(name, n_genes, request):
    cohort = request.getfixturevalue(name)
    assert np.mean(cohort.var_names.isin(gene_index().current)) > 0.99
    assert abs(cohort.n_vars - n_genes) < 50
    report = harmonize.changes(cohort)
    assert set(report["status"]) <= {"kept", "renamed", "merged", "ambiguous", "unknown"}
    assert set(report["id"]) == set(cohort.var_names)


def test_landmark_genes_of_another_source_are_known(shared_data):
    with_symbol = pd.read_csv(shared_data / "immune" / "MCPcounter_genes.txt", sep="\t", dtype=str)
    by_entrez = current_symbols(with_symbol["ENTREZID"])["symbol"]
    by_ensembl = current_symbols(with_symbol["ENSEMBL ID"])["symbol"]
    by_name = current_symbols(with_symbol["HUGO symbols"])["symbol"]
    agree = (by_entrez.to_numpy() == by_ensembl.to_numpy()) & (by_entrez.to_numpy() == by_name.to_numpy())
    assert agree.mean() > 0.95
    table = pd.read_csv(shared_data / "perturbation" / "lincs_consensi_drugbank.tsv.gz", sep="\t", nrows=1)
    assert (current_symbols(table.columns[1:])["status"] == "renamed").mean() > 0.99


def frame(**columns):
    return pd.DataFrame(columns, index=["a", "b", "c"], dtype=float)


def test_duplicates_of_a_gene_are_averaged_on_a_log_scale_and_added_as_counts():
    logs = pd.DataFrame([[5.5, 6.5, 1.2], [6.0, np.nan, 2.3]], index=["a", "b"], columns=["HER2", "NGL", "TP53"])
    merged = harmonize.genes(logs)
    assert merged.var_names.tolist() == ["ERBB2", "TP53"]
    np.testing.assert_allclose(merged.X[:, 0], [6.0, 6.0])
    counts = pd.DataFrame([[100, 7, 1], [60, 5, 2]], index=["a", "b"], columns=["HER2", "NGL", "TP53"])
    np.testing.assert_allclose(harmonize.genes(counts).X[:, 0], [107, 65])
    assert merged.var["source_id"].tolist() == ["HER2;NGL", "TP53"]


def test_duplicates_of_logged_abundance_are_added_before_the_logarithm():
    values = pd.DataFrame([[np.log2(4), np.log2(8), 1.0]], index=["a"], columns=["HER2", "NGL", "TP53"])
    cohort = with_info(anndata.AnnData(values), unit="log2(TPM + 1)")
    np.testing.assert_allclose(harmonize.genes(cohort).X[0, 0], np.log2(3 + 7 + 1), rtol=1e-6)


def test_a_column_under_the_current_symbol_is_not_mixed_with_aliases():
    cohort = harmonize.genes(frame(ERBB2=[1, 2, 3], HER2=[9, 9, 9], TP53=[4, 5, 6]))
    assert cohort.X[:, 0].tolist() == [1, 2, 3]
    report = harmonize.changes(cohort).set_index("source_id")
    assert report["status"].to_dict() == {"ERBB2": "kept", "HER2": "merged", "TP53": "kept"}
    assert "set aside" in report.loc["HER2", "reason"]


def test_nothing_is_dropped_and_every_identifier_is_accounted_for():
    cohort = harmonize.genes(frame(TP53=[1, 2, 3], HER2=[1, 2, 3], COX2=[3, 3, 3], junk=[7, 8, 9], BRCA1=[1, 1, 1]))
    assert cohort.var_names.tolist() == ["TP53", "ERBB2", "COX2", "junk", "BRCA1"]
    assert harmonize.changes(cohort)["status"].tolist() == ["kept", "renamed", "ambiguous", "unknown", "kept"]


def test_applied_twice_it_changes_nothing_and_remembers_what_it_did():
    once = harmonize.genes(frame(HER2=[1, 2, 3], TP53=[4, 5, 6]))
    twice = harmonize.genes(once[:, ["ERBB2"]])
    assert twice.var["source_id"].tolist() == ["HER2"]
    assert harmonize.changes(twice).equals(harmonize.changes(once))


def test_repeated_columns_and_numbered_names_are_one_gene():
    repeated = pd.DataFrame([[1.5, 2.5, 5.0]], index=["a"], columns=["MATR3", "MATR3", "TP53"])
    assert harmonize.genes(repeated).X[0].tolist() == [2.0, 5.0]
    numbered = repeated.set_axis(["MATR3", "MATR3#2", "TP53"], axis=1)
    assert harmonize.genes(numbered).X[0].tolist() == [2.0, 5.0]


def test_annotations_layers_and_sparse_values_are_kept():
    values = sparse.csr_matrix(np.array([[1, 2, 0], [0, 5, 70]], dtype=np.float32))
    cohort = anndata.AnnData(values, obs=pd.DataFrame({"grade": [1, 2]}, index=["a", "b"]))
    cohort.var_names = ["HER2", "NGL", "TP53"]
    cohort.var["chromosome"] = ["17", "17", "17"]
    cohort.layers["counts"] = values * 2
    cohort.obsm["events"] = pd.DataFrame({"m": [0, 1]}, index=["a", "b"])
    cohort.uns["note"] = "kept"
    done = harmonize.genes(cohort)
    assert sparse.issparse(done.X)
    assert done.X.format == "csr"
    assert done.X.toarray().tolist() == [[3, 0], [5, 70]]
    assert done.layers["counts"].toarray().tolist() == [[6, 0], [10, 140]]
    assert done.obs["grade"].tolist() == [1, 2]
    assert done.obsm["events"]["m"].tolist() == [0, 1]
    assert done.uns["note"] == "kept"
    assert done.var["chromosome"].tolist() == ["17", "17"]
    assert cohort.var_names.tolist() == ["HER2", "NGL", "TP53"]


def test_the_record_survives_h5ad(tmp_path):
    cohort = harmonize.genes(frame(HER2=[1, 2, 3], TP53=[4, 5, 6]))
    cohort.write_h5ad(tmp_path / "c.h5ad")
    again = anndata.read_h5ad(tmp_path / "c.h5ad")
    pd.testing.assert_frame_equal(harmonize.changes(again), harmonize.changes(cohort), check_dtype=False)


_IDS = st.lists(
    st.sampled_from(["HER2", "NGL", "ERBB2", "TP53", "CDC2", "CDK1", "COX2", "junk", "ENSG00000141510.3", "BRCA1"]),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(_IDS, st.integers(0, 2**31))
def test_a_sample_comes_out_the_same_alone_and_in_company(ids, seed):
    values = np.random.default_rng(seed).normal(6, 2, size=(4, len(ids)))
    values[0, 0] = np.nan
    cohort = pd.DataFrame(values, index=list("abcd"), columns=ids)
    together = harmonize.genes(with_unit(cohort), min_mapped=0)
    alone = harmonize.genes(with_unit(cohort.iloc[[2]]), min_mapped=0)
    np.testing.assert_array_equal(together["c"].X, alone.X)
    assert sorted(harmonize.changes(together)["source_id"]) == sorted(ids)


@pytest.mark.parametrize("unit", ["log2 intensity", "TPM", "log2(TPM + 1)"])
def test_many_columns_of_a_gene_join_alike_however_they_lie_in_memory(unit):
    # TPM beyond what a logarithm would be
    values = np.random.default_rng(0).normal(6, 2, size=(40, 30)) ** 2 / (2 if unit == "TPM" else 6)

    def joined(block):
        cohort = pd.DataFrame(block, index=[f"s{i}" for i in range(len(block))], columns=["ERBB2"] * 30)
        return harmonize.genes(with_unit(cohort, unit), min_mapped=0).X

    plain = joined(np.ascontiguousarray(values))
    np.testing.assert_array_equal(joined(np.asfortranarray(values)), plain)
    np.testing.assert_array_equal(joined(values[[7]]), plain[[7]])


def with_unit(cohort, unit="log2 intensity"):
    from omics_rx.harmonize.symbols import numbered

    adata = anndata.AnnData(cohort.set_axis(numbered(cohort.columns), axis=1))
    return with_info(adata, unit=unit)


@pytest.mark.parametrize(
    ("columns", "hint"),
    [
        (["Actb", "Gapdh", "Tp53"], "mouse"),
        (["1007_s_at", "1053_at", "117_at"], "probes"),
        (["ENSMUSG00000059552", "ENSMUSG00000020716", "ENSMUSG00000017146"], "another species"),
        (["patient 1", "patient 2", "patient 3"], "axes are swapped"),
    ],
)
def test_data_without_human_genes_is_refused_with_the_likely_reason(columns, hint):
    index = ["TP53", "ERBB2"] if "swapped" in hint else ["a", "b"]
    with pytest.raises(InputError, match=hint):
        harmonize.genes(pd.DataFrame(np.ones((2, 3)), index=index, columns=columns))


def test_nameless_genes_and_unrecorded_cohorts_are_refused():
    with pytest.raises(InputError, match="1 of 2 genes have no name"):
        harmonize.genes(pd.DataFrame([[1.0, 2.0]], index=["a"], columns=["TP53", ""]))
    with pytest.raises(InputError, match=r"harmonize\.genes"):
        harmonize.changes(anndata.AnnData(frame(TP53=[1, 2, 3])))


@pytest.mark.parametrize("first", ["omics_rx.harmonize.renaming", "omics_rx.harmonize.symbols", "omics_rx.harmonize"])
def test_names_are_functions_whatever_was_imported_first_and_nothing_heavy_is(first):
    code = (
        f"import sys, importlib; importlib.import_module({first!r}); from omics_rx import harmonize as h; "
        "assert callable(h.genes) and callable(h.changes) and callable(h.to_training_scale); "
        "import omics_rx.harmonize.domain; "
        "assert callable(h.genes) and h.domain.to_training_scale is h.to_training_scale; "
        "heavy = {'anndata', 'scanpy', 'torch', 'rdkit', 'sklearn', 'matplotlib'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("by_id", "status", "symbol"),
    [
        (("BRCA1",), "renamed", "BRCA1"),  # the id decides, whatever stands beside it
        ((), "renamed", "TP53"),  # a retired id: the symbol decides
        (("BRCA1", "TP53"), "renamed", "TP53"),  # an id of two genes: the symbol tells which
        (("BRCA1", "BRCA2"), "ambiguous", "X|1"),  # an id of two genes, neither of them named
    ],
)
def test_a_symbol_beside_an_id_counts_where_the_id_does_not_decide(by_id, status, symbol):
    from omics_rx.harmonize.symbols import _compound

    found = _compound("X|1", "TP53", by_id, "Entrez id")
    assert (found.status, found.symbol) == (status, symbol)
    nameless = _compound("?|1", "?", by_id, "Entrez id")
    assert nameless.status == ("renamed" if len(by_id) == 1 else "ambiguous" if by_id else "unknown")
