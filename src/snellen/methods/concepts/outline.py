"""Where a unit is active in an image, and the image with an outline around that."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import binary_erosion
from torch.nn import functional as F

from snellen.arrays import to_numpy
from snellen.core import Model
from snellen.methods.visualize._maps import maps_of

OUTSIDE = 0.35
"""How bright an image is outside of the outline."""
LINE = (1.0, 0.85, 0.1)
SIDE = 160
"""Pixels that the longer side of an outlined image has at least."""


def active(
    model: Model, images: Float[np.ndarray, "n 3 h w"], layer: str, unit: int, threshold: float
) -> Bool[np.ndarray, "n h w"]:
    """Where a unit's map, brought to the size of the images, is above its threshold."""
    height, width = images.shape[2:]
    maps = maps_of(model.activations(model.asarray(images), layer), height, width, layer)
    large = F.interpolate(maps[:, unit : unit + 1].float(), (height, width), mode="bilinear", align_corners=False)
    return to_numpy(large)[:, 0] > threshold


def outlined(pixels: Float[np.ndarray, "3 h w"], mask: Bool[np.ndarray, "h w"]) -> Float[np.ndarray, "3 a b"]:
    """At least `SIDE` large, darker outside the mask, with a line around it; as it is where the mask is empty."""
    times = max(1, -(-SIDE // max(mask.shape)))
    large, inside = pixels.repeat(times, 1).repeat(times, 2), mask.repeat(times, 0).repeat(times, 1)
    if not inside.any():
        return large
    line = inside > binary_erosion(inside, iterations=2, border_value=0)
    out = np.where(inside, large, OUTSIDE * large)
    out[:, line] = np.array(LINE, np.float32)[:, None]
    return out.astype(np.float32)
