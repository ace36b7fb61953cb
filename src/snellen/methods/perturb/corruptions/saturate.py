"""Paler or stronger colours."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.corruptions._severities import severities

SOURCE = "hendrycks-2019"
LEVELS = severities((0.3, 0.0), (0.1, 0.0), (2.0, 0.0), (5.0, 0.1), (20.0, 0.2))
LEVELS_64 = severities((0.3, 0.0), (0.1, 0.0), (2.0, 0.0), (5.0, 0.1), (30.0, 0.2))
LEVELS_32 = severities((0.3, 0.0), (0.1, 0.0), (1.5, 0.0), (2.0, 0.1), (2.5, 0.2))


def saturate(images: Float[Tensor, "n 3 h w"], amount: tuple[float, float]) -> Float[Tensor, "n 3 h w"]:
    """The saturation of the HSV colour is multiplied and added to, within [0, 1] (hendrycks-2019).

    Greys have no hue; as in the published code they count as red, so that adding saturation reddens them.
    """
    factor, more = amount
    value = images.amax(1, keepdim=True)
    spread = value - images.amin(1, keepdim=True)
    stronger = (factor * spread + more * value).clamp_(max=value)
    coloured = value - (value - images) * (stronger / spread)
    if more == 0:
        return torch.where(spread > 0, coloured, images)
    red = torch.cat([value, value * (1 - more), value * (1 - more)], 1)
    return torch.where(spread > 0, coloured, red)
