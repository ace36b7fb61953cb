"""Black lines on white where brightness changes: Canny's edges."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy import ndimage
from torch import Tensor

from snellen.methods.perturb.grey import luminance, to_colour

SOURCE = "canny-1986"
LEVELS = {"1.4": 2**0.5, "2": 2.0, "2.8": 2 * 2**0.5, "4": 4.0}
"""Standard deviation of the Gaussian, in pixels."""
FLAT, RATIO = 0.7, 0.4
"""Share of the pixels whose gradient lies below the upper threshold, and the lower threshold over the upper one."""
FAINTEST = 1e-3
"""Gradients below are no edges, however flat the rest is."""


def edges(images: Float[Tensor, "n 3 h w"], sigma: float) -> Float[Tensor, "n 3 h w"]:
    """Edges of the luminance after a Gaussian, one pixel wide, thresholds set by each image's own gradients (canny-1986)."""
    found = np.stack([canny(grey, sigma) for grey in luminance(images)[:, 0].cpu().numpy()])
    return to_colour(torch.from_numpy(1.0 - found[:, None]).to(images))


def canny(grey: Float[np.ndarray, "h w"], sigma: float) -> Bool[np.ndarray, "h w"]:
    """Where the gradient is largest across itself, and above the lower threshold in touch with something above the upper."""
    down, across = _slope(grey, sigma, 0), _slope(grey, sigma, 1)
    steep = np.hypot(down, across)
    upper = max(float(np.quantile(steep, FLAT)), FAINTEST)
    candidates = _crests(steep, down, across) & (steep > RATIO * upper)
    parts = np.zeros(grey.shape, np.int32)
    ndimage.label(candidates, np.ones((3, 3)), output=parts)
    strong = np.unique(parts[candidates & (steep > upper)])
    return np.isin(parts, strong[strong > 0])


def _slope(grey: np.ndarray, sigma: float, axis: int) -> np.ndarray:
    """The derivative of the Gaussian along one axis, the Gaussian along the other."""
    steep = ndimage.gaussian_filter1d(grey, sigma, axis=axis, order=1, mode="nearest")
    return ndimage.gaussian_filter1d(steep, sigma, axis=1 - axis, mode="nearest")


def _crests(steep: np.ndarray, down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Where the gradient is at least as large as its interpolated neighbours one pixel up and down its direction."""
    rows, columns = np.indices(steep.shape)
    length = np.maximum(steep, 1e-12)
    ahead, behind = (
        ndimage.map_coordinates(steep, [rows + sign * down / length, columns + sign * across / length], order=1, mode="nearest")
        for sign in (1, -1)
    )
    return (steep >= ahead) & (steep > behind)
