"""Who a line or a compound of a source is: the surest name decides, and nothing is merged by its looks."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omics_rx.harmonize import cell_lines
from omics_rx.harmonize.identity import compound_table, identify_compounds, identify_lines

ASPIRIN, ASPIRIN_KEY = "CC(=O)Oc1ccccc1C(=O)O", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"


def lines(**columns) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    return frame.set_axis([f"k{i}" for i in range(len(frame))])


def compounds(*rows: tuple[str, ...], columns=("name", "aliases", "smiles")) -> pd.DataFrame:
    frame = pd.DataFrame(
        [row + (None,) * (len(columns) - len(row)) for row in rows], columns=list(columns), dtype=object
    )
    return frame.set_axis([f"k{i}" for i in range(len(rows))])


@pytest.mark.parametrize(
    ("name", "cell_id"),
    [
        ("TT_OESOPHAGUS", "T-T"), ("TT_THYROID", "TT"), ("KMH2_HAEMATOPOIETIC_AND_LYMPHOID_TISSUE", "KM-H2"),
        ("KMH2_THYROID", "KMH-2"), ("MCF7_BREAST", "MCF7"), ("22RV1_PROSTATE", "22RV1"),
    ],
)  # fmt: skip
def test_a_ccle_name_by_its_site(name, cell_id):
    assert cell_lines.identify([name])["cell_id"].tolist() == [cell_id]


def test_a_ccle_name_that_no_site_tells_apart():
    found = cell_lines.identify(["TT_LUNG", "NOSUCH_LUNG", "MCF7_MOON"])
    assert found["cell_id"].isna().all()
    assert found["status"].tolist() == ["ambiguous", "unknown", "unknown"]


def test_the_first_certain_column_decides_and_a_contradiction_is_told():
    found = identify_lines(lines(cosmic_id=["905946", None, "905946x"], name=["BT-549", "MCF 10A", "hcc1395"]))
    assert found["cell_id"].tolist() == [
        "MCF7",
        "MCF 10A" if found["status"].iloc[1] == "own name" else "MCF10A",
        "HCC1395",
    ]
    assert found["reason"].iloc[0] == "COSMIC; its other names are those of BT-549"


def test_the_surer_row_takes_the_line():
    found = identify_lines(lines(name=["CAL-120", "cal 120"]))
    assert found["cell_id"].tolist() == ["CAL-120", "cal 120"]
    assert found["status"].tolist() == ["known", "own name"]
    assert "several rows are CAL-120" in found["reason"].iloc[1]


def test_where_none_is_surer_both_keep_their_own_name():
    found = identify_lines(lines(depmap_id=["ACH-000019", "ACH-000019"], name=["one", "other"]))
    assert found["cell_id"].tolist() == ["one", "other"]


def test_an_own_name_never_takes_a_known_lines_place():
    """KMH2 fits two lines; a row so named whose key is a known line's name is marked as the source's own."""
    frame = pd.DataFrame({"name": ["KMH2", "TT x"]}, index=["MCF7", "k1"])
    found = identify_lines(frame)
    assert found["status"].tolist() == ["own name", "own name"]
    known = set(cell_lines.facts().index)
    assert not set(found["cell_id"]) & known
    twice = identify_lines(pd.DataFrame({"name": ["nobody", "nobody"]}, index=["a", "b"]))
    assert twice["cell_id"].tolist() == ["a", "b"]


def test_names_found_earlier_serve_lines_that_no_table_has():
    found = identify_lines(lines(depmap_id=["ACH-999999"]), known={"ACH-999999": "my line"})
    assert found["cell_id"].tolist() == ["my line"]


@given(
    st.lists(st.sampled_from(sorted(cell_lines.facts().index[:300])), unique=True, min_size=1, max_size=20), st.data()
)
def test_no_two_rows_are_ever_one_line(names, data):
    spelled = [data.draw(st.sampled_from([name, name.lower(), name.replace("-", " ")])) for name in names]
    spelled += data.draw(st.lists(st.sampled_from(spelled), max_size=5))
    found = identify_lines(lines(name=spelled))
    assert found["cell_id"].is_unique
    for source, row in zip(spelled, found.itertuples(), strict=True):
        if row.status == "known":
            assert cell_lines.squeezed(source) == cell_lines.squeezed(row.cell_id)


def test_a_structure_decides_over_a_name():
    found = identify_compounds(compounds(("Lapatinib", None, ASPIRIN), ("aspirin salt", None, ASPIRIN + ".[Na]")))
    assert found["drug_id"].tolist() == [ASPIRIN_KEY, ASPIRIN_KEY]


def test_a_known_name_with_stereo_left_out_is_still_the_compound():
    flat = "C[CH]1[CH]([CH](C[CH](O1)O[CH]2C[C](CC3=C2C(=C4C(=C3O)C(=O)C5=C(C4=O)C(=CC=C5)OC)O)(C(=O)CO)O)N)O"
    found = identify_compounds(compounds(*((name, None, flat) for name in ("Doxorubicin", "Epirubicin", "new name"))))
    assert found["drug_id"].is_unique
    assert found["status"].tolist() == ["known", "known", "structure"]
    assert set(found["drug_id"].str[:14]) == {"AOJJSUZBOXZQNB"}


def test_names_then_aliases_then_a_name_of_its_own():
    rows = ("PD-0332991",), ("code-1", "nothing;Lapatinib"), ("code-2", "Lapatinib;Docetaxel"), ("CCO",)
    found = identify_compounds(compounds(*rows))
    assert found["status"].tolist() == ["known", "known", "own name", "own name"]
    assert found["drug_id"].tolist()[2:] == ["name:code-2", "name:cco"], "a name is never read as a SMILES"


def test_names_that_look_alike_are_two_compounds():
    found = identify_compounds(compounds(("My Drug 1",), ("my-drug-1",), ("other",), ("other",)))
    assert found["drug_id"].tolist() == ["name:my-drug-1-k0", "name:my-drug-1-k1", "name:other", "name:other"]


def test_the_table_of_compounds_keeps_facts_and_fills_gaps():
    frame = compounds(("PD-0332991", "extra", None, "wrong"), ("mine", None, ASPIRIN, "COX"),
                      columns=("name", "aliases", "smiles", "target_text"))  # fmt: skip
    table = compound_table(identify_compounds(frame), frame).set_index("name")
    assert table.loc["Palbociclib", "target_text"] != "wrong"
    assert {"PD-0332991", "extra"} <= set(table.loc["Palbociclib", "aliases"].split(";"))
    assert table.loc["mine", ["smiles", "inchikey", "target_text"]].tolist() == [ASPIRIN, ASPIRIN_KEY, "COX"]
