"""What each score needs of a cohort, by name: the declarations that the scores themselves are prepared by."""

from __future__ import annotations

from dataclasses import replace

from omics_rx.harmonize.needs import Doubt, Needs, Prepared
from omics_rx.scores.cell_death import cell_death_sets
from omics_rx.scores.centring import ALONE, MIN_SAMPLES
from omics_rx.scores.deconvolve import deconvolution_needs
from omics_rx.scores.immune import estimate_needs, immune_sets
from omics_rx.scores.panels import MIN_COVERAGE, panel_needs
from omics_rx.scores.phenotype import ips_needs, phenotype_needs
from omics_rx.scores.proliferation import proliferation_needs
from omics_rx.scores.subtype import pam50_needs
from omics_rx.scores.tnbc import tnbc_needs


def alone(_: Prepared) -> Doubt:
    """What a call on frozen medians is worth, for ``check``."""
    return Doubt(ALONE)


def declared() -> dict[str, Needs]:
    """Score, as ``check`` calls it, to what it needs; sets of a panel stand one by one."""
    own = {
        "PAM50 subtype": pam50_needs(min_samples=MIN_SAMPLES),
        "PAM50 subtype, frozen": replace(pam50_needs(), tests=(*pam50_needs().tests, alone)),
        "subtype of triple-negative tumours": tnbc_needs(),
        "proliferation": proliferation_needs(),
        "hot and cold": phenotype_needs(),
        "immunophenoscore": ips_needs(),
        "ESTIMATE": estimate_needs(),
        "cell fractions (quanTIseq)": deconvolution_needs(),
    }
    panels = {"immune": (immune_sets(), "mean"), "cell death": (cell_death_sets(), "ssgsea")}
    for panel, (sets, method) in panels.items():
        for name, genes in sets.items():
            own[f"{panel}: {name}"] = panel_needs(name, {name: genes}, method, coverage=MIN_COVERAGE)
    return own
