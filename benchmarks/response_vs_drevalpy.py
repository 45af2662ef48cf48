"""Models of drevalpy against ours in one run, on the same folds of GDSC2.

    python benchmarks/response_vs_drevalpy.py --peer /path/to/venv/bin/python
    python benchmarks/response_vs_drevalpy.py --peer ... --splits cell --models RandomForest ElasticNet --folds 1

``--peer`` is the Python of an environment with ``drevalpy==1.6.0``, which is not a dependency. Its models get what they
ask for by default: expression (arcsinh and standardised on the training lines by drevalpy itself; the 1,000 genes that
vary most over them) and 128 Morgan bits; responses in ln uM; a tenth of the training lines or compounds is set aside
for early stopping and, where ``GRIDS`` holds several settings, for choosing among them by squared error, after which
the peer is not refitted; ours learns from those pairs too. ``--lines`` takes that many lines of the screen, drawn at
random, for all models. Gain is ours less theirs in per-drug r, paired over drugs, 95% bootstrap interval. DIPK is left
out: at 39 training pairs a second on two cores an epoch takes an hour.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

# from drevalpy's own hyperparameters.yaml
GRIDS = {
    "RandomForest": [
        {"n_estimators": 100, "max_depth": 30, "max_samples": 0.2, "n_jobs": 1, "criterion": "squared_error"}
    ],
    "ElasticNet": [{"l1_ratio": ratio, "alpha": alpha} for ratio, alpha in ((0, 0.1), (0.5, 0.1))],
    "SimpleNeuralNetwork": [{"dropout_prob": 0.3, "units_per_layer": [128, 64, 32]}],
}
SHOWN = ("pearson", "rmse", "normalised_r", "per_drug_r", "preference_r", "seconds")


def peer(folder: Path, name: str, max_epochs: int) -> None:
    """Fit one of drevalpy's models on the fold in a folder and write its predictions; runs in its environment."""
    from drevalpy.datasets.dataset import DrugResponseDataset, FeatureDataset
    from drevalpy.models import MODEL_FACTORY

    held = np.load(folder / "fold.npz", allow_pickle=False)
    lines = FeatureDataset({str(i): {"gene_expression": row} for i, row in enumerate(held["expression"])})
    drugs = FeatureDataset({str(i): {"fingerprints": row} for i, row in enumerate(held["bits"])})

    def dataset(which: str) -> DrugResponseDataset:
        rows = held[which]
        return DrugResponseDataset(
            response=held["y"][rows[:, 0], rows[:, 1]], cell_line_ids=rows[:, 0].astype(str),
            drug_ids=rows[:, 1].astype(str), dataset_name="gdsc2",
        )  # fmt: skip

    train, stop, test = (dataset(which) for which in ("train", "stop", "test"))
    train.shuffle(random_state=0)
    best, chosen, said = np.inf, None, ""
    for settings in GRIDS[name]:
        model = MODEL_FACTORY[name]()
        views = {"cell_line_views": ["gene_expression"], "drug_views": ["fingerprints"], "max_epochs": max_epochs}
        model.build_model({**views, **settings})
        with tempfile.TemporaryDirectory() as scratch:
            model.train(train, lines.copy(), drugs.copy(), stop, model_checkpoint_dir=scratch)
        held_back = model.predict(stop.cell_line_ids, stop.drug_ids, lines.copy(), drugs.copy())
        loss = float(np.mean((held_back - stop.response) ** 2))
        if loss < best:
            best, said = loss, json.dumps(settings)
            chosen = model.predict(test.cell_line_ids, test.drug_ids, lines.copy(), drugs.copy())
    np.save(folder / f"{name}.npy", chosen)
    (folder / f"{name}.txt").write_text(f"{said}, {len(train):,} pairs")


def export(screen, fold, split: str, folder: Path) -> tuple[pd.Index, pd.Index, np.ndarray]:
    """Write a fold for the peers; give lines, drugs and test positions."""
    from omics_rx.core.cohort import expression
    from omics_rx.core.work import rng

    y = screen.matrix().reindex(index=fold.test.index, columns=fold.test.columns)
    values = expression(screen.cells[y.index])
    train = np.argwhere((fold.train & y.notna()).to_numpy())
    test = np.argwhere((fold.test & y.notna()).to_numpy())
    side = 0 if split == "cell" else 1
    groups = np.unique(train[:, side])
    aside = rng(0, "early stopping", split, fold.number).permutation(groups)[: max(1, len(groups) // 10)]
    stop = np.isin(train[:, side], aside)
    lines = np.unique(train[:, 0])
    complete = values.columns[values.notna().all().to_numpy()]
    genes = values.iloc[lines][complete].var().nlargest(1000).index
    np.savez(
        folder / "fold.npz", y=y.to_numpy(), expression=values[genes].to_numpy(np.float32), train=train[~stop],
        stop=train[stop], test=test, bits=morgan_128(screen.drugs.loc[y.columns, "smiles"]),
    )  # fmt: skip
    return y.index, y.columns, test


def morgan_128(smiles: pd.Series) -> np.ndarray:
    """Morgan bits of radius 2, 128 of them, ``(n_drugs, 128)``."""
    from rdkit import Chem
    from rdkit.Chem import rdFingerprintGenerator

    maker = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=128)
    return np.array([maker.GetFingerprintAsNumPy(Chem.MolFromSmiles(text)) for text in smiles], dtype=np.float32)


def ours(screen, fold) -> pd.DataFrame:
    """Predictions of the default model for the test pairs."""
    import omics_rx as orx

    fitted = orx.response.ResponseModel().fit(fold.training_screen(screen), progress=False)
    return fitted.predict(screen.cells[fold.test_cells], screen.drugs.loc[fold.test_drugs], "cell_line").mean


def compare(split: str, models: list[str], told: argparse.Namespace) -> None:
    """Print the table of one split."""
    import omics_rx as orx
    from omics_rx.core.work import rng
    from omics_rx.metrics import response as metrics
    from omics_rx.metrics.compare import paired_difference
    from omics_rx.response.crossfit import figures, measured_in

    screen = orx.datasets.load("gdsc2", progress=False)
    screen = screen.subset(drugs=screen.drugs.index[screen.drugs["smiles"].notna()])
    if told.lines:
        lines = screen.matrix().index
        screen = screen.subset(cells=sorted(rng(0, "lines").choice(lines, min(told.lines, len(lines)), replace=False)))
    rows, per_drug = [], {}
    for fold in orx.response.folds(screen, split, 5)[: told.folds]:
        measured = measured_in(screen, fold)
        means = fold.training_screen(screen).matrix().mean()
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            lines, drugs, test = export(screen, fold, split, folder)
            for name in ("ours", *models):
                start = time.perf_counter()
                if name == "ours":
                    found, said = ours(screen, fold), "all training pairs"
                else:
                    command = [told.peer, __file__, "--worker", str(folder), name, str(told.epochs)]
                    subprocess.run(command, check=True, stdout=sys.stderr)
                    array = np.full((len(lines), len(drugs)), np.nan)
                    array[test[:, 0], test[:, 1]] = np.load(folder / f"{name}.npy")
                    found = pd.DataFrame(array, index=lines, columns=drugs).loc[measured.index, measured.columns]
                    said = (folder / f"{name}.txt").read_text()
                seconds = time.perf_counter() - start
                rows.append({"model": name, **figures(screen, measured, found, means), "seconds": seconds})
                per_drug.setdefault(name, []).append(metrics.per_drug_r(measured, found))
                print(f"{split} fold {fold.number} {name}: {seconds:.0f} s, {said}", flush=True)
    table = pd.DataFrame(rows).groupby("model", sort=False)[[s for s in SHOWN if s in rows[0]]].mean()
    print(f"\nunseen {split}s, {told.folds} fold(s)\n{table.round(3).to_string()}")
    own = pd.concat(per_drug["ours"])
    for name in models:
        gap = paired_difference(own, pd.concat(per_drug[name]), groups=own.index.to_numpy())
        print(f"per-drug r, ours less {name}: {gap.value:.3f} ({gap.lower:.3f} to {gap.upper:.3f}), {gap.n} drugs")


def main() -> None:
    if sys.argv[1:2] == ["--worker"]:
        peer(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", required=True, help="Python of an environment with drevalpy")
    parser.add_argument("--splits", nargs="+", default=["cell", "drug"], choices=["cell", "drug"])
    parser.add_argument("--models", nargs="+", default=[*GRIDS], choices=[*GRIDS])
    parser.add_argument("--folds", type=int, default=1, help="how many of the five folds")
    parser.add_argument("--epochs", type=int, default=100, help="most epochs of the network")
    parser.add_argument("--lines", type=int, help="take this many lines of the screen, drawn at random")
    told = parser.parse_args()
    for split in told.splits:
        compare(split, told.models, told)


if __name__ == "__main__":
    main()
