"""Greyscale, as in the distortions shown to people."""

from __future__ import annotations

from jaxtyping import Float

from snellen.arrays import namespace
from snellen.core import Array

LUMINANCE = (0.2125, 0.7154, 0.0721)
"""Weights of the gamma-encoded R, G, B values (geirhos-2018)."""


def luminance(images: Float[Array, "n 3 h w"]) -> Float[Array, "n 1 h w"]:
    """The grey value of every pixel, in the range of the images (geirhos-2018)."""
    red, green, blue = LUMINANCE
    return red * images[:, 0:1] + green * images[:, 1:2] + blue * images[:, 2:3]


def to_colour(grey: Float[Array, "n 1 h w"]) -> Float[Array, "n 3 h w"]:
    """Three equal channels, without a copy where the framework can."""
    return namespace(grey).broadcast_to(grey, (grey.shape[0], 3, *grey.shape[2:]))


def as_shown(images: Float[Array, "n c h w"]) -> Float[Array, "n c h w"]:
    """Values in [0, 1] as an 8-bit file holds them: truncated, not rounded, to multiples of 1/255 (geirhos-2018)."""
    xp = namespace(images)
    shown = xp.clip(images, 0.0, 1.0)
    shown *= 255.0
    shown += 1e-4
    shown = shown.floor_() if hasattr(shown, "floor_") else xp.floor(shown)  # PyTorch's in place: memory is what this costs
    shown /= 255.0
    return shown
