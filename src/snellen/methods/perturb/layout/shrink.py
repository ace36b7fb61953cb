"""Seen from further away: the image made smaller, on mid-grey."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

SOURCE = "azulay-2019"
LEVELS = {text: float(text) for text in ("0.9", "0.75", "0.6", "0.45", "0.3")}
GREY = 0.5


def shrink(images: Float[Tensor, "n 3 h w"], factor: float) -> Float[Tensor, "n 3 h w"]:
    """Both sides times `factor`, averaged as it shrinks, in the centre of a grey plane (after azulay-2019)."""
    height, width = images.shape[2:]
    tall, wide = max(1, round(factor * height)), max(1, round(factor * width))
    top, left = (height - tall) // 2, (width - wide) // 2
    small = F.interpolate(images, size=(tall, wide), mode="bilinear", antialias=True)
    return F.pad(small, (left, width - wide - left, top, height - tall - top), value=GREY)
