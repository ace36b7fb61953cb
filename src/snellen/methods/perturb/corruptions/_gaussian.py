"""Gaussian smoothing as two matrix products, whatever happens at the border."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Float32
from scipy.ndimage import gaussian_filter1d
from torch import Tensor


def blurred(images: Float[Tensor, "*n h w"], sigma: float, mode: str = "nearest", truncate: float = 4.0) -> Float[Tensor, "*n h w"]:
    """Convolution of the last two axes with a Gaussian of `sigma` pixels, cut at `truncate` sigma; sigma 0 changes nothing.

    `mode` says what lies beyond the border, as in SciPy: "nearest" repeats the edge, "reflect" mirrors at it.
    """
    if sigma == 0:
        return images
    rows, columns = (torch.from_numpy(_matrix(side, sigma, mode, truncate)).to(images) for side in images.shape[-2:])
    return rows @ images @ columns.mT


@lru_cache(maxsize=16)
def _matrix(side: int, sigma: float, mode: str, truncate: float) -> Float32[np.ndarray, "s s"]:
    return gaussian_filter1d(np.eye(side, dtype=np.float32), sigma, axis=0, mode=mode, truncate=truncate)
