"""Projected gradient descent within an L-infinity ball: the adversary of adversarial training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from snellen.core import SnellenError
from snellen.frozen import frozen


@final
@dataclass(frozen=True)
class Pgd:
    """Images no pixel of which differs by more than `epsilon`, with a higher cross-entropy (madry-2018).

    From a random start in the ball, `steps` times: `step_size` along the sign of the gradient, back into the ball and into
    [0, 1]. The network is in eval mode meanwhile, so that running statistics neither move nor mix the images of a batch, and
    only the gradient of the images is computed.

    Raises:
        SnellenError: a setting is out of range.
    """

    epsilon: float = 8 / 255
    steps: int = 7
    step_size: float = 2 / 255

    def __post_init__(self) -> None:
        if not (0 < self.epsilon <= 1 and self.step_size > 0 and self.steps >= 1):
            raise SnellenError(f"got {self}; expected epsilon in (0, 1], steps of at least 1 and a step_size above 0")

    def __call__(
        self,
        network: nn.Module,
        images: Float[Tensor, "n 3 h w"],
        targets: Int[Tensor, " n"],
        generator: torch.Generator,
    ) -> Float[Tensor, "n 3 h w"]:
        """Adversarial images for `network`, which is left as it was."""
        low, high = (images - self.epsilon).clamp_min(0), (images + self.epsilon).clamp_max(1)
        start = torch.rand(images.shape, generator=generator).to(images)
        found = low + (high - low) * start
        with frozen(network), torch.enable_grad():
            for _ in range(self.steps):
                found = found.detach().requires_grad_()
                loss = F.cross_entropy(network(found).float(), targets, reduction="sum")
                (slope,) = torch.autograd.grad(loss, found)
                found = torch.minimum(torch.maximum(found.detach() + self.step_size * slope.sign(), low), high)
        return found.detach()
