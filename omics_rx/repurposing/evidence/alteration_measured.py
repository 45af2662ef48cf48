"""What the alterations of a tumour do to the response of lines that carry them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from omics_rx.core.errors import OmicsRxError
from omics_rx.core.work import log
from omics_rx.repurposing.alterations import patient as pt
from omics_rx.repurposing.alterations.effects import EventEffects, event_effects
from omics_rx.repurposing.alterations.frequencies import contrasts
from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind
from omics_rx.repurposing.evidence.sources import Basis

if TYPE_CHECKING:
    from omics_rx.core.screen import DrugScreen

_PARTNER = {"gdsc1": "gdsc2", "gdsc2": "gdsc1"}


def prepare(basis: Basis) -> tuple[pd.DataFrame, EventEffects] | None:
    """Events of the tumours, and effects of events in the screen, and in its sister where there is one."""
    events = basis.cohort.obsm.get("events")
    if not isinstance(events, pd.DataFrame) or not events.notna().any(axis=None):
        return None
    lines = basis.screen.cells.obsm.get("events")
    if not isinstance(lines, pd.DataFrame):
        return None
    screens = [basis.screen.matrix("ln_ic50")]
    drugs = basis.drugs
    partner = _sister(str(basis.screen.name).casefold())
    if partner is not None:
        screens.append(partner.matrix("ln_ic50"))
        lines = pd.concat([lines, partner.cells.obsm["events"].loc[lambda own: ~own.index.isin(lines.index)]])
        drugs = pd.concat([drugs, partner.drugs[~partner.drugs.index.isin(drugs.index)]])
    tissue = basis.screen.cells.obs.get("tissue", pd.Series(dtype=object))
    if partner is not None:
        tissue = tissue.astype(object).combine_first(partner.cells.obs["tissue"].astype(object))
    try:
        return events, event_effects(screens, lines, tissue=tissue, drugs=drugs)
    except OmicsRxError as error:
        log.warning("alterations are not measured in the screen: %s", error)
        return None


def _sister(name: str) -> DrugScreen | None:
    from omics_rx import datasets

    if name not in _PARTNER:
        return None
    try:
        return datasets.load(_PARTNER[name])
    except OmicsRxError as error:
        log.warning("effects of alterations come from %s alone: %s", name, error)
        return None


def told(case: Case) -> pd.DataFrame:
    """Effect, error and lines of the patient's events, or of those more frequent in the subtype."""

    def made() -> pd.DataFrame:
        events, effects = case.need("alteration_measured")
        if case.patient is not None:
            return pt.measured(events.loc[case.patient], effects)
        return pt.weighted(contrasts(events, case.inside, effects), effects)

    return case.once("alteration_measured", made)  # type: ignore[no-any-return]


def compute(case: Case) -> pd.Series:
    """Sum of the shrunk effects of her events; of a subtype, weighted by how much more frequent they are in it."""
    return told(case)["effect"]


KIND = Kind(
    "alteration_measured", "response of lines with her alterations", "sd over lines", -1,
    "screens: altered lines less the others, within tissue and without what a line does to all drugs, shrunk over drugs"
    " and events", compute, needs=("alteration_measured",), prepare=prepare,
    support=(
        Kind("alteration_lines", "altered lines measured, of the event with the fewest", "lines", 1, "screens",
             lambda case: told(case)["n_lines"], ranked=False),
    ),
)  # fmt: skip
