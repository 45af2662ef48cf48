"""Is every p, every q and every interval true? python benchmarks/null_and_coverage.py [--fast] [--only metrics].

Noise, or a planted truth, goes through each public function that returns one: the share of null data sets rejected at
.05, and how often an interval holds the truth and how wide it is. What is public is found by walking the rooms, so that
a new function cannot be forgotten: ``missing()`` names those without a case, and a test demands that there is none.
How to add a case is written in ``benchmarks/null_cases/__init__.py``.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import sys
import time
import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import beta, binom

sys.path.insert(0, str(Path(__file__).parent))
from null_cases import Case, load

import omics_rx

_NAMES = {
    "p": re.compile(r"(.+_)?p(_values?|_corrected)?"),
    "q": re.compile(r"(.+_)?q(_values?)?|fdr"),
    "interval": re.compile(r"(.+_)?(lower|upper|low|high)|interval|half_width"),
}
_SECTION = re.compile(r"^(Returns|Attributes|Yields)\n-+\n(.*?)(?=^\w[\w ]*\n-+\n|\Z)", re.MULTILINE | re.DOTALL)
_LIKE = re.compile(r":func:`~?(?:omics_rx\.)?([\w.]+)`")  # "as :func:`omics_rx.scores.enrich` gives"
_USES = {
    "p": {"pvalue", "p_value"},
    "q": {"q_value", "false_discovery_control", "benjamini_hochberg"},
    "interval": {"conf_int", "confidence_interval"},
}
_WORD = re.compile(r"\bintervals?\b|\bconfidence\b", re.IGNORECASE)
ALPHA = 0.05


# ---------------------------------------------------------------------------------------------- what is public


@cache
def public() -> dict[str, Any]:
    """Name to every public function and method of the rooms, an object told once under its first name."""
    found: dict[str, Any] = {}
    seen: set[int] = set()
    for room in omics_rx.__all__:
        for name, thing in _members(room, getattr(omics_rx, room)):
            if id(thing) not in seen:
                seen.add(id(thing))
                found[name] = thing
    return found


def _members(name: str, thing: Any) -> Iterator[tuple[str, Any]]:
    """Functions of a module, a class or the thing itself."""
    if isinstance(thing, types.ModuleType):
        own = getattr(thing, "__all__", None) or [
            key for key, value in vars(thing).items()
            if not key.startswith("_") and getattr(value, "__module__", None) == thing.__name__
        ]  # fmt: skip
        for key in own:
            yield from _members(f"{name}.{key}", getattr(thing, key))
    elif inspect.isclass(thing):
        if thing.__module__.startswith("omics_rx"):
            ours = [kind for kind in reversed(thing.__mro__) if kind.__module__.startswith("omics_rx")]
            for key, value in {key: value for kind in ours for key, value in vars(kind).items()}.items():
                inner = getattr(value, "__func__", value)
                if not key.startswith("_") and inspect.isfunction(inner):
                    yield f"{name}.{key}", inner
    elif inspect.isfunction(thing) and thing.__module__.startswith("omics_rx"):
        yield name, thing


# ------------------------------------------------------------------------------------------- what it returns


def kinds(function: Any) -> set[str]:
    """Which of p, q and interval a function returns: by its docstring, its return type, and the words it writes."""
    told = _documented(inspect.getdoc(function) or "") | _written(function)
    for returned in _returned(function):
        # a p or q by itself is the number of genes in a shape there
        alone = re.sub(r"``[pq]``", "", inspect.getdoc(returned) or "")
        told |= _documented(alone)
        told |= _of_names(inspect.get_annotations(returned))
    return told


def _of_names(names: Any) -> set[str]:
    return {kind for kind, pattern in _NAMES.items() if any(pattern.fullmatch(str(name)) for name in names)}


def _documented(text: str) -> set[str]:
    parts = [part for _, part in _SECTION.findall(text)]
    body = "\n".join(parts)
    found = _of_names(re.findall(r"``(\w+)``", body))
    fields = re.findall(r"^([\w, ]+)$", body, re.MULTILINE)
    found |= _of_names(name.strip() for line in fields for name in line.split(","))
    for name in _LIKE.findall(body):
        found |= kinds(public()[name]) if name in public() else set()
    return found | ({"interval"} if _WORD.search(body) else set())


def _returned(function: Any) -> list[type]:
    """Classes of this package that the return annotation names."""
    words = re.findall(r"\w+", str(inspect.get_annotations(function).get("return", "")))
    return [_classes()[word] for word in words if word in _classes()]


@cache
def _classes() -> dict[str, type]:
    """Name to every class of the package that is defined where the public functions are."""
    modules = {inspect.getmodule(function) for function in public().values()}
    for module in [*modules]:
        modules |= {inspect.getmodule(thing) for thing in vars(module).values() if inspect.isclass(thing)}
    return {
        name: thing for module in modules if module and module.__name__.startswith("omics_rx")
        for name, thing in vars(module).items() if inspect.isclass(thing) and thing.__module__ == module.__name__
    }  # fmt: skip


@cache
def _definitions(path: str) -> dict[str, tuple[set[str], set[str]]]:
    """Function of a file to the words it writes (keys, keywords) and the names it uses."""
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    found: dict[str, tuple[set[str], set[str]]] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.List | ast.Tuple):
            for target in node.targets:
                found[ast.unparse(target)] = (_texts(node.value), set())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            body = [part for statement in node.body for part in ast.walk(statement)]
            words = {key.value for part in body if isinstance(part, ast.Dict) for key in part.keys
                     if isinstance(key, ast.Constant) and isinstance(key.value, str)}  # fmt: skip
            # short names are keywords of other things, too: random.choice(p=), integers(low=, high=), clip(lower=)
            calls = [part for part in body if isinstance(part, ast.Call) and getattr(part.func, "attr", "") != "clip"]
            words |= {word.arg for part in calls for word in part.keywords if word.arg and len(word.arg) > 4}
            for part in body:
                words |= _texts(part.value) if isinstance(part, ast.keyword) and part.arg == "columns" else set()
            words |= {part.slice.value for part in body if isinstance(part, ast.Subscript)
                      and isinstance(part.ctx, ast.Store) and isinstance(part.slice, ast.Constant)
                      and isinstance(part.slice.value, str)}  # fmt: skip
            used = {part.id for part in body if isinstance(part, ast.Name)}
            used |= {part.attr for part in body if isinstance(part, ast.Attribute)}
            found[node.name] = (words, used)
    return found


def _texts(node: ast.AST) -> set[str]:
    return {part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)}


def _written(function: Any) -> set[str]:
    """Kinds among the words that a function and the functions of its file that it calls write into a result."""
    known = _definitions(inspect.getsourcefile(inspect.unwrap(function)) or "")
    words: set[str] = set()
    calls: set[str] = set()
    left, seen = [function.__name__], set()
    while left:
        name = left.pop()
        if name in known and name not in seen:
            seen.add(name)
            words |= known[name][0]
            calls |= known[name][1]
            left.extend(known[name][1])
    return _of_names(words) | {kind for kind, names in _USES.items() if names & calls}


def missing() -> list[str]:
    """``function kind`` of everything public that has neither a case nor a reason."""
    cases, reasons = load()
    have = {f"{one.function} {one.kind}" for one in cases} | set(reasons)
    wanted = [(name, kind) for name, function in public().items() for kind in sorted(kinds(function))]
    return [f"{name} {kind}" for name, kind in wanted if f"{name} {kind}" not in have and name not in have]


def strangers() -> list[str]:
    """Cases and reasons for functions that are not public (any more)."""
    cases, reasons = load()
    known = public()
    named = {one.function for one in cases} | {name.split(" ")[0] for name in reasons}
    return sorted(name for name in named if name not in known)


# ------------------------------------------------------------------------------------------------ what it holds


@dataclass(frozen=True)
class Judged:
    """What came out of the draws of one case."""

    case: Case
    hits: int
    n: int
    unknown: int
    width: float

    @property
    def share(self) -> float:
        """Share rejected at .05, or share of intervals that hold the truth."""
        return self.hits / self.n if self.n else float("nan")

    def interval(self) -> tuple[float, float]:
        """95% interval of the share, draws taken as independent (Clopper and Pearson)."""
        low = beta.ppf(0.025, self.hits, self.n - self.hits + 1) if self.hits else 0.0
        high = beta.ppf(0.975, self.hits + 1, self.n - self.hits) if self.hits < self.n else 1.0
        return float(low), float(high)

    def holds(self, *, doubt: float) -> bool:
        """Whether the share lies within the bounds, or so near that a rate inside gives it with more than ``doubt``."""
        low, high = self.case.holds
        if not self.n or low <= self.share <= high:
            return bool(self.n)
        if self.share < low:
            return bool(binom.cdf(self.hits, self.n, low) > doubt)
        return bool(binom.sf(self.hits - 1, self.n, high) > doubt)


def judge(one: Case, n: int) -> Judged:
    """Draw ``n`` data sets, the same ones every time, and count."""
    hits, total, unknown, widths = 0, 0, 0, []
    for number in range(n):
        # the data set depends on the case and its number alone: neither order nor company changes it
        seed = [number, *(ord(letter) for letter in f"{one.function} {one.kind} {one.label}")]
        said = one.draw(np.random.default_rng(seed))
        if one.kind == "interval":
            lower, upper, truth = (np.atleast_1d(np.asarray(part, dtype=np.float64)) for part in said)
            known = np.isfinite(lower) & np.isfinite(upper)
            hit = ((lower <= truth) & (truth <= upper))[known]
            widths.extend((upper - lower)[known])
        else:
            values = np.atleast_1d(np.asarray(said, dtype=np.float64))
            known = np.isfinite(values)
            hit = values[known] < ALPHA
        hits, total, unknown = hits + int(hit.sum()), total + hit.size, unknown + int((~known).sum())
    return Judged(one, hits, total, unknown, float(np.median(widths)) if widths else float("nan"))


def rows(cases: list[Case], *, fast: bool) -> pd.DataFrame:
    """A row a case: what was asked, what was found, whether it holds."""
    found = []
    for one in cases:
        n = one.fast if fast else one.full
        if not n:
            continue
        start = time.perf_counter()
        got = judge(one, n)
        low, high = got.interval()
        found.append(
            {"function": one.function, "figure": one.kind, "data": one.label, "unit": one.unit, "n": got.n,
             "unknown": got.unknown, "share": got.share, "low": low, "high": high, "from": one.holds[0],
             "to": one.holds[1], "width": got.width, "holds": got.holds(doubt=1e-4 if fast else 0.02),
             "seconds": time.perf_counter() - start, "stated": one.stated}
        )  # fmt: skip
        print(pd.DataFrame(found[-1:]).round(3).to_string(index=False, header=len(found) == 1), flush=True)
    return pd.DataFrame(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fast", action="store_true", help="the half that the tests run")
    parser.add_argument("--only", nargs="+", default=[""], help="names of functions begin so: metrics metrics.curves")
    parser.add_argument("--write", type=Path, help="a CSV of the rows")
    told = parser.parse_args()
    cases, reasons = load()
    chosen = [one for one in cases if one.function.startswith(tuple(told.only))]
    table = rows(chosen, fast=told.fast)
    if told.write:
        table.to_csv(told.write, index=False)
    off = table[[not held for held in table.get("holds", [])]] if len(table) else table
    print(f"\n{len(table) - len(off)} of {len(table)} cases hold")
    for name in off.to_dict("records"):
        print(f"  off: {name['function']} {name['figure']}, {name['data']}: {name['share']:.3f}")
    waiting = [
        name for name, why in reasons.items() if why.startswith("no case yet") and name.startswith(tuple(told.only))
    ]
    print(f"{len(waiting)} without a case yet: {', '.join(waiting) or 'none'}")
    for name in missing():
        print(f"  neither case nor reason: {name}")


if __name__ == "__main__":
    main()
