"""Low-frequency component: the image within a circle around the mean of its spectrum."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.frequency._ideal import components

SOURCE = "wang-2020"
LEVELS = {f"{radius}": radius for radius in (0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125, 0.0625, 0.03125)}
"""Radius as a share of the sampling rate. At a side of 32 the first seven are the published 28, 24, 20, 16, 12, 8 and 4."""


def low_pass_ideal(images: Float[Tensor, "n 3 h w"], radius: float) -> Float[Tensor, "n 3 h w"]:
    """Each channel's frequencies below `radius`, with a sharp edge; not clipped (wang-2020)."""
    return components(images, radius)[0]
