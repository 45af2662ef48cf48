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

from omics_rx.core.errors import InputError, examples
from omics_rx.response.few_shot import kernel_of
from omics_rx.response.parts.base import positions
from omics_rx.response.parts.kernel_ridge import KernelRidge, squared_distances
from omics_rx.response.similarity import VIEWS, tanimoto, view

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
        What the other parts of the model add (ln uM): ``core + rest`` is ``mean`` of the prediction.
    alike
        Training drugs most alike: ``drug_id``, ``name``, ``structure``, ``targets``, ``pathway`` (similarity, 0 to 1).
    """

    cell_id: str
    drug_id: str
    base: float
    genes: pd.Series
    core: float
    rest: float
    alike: pd.DataFrame

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
        rows = {}
        for name, genes in gene_sets.items():
            own = self.genes[self.genes.index.isin(list(genes))]
            rows[name] = (float(own.sum()) if len(own) else np.nan, len(own))
        table = pd.DataFrame.from_dict(rows, orient="index", columns=["contribution", "n_genes"])
        return table.iloc[np.argsort(-table["contribution"].abs().to_numpy(), kind="stable")]


def weights_of(kernel: KernelRidge, drug: str) -> tuple[np.ndarray, float]:
    """Dual coefficients of one training drug and its mean (ln uM).

    Raises
    ------
    InputError
        If the drug was not trained on.
    """
    column = positions(pd.Index([drug]), kernel.training_.drugs.names)[0]
    if column < 0:
        raise InputError(
            f"{drug!r} is not a drug the model was trained on (such as {examples(kernel.training_.drugs.names)}): "
            "explanations by genes are of training drugs"
        )
    return kernel.dual_[:, column], float(kernel.drug_means_[column])


def gene_contributions(kernel: KernelRidge, z: np.ndarray, dual: np.ndarray) -> np.ndarray:
    """Integrated gradients of the kernel core on the straight way from the average line to a sample.

    With ``k(x) = exp(-g |x - t|^2)``, the gradient on the way ``a z`` is a sum over training lines ``t`` of
    ``-2 g dual k(a z) (a z - t)``, so all genes need two integrals a line, done by Gauss-Legendre quadrature.

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
    rate = kernel.gamma_ / present.sum()
    size, cross, norms = own @ own, lines @ own, np.einsum("ij,ij->i", lines, lines)
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    nodes, weights = (nodes + 1) / 2, weights / 2
    distance = nodes[:, None] ** 2 * size - 2 * nodes[:, None] * cross + norms
    height = np.exp(-rate * distance) * weights[:, None]
    to_sample, to_lines = (nodes @ height) @ dual, (height.sum(axis=0) * dual) @ lines
    result = np.zeros(len(z))
    result[present] = -2 * rate * own * (own * to_sample - to_lines)
    return result


def explain(model: ResponseModel, cells: Cells, drug_id: str, *, n_alike: int = 5) -> Explanation:
    """Explain one pair; see :meth:`ResponseModel.explain`."""
    kernel = kernel_of(model)
    dual, mean = weights_of(kernel, drug_id)
    parts = gene_contributions(kernel, cells.z[0], dual)
    present = np.isfinite(cells.z)
    average = np.where(present, 0.0, np.nan)
    base = mean + float((_kernel(kernel, average) @ dual)[0])
    core = mean + float((_kernel(kernel, cells.z) @ dual)[0])
    drugs = kernel.training_.drugs
    at = positions(pd.Index([drug_id]), drugs.names)
    whole = float(model.learnt_.stack.predict(cells, drugs.take(at))[0, 0])
    genes = pd.Series(parts, index=kernel.training_.cells.genes, name="contribution")
    order = np.argsort(-np.abs(parts), kind="stable")
    return Explanation(
        str(cells.names[0]), drug_id, base, genes.iloc[order], core, whole - core, _alike(model, int(at[0]), n_alike)
    )


def _kernel(kernel: KernelRidge, z: np.ndarray) -> np.ndarray:
    values: np.ndarray = np.exp(-kernel.gamma_ * squared_distances(z, kernel.training_.cells.z))
    return values


def _alike(model: ResponseModel, at: int, n_alike: int) -> pd.DataFrame:
    drugs = model.learnt_.training.drugs
    own = drugs.take(np.array([at]))
    table = pd.DataFrame({name: view(name, own, drugs)[0] for name in VIEWS}, index=drugs.names.rename("drug_id"))
    table.insert(0, "name", model.screen_.drugs.loc[drugs.names, "name"].to_numpy())
    order = np.argsort(-tanimoto(own.bits, drugs.bits)[0], kind="stable")
    nearest: pd.DataFrame = table.iloc[order[order != at][:n_alike]]
    return nearest
