"""Lines: one line from any of its names and accessions, none from a name that fits two."""

from __future__ import annotations

import pytest

from omics_rx.core.errors import InputError
from omics_rx.harmonize import cell_lines


@pytest.mark.parametrize(
    ("name", "cell_id"),
    [
        ("MCF7", "MCF7"), ("MCF-7", "MCF7"), ("mcf 7", "MCF7"), ("ACH-000019", "MCF7"), ("905946", "MCF7"),
        ("SIDM00148", "MCF7"), ("CVCL_0031", "MCF7"), ("H2731", "NCI-H2731"), ("NCI-SNU-1", "SNU-1"),
        ("22Rv1", "22RV1"), ("CAL120", "CAL-120"), ("T-47D", "T47D"), (" MCF7 ", "MCF7"),
    ],
)  # fmt: skip
def test_any_name_or_accession_finds_the_line(name, cell_id):
    found = cell_lines.identify([name]).iloc[0]
    assert (found["cell_id"], found["status"]) == (cell_id, "known")


def test_colliding_names_are_exact_or_nothing():
    found = cell_lines.identify(["TT", "T-T", "KM-H2", "KMH-2", "tt", "KMH2", "T T"])
    assert found["cell_id"].tolist()[:4] == ["TT", "T-T", "KM-H2", "KMH-2"]
    assert found["status"].tolist()[4:] == ["ambiguous"] * 3
    assert found["cell_id"].isna().tolist() == [False] * 4 + [True] * 3
    assert "KM-H2" in found["reason"].iloc[5]
    assert "KMH-2" in found["reason"].iloc[5]


def test_an_accession_of_two_lines_is_refused():
    shared = cell_lines.facts()["cellosaurus"].dropna()
    shared = shared[shared.duplicated(keep=False)]
    assert len(shared) == 2, "RH30 and SJRH30 share one Cellosaurus entry"
    assert cell_lines.identify([shared.iloc[0]])["status"].item() == "ambiguous"


def test_unknown_names_are_said_to_be():
    found = cell_lines.identify(["no such line", "", "ACH-999999"])
    assert found["status"].tolist() == ["unknown"] * 3
    assert found["cell_id"].isna().all()


def test_resolve_gives_every_line_or_an_error():
    assert cell_lines.resolve(["MCF-7", "T-47D"]).to_dict() == {"MCF-7": "MCF7", "T-47D": "T47D"}
    with pytest.raises(InputError, match=r"2 of 3 cell lines.*KMH2 \(fits KM-H2, KMH-2.*nowhere"):
        cell_lines.resolve(["MCF7", "KMH2", "nowhere"])
    with pytest.raises(InputError, match=r"2 names stand for fewer lines \(MCF7 = MCF7, MCF-7 = MCF7\)"):
        cell_lines.resolve(["MCF7", "MCF-7"])


def test_the_table_of_lines_is_sound():
    table = cell_lines.facts()
    assert table.index.is_unique
    for column in ("cosmic_id", "depmap_id", "sanger_id", "expression_key"):
        assert table[column].dropna().is_unique
    loose = {name: ids for name, ids in cell_lines._index().squeezed.items() if len(ids) > 1}
    assert set(loose) == {"TT", "KMH2"}
    assert (table["expression_key"].notna().sum(), table["events_profiled"].eq("yes").sum()) == (975, 988)


def test_receptors_follow_the_majority_of_their_sources():
    """MDA-MB-453: two sources call HER2 positive, one negative; each vote is kept."""
    line = cell_lines.facts().loc["MDA-MB-453"]
    assert line["her2"] == "+"
    assert "HER2:DepMap-,Dai2017+,HMS+" in line["receptor_sources"]
    assert line["breast_subtype"] == "Her2"


@pytest.mark.parametrize(
    ("er", "pr", "her2", "expected"),
    [("+", "+", "-", "Luminal"), ("-", "-", "-", "Basal"), ("+", "-", "+", "Her2"), ("-", "-", "+", "Her2")],
)
def test_subtype_follows_the_receptors(er, pr, her2, expected):
    table = cell_lines.facts()
    same = table[(table["er"] == er) & (table["pr"] == pr) & (table["her2"] == her2)]
    assert len(same) > 1
    assert set(same["breast_subtype"]) == {expected}
