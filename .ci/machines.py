"""Build the environments that people have, run the main job and a set of tests in each, and print what happened.

    python .ci/machines.py newest floors        # what every change must pass
    python .ci/machines.py all --tests all      # every interpreter at hand, with the whole suite

An environment is an interpreter with either what the index serves on the day or the lowest release of every direct
dependency that ``pyproject.toml`` allows. ``uv`` makes them from the interpreters of this machine; one that is not
here is named in the table.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
TOLD = ("anndata", "mudata", "numpy", "pandas", "scanpy", "scikit-learn", "torch", "rdkit", "shap", "typer")
TOOLS = (
    "pytest>=8.3", "pytest-timeout>=2.3", "hypothesis>=6.100", "nbmake>=1.5.4", "ipykernel>=6.29", "uv>=0.4",
)  # fmt: skip
EXTRAS = "explain,learners,scale"  # parity is left out: it would hold pandas below 3
SMOKE = (
    "tests/test_package.py", "tests/core", "tests/metrics/test_survival.py", "tests/metrics/test_response_metrics.py",
    "tests/harmonize/test_genes.py", "tests/harmonize/test_identity.py", "tests/harmonize/test_units.py",
    "tests/io/test_bulk.py", "tests/io/test_clinical.py", "tests/io/test_gdsc.py", "tests/io/test_single_cell.py",
    "tests/io/test_modalities.py", "tests/io/test_remembered.py", "tests/datasets/test_unpickle.py",
    "tests/scores/test_score.py", "tests/scores/test_subtype.py", "tests/signatures/test_signature.py",
    "tests/signatures/test_stacked_cox.py", "tests/response/test_response_model.py",
    "tests/response/test_response_graphs.py", "tests/repurposing/test_ranking.py", "tests/repurposing/test_labels.py",
    "tests/plots/test_plots_survival.py", "tests/report/test_report_page.py", "tests/workflow/test_cli.py",
    "tests/field/test_field_strings.py",
)  # fmt: skip


def interpreter(version: str) -> str | None:
    """Path of a Python of this version, from the path or from pyenv; None where there is none that starts."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [shutil.which(f"python{version}"), *map(str, sorted(pyenv.glob(f"{version}.*/bin/python")))]
    for one in filter(None, found):
        if subprocess.run([one, "-c", "import venv"], capture_output=True, check=False).returncode == 0:
            return one
    return None


def uv() -> str:
    """The program beside this interpreter, or on the path."""
    found = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if not found:
        sys.exit("uv is not here: pip install uv")
    return found


def wanted(names: list[str]) -> list[tuple[str, bool]]:
    """Versions of Python, each with whether the floors are asked for."""
    here = [version for version in PYTHONS if interpreter(version)]
    chosen: list[tuple[str, bool]] = []
    for name in names:
        if name == "floors":
            chosen.append((PYTHONS[0], True))
        elif name == "newest":
            chosen.append((here[-1], False))
        else:
            chosen += [(version, False) for version in (here if name == "all" else [name])]
    return list(dict.fromkeys(chosen))


def run(command: list[str], log: Path, *, where: Path = ROOT) -> bool:
    """Whether a command succeeds; what it says goes to the log, and its last lines to stderr where it fails."""
    with log.open("a", encoding="utf-8") as stream:
        stream.write(f"+ {' '.join(command)}\n")
        stream.flush()
        done = subprocess.run(command, cwd=where, stdout=stream, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        sys.stderr.write("".join(log.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)[-60:]))
    return done.returncode == 0


def install(python: str, folder: Path, log: Path, *, floors: bool) -> bool:
    """Make the environment; the package is installed as a user does, not from the checkout."""
    if not run([uv(), "venv", "--quiet", "--seed", "--python", python, str(folder / "venv")], log):
        return False
    pip = [uv(), "pip", "install", "--quiet", "--python", str(folder / "venv" / "bin" / "python")]
    if floors:
        lowest = folder / "floors.txt"
        resolve = [uv(), "pip", "compile", "--quiet", "--resolution", "lowest-direct", "--python", python]
        extras = [f"--extra={name}" for name in EXTRAS.split(",")]
        if not run([*resolve, *extras, "pyproject.toml", "-o", str(lowest)], log):
            return False
        return run([*pip, "-r", str(lowest), *TOOLS], log) and run([*pip, "--no-deps", "."], log)
    return run([*pip, f".[{EXTRAS}]", *TOOLS], log)


def versions(folder: Path) -> str:
    """Versions of what most often differs, in one line."""
    asked = f"import importlib.metadata as m; print(' '.join(n + ' ' + m.version(n) for n in {TOLD!r}))"
    found = subprocess.run(
        [str(folder / "venv" / "bin" / "python"), "-c", asked], capture_output=True, text=True, check=False
    )
    return found.stdout.strip()


def tried(python: str, tests: str, log: Path, *, floors: bool) -> dict[str, str]:
    """One row of the table."""
    row = {"machine": f"Python {python}, {'floors' if floors else 'what the index serves'}"}
    found = interpreter(python)
    if not found:
        return row | {"install": "no such Python here"}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        programs = folder / "venv" / "bin"
        steps = {
            "install": lambda: install(found, folder, log, floors=floors),
            "quickstart": lambda: run(
                [str(programs / "omics-rx"), "quickstart", "--out", "out"], log, where=folder
            ),
            "pytest": lambda: run(
                [str(programs / "pytest"), "-q", *(SMOKE if tests == "smoke" else ("tests",))], log
            ),
        }  # fmt: skip
        for name, step in steps.items():
            start = time.monotonic()
            fine = step()
            row[name] = f"{'works' if fine else 'FAILS'}, {time.monotonic() - start:.0f} s"
            if name == "install":
                row["versions"] = versions(folder)
            if not fine:
                break
    return row


def main() -> int:
    """Print the table; 1 where a step failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", help="floors, newest, all, or versions of Python")
    parser.add_argument("--tests", choices=("smoke", "all"), default="smoke")
    parser.add_argument("--log", type=Path, default=Path(tempfile.gettempdir()) / "machines.log")
    told = parser.parse_args()
    told.log.write_text("", encoding="utf-8")
    rows = [tried(python, told.tests, told.log, floors=floors) for python, floors in wanted(told.names)]
    for row in rows:
        print(" | ".join(f"{name}: {value}" for name, value in row.items()), flush=True)
    return int(any("FAILS" in value for row in rows for value in row.values()))


if __name__ == "__main__":
    sys.exit(main())
