"""Draw the picture of the README from the main job on real data.

    python benchmarks/overview_picture.py

Writes ``benchmarks/figures/overview.png``: survival by risk group in the cohort that was opened once, predicted
preference of the tumours between drugs, and what moved the first drug of the ranking.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib as mpl

from omics_rx import plots
from omics_rx.workflow import run_quickstart

mpl.use("Agg")
OUT = Path(__file__).parent / "figures" / "overview.png"


def main() -> None:
    from matplotlib import pyplot as plt

    with TemporaryDirectory() as folder:
        result = run_quickstart(folder, progress=True)
    figure = plt.figure(figsize=(16, 5.4), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=[1, 1.35, 1])
    plots.kaplan_meier(result.study.scores["gse3143"], ax=left)
    left.set_title("1  Signature, in a cohort opened once", loc="left", fontweight="bold")
    plots.sensitivity_heatmap(
        result.prediction.preference,
        result.subtypes["subtype"],
        focus=result.ranking.subtype,
        n_drugs=18,
        names=result.ranking.drugs["name"].to_dict(),
        ax=middle,
    )
    middle.set_title("2  Predicted preference of the tumours", loc="left", fontweight="bold", pad=34)
    plots.waterfall(result.ranking.explanations.set_index("drug_id").iloc[0], ax=right)
    first = result.ranking.table["name"].iloc[0]
    right.set_title(f"3  Why {first} is first", loc="left", fontweight="bold")
    OUT.parent.mkdir(exist_ok=True)
    figure.savefig(OUT, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
