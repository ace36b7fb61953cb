"""Shifted in a random direction, mirrored beyond the border."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.draws import generators
from snellen.methods.perturb.layout._affine import warped

SOURCE = "engstrom-2019"
LEVELS = {text: float(text) for text in ("0.02", "0.05", "0.1", "0.2", "0.3")}


def translate(images: Float[Tensor, "n 3 h w"], share: float, keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """Shifted by that share of the shorter side, in a direction of each image's key, by whole pixels (after engstrom-2019)."""
    angle = 2 * np.pi * np.array([rng.random() for rng in generators(keys)])
    length = share * min(images.shape[2:])
    shift = np.round(length * np.stack([np.cos(angle), np.sin(angle)], axis=1))
    return warped(images, np.tile(np.eye(2), (len(images), 1, 1)), shift)
