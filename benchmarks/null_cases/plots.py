"""What plots say themselves: a p in a title, a colour for what is significant. The rest they draw as it is given."""

from __future__ import annotations

import re

import matplotlib as mpl
import numpy as np
import pandas as pd

from null_cases import case
from omics_rx import plots

mpl.use("Agg")

REASONS = {
    "plots.kaplan_meier": "draws metrics.survival.kaplan_meier and the p of metrics.survival.log_rank",
    "plots.measured_against_predicted": "draws the interval it is given",
    "plots.subgroup_forest": "draws metrics.subgroups",
}


@case("plots.group_comparison", "p", unit="samples", full=500, fast=30)
def three_groups_alike(random):
    from matplotlib import pyplot as plt

    values = pd.Series(random.normal(size=60))
    ax = plots.group_comparison(values, pd.Series(np.repeat(["a", "b", "c"], 20)))
    title = "".join(ax.get_title(loc=place) for place in ("left", "center", "right"))
    plt.close("all")
    return float(re.search(r"p [=<] ([\d.e-]+)", title)[1])


@case("plots.volcano", "q", unit="drugs", full=500, fast=30)
def drugs_without_selectivity(random):
    """As significant as the legend counts: 1 where it counts none."""
    from matplotlib import pyplot as plt

    table = pd.DataFrame({"name": [f"d{n}" for n in range(40)], "selectivity": random.normal(size=40)})
    ax = plots.volcano(table.assign(p=random.uniform(size=40)))
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    plt.close("all")
    significant = sum(int(re.search(r"\((\d+)\)", label)[1]) for label in labels if not label.startswith("not"))
    return 0.0 if significant else 1.0
