"""What a fitted model says of why it predicts what it predicts: genes, drugs, atoms, and the graph network's view."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pandas as pd

from omics_rx.core.arguments import in_words
from omics_rx.response.prepare import one_sample

if TYPE_CHECKING:
    from omics_rx.core.cohort import CohortLike
    from omics_rx.response.explain import DrugExplanation, Explanation
    from omics_rx.response.explain_atoms import AtomExplanation
    from omics_rx.response.explain_network import NetworkExplanation
    from omics_rx.response.model import ResponseModel


class Explains:
    """The explanations of a :class:`ResponseModel`, which inherits them."""

    @property
    def _model(self) -> ResponseModel:
        return cast("ResponseModel", self)

    @in_words
    def explain(
        self,
        cell_id: str,
        drug: str | pd.DataFrame,
        *,
        cohort: CohortLike | None = None,
        domain: str | None = None,
    ) -> Explanation:
        """Say which genes move the prediction of one sample and drug, and which training drugs are most alike.

        Parameters
        ----------
        cell_id, cohort, domain
            The sample, as in :meth:`adapt`.
        drug
            The ``drug_id`` or name of a training drug, or a frame of one drug as :meth:`predict` takes it.

        Returns
        -------
        Explanation
            Gene contributions (ln uM) that add up to the kernel core's prediction, and what each genomic event of the
            sample adds beside them.

        Raises
        ------
        NotFittedError, InputError
            If the model was not fitted or has no kernel core; if the sample or the drug is not known.
        """
        from omics_rx.response.explain import explain

        return explain(self._model, one_sample(self._model, cell_id, cohort, domain)[0], drug)

    @in_words
    def explain_drug(self, drug: str | pd.DataFrame) -> DrugExplanation:
        """Say which genes tell sensitive from resistant training lines for one drug.

        Parameters
        ----------
        drug
            As in :meth:`explain`.

        Returns
        -------
        DrugExplanation
            Shares of the genes in the variance of the kernel core's predictions, which add up to 1.
        """
        from omics_rx.response.explain import explain_drug

        return explain_drug(self._model, drug)

    @in_words
    def explain_atoms(
        self,
        drug: str | pd.DataFrame,
        cell_id: str | None = None,
        *,
        cohort: CohortLike | None = None,
        domain: str | None = None,
    ) -> AtomExplanation:
        """Say what each atom of a drug adds to what its structure, targets and pathway predict.

        Parameters
        ----------
        drug
            As in :meth:`explain`. A training drug is explained by the other training drugs, as if it were new: of
            what was measured with it, its atoms say nothing.
        cell_id, cohort, domain
            The sample, as in :meth:`adapt`; without ``cell_id``, the mean over the training lines.

        Returns
        -------
        AtomExplanation
            Atom contributions (ln uM) that add up, with base, targets and pathway, to the kernel core's prediction;
            ``svg()`` draws them on the molecule.

        Raises
        ------
        NotFittedError, InputError
            As :meth:`explain`; if no structure is known of the drug.
        """
        from omics_rx.response.explain_atoms import explain_atoms

        if cell_id is None:
            return explain_atoms(self._model, drug)
        return explain_atoms(self._model, drug, one_sample(self._model, cell_id, cohort, domain)[0], sample=cell_id)

    @in_words
    def explain_network(
        self,
        cell_id: str,
        drug: str | pd.DataFrame,
        *,
        cohort: CohortLike | None = None,
        domain: str | None = None,
    ) -> NetworkExplanation:
        """Say what each atom and each gene adds to the graph network's prediction of one pair.

        Parameters
        ----------
        cell_id, cohort, domain
            The sample, as in :meth:`adapt`.
        drug
            As in :meth:`explain`.

        Returns
        -------
        NetworkExplanation
            Integrated gradients (ln uM) that add up to the network's prediction to 0.01; ``svg()`` draws the atoms.

        Raises
        ------
        NotFittedError, InputError
            As :meth:`explain`; if the model has no graph network, or no structure is known of the drug.
        """
        from omics_rx.response.explain import asked
        from omics_rx.response.explain_network import explain_atoms
        from omics_rx.response.few_shot import network_of

        network = network_of(self._model)
        return explain_atoms(network, one_sample(self._model, cell_id, cohort, domain)[0], asked(self._model, drug)[1])
