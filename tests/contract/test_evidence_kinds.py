"""Every registered kind of evidence keeps the family's contract; it is tested for being registered."""

from __future__ import annotations

import inspect
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from omics_rx.core import resources
from omics_rx.core.errors import InputError
from omics_rx.io import read_alterations
from omics_rx.repurposing import event_effects, proximity, reversal, targets
from omics_rx.repurposing import evidence as ev
from omics_rx.repurposing.evidence.sources import PROLIFERATION

SUBTYPES = ("LumA", "LumB", "Her2", "Basal")
N = 30
NAMES = ["alpelisib", "lapatinib", *(f"drug {i}" for i in range(2, N))]


def _sources(seed: int = 0, **changed) -> ev.Sources:
    """Everything a kind may need, at random: 30 drugs, 48 tumours, 36 lines, 200 genes."""
    random = np.random.default_rng(seed)
    ids = [f"D{i:02d}" for i in range(N)]
    genes = list(dict.fromkeys(gene for own in targets.pathways().values() for gene in own))[:200]
    genes[-11:] = PROLIFERATION
    tumours, lines = [f"T{i}" for i in range(48)], [f"L{i}" for i in range(36)]
    drugs = pd.DataFrame(
        {"name": NAMES, "targets": [f"{genes[i]};{genes[i + 1]}" for i in range(N)],
         "inchikey": [f"{i:014d}-UHFFFAOYSA-N" for i in range(N)]},
        index=pd.Index(ids, name="drug_id"),
    )  # fmt: skip
    frame = pd.DataFrame
    groups = pd.Series(["Luminal", "Her2", "Basal"] * 12, index=lines, dtype=object)
    edges = frame(random.choice(genes, size=(900, 2)))
    library = reversal.Library.of(frame(random.normal(size=(N, 200)), index=ids, columns=genes))
    events = frame(random.integers(0, 2, size=(36, 31)).astype(float), lines, [f"{gene}_mut" for gene in genes[:31]])
    made = {
        "drugs": drugs,
        "preference": frame(random.normal(size=(48, N)), tumours, ids),
        "subtypes": pd.Series(SUBTYPES * 12, index=tumours, dtype=object),
        "genes": frame(random.normal(size=(48, 200)), tumours, genes),
        "responses": frame(random.normal(size=(36, N)), lines, ids),
        "line_groups": groups,
        "profiles": library,
        "instances": (
            library,
            pd.DataFrame({"drug_id": ids, "dose": [10.0, 1.0] * (N // 2), "time": 24.0, "line": "MCF7"}, index=ids),
        ),
        "extra": {},
        "extra_directions": {},
        "events": events,
        "mean": frame(random.normal(size=(48, N)), tumours, ids),
        "applicability": pd.Series(1.0, index=ids),
        "network": proximity.Network(edges),
        "expressing": frame(random.random((N, 2)), ids, ["malignant", "others"]),
        "line_genes": frame(random.normal(size=(36, 200)), lines, genes),
        "breast_lines": pd.Index(lines[:20]),
        "held_out": frame(random.normal(size=(36, N)), lines, ids),
        "brought": _alterations(random, tumours, lines, genes, drugs),
    } | changed
    return ev.Sources(**made)


def _alterations(random, tumours, lines, genes, drugs) -> dict[str, object]:
    """Events of tumours and what they do in the lines, and variants of which facts are published."""
    own = pd.DataFrame(
        random.integers(0, 2, size=(48, 5)).astype(float), tumours, [f"{gene}_mut" for gene in genes[:5]]
    )
    carried = pd.DataFrame(random.integers(0, 2, size=(36, 5)).astype(float), lines, own.columns)
    responses = pd.DataFrame(random.normal(size=(36, N)), lines, drugs.index)
    effects = event_effects(responses, carried, tissue=pd.Series("breast", index=lines, dtype=object), drugs=drugs)
    told = {name: ["PIK3CA H1047R", "HER2 amplification"][place % 2] for place, name in enumerate(tumours)}
    published = (read_alterations(told).variants, frozenset(told))
    return {"alteration_measured": (own, effects), "alteration_published": published}


@pytest.fixture(scope="module")
def sources():
    return _sources()


CASES = [("Basal", None), ("LumA", None), ("Her2", "T2")]
EVERY = sorted(ev.KINDS)
# facts are looked through for every drug, and effects are made before; what those miss is tried with their own tests
MISSING = [name for name in EVERY if not name.startswith("alteration_")]


@pytest.mark.parametrize("name", EVERY)
def test_a_kind_says_what_it_is(name):
    kind = ev.KINDS[name]
    assert kind.name == name
    for said in (kind.label, kind.unit, kind.source):
        assert said
        assert said == said.strip()
    assert kind.direction in (1, -1)
    known = {line.split("]")[0].strip("[ ") for line in resources.path("citations.toml").read_text().splitlines()
             if line.startswith("[")}  # fmt: skip
    assert set(kind.cites) <= known
    assert all(not one.ranked for one in kind.support)


@pytest.mark.parametrize("name", EVERY)
def test_a_kind_is_one_file_with_a_docstring(name):
    kind = ev.KINDS[name]
    module = inspect.getmodule(kind.compute)
    assert module.__name__ == f"omics_rx.repurposing.evidence.{name}"
    assert module.__doc__
    assert kind.compute.__doc__
    assert import_module(module.__name__).KIND is kind


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(("subtype", "patient"), CASES)
def test_a_kind_gives_numbers_by_drug_and_the_same_again(sources, name, subtype, patient):
    kind = ev.KINDS[name]
    for one in (kind, *kind.support):
        first = ev.column(one, ev.Case(sources, subtype, patient))
        again = ev.column(one, ev.Case(sources, subtype, patient))
        assert first.index.equals(sources.drugs.index)
        assert not np.isinf(first.to_numpy()).any()
        pd.testing.assert_series_equal(first, again)


@pytest.mark.parametrize("name", [name for name in EVERY if ev.KINDS[name].ranked])
def test_a_ranked_kind_knows_drugs_here(sources, name):
    assert ev.column(ev.KINDS[name], ev.Case(sources, "Basal")).notna().sum() >= 2


@pytest.mark.parametrize("name", MISSING)
def test_a_drug_of_which_nothing_is_known_stays_missing_or_is_shown_only(name):
    sources = _sources()
    lost = sources.drugs.index[7]
    drugs = sources.drugs.copy()
    drugs.loc[lost, "targets"] = None
    blank = {part: getattr(sources, part).assign(**{lost: np.nan}) for part in
             ("preference", "responses", "mean", "held_out")}  # fmt: skip
    bare = _sources(
        drugs=drugs, **blank, profiles=reversal.Library.of(
            pd.DataFrame(np.random.default_rng(1).normal(size=(N - 1, 200)), index=drugs.index.drop(lost),
                         columns=sources.genes.columns)),
        expressing=sources.expressing.drop(index=lost),
    )  # fmt: skip
    kind = ev.KINDS[name]
    if kind.ranked and all(bare.has(need) for need in kind.needs):
        assert np.isnan(ev.column(kind, ev.Case(bare, "Basal"))[lost])


@pytest.mark.parametrize("name", [name for name in EVERY if ev.KINDS[name].needs])
def test_a_kind_whose_need_is_missing_is_left_out(sources, name):
    from dataclasses import fields, replace

    kind = ev.KINDS[name]
    for need in kind.needs:
        if need not in {one.name for one in fields(ev.Sources)} or need in (
            "genes",
            "preference",
            "responses",
            "screened",
        ):
            continue
        less = replace(sources, **{need: None})
        assert name not in [member.name for member in less.members()]
        assert name not in ev.subtype_evidence(less, "Basal")


def test_a_users_kind_is_made_as_the_registered_ones_are(sources):
    from dataclasses import replace

    def compute(case):
        return case.need("my_assay")[case.subtype]

    kind = ev.Kind("my_assay", "my assay", "percent", 1, "our laboratory", compute, needs=("my_assay",),
                   prepare=lambda basis: pd.DataFrame({"Basal": 1.0}, index=basis.drugs.index[:3]))  # fmt: skip
    basis = ev.Basis(AnnData(np.zeros((1, 1))), sources.drugs, SimpleNamespace(), {})
    brought = ev.brought(basis, (kind,))
    table = ev.subtype_evidence(replace(sources, own_kinds=(kind,), brought=brought), "Basal")
    assert table["my_assay"].notna().sum() == 3
    assert "my_assay" not in ev.subtype_evidence(replace(sources, own_kinds=(kind,)), "Basal")


@pytest.mark.parametrize(
    ("compute", "words"),
    [
        (lambda case: 3.0, "float"),
        (lambda case: pd.Series([1.0, 2.0], index=["D00", "D00"]), "twice"),
        (lambda case: pd.Series(["high"], index=["D00"]), "no numbers"),
        (lambda case: pd.Series([1.0], index=["lapatinib"]), "drug_id"),
    ],
)
def test_a_kind_that_gives_something_else_is_told(sources, compute, words):
    kind = ev.Kind("mine", "mine", "score", 1, "me", compute)
    with pytest.raises(InputError, match=words):
        ev.column(kind, ev.Case(sources, "Basal"))


@pytest.mark.parametrize(
    "kind", ["a word", ev.Kind("proximity", "x", "x", 1, "x", lambda case: None), ev.Kind("mine", "x", "x", 1, "x")]
)
def test_a_kind_that_is_none_or_takes_a_name_is_told(sources, kind):
    with pytest.raises(InputError, match="kinds holds"):
        ev.brought(ev.Basis(AnnData(np.zeros((1, 1))), sources.drugs, SimpleNamespace(), {}), (kind,))
