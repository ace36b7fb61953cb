"""Families made of lines: stripes, waves, zigzag, crosshatch, grain, marble."""

from __future__ import annotations

import numpy as np

from snellen.images.world.noise import swell, wave
from snellen.images.world.textures.common import band, covered, level, offset


def stripes(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Straight bars. u[0] is their share of the period, u[1] how soft their edges are."""
    share = 0.38 + 0.24 * u[0]
    return covered(band(x, share, pixel + 0.15 * u[1]), share, pixel, 0.4)


def waves(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Soft ripples that swing from side to side. u[0] is how far, u[1] how long a swing is."""
    t = wave(x / (2.0 + 0.8 * u[1]))
    t *= 0.3 + 0.2 * u[0]
    t += y
    t = wave(t)
    t *= 0.5
    t += 0.5
    return level(t, 0.5, 0.365, pixel, 0.4)


def zigzag(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Chevrons with sharp corners. u[0] is how steep, u[1] the share of the lighter bars."""
    steep, share = 1.2 + 0.6 * u[0], 0.42 + 0.16 * u[1]
    t = np.abs(offset(x / 1.5))
    t *= 1.5 * steep
    t += y * np.float32(0.8)
    return covered(band(t, share, pixel * np.sqrt(np.float32(0.64) + steep * steep)), share, pixel, 0.35)


def crosshatch(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Two sets of thin lines. u[0] is how thick they are, u[1] the angle between them (60 to 90 degrees)."""
    share = 0.24 + 0.1 * u[0]
    slant = 0.5 * (np.float32(1) - u[1])
    t = x * np.sqrt(np.float32(1) - slant * slant)
    t += slant * y
    cover = band(t, share, pixel)
    cover *= -1
    cover += 1
    other = band(y, share, pixel)
    other *= cover
    cover -= other
    return covered(cover, (np.float32(1) - share) ** 2, pixel, 0.3)


def grain(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Wood: rings that fade in slowly and end at once, bent along the trunk. u[0] is how bent, u[1] how steep the tone."""
    t = swell(x * np.float32(0.25), y * np.float32(0.1), key, 1, 4)
    t *= 0.35 + 0.3 * u[0]
    t += x - np.float32(0.5) * pixel
    t -= np.floor(t)
    end = (np.float32(1) - t) / pixel
    t -= 0.5
    t *= 1 + 0.4 * u[1]
    t += 0.5
    np.clip(t, 0, 1, out=t)
    np.minimum(t, end, out=t)
    return level(t, 0.49 - np.float32(0.4) * np.minimum(pixel, np.float32(0.5)), 0.31, pixel, 0.4)


def marble(x: np.ndarray, y: np.ndarray, u: np.ndarray, key: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Thin veins that wander over clouded stone. u[0] is how thin they are, u[1] how close together."""
    t = swell(x * np.float32(0.85), y * (0.35 + 0.2 * u[1]), key, 1, 4)
    t *= t
    thin = 0.6 - 0.2 * u[0]
    t += pixel * np.float32(0.1)
    t /= t + thin * thin
    t *= 1.25
    np.minimum(t, np.float32(1), out=t)
    return level(t, 0.6 + 0.1 * u[0], 0.35, pixel, 0.3)
