"""Lower contrast of a greyscale image around mid-grey."""

from __future__ import annotations

from jaxtyping import Float

from snellen.core import Array
from snellen.methods.perturb.grey import luminance, to_colour


def contrast(images: Float[Array, "n 3 h w"], level: float) -> Float[Array, "n 3 h w"]:
    """(1 - level) / 2 + level * grey, with level in [0, 1] (geirhos-2018)."""
    return to_colour((1 - level) / 2 + level * luminance(images))
