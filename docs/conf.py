"""How the documentation is built: ``pip install ".[docs]" && sphinx-build -W docs docs/_build``."""

from __future__ import annotations

import ast
import os
import shutil
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "docs"
sys.path.insert(0, str(ROOT))
os.environ.setdefault("MPLBACKEND", "Agg")

project = "omics_rx"
author = "the omics_rx developers"
copyright = f"{author}, GPL-3.0-or-later"  # noqa: A001 - the name that Sphinx reads
release = metadata.version("omics-rx")
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.intersphinx", "numpydoc"]
exclude_patterns = ["_build", "jupyter_execute", "_templates"]
templates_path = ["_templates"]
html_extra_path = ["llms.txt"]  # the pages in Markdown lie under _sources
html_theme = "furo"
html_title = f"omics_rx {release}"
myst_enable_extensions = ["colon_fence", "dollarmath", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the notebooks are run by the tests
autosummary_generate = True
autodoc_typehints = "none"  # numpydoc writes types from the docstring
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
intersphinx_mapping: dict[str, tuple[str, None]] = {}  # nothing is fetched while building
suppress_warnings = ["myst.header"]

# rooms in the order in which a cohort meets them
ROOMS = {
    "io": "Read", "harmonize": "Bring to one language", "datasets": "Named public data", "scores": "Score",
    "signatures": "Signatures", "response": "Response", "repurposing": "Repurposing", "plots": "Plots",
    "report": "Report", "metrics": "Figures of merit",
}  # fmt: skip


def public_names(room: str) -> list[str]:
    """What a room's ``__all__`` says, read from its source."""
    for node in ast.parse((ROOT / "omics_rx" / room / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return list(ast.literal_eval(node.value))
    return []


def write_reference() -> None:
    """One page a room, each public name with its docstring."""
    folder = HERE / "api"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    top = ["# Reference\n", "Every public name, by room. `import omics_rx as orx`.\n", "```{toctree}", ":maxdepth: 1\n"]
    for room, title in {"top": "Top level", **ROOMS}.items():
        top.append(room)
        module, names = f"omics_rx.{room}", public_names(room) if room != "top" else []
        if room == "top":
            module, names = "omics_rx", ["check", "cite", "doctor", "DrugScreen"]
        lines = [f"# {title}: `{module}`\n", "```{eval-rst}", f".. currentmodule:: {module}\n"]
        lines += [".. autosummary::", "   :toctree: generated", "   :nosignatures:\n"]
        lines += [f"   {name}" for name in names] + ["```"]
        (folder / f"{room}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "index.md").write_text("\n".join([*top, "```"]) + "\n", encoding="utf-8")


def copy_notebooks() -> None:
    """The notebooks as tutorials."""
    folder = HERE / "tutorials"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    names = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
    for name in names:
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", folder)
    page = [
        "# Tutorials\n",
        "Each is a notebook of the repository's folder `notebooks/`.\n",
        "```{toctree}",
        *names,
        "```",
    ]
    (folder / "index.md").write_text("\n".join(page) + "\n", encoding="utf-8")


write_reference()
copy_notebooks()
