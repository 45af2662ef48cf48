"""Do the tests notice a small fault? python benchmarks/planted_faults.py metrics [--n 60] [--seed 0].

One fault at a time is planted into a copy of the tree: a comparison, a sign, a number, an and for an or, a condition
turned round. The tests of its file run first, then those of its room, but for those marked slow; a fault is noticed
when one of them fails or does not come to an end in four times what it takes without a fault. Printed are those that
were not noticed, and the share that was. Numbers above 1,000 and below .0001 are left as they are: sizes of blocks and
tolerances of rounding, which no figure shows. Changes that change nothing are named below with the reason and do not
count.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
ROOMS = {"metrics": ("metrics",), "core": ("core", "harmonize")}
FURTHER = {
    "metrics": ["tests/parity/test_survival_parity.py"],
    "core": ["tests/harmonize"],
    "harmonize": ["tests/core", "tests/field", "tests/property/test_drugs_property.py"],
}
# files whose tests are named after something else
NEAR = {
    "logistic": "curves", "dose_points": "curves", "drug_finder": "drugs", "drug_names": "drugs", "structures": "drugs",
    "forms": "drugs", "symbols": "genes", "renaming": "genes", "cell_sums": "pseudobulk", "mirna_names": "mirnas",
    "mirna_renaming": "mirnas", "pairs": "survival", "curves": "curves,survival",
    "small": "small,classification,compare",
    "crossed": "compare", "matrices": "units", "needs": "units", "registry": "errors",
}  # fmt: skip
SLOW = {"test_null_and_coverage.py"}  # draws many data sets: its own harness is not what is tried here

# planted in every run: faults that the tests once did not notice
NAMED = {
    "metrics": [
        "metrics/calibration.py: values - knot -> values + knot",
        "metrics/inputs.py: (values >= 0) & (values <= 1) -> (values >= 0) | (values <= 1)",
        "metrics/curves.py: (survival == 1) | (survival == 0) -> (survival == 1) & (survival == 0)",
    ],
    "core": ["harmonize/logistic.py: 1 - fall -> 1 + fall"],
}

# fault -> why nothing changes
EQUIVALENT = {
    "harmonize/curves.py: True -> False in groups = table.groupby(keys, sort=False, observed=True)": "a category that "
    "no well has gets no number either way",
    "harmonize/logistic.py: 0.7 -> 1.0499999999999998 in beyond = np.array([0.7, 2.0, 4.0])": "a start of a "
    "search that ends in the same optimum",
    "harmonize/row_numbers.py: 0 -> 1 in first, last = np.searchsorted(known, [ordered[0], ordered[-1] + 1])": "one id "
    "of all that are known",
    "core/units.py: 1 -> 2 in return BASES[unit.split('(', maxsplit=1)[0]] if unit in LOGGED else None": "what stands "
    "before the first bracket",
    "core/unit_values.py: amounts < _LARGEST_EXACT -> amounts <= _LARGEST_EXACT": "no amount lies on the edge",
    "metrics/calibration.py: basis - centre -> basis + centre": "a Cox model is the same wherever its features begin",
    "metrics/survival.py: 1 -> 2 in k = int(order.max()) + 1": "a level more that nobody has",
    "metrics/survival.py: followed < _FOLLOWED -> followed <= _FOLLOWED": "no share of patients lies on the edge, a "
    "fifth less a tolerance",
    "metrics/classification.py: 1 -> 2 in return np.ones((1, actual.size))": "the data twice, of which one is read",
    "metrics/calibration.py: (basis - centre) / scale -> (basis - centre) * scale": "and whatever their unit",
    "metrics/response.py: 1 -> 2 in columns = np.maximum(known.sum(axis=0, keepdims=True), 1)": "more sweeps",
    "metrics/response.py: min(spread_a, spread_b) < floor -> min(spread_a, spread_b) <= floor": "no spread is rounding "
    "to the last bit",
    "metrics/survival.py: 1 -> 2 in weight = np.where(late | ~events, 0.0, 1 / np.maximum(followed, 1e-12) ** 2)": ""
    "all weights twice as large",
    "metrics/inputs.py: np.diff(values, axis=1).max(axis=1) > 1e-09 -> np.diff(values, axis=1).max(axis=1) >= 1e-09": ""
    "a tolerance",
    "metrics/response.py: True -> False in columns = np.maximum(known.sum(axis=0, keepdims=True), 1)": "one shape",
    "metrics/response.py: 100 -> 101 in _SWEEPS = 100": "a sweep more",
    "metrics/pairs.py: 1 -> 2 in step = max(1, _BLOCK // max(time.size, 1))": "size of a block",
    "metrics/curves.py: False -> True in _, sets = connected_components(met, directed=False)": "who met whom is "
    "symmetric",
    "metrics/response.py: 1000.0 -> 1500.0 in return _r(left_y, left_f, floor=1000.0 * _TOLERANCE)": "how much of a "
    "spread is rounding",
}

_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.Mult: ast.Div, ast.Div: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.And: ast.Or,
    ast.Or: ast.And,
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One change of one expression of one file; ``place`` counts the expressions of the file that can be changed."""

    file: str
    place: int
    line: int
    text: str

    @property
    def name(self) -> str:
        """File and change, without the line, which moves."""
        return f"{self.file}: {self.text}"


class _Sites(ast.NodeTransformer):
    """Walks what is computed, not what is said: no annotations, messages, docstrings, decorators or assertions."""

    def __init__(self, change: int | None = None) -> None:
        self.change, self.found, self.statement = change, [], ""  # type: ignore[var-annotated]

    def visit(self, node: ast.AST) -> ast.AST:
        """Keep the simple statement one is in, which names a number."""
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            self.statement = ast.unparse(node)[:90]
        elif isinstance(node, ast.If | ast.While):
            self.statement = ast.unparse(node.test)[:90]
        return super().visit(node)

    def _site(self, node: ast.expr, changed: ast.expr, within: str = "") -> ast.expr:
        place = len(self.found)
        said = f"{ast.unparse(node)} -> {ast.unparse(changed)}" + (f" in {within}" if within else "")
        self.found.append((node.lineno, said))
        return changed if place == self.change else node

    def _swapped(self, node: ast.expr, field: str) -> ast.expr:
        changed = copy.deepcopy(node)
        old = getattr(node, field)
        kind = type(old[0] if isinstance(old, list) else old)
        if kind not in _SWAPS:
            return node
        new = _SWAPS[kind]()
        setattr(changed, field, [new, *old[1:]] if isinstance(old, list) else new)
        return self._site(node, changed)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        return self._swapped(self.generic_visit(node), "ops")  # type: ignore[arg-type]

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        if any(isinstance(part, ast.JoinedStr) for part in ast.walk(node)):
            return node
        return self._swapped(self.generic_visit(node), "op")  # type: ignore[arg-type]

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        return self._swapped(self.generic_visit(node), "op")  # type: ignore[arg-type]

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        inner = self.generic_visit(node)
        if isinstance(node.op, ast.Not | ast.USub | ast.Invert):
            return self._site(inner, node.operand)  # type: ignore[arg-type]
        return inner  # type: ignore[return-value]

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if isinstance(node.value, bool):
            return self._site(node, ast.copy_location(ast.Constant(not node.value), node), self.statement)
        if isinstance(node.value, int | float) and (node.value == 0 or 1e-4 <= node.value <= 1000):
            other = node.value + 1 if isinstance(node.value, int) else node.value * 1.5 or 0.5
            return self._site(node, ast.copy_location(ast.Constant(other), node), self.statement)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.body = [self.visit(part) for part in node.body]
        node.args.defaults = [self.visit(part) for part in node.args.defaults]
        node.args.kw_defaults = [self.visit(part) if part else None for part in node.args.kw_defaults]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        node.value = self.visit(node.value) if node.value else None
        return node

    def _kept(self, node: ast.AST) -> ast.AST:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        node.body = [self.visit(part) for part in node.body]
        return node

    visit_Raise = visit_Assert = visit_JoinedStr = visit_Import = visit_ImportFrom = _kept  # noqa: N815

    def visit_If(self, node: ast.If) -> ast.AST:
        return node if "TYPE_CHECKING" in ast.unparse(node.test) else self.generic_visit(node)


def faults(room: str) -> list[Fault]:
    """Every fault that can be planted into the files of a room, but for those that change nothing."""
    found = []
    for part in ROOMS[room]:
        for path in sorted((HERE / "omics_rx" / part).glob("*.py")):
            sites = _Sites()
            sites.visit(ast.parse(path.read_text(encoding="utf-8")))
            name = f"{part}/{path.name}"
            found += [Fault(name, place, *said) for place, said in enumerate(sites.found)]
    return [one for one in found if one.name not in EQUIVALENT]


def planted(fault: Fault) -> str:
    """Source of a file with its fault."""
    tree = ast.parse((HERE / "omics_rx" / fault.file).read_text(encoding="utf-8"))
    return ast.unparse(ast.fix_missing_locations(_Sites(fault.place).visit(tree)))


def tests_of(fault: Fault) -> Iterator[list[str]]:
    """Tests named after the file, then all others of its room."""
    room, _, file = fault.file.partition("/")
    stem = file.removesuffix(".py")
    folder = HERE / "tests" / room
    every = [path for path in sorted(folder.glob("test_*.py")) if path.name not in SLOW]
    names = [*NEAR.get(stem, stem).split(","), "figures_stay"]
    near = [path for path in every if any(name in path.stem for name in names)]
    for group in (near, [path for path in every if path not in near]):
        if group:
            yield [str(path.relative_to(HERE)) for path in group]
    if FURTHER[room]:
        yield FURTHER[room]


def import_packages() -> None:
    """What the tests import of others, once: each fault's process begins with it. Nothing of the tree itself."""
    for name in ("hypothesis", "pandas", "scipy.stats", "scipy.optimize", "anndata", "sklearn", "rdkit", "lifelines"):
        with suppress(ImportError):
            importlib.import_module(name)


@cache
def usual(tree: Path, tests: tuple[str, ...]) -> float:
    """Seconds that tests take without a fault, where they must pass."""
    start = time.perf_counter()
    if not run(tree, [*tests], 1800):
        message = f"without a fault these fail already: {' '.join(tests)}"
        raise SystemExit(message)
    return time.perf_counter() - start


def notices(clean: Path, tree: Path, tests: list[str]) -> bool:
    """Whether the tests fail with the fault, or take four times as long as without."""
    return not run(tree, tests, 20 + 4 * usual(clean, tuple(tests)))


def run(tree: Path, tests: list[str], limit: float) -> bool:
    """Whether the tests pass in a process of their own, which has the packages imported already."""
    child = os.fork()
    if not child:
        signal.alarm(max(1, int(limit)))
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        os.chdir(tree)
        sys.path.insert(0, str(tree))
        os.environ["PYTHONPATH"] = str(tree)
        import pytest

        os._exit(
            int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-m", "not slow", *tests]))
        )
    _, status = os.waitpid(child, 0)
    return status == 0


def copied(tree: Path) -> None:
    """A copy of what a fault or a test can touch; the rest is linked."""
    for part in ("omics_rx", "tests", "benchmarks"):
        shutil.copytree(HERE / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("resources", "pyproject.toml", "README.md"):
        (tree / part).symlink_to(HERE / part)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("room", choices=sorted(ROOMS))
    parser.add_argument("--n", type=int, default=60, help="how many faults, beside those that are named")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--part", default="0/1", help="only every so-manieth of them, such as 2/5 for the third of five"
    )
    parser.add_argument("--only", default="", help="faults whose name holds this")
    told = parser.parse_args()
    every = [one for one in faults(told.room) if told.only in one.name]
    named = [one for one in every if one.name in NAMED[told.room]]
    lost = set(NAMED[told.room]) - {one.name for one in named}
    drawn = random.Random(told.seed).sample(every, min(told.n, len(every)))  # noqa: S311
    import_packages()
    missed, start = [], time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        tree, clean = Path(folder) / "tree", Path(folder) / "clean"
        copied(tree)
        copied(clean)
        first, parts = map(int, told.part.split("/"))
        chosen = list(dict.fromkeys([*named, *drawn]))[first::parts]
        for number, fault in enumerate(chosen, 1):
            path = tree / "omics_rx" / fault.file
            before = path.read_text(encoding="utf-8")
            path.write_text(planted(fault), encoding="utf-8")
            noticed = any(notices(clean, tree, tests) for tests in tests_of(fault))
            path.write_text(before, encoding="utf-8")
            if not noticed:
                missed.append(fault)
            where = f"{fault.file}:{fault.line}"
            print(f"{number:3} {'noticed' if noticed else 'NOT    '} {where}: {fault.text}"[:200], flush=True)
    print(f"\n{len(chosen) - len(missed)} of {len(chosen)} noticed in {told.room} ({len(every)} can be planted, "
          f"{len(EQUIVALENT)} named as changing nothing), {time.perf_counter() - start:.0f} s")  # fmt: skip
    for fault in missed:
        print(f"  not noticed: {fault.file}:{fault.line}: {fault.text}")
    for name in sorted(lost if not told.only else ()):
        print(f"  named and not found any more: {name}")


if __name__ == "__main__":
    main()
