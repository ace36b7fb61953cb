"""Blur towards the centre, as of a zooming lens."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.corruptions._severities import severities
from snellen.methods.perturb.corruptions._zoom import centre, stretched


def _factors(stop: float, step: float) -> tuple[float, ...]:
    return tuple(np.arange(1.0, stop, step).tolist())


SOURCE = "hendrycks-2019"
LEVELS = severities(_factors(1.11, 0.01), _factors(1.16, 0.01), _factors(1.21, 0.02), _factors(1.26, 0.02), _factors(1.31, 0.03))
LEVELS_64 = severities(*(_factors(stop, 0.01) for stop in (1.06, 1.11, 1.16, 1.21, 1.26)))
LEVELS_32 = LEVELS_64


def zoom_blur(images: Float[Tensor, "n 3 h w"], factors: tuple[float, ...]) -> Float[Tensor, "n 3 h w"]:
    """The mean of the image and of its centre enlarged by each of `factors`, linearly (hendrycks-2019)."""
    height, width = images.shape[2:]
    total = images.mT.clone(memory_format=torch.contiguous_format)
    for factor in factors:
        tall = stretched(images[:, :, centre(height, factor)], factor, height)
        total += stretched(tall[..., centre(width, factor)].mT.contiguous(), factor, width)
    return total.div_(len(factors) + 1).mT.contiguous()
