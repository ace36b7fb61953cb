"""Colours faded towards grey."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.grey import luminance

SOURCE = "haeberli-1994"
LEVELS = {text: float(text) for text in ("0.75", "0.5", "0.25", "0")}


def saturation(images: Float[Tensor, "n 3 h w"], kept: float) -> Float[Tensor, "n 3 h w"]:
    """`kept` of the way from the image's luminance to the image: 1 leaves it, 0 is grey (haeberli-1994)."""
    grey = luminance(images)
    return grey + kept * (images - grey)
