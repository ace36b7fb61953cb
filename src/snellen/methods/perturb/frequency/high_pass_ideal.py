"""High-frequency component: the image outside a circle around the mean of its spectrum, on mid-grey."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.frequency._ideal import components

SOURCE = "wang-2020"
LEVELS = {f"{radius}": radius for radius in (0.0, 0.0625, 0.125, 0.25, 0.375, 0.5)}
"""Radius as a share of the sampling rate. At a side of 32 these are 0, 2, 4, 8, 12 and 16."""
MIDDLE = 0.5


def high_pass_ideal(images: Float[Tensor, "n 3 h w"], radius: float) -> Float[Tensor, "n 3 h w"]:
    """Each channel's frequencies from `radius` on, with a sharp edge; 0 leaves the image (wang-2020).

    The published component has a mean of zero and negative values, which no image can have, so mid-grey is added here;
    `_ideal.components` gives it as it was published.
    """
    high = components(images, radius)[1]
    return high if radius == 0 else high + MIDDLE
