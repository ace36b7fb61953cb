"""Fog of uneven density."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from snellen.methods.perturb.corruptions._draws import generator
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
    layers = plasma(side, decay, [generator(key) for key in keys])[:, None, :height, :width]
    brightest = images.amax((1, 2, 3), keepdim=True)
    return (images + density * torch.from_numpy(layers).to(images)) * (brightest / (brightest + density))


def plasma(side: int, decay: float, draws: Sequence[np.random.Generator]) -> Float32[np.ndarray, "n s s"]:
    """A cloud in [0, 1] for each of N generators, by diamonds and squares on a torus; `side` is a power of two, 2 or more.

    At every scale a point is the mean of its four neighbours plus w · U(-w, w), where w starts at 100 and is divided by `decay`
    from one scale to the next finer one.
    """
    clouds = np.zeros((len(draws), side, side), np.float32)
    step, spread = side, 100.0
    while step >= 2:
        half = step // 2
        corners = clouds[:, ::step, ::step]
        upright = corners + np.roll(corners, -1, axis=1)
        level = corners + np.roll(corners, -1, axis=2)
        centres = _between(upright + np.roll(upright, -1, axis=2), spread, draws)
        clouds[:, half::step, half::step] = centres
        clouds[:, ::step, half::step] = _between(centres + np.roll(centres, 1, axis=1) + level, spread, draws)
        clouds[:, half::step, ::step] = _between(centres + np.roll(centres, 1, axis=2) + upright, spread, draws)
        step, spread = half, spread / decay
    clouds -= clouds.min((1, 2), keepdims=True)
    clouds /= clouds.max((1, 2), keepdims=True)
    return clouds


def _between(total: np.ndarray, spread: float, draws: Sequence[np.random.Generator]) -> np.ndarray:
    wobble = np.stack([each.random(total.shape[1:], dtype=np.float32) for each in draws])
    wobble -= np.float32(0.5)
    wobble *= np.float32(2 * spread * spread)
    return total * np.float32(0.25) + wobble
