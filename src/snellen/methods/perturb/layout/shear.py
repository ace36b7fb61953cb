"""Slanted to either side, mirrored beyond the border."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.draws import generators, signs
from snellen.methods.perturb.layout._affine import warped

SOURCE = "hendrycks-2019"
LEVELS = {text: float(text) for text in ("0.1", "0.2", "0.3", "0.5")}


def shear(images: Float[Tensor, "n 3 h w"], slope: float, keys: Sequence[int]) -> Float[Tensor, "n 3 h w"]:
    """Rows shifted by `slope` pixels a row, leaning left or right as each image's key has it, bilinear (after hendrycks-2019)."""
    back = np.tile(np.eye(2), (len(images), 1, 1))
    back[:, 0, 1] = slope * signs(generators(keys), 1)[:, 0]
    return warped(images, back)
