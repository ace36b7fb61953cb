"""Ablation-CAM: maps of a layer, weighed by how far the class logit falls without each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from snellen.arrays import to_numpy
from snellen.grids import Grid, grid
from snellen.methods.explain._layer import Layered, Look
from snellen.methods.explain._views import at_once

SOURCE = "desai-2020"


@final
@dataclass(frozen=True)
class AblationCam(Layered):
    """Sum over channels of activation times the fall of the logit when that channel is set to 0 (desai-2020), signed.

    The published weights are divided by the logit, which turns the map round where that is negative; here they are not. Where
    logits are an affine function of the layer, falls are sums of gradient times activation and cost no pass; else every channel
    costs a pass forward.
    """

    def weigh(self, look: Look) -> Float[Tensor, "n a b"]:
        """See `Layered.weigh`."""
        if look.asked.model.affine_from(look.layer):
            falls = (look.gradients * look.activations).sum((2, 3))
        else:
            falls = torch.stack([self._falls(look, row) for row in range(len(look.images))])
        return (falls[:, :, None, None] * look.activations).sum(1)

    def _falls(self, look: Look, row: int) -> Float[Tensor, " c"]:
        """Of one image, by passes with one channel after the other set to 0."""
        image, output, target = look.images[row : row + 1], look.output[row : row + 1], int(look.classes[row])
        shape = grid(tuple(output.shape), *image.shape[2:])
        channels, size = look.activations.shape[1], at_once(look.asked.model, *image.shape[2:])
        scores = []
        for start in range(-1, channels, size):  # the first pass is of the layer as it is
            numbers = range(start, min(start + size, channels))
            changed = output.repeat(len(numbers), *[1] * (output.ndim - 1))
            for at, channel in enumerate(numbers):
                if channel >= 0:
                    _silence(changed[at], channel, shape)
            views = image.expand(len(numbers), -1, -1, -1)
            scores.append(to_numpy(look.asked.resumed(views, look.layer, changed))[:, target])
        found = torch.cat([torch.from_numpy(part) for part in scores]).to(look.activations)
        return found[0] - found[1:]


def _silence(output: Tensor, channel: int, shape: Grid | None) -> None:
    """Set one channel of (C, h, w), (h, w, C) or (T, D) to 0, of tokens only where they stand for a place."""
    if shape is None or shape.holds == "maps":
        output[channel] = 0
    else:
        output[shape.leading if shape.holds == "tokens" else 0 :, ..., channel] = 0
