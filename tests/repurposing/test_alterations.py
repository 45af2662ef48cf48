"""Effects of events, published facts, labels by biomarker, and what is told of one patient."""

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError
from omics_rx.repurposing import event_effects, event_frequencies
from omics_rx.repurposing.alterations import facts, labelled, patient
from omics_rx.repurposing.alterations.effects import preferences

read = orx.io.read_alterations


def world(seed=0, n_lines=120, n_drugs=20):
    random = np.random.default_rng(seed)
    lines, drugs = [f"L{i}" for i in range(n_lines)], [f"D{i}" for i in range(n_drugs)]
    events = pd.DataFrame({"PIK3CA_mut": random.random(n_lines) < 0.3, "RARE_mut": False}, index=lines).astype(float)
    events.iloc[:3, 1] = 1
    tissue = pd.Series(random.choice(["breast", "lung", "skin"], n_lines), index=lines, dtype=object)
    values = pd.DataFrame(random.normal(size=(n_lines, n_drugs)), lines, drugs)
    values["D0"] -= 1.5 * events["PIK3CA_mut"]
    values = (
        values + random.normal(size=(n_lines, 1)) + tissue.map({"breast": 0, "lung": 2, "skin": -1}).to_numpy()[:, None]
    )
    table = pd.DataFrame({"name": drugs, "targets": ["PIK3CA"] * 2 + ["TOP1"] * (n_drugs - 2)}, index=drugs)
    return values, events, tissue, table


def test_a_planted_effect_is_found_and_a_relative_that_nobody_screened_follows():
    values, events, tissue, drugs = world()
    drugs.loc["NEW"] = ["new inhibitor", "PIK3CA"]
    drugs.loc["ALONE"] = ["stranger", None]
    found = event_effects(values, events, tissue=tissue, drugs=drugs).of("PIK3CA_mut")
    assert found["effect"].idxmin() == "D0"
    assert found.loc["D0", "upper"] < 0
    assert found.loc["D0", "n_lines"] == events["PIK3CA_mut"].sum()
    assert found.loc["NEW", "effect"] < 0
    assert found.loc["NEW", "n_lines"] == 0
    assert np.isnan(found.loc["ALONE", "effect"])
    assert abs(found.loc["D0", "effect"]) < abs(found.loc["D0", "difference"])


def test_the_difference_is_that_of_two_means():
    values, events, tissue, drugs = world()
    effects = event_effects(values, events, tissue=tissue, drugs=drugs)
    clean = preferences(values, tissue)
    state = events["PIK3CA_mut"]
    expected = clean.loc[state == 1, "D3"].mean() - clean.loc[state == 0, "D3"].mean()
    assert effects.difference.loc["PIK3CA_mut", "D3"] == pytest.approx(expected)
    one, other = clean.loc[state == 1, "D3"], clean.loc[state == 0, "D3"]
    error = np.sqrt(one.var() / len(one) + other.var() / len(other))
    assert effects.error.loc["PIK3CA_mut", "D3"] == pytest.approx(error)


def test_tissue_and_line_level_are_out():
    values, _, tissue, _ = world()
    clean = preferences(values, tissue)
    assert clean.mean(axis=1).abs().max() < 0.05
    assert clean.groupby(tissue.loc[clean.index]).mean().abs().max().max() < 0.05
    both = preferences([values, values], tissue)
    np.testing.assert_allclose(both, clean, atol=1e-9)


def test_few_lines_say_so():
    values, events, tissue, drugs = world()
    effects = event_effects(values, events, tissue=tissue, drugs=drugs)
    assert effects.events == ["PIK3CA_mut"]
    with pytest.raises(InputError, match="fewer than 5"):
        effects.of("RARE_mut")
    with pytest.raises(InputError, match="no line"):
        effects.of("NONE_mut")
    with pytest.raises(InputError, match="named otherwise"):
        event_effects(values, events.rename(index=str.lower), tissue=tissue, drugs=drugs)
    assert "fewer than 5 lines" in patient.measured_words("RARE_mut", effects, drugs)
    assert "no line" in patient.measured_words("NONE_mut", effects, drugs)


IDS = {"Alpelisib": "A", "Lapatinib": "L", "Fulvestrant": "F", "Palbociclib": "P", "Olaparib": "O", "Osimertinib": "S"}


def told(*words):
    return read(list(words), sample="P7")


def test_facts_fit_what_they_name_and_nothing_uncertain():
    def found(*words):
        return set(facts.facts_for(told(*words).variants, IDS)["drug"])

    assert "Alpelisib" in found("PIK3CA H1047R")
    assert not found("PIK3CA R19I")
    assert not found("PIK3CA T58= silent")
    assert "Lapatinib" in found("HER2 amplification")
    assert not found("ERBB2 gain")
    assert "Talazoparib" in found("BRCA1 germline pathogenic")
    assert "Talazoparib" not in found("BRCA1 R1443* somatic")
    assert "Ponatinib" in found("ABL1 T315I")
    assert "Palbociclib" in found("RB1 homozygous deletion")


def test_facts_that_contradict_are_both_shown():
    known = facts.facts_for(told("EGFR T790M").variants, IDS)
    assert set(known["effect"]) == {"sensitivity", "resistance"}
    score = facts.scores(known)
    assert score["S"] > 0
    own = facts.facts_for(told("PIK3CA H1047R", "PTEN homozygous deletion").variants, IDS)
    alpelisib = own[own["drug"] == "Alpelisib"]
    assert set(alpelisib["effect"]) == {"sensitivity", "resistance"}


def test_labels_are_hers_open_or_of_others():
    receptors = {"ER": "positive", "HER2": "negative"}
    read_ = told("PIK3CA H1047R", "ESR1 wild type", "MSS", "TMB 3")
    table = labelled.labelled(read_.variants, read_.events.loc["P7"], receptors).set_index("drug")

    def standing(drug):
        found = table.loc[drug, "standing"]
        return set(found) if isinstance(found, pd.Series) else {found}

    assert standing("Alpelisib") == {labelled.HERS}
    assert standing("Lapatinib") == {labelled.OTHERS}
    assert standing("Elacestrant") == {labelled.OTHERS}
    assert standing("Olaparib") == {labelled.OPEN}
    assert standing("Pembrolizumab") == {labelled.OTHERS}
    assert table.loc[["Olaparib"], "lacking"].str.contains("germline").all()
    assert labelled.state("TMB high", told("TMB 14").variants, pd.Series(dtype=float), {}) is True
    assert labelled.state("NTRK fusion", told("ETV6-NTRK3 fusion").variants, pd.Series(dtype=float), {}) is True
    assert labelled.state("BRAF V600E", told("BRAF V600K").variants, pd.Series(dtype=float), {}) is None


def test_a_patient_is_told_with_resistance_first_and_what_nobody_knows():
    read_ = told("ESR1 D538G", "PIK3CA H1047R", "PIK3CA R19I", "KMT2C R100*", "ERBB2 gain")
    values, events, tissue, drugs = world()
    effects = event_effects(values, events, tissue=tissue, drugs=drugs)
    found = patient.told_of("P7", read_.variants, read_.events.loc["P7"], pd.Series({"er_status": "positive"}),
                            effects=effects, drugs=drugs)  # fmt: skip
    said = found.sentences()
    assert said[0].startswith("Resistance: ESR1 D538G speaks against")
    assert any("uncertain significance" in one and "PIK3CA R19I" in one for one in said)
    assert any("Nobody knows" in one and "KMT2C" in one for one in said)
    assert found.facts["effect"].iloc[0] == "resistance"
    row = found.alterations.set_index("alteration").loc["PIK3CA H1047R"]
    assert "more sensitive to D0" in row["measured"]
    assert found.alterations["is"].iloc[-1] == "none"


@pytest.mark.parametrize(
    ("receptors", "expression", "said"),
    [
        ({}, {"HER2": "negative"}, "ERBB2 is told as amplified and expression reads HER2 negative"),
        ({"her2_status": "negative"}, {}, "ERBB2 is amplified and HER2 is told as negative"),
        ({"her2_status": "3+", "er_status": "pos"}, {"ER": "negative"}, "ER is told as positive and expression reads"),
        ({"her2_status": "positive"}, {"HER2": "positive", "ER": "unknown"}, ""),
        ({}, {}, ""),
    ],
)
def test_receptors_that_disagree_are_said(receptors, expression, said):
    *_, drugs = world()
    read_ = told("ERBB2 amplification")
    found = patient.told_of("P7", read_.variants, read_.events.loc["P7"], pd.Series(receptors, dtype=object),
                            effects=None, drugs=drugs, by_expression=expression)  # fmt: skip
    sentences = found.sentences("contradiction")
    assert len(sentences) == bool(said)
    assert all(said in one for one in sentences)


def test_measured_resistance_is_one_sentence_an_alteration_by_the_names_that_readers_know():
    values, events, tissue, drugs = world()
    for drug in ("D1", "D5", "D6", "D7"):
        values[drug] += 3.0 * events["PIK3CA_mut"]
    effects = event_effects(values, events, tissue=tissue, drugs=drugs)
    read_ = told("PIK3CA H1047R")
    named = drugs.assign(called=[f"official {name}" for name in drugs["name"]])
    found = patient.told_of("P7", read_.variants, read_.events.loc["P7"], pd.Series(dtype=object), effects=effects,
                            drugs=named)  # fmt: skip
    said = [one for one in found.sentences("resistance") if one.startswith("Measured")]
    assert len(said) == 1
    assert said[0].startswith("Measured resistance: lines with a mutation of PIK3CA (")
    assert said[0].count("official ") == 3
    assert " more." in said[0]


def test_events_by_subtype():
    events = pd.DataFrame({"TP53_mut": [1, 1, 0, 0, 1, 0, 0, 0, np.nan, 0, 0, 0]}, index=[f"T{i}" for i in range(12)])
    subtypes = pd.Series(["Basal"] * 6 + ["LumA"] * 6, index=events.index, dtype=object)
    table = event_frequencies(events, subtypes)
    assert table.loc[("TP53_mut", "Basal")].tolist() == [3, 6, 0.5]
    assert table.loc[("TP53_mut", "LumA"), "tested"] == 5
    with pytest.raises(InputError, match="no tumour"):
        event_frequencies(events, subtypes.rename(index=str.lower))
