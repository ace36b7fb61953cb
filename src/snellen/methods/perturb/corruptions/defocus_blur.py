"""Blur by a disc, as of a lens out of focus."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float32
from scipy.fft import next_fast_len
from scipy.ndimage import correlate1d
from torch import Tensor

from snellen.methods.perturb.corruptions._severities import severities

SOURCE = "hendrycks-2019"
LEVELS = severities((3.0, 0.1), (4.0, 0.5), (6.0, 0.5), (8.0, 0.5), (10.0, 0.5))
LEVELS_64 = severities((0.5, 0.6), (1.0, 0.1), (1.5, 0.1), (2.5, 0.01), (3.0, 0.1))
LEVELS_32 = severities((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1.0, 0.2), (1.5, 0.1))


def defocus_blur(images: Float[Tensor, "n 3 h w"], amount: tuple[float, float]) -> Float[Tensor, "n 3 h w"]:
    """Correlation with a disc of (radius, sigma of its smoothed edge) pixels; beyond the border, a mirror (hendrycks-2019)."""
    kernel = torch.from_numpy(_disc(*amount)).to(images)
    height, width = images.shape[2:]
    padded = _mirrored(images, len(kernel) // 2)
    rows, columns = (next_fast_len(side, real=True) for side in padded.shape[2:])
    spectrum = torch.fft.rfft2(padded, s=(rows, columns)) * torch.fft.rfft2(kernel, s=(rows, columns)).conj()
    return torch.fft.irfft2(spectrum, s=(rows, columns))[:, :, :height, :width]


@lru_cache(maxsize=16)
def _disc(radius: float, sigma: float) -> Float32[np.ndarray, "k k"]:
    """The disc on its published grid: 17 x 17 smoothed over 3 x 3 pixels, larger ones over 5 x 5; border pixels mirrored."""
    reach, taps = (8, 1) if radius <= 8 else (int(radius), 2)
    across = np.arange(-reach, reach + 1) ** 2
    inside = across[:, None] + across <= radius**2
    smooth = np.exp(-0.5 * (np.arange(-taps, taps + 1) / sigma) ** 2)
    disc = inside / inside.sum()
    for axis in (0, 1):
        disc = correlate1d(disc, smooth / smooth.sum(), axis=axis, mode="mirror")
    return disc.astype(np.float32)


def _mirrored(images: Tensor, reach: int) -> Tensor:
    if min(images.shape[2:]) > reach:
        return F.pad(images, (reach,) * 4, mode="reflect")
    rows, columns = (np.pad(np.arange(side), reach, mode="reflect") for side in images.shape[2:])
    return images[:, :, rows][..., columns]
