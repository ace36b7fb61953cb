"""Gaussian blur of a greyscale image."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from jaxtyping import Float

from snellen.arrays import like, namespace
from snellen.core import Array
from snellen.methods.perturb.grey import luminance, to_colour

SOURCE = "geirhos-2018"
LEVELS = {text: float(text) for text in ("0", "1", "3", "5", "7", "10", "15", "40")}
BORDER = 0.4423
"""Grey beyond the border: the mean of the published images (geirhos-2018)."""
TRUNCATE = 4.0


def low_pass(images: Float[Array, "n 3 h w"], sigma: float) -> Float[Array, "n 3 h w"]:
    """Gaussian of `sigma` pixels, cut at 4 sigma, constant border, clipped to [0, 1]; sigma 0 is plain grey (geirhos-2018)."""
    grey = luminance(images)
    return to_colour(namespace(images).clip(blurred(grey, sigma) if sigma > 0 else grey, 0.0, 1.0))


def blurred(grey: Float[Array, "n 1 h w"], sigma: float) -> Float[Array, "n 1 h w"]:
    """The Gaussian alone, of `sigma` > 0 pixels."""
    height, width = grey.shape[2], grey.shape[3]
    rows, columns = like(blur_matrix(height, sigma), grey), like(blur_matrix(width, sigma), grey)
    return BORDER + rows @ (grey - BORDER) @ columns.T


@lru_cache(maxsize=64)
def blur_matrix(size: int, sigma: float) -> Float[np.ndarray, "s s"]:
    """The convolution along one axis as a matrix; what falls outside meets zero."""
    radius = int(TRUNCATE * sigma + 0.5)
    taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    taps /= taps.sum()
    offset = np.arange(size)[:, None] - np.arange(size)[None, :]
    return np.where(np.abs(offset) <= radius, taps[np.clip(offset + radius, 0, 2 * radius)], 0.0)
