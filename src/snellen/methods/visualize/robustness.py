"""Small random movements before each look, so that what is found does not hang on single pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from snellen.core import SnellenError
from snellen.methods.perturb.draws import generators

SOURCE = "olah-2017"
SIDE = 224
GREY = 0.5


@final
@dataclass(frozen=True)
class Robustness:
    """Grey around the image, jitter, another scale, a rotation and jitter again (olah-2017), as one bilinear resampling.

    Lengths are in pixels of images whose shorter side is 224, and in proportion for others. What the jitters leave of the grey
    border is always in view: the network is shown all of it, at the size that the image has.

    Attributes:
        border: grey on each side.
        jitter: the range of the movement before scaling and rotating. again: of that afterwards.
        scale: the largest change, either way, in 5 equal steps.
        rotation: degrees at most either way, whole ones; none at all a little more often than each other.
    """

    border: float = 12.0
    jitter: float = 8.0
    again: float = 4.0
    scale: float = 0.1
    rotation: int = 10

    def __post_init__(self) -> None:
        lengths = (self.border, self.jitter, self.again, self.rotation)
        if not (all(0 <= length < SIDE for length in lengths) and 0 <= self.scale < 1):
            raise SnellenError(f"got {self}; expected lengths from 0 to {SIDE} and a scale from 0 to 1")

    def draws(self, keys: Sequence[int], steps: int) -> Float[np.ndarray, "s n 6"]:
        """For each step and image: two jitters (x, y) in units of their ranges, the scale and the angle in radians.

        Those of image i come from keys[i] alone.
        """
        angles = np.radians(np.r_[-self.rotation : self.rotation + 1, np.zeros(5)])
        drawn = np.empty((steps, len(keys), 6), np.float32)
        for at, rng in enumerate(generators(keys)):
            drawn[:, at, :4] = rng.random((steps, 4)) - 0.5
            drawn[:, at, 4] = 1 + self.scale * rng.integers(-5, 6, steps) / 5
            drawn[:, at, 5] = rng.choice(angles, steps)
        return drawn

    def __call__(self, images: Float[Tensor, "n 3 h w"], drawn: Float[np.ndarray, "n 6"]) -> Float[Tensor, "n 3 h w"]:
        """Images as these draws move them; differentiable."""
        height, width = images.shape[2:]
        unit = min(height, width) / SIDE
        seen = np.array([width, height]) + unit * max(0.0, 2 * self.border - self.jitter - self.again)
        size = np.array([width, height], float)
        first, second = drawn[:, :2] * self.jitter * unit, drawn[:, 2:4] * self.again * unit
        cos, sin = np.cos(drawn[:, 5]) / drawn[:, 4], np.sin(drawn[:, 5]) / drawn[:, 4]
        turned = np.stack([np.stack([cos, -sin], 1), np.stack([sin, cos], 1)], 1)
        moved = (turned @ second[:, :, None])[:, :, 0] + first
        theta = np.concatenate([turned * (seen / size[:, None])[None], (2 * moved / size)[:, :, None]], 2)
        places = F.affine_grid(torch.as_tensor(theta).to(images), list(images.shape), align_corners=False)
        return F.grid_sample(images - GREY, places, align_corners=False) + GREY


WIDE = Robustness(border=0.0, jitter=32.0, again=16.0, scale=0.5, rotation=15)
"""Four times the published jitter, five times the change of scale: what is seen must be an object anywhere and in any size."""
