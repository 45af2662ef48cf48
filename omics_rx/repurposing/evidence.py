"""Evidence for each drug in a subtype: one column a kind, with unit, direction and source; missing stays missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError, examples
from omics_rx.repurposing import further, proximity, reversal, targets
from omics_rx.repurposing.labels import find_drugs
from omics_rx.repurposing.selectivity import group_difference, without_general

if TYPE_CHECKING:
    from omics_rx.core.screen import DrugScreen

MIN_TUMOURS, MIN_LINES, N_DISEASE = 5, 3, 100
# lines are known as luminal at large; both luminal subtypes of tumours are compared with them
LINE_GROUP = {"LumA": "Luminal", "LumB": "Luminal", "Her2": "Her2", "Basal": "Basal"}


@dataclass(frozen=True)
class Kind:
    """One kind of evidence.

    Attributes
    ----------
    name, label
        Column name, and the words for a reader.
    unit
        What it is measured in.
    direction
        1 where a high value speaks for a drug, -1 where a low one does.
    source
        Where it comes from.
    """

    name: str
    label: str
    unit: str
    direction: int
    source: str


KINDS = (
    Kind("predicted_sensitivity", "predicted sensitivity of the subtype's tumours", "ln uM", -1,
         "response model: mean preference over the subtype's tumours"),
    Kind("predicted_selectivity", "predicted selectivity for the subtype's tumours", "ln uM", -1,
         "response model: mean preference, the subtype less the other tumours"),
    Kind("measured_sensitivity", "measured sensitivity of the subtype's lines", "sd over lines", -1,
         "screen: mean z of ln IC50 over the subtype's breast lines, less what each line does to all drugs"),
    Kind("measured_selectivity", "measured selectivity for the subtype's lines", "sd over lines", -1,
         "screen: the same, the subtype's less the other breast lines"),
    Kind("target_expression", "targets over-expressed in the subtype", "sd over tumours", 1,
         "cohort: mean z of the target genes, the subtype less the other tumours"),
    Kind("pathway_activity", "pathways of the targets active in the subtype", "sd over tumours", 1,
         "cohort and Reactome: mean z of the genes around the targets, the subtype less the other tumours"),
    Kind("reversal", "reversal of the subtype's expression", "root mean square over drugs", -1,
         "perturbation library: mean of six reversal scores against the subtype's signature"),
)  # fmt: skip
PROXIMITY = Kind("proximity", "targets near the subtype's genes in the network", "z against genes of like degree", -1,
                 "the user's network: steps to the hundred genes most over-expressed in the subtype")  # fmt: skip
MALIGNANT_CELLS = Kind("malignant_cells", "malignant cells that express the targets", "share less that of other cells",
                       1, "the user's single cells: any target gene above 0")  # fmt: skip
OUTCOMES = Kind("outcomes", "outcomes of experiments", "expected outcome, -1 to 1", 1,
                "ledger of outcomes: its own and, by what they share, those of other drugs")  # fmt: skip
SUPPORT = (
    Kind("predicted_selectivity_t", "Welch t of predicted selectivity", "t", -1, "as predicted_selectivity"),
    Kind("measured_selectivity_t", "Welch t of measured selectivity", "t", -1, "as measured_selectivity"),
    Kind("n_lines", "breast lines of the subtype measured", "lines", 1, "screen"),
    Kind(
        "target_alteration",
        "targets mutated or gained in the subtype's lines",
        "share less that of other lines",
        1,
        "screen: genomic events of breast lines",
    ),
    Kind(
        "over_peak",
        "predicted IC50 over the peak plasma concentration",
        "ln ratio",
        -1,
        "response model, and peak concentrations of labels; known of launched drugs only, so it moves no score",
    ),
    Kind("applicability", "likeness to the nearest screened drug", "Tanimoto, 1 is screened", 1, "response model"),
)


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
    """

    drugs: pd.DataFrame
    preference: pd.DataFrame
    subtypes: pd.Series
    genes: pd.DataFrame
    responses: pd.DataFrame
    line_groups: pd.Series
    profiles: reversal.Profiles | None
    extra: Mapping[str, pd.DataFrame]
    extra_directions: Mapping[str, int]
    events: pd.DataFrame | None = None
    mean: pd.DataFrame | None = None
    applicability: pd.Series | None = None
    network: proximity.Network | None = None
    expressing: pd.DataFrame | None = None

    def kinds(self) -> tuple[Kind, ...]:
        """Kinds of evidence there can be: the shipped ones (reversal only with a library), then the user's."""
        own = tuple(
            Kind(name, name.replace("_", " "), "as given", direction, "given by the user")
            for name, direction in self.extra_directions.items()
        )
        shipped = KINDS if self.profiles is not None else tuple(kind for kind in KINDS if kind.name != "reversal")
        near = (PROXIMITY,) if self.network is not None else ()
        cells = (MALIGNANT_CELLS,) if self.expressing is not None else ()
        return shipped + near + cells + own


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
    lines = _line_evidence(sources, subtype)
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
    if sources.mean is not None and "inchikey" in sources.drugs:
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


def _line_evidence(sources: Sources, subtype: str) -> pd.DataFrame:
    """Sensitivity and selectivity of the subtype's breast lines; all missing for a subtype without lines."""
    group = LINE_GROUP.get(subtype)
    groups = sources.line_groups.dropna()
    breast = without_general(sources.responses).reindex(groups.index)
    found = group_difference(breast, groups == group, min_each=MIN_LINES)
    return found.rename(columns={"mean": "sensitivity"})


def describe(evidence: pd.DataFrame, kinds: tuple[Kind, ...]) -> pd.DataFrame:
    """Label, unit, direction, source and coverage of every column; ``role`` tells what a ranking is made from.

    Returns
    -------
    DataFrame
        Index ``column``; ``label``, ``unit``, ``direction`` (1 or -1), ``role`` (``"ranked"`` or ``"support"``),
        ``source``, ``coverage`` (share of drugs with a value) and ``n``.
    """
    known = {kind.name: kind for kind in (*kinds, *SUPPORT)}
    ranked = {kind.name for kind in kinds}
    rows = []
    for name in evidence.columns:
        kind = known.get(name) or Kind(name, name.replace("_", " "), "score", -1, "perturbation library")
        seen = evidence[name].notna()
        role = "ranked" if name in ranked else "support"
        rows.append(
            (name, kind.label, kind.unit, kind.direction, role, kind.source, float(seen.mean()), int(seen.sum()))
        )
    columns = ["column", "label", "unit", "direction", "role", "source", "coverage", "n"]
    return pd.DataFrame(rows, columns=columns).set_index("column")


def line_groups(screen: DrugScreen) -> pd.Series:
    """Subtype group of each breast line of a screen; missing where it is no breast line or not known."""
    obs = screen.cells.obs
    if "breast_subtype" not in obs:
        return pd.Series(np.nan, index=obs.index, dtype=object)
    groups = obs["breast_subtype"].astype(object)
    known: pd.Series = groups.where(groups.isin(set(LINE_GROUP.values())))
    return known


def line_names(screen: DrugScreen) -> dict[str, str]:
    """Id and name of each breast line of a screen, in lower case, to its subtype group."""
    groups = line_groups(screen).dropna()
    names = screen.cells.obs["name"].astype(str) if "name" in screen.cells.obs else None
    found = {str(cell).casefold(): str(group) for cell, group in groups.items()}
    if names is not None:
        found |= {names[cell].casefold(): str(group) for cell, group in groups.items()}
    return found


def read_library(library: pd.DataFrame, drugs: pd.DataFrame) -> tuple[reversal.Profiles, list[str]]:
    """Match a user's perturbation library to the drugs of a screen and to current gene symbols.

    Parameters
    ----------
    library
        Profiles x genes (z or log ratio). Rows are named by drug id, InChIKey, name or alias; a drug may have
        several, whose median is taken.
    drugs
        Drugs of the screen.

    Returns
    -------
    Profiles, list of str
        Profiles of the drugs found, one each; the row names that are no drug of the screen.

    Raises
    ------
    InputError
        If no row names a drug of the screen, or fewer than 50 genes are known.
    """
    from omics_rx import harmonize

    found = find_drugs(library.index, drugs)
    absent = sorted({str(name) for name in library.index[found.isna().to_numpy()]})
    if found.isna().all():
        raise InputError(
            f"none of the {len(library)} rows of the perturbation library is a drug of the screen "
            f"({examples(library.index)}): name rows by InChIKey, drug id or name"
        )
    symbols = harmonize.current_symbols(library.columns.astype(str))["symbol"]
    table = library[found.notna().to_numpy()].astype(np.float64)
    table.columns = symbols.to_numpy()
    table = table.T.groupby(level=0).mean().T.dropna(axis=1)
    table.index = found.dropna().to_numpy()
    return reversal.Profiles.of(table.groupby(level=0).median()), absent


def read_extra(
    extra: pd.DataFrame | Mapping[str, pd.DataFrame], drugs: pd.DataFrame, subtypes: tuple[str, ...]
) -> tuple[dict[str, pd.DataFrame], dict[str, int]]:
    """Match a user's own evidence to the drugs of a screen.

    Parameters
    ----------
    extra
        Drugs x numeric columns, or one such frame a subtype. Rows are named by drug id, InChIKey, name or alias. A
        high value speaks for a drug, unless ``extra.attrs["direction"]`` says -1 for its column.
    drugs
        Drugs of the screen.
    subtypes
        Subtypes that get the columns of a single frame.

    Raises
    ------
    InputError
        For names that are no drug of the screen, columns of text, or a column named as a shipped kind.
    """
    frames = dict(extra) if isinstance(extra, Mapping) else dict.fromkeys(subtypes, extra)
    matched: dict[str, pd.DataFrame] = {}
    directions: dict[str, int] = {}
    taken = {kind.name for kind in (*KINDS, PROXIMITY, MALIGNANT_CELLS, OUTCOMES, *SUPPORT)}
    for subtype, frame in frames.items():
        found = find_drugs(frame.index, drugs)
        if found.isna().any():
            raise InputError(
                f"{int(found.isna().sum())} rows of the extra evidence are no drug of the screen "
                f"({examples(found.index[found.isna()])}): name them by drug id, InChIKey or name"
            )
        bad = [str(c) for c in frame if c in taken or not pd.api.types.is_numeric_dtype(frame[c])]
        if bad:
            raise InputError(f"{len(bad)} extra columns are text or named as a shipped kind ({examples(bad)}): rename")
        own = frame.set_axis(found.to_numpy(), axis=0)
        if own.index.has_duplicates:
            repeated = own.index[own.index.duplicated()].unique()
            raise InputError(
                f"{len(repeated)} drugs have several rows of extra evidence ({examples(repeated)}): keep one"
            )
        matched[subtype] = own.reindex(drugs.index)
        told = frame.attrs.get("direction", {})
        directions.update({str(c): -1 if told.get(c, 1) < 0 else 1 for c in frame})
    return {name: frame.reindex(columns=list(directions)) for name, frame in matched.items()}, directions
