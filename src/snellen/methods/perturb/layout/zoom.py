"""Seen from nearer: the centre magnified."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from torch import Tensor

from snellen.methods.perturb.layout._affine import warped

SOURCE = "hendrycks-2019"
LEVELS = {text: float(text) for text in ("1.1", "1.25", "1.5", "2", "3")}


def zoom(images: Float[Tensor, "n 3 h w"], factor: float) -> Float[Tensor, "n 3 h w"]:
    """Magnified by `factor` about the centre, bilinear (after hendrycks-2019)."""
    return warped(images, np.tile(np.eye(2) / factor, (len(images), 1, 1)))
