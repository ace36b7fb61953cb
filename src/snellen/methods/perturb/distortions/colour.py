"""The image without its colours."""

from __future__ import annotations

from jaxtyping import Float

from snellen.core import Array
from snellen.methods.perturb.grey import luminance, to_colour

SOURCE = "geirhos-2018"
LEVELS = {"cr": False, "bw": True}


def colour(images: Float[Array, "n 3 h w"], grey: bool) -> Float[Array, "n 3 h w"]:
    """As they are, or their luminance in all three channels (geirhos-2018)."""
    return to_colour(luminance(images)) if grey else images
