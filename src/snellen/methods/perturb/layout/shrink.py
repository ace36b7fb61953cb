"""Seen from further away: the image made smaller, with mirror images of it around."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from snellen.methods.perturb.borders import mirrored

SOURCE = "azulay-2019"
LEVELS = {text: float(text) for text in ("0.9", "0.75", "0.6", "0.45", "0.3")}


def shrink(images: Float[Tensor, "n 3 h w"], factor: float) -> Float[Tensor, "n 3 h w"]:
    """Both sides times `factor`, averaged as it shrinks, in the centre (after azulay-2019)."""
    height, width = images.shape[2:]
    size = max(1, round(factor * height)), max(1, round(factor * width))
    return mirrored(F.interpolate(images, size=size, mode="bilinear", antialias=True), height, width)
