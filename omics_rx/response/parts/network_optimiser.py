"""Adam with one step length a row of weights, which does not care how the inputs are rotated.

Adam's own step length a weight favours inputs of small variance: on principal coordinates it learns the training lines
by heart. With one a row, gradient descent keeps to what varies most, on genes and on coordinates alike, and coordinates
are ten times fewer.

References
----------
Kingma and Ba, Adam, ICLR 2015; Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019.
Zhang et al., Adam-mini: use fewer learning rates to gain more, ICLR 2025: one step length a row.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

_BETAS = (0.9, 0.99)
_LEAST = 1e-8


class RowAdam(torch.optim.Optimizer):
    """AdamW whose second moment is the mean over each row of a matrix; vectors keep one a number.

    Parameters
    ----------
    parameters
        What to learn.
    lr
        Step length.
    weight_decay
        Share of the weights that a step of length one takes off.
    apart
        Parameters that keep one step length a number, as in AdamW: what reads rare marks, such as chlorine, would
        hardly move otherwise.
    """

    def __init__(
        self, parameters: Iterable[Tensor], *, lr: float, weight_decay: float, apart: Iterable[Tensor] = ()
    ) -> None:
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay})
        self.apart = {id(value) for value in apart}

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override,unused-ignore]
        """Make one step; a parameter without a gradient stays."""
        for group in self.param_groups:
            for value in group["params"]:
                if value.grad is not None:
                    self._move(value, value.grad, group["lr"], group["weight_decay"])

    def _move(self, value: Tensor, gradient: Tensor, rate: float, decay: float) -> None:
        kept = self.state[value]
        square = gradient.square()
        if square.dim() > 1 and id(value) not in self.apart:
            square = square.mean(dim=1, keepdim=True)
        if not kept:
            kept["step"] = torch.tensor(0.0)
            kept["exp_avg"], kept["exp_avg_sq"] = torch.zeros_like(value), torch.zeros_like(square)
        kept["step"] += 1
        made = float(kept["step"])
        first = kept["exp_avg"].lerp_(gradient, 1 - _BETAS[0]) / (1 - _BETAS[0] ** made)
        second = kept["exp_avg_sq"].lerp_(square, 1 - _BETAS[1]) / (1 - _BETAS[1] ** made)
        value.mul_(1 - rate * decay).sub_(rate * first / (second.sqrt() + _LEAST))
