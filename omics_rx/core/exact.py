"""Numbers that come back from text to their last digit."""

from __future__ import annotations

from typing import Any

import pandas as pd

# since pandas 3.1 this is what read_csv does, and asking for it is deprecated
EXACT: dict[str, Any] = (
    {"float_precision": "round_trip"} if tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1) else {}
)
