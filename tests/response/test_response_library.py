"""Screening structures: any SMILES answered or told why not, in bounded memory, resumable; scaffolds and activity."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError, IntegrityError, MissingFileError, UnknownNameError
from omics_rx.response import library, scaffolds

ERLOTINIB = "C#Cc1cccc(Nc2ncnc3cc(OCCOC)c(OCCOC)cc23)c1"
GEFITINIB = "COc1cc2ncnc(Nc3ccc(F)c(Cl)c3)c2cc1OCCCN1CCOCC1"
LIBRARY = pd.DataFrame(
    {
        "name": ["ethanol", "octanol", "broken", "two", "again", "salt"],
        "smiles": ["OCC", "CCCCCCCCO", "C1CC", "CCCCO.c1ccccc1", "CCCCCCCCO", "CCCCCCCC[NH3+].[Cl-]"],
    }
)


@pytest.fixture(scope="module")
def model(planted):
    return orx.response.ResponseModel(("kernel",)).fit(planted, progress=False)


def test_chunks_say_what_predict_says_and_why_not(model, planted):
    frames = list(library.stream(model, planted.cells, LIBRARY, chunk=2, domain="cell_line"))
    assert [len(frame) for frame in frames] == [2, 2, 2]
    found = pd.concat(frames, ignore_index=True)
    assert found["status"].tolist() == ["known", "new", "unreadable", "mixture", "new", "new"]
    asked = pd.DataFrame({"name": ["a", "b"], "smiles": ["CCCCCCCCO", "CCCCCCCCN"]})
    expected = model.predict(planted.cells, asked, "cell_line")
    np.testing.assert_allclose(found.loc[[1, 5], planted.cells.obs_names], expected.mean.T, atol=1e-10)
    np.testing.assert_allclose(found.loc[1, "half_width"], (expected.upper - expected.mean)["a"].iloc[0])
    assert found.loc[[2, 3], [*planted.cells.obs_names]].isna().all(axis=None)
    assert found.loc[0, "nearest"] == "D00"
    assert found.loc[5, "smiles"] == "CCCCCCCCN"


def test_groups_and_preference(model, planted):
    groups = planted.cells.obs["tissue"]
    (found,) = library.stream(
        model, planted.cells, LIBRARY.iloc[:2], value="preference", groups=groups, domain="cell_line"
    )
    expected = model.predict(planted.cells, LIBRARY.iloc[:2], "cell_line").preference.groupby(groups).mean().T
    np.testing.assert_allclose(found[["breast", "lung"]], expected[["breast", "lung"]], atol=1e-10)


def test_a_library_is_never_read_ahead_of_its_chunk(model, planted):
    taken = []

    def endless():
        for length in range(10**9):
            taken.append(length)
            yield f"m{length}", "C" * (length % 20 + 1)

    frames = library.stream(model, planted.cells[:3], endless(), chunk=7, domain="cell_line")
    next(frames)
    next(frames)
    assert len(taken) == 14


def test_an_interrupted_screening_goes_on_where_it_stopped(model, planted, tmp_path, monkeypatch):
    pairs = [(f"m{i}", "C" * (i + 1) + "O") for i in range(10)]

    def broken():
        yield from pairs[:6]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.screen(model, planted.cells, broken(), tmp_path / "out", chunk=3, domain="cell_line", progress=False)
    assert len(list((tmp_path / "out").glob("part-*.parquet"))) == 2
    answered = []
    answer = type(model).answer
    monkeypatch.setattr(type(model), "answer", lambda *a, **k: (answered.append(1), answer(*a, **k))[1])
    found = library.screen(model, planted.cells, pairs, tmp_path / "out", chunk=3, domain="cell_line", progress=False)
    assert len(answered) == 2
    assert found.counts.sum() == 10
    whole = pd.concat(found.frames(), ignore_index=True)
    once = pd.concat(library.stream(model, planted.cells, pairs, chunk=10, domain="cell_line"), ignore_index=True)
    pd.testing.assert_frame_equal(
        whole, once, check_exact=False, atol=1e-10, check_dtype=False, check_index_type=False, check_column_type=False
    )
    best = found.best("cell003", 4, inside=False)
    assert best["cell003"].tolist() == sorted(once["cell003"])[:4]


def test_a_folder_of_another_screening_is_refused(model, planted, tmp_path):
    kept = {"chunk": 3, "domain": "cell_line", "progress": False}
    library.screen(model, planted.cells, LIBRARY, tmp_path, **kept)
    with pytest.raises(InputError, match="another value"):
        library.screen(model, planted.cells, LIBRARY, tmp_path, value="preference", **kept)
    with pytest.raises(InputError, match="another samples"):
        library.screen(model, planted.cells[:5], LIBRARY, tmp_path, **kept)
    with pytest.raises(InputError, match="other structures"):
        library.screen(model, planted.cells, LIBRARY.iloc[::-1], tmp_path, **kept)
    (tmp_path / "part-00000.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(IntegrityError, match="damaged"):
        library.screen(model, planted.cells, LIBRARY, tmp_path, **kept)


def test_files_of_structures(model, planted, tmp_path):
    (tmp_path / "a.smi").write_text("CCCCCCCCO octanol\nCCO ethanol\n")
    LIBRARY.iloc[:2].to_csv(tmp_path / "a.csv", index=False)
    first, second = (
        next(library.stream(model, planted.cells, tmp_path / name, domain="cell_line")) for name in ("a.smi", "a.csv")
    )
    np.testing.assert_allclose(first["cell000"].iloc[::-1], second["cell000"], atol=1e-12)
    with pytest.raises(MissingFileError):
        next(library.stream(model, planted.cells, tmp_path / "b.smi", domain="cell_line"))
    (tmp_path / "a.sdf").write_text("x")
    with pytest.raises(InputError, match="no csv, tsv or smi"):
        next(library.stream(model, planted.cells, tmp_path / "a.sdf", domain="cell_line"))
    with pytest.raises(InputError, match="no column smiles"):
        next(library.stream(model, planted.cells, pd.DataFrame({"x": ["C"]}), domain="cell_line"))


def test_launched_drugs_outside_oncology_are_a_library(model, planted):
    drugs = library.launched()
    assert {"Metformin", "Simvastatin"} <= set(drugs["name"].str.capitalize())
    found = pd.concat(library.stream(model, planted.cells[:2], drugs, domain="cell_line"))
    assert len(found) == len(drugs)
    assert found.loc[found["status"].eq("new"), "cell000"].notna().all()


def test_outside_the_domain_the_model_warns(model, planted, caplog):
    smiles = ["CCCO", "O=C1CCC2(C)C(=C1)CCC1C2CCC2(C)C1CCC2O", "F[P-](F)(F)(F)(F)F"]
    asked = pd.DataFrame({"name": ["near", "far", "metal"], "smiles": smiles})
    with caplog.at_level(logging.WARNING, logger="omics_rx"):
        told = model.predict(planted.cells[:2], asked, "cell_line").drugs["warning"]
    assert told["near"] == ""
    assert "nearest training compound" in told["metal"]
    assert "heavy atoms" in told["far"]
    assert "inorganic" in told["metal"]
    assert "2 of 3 drugs are outside the domain" in caplog.text


def test_nearest_compounds_by_hand(model):
    found = library.assess(model, pd.DataFrame({"name": ["x"], "smiles": ["CCCO"]}), n_nearest=2)
    bits = orx.response.similarity.morgan_bits(["CCCO"])
    alike = orx.response.similarity.tanimoto(bits, model.learnt_.training.drugs.bits)[0]
    assert found["similarity"].tolist() == sorted(alike, reverse=True)[:2]
    assert found["drug_id"].tolist() == ["x", "x"]
    assert found["rank"].tolist() == [1, 2]


def test_settings_that_cannot_work(model, planted):
    for wrong, message in (({"value": "auc"}, "value"), ({"chunk": 0}, "chunk"), (
        {"groups": pd.Series(["a"], index=["z"])}, "no sample has a group"
    )):  # fmt: skip
        with pytest.raises(InputError, match=message):
            next(library.stream(model, planted.cells, LIBRARY, domain="cell_line", **wrong))


def test_ring_systems_and_scaffolds_by_hand():
    drugs = pd.DataFrame(
        {"smiles": [ERLOTINIB, GEFITINIB, "c1ccccc1C", "C1CC2(CC1)CCCC2", None, "CCO"]}, index=list("abcdef")
    )
    rings = scaffolds.clusters(drugs, "ring")
    assert rings["c1ccc2ncncc2c1"] == ["a", "b"]
    assert rings["c1ccccc1"] == ["c"]
    assert rings["C1CCCC1"] == ["d"]
    assert next(iter(rings)) == "c1ccc2ncncc2c1"
    assert scaffolds.clusters(drugs, "scaffold")["c1ccccc1"] == ["c"]
    alike = scaffolds.clusters(drugs, "similarity", least=0.3)
    assert sorted(drug for own in alike.values() for drug in own) == ["a", "b", "c", "d", "f"]
    with pytest.raises(UnknownNameError, match="ring"):
        scaffolds.clusters(drugs, "rings")
    with pytest.raises(InputError, match="no compound has a structure"):
        scaffolds.clusters(drugs.loc[["e"]])


def test_activity_by_cluster_by_hand():
    values = pd.Series([1.0, 2.0, 3.0, 7.0, 8.0, 9.0, np.nan], index=list("abcdefg"))
    found = scaffolds.activity({"low": ["a", "b", "c", "g"], "high": ["d", "e", "f"], "few": ["a", "d"]}, values)
    assert found.index.tolist() == ["low", "high"]
    assert found.loc["low", ["n", "mean", "others", "difference"]].tolist() == [3, 2.0, 8.0, -6.0]
    assert found["p"].tolist() == pytest.approx([0.1, 0.1])
    assert found["q"].tolist() == pytest.approx([0.1, 0.1])
    with pytest.raises(InputError, match="smallest"):
        scaffolds.activity({"few": ["a"]}, values)


def test_benjamini_and_hochberg_by_hand():
    random = np.random.default_rng(0)
    values = pd.Series(random.normal(size=40), index=[f"d{i}" for i in range(40)])
    groups = {f"g{j}": [f"d{i}" for i in random.choice(40, 8, replace=False)] for j in range(6)}
    found = scaffolds.activity(groups, values)
    p = np.sort(found["p"])
    for _, row in found.iterrows():
        expected = min(min(1.0, value * 6 / (rank + 1)) for rank, value in enumerate(p) if value >= row["p"])
        assert row["q"] == pytest.approx(expected)
