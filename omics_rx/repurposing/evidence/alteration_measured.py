"""What the alterations of a tumour do to the response of lines that carry them."""

from __future__ import annotations

import pandas as pd

from omics_rx.core.errors import InputError, OmicsRxError
from omics_rx.core.work import log
from omics_rx.repurposing.alterations import together
from omics_rx.repurposing.alterations.effects import EventEffects, event_effects
from omics_rx.repurposing.alterations.frequencies import contrasts
from omics_rx.repurposing.evidence.case import Case
from omics_rx.repurposing.evidence.kind import Kind
from omics_rx.repurposing.evidence.sources import Basis


def prepare(basis: Basis) -> tuple[pd.DataFrame, EventEffects] | None:
    """Events of the tumours, and effects of events in the screen, and in its sister where there is one.

    Raises
    ------
    InputError
        If the cohort's events have no names.
    """
    events = basis.cohort.obsm.get("events")
    if events is not None and not isinstance(events, pd.DataFrame):
        raise InputError(f"obsm['events'] of the cohort is a {type(events).__name__}: make it a frame, tumours x named "
                         "events of 0, 1 or missing, as io.read_alterations(...).onto(cohort) does")  # fmt: skip
    if events is None or not events.notna().any(axis=None):
        return None
    lines = basis.screen.cells.obsm.get("events")
    if not isinstance(lines, pd.DataFrame):
        return None
    responses, drugs = [basis.screen.matrix("ln_ic50")], basis.drugs
    tissue = basis.screen.cells.obs.get("tissue", pd.Series(dtype=object)).astype(object)
    if basis.sister is not None:
        other = basis.sister
        responses.append(other.matrix("ln_ic50"))
        lines = pd.concat([lines, other.cells.obsm["events"].loc[lambda own: ~own.index.isin(lines.index)]])
        drugs = pd.concat([drugs, other.drugs[~other.drugs.index.isin(drugs.index)]])
        tissue = tissue.combine_first(other.cells.obs["tissue"].astype(object))
    try:
        return events, event_effects(responses, lines, tissue=tissue, drugs=drugs)
    except OmicsRxError as error:
        log.warning("alterations are not measured in the screen: %s", error)
        return None


def told(case: Case) -> pd.DataFrame:
    """Effect, error and lines of the patient's events, or of those more frequent in the subtype."""

    def made() -> pd.DataFrame:
        events, effects = case.need("alteration_measured")
        if case.patient is not None:
            return together.measured(events.loc[case.patient], effects)
        return together.weighted(contrasts(events, case.inside, effects), effects)

    return case.once("alteration_measured", made)  # type: ignore[no-any-return]


def compute(case: Case) -> pd.Series:
    """Sum of the shrunk effects of her events; of a subtype, weighted by how much more frequent they are in it."""
    return told(case)["effect"]


# what one unit adds to a score, by lines that are not of the breast: benchmarks/alteration_weights.py
SLOPE = 1.5
KIND = Kind(
    "alteration_measured", "response of lines with the same alterations", "sd over lines", -1,
    "screens: altered lines less the others, within tissue and without what a line does to all drugs, shrunk over drugs"
    " and events, all events together", compute, needs=("alteration_measured",), prepare=prepare, slope=SLOPE,
    support=(
        Kind("alteration_lines", "altered lines measured, of the event with the fewest", "lines", 1, "screens",
             lambda case: told(case)["n_lines"], ranked=False),
    ),
)  # fmt: skip
