"""Subtypes of cohorts as people bring them: of one kind, without ESR1, with receptors on record, with normal tissue."""

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

import omics_rx as orx
from omics_rx.core.cohort import with_info
from omics_rx.core.errors import InputError
from omics_rx.harmonize.normal_tissue import asked_genes, looks_normal, normal_tissue, recorded_normal
from omics_rx.harmonize.organs import BREAST, EPITHELIUM, PROGRAMMES, organ_in
from omics_rx.repurposing.whom import tumours_of
from omics_rx.scores.centring import frozen_medians
from omics_rx.scores.records import recorded_receptor
from omics_rx.signatures.scale import gene_lengths

KINDS = ("LumA", "LumB", "Her2", "Basal")


def tumours(numbers, seed=0):
    """Sequenced tumours around the frozen medians and the centroid of each kind, log2(FPKM + 1)-like."""
    rng = np.random.default_rng(seed)
    medians, centroids = frozen_medians(), orx.scores.centroids()
    genes = [gene for gene in centroids.index if gene in medians.index]
    rows, kinds = [], []
    for kind, n in numbers.items():
        level = medians[genes].to_numpy() + centroids.loc[genes, kind].to_numpy()
        rows.append(np.maximum(level + rng.normal(0, 0.7, (n, len(genes))), 0))
        kinds += [kind] * n
    frame = pd.DataFrame(np.vstack(rows), columns=genes, index=[f"P{i}" for i in range(len(kinds))])
    return frame, pd.Series(kinds, index=frame.index)


def right(calls, kinds):
    return float((calls["subtype"] == kinds).mean())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [25, 120])
def test_a_cohort_of_one_kind_is_called_by_frozen_medians(kind, n, caplog):
    frame, kinds = tumours({kind: n})
    calls = orx.scores.subtype(frame)
    assert right(calls, kinds) > 0.9
    assert calls["reference"].str.contains("one kind").all()
    assert "one kind" in caplog.text
    pd.testing.assert_series_equal(calls["subtype"], orx.scores.subtype(frame, reference="frozen")["subtype"])


@pytest.mark.parametrize("numbers", [{"LumA": 60, "LumB": 40}, {"Basal": 50, "Her2": 4}, {"LumA": 150, "Basal": 3}])
def test_so_are_cohorts_of_one_receptor_status(numbers):
    frame, kinds = tumours(numbers)
    calls = orx.scores.subtype(frame)
    assert right(calls, kinds) > 0.85
    assert calls["reference"].str.startswith("frozen").all()


def test_a_mixed_cohort_is_centred_on_itself():
    frame, kinds = tumours({"LumA": 60, "LumB": 40, "Her2": 30, "Basal": 40})
    calls = orx.scores.subtype(frame)
    assert calls["reference"].str.startswith("cohort").all()
    assert right(calls, kinds) > 0.9


def test_one_kind_whose_levels_are_lost_is_refused_where_records_tell_it():
    frame, _ = tumours({"LumA": 60})
    cohort = AnnData(frame - frame.mean())
    cohort.obs["ER.status"] = "Positive"
    with pytest.raises(InputError, match="one kind: 100% ER-positive by record"):
        orx.scores.subtype(cohort)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("er_status", ("positive", "negative")), ("ER.status", ("Positive", "Negative")), ("ER", ("ER+", "ER-")),
        ("er_positive", (1, 0)), ("er_positive", (True, False)), ("er_status_by_ihc", ("Positive", "Negative")),
        ("breast_carcinoma_estrogen_receptor_status", ("Positive", "Negative")), ("ER Status", ("pos", "neg")),
        ("ER_IHC", ("P", "N")), ("estrogen_receptor_status", ("1", "0")), ("ESR1_status", ("+", "-")),
    ],
)  # fmt: skip
def test_receptors_on_record_are_used_under_their_usual_names(column, values):
    frame, kinds = tumours({"LumA": 90, "LumB": 30, "Her2": 15, "Basal": 15})
    cohort = AnnData(frame.drop(columns="ESR1"))
    positive = kinds.isin(["LumA", "LumB"])
    cohort.obs[column] = [values[0] if one else values[1] for one in positive]
    calls = orx.scores.subtype(cohort)
    assert calls["reference"].str.contains("by records").all()
    assert (calls["er_status"] == np.where(positive, "positive", "negative")).all()
    assert "ESR1 is missing" in calls.attrs["prepared"]["statement"]
    assert right(calls, kinds) > 0.9


@pytest.mark.parametrize("column", ["age", "her", "pr", "err", "other", "erbb2_cnv", "mother", "order"])
def test_columns_that_are_no_oestrogen_receptors_are_none(column):
    assert recorded_receptor(pd.DataFrame({column: [0, 1, 1]}, index=list("abc")), "er") is None


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("TCGA-A1-A0SK-11A", None, None), ("TCGA-A1-A0SK-11A-13R-A089-07", None, None),
        ("GTEX-1117F-2826", None, None), ("N{}", "sample_type", "Solid Tissue Normal"),
        ("N{}", "sample_type", "normal"), ("N{}", "tissue_type", "Normal"), ("N{}", "Sample.Type", "adjacent normal"),
        ("N{}", "shortLetterCode", "NT"), ("N{}", "tissue", "healthy breast"), ("N{}", "sample_type_id", "11"),
    ],
)  # fmt: skip
def test_normal_tissue_is_left_out_of_centring_and_told(name, column, value):
    frame, kinds = tumours({"LumA": 50, "LumB": 30, "Her2": 20, "Basal": 35})
    normal, _ = tumours({"Normal": 40}, seed=5)
    normal.index = [name.format(i) if "{}" in name else f"{name[:8]}{i:04d}{name[12:]}" for i in range(40)]
    both = AnnData(pd.concat([frame, normal]))
    if column:
        both.obs[column] = ["Primary Tumor"] * len(frame) + [value] * 40
    assert recorded_normal(both.obs).sum() == 40
    alone, among = orx.scores.subtype(frame), orx.scores.subtype(both)
    pd.testing.assert_series_equal(among.loc[frame.index, "subtype"], alone["subtype"])
    pd.testing.assert_series_equal(among.loc[frame.index, "er_status"], alone["er_status"])
    assert among["reference"].str.contains("40 normal samples left out").all()
    assert right(alone, kinds) > 0.9


def tumours_and_normals(n_tumours, n_normals, seed=0):
    """Tumours of every share of tumour cells, then normals: most of a gene's spread is that share, as in real ones."""
    rng = np.random.default_rng(seed)
    genes = asked_genes()
    share = np.r_[rng.beta(5, 3, n_tumours), np.zeros(n_normals)][:, None]
    higher = np.r_[-np.ones(100), np.ones(100)] * 2.5
    values = 8 + share * higher + rng.normal(0, 0.8, (n_tumours + n_normals, 200))
    names = [f"S{i}" for i in range(n_tumours + n_normals)]
    return pd.DataFrame(values, index=names, columns=list(genes))


@pytest.mark.parametrize("n_normals", [8, 20])
def test_normals_that_nothing_names_are_told_by_expression(n_normals):
    values = tumours_and_normals(60, 0)
    assert not looks_normal(values).any()
    normals = tumours_and_normals(0, n_normals, seed=2)
    both = pd.concat([values, normals.set_axis([f"N{i}" for i in range(n_normals)], axis=0) - 0.0])
    both.iloc[60:, :100] += 1.5
    found = normal_tissue(pd.DataFrame(index=both.index), both)
    assert found.seen.tolist() == [False] * 60 + [True] * n_normals
    assert "N0" in found.said
    assert 'obs["sample_type"]' in found.said
    kept = normal_tissue(pd.DataFrame({"sample_type": "tumour"}, index=both.index), both)
    assert not kept.all.any()
    coded = normal_tissue(
        pd.DataFrame({"sample_type": ["tumour"] * 60 + ["normal"] * n_normals}, index=both.index), both
    )
    assert coded.told.sum() == n_normals
    assert not coded.said


def test_few_genes_or_samples_tell_no_normal_tissue():
    values = tumours_and_normals(60, 20)
    assert not looks_normal(values.iloc[50:65]).any()
    assert not looks_normal(values.iloc[:, :110]).any()
    assert not looks_normal(values.iloc[:, :0]).any()


def test_tied_correlations_say_so_in_the_margin():
    frame, _ = tumours({"LumA": 30, "Basal": 30})
    calls = orx.scores.subtype(frame)
    assert (calls["margin"].dropna() >= 0).all()


def test_calls_and_groups_of_one_patient_say_what_they_are_worth():
    counts = counted(6)
    cohort = with_info(AnnData(counts), unit="counts", domain="tumour")
    calls = orx.scores.subtype(cohort[:1].copy(), reference="frozen")
    assert calls["reference"].str.contains("luminal A and B pass into each other by the unit").all()
    said = orx.check(cohort).can_run.set_index("name")["why"]
    assert "luminal A and B pass into each other" in said["PAM50 subtype, frozen"]
    assert "risk group in 73% to 87%" in said["cell_death"]
    scored = orx.signatures.load("cell_death").score(cohort, reference="frozen")
    assert scored["reference"].str.contains("risk group in 73% to 87%").all()


def counted(n):
    """Reads of tumours around the frozen medians, over 4,500 genes of known length."""
    genes = list(dict.fromkeys([*orx.scores.centroids().index, *orx.signatures.load("cell_death").genes]))
    genes += [gene for gene in gene_lengths().index if gene not in set(genes)][: 4500 - len(genes)]
    rng = np.random.default_rng(0)
    level = rng.gamma(0.4, 300, len(genes)) * rng.gamma(4, 0.25, (n, len(genes)))
    medians = frozen_medians().reindex(genes)
    known = medians.notna().to_numpy()
    level[:, known] = 2 ** (medians[known].to_numpy() - 2) * rng.gamma(4, 0.25, (n, int(known.sum())))
    return pd.DataFrame(rng.poisson(level).astype(float), [f"P{i}" for i in range(n)], genes)


def of_organ(name, seed=0, n=8):
    """Tumours that express an organ's genes, or those of the breast, over 2,000 genes of other names."""
    rng = np.random.default_rng(seed)
    own = [gene for _, genes in PROGRAMMES.values() for gene in genes] + [*BREAST, *EPITHELIUM]
    genes = list(dict.fromkeys([*own, *orx.scores.centroids().index, *gene_lengths().index]))[:2000]
    level = pd.Series(rng.permutation(np.linspace(0, 14, len(genes))), genes)
    medians = frozen_medians().reindex(genes).dropna()
    level[medians.index] = medians
    level[own] = 1.0
    level[list(BREAST if name == "breast" else PROGRAMMES[name][1])] = 13.0
    if name != "blood":
        level[list(EPITHELIUM)] = 11.0
    values = np.maximum(level.to_numpy() + rng.normal(0, 0.4, (n, len(genes))), 0)
    return pd.DataFrame(values, [f"P{at}" for at in range(n)], genes)


@pytest.mark.parametrize("name", PROGRAMMES)
def test_tumours_of_another_organ_are_told_by_expression(name):
    frame = of_organ(name)
    assert organ_in(frame) == name
    assert organ_in(2**frame - 1) == name  # ranks within a sample know no unit
    cohort = with_info(AnnData(frame), domain="tumour")
    with pytest.raises(InputError, match=f"genes of {name}"):
        tumours_of(cohort)
    calls = orx.scores.subtype(cohort, reference="frozen")
    assert f"genes of {name}" in calls.attrs["prepared"]["statement"]
    said = orx.check(cohort).can_run.set_index("name")["why"]
    assert f"genes of {name}" in said["PAM50 subtype, frozen"]
    cohort.obs["organ"] = "breast"
    assert tumours_of(cohort).tumours.n_obs == len(frame)


def test_tumours_of_the_breast_and_few_samples_or_genes_are_not_told_another_organ():
    assert organ_in(of_organ("breast")) == ""
    blood = of_organ("blood")
    assert organ_in(blood.iloc[:4]) == ""
    assert organ_in(blood.iloc[:, :900]) == ""
    assert organ_in(blood - blood.mean()) == ""
    mixed = pd.concat([of_organ("breast", n=12), of_organ("blood", n=6)]).set_axis(range(18), axis=0)
    assert organ_in(mixed) == ""
