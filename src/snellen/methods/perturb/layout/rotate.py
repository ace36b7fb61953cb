"""Turned by a small angle to either side, in colour, mirrored beyond the border."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.draws import generators, signs
from snellen.methods.perturb.layout._affine import warped

SOURCE = "engstrom-2019"
LEVELS = {f"{degrees}": float(degrees) for degrees in (5, 10, 15, 30, 45)}


def rotate(images: Float[Tensor, "n 3 h w"], degrees: float, keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """Turned about the centre by `degrees`, clockwise or not as each image's key has it, bilinear (after engstrom-2019)."""
    angle = np.radians(degrees) * signs(generators(keys), 1)[:, 0]
    cos, sin = np.cos(angle), np.sin(angle)
    return warped(images, np.stack([np.stack([cos, -sin], axis=1), np.stack([sin, cos], axis=1)], axis=1))
