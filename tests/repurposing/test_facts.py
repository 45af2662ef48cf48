"""Tables of facts on drugs: their layout, a source for every row, and names that the one door finds."""

import re

import pandas as pd
import pytest

from omics_rx import harmonize
from omics_rx.core import resources
from omics_rx.repurposing.alterations import labelled

FACTS = {
    "alteration_facts.tsv": [
        "gene",
        "alteration",
        "origin",
        "disease",
        "drug",
        "effect",
        "level",
        "source",
        "citation",
    ],
    "label_biomarkers.tsv": ["drug", "kind", "agency", "disease", "subtypes", "biomarkers", "label"],
}
ALTERATIONS = {"mutation", "activating", "amplification", "loss", "fusion", "reversion"}
LEVELS = {"label", "guideline", "trial", "clinical", "preclinical"}


@pytest.mark.parametrize(("name", "columns"), FACTS.items())
def test_every_fact_is_complete_and_says_when_and_what_was_read(name, columns):
    table = resources.table(name)
    assert not table[columns].isna().any().any()
    assert table["checked"].str.match(r"20\d\d-\d\d-\d\d: \S").all()
    assert not table.duplicated().any()


@pytest.mark.parametrize("name", FACTS)
def test_a_drug_is_the_one_that_the_door_finds_under_its_name(name):
    table = resources.table(name).drop_duplicates("drug")
    told = harmonize.drugs.identify(table["drug"]).reset_index()
    universe = resources.table("repurposing_universe.tsv").set_index("name")["inchikey"]
    for drug, key, found, status in zip(table["drug"], table["inchikey"], told["drug_id"], told["status"], strict=True):
        expected = found if status == "known" else universe.get(drug)
        assert (key if isinstance(key, str) else None) == expected, drug


def test_facts_of_alterations_use_few_words():
    table = resources.table("alteration_facts.tsv")
    assert set(table["alteration"]) <= ALTERATIONS
    assert set(table["effect"]) == {"sensitivity", "resistance"}
    assert set(table["level"]) <= LEVELS
    assert set(table["origin"]) <= {"somatic", "germline", "any"}
    assert table["year"].dropna().str.fullmatch(r"(19|20)\d\d").all()
    symbols = harmonize.current_symbols(table["gene"])["symbol"]
    assert list(symbols) == list(table["gene"])


def test_a_variant_is_a_change_of_protein_or_said_in_words():
    variants = resources.table("alteration_facts.tsv")["variant"].dropna()
    known = re.compile(r"[A-Z]\d+[A-Z]|exon \d+ (deletion|skipping)|[A-Z0-9]+-[A-Z0-9]+")
    assert [text for text in variants if not known.fullmatch(text)] == []


def test_receptors_of_a_label_stand_for_the_subtypes_it_names():
    table = resources.table("label_biomarkers.tsv")
    breast = table[table["disease"] == "breast"]
    for told, subtypes in zip(breast["biomarkers"], breast["subtypes"].str.split(";"), strict=True):
        words = told.split(";")
        assert ("Her2" in subtypes) == ("HER2 positive" in words)
        receptors_open = not any(word.startswith("ER ") and word.endswith("positive") for word in words)
        assert ("Basal" in subtypes) == bool({"HER2 negative", "HER2 low"} & set(words) and receptors_open)
        assert ("LumA" in subtypes) == ("Her2" not in subtypes and "ER negative" not in words)


def test_a_label_on_an_alteration_of_breast_cancer_stands_in_both_tables():
    facts = resources.table("alteration_facts.tsv")
    facts = facts[(facts["level"] == "label") & (facts["disease"].isin(["breast", "any solid"]))]
    labelled = set(resources.table("label_biomarkers.tsv")["drug"])
    assert set(facts["drug"]) <= labelled


@pytest.mark.parametrize(
    ("told", "has"),
    [
        ("low", True),
        ("1+", True),
        ("ultralow", False),
        ("0", False),
        ("positive", False),
        ("negative", None),
        ("", None),
    ],
)
def test_her2_low_is_told_by_its_grade_and_open_where_only_negative_is_known(told, has):
    assert labelled.state("HER2 low", pd.DataFrame(), pd.Series(dtype=float), {"HER2": told}) is has


def test_a_label_that_asks_for_pd_l1_stays_open_until_it_is_tested():
    three = dict.fromkeys(("ER", "PR", "HER2"), "negative")
    none = pd.DataFrame(columns=["gene", "kind", "change", "is", "origin"])
    table = labelled.labelled(none, pd.Series(dtype=float), three)
    mine = table[table["drug"] == "Pembrolizumab"].set_index("biomarkers")["standing"]
    assert mine["ER negative;PR negative;HER2 negative"] == labelled.HERS
    assert mine["ER negative;PR negative;HER2 negative;PD-L1 positive (CPS 10 or more)"] == labelled.OPEN
    assert set(table.loc[table["drug"] == "Tamoxifen", "standing"]) == {labelled.OTHERS}
