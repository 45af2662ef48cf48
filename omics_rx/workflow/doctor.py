"""What is installed here and what can run, in a form to paste into a report of a fault."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from importlib import metadata, util

from omics_rx import __version__
from omics_rx.core import cache
from omics_rx.core.home import nearest_existing
from omics_rx.core.work import usable_cores

_NEEDED = (
    "anndata", "gseapy", "lightgbm", "mudata", "numpy", "pandas", "rdkit", "scanpy", "scikit-learn", "scikit-survival",
    "scipy", "shap", "torch", "torch-geometric",
)  # fmt: skip
# package -> what it adds and how to have it
_OPTIONAL = {
    "captum": ("explanations of networks", "explain"), "xgboost": ("two learners", "learners"),
    "lightning": ("networks on several devices", "scale"), "dask": ("tables larger than memory", "scale"),
    "distributed": ("work on a cluster", "scale"), "harmonypy": ("batches of single cells taken off", "cells"),
}  # fmt: skip


@dataclass(frozen=True)
class Doctor:
    """Facts about this machine, by topic.

    Attributes
    ----------
    facts
        Text by topic: the package, Python and the system, cores, the graphics card, the cache, and packages.
    """

    facts: dict[str, str]

    def __str__(self) -> str:
        width = max(map(len, self.facts))
        return "\n".join(f"{name:<{width}}  {text}" for name, text in self.facts.items())

    __repr__ = __str__


def doctor() -> Doctor:
    """Say what is installed here and what can run.

    Returns
    -------
    Doctor
        Prints as a table; no path of the user's but that of the cache is in it.

    Examples
    --------
    >>> import omics_rx as orx
    >>> list(orx.doctor().facts)[:3]
    ['omics-rx', 'python', 'system']
    """
    facts = {
        "omics-rx": __version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "cores": f"{usable_cores()} usable of {os.cpu_count()}",
        "graphics card": _card(),
        "cache": _cache(),
    }
    facts |= {name: _version(name) or "MISSING: install omics-rx again" for name in _NEEDED}
    for name, (adds, extra) in _OPTIONAL.items():
        facts[name] = _version(name) or f"not installed: {adds}; pip install omics-rx[{extra}]"
    return Doctor(facts)


def _version(name: str) -> str:
    for one in (name, f"{name}-cpu"):  # xgboost comes under either name
        try:
            return metadata.version(one)
        except metadata.PackageNotFoundError:
            continue
    return ""


def _card() -> str:
    if util.find_spec("torch") is None:
        return "unknown: torch is missing"
    from omics_rx.response.parts.network_devices import cards

    return ", ".join(cards()) or "none that torch can use: networks run on the CPU"


def _cache() -> str:
    folder = cache.folder()
    place = nearest_existing(folder)
    written = "can be written" if os.access(place, os.W_OK) else "CANNOT be written: set OMICS_RX_CACHE"
    try:
        free = f", {shutil.disk_usage(place).free / 1e9:.0f} GB free"
    except OSError:
        free = ""
    return f"{folder} ({written}{free})"
