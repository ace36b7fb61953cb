"""Lower contrast of a greyscale image around mid-grey."""

from __future__ import annotations

from jaxtyping import Float

from snellen.core import Array
from snellen.methods.perturb.grey import luminance, to_colour

SOURCE = "geirhos-2018"
LEVELS = {f"c{percent:02d}": percent / 100 for percent in (100, 50, 30, 15, 10, 5, 3, 1)}


def contrast(images: Float[Array, "n 3 h w"], level: float) -> Float[Array, "n 3 h w"]:
    """(1 - level) / 2 + level * grey, with level in [0, 1] (geirhos-2018)."""
    return to_colour((1 - level) / 2 + level * luminance(images))
