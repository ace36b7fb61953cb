"""Blur along a line, as of a moving camera."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.corruptions._draws import generator
from snellen.methods.perturb.corruptions._motion import motion_blurred
from snellen.methods.perturb.corruptions._severities import severities

SOURCE = "hendrycks-2019"
LEVELS = severities((10, 3.0), (15, 5.0), (15, 8.0), (15, 12.0), (20, 15.0))
LEVELS_64 = severities((10, 1.0), (10, 1.5), (10, 2.0), (10, 2.5), (12, 3.0))
LEVELS_32 = severities((6, 1.0), (6, 1.5), (6, 2.0), (8, 2.0), (9, 2.5))


def motion_blur(images: Float[Tensor, "n 3 h w"], amount: tuple[int, float], keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """Half a Gaussian of (radius, sigma) pixels along an angle uniform in -45° to 45° (hendrycks-2019)."""
    degrees = np.array([generator(key).uniform(-45, 45) for key in keys])
    return motion_blurred(images, *amount, degrees)
