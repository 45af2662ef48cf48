"""One scale from build to score: the unit travels, and what lies off a frozen reference is told."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

import omics_rx as orx
from omics_rx.core.cohort import with_info
from omics_rx.core.errors import InputError
from omics_rx.signatures.drift import Drift

GENES = ["MKI67", "AURKA", "CCNB1", "ESR1", "BCL2", "PGR"]
WEIGHTS = dict(zip(GENES, [1.0, 1.0, 0.5, -1.0, -0.5, -0.2], strict=True))
UNITS = {
    "TPM": lambda tpm: tpm, "log2(TPM + 1)": lambda tpm: np.log2(tpm + 1), "ln(TPM + 1)": np.log1p,
    "log10(TPM + 1)": lambda tpm: np.log10(tpm + 1),
}  # fmt: skip


def amounts(seed, n=60):
    """TPM of six genes that share two factors, samples x genes, and follow-up."""
    random = np.random.default_rng(seed)
    grows, hormone = random.normal(size=(2, n))
    logs = np.column_stack([5 + grows, 6 + grows, 5 + 0.8 * grows, 7 + hormone, 6 + hormone, 4 + hormone])
    tpm = 2.0 ** (logs + 0.4 * random.normal(size=logs.shape))
    time = random.exponential(60 * np.exp(-0.7 * (grows - hormone))) + 0.1
    end = random.uniform(10, 90, n)
    obs = pd.DataFrame({"time": np.minimum(time, end), "event": time <= end, "endpoint": "death"})
    return tpm, obs.set_axis([f"s{seed}-{at}" for at in range(n)], axis=0)


def cohort(seed, unit, n=60):
    tpm, obs = amounts(seed, n)
    made = AnnData(UNITS[unit](tpm), obs=obs, var=pd.DataFrame(index=GENES))
    return with_info(made, unit=unit, domain="tumour", origin="made")


@pytest.mark.parametrize("learnt", UNITS)
@pytest.mark.parametrize("reference", ["cohort", "frozen"])
def test_a_formula_scores_alike_whatever_unit_it_was_scaled_and_is_applied_in(learnt, reference, tmp_path):
    made = orx.signatures.from_weights("formula", WEIGHTS, {"a": cohort(1, learnt)})
    made = orx.signatures.load(made.save(tmp_path / "formula.json"))
    right = orx.signatures.from_weights("formula", WEIGHTS, {"a": cohort(1, "log2(TPM + 1)")}).score(
        cohort(2, "log2(TPM + 1)"), reference=reference
    )
    for unit in UNITS:
        found = made.score(cohort(2, unit), reference=reference)
        np.testing.assert_allclose(found["risk_score"], right["risk_score"], atol=1e-5)
        assert (found["risk_group"] == right["risk_group"]).all()
    assert made.reference.unit == "log2(TPM + 1)"


def test_a_study_learns_the_same_from_linear_values_and_logarithms(tmp_path, monkeypatch):
    from omics_rx.signatures import ledger

    monkeypatch.setattr(ledger, "place", lambda: tmp_path / "openings.jsonl")
    studies = [
        orx.signatures.build(
            {"grows": GENES[:3], "hormone": GENES[3:]}, {"a": cohort(1, unit, 150)}, n_genes=4, n_permutations=0,
            without_signal="tell", progress=False,
        )
        for unit in ("TPM", "log2(TPM + 1)")
    ]  # fmt: skip
    one, two = (study.signature for study in studies)
    assert one.genes == two.genes
    np.testing.assert_allclose(one.vector, two.vector, atol=1e-4)
    assert one.reference.unit == two.reference.unit == "log2(TPM + 1)"
    scored = [
        signature.score(cohort(2, unit), reference=reference)["risk_group"]
        for signature in (one, two) for unit in ("TPM", "log2(TPM + 1)") for reference in ("cohort", "frozen")
    ]  # fmt: skip
    for found in scored[2::2]:
        assert (found == scored[0]).all()
    for found in scored[3::2]:
        assert (found == scored[1]).all()


@pytest.fixture
def formula():
    return orx.signatures.from_weights("formula", WEIGHTS, {"a": cohort(1, "log2(TPM + 1)", 200)})


@pytest.mark.parametrize(
    ("change", "drifts"),
    [
        (lambda x: x, False),
        (lambda x: x + 0.5, False),
        (lambda x: x + 3, True),
        (lambda x: x - 3, True),
        (lambda x: x * 2.5 - 8, True),
        (lambda x: (x - x.mean(axis=0)) * 0.2 + x.mean(axis=0), True),  # hardly any spread
        (lambda x: x + np.array([3, -3, 3, -3, 3, -3]), True),  # no common shift
    ],
)
def test_a_cohort_that_lies_elsewhere_is_measured_and_told(formula, change, drifts, caplog):
    other = cohort(3, "log2(TPM + 1)", 100)
    other.X = np.maximum(change(np.asarray(other.X)), 0)
    with caplog.at_level(logging.WARNING, logger="omics_rx"):
        found = formula.score(other, reference="frozen")
    told = found.attrs["drift"]
    assert ("sentence" in told) is drifts
    assert ("far from the reference" in caplog.text) is drifts
    assert found["reference"].str.contains("drift").all() == drifts
    z = (np.asarray(other.X)[:, [GENES.index(gene) for gene in formula.genes]] - formula.reference.mean) / (
        formula.reference.sd
    )
    assert told["shift"] == pytest.approx(np.median(z.mean(axis=0)), abs=1e-4)
    assert told["off"] == pytest.approx(np.median(np.abs(z.mean(axis=0))), abs=1e-4)
    assert told["spread"] == pytest.approx(np.median(z.std(axis=0, ddof=1)), abs=1e-4)


def test_one_patient_is_judged_as_one(formula):
    whole = cohort(3, "log2(TPM + 1)", 100)
    told = ["sentence" in formula.score(whole[[at]], reference="frozen").attrs["drift"] for at in range(100)]
    assert sum(told) <= 2  # one sd and two more by chance
    far = whole[[0]].copy()
    far.X = np.asarray(far.X) + 5
    found = formula.score(far, reference="frozen")
    assert found.attrs["drift"]["sentence"].startswith("the sample lies far")
    assert orx.check(far) is not None


def test_a_given_reference_is_judged_as_a_frozen_one_and_a_cohort_by_itself_is_not(formula):
    other = cohort(3, "log2(TPM + 1)", 100)
    other.X = np.asarray(other.X) + 3
    assert "sentence" in formula.score(other, reference=formula.reference).attrs["drift"]
    by_itself = formula.score(other, reference="cohort")
    assert "sentence" not in by_itself.attrs["drift"]
    assert "may not be used" in by_itself.attrs["drift"]["verdict"]
    assert (by_itself["reference"] == "cohort").all()


def test_drift_by_hand():
    z = pd.DataFrame({"a": [1.0, 3.0], "b": [0.0, -2.0], "c": [4.0, np.nan], "d": np.nan})
    found = Drift.of(z)
    assert (found.shift, found.off, found.n) == (2.0, 2.0, 2)
    assert np.isnan(found.spread)
    assert not found.tells  # 2 is less than 1 + 2 / sqrt(2)
    assert Drift.of(z + 1).tells
    assert Drift.of(z.iloc[:0]) is None


@pytest.mark.parametrize(
    "names",
    [
        ["MKI67", "STK15", "ENSG00000134057.15", "ESR1", " BCL2 ", "pgr"],
        ["ENSG00000148773", "ENSG00000087586.1", "ENSG00000134057", "ENSG00000091831", "ENSG00000171791",
         "ENSG00000082175"],
        ["4288", "6790", "891", "2099", "596", "5241"],
        [4288, 6790.0, 891, 2099, 596, 5241],
    ],
)  # fmt: skip
def test_weights_are_found_by_the_names_that_cohorts_and_lists_are_found_by(names):
    given = {"a": cohort(1, "log2(TPM + 1)")}
    plain = orx.signatures.from_weights("formula", WEIGHTS, given)
    named = dict(zip(names, WEIGHTS.values(), strict=True))
    assert orx.signatures.from_weights("formula", named, given).weights == plain.weights


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ({"AURKA": 1.0, "STK15": 2.0}, "AURKA and STK15 are one gene, AURKA"),
        ({"AURKA": np.nan}, "1 weights are no finite numbers .AURKA"),
        ({"AURKA": "1"}, "no finite numbers"),
        ({"AURKA": True}, "no finite numbers"),
        ({}, "needs weights"),
        (["AURKA"], "needs weights"),
        ({"Aurka": 1.0, "Ccnb1": 1.0}, "of another species"),
        ({"NOTAGENE": 1.0}, "lacks 1 of 1 genes .NOTAGENE"),
    ],
)
def test_weights_that_are_none_are_refused(weights, says):
    with pytest.raises(InputError, match=says):
        orx.signatures.from_weights("formula", weights, {"a": cohort(1, "log2(TPM + 1)")})
