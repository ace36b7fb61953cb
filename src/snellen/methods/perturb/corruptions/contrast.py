"""Less contrast."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.corruptions._severities import severities

SOURCE = "hendrycks-2019"
LEVELS = severities(0.4, 0.3, 0.2, 0.1, 0.05)
LEVELS_64 = LEVELS
LEVELS_32 = severities(0.75, 0.5, 0.4, 0.3, 0.15)


def contrast(images: Float[Tensor, "n 3 h w"], share: float) -> Float[Tensor, "n 3 h w"]:
    """Only a `share` of the distance to the image's mean remains, each channel for itself (hendrycks-2019)."""
    return torch.lerp(images.mean((2, 3), keepdim=True), images, share)
