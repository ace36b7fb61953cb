"""Large square pixels."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
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
    return from_bytes(_coarse(to_bytes(images), share), images)


def pixelate_8bit(images: UInt8[Tensor, "n 3 h w"], share: float) -> UInt8[Tensor, "n 3 h w"]:
    """The same of 8-bit images."""
    return torch.from_numpy(_coarse(images.numpy(), share))


def _coarse(pixels: UInt8[np.ndarray, "n 3 h w"], share: float) -> UInt8[np.ndarray, "n 3 h w"]:
    """All planes at once: their columns reduced beneath each other, then their rows side by side, as Pillow does one by one."""
    height, width = pixels.shape[2:]
    rows, columns = (max(1, int(side * share)) for side in (height, width))
    beneath = pixels.reshape(-1, width)
    narrow = _boxes(beneath, len(beneath), columns).reshape(-1, height, columns)
    beside = narrow.swapaxes(0, 1).reshape(height, -1)
    low = _boxes(beside, rows, beside.shape[1]).reshape(rows, -1, columns).swapaxes(0, 1)
    return low.take(_under(width, columns), 2).take(_under(height, rows), 1).reshape(pixels.shape)


def _boxes(plane: UInt8[np.ndarray, "h w"], height: int, width: int) -> UInt8[np.ndarray, "h2 w2"]:
    return np.asarray(Image.fromarray(plane).resize((width, height), Image.Resampling.BOX))


def _under(side: int, coarse: int) -> Int[np.ndarray, " side"]:
    """Which of `coarse` large pixels the centre of each of `side` small ones lies in."""
    return ((np.arange(side) + 0.5) * (coarse / side)).astype(np.intp)
