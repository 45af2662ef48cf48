"""Fit one of drevalpy's models on a fold that ``response_vs_drevalpy.py`` wrote; runs in an environment with drevalpy.

    PEER/bin/python benchmarks/drevalpy_peer.py FOLDER RandomForest --epochs 100

Settings are those of drevalpy's own hyperparameters.yaml, all of them unless ``--settings`` says how many. Each is
fitted without the tenth of the training lines or compounds that was set aside and judged there by squared error; a
network stops early on that tenth, the others are fitted again with it by their best setting, as drevalpy's experiments
do. What is done stays in the folder, and a command that was stopped goes on from there.

Some ways of drevalpy are replaced by faster ones that give the same: DIPK's attention has one query a pair, so that
keys and values need not be made for each atom of each pair (checked against drevalpy's own, to 1e-4, before training),
its tensors are made once, its Adam steps are fused, and the simple network's batches are made in this process.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import torch
from drevalpy.datasets.dataset import DrugResponseDataset, FeatureDataset
from drevalpy.models import MODEL_FACTORY

FOREST = {"n_estimators": 100, "max_samples": 0.2, "n_jobs": 1, "criterion": "squared_error"}
ALPHAS = (1, 0.8, 0.6, 0.4, 0.1, 0.01, 5)
UNITS = ([128, 64, 32], [64, 64, 32], [1024, 128, 64, 16], [32, 16, 8, 4])
DIPK = {
    "batch_size": 64, "lr": 0.0001, "heads": 2, "fc_layer_num": 3, "fc_layer_dim": [256, 128, 64, 32, 16, 1],
    "dropout_rate": 0.3, "epochs_autoencoder": 1000, "lr_autoencoder": 0.0001, "patience_autoencoder": 3,
    "batch_size_autoencoder": 1024, "patience": 10,
}  # fmt: skip
GRIDS = {
    "RandomForest": [{**FOREST, "max_depth": depth} for depth in (30, 10, 5)],
    "ElasticNet": [{"l1_ratio": ratio, "alpha": alpha} for ratio, alpha in product((0, 0.5, 0.7), ALPHAS)],
    "SimpleNeuralNetwork": [{"dropout_prob": 0.3, "units_per_layer": units} for units in UNITS],
    "DIPK": [DIPK],
}
STOPS_EARLY = ("SimpleNeuralNetwork", "DIPK")


def inputs(held: dict[str, np.ndarray], name: str) -> tuple[FeatureDataset, FeatureDataset]:
    """Features of lines and drugs as drevalpy's loaders make them."""
    lines = {str(i): {"gene_expression": row} for i, row in enumerate(held["expression"])}
    if name != "DIPK":
        return FeatureDataset(lines), FeatureDataset(
            {str(i): {"fingerprints": row} for i, row in enumerate(held["bits"])}
        )
    for i, views in lines.items():
        own = views["gene_expression"]
        views["gene_expression"] = (own - own.mean()) / own.std(ddof=1)
        views["bionic_features"] = held["network"][int(i)]
    start = np.concatenate([[0], np.cumsum(held["n_atoms"])])
    atoms = [held["atoms"][start[i] : start[i + 1]] for i in range(len(held["n_atoms"]))]
    return FeatureDataset(lines), FeatureDataset({str(i): {"molgnet_features": own} for i, own in enumerate(atoms)})


def dataset(held: dict[str, np.ndarray], *which: str) -> DrugResponseDataset:
    """Pairs of one or more sides of the fold, in an order drawn at random."""
    rows = np.random.default_rng(0).permutation(np.concatenate([held[name] for name in which]))
    return DrugResponseDataset(
        response=held["y"][rows[:, 0], rows[:, 1]], cell_line_ids=rows[:, 0].astype(str),
        drug_ids=rows[:, 1].astype(str), dataset_name="gdsc2",
    )  # fmt: skip


def one_query(self, query, key, value, mask=None):
    """The attention of one query a pair: weights are moved to the query's side, so atoms are only summed."""
    heads, wide = (self.n_heads, self.head_dim), self.hid_dim
    asked = self.fc_q(query).view(-1, *heads)
    of_key, of_value = (layer.weight.view(*heads, wide) for layer in (self.fc_k, self.fc_v))
    energy = torch.einsum("bhd,hde->bhe", asked, of_key) @ key.transpose(1, 2)
    energy = (energy + (asked * self.fc_k.bias.view(heads)).sum(dim=-1, keepdim=True)) / self.scale
    energy = energy[:, :, None] if mask is None else energy[:, :, None].masked_fill(mask == 0, float("-inf"))
    attention = torch.softmax(energy, dim=-1)
    weights = self.dropout(attention)[:, :, 0]
    found = torch.einsum("bhe,hde->bhd", weights @ value, of_value)
    found = found + weights.sum(dim=-1, keepdim=True) * self.fc_v.bias.view(heads)
    return self.fc_o(found.reshape(-1, 1, wide)), attention


def same_attention() -> float:
    """Largest difference between the two ways, forwards and in the gradients."""
    from drevalpy.models.DIPK.attention_utils import MultiHeadAttentionLayer

    torch.manual_seed(0)
    layer = MultiHeadAttentionLayer(768, 2, 0.3, "cpu")
    query, atoms, mask = torch.randn(8, 1, 768), torch.randn(8, 30, 768), torch.rand(8, 1, 1, 30) < 0.7
    mask[..., 0] = True
    found = []
    for way in (MultiHeadAttentionLayer.forward, one_query):
        torch.manual_seed(1)
        answer, attention = way(layer, query, atoms, atoms, mask)
        found.append([answer, attention, *torch.autograd.grad(answer.square().mean(), list(layer.parameters()))])
    return max(float((one - two).abs().max()) for one, two in zip(*found, strict=True))


def faster() -> None:
    """Put the faster ways in place of drevalpy's."""
    from drevalpy.models.DIPK import dipk
    from drevalpy.models.DIPK.attention_utils import MultiHeadAttentionLayer
    from drevalpy.models.SimpleNeuralNetwork import utils
    from torch.utils.data import DataLoader

    if (gap := same_attention()) > 1e-4:
        raise RuntimeError(f"the faster attention differs by {gap:.1e} from drevalpy's")
    MultiHeadAttentionLayer.forward = one_query

    def samples(cell_ids, drug_ids, cell_line_features, drug_features, ic50=None):
        lines, drugs = (
            {i: {view: torch.tensor(own, dtype=torch.float32) for view, own in views.items()} for i, views in
             table.features.items()}
            for table in (cell_line_features, drug_features)
        )  # fmt: skip
        made = [{**drugs[str(d)], **lines[str(c)]} for c, d in zip(cell_ids, drug_ids, strict=True)]
        if ic50 is not None:
            for own, value in zip(made, ic50, strict=True):
                own["ic50"] = torch.tensor([value], dtype=torch.float32)
        return made

    dipk.get_data = samples
    dipk.optim.Adam = partial(torch.optim.Adam, fused=True)
    utils.DataLoader = lambda *given, **told: DataLoader(
        *given, **{**told, "num_workers": 0, "persistent_workers": False}
    )


def fitted(name: str, settings: dict[str, object], told: argparse.Namespace, held: dict[str, np.ndarray], *which: str):
    """A model fitted on some sides of the fold, and a function that predicts one side."""
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 - drevalpy draws from it
    lines, drugs = inputs(held, name)
    model = MODEL_FACTORY[name]()
    views = {} if name == "DIPK" else {"cell_line_views": ["gene_expression"], "drug_views": ["fingerprints"]}
    model.build_model({**views, "max_epochs": told.epochs, "epochs": told.epochs, **settings})
    with tempfile.TemporaryDirectory() as scratch:
        model.train(dataset(held, *which), lines.copy(), drugs.copy(), dataset(held, "stop"),
                    model_checkpoint_dir=scratch)  # fmt: skip

    def predict(side: str) -> np.ndarray:
        rows = held[side]
        return model.predict(rows[:, 0].astype(str), rows[:, 1].astype(str), lines.copy(), drugs.copy())

    return predict


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("name", choices=[*GRIDS])
    parser.add_argument("--epochs", type=int, default=100, help="most epochs of a network (drevalpy's own: 100)")
    parser.add_argument("--settings", type=int, help="try only the first so many settings")
    told = parser.parse_args()
    grid = GRIDS[told.name][: told.settings]
    torch.set_num_threads(1)
    faster()
    held = dict(np.load(told.folder / "fold.npz", allow_pickle=False))
    truth = held["y"][held["stop"][:, 0], held["stop"][:, 1]]
    losses, start, stops = [], time.perf_counter(), told.name in STOPS_EARLY
    for i, settings in enumerate(grid if stops or len(grid) > 1 else ()):
        done = told.folder / f"{told.name}-{i}.npz"
        if not done.exists():
            predict = fitted(told.name, settings, told, held, "train")
            np.savez(done, loss=np.mean((predict("stop") - truth) ** 2), found=predict("test"))
        losses.append(float(np.load(done)["loss"]))
        print(f"{told.name} {json.dumps(settings)}: {losses[-1]:.3f}, {time.perf_counter() - start:.0f} s", flush=True)
    best = int(np.argmin(losses)) if losses else 0
    if stops:
        found = np.load(told.folder / f"{told.name}-{best}.npz")["found"]
    else:
        found = fitted(told.name, grid[best], told, held, "train", "stop")("test")
    np.save(told.folder / f"{told.name}.npy", found)
    said = {
        "settings": grid[best],
        "of": len(grid),
        "epochs": told.epochs,
        "seconds": round(time.perf_counter() - start),
    }
    (told.folder / f"{told.name}.json").write_text(json.dumps(said))


if __name__ == "__main__":
    main()
