"""Evidence for each drug in a subtype: one column a kind, with unit, direction and source; missing stays missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError
from omics_rx.repurposing import further, proximity, reversal, targets
from omics_rx.repurposing.kinds import ADDED, KINDS, Kind, in_target
from omics_rx.repurposing.selectivity import group_difference, without_general

MIN_TUMOURS, MIN_LINES, N_DISEASE = 5, 3, 100
# lines are known as luminal at large; both luminal subtypes of tumours are compared with them
LINE_GROUP = {"LumA": "Luminal", "LumB": "Luminal", "Her2": "Her2", "Basal": "Basal"}


@dataclass(frozen=True, eq=False)
class Sources:
    """What evidence is drawn from, the same for every subtype.

    Attributes
    ----------
    drugs
        Index ``drug_id``; ``name``, ``targets`` where known.
    preference
        Predicted preference of the tumours, tumours x drugs (ln uM); low is sensitive.
    subtypes
        Subtype of each tumour.
    genes
        Tumours x genes, logarithmic.
    responses
        Measured ln IC50, lines x drugs (ln uM).
    line_groups
        Breast lines to ``"Basal"``, ``"Her2"`` or ``"Luminal"``.
    profiles
        Perturbation profiles, one a drug; None without a library.
    extra
        Subtype to the user's own columns, drugs x columns.
    extra_directions
        Column of the user's to 1 or -1.
    events
        Genomic events of the lines, lines x events.
    mean
        Predicted ln IC50 of the tumours, tumours x drugs (ln uM).
    applicability
        Likeness of each drug to the nearest screened one.
    network
        The user's network of genes.
    expressing
        Share of malignant and of other cells that express each drug's targets.
    held_out
        ln IC50 of the lines predicted by fits that had not seen them, lines x drugs (ln uM).
    target
        What the response model predicts: ``"ln_ic50"``, or ``"auc"`` in place of every ln IC50 above.
    """

    drugs: pd.DataFrame
    preference: pd.DataFrame
    subtypes: pd.Series
    genes: pd.DataFrame
    responses: pd.DataFrame
    line_groups: pd.Series
    profiles: reversal.Library | None
    extra: Mapping[str, pd.DataFrame]
    extra_directions: Mapping[str, int]
    events: pd.DataFrame | None = None
    mean: pd.DataFrame | None = None
    applicability: pd.Series | None = None
    network: proximity.Network | None = None
    expressing: pd.DataFrame | None = None
    held_out: pd.DataFrame | None = None
    target: str = "ln_ic50"

    def kinds(self) -> tuple[Kind, ...]:
        """Kinds of evidence there can be: what model and tumours give, what the user's sources add, the user's own."""
        own = tuple(
            Kind(name, name.replace("_", " "), "as given", direction, "given by the user")
            for name, direction in self.extra_directions.items()
        )
        sources = (self.held_out, self.profiles, self.network, self.expressing)
        added = tuple(kind for kind, source in zip(ADDED, sources, strict=True) if source is not None)
        return (*(in_target(kind, self.target) for kind in (*KINDS, *added)), *own)


def subtype_evidence(sources: Sources, subtype: str) -> pd.DataFrame:
    """Evidence for one subtype.

    Returns
    -------
    DataFrame
        Drugs x kinds, then the supporting columns; NaN is not measured.

    Raises
    ------
    InputError
        If fewer than five tumours are of the subtype, or of the others.
    """
    inside = (sources.subtypes == subtype).where(sources.subtypes.notna())  # an uncalled tumour is on neither side
    _check_tumours(inside, subtype, sources.subtypes)
    table = pd.DataFrame(index=sources.drugs.index)
    predicted = group_difference(sources.preference, inside)
    table["predicted_sensitivity"], table["predicted_selectivity"] = predicted["mean"], predicted["difference"]
    lines = _line_evidence(sources.responses, sources.line_groups, subtype)
    table["measured_sensitivity"], table["measured_selectivity"] = lines["sensitivity"], lines["difference"]
    own_targets = targets.genes_of(sources.drugs["targets"])
    differences = targets.gene_differences(sources.genes, inside)
    table["target_expression"] = targets.target_expression(own_targets, differences)
    table["pathway_activity"] = targets.pathway_activity(own_targets, differences)
    support = {
        "predicted_selectivity_t": predicted["t"],
        "measured_selectivity_t": lines["t"],
        "n_lines": lines["n_inside"],
    }
    if sources.held_out is not None:
        expected = _line_evidence(sources.held_out, sources.line_groups, subtype)
        table["held_out_selectivity"] = expected["difference"]
    if sources.profiles is not None:
        signature = group_difference(sources.genes, inside)["t"]
        scored = sources.profiles.score(signature.dropna())
        table["reversal"] = reversal.consensus(scored)
        support.update({f"reversal_{method}": scored[method] for method in reversal.METHODS})
    if sources.network is not None:
        disease = differences.nlargest(N_DISEASE).index.tolist()
        table["proximity"] = proximity.proximity(own_targets, disease, sources.network)["z"]
    if sources.expressing is not None:
        table["malignant_cells"] = sources.expressing["malignant"] - sources.expressing["others"]
    support |= _further(sources, subtype, own_targets)
    own = sources.extra.get(subtype)
    for name in sources.extra_directions:
        table[name] = own[name] if own is not None else np.nan
    return table.assign(**support).astype(np.float64)


def _further(sources: Sources, subtype: str, own_targets: dict[str, list[str]]) -> dict[str, pd.Series]:
    """Columns that are shown and move no score."""
    found = {}
    group = LINE_GROUP.get(subtype)
    if sources.events is not None and group is not None:
        found["target_alteration"] = further.target_alteration(own_targets, sources.events, sources.line_groups, group)
    if sources.target == "ln_ic50" and sources.mean is not None and "inchikey" in sources.drugs:
        typical = sources.mean[(sources.subtypes == subtype).reindex(sources.mean.index).to_numpy()].median()
        found["over_peak"] = typical - further.peak_concentrations(sources.drugs)
    if sources.applicability is not None:
        found["applicability"] = sources.applicability
    return found


def _check_tumours(inside: pd.Series, subtype: str, subtypes: pd.Series) -> None:
    n_in, n_out = int(inside.eq(1).sum()), int(inside.eq(0).sum())
    if n_in < MIN_TUMOURS or n_out < MIN_TUMOURS:
        counts = ", ".join(f"{name} {count}" for name, count in subtypes.value_counts().items())
        raise InputError(
            f"{n_in} tumours are {subtype} and {n_out} are not ({counts}): at least {MIN_TUMOURS} of each are needed "
            "to rank drugs for it; rank another subtype or a larger cohort"
        )


def _line_evidence(responses: pd.DataFrame, line_groups: pd.Series, subtype: str) -> pd.DataFrame:
    """Sensitivity and selectivity of the subtype's breast lines; all missing for a subtype without lines."""
    group = LINE_GROUP.get(subtype)
    groups = line_groups.dropna()
    breast = without_general(responses).reindex(groups.index)
    found = group_difference(breast, groups == group, min_each=MIN_LINES)
    return found.rename(columns={"mean": "sensitivity"})
