"""Brighter by a constant."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.corruptions._severities import severities

SOURCE = "hendrycks-2019"
LEVELS = severities(0.1, 0.2, 0.3, 0.4, 0.5)
LEVELS_64 = LEVELS
LEVELS_32 = severities(0.05, 0.1, 0.15, 0.2, 0.3)


def brightness(images: Float[Tensor, "n 3 h w"], more: float) -> Float[Tensor, "n 3 h w"]:
    """`more` is added to the value of the HSV colour, up to 1; hue and saturation stay (hendrycks-2019)."""
    value = images.amax(1, keepdim=True)
    brighter = (value + more).clamp_(max=1)
    return torch.where(value > 0, images * (brighter / value), brighter)
