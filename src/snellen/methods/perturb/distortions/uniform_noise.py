"""Uniform noise on a greyscale image of 30 % contrast."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float

from snellen.arrays import namespace, uniform
from snellen.core import Array
from snellen.methods.perturb.grey import luminance, to_colour

SOURCE = "geirhos-2018"
LEVELS = {text: float(text) for text in ("0.00", "0.03", "0.05", "0.10", "0.20", "0.35", "0.60", "0.90")}
CONTRAST = 0.3


def uniform_noise(images: Float[Array, "n 3 h w"], width: float, keys: Sequence[int]) -> Float[Array, "n 3 h w"]:
    """Contrast 30 %, plus noise uniform in [-width, width) of each image's key, clipped to [0, 1] (geirhos-2018)."""
    return with_noise(images, width, uniform(keys, (1, *images.shape[2:]), images))


def with_noise(images: Float[Array, "n 3 h w"], width: float, unit: Float[Array, "n 1 h w"]) -> Float[Array, "n 3 h w"]:
    """The same with noise that was drawn already: `unit` is uniform in [0, 1), one plane an image."""
    return to_colour(namespace(images).clip(paled(images) + width * (2 * unit - 1), 0.0, 1.0))


def paled(images: Float[Array, "n 3 h w"]) -> Float[Array, "n 1 h w"]:
    """Grey at 30 % contrast around mid-grey."""
    return (1 - CONTRAST) / 2 + CONTRAST * luminance(images)
