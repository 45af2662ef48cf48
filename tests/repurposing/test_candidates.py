"""What a ranking offers: existing drugs by default, with what is approved, unscreened or withdrawn told apart."""

from __future__ import annotations

import pandas as pd
import pytest

from omics_rx.core import resources
from omics_rx.core.errors import InputError, UnknownNameError
from omics_rx.repurposing import candidates as c
from omics_rx.repurposing import families, standing


@pytest.fixture(scope="module")
def drugs():
    table = resources.table("drugs.tsv").set_index("drug_id")
    universe = resources.table("repurposing_universe.tsv").set_index("inchikey")
    names = ["Lapatinib", "Olaparib", "Vorinostat", "Panobinostat", "AZD7762", "667880", "Masitinib", "SN-38"]
    some = table[table["name"].isin(names)][["name", "aliases", "targets", "mechanism"]]
    metformin = universe[universe["name"] == "Metformin"][["name", "targets", "mechanism"]]
    own = pd.DataFrame({"name": ["our compound 7"]}, index=["own-7"])
    frame = pd.concat([some, metformin, own]).rename_axis("drug_id")
    frame["inchikey"] = frame.index
    return frame


def _groups(drugs, choice, subtype="Her2", unscreened=("Metformin",)):
    screened = drugs.index[~drugs["name"].isin(unscreened)]
    found = c.groups(drugs, subtype, choice, screened=screened)
    return found.set_axis(drugs["name"])


def test_existing_drugs_are_launched_and_not_yet_approved_for_the_subtype(drugs):
    found = _groups(drugs, "existing")
    assert found["Lapatinib"] == c.CONTROL
    assert found["Vorinostat"] == c.CANDIDATE
    assert found["Metformin"] == c.APART
    for name in ("Panobinostat", "AZD7762", "667880", "Masitinib", "SN-38", "our compound 7"):
        assert found[name] == c.ASIDE, name
    assert _groups(drugs, "existing", "Basal")["Lapatinib"] == c.CANDIDATE


def test_other_choices(drugs):
    assert _groups(drugs, "investigational")["AZD7762"] == c.CANDIDATE
    assert _groups(drugs, "investigational")["Vorinostat"] == c.ASIDE
    everything = _groups(drugs, "all")
    assert (everything.drop("Metformin") == c.CANDIDATE).all()
    own = _groups(drugs, ["metformin", "Zolinza", "667880"])
    assert set(own.index[own == c.CANDIDATE]) == {"Metformin", "Vorinostat", "667880"}


@pytest.mark.parametrize(
    ("choice", "error", "words"),
    [
        ("exsting", UnknownNameError, "unknown choice of candidates 'exsting'.*existing"),
        ([], InputError, "give one of existing"),
        ([7], InputError, "give one of existing"),
        (["Vorinostat", "nosuchdrug"], UnknownNameError, "1 of 2 drugs were not found"),
        (["Vorinostat", "Zolinza"], InputError, "given twice"),
    ],
)
def test_a_choice_that_is_none_is_one_clear_error(drugs, choice, error, words):
    with pytest.raises(error, match=words):
        _groups(drugs, choice)


def test_a_screen_of_unknown_drugs_is_asked_about(drugs):
    unknown = drugs[drugs["name"] == "our compound 7"]
    with pytest.raises(InputError, match=r"standing not known 1\. Give candidates='all'"):
        c.groups(unknown, "Her2", "existing", screened=unknown.index)


def test_where_a_drug_stands_is_told_with_year_failure_and_end(drugs):
    told = standing.of_drugs(drugs, "Her2").set_axis(drugs["name"])
    assert told.loc["Lapatinib", "stands"] == "approved for this subtype"
    assert told.loc["Lapatinib", "since"] == "2007"
    assert told.loc["Panobinostat", "standing"] == "withdrawn"
    assert "24 March 2022" in told.loc["Panobinostat", "ended"]
    assert told.loc["our compound 7", "standing"] == "unknown"
    assert "MA.32" in told.loc["Metformin", "failed"]
    assert told.loc["Vorinostat", "failed"] == "not looked up"
    assert told.loc["AZD7762", "stands"] == "investigational, phase 1"


def test_what_is_offered_is_said(drugs):
    first, second = c.said("existing", _groups(drugs, "existing"))
    assert "launched drugs that are not yet approved for the subtype" in first
    assert "1 approved for the subtype stand apart" in first
    assert "nobody looked" in second


def test_drugs_that_hit_one_thing_are_one_finding():
    drugs = pd.DataFrame(
        {"name": ["a", "b", "c", "d"], "targets": ["ATR", "CHEK1;CHEK2", "WEE1", None],
         "mechanism": [None, None, None, "glucosidase inhibitor"]}, index=["A", "B", "C", "D"],
    )  # fmt: skip
    table = pd.DataFrame({"rank": [1, 3, 2, 4], "name": ["a", "b", "c", "d"]}, index=["A", "B", "C", "D"])
    found = families.grouped(table, drugs)
    assert list(found["drugs"]) == ["a, c, b", "d"]
    assert list(found.index) == ["replication checkpoint (ATR, CHK1, WEE1)", "glucosidase inhibitor"]


def test_the_table_of_standing_is_whole():
    table = resources.table("standing.tsv")
    known = {*resources.table("drugs.tsv")["drug_id"], *resources.table("repurposing_universe.tsv")["inchikey"]}
    assert set(table["drug_id"]) == known
    assert table["drug_id"].is_unique
    assert set(table["standing"]) <= set(standing.WORDS) - {"standard", "unknown"}
    launched = table["standing"].isin(standing.LAUNCHED)
    assert table.loc[launched, "citation"].notna().all()
    assert table["year"].dropna().str.fullmatch(r"(19|20)\d\d").all()
    assert table.loc[table["phase"].notna(), "standing"].eq("investigational").all()


def test_failed_trials_say_whom_they_were_open_to_and_what_was_read():
    table = standing.failed_trials()
    assert (
        table[["name", "inchikey", "disease", "setting", "result", "year", "citation", "checked"]].notna().all().all()
    )
    breast = table[table["disease"] == "breast"]
    assert set(";".join(breast["subtypes"]).split(";")) <= {"LumA", "LumB", "Her2", "Basal"}


def test_a_percentile_is_the_share_of_drugs_beaten():
    scores = pd.Series([3.0, 1.0, 2.0, 2.0], index=list("abcd"))
    assert c.percentiles(scores, ["a", "b", "c"]).tolist() == [0.75, 0.0, 0.375]


def test_a_ranking_keeps_those_it_does_not_offer(fitted):
    one, two = fitted.sources_.drugs["name"].iloc[:2]
    ranking = fitted.rank("Basal", candidates=[one, two])
    assert set(ranking.table["name"]) == {one, two}
    assert sorted(ranking.table["rank"]) == [1, 2]
    assert len(ranking.others) > 50
    other = ranking.others.index[0]
    assert ranking.explain(ranking.others.loc[other, "name"]).drug_id == other
    assert ranking.sheet(one).name == one
    assert ranking.provenance.settings["candidates"] == [one, two]
