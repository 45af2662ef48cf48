"""MicroRNA names: every kind of identifier, strands and precursors apart, real files."""

import gzip

import numpy as np
import pandas as pd
import pytest
from anndata import read_h5ad

from omics_rx import harmonize
from omics_rx.core.cohort import as_cohort, with_info
from omics_rx.core.errors import InputError
from omics_rx.harmonize.mirna_names import mirna_index


def one(name, *beside, **settings):
    return harmonize.current_mirnas([name, *beside], **settings).iloc[0]


@pytest.mark.parametrize(
    ("given", "name", "kind", "status", "reason"),
    [
        ("hsa-miR-21-5p", "hsa-miR-21-5p", "mature", "kept", ""),
        ("hsa-mir-21", "hsa-mir-21", "precursor", "kept", ""),
        ("hsa-miR-21", "hsa-miR-21-5p", "mature", "renamed", "earlier name"),
        ("hsa-miR-21*", "hsa-miR-21-3p", "mature", "renamed", "earlier name"),
        ("hsa-miR-199a*", "hsa-miR-199a-3p", "mature", "renamed", "earlier name"),
        ("hsa-mir-103-1", "hsa-mir-103a-1", "precursor", "renamed", "earlier name"),
        ("MIMAT0000062", "hsa-let-7a-5p", "mature", "renamed", "accession"),
        ("MIMAT0027618_1", "hsa-miR-6859-5p", "mature", "renamed", "accession"),
        ("MI0000060", "hsa-let-7a-1", "precursor", "renamed", "accession"),
        ("hsa-miR-21|MIMAT0004494", "hsa-miR-21-3p", "mature", "renamed", "accession beside the name"),
        ("hsa-let-7a-5p (MIMAT0000062)", "hsa-let-7a-5p", "mature", "renamed", "accession beside the name"),
        ("miR-155-5p", "hsa-miR-155-5p", "mature", "renamed", "read as human"),
        ("miR155", "hsa-miR-155-5p", "mature", "renamed", "read as human"),
        ("let-7a", "hsa-let-7a-5p", "mature", "renamed", "read as human"),
        ("hsa.miR.21.5p", "hsa-miR-21-5p", "mature", "renamed", "dots for hyphens"),
        ("hsa.miR.21.", "hsa-miR-21-3p", "mature", "renamed", "dots for hyphens"),
        ("hsa-mir-155-5p", "hsa-miR-155-5p", "mature", "renamed", "capitals"),
        ("hsa-miR-340", "hsa-miR-340", "mature", "ambiguous", "hsa-miR-340-3p, hsa-miR-340-5p"),
        ("hsa-miR-720", "hsa-miR-720", "mature", "retired", "without a human locus"),
        ("hsa-let-7b", "hsa-let-7b", None, "ambiguous", "a precursor and a mature strand"),
        ("hsa-let-7a-5p/7c-5p", "hsa-let-7a-5p/7c-5p", None, "ambiguous", "several microRNAs"),
        ("hsa-miR-106a+hsa-miR-17", "hsa-miR-106a+hsa-miR-17", None, "ambiguous", "several microRNAs"),
        ("mmu-miR-21a-5p", "mmu-miR-21a-5p", None, "unknown", "another species (mmu)"),
        ("MIMAT9999999", "MIMAT9999999", None, "unknown", "accession that no human"),
        ("hsa-miR-21|MIMAT9999999", "hsa-miR-21|MIMAT9999999", None, "unknown", "no human microRNA has"),
        ("TP53", "TP53", None, "unknown", "no human microRNA of this name"),
        ("", "", None, "unknown", "no human microRNA of this name"),
    ],
)
def test_each_kind_of_identifier(given, name, kind, status, reason):
    found = one(given)
    assert (found["name"], found["kind"], found["status"]) == (name, kind, status)
    assert reason in found["reason"]


def test_a_name_of_both_kinds_is_read_as_the_others_are():
    assert one("hsa-let-7b", "hsa-mir-100", "hsa-mir-21")["name"] == "hsa-let-7b"
    assert one("hsa-let-7b", "hsa-miR-100", "hsa-miR-21")["name"] == "hsa-let-7b-5p"
    assert one("hsa-let-7b", "hsa-miR-100", "hsa-mir-21")["status"] == "ambiguous"
    told = one("hsa-let-7b", "hsa-miR-100", "hsa-mir-21", kind="precursor")
    assert (told["name"], told["reason"]) == ("hsa-let-7b", "read as precursor, as told")


def test_lost_capitals_do_not_make_a_strand_a_precursor():
    found = harmonize.current_mirnas(["hsa-mir-21", "hsa-mir-155-5p", "hsa-mir-100"])
    assert found["name"].tolist() == ["hsa-miR-21-5p", "hsa-miR-155-5p", "hsa-miR-100-5p"]
    loud = harmonize.current_mirnas(["HSA-MIR-21", "HSA-MIR-155"])
    assert (loud["status"] == "ambiguous").all()


def test_every_current_name_and_accession_is_its_own():
    index = mirna_index()
    live = {accession: name for accession, name in index.names.items() if name}
    by_kind = pd.Series(index.kinds)[list(live)]
    for kind, names in pd.Series(live).groupby(by_kind):
        found = harmonize.current_mirnas(names, kind=kind)
        assert (found["status"] == "kept").all()
        assert found["accession"].tolist() == names.index.tolist()
        assert found["kind"].eq(kind).all()
        assert harmonize.current_mirnas(names.index)["name"].tolist() == names.tolist()


def test_the_table_says_what_the_published_coordinates_say(shared_data):
    with (shared_data / "ids" / "mirbase_hsa.gff3").open() as lines:
        fields = [line.rstrip().split("\t") for line in lines if line[:1] not in {"#", "\n"}]
    told = {}
    for row in fields:
        attributes = dict(item.split("=") for item in row[8].split(";"))
        told[attributes["Alias"]] = (attributes["Name"], row[2] == "miRNA")
    index = mirna_index()
    ours = {a: (name, index.kinds[a] == "mature") for a, name in index.names.items() if name}
    assert ours == told
    assert len(told) == 1913 + 2652


def cohort(**columns):
    return pd.DataFrame(columns, index=["a", "b"], dtype=float)


def test_a_cohort_is_renamed_and_says_so():
    frame = cohort(**{"hsa-miR-21": [100, 2], "hsa-miR-21*": [3, 4], "spike-in": [5, 6], "MIMAT0000062": [7, 8]})
    found = harmonize.mirnas(frame)
    assert found.var_names.tolist() == ["hsa-miR-21-5p", "hsa-miR-21-3p", "spike-in", "hsa-let-7a-5p"]
    assert found.var["source_id"].tolist() == list(frame)
    assert found.var["accession"].fillna("none").tolist() == ["MIMAT0000076", "MIMAT0004494", "none", "MIMAT0000062"]
    np.testing.assert_array_equal(found.X, frame.to_numpy())
    report = harmonize.changes(found)
    assert report.columns.tolist() == ["source_id", "id", "status", "reason"]
    assert report["status"].tolist() == ["renamed", "renamed", "unknown", "renamed"]


def test_two_names_of_one_strand_are_joined_as_genes_are():
    frame = cohort(**{"hsa-miR-21": [100, 2], "MIMAT0000076": [3, 4], "hsa-miR-155-5p": [5, 6]})
    added = harmonize.mirnas(with_info(as_cohort(frame), unit="counts"))
    np.testing.assert_array_equal(added[:, "hsa-miR-21-5p"].X.ravel(), [103, 6])
    averaged = harmonize.mirnas(with_info(as_cohort(frame), unit="log2 intensity"))
    np.testing.assert_array_equal(averaged[:, "hsa-miR-21-5p"].X.ravel(), [51.5, 3])
    assert harmonize.changes(added)["status"].tolist() == ["merged", "merged", "kept"]
    own = cohort(**{"hsa-miR-21": [100, 2], "hsa-miR-21-5p": [3, 4]})
    kept = harmonize.mirnas(own)
    np.testing.assert_array_equal(kept.X.ravel(), [3, 4])
    assert "set aside" in harmonize.changes(kept)["reason"][0]


def test_precursors_and_strands_are_never_mixed_silently(tmp_path):
    frame = cohort(**{"hsa-miR-21-5p": [1, 2], "hsa-mir-21": [3, 4], "hsa-mir-155": [5, 6], "other": [7, 8]})
    with pytest.raises(InputError, match=r"1 identifiers are mature .*hsa-miR-21-5p.* and 2 are precursors"):
        harmonize.mirnas(frame)
    kept = harmonize.mirnas(frame, kind="precursor")
    assert kept.var_names.tolist() == ["hsa-mir-21", "hsa-mir-155", "other"]
    report = harmonize.changes(kept).set_index("source_id")
    assert report.loc["hsa-miR-21-5p", "status"] == "set aside"
    assert pd.isna(report.loc["hsa-miR-21-5p", "id"])
    assert report.loc["hsa-miR-21-5p", "reason"] == "mature, where precursor was asked for"
    kept.write_h5ad(tmp_path / "x.h5ad")
    again = harmonize.changes(read_h5ad(tmp_path / "x.h5ad"))
    pd.testing.assert_frame_equal(again, harmonize.changes(kept), check_dtype=False)
    with pytest.raises(InputError, match="no identifier is of kind 'mature'"):
        harmonize.mirnas(frame.drop(columns="hsa-miR-21-5p"), kind="mature")
    with pytest.raises(InputError, match="unknown kind of microRNA 'matured'"):
        harmonize.mirnas(frame, kind="matured")


def test_twice_is_once_and_the_first_record_stays():
    frame = cohort(**{"hsa-miR-21": [100, 2], "hsa-miR-155": [3, 4]})
    once = harmonize.mirnas(frame)
    twice = harmonize.mirnas(once)
    pd.testing.assert_frame_equal(harmonize.changes(once), harmonize.changes(twice))
    np.testing.assert_array_equal(once.X, twice.X)


def test_genes_and_nameless_columns_are_refused():
    with pytest.raises(InputError, match=r"3 of 3 identifiers are no human microRNAs.*they are genes"):
        harmonize.mirnas(cohort(TP53=[1, 2], ERBB2=[1, 2], MYC=[1, 2]))
    with pytest.raises(InputError, match="1 of 2 microRNAs have no name"):
        harmonize.mirnas(cohort(**{"hsa-miR-21": [1, 2], "": [1, 2]}))
    with pytest.raises(InputError, match=r"pass it through harmonize\.genes or harmonize\.mirnas"):
        harmonize.changes(as_cohort(cohort(**{"hsa-miR-21": [1, 2]})))


def test_real_precursors_are_all_known(shared_data):
    with gzip.open(shared_data / "mirna" / "mixomics_train_mirna.csv.gz", "rt") as file:
        frame = pd.read_csv(file, index_col=0)
    found = harmonize.mirnas(frame)
    assert found.shape == frame.shape == (150, 184)
    counts = harmonize.changes(found)["status"].value_counts()
    assert counts.to_dict() == {"kept": 171, "renamed": 10, "retired": 3}
    assert found.var["kind"].eq("precursor").all()
    assert "hsa-mir-103a-1" in found.var_names
