"""Poisson noise, as of few photons."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from scipy.special import gammaln, xlogy
from torch import Tensor

from snellen.arrays import to_numpy
from snellen.methods.perturb.corruptions._draws import generator, stacked, words
from snellen.methods.perturb.corruptions._each import each
from snellen.methods.perturb.corruptions._severities import severities

SOURCE = "hendrycks-2019"
LEVELS = severities(60, 25, 12, 5, 3)
LEVELS_64 = severities(250, 100, 50, 30, 15)
LEVELS_32 = severities(500, 250, 100, 75, 50)


def shot_noise(images: Float[Tensor, "n 3 h w"], photons: int, keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """Each value x becomes Poisson(`photons` · x) / `photons`, clipped to [0, 1] (hendrycks-2019)."""
    rows = zip(to_numpy(images), keys, strict=True)
    drawn = each(lambda row: _counts(row[0], photons, generator(row[1])), rows)
    return stacked(drawn, images).div_(photons).clamp_(0, 1)


def _counts(pixels: np.ndarray, photons: int, draws: np.random.Generator) -> np.ndarray:
    """Poisson counts: of 8-bit values from tables, which is several times quicker; of any other from NumPy."""
    scaled = pixels * np.float32(255)
    levels = scaled + np.float32(0.5)
    levels = levels.astype(np.int32)
    if np.abs(scaled - levels).max() > 1e-3:
        return draws.poisson(photons * pixels).astype(np.float32)
    threshold, alias = _alias_tables(photons)
    bits = threshold.shape[1].bit_length() - 1
    drawn = words(draws, pixels.shape)
    column = (drawn >> np.uint32(32 - bits)).view(np.int32)
    cell = ((levels << bits) + column).astype(np.intp)
    above = (drawn << np.uint32(bits)) > threshold.take(cell, mode="clip")
    return (column + above * (alias.take(cell, mode="clip") - column)).astype(np.float32)


@lru_cache(maxsize=8)
def _alias_tables(photons: int) -> tuple[np.ndarray, np.ndarray]:
    """The alias method (walker-1977) for 256 laws: (256, K) thresholds of 32 bits, and what is drawn above them."""
    columns = 1 << int(np.ceil(np.log2(photons + 10 * np.sqrt(photons) + 10)))
    counts = np.arange(columns)
    rate = photons * np.arange(256)[:, None] / 255
    share = np.exp(xlogy(counts, rate) - rate - gammaln(counts + 1))
    share *= columns / share.sum(axis=1, keepdims=True)
    threshold, alias = np.ones_like(share), np.broadcast_to(counts, share.shape).astype(np.int32)
    rows = np.arange(256)
    for _ in range(columns - 1):
        poor, rich = share.argmin(axis=1), share.argmax(axis=1)
        open_rows = rows[share[rows, poor] < 1 - 1e-12]
        poor, rich = poor[open_rows], rich[open_rows]
        threshold[open_rows, poor] = share[open_rows, poor]
        alias[open_rows, poor] = rich
        share[open_rows, rich] -= 1 - share[open_rows, poor]
        share[open_rows, poor] = 1
    return (threshold * (2**32 - 1)).astype(np.uint32), alias
