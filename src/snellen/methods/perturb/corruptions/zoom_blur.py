"""Blur towards the centre, as of a zooming lens."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.corruptions._severities import severities
from snellen.methods.perturb.corruptions._zoom import centre


def _factors(stop: float, step: float) -> tuple[float, ...]:
    return tuple(np.arange(1.0, stop, step).tolist())


SOURCE, VERSION = "hendrycks-2019", 2
LEVELS = severities(_factors(1.11, 0.01), _factors(1.16, 0.01), _factors(1.21, 0.02), _factors(1.26, 0.02), _factors(1.31, 0.03))
LEVELS_64 = severities(*(_factors(stop, 0.01) for stop in (1.06, 1.11, 1.16, 1.21, 1.26)))
LEVELS_32 = LEVELS_64


def zoom_blur(images: Float[Tensor, "n 3 h w"], factors: tuple[float, ...]) -> Float[Tensor, "n 3 h w"]:
    """The mean of the image and of its centre enlarged by each of `factors`, linearly (hendrycks-2019)."""
    as_channels = images.flatten(0, 1)[None].contiguous(memory_format=torch.channels_last)
    total = as_channels * 2  # itself, and the first of its enlargements, by 1
    for factor in factors[1:]:
        total += _enlarged(as_channels, factor)
    return total.div_(len(factors) + 1).reshape(images.shape).contiguous()


def _enlarged(images: Float[Tensor, "n c h w"], factor: float) -> Float[Tensor, "n c h w"]:
    height, width = images.shape[2:]
    crop = images[:, :, centre(height, factor), centre(width, factor)]
    whole = [round(side * factor) for side in crop.shape[2:]]
    top, left = (whole[0] - height) // 2, (whole[1] - width) // 2
    large = F.interpolate(crop, size=whole, mode="bilinear", align_corners=True)
    return large[:, :, top : top + height, left : left + width]
