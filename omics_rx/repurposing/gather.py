"""From a fitted model and tumours to the sources of evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from omics_rx.core import cohort as co
from omics_rx.core.errors import InputError
from omics_rx.core.provenance import frame_sha256
from omics_rx.harmonize.needs import Needs, prepare
from omics_rx.repurposing import evidence as ev
from omics_rx.repurposing import further, inputs, reference_cohorts, targets
from omics_rx.repurposing.added import new_drugs
from omics_rx.repurposing.edges import read_network
from omics_rx.repurposing.own import Own, read_extra
from omics_rx.repurposing.whom import called_normal, tumours_of

if TYPE_CHECKING:
    from anndata import AnnData

    from omics_rx.core.cohort import CohortLike


@dataclass(frozen=True, eq=False)
class Given:
    """What a user may bring beside model and tumours; None where not.

    Attributes
    ----------
    library
        Perturbation profiles x genes.
    extra
        Drugs x columns of their own, or one such frame a subtype.
    direction
        Column of theirs to which values speak for a drug.
    universe
        Further drugs: ``"resources"`` or a frame.
    network
        Network of genes, or what ``read_network`` takes.
    cells
        Single cells of such tumours.
    kinds
        Kinds of evidence of their own.
    """

    library: pd.DataFrame | None = None
    extra: Any = None
    direction: Any = None
    universe: pd.DataFrame | str | None = None
    network: Any = None
    cells: AnnData | None = None
    kinds: tuple[ev.Kind, ...] = ()


def gather(model: Any, cohort: CohortLike, given: Given, *, subtypes: tuple[str, ...]) -> dict[str, Any]:
    """Gather what evidence is drawn from; see :meth:`omics_rx.repurposing.Ranker.fit`.

    Parameters
    ----------
    model
        Fitted ``ResponseModel``.
    cohort
        Tumours.
    given
        What the user brings beside.
    subtypes
        Subtypes that tumours may be of.

    Returns
    -------
    dict
        Attributes of a ranker: ``sources_``, ``subtypes_from_``, ``people_``, ``library_absent_``, ``inputs_``,
        ``own_``, ``apart_``, ``said_``, ``reference_``, ``screen_``.
    """
    screen, target = model.screen_, getattr(model, "target", "ln_ic50")
    tumours, calls, how, whom = _called(cohort, subtypes)
    known, added, apart = screen.drugs, None, None
    if given.universe is not None:
        added, apart = new_drugs(_universe(given.universe), known)
        added = added if len(added) else None
    if added is not None:
        known = pd.concat([known, added.reindex(columns=known.columns)])
    profiles, instances, absent, told = (
        (None, None, [], ()) if given.library is None else inputs.read_library(given.library, known)
    )
    if given.extra is None and given.direction is not None:
        raise InputError("direction is given without extra evidence: give both, or neither")
    own = Own() if given.extra is None else read_extra(given.extra, known, subtypes, direction=given.direction)
    genes = prepare(tumours, Needs("a ranking")).values()
    prediction = model.predict(tumours)
    more = {} if added is None else {"new": model.predict(tumours, added)}
    expressing = None
    if given.cells is not None:
        expressing = further.cells_expressing(targets.genes_of(known["targets"]), given.cells)
    network = None if given.network is None else read_network(given.network)
    sister, absent_screen = inputs.sister_of(screen, wanted=screen.name != "gdsc1" or "events" in tumours.obsm)
    repeats, screens = inputs.repeats(screen, sister, target)
    among = reference_cohorts.recognised(genes)
    reference = tuple(cohort for cohort in reference_cohorts.shipped() if cohort.name not in among)
    own_kinds = tuple(given.kinds)
    basis = ev.Basis(tumours, known, screen, vars(given), sister)
    sources = ev.Sources(
        drugs=known,
        preference=_joined("preference", prediction, more),
        subtypes=calls["subtype"],
        genes=genes,
        responses=screen.matrix(target),
        line_groups=inputs.line_groups(screen),
        profiles=profiles,
        extra=own.frames,
        extra_directions=own.directions,
        events=screen.cells.obsm.get("events"),
        mean=_joined("mean", prediction, more),
        applicability=_joined("applicability", prediction, more),
        network=network,
        expressing=expressing,
        held_out=getattr(model, "held_out_", None),
        repeats=repeats,
        line_genes=co.expression(screen.cells),
        breast_lines=inputs.breast_lines(screen),
        reference=reference,
        target=target,
        brought=ev.brought(basis, own_kinds),
        own_kinds=own_kinds,
        instances=instances,
    )
    return {
        "sources_": sources,
        "subtypes_from_": how,
        "people_": tumours.obs.join(calls.add_suffix("_by_expression")),
        "library_absent_": absent,
        "inputs_": {"screen": screen.fingerprint, "cohort": frame_sha256(sources.genes)},
        "own_": own,
        "apart_": apart,
        "said_": (*whom, *told, *own.said, *absent_screen, *screens, *reference_cohorts.said(reference, among)),
        "reference_": prediction.reference,
        "screen_": screen,
    }


def _universe(told: pd.DataFrame | str) -> pd.DataFrame:
    if isinstance(told, pd.DataFrame):
        return told
    if isinstance(told, str) and told == "resources":
        return further.universe()
    raise InputError(f"universe is {told!r}: give 'resources', a frame with name and smiles, or None")


def _joined(part: str, prediction: Any, more: Mapping[str, Any]) -> Any:
    """A part of the predictions for screened and new drugs; None where a model does not give it."""
    own = getattr(prediction, part, None)
    others = [getattr(new, part) for new in more.values()]
    return pd.concat([own, *others], axis=own.ndim - 1) if others and own is not None else own


def _called(cohort: CohortLike, allowed: tuple[str, ...]) -> tuple[AnnData, pd.DataFrame, str, tuple[str, ...]]:
    """Bring the cohort to current symbols, keep its tumours, take or call the subtype of each, and say how."""
    from omics_rx import harmonize, scores

    found = tumours_of(harmonize.genes(co.as_cohort(cohort)))
    tumours = found.tumours
    if "subtype" in tumours.obs:
        subtypes = harmonize.subtypes.subtypes(
            tumours.obs["subtype"], allowed, what="obs['subtype'] (drop the column to have them called)"
        )
        return tumours, subtypes.to_frame("subtype"), 'obs["subtype"]', found.said
    calls = scores.subtype(tumours)
    calls = calls.assign(subtype=calls["subtype"].astype(object))
    return tumours, calls, "scores.subtype", (*found.said, *called_normal(calls["subtype"]))
