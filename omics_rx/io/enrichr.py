"""Gene-set libraries of Enrichr, by the names that gseapy knows: brought once, kept on this machine."""

from __future__ import annotations

import re
from pathlib import Path

from omics_rx.core import cache
from omics_rx.core.errors import DownloadError, OmicsRxError, unknown_name
from omics_rx.core.paths import means_file

_PLAIN_NAME = re.compile(r"^\w[\w-]+$")  # KEGG_2021_Human, ENCODE_TF_ChIP-seq_2015; no file has so bare a name
_LARGEST = 10**9


def may_be_library(name: Path | str) -> bool:
    """Whether what was passed is no file that is there, and could name a library."""
    return isinstance(name, str) and bool(_PLAIN_NAME.match(name)) and not means_file(name)


def library(name: str) -> Path:
    """GMT file of an Enrichr library of human genes; the first call brings it with gseapy.

    Kuleshov et al., Nucleic Acids Research 2016; Fang, Liu & Peltz, Bioinformatics 2023 (gseapy).

    Raises
    ------
    UnknownNameError
        If Enrichr has no library of that name.
    DownloadError
        If Enrichr could not be asked.
    """

    def make(folder: Path) -> None:
        sets = _brought(name)
        lines = ("\t".join([term, "", *genes]) for term, genes in sets.items())
        (folder / "sets.gmt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    return cache.entry("gene_sets", cache.key("Enrichr", name), make) / "sets.gmt"


def _brought(name: str) -> dict[str, list[str]]:
    import gseapy

    try:
        known = gseapy.get_library_name(organism="Human")
        if name not in known:
            raise unknown_name("file or Enrichr library", name, known)
        return dict(gseapy.get_library(name, organism="Human", min_size=0, max_size=_LARGEST))
    except OmicsRxError:
        raise
    except Exception as error:  # gseapy and what it asks raise errors of many kinds
        raise DownloadError(
            f"there is no file {name} in {Path.cwd()}, and Enrichr could not be asked for a library of that name "
            f"({type(error).__name__}: {str(error)[:200]}): check the path, or the network, or download the library as "
            "GMT from https://maayanlab.cloud/Enrichr/#libraries and pass that file"
        ) from error
