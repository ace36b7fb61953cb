"""Fog of uneven density."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float32
from torch import Tensor

from snellen.methods.perturb.corruptions._draws import generator, stacked
from snellen.methods.perturb.corruptions._severities import severities

SOURCE = "hendrycks-2019"
LEVELS = severities((1.5, 2.0), (2.0, 2.0), (2.5, 1.7), (2.5, 1.5), (3.0, 1.4))
LEVELS_64 = severities((0.4, 3.0), (0.7, 3.0), (1.0, 2.5), (1.5, 2.0), (2.0, 1.75))
LEVELS_32 = severities((0.2, 3.0), (0.5, 3.0), (0.75, 2.5), (1.0, 2.0), (1.5, 1.75))


def fog(images: Float[Tensor, "n 3 h w"], amount: tuple[float, float], keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """Adds a plasma of (density, decay of its roughness) and scales so that the brightest value stays (hendrycks-2019)."""
    density, decay = amount
    height, width = images.shape[2:]
    side = 1 << max(1, (max(height, width) - 1).bit_length())
    layers = [plasma(side, decay, generator(key))[:height, :width] for key in keys]
    brightest = images.amax((1, 2, 3), keepdim=True)
    return (images + density * stacked(layers, images)[:, None]) * (brightest / (brightest + density))


def plasma(side: int, decay: float, draws: np.random.Generator) -> Float32[np.ndarray, "s s"]:
    """A cloud in [0, 1] by diamonds and squares on a torus; `side` is a power of two, 2 or more.

    At every scale a point is the mean of its four neighbours plus w · U(-w, w), where w starts at 100 and is divided by `decay`
    from one scale to the next finer one.
    """
    cloud = np.zeros((side, side), np.float32)
    step, spread = side, 100.0
    while step >= 2:
        half = step // 2
        corners, centres = cloud[::step, ::step], cloud[half::step, half::step]
        upright = corners + np.roll(corners, -1, axis=0)
        level = corners + np.roll(corners, -1, axis=1)
        centres[:] = _between(upright + np.roll(upright, -1, axis=1), spread, draws)
        cloud[::step, half::step] = _between(centres + np.roll(centres, 1, axis=0) + level, spread, draws)
        cloud[half::step, ::step] = _between(centres + np.roll(centres, 1, axis=1) + upright, spread, draws)
        step, spread = half, spread / decay
    cloud -= cloud.min()
    return cloud / cloud.max()


def _between(total: np.ndarray, spread: float, draws: np.random.Generator) -> np.ndarray:
    wobble = draws.random(total.shape, dtype=np.float32)
    wobble -= np.float32(0.5)
    wobble *= np.float32(2 * spread * spread)
    return total * np.float32(0.25) + wobble
