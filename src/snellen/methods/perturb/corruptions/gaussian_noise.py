"""Normal noise on every value."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.corruptions._draws import normals
from snellen.methods.perturb.corruptions._severities import severities

SOURCE = "hendrycks-2019"
LEVELS = severities(0.08, 0.12, 0.18, 0.26, 0.38)
LEVELS_64 = severities(0.04, 0.08, 0.12, 0.15, 0.18)
LEVELS_32 = severities(0.04, 0.06, 0.08, 0.09, 0.10)


def gaussian_noise(images: Float[Tensor, "n 3 h w"], deviation: float, keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """Adds N(0, `deviation`²) to each value, clipped to [0, 1] (hendrycks-2019)."""
    return normals(keys, tuple(images.shape[1:]), images).mul_(deviation).add_(images).clamp_(0, 1)
