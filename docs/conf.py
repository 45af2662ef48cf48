"""How the documentation is built: ``pip install ".[docs]" && sphinx-build -W docs docs/_build``."""

from __future__ import annotations

import os
import shutil
import sys
from functools import partial
from importlib import import_module, metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import latex2mathml.converter
from docutils import nodes

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "docs"
sys.path.insert(0, str(ROOT))
os.environ.setdefault("MPLBACKEND", "Agg")

project = "omics_rx"
author = "the omics_rx developers"
copyright = f"{author}, GPL-3.0-or-later"  # noqa: A001 - the name that Sphinx reads
release = metadata.version("omics-rx")
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
exclude_patterns = ["_build", "jupyter_execute", "_templates"]
templates_path = ["_templates"]
html_extra_path = ["llms.txt"]  # the pages in Markdown lie under _sources
html_theme = "furo"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_title = f"omics_rx {release}"
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the notebooks are run by the tests
autosummary_generate = True
autodoc_typehints = "none"  # numpydoc writes types from the docstring
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

# rooms in the order in which a cohort meets them
ROOMS = {
    "io": "Read", "harmonize": "Bring to one language", "datasets": "Named public data", "scores": "Score",
    "signatures": "Signatures", "response": "Response", "repurposing": "Repurposing", "plots": "Plots",
    "report": "Report", "metrics": "Figures of merit",
}  # fmt: skip


def public_names(module: str) -> list[str]:
    """What a room says is public; of the package itself what is no room."""
    found = import_module(module)
    apart = ModuleType | str if module == "omics_rx" else ()  # the rooms, which have their own page, and the version
    return [name for name in found.__all__ if not isinstance(getattr(found, name), apart)]


def write_reference() -> None:
    """One page a room, each public name with its docstring."""
    folder = HERE / "api"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    top = ["# Reference\n", "Every public name, by room. `import omics_rx as orx`.\n", "```{toctree}", ":maxdepth: 1\n"]
    for room, title in {"top": "Top level", **ROOMS}.items():
        top.append(room)
        module = "omics_rx" if room == "top" else f"omics_rx.{room}"
        names = public_names(module)
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


def _equation(writer: Any, node: Any, display: str) -> None:
    """Write an equation as MathML, which browsers draw by themselves: no script, no request."""
    writer.body.append(latex2mathml.converter.convert(node.astext(), display=display))
    raise nodes.SkipNode


def setup(app: Any) -> None:
    """Take MathML for equations in text and on lines of their own."""
    inline, block = (partial(_equation, display=display) for display in ("inline", "block"))
    app.add_html_math_renderer("mathml", inline_renderers=(inline, None), block_renderers=(block, None))


write_reference()
copy_notebooks()
