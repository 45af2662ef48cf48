"""Labels: those shipped are sound, drugs are matched by identity, and what is learnt from them is as stated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError
from omics_rx.harmonize import mechanisms
from omics_rx.repurposing import labels as lb


def test_shipped_labels_are_sound():
    table = lb.shipped()
    assert set(table["status"]) == set(lb.STATUSES)
    assert set(table["subtype"]) == set(lb.SUBTYPES)
    assert set(table["scope"]) == set(lb.SCOPES)
    assert not table.duplicated(["drug", "subtype"]).any()
    keyed = table.dropna(subset=["inchikey"])
    assert keyed["inchikey"].str.fullmatch(r"[A-Z]{14}-[A-Z]{10}-[A-Z]").all()
    assert keyed.groupby("inchikey")["drug"].nunique().max() == 1
    assert table["citation"].str.len().min() > 15
    assert table["mechanism"].notna().all()
    assert table["year"].dropna().astype(int).between(1945, 2026).all()
    approved = table[table["status"] == "approved"]
    positive = table[table["status"].isin(lb.POSITIVE)].groupby("subtype")["drug"].nunique()
    assert positive.min() >= 20
    assert {"Lapatinib"} == set(approved.query("subtype == 'Her2' and scope == 'subtype'")["drug"])
    luminal = set(approved.query("subtype == 'LumA' and scope == 'subtype'")["drug"])
    assert {
        "Tamoxifen",
        "Fulvestrant",
        "Palbociclib",
        "Ribociclib",
        "Alpelisib",
        "Capivasertib",
        "Entinostat",
    } == luminal
    assert {"Olaparib", "Talazoparib", "Cisplatin"} == set(
        approved.query("subtype == 'Basal' and scope == 'subtype'")["drug"]
    )


DRUGS = pd.DataFrame(
    {
        "name": ["Doxorubicin", "Epirubicin", "Tool-1", "Twin", "Other twin"],
        "aliases": ["Adriamycin", None, "T1;Tool one", "same", "same"],
        "inchikey": ["AOJJSUZBOXZQNB-TZSSRYMLSA-N", "AOJJSUZBOXZQNB-VTZDEGQISA-N", None, None, None],
    },
    index=["dox", "epi", "tool", "t1", "t2"],
)


@pytest.mark.parametrize(
    ("drug", "key", "found"),
    [
        ("epi", None, "epi"),
        ("anything", "AOJJSUZBOXZQNB-VTZDEGQISA-N", "epi"),
        ("adriamycin", None, "dox"),
        ("tool one", "XXXXXXXXXXXXXX-UHFFFAOYSA-N", "tool"),  # no structure there to contradict
        ("Doxorubicin", "XXXXXXXXXXXXXX-UHFFFAOYSA-N", None),  # another structure of that name
        ("Doxorubicin", "AOJJSUZBOXZQNB-XXXXXXXXSA-N", "dox"),  # stereo drawn otherwise
        ("same", None, None),  # stands for two drugs
    ],
)
def test_matching_is_by_identity(drug, key, found):
    table = pd.DataFrame({"drug": [drug], "inchikey": [key], "subtype": "Basal", "status": "approved"})
    matched, absent = lb.match(table, DRUGS)
    assert matched["drug_id"].tolist() == ([found] if found else [])
    assert absent == ([] if found else [drug])


def test_contradicting_labels_are_named():
    table = pd.DataFrame({"drug": ["dox", "Adriamycin"], "subtype": "Basal", "status": ["approved", "failed"]})
    with pytest.raises(InputError, match=r"1 drug and subtype pairs .*contradict.*Basal"):
        lb.match(table, DRUGS)


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"status": "works"}, "unknown status"), ({"subtype": "ER+"}, "may be LumA or LumB"),
     ({"scope": "all"}, "unknown scope")],
)  # fmt: skip
def test_unknown_words_are_refused(changed, words):
    with pytest.raises(InputError, match=words):
        lb.match(pd.DataFrame([{"drug": "dox", "subtype": "Basal", "status": "failed"} | changed]), DRUGS)


def test_missing_columns_are_named():
    with pytest.raises(InputError, match="no column status"):
        lb.match(pd.DataFrame({"drug": ["dox"], "subtype": ["Basal"]}), DRUGS)


def test_training_pairs_by_hand():
    rows = [
        # approved for Her2, open to LumB: positive in Her2, negative in LumA and Basal, LumB teaches nothing
        ("a", "Her2", "approved", "subtype", "x"), ("a", "LumB", "approved", "any", "x"),
        # its siblings: positive only, and both together weigh one
        ("b", "Her2", "sibling", "subtype", "x"), ("c", "Her2", "sibling", "subtype", "x"),
        # open to all
        *[("d", s, "approved", "any", "y") for s in lb.SUBTYPES],
        # elsewhere, one failed
        ("e", "Basal", "failed", "subtype", "z"), ("e", "LumA", "other_cancer", "any", "z"),
        *[("f", s, "supportive", "any", "w") for s in lb.SUBTYPES],
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["drug_id", "subtype", "status", "scope", "mechanism"])
    pairs = lb.training_pairs(table).set_index(["drug_id", "subtype"])
    assert {pair for pair, row in pairs.iterrows() if row["positive"]} == {
        ("a", "Her2"), ("b", "Her2"), ("c", "Her2"), *[("d", s) for s in lb.SUBTYPES]
    }  # fmt: skip
    assert {pair for pair, row in pairs.iterrows() if not row["positive"]} == {
        ("a", "LumA"), ("a", "Basal"), ("e", "Basal"), ("e", "LumA")
    }  # fmt: skip
    assert pairs.groupby("kind").size().to_dict() == {"mismatch": 2, "other drug": 2, "positive": 7}
    assert pairs.loc[("a", "Her2"), "weight"] == 1
    assert pairs.loc[("a", "LumA"), "weight"] == 0.5
    assert pairs.loc[("b", "Her2"), "weight"] == 0.5
    assert pairs.loc[("d", "Basal"), "weight"] == 0.25


def test_relatives_share_a_target_a_mechanism_a_structure_or_a_class():
    drugs = pd.DataFrame(
        {"mechanism": ["PARP inhibitor", "PARP inhibitor;other", None, None, None, None],
         "targets": [None, None, "EGFR;ERBB2", "ERBB2", None, None],
         "target_text": ["PARP1, PARP2", None, "EGFR, others", "ERBB2", "others", None],
         "inchikey": [None, None, None, None, "AAAAAAAAAAAAAA-UHFFFAOYSA-N", "AAAAAAAAAAAAAA-XXXXXXXXSA-N"]},
        index=list("abcdef"),
    )  # fmt: skip
    words = mechanisms.tokens(drugs, pd.Series({"d": "Shared class", "e": "shared class"}))
    kin = pd.DataFrame(mechanisms.relatives(words, drugs.index, drugs.index), drugs.index, drugs.index)
    pairs = {(i, j) for i in kin for j in kin if i < j and kin.loc[i, j]}
    # "others" and "other" name no mechanism: c and e, a and b by them are no relatives
    assert pairs == {("a", "b"), ("c", "d"), ("d", "e"), ("e", "f")}
    assert np.diag(kin).all()
