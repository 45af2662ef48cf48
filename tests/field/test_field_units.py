"""Units as people bring them: told by the values, converted and stated, or asked."""

import anndata
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse
from scipy.special import ndtri

import omics_rx as orx
from omics_rx.core import resources
from omics_rx.core.cohort import info, with_info
from omics_rx.core.errors import InputError
from omics_rx.core.unit_values import detect_unit
from omics_rx.harmonize import units
from omics_rx.harmonize.needs import Needs, prepare

N, P = 30, 2400
MILLION = 1e6


@pytest.fixture(scope="module")
def counts():
    """Reads of N tumours over P real genes, libraries from one to four million."""
    rng = np.random.default_rng(4)
    genes = resources.table("genes.tsv.gz")
    coding = genes.loc[genes["type"].eq("protein-coding"), "symbol"].tolist()
    wanted = [*orx.scores.centroids().index, *(g for s in orx.scores.immune_sets().values() for g in s)]
    names = list(dict.fromkeys([*wanted, *coding]))[:P]
    level = rng.lognormal(0, 1.6, P)
    share = level * rng.lognormal(0, 0.6, (N, P))
    share /= share.sum(axis=1, keepdims=True)
    reads = rng.poisson(share * np.linspace(1e6, 4e6, N)[:, None])
    return pd.DataFrame(reads.astype(float), index=[f"T{i}" for i in range(N)], columns=names)


def cpm(counts):
    return counts.div(counts.sum(axis=1), axis=0) * MILLION


def told(frame, unit):
    return with_info(AnnData(frame), unit=unit)


WAYS = {
    "counts": lambda c: c,
    "counts of 32 bits": lambda c: c.astype(np.float32),
    "whole numbers": lambda c: c.astype(np.int32),
    "sparse counts": lambda c: AnnData(sparse.csr_matrix(c.to_numpy()), c.index.to_frame(), c.columns.to_frame()),
    "CPM": cpm,
    "CP10k": lambda c: cpm(c) / 100,
    "to the median depth": lambda c: cpm(c) / MILLION * c.sum(axis=1).median(),
    "log2(CPM + 1)": lambda c: np.log2(cpm(c) + 1),
    "log2(CPM + 1), 32 bits": lambda c: np.log2(cpm(c) + 1).astype(np.float32),
    "ln(CPM + 1)": lambda c: np.log1p(cpm(c)),
    "log10(CPM + 1)": lambda c: np.log10(cpm(c) + 1),
    "ln(CP10k + 1)": lambda c: np.log1p(cpm(c) / 100),
    "log2(CP10k + 1)": lambda c: np.log2(cpm(c) / 100 + 1),
    "log2(counts + 1)": lambda c: np.log2(c + 1),
    "ln(counts + 1)": np.log1p,
    "told counts": lambda c: told(c, "counts"),
    "told ln": lambda c: told(np.log1p(cpm(c)), "ln(CPM + 1)"),
    "told log10": lambda c: told(np.log10(cpm(c) + 1), "log10(CPM + 1)"),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_write_one_cohort_gets_one_answer(counts, way):
    given = WAYS[way](counts)
    plain = np.log2(cpm(counts) + 1)
    right = plain[[g for g in orx.scores.immune_sets()["T cells"] if g in plain]].mean(axis=1)
    table = orx.scores.immune(given)
    np.testing.assert_allclose(table["T cells"], right, atol=2e-3)
    assert "CPM" in table.attrs["prepared"]["unit"] or "TPM" in table.attrs["prepared"]["unit"]
    if way != "log2(CPM + 1)":
        assert table.attrs["prepared"]["statement"]


@pytest.mark.parametrize("way", ["counts", "ln(CPM + 1)", "log10(CPM + 1)", "ln(CP10k + 1)", "log2(counts + 1)"])
@pytest.mark.parametrize("method", ["mean", "zscore", "ulm", "ssgsea", "singscore"])
def test_every_method_brings_values_to_the_scale_it_declares(counts, way, method):
    sets = {"T cells": [g for g in orx.scores.immune_sets()["T cells"] if g in counts]}
    right = orx.scores.score(np.log2(cpm(counts) + 1), sets, method=method, progress=False)
    found = orx.scores.score(WAYS[way](counts), sets, method=method, progress=False)
    np.testing.assert_allclose(found, right, atol=2e-3)


@pytest.mark.parametrize("way", ["counts", "CPM", "ln(CPM + 1)", "log10(CPM + 1)", "log2(counts + 1)", "CP10k"])
def test_a_signature_does_not_follow_depth(counts, way):
    signature = orx.signatures.load("proliferation")
    right = signature.score(np.log2(cpm(counts) + 1))
    found = signature.score(WAYS[way](counts))
    np.testing.assert_allclose(found["risk_score"], right["risk_score"], atol=2e-3)
    deep = counts * np.where(np.arange(N) % 2, 4, 1)[:, None]
    np.testing.assert_allclose(signature.score(deep)["risk_score"], right["risk_score"], atol=2e-3)


def test_a_signature_is_built_of_logs_of_counts_per_million(counts):
    from omics_rx.signatures.assemble import prepare as members

    rng = np.random.default_rng(1)
    cohort = AnnData(counts)
    cohort.obs["time"], cohort.obs["event"] = rng.uniform(1, 60, N), rng.random(N) < 0.5
    member = members({"a": cohort}, role="training")["a"]
    np.testing.assert_allclose(member.frame[counts.columns], np.log2(cpm(counts) + 1), atol=1e-5)
    assert member.summary()["unit"] == "log2(CPM + 1)"


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        (lambda c: c.clip(upper=40), "counts"),
        (lambda c: c.where(c.index.to_series().ne("T3"), np.nan), "counts"),
        (lambda c: c.mask(np.random.default_rng(0).random(c.shape) < 0.2), "counts"),
        (lambda c: c + np.where(np.random.default_rng(0).random(c.shape) < 0.3, 0.37, 0), "counts"),
        (lambda c: c * np.random.default_rng(0).uniform(0.5, 1, c.shape) / (1 + np.arange(N)[:, None]) ** 2, "unknown"),
        (lambda c: cpm(c).iloc[:, :700] * 3, "linear expression"),
        (lambda c: np.log1p(c).iloc[:, :700], "ln(counts + 1)"),
        (lambda c: np.log1p(cpm(c) / 100).iloc[:, :700], "ln(normalised counts + 1)"),
        (lambda c: np.log10(cpm(c) / 100 + 1).iloc[:, :700].astype(np.float32), "log10(normalised counts + 1)"),
        (lambda c: np.log2(cpm(c) + 0.1), "log2 expression"),
        (lambda c: 0.5 * (np.log2(cpm(c) + 1) - np.log2(cpm(c) + 1).mean()), "log2 ratio"),
        (lambda c: c.iloc[:, :60] / c.iloc[:, :60].max().max(), "unknown"),
    ],
)
def test_units_of_siblings(counts, values, unit):
    assert detect_unit(values(counts).to_numpy()) == unit


@pytest.mark.parametrize(
    ("first", "second", "named"),
    [
        (lambda c: c, lambda c: np.log2(cpm(c) + 1), ("counts", "log2(TPM + 1)")),
        (lambda c: c, cpm, ("counts", "TPM")),
        (lambda c: np.log2(cpm(c) + 1), lambda c: np.log1p(cpm(c)), ("log2(TPM + 1)", "ln(TPM + 1)")),
        (cpm, lambda c: np.log2(cpm(c) + 1), ("TPM", "log2(TPM + 1)")),
        (lambda c: c, lambda c: np.log2(cpm(c) + 0.1), ("counts", "log2 expression")),
    ],
)
@pytest.mark.parametrize("joined", ["concat", "frame", "two samples"])
def test_two_units_in_one_cohort_are_refused_and_both_named(counts, first, second, named, joined):
    one, two = first(counts.iloc[:15]), second(counts.iloc[15:])
    if joined == "two samples":
        one, two = one.iloc[:1], two.iloc[:1]
    together = pd.concat([one, two]) if joined != "concat" else anndata.concat([AnnData(one), AnnData(two)])
    with pytest.raises(InputError) as error:
        orx.scores.immune(together)
    assert all(unit in str(error.value) for unit in named)
    fact = orx.check(together)
    assert "several units" in fact.facts["unit"]
    assert not fact.can_run.loc[fact.can_run["kind"].eq("signature"), "runs"].any()


@pytest.mark.parametrize("ask", ["immune", "signature", "mean", "predict scale", "subtype", "deconvolve"])
def test_what_is_unknown_is_asked_and_never_used_as_a_log(counts, ask):
    soup = counts * np.random.default_rng(0).uniform(0.5, 1, counts.shape) / (1 + np.arange(N)[:, None]) ** 2
    calls = {
        "immune": lambda: orx.scores.immune(soup),
        "signature": lambda: orx.signatures.load("proliferation").score(soup),
        "mean": lambda: orx.scores.score(soup, {"s": list(counts.columns[:9])}, method="mean"),
        "predict scale": lambda: orx.harmonize.to_training_scale(soup, list(counts.columns[:50]), domain="tumour"),
        "subtype": lambda: orx.scores.subtype(soup),
        "deconvolve": lambda: orx.scores.deconvolve(soup),
    }
    with pytest.raises(InputError, match="unit is known"):
        calls[ask]()


def test_check_and_the_run_agree_for_every_declared_need(counts):
    for given in (cpm(counts).iloc[:, :900], np.log2(cpm(counts) + 1).iloc[:10, 9:]):
        table = orx.check(given).can_run
        rows = table[table["kind"] == "score"].set_index("name")
        signed = table[table["kind"] == "signature"].set_index("name")
        for name, needs in orx.scores.declared().items():
            try:
                prepare(given, needs, quiet=True)
                ran = True
            except InputError:
                ran = False
            assert bool(rows.loc[name, "runs"]) == ran, name
        for name in orx.signatures.list().index:
            try:
                orx.signatures.load(name).score(given, reference="cohort" if len(given) >= 20 else "frozen")
                ran = True
            except InputError:
                ran = False
            assert bool(signed.loc[name, "runs"]) == ran, name


def test_a_linear_table_of_no_known_unit_is_logged_and_said(counts, caplog):
    """As cBioPortal's RSEM table: values from 0 to thousands, samples of one depth."""
    rsem = cpm(counts).iloc[:, :120] * np.random.default_rng(0).uniform(0.9, 1.1, N)[:, None]
    table = orx.scores.immune(rsem)
    genes = [g for g in orx.scores.immune_sets()["T cells"] if g in rsem]
    np.testing.assert_allclose(table["T cells"], np.log2(rsem[genes] + 1).mean(axis=1), atol=1e-5)
    assert "linear expression" in caplog.text
    assert "log2(linear expression + 1)" in table.attrs["prepared"]["statement"]


def test_a_sample_without_reads_has_no_answer_and_a_reason(counts):
    empty = counts.copy()
    empty.loc["T5"] = 0.0
    assert orx.scores.immune(empty).loc["T5"].isna().all()
    assert "T5" in orx.scores.immune(empty).attrs["prepared"]["unanswered"]
    scored = orx.signatures.load("proliferation").score(empty)
    assert np.isnan(scored.loc["T5", "risk_score"])
    assert pd.isna(scored.loc["T5", "risk_group"])
    assert "reads" in scored.loc["T5", "reason"]
    called = orx.scores.subtype(empty)
    assert pd.isna(called.loc["T5", "subtype"])
    assert "reads" in called.loc["T5", "reference"]
    others = orx.signatures.load("proliferation").score(counts.drop(index="T5"))["risk_score"]
    np.testing.assert_allclose(scored["risk_score"].drop("T5"), others, atol=1e-6)


@pytest.mark.parametrize("make", [lambda c: np.log2(cpm(c) + 1), cpm, lambda c: np.log1p(cpm(c))])
def test_both_precisions_of_a_file_get_the_same_calls(counts, make):
    wide, narrow = make(counts), make(counts).astype(np.float32)
    one, two = orx.scores.subtype(wide), orx.scores.subtype(narrow)
    pd.testing.assert_series_equal(one["subtype"], two["subtype"])
    pd.testing.assert_frame_equal(one[["er_status", "pr_status"]], two[["er_status", "pr_status"]])
    signature = orx.signatures.load("proliferation")
    pd.testing.assert_series_equal(signature.score(wide)["risk_group"], signature.score(narrow)["risk_group"])


@pytest.mark.parametrize(
    ("values", "unit", "message"),
    [
        (lambda c: c, "log2(TPM + 1)", "too large"),
        (lambda c: np.log2(cpm(c) + 1), "TPM", "taken already"),
        (lambda c: np.log1p(cpm(c)), "log2(TPM + 1)", "add up as ln"),
        (lambda c: np.log10(cpm(c) + 1), "ln(CPM + 1)", "add up as log10"),
        (cpm, "log2 intensity", "nothing above 50"),
        (lambda c: c - 5, "counts", "below zero"),
    ],
)
def test_a_unit_that_was_told_is_held_against_the_values(counts, values, unit, message):
    with pytest.raises(InputError, match=message):
        orx.scores.immune(told(values(counts), unit))


def test_one_sequenced_patient_is_scored_by_every_shipped_signature(counts, tmp_path):
    from typer.testing import CliRunner

    from omics_rx import cli

    patient = np.log2(cpm(counts).iloc[[0]] + 1)
    linear = cpm(counts).iloc[[0]]
    for name in ("proliferation", "tumour_inflammation"):
        signature = orx.signatures.load(name)
        alone = signature.score(patient, reference="frozen")
        assert np.isfinite(alone["risk_score"]).all()
        assert alone["reference"].iloc[0].startswith("frozen (400 tumours of SCAN-B)")
        np.testing.assert_allclose(signature.score(linear, reference="frozen")["risk_score"], alone["risk_score"])
        among = signature.score(np.log2(cpm(counts) + 1), reference="frozen")
        np.testing.assert_allclose(among["risk_score"].iloc[0], alone["risk_score"].iloc[0])
    file, out = tmp_path / "patient.csv", tmp_path / "scores.csv"
    patient.to_csv(file)
    told = ["score", str(file), "--signature", "proliferation", "--reference", "frozen", "--out", str(out)]
    result = CliRunner().invoke(cli.app, told)
    assert result.exit_code == 0, result.output
    assert np.isfinite(pd.read_csv(out)["risk_score"]).all()


def test_frozen_references_say_what_a_unit_of_another_kind_needs(counts):
    with pytest.raises(InputError, match="GeneReference learnt on its platform"):
        orx.signatures.load("proliferation").score(counts.iloc[[0]], reference="frozen")


@pytest.mark.parametrize("made", [np.uint8, np.int8, np.uint16, np.int32])
def test_small_whole_numbers_join_without_overflow(made):
    values = np.array([[100, 100, 3], [100, 50, 1]], dtype=made)
    joined = orx.harmonize.genes(AnnData(values, var=pd.DataFrame(index=["HER2", "NGL", "TP53"])))
    assert joined[:, "ERBB2"].X.ravel().tolist() == [200, 150]


def test_a_unit_is_asked_for_of_genes_and_not_of_other_features():
    features = pd.DataFrame(np.random.default_rng(0).random((8, 30)), columns=[f"texture_{i}" for i in range(30)])
    ready = prepare(features.rename(str, axis=0), Needs("anything", rename=False), quiet=True)
    assert ready.unit == "unknown"


def test_conversions_are_said_and_leave_what_is_relative(counts):
    for unit in units.RELATIVE:
        assert units.log_of(unit).to == unit
    done = prepare(told(counts, "counts"), Needs("logarithms"), quiet=True)
    assert info(done.data).unit == "log2(CPM + 1)"
    assert "converted" in done.statement


def test_a_unit_told_wrong_is_asked_though_columns_of_one_gene_are_joined(counts):
    """Joined by the unit that was told, the values no longer show that it cannot be theirs."""
    logs = np.log2(cpm(counts) + 1).drop(columns="IL3RA", errors="ignore")
    twice = logs.assign(**{"ENSG00000185291.12": logs.max(axis=1), "ENSG00000185291.12_PAR_Y": logs.max(axis=1)})
    cohort = told(twice, "TPM")
    with pytest.raises(InputError, match="logarithm seems to be taken already"):
        orx.scores.immune(cohort)


NAMES_OF_UNITS = {
    "rpkm": "FPKM", "RPM": "CPM", "FPKM-UQ": "FPKM", "raw counts": "counts", "Read_Counts": "counts",
    "normalized counts": "normalised counts", "z-score": "z", "Log2 Ratio": "log2 ratio", "RMA": "log2 intensity",
    "log2(rpkm+1)": "log2(FPKM + 1)", "log2(1 + TPM)": "log2(TPM + 1)", "log1p(CP10K)": "ln(CP10k + 1)",
    "LN(tpm + 1)": "ln(TPM + 1)", "log10(FPKM+1)": "log10(FPKM + 1)", "log2(TPM + .001)": "log2(TPM + 0.001)",
    "arcsinh(TPM)": "asinh(TPM)", "sqrt CPM": "sqrt(CPM)", "log10(tpm+1e-3)": "log10(TPM + 0.001)",
    "logcounts": "log2(normalised counts + 1)",
}  # fmt: skip


@pytest.mark.parametrize("written", NAMES_OF_UNITS)
def test_every_door_reads_the_names_of_units_alike(written, tmp_path):
    unit = NAMES_OF_UNITS[written]
    values = np.round(np.random.default_rng(0).gamma(2, 2, (4, 3)), 1) if unit != "counts" else np.full((4, 3), 7.0)
    table = pd.DataFrame(values, list("abcd"), ["TP53", "ESR1", "ERBB2"])
    table.T.to_csv(tmp_path / "t.tsv", sep="\t")
    table.set_axis(["hsa-miR-21-5p", "hsa-let-7a-5p", "hsa-miR-155-5p"], axis=1).T.to_csv(tmp_path / "m.tsv", sep="\t")
    doors = {
        "with_info": with_info(AnnData(table), unit=written),
        "read_bulk": orx.io.read_bulk(tmp_path / "t.tsv", unit=written),
        "read_cohort": orx.io.read_cohort(tmp_path / "t.tsv", unit=written),
        "read_mirna": orx.io.read_mirna(tmp_path / "m.tsv", unit=written),
        "read_features": orx.io.read_features(tmp_path / "t.tsv", unit=written),
        "convert": units.convert(AnnData(table), written, unit=written),
    }
    assert {door: info(cohort).unit for door, cohort in doors.items()} == dict.fromkeys(doors, unit)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("log(TPM+1)", "the base"),
        ("log2 TPM", "what was added"),
        ("furlongs", "unknown unit"),
        ("sqrt(TPM+1)", "what was added"),
    ],
)
def test_a_unit_that_says_too_little_is_asked(written, says):
    with pytest.raises(InputError, match=says):
        with_info(AnnData(np.ones((2, 2))), unit=written)


BENT = {
    "sqrt(counts)": np.sqrt, "asinh(counts)": np.arcsinh, "log2(counts + 0.5)": lambda x: np.log2(x + 0.5),
    "ln(counts + 0.1)": lambda x: np.log(x + 0.1), "log2(counts + 10)": lambda x: np.log2(x + 10),
}  # fmt: skip
BENT_TPM = {
    "sqrt(TPM)": np.sqrt, "asinh(TPM)": np.arcsinh, "log2(TPM + 0.001)": lambda x: np.log2(x + 0.001),
    "log10(TPM + 0.01)": lambda x: np.log10(x + 0.01), "log2(TPM + 10)": lambda x: np.log2(x + 10),
    "ln(TPM + 0.5)": lambda x: np.log(x + 0.5),
}  # fmt: skip


@pytest.fixture(scope="module")
def shallow(counts):
    """The same reads, one gene in six silent in each tumour."""
    return counts.where(np.random.default_rng(0).random(counts.shape) > 1 / 6, 0.0)


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("unit", [*BENT, *BENT_TPM])
def test_roots_sines_and_other_pseudo_counts_are_told_and_taken_back(unit, single, shallow):
    counts = shallow
    amounts = counts if unit in BENT else cpm(counts)
    bent = ({**BENT, **BENT_TPM}[unit])(amounts)
    bent = bent.astype(np.float32) if single else bent.round(4)
    assert detect_unit(bent.to_numpy()) == unit
    ready = prepare(AnnData(bent.astype(np.float64)), Needs("a score"))
    assert f"look like {unit}" in ready.statement
    assert "converted to log2" in ready.statement
    np.testing.assert_allclose(ready.values(), np.log2(cpm(counts) + 1)[ready.source.var_names], atol=0.02)
    sets = {"a": list(counts.columns[:30]), "b": list(counts.columns[60:90])}
    right = orx.scores.score(amounts, sets, method="mean", progress=False)
    np.testing.assert_allclose(orx.scores.score(bent, sets, method="mean", progress=False), right, atol=0.01)


def test_bent_amounts_are_told_alone_and_sparse_too(shallow):
    counts = shallow
    for unit, bend in {**BENT, **BENT_TPM}.items():
        amounts = counts if unit in BENT else cpm(counts)
        assert detect_unit(bend(amounts.iloc[[3]]).to_numpy()) == unit
    table = sparse.csr_matrix(np.sqrt(counts.to_numpy()))
    change = units.log_of("sqrt(counts)")
    np.testing.assert_allclose(change(table).toarray(), change(table.toarray()), atol=1e-9)
    added = units.log_of("log2(TPM + 0.5)")
    shown = np.log2(cpm(counts).to_numpy() + 0.5)
    np.testing.assert_allclose(added(sparse.csr_matrix(shown)), np.log2(cpm(counts) + 1), atol=1e-9)


@pytest.mark.parametrize(
    "bend",
    [
        lambda fpkm: np.sqrt(fpkm * 3),
        lambda fpkm: 2 * np.sqrt(fpkm * 3 + 3 / 8),
        lambda fpkm: np.cbrt(fpkm * 9e3),
        lambda fpkm: ndtri((fpkm.rank(axis=1) - 0.5) / fpkm.shape[1]),
        lambda fpkm: ndtri((fpkm.rank(axis=1) - 3 / 8) / (fpkm.shape[1] + 1 / 4)),
    ],
    ids=["sqrt", "Anscombe", "cube root", "normal scores", "Blom's scores"],
)
def test_what_no_unit_can_be_told_of_is_asked_and_ranks_are_taken(bend, counts):
    fpkm = cpm(counts) * np.linspace(0.3, 0.7, N)[:, None]
    bent = bend(fpkm)
    with pytest.raises(InputError, match="fit none that is known"):
        orx.scores.score(bent, {"a": list(counts.columns[:30])}, method="mean", progress=False)
    with pytest.raises(InputError, match="fit none that is known"):
        orx.scores.subtype(bent)
    ranked = [orx.scores.score(x, {"a": list(counts.columns[:30])}, method="singscore", progress=False)
              for x in (bent, fpkm)]  # fmt: skip
    np.testing.assert_allclose(ranked[0], ranked[1], atol=1e-9)


def test_scaled_genes_and_ratios_are_no_normal_scores_of_samples(counts):
    logs = np.log2(cpm(counts) + 1)
    z = (logs - logs.mean()) / logs.std(ddof=0).replace(0, 1)
    assert detect_unit(z.to_numpy()) == "z"
    assert detect_unit((logs - logs.median()).to_numpy() / 2) == "log2 ratio"
    heavy = np.random.default_rng(0).standard_t(4, (30, 2000))
    assert detect_unit(heavy) == "log2 ratio"


def test_the_levels_of_l1000_are_told(counts):
    rng = np.random.default_rng(1)
    base = np.sort(rng.normal(8, 2, 978).clip(0, 15))
    level3 = np.array([base[rng.permutation(978)] for _ in range(40)])  # of quantile-normalised plates
    assert detect_unit(level3) == "log2 intensity"
    level5 = rng.standard_t(6, (40, 978)) * rng.uniform(0.6, 2.5, (40, 1))
    assert detect_unit(level5) in ("z", "log2 ratio")
    table = pd.DataFrame(level3, [f"S{i}" for i in range(40)], counts.columns[:978])
    said = orx.check(with_info(AnnData(table), domain="tumour"))
    assert said.facts["unit"] == "log2 intensity (detected)"
