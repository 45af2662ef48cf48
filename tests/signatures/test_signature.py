"""A signature on paper and on patients: scores by hand, missing genes, one patient alone, files."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.cohort import with_info
from omics_rx.core.errors import InputError, IntegrityError, MissingFileError, UnknownNameError
from omics_rx.harmonize import GeneReference
from omics_rx.signatures.sealed import digest
from omics_rx.signatures.signature import RiskSignature

GENES = ("BCL2", "MKI67", "ESR1", "CD8A")


@pytest.fixture
def signature():
    correlation = np.array([[1, 0.8, 0, 0], [0.8, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    return RiskSignature(
        name="test", genes=GENES, weights=dict(zip(GENES, [0.5, 0.5, -0.25, -0.25], strict=True)),
        correlation=correlation,
        reference=GeneReference(GENES, np.array([8.0, 7, 9, 5]), np.array([1.0, 2, 1, 0.5]), 100, "log2 intensity"),
        cutoffs={"high": 0.1}, endpoint="death", patterns={"BCL2": "apoptosis"},
        training={"cohorts": [{"name": "x", "n": 100, "events": 30}]},
    )  # fmt: skip


@pytest.fixture
def cohort():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        random.normal([8, 7, 9, 5], [1, 2, 1, 0.5], (60, 4)), columns=list(GENES), index=[f"p{i}" for i in range(60)]
    )
    return with_info(orx.core.cohort.as_cohort(frame), unit="log2 intensity", domain="tumour")


def test_the_frozen_score_by_hand(signature, cohort):
    found = signature.score(cohort, reference="frozen")
    x = cohort.to_df().astype(float)
    by_hand = 0.5 * (x.BCL2 - 8) + 0.25 * (x.MKI67 - 7) - 0.25 * (x.ESR1 - 9) - 0.5 * (x.CD8A - 5)
    np.testing.assert_allclose(found["risk_score"], by_hand, atol=1e-6)
    assert ((found["risk_score"] > 0.1) == (found["risk_group"] == "high")).all()
    assert (found["gene_coverage"] == 1).all()
    assert (found["reason"] == "").all()


def test_a_patient_alone_scores_as_in_a_cohort(signature, cohort):
    together = signature.score(cohort, reference="frozen")
    alone = signature.score(cohort[3], reference="frozen")
    pd.testing.assert_frame_equal(alone, together.iloc[[3]])
    own = GeneReference.learn(cohort.to_df().astype(float), origin="my laboratory")
    pd.testing.assert_frame_equal(
        signature.score(cohort[3], reference=own), signature.score(cohort, reference=own)[3:4]
    )
    assert signature.score(cohort[3], reference=own)["reference"].item() == "given (my laboratory)"


def test_the_cohort_score_says_so_and_makes_up_for_the_platform(signature, cohort):
    plain = signature.score(cohort)
    shifted = cohort.copy()
    shifted.X = shifted.X * 1.5 + 8
    np.testing.assert_allclose(signature.score(shifted)["risk_score"], plain["risk_score"], atol=1e-4)
    assert set(plain["reference"]) == {"cohort"}
    with pytest.raises(InputError, match="5 samples are too few"):
        signature.score(cohort[:5])


def test_the_frozen_scale_is_refused_to_another_unit(signature, cohort):
    with pytest.raises(InputError, match="log2 ratio, and of frozen references"):
        signature.score(with_info(cohort, unit="log2 ratio"), reference="frozen")
    with pytest.raises(UnknownNameError, match="frozen"):
        signature.score(cohort, reference="frosen")


def test_a_missing_gene_takes_what_its_fellows_say(signature, cohort):
    partial = cohort.copy()
    partial.X[0, 1] = np.nan
    found = signature.score(partial, reference="frozen")
    assert found["gene_coverage"].iloc[0] == pytest.approx(1 - 0.5 / 1.5)
    z = (partial.to_df().iloc[0].astype(float) - [8, 7, 9, 5]) / [1, 2, 1, 0.5]
    filled = 0.95 * 0.8 * z.BCL2  # expected MKI67 given BCL2 and nothing else, correlations shrunken by 0.05
    by_hand = 0.5 * z.BCL2 + 0.5 * filled - 0.25 * z.ESR1 - 0.25 * z.CD8A
    assert found["risk_score"].iloc[0] == pytest.approx(by_hand, abs=1e-6)
    assert 0.8 < found["fidelity"].iloc[0] < 1
    np.testing.assert_allclose(found["fidelity"].iloc[1:], 1)


def test_the_expected_fidelity_is_the_one_found():
    random = np.random.default_rng(1)
    mixing = random.normal(size=(6, 6))
    values = random.normal(size=(20_000, 6)) @ mixing
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    genes = ("BCL2", "MKI67", "ESR1", "CD8A", "TP53", "EGFR")
    made = RiskSignature(
        "m", genes, dict(zip(genes, random.normal(size=6), strict=True)), np.corrcoef(values, rowvar=False), None,
        {"high": 0.0}, min_coverage=0.1,
    )  # fmt: skip
    frame = pd.DataFrame(values, columns=list(genes))
    full, part = made.score(frame)["risk_score"], made.score(frame[list(genes[:4])])
    assert np.corrcoef(full, part["risk_score"])[0, 1] == pytest.approx(part["fidelity"].iloc[0], abs=0.03)


def test_below_the_coverage_a_row_is_empty_and_says_why(signature, cohort):
    partial = cohort.copy()
    partial.X[0, :2] = np.nan
    found = signature.score(partial, reference="frozen")
    assert np.isnan(found["risk_score"].iloc[0])
    assert pd.isna(found["risk_group"].iloc[0])
    assert found["reason"].iloc[0] == "33% of the weight present, 50% needed"
    assert found["risk_score"].iloc[1:].notna().all()
    assert signature.score(partial, reference="frozen", min_coverage=0.3)["risk_score"].notna().all()
    with pytest.raises(InputError, match="none of 60 samples can be scored by test: at best 33%"):
        signature.score(cohort[:, ["ESR1", "CD8A"]])
    with pytest.raises(InputError, match="none of the 4 genes"):
        signature.score(pd.DataFrame(np.ones((3, 2)), columns=["ACTB", "GAPDH"]))


def test_a_gene_that_does_not_vary_in_a_cohort_is_missing_not_zero(signature, cohort):
    flat = cohort.copy()
    flat.X[:, 2] = 4.0
    assert signature.score(flat)["gene_coverage"].iloc[0] == pytest.approx(1 - 0.25 / 1.5)


def test_other_names_of_the_genes_are_understood(signature, cohort):
    named = cohort.copy()
    named.var_names = ["ENSG00000171791.14", "MKI67", "ENSG00000091831", "CD8A"]
    np.testing.assert_allclose(signature.score(named)["risk_score"], signature.score(cohort)["risk_score"], atol=1e-6)


def test_scoring_changes_nothing_it_was_given(signature, cohort):
    before = cohort.copy()
    signature.score(cohort)
    pd.testing.assert_frame_equal(cohort.to_df(), before.to_df())
    assert list(cohort.obs.columns) == list(before.obs.columns)


def test_a_saved_signature_is_the_same(signature, cohort, tmp_path):
    file = signature.save(tmp_path / "s.json")
    again = orx.signatures.load(file)
    pd.testing.assert_frame_equal(again.score(cohort), signature.score(cohort), check_exact=True)
    pd.testing.assert_frame_equal(
        again.score(cohort, reference="frozen"), signature.score(cohort, reference="frozen"), check_exact=True
    )
    assert again.save(tmp_path / "t.json").read_text() == file.read_text()
    content = json.loads(file.read_text())
    assert content["genes"][0] == {"gene": "BCL2", "weight": 0.5, "mean": 8.0, "sd": 1.0, "pattern": "apoptosis"}
    assert content["schema"] == 3


def _changed(file, change, *, rehash=False):
    content = json.loads(file.read_text())
    change(content)
    if rehash:
        content["sha256"] = digest(content)
    file.write_text(json.dumps(content))


def test_published_formulas_keep_their_weights(gse1992):
    recurrence = orx.signatures.load("recurrence_score")
    spread = orx.harmonize.genes(gse1992).to_df()[list(recurrence.genes)].std()
    raw = pd.Series(recurrence.weights) / spread
    assert raw["BAG1"] / raw["CD68"] == pytest.approx(-0.07 / 0.05, rel=1e-5)
    assert raw["GRB7"] / raw["ERBB2"] == pytest.approx(9, rel=1e-5)
    assert raw["ESR1"] / raw["PGR"] == pytest.approx(0.8 / 1.2, rel=1e-5)
    assert raw["MKI67"] / raw["GRB7"] == pytest.approx(1.04 / 4 / (0.47 * 0.9), rel=1e-5)  # four of five are measured
    inflamed = orx.signatures.load("tumour_inflammation").score(gse1992)["risk_score"]
    assert inflamed.corr(gse1992.to_df()["CXCL9"]) < -0.7


@pytest.mark.parametrize(
    ("change", "rehash", "says"),
    [
        (lambda c: c["genes"][0].update(weight=0.51), False, "another hash"),
        (lambda c: c["cutoffs"].update(high=0.2), False, "another hash"),
        (lambda c: c.update(note="mine"), False, "another hash"),
        (lambda c: c.pop("sha256"), False, "another hash"),
        (lambda c: c.update(schema=4), True, "schema 4, this version reads up to 3"),
        (lambda c: c.update(schema="1"), True, "not a whole number"),
        (lambda c: c.update(format="else"), True, "no signature"),
        (lambda c: c.pop("cutoffs"), True, "not whole"),
        (lambda c: c["genes"].pop(), True, "not whole"),
    ],
)
def test_a_file_changed_by_hand_is_refused(signature, tmp_path, change, rehash, says):
    file = signature.save(tmp_path / "s.json")
    _changed(file, change, rehash=rehash)
    with pytest.raises(IntegrityError, match=says):
        orx.signatures.load(file)


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"\xff\xfe", b'{"format": "omics_rx risk signature", "schema": 1, "x": NaN}']
)
def test_what_is_no_signature_is_refused(tmp_path, text):
    file = tmp_path / "s.json"
    file.write_bytes(text)
    with pytest.raises(IntegrityError, match=r"s\.json"):
        orx.signatures.load(file)


def test_layout_and_field_order_are_not_content(signature, tmp_path):
    file = signature.save(tmp_path / "s.json")
    content = json.loads(file.read_text())
    file.write_text(json.dumps(dict(reversed(content.items()))))
    assert orx.signatures.load(file).weights == signature.weights


def test_names_and_paths_that_are_not_there(tmp_path):
    with pytest.raises(MissingFileError, match=r"none\.json"):
        orx.signatures.load(tmp_path / "none.json")
    with pytest.raises(UnknownNameError, match="cell_death"):
        orx.signatures.load("cell_deth")


def test_the_shipped_signatures_open_and_are_what_their_sources_say():
    import hashlib

    from omics_rx.core import resources

    listed = orx.signatures.list()
    made = {"cell_death", "immune", "prognosis", "proliferation", "recurrence_score", "tumour_inflammation"}
    assert made <= set(listed.index)
    for name in listed.index:
        signature = orx.signatures.load(name)
        assert signature.name == name
        assert signature.licence
        known = hashlib.sha256(resources.path(f"signatures/{name}.json").read_bytes()).hexdigest()
        assert resources.sources()[f"signatures/{name}.json"]["sha256"] == known
        symbols = orx.harmonize.current_symbols(list(signature.genes))
        assert (symbols["symbol"] == symbols.index).all()
        assert "Computed with" in orx.cite(signature).methods


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"genes": ()}, "needs genes"),
        ({"weights": dict.fromkeys(GENES, np.nan)}, "no finite weight"),
        ({"weights": dict.fromkeys(GENES, 0.0)}, "every weight"),
        ({"correlation": np.eye(3)}, "symmetric 4 x 4"),
        ({"min_coverage": 0.0}, "min_coverage"),
        ({"cutoffs": {}}, "cutoffs"),
    ],
)
def test_a_signature_that_makes_no_sense_cannot_be_made(signature, change, says):
    from dataclasses import replace

    with pytest.raises(InputError, match=says):
        replace(signature, **change)


def test_known_weights_become_a_signature(cohort):
    made = orx.signatures.from_weights("mean", {"MKI67": 1.0, "BCL2": -1.0}, {"x": cohort})
    scored = made.score(cohort)
    assert scored["risk_score"].std(ddof=1) == pytest.approx(1, abs=1e-6)
    assert (scored["risk_group"] == "high").sum() == 30
    assert made.weights["MKI67"] == pytest.approx(-made.weights["BCL2"])
    with pytest.raises(InputError, match="lacks 1 of 2 genes"):
        orx.signatures.from_weights("mean", {"MKI67": 1.0, "TP53": 1.0}, {"x": cohort})


GATE = {"offset": 0.1, "threshold": 0.0, "slope": 2.0}


def _gated(content, **gate):
    content["er_gate"] = GATE | gate
    for at, row in enumerate(content["genes"]):
        row.update({"weight_er_negative": 0.1} | ({"er_level": 1.0} if not at else {}))


def test_a_gate_and_filling_in_are_read_back(signature, tmp_path):
    file = signature.save(tmp_path / "s.json")
    _changed(file, _gated, rehash=True)
    found = orx.signatures.load(file)
    assert (found.gate.slope, found.gate.weights["BCL2"], found.gate.level) == (2.0, 0.1, {"BCL2": 1.0})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda c: c.update(imputes="yes"), "imputes"),
        (lambda c: c.update(imputes=1), "imputes"),
        (lambda c: c.update(imputes=None), "imputes"),
        (lambda c: c.pop("imputes"), "imputes"),
        (lambda c: c.update(er_gate={}), "er_gate"),
        (lambda c: c.update(er_gate="closed"), "er_gate"),
        (lambda c: c.update(er_gate=[GATE]), "er_gate"),
        (lambda c: c.pop("er_gate"), "er_gate"),
        (lambda c: c.update(er_gate=GATE), "weight_er_negative"),
        (lambda c: _gated(c, slope=0.0), "er_gate"),
        (lambda c: _gated(c, slope=-1), "er_gate"),
        (lambda c: _gated(c, offset="0"), "er_gate"),
        (lambda c: _gated(c, threshold=1e300), "er_gate"),
        (lambda c: (_gated(c), c["genes"][1].pop("weight_er_negative")), "weight_er_negative"),
        (lambda c: (_gated(c), c["genes"][1].update(weight_er_negative="0.1")), "weight_er_negative"),
        (lambda c: (_gated(c), c["genes"][1].update(weight_er_negative=True)), "weight_er_negative"),
        (lambda c: (_gated(c), c["genes"][0].update(er_level=None)), "er_level"),
        (lambda c: (_gated(c), c["genes"][0].pop("er_level")), "er_level"),
        (lambda c: c["genes"][0].update(weight_er_negative=0.1), "weight_er_negative"),
        (lambda c: c["genes"][0].update(er_level=0.1), "er_level"),
        (lambda c: c["correlation"][0].__setitem__(0, 2.0), "correlation"),
        (lambda c: c["correlation"][0].__setitem__(1, 0.9), "correlation"),
    ],
)
def test_a_forged_gate_is_refused_when_loaded(signature, tmp_path, change, field):
    file = signature.save(tmp_path / "s.json")
    _changed(file, change, rehash=True)
    with pytest.raises(IntegrityError, match=rf"not whole .*{field}"):
        orx.signatures.load(file)


@pytest.mark.filterwarnings("ignore")  # of pandas and numpy, on the way to the refusal
def test_poor_arguments_of_methods_are_refused_in_words(raw_errors, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert raw_errors(orx.signatures.load("prognosis")) == []
