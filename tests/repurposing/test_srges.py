"""Several profiles of a drug as one score: by hand, planted, and what cannot be read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.errors import InputError
from omics_rx.repurposing import srges


def _profiles(rows):
    table = pd.DataFrame(rows, columns=["drug", "line", "dose", "time", "rges"])
    table.index = [f"p{i}" for i in range(len(table))]
    return table["rges"], table["drug"], table[["dose", "time", "line"]]


HAND = [
    ("a", "MCF7", 10, 24, -0.6),
    ("a", "MCF7", 1, 24, -0.4),
    ("a", "MCF7", 10, 6, -0.2),
    ("b", "MCF7", 10, 24, -0.2),
    ("b", "MCF7", 1, 24, -0.2),
    ("b", "PC3", 0.1, 6, 0.3),
]


def test_by_hand():
    found = srges.summarised(*_profiles(HAND))
    # low, long: (-.6 + .4 + -.2 + .2) / 2; high, short: -.6 + .2; of low and short no pair tells
    assert found.corrections.to_dict() == pytest.approx(
        {"low, short": 0.0, "low, long": -0.1, "high, short": -0.4, "high, long": 0.0}
    )
    assert found.n_pairs.to_dict() == {"low, short": 0, "low, long": 2, "high, short": 1, "high, long": 0}
    assert found.table.loc["a", "srges"] == pytest.approx((-0.6 - 0.5 - 0.6) / 3)
    assert found.table.loc["b", "srges"] == pytest.approx((-0.2 - 0.3 + 0.3) / 3)
    assert found.table["n"].to_dict() == {"a": 3, "b": 3}


def test_lines_are_weighed_over_the_largest_and_those_without_a_weight_are_left_out():
    found = srges.summarised(*_profiles(HAND), weights={"mcf7": 0.4})
    assert found.table.loc["b", "n"] == 2
    both = srges.summarised(*_profiles(HAND), weights={"MCF7": 0.2, "PC3": 0.4})
    assert both.table.loc["b", "srges"] == pytest.approx((-0.1 - 0.15 + 0.3) / 3)
    with pytest.raises(InputError, match="above 0"):
        srges.summarised(*_profiles(HAND), weights={"MCF7": 0.0})
    with pytest.raises(InputError, match="no profile"):
        srges.summarised(*_profiles(HAND), weights={"HELA": 1.0})


def test_a_drug_seen_at_low_doses_only_is_brought_to_the_reference():
    random = np.random.default_rng(0)
    strength = pd.Series(random.normal(size=60), index=[f"d{i}" for i in range(60)])
    rows = []
    for drug, value in strength.items():
        low = [("MCF7", dose, time, 0.5) for dose in (0.1, 1.0) for time in (6, 24)]
        reference = [("MCF7", 10.0, 24, 0.0)] if int(drug[1:]) < 50 else []
        rows += [(drug, line, dose, time, value + weaker + random.normal(0, 0.05))
                 for line, dose, time, weaker in (*low, *reference)]  # fmt: skip
    found = srges.summarised(*_profiles(rows)).table["srges"]
    assert (found - strength).abs().max() < 0.15


def test_conditions_are_read_with_their_units_and_asked_otherwise():
    about = pd.DataFrame({"pert_idose": ["10 uM", "500 nM", "-666"], "pert_itime": ["24 h", "6 h", "1 d"],
                          "cell_id": ["MCF7", "pc3", "A549"]})  # fmt: skip
    found = srges.conditions(about)
    assert found["dose"].tolist()[:2] == [10.0, 0.5]
    assert np.isnan(found["dose"].iloc[2])
    assert found["time"].tolist() == [24.0, 6.0, 24.0]
    assert found["line"].tolist() == ["MCF7", "PC3", "A549"]
    assert srges.conditions(about.drop(columns="cell_id")) is None
    with pytest.raises(InputError, match="ng/mL"):
        srges.conditions(about.assign(pert_idose="10 ng/mL"))


def test_a_ranking_shows_it_where_a_library_tells_conditions(world):
    from omics_rx.repurposing import Ranker

    drugs, genes = world.screen.drugs.index[:12], world.cohort.var_names
    random = np.random.default_rng(1)
    rows = [(drug, dose, time, "MCF7") for drug in drugs for dose in (1.0, 10.0) for time in (6, 24)]
    library = pd.DataFrame(random.normal(size=(len(rows), len(genes))), columns=genes, index=[row[0] for row in rows])
    told = pd.DataFrame(rows, columns=["drug", "dose", "time", "line"]).set_axis(library.index)[
        ["dose", "time", "line"]
    ]
    ranking = (
        Ranker().fit(world.model, world.cohort, pd.concat([told, library], axis=1)).rank("Basal", candidates="all")
    )
    assert ranking.evidence["reversal_srges"].notna().sum() == len(drugs)
    assert ranking.evidence_info.loc["reversal_srges", "role"] == "support"
    plain = Ranker().fit(world.model, world.cohort, library).rank("Basal", candidates="all")
    assert "reversal_srges" not in plain.evidence
    pd.testing.assert_series_equal(plain.table["score"], ranking.table["score"])
