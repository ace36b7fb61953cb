"""A greyscale image without its coarse parts."""

from __future__ import annotations

import math

from jaxtyping import Float

from snellen.arrays import namespace
from snellen.core import Array
from snellen.methods.perturb.distortions.low_pass import BORDER, blurred
from snellen.methods.perturb.grey import luminance, to_colour

SOURCE = "geirhos-2018"
LEVELS = {text: float(text) for text in ("inf", "3", "1.5", "1", "0.7", "0.55", "0.45", "0.4")}


def high_pass(images: Float[Array, "n 3 h w"], sigma: float) -> Float[Array, "n 3 h w"]:
    """Grey minus its Gaussian of `sigma` > 0 pixels, moved to the mean .4423, clipped (geirhos-2018); infinite: plain grey."""
    grey, xp = luminance(images), namespace(images)
    if math.isfinite(sigma):
        grey = grey - blurred(grey, sigma)
        grey = grey + BORDER - xp.mean(grey, axis=(2, 3), keepdims=True)
    return to_colour(xp.clip(grey, 0.0, 1.0))
