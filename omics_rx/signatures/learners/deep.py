"""DeepSurv: a small network on the partial likelihood."""

from __future__ import annotations

import numpy as np

from omics_rx.core.work import subseed
from omics_rx.signatures import cox
from omics_rx.signatures.learners.base import Floats, Learner
from omics_rx.signatures.risk_sets import Outcome


class DeepSurv(Learner):
    """A network of one hidden layer whose output is the log hazard; strata have hazards of their own.

    Parameters
    ----------
    n_hidden
        Units of the hidden layer.
    n_epochs, learning_rate, decay
        Steps of Adam over all samples, their size and the decay of the weights.
    seed
        Of the first weights and of what is dropped out.

    References
    ----------
    Katzman et al., BMC Med Res Methodol 2018, 18:24.
    """

    def __init__(
        self, n_hidden: int = 16, *, n_epochs: int = 150, learning_rate: float = 0.01, decay: float = 0.1, seed: int = 0
    ) -> None:
        super().__init__(seed=seed)
        self.n_hidden = n_hidden
        self.n_epochs = n_epochs
        self.learning_rate = learning_rate
        self.decay = decay

    def _fit(self, z: Floats, outcome: Outcome) -> None:
        import torch
        from torch import nn

        data, values = outcome.follow_up(ties="breslow"), torch.from_numpy(np.ascontiguousarray(z))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(subseed(self.seed, "DeepSurv"))
            model = nn.Sequential(
                nn.Linear(z.shape[1], self.n_hidden), nn.SELU(), nn.AlphaDropout(0.2), nn.Linear(self.n_hidden, 1)
            ).double()
            steps = torch.optim.AdamW(model.parameters(), lr=self.learning_rate, weight_decay=self.decay)
            model.train()
            for _ in range(self.n_epochs):
                steps.zero_grad()
                risk = model(values)[:, 0]
                slope, _ = cox.residuals(risk.detach().numpy(), data)
                # the gradient of the loss in the output is known; the network passes it on to its weights
                risk.backward(gradient=torch.from_numpy(-slope / data.event.sum()))
                steps.step()
        self.model_ = model.eval()

    def _risk(self, z: Floats) -> Floats:
        import torch

        with torch.no_grad():
            return np.asarray(self.model_(torch.from_numpy(np.ascontiguousarray(z)))[:, 0].numpy())
