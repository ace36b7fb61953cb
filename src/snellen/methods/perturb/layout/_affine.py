"""Images turned, sheared, shifted and magnified, by one bilinear look-up."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def warped(
    images: Float[Tensor, "n 3 h w"], back: Float[np.ndarray, "n 2 2"], shift: Float[np.ndarray, "n 2"] | None = None
) -> Float[Tensor, "n 3 h w"]:
    """Each image with the pixel at p, (x, y) from the centre, taken from back @ p - shift; mirrored beyond the border."""
    height, width = images.shape[2:]
    ratio = np.array([[1, height / width], [width / height, 1]])
    moved = np.zeros((len(images), 2)) if shift is None else -2 * shift / (width, height)
    theta = torch.from_numpy(np.concatenate([back * ratio, moved[:, :, None]], axis=2)).to(images)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
