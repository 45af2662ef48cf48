"""Screening 10,000 structures against a cohort: time, memory, resuming; and the quinazolines among GDSC2's compounds.

    python benchmarks/response_library.py
    python benchmarks/response_library.py --structures 2000 --tumours 100

Structures are made by joining the ring systems of GDSC2's compounds to small groups, so that none needs a download;
tumours are training lines with noise, standardised among themselves. Memory is the most that the process held. Then
compounds with a known structure are clustered by ring system, and the measured preference of lines with an EGFR event
is shown by cluster: for which scaffolds EGFR-altered lines are more sensitive than their and the drug's mean say. And
unseen compounds are judged by how alike they are to those trained on: preference r of each drug, and how far its mean
is off (ln uM).
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from itertools import product

import numpy as np
import pandas as pd

import omics_rx as orx
from omics_rx.core.cohort import with_info
from omics_rx.core.work import rng
from omics_rx.metrics.response import double_centred
from omics_rx.response import applicability, library, scaffolds, similarity
from omics_rx.response.crossfit import measured_in, predict_alone
from omics_rx.response.parts.kernel_ridge import KernelRidge

GROUPS = (
    "C", "CC", "CCC", "C(C)C", "CO", "CCO", "OC", "OCC", "N", "NC", "N(C)C", "C#N", "F", "Cl", "Br", "C(F)(F)F",
    "C(=O)O", "C(=O)N", "C(=O)NC", "S(=O)(=O)C", "S(=O)(=O)N", "N1CCOCC1", "N1CCN(C)CC1", "c1ccccc1", "c1ccncc1",
)  # fmt: skip


def made_up(smiles: pd.Series, n: int) -> list[tuple[str, str]]:
    """Ring systems with one or two groups in place of hydrogens."""
    from rdkit import Chem

    rings = sorted({ring for text in smiles for ring in scaffolds.ring_systems(text)})
    found: dict[str, str] = {}
    for ring, first, second in product(rings, GROUPS, GROUPS):
        molecule = Chem.MolFromSmiles(ring)
        if molecule is None:
            continue
        free = [atom.GetIdx() for atom in molecule.GetAtoms() if atom.GetSymbol() == "C" and atom.GetTotalNumHs()]
        for at, group in zip((free[:1] + free[-1:])[: 2 if len(free) > 1 else 1], (first, second), strict=False):
            combined = Chem.RWMol(Chem.CombineMols(molecule, Chem.MolFromSmiles(group)))
            combined.AddBond(at, molecule.GetNumAtoms(), Chem.BondType.SINGLE)
            molecule = combined.GetMol()
        text = Chem.MolToSmiles(molecule)
        if Chem.MolFromSmiles(text) is not None:
            found.setdefault(text, f"made-{len(found)}")
        if len(found) >= n:
            break
    return [(name, text) for text, name in found.items()]


def tumours(model: orx.response.ResponseModel, n: int):
    """Made-up tumours: training lines with noise."""
    from anndata import AnnData

    lines = model.screen_.cells[model.learnt_.training.cells.names].to_df()
    random = rng(0, "tumours")
    rows = random.integers(len(lines), size=n)
    values = lines.to_numpy()[rows] + 0.3 * random.normal(size=(n, lines.shape[1]))
    cohort = AnnData(values.astype(np.float32), var=pd.DataFrame(index=lines.columns))
    cohort.obs_names = [f"tumour-{i}" for i in range(n)]
    return with_info(cohort, unit="z", domain="tumour")


def egfr_study(screen) -> None:
    """Print the ring systems for which lines with an EGFR event are most sensitive."""
    events = screen.cells.obsm["events"]
    carriers = events.index[events.filter(regex=r"^EGFR").fillna(0).gt(0).any(axis=1)]
    matrix = screen.matrix()
    left = pd.DataFrame(double_centred(matrix.to_numpy()), index=matrix.index, columns=matrix.columns)
    own = left.loc[left.index.isin(carriers)]
    values = own.mean().where(own.notna().sum() >= 5)
    drugs = screen.drugs.loc[matrix.columns]
    found = scaffolds.activity(scaffolds.clusters(drugs, "ring"), values)
    found["drugs"] = [", ".join(drugs.loc[text.split(";"), "name"])[:90] for text in found["drugs"]]
    print(
        f"\n{len(own)} lines with an EGFR event; {len(found)} ring systems with 3 compounds or more; preference, ln uM"
    )
    print(pd.concat([found.head(4), found.tail(2)]).round(4).to_string())
    inhibits = drugs["targets"].fillna("").str.split(";").map(lambda names: "EGFR" in names)
    quinazoline = pd.Series({drug: "c1ccc2ncncc2c1" in scaffolds.ring_systems(text) if isinstance(text, str) else False
                             for drug, text in drugs["smiles"].items()})  # fmt: skip
    for title, chosen in (("EGFR inhibitors, quinazoline", inhibits & quinazoline),
                          ("EGFR inhibitors, other", inhibits & ~quinazoline),
                          ("quinazolines, other targets", quinazoline & ~inhibits)):  # fmt: skip
        print(f"{title}: {int(chosen.sum())} compounds, mean preference {values[chosen].mean():.2f} ln uM "
              f"({', '.join(drugs.loc[chosen, 'name'])})")  # fmt: skip


def by_similarity(screen) -> None:
    """Print how well unseen compounds are predicted, by their similarity to the nearest training compound."""
    screen = screen.subset(drugs=screen.drugs.index[screen.drugs["smiles"].notna()])
    rows = []
    for fold in orx.response.folds(screen, "drug", 5):
        known, asked = (similarity.features(screen.drugs.loc[names]) for names in
                        (fold.train.columns[fold.train.any()], fold.test_drugs))  # fmt: skip
        alike = similarity.tanimoto(asked.bits, known.bits).max(axis=1)
        least = applicability.domain(known).least
        measured = measured_in(screen, fold)
        found = predict_alone(KernelRidge(), screen, fold)
        left, told = (double_centred(values.where(measured.notna()).to_numpy()) for values in (measured, found))
        r = pd.DataFrame(left).corrwith(pd.DataFrame(told)).to_numpy()
        shift = (measured - found).mean().abs().to_numpy()
        rows.append(pd.DataFrame({"similarity": alike, "r": r, "shift": shift, "least": least}))
    table = pd.concat(rows)
    table["band"] = pd.cut(table["similarity"], [0, 0.15, 0.2, 0.25, 0.3, 0.4, 0.6, 1])
    shown = table.groupby("band", observed=True)
    shown = shown.agg(drugs=("r", "size"), preference_r=("r", "mean"), off_by=("shift", "mean"))
    least, r = table["least"].mean(), table["similarity"].corr(table["r"], "spearman")
    print(f"unseen compounds by similarity to the nearest training compound (domain from {least:.3f} on)")
    print(f"{shown.round(3).to_string()}\nSpearman of similarity with preference r {r:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--structures", type=int, default=10_000)
    parser.add_argument("--tumours", type=int, default=500)
    told = parser.parse_args()
    model = orx.response.default()
    screen = model.screen_
    egfr_study(screen)
    by_similarity(screen)
    pairs = made_up(screen.drugs["smiles"].dropna(), told.structures)
    cohort = tumours(model, told.tumours)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        found = library.screen(model, cohort, pairs, f"{folder}/out", progress=False)
        seconds = time.perf_counter() - start
        start = time.perf_counter()
        library.screen(model, cohort, pairs, f"{folder}/out", progress=False)
        again = time.perf_counter() - start
        inside = sum(int(frame["warning"].eq("").sum()) for frame in found.frames())
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"\n{found.counts.to_dict()} structures x {cohort.n_obs} tumours: {seconds:.0f} s "
        f"({1e3 * seconds / len(pairs):.1f} ms a structure), most memory {before:.2f} GiB before and {after:.2f} GiB "
        f"after; called again when finished {again:.0f} s; {inside} structures inside the domain"
    )
    start = time.perf_counter()
    drugs = pd.concat(library.stream(model, cohort, library.launched()))
    print(f"{len(drugs)} launched drugs outside oncology: {time.perf_counter() - start:.1f} s, "
          f"{int(drugs['warning'].eq('').sum())} inside the domain")  # fmt: skip
    print(drugs[drugs["name"].isin(["Metformin", "Simvastatin", "Lovastatin"])][
        ["name", "nearest_name", "similarity", "warning"]].to_string(index=False))  # fmt: skip


if __name__ == "__main__":
    main()
