"""Ids and texts are the same whatever type pandas keeps them in, and a missing one stays missing.

pandas 3 keeps text in a type of its own, where pandas 2 has objects: a missing text is NaN there, not None, and
``astype(str)`` leaves it missing. Each case runs under both.
"""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

import omics_rx as orx
from omics_rx.core.errors import InputError, row_names
from omics_rx.core.screen import DrugScreen
from omics_rx.harmonize.identity import identify_compounds, identify_lines

GENES = ["TP53", "ERBB2", "ESR1", "MKI67", "CD8A", "GAPDH"]


RELEASE = tuple(map(int, pd.__version__.split(".")[:2]))
# the type that pandas 3 has can be tried from 2.3 on; there it is what a plain frame has
KINDS = ["plain", "nullable", "arrow", *(["strings"] if RELEASE == (2, 3) else [])]


@pytest.fixture(params=KINDS)
def typed(request):
    """Function that keeps the texts of a frame, its index and its columns in one of the types there are."""
    later = pd.option_context("future.infer_string", True) if request.param == "strings" else nullcontext()
    with later:
        kind = {"nullable": "string[python]", "arrow": "string[pyarrow]"}.get(request.param)

        def changed(frame: pd.DataFrame) -> pd.DataFrame:
            new = pd.DataFrame({name: frame[name].tolist() for name in frame}, index=frame.index.tolist())
            if kind is None:
                return new
            texts = [name for name in new if not pd.api.types.is_numeric_dtype(new[name])]
            new = new.astype(dict.fromkeys(texts, kind))
            if not pd.api.types.is_numeric_dtype(new.index):
                new.index = new.index.astype(kind)
            return new

        yield changed


def responses(cells=("BT-474", "MCF7"), drugs=("D1", "D2")):
    rows = [(cell, drug, float(i)) for i, (cell, drug) in enumerate((c, d) for c in cells for d in drugs)]
    return pd.DataFrame(rows, columns=["cell_id", "drug_id", "ln_ic50"])


def drug_table():
    return pd.DataFrame(
        {"name": ["one", "two"], "smiles": ["CCO", None], "targets": [None, "TP53"]}, index=["D1", "D2"]
    )


def lines(names=("BT-474", "MCF7")):
    return AnnData(np.ones((len(names), 2), np.float32), obs=pd.DataFrame({"name": list(names)}, index=list(names)),
                   var=pd.DataFrame(index=["TP53", "ERBB2"]))  # fmt: skip


def test_an_unknown_line_keeps_its_own_name(typed):
    sources = typed(pd.DataFrame({"cosmic_id": ["905946", None, None], "name": ["BT-549", "XY-1", "MCF 10A"]}))
    found = identify_lines(sources)
    assert found["cell_id"].tolist()[:2] == ["MCF7", "XY-1"]
    assert found["status"].tolist()[1] == "own name"


def test_a_compound_without_structure_is_named_by_its_name(typed):
    told = identify_compounds(typed(pd.DataFrame({"name": ["nobody knows it", "lapatinib"], "smiles": [None, None]})))
    assert told["drug_id"].tolist()[0] == "name:nobody-knows-it"
    assert told["status"].tolist() == ["own name", "known"]


def test_a_screen_has_its_ids_as_plain_text(typed):
    screen = DrugScreen(typed(responses()), lines(), typed(drug_table()), "own")
    assert screen.drugs.index.tolist() == ["D1", "D2"]
    assert [type(one) for one in screen.responses["cell_id"]] == [str] * 4
    assert pd.isna(screen.drugs["smiles"].tolist()[1])
    plain = DrugScreen(responses(), lines(), drug_table(), "own")
    assert screen.fingerprint == plain.fingerprint


def test_a_missing_id_is_refused_not_called_nan(typed):
    with pytest.raises(InputError, match="1 responses have no drug_id"):
        DrugScreen(typed(responses().assign(drug_id=["D1", "D2", "D1", None])), lines(), drug_table(), "own")


def test_numbers_as_ids_are_the_text_of_the_number(typed):
    numbered = responses(drugs=(1, 2))
    screen = DrugScreen(typed(numbered), lines(), drug_table().set_axis(["1", "2"], axis=0), "own")
    assert screen.responses["drug_id"].tolist() == ["1", "2"] * 2


def test_genes_and_patients_of_a_frame(typed):
    frame = pd.DataFrame(np.arange(12.0).reshape(2, 6), index=["P1", "P2"], columns=GENES)
    cohort = orx.harmonize.genes(typed(frame))
    assert cohort.obs_names.tolist() == ["P1", "P2"]
    assert cohort.var_names.tolist() == GENES
    assert [type(name) for name in cohort.obs_names] == [str, str]


def test_a_missing_clinical_text_is_no_level(typed, tmp_path):
    expression = pd.DataFrame(np.arange(24.0).reshape(4, 6), index=["P1", "P2", "P3", "P4"], columns=GENES)
    clinical = typed(pd.DataFrame(
        {"sample": ["P1", "P2", "P3", "P4"], "grade": ["high", None, "low", "low"], "time": [1.0, 2, 3, 4],
         "event": [1, 0, 1, 0]}))  # fmt: skip
    expression.T.rename_axis("gene").to_csv(tmp_path / "x.csv")
    cohort = orx.io.read_bulk(tmp_path / "x.csv", clinical=clinical, unit="log2 intensity", time_unit="months")
    assert cohort.obs["grade"].isna().tolist() == [False, True, False, False]
    assert set(cohort.obs["grade"].dropna()) == {"high", "low"}


def test_events_in_words_of_any_type(typed):
    frame = typed(pd.DataFrame({"time": [5.0, 3, 2, 8], "event": [1, 0, 1, 1]}, index=["P1", "P2", "P3", "P4"]))
    cohort = AnnData(np.ones((4, 2), np.float32), obs=frame, var=pd.DataFrame(index=["TP53", "ERBB2"]))
    assert orx.core.cohort.endpoint(cohort).event.sum() == 3


def test_missing_values_in_messages_are_told(typed):
    assert row_names(typed(pd.DataFrame({"line": ["A", None], "drug": ["d", "e"]}))) == ["A / d", "None / e"]


def test_sets_named_by_a_frame_of_any_type(typed):
    sets = typed(pd.DataFrame({"set": ["a", "a", "b", "b"], "gene": ["TP53", "ERBB2", "ESR1", "CD8A"]}))
    frame = pd.DataFrame(np.random.default_rng(0).normal(8, 2, (5, 6)), columns=GENES, index=list("vwxyz"))
    found = orx.scores.score(typed(frame), {name: rows["gene"] for name, rows in sets.groupby("set")}, method="mean")
    np.testing.assert_allclose(found["a"], frame[["TP53", "ERBB2"]].mean(axis=1))


@pytest.mark.parametrize(
    ("text", "genes"),
    [
        ("1956", ("EGFR",)), ("1956.0", ("EGFR",)), ("1956;2064", ("EGFR", "ERBB2")),
        ("ENSG00000146648|ENSG00000141736.13", ("EGFR", "ERBB2")), ("CDK4/6", ("CDK4", "CDK6")),
        ("EGFR, 1956", ("EGFR",)), ("99999999", ()),
    ],
)  # fmt: skip
def test_targets_are_read_by_id_too(text, genes):
    assert orx.harmonize.target_genes(text).genes == genes
