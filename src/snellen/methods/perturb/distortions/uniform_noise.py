"""Uniform noise on a greyscale image of 30 % contrast."""

from __future__ import annotations

from jaxtyping import Float

from snellen.arrays import namespace
from snellen.core import Array
from snellen.methods.perturb.grey import luminance, to_colour

CONTRAST = 0.3


def uniform_noise(images: Float[Array, "n 3 h w"], width: float, unit: Float[Array, "n 1 h w"]) -> Float[Array, "n 3 h w"]:
    """Contrast 30 %, plus noise uniform in [-width, width), clipped to [0, 1] (geirhos-2018).

    `unit` is the noise before scaling, uniform in [0, 1), one plane an image.
    """
    grey = (1 - CONTRAST) / 2 + CONTRAST * luminance(images)
    return to_colour(namespace(images).clip(grey + width * (2 * unit - 1), 0.0, 1.0))
