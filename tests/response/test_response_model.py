"""ResponseModel: planted truth, chance, frozen scale, saving, and the mistakes people make."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import omics_rx as orx
from omics_rx.core.errors import InputError, IntegrityError, MissingFileError, NotFittedError, UnknownNameError
from omics_rx.core.saving import digest
from omics_rx.core.screen import DrugScreen
from omics_rx.metrics import response as metrics
from omics_rx.response.store import SCHEMA


@pytest.fixture(scope="module")
def fitted(planted):
    return orx.response.ResponseModel().fit(planted, progress=False)


def test_planted_effects_are_found_in_unseen_lines(planted):
    found = orx.response.evaluate(orx.response.ResponseModel(("kernel",)), planted, n_folds=4, progress=False)
    mean = found.groupby("metric")["value"].mean()
    assert mean["normalised_r"] > 0.6
    assert mean["preference_r"] > 0.6


def test_shuffled_expression_gives_chance(planted):
    order = np.random.default_rng(1).permutation(planted.cells.n_obs)
    cells = planted.cells.copy()
    cells.X = cells.X[order]
    shuffled = DrugScreen(planted.responses, cells, planted.drugs, "shuffled")
    found = orx.response.evaluate(orx.response.ResponseModel(("kernel",)), shuffled, n_folds=4, progress=False)
    assert abs(found.query("metric == 'normalised_r'")["value"].mean()) < 0.12


def test_a_line_alone_and_among_others_gets_one_value(fitted, planted):
    together = fitted.predict(planted.cells, domain="cell_line")
    alone = fitted.predict(planted.cells[[3]], domain="cell_line")
    np.testing.assert_allclose(alone.mean, together.mean.iloc[[3]], atol=1e-10)
    np.testing.assert_allclose(alone.preference, together.preference.iloc[[3]], atol=1e-10)


def test_general_and_preference_are_what_they_say(fitted, planted):
    found = fitted.predict(planted.cells, domain="cell_line")
    learnt = fitted.learnt_
    shift = (found.mean - learnt.centre).mean(axis=1)
    np.testing.assert_allclose(found.preference.add(shift, axis=0) + learnt.centre, found.mean, atol=1e-10)
    np.testing.assert_allclose(found.preference.mean(axis=1), 0, atol=1e-10)
    np.testing.assert_allclose(found.general, -((found.mean - learnt.centre) / learnt.spread).mean(axis=1), atol=1e-10)


def test_a_subset_of_the_drugs_keeps_general_and_preference(fitted, planted):
    """General sensitivity is over the drugs of the screen, whichever are asked for."""
    every = fitted.predict(planted.cells, domain="cell_line")
    one = fitted.predict(planted.cells, planted.drugs.iloc[[2]], "cell_line")
    np.testing.assert_allclose(one.general, every.general, atol=1e-10)
    np.testing.assert_allclose(one.preference["D02"], every.preference["D02"], atol=1e-10)


def test_a_saved_model_predicts_the_same(fitted, planted, tmp_path):
    read = orx.response.load(fitted.save(tmp_path / "model.orx"))
    before, after = fitted.predict(planted.cells, domain="cell_line"), read.predict(planted.cells, domain="cell_line")
    for name in ("mean", "lower", "upper", "preference"):
        pd.testing.assert_frame_equal(
            getattr(before, name),
            getattr(after, name),
            rtol=0,
            atol=1e-6,
            check_index_type=False,
            check_column_type=False,
        )
    assert read.screen_.fingerprint == planted.fingerprint
    assert read.get_params() == fitted.get_params()


def test_it_keeps_what_it_predicted_for_lines_it_had_not_seen(fitted, planted, tmp_path):
    """Worse than what it says of lines it knows, still better than the drug means, and kept in the file."""
    measured = planted.matrix()
    held_out = fitted.held_out_
    errors = {name: float(((table - measured) ** 2).mean().mean()) for name, table in
              (("seen", fitted.predict(planted.cells, domain="cell_line").mean), ("held out", held_out),
               ("means", measured * 0 + measured.mean()))}  # fmt: skip
    assert errors["seen"] < errors["held out"] < errors["means"]
    pd.testing.assert_frame_equal(
        orx.response.load(fitted.save(tmp_path / "model.orx")).held_out_,
        held_out,
        check_index_type=False,
        check_column_type=False,
    )
    older = dataclasses.replace(fitted.learnt_, held_out=None)
    without = clone(fitted)
    without.learnt_ = older
    assert orx.response.load(without.save(tmp_path / "older.orx")).held_out_ is None


def test_clone_is_unfitted_and_fit_changes_no_argument(fitted, planted):
    copy = clone(fitted)
    with pytest.raises(NotFittedError, match="fit"):
        copy.predict(planted.cells)
    before = planted.fingerprint
    copy.fit(planted, progress=False)
    assert dataclasses.replace(planted).fingerprint == before


def test_two_fits_agree_exactly(fitted, planted):
    again = clone(fitted).fit(planted, progress=False)
    pd.testing.assert_frame_equal(
        again.predict(planted.cells, domain="cell_line").mean, fitted.predict(planted.cells, domain="cell_line").mean
    )


def test_a_compound_of_the_screen_is_recognised_by_structure(fitted, planted):
    asked = pd.DataFrame({"name": ["mystery"], "smiles": ["OCC"]})  # ethanol, the first drug, written backwards
    found = fitted.predict(planted.cells, asked, "cell_line")
    every = fitted.predict(planted.cells, domain="cell_line")
    np.testing.assert_allclose(found.mean["mystery"], every.mean["D00"], atol=1e-12)
    assert found.drugs.loc["mystery", "nearest"] == "D00"
    assert found.applicability["mystery"] == 1.0


def test_a_new_drug_follows_its_mechanism(planted):
    """Drugs of one group share targets and mechanism, so a left-out one is ordered by its siblings."""
    left_out = "D05"
    kept = planted.subset(drugs=[drug for drug in planted.drugs.index if drug != left_out])
    model = orx.response.ResponseModel(("kernel",)).fit(kept, progress=False)
    found = model.predict(planted.cells, planted.drugs.loc[[left_out]], "cell_line")
    r = metrics.per_drug_r(planted.matrix()[[left_out]], found.mean)[left_out]
    assert r > 0.5
    assert not found.drugs.loc[left_out, "known"]
    assert 0 <= found.applicability[left_out] < 1


def test_tumours_are_scaled_among_themselves_and_say_so(fitted, planted):
    found = fitted.predict(planted.cells, domain="tumour")
    assert "among themselves" in found.reference
    assert found.calibrated_for == "cell_line"


def test_missing_genes_are_left_out_and_too_many_refused(fitted, planted):
    some = planted.cells[:, 4:].copy()
    assert np.isfinite(fitted.predict(some, domain="cell_line").mean.to_numpy()).all()
    with pytest.raises(InputError, match="of the model's 40 genes"):
        fitted.predict(planted.cells[:, 25:].copy(), domain="cell_line")


def test_settings_that_cannot_work_are_refused(planted):
    with pytest.raises(UnknownNameError, match="kernel"):
        orx.response.ResponseModel(("kernal",)).fit(planted)
    with pytest.raises(InputError, match="only residuals"):
        orx.response.ResponseModel(("genomic",)).fit(planted)
    with pytest.raises(InputError, match="coverage"):
        orx.response.ResponseModel(coverage=90).fit(planted)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v + np.log(1000) + 2, "ln\\(nM\\)"),
        (lambda v: np.clip(np.exp(1.5 * v), 0, 1000) / 60, "concentrations"),
    ],
)
def test_responses_in_another_unit_are_refused(planted, change, message):
    responses = planted.responses.assign(ln_ic50=change(planted.responses["ln_ic50"]))
    wrong = DrugScreen(responses, planted.cells, planted.drugs)
    with pytest.raises(InputError, match=message):
        orx.response.ResponseModel().fit(wrong)


def test_constant_expression_and_too_few_lines_are_refused(planted):
    cells = planted.cells.copy()
    cells.X = np.ones_like(cells.X)
    with pytest.raises(InputError, match="constant"):
        orx.response.ResponseModel().fit(DrugScreen(planted.responses, cells, planted.drugs))
    with pytest.raises(InputError, match="at least 20"):
        orx.response.ResponseModel().fit(planted.subset(cells=planted.cells.obs_names[:10]))


def test_unreadable_structures_and_bare_drugs_are_refused(fitted, planted):
    with pytest.raises(InputError, match="C1CC"):
        fitted.predict(planted.cells, pd.DataFrame({"name": ["x"], "smiles": ["C1CC"]}), "cell_line")
    with pytest.raises(InputError, match="no structure, target or pathway"):
        fitted.predict(planted.cells, pd.DataFrame({"name": ["x"]}), "cell_line")


def test_files_that_are_no_model_are_refused(tmp_path):
    with pytest.raises(MissingFileError):
        orx.response.load(tmp_path / "none.orx")
    (tmp_path / "bad.orx").write_bytes(b"PK\x03\x04 nonsense")
    with pytest.raises(IntegrityError):
        orx.response.load(tmp_path / "bad.orx")


@pytest.mark.parametrize("schema", [1, 2, 3])
def test_a_file_of_an_earlier_version_still_predicts_what_it_did(schema):
    """The fixtures were written when the schema was new; see data/README.md."""
    folder = Path(__file__).parent / "data"
    model = orx.response.load(folder / f"response_model_schema{schema}.orx")
    expected = pd.read_csv(folder / f"response_model_schema{schema}.csv", index_col=0)
    lines = model.screen_.cells[expected.index]
    found = model.predict(lines, domain="cell_line").mean
    new = pd.DataFrame({"name": ["new"], "smiles": ["CCCCCCO"], "targets": ["GENE01"]})
    found["new"] = model.predict(lines, new, "cell_line").mean.iloc[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_newer_schema_is_refused_with_the_remedy(fitted, tmp_path):
    source = fitted.save(tmp_path / "model.orx")
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(tmp_path / "newer.orx", "w") as newer:
        for name in archive.namelist():
            data = archive.read(name)
            if name == "manifest.json":
                manifest = json.loads(data) | {"schema": SCHEMA + 1}
                del manifest["sha256"]  # of the older one
                data = json.dumps(manifest | {"sha256": digest(manifest)}).encode()
            newer.writestr(name, data)
    with pytest.raises(IntegrityError, match="upgrade omics-rx"):
        orx.response.load(tmp_path / "newer.orx")


def test_a_sample_without_most_genes_is_named(fitted, planted):
    cells = planted.cells[:6].copy()
    cells.X[2, :30] = np.nan
    with pytest.raises(InputError, match=r"1 of 6 samples have under 50%.*cell002"):
        fitted.predict(cells, domain="cell_line")


def test_a_reference_that_would_do_nothing_is_refused(fitted, planted):
    with pytest.raises(InputError, match="frozen scale of the training lines"):
        fitted.predict(planted.cells, domain="cell_line", reference=fitted.learnt_.reference)


def test_a_patient_alone_by_a_frozen_reference_is_as_among_others(fitted, planted):
    tumours = planted.cells.to_df() * 2 + 5
    reference = orx.harmonize.GeneReference.learn(tumours)
    together = fitted.predict(tumours, domain="tumour", reference=reference)
    alone = fitted.predict(tumours.iloc[[7]], domain="tumour", reference=reference)
    np.testing.assert_allclose(alone.mean, together.mean.iloc[[7]], atol=1e-9)
