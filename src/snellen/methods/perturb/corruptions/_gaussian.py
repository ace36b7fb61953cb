"""Gaussian smoothing as two matrix products, whatever happens at the border."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Float32
from scipy.ndimage import gaussian_filter1d
from torch import Tensor

BAND = 32
"""Rows made at once: a product with the band of the matrix around its diagonal alone, as the rest of it is 0."""


def blurred(images: Float[Tensor, "*n h w"], sigma: float, mode: str = "nearest", truncate: float = 4.0) -> Float[Tensor, "*n h w"]:
    """Convolution of the last two axes with a Gaussian of `sigma` pixels, cut at `truncate` sigma; sigma 0 changes nothing.

    `mode` says what lies beyond the border, as in SciPy: "nearest" repeats the edge, "reflect" mirrors at it.
    """
    if sigma == 0:
        return images
    rows, columns = (torch.from_numpy(_matrix(side, sigma, mode, truncate)).to(images) for side in images.shape[-2:])
    reach = int(truncate * sigma + 0.5)
    tall, wide = torch.empty_like(images), torch.empty_like(images)
    for here, near in _bands(len(rows), reach):
        tall[..., here, :] = rows[here, near] @ images[..., near, :]
    for here, near in _bands(len(columns), reach):
        wide[..., here] = tall[..., near] @ columns[here, near].mT
    return wide


def _bands(side: int, reach: int) -> Iterator[tuple[slice, slice]]:
    for start in range(0, side, BAND):
        yield slice(start, start + BAND), slice(max(0, start - reach), start + BAND + reach)


@lru_cache(maxsize=16)
def _matrix(side: int, sigma: float, mode: str, truncate: float) -> Float32[np.ndarray, "s s"]:
    return gaussian_filter1d(np.eye(side, dtype=np.float32), sigma, axis=0, mode=mode, truncate=truncate)
