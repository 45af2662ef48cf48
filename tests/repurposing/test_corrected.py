"""Contrasts of groups of lines, and screens that have none."""

import numpy as np
import pandas as pd

from omics_rx.repurposing import corrected


def test_a_screen_without_breast_groups_has_no_contrasts():
    values = pd.DataFrame(np.zeros((6, 3)), index=[f"L{i}" for i in range(6)], columns=["A", "B", "C"])
    for groups in (pd.Series(np.nan, index=values.index, dtype=object), pd.Series(dtype=object)):
        told, errors = corrected.pooled_contrasts(values, groups, [set(), set(), set()], values.columns)
        assert told.shape == errors.shape == (3, 0)
