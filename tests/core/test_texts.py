"""Frames that another pandas wrote."""

import pandas as pd
import pytest

from omics_rx.core.texts import as_made_here


@pytest.mark.parametrize("kind", ["string[python]", "string[pyarrow]"])
def test_texts_get_the_type_of_this_pandas(kind):
    own = pd.DataFrame({"name": ["a", None, "c"], "n": [1, 2, 3]}, index=["x", "y", "z"])
    other = own.astype({"name": kind})
    other.index, other.columns = other.index.astype(kind), other.columns.astype(kind)
    made = as_made_here(other)
    pd.testing.assert_frame_equal(made, own)
    assert made["name"].isna().tolist() == [False, True, False]
    assert other["name"].dtype == kind


def test_what_is_made_here_stays():
    own = pd.DataFrame({"name": ["a", None], "flag": [True, False]}, index=["x", "y"])
    pd.testing.assert_frame_equal(as_made_here(own), own)
