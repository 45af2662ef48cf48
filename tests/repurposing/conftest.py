"""A planted world: drugs of known mechanism that work in known subtypes, and a model that says so with noise."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

SUBTYPES = ("LumA", "LumB", "Her2", "Basal")
N_MECHANISMS, PER_MECHANISM = 24, 4


def make_world(seed: int = 3):
    """96 drugs of 24 mechanisms; mechanism m works in subtype m % 4; 80 tumours, 48 breast and 40 other lines."""
    from anndata import AnnData

    from omics_rx.core.screen import DrugScreen

    random = np.random.default_rng(seed)
    n = N_MECHANISMS * PER_MECHANISM
    ids = [f"D{i:03d}" for i in range(n)]
    mechanism = np.repeat(np.arange(N_MECHANISMS), PER_MECHANISM)
    works = np.array(SUBTYPES)[mechanism % 4]
    drugs = pd.DataFrame(
        {"name": [f"drug {i}" for i in range(n)], "aliases": [f"alias-{i}" for i in range(n)],
         "targets": [f"GENE{m}" for m in mechanism], "mechanism": [f"mechanism {m}" for m in mechanism]},
        index=ids,
    )  # fmt: skip
    line_group = np.array(["Luminal"] * 16 + ["Her2"] * 16 + ["Basal"] * 16 + [None] * 40, dtype=object)
    wanted = np.where(np.isin(works, ("LumA", "LumB")), "Luminal", works)
    effect = (line_group[:, None] == wanted[None, :]) * -1.0
    values = 2 + random.normal(size=n) + effect + random.normal(scale=0.6, size=effect.shape)
    lines = [f"L{i:02d}" for i in range(len(line_group))]
    responses = (
        pd.DataFrame(values, index=pd.Index(lines, name="cell_id"), columns=ids)
        .melt(ignore_index=False, var_name="drug_id", value_name="ln_ic50")
        .reset_index()
    )
    cells = AnnData(
        random.normal(size=(len(lines), 5)).astype(np.float32),
        obs=pd.DataFrame({"name": lines, "breast_subtype": line_group}, index=lines),
    )
    screen = DrugScreen(responses, cells, drugs, "planted")
    subtype = np.repeat(SUBTYPES, 20)
    tumours = [f"T{i:02d}" for i in range(80)]
    genes = [f"GENE{m}" for m in range(N_MECHANISMS)] + [f"OTHER{i}" for i in range(60)]
    expression = random.normal(size=(80, len(genes)))
    for m in range(N_MECHANISMS):
        expression[subtype == SUBTYPES[m % 4], m] += 0.7
    cohort = AnnData(
        expression.astype(np.float32), obs=pd.DataFrame({"subtype": subtype}, index=tumours),
        var=pd.DataFrame(index=genes), uns={"omics_rx": {"unit": "log2 ratio", "domain": "tumour"}},
    )  # fmt: skip
    preference = (subtype[:, None] == works[None, :]) * -0.5 + random.normal(scale=0.5, size=(80, n))
    prediction = SimpleNamespace(preference=pd.DataFrame(preference, index=tumours, columns=ids), reference="planted")
    model = SimpleNamespace(screen_=screen, predict=lambda cohort: prediction)
    return SimpleNamespace(model=model, cohort=cohort, screen=screen, works=pd.Series(works, index=ids), random=random)


def make_labels(world, n_mechanisms: int = 16) -> pd.DataFrame:
    """Labels of the first two drugs of each of the first mechanisms: approved where they work."""
    rows = []
    for m in range(n_mechanisms):
        first = [f"D{m * PER_MECHANISM + i:03d}" for i in range(2)]
        rows += [(drug, world.works[drug], "approved", f"class {m}") for drug in first]
    for m in range(n_mechanisms, N_MECHANISMS):
        drug = f"D{m * PER_MECHANISM:03d}"
        rows += [(drug, subtype, "other_cancer", f"class {m}") for subtype in SUBTYPES if subtype != world.works[drug]]
    return pd.DataFrame(rows, columns=["drug", "subtype", "status", "mechanism"])


@pytest.fixture(autouse=True)
def plain_genes(monkeypatch):
    """Planted genes have made-up symbols, which the harmonisation would refuse."""
    from omics_rx import harmonize

    monkeypatch.setattr(harmonize, "genes", lambda cohort, **_: cohort, raising=False)


@pytest.fixture(scope="session")
def world():
    return make_world()


@pytest.fixture(scope="session")
def new_world():
    """The same plan, made anew."""
    return make_world


@pytest.fixture(scope="session")
def labels(world):
    return make_labels(world)


@pytest.fixture(scope="session")
def fitted(world, labels):
    from omics_rx import harmonize
    from omics_rx.repurposing import Ranker

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(harmonize, "genes", lambda cohort, **_: cohort, raising=False)
        return Ranker(labels, seed=1).fit(world.model, world.cohort, universe=None)


@pytest.fixture(scope="module")
def asked(world):
    """A ranker by the default rule."""
    from omics_rx import harmonize
    from omics_rx.repurposing import Ranker

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(harmonize, "genes", lambda cohort, **_: cohort, raising=False)
        return Ranker().fit(world.model, world.cohort)


@pytest.fixture(autouse=True, scope="module")
def planted_standing():
    """Planted drugs stand in no table of facts: say of them that they are launched; and no drugs beside the planted."""
    from omics_rx.repurposing import further, standing

    real, known = standing.of_drugs, further.universe

    def of_drugs(drugs, subtype):
        told = real(drugs, subtype)
        planted = [str(drug).startswith(("D0", "NEW")) for drug in drugs.index]
        told.loc[planted, ["standing", "stands"]] = ["outside", standing.WORDS["outside"]]
        return told

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standing, "of_drugs", of_drugs)
        patch.setattr(further, "universe", lambda: known().iloc[:0])
        yield
