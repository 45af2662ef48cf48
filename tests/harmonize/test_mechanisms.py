"""Likeness of drugs by their words, worked by hand."""

from __future__ import annotations

import numpy as np

from omics_rx.harmonize import mechanisms


def test_the_jaccard_index_is_what_is_shared_of_all_words():
    words = [{"EGFR", "ERBB2"}, {"ERBB2"}, {"ERBB2", "EGFR", "RTK"}, set(), set()]
    due = [[1, 1 / 2, 2 / 3, 0, 0], [1 / 2, 1, 1 / 3, 0, 0], [2 / 3, 1 / 3, 1, 0, 0], [0] * 5, [0] * 5]
    np.testing.assert_allclose(mechanisms.jaccard(words), due)
