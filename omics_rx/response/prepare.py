"""From screens and cohorts to what the parts of a response model see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core import cohort as cohorts
from omics_rx.core.errors import InputError, examples
from omics_rx.core.screen import DrugScreen
from omics_rx.harmonize import cell_lines, response_units
from omics_rx.harmonize.domain import line_reference, to_training_scale
from omics_rx.harmonize.needs import Needs, opened
from omics_rx.harmonize.reference import GeneReference
from omics_rx.response import asked, similarity
from omics_rx.response.parts.base import Cells, Training

if TYPE_CHECKING:
    from anndata import AnnData

    from omics_rx.core.cohort import CohortLike
    from omics_rx.response.model import ResponseModel

_MIN_CELLS = 20
_MIN_GENES = 2
_COVERAGE = 0.5
_LOG10_PAIRS = 5_000


def training_of(screen: DrugScreen, target: str = "ln_ic50") -> tuple[Training, GeneReference]:
    """Lines with expression and responses, on the scale of their own genes.

    Parameters
    ----------
    target
        Column of the responses to learn: ``"ln_ic50"`` or ``"auc"``.
    screen
        Lines without expression are left out, and so are genes not measured in every line kept or equal in all of
        them, and drugs measured in none of them.

    Raises
    ------
    InputError
        If fewer than 20 lines are left, expression does not vary, or the responses are not in ln uM.
    """
    matrix = screen.matrix(target)
    if target == "ln_ic50" and not screen.sure_of_unit:
        check_unit(matrix.to_numpy())
        check_known(screen)
    lines = with_current_genes(screen.cells[matrix.index])
    expression = cohorts.expression(lines)
    expression = expression[expression.notna().any(axis=1)]
    if len(expression) < _MIN_CELLS:
        raise InputError(
            f"{len(expression)} lines of {screen!r} have both expression and responses: at least {_MIN_CELLS} are "
            "needed; are the cell ids of responses and expression the same?"
        )
    genes = expression.columns[expression.notna().all(axis=0).to_numpy() & (expression.std(axis=0).to_numpy() > 1e-9)]
    if len(genes) < _MIN_GENES:
        raise InputError(
            f"{len(genes)} genes vary and were measured in every line: at least {_MIN_GENES} are needed; is the "
            "expression constant?"
        )
    lines = lines[expression.index, genes]
    reference = line_reference(lines)
    z = to_training_scale(lines, list(reference.genes), domain="cell_line", reference=reference).z
    z = z.astype(np.float32)  # as a saved model holds it, so that a model read back is the same model
    matrix = matrix.loc[expression.index]
    matrix = matrix.loc[:, matrix.notna().any(axis=0)]
    drugs = similarity.features(screen.drugs.loc[matrix.columns])
    return Training(cells_of(lines, z), drugs, matrix.to_numpy(), reference.sd), reference


def with_current_genes(cohort: CohortLike) -> AnnData:
    """Genes under their current symbols; names that are no known gene stay, so any naming may be trained on."""
    return opened(cohort).source


def needs_of(genes: Sequence[str]) -> Needs:
    """What a model that reads these genes needs of a cohort."""
    return Needs("drug response", genes=tuple(genes), coverage=_COVERAGE)


def cells_of(cohort: AnnData, z: pd.DataFrame) -> Cells:
    """Cells of a cohort whose expression is on the training scale already."""
    return Cells(z.index, z.to_numpy(dtype=np.float64), z.columns, _tissue(cohort), _events(cohort))


def check_coverage(cohort: AnnData, genes: Sequence[str], *, least: float = _COVERAGE) -> float:
    """Share of the model's genes that the cohort has.

    Raises
    ------
    InputError
        If it is below ``least``.
    """
    have = pd.Index(genes).isin(cohort.var_names)
    share = float(have.mean())
    if share < least:
        raise InputError(
            f"the cohort has {int(have.sum())} of the model's {len(genes)} genes ({share:.0%}, at least {least:.0%} "
            f"needed; missing for example {examples(np.asarray(genes)[~have])}): are genes the columns, and are they "
            "symbols, Ensembl or Entrez ids?"
        )
    return share


def check_samples(z: pd.DataFrame, *, least: float = 0.5) -> None:
    """Refuse samples that have too few of the model's genes for an answer.

    Parameters
    ----------
    z
        Samples x the model's genes; NaN is a missing gene.
    least
        Smallest share of the genes a sample may have.

    Raises
    ------
    InputError
        If a sample has fewer.
    """
    share = z.notna().to_numpy().mean(axis=1)
    poor = share < least
    if poor.any():
        raise InputError(
            f"{int(poor.sum())} of {len(z)} samples have under {least:.0%} of the model's {z.shape[1]} genes "
            f"({examples(z.index[poor])}): remove these samples"
        )


def check_known(screen: DrugScreen) -> None:
    """Refuse responses that are not in ln uM by the compounds whose responses are known; bounds are left out.

    Raises
    ------
    InputError
        With the unit that they look like.
    """
    rows = screen.responses
    for flag in ("censored", "below_lowest"):
        if flag in rows:
            rows = rows[~rows[flag].fillna(value=False).astype(bool)]
    ranges = response_units.known_ranges(screen.drugs.loc[screen.drugs.index.isin(rows["drug_id"])])
    response_units.check(rows["ln_ic50"].to_numpy(), rows["drug_id"].to_numpy(), ranges)


def check_unit(values: np.ndarray) -> None:
    """Refuse responses that are not in ln uM, as far as their range tells.

    Raises
    ------
    InputError
        If the values look like concentrations, like ln nM, log10 nM, pIC50 or like log10 uM.
    """
    known = values[np.isfinite(values)]
    low, middle, high = np.quantile(known, [0.01, 0.5, 0.99])
    if low >= 0 and high > 20 * max(middle, 1e-9):
        raise InputError(
            f"responses from {low:.3g} to {high:.3g} around {middle:.3g} look like concentrations, not their "
            "logarithm: pass ln(uM), numpy.log of the IC50 in uM"
        )
    if middle > 7.5:
        raise InputError(
            f"half of the responses lie above {middle:.3g}, e^{middle:.1f} uM: they look like ln(nM); subtract "
            "ln(1000) = 6.908 for ln(uM)"
        )
    if known.size >= _LOG10_PAIRS and high - low < 7.0 and low >= 0 and middle > 3.0:
        raise InputError(
            f"98% of {known.size:,} responses lie between {low:.2g} and {high:.2g}: they look like log10(nM), or like "
            "pIC50; for ln(uM) take (log10(nM) - 3) * 2.3026, or (6 - pIC50) * 2.3026"
        )
    if known.size >= _LOG10_PAIRS and high - low < 7.0 and abs(middle) < 2.0:
        raise InputError(
            f"98% of {known.size:,} responses lie within {high - low:.2g} units: they look like log10(uM); multiply "
            "by ln(10) = 2.3026 for ln(uM)"
        )


def _tissue(cohort: AnnData) -> pd.Series:
    if "tissue" not in cohort.obs:
        return pd.Series(None, index=cohort.obs_names, dtype=object)
    tissue: pd.Series = cohort.obs["tissue"].astype(object)
    return tissue.where(tissue.notna(), None)


def _events(cohort: AnnData) -> pd.DataFrame:
    events = cohort.obsm.get("events")
    if events is None:
        return pd.DataFrame(index=cohort.obs_names)
    if not isinstance(events, pd.DataFrame):
        raise InputError(
            f'obsm["events"] is a {type(events).__name__}: make it a frame, cells x named events of 0, 1 or missing'
        )
    return events.astype(np.float64)


def one_sample(
    model: ResponseModel, cell_id: str, cohort: CohortLike | None, domain: str | None
) -> tuple[Cells, tuple[str, str]]:
    """One sample of a cohort, or of a model's own lines, on the training scale, with its domain and how it came there.

    Raises
    ------
    InputError
        If no row of the cohort is the sample, by name or, for a line, by whatever it is called.
    """
    data = with_current_genes(model.screen_.cells if cohort is None else cohort)
    asked.kind("cell_id", cell_id, str, "give the name of one sample or line")
    what = "the training screen" if cohort is None else "the cohort"
    found = cell_lines.find_one(cell_id, data.obs, what=what)
    row = data.obs_names.get_indexer([found])
    if cohort is None:
        data, row = data[row], np.array([0])
    cells, told, stated = model.on_scale(data, domain, "cohort")
    return cells.take(row), (told, stated)
