"""Why this response: genes that add up to the prediction of the kernel core, and the drugs a new drug is judged by.

References
----------
Sundararajan et al., Axiomatic attribution for deep networks, ICML 2017: integrated gradients and completeness.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.core.errors import InputError
from omics_rx.core.shown import shown
from omics_rx.response.few_shot import kernel_of
from omics_rx.response.parts.base import positions
from omics_rx.response.parts.genomic import GenomicEvents
from omics_rx.response.parts.kernel_ridge import KernelRidge
from omics_rx.response.query import known_drugs, resolve
from omics_rx.response.similarity import VIEWS, DrugFeatures, tanimoto, view

if TYPE_CHECKING:
    from omics_rx.response.model import ResponseModel
    from omics_rx.response.parts.base import Cells

_NODES = 32


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a sample is predicted to respond to a drug as it is.

    Attributes
    ----------
    cell_id, drug_id
        The pair.
    base
        The kernel core's prediction (ln uM) for a line of average expression.
    genes
        What each gene adds (ln uM), largest first by size; ``base`` plus their sum is ``core``.
    core
        The kernel core's prediction (ln uM).
    rest
        What the other parts of the model add (ln uM): ``core``, the contributions of ``events`` and ``rest`` add up to
        ``mean`` of the prediction. For a new drug in a training line it also holds how far the line's measured
        responses lie from what expression says of them.
    events
        Genomic events that the model takes for the drug, index event: ``contribution`` (ln uM), ``state`` of the sample
        (1, 0 or missing, which adds nothing), ``effect`` (ln uM), ``t`` and ``n_carriers`` of the training lines;
        largest first by size. Empty where it takes none, or has no events in its training.
    alike
        Training drugs most alike: ``drug_id``, ``name``, and by ``structure``, ``targets``, ``pathway`` and
        ``reactome`` how alike (0 to 1).
    """

    cell_id: str
    drug_id: str
    base: float
    genes: pd.Series
    core: float
    rest: float
    alike: pd.DataFrame
    events: pd.DataFrame

    def _repr_html_(self) -> str:
        return shown(
            f"{self.cell_id}, {self.drug_id}: what moves its ln IC50", self.genes.rename("adds (ln uM)"), rows=10,
            facts=[f"Average {self.base:+.2f}, genes {self.core - self.base:+.2f}, other parts {self.rest:+.2f}."],
            then=["explanation.alike", "explanation.events", "orx.plots.contributions(explanation.genes)"],
        )  # fmt: skip

    @in_words
    def pathways(self, gene_sets: Mapping[str, Sequence[str]]) -> pd.DataFrame:
        """Sum what the genes of each set add.

        Parameters
        ----------
        gene_sets
            Genes by name of set. A gene in several sets counts in each, so sets do not add up to the whole.

        Returns
        -------
        pandas.DataFrame
            Index set; ``contribution`` (ln uM), ``n_genes`` of the set among the model's genes; largest first by size.
            Sets without a gene of the model have a missing contribution.
        """
        return _by_set(self.genes, gene_sets)


@dataclass(frozen=True, eq=False)
class DrugExplanation:
    """Which genes make the kernel core tell training lines apart for one drug.

    Attributes
    ----------
    drug_id
        The drug.
    genes
        Index gene; ``share`` of the variance of the core's predictions over the training lines (covariance of the
        gene's contribution with the prediction; the shares add up to 1) and ``slope`` (ln uM a standard deviation of
        expression; below 0, lines with more of it are more sensitive). Largest share by size first.
    spread
        Standard deviation of the core's predictions over the training lines (ln uM).
    alike
        As in :class:`Explanation`.
    """

    drug_id: str
    genes: pd.DataFrame
    spread: float
    alike: pd.DataFrame

    def _repr_html_(self) -> str:
        return shown(
            f"{self.drug_id}: genes that tell lines apart", self.genes, rows=10, then=["explanation.pathways(sets)"]
        )

    @in_words
    def pathways(self, gene_sets: Mapping[str, Sequence[str]]) -> pd.DataFrame:
        """Sum the shares of the genes of each set; as :meth:`Explanation.pathways`, with ``share``."""
        return _by_set(self.genes["share"], gene_sets)


def _by_set(genes: pd.Series, gene_sets: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Sum of the genes of each set, under the name of the series, and how many there are; the largest first by size.

    Sets come in any form and under any names that :func:`omics_rx.scores.score` takes; their weights say nothing here.
    """
    from omics_rx.scores.sets import as_sets, resolved

    rows = {}
    for name, members in resolved(as_sets(gene_sets), genes.index).weights.items():
        own = genes[genes.index.isin(members.index)]
        rows[name] = (float(own.sum()) if len(own) else np.nan, len(own))
    table = pd.DataFrame.from_dict(rows, orient="index", columns=[str(genes.name), "n_genes"])
    return table.iloc[np.argsort(-table.iloc[:, 0].abs().to_numpy(), kind="stable")]


def explain_drug(model: ResponseModel, drug: str | pd.DataFrame, *, n_alike: int = 5) -> DrugExplanation:
    """Explain one drug over the training lines; see :meth:`ResponseModel.explain_drug`."""
    kernel = kernel_of(model)
    name, features = asked(model, drug)
    dual, _ = weights_of(kernel, features)
    lines = kernel.training_.cells
    parts = LinePaths.of(kernel).contributions(dual)
    share, slope, spread = shares(parts, lines.z)
    table = pd.DataFrame({"share": share, "slope": slope}, index=lines.genes.rename("gene"))
    order = np.argsort(-np.abs(share), kind="stable")
    return DrugExplanation(name, table.iloc[order], spread, _alike(model, features, n_alike))


def shares(parts: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Share of the variance of the predictions that goes with each gene, its slope, and their standard deviation.

    Parameters
    ----------
    parts
        Contribution of each gene in each line (ln uM), ``(n_cells, n_genes)``.
    z
        Expression of the same, in standard deviations.
    """
    predicted = parts.sum(axis=1)
    left = predicted - predicted.mean()
    variance = float((left**2).mean())
    share = left @ (parts - parts.mean(axis=0)) / len(left) / max(variance, 1e-300)
    own = z - z.mean(axis=0)
    slope = (own * parts).sum(axis=0) / np.maximum((own**2).sum(axis=0), 1e-300)
    return share, slope, float(np.sqrt(variance))


@dataclass(frozen=True, eq=False)
class LinePaths:
    """Heights of the kernel on the way from the average line to each training line, whatever the drug.

    Attributes
    ----------
    z
        Expression of the training lines, ``(n_cells, n_genes)``.
    rate
        Width of the kernel in each gene, ``(n_genes,)``.
    height, weighted
        Integrals of the kernel, and of the kernel times the place on the way, for each line (rows) and each line the
        kernel stands on (columns), ``(n_cells, n_cells)``.
    """

    z: np.ndarray
    rate: np.ndarray
    height: np.ndarray
    weighted: np.ndarray

    @classmethod
    def of(cls, kernel: KernelRidge) -> LinePaths:
        """Integrate once for a fitted core."""
        z, importance = kernel.training_.cells.z, kernel.importance_
        width, cross = kernel.gamma_ / importance.sum(), (z * importance) @ z.T
        norms = np.diag(cross)
        height, weighted = np.zeros_like(cross), np.zeros_like(cross)
        for node, weight in zip(*_nodes(), strict=True):
            found = weight * np.exp(-width * (node**2 * norms[:, None] - 2 * node * cross + norms[None, :]))
            height += found
            weighted += node * found
        return cls(z, width * importance, height, weighted)

    def contributions(self, dual: np.ndarray) -> np.ndarray:
        """Integrated gradients of every training line for the coefficients of one drug, ``(n_cells, n_genes)``."""
        to_sample, to_lines = self.weighted @ dual, (self.height * dual) @ self.z
        result: np.ndarray = -2 * self.rate * self.z * (self.z * to_sample[:, None] - to_lines)
        return result


def _nodes() -> tuple[np.ndarray, np.ndarray]:
    """Places and weights of Gauss-Legendre quadrature from 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return (nodes + 1) / 2, weights / 2


def asked(model: ResponseModel, drug: str | pd.DataFrame) -> tuple[str, DrugFeatures]:
    """The one drug to be explained: its name, and its description.

    Raises
    ------
    InputError
        If it is no training drug and no frame of one drug.
    """
    known = model.learnt_.training.drugs
    if isinstance(drug, str):
        (found,) = known_drugs([drug], known.names, model.screen_.drugs)
        return found, known.take(positions(pd.Index([found]), known.names))
    query = resolve(drug, model.screen_, known)
    if len(query.names) != 1:
        raise InputError(f"{len(query.names)} drugs were given: explain one at a time")
    return str(query.names[0]), query.features


def weights_of(kernel: KernelRidge, drug: DrugFeatures) -> tuple[np.ndarray, float]:
    """Dual coefficients of one drug and its mean (ln uM); for a new drug, those carried over from the training drugs.

    Parameters
    ----------
    drug
        One drug; one of the name of a training drug is that drug.

    Returns
    -------
    dual, mean
        Coefficients ``(n_cells,)``, and what is predicted where the kernel is 0.
    """
    column = positions(drug.names, kernel.training_.drugs.names)[0]
    if column >= 0:
        return kernel.dual_[:, column], float(kernel.drug_means_[column])
    dual: np.ndarray = kernel.dual_ @ kernel.weights(drug)[0]
    return dual, kernel.global_mean_ + float(kernel.mean_shifts(drug)[0])


def gene_contributions(kernel: KernelRidge, z: np.ndarray, dual: np.ndarray) -> np.ndarray:
    """Integrated gradients of the kernel core on the straight way from the average line to a sample.

    With ``k(x) = exp(-g |x - t|^2)``, the gradient on the way ``a z`` is a sum over training lines ``t`` of
    ``-2 g dual k(a z) (a z - t)`` in every gene, with ``g`` the width times the importance of the gene, so all genes
    need two integrals a line, done by Gauss-Legendre quadrature.

    Parameters
    ----------
    kernel
        A fitted core.
    z
        Expression of one sample on the training scale, ``(n_genes,)``; NaN is a missing gene, which adds nothing.
    dual
        Coefficients of one drug, ``(n_cells,)``.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_genes,)``, ln uM; their sum is the prediction less that of the average line.
    """
    present = np.isfinite(z)
    own, lines = z[present], kernel.training_.cells.z[:, present]
    importance = kernel.importance_[present]
    width = kernel.gamma_ / importance.sum()
    size, cross, norms = (own**2) @ importance, lines @ (own * importance), (lines**2) @ importance
    nodes, weights = _nodes()
    distance = nodes[:, None] ** 2 * size - 2 * nodes[:, None] * cross + norms
    height = np.exp(-width * distance) * weights[:, None]
    to_sample, to_lines = (nodes @ height) @ dual, (height.sum(axis=0) * dual) @ lines
    result = np.zeros(len(z))
    result[present] = -2 * width * importance * own * (own * to_sample - to_lines)
    return result


def explain(model: ResponseModel, cells: Cells, drug: str | pd.DataFrame, *, n_alike: int = 5) -> Explanation:
    """Explain one pair; see :meth:`ResponseModel.explain`."""
    kernel = kernel_of(model)
    name, features = asked(model, drug)
    dual, mean = weights_of(kernel, features)
    parts = gene_contributions(kernel, cells.z[0], dual)
    present = np.isfinite(cells.z)
    average = np.where(present, 0.0, np.nan)
    base = mean + float((kernel.alike(average) @ dual)[0])
    core = mean + float((kernel.alike(cells.z) @ dual)[0])
    whole = float(model.learnt_.stack.predict(cells, features)[0, 0])
    genes = pd.Series(parts, index=kernel.training_.cells.genes, name="contribution")
    order = np.argsort(-np.abs(parts), kind="stable")
    nearest, events = _alike(model, features, n_alike), _events(model, cells, features)
    rest = whole - core - float(events["contribution"].sum())
    return Explanation(str(cells.names[0]), name, base, genes.iloc[order], core, rest, nearest, events)


def _events(model: ResponseModel, cells: Cells, drug: DrugFeatures) -> pd.DataFrame:
    """What each genomic event adds, by the model's part for them; an empty table without one."""
    part = model.learnt_.stack.parts.get("genomic")
    if not isinstance(part, GenomicEvents):
        return pd.DataFrame(
            columns=["contribution", "state", "effect", "t", "n_carriers"], dtype=np.float64
        ).rename_axis("event")
    return part.contributions(cells, drug)


def _alike(model: ResponseModel, own: DrugFeatures, n_alike: int) -> pd.DataFrame:
    drugs = model.learnt_.training.drugs
    table = pd.DataFrame({name: view(name, own, drugs)[0] for name in VIEWS}, index=drugs.names.rename("drug_id"))
    table.insert(0, "name", model.screen_.drugs.loc[drugs.names, "name"].to_numpy())
    order = np.argsort(-tanimoto(own.bits, drugs.bits)[0], kind="stable")
    itself = positions(own.names, drugs.names)[0]
    nearest: pd.DataFrame = table.iloc[order[order != itself][:n_alike]]
    return nearest
