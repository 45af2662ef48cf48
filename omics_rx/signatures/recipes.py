"""Recipes: from a training set to a small signature, by one rule that can be rerun inside any fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
import pandas as pd

from omics_rx.core.errors import InputError
from omics_rx.core.registry import Registry
from omics_rx.signatures import noise
from omics_rx.signatures.distill import NoSignalError, distil
from omics_rx.signatures.ensemble import SearchedEnsemble
from omics_rx.signatures.fitted import Fitted
from omics_rx.signatures.modules import ModuleRecipe
from omics_rx.signatures.noise import Chance
from omics_rx.signatures.stacked_cox import StackedCox, measured
from omics_rx.signatures.training import TrainingSet

if TYPE_CHECKING:
    from omics_rx.core.screen import DrugScreen

_TEST_FOLDS = 5


class Recipe(Protocol):
    """How a signature is made."""

    name: str
    description: str
    cites: tuple[str, ...]

    def pool(self) -> set[str]:
        """Genes the recipe may choose from."""

    def fit(self, train: TrainingSet, *, seed: int) -> Fitted:
        """Make the signature from a training set alone."""


class StackedPatterns:
    """Stacked Cox over patterns of genes, distilled to a few genes.

    Parameters
    ----------
    patterns
        Pattern name to genes.
    n_genes
        Most genes of the signature.
    name, description
        What the recipe is called, and in words.
    """

    cites: tuple[str, ...] = ("verweij1994", "wolpert1992")

    def __init__(
        self, patterns: Mapping[str, Sequence[str]], *, n_genes: int = 12, name: str = "custom",
        description: str = "Stacked Cox over given patterns",
    ) -> None:  # fmt: skip
        if not patterns:
            raise InputError("a stack needs patterns, name to genes: none was given")
        if n_genes < 1:
            raise InputError(f"n_genes is {n_genes}: a signature has one gene or more")
        self.patterns = {str(pattern): list(genes) for pattern, genes in patterns.items()}
        self.n_genes = n_genes
        self.name = name
        self.description = description

    def pool(self) -> set[str]:
        """Genes of all patterns."""
        return {gene for genes in self.patterns.values() for gene in genes}

    def fit(self, train: TrainingSet, *, seed: int) -> Fitted:
        """Fit the stack, then distil it.

        Raises
        ------
        NoSignalError
            If no pattern predicts the outcome of samples its model has not seen.
        """
        train = train.only(self.pool())
        stack = StackedCox(self.patterns, seed=seed).fit(train)
        z = stack.scale_.apply(train)
        if not stack.genes_:
            raise NoSignalError(
                f"no pattern of {len(stack.patterns_)} predicts the outcome of samples held back from it "
                f"({train.n_events} events in {train.n} samples): there is no signature in these data"
            )
        full = stack.risk(z, train)
        small = distil(z, full, train.cohort, n_genes=self.n_genes, candidates=train.columns(stack.genes_))
        genes = tuple(train.genes[at] for at in small.columns)
        return Fitted(
            genes=genes,
            weights=small.weights,
            cutoff=float(np.median(z[:, small.columns] @ small.weights)),
            full_genes=stack.genes_,
            full_weights=stack.coefficients_ / float(full.std(ddof=1)),
            fidelity=small.fidelity,
            parts=stack.weights_,
            patterns={gene: _home(gene, stack) for gene in genes},
            skipped=stack.skipped_,
        )

    def chance(self, train: TrainingSet, *, seed: int, n_permutations: int) -> Chance:
        """Test whether dealt outcomes would be predicted as well.

        Raises
        ------
        InputError
            If no pattern has three measured genes.
        """
        part = train.only(self.pool())
        return noise.of_stack(
            measured(self.patterns, part), part, n_folds=_TEST_FOLDS, seed=seed, n_permutations=n_permutations
        )


def _home(gene: str, stack: StackedCox) -> str:
    """Pattern that gives a gene the largest share of its coefficient."""
    shares = {
        name: stack.weights_[name] * abs(float(part.coefficients[part.genes.index(gene)]))
        for name, part in stack.patterns_.items()
        if gene in part.genes
    }
    return max(shares, key=lambda name: shares[name])


def cell_death(*, n_genes: int = 12) -> StackedPatterns:
    """Build the cell-death index: a stack over the twelve patterns of programmed cell death."""
    from omics_rx import scores

    return StackedPatterns(
        scores.cell_death_sets(), n_genes=n_genes, name="cell_death",
        description="Stacked Cox over twelve patterns of programmed cell death, distilled to a few genes",
    )  # fmt: skip


def immune(*, n_genes: int = 12) -> SearchedEnsemble:
    """Build the immune-infiltration index: an ensemble over genes up in blood and down in breast cancer lines.

    The pool is learnt from cell lines, so no patient takes part in it. A pool from single cells of your own goes in
    as ``build({"immune": genes}, ..., ensemble="fast")``.

    References
    ----------
    Wang et al., J Big Data 2023, 10.1186/s40537-023-00809-1.
    """
    from omics_rx import datasets
    from omics_rx.scores.cell_types import iic_genes_from_lines

    screen = cast("DrugScreen", datasets.load("gdsc2"))  # a screen by its name
    pool = iic_genes_from_lines(screen).index
    return SearchedEnsemble(
        pool, n_genes=n_genes, name="immune",
        description=(
            f"Ensemble of survival learners over {len(pool)} genes that are up in haematopoietic and down in breast "
            "cancer cell lines, distilled to a few genes"
        ),
    )  # fmt: skip


def custom(*, n_genes: int = 12) -> SearchedEnsemble:
    """Build an ensemble over every gene the cohorts share, or those of ``build(..., genes=)``."""
    return SearchedEnsemble(n_genes=n_genes)


def modules(*, n_genes: int = 12) -> ModuleRecipe:
    """Build the prognosis from modules; their genes are given, so ``n_genes`` chooses nothing."""
    del n_genes
    return ModuleRecipe()


_HERE = "omics_rx.signatures.recipes"
RECIPES = Registry("recipe", {name: f"{_HERE}:{name}" for name in ("cell_death", "custom", "immune", "modules")})


def resolve(
    recipe: str | Mapping[str, Sequence[str]] | Recipe, *, n_genes: int,
    ensemble: str | Sequence[str] | None = None,
) -> Recipe:  # fmt: skip
    """Turn a name, or patterns of one's own, into a recipe; ``ensemble`` puts a search over its genes in its place.

    Raises
    ------
    UnknownNameError, InputError
        If no recipe has the name; if it is neither a name, patterns nor a recipe.
    """
    if isinstance(recipe, str):
        made: Recipe = RECIPES[recipe](n_genes=n_genes)
    elif isinstance(recipe, Mapping):
        made = StackedPatterns(_current_patterns(recipe), n_genes=n_genes)
    elif hasattr(recipe, "fit") and hasattr(recipe, "pool"):
        made = recipe
    else:
        raise InputError(
            f"a recipe is a name ({', '.join(RECIPES)}) or patterns of genes by name, not a {type(recipe).__name__}"
        )
    if ensemble is None:
        return made
    return SearchedEnsemble(made.pool() or None, combinations=ensemble, n_genes=n_genes, name=made.name)


def _current_patterns(patterns: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Patterns under current symbols, as the cohorts will be."""
    from omics_rx import harmonize

    ids = list(dict.fromkeys(str(gene) for genes in patterns.values() for gene in genes))
    if not ids:
        return {}
    symbols = harmonize.current_symbols(ids)["symbol"]
    current = {gene: gene if pd.isna(symbols[gene]) else str(symbols[gene]) for gene in ids}
    return {name: list(dict.fromkeys(current[str(gene)] for gene in genes)) for name, genes in patterns.items()}
