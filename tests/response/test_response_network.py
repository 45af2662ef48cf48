"""The graph network: what it learns, that nothing leaks, stops or changes it, and that work is never lost."""

from __future__ import annotations

import signal
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch

import omics_rx as orx
from omics_rx.core import bundle
from omics_rx.core.errors import InputError, IntegrityError, MissingDependencyError
from omics_rx.response import crossfit, few_shot, graphs
from omics_rx.response.parts import network_checkpoint, network_devices, network_training
from omics_rx.response.parts.network import GraphNetwork
from omics_rx.response.parts.network_devices import Worker
from omics_rx.response.parts.network_layers import MoleculeEncoder, Molecules
from omics_rx.response.prepare import training_of

SMALL = {
    "n_members": 1,
    "hidden": 32,
    "width": 8,
    "rank": 8,
    "n_steps": 60,
    "learning_rate": 1e-2,
    "rows": 64,
    "columns": 10,
}


@pytest.fixture(scope="module")
def data(planted):
    return training_of(planted)[0]


@pytest.fixture(scope="module")
def fitted(data) -> GraphNetwork:
    return GraphNetwork(**SMALL).fit(data, seed=0)


@pytest.fixture
def trained(data):
    """Make a training of the planted screen, small and unfinished."""

    def make(worker: Worker | None = None, *, seed: int = 3, **settings):
        plan = GraphNetwork(**{**SMALL, "n_steps": 12, **settings}).plan(data)
        return network_training.Training(*plan, seed=seed, worker=worker or Worker(torch.device("cpu")))

    return make


def same(one: dict, two: dict) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def test_it_finds_the_planted_genes_in_lines_it_has_not_seen(planted, planted_like):
    part = GraphNetwork(**{**SMALL, "n_members": 2, "n_steps": 150})
    folds = orx.response.folds(planted_like(n_cells=160), "cell", 4)
    screen = planted_like(n_cells=160)
    predicted = crossfit.predict_alone(part, screen, folds[0])
    measured = crossfit.measured_in(screen, folds[0])
    left = (measured - measured.mean()).to_numpy()
    known = np.isfinite(left)
    assert np.corrcoef(left[known], (predicted - predicted.mean()).to_numpy()[known])[0, 1] > 0.5


def test_numbering_atoms_otherwise_changes_no_prediction(fitted, data):
    from dataclasses import replace

    from rdkit import Chem

    for seed, text in enumerate(("OCC(Cl)C(=O)Nc1ccccc1", "C[C@H](N)C(=O)O")):
        molecule = Chem.MolFromSmiles(text)
        order = np.random.default_rng(seed).permutation(molecule.GetNumAtoms()).tolist()
        other = Chem.MolToSmiles(Chem.RenumberAtoms(molecule, order), canonical=False)
        assert other != text
        drug = data.drugs.take(np.array([0]))
        one, two = (
            fitted.predict(data.cells, replace(drug, names=pd.Index(["new"]), smiles=(smiles,)))
            for smiles in (text, other)
        )
        np.testing.assert_allclose(one, two, atol=1e-9)


def test_encoding_a_molecule_once_is_encoding_it_for_every_pair():
    torch.manual_seed(0)
    encoder = MoleculeEncoder(8, 3, 0.0).double().eval()
    apart, once = (
        Molecules.of(graphs.batch(smiles), torch.float64)
        for smiles in (["CCO", "c1ccccc1N", "CCO", "[He]"], ["CCO", "c1ccccc1N", "[He]"])
    )
    with torch.no_grad():
        torch.testing.assert_close(encoder(apart), encoder(once)[[0, 1, 0, 2]], atol=1e-12, rtol=0)
        some = once.take(torch.tensor([0, 2]))
        torch.testing.assert_close(encoder(some), encoder(once)[[0, 2]], atol=1e-12, rtol=0)


def test_two_trainings_on_one_cpu_end_in_the_same_bits(data, fitted):
    again = GraphNetwork(**SMALL).fit(data, seed=0)
    assert same(again.members_[0][0], fitted.members_[0][0])
    other = GraphNetwork(**SMALL).fit(data, seed=1)
    assert not same(other.members_[0][0], fitted.members_[0][0])


def test_fitting_leaves_torch_as_it_was(data):
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    GraphNetwork(**{**SMALL, "n_steps": 2}).fit(data, seed=0)
    torch.testing.assert_close(torch.rand(3), expected)


def test_stopping_early_asks_lines_held_back_and_no_others(trained):
    """What lines held back measured decides when to stop, and moves no weight."""
    first, second = trained(), trained()
    rest = network_training._others(second.lines, len(second.matrix.residual))
    assert not set(rest.tolist()) & set(second.lines.tolist())
    second.matrix.residual[rest] = 9.0
    for training in (first, second):
        while training.step < 10:
            training.one_step()
    assert same(first.weights(), second.weights())
    assert second.best[0].loss > first.best[0].loss


def test_training_stops_when_nothing_is_gained(trained):
    training = trained(n_steps=100, patience=10, learning_rate=0.3)
    training.run(None, title="")
    assert training.step < 100
    assert training.step - 1 - max(found.gained for found in training.best) >= 10


@pytest.mark.parametrize("stop", [1, 7, 11])
def test_an_interrupted_training_goes_on_to_equal_losses(trained, tmp_path, stop):
    whole = trained()
    whole.run(None, title="")
    file = tmp_path / "a.orx"
    first = trained()
    step, before = first.one_step, signal.getsignal(signal.SIGINT)

    def interrupted() -> None:
        # the interrupt comes in the middle of a step, and waits for its end
        if first.step == stop - 1:
            signal.raise_signal(signal.SIGINT)
        step()

    first.one_step = interrupted
    with pytest.raises(KeyboardInterrupt):
        first.run(file, title="")
    assert first.step == stop
    assert signal.getsignal(signal.SIGINT) is before
    second = trained()
    second.run(file, title="")
    assert [found.loss for found in second.best] == [found.loss for found in whole.best]
    assert same(second.weights(), whole.weights())
    third = trained()
    third.run(file, title="")
    assert third.step == 12
    assert same(third.best[1].weights, whole.best[1].weights)


def test_a_fit_interrupted_and_repeated_is_the_fit_without_interrupt(data, tmp_path, monkeypatch):
    settings = {**SMALL, "n_members": 2, "n_steps": 12}
    whole = GraphNetwork(**settings).fit(data, seed=2)
    step, made = network_training.Training.one_step, []

    def interrupted(training) -> None:
        step(training)
        made.append(training.seed)
        if len(made) == 17:
            signal.raise_signal(signal.SIGINT)

    part = GraphNetwork(**settings, checkpoints=str(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(network_training.Training, "one_step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            part.fit(data, seed=2)
    assert len(list(tmp_path.glob("*.orx"))) == 2
    made.clear()
    with monkeypatch.context() as patch:
        patch.setattr(network_training.Training, "one_step", lambda training: (made.append(0), step(training)))
        part.fit(data, seed=2)
    assert len(made) == 2 * 12 - 17
    np.testing.assert_array_equal(part.predict(data.cells, data.drugs), whole.predict(data.cells, data.drugs))


def test_a_checkpoint_serves_only_the_training_it_is_of(data, tmp_path):
    file = partial(network_checkpoint.file_of, str(tmp_path))
    assert file(1, data.y) == file(1, data.y.copy())
    assert file(1, data.y) != file(2, data.y)
    assert file(1, data.y) != file(1, data.y + 1)
    assert network_checkpoint.file_of(None, 1, data.y) is None


def test_a_network_of_an_earlier_version_is_refused_with_the_remedy(fitted, data):
    from omics_rx.response.parts.base import State

    state = fitted.state()
    arrays = {name.replace("tower.enter", "tower.layers.1"): value for name, value in state.arrays.items()}
    with pytest.raises(IntegrityError, match="fit the model again"):
        GraphNetwork().restore(State(state.record, arrays), data)


def test_a_damaged_checkpoint_is_one_clear_error(trained, tmp_path):
    file = tmp_path / "a.orx"
    training = trained()
    training.one_step()
    network_checkpoint.save(training, file)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255
    file.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"a\.orx"):
        trained().run(file, title="")
    bundle.save(file, kind="other", schema=1, record={}, members={})
    with pytest.raises(IntegrityError, match="other"):
        trained().run(file, title="")


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_running_out_of_memory_halves_the_block_and_is_said_once(trained, monkeypatch, caplog, error):
    training, plain = trained(dropout=0.0), trained(dropout=0.0)
    loss, limit = network_training.loss, 20

    def costly(network, block, piece, **rest):
        if len(piece[0]) > limit:
            raise error
        return loss(network, block, piece, **rest)

    with caplog.at_level("WARNING", logger="omics_rx"), monkeypatch.context() as patch:
        patch.setattr(network_training, "loss", costly)
        training.one_step()
        training.one_step()
    assert training.pieces == 4
    assert len([record for record in caplog.records if "memory ran out" in record.message]) == 1
    plain.one_step()
    plain.one_step()
    for name, value in training.weights().items():
        torch.testing.assert_close(value, plain.weights()[name], atol=2e-4, rtol=1e-3)


def test_other_errors_and_a_single_line_too_large_are_raised(trained, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("shapes do not match")

    def full(*_, **__):
        raise MemoryError

    for raised, kind in ((broken, RuntimeError), (full, MemoryError)):
        monkeypatch.setattr(network_training, "loss", raised)
        with pytest.raises(kind):
            trained().one_step()


def test_a_missing_gene_counts_as_one_left_out_while_training(fitted, data):
    z = data.cells.z[:1].copy()
    z[:, :20] = 0.0
    gaps = z.copy()
    gaps[:, :20] = np.nan
    from omics_rx.response.parts.base import Cells
    from omics_rx.response.parts.network_inputs import expression

    cells = data.cells.take(np.array([0]))
    full, less = (expression(Cells(cells.names, table, cells.genes, cells.tissue, cells.events)) for table in (z, gaps))
    np.testing.assert_allclose(less, 2 * full)


@pytest.mark.parametrize("text", ["tpu", "gpu:0", "cpu:-1", ""])
def test_devices_of_no_kind_are_refused(data, text):
    with pytest.raises(InputError, match='"cpu", "gpu"'):
        GraphNetwork(**SMALL, devices=text).fit(data)


def test_a_gpu_asked_for_where_there_is_none_is_a_clear_error(data, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match=r"'gpu:2' and torch sees 0 GPUs"):
        GraphNetwork(**SMALL, devices="gpu:2").fit(data)


def test_several_processes_without_lightning_name_the_extra(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "lightning.fabric", None)
    with pytest.raises(MissingDependencyError, match=r"omics-rx\[scale\]"):
        network_devices.launch(lambda worker: worker, "cpu:2")


def test_two_processes_make_the_steps_of_one(trained, data):
    """Each of two workers takes half of a block; their gradients add up to that of the whole."""
    workers = [Worker(torch.device("cpu"), rank, 2) for rank in range(2)]
    whole, *halves = trained(dropout=0.0), *(trained(worker, dropout=0.0) for worker in workers)
    for training in (whole, *halves):
        training.network.train()
        training._gradient(training.lines[:33], torch.arange(1, 9))
    for name, value in whole.network.named_parameters():
        made = [dict(training.network.named_parameters())[name].grad for training in halves]
        # the means of drugs are learnt by the first worker alone
        summed = sum(gradient for gradient in made if gradient is not None)
        torch.testing.assert_close(summed, value.grad, atol=1e-5, rtol=1e-4)


@pytest.mark.needs("lightning")
@pytest.mark.slow
def test_lightning_trains_in_two_processes_on_the_cpu(data):
    settings = {**SMALL, "n_steps": 4, "dropout": 0.0}
    one = GraphNetwork(**settings).fit(data, seed=0)
    two = GraphNetwork(**settings, devices="cpu:2").fit(data, seed=0)
    found, due = two.predict(data.cells, data.drugs), one.predict(data.cells, data.drugs)
    assert np.corrcoef(found.ravel(), due.ravel())[0, 1] > 0.9
    assert "devices" not in two.state().record["settings"]


@pytest.fixture(scope="module")
def model(planted_like) -> orx.response.ResponseModel:
    """A model of the network alone, small and quick."""
    settings = {**SMALL, "n_members": 3, "n_steps": 30}
    return orx.response.ResponseModel({"network": settings}, n_inner=2).fit(planted_like(), progress=False)


def test_settings_of_parts_are_kept_and_wrong_ones_named(model, tmp_path):
    read = orx.response.load(model.save(tmp_path / "m.orx"))
    assert read.get_params() == model.get_params()
    assert read.learnt_.stack.parts["network"].n_members == 3
    cells = model.screen_.cells
    pd.testing.assert_frame_equal(
        read.predict(cells).mean, model.predict(cells).mean, atol=1e-6, check_index_type=False, check_column_type=False
    )
    with pytest.raises(InputError, match=r"n_membres.*n_members"):
        orx.response.ResponseModel({"network": {"n_membres": 3}}).fit(model.screen_)


def test_responses_of_a_line_move_the_other_drugs_of_a_network(model):
    part = model.learnt_.stack.parts["network"]
    held = np.isfinite(part.errors_).any(axis=1)
    # three members hold back 8 lines of 80 each
    assert 8 < held.sum() <= 24
    errors = few_shot.unseen_errors(part)
    assert errors.shape == (held.sum(), 12)
    cell = model.screen_.cells.obs_names[0]
    drugs = model.learnt_.training.drugs.names
    before = model.predict(model.screen_.cells[[cell]]).mean.iloc[0]
    after = model.adapt(cell, before[drugs[:6]] + 2.0, assay="same")
    due = few_shot.covariance(errors, seed=model.seed).given(np.arange(6), np.full(6, 2.0))[0]
    np.testing.assert_allclose(after.shift, due)
    assert after.shift.iloc[:6].mean() > 0.1
    found = after.predict().mean.iloc[0]
    np.testing.assert_allclose((found - before)[drugs], due)


def test_a_new_drug_takes_the_shift_of_drugs_like_it(model):
    part = model.learnt_.stack.parts["network"]
    weights = part.weights(part.training_.drugs)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    off = weights[~np.eye(12, dtype=bool)]
    assert np.diag(weights).mean() > off.mean() + off.std()
    one = part.weights(part.training_.drugs.take(np.array([3])))
    np.testing.assert_allclose(one[0], weights[3], atol=1e-9)
    cell = model.screen_.cells.obs_names[0]
    known = model.predict(model.screen_.cells[[cell]]).mean.iloc[0]
    asked = pd.DataFrame({"name": ["other"], "smiles": ["CCCCCCCCCCCCO"]})
    after = model.adapt(cell, known[part.training_.drugs.names] + 1.0).predict(asked).mean.to_numpy()
    assert after > model.predict(model.screen_.cells[[cell]], asked).mean.to_numpy()
