import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from omics_rx.core.errors import InputError
from omics_rx.core.screen import DrugScreen


def parts():
    responses = pd.DataFrame({"cell_id": ["A", "A", "B"], "drug_id": ["x", "y", "x"], "ln_ic50": [1.0, -2.0, 3.0]})
    cells = AnnData(np.eye(3, 2, dtype=np.float32))
    cells.obs_names, cells.var_names = ["A", "B", "C"], ["G1", "G2"]
    drugs = pd.DataFrame({"name": ["ex", "why", "zed"]}, index=["x", "y", "z"])
    return responses, cells, drugs


def test_a_screen_tells_its_size_and_holds_copies():
    responses, cells, drugs = parts()
    screen = DrugScreen(responses, cells, drugs)
    responses.loc[0, "ln_ic50"] = 99
    assert screen.n_pairs == 3
    assert screen.responses["ln_ic50"].iloc[0] == 1.0
    assert list(screen.drugs.columns[:3]) == ["name", "aliases", "smiles"]
    assert "3 cells x 2 genes, 3 drugs" in repr(screen)


def test_matrix_is_cells_by_drugs_with_nan_where_unmeasured():
    matrix = DrugScreen(*parts()).matrix()
    assert matrix.shape == (2, 2)
    assert matrix.loc["A", "y"] == -2.0
    assert np.isnan(matrix.loc["B", "y"])


def test_re_screens_of_a_pair_are_averaged_in_the_matrix():
    responses, cells, drugs = parts()
    again = responses.iloc[[0]].assign(ln_ic50=2.0)
    both = pd.concat([responses.assign(screen="1"), again.assign(screen="2")])
    assert DrugScreen(both, cells, drugs).matrix().loc["A", "x"] == 1.5


def test_subset_keeps_cells_and_drugs_without_responses():
    screen = DrugScreen(*parts()).subset(cells=["B", "C"], drugs=["x", "z"])
    assert list(screen.cells.obs_names) == ["B", "C"]
    assert list(screen.drugs.index) == ["x", "z"]
    assert screen.n_pairs == 1


def test_the_fingerprint_follows_every_value():
    responses, cells, drugs = parts()
    first = DrugScreen(responses, cells, drugs).fingerprint
    assert DrugScreen(responses, cells, drugs).fingerprint == first
    cells.X[0, 0] = 5
    assert DrugScreen(responses, cells, drugs).fingerprint != first


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r, c, d: r.rename(columns={"ln_ic50": "ic50"}), "no column ln_ic50"),
        (lambda r, c, d: pd.concat([r, r.iloc[[0]]]), r"1 \(cell, drug, screen\) are measured more than once"),
        (lambda r, c, d: r.assign(cell_id=["A", "Q", "B"]), "1 cell ids are not in the screen's cells"),
        (lambda r, c, d: r.assign(drug_id=["x", "q", "x"]), "1 drug ids are not in the screen's drugs"),
        (lambda r, c, d: r.assign(ln_ic50=[1.0, np.nan, 2.0]), "1 ln_ic50 are not finite"),
        (lambda r, c, d: r.assign(ln_ic50=[1.0, np.inf, 2.0]), "1 ln_ic50 are not finite"),
        (lambda r, c, d: r.assign(ln_ic50=[10.0, 2500.0, 2.0]), "natural logarithm of uM"),
        (lambda r, c, d: r.assign(auc=[0.5, 6.2, 0.1]), "activity area is not an AUC"),
        (lambda r, c, d: r.assign(cell_id=["A", None, "B"]), "1 responses have no cell_id"),
    ],
)
def test_bad_responses_are_refused_by_name(change, message):
    responses, cells, drugs = parts()
    with pytest.raises(InputError, match=message):
        DrugScreen(change(responses, cells, drugs), cells, drugs)


def test_repeated_ids_are_refused():
    responses, cells, drugs = parts()
    with pytest.raises(InputError, match="drug ids stand twice"):
        DrugScreen(responses, cells, pd.concat([drugs, drugs.iloc[[0]]]))
    cells.obs_names = ["A", "B", "B"]
    with pytest.raises(InputError, match="cell ids repeat"):
        DrugScreen(responses, cells, drugs)


def test_an_unknown_name_in_a_subset_is_refused():
    with pytest.raises(InputError, match="Q"):
        DrugScreen(*parts()).subset(cells=["Q"])
