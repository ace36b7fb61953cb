"""Motion blur along a line, as ImageMagick does it."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def motion_blurred(
    images: Float[Tensor, "n c h w"], radius: int, sigma: float, degrees: Float[np.ndarray, " n"]
) -> Float[Tensor, "n c h w"]:
    """The mean of each image and of 2 `radius` copies of it, ever further along its angle, rounded to 8 bits.

    The weights are one half of a Gaussian of `sigma` steps. A step is one pixel along the angle, rounded to whole pixels; edges
    are repeated. Angles are clockwise from the right.
    """
    steps = np.arange(2 * radius + 1)
    weights = np.exp(-0.5 * (steps / sigma) ** 2)
    weights *= 255 / weights.sum()
    blurs = []
    for image, angle in zip(images, np.deg2rad(degrees), strict=True):
        down, right = (np.ceil(steps * part - 0.5).astype(int) for part in (np.sin(angle), np.cos(angle)))
        blurs.append(_shifted_sum(image, down, right, weights))
    return torch.stack(blurs).round_().div_(255)


def _shifted_sum(image: Tensor, down: np.ndarray, right: np.ndarray, weights: np.ndarray) -> Tensor:
    height, width = image.shape[1:]
    top, left = max(0, -down.min()), max(0, -right.min())
    padded = F.pad(image[None], (left, max(0, right.max()), top, max(0, down.max())), mode="replicate")[0]
    total = torch.zeros_like(image)
    for row, column, weight in zip((down + top).tolist(), (right + left).tolist(), weights.tolist(), strict=True):
        total.add_(padded[:, row : row + height, column : column + width], alpha=weight)
    return total
