"""Ways to bring another domain to the training lines: first on response, then on drug markers of patients.

    OMICS_RX_DATA=/path/to/data python benchmarks/domain_markers.py [--folds N] [--ways WAY ...]

Response: a kernel trained on GDSC2 lines predicts other lines from their expression on another platform (1,000 genes,
CCLE arrays), beside what GDSC2 measured for them; folds of lines, only the genes that both have. A cohort of lines of
many tissues is the easy case; one tissue at a time, as a cohort of tumours of one kind is, is the hard one. The way of
aligning is chosen on these two tables.

Markers: AUROC of "predicted more sensitive" for marked patients of SCAN-B and TCGA. There is no response in that table,
and nothing is chosen by it.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable

import numpy as np
import pandas as pd
from external_cohorts import folder, scanb400

import omics_rx as orx
from omics_rx.harmonize import cell_lines
from omics_rx.harmonize.alignment import Consensus, coral
from omics_rx.harmonize.domain import line_reference, to_training_scale
from omics_rx.metrics import ranking
from omics_rx.metrics.response import normalised_r, per_drug_r, preference_r
from omics_rx.response.parts.kernel_solvers import solve, squared_distances

GAMMA, RIDGE = 0.25, 0.3
FEWEST = 15  # lines of a tissue that make a cohort
MARKERS = (
    ("HER2+", "her2", ("Lapatinib", "Afatinib", "Sapitinib")),
    ("ER+", "er", ("Fulvestrant", "Palbociclib", "Tamoxifen", "Alpelisib")),
    ("basal", "basal", ("Paclitaxel", "Cisplatin", "Talazoparib", "Gemcitabine", "Olaparib")),
)
Pair = tuple[pd.DataFrame, pd.DataFrame]
Way = Callable[[pd.DataFrame, pd.DataFrame], Pair]


def untouched(lines: pd.DataFrame, cohort: pd.DataFrame) -> Pair:
    """Each sample by itself against the frozen lines, as lines of the training platform are."""
    reference = line_reference(lines)
    return tuple(
        to_training_scale(one, lines.columns, domain="cell_line", reference=reference).z for one in (lines, cohort)
    )


def standardised(lines: pd.DataFrame, cohort: pd.DataFrame) -> Pair:
    """Genes standardised within each domain."""
    return untouched(lines, lines)[0], to_training_scale(cohort, lines.columns, domain="tumour").z


def correlated(shrinkage: float) -> Way:
    def way(lines: pd.DataFrame, cohort: pd.DataFrame) -> Pair:
        lines, cohort = standardised(lines, cohort)
        return lines, coral(cohort, lines, shrinkage=shrinkage)

    return way


def consensus(n_components: int) -> Way:
    def way(lines: pd.DataFrame, cohort: pd.DataFrame) -> Pair:
        lines, cohort = standardised(lines, cohort)
        shared = Consensus.learn(cohort, lines, n_components=n_components)
        kept = shared.keep(lines)
        scale = np.sqrt(lines.shape[1] / kept.to_numpy().var(axis=0).sum())  # distances as wide as before
        return kept * scale, shared.keep(cohort) * scale

    return way


WAYS: dict[str, Way] = {
    "each line alone, frozen lines": untouched,
    "standardised within domains": standardised,
    "CORAL, shrinkage 0.5": correlated(0.5),
    "CORAL, shrinkage 0.1": correlated(0.1),
    "consensus of 20 factors": consensus(20),
    "consensus of 50 factors": consensus(50),
    "consensus of 100 factors": consensus(100),
}


FROZEN = "each line alone, frozen lines of its platform"


def by_platform(lines: pd.DataFrame, others: pd.DataFrame, cohort: pd.DataFrame) -> Pair:
    """Each sample by itself, against other lines of its own platform."""
    reference = line_reference(others)
    z = to_training_scale(cohort, lines.columns, domain="cell_line", reference=reference).z
    return untouched(lines, lines)[0], z


class Kernel:
    """Kernel ridge regression on residuals from the drug means, ln uM; lines that come again are not solved again."""

    def __init__(self, responses: pd.DataFrame) -> None:
        self.responses = responses
        self.means = responses.mean()
        self._solved: dict[bytes, np.ndarray] = {}

    def predict(self, lines: pd.DataFrame, cohort: pd.DataFrame) -> pd.DataFrame:
        """Cohort x drugs, from the lines that the responses belong to."""
        z = lines.to_numpy()
        key = hashlib.sha256(z.tobytes()).digest()
        if key not in self._solved:
            kernel = np.exp(-GAMMA * squared_distances(z, z))
            self._solved[key] = solve(kernel, (self.responses - self.means).to_numpy(), RIDGE)[0]
        across = np.exp(-GAMMA * squared_distances(cohort.to_numpy(), z))
        return pd.DataFrame(across @ self._solved[key] + self.means.to_numpy(), cohort.index, self.responses.columns)


def platforms(screen) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.Series]:
    """GDSC expression, the other platform's, responses and tissues, by ``cell_id``, over the genes both have."""
    other = pd.read_csv(folder() / "drugs" / "ccle_small_1000x500.csv.gz", index_col=0).T
    known = cell_lines.identify(other.index)["cell_id"]
    other = orx.harmonize.genes(other[known.notna().to_numpy()].set_axis(known.dropna(), axis=0)).to_df()
    own = screen.cells.to_df()
    own = own[own.notna().all(axis=1)]
    genes = own.columns[own.columns.isin(other.columns)]
    return own[genes], other[genes], screen.matrix(), screen.cells.obs["tissue"]


def held_response(screen, n_folds: int, ways: dict[str, Way]) -> pd.DataFrame:
    own, other, responses, tissue = platforms(screen)
    trainable = own.index[own.index.isin(responses.index)]
    tested = other.index[other.index.isin(trainable)]
    print(f"{own.shape[1]} genes on both platforms, {len(other)} lines on the other, {len(tested)} of them in GDSC2")
    folds = np.random.default_rng(0).permutation(len(tested)) % n_folds
    places = tissue.reindex(other.index)
    large = places.value_counts().loc[lambda n: n >= FEWEST].index
    figures: dict[str, list[list[float]]] = {name: [] for name in (*ways, FROZEN)}
    for fold in range(n_folds):
        out = tested[folds == fold]
        lines = own.loc[trainable.drop(out)]
        y = responses.loc[lines.index]
        y = y.loc[:, y.notna().sum() >= 20]
        model = Kernel(y)
        own_z, alone = by_platform(lines, other.drop(out), other.loc[out])
        for name, way in {**ways, FROZEN: None}.items():
            if way is None:
                together = apart = model.predict(own_z, alone)
            else:
                together = model.predict(*way(lines, other)).loc[out]
                apart = pd.concat([model.predict(*way(lines, other[places == one])) for one in large])
            truth = responses.loc[out, y.columns]
            kept = out[places[out].isin(large)]
            among = apart.loc[kept]
            figures[name].append(
                [
                    normalised_r(truth, together, y.mean()), preference_r(truth, together),
                    per_drug_r(truth, together).median(), normalised_r(truth.loc[kept], among, y.mean()),
                    preference_r(truth.loc[kept], among),
                ]
            )  # fmt: skip
    rows = [[name, *np.mean(found, axis=0)] for name, found in figures.items() if found]
    columns = ["way", "normalised r", "preference r", "per-drug r", "one tissue: normalised r", "preference r "]
    return pd.DataFrame(rows, columns=columns).set_index("way")


def patients() -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Expression and marks (1, 0 or missing) of SCAN-B and TCGA patients."""
    data = folder()
    scanb = orx.harmonize.genes(scanb400(data))
    obs = scanb.obs
    marks = pd.DataFrame(
        {"her2": obs["her2_status"], "er": obs["er_status"], "basal": (obs["pam50_subtype"] == "Basal") * 1.0}
    )
    tcga = orx.harmonize.genes(orx.io.read_bulk(data / "cohorts" / "tcga_agilent533_expr.csv.gz", replicates="average"))
    ihc = pd.read_csv(data / "subtypes" / "tcga712_ihc_pam50.csv.gz").set_index("bcr_patient_barcode")
    yes = {"Positive": 1.0, "Negative": 0.0}
    told = pd.DataFrame(
        {
            "her2": ihc["her2_status_by_ihc"].map(yes),
            "er": ihc["er_status_by_ihc"].map(yes),
            "basal": (ihc["PAM50_Given.Mdns"] == "Basal") * 1.0,
        }
    )
    return {"SCAN-B": (scanb.to_df(), marks), "TCGA": (tcga.to_df(), told.reindex(tcga.obs_names))}


def markers(screen, ways: dict[str, Way]) -> pd.DataFrame:
    responses = screen.matrix()
    own = screen.cells.to_df()
    own = own[own.notna().all(axis=1) & own.index.isin(responses.index)]
    responses = responses.loc[own.index]
    by_name = {name.casefold(): drug for drug, name in screen.drugs["name"].items()}
    columns = {}
    for cohort, (expression, marks) in patients().items():
        genes = own.columns[own.columns.isin(expression.columns[expression.notna().all(axis=0)])]
        print(f"{cohort}: {len(expression)} patients, {len(genes)} genes")
        model = Kernel(responses)
        for name, way in ways.items():
            found = model.predict(*way(own[genes], expression[genes]))
            liking = found.sub(found.mean(axis=1), axis=0)
            for title, column, drugs in MARKERS:
                known = marks[column].dropna()
                for drug in drugs:
                    likes = -liking.loc[known.index, by_name[drug.casefold()]]
                    columns.setdefault((cohort, name), {})[title, drug] = ranking.auroc(known.astype(bool), likes)
    return pd.DataFrame(columns)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), metavar="WAY", help="; ".join(WAYS))
    parser.add_argument("--table", choices=["response", "markers"], help="one table only")
    told = parser.parse_args()
    ways = {name: WAYS[name] for name in told.ways}
    screen = orx.datasets.load("gdsc2")
    if told.table != "markers":
        print(held_response(screen, told.folds, ways).round(3).to_string())
    if told.table == "response":
        return
    table = markers(screen, ways)
    for cohort in table.columns.levels[0]:
        shown = table[cohort].T
        print(f"\n{cohort}: AUROC of the patient's own preference, for marked patients")
        shown.columns = [f"{title} {drug}" for title, drug in shown.columns]
        print(shown.assign(mean=shown.mean(axis=1)).round(2).T.to_string())


if __name__ == "__main__":
    main()
