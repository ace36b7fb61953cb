"""Large square pixels."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from snellen.methods.perturb.corruptions._bytes import from_bytes, to_bytes
from snellen.methods.perturb.corruptions._severities import severities

SOURCE = "hendrycks-2019"
LEVELS = severities(0.6, 0.5, 0.4, 0.3, 0.25)
LEVELS_64 = severities(0.9, 0.8, 0.7, 0.6, 0.5)
LEVELS_32 = severities(0.95, 0.9, 0.85, 0.75, 0.65)


def pixelate(images: Float[Tensor, "n 3 h w"], share: float) -> Float[Tensor, "n 3 h w"]:
    """Reduced to a `share` of its sides and enlarged again, both with a box filter, in 8 bits (hendrycks-2019)."""
    height, width = images.shape[2:]
    small, box = (max(1, int(width * share)), max(1, int(height * share))), Image.Resampling.BOX
    planes = to_bytes(images).reshape(-1, height, width)
    coarse = [np.asarray(Image.fromarray(plane).resize(small, box).resize((width, height), box)) for plane in planes]
    return from_bytes(np.stack(coarse).reshape(images.shape), images)
