"""Gaussian blur."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.corruptions._gaussian import blurred
from snellen.methods.perturb.corruptions._severities import severities

SOURCE = "hendrycks-2019"
LEVELS = severities(1.0, 2.0, 3.0, 4.0, 6.0)
LEVELS_64 = severities(0.5, 0.75, 1.0, 1.25, 1.5)
LEVELS_32 = severities(0.4, 0.6, 0.7, 0.8, 1.0)


def gaussian_blur(images: Float[Tensor, "n 3 h w"], sigma: float) -> Float[Tensor, "n 3 h w"]:
    """Convolution with a Gaussian of `sigma` pixels, cut at 4 sigma, edges repeated (hendrycks-2019)."""
    return blurred(images, sigma)
