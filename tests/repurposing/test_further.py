"""Further evidence: altered targets, plasma peaks, single cells, network proximity, drugs outside the screen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError, MissingFileError
from omics_rx.repurposing import added, further, proximity, read_network, universe


def test_alteration_by_hand():
    lines = [f"L{i}" for i in range(7)]
    events = pd.DataFrame({"EGFR_mut": [1, 0, 0, 0, 0, 0, np.nan], "EGFR_gain": [0, 1, 0, 0, 1, 0, np.nan],
                           "EGFR_loss": [1.0] * 7}, index=lines)  # fmt: skip
    groups = pd.Series(["Basal"] * 3 + ["Luminal"] * 4, index=lines)
    found = further.target_alteration({"a": ["EGFR"], "b": ["KRAS"]}, events, groups, "Basal")
    assert found.to_dict() == {"a": pytest.approx(2 / 3 - 1 / 3)}
    assert further.target_alteration({"a": ["EGFR"]}, events, groups, "Her2").empty


def test_peaks_are_molar():
    table = pd.DataFrame({"inchikey": ["BCFGMOOMADDAQU-UHFFFAOYSA-N", None]}, index=["lapatinib", "x"])
    found = further.peak_concentrations(table)
    assert found.index.tolist() == ["lapatinib"]
    assert np.exp(found["lapatinib"]) == pytest.approx(2430 / 581.06, rel=1e-3)


def _cells(kinds):
    from anndata import AnnData

    random = np.random.default_rng(0)
    values = np.zeros((60, 3), dtype=np.float32)
    values[:30, 0] = 1
    values[:15, 1] = 2
    values[30:, 2] = random.random(30) + 1
    return AnnData(values, obs=pd.DataFrame({"n": 1, "celltype": kinds}, index=[f"c{i}" for i in range(60)]),
                   var=pd.DataFrame(index=["EGFR", "MYC", "CD3E"]))  # fmt: skip


def test_cells_by_hand():
    cells = _cells(["Cancer Epithelial"] * 30 + ["T-cells"] * 30)
    found = further.cells_expressing({"a": ["EGFR"], "b": ["MYC", "CD3E"], "c": ["KRAS"]}, cells)
    assert found.loc["a"].tolist() == [1, 0]
    assert found.loc["b"].tolist() == [0.5, 1]
    assert "c" not in found.index
    with pytest.raises(InputError, match="no cell is named malignant"):
        further.cells_expressing({"a": ["EGFR"]}, _cells(["B"] * 60))
    with pytest.raises(InputError, match="5 cells are malignant"):
        further.cells_expressing({"a": ["EGFR"]}, _cells(["Malignant"] * 5 + ["B"] * 55))


def test_proximity_by_hand_and_its_null():
    # a line of 400 genes: from gene i to the disease at 0 to 4 it is i - 4 steps
    names = [f"g{i}" for i in range(400)]
    network = proximity.Network(pd.DataFrame({"a": names[:-1], "b": names[1:]}))
    found = proximity.proximity({"near": ["g6"], "far": ["g300", "g304"], "no": ["x"]}, names[:5], network)
    assert found["distance"].to_dict() == {"near": 2, "far": 298}
    assert found.loc["near", "z"] < -1 < 0 < found.loc["far", "z"]
    assert found.loc["far", "n_targets"] == 2
    again = proximity.proximity({"far": ["g304", "g300"]}, names[:5], network)
    assert again.loc["far", "z"] == found.loc["far", "z"]
    with pytest.raises(InputError, match="0 genes of the disease"):
        proximity.proximity({"near": ["g6"]}, ["y"], network)


def test_the_null_keeps_degrees():
    random = np.random.default_rng(1)
    hubs = [(f"h{i}", f"g{j}") for i in range(120) for j in random.choice(500, 30, replace=False)]
    network = proximity.Network(pd.DataFrame(hubs))
    at = network.genes.get_indexer(["h3"])
    drawn = network.alike(at, 0, "x")
    assert drawn.shape == (proximity.N_RANDOM, 1)
    several = network.alike(network.genes.get_indexer(["h3", "h4", "h5"]), 0, "x")
    assert all(len(set(row)) == 3 for row in several)  # no gene stands twice in a draw
    assert network.degree[drawn].min() >= 25
    assert np.unique(drawn).size > 50


def test_z_has_a_spread_of_one_where_targets_are_a_family():
    # a ring with chords: the eight targets of each drug are neighbours, the disease is random
    random, n = np.random.default_rng(2), 1500
    names = [f"g{i}" for i in range(n)]
    edges = [(names[i], names[(i + step) % n]) for i in range(n) for step in (1, 2)]
    edges += [(names[a], names[b]) for a, b in random.integers(n, size=(600, 2))]
    network = proximity.Network(pd.DataFrame(edges))
    drugs = {f"d{i}": [names[(37 * i + j) % n] for j in range(8)] for i in range(40)}
    z = pd.concat([proximity.proximity(drugs, list(random.choice(names, 60, replace=False)), network)["z"]
                   for _ in range(25)])  # fmt: skip
    assert abs(z.mean()) < 0.1
    assert 0.9 < z.std() < 1.1


def test_networks_from_files(tmp_path, shared_data):
    (tmp_path / "n.sif").write_text("TP53 pp EGFR\nEGFR pp MYC\nMYC pp MYC\n")
    (tmp_path / "n.tsv").write_text("TP53\tEGFR\nEGFR\tMYC\n")
    for name in ("n.sif", "n.tsv"):
        network = read_network(tmp_path / name)
        assert network.genes.tolist() == ["EGFR", "MYC", "TP53"]
        assert network.degree.tolist() == [2, 1, 1]
    with pytest.raises(MissingFileError):
        read_network(tmp_path / "absent.sif")
    (tmp_path / "bad.sif").write_text("TP53\n")
    with pytest.raises(InputError, match="1 fields"):
        read_network(tmp_path / "bad.sif")
    full = read_network(shared_data / "knowledge" / "guney_network.sif")
    assert len(full.genes) > 12_000
    assert {"ERBB2", "ESR1"} <= set(full.genes)
    her2 = proximity.proximity({"lapatinib": ["EGFR", "ERBB2"], "acarbose": ["MGAM"]},
                               ["GRB7", "ERBB2", "STARD3", "ERBB3", "GRB2", "SHC1"], full)  # fmt: skip
    assert her2.loc["lapatinib", "z"] < -1
    assert her2.loc["lapatinib", "z"] < her2["z"].get("acarbose", 0)


def test_the_universe_holds_what_its_structures_say():
    from omics_rx.harmonize.drugs import structure

    table = universe()
    assert table.index.is_unique
    assert len(table) >= 140
    assert {"Metformin", "Simvastatin", "Propranolol", "Itraconazole", "Disulfiram"} <= set(table["name"])
    for key, smiles in table["smiles"].head(20).items():
        assert structure(smiles).inchikey == key


def test_drugs_of_the_screen_are_not_added_twice():
    known = pd.DataFrame({"inchikey": ["XZWYZXLIPXDOLR-UHFFFAOYSA-N"]}, index=["D1"])
    table = pd.DataFrame({"name": ["Metformin", "Aspirin"], "smiles": ["CN(C)C(=N)NC(N)=N", "CC(=O)Oc1ccccc1C(=O)O"]})
    assert added.new_drugs(table, known)[0]["name"].tolist() == ["Aspirin"]
    with pytest.raises(InputError, match="no column smiles"):
        added.new_drugs(table[["name"]], known)
    with pytest.raises(InputError, match="stand twice"):
        added.new_drugs(pd.concat([table, table], ignore_index=True), known)
