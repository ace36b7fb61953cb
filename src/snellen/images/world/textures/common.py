"""What the families share: edges as wide as a pixel, and one contrast."""

from __future__ import annotations

import numpy as np

SPREAD = 0.34
"""The standard deviation of a texture, where its range allows."""


def offset(t: np.ndarray) -> np.ndarray:
    """How far `t` is from the nearest whole number, signed, in [-1/2, 1/2]."""
    return t - np.rint(t)


def coverage(inside: np.ndarray, width: np.ndarray | float) -> np.ndarray:
    """0 to 1 across an edge: `inside` is the distance to it, positive inside, `width` that of a pixel. Overwrites `inside`."""
    inside /= np.maximum(width, np.float32(1e-3))
    inside += np.float32(0.5)
    return np.clip(inside, np.float32(0), np.float32(1), out=inside)


def band(t: np.ndarray, share: np.ndarray | float, width: np.ndarray | float) -> np.ndarray:
    """Stripes of period 1 centred on whole numbers, which cover `share` of it."""
    away = np.abs(offset(t))
    np.subtract(share * np.float32(0.5), away, out=away)
    return coverage(away, width)


def level(
    pattern: np.ndarray, mean: np.ndarray | float, spread: np.ndarray | float, pixel: np.ndarray, finest: float
) -> np.ndarray:
    """`pattern` in [0, 1] brought to the mean 1/2 and the common contrast; overwrites it.

    `mean` and `spread` (standard deviation) are those of the pattern. What is finer than a pixel fades: `finest` is the size of
    the smallest detail in texture units.
    """
    mean = np.asarray(mean, np.float32)
    reach = np.float32(0.5) / np.maximum(mean, np.float32(1) - mean)
    gain = np.minimum(np.float32(SPREAD) / spread, reach)
    gain = gain * np.clip(np.float32(2) - pixel / np.float32(finest), np.float32(0), np.float32(1))
    pattern -= mean
    pattern *= gain
    pattern += np.float32(0.5)
    return pattern


def covered(cover: np.ndarray, share: np.ndarray | float, pixel: np.ndarray, finest: float) -> np.ndarray:
    """`level` for a pattern of two tones of which the lighter covers `share`."""
    share = np.asarray(share, np.float32)
    return level(cover, share, np.sqrt(share * (np.float32(1) - share)), pixel, finest)
