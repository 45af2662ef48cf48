"""Every public function and method says in words what is wrong with None, a text, an empty list, table or array.

What is public is found by walking the rooms, so that a new function cannot be forgotten.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError, OmicsRxError

FOLDER = Path(__file__).parents[2] / "benchmarks"
POOR = {
    "None": lambda: None,
    "no letter": lambda: "",
    "text": lambda: "nonsense.tsv",
    "number": lambda: 3.0,
    "list": list,
    "dict": dict,
    "array": lambda: np.array([]),
    "rows": lambda: np.zeros((0, 3)),
    "series": lambda: pd.Series(dtype=float),
    "frame": pd.DataFrame,
    "words": lambda: pd.DataFrame({"nonsense": ["x"]}),
}


def _public():
    spec = importlib.util.spec_from_file_location("null_and_coverage", FOLDER / "null_and_coverage.py")
    module = sys.modules.setdefault("null_and_coverage", importlib.util.module_from_spec(spec))
    if not hasattr(module, "public"):
        spec.loader.exec_module(module)
    return module.public()


PUBLIC = _public()
FUNCTIONS = {name: one for name, one in PUBLIC.items() if "." not in one.__qualname__}


def _needed(function):
    found = inspect.signature(function).parameters.values()
    return [
        one.name for one in found if one.default is one.empty and one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
    ]


def test_every_public_function_and_method_speaks_in_words():
    silent = [
        name for name, one in PUBLIC.items()
        if set(inspect.signature(one).parameters) - {"self", "cls"} and not hasattr(one, "__wrapped__")
    ]  # fmt: skip
    assert not silent, "put @in_words (omics_rx.core.arguments) above them"


@pytest.mark.filterwarnings("ignore")  # of pandas and numpy, on the way to the refusal
@pytest.mark.parametrize("kind", POOR)
def test_poor_arguments_are_refused_in_words(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    raw = []
    for name, function in FUNCTIONS.items():
        needed = _needed(function)
        if needed:
            try:
                function(**{one: POOR[kind]() for one in needed})
            except OmicsRxError:
                continue
            except Exception as error:  # noqa: BLE001 - any other error is what is looked for
                raw.append(f"{name}: {type(error).__name__}: {error}")
    assert not raw, "\n".join(raw)


def test_a_single_text_is_no_list_of_letters():
    from omics_rx import harmonize

    for read in (harmonize.drugs.identify, harmonize.current_symbols, harmonize.cell_lines.identify):
        with pytest.raises(InputError, match="a single one is"):
            read("ESR1")


def _mean(values: pd.DataFrame, names: list[str], *, scale: float = 1.0) -> float:
    return float(values[names].to_numpy().mean() / scale)


def test_what_is_wrong_is_named_and_what_is_not_explained_stays():
    told = in_words(_mean)
    table = pd.DataFrame({"a": [1.0]})
    assert told(table, ["a"]) == 1
    with pytest.raises(InputError, match="_mean: values is None, where a DataFrame is needed"):
        told(None, ["a"])
    with pytest.raises(InputError, match=r"lacks what is needed of it: .*'b'"):
        told(table, ["b"])
    with pytest.raises(InputError, match="scale is the text 'x', where a number is needed"):
        told(table, ["a"], scale="x")
    with pytest.raises(TypeError, match="missing 1 required"):
        told(table)
    with pytest.raises(ZeroDivisionError):
        in_words(lambda values: 1 / 0)(table)
    with pytest.raises(InputError, match="values is empty"):
        told(pd.DataFrame(), ["a"])
