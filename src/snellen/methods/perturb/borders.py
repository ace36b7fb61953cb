"""What lies beyond the border: the image mirrored, over and over."""

from __future__ import annotations

import torch
from jaxtyping import Shaped
from torch import Tensor


def mirrored(images: Shaped[Tensor, "*n h w"], height: int, width: int) -> Shaped[Tensor, "*n h2 w2"]:
    """A plane of height x width with the image in its centre and mirror images of it all around."""
    return images[..., _places(images.shape[-2], height, images)[:, None], _places(images.shape[-1], width, images)]


def _places(size: int, wanted: int, images: Tensor) -> Tensor:
    at = torch.arange(wanted, device=images.device) - (wanted - size) // 2
    folded = at % (2 * size)
    return torch.where(folded < size, folded, 2 * size - 1 - folded)
