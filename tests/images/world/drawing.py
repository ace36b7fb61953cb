"""What the tests of drawing functions share: random arguments, and grids of pixels."""

from __future__ import annotations

import numpy as np


def arguments(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """u (4, n, 1, 1) float32 and key (n, 1, 1) uint32."""
    rng = np.random.default_rng(seed)
    return rng.random((4, n, 1, 1), dtype=np.float32), rng.integers(0, 2**32, (n, 1, 1), dtype=np.uint32)


def frame(n: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, y (n, size, size) and pixel (n, 1, 1) of the image frame."""
    line = ((np.arange(size) * 2 + 1) / size - 1).astype(np.float32)
    x, y = (np.broadcast_to(axis, (n, size, size)).copy() for axis in (line, -line[:, None]))
    return x, y, np.full((n, 1, 1), 2 / size, np.float32)


def cloth(n: int, size: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, y and pixel in texture units, turned by any angle, of periods from 5.5 to 10 pixels in an image of 64."""
    rng = np.random.default_rng(seed)
    unit = (32 / rng.uniform(5.5, 10, (n, 1, 1))).astype(np.float32)
    angle = rng.uniform(-np.pi / 2, np.pi / 2, (n, 1, 1))
    cosine, sine = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
    x, y, pixel = frame(n, size)
    return (x * cosine + y * sine) * unit, (y * cosine - x * sine) * unit, pixel * unit


def reduced(images: np.ndarray, times: int) -> np.ndarray:
    """(n, H, W) averaged over squares of so many pixels."""
    n, height, width = images.shape
    return images.reshape(n, height // times, times, width // times, times).mean((2, 4))
