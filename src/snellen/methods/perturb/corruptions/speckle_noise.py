"""Normal noise in proportion to every value."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.corruptions._draws import normals
from snellen.methods.perturb.corruptions._severities import severities

SOURCE = "hendrycks-2019"
LEVELS = severities(0.15, 0.2, 0.35, 0.45, 0.6)
LEVELS_64 = severities(0.15, 0.2, 0.25, 0.3, 0.35)
LEVELS_32 = severities(0.06, 0.1, 0.12, 0.16, 0.2)


def speckle_noise(images: Float[Tensor, "n 3 h w"], deviation: float, keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """Adds to each value x a draw from N(0, (x · `deviation`)²), clipped to [0, 1] (hendrycks-2019)."""
    return normals(keys, tuple(images.shape[1:]), images).mul_(deviation).add_(1).mul_(images).clamp_(0, 1)
